//! Where a page ends, signed, so that the next one can begin there.
//!
//! A cursor holds the values of the order's columns in the last row, the days of the range, the version of the data,
//! and the fingerprint of the query and of the definitions. It is of use only with the same query over the same data.
//!
//! **Invariant:** nothing of a cursor is believed before its signature is checked, and what stands for a value is that
//! value, or there is no cursor.

use std::{fmt, sync::OnceLock};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    cache::Fingerprint,
    engine::Answer,
    graphql::GraphqlError,
    plan::{CursorValue, PlanErrorCode},
    sql::Literal,
    time::{DateRange, Moment, NaiveDate, NaiveDateTime},
    warehouse::ColumnData,
};

/// One more than the greatest whole number that every warehouse takes: 38 digits.
const MOST: u128 = 10_u128.pow(38);

/// The key that cursors are signed with.
#[derive(Clone)]
pub struct CursorKey {
    bytes: [u8; 32],
    /// Whether other processes have it.
    is_shared: bool,
}

impl CursorKey {
    /// Makes a key of a secret that several servers share.
    pub fn from_secret(secret: &str) -> Self {
        Self { bytes: *Fingerprint::of(&("entente cursor", secret)).bytes(), is_shared: true }
    }

    /// Returns the key of this process, drawn once.
    pub fn of_process() -> Self {
        static KEY: OnceLock<CursorKey> = OnceLock::new();
        let draw = || {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).expect("the operating system has random bytes");
            Self { bytes, is_shared: false }
        };
        KEY.get_or_init(draw).clone()
    }

    /// Returns what a cursor is bound to of the data: how often a process was told that they had changed is nothing that
    /// others know.
    pub(in crate::graphql) fn known_of_data(&self, data_version: u64) -> u64 {
        if self.is_shared { 0 } else { data_version }
    }

    fn sign(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.bytes).expect("HMAC takes keys of any length");
        mac.update(payload);
        mac
    }
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKey")
    }
}

/// What a cursor is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graphql) struct Page {
    /// The query without its page, who asks it, and the definitions.
    pub(in crate::graphql) query: Fingerprint,
    /// The version of the data.
    pub(in crate::graphql) data_version: u64,
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::graphql) struct Cursor {
    /// The values of the order's columns in its last row.
    pub(in crate::graphql) values: Vec<CursorValue>,
    /// The days that the query's range stood for.
    pub(in crate::graphql) range: DateRange,
}

impl Cursor {
    /// Returns the cursor of a row; nothing if it has a value that a cursor cannot hold, such as an infinite date.
    pub(in crate::graphql) fn of_row(answer: &Answer, row: usize) -> Option<Self> {
        let column =
            |index: &usize| answer.rows.columns.get(*index).map_or(Some(Literal::Null), |column| at(column, row));
        let values = answer.plan.order.iter().map(|(index, ..)| column(index)).collect::<Option<_>>()?;
        Some(Self { values, range: answer.plan.range })
    }

    /// Returns where a page of so many rows ends, signed.
    pub(in crate::graphql) fn of_page(
        answer: &Answer,
        shown: usize,
        key: &CursorKey,
        page: &Page,
    ) -> Result<Option<String>, GraphqlError> {
        let Some(last) = shown.checked_sub(1) else { return Ok(None) };
        match Self::of_row(answer, last) {
            Some(cursor) => Ok(Some(cursor.seal(key, page))),
            // There is nothing behind that could be lost.
            None if answer.rows.len == shown => Ok(None),
            None => Err(impossible()),
        }
    }

