//! Pages and their cursors.

use entente::graphql::{Api, CursorKey};
use serde_json::json;

use super::{Recorder, api, code, respond, shop};

const PAGE: &str = "query ($after: String, $first: Int = 2) { report(time: {last: {count: 3, unit: MONTH}}, first: $first, after: $after) \
                    { rows { by { time } orders } pageInfo { hasNextPage endCursor totalRows } } }";

#[test]
fn a_page_ends_where_the_next_begins() {
    let (api, source) = (api(), Recorder { rows: 5, ..Recorder::default() });
    let page = respond(&api, &source, PAGE, &json!({}));
    let report = &page["data"]["report"];
    assert_eq!(report["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!((&report["pageInfo"]["hasNextPage"], &report["pageInfo"]["totalRows"]), (&json!(true), &json!("5")));
    let cursor = report["pageInfo"]["endCursor"].as_str().expect("a cursor");
    respond(&api, &source, PAGE, &json!({ "after": cursor }));
    let asked = source.asked();
    let after = asked.iter().rev().find_map(|request| request.after.clone()).expect("the values of the last row");
    assert_eq!(after, [entente::sql::Literal::Date("2026-01-02".parse().expect("a day"))]);
    // A page may have another size than the one before.
    assert_eq!(code(&respond(&api, &source, PAGE, &json!({ "after": cursor, "first": 3 }))), "none");
}

#[test]
fn cursors_of_other_queries_data_or_days_have_expired() {
    let (api, mut source) = (api(), Recorder { rows: 5, ..Recorder::default() });
    let page = respond(&api, &source, PAGE, &json!({}));
    let cursor = page["data"]["report"]["pageInfo"]["endCursor"].as_str().expect("a cursor").to_owned();
    let after = json!({ "after": cursor });
    assert_eq!(code(&respond(&api, &source, PAGE, &after)), "none");
    let other = PAGE.replace("by { time } orders", "by { time } revenue");
    assert_eq!(code(&respond(&api, &source, &other, &after)), "CURSOR_EXPIRED");
    let foreign = Api::new(shop()).with_cursor_key(CursorKey::from_secret("another"));
    assert_eq!(code(&respond(&foreign, &source, PAGE, &after)), "CURSOR_EXPIRED");
    for garbage in ["", "x", &cursor[1..], &cursor[..cursor.len() - 2]] {
        assert_eq!(code(&respond(&api, &source, PAGE, &json!({ "after": garbage }))), "CURSOR_EXPIRED", "{garbage}");
    }
    source.now += chrono::TimeDelta::days(31);
    assert_eq!(code(&respond(&api, &source, PAGE, &after)), "CURSOR_EXPIRED");
    source.now -= chrono::TimeDelta::days(31);
    source.data_version = 1;
    assert_eq!(code(&respond(&api, &source, PAGE, &after)), "CURSOR_EXPIRED");
    source.data_version = 0;
    source.version = entente::cache::Fingerprint::of(&"other definitions");
    assert_eq!(code(&respond(&api, &source, PAGE, &after)), "CURSOR_EXPIRED");
}

#[test]
fn servers_of_one_secret_read_one_anothers_cursors() {
    let server = || Api::new(shop()).with_cursor_key(CursorKey::from_secret("one"));
    // How often each was told that the data had changed says nothing to the other.
    let sources = [0, 3].map(|data_version| Recorder { rows: 5, data_version, ..Recorder::default() });
    let page = respond(&server(), &sources[0], PAGE, &json!({}));
    let after = json!({ "after": page["data"]["report"]["pageInfo"]["endCursor"] });
    assert_eq!(code(&respond(&server(), &sources[1], PAGE, &after)), "none");
    let deployed = Recorder { version: entente::cache::Fingerprint::of(&"other definitions"), ..Recorder::default() };
    assert_eq!(code(&respond(&server(), &deployed, PAGE, &after)), "CURSOR_EXPIRED");
}
