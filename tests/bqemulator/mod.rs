//! BigQuery as bqemulator emulates it on DuckDB, over its real REST protocol. `.ci/bigquery` installs it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use reqwest::Client;
use serde_json::{Value, json};

/// The running emulator. It takes seconds to start, so that all tests share one; it ends with the test binary, which
/// closes its input.
struct Emulator {
    _process: Child,
    address: String,
}

/// Returns the emulator's address, `http://127.0.0.1:40123/bigquery/v2`.
pub(crate) fn address() -> &'static str {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    &EMULATOR.get_or_init(start).address
}

fn start() -> Emulator {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = root.join(".tools/bqemulator");
    assert!(tools.join("installed").exists(), "bqemulator is not installed: run `.ci/bigquery` (it needs Python 3.11)");
    let mut process = Command::new(tools.join("bin/python"))
        .arg(root.join("tests/tools/bqemulator/serve.py"))
        .arg(&tools)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Python starts; `.ci/bigquery` needs it as well");
    let mut address = String::new();
    BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut address).expect("UTF-8");
    assert!(!address.is_empty(), "bqemulator does not start: run `.ci/bigquery`");
    Emulator { _process: process, address: address.trim().to_owned() }
}

/// Makes a dataset of this name.
pub(crate) async fn make_dataset(project: &str, name: &str) {
    let reference = json!({ "datasetReference": { "projectId": project, "datasetId": name } });
    post(project, "datasets", &reference).await;
}

/// Makes a table from its description.
pub(crate) async fn make_table(project: &str, dataset: &str, table: &str, mut description: Value) {
    description["tableReference"] = json!({ "projectId": project, "datasetId": dataset, "tableId": table });
    post(project, &format!("datasets/{dataset}/tables"), &description).await;
}

/// Adds rows to a table, `{"json": {"column": "text"}}` each.
pub(crate) async fn insert(project: &str, dataset: &str, table: &str, rows: &[Value]) {
    let answer = post(project, &format!("datasets/{dataset}/tables/{table}/insertAll"), &json!({ "rows": rows })).await;
    assert!(answer["insertErrors"].as_array().is_none_or(Vec::is_empty), "{dataset}.{table}: {answer}");
}

async fn post(project: &str, path: &str, body: &Value) -> Value {
    let url = format!("{}/projects/{project}/{path}", address());
    let client = Client::builder().no_proxy().build().expect("a client");
    let request = client.post(url).header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await.expect("the emulator answers");
    let status = answer.status();
    let text = answer.text().await.expect("the emulator answers");
    assert!(status.is_success(), "{path}: {text}");
    serde_json::from_str(&text).expect("the emulator answers in JSON")
}
