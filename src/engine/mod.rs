//! Holds the live project: load, reload, and plan → cache → warehouse → rows.

mod answer;

pub use answer::{Answer, Answered, CacheOutcome, Failure};
