//! Aggregates that count each key once, however often a join repeats its row; and Looker's percentiles.
//!
//! Looker adds a hash of the key to each value, sums the distinct ones and takes the hashes away again. A list of the
//! distinct pairs of key and value says the same, with the rounding that Looker documents for each row.

use super::{
    Writer,
    measure::{Values, percent},
};
use crate::lookml::twin::{Looker, refuse, text::Block};

impl Writer<'_> {
    pub(super) fn over_keys(alias: &str, block: &Block, aggregate: &str, values: &Values, key: &str) -> Looker<String> {
        let (key, value) = (values.kept(key), values.value());
        // A key that is null has no hash, so that its row is lost.
        let pairs = |value: &str| {
            format!(
                "list(DISTINCT {{'k': {key}, 'v': {value}}}) FILTER (WHERE {key} IS NOT NULL AND {value} IS NOT NULL)"
            )
        };
        let list = |value: &str| format!("list_transform({}, lambda pair: pair.v)", pairs(value));
        let rounded = format!("ROUND(CAST({value} AS DECIMAL(38, 9)), 6)");
        match aggregate {
            "sum" => Ok(format!("COALESCE(list_sum({}), 0)", list(&rounded))),
            "average" => {
                let count = format!("NULLIF(COUNT(DISTINCT CASE WHEN {value} IS NOT NULL THEN {key} END), 0)");
                Ok(format!("CAST(list_sum({}) AS DOUBLE) / {count}", list(&rounded)))
            }
            "median" => Ok(percentile(&list(&value), 50)),
            "percentile" => Ok(percentile(&list(&value), percent(block)?)),
            other => refuse(format!("`{alias}.{}`: no `{other}` over keys", block.name)),
        }
    }
}

/// Looker's percentile of the values in a list: the value at `n·p`, rounded up; if that is whole, the mean of it and the
/// next.
pub(super) fn percentile(list: &str, percent: u32) -> String {
    let sorted = format!("list_sort(list_filter({list}, lambda value: value IS NOT NULL))");
    let rank = format!("(len({sorted}) * {percent})");
    let at = |position: &str| format!("CAST({sorted}[CAST({position} AS BIGINT)] AS DOUBLE)");
    let exact = at(&format!("{rank} // 100"));
    let next = at(&format!("least({rank} // 100 + 1, len({sorted}))"));
    let above = at(&format!("{rank} // 100 + 1"));
    format!("CASE WHEN len({sorted}) = 0 THEN NULL WHEN {rank} % 100 = 0 THEN ({exact} + {next}) / 2 ELSE {above} END")
}
