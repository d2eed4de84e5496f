//! A case's query in the SQL of BigQuery: it has to be valid, and to answer as DuckDB does.
//!
//! The tables of the case are copied into the reference engine of GoogleSQL, as far as the SQL names them.

use std::{collections::BTreeMap, fs, path::Path};

use entente::{
    plan::{self, Context, Principal},
    project::Project,
    sql::{self, Dialect, Select, Text},
    verify::to_text,
    warehouse::{ColumnData, Rows},
};

use super::{
    compare::{Header, lines, rows_agree},
    document::{Document, Kind},
    query,
    verify::options,
    world::{self, Database, Version},
};
use crate::googlesql::{self, Query, Table};

/// Functions that the analyzer knows and the reference engine does not compute.
const NOT_COMPUTED: [&str; 1] = ["APPROX_COUNT_DISTINCT("];

/// Returns whether a case asks something that BigQuery could answer.
pub(crate) fn concerns(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(document) = Document::parse(&text) else { return false };
    let has = |kind: &Kind| document.blocks.iter().any(|block| block.kind == *kind);
    (has(&Kind::Query) && has(&Kind::Answer)) || is_verified(&document)
}

fn is_verified(document: &Document) -> bool {
    document.blocks.iter().any(|block| matches!(block.kind, Kind::Verify(_)))
}

/// Runs one case.
pub(crate) fn run(path: &Path) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let document = Document::parse(&text)?;
    let world = world::load(&document, Version::Written)?;
    let project = world.project.as_ref().ok_or("the project has errors")?;
    if is_verified(&document) {
        return verify(&document, project);
    }
    let (now, request) = query::read(document.text_of(&Kind::Query).expect("the case has a query"))?;
    let request = request.map_err(|error| error.to_string())?;
    let plan_for = |dialect| {
        plan::plan(project, &request, &Principal::default(), &Context { now, dialect })
            .map_err(|error| error.to_string())
    };
    let database = world::open(&document)?;
    let plan = plan_for(Dialect::BigQuery)?;
    let asked =
        Query { tables: tables(&database, &plan.select)?, ..sql::print(&plan.select, Dialect::BigQuery).into() };
    let shown = || sql::print_pretty(&plan.select, Dialect::BigQuery).sql;
    let analyzed = googlesql::analyze(std::slice::from_ref(&asked)).remove(0);
    analyzed.map_err(|error| format!("GoogleSQL refuses the SQL: {error}\n{}", shown()))?;
    if NOT_COMPUTED.iter().any(|name| asked.sql.contains(name)) {
        return Ok(());
    }
    let rows = googlesql::run(&[asked]).remove(0);
    let rows = rows.map_err(|error| format!("GoogleSQL fails: {error}\n{}", shown()))?;

    let expected = database.query(&sql::print(&plan_for(Dialect::DuckDb)?.select, Dialect::DuckDb))?;
    let names: Vec<String> = plan.columns.iter().map(|column| column.name.clone()).collect();
    let floats: Vec<bool> = expected.columns.iter().map(|column| matches!(column, ColumnData::Float(_))).collect();
    let answer = csv(&names, &rows, &expected.columns);
    let expected = expected.to_csv(&names);
    rows_agree(&answer, &expected, Header::Ignored, Some(&floats)).map_err(|error| {
        format!("BigQuery (+) answers otherwise than DuckDB (-): {error}\n{}\n{}", lines(&expected, &answer), shown())
    })
}

/// Looks at the data of a case as BigQuery would; the findings have to be those of DuckDB.
fn verify(document: &Document, project: &Project) -> Result<(), String> {
    let database = world::open(document)?;
    for block in &document.blocks {
        let Kind::Verify(arguments) = &block.kind else { continue };
        let checks =
            |dialect| Ok::<_, String>(entente::verify::checks(project, &options(project, arguments, dialect)?));
        for (here, there) in checks(Dialect::DuckDb)?.iter().zip(checks(Dialect::BigQuery)?) {
            let (Ok(here_select), Ok(there_select)) = (here.select(), there.select()) else { continue };
            let shown = || sql::print_pretty(there_select, Dialect::BigQuery).sql;
            let expected = database.query(&sql::print(here_select, Dialect::DuckDb))?;
            let tables = tables(&database, there_select)?;
            let asked = Query { tables, ..sql::print(there_select, Dialect::BigQuery).into() };
            let rows = googlesql::run(&[asked]).remove(0);
            let rows = rows.map_err(|error| format!("GoogleSQL fails: {error}\n{}", shown()))?;
            let found = to_text(&there.judge(&as_rows(&rows, &expected.columns)));
            let expected = to_text(&here.judge(&expected));
            if found != expected {
                return Err(format!("BigQuery finds\n{found}DuckDB finds\n{expected}{}", shown()));
            }
        }
    }
    Ok(())
}

/// Copies the tables that the SQL names.
fn tables(database: &Database, select: &Select) -> Result<BTreeMap<String, Table>, String> {
    let text = sql::print(select, Dialect::BigQuery).sql;
    let mut tables = BTreeMap::new();
    for (name, table) in database.catalog()?.tables.into_iter().filter(|(name, _)| text.contains(name.as_str())) {
        let columns = table.columns.iter().map(|column| (column.name.clone(), column.column_type.name())).collect();
        let sql = format!("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {name}");
        let found = database.query(&Text { sql, parameters: Vec::new() })?;
        let row = |row| found.columns.iter().map(|column| column.text(row)).collect();
        tables.insert(name, Table { columns, rows: (0..found.len).map(row).collect() });
    }
    Ok(tables)
}

/// Writes rows of GoogleSQL as DuckDB's rows are written.
fn csv(names: &[String], rows: &googlesql::Rows, like: &[ColumnData]) -> String {
    as_rows(rows, like).to_csv(names)
}

/// Returns rows of GoogleSQL as texts like those of DuckDB's values.
fn as_rows(rows: &googlesql::Rows, like: &[ColumnData]) -> Rows {
    let field = |(cell, column): (&Option<String>, &ColumnData)| {
        let text = cell.clone()?;
        Some(match column {
            ColumnData::DateTime(_) => text.replacen(' ', "T", 1),
            ColumnData::Timestamp(_) => text.replacen(' ', "T", 1).replace("+00", "Z"),
            _ => text,
        })
    };
    let columns = |row: &Vec<Option<String>>| row.iter().zip(like).map(field).collect::<Vec<_>>();
    let rows: Vec<_> = rows.iter().map(columns).collect();
    let column = |at: usize| ColumnData::String(rows.iter().map(|row| row[at].clone()).collect());
    Rows { columns: (0..like.len()).map(column).collect(), len: rows.len() }
}
