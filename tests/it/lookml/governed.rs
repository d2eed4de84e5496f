//! What policies keep from some is kept from them in Looker as well.

use entente::lookml::Emitted;

use super::worlds::{Dialects, emit, governed};

/// Returns how many explores reach a row policy, and those that do not say it.
fn unguarded(emitted: &Emitted, reach: &[&str], guard: &str) -> (usize, Vec<String>) {
    let (mut reached, mut open) = (0, Vec::new());
    for text in emitted.files.iter().filter(|(path, _)| path.starts_with("explores/")).map(|(_, text)| text) {
        for explore in text.split("\nexplore: ").skip(1).filter(|explore| !explore.starts_with('+')) {
            let name = explore.split(' ').next().unwrap_or_default().to_owned();
            let base = explore.split("view_name: ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
            if reach.contains(&base) {
                reached += 1;
                open.extend((!explore.contains(guard)).then_some(name));
            }
        }
    }
    (reached, open)
}

#[test]
fn every_explore_that_reaches_protected_rows_says_so() {
    let mut emitted = emit(&governed(), Dialects::Configured);
    let guard = "    field: customers.country\n    user_attribute: country\n";
    let is_said = |emitted: &Emitted| {
        let (reached, open) = unguarded(emitted, &["shipments", "customers"], guard);
        assert!(reached >= 6, "only {reached} explores reach customers");
        open
    };
    assert_eq!(is_said(&emitted), Vec::<String>::new());
    let text = emitted.files.get_mut("explores/generated/shipments.explore.lkml").expect("the parcels");
    *text = text.replacen(guard, "", 1);
    assert_eq!(is_said(&emitted), ["shipments"], "a filter that is gone is found");
}

#[test]
fn a_masked_field_and_its_twin_are_never_seen_together() {
    let emitted = emit(&governed(), Dialects::Configured);
    let customers = &emitted.files["views/generated/customers.view.lkml"];
    let field = |name: &str| {
        let rest = customers.split(&format!("dimension: {name} {{")).nth(1).expect("the field");
        rest.split("\n  }\n").next().expect("its end").to_owned()
    };
    assert!(field("email").contains("required_access_grants: [see_mail]"), "{customers}");
    let twin = field("email_masked");
    assert!(twin.contains("required_access_grants: [without_see_mail]"), "{twin}");
    assert!(twin.contains("sql: TO_HEX(SHA256(${TABLE}.email)) ;;"), "{twin}");
    for field in [field("email"), twin] {
        assert!(field.contains("suggestable: no") && field.contains("\"pii\""), "{field}");
    }
    let detail = customers.split("set: detail {").nth(1).expect("the drill").to_owned();
    assert!(!detail.contains("email") && !detail.contains("segment"), "{detail}");
}
