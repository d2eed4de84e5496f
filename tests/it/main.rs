//! Tests of code that are no cases, in one binary.

mod generated;
mod layers;
mod lookml;
#[cfg(feature = "server")]
mod server;
mod tidy;
