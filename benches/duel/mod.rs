//! Two SQL texts that ask the same, asked in turn.

mod between;

use entente::{sql::Text, warehouse::duckdb::DuckDb};

pub(crate) use between::print_head;

/// Asks both texts so many times, and prints the medians of time and CPU.
pub(crate) fn run(database: &DuckDb, name: &str, left: &Text, right: &Text, times: usize) {
    let ask = |text: &Text| drop(std::hint::black_box(database.query_blocking(text).expect("it answers")));
    between::between(name, times, [&mut || ask(left), &mut || ask(right)]);
}
