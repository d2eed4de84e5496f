//! A case's query in the SQL of other warehouses: it has to be valid there, and to answer as DuckDB does.
//!
//! The tables of the case are copied into the other engine, as far as the SQL names them. What an engine does not compute
//! as its warehouse does is listed here by its form, with the reason; such SQL has to run there all the same.

use std::{collections::BTreeMap, fs, path::Path};

use entente::{
    plan::{self, Context, Holds, Plan, StoredTable},
    project::Project,
    sql::{self, AggregateFunction, Dialect, Select, Text},
    verify::to_text,
    warehouse::{ColumnData, Rows},
};
use sqlparser::{
    dialect::{BigQueryDialect, DuckDbDialect, PostgreSqlDialect, SnowflakeDialect},
    parser::Parser,
};

use super::{
    compare::{Header, lines, rows_agree},
    document::{Document, Kind},
    peer_page::Outcome,
    query,
    verify::options,
    world::{self, Database, Version},
};
use crate::{
    bqemulator,
    googlesql::{self, Query, Table},
    postgres, snowflake, sqlapi,
};

/// Another engine that a case is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The reference engine of GoogleSQL.
    BigQuery,
    /// bqemulator, which runs the SQL of BigQuery on DuckDB, over the protocol and through the driver.
    BigQueryServer,
    /// fakesnow, which runs the SQL of Snowflake on DuckDB.
    Snowflake,
    /// fakesnow, through the driver and a gateway that speaks the SQL API.
    SnowflakeServer,
    /// A Postgres server.
    Postgres,
}

impl Peer {
    /// Every engine.
    pub(crate) const ALL: [Self; 5] =
        [Self::BigQuery, Self::BigQueryServer, Self::Snowflake, Self::SnowflakeServer, Self::Postgres];

    /// Returns the dialect in which it is asked.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::BigQuery | Self::BigQueryServer => Dialect::BigQuery,
            Self::Snowflake | Self::SnowflakeServer => Dialect::Snowflake,
            Self::Postgres => Dialect::Postgres,
        }
    }

    /// Returns what its trials are called by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BigQueryServer => "bqemulator",
            Self::SnowflakeServer => "sqlapi",
            Self::BigQuery | Self::Snowflake | Self::Postgres => self.dialect().name(),
        }
    }

    /// Returns what it is, for a page.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::BigQuery => "GoogleSQL's reference engine",
            Self::BigQueryServer => "bqemulator",
            Self::Snowflake => "fakesnow",
            Self::SnowflakeServer => "fakesnow, through the driver",
            Self::Postgres => "a Postgres server",
        }
    }

    fn run(self, query: Query) -> Result<googlesql::Rows, String> {
        match self {
            Self::BigQuery => googlesql::run(&[query]).remove(0),
            Self::BigQueryServer => bqemulator::ask(&query),
            Self::Snowflake => snowflake::run(&[query]).remove(0),
            Self::SnowflakeServer => sqlapi::ask(&query),
            Self::Postgres => postgres::run(&[query]).remove(0),
        }
    }

    /// Returns why the engine answers otherwise than DuckDB, where that is no fault of the SQL.
    fn excuse(self, sql: &str) -> Option<&'static str> {
        match self {
            Self::BigQuery | Self::Postgres => None,
            Self::BigQueryServer => bqemulator::not_emulated(sql),
            Self::Snowflake | Self::SnowflakeServer => snowflake::not_emulated(sql),
        }
    }
}

/// How the SQL of DuckDB says that an answer is an estimate, which is another in each engine.
const ESTIMATES: [&str; 2] = ["APPROX_COUNT_DISTINCT(", "approx_quantile("];

/// Returns whether a case asks something that another warehouse could answer.
pub(crate) fn concerns(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(document) = Document::parse(&text) else { return false };
    let has = |kind: &Kind| document.blocks.iter().any(|block| block.kind == *kind);
    (has(&Kind::Query) && has(&Kind::Answer)) || is_verified(&document)
}

fn is_verified(document: &Document) -> bool {
    document.blocks.iter().any(|block| matches!(block.kind, Kind::Verify(_)))
}

/// Runs one case on another engine, and returns what became of it.
pub(crate) fn run(path: &Path, peer: Peer) -> Result<Outcome, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let document = Document::parse(&text)?;
    let world = world::load(&document, Version::Written)?;
    let project = world.project.as_ref().ok_or("the project has errors")?;
    if is_verified(&document) {
        return verify(&document, project, peer);
    }
    let (now, request) = query::read(document.text_of(&Kind::Query).expect("the case has a query"))?;
    let request = request.map_err(|error| error.to_string())?;
    let principal = world::principal(&document)?;
    let plan_for = |dialect| {
        plan::plan(project, &request, &principal, &Context { now, dialect }).map_err(|error| error.to_string())
    };
    answers_alike(&document, project, peer, &plan_for)
}

