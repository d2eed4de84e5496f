//! Tests of code that are no cases, in one binary.

#[cfg(feature = "duckdb")]
mod battery;
#[cfg(feature = "cli")]
#[path = "../bqemulator/mod.rs"]
mod bqemulator;
#[cfg(feature = "cli")]
mod catalog;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_bad_input;
#[cfg(feature = "cli")]
mod cli_build;
#[cfg(feature = "cli")]
mod cli_principal;
#[cfg(feature = "cli")]
mod cli_query;
#[cfg(all(unix, feature = "cli"))]
mod cli_serve;
mod cli_sql;
#[cfg(feature = "cli")]
mod cli_start;
#[cfg(unix)]
mod clients;
#[cfg(feature = "cli")]
mod command;
#[cfg(feature = "duckdb")]
mod conditions;
#[cfg(feature = "cli")]
mod cost;
#[cfg(feature = "cli")]
mod dbt;
mod dbt_holds;
mod dbt_meaning;
mod dbt_told;
#[cfg(feature = "cli")]
mod docs;
mod generated;
#[cfg(feature = "duckdb")]
#[path = "../googlesql/mod.rs"]
mod googlesql;
#[cfg(feature = "server")]
mod graphql;
#[cfg(feature = "cli")]
mod join_safety;
mod layers;
mod links;
#[cfg(feature = "cli")]
mod looker;
mod lookml;
mod meaning;
#[cfg(feature = "cli")]
#[path = "../peer_program/mod.rs"]
mod peer_program;
#[cfg(feature = "duckdb")]
#[path = "../postgres/mod.rs"]
mod postgres;
#[cfg(feature = "cli")]
mod rollups;
mod rules;
#[cfg(feature = "cli")]
mod served;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "duckdb")]
#[path = "../snowflake/mod.rs"]
mod snowflake;
#[cfg(feature = "duckdb")]
mod sql;
#[cfg(feature = "cli")]
#[path = "../sqlapi/mod.rs"]
mod sqlapi;
mod tidy;
#[cfg(all(feature = "duckdb", feature = "server"))]
mod tpch;
#[cfg(all(feature = "duckdb", feature = "server"))]
#[path = "../tpch/mod.rs"]
mod tpch_world;
#[cfg(feature = "cli")]
mod warehouse;