    /// Writes and signs a cursor.
    pub(in crate::graphql) fn seal(&self, key: &CursorKey, page: &Page) -> String {
        let values: Vec<serde_json::Value> = self.values.iter().map(write).collect();
        let payload = serde_json::json!([
            page.query.to_string(),
            page.data_version,
            self.range.from.map(|day| day.to_string()),
            self.range.to.map(|day| day.to_string()),
            self.range.first.map(write_moment),
            self.range.end.map(write_moment),
            values,
        ]);
        let payload = payload.to_string().into_bytes();
        let mut sealed = key.sign(&payload).finalize().into_bytes()[..16].to_vec();
        sealed.extend_from_slice(&payload);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Reads a cursor; one that is forged, or of another query or other data, has expired.
    pub(in crate::graphql) fn open(text: &str, key: &CursorKey, page: &Page) -> Result<Self, GraphqlError> {
        Self::unseal(text, key, page).ok_or_else(expired)
    }

    fn unseal(text: &str, key: &CursorKey, page: &Page) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signature, payload) = sealed.split_at_checked(16)?;
        key.sign(payload).verify_truncated_left(signature).ok()?;
        let payload: serde_json::Value = serde_json::from_slice(payload).ok()?;
        let [query, version, from, to, first, end, values] = payload.as_array()?.as_slice() else { return None };
        if query.as_str() != Some(&page.query.to_string()) || version.as_u64() != Some(page.data_version) {
            return None;
        }
        let day = |value: &serde_json::Value| value.as_str().and_then(|day| day.parse::<NaiveDate>().ok());
        let values = values.as_array()?.iter().map(read).collect::<Option<_>>()?;
        let (first, end) = (read_moment(first), read_moment(end));
        Some(Self { values, range: DateRange { from: day(from), to: day(to), first, end } })
    }
}

fn write_moment(moment: Moment) -> String {
    format!("{} {}", moment.at.timestamp_micros(), moment.clock.and_utc().timestamp_micros())
}

fn read_moment(value: &serde_json::Value) -> Option<Moment> {
    let (at, clock) = value.as_str()?.split_once(' ')?;
    let read = |micros: &str| chrono::DateTime::from_timestamp_micros(micros.parse().ok()?);
    Some(Moment { at: read(at)?, clock: read(clock)?.naive_utc() })
}

/// Says that a cursor is of no use any more.
pub(in crate::graphql) fn expired() -> GraphqlError {
    let message = "the cursor is of another query, of definitions or data that have changed, or of another server";
    GraphqlError::plan(PlanErrorCode::CursorExpired, message).help(
        "Read from the first page again. Servers read one another's cursors if they have one `ENTENTE_CURSOR_SECRET`.",
    )
}

/// Says that the next page cannot be asked for.
fn impossible() -> GraphqlError {
    let message = "a page ends with a row that has a value which no cursor can hold: an infinite date or time, or a number \
                   of more than 38 digits";
    GraphqlError::plan(PlanErrorCode::CursorImpossible, message)
        .help("Leave such rows out with `where`, or ask for more rows with `first`, so that the page ends elsewhere.")
}

/// Returns a value as a constant; nothing if no constant is that value.
fn at(column: &ColumnData, row: usize) -> Option<Literal> {
    fn held<T>(value: Option<T>, literal: impl FnOnce(T) -> Option<Literal>) -> Option<Literal> {
        value.map_or(Some(Literal::Null), literal)
    }
    let micros = |value: i64| chrono::DateTime::from_timestamp_micros(value).map(|at| at.naive_utc());
    match column {
        ColumnData::Boolean(values) => held(values[row], |truth| Some(Literal::Boolean(truth))),
        ColumnData::Integer(values) => held(values[row], |number| match i64::try_from(number) {
            Ok(number) => Some(Literal::Integer(number)),
            Err(_) => (number.unsigned_abs() < MOST).then(|| Literal::Decimal(number.to_string())),
        }),
        ColumnData::Decimal { values, scale } => held(values[row], |number| {
            let mut digits = Vec::new();
            crate::graphql::response::json::decimal(&mut digits, number, *scale);
            Some(Literal::Decimal(String::from_utf8(digits).expect("digits are text")))
        }),
        ColumnData::Float(values) => held(values[row], |number| Some(Literal::Float(number.to_bits()))),
        ColumnData::String(values) => held(values[row].clone(), |text| Some(Literal::String(text))),
        ColumnData::Date(values) => held(values[row], |days| NaiveDate::from_epoch_days(days).map(Literal::Date)),
        ColumnData::DateTime(values) => held(values[row], |value| micros(value).map(Literal::DateTime)),
        ColumnData::Timestamp(values) => held(values[row], |value| micros(value).map(Literal::Timestamp)),
    }
}

