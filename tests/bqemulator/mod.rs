//! BigQuery as bqemulator emulates it on DuckDB, over its real REST protocol. `.ci/bigquery` installs it.

use std::sync::OnceLock;

use reqwest::Client;
use serde_json::{Value, json};

use crate::peer_program::PeerProgram;

/// Returns the emulator's address, `http://127.0.0.1:40123/bigquery/v2`. It takes seconds to start, so that all tests share
/// one.
pub(crate) fn address() -> &'static str {
    static EMULATOR: OnceLock<PeerProgram> = OnceLock::new();
    let start = || PeerProgram::start(".tools/bqemulator", ".ci/bigquery", "tests/tools/bqemulator/serve.py");
    EMULATOR.get_or_init(start).address()
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
