//! The server over a real socket, with a warehouse that the test holds the strings of.

mod answers;
mod audit;
mod client;
mod connections;
#[cfg(feature = "duckdb")]
mod demo;
mod fixture;
mod operations;
mod pages;
mod prices;
mod protocol;
mod reload;
#[cfg(feature = "cli")]
mod rollups;
