//! Funnels: events of one key that follow one another, credited to the latest base.
//!
//! `bookings → handovers within 3 days`: each handover belongs to the latest booking of its key at or before it, if that
//! is less than 3 days ago. A booking with a handover is converted.
//!
//! **Invariant:** an event is credited at most once, and only to an event of the step before that was credited itself.

use super::{
    PlanError, PlanErrorCode,
    bind::{Bound, LeafValue, Scan, ScanKind},
    cumulative,
    scan::{LeafAggregate, Rows, day_exists, filter_of_request, key_value, open, range_of, rows_in_range},
    scope::{Finished, Scope},
    time::{TimeValue, add_units},
};
use crate::{
    catalog::ColumnType,
    ids::{MetricId, ModelId, TableId},
    project::{Funnel, FunnelResult, FunnelStep, MetricKind, Ref, Route},
    sql::{
        AggregateFunction, BinaryOp, Cte, Expr, From, Function, Join, JoinKind, Leaf, OrderTerm, Select, SelectItem,
        SqlExpr, Window, WindowFunction,
    },
    time::{DateRange, Duration, Unit, shift_date},
};
use std::collections::BTreeSet;

/// The alias of the whole.
const FUNNEL: &str = "funnel";
/// The bases.
const BASES: &str = "bases";
/// The value that ties the steps together, and the time of an event.
const KEY: &str = "key_value";
const AT: &str = "happened_at";

/// Builds the rows of a funnel: one per base; of the time between, one per conversion and one per other base.
pub(super) fn rows(
    bound: &Bound<'_>,
    scan: &Scan,
    metric: MetricId,
    filters: &[(ModelId, Expr<Ref>)],
) -> Result<Rows, PlanError> {
    let project = bound.project;
    let MetricKind::Funnel(funnel) = &project.metrics[metric].kind else {
        unreachable!("the scan was made for a funnel")
    };
    let window = cumulative::window(bound, scan);
    let range = window.as_ref().map_or_else(|| range_of(bound, scan), |window| window.rows);
    let (tables, promises) = (BTreeSet::new(), Vec::new());
    let mut steps = Steps { bound, filters, range, tables, promises, with: Vec::new() };
    let first = funnel.steps.first().expect("a funnel has steps");
    let base = steps.bases(scan, funnel, first, window.is_some())?;
    let mut before = BASES.to_owned();
    for (index, step) in funnel.steps.iter().enumerate().skip(1) {
        before = steps.credited(funnel, step, index, &before, &base)?;
    }
    let joined = conversions(&before, &base, matches!(funnel.result, FunnelResult::TimeBetween { .. }));

    let mut items: Vec<SelectItem> = base.keys.iter().map(|(_, name)| column(BASES, name).named(name)).collect();
    items.push(column(BASES, AT).named("based_at"));
    items.push(column("converted", "conversions").named("conversions"));
    if let FunnelResult::TimeBetween { unit, .. } = funnel.result {
        let from_to = vec![column(BASES, AT), column("converted", AT)];
        let passed = Expr::call(Function::MicrosecondsBetween { instants: base.instants }, from_to);
        items.push(passed.binary(BinaryOp::Divide, Expr::integer(microseconds(unit))).named("passed"));
    }
    let select = Select {
        with: steps.with,
        items,
        from: Some(From::Cte { name: BASES.to_owned(), alias: BASES.to_owned() }),
        joins: vec![joined],
        ..Select::default()
    };
    let aggregates = scan
        .leaves
        .iter()
        .map(|leaf| {
            let conversions = || column(FUNNEL, "conversions");
            let (function, arg) = match (bound.leaves[leaf.0].value, funnel.result) {
                (LeafValue::Metric, FunnelResult::TimeBetween { percentile, .. }) => {
                    (AggregateFunction::Percentile(percentile), Some(column(FUNNEL, "passed")))
                }
                (LeafValue::Rows | LeafValue::Metric, _) => (AggregateFunction::Count, None),
                (LeafValue::ConvertedBases, _) => (AggregateFunction::Count, Some(conversions())),
                (LeafValue::Conversions, _) => {
                    let or_none = Expr::call(Function::Coalesce, vec![conversions(), Expr::integer(0)]);
                    (AggregateFunction::Sum, Some(or_none))
                }
            };
            LeafAggregate::of_rows(*leaf, function, arg)
        })
        .collect();
    let keys = base.keys.iter().map(|(position, name)| (*position, column(FUNNEL, name))).collect();
    let rows = Rows {
        from: From::Select { select: Box::new(select), alias: FUNNEL.to_owned() },
        joins: Vec::new(),
        filter: None,
        keys,
        aggregates,
        row: Vec::new(),
        grouped: false,
        rest: None,
        uses: Vec::new(),
        tables: steps.tables,
        promises: steps.promises,
        rollups: Vec::new(),
    };
    let column_type = if base.instants { ColumnType::Timestamp } else { ColumnType::DateTime };
    let based_at = TimeValue { expr: column(FUNNEL, "based_at"), column_type };
    Ok(match window {
        Some(window) => cumulative::accumulate(bound, &window, rows, &based_at),
        None => rows,
    })
}

