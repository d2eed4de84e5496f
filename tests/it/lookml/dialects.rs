//! Every SQL text that is emitted is SQL of its warehouse: a parser of each dialect reads it, once what Looker puts in is
//! in place, and a column of a view's own table is quoted where the dialect's printer quotes it.

use std::fmt::Write;

use entente::{
    lookml::Emitted,
    sql::{Dialect, SqlExpr, print_expression},
};
use sqlparser::{
    ast::{SetExpr, Statement},
    dialect::{BigQueryDialect, DuckDbDialect, PostgreSqlDialect, SnowflakeDialect},
    parser::Parser,
};

use super::{
    plain::{Node, NodeValue, parse},
    worlds::{Dialects, World, emit, flights, governed, parcel, written},
};

/// Columns whose names are words of SQL, in every kind of view.
const RESERVED: &str = "
models:
  - name: orders
    table: orders
    primary_key: [order, group]
    time: ordered_at
    joins: [ { to: tables, key: table_id, as: limit } ]
    dimensions:
      - { name: ordered_at, type: time }
      - { name: select, type: time }
      - { name: order, type: string }
      - { name: group, type: number }
      - { name: from, type: boolean, nullable: true }
  - name: tables
    table: tables
    primary_key: table
    time: select
    dimensions:
      - { name: select, type: time }
      - { name: where, type: string }
      - { name: union, type: number, metric: rows }
    joins: [ { to: tables, key: parent_id, as: table } ]
metrics:
  - { name: orders, model: orders, agg: count }
  - { name: rows, model: tables, agg: count }
  - { name: orders_7d, metric: orders, window: 7 days }
  - { name: level, model: orders, agg: sum, expr: amount, balance: { take: last } }
  - { name: join, model: orders, agg: sum, expr: amount, balance: { take: last, point: filtered } }
  - { name: orders_per_row, expr: orders / rows }
";

fn worlds() -> Vec<(&'static str, World)> {
    vec![
        ("parcel", parcel()),
        ("flights", flights()),
        ("governed", governed()),
        ("hostile", written(include_str!("hostile.yml"))),
        ("unsayable", written(include_str!("unsayable.yml"))),
        ("reserved", written(RESERVED)),
    ]
}

/// A text of SQL: the key that it stands behind, and what it says.
struct Code {
    place: String,
    key: String,
    text: String,
}

#[test]
fn every_text_of_sql_is_read_by_a_parser_of_its_dialect() {
    for (name, world) in worlds() {
        for dialect in Dialect::ALL {
            let codes = codes(&emit(&world, Dialects::Only(dialect)));
            assert!(codes.len() > 10, "{name}: only {} texts", codes.len());
            for code in codes {
                for sql in variants(&code) {
                    let read = statements(dialect, &sql);
                    assert!(read.is_ok(), "{name} for {}: {}\n{sql}\n{read:?}", dialect.name(), code.place);
                }
            }
        }
    }
}

#[test]
fn a_column_is_quoted_as_its_dialect_quotes_it() {
    for (name, world) in worlds() {
        for dialect in Dialect::ALL {
            for code in codes(&emit(&world, Dialects::Only(dialect))) {
                for rest in code.text.split("${TABLE}.").skip(1) {
                    let column: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                    if column.is_empty() {
                        continue;
                    }
                    let printed = print_expression(&SqlExpr::column("t", column.as_str()), dialect);
                    assert_eq!(printed, format!("t.{column}"), "{name} for {}: {}", dialect.name(), code.place);
                }
            }
        }
    }
}

#[test]
fn a_trigger_is_one_column() {
    for (name, world) in worlds() {
        for dialect in Dialect::ALL {
            let codes = codes(&emit(&world, Dialects::Only(dialect)));
            let triggers: Vec<&Code> = codes.iter().filter(|code| code.key == "sql_trigger").collect();
            assert!(!triggers.is_empty(), "{name}");
            for code in triggers {
                let read = statements(dialect, &filled(&code.text, 0)).expect("it is read");
                let [Statement::Query(query)] = read.as_slice() else { panic!("{} is no query", code.text) };
                let SetExpr::Select(select) = &*query.body else { panic!("{} is no select", code.text) };
                assert_eq!(select.projection.len(), 1, "{}", code.text);
            }
        }
    }
}

