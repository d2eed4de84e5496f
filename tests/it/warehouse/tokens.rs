//! Tokens and descriptions of tables, from a server that does what a script says.

use std::{fs, path::PathBuf, time::Duration};

use entente::{
    catalog::{Catalog, CatalogCut, CatalogPartition},
    sql::Text,
    warehouse::{
        Error, Terms, Warehouse,
        bigquery::{BigQuery, Credentials, Options},
    },
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::scripted::{Endpoint, Manners, Reply, Request, Server, Speaks};

fn options(server: &Server, credentials: Credentials) -> Options {
    Options {
        project: "acme".to_owned(),
        dataset: Some("marts".to_owned()),
        location: None,
        maximum_bytes_billed: 1_000_000_000,
        credentials,
        base_url: Some(server.address().to_owned()),
    }
}

/// Writes a configuration of workload identity federation whose tokens come from the server.
fn federation(folder: &TempDir, server: &Server) -> PathBuf {
    let subject = folder.path().join("subject");
    fs::write(&subject, "a token of another cloud").expect("a file");
    let path = folder.path().join("federation.json");
    let document = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/ci",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/token", server.address()),
        "credential_source": { "file": subject },
    });
    fs::write(&path, document.to_string()).expect("a file");
    path
}

/// Asks a server that wants tokens; returns what came of it and the server.
fn ask(
    manners: Manners,
    script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
) -> (Result<usize, Error>, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    Runtime::new().expect("threads").block_on(async {
        let server = Server::start(Speaks::BigQuery, manners, Box::new(script)).await;
        let credentials = Credentials::KeyFile(federation(&folder, &server));
        let driver = BigQuery::new(options(&server, credentials)).expect("nothing is dialed yet");
        let text = Text { sql: "SELECT 1".to_owned(), parameters: Vec::new() };
        let terms = Terms { deadline: Some(Duration::from_secs(20)), ..Terms::default() };
        let answer = driver.query(&text, &terms).await;
        (answer.map(|rows| rows.len), server)
    })
}

#[test]
fn a_token_is_kept_and_fetched_again_when_it_is_refused() {
    let manners = |token_lasts| Manners { rows: 7, page: 2, token_lasts: Some(token_lasts), ..Manners::default() };
    let (answer, server) = ask(manners(100), |_, _| None);
    assert_eq!(answer.expect("an answer"), 7);
    assert_eq!(server.seen(Endpoint::Token).len(), 1, "four requests, one token");
    let (answer, server) = ask(manners(2), |_, _| None);
    assert_eq!(answer.expect("an answer"), 7);
    assert_eq!(server.seen(Endpoint::Token).len(), 2, "two requests each");
    assert_eq!(server.jobs().len(), 1);
}

#[test]
fn credentials_that_do_not_help_say_so_at_once() {
    let (answer, server) = ask(Manners { token_lasts: Some(0), ..Manners::default() }, |_, _| None);
    assert_eq!(
        answer.expect_err("every token is refused").to_string(),
        "the warehouse cannot be reached: the credentials are not accepted"
    );
    assert_eq!(server.seen(Endpoint::Query).len(), 2, "once more with a new token");
    let (answer, server) = ask(Manners::default(), |request, _| {
        let refused = json!({ "error": "invalid_grant", "error_description": "the pool is gone" });
        (request.endpoint == Endpoint::Token).then(|| Reply::Json(400, refused))
    });
    let error = answer.expect_err("there is no token").to_string();
    assert!(error.starts_with("the warehouse cannot be reached: Google gives no token"), "{error}");
    assert_eq!(server.seen(Endpoint::Query).len(), 0);
}

#[test]
fn files_that_are_no_credentials_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new().expect("threads");
    let server = runtime.block_on(Server::start(Speaks::BigQuery, Manners::default(), Box::new(|_, _| None)));
    for (content, says) in [
        ("{", "is no file of credentials"),
        ("{\"type\": \"magic\"}", "are of the type `magic`, which is not known"),
        ("{\"type\": \"service_account\"}", "is no file of credentials: missing field"),
    ] {
        let path = folder.path().join("key.json");
        fs::write(&path, content).expect("a file");
        let driver = BigQuery::new(options(&server, Credentials::KeyFile(path))).expect("nothing is read yet");
        let text = Text { sql: "SELECT 1".to_owned(), parameters: Vec::new() };
        let error = runtime.block_on(driver.query(&text, &Terms::default())).expect_err(content).to_string();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(server.seen(Endpoint::Query).len(), 0);
}

