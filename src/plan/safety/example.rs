//! The smallest data that shows a fan-out: two rows of the metric's model, of which the first meets two of the others.
//!
//! ```text
//! shipments              claims
//! shipment_id  price     shipment_id  kind
//! 1            10        1            lost
//! 2            20        1            damaged
//!                        2            lost
//! ```
//! Joined row by row, the sum of `price` is 40; it is 30.
//!
//! **Invariant:** every number is computed from the rows that are shown.

use std::collections::BTreeMap;

use crate::{
    catalog::ColumnType,
    ids::{DimensionId, MetricId, ModelId},
    project::{Aggregation, DimensionKind, Join, Project, Ref, SimpleMetric, undirected_way},
    sql::{Expr, formula},
};

/// Made-up data for which a join gives a wrong number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterExample {
    /// The rows of the metric's model, of those between, and of the dimension's.
    pub tables: Vec<ExampleTable>,
    /// What it shows, in one sentence.
    pub shows: String,
}

/// A few rows of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleTable {
    /// The model.
    pub model: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values, row by row.
    pub rows: Vec<Vec<String>>,
}

/// The rows of one model under construction: each has a value per column, and stems from a row of the metric's model.
struct Table {
    model: ModelId,
    columns: Vec<(String, Vec<String>)>,
    /// For each row, the row of the metric's model from which it was reached.
    roots: Vec<usize>,
}

/// Builds the data and computes what a join makes of it; nothing if no number would be wrong.
pub(super) fn build(project: &Project, metric: MetricId, dimension: DimensionId) -> Option<CounterExample> {
    let simple = project.simple(metric)?;
    let owner = project.dimensions[dimension].model;
    let way = undirected_way(project, simple.model, owner)?;
    let mut tables = vec![Table { model: simple.model, columns: Vec::new(), roots: vec![0, 1] }];
    let mut has_fanned_out = false;
    for (join, is_forward) in way {
        let join = &project.joins[join];
        let before = tables.last_mut().expect("the first table is there");
        let fans_out = !is_forward && !has_fanned_out;
        has_fanned_out |= !is_forward;
        let next = follow(project, before, join, is_forward, fans_out)?;
        tables.push(next);
    }
    if !has_fanned_out {
        return None;
    }
    let measured = measured(project, simple);
    if let Some(name) = &measured {
        let first = tables.first_mut().expect("the first table is there");
        let values = first.roots.iter().map(|root| value_of(*root).to_string()).collect();
        first.set(name.clone(), values)?;
    }
    let last = tables.last_mut().expect("the last table is there");
    let groups = group_values(project, dimension, last.roots.len());
    last.set(project.dimensions[dimension].name.clone(), groups.clone())?;
    let roots = last.roots.clone();
    let shows = shows(project, metric, simple, owner, (&roots, &groups))?;
    Some(CounterExample { tables: tables.into_iter().map(|table| table.shown(project)).collect(), shows })
}

/// Makes the rows that a step meets: two for the first row where it fans out, one for every other.
fn follow(project: &Project, before: &mut Table, join: &Join, is_forward: bool, fans_out: bool) -> Option<Table> {
    let parents: Vec<usize> =
        (0..before.roots.len()).flat_map(|row| vec![row; if fans_out && row == 0 { 2 } else { 1 }]).collect();
    let roots = parents.iter().map(|row| before.roots[*row]).collect();
    let mut next = Table { model: if is_forward { join.to } else { join.from }, columns: Vec::new(), roots };
    for key in &join.keys {
        let ours = formula(&key.ours, &|leaf| project.leaf_name(leaf));
        let (here, there) = if is_forward { (ours, key.theirs.clone()) } else { (key.theirs.clone(), ours) };
        let values: Vec<String> =
            (0..before.roots.len()).map(|row| key_value(key.theirs_type, row)).collect::<Option<_>>()?;
        next.set(there, parents.iter().map(|row| values[*row].clone()).collect())?;
        before.set(here, values)?;
    }
    Some(next)
}

impl Table {
    /// Adds a column; nothing if it is there with other values.
    fn set(&mut self, name: String, values: Vec<String>) -> Option<()> {
        match self.columns.iter().find(|(known, _)| *known == name) {
            Some((_, known)) => (*known == values).then_some(()),
            None => {
                self.columns.push((name, values));
                Some(())
            }
        }
    }

    fn shown(self, project: &Project) -> ExampleTable {
        let rows = (0..self.roots.len())
            .map(|row| self.columns.iter().map(|(_, values)| values[row].clone()).collect())
            .collect();
        ExampleTable {
            model: project.models[self.model].name.clone(),
            columns: self.columns.into_iter().map(|(name, _)| name).collect(),
            rows,
        }
    }
}