/// What is known of the bases.
struct Base {
    /// The columns of the request's keys, by position.
    keys: Vec<(usize, String)>,
    /// The columns that tell bases apart.
    ids: Vec<String>,
    column_type: ColumnType,
    instants: bool,
}

/// The steps as common table expressions.
struct Steps<'b, 'p> {
    bound: &'b Bound<'p>,
    filters: &'b [(ModelId, Expr<Ref>)],
    /// The days of the bases, and as far as later steps may lie behind them.
    range: DateRange,
    tables: BTreeSet<TableId>,
    promises: Vec<(TableId, String)>,
    with: Vec<Cte>,
}

impl<'p> Steps<'_, 'p> {
    fn bases(&mut self, scan: &Scan, funnel: &Funnel, step: &FunnelStep, windowed: bool) -> Result<Base, PlanError> {
        let mut events = self.events(step)?;
        let scan_of_base = Scan { model: events.model, ..scan.clone() };
        events.conditions.extend(filter_of_request(self.bound, &scan_of_base, &mut events.scope)?);
        if !windowed {
            events.conditions.extend(day_exists(self.bound, scan, &events.at));
        }
        let mut keys = Vec::new();
        for (position, key) in &scan.keys {
            let at = events.at.clone();
            let value = key_value(self.bound, scan, &mut events.scope, Some(&at), key, windowed)?;
            let name = format!("key_{}", position + 1);
            events.items.push(value.named(&name));
            keys.push((*position, name));
        }
        for (index, (of_base, _)) in funnel.same.iter().enumerate() {
            let value = events.scope.value(&Route::here(), of_base);
            events.items.push(value.named(same_name(index)));
        }
        let (column_type, ids) = (events.at.column_type, events.ids.clone());
        let select = self.finish(events)?;
        self.with.push(Cte { name: BASES.to_owned(), select });
        Ok(Base { keys, ids, column_type, instants: column_type == ColumnType::Timestamp })
    }

    /// Adds the events of a step that are credited, each to the latest event of the step before.
    fn credited(
        &mut self,
        funnel: &Funnel,
        step: &FunnelStep,
        index: usize,
        before: &str,
        base: &Base,
    ) -> Result<String, PlanError> {
        self.range.end = None;
        self.range.to = self.range.to.and_then(|to| step.within.map(|within| days_after(to, within)));
        let mut events = self.events(step)?;
        if events.at.column_type != base.column_type {
            return Err(self.mixed_times(step, base));
        }
        let is_last = index + 1 == funnel.steps.len();
        if is_last {
            for (index, (_, of_last)) in funnel.same.iter().enumerate() {
                let value = events.scope.value(&Route::here(), of_last);
                events.items.push(value.named(same_name(index)));
            }
        }
        let event_ids = events.ids.clone();
        let select = self.finish(events)?;
        let (name, nearest) = (format!("step_{}", index + 1), format!("nearest_{}", index + 1));

        let mut items: Vec<SelectItem> = [KEY, AT].into_iter().map(|name| column("events", name).named(name)).collect();
        items.extend(event_ids.iter().map(|id| column("events", id).named(id)));
        // Both ids of an event and of its base are kept; the base's are those of the first step.
        items.extend(base.ids.iter().map(|id| {
            let from = if before == BASES { id.clone() } else { base_id(id) };
            column("before", &from).named(base_id(id))
        }));
        let carried = if before == BASES || !is_last { funnel.same.len() } else { 0 };
        items.extend((0..carried).filter(|_| !is_last).map(|at| column("before", &same_name(at)).named(same_name(at))));
        items.push(nearest_first(&event_ids, before == BASES, base).named("nearest"));
        let mut on = vec![
            column("events", KEY).binary(BinaryOp::Eq, column("before", KEY)),
            column("before", AT).binary(BinaryOp::LtEq, column("events", AT)),
        ];
        on.extend(step.within.map(|within| self.within(within, base)));
        if is_last {
            on.extend(
                (0..funnel.same.len())
                    .map(|at| column("events", &same_name(at)).binary(BinaryOp::Eq, column("before", &same_name(at)))),
            );
        }
        let pairs = Select {
            items,
            from: Some(From::Select { select: Box::new(select), alias: "events".to_owned() }),
            joins: vec![Join {
                kind: JoinKind::Inner,
                to: From::Cte { name: before.to_owned(), alias: "before".to_owned() },
                on: Expr::all(on),
            }],
            ..Select::default()
        };
        let names: Vec<String> =
            pairs.items.iter().map(|item| item.alias.clone()).filter(|name| name != "nearest").collect();
        let kept = Select {
            items: names.iter().map(|name| column(&nearest, name).named(name)).collect(),
            from: Some(From::Select { select: Box::new(pairs), alias: nearest.clone() }),
            filter: Some(column(&nearest, "nearest").binary(BinaryOp::Eq, Expr::integer(1))),
            ..Select::default()
        };
        self.with.push(Cte { name: name.clone(), select: kept });
        Ok(name)
    }

    /// Returns the condition that an event lies less than a time behind the event before it.
    fn within(&self, within: Duration, base: &Base) -> SqlExpr {
        let (from, to) = (column("before", AT), column("events", AT));
        match fixed(within) {
            Some(microseconds) => Expr::call(Function::MicrosecondsBetween { instants: base.instants }, vec![from, to])
                .binary(BinaryOp::Lt, Expr::integer(microseconds)),
            None => {
                let zone = self.bound.zone;
                let local = if base.instants { Expr::call(Function::LocalTime(zone), vec![from]) } else { from };
                let end = add_units(local, within.unit, within.count);
                let end = if base.instants { Expr::call(Function::InstantOf(zone), vec![end]) } else { end };
                to.binary(BinaryOp::Lt, end)
            }
        }
    }

    fn events(&self, step: &FunnelStep) -> Result<Events<'p>, PlanError> {
        let project = self.bound.project;
        let simple = super::bind::simple(project, step.metric);
        let model = &project.models[simple.model];
        let Some(axis) = &simple.time else {
            let name = &project.metrics[step.metric].name;
            return Err(PlanError::new(PlanErrorCode::UnreachableDimension, format!("`{name}` has no time axis"))
                .help(format!("Give its model `{}` a `time:`.", model.name)));
        };
        let scan = Scan {
            model: simple.model,
            axis: Some(axis.clone()),
            kind: ScanKind::Rows,
            shift: super::bind::Shift::default(),
            cumulation: None,
            offset_to: None,
            keys: Vec::new(),
            leaves: Vec::new(),
            makes_rows: true,
        };
        let here = Route::here();
        let mut scope = open(self.bound, &scan, self.range);
        let at = scope.time(&axis.route, axis.dimension);
        let mut conditions = rows_in_range(self.bound, &scan, &mut scope, Some(&at), self.range);
        let above = self.filters.iter().filter(|(of, _)| *of == simple.model).map(|(_, filter)| filter);
        conditions.extend(simple.filter.iter().chain(above).map(|filter| scope.value(&here, filter)));
        let key = scope.value(&here, &step.by);
        conditions.push(key.clone().is_null(true));
        conditions.push(at.expr.clone().is_null(true));
        let as_time = match at.column_type {
            ColumnType::Date => Expr::Cast { arg: Box::new(at.expr.clone()), to: ColumnType::DateTime },
            _ => at.expr.clone(),
        };
        let mut items = vec![key.named(KEY), as_time.named(AT)];
        let ids: Vec<String> = (1..=model.primary_key.len().max(1)).map(|n| format!("id_{n}")).collect();
        items.extend(model.primary_key.iter().zip(&ids).map(|(name, id)| scope.column(&here, name).named(id)));
        Ok(Events { model: simple.model, scope, at, items, conditions, ids })
    }

    fn finish(&mut self, mut events: Events<'_>) -> Result<Select, PlanError> {
        if self.bound.project.models[events.model].primary_key.is_empty() {
            events.items.push(number_of(&events.items).named(&events.ids[0]));
        }
        let Finished { from, joins, tables, promises, .. } = events.scope.finish()?;
        self.tables.extend(tables);
        self.promises.extend(promises);
        let filter = Expr::all(events.conditions);
        Ok(Select { items: events.items, from: Some(from), joins, filter, ..Select::default() })
    }

    fn mixed_times(&self, step: &FunnelStep, base: &Base) -> PlanError {
        let name = &self.bound.project.metrics[step.metric].name;
        PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("the time of step `{name}` is of another type than the base's, which is {}", base.column_type),
        )
        .help("Give all steps instants, wall-clock times or dates: cast one of them in its dimension.")
    }
}

