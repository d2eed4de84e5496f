//! entente turns metric definitions (YAML) into LookML and into a GraphQL API that answers metric queries with
//! warehouse SQL, so that the number in Looker and the number in the app are the same number.
//!
//! ```text
//! metrics/*.yml ─ syntax::load ─► Definitions      schema/catalog.json ─► Catalog
//!        └──────────────┬───────────────────────────────────┘
//!                resolve::resolve ─► Project, or diagnostics
//!      ┌────────────────┼──────────────────┐
//!   lookml::emit   graphql::schema    plan::plan(request) ─► sql::Select ─► sql::print ─► engine ─► rows
//! ```
//!
//! Layers, lowest first; a module imports only from lower layers (`tests/it/layers.rs` fails otherwise):
//! 0 `ids files time` · 1 `diagnostics catalog` · 2 `syntax sql` · 3 `project warehouse cache` · 4 `resolve` ·
//! 5 `plan` · 6 `lookml price` · 7 `advise dbt import site starter verify` · 8 `engine sample` · 9 `graphql` · 10 `server` · 11 `cli`.

pub mod advise;
pub mod catalog;
pub mod dbt;
pub mod diagnostics;
pub mod files;
pub mod ids;
pub mod import;
pub mod lookml;
pub mod plan;
pub mod price;
pub mod project;
pub mod resolve;
pub mod site;
pub mod sql;
pub mod starter;
pub mod syntax;
pub mod time;
pub mod verify;
pub mod warehouse;

#[cfg(feature = "duckdb")]
pub mod sample;

#[cfg(feature = "server")]
pub mod cache;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "server")]
pub mod engine;
#[cfg(feature = "server")]
pub mod graphql;
#[cfg(feature = "server")]
pub mod server;
