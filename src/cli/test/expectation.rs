//! Compares the values of an answer with what a test expects.

use std::cmp::Ordering;

use crate::{
    plan::{ColumnRole, Plan},
    project::Expectation,
    warehouse::{ColumnData, Rows},
};

/// Floats are sums in an order that the warehouse chooses; they agree if they differ by less than this share.
const FLOAT_TOLERANCE: f64 = 1e-9;

/// Returns what is wrong with the first value that is not as expected.
pub(super) fn first_miss(expectation: &Expectation, plan: &Plan, rows: &Rows) -> Option<String> {
    let metric = plan.columns.iter().position(|column| matches!(column.role, ColumnRole::Metric(_)))?;
    if rows.len == 0 {
        return Some("there are no rows".to_owned());
    }
    (0..rows.len).find_map(|row| {
        let value = &rows.columns[metric];
        let wanted = miss(expectation, value, row)?;
        let found = value.text(row).unwrap_or_else(|| "null".to_owned());
        Some(match group(plan, rows, row) {
            Some(group) => format!("it is {found} for {group}, {wanted}"),
            None => format!("it is {found}, {wanted}"),
        })
    })
}

/// Returns the keys of a row: `DE, 2024-02`.
fn group(plan: &Plan, rows: &Rows, row: usize) -> Option<String> {
    let keys = plan.columns.iter().zip(&rows.columns);
    let keys = keys.filter(|(column, _)| {
        matches!(column.role, ColumnRole::Time(_) | ColumnRole::TimePart(_) | ColumnRole::Dimension(_))
    });
    let values: Vec<String> = keys.map(|(_, values)| values.text(row).unwrap_or_else(|| "null".to_owned())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn miss(expectation: &Expectation, value: &ColumnData, row: usize) -> Option<String> {
    let holds =
        |ordering: Option<Ordering>, allowed: &[Ordering]| ordering.is_some_and(|found| allowed.contains(&found));
    match expectation {
        Expectation::Equals(wanted) => {
            let fits = holds(compare(value, row, wanted), &[Ordering::Equal]);
            (!fits).then(|| format!("not {wanted}"))
        }
        Expectation::Between(low, high) => {
            let fits = holds(compare(value, row, low), &[Ordering::Equal, Ordering::Greater])
                && holds(compare(value, row, high), &[Ordering::Equal, Ordering::Less]);
            (!fits).then(|| format!("not between {low} and {high}"))
        }
    }
}

/// Compares a value with decimal digits, exactly where it is exact; null compares with nothing.
fn compare(value: &ColumnData, row: usize, wanted: &str) -> Option<Ordering> {
    match value {
        ColumnData::Integer(values) => compare_decimals((values[row]?, 0), wanted),
        ColumnData::Decimal { values, scale } => compare_decimals((values[row]?, usize::from(*scale)), wanted),
        ColumnData::Float(values) => {
            let (found, wanted) = (values[row]?, wanted.parse::<f64>().ok()?);
            let equal = (found - wanted).abs() <= FLOAT_TOLERANCE * found.abs().max(wanted.abs());
            if equal { Some(Ordering::Equal) } else { found.partial_cmp(&wanted) }
        }
        ColumnData::Boolean(_)
        | ColumnData::String(_)
        | ColumnData::Date(_)
        | ColumnData::DateTime(_)
        | ColumnData::Timestamp(_) => Some(value.text(row)?.as_str().cmp(wanted)),
    }
}

/// Compares an unscaled number with digits behind the point, and decimal digits as text.
fn compare_decimals((unscaled, scale): (i128, usize), wanted: &str) -> Option<Ordering> {
    let (whole, fraction) = wanted.trim().split_once('.').unwrap_or((wanted.trim(), ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let common = scale.max(fraction.len());
    let raise = |number: i128, by: usize| number.checked_mul(10_i128.checked_pow(u32::try_from(by).ok()?)?);
    Some(raise(unscaled, common - scale)?.cmp(&raise(digits, common - fraction.len())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_values_are_compared_exactly() {
        let money = ColumnData::Decimal { values: vec![Some(1250), None], scale: 2 };
        assert_eq!(compare(&money, 0, "12.5"), Some(Ordering::Equal));
        assert_eq!(compare(&money, 0, "12.500001"), Some(Ordering::Less));
        assert_eq!(compare(&money, 0, "-12.5"), Some(Ordering::Greater));
        assert_eq!(compare(&money, 1, "0"), None);
        let big = ColumnData::Integer(vec![Some(9_007_199_254_740_993)]);
        assert_eq!(compare(&big, 0, "9007199254740992"), Some(Ordering::Greater));
    }

    #[test]
    fn floats_are_compared_with_a_tolerance() {
        let rate = ColumnData::Float(vec![Some(0.1 + 0.2)]);
        assert_eq!(compare(&rate, 0, "0.3"), Some(Ordering::Equal));
        assert_eq!(compare(&rate, 0, "0.300001"), Some(Ordering::Less));
    }

    #[test]
    fn null_is_neither_equal_nor_between() {
        let value = ColumnData::Integer(vec![None]);
        assert!(miss(&Expectation::Equals("0".into()), &value, 0).is_some());
        assert!(miss(&Expectation::Between("0".into(), "1".into()), &value, 0).is_some());
    }
}
