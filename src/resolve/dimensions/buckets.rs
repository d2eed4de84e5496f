//! Bounds of buckets → buckets with names: `[1, 5]` gives `<1`, `1–5`, `5+`.

use std::cmp::Ordering;

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    project::{Bucket, DimensionKind},
    syntax::DimensionDef,
};

/// Turns ascending bounds into buckets that cover every number.
pub(super) fn resolve(
    def: &DimensionDef,
    subject: &str,
    kind: DimensionKind,
    diagnostics: &mut Diagnostics,
) -> Vec<Bucket> {
    let Some(first) = def.buckets.first() else { return Vec::new() };
    let mut invalid = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(Code::InvalidBuckets, span, message).help(help));
    };
    if kind != DimensionKind::Number {
        invalid(first.span, format!("{subject} has buckets, but is no number"), "Write `type: number`.");
        return Vec::new();
    }
    if def.buckets.iter().any(|bound| !is_decimal(&bound.value)) {
        // Reported when the file was loaded.
        return Vec::new();
    }
    for pair in def.buckets.windows(2) {
        if compare(&pair[0].value, &pair[1].value) != Ordering::Less {
            let message = format!("bound `{}` of {subject} is not above `{}`", pair[1].value, pair[0].value);
            invalid(pair[1].span, message, "Write the bounds in ascending order, each once.");
            return Vec::new();
        }
    }
    let bounds: Vec<&str> = def.buckets.iter().map(|bound| bound.value.as_str()).collect();
    let bucket = |low: Option<&str>, high: Option<&str>, label| Bucket {
        low: low.map(str::to_owned),
        high: high.map(str::to_owned),
        label,
    };
    let (low, high) = (bounds[0], bounds[bounds.len() - 1]);
    let mut buckets = vec![bucket(None, Some(low), format!("<{low}"))];
    buckets
        .extend(bounds.windows(2).map(|pair| bucket(Some(pair[0]), Some(pair[1]), format!("{}–{}", pair[0], pair[1]))));
    buckets.push(bucket(Some(high), None, format!("{high}+")));
    buckets
}

/// Returns whether a text is an optional sign, digits, and digits behind a point.
pub(in crate::resolve) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Compares two decimals exactly, by their digits.
pub(in crate::resolve) fn compare(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned())
    };
    let (x, y) = (parts(a), parts(b));
    let is_zero = |(whole, fraction): &(String, String)| whole.is_empty() && fraction.is_empty();
    let sign = |text: &str, value: &(String, String)| !is_zero(value) && text.starts_with('-');
    let size = x.0.len().cmp(&y.0.len()).then_with(|| x.0.cmp(&y.0)).then_with(|| x.1.cmp(&y.1));
    match (sign(a, &x), sign(b, &y)) {
        (false, false) => size,
        (true, true) => size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_compared_by_value() {
        assert_eq!(compare("9", "10"), Ordering::Less);
        assert_eq!(compare("1.5", "1.50"), Ordering::Equal);
        assert_eq!(compare("-2", "-1"), Ordering::Less);
        assert_eq!(compare("-0", "0.0"), Ordering::Equal);
        assert!(is_decimal("-1.5") && !is_decimal("1e3") && !is_decimal("."));
    }
}
