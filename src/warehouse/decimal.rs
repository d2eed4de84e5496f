//! Exact decimals out of text.
//!
//! `-0.050` → unscaled -5 of scale 2.
//!
//! **Invariant:** a number arrives exactly or not at all.

use super::ColumnData;

/// An exact decimal: the unscaled number and its digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    unscaled: i128,
    scale: u8,
}

impl Decimal {
    /// Reads `-0.05`, and `1E+2` as a peer may write it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.trim_start_matches('+').parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        // Zeros at the end say nothing, and would cost digits that are needed.
        let fraction = fraction.trim_end_matches('0');
        let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale < 0 {
            let unscaled = unscaled.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?;
            return Some(Self { unscaled, scale: 0 });
        }
        Some(Self { unscaled, scale: u8::try_from(scale).ok()? })
    }

    /// Returns the unscaled number at a scale that is not smaller.
    pub(super) fn at(self, scale: u8) -> Option<i128> {
        let more = scale.checked_sub(self.scale)?;
        self.unscaled.checked_mul(10_i128.checked_pow(more.into())?)
    }
}

/// Gives all numbers of a column the greatest scale that one of them has.
#[cfg(feature = "bigquery")]
pub(super) fn of_one_scale(numbers: &[Option<Decimal>]) -> Option<ColumnData> {
    let scale = numbers.iter().flatten().map(|number| number.scale).max().unwrap_or(0);
    of_scale(numbers, scale)
}

/// Gives all numbers of a column a scale that none exceeds.
pub(super) fn of_scale(numbers: &[Option<Decimal>], scale: u8) -> Option<ColumnData> {
    let values = numbers.iter().map(|number| number.map_or(Some(None), |number| number.at(scale).map(Some)));
    Some(ColumnData::Decimal { values: values.collect::<Option<_>>()?, scale })
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn numbers_arrive_exactly() {
        let number = |unscaled, scale| Some(Decimal { unscaled, scale });
        assert_eq!(Decimal::read("12.5"), number(125, 1));
        assert_eq!(Decimal::read("-0.050"), number(-5, 2));
        assert_eq!(Decimal::read("-.5"), number(-5, 1));
        assert_eq!(Decimal::read("1.5E+3"), number(1500, 0));
        assert_eq!(Decimal::read("15e-1"), number(15, 1));
        let longest = "99999999999999999999999999999.999999999";
        assert_eq!(Decimal::read(longest), number(10_i128.pow(38) - 1, 9));
        assert_eq!(Decimal::read("578960446186580977117854925043439539266"), None, "beyond 38 digits");
        for wrong in ["", "-", "1.2.3", "NaN", "1.-5", "1e", "0x1"] {
            assert_eq!(Decimal::read(wrong), None, "{wrong}");
        }
        assert_eq!(Decimal::read("12.5").and_then(|number| number.at(3)), Some(12_500));
        assert_eq!(Decimal::read("12.5").and_then(|number| number.at(0)), None, "a digit would be lost");
    }
}