#[test]
fn a_trigger_compares_days_with_days() {
    let emitted = emit(&parcel(), Dialects::Only(Dialect::BigQuery));
    let text = emitted.files.iter().find(|(path, _)| path.starts_with("datagroups/")).expect("the datagroups").1;
    assert!(text.contains("booked_date >= DATE_SUB("), "{text}");
}

/// The texts of SQL of a project.
fn codes(emitted: &Emitted) -> Vec<Code> {
    let mut codes = Vec::new();
    for (path, text) in &emitted.files {
        gather(&parse(text).expect("it is LookML"), path, &mut codes);
    }
    codes
}

fn gather(nodes: &[Node], place: &str, codes: &mut Vec<Code>) {
    for node in nodes {
        match &node.value {
            // Expressions of data tests are Looker's own.
            NodeValue::Block(text) if node.key.starts_with("sql") => {
                let place = format!("{place}: {}", node.key);
                codes.push(Code { place, key: node.key.clone(), text: text.clone() });
            }
            NodeValue::Nodes { name, nodes } => {
                gather(nodes, &format!("{place}: {} {}", node.key, name.as_deref().unwrap_or_default()), codes);
            }
            _ => {}
        }
    }
}

/// A text as statements: by the first branch of its Liquid, and by the last.
fn variants(code: &Code) -> Vec<String> {
    let is_query = code.text.trim_start().starts_with("SELECT") || code.text.trim_start().starts_with("WITH");
    [0, usize::MAX]
        .into_iter()
        .map(|branch| filled(&code.text, branch))
        .map(|sql| match code.key.as_str() {
            "sql_table_name" => format!("SELECT 1 FROM {sql}"),
            _ if is_query => sql,
            _ => format!("SELECT ({sql})"),
        })
        .collect()
}

/// Puts in place what Looker does: references, constants, values of filters and user attributes, one branch of each `if`.
fn filled(text: &str, branch: usize) -> String {
    let mut text = between(text, "@{", "}", |_| "acme".to_owned());
    text = between(&text, "${", "}", |name| if name == "TABLE" { "t".to_owned() } else { "t.f".to_owned() });
    text = between(&text, "{{", "}}", |_| "somebody".to_owned());
    for edge in ["{% date_start ", "{% date_end "] {
        text = between(&text, edge, "%}", |_| "CAST('2025-01-01' AS DATE)".to_owned());
    }
    while let Some(end) = text.find("{% endif %}") {
        let start = text[..end].rfind("{% if ").expect("an `if` is before its end");
        let body = text[start..end].replace("{% else %}", "{% elsif %}");
        let parts: Vec<&str> = body.split("{% elsif").collect();
        let part = parts[branch.min(parts.len() - 1)];
        let part = part.split_once("%}").map_or(part, |(_, part)| part).to_owned();
        text.replace_range(start..end + "{% endif %}".len(), &part);
    }
    while let Some(start) = text.find("{% condition ") {
        let close = start + text[start..].find("%}").expect("a tag is closed") + 2;
        let end = close + text[close..].find("{% endcondition %}").expect("a condition ends");
        let mut condition = String::new();
        let _ = write!(condition, "({}) IS NOT NULL", &text[close..end]);
        text.replace_range(start..end + "{% endcondition %}".len(), &condition);
    }
    text
}

fn between(text: &str, open: &str, close: &str, put: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(open);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (inner, rest) = part.split_once(close).expect("what is opened is closed");
        filled.push_str(&put(inner.trim()));
        filled.push_str(rest);
    }
    filled
}

fn statements(dialect: Dialect, sql: &str) -> Result<Vec<Statement>, String> {
    let read = match dialect {
        Dialect::BigQuery => Parser::parse_sql(&BigQueryDialect {}, sql),
        Dialect::Snowflake => Parser::parse_sql(&SnowflakeDialect {}, sql),
        Dialect::DuckDb => Parser::parse_sql(&DuckDbDialect {}, sql),
        Dialect::Postgres => Parser::parse_sql(&PostgreSqlDialect {}, sql),
    };
    read.map_err(|error| error.to_string())
}
