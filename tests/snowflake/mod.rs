//! Snowflake as fakesnow emulates it on DuckDB. `.ci/fakesnow` installs it.
//!
//! `SELECT DATEADD('DAY', 1, DATE '2024-02-28')` → `2024-02-29`.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use entente::sql::Literal;
use serde_json::{Value, json};

use crate::googlesql::{Query, Rows};

/// What fakesnow takes and does not compute as Snowflake does, by its form, with the reason.
const NOT_EMULATED: [(&str, &str); 3] = [
    ("TYPEOF(GET(", "its GET keeps the quotes of a text, and its TYPEOF calls every value JSON"),
    ("\u{a0}", "its TRIM takes off every blank of Unicode"),
    ("AS FLOAT) AS NUMBER(38, 9))", "it multiplies a float by 10^9 before it becomes a decimal"),
];

/// Returns why fakesnow computes SQL otherwise than Snowflake, if it does.
pub(crate) fn not_emulated(sql: &str) -> Option<&'static str> {
    NOT_EMULATED.iter().find(|(form, _)| sql.contains(form)).map(|(_, reason)| *reason)
}

/// Runs each query; gives the emulator's message where one fails.
pub(crate) fn run(queries: &[Query]) -> Vec<Result<Rows, String>> {
    static TOOL: Mutex<Option<Tool>> = Mutex::new(None);
    let mut shared = TOOL.lock().unwrap_or_else(PoisonError::into_inner);
    queries
        .iter()
        .map(|query| {
            // A test that failed while it held the tool leaves none; others start a new one.
            let mut tool = shared.take().unwrap_or_else(start);
            let answer = tool.ask(query);
            *shared = Some(tool);
            answer
        })
        .collect()
}

/// The running tool. It ends with the test binary, which closes its input.
struct Tool {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

fn start() -> Tool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join(".tools/fakesnow");
    assert!(tools.join("installed").exists(), "fakesnow is not installed: run `.ci/fakesnow` (it needs Python 3.11)");
    let mut process = Command::new(tools.join("bin/python"))
        .arg(root.join("tests/tools/fakesnow/main.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Python starts; `.ci/fakesnow` needs it as well");
    let input = process.stdin.take().expect("it is piped");
    let output = BufReader::new(process.stdout.take().expect("it is piped"));
    Tool { _process: process, input, output }
}

impl Tool {
    fn ask(&mut self, query: &Query) -> Result<Rows, String> {
        self.input.write_all(format!("{}\n", document(query)).as_bytes()).expect("the tool reads");
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("UTF-8");
        assert!(length > 0, "fakesnow ended early");
        let answer: Value = serde_json::from_str(&line).expect("the tool answers in JSON");
        if let Some(error) = answer["error"].as_str() {
            return Err(error.to_owned());
        }
        let cell = |cell: &Value| cell.as_str().map(str::to_owned);
        let row = |row: &Value| row.as_array().expect("a row").iter().map(cell).collect();
        Ok(answer["rows"].as_array().expect("rows").iter().map(row).collect())
    }
}

fn document(query: &Query) -> Value {
    json!({
        "sql": query.sql,
        "parameters": query.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "tables": tables(query),
    })
}

/// Returns the tables of a query with the types that hold their values.
pub(crate) fn tables(query: &Query) -> Value {
    let tables = query.tables.iter().map(|(name, table)| {
        let columns = table.columns.iter().enumerate().map(|(at, (name, kind))| {
            let values = table.rows.iter().filter_map(|row| row[at].as_deref());
            json!([name, type_name(kind, values)])
        });
        let columns: Vec<_> = columns.collect();
        (name.clone(), json!({ "columns": columns, "rows": table.rows }))
    });
    Value::Object(tables.collect())
}

fn type_name<'a>(kind: &str, values: impl Iterator<Item = &'a str>) -> String {
    let name = match kind {
        "integer" => "BIGINT",
        "decimal" => return number(values),
        "float" => "FLOAT",
        "boolean" => "BOOLEAN",
        "date" => "DATE",
        "datetime" => "TIMESTAMP_NTZ",
        "timestamp" => "TIMESTAMP_TZ",
        "json" => "VARIANT",
        _ => "VARCHAR",
    };
    name.to_owned()
}

/// Returns the least type that holds the values: DuckDB computes the product of two wide ones in floating point.
fn number<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let (mut whole, mut scale) = (1, 0);
    for value in values {
        let (digits, fraction) = value.trim_start_matches('-').split_once('.').unwrap_or((value, ""));
        (whole, scale) = (whole.max(digits.len()), scale.max(fraction.len()));
    }
    format!("NUMBER({}, {scale})", whole + scale)
}

/// Binds as a driver does: a time is text of the format that the SQL names.
fn parameter(value: &Literal) -> Value {
    match value {
        Literal::Null => Value::Null,
        Literal::Boolean(value) => json!(value),
        Literal::Integer(value) => json!(value),
        Literal::Decimal(text) | Literal::String(text) => json!(text),
        Literal::Float(bits) => json!(f64::from_bits(*bits)),
        Literal::Date(date) => json!(date.to_string()),
        Literal::DateTime(time) => json!(time.format("%F %T%.6f").to_string()),
        Literal::Timestamp(time) => json!(time.format("%F %T%.6f+00:00").to_string()),
    }
}
