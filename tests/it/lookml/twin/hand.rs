//! LookML written by hand that uses what entente does not write, with answers in SQL written by hand: symmetric
//! aggregates, percentiles, distinct sums, derived tables, parameters, grants, aggregate tables.

use std::collections::BTreeMap;

use entente::{sql::Text, warehouse::duckdb::DuckDb};

use super::{
    Looker,
    project::Model,
    query::{Query, Session, User},
    write,
};

fn files() -> BTreeMap<String, String> {
    let files = [
        ("manifest.lkml", include_str!("hand/manifest.lkml")),
        ("shop.model.lkml", include_str!("hand/shop.model.lkml")),
        ("views.lkml", include_str!("hand/views.lkml")),
        ("refined.lkml", include_str!("hand/refined.lkml")),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

fn model() -> Model {
    Model::read(&files()).unwrap_or_else(|refusal| panic!("{}", refusal.0))
}

fn warehouse() -> DuckDb {
    let warehouse = DuckDb::in_memory().expect("a database");
    warehouse.execute_batch(include_str!("hand/seed.sql")).expect("the tables can be made");
    warehouse
}

fn session(attributes: &[(&str, &str)]) -> Session {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect();
    Session {
        user: User { attributes, ..User::default() },
        zone: chrono_tz::America::New_York,
        now: "2024-03-20T12:00:00Z".parse().expect("a moment"),
        has_rollups: false,
        has_parentheses: false,
    }
}

/// `explore: field, field where field = expression; …`
fn query(text: &str) -> Query {
    let (explore, rest) = text.split_once(": ").expect("an explore");
    let (fields, filters) = rest.split_once(" where ").unwrap_or((rest, ""));
    let filters = filters.split("; ").filter_map(|filter| filter.split_once(" = "));
    Query {
        explore: explore.to_owned(),
        fields: fields.split(", ").map(str::to_owned).collect(),
        filters: filters.map(|(field, value)| (field.to_owned(), value.to_owned())).collect(),
        ..Query::default()
    }
}

fn answer(warehouse: &DuckDb, sql: &str) -> Vec<String> {
    let text = Text { sql: sql.to_owned(), parameters: Vec::new() };
    let rows = warehouse.query_blocking(&text).unwrap_or_else(|error| panic!("{:?}\n{sql}", error.detail()));
    let value = |text: Option<String>| {
        let text = text.unwrap_or_else(|| "∅".to_owned());
        text.parse::<f64>().map_or(text, |number| number.to_string())
    };
    let row = |row: usize| rows.columns.iter().map(|column| value(column.text(row))).collect::<Vec<_>>().join(" ");
    let mut all: Vec<String> = (0..rows.len).map(row).collect();
    all.sort();
    all
}

fn asked(warehouse: &DuckDb, session: &Session, text: &str) -> Looker<Vec<String>> {
    Ok(answer(warehouse, &write::sql(&model(), session, &query(text))?))
}

#[test]
fn lookml_written_by_hand_has_the_numbers_of_sql_written_by_hand() {
    let (warehouse, cases) = (warehouse(), include_str!("hand/cases.txt"));
    let session = session(&[("region", "N")]);
    let mut checked = 0;
    for case in cases.split("\n\n").map(str::trim).filter(|case| !case.is_empty()) {
        let (text, sql) = case.split_once('\n').expect("a query and SQL");
        let found = asked(&warehouse, &session, text).unwrap_or_else(|refusal| panic!("{text}: {}", refusal.0));
        assert_eq!(found, answer(&warehouse, sql), "{text}");
        checked += 1;
    }
    assert!(checked >= 20, "only {checked} cases");
}

/// What nobody without user attributes is answered.
const REFUSED: [(&str, &str); 7] = [
    ("loose: loose.total, items.count", "add a primary key"),
    ("orders: customers.secret", "has no field"),
    ("orders: orders.nothing", "has no field"),
    ("orders: orders.kind_of_hidden", "has no field"),
    ("orders: orders.last_year", "needs a timeframe"),
    ("guarded: orders.count", "has no value"),
    ("nowhere: orders.count", "unknown explore"),
];

/// What can be said wrong where joins multiply rows, which they do not in what entente writes: there a key and a
/// relationship decide nothing, as Looker reads them for aggregates over multiplied rows only.
const MISTAKES: [(&str, &str); 13] = [
    ("primary_key: yes ", ""),
    ("relationship: one_to_many", "relationship: many_to_one"),
    ("relationship: one_to_many", ""),
    ("relationship: one_to_many", "relationship: one_to_one"),
    ("relationship: many_to_one", "relationship: one_to_many"),
    ("type: sum_distinct sql_distinct_key: ${order_id} ;;", "type: sum"),
    ("    filters: [orders.tested: \"no\"] }", "}"),
    ("filters: [status: \"open\"]", ""),
    ("filters: [amount: \">20\"]", ""),
    ("percentile: 90", "percentile: 75"),
    ("type: median", "type: average"),
    ("based_on_time: created_month\n    period: month", "based_on_time: created_year\n    period: year"),
    ("datatype: timestamp", "datatype: date"),
];

#[test]
fn mistakes_where_rows_are_multiplied_are_noticed() {
    let warehouse = warehouse();
    let (mut planted, mut survivors) = (0, Vec::new());
    for (path, text) in files() {
        for (from, to) in MISTAKES {
            // A join behind one of many to one has its rows multiplied by that, whatever it says itself.
            let is_behind = |at: usize| text[at..].lines().take(2).any(|line| line.contains("sql_on: ${customers."));
            for (at, _) in
                text.match_indices(from).filter(|(at, _)| to != "relationship: one_to_many" || !is_behind(*at))
            {
                planted += 1;
                let mut files = files();
                let line = 1 + text[..at].matches('\n').count();
                files.insert(path.clone(), format!("{}{to}{}", &text[..at], &text[at + from.len()..]));
                if !notices(&warehouse, &files) {
                    survivors.push(format!("{path}:{line}: `{from}` → `{to}`"));
                }
            }
        }
    }
    let found = planted - survivors.len();
    eprintln!("{found} of {planted} mistakes by hand were noticed");
    assert!(planted >= 19 && found * 100 >= planted * 95, "{found} of {planted}: {survivors:#?}");
}

/// Whether some case has another answer, from the rows or from an aggregate table.
fn notices(warehouse: &DuckDb, files: &BTreeMap<String, String>) -> bool {
    let Ok(model) = Model::read(files) else { return true };
    let session = session(&[("region", "N")]);
    let stored = Session { has_rollups: true, ..session.clone() };
    let text = |sql: String| Text { sql, parameters: Vec::new() };
    let answers = |(asked, _): &(&str, &str)| write::sql(&model, &self::session(&[]), &query(asked)).is_ok();
    if REFUSED.iter().any(answers) {
        return true;
    }
    include_str!("hand/cases.txt").split("\n\n").map(str::trim).filter(|case| !case.is_empty()).any(|case| {
        let (asked, sql) = case.split_once('\n').expect("a query and SQL");
        [&session, &stored].into_iter().any(|session| {
            let Ok(found) = write::sql(&model, session, &query(asked)) else { return true };
            let runs = warehouse.query_blocking(&text(found.clone())).is_ok();
            !runs || answer(warehouse, &found) != answer(warehouse, sql)
        })
    })
}

#[test]
fn what_looker_refuses_is_refused() {
    let warehouse = warehouse();
    for (text, reason) in REFUSED {
        let refusal = asked(&warehouse, &session(&[]), text).expect_err(text);
        assert!(refusal.0.contains(reason), "{text}: {}", refusal.0);
    }
}

#[test]
fn grants_and_access_filters_follow_the_user() {
    let warehouse = warehouse();
    let secret = asked(&warehouse, &session(&[("sees", "yes")]), "orders: customers.secret").expect("a field");
    assert_eq!(secret, ["s1", "s2"]);
    for (region, orders) in [("N", "3"), ("S", "1"), ("%", "0")] {
        let found = asked(&warehouse, &session(&[("region", region)]), "guarded: orders.count").expect("an answer");
        assert_eq!(found, [orders], "{region}");
    }
    let mut all = session(&[("region", "%")]);
    all.user.filters.insert("region".to_owned());
    assert_eq!(asked(&warehouse, &all, "guarded: orders.count").expect("an answer"), ["4"]);
}

#[test]
fn aggregate_tables_give_what_the_rows_give() {
    let warehouse = warehouse();
    let direct = session(&[("region", "N")]);
    let stored = Session { has_rollups: true, ..direct.clone() };
    let mut used = 0;
    for text in [
        "orders: orders.count",
        "orders: orders.status, orders.total, orders.average",
        "orders: orders.created_month, orders.count, orders.biggest, orders.per_order",
        "orders: orders.created_date, orders.total where orders.status = open",
        "orders: orders.total where orders.created_date = 2024-03-01 to 2024-03-10",
        "orders: orders.status, orders.buyers",
        "orders: customers.name, orders.total",
        "orders: orders.total where orders.amount = >10",
    ] {
        let sql = write::sql(&model(), &stored, &query(text)).expect("SQL");
        used += usize::from(sql.contains("AS rollup"));
        assert_eq!(answer(&warehouse, &sql), asked(&warehouse, &direct, text).expect("an answer"), "{text}");
    }
    assert_eq!(used, 5, "the table answers what it can, and nothing else");
    // A table that lost its filter is no longer the one of a query that has it.
    let mut files = files();
    let model_file = files.get_mut("shop.model.lkml").expect("the model");
    *model_file = model_file.replacen("      filters: [orders.tested: \"no\"]\n", "", 1);
    let sql = write::sql(&Model::read(&files).expect("a model"), &stored, &query("orders: orders.count")).expect("SQL");
    assert!(!sql.contains("AS rollup"), "{sql}");
}
