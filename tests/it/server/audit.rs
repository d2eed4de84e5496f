//! The audit of GraphQL over HTTP by its authors, npm `graphql-http`, against our server.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::fixture::Fixture;

/// Runs every audit and prints `[{ id, name, status, reason }]`.
const SCRIPT: &str = "\
const { auditServer } = require(process.argv[1]);
auditServer({ url: process.argv[2], fetchFn: fetch }).then((results) =>
  console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason })))));";

#[test]
fn every_audit_of_graphql_over_http_passes() {
    let audits = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/graphql-http/lib/audits/server.js");
    assert!(audits.exists(), "the audit is not there; run .ci/graphql-http, or .ci/test for everything");
    let fixture = Fixture::new();
    let url = format!("http://{}/graphql", fixture.client().address);
    let output = Command::new("node").arg("-e").arg(SCRIPT).arg(&audits).arg(url).output().expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(results.len(), 61);
    let failed: Vec<_> = results.iter().filter(|result| result["status"] != "ok").collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
