//! What the leaves of inputs may be, strictly: an exact decimal is no binary fraction, a day has four digits of year.
//!
//! **Invariant:** coercing a value twice gives the same value.

use async_graphql_value::ConstValue;

use super::{GraphqlError, types::scalar_type};
use crate::{
    catalog::ColumnType,
    sql::Literal,
    time::{DateTime, NaiveDateTime, Tz, read_date},
};

/// Where a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// In the document, where an enum's value is a name.
    InDocument,
    /// In the variables, where an enum's value is a string.
    AsJson,
}

/// Checks a value of a scalar type and gives it its canonical form.
pub(super) fn coerce(scalar: &str, value: ConstValue) -> Result<ConstValue, GraphqlError> {
    let text = match &value {
        ConstValue::String(text) => Some(text.as_str()),
        _ => None,
    };
    let number = match &value {
        ConstValue::Number(number) => Some(number),
        _ => None,
    };
    let good = match scalar {
        "Int" => number.and_then(serde_json::Number::as_i64).is_some_and(|number| i32::try_from(number).is_ok()),
        "Float" => number.and_then(serde_json::Number::as_f64).is_some_and(f64::is_finite),
        "String" => text.is_some(),
        "Boolean" => matches!(value, ConstValue::Boolean(_)),
        "Decimal" => {
            let decimal = match (text, number) {
                (Some(text), _) => is_decimal(text).then(|| text.to_owned()),
                (_, Some(number)) => decimal_number(number),
                _ => None,
            };
            return decimal.map(ConstValue::String).ok_or_else(|| {
                wrong(scalar, &show(&value)).help("Write an exact number as a string, such as `\"1234.50\"`.")
            });
        }
        "BigInt" => {
            let integer = match (text, number) {
                (Some(text), _) => text.parse::<i128>().ok().filter(|_| !text.starts_with('+')),
                (_, Some(number)) => number.as_i128(),
                _ => None,
            };
            let integer = integer.filter(|integer| integer.unsigned_abs() < 10_u128.pow(38));
            return integer.map(|integer| ConstValue::String(integer.to_string())).ok_or_else(|| {
                wrong(scalar, &show(&value)).help("Write a whole number of at most 38 digits, such as `\"42\"`.")
            });
        }
        "Date" => {
            if text.and_then(read_date).is_none() {
                return Err(wrong(scalar, &show(&value)).help("Write a day such as `\"2026-01-31\"`."));
            }
            true
        }
        "DateTime" => {
            if text.and_then(instant).is_none() {
                return Err(wrong(scalar, &show(&value))
                    .help("Write an instant with its offset, such as `\"2026-01-31T13:00:00+01:00\"`."));
            }
            true
        }
        "LocalDateTime" => {
            if text.and_then(wall_clock).is_none() {
                return Err(wrong(scalar, &show(&value))
                    .help("Write a time without an offset, such as `\"2026-01-31T13:00:00\"`, or a day."));
            }
            true
        }
        "TimeZone" => {
            if text.and_then(|text| text.parse::<Tz>().ok()).is_none() {
                return Err(wrong(scalar, &show(&value)).help("Write an IANA name such as `\"Europe/Berlin\"`."));
            }
            true
        }
        "Duration" => {
            if !text.is_some_and(is_duration) {
                return Err(
                    wrong(scalar, &show(&value)).help("Write a number and a unit, such as `\"5s\"` or `\"10m\"`.")
                );
            }
            true
        }
        _ => matches!(value, ConstValue::String(_) | ConstValue::Number(_) | ConstValue::Boolean(_)),
    };
    if good { Ok(value) } else { Err(wrong(scalar, &show(&value))) }
}

/// Returns the constant of the expression language for a value that has been coerced, or may be, to a column's type.
pub(super) fn literal(column_type: ColumnType, value: ConstValue) -> Result<Literal, GraphqlError> {
    let (scalar, shown) = (scalar_type(column_type), show(&value));
    let literal = match (column_type, coerce(scalar, value)?) {
        (ColumnType::String | ColumnType::Json | ColumnType::Unknown, ConstValue::String(text)) => {
            Some(Literal::String(text))
        }
        // Sums of whole numbers may be longer than 64 bits, and come back as conditions.
        (ColumnType::Integer, ConstValue::String(text)) => {
            Some(text.parse().map_or_else(|_| Literal::Decimal(text), Literal::Integer))
        }
        (ColumnType::Decimal, ConstValue::String(text)) => Some(Literal::Decimal(text)),
        (ColumnType::Float, ConstValue::Number(number)) => {
            number.as_f64().map(|number| Literal::Float(number.to_bits()))
        }
        (ColumnType::Boolean, ConstValue::Boolean(truth)) => Some(Literal::Boolean(truth)),
        (ColumnType::Date, ConstValue::String(text)) => read_date(&text).map(Literal::Date),
        (ColumnType::DateTime, ConstValue::String(text)) => wall_clock(&text).map(Literal::DateTime),
        (ColumnType::Timestamp, ConstValue::String(text)) => instant(&text).map(Literal::Timestamp),
        _ => None,
    };
    literal.ok_or_else(|| wrong(scalar, &shown))
}

