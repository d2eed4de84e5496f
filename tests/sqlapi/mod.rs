//! Snowflake's SQL API: a gateway of our own before fakesnow, which `.ci/fakesnow` installs.
//!
//! fakesnow speaks only the protocol of Snowflake's own clients. The gateway is written from Snowflake's manual, as the
//! driver is: it shows that both read the manual alike.

use std::sync::OnceLock;

use reqwest::Client;
use serde_json::Value;

use crate::peer_program::PeerProgram;

/// Returns the gateway's address.
pub(crate) fn address() -> &'static str {
    static GATEWAY: OnceLock<PeerProgram> = OnceLock::new();
    let start = || PeerProgram::start(".tools/fakesnow", ".ci/fakesnow", "tests/tools/fakesnow/gateway.py");
    GATEWAY.get_or_init(start).address()
}

/// Makes the tables of a question in a database, `{"orders": {"columns": [["price", "NUMBER(10, 2)"]], "rows": […]}}`.
pub(crate) async fn make_tables(database: &str, tables: &Value) {
    let client = Client::builder().no_proxy().build().expect("a client");
    let request = client.put(format!("{}/tables/{database}", address())).body(tables.to_string());
    let answer = request.send().await.expect("the gateway answers");
    assert!(answer.status().is_success(), "the tables of {database} are not made: {tables}");
}
