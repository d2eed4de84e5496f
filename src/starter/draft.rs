//! Decides dimensions, the time axis and first metrics of each surveyed table.

use super::{
    survey::{FoundJoin, Surveyed, SurveyedColumn},
    words,
};
use crate::catalog::ColumnType;

/// A model to be written.
pub(super) struct ModelDraft {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) key: Vec<String>,
    pub(super) time: Option<String>,
    pub(super) joins: Vec<FoundJoin>,
    pub(super) dimensions: Vec<DimensionDraft>,
    pub(super) metrics: Vec<MetricDraft>,
    pub(super) left_out: Vec<String>,
}

/// A dimension to be written.
pub(super) struct DimensionDraft {
    pub(super) name: String,
    /// The column, where the name is another.
    pub(super) column: Option<String>,
    pub(super) kind: &'static str,
    pub(super) marks: Vec<Mark>,
    /// The class of personal data that the name speaks of.
    pub(super) personal: Option<&'static str>,
    pub(super) values: Vec<String>,
}

/// What is said of a dimension by one more key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A time that is known by day.
    Day,
    /// Not for people to choose.
    Hidden,
    /// A boolean that keeps its nulls.
    Nullable,
    /// A text whose values are not offered.
    Unsuggested,
}

/// A metric to be written.
pub(super) struct MetricDraft {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) agg: &'static str,
    pub(super) column: Option<String>,
}

/// Texts with more values are not offered for choice.
const SUGGESTED_VALUES: u64 = 1_000;

/// Whole numbers with at most so many values are grouped by, not added up.
const GROUPED_NUMBERS: u64 = 12;

/// Drafts a model per table; names of metrics are unique over all.
pub(super) fn draft(tables: &[Surveyed]) -> Vec<ModelDraft> {
    let mut taken: Vec<String> = Vec::new();
    let mut drafts = Vec::new();
    for table in tables {
        let metrics = metrics(table, &mut taken);
        drafts.push(ModelDraft {
            name: table.model.clone(),
            table: table.table.clone(),
            key: table.key.clone(),
            time: time_axis(table),
            joins: table.joins.clone(),
            dimensions: dimensions(table),
            metrics,
            left_out: table.left_out.clone(),
        });
    }
    drafts
}

/// What a column is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Text,
    Flag,
    Time,
    GroupedNumber,
    Identifier,
    Amount,
    Rate,
    Nothing,
}

fn use_of(table: &Surveyed, column: &SurveyedColumn) -> Use {
    let is_key = table.key.contains(&column.name);
    let is_join = table.joins.iter().any(|join| join.column == column.name);
    match column.column_type {
        ColumnType::Boolean => Use::Flag,
        ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => Use::Time,
        ColumnType::Json | ColumnType::Unknown => Use::Nothing,
        _ if is_key || is_join => Use::Identifier,
        ColumnType::String => Use::Text,
        ColumnType::Integer | ColumnType::Decimal if words::is_key_like(&column.name) => Use::Identifier,
        _ if words::is_place(&column.name) => Use::Nothing,
        _ if words::is_intensive(&column.name) => Use::Rate,
        ColumnType::Integer if column.distinct <= GROUPED_NUMBERS => Use::GroupedNumber,
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float => Use::Amount,
    }
}

fn dimensions(table: &Surveyed) -> Vec<DimensionDraft> {
    // A join and a dimension of one name could not be told apart in a path.
    let roles: Vec<&str> = table.joins.iter().map(|join| join.role.as_deref().unwrap_or(&join.to)).collect();
    let mut drafts: Vec<DimensionDraft> = Vec::new();
    for column in &table.columns {
        let purpose = use_of(table, column);
        let kind = match purpose {
            Use::Text => "string",
            Use::Identifier if column.column_type == ColumnType::String => "string",
            Use::Flag => "boolean",
            Use::Time => "time",
            Use::GroupedNumber | Use::Identifier => "number",
            Use::Amount | Use::Rate | Use::Nothing => continue,
        };
        let plain = column.word.clone();
        let name = if roles.contains(&plain.as_str()) { format!("{plain}_code") } else { plain };
        if drafts.iter().any(|draft| draft.name == name) {
            continue;
        }
        let is_join = table.joins.iter().any(|join| join.column == column.name);
        let personal = if kind == "string" { words::personal(&column.name) } else { None };
        let is_number_of_something =
            purpose == Use::Identifier && (is_join || column.column_type == ColumnType::Integer);
        let marks = [
            (Mark::Day, column.column_type == ColumnType::Date),
            (Mark::Hidden, is_number_of_something),
            (Mark::Nullable, kind == "boolean" && column.present < table.rows),
            (Mark::Unsuggested, kind == "string" && (column.distinct > SUGGESTED_VALUES || personal.is_some())),
        ];
        drafts.push(DimensionDraft {
            column: (name != column.name).then(|| column.name.clone()),
            name,
            kind,
            marks: marks.into_iter().filter_map(|(mark, holds)| holds.then_some(mark)).collect(),
            personal,
            values: column.values.clone(),
        });
    }
    drafts
}

/// Returns the time column by which rows are most likely dated.
fn time_axis(table: &Surveyed) -> Option<String> {
    let times = table.columns.iter().filter(|column| use_of(table, column) == Use::Time);
    let rank = |column: &SurveyedColumn| {
        let name = column.name.to_ascii_lowercase();
        let happened = ["booked", "ordered", "created", "occurred", "opened", "placed", "departed", "started", "time"];
        let loaded = ["loaded", "updated", "received", "synced", "valid"];
        if happened.iter().any(|word| name.contains(word)) && column.present == table.rows {
            0
        } else if loaded.iter().any(|word| name.contains(word)) {
            3
        } else if column.present == table.rows {
            1
        } else {
            2
        }
    };
    // A moment tells more than its day; among equals the order of the columns decides.
    times.min_by_key(|column| (rank(column), column.column_type == ColumnType::Date)).map(|column| column.word.clone())
}

fn metrics(table: &Surveyed, taken: &mut Vec<String>) -> Vec<MetricDraft> {
    let plural = words::spoken(&table.model).to_lowercase();
    let mut drafts = Vec::new();
    let mut add = |name: String, description: String, agg: &'static str, column: Option<&SurveyedColumn>| {
        let name = if taken.contains(&name) { format!("{}_{name}", table.model) } else { name };
        if !taken.contains(&name) {
            taken.push(name.clone());
            drafts.push(MetricDraft { name, description, agg, column: column.map(|column| column.name.clone()) });
        }
    };
    add(table.model.clone(), format!("Rows of {} (proposed).", table.table), "count", None);
    for column in &table.columns {
        let name = column.word.clone();
        let spoken = words::spoken(&name).to_lowercase();
        match use_of(table, column) {
            Use::Amount => {
                add(format!("total_{name}"), format!("Sum of {spoken} (proposed)."), "sum", Some(column));
                add(
                    format!("average_{name}"),
                    format!("Average {spoken} per row of {plural} (proposed)."),
                    "avg",
                    Some(column),
                );
            }
            Use::Rate => add(format!("average_{name}"), format!("Average {spoken} (proposed)."), "avg", Some(column)),
            Use::Text | Use::Flag | Use::Time | Use::GroupedNumber | Use::Identifier | Use::Nothing => {}
        }
    }
    drafts
}