/// Says that a value is of another type.
pub(super) fn wrong(type_name: &str, shown: &str) -> GraphqlError {
    GraphqlError::input(format!("{shown} is no `{type_name}`"))
}

/// Shows the beginning of a value.
pub(super) fn show(value: &ConstValue) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(60) {
        text.truncate(end);
        text.push('…');
    }
    format!("`{text}`")
}

fn instant(text: &str) -> Option<NaiveDateTime> {
    read_date(text.get(..10)?)?;
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.naive_utc())
}

fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let day = read_date(text.get(..10)?)?;
    match text.get(10..)? {
        "" => day.and_hms_opt(0, 0, 0),
        _ => ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok()),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut parts = digits.splitn(2, '.');
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    count <= 38 && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A number of JSON is a binary fraction; up to 15 digits it says which decimal was meant.
fn decimal_number(number: &serde_json::Number) -> Option<String> {
    let text = number.to_string();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (is_decimal(&text) && (number.is_i64() || number.is_u64() || digits <= 15)).then_some(text)
}

fn is_duration(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=9).contains(&digits) && matches!(&text[digits..], "ms" | "s" | "m" | "h" | "d")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(scalar: &str, json: serde_json::Value) -> Option<ConstValue> {
        coerce(scalar, ConstValue::from_json(json).expect("JSON is a value")).ok()
    }

    #[test]
    fn scalars_take_exactly_what_they_say() {
        let good = [
            ("Decimal", serde_json::json!("-12.50")),
            ("Decimal", serde_json::json!("99999999999999999999999999999999999999")),
            ("Decimal", serde_json::json!(12.5)),
            ("Decimal", serde_json::json!(12)),
            ("BigInt", serde_json::json!("9007199254740993")),
            ("BigInt", serde_json::json!("99999999999999999999999999999999999999")),
            ("BigInt", serde_json::json!(9_007_199_254_740_993_i64)),
            ("Date", serde_json::json!("2024-02-29")),
            ("DateTime", serde_json::json!("2026-01-31T13:00:00.5+01:00")),
            ("LocalDateTime", serde_json::json!("2026-01-31T13:00")),
            ("LocalDateTime", serde_json::json!("2026-01-31")),
            ("TimeZone", serde_json::json!("Europe/Berlin")),
            ("Duration", serde_json::json!("500ms")),
            ("Int", serde_json::json!(-2_147_483_648)),
        ];
        for (scalar, value) in good {
            assert!(accepted(scalar, value.clone()).is_some(), "{scalar} {value}");
        }
        let bad = [
            ("Decimal", serde_json::json!("1e3")),
            ("Decimal", serde_json::json!("1.")),
            ("Decimal", serde_json::json!("")),
            ("Decimal", serde_json::json!(0.123_456_789_012_345_68)),
            ("BigInt", serde_json::json!(1.5)),
            ("BigInt", serde_json::json!("+1")),
            ("BigInt", serde_json::json!("100000000000000000000000000000000000000")),
            ("Date", serde_json::json!("2023-02-29")),
            ("Date", serde_json::json!("2024-2-29")),
            ("Date", serde_json::json!("2024-01-01T00:00:00Z")),
            ("DateTime", serde_json::json!("2026-01-31T13:00:00")),
            ("LocalDateTime", serde_json::json!("2026-01-31T13:00:00Z")),
            ("TimeZone", serde_json::json!("Berlin")),
            ("Duration", serde_json::json!("5")),
            ("Int", serde_json::json!(2_147_483_648_i64)),
            ("Int", serde_json::json!("1")),
            ("Float", serde_json::json!("1")),
            ("Boolean", serde_json::json!("true")),
            ("String", serde_json::json!(1)),
        ];
        for (scalar, value) in bad {
            assert_eq!(accepted(scalar, value.clone()), None, "{scalar} {value}");
        }
    }
}