/// The events of a step, before they are a select.
struct Events<'p> {
    model: ModelId,
    scope: Scope<'p>,
    at: TimeValue,
    items: Vec<SelectItem>,
    conditions: Vec<SqlExpr>,
    ids: Vec<String>,
}

/// Joins the conversions to their bases: counted, or one by one where the time between is asked for.
fn conversions(last: &str, base: &Base, one_by_one: bool) -> Join {
    let ids = || base.ids.iter().map(|id| if last == BASES { id.clone() } else { base_id(id) });
    let mut items: Vec<SelectItem> = ids().map(|id| SqlExpr::bare(&id).named(id)).collect();
    let n_ids = items.len();
    let group_by = if one_by_one {
        items.push(Expr::integer(1).named("conversions"));
        items.push(SqlExpr::bare(AT).named(AT));
        Vec::new()
    } else {
        items.push(SqlExpr::aggregate(AggregateFunction::Count, None).named("conversions"));
        (0..n_ids).collect()
    };
    let select = Select {
        items,
        from: Some(From::Cte { name: last.to_owned(), alias: last.to_owned() }),
        group_by,
        ..Select::default()
    };
    let on = base
        .ids
        .iter()
        .zip(ids())
        .map(|(id, theirs)| column(BASES, id).binary(BinaryOp::Eq, column("converted", &theirs)));
    Join {
        kind: JoinKind::Left,
        to: From::Select { select: Box::new(select), alias: "converted".to_owned() },
        on: Expr::all(on.collect::<Vec<_>>()),
    }
}

