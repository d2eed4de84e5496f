//! Pages for people.

use std::fs;

use entente::{engine::load_project, server::Pages};

use super::fixture::{Fixture, project};

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

const HIDING: &str = "\
models:
  - name: lines
    description: One row per line.
    table: lines
    primary_key: line_id
    time: sold_on
    dimensions:
      - { name: sold_on, type: time, granularity: month, description: When. }
      - { name: hush_day, type: time, description: A secret. }
      - { name: shop, type: string, description: Where. }
    joins: [{ to: prices, key: part_id, as_of: hush_day }]
  - name: prices
    description: One row per price.
    table: prices
    primary_key: [part_id, since]
    versions: { of: part_id, from: since, to: until }
  - name: plans
    description: One row per plan.
    table: plans
    primary_key: plan_id
    dimensions: [{ name: shop, type: string, description: Where., same_as: lines.shop }]
metrics:
  - { name: old_amount, description: Lines., owner: o, model: lines, agg: count, status: deprecated, replaced_by: secret_amount }
  - { name: secret_amount, description: Secret lines., owner: o, model: lines, agg: count }
  - { name: plans, description: Plans., owner: o, model: plans, agg: count }
  - { name: plain, description: Lines., owner: o, model: lines, agg: count }
  - { name: attained, description: Lines of plans., owner: o, expr: plain / plans }
policies:
  - { name: secret, metrics: [secret_amount], dimensions: [lines.hush_day], visible_to: [finance] }
";

#[test]
fn pages_name_what_everybody_may_see_and_say_what_can_be_asked() {
    let folder = project();
    fs::write(folder.path().join("metrics/parcel.yml"), HIDING).expect("written");
    let fixture = Fixture::with(|options| {
        options.loaded = load_project(folder.path());
        assert!(options.loaded.project.is_some(), "{:#?}", options.loaded.diagnostics);
    });
    let page = |path: &str| fixture.client().get(path).body;
    for path in ["/", "/metrics/old_amount", "/metrics/plain", "/models/lines"] {
        let page = page(path);
        assert!(!page.contains("secret_amount") && !page.contains("hush_day"), "{path}:\n{page}");
    }
    assert!(!page("/metrics/old_amount").contains("As defined") && page("/metrics/plain").contains("As defined"));
    let attained = page("/metrics/attained");
    assert!(attained.contains("lines.shop") && !attained.contains("No dimension is shared"), "{attained}");
    assert!(
        page("/metrics/plain").contains("by month or a granularity made of whole months"),
        "{}",
        page("/metrics/plain")
    );
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
    let tag = first.header("etag");
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = fixture.client().request("GET", "/assets/site.css", &[("if-none-match", &known)], b"");
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
    }
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
