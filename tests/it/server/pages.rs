//! Pages for people.

use entente::server::Pages;

use super::fixture::Fixture;

#[test]
fn the_catalogue_lists_metrics_and_models() {
    let fixture = Fixture::new();
    let page = fixture.client().get("/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for part in ["href=\"/metrics/revenue\"", "href=\"/models/shipments\"", "Parcels that customers booked.", "network"]
    {
        assert!(page.body.contains(part), "{part}");
    }
}

#[test]
fn a_metric_is_explained_and_its_texts_are_escaped() {
    let fixture = Fixture::new();
    let page = fixture.client().get("/metrics/revenue");
    assert_eq!(page.status, 200);
    for part in ["sum(price)", "EUR", "What they paid, &lt;b&gt;gross&lt;", "shipments.service", "SUM(", "report(time:"]
    {
        assert!(page.body.contains(part), "{part} is not in:\n{}", page.body);
    }
    assert!(!page.body.contains("<b>gross"));
}

#[test]
fn a_model_shows_its_key_and_dimensions() {
    let fixture = Fixture::new();
    let page = fixture.client().get("/models/shipments");
    for part in ["shipment_id", "shipments.service", "booked_at", "href=\"/metrics/parcels_booked\""] {
        assert!(page.body.contains(part), "{part}");
    }
}

#[test]
fn what_is_not_there_has_a_page_too() {
    let fixture = Fixture::new();
    for path in ["/metrics/nothing", "/models/%3Cscript%3E", "/nowhere"] {
        let page = fixture.client().get(path);
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains("There is no such page") && !page.body.contains("<script>"), "{path}");
    }
}

#[test]
fn pages_load_nothing_from_elsewhere_and_cannot_be_framed() {
    let fixture = Fixture::new();
    for path in ["/", "/metrics/revenue", "/models/shipments", "/graphiql"] {
        let page = fixture.client().get(path);
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!page.body.contains("http://") && !page.body.contains("https://"), "{path}");
        for reference in page.body.split(['"', '\'']).filter(|part| part.starts_with("/assets/")) {
            assert_eq!(fixture.client().get(reference).status, 200, "{path} loads {reference}");
        }
    }
}

#[test]
fn assets_are_sent_once() {
    let fixture = Fixture::new();
    let first = fixture.client().get("/assets/site.css");
    assert_eq!(first.header("content-type"), "text/css; charset=utf-8");
    let again = fixture.client().request("GET", "/assets/site.css", &[("if-none-match", first.header("etag"))], b"");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    for path in ["/assets/../mod.rs", "/assets/%2e%2e/mod.rs", "/assets/nothing.css", "/assets/graphiql/../../site.css"]
    {
        assert_eq!(fixture.client().get(path).status, 404, "{path}");
    }
}

#[test]
fn pages_can_be_turned_off() {
    let fixture = Fixture::with(|options| options.pages = Pages::Off);
    for path in ["/", "/metrics/revenue", "/graphiql", "/assets/site.css"] {
        assert_eq!(fixture.client().get(path).status, 404, "{path}");
    }
}
