//! Who asks: an identity, roles, and claims.
//!
//! `{ id: ann, roles: [finance], claims: { country: DE, regions: [NW, SE] } }`.
//!
//! **Invariant:** a claim is data; it reaches SQL as a parameter or not at all.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use crate::{catalog::ColumnType, sql::Literal};

/// Who asks. Policies read it; without policies it changes nothing but the cache key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Principal {
    /// A stable identity.
    pub id: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Claims, such as `country`.
    pub claims: BTreeMap<String, Claim>,
}

/// What is claimed of somebody: a value, or a list of values. Null is no value: such a claim is missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// One value.
    One(Literal),
    /// Any number of values, none included.
    Many(Vec<Literal>),
}

impl From<&str> for Claim {
    fn from(text: &str) -> Self {
        Self::One(Literal::String(text.to_owned()))
    }
}

impl Principal {
    /// Returns whether nothing is known of who asks.
    pub fn is_nobody(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether any of the roles is one of these.
    pub fn has_one_of(&self, roles: &[String]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// Returns a claim; nothing if it is missing.
    pub fn claim(&self, name: &str) -> Option<&Claim> {
        self.claims.get(name)
    }
}

/// Returns a claimed value as a value of the type that it is compared with; nothing if it is no such value.
///
/// Tokens carry texts and numbers: `"42"` is the integer 42, `42` the text `42`, `"2025-01-31"` a day. Nothing is
/// rounded or cut on the way.
pub(super) fn as_type(value: &Literal, wanted: ColumnType) -> Option<Literal> {
    match (wanted, value) {
        (_, Literal::Null) => None,
        (ColumnType::Unknown, value) => Some(value.clone()),
        (ColumnType::String | ColumnType::Json, Literal::String(text)) => Some(Literal::String(text.clone())),
        (ColumnType::String, Literal::Integer(number)) => Some(Literal::String(number.to_string())),
        (ColumnType::Integer, Literal::String(text)) => text.parse().ok().map(Literal::Integer),
        (ColumnType::Integer, Literal::Integer(number)) => Some(Literal::Integer(*number)),
        (ColumnType::Decimal | ColumnType::Float, Literal::Integer(_) | Literal::Decimal(_) | Literal::Float(_)) => {
            Some(value.clone())
        }
        (ColumnType::Decimal | ColumnType::Float, Literal::String(text)) => {
            is_decimal(text).then(|| Literal::Decimal(text.clone()))
        }
        (ColumnType::Boolean, Literal::Boolean(truth)) => Some(Literal::Boolean(*truth)),
        (ColumnType::Boolean, Literal::String(text)) => text.parse().ok().map(Literal::Boolean),
        (ColumnType::Date, Literal::String(text)) => {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Literal::Date)
        }
        (ColumnType::DateTime, Literal::String(text)) => {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok().map(Literal::DateTime)
        }
        (ColumnType::Timestamp, Literal::String(text)) => {
            chrono::DateTime::parse_from_rfc3339(text).ok().map(|instant| Literal::Timestamp(instant.naive_utc()))
        }
        _ => None,
    }
}

/// Returns whether a text is digits with at most one point between them, and perhaps a minus.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_becomes_the_type_that_it_is_compared_with_or_nothing() {
        let text = |text: &str| Literal::String(text.to_owned());
        assert_eq!(as_type(&text("42"), ColumnType::Integer), Some(Literal::Integer(42)));
        assert_eq!(as_type(&Literal::Integer(42), ColumnType::String), Some(text("42")));
        assert_eq!(as_type(&text("-1.50"), ColumnType::Decimal), Some(Literal::Decimal("-1.50".into())));
        for wrong in ["4 2", "1.", ".5", "1e3", "", "--1", "1.2.3"] {
            assert_eq!(as_type(&text(wrong), ColumnType::Decimal), None, "{wrong}");
        }
        assert_eq!(as_type(&text("1 or 1 = 1"), ColumnType::Integer), None);
        assert_eq!(as_type(&Literal::Null, ColumnType::Unknown), None);
        assert_eq!(as_type(&text("yes"), ColumnType::Boolean), None);
    }
}
