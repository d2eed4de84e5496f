//! What policies keep from some is kept from them in Looker as well.

use std::collections::{BTreeMap, BTreeSet};

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
        assert!(reached >= 5, "only {reached} explores reach customers");
        open
    };
    assert_eq!(is_said(&emitted), Vec::<String>::new());
    let text = emitted.files.get_mut("explores/generated/shipments.explore.lkml").expect("the parcels");
    *text = text.replacen(guard, "", 1);
    assert_eq!(is_said(&emitted), ["shipments"], "a filter that is gone is found");
}

/// What a view or an explore of the governed carrier says, by its name; what it extends comes first.
fn blocks(emitted: &Emitted, key: &str) -> BTreeMap<String, String> {
    let mut blocks: BTreeMap<String, String> = BTreeMap::new();
    for text in emitted.files.values() {
        for block in format!("\n{text}").split(&format!("\n{key}: ")).skip(1) {
            let block = block.split("\n}\n").next().unwrap_or_default();
            let name = block.split(' ').next().unwrap_or_default().to_owned();
            let extended = block.split("extends: [").nth(1).and_then(|rest| rest.split(']').next());
            let below = extended.and_then(|base| blocks.get(base)).cloned().unwrap_or_default();
            blocks.entry(name).or_default().push_str(&format!("{below}\n{block}"));
        }
    }
    blocks
}

/// The views of an explore: its base, and those that it joins.
fn views_of(explore: &str) -> BTreeSet<String> {
    let lines = explore.lines().map(str::trim);
    let named = lines.filter_map(|line| {
        let joined = line.strip_prefix("join: ").and_then(|rest| rest.strip_suffix(" {"));
        joined.or_else(|| line.strip_prefix("from: ")).or_else(|| line.strip_prefix("view_name: "))
    });
    named.map(str::to_owned).collect()
}

/// The explores that reach customers, or read them inside of a view, and do not ask for the country of those who look.
fn open_explores(emitted: &Emitted) -> (usize, Vec<String>) {
    let (views, explores) = (blocks(emitted, "view"), blocks(emitted, "explore"));
    let (mut reached, mut open) = (0, Vec::new());
    for (name, explore) in explores.iter().filter(|(name, _)| !name.starts_with('+')) {
        let of_explore = views_of(explore);
        let inside = |view: &&String| views.get(*view).is_some_and(|text| text.contains("_user_attributes['country']"));
        let reads = |view: &&String| views.get(*view).is_some_and(|text| text.contains("dim_customers"));
        if of_explore.iter().any(|view| reads(&view)) {
            reached += 1;
            let is_guarded = explore.contains("user_attribute: country") || of_explore.iter().any(|view| inside(&view));
            open.extend((!is_guarded).then(|| name.clone()));
        }
    }
    (reached, open)
}

#[test]
fn every_explore_of_every_kind_keeps_rows() {
    let mut emitted = emit(&governed(), Dialects::Configured);
    let (reached, open) = open_explores(&emitted);
    assert!(reached >= 12, "only {reached} explores reach customers");
    assert_eq!(open, Vec::<String>::new());
    let view = "views/generated/claims_and_shipments_by_delivered.view.lkml";
    let text = emitted.files.get_mut(view).expect("the union");
    *text = text.replace("_user_attributes['country']", "_user_attributes['land']");
    assert_eq!(open_explores(&emitted).1, ["claims_and_shipments_by_delivered"], "a policy that is gone is found");
}

#[test]
fn a_text_of_protected_rows_is_suggested_from_a_guarded_explore_or_not_at_all() {
    let emitted = emit(&governed(), Dialects::Configured);
    let explores = blocks(&emitted, "explore");
    let customers = &blocks(&emitted, "view")["customers"];
    let texts: Vec<&str> =
        customers.split("\n  dimension: ").skip(1).filter(|field| field.contains("    type: string\n")).collect();
    assert!(texts.len() > 3, "{customers}");
    for field in texts {
        let from = field.split("suggest_explore: ").nth(1).and_then(|rest| rest.lines().next());
        let is_guarded = from.is_some_and(|explore| explores[explore].contains("user_attribute: country"));
        let is_listed = field.contains("suggestions: [") || field.contains("case: {");
        assert!(is_guarded || is_listed || field.contains("suggestable: no"), "{field}");
    }
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