/// What the server tells of its tables.
fn described(path: &[&str]) -> Option<Value> {
    let fields = json!([
        { "name": "id", "type": "INTEGER", "mode": "REQUIRED" },
        { "name": "at", "type": "TIMESTAMP" },
        { "name": "tags", "type": "STRING", "mode": "REPEATED" },
        { "name": "valid", "type": "RANGE" },
    ]);
    let table = |more: Value| {
        let mut table = json!({ "type": "TABLE", "numRows": "42", "schema": { "fields": fields } });
        table.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        Some(table)
    };
    match path {
        ["projects", "acme", "datasets", "marts", "tables"] => {
            let ids = ["orders", "loads", "ranges", "events_20240101", "events_20240102", "old_99999999", "by_day"];
            let tables = ids.map(|id| json!({ "tableReference": { "tableId": id } }));
            Some(json!({ "tables": tables }))
        }
        [.., "tables", "orders"] => table(json!({
            "timePartitioning": { "type": "HOUR", "field": "at" }, "requirePartitionFilter": true,
            "clustering": { "fields": ["id", "at"] },
        })),
        [.., "tables", "loads"] => {
            table(json!({ "timePartitioning": { "type": "DAY", "requirePartitionFilter": true } }))
        }
        [.., "tables", "ranges"] => {
            let range = json!({ "start": "0", "end": "1000", "interval": "10" });
            table(json!({ "rangePartitioning": { "field": "id", "range": range } }))
        }
        [.., "tables", "events_20240102" | "old_99999999"] => table(json!({})),
        [.., "tables", "by_day"] => table(json!({ "type": "VIEW", "numRows": "0" })),
        _ => None,
    }
}

fn catalog(wanted: Option<&[&str]>) -> (Catalog, Server) {
    Runtime::new().expect("threads").block_on(async {
        let script = |request: &Request, nth: usize| match request.endpoint {
            // The first question is not answered at once.
            Endpoint::Metadata if nth == 0 => Some(Reply::refused(503, "backendError", "try again")),
            Endpoint::Metadata => {
                let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
                Some(match described(&path) {
                    Some(document) => Reply::Json(200, document),
                    None => Reply::refused(404, "notFound", "Not found: Table"),
                })
            }
            _ => None,
        };
        let server = Server::start(Speaks::BigQuery, Manners::default(), Box::new(script)).await;
        let driver = BigQuery::new(options(&server, Credentials::None)).expect("nothing is dialed yet");
        let wanted: Option<Vec<String>> = wanted.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        (driver.catalog(wanted.as_deref()).await.expect("a catalog"), server)
    })
}

#[test]
fn tables_are_described_with_their_partitions() {
    let (catalog, server) = catalog(None);
    let names: Vec<&str> = catalog.tables.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["marts.by_day", "marts.events_*", "marts.loads", "marts.old_99999999", "marts.orders", "marts.ranges"]
    );
    let columns = |table: &str| -> Vec<String> {
        let columns = catalog.tables[table].columns.iter();
        columns.map(|column| format!("{} {}", column.name, column.column_type)).collect()
    };
    assert_eq!(columns("marts.orders"), ["id integer", "at timestamp", "tags unknown", "valid unknown"]);
    assert_eq!(columns("marts.loads")[4..], ["_PARTITIONTIME timestamp", "_PARTITIONDATE date"]);
    assert_eq!(columns("marts.events_*")[4..], ["_TABLE_SUFFIX string"]);
    let partition = |table: &str| catalog.tables[table].partition.clone();
    let cut = |column: &str, by, required| Some(CatalogPartition { column: column.to_owned(), by, required });
    assert_eq!(partition("marts.orders"), cut("at", CatalogCut::Hour, true));
    assert_eq!(partition("marts.loads"), cut("_PARTITIONTIME", CatalogCut::Day, true));
    let integers = CatalogCut::Integers { from: 0, to: 1000, every: 10 };
    assert_eq!(partition("marts.ranges"), cut("id", integers, false));
    assert_eq!(partition("marts.by_day"), None);
    assert_eq!(catalog.tables["marts.orders"].clustering, ["id", "at"]);
    assert_eq!(catalog.tables["marts.orders"].rows, Some(42));
    assert_eq!(catalog.tables["marts.by_day"].rows, None, "a view");
    assert_eq!(Catalog::from_json(&catalog.to_json()).expect("it is read back"), catalog);
    assert!(server.jobs().is_empty(), "no query runs");
}

#[test]
fn tables_are_keyed_as_they_are_asked_for() {
    let (catalog, _) =
        catalog(Some(&["orders", "marts.orders", "`acme.marts.orders`", "marts.events_*", "nowhere.x", "marts.x_*"]));
    let names: Vec<&str> = catalog.tables.keys().map(String::as_str).collect();
    assert_eq!(names, ["`acme.marts.orders`", "marts.events_*", "marts.orders", "orders"]);
}
