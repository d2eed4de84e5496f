//! A page of an answer as it arrives: text in cells, under a schema.
//!
//! `{"jobComplete": true, "rows": [{"f": [{"v": "42"}, {"v": null}]}]}` → two cells of one row.
//!
//! **Invariant:** all rows of a page have the same number of cells.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::protocol::Reason;

/// An answer of `jobs.query` and `jobs.getQueryResults`, which are alike.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<'a> {
    #[serde(default)]
    pub(super) job_complete: bool,
    pub(super) job_reference: Option<JobReference>,
    pub(super) schema: Option<Schema>,
    #[serde(default, deserialize_with = "count")]
    pub(super) total_rows: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    pub(super) total_bytes_processed: Option<u64>,
    /// Of projects that pay by what is read.
    #[serde(default, deserialize_with = "count")]
    pub(super) total_bytes_billed: Option<u64>,
    #[serde(default)]
    pub(super) cache_hit: Option<bool>,
    #[serde(rename = "pageToken")]
    pub(super) next: Option<String>,
    #[serde(borrow, default)]
    pub(super) rows: Cells<'a>,
    #[serde(default)]
    pub(super) errors: Vec<Reason>,
}

/// Where a job is found.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobReference {
    pub(super) project_id: String,
    pub(super) job_id: String,
    pub(super) location: Option<String>,
}

/// The columns of an answer or a table.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Schema {
    #[serde(default)]
    pub(super) fields: Vec<Field>,
}

/// A column, or a field of a STRUCT.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) mode: String,
    #[serde(default)]
    pub(super) fields: Vec<Field>,
}

impl Field {
    /// Returns whether it holds an array.
    pub(super) fn is_repeated(&self) -> bool {
        self.mode == "REPEATED"
    }
}

/// A number that the protocol writes as text, and peers as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Text(String),
    Number(i64),
}

impl Count {
    fn read<T: FromStr<Err: fmt::Display> + TryFrom<i64, Error: fmt::Display>, E: serde::de::Error>(
        self,
    ) -> Result<T, E> {
        match self {
            Self::Text(text) => text.parse().map_err(E::custom),
            Self::Number(number) => T::try_from(number).map_err(E::custom),
        }
    }
}

/// Reads how many there are, where it is said.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::<Count>::deserialize(deserializer)?.map(Count::read).transpose()
}

/// Reads a whole number.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Count::deserialize(deserializer)?.read()
}

/// The cells of all rows, row by row.
#[derive(Debug, Default)]
pub(super) struct Cells<'a> {
    pub(super) cells: Vec<Cell<'a>>,
    /// The number of rows.
    pub(super) rows: usize,
}

/// A value as it arrives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    /// The elements of an array.
    Array(Vec<Cell<'a>>),
    /// The fields of a STRUCT.
    Struct(Vec<Cell<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Cells<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Rows)
    }
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cells::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Self::Value, A::Error> {
        let mut all = Cells::default();
        let mut width = None;
        while let Some(row) = rows.next_element::<Cell<'de>>()? {
            let Cell::Struct(cells) = row else { return Err(A::Error::custom("a row without cells")) };
            if *width.get_or_insert(cells.len()) != cells.len() {
                return Err(A::Error::custom("rows of different lengths"));
            }
            all.cells.extend(cells);
            all.rows += 1;
        }
        Ok(all)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneCell)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    V,
    F,
    #[serde(other)]
    Other,
}

/// Reads a value, `{"v": …}` around a value, or `{"f": […]}` around the fields of a STRUCT.
struct OneCell;

impl<'de> Visitor<'de> for OneCell {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell::Null)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(value.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = elements.next_element()? {
            cells.push(cell);
        }
        Ok(Cell::Array(cells))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cell = None;
        while let Some(key) = map.next_key()? {
            match key {
                Key::V => cell = Some(map.next_value()?),
                Key::F => cell = Some(Cell::Struct(map.next_value()?)),
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        cell.ok_or_else(|| A::Error::custom("a cell without a value"))
    }
}
