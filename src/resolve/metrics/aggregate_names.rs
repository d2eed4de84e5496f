//! The names of aggregates: what is read under `agg:`, and what to write for those of other languages.
//!
//! `p99_9` → the 99.9th percentile; `countif(late)` → *`agg: count` and the condition as its `where`*.

use crate::{diagnostics::Diagnostic, project::Aggregation, resolve::names::suggest};

/// The aggregates by name; any other percentile has one too.
const NAMES: [&str; 12] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "count_distinct",
    "approx_count_distinct",
    "median",
    "p50",
    "p90",
    "p95",
    "p99",
];

/// Reads the name of an aggregate.
pub(super) fn read(name: &str) -> Option<Aggregation> {
    match name {
        "count" => Some(Aggregation::Count),
        "sum" => Some(Aggregation::Sum),
        "avg" => Some(Aggregation::Avg),
        "min" => Some(Aggregation::Min),
        "max" => Some(Aggregation::Max),
        "count_distinct" => Some(Aggregation::CountDistinct),
        "approx_count_distinct" => Some(Aggregation::ApproxCountDistinct),
        "median" => Some(Aggregation::Percentile(500_000)),
        _ => percentile(name),
    }
}

/// Reads `p90` as 900 000 and `p99_9` as 999 000 millionths.
fn percentile(name: &str) -> Option<Aggregation> {
    let digits = name.strip_prefix('p')?;
    let (whole, fraction) = digits.split_once('_').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 2 || fraction.len() > 4 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let millionths: u32 = format!("{whole}{fraction:0<4}").parse().ok()?;
    (millionths > 0).then_some(Aggregation::Percentile(millionths))
}

/// Says what to write instead of a name that is none.
pub(super) fn instead_of(diagnostic: Diagnostic, name: &str) -> Diagnostic {
    let lower = name.to_lowercase();
    match lower.as_str() {
        "p0" => diagnostic.help("Write `min`."),
        "p100" => diagnostic.help("Write `max`."),
        "distinct" | "countd" | "unique" => diagnostic.help("Write `count_distinct`."),
        "average" | "mean" => diagnostic.help("Write `avg`."),
        "countif" | "count_if" => diagnostic.help("Write `count`, and the condition as `where`."),
        "sumif" | "sum_if" | "sum_boolean" => diagnostic.help("Write `sum`, and the condition as `where`."),
        known if read(known).is_some() => diagnostic.help(format!("Write `{known}`.")),
        other => suggest(diagnostic, other, NAMES, "aggregates"),
    }
}

/// Says with which keys a metric computes what a function of other languages does: `countif`, `count(distinct …)`.
pub(in crate::resolve) fn keys_for(function: &str) -> String {
    let lower = function.to_lowercase();
    let (name, distinct) = lower.split_once('(').map_or((lower.as_str(), false), |(name, _)| (name, true));
    let plain = |agg: &str| format!("`agg: {agg}` and this argument as its `expr`");
    match name {
        "count" if distinct => plain("count_distinct"),
        "countif" => "`agg: count` and this condition as its `where`".to_owned(),
        "sumif" => "`agg: sum`, the first argument as its `expr` and the condition as its `where`".to_owned(),
        "mean" => plain("avg"),
        "percentile_cont" | "quantile_cont" | "approx_quantiles" => plain("p90"),
        "percentile_disc" => "`agg: p90`, `discrete: true` and this argument as its `expr`".to_owned(),
        known if !distinct && read(known).is_some() => plain(known),
        _ => {
            let names: Vec<String> = NAMES.iter().map(|name| format!("`{name}`")).collect();
            format!("one of these under `agg:` and what is aggregated as its `expr`: {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_read_by_their_digits() {
        assert_eq!(read("p90"), Some(Aggregation::Percentile(900_000)));
        assert_eq!(read("p99_9"), Some(Aggregation::Percentile(999_000)));
        assert_eq!(read("p5"), Some(Aggregation::Percentile(50_000)));
        assert_eq!(read("p0"), None);
        assert_eq!(read("p100"), None);
        assert_eq!(read("p"), None);
    }

    #[test]
    fn only_aggregates_that_exist_are_offered() {
        for (function, keys) in [
            ("COUNTIF", "`agg: count` and this condition as its `where`"),
            ("count(distinct …)", "`agg: count_distinct` and this argument as its `expr`"),
            ("Mean", "`agg: avg` and this argument as its `expr`"),
            ("SUM", "`agg: sum` and this argument as its `expr`"),
        ] {
            assert_eq!(keys_for(function), keys);
        }
        assert!(keys_for("string_agg").starts_with("one of these under `agg:`"));
        assert!(NAMES.iter().all(|name| read(name).is_some()));
    }
}
