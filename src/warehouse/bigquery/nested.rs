//! Arrays and STRUCTs as JSON, as BigQuery's own `TO_JSON_STRING` writes them.
//!
//! `[{"v": "1"}, {"v": "2"}]` of INT64 → `[1,2]`.

use serde_json::Value;

use super::page::{Cell, Field};

/// Returns a nested value as JSON; nothing if it does not fit its schema.
pub(super) fn json(cell: &Cell<'_>, field: &Field) -> Option<String> {
    value(cell, field).map(|value| value.to_string())
}

fn value(cell: &Cell<'_>, field: &Field) -> Option<Value> {
    if field.is_repeated()
        && let Cell::Array(elements) = cell
    {
        return elements.iter().map(|element| single(element, field)).collect::<Option<_>>().map(Value::Array);
    }
    if field.is_repeated() && *cell != Cell::Null {
        return None;
    }
    single(cell, field)
}

fn single(cell: &Cell<'_>, field: &Field) -> Option<Value> {
    match cell {
        Cell::Null => Some(Value::Null),
        Cell::Struct(cells) if cells.len() == field.fields.len() => {
            let fields = cells.iter().zip(&field.fields);
            let entries = fields.map(|(cell, field)| Some((field.name.clone(), value(cell, field)?)));
            entries.collect::<Option<_>>().map(Value::Object)
        }
        Cell::Text(text) => Some(match field.kind.as_str() {
            "BOOLEAN" | "BOOL" => Value::Bool(text.parse().ok()?),
            // What JSON's readers may not hold exactly stays text.
            "INTEGER" | "INT64" => match text.parse::<i64>().ok()? {
                number if number.unsigned_abs() < 1 << 53 => number.into(),
                _ => Value::String(text.clone().into_owned()),
            },
            "FLOAT" | "FLOAT64" => {
                let number: f64 = text.parse().ok()?;
                serde_json::Number::from_f64(number)
                    .map_or_else(|| Value::String(text.clone().into_owned()), Value::Number)
            }
            "JSON" => serde_json::from_str(text).ok()?,
            _ => Value::String(text.clone().into_owned()),
        }),
        Cell::Array(_) | Cell::Struct(_) => None,
    }
}
