//! Constants of a query to Postgres, as text that the server reads by the type it expects.
//!
//! `2024-02-29` for a `$1` in `CAST($1 AS DATE)`.
//!
//! **Invariant:** nothing is written into the query's text, and no value passes through a type narrower than its own.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::sql::Literal;

/// A value in the text format of the protocol.
/// See <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>.
#[derive(Debug)]
pub(super) struct AsText(Option<String>);

/// Returns the values in the order of their numbers.
pub(super) fn parameters(literals: &[Literal]) -> Vec<AsText> {
    literals.iter().map(|literal| AsText(text(literal))).collect()
}

fn text(literal: &Literal) -> Option<String> {
    Some(match literal {
        Literal::Null => return None,
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(digits) => digits.clone(),
        Literal::Float(bits) => float(f64::from_bits(*bits)),
        Literal::String(text) => text.clone(),
        Literal::Date(date) => date.to_string(),
        Literal::DateTime(time) => time.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
        Literal::Timestamp(time) => time.format("%Y-%m-%d %H:%M:%S%.f+00").to_string(),
    })
}

/// Writes a float so that the server reads the same one.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{value:?}")
}

impl ToSql for AsText {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