/// Runs the query of a case on another engine and on DuckDB.
fn answers_alike(
    document: &Document,
    project: &Project,
    peer: Peer,
    plan_for: &dyn Fn(Dialect) -> Result<Plan, String>,
) -> Result<Outcome, String> {
    let database = world::open(document)?;
    let plan = match plan_for(peer.dialect()) {
        Err(error) if error.contains("an expression is written for") => {
            return Ok(Outcome::Cannot("its SQL is written for other warehouses"));
        }
        plan => plan?,
    };
    let shown = || sql::print_pretty(&plan.select, peer.dialect()).sql;
    let mut asked =
        Query { tables: tables(&database, &plan.select)?, ..sql::print(&plan.select, peer.dialect()).into() };
    add_sketches(&mut asked.tables, project, peer.dialect());
    parse(&asked.sql, peer.dialect())?;
    if asked.sql.contains("HLL_") && peer != Peer::BigQuery {
        return Ok(Outcome::Cannot("the tables that are copied from DuckDB hold no sketches"));
    }
    let here = sql::print(&plan_for(Dialect::DuckDb)?.select, Dialect::DuckDb);
    let is_estimate = ESTIMATES.iter().any(|name| here.sql.contains(name));
    if peer == Peer::BigQuery {
        let analyzed = googlesql::analyze(std::slice::from_ref(&asked)).remove(0);
        analyzed.map_err(|error| format!("GoogleSQL refuses the SQL: {error}\n{}", shown()))?;
        if is_estimate {
            return Ok(Outcome::Analyzed("the reference engine computes no estimates"));
        }
        if asked.sql.contains("GROUPING(") {
            return Ok(Outcome::Analyzed("the reference engine does not compute GROUPING"));
        }
    }
    if let Some(reason) = bqemulator::not_taken(&asked.sql).filter(|_| peer == Peer::BigQueryServer) {
        return Ok(Outcome::Cannot(reason));
    }
    let excuse = peer.excuse(&asked.sql);
    let rows = peer.run(asked).map_err(|error| format!("{peer:?} fails: {error}\n{}", shown()))?;
    if let Some(reason) = excuse.or(is_estimate.then_some("an estimate is another in each engine")) {
        return Ok(Outcome::Analyzed(reason));
    }
    let expected = database.query(&here)?;
    let names: Vec<String> = plan.columns.iter().map(|column| column.name.clone()).collect();
    let floats: Vec<bool> = expected.columns.iter().map(|column| matches!(column, ColumnData::Float(_))).collect();
    let answer = as_rows(&rows, &expected.columns).to_csv(&names);
    let expected = expected.to_csv(&names);
    rows_agree(&answer, &expected, Header::Ignored, Some(&floats)).map_err(|error| {
        let difference = lines(&expected, &answer);
        format!("{peer:?} (+) answers otherwise than DuckDB (-): {error}\n{difference}\n{}", shown())
    })?;
    Ok(Outcome::Same)
}

/// Reads the SQL by a parser of the dialect.
fn parse(sql: &str, dialect: Dialect) -> Result<(), String> {
    let read_by: &dyn sqlparser::dialect::Dialect = match dialect {
        Dialect::DuckDb => &DuckDbDialect {},
        Dialect::BigQuery => &BigQueryDialect {},
        Dialect::Snowflake => &SnowflakeDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
    };
    Parser::parse_sql(read_by, sql).map(|_| ()).map_err(|error| format!("sqlparser does not read it: {error}\n{sql}"))
}

/// Looks at the data of a case as another warehouse would; the findings have to be those of DuckDB.
fn verify(document: &Document, project: &Project, peer: Peer) -> Result<Outcome, String> {
    let database = world::open(document)?;
    let mut outcome = Outcome::Same;
    for block in &document.blocks {
        let Kind::Verify(arguments) = &block.kind else { continue };
        let checks =
            |dialect| Ok::<_, String>(entente::verify::checks(project, &options(project, arguments, dialect)?));
        for (here, there) in checks(Dialect::DuckDb)?.iter().zip(checks(peer.dialect())?) {
            let (Ok(here_select), Ok(there_select)) = (here.select(), there.select()) else { continue };
            let shown = || sql::print_pretty(there_select, peer.dialect()).sql;
            let expected = database.query(&sql::print(here_select, Dialect::DuckDb))?;
            let tables = tables(&database, there_select)?;
            let asked = Query { tables, ..sql::print(there_select, peer.dialect()).into() };
            parse(&asked.sql, peer.dialect())?;
            if let Some(reason) = peer.excuse(&asked.sql).filter(|_| peer == Peer::BigQueryServer) {
                outcome = Outcome::Cannot(reason);
                continue;
            }
            let rows = peer.run(asked).map_err(|error| format!("{peer:?} fails: {error}\n{}", shown()))?;
            let found = to_text(&there.judge(&as_rows(&rows, &expected.columns)));
            let expected = to_text(&here.judge(&expected));
            if found != expected {
                return Err(format!("{peer:?} finds\n{found}DuckDB finds\n{expected}{}", shown()));
            }
        }
    }
    Ok(outcome)
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

/// Adds the columns of sketches to the tables of rollups, without values: DuckDB stores none.
fn add_sketches(tables: &mut BTreeMap<String, Table>, project: &Project, dialect: Dialect) {
    for rollup in &project.rollups {
        let stored = rollup.stored.as_ref().and_then(|stored| tables.get_mut(&stored.table));
        let (Some(copied), Ok(table)) = (stored, StoredTable::of(project, rollup, dialect)) else { continue };
        let is_sketch = |holds: &Holds| matches!(holds, Holds::Value(AggregateFunction::Sketch, _));
        for column in table.columns().into_iter().filter(|column| is_sketch(&column.holds)) {
            copied.columns.push((column.name, "bytes"));
            copied.rows.iter_mut().for_each(|row| row.push(None));
        }
    }
}

/// Returns rows of another engine as texts like those of DuckDB's values.
fn as_rows(rows: &googlesql::Rows, like: &[ColumnData]) -> Rows {
    let field = |(cell, column): (&Option<String>, &ColumnData)| {
        let text = cell.clone()?;
        Some(match column {
            // fakesnow moves a date to a midnight.
            ColumnData::Date(_) => text.trim_end_matches(" 00:00:00").trim_end_matches("T00:00:00").to_owned(),
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
