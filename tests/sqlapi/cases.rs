//! Queries of cases on the gateway, asked through the driver.
//!
//! Queries over the same tables have a database together, others another, so that they run beside one another.

#[path = "mod.rs"]
mod gateway;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::OnceLock,
    time::Duration,
};

use entente::{
    sql::Text,
    warehouse::{
        Terms, Warehouse,
        snowflake::{Credentials, Options, Snowflake},
    },
};
use tokio::{runtime::Runtime, sync::Mutex};

use crate::{
    googlesql::{Query, Rows},
    snowflake,
};

/// Runs a query on tables made for it; gives the emulator's message where it fails.
pub(crate) fn ask(query: &Query) -> Result<Rows, String> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static MADE: Mutex<BTreeSet<String>> = Mutex::const_new(BTreeSet::new());
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("threads"));
    let tables = snowflake::tables(query);
    let mut hasher = DefaultHasher::new();
    tables.to_string().hash(&mut hasher);
    let database = format!("CASE_{:016X}", hasher.finish());
    let options = Options {
        account: "acme".to_owned(),
        warehouse: None,
        database: Some(database.clone()),
        schema: Some("main".to_owned()),
        role: None,
        credentials: Credentials::None,
        base_url: Some(gateway::address().to_owned()),
    };
    let driver = Snowflake::new(options).map_err(|error| error.to_string())?;
    let text = Text { sql: query.sql.clone(), parameters: query.parameters.clone() };
    let terms = Terms { deadline: Some(Duration::from_secs(120)), ..Terms::default() };
    let rows = runtime.block_on(async {
        let mut made = MADE.lock().await;
        if made.insert(database.clone()) {
            gateway::make_tables(&database, &tables).await;
        }
        drop(made);
        driver.query(&text, &terms).await
    });
    let rows = rows.map_err(|error| format!("{error}: {}", error.detail().unwrap_or_default()))?;
    let row = |row| rows.columns.iter().map(|column| column.text(row)).collect();
    Ok((0..rows.len).map(row).collect())
}