/// Returns what is aggregated, as it is written; nothing if rows are counted.
fn measured(project: &Project, simple: &SimpleMetric) -> Option<String> {
    let expr: &Expr<Ref> = simple.expr.as_ref()?;
    Some(formula(expr, &|leaf| project.leaf_name(leaf)))
}

/// Returns the value that a row of the metric's model is made to have.
fn value_of(row: usize) -> u32 {
    if row == 0 { 10 } else { 20 }
}

/// Returns a key for a row: `1`, `A` or a day, by the type of the column.
fn key_value(column_type: ColumnType, row: usize) -> Option<String> {
    match column_type {
        ColumnType::String | ColumnType::Json => {
            let letter = u32::try_from(row).ok().and_then(|row| char::from_u32(u32::from('A') + row));
            letter.map(String::from)
        }
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float | ColumnType::Unknown => {
            Some((row + 1).to_string())
        }
        ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => Some(format!("2025-01-{:02}", row + 1)),
        ColumnType::Boolean => [true, false].get(row).map(ToString::to_string),
    }
}

/// Returns the dimension's values: the second row differs from the others.
fn group_values(project: &Project, dimension: DimensionId, n_rows: usize) -> Vec<String> {
    let definition = &project.dimensions[dimension];
    let of = |first: &str, second: &str| [first.to_owned(), second.to_owned()];
    let [first, second] = match (definition.values.as_slice(), definition.buckets.as_slice(), definition.kind) {
        ([first, second, ..], ..) => of(first, second),
        (_, [first, second, ..], _) => of(&first.label, &second.label),
        (.., DimensionKind::String) => of("a", "b"),
        (.., DimensionKind::Number) => of("1", "2"),
        (.., DimensionKind::Boolean { .. }) => of("true", "false"),
        (.., DimensionKind::Time { .. }) => of("2025-01-01", "2025-02-01"),
    };
    (0..n_rows).map(|row| if row == 1 { second.clone() } else { first.clone() }).collect()
}

/// Computes the metric over rows of its model, each named by its position; nothing for an estimate of the warehouse.
fn aggregate(aggregation: Aggregation, rows: &[usize]) -> Option<f64> {
    let mut values: Vec<u32> = rows.iter().map(|row| value_of(*row)).collect();
    values.sort_unstable();
    let n = u32::try_from(values.len()).ok()?;
    let at = |place: u32| usize::try_from(place).ok().and_then(|place| values.get(place)).copied().map(f64::from);
    match aggregation {
        Aggregation::Count => Some(f64::from(n)),
        Aggregation::Sum => Some(f64::from(values.iter().sum::<u32>())),
        Aggregation::Avg => Some(f64::from(values.iter().sum::<u32>()) / f64::from(n)),
        Aggregation::Min => at(0),
        Aggregation::Max => at(n - 1),
        Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => {
            values.dedup();
            u32::try_from(values.len()).ok().map(f64::from)
        }
        Aggregation::Percentile(millionths) => {
            let place = (n - 1) * millionths;
            let (below, above) = (at(place / 1_000_000)?, at(place.div_ceil(1_000_000))?);
            Some(below + (above - below) * f64::from(place % 1_000_000) / 1e6)
        }
        Aggregation::DiscretePercentile(millionths) => at((n * millionths).div_ceil(1_000_000).max(1) - 1),
        Aggregation::ApproxPercentile(_) => None,
    }
}

/// Says which wrong number a join gives: the whole, or what the groups add up to.
fn shows(
    project: &Project,
    metric: MetricId,
    simple: &SimpleMetric,
    owner: ModelId,
    (roots, groups): (&[usize], &[String]),
) -> Option<String> {
    let name = &project.metrics[metric].name;
    let (here, there) = (&project.models[simple.model].name, &project.models[owner].name);
    let values = match &simple.expr {
        Some(_) => format!(" with {} and {}", value_of(0), value_of(1)),
        None => String::new(),
    };
    let data = format!("of two rows of `{here}`{values} the first has two of `{there}`");
    let right = shown(aggregate(simple.aggregation, &[0, 1])?);
    let joined = shown(aggregate(simple.aggregation, roots)?);
    if joined != right {
        return Some(format!("{data}: joined, `{name}` would be {joined}, not {right}"));
    }
    if !matches!(simple.aggregation, Aggregation::CountDistinct | Aggregation::ApproxCountDistinct) {
        return None;
    }
    let mut by_group: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    groups.iter().zip(roots).for_each(|(group, root)| by_group.entry(group).or_default().push(*root));
    let added: Option<f64> = by_group.values().map(|rows| aggregate(simple.aggregation, rows)).sum();
    let added = shown(added?);
    (added != right).then(|| format!("{data}: the groups of `{name}` would add up to {added}, the whole is {right}"))
}

/// Writes a number with at most two digits after the point.
fn shown(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
