//! The analyzer that judges BigQuery SQL knows good from bad.

use std::collections::BTreeMap;

use entente::sql::Literal;

use crate::googlesql::{Query, Table, analyze};

#[test]
fn the_analyzer_knows_good_from_bad() {
    let orders = Table { columns: vec![("price".into(), "decimal"), ("day".into(), "date")], rows: Vec::new() };
    let query = |sql: &str| Query {
        sql: sql.to_owned(),
        parameters: vec![Literal::String("x".into())],
        tables: BTreeMap::from([("marts.orders".to_owned(), orders.clone())]),
    };
    let answers = analyze(&[
        query("SELECT SUM(price) AS x FROM marts.orders AS o WHERE o.day >= DATE '2024-01-01' AND 'x' = @p1"),
        query("SELECT nope FROM marts.orders"),
        query("SELECT SUM('a') FROM marts.orders"),
        query("SELECT price FROM marts.orders WHERE day >= 1"),
        query("SELECT price, COUNT(*) FROM marts.orders"),
        query("SELECT price::int FROM marts.orders"),
        query("SELECT date_trunc('month', day) FROM marts.orders"),
    ]);
    let accepted: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(accepted, [true, false, false, false, false, false, false], "{answers:?}");
}
