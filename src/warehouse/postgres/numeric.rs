//! `numeric` in the binary format of the protocol.
//!
//! 12.50 arrives as the digits 12, 5000 to the base 10,000, with a weight of 0 and a scale of 2.
//! See `numeric_send` in <https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c>.
//!
//! **Invariant:** a number arrives exactly or not at all.

use std::error::Error;

use tokio_postgres::types::{FromSql, Type};

/// An exact decimal: the unscaled number and its digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numeric {
    pub(super) unscaled: i128,
    pub(super) scale: u8,
}

const NEGATIVE: u16 = 0x4000;
const BASE: i128 = 10_000;
const DIGITS_OF_BASE: i32 = 4;

impl<'a> FromSql<'a> for Numeric {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        read(raw).ok_or_else(|| "a numeric is no number, or has more than 38 digits".into())
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::NUMERIC
    }
}

fn read(raw: &[u8]) -> Option<Numeric> {
    let mut words = raw.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]]));
    let count = words.next()?;
    let weight = i32::from(words.next()?.cast_signed());
    let sign = words.next()?;
    let scale = u8::try_from(words.next()?).ok()?;
    if sign != 0 && sign != NEGATIVE {
        return None;
    }
    let mut unscaled: i128 = 0;
    for digit in words.take(usize::from(count)) {
        unscaled = unscaled.checked_mul(BASE)?.checked_add(digit.into())?;
    }
    // The last digit stands `weight + 1 - count` places to the base 10,000 before the point.
    let places = (weight + 1 - i32::from(count)) * DIGITS_OF_BASE + i32::from(scale);
    let power = 10_i128.checked_pow(places.unsigned_abs())?;
    // Digits behind the scale are zeros: the server sends no others.
    unscaled = if places >= 0 { unscaled.checked_mul(power)? } else { unscaled / power };
    Some(Numeric { unscaled: if sign == NEGATIVE { -unscaled } else { unscaled }, scale })
}

impl Numeric {
    /// Returns the unscaled number at a greater scale.
    pub(super) fn at(self, scale: u8) -> Option<i128> {
        let more = scale.checked_sub(self.scale)?;
        self.unscaled.checked_mul(10_i128.checked_pow(u32::from(more))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[u16]) -> Option<Numeric> {
        read(&words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>())
    }

    #[test]
    fn numbers_arrive_exactly() {
        let number = |unscaled, scale| Some(Numeric { unscaled, scale });
        assert_eq!(of(&[2, 0, 0, 2, 12, 5000]), number(1250, 2));
        assert_eq!(of(&[1, u16::MAX, NEGATIVE, 2, 500]), number(-5, 2), "-0.05");
        assert_eq!(of(&[1, 1, 0, 0, 3]), number(30_000, 0));
        assert_eq!(of(&[0, 0, 0, 4]), number(0, 4));
        assert_eq!(of(&[1, 3, 0, 1, 1]), number(10_000_000_000_000, 1), "1000000000000.0");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(of(&[0, 0, 0xC000, 0]), None, "NaN");
        assert_eq!(of(&[1, 20, 0, 0, 1]), None, "10^80");
        assert_eq!(of(&[1, 0]), None, "cut short");
    }
}
