//! An answer as it arrives: text in cells, with the types of its columns.
//!
//! `{"resultSetMetaData": {"rowType": […]}, "data": [["42", null]]}` → two cells of one row.
//! See <https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses>.
//!
//! **Invariant:** all rows of a partition have the same number of cells.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use crate::warehouse::{ColumnData, Rows};

/// What is said of a statement: that it runs, or its first partition.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    #[serde(default)]
    pub(super) code: String,
    pub(super) statement_handle: Option<String>,
    pub(super) result_set_meta_data: Option<Described>,
    #[serde(borrow, default)]
    pub(super) data: Cells<'a>,
}

/// What an answer is like.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) num_rows: Option<u64>,
    pub(super) row_type: Vec<Field>,
    #[serde(default)]
    pub(super) partition_info: Vec<Partition>,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    /// The type, in capitals or small letters.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The digits behind the point of a number.
    pub(super) scale: Option<u8>,
}

/// A part of an answer that comes by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Partition {
    pub(super) row_count: u64,
}

/// A later partition: its rows, alone or in a document.
#[derive(Deserialize)]
#[serde(untagged)]
enum Later<'a> {
    Bare(#[serde(borrow)] Cells<'a>),
    Inside {
        #[serde(borrow)]
        data: Cells<'a>,
    },
}

/// Reads a partition that is not the first.
pub(super) fn later(body: &[u8]) -> Result<Cells<'_>, serde_json::Error> {
    Ok(match serde_json::from_slice(body)? {
        Later::Bare(cells) | Later::Inside { data: cells } => cells,
    })
}

/// The cells of all rows, row by row; nothing is null.
#[derive(Debug, Default)]
pub(super) struct Cells<'a> {
    pub(super) cells: Vec<Option<Cow<'a, str>>>,
    /// The number of rows.
    pub(super) rows: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Cells<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AllRows)
    }
}

struct AllRows;

impl<'de> Visitor<'de> for AllRows {
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
        while let Some(row) = rows.next_element::<Vec<Cell<'de>>>()? {
            if *width.get_or_insert(row.len()) != row.len() {
                return Err(A::Error::custom("rows of different lengths"));
            }
            all.cells.extend(row.into_iter().map(|Cell(text)| text));
            all.rows += 1;
        }
        Ok(all)
    }
}

/// A text or null: the API writes every value as text.
struct Cell<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneCell)
    }
}

struct OneCell;

impl<'de> Visitor<'de> for OneCell {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cell(None))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell(Some(Cow::Owned(text.to_owned()))))
    }
}

/// What `EXPLAIN USING JSON` says of all steps together.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Explained {
    #[serde(rename = "GlobalStats")]
    all: Option<AllSteps>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AllSteps {
    bytes_assigned: Option<u64>,
}

/// Returns the bytes of the partitions that a plan reads; nothing if it does not say.
/// See <https://docs.snowflake.com/en/sql-reference/sql/explain>.
pub(super) fn assigned_bytes(rows: &Rows) -> Option<u64> {
    let Some(ColumnData::String(plans)) = rows.columns.first() else { return None };
    let plan: Explained = serde_json::from_str(plans.first()?.as_deref()?).ok()?;
    plan.all?.bytes_assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_partitions_come_alone_or_in_a_document() {
        for body in [r#"[["1", null], ["a\"b", "2"]]"#, r#"{"data": [["1", null], ["a\"b", "2"]]}"#] {
            let cells = later(body.as_bytes()).expect("it is read");
            assert_eq!(cells.rows, 2);
            let texts: Vec<Option<&str>> = cells.cells.iter().map(Option::as_deref).collect();
            assert_eq!(texts, [Some("1"), None, Some("a\"b"), Some("2")]);
        }
        assert!(later(br#"[["1"], ["1", "2"]]"#).is_err(), "rows of different lengths");
        assert!(later(br"[[1]]").is_err(), "a number that is no text may have lost digits");
    }

    #[test]
    fn a_plan_tells_its_bytes() {
        let rows = |plan: &str| Rows { columns: vec![ColumnData::String(vec![Some(plan.to_owned())])], len: 1 };
        let plan = r#"{"GlobalStats": {"partitionsTotal": 9, "bytesAssigned": 1024}, "Operations": []}"#;
        assert_eq!(assigned_bytes(&rows(plan)), Some(1024));
        assert_eq!(assigned_bytes(&rows("{}")), None);
        assert_eq!(assigned_bytes(&rows("a plan")), None);
    }
}
