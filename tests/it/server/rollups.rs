//! What is stored of rollups changes while the server runs.

use std::{sync::Arc, time::Duration};

use entente::{
    engine::{Storing as _, build, load_project_with},
    server::{LogFormat, Options, Reload, Server},
    sql::Statement,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{client::Client, fixture::eventually};
use crate::rollups::{Shop, now};

const QUERY: &str =
    "{ report { trust { rollups { name } } rows { by { time(granularity: MONTH) } revenue meanPrice } } }";

/// Asks once; the rows, and whether they came from the rollup.
fn ask(client: Client) -> (Value, bool) {
    let answer = client.graphql(QUERY);
    let report = answer.json()["data"]["report"].clone();
    assert!(report["rows"].as_array().is_some_and(|rows| rows.len() > 3), "{}", answer.body);
    let is_used = report["trust"]["rollups"][0]["name"] == "daily";
    (report["rows"].clone(), is_used)
}

#[test]
fn a_build_is_seen_and_so_is_a_table_that_is_dropped() {
    let shop = Shop::new();
    let loaded = load_project_with(shop.folder.path(), Some(shop.database.catalog_blocking(None).expect("a catalog")));
    let mut options = Options::new(loaded, Arc::new(shop.database.clone()));
    options.address.set_port(0);
    options.log = LogFormat::Off;
    options.reload = Reload::Never;
    options.stored_for = Duration::from_millis(20);
    let runtime = Runtime::new().expect("threads");
    let server = runtime.block_on(Server::start(options)).expect("it starts");
    let client = Client::new(server.address());

    let (rows, is_used) = ask(client);
    assert!(!is_used, "nothing is stored");
    build(&shop.table(), now(), &mut shop.store()).expect("it is built");
    eventually("the rollup is used", || {
        let (stored, is_used) = ask(client);
        assert_eq!(stored, rows);
        is_used
    });

    let table = shop.table();
    shop.store().execute(&[table.state().forget(&table.name)]).expect("it is forgotten");
    eventually("the rollup is not used any more", || {
        let (fresh, is_used) = ask(client);
        assert_eq!(fresh, rows);
        !is_used
    });
    shop.store().execute(&[Statement::Drop { table: table.name.clone() }]).expect("it is dropped");
    assert_eq!(ask(client), (rows, false));
}