/// `ROW_NUMBER() OVER (PARTITION BY the event ORDER BY the time before DESC)`: equal times are told apart by the key.
fn nearest_first(event_ids: &[String], is_base: bool, base: &Base) -> SqlExpr {
    let descending = |expr| OrderTerm { expr, descending: true, nulls_first: false };
    let ties = base.ids.iter().map(|id| {
        let id = if is_base { id.clone() } else { base_id(id) };
        descending(column("before", &id))
    });
    Expr::Leaf(Leaf::Window(Box::new(Window {
        function: WindowFunction::RowNumber,
        partition_by: event_ids.iter().map(|id| column("events", id)).collect(),
        order_by: std::iter::once(descending(column("before", AT))).chain(ties).collect(),
    })))
}

/// Numbers events that no key tells apart, in the order of all that is known of them: events with equal numbers in two
/// readings of the table may be different rows, but they are alike in every column. Of events at one time the last in
/// this order is the latest, which is the first by its keys.
fn number_of(items: &[SelectItem]) -> SqlExpr {
    let descending = |item: &SelectItem| OrderTerm { expr: item.expr.clone(), descending: true, nulls_first: true };
    Expr::Leaf(Leaf::Window(Box::new(Window {
        function: WindowFunction::RowNumber,
        partition_by: Vec::new(),
        order_by: items.iter().map(descending).collect(),
    })))
}

fn column(table: &str, name: &str) -> SqlExpr {
    SqlExpr::column(table, name)
}

fn base_id(id: &str) -> String {
    format!("base_{id}")
}

fn same_name(index: usize) -> String {
    format!("same_{}", index + 1)
}

/// Returns a day that no event lies behind which follows a day's events within a time.
fn days_after(day: crate::time::NaiveDate, within: Duration) -> crate::time::NaiveDate {
    let in_days = |per_day: i64| {
        // A day of a zone may have an hour more or less, so one day is put on top.
        Duration { count: within.count / per_day + 2, unit: Unit::Day }
    };
    let within = match within.unit {
        Unit::Second => in_days(24 * 60 * 60),
        Unit::Minute => in_days(24 * 60),
        Unit::Hour => in_days(24),
        Unit::Day => Duration { count: within.count + 1, unit: Unit::Day },
        Unit::Week => Duration { count: within.count * 7 + 1, unit: Unit::Day },
        Unit::Month | Unit::Quarter | Unit::Year => within,
    };
    shift_date(day, within, 1)
}

/// Returns a time of fixed length in microseconds: a day is 24 hours here.
fn fixed(within: Duration) -> Option<i64> {
    let is_fixed = matches!(within.unit, Unit::Second | Unit::Minute | Unit::Hour | Unit::Day | Unit::Week);
    is_fixed.then(|| within.count.saturating_mul(microseconds(within.unit)))
}

fn microseconds(unit: Unit) -> i64 {
    let hours = match unit {
        Unit::Second => return 1_000_000,
        Unit::Minute => return 60_000_000,
        Unit::Hour => 1,
        Unit::Week => 7 * 24,
        Unit::Day | Unit::Month | Unit::Quarter | Unit::Year => 24,
    };
    hours * 3_600_000_000
}
