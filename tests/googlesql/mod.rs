//! The analyzer and reference engine of GoogleSQL, which is what BigQuery speaks. `.ci/googlesql` fetches it.
//!
//! `SELECT nope FROM marts.orders` → `Unrecognized name: nope [at 1:8]`.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use entente::sql::{Literal, Text};
use serde_json::{Value, json};

/// A query and the tables it may read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Literal>,
    pub(crate) tables: BTreeMap<String, Table>,
}

/// The columns of a table by name, with types as in `schema/catalog.json`, and its rows as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: Vec<(String, &'static str)>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// Rows as text.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

impl From<Text> for Query {
    fn from(text: Text) -> Self {
        Self { sql: text.sql, parameters: text.parameters, tables: BTreeMap::new() }
    }
}

/// Resolves names and types of each query; gives the analyzer's message where one is wrong.
pub(crate) fn analyze(queries: &[Query]) -> Vec<Result<(), String>> {
    ask(queries, false).into_iter().map(|answer| answer.map(|_| ())).collect()
}

/// Runs each query.
pub(crate) fn run(queries: &[Query]) -> Vec<Result<Rows, String>> {
    ask(queries, true)
}

/// The running tool. It costs a second to start, so that all tests share one; it ends with the test binary, which
/// closes its input.
struct Tool {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

fn start() -> Tool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join(".tools/googlesql");
    assert!(
        tools.join("installed-lock.json").exists(),
        "the GoogleSQL analyzer is not installed: run `.ci/googlesql` (it needs Node.js and npm)"
    );
    let mut process = Command::new("node")
        .arg(root.join("tests/tools/googlesql/main.js"))
        .arg(&tools)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts; `.ci/googlesql` needs it as well");
    let input = process.stdin.take().expect("it is piped");
    let output = BufReader::new(process.stdout.take().expect("it is piped"));
    Tool { _process: process, input, output }
}

fn ask(queries: &[Query], run: bool) -> Vec<Result<Rows, String>> {
    static TOOL: Mutex<Option<Tool>> = Mutex::new(None);
    // A test that failed while it held the tool says so itself; others start a new one.
    let mut shared = TOOL.lock().unwrap_or_else(|poisoned| {
        TOOL.clear_poison();
        let mut shared = poisoned.into_inner();
        *shared = None;
        shared
    });
    let Tool { input, output, .. } = shared.get_or_insert_with(start);
    let lines = queries.iter().map(|query| format!("{}\n", document(query, run)));
    let lines: Vec<String> = lines.collect();
    std::thread::scope(|scope| {
        // Written beside the reading, so that neither side waits for the other with a full pipe.
        scope.spawn(|| {
            for line in &lines {
                input.write_all(line.as_bytes()).expect("the tool reads");
            }
        });
        let mut line = String::new();
        let next = |_| {
            line.clear();
            let length = output.read_line(&mut line).expect("UTF-8");
            assert!(length > 0, "the GoogleSQL tool ended early");
            answer(&line)
        };
        queries.iter().map(next).collect()
    })
}

fn document(query: &Query, run: bool) -> Value {
    let parameters = query.parameters.iter().enumerate().map(|(at, value)| {
        let (type_name, text) = parameter(value);
        (format!("p{}", at + 1), json!({ "type": type_name, "value": text }))
    });
    let tables = query.tables.iter().map(|(name, table)| {
        let columns = table.columns.iter().map(|(name, kind)| (name.clone(), json!(kind)));
        let columns = columns.collect::<serde_json::Map<_, _>>();
        (name.clone(), json!({ "columns": columns, "rows": table.rows }))
    });
    json!({
        "sql": query.sql,
        "parameters": parameters.collect::<serde_json::Map<_, _>>(),
        "tables": tables.collect::<serde_json::Map<_, _>>(),
        "run": run,
    })
}

fn parameter(value: &Literal) -> (&'static str, Option<String>) {
    let text = match value {
        Literal::Null => None,
        Literal::Boolean(value) => Some(value.to_string()),
        Literal::Integer(value) => Some(value.to_string()),
        Literal::Decimal(text) | Literal::String(text) => Some(text.clone()),
        Literal::Float(bits) => Some(f64::from_bits(*bits).to_string()),
        Literal::Date(date) => Some(date.to_string()),
        Literal::DateTime(time) | Literal::Timestamp(time) => Some(time.to_string()),
    };
    (value.column_type().name(), text)
}

fn answer(line: &str) -> Result<Rows, String> {
    let answer: Value = serde_json::from_str(line).expect("the tool answers in JSON");
    if answer["ok"] != json!(true) {
        return Err(answer["error"].as_str().unwrap_or_default().to_owned());
    }
    let cell = |cell: &Value| cell.as_str().map(str::to_owned);
    let row = |row: &Value| row.as_array().expect("a row").iter().map(cell).collect();
    Ok(answer["rows"].as_array().map(|rows| rows.iter().map(row).collect()).unwrap_or_default())
}
