//! Funnels: events of one key that follow one another, credited to the latest base.
//!
//! `bookings → handovers within 3 days`: each handover belongs to the latest booking of its key at or before it, if that
//! is less than 3 days ago. A booking with a handover is converted.
//!
//! **Invariant:** an event is credited at most once, and only to an event of the step before that was credited itself.

mod chain;

use std::collections::BTreeSet;

use super::{
    PlanError, PlanErrorCode,
    bind::{Bound, LeafValue, MakesRows, Scan, ScanKind},
    cumulative,
    model_rows::ModelRows,
    scan::{LeafAggregate, Rows, day_exists, filter_of_request, key_value, open, range_of, rows_in_range},
    scope::{Finished, Scope},
    time::TimeValue,
};
use crate::{
    catalog::ColumnType,
    ids::{MetricId, ModelId, TableId},
    project::{Funnel, FunnelResult, FunnelStep, MetricKind, Project, Ref, Route},
    sql::{AggregateFunction, Expr, From, Function, Select, SqlExpr},
    time::{DateRange, Duration, Unit, shift_date},
};
use chain::column;
pub(crate) use chain::{Chain, Event};

/// The alias of the whole.
const FUNNEL: &str = "funnel";

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
    let read = with_followers(funnel, range);
    let mut steps = Steps { bound, funnel, filters, range: read, tables: BTreeSet::new(), promises: Vec::new() };
    let (base, mut chain) = steps.bases(scan, window.is_some())?;
    for index in 1..funnel.steps.len() {
        steps.credit(index, &base, &mut chain)?;
    }
    // A later base has its events, whether or not the range holds it: the range cuts what was credited.
    let at = chain.based_at();
    let mut kept = at.within(bound.cut(), DateRange { from: None, first: None, ..range });
    if window.is_none() {
        kept.extend(day_exists(bound, scan, &at));
    }
    let mut select = chain.finish(base.keys.iter().map(|(_, name)| name.clone()));
    select.filter = Expr::all(kept);
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
    let based_at = TimeValue { expr: column(FUNNEL, "based_at"), ..at };
    Ok(match window {
        Some(window) => cumulative::accumulate(bound, &window, rows, &based_at),
        None => rows,
    })
}

/// What is known of the bases.
struct Base {
    /// The columns of the request's keys, by position.
    keys: Vec<(usize, String)>,
    column_type: ColumnType,
}

/// The steps of a request.
struct Steps<'b, 'p> {
    bound: &'b Bound<'p>,
    funnel: &'b Funnel,
    filters: &'b [(ModelId, Expr<Ref>)],
    /// The days of the bases, and as far as events may lie behind them that follow one.
    range: DateRange,
    tables: BTreeSet<TableId>,
    promises: Vec<(TableId, String)>,
}

impl<'b, 'p> Steps<'b, 'p> {
    fn bases(&mut self, scan: &Scan, windowed: bool) -> Result<(Base, Chain<'b>), PlanError> {
        let step = self.funnel.steps.first().expect("a funnel has steps");
        let mut events = self.events(step)?;
        let scan_of_base = Scan { model: events.model, ..scan.clone() };
        events.event.conditions.extend(filter_of_request(self.bound, &scan_of_base, &mut events.scope)?);
        let mut keys = Vec::new();
        for (position, key) in &scan.keys {
            let at = events.at.clone();
            let value = key_value(self.bound, scan, &mut events.scope, Some(&at), key, windowed)?;
            let name = format!("key_{}", position + 1);
            events.event.items.push(value.named(&name));
            keys.push((*position, name));
        }
        let here = Route::here();
        events.event.agree(self.funnel.same.iter().map(|(of_base, _)| events.scope.value(&here, of_base)));
        let column_type = events.at.column_type;
        let (event, select) = self.finish(events)?;
        Ok((Base { keys, column_type }, Chain::new(self.funnel, self.bound.zone, column_type, &event, select)))
    }

