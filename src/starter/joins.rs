//! Finds joins from many to one: a column whose values are keys of another table.
//!
//! `shipments.origin_depot_id` → `depots` in the role `origin`; `flights.destination` → `airports` because every
//! value is one of its keys, though no name says so.

use super::{
    Ask,
    survey::{FoundJoin, Surveyed, SurveyedColumn, whole},
    words,
};
use crate::{
    catalog::ColumnType,
    sql::{AggregateFunction, BinaryOp, From, Join, JoinKind, Select, SqlExpr},
};

/// One value in so many may be missing on the one side.
const MISSING: u64 = 20;

/// A column that may lead to a table.
struct Candidate {
    from: usize,
    to: usize,
    column: String,
    role: Option<String>,
    /// Whether a name says so; if not, every value has to be there.
    named: bool,
}

/// Completes the joins of the tables.
///
/// What the warehouse does not compare, such as a text with a UUID, proves nothing.
pub(super) fn find<E>(tables: &mut [Surveyed], ask: Ask<'_, E>) {
    for candidate in candidates(tables) {
        let (from, to) = (&tables[candidate.from], &tables[candidate.to]);
        let done = from.joins.iter().any(|join| join.column == candidate.column);
        if done || !is_proved(from, to, &candidate, ask).unwrap_or(false) {
            continue;
        }
        let join = FoundJoin { to: to.model.clone(), column: candidate.column, role: candidate.role };
        tables[candidate.from].joins.push(join);
    }
    for table in tables.iter_mut() {
        name_roles(table);
    }
}

/// Returns what may be a join, those that a name speaks for first.
fn candidates(tables: &[Surveyed]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (from, table) in tables.iter().enumerate() {
        for column in &table.columns {
            for (to, other) in tables.iter().enumerate() {
                let [key] = other.key.as_slice() else { continue };
                let same_type = other.column(key).is_some_and(|key| key.column_type == column.column_type);
                let is_key = from == to && *key == column.name;
                if same_type && !is_key && column.present > 0 {
                    found.extend(candidate(from, to, other, key, column));
                }
            }
        }
    }
    found.sort_by_key(|candidate| !candidate.named);
    found
}

fn candidate(from: usize, to: usize, other: &Surveyed, key: &str, column: &SurveyedColumn) -> Option<Candidate> {
    let name = column.name.to_ascii_lowercase();
    let key = key.to_ascii_lowercase();
    let one = words::singular(&other.model);
    let long = if key == "id" { format!("{one}_id") } else { key.clone() };
    let found = |role: Option<String>, named| Some(Candidate { from, to, column: column.name.clone(), role, named });
    if from == to {
        return if name == "parent_id" || name == format!("parent_{long}") {
            found(Some("parent".to_owned()), true)
        } else {
            None
        };
    }
    if (name == key && key != "id") || name == long || name == one || name == format!("{one}_id") {
        return found(None, true);
    }
    if let Some(role) = name.strip_suffix(&format!("_{long}")).filter(|role| !role.is_empty()) {
        return found(Some(role.to_owned()), true);
    }
    // Numbers are contained in one another by accident, texts hardly ever.
    let telling = column.column_type == ColumnType::String && name != "id" && column.distinct >= 10 && other.rows >= 10;
    if telling { found(words::identifier(name.strip_suffix("_id").unwrap_or(&name)), false) } else { None }
}

/// Returns whether (nearly) all values are keys of the other table.
///
/// `SELECT COUNT(*) FROM (SELECT DISTINCT c AS value FROM a) v LEFT JOIN b ON b.key = v.value WHERE b.key IS NULL AND
/// v.value IS NOT NULL`
fn is_proved<E>(from: &Surveyed, to: &Surveyed, candidate: &Candidate, ask: Ask<'_, E>) -> Result<bool, E> {
    let distinct = Select {
        distinct: true,
        items: vec![SqlExpr::column("t", &candidate.column).named("value")],
        from: Some(from.from()),
        ..Select::default()
    };
    let value = SqlExpr::column("v", "value");
    let key = SqlExpr::column("k", to.key.first().map_or("", String::as_str));
    let rows = ask(&Select {
        items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n")],
        from: Some(From::Select { select: Box::new(distinct), alias: "v".to_owned() }),
        joins: vec![Join {
            kind: JoinKind::Left,
            to: From::Table { name: to.table.clone(), alias: "k".to_owned() },
            on: Some(key.clone().binary(BinaryOp::Eq, value.clone())),
        }],
        filter: Some(key.is_null(false).and(value.is_null(true))),
        ..Select::default()
    })?;
    let missing = whole(&rows, 0);
    let distinct = from.column(&candidate.column).map_or(0, |column| column.distinct);
    // A few dangling keys are normal, one at least even among few.
    Ok(if candidate.named { missing <= (distinct / MISSING).max(1).min(distinct / 2) } else { missing == 0 })
}

/// Gives every join a name of its own: roles where two lead to one model.
fn name_roles(table: &mut Surveyed) {
    let mut taken: Vec<String> = Vec::new();
    for join in &mut table.joins {
        let mut name = join.role.clone().unwrap_or_else(|| join.to.clone());
        if taken.contains(&name) {
            name = words::identifier(&join.column).unwrap_or_else(|| "column".to_owned());
        }
        join.role = (name != join.to).then(|| name.clone());
        taken.push(name);
    }
}
