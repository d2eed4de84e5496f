//! A fact → its rows in the union: a key, the time, the shared dimensions, and what is counted of each row.
//!
//! ```sql
//! SELECT 'claims' || '|' || CAST(claims.claim_id AS STRING) AS fact_key, claims.opened_at AS period,
//!   customers.country AS customers_country, 1 AS claims_value, NULL AS parcels_delivered_value
//! FROM marts.fct_claims AS claims LEFT JOIN …
//! ```
//!
//! **Invariant:** rows are read by the planner's own scope, so that an expression means here what it means to the API.

use super::{
    super::{Emission, dimension, partition, policies, rows, splice::Splices},
    Fact, Union, gathered, joined,
    leaves::Column,
    shared,
};
use crate::{
    catalog::ColumnType,
    plan::{Context, ModelRows, WholeData, local_time},
    project::Ref,
    sql::{Expr, Function, Literal, Select, SelectItem, SqlExpr},
    time::{DateTime, Unit},
};

/// The column of the key.
pub(super) const KEY: &str = "fact_key";

/// Selects the rows of a fact.
pub(super) fn branch(
    emission: &Emission<'_>,
    data: &WholeData<'_>,
    union: &Union,
    at: usize,
    columns: &[Column],
    splices: &mut Splices,
) -> Result<Select, String> {
    let project = emission.project;
    let fact = &union.facts[at];
    let model = fact.home.model;
    let context = Context { now: DateTime::UNIX_EPOCH, dialect: emission.options.dialect };
    let mut rows = ModelRows::open_unbounded(data, context, model);
    rows.dated_by(fact.home.axis.as_ref());
    let mut items = Vec::new();
    if union.has_key {
        let name = Expr::Literal(Literal::String(union.parts[at].clone()));
        let bar = Expr::Literal(Literal::String("|".to_owned()));
        let key = rows.value(&dimension::key_text(emission, model));
        items.push(Expr::call(Function::Concat, vec![name, bar, key]).named(KEY));
    }
    let mut conditions = Vec::new();
    if let Some(axis) = &fact.home.axis {
        let time = rows.dimension_at(&axis.route, axis.dimension);
        if fact.later != 0 {
            // What has no time is not moved in time.
            conditions.push(time.clone().is_null(true));
        }
        let shown = shown_time(emission, union, fact, time);
        items.push(match fact.window {
            Some(_) => shown.named(gathered::day_name(union)),
            None => shown.named(&union.time),
        });
    }
    for (shared, name) in union.shared.iter().zip(&union.shared_names) {
        let (route, dimension) = &shared.at[at];
        items.push(rows.dimension_at(route, *dimension).named(name));
    }
    for one in union.joined.iter().filter(|one| !one.keys.is_empty()) {
        let (parent, ours) = joined::keys(project, &one.at[at]);
        items.extend(one.keys.iter().zip(ours).map(|(name, ours)| rows.value_at(&parent, &ours).named(name)));
    }
    let counted = counted(emission, &mut rows, (at, columns), Others::LeftOut)?;
    conditions.extend(counted.condition);
    items.extend(counted.items);
    conditions.extend(rows::inside(emission, model, &mut rows, splices)?);
    if let Some(partition) = emission.partition(model) {
        let column = rows.column(&partition.column);
        let field = union.time_field();
        let reach = gathered::reach(union, fact);
        let bounds = partition::bounds_inside(project, &fact.home, partition, &column, (&field, reach), splices)?;
        conditions.extend(bounds);
    }
    emission.reads_no_bounded(&rows)?;
    let rows = rows.select(items, Expr::all(conditions), 0).map_err(|error| error.message)?;
    match fact.window {
        Some(window) => gathered::gather(emission, (union, fact, window), rows, splices),
        None => Ok(rows),
    }
}

/// The time at which a row is shown: the bare value, or its local day where facts have times of different kinds.
fn shown_time(emission: &Emission<'_>, union: &Union, fact: &Fact, time: SqlExpr) -> SqlExpr {
    if !union.by_days {
        return time;
    }
    let project = emission.project;
    let axis = fact.home.axis.as_ref().expect("a time has an axis");
    let column_type = project.dimensions[axis.dimension].column_type;
    let day = match column_type {
        ColumnType::Date => time,
        _ => Expr::call(Function::DateOf, vec![local_time(time, column_type, project.time_zone)]),
    };
    if fact.later == 0 || fact.window.is_some() {
        return day;
    }
    let moved = Expr::call(Function::AddUnits(Unit::Day), vec![day, Expr::integer(fact.later)]);
    Expr::call(Function::DateOf, vec![moved])
}

/// What is counted of the rows of a fact, and which rows count for anything.
pub(in crate::lookml::emit) struct Counted {
    pub(in crate::lookml::emit) items: Vec<SelectItem>,
    pub(in crate::lookml::emit) condition: Option<SqlExpr>,
}

/// What becomes of rows that count for nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::lookml::emit) enum Others {
    LeftOut,
    /// Some of them are there for something else.
    Kept,
}

/// Reads what is counted of the rows of a fact.
pub(in crate::lookml::emit) fn counted(
    emission: &Emission<'_>,
    rows: &mut ModelRows<'_>,
    (fact, columns): (usize, &[Column]),
    others: Others,
) -> Result<Counted, String> {
    let own: Vec<&Column> = columns.iter().filter(|column| column.fact == fact).collect();
    let shows_metric = |expr: &&Expr<Ref>| shared::names_metric(emission.project, expr);
    if own.iter().flat_map(|column| column.condition.iter().chain(&column.value)).any(|expr| shows_metric(&expr)) {
        return Err("it needs a dimension that shows a metric of each row".to_owned());
    }
    let mut read = own.iter().flat_map(|column| column.condition.iter().chain(&column.value));
    read.try_for_each(|expr| policies::finds_what_all_see(emission.project, expr, None))?;
    let conditions: Vec<Option<SqlExpr>> =
        own.iter().map(|column| column.condition.as_ref().map(|condition| rows.value(condition))).collect();
    let is_one = others == Others::LeftOut && conditions.iter().all(|condition| *condition == conditions[0]);
    let condition = conditions.iter().cloned().collect::<Option<Vec<_>>>().and_then(|mut all| {
        all.dedup();
        Expr::any(all)
    });
    let mut conditions = conditions.into_iter();
    let mut items = Vec::new();
    for column in columns {
        if column.fact != fact {
            items.push(nothing(column.kind).named(&column.name));
            continue;
        }
        let value = column.value.as_ref().map_or(Expr::integer(1), |value| rows.value(value));
        let condition = conditions.next().flatten().filter(|_| !is_one);
        items.push(condition.map_or(value.clone(), |condition| value.when(condition)).named(&column.name));
    }
    Ok(Counted { items, condition })
}

/// NULL, of a type where it is known: some dialects take the type of the first select.
fn nothing(column_type: ColumnType) -> SqlExpr {
    match column_type {
        ColumnType::Unknown | ColumnType::Json => Expr::null(),
        to => Expr::Cast { arg: Box::new(Expr::null()), to },
    }
}
