//! Tests of code that are no cases, in one binary.

mod generated;
mod lookml;
#[cfg(feature = "server")]
mod server;
