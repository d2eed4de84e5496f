//! What the SQL that we print means, on the real engines: DuckDB, and the reference engine of GoogleSQL.

mod analyzer;
mod calendar;
mod engines;
mod functions;
mod random;