fn write(literal: &Literal) -> serde_json::Value {
    match literal {
        Literal::Null => serde_json::json!(["null", null]),
        Literal::Boolean(truth) => serde_json::json!(["boolean", truth]),
        Literal::Integer(number) => serde_json::json!(["integer", number]),
        Literal::Decimal(digits) => serde_json::json!(["decimal", digits]),
        Literal::Float(bits) => serde_json::json!(["float", bits]),
        Literal::String(text) => serde_json::json!(["string", text]),
        Literal::Date(day) => serde_json::json!(["date", day.to_string()]),
        Literal::DateTime(at) => serde_json::json!(["datetime", at.and_utc().timestamp_micros()]),
        Literal::Timestamp(at) => serde_json::json!(["timestamp", at.and_utc().timestamp_micros()]),
    }
}

fn read(value: &serde_json::Value) -> Option<Literal> {
    let [kind, value] = value.as_array()?.as_slice() else { return None };
    let micros = || -> Option<NaiveDateTime> {
        chrono::DateTime::from_timestamp_micros(value.as_i64()?).map(|at| at.naive_utc())
    };
    match kind.as_str()? {
        "null" => Some(Literal::Null),
        "boolean" => value.as_bool().map(Literal::Boolean),
        "integer" => value.as_i64().map(Literal::Integer),
        "decimal" => value.as_str().map(|digits| Literal::Decimal(digits.to_owned())),
        "float" => value.as_u64().map(Literal::Float),
        "string" => value.as_str().map(|text| Literal::String(text.to_owned())),
        "date" => value.as_str()?.parse().ok().map(Literal::Date),
        "datetime" => micros().map(Literal::DateTime),
        "timestamp" => micros().map(Literal::Timestamp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(version: u64) -> Page {
        Page { query: Fingerprint::of(&"query"), data_version: version }
    }

    fn cursor() -> Cursor {
        let day: NaiveDate = "2026-01-31".parse().expect("a day");
        let at = day.and_hms_micro_opt(1, 2, 3, 4).expect("a time");
        let values = vec![
            Literal::Null,
            Literal::Boolean(true),
            Literal::Integer(i64::MIN),
            Literal::Decimal("-12.50".to_owned()),
            Literal::Float(f64::NAN.to_bits()),
            Literal::String("\u{0}\"é".to_owned()),
            Literal::Date(day),
            Literal::DateTime(at),
            Literal::Timestamp(at),
        ];
        Cursor { values, range: DateRange::days(Some(day), None) }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let key = CursorKey::of_process();
        let sealed = cursor().seal(&key, &page(1));
        assert_eq!(Cursor::open(&sealed, &key, &page(1)), Ok(cursor()));
    }

    #[test]
    fn forged_and_foreign_cursors_have_expired() {
        let key = CursorKey::from_secret("a");
        let sealed = cursor().seal(&key, &page(1));
        assert_eq!(Cursor::open(&sealed, &key, &page(2)), Err(expired()));
        assert_eq!(Cursor::open(&sealed, &CursorKey::from_secret("b"), &page(1)), Err(expired()));
        let mut bytes = sealed.into_bytes();
        for at in 0..bytes.len() {
            let original = bytes[at];
            bytes[at] = if original == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes.clone()).expect("letters");
            // The last letter holds bits that stand for nothing, and base64 refuses them when they are set.
            assert_eq!(Cursor::open(&forged, &key, &page(1)), Err(expired()), "letter {at}");
            bytes[at] = original;
        }
        assert_eq!(Cursor::open("", &key, &page(1)), Err(expired()));
        assert_eq!(Cursor::open("%%%", &key, &page(1)), Err(expired()));
    }

    #[test]
    fn a_value_is_held_as_it_is_or_not_at_all() {
        let infinite = [i32::MAX, -i32::MAX].map(|days| at(&ColumnData::Date(vec![Some(days)]), 0));
        assert_eq!(infinite, [None, None]);
        assert_eq!(at(&ColumnData::Timestamp(vec![Some(i64::MAX)]), 0), None);
        assert_eq!(at(&ColumnData::DateTime(vec![Some(-i64::MAX)]), 0), None);
        assert_eq!(at(&ColumnData::Integer(vec![Some(i128::MAX)]), 0), None);
        let widest = Literal::Decimal("9".repeat(38));
        assert_eq!(at(&ColumnData::Integer(vec![Some(10_i128.pow(38) - 1)]), 0), Some(widest));
        assert_eq!(at(&ColumnData::Date(vec![None]), 0), Some(Literal::Null));
    }
}