    /// Adds a step to those before.
    fn credit(&mut self, index: usize, base: &Base, chain: &mut Chain<'_>) -> Result<(), PlanError> {
        let step = &self.funnel.steps[index];
        let mut events = self.events(step)?;
        if events.at.column_type != base.column_type {
            return Err(mixed_times(self.bound.project, step, base.column_type));
        }
        if index + 1 == self.funnel.steps.len() {
            let here = Route::here();
            events.event.agree(self.funnel.same.iter().map(|(_, of_last)| events.scope.value(&here, of_last)));
        }
        let (event, select) = self.finish(events)?;
        chain.credit(step, &event, select);
        Ok(())
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
            moment: Some(axis.clone()),
            kind: ScanKind::Rows,
            shift: super::bind::Shift::default(),
            cumulation: None,
            offset_to: None,
            keys: Vec::new(),
            leaves: Vec::new(),
            makes_rows: MakesRows::Always,
        };
        let here = Route::here();
        let mut scope = open(self.bound, &scan, self.range);
        let at = scope.time(&axis.route, axis.dimension);
        let mut conditions = rows_in_range(self.bound, &scan, &mut scope, Some(&at), self.range);
        let above = self.filters.iter().filter(|(of, _)| *of == simple.model).map(|(_, filter)| filter);
        conditions.extend(simple.filter.iter().chain(above).map(|filter| scope.value(&here, filter)));
        let mut event = Event::read(project, &mut scope, (simple.model, step), &at);
        conditions.append(&mut event.conditions);
        event.conditions = conditions;
        Ok(Events { model: simple.model, scope, at, event })
    }

    fn finish(&mut self, mut events: Events<'_>) -> Result<(Event, Select), PlanError> {
        if self.bound.project.models[events.model].primary_key.is_empty() {
            events.event.number();
        }
        let Finished { from, joins, tables, promises, .. } = events.scope.finish()?;
        self.tables.extend(tables);
        self.promises.extend(promises);
        let filter = Expr::all(events.event.conditions.clone());
        let items = events.event.items.clone();
        Ok((events.event, Select { items, from: Some(from), joins, filter, ..Select::default() }))
    }
}

fn mixed_times(project: &Project, step: &FunnelStep, base: ColumnType) -> PlanError {
    let name = &project.metrics[step.metric].name;
    PlanError::new(
        PlanErrorCode::InvalidFilter,
        format!("the time of step `{name}` is of another type than the base's, which is {base}"),
    )
    .help("Give all steps instants, wall-clock times or dates: cast one of them in its dimension.")
}

/// The events of a step, with the rows that they are read from.
struct Events<'p> {
    model: ModelId,
    scope: Scope<'p>,
    at: TimeValue,
    event: Event,
}

impl ModelRows<'_> {
    /// Returns the events of a step, with the time at which each happened. The last step agrees with the first in values
    /// of its own.
    pub(crate) fn event(&mut self, funnel: &Funnel, index: usize) -> Result<(Event, TimeValue), String> {
        let project = self.project();
        let step = &funnel.steps[index];
        let simple = super::bind::simple(project, step.metric);
        let axis =
            simple.time.as_ref().ok_or_else(|| format!("`{}` has no time", project.metrics[step.metric].name))?;
        let here = Route::here();
        let scope = self.scope();
        let at = scope.time(&axis.route, axis.dimension);
        let mut conditions: Vec<SqlExpr> = simple.filter.iter().map(|filter| scope.value(&here, filter)).collect();
        let mut event = Event::read(project, scope, (simple.model, step), &at);
        if index == 0 {
            event.agree(funnel.same.iter().map(|(of_base, _)| scope.value(&here, of_base)));
        } else if index + 1 == funnel.steps.len() {
            event.agree(funnel.same.iter().map(|(_, of_last)| scope.value(&here, of_last)));
        }
        conditions.append(&mut event.conditions);
        event.conditions = conditions;
        if project.models[simple.model].primary_key.is_empty() {
            event.number();
        }
        Ok((event, at))
    }
}

/// Returns the days of a range of bases, with all events behind them that one of these may lead to: each is credited to the
/// latest before it, which may lie behind the range as well.
fn with_followers(funnel: &Funnel, range: DateRange) -> DateRange {
    let further = |to, step: &FunnelStep| step.within.map(|within| days_after(to, within));
    DateRange { end: None, to: range.to.and_then(|to| funnel.steps.iter().skip(1).try_fold(to, further)), ..range }
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
