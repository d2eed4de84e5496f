//! A warehouse for commands, which wait for each answer.
//!
//! **Invariant:** connections live as long as the warehouse: its runtime is never left in between.

use std::{io, sync::Arc};

use tokio::runtime::{Builder, Runtime};

use super::{Error, Rows, Terms, Warehouse};
use crate::{
    catalog::Catalog,
    sql::{Dialect, Text},
};

/// A warehouse, and the threads on which its connections are served.
pub struct Blocking {
    warehouse: Arc<dyn Warehouse>,
    runtime: Runtime,
}

impl Blocking {
    /// Takes a warehouse; fails if the system gives no thread.
    pub fn new(warehouse: Arc<dyn Warehouse>) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { warehouse, runtime })
    }

    /// Returns the warehouse, for a server with a runtime of its own.
    pub fn into_shared(self) -> Arc<dyn Warehouse> {
        self.warehouse
    }

    /// Returns the dialect in which it has to be asked.
    pub fn dialect(&self) -> Dialect {
        self.warehouse.dialect()
    }

    /// Runs a query and waits for its rows.
    pub fn query_blocking(&self, text: &Text) -> Result<Rows, Error> {
        self.runtime.block_on(self.warehouse.query(text, &Terms::default()))
    }

    /// Waits for work that asks the warehouse.
    pub fn wait<'a, T>(&'a self, work: impl AsyncFnOnce(&'a dyn Warehouse) -> T) -> T {
        self.runtime.block_on(work(&*self.warehouse))
    }

    /// Runs statements that give no rows, all of them or none.
    pub fn execute_blocking(&self, statements: &[String], terms: &Terms) -> Result<(), Error> {
        self.runtime.block_on(self.warehouse.execute(statements, terms))
    }

    /// Reads the columns of the named tables, or of every table.
    pub fn catalog_blocking(&self, tables: Option<&[String]>) -> Result<Catalog, Error> {
        self.runtime.block_on(self.warehouse.catalog(tables))
    }
}
