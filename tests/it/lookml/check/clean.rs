//! Projects that work raise nothing: those that we emit, in every dialect, and one that is written by hand.

use entente::sql::Dialect;

use super::{super::worlds, Project, assert_clean, checked, project};

/// A project of ours, as people write them by hand, with most of what LookML has.
pub(super) fn shop() -> Project {
    project(include_str!("shop.lkml.txt"))
}

#[test]
fn a_project_by_hand_raises_nothing() {
    let shop = shop();
    assert_clean("shop", &shop);
    let (_, checked) = checked(&shop);
    assert_eq!((checked.models, checked.views, checked.explores), (1, 6, 2));
}

#[test]
fn every_emitted_project_raises_nothing() {
    let hostile = worlds::written(include_str!("../hostile.yml"));
    let unsayable = worlds::written(include_str!("../unsayable.yml"));
    let all = [
        ("parcel", worlds::parcel()),
        ("flights", worlds::flights()),
        ("governed", worlds::governed()),
        ("hostile", hostile),
        ("unsayable", unsayable),
        ("names", worlds::written(include_str!("../names.yml"))),
    ];
    for (name, world) in all {
        for dialect in Dialect::ALL {
            let emitted = worlds::emit(&world, worlds::Dialects::Only(dialect));
            let (files, checked) = checked(&emitted.files);
            assert!(checked.diagnostics.is_empty(), "{name}:\n{}", super::shown(&checked.diagnostics, &files));
            assert_eq!(checked.models, 1, "{name}");
        }
    }
}

#[test]
fn words_may_stand_in_quotes() {
    let project = project(
        "=== shop.model.lkml\nconnection: \"c\"\ninclude: \"*.view\"\nexplore: orders {}\n\
         === orders.view.lkml\nview: orders {\n  dimension: price { type: number value_format_name: \"usd\" }\n  \
         measure: total { type: sum sql: ${price} ;; value_format_name: \"usd_0\" }\n  \
         measure: so_far { type: running_total sql: ${total} ;; direction: \"column\" }\n}\n",
    );
    assert_clean("quotes", &project);
    let wrong = project.into_iter().map(|(path, text)| (path, text.replace("\"usd_0\"", "\"usd_zero\""))).collect();
    let (files, found) = checked(&wrong);
    assert!(super::shown(&found.diagnostics, &files).contains("usd_zero"));
}

#[test]
fn calendars_of_looker_are_known() {
    let project = project(
        "=== shop.model.lkml\nconnection: \"c\"\ninclude: \"*.view\"\n\
         explore: orders { join: trade { type: left_outer relationship: many_to_one sql_on: ${orders.day} = ${trade.day} ;; } }\n\
         === trade.view.lkml\nview: trade {\n  sql_table_name: shop.trade ;;\n  calendar_definition: {\n    reference_date: day\n    \
         timeframe_mapping: { custom_week: week custom_year: year }\n    timeframe_ordinal_mapping: { custom_week: week_no }\n    \
         previous_ordinal_mapping: { custom_week: week_before }\n  }\n  dimension: day { type: date primary_key: yes }\n  \
         dimension: week {}\n  dimension: year {}\n  dimension: week_no { type: number }\n  dimension: week_before { type: number }\n}\n\
         === orders.view.lkml\nview: orders {\n  dimension: id { primary_key: yes }\n  dimension: day { type: date }\n  \
         dimension_group: ordered {\n    type: custom_calendar\n    custom_timeframes: [custom_week, custom_year]\n    \
         sql: ${TABLE}.day ;;\n    based_on_calendar: trade\n  }\n  measure: count { type: count drill_fields: [ordered_custom_week] }\n  \
         measure: before {\n    type: period_over_period\n    based_on: count\n    based_on_time: ordered_custom_year\n    \
         custom_calendar_period: custom_year\n    kind: previous\n  }\n}\n",
    );
    assert_clean("calendars", &project);
    let wrong =
        project.into_iter().map(|(path, text)| (path, text.replace("[ordered_custom_week]", "[ordered_custom_day]")));
    let (files, found) = checked(&wrong.collect());
    assert!(super::shown(&found.diagnostics, &files).contains("ordered_custom_day"));
}

#[test]
fn what_another_project_may_know_is_not_doubted() {
    let project = project(
        "=== manifest.lkml\nproject_name: \"spoke\"\nremote_dependency: hub { url: \"https://hub.example\" ref: \"main\" }\n\
         === shop.model.lkml\nconnection: \"c\"\ninclude: \"//hub/views/*.view\"\ninclude: \"*.view\"\npersist_with: hourly\n\
         explore: +orders { join: returns { relationship: one_to_many sql_on: ${orders.id} = ${returns.id} ;; } }\n\
         explore: mine { extends: [theirs] sql_always_where: ${x.y} > @{limit} ;; }\n\
         === mine.view.lkml\nview: +orders { measure: twice { type: number sql: 2 * ${revenue} ;; value_format_name: eur_3 } }\n\
         view: mine { extends: [theirs] dimension: a { sql: ${b} || ${other.c} ;; required_access_grants: [g] } }\n",
    );
    assert_clean("spoke", &project);
}

#[test]
fn projects_side_by_side_know_one_another() {
    let text = "=== hub/manifest.lkml\nproject_name: \"hub\"\n=== hub/views/orders.view\
                .lkml\nview: orders { dimension: id {} }\n\
                === spoke/manifest.lkml\nproject_name: \"spoke\"\nlocal_dependency: { project: \"hub\" }\n\
                === spoke/shop.model.lkml\nconnection: \"c\"\ninclude: \"//hub/views/*.view\"\n\
                explore: orders { sql_always_where: ${ID} ;; }\n";
    let (files, found) = checked(&project(&text.replace("ID", "id")));
    assert_eq!(super::shown(&found.diagnostics, &files), "");
    let (files, found) = checked(&project(&text.replace("ID", "key")));
    assert!(
        super::shown(&found.diagnostics, &files).contains("spoke/shop.model.lkml:3:39: error[lookml-unknown-field]")
    );
}

#[test]
fn a_comment_allows_what_is_found() {
    let text = "=== orders.view.lkml\nCOMMENTview: orders {\n  # entente: allow lookml-wrong-value, lookml-syntax\n  \
                suggestions: maybe\n  label: x\n}\n";
    let (files, found) = checked(&project(&text.replace("COMMENT", "")));
    assert_eq!(super::shown(&found.diagnostics, &files).matches("lookml-wrong-value").count(), 1);
    let (_, found) = checked(&project(&text.replace("COMMENT", "# entente: allow-file lookml-wrong-value\n")));
    assert!(found.diagnostics.is_empty());
}
