//! What the SQL that we print means, on the real engines: DuckDB, the reference engine of GoogleSQL, Postgres; and on
//! fakesnow, which emulates Snowflake.

mod analyzer;
mod calendar;
mod engines;
mod functions;
mod percentiles;
mod random;
