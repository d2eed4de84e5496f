//! SQL that entente writes for a measure → what it was written for.
//!
//! Nothing is parsed: a candidate is written again and compared, so that what is read is what would be written.

use std::collections::BTreeSet;

use super::measure;
use crate::{
    project::Aggregation,
    sql::{
        Aggregate, AggregateFunction, BinaryOp, Dialect, Expr, Function, Leaf, SqlExpr, Window, WindowFunction,
        print_expression,
    },
};

/// What stands for a value while a candidate is written.
const VALUE: &str = "lookml_value";

/// How many numbers of a text are looked at.
const MAX_NUMBERS: usize = 24;

/// Returns which percentile a text is, and the text of what it is a percentile of.
pub(crate) fn percentile(sql: &str, dialect: Dialect) -> Option<(Aggregation, &str)> {
    let candidates = fractions(sql).into_iter().flat_map(|millionths| {
        [
            Aggregation::Percentile(millionths),
            Aggregation::DiscretePercentile(millionths),
            Aggregation::ApproxPercentile(millionths),
        ]
    });
    candidates.into_iter().find_map(|aggregation| {
        let call = measure::aggregate(aggregation, SqlExpr::bare(VALUE)).ok()?;
        Some((aggregation, filled(&print_expression(&call, dialect), sql)?))
    })
}

/// Returns what stands in a text where a template has its value.
fn filled<'s>(template: &str, sql: &'s str) -> Option<&'s str> {
    let parts: Vec<&str> = template.split(VALUE).collect();
    let values = parts.len() - 1;
    let fixed: usize = parts.iter().map(|part| part.len()).sum();
    let length = sql.len().checked_sub(fixed)?.checked_div(values)?;
    let value = sql.get(parts[0].len()..parts[0].len() + length)?;
    (template.replace(VALUE, value) == sql).then_some(value)
}

/// Returns the fractions that the numbers of a text may stand for, in millionths: `0.9`, or 9 and 10.
fn fractions(sql: &str) -> BTreeSet<u32> {
    let numbers: BTreeSet<&str> = sql
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter(|text| text.bytes().any(|byte| byte.is_ascii_digit()))
        .take(4 * MAX_NUMBERS)
        .collect();
    let mut found = BTreeSet::from([500_000]);
    let whole: Vec<u32> = numbers.iter().filter_map(|text| text.parse().ok()).take(MAX_NUMBERS).collect();
    for number in &numbers {
        if let Some((0, digits)) =
            number.split_once('.').and_then(|(whole, rest)| Some((whole.parse::<u32>().ok()?, rest)))
            && let Ok(millionths) = format!("{digits:0<6}").parse::<u32>()
            && (1..1_000_000).contains(&millionths)
        {
            found.insert(millionths);
        }
    }
    for of in whole.iter().filter(|of| **of > 0 && 1_000_000 % **of == 0) {
        found.extend(whole.iter().filter(|part| **part > 0 && *part < of).map(|part| part * (1_000_000 / of)));
    }
    found
}

/// Returns the sum of a measure over all groups, as a share divides by it.
pub(crate) fn whole_of(measure: &str, dialect: Dialect) -> String {
    print_expression(&whole(SqlExpr::bare(VALUE)), dialect).replace(VALUE, measure)
}

/// `SUM(measure) OVER ()`
pub(super) fn whole(measure: SqlExpr) -> SqlExpr {
    let function = WindowFunction::Aggregate(Aggregate { function: AggregateFunction::Sum, arg: Some(measure) });
    Expr::Leaf(Leaf::Window(Box::new(Window { function, partition_by: Vec::new(), order_by: Vec::new() })))
}

/// Returns the mean over members, of what is added up over them and their number; 0 over none where it says so.
pub(crate) fn per_member(total: &str, members: &str, is_zero: bool, dialect: Dialect) -> String {
    let mut quotient = SqlExpr::bare("lookml_total_").binary(BinaryOp::Divide, SqlExpr::bare("lookml_members_"));
    if is_zero {
        quotient = Expr::call(Function::Coalesce, vec![quotient, Expr::integer(0)]);
    }
    print_expression(&quotient, dialect).replace("lookml_total_", total).replace("lookml_members_", members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_read_in_every_dialect() {
        for dialect in [Dialect::BigQuery, Dialect::Snowflake, Dialect::DuckDb, Dialect::Postgres] {
            for millionths in [1, 10_000, 250_000, 500_000, 900_000, 999_000] {
                for aggregation in [Aggregation::Percentile(millionths), Aggregation::DiscretePercentile(millionths)] {
                    let call = measure::aggregate(aggregation, SqlExpr::bare(VALUE)).expect("it says itself");
                    let template = print_expression(&call, dialect);
                    for value in ["${price}", "CASE WHEN ${a} > 3 THEN 0.5 * ${b} END"] {
                        let text = template.replace(VALUE, value);
                        assert_eq!(percentile(&text, dialect), Some((aggregation, value)), "{dialect:?}: {text}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_sql_is_no_percentile() {
        for sql in ["", "quantile_cont(${price})", "${a} / 0.5", "quantile_cont(CAST(${a} AS DOUBLE), 0.5) + 1"] {
            assert_eq!(percentile(sql, Dialect::DuckDb), None, "{sql}");
        }
    }
}
