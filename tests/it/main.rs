//! Tests of code that are no cases, in one binary.

mod generated;
#[cfg(feature = "server")]
mod server;
