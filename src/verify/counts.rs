//! Counts in words: `1,204 rows`, `1 value`, `0.24%`.
//!
//! **Invariant:** a share that is not nothing never reads as nothing.

/// Counts things: `1 row`, `12,345 rows`.
pub(super) fn count(n: u64, thing: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(n))
}

/// Groups digits by three: `12,345`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the verb for one or for many.
pub(super) fn verb<'a>(n: u64, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// Returns a share in percent, cut to two digits after the point: `0.24%`, `<0.01%`.
pub(super) fn share(part: u64, whole: u64) -> String {
    let basis_points = u128::from(part) * 10_000 / u128::from(whole.max(1));
    if basis_points == 0 && part > 0 {
        return "<0.01%".to_owned();
    }
    let (percent, rest) = (basis_points / 100, basis_points % 100);
    if rest == 0 { format!("{percent}%") } else { format!("{percent}.{rest:02}%") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_in_words() {
        assert_eq!(count(1_234_567, "row"), "1,234,567 rows");
        assert_eq!(count(1, "value"), "1 value");
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing() {
        assert_eq!(share(1, 1_000_000), "<0.01%");
        assert_eq!(share(12, 5_000), "0.24%");
        assert_eq!(share(1, 2), "50%");
        assert_eq!(share(0, 0), "0%");
    }
}
