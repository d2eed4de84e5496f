//! Tests of code that are no cases, in one binary.

mod generated;
