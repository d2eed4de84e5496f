//! The questions of TPC-H, asked as metrics, against the official SQL on the same rows.

use std::collections::BTreeMap;

use entente::{
    catalog::Catalog,
    sql::{self, Dialect},
    warehouse::duckdb::DuckDb,
};

use super::{
    generated,
    googlesql::{self, Query, Table},
};
use crate::tpch_world::{QUESTIONS, fill, project};

/// The size of the tables: 60,000 lines of orders.
const SCALE: f64 = 0.01;

#[test]
fn metrics_answer_as_the_official_sql_does() {
    let database = DuckDb::in_memory().expect("an empty database opens");
    let folder = tempfile::tempdir().expect("a folder can be made");
    fill(&database, SCALE, folder.path());
    let catalog = database.catalog_blocking(None).expect("the tables can be read");
    generated::check("tests/tpch/schema/catalog.json", &catalog.to_json());
    let project = project();
    for question in &QUESTIONS {
        let answer = |text| {
            let answer = database.query_blocking(text);
            answer.unwrap_or_else(|error| panic!("{}: {error}: {:?}\n{}", question.name, error.detail(), text.sql))
        };
        question.check(&answer(&question.planned(&project, Dialect::DuckDb)), &answer(&question.official()));
    }
}

/// The SQL is committed, so that a change of it is read.
#[test]
fn the_sql_is_as_committed() {
    let project = project();
    for question in &QUESTIONS {
        for (folder, dialect) in [("duckdb", Dialect::DuckDb), ("bigquery", Dialect::BigQuery)] {
            let text = sql::print_pretty(&question.plan(&project, dialect).select, dialect);
            let path = format!("tests/tpch/planned/{folder}/{}.sql", question.name);
            generated::check(&path, &format!("{}\n", text.sql));
        }
    }
}

#[test]
fn bigquery_takes_the_sql() {
    let text = include_str!("../tpch/schema/catalog.json");
    let catalog = Catalog::from_json(text).expect("it is a catalog");
    let table = |columns: &[entente::catalog::CatalogColumn]| Table {
        columns: columns.iter().map(|column| (column.name.clone(), column.column_type.name())).collect(),
        rows: Vec::new(),
    };
    let tables: BTreeMap<String, Table> =
        catalog.tables.iter().map(|(name, found)| (name.clone(), table(&found.columns))).collect();
    let project = project();
    let asked: Vec<Query> = QUESTIONS
        .iter()
        .map(|question| Query { tables: tables.clone(), ..question.planned(&project, Dialect::BigQuery).into() })
        .collect();
    for (question, answer) in QUESTIONS.iter().zip(googlesql::analyze(&asked)) {
        answer.unwrap_or_else(|error| panic!("{}: {error}", question.name));
    }
}
