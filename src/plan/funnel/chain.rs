//! The events of the steps, each a select → the bases with what was credited to them, as one select.
//!
//! ```sql
//! WITH bases AS (…), step_2 AS (the events that are credited, each to the latest event before it), …
//! SELECT bases.…, bases.happened_at AS based_at, converted.conversions FROM bases LEFT JOIN (…) AS converted
//! ```
//!
//! **Invariant:** nothing here knows where events come from: a query and the LookML of a funnel credit alike.

use crate::{
    catalog::ColumnType,
    ids::ModelId,
    plan::{
        scope::Scope,
        time::{TimeValue, add_units},
    },
    project::{Funnel, FunnelResult, FunnelStep, Project, Route},
    sql::{
        AggregateFunction, BinaryOp, Cte, Expr, From, Function, Join, JoinKind, Leaf, OrderTerm, Select, SelectItem,
        SqlExpr, Window, WindowFunction, first_instant,
    },
    time::{ClockChanges, Duration, Tz, Unit},
};

/// The bases.
const BASES: &str = "bases";
/// The value that ties the steps together, and the time of an event.
const KEY: &str = "key_value";
const AT: &str = "happened_at";

/// The events of a step, before they are a select.
#[derive(Debug)]
pub(crate) struct Event {
    /// The columns: what ties the steps together, the time, what tells events apart.
    pub(crate) items: Vec<SelectItem>,
    /// The events that take part: those with a key and a time.
    pub(crate) conditions: Vec<SqlExpr>,
    /// Further columns that are shown of a conversion, of those above.
    pub(crate) shown: Vec<String>,
    ids: Vec<String>,
}

impl Event {
    /// Reads the events of a step from the rows of its model.
    pub(in crate::plan) fn read(
        project: &Project,
        scope: &mut Scope<'_>,
        (model, step): (ModelId, &FunnelStep),
        at: &TimeValue,
    ) -> Self {
        let here = Route::here();
        let primary_key = &project.models[model].primary_key;
        let key = scope.value(&here, &step.by);
        let conditions = vec![key.clone().is_null(true), at.expr.clone().is_null(true)];
        let as_time = match at.column_type {
            ColumnType::Date => Expr::Cast { arg: Box::new(at.expr.clone()), to: ColumnType::DateTime },
            _ => at.expr.clone(),
        };
        let mut items = vec![key.named(KEY), as_time.named(AT)];
        let ids: Vec<String> = (1..=primary_key.len().max(1)).map(|n| format!("id_{n}")).collect();
        items.extend(primary_key.iter().zip(&ids).map(|(name, id)| scope.column(&here, name).named(id)));
        Self { items, conditions, shown: Vec::new(), ids }
    }

    /// Adds what the first and the last step have to agree in.
    pub(in crate::plan) fn agree(&mut self, values: impl Iterator<Item = SqlExpr>) {
        self.items.extend(values.enumerate().map(|(index, value)| value.named(same_name(index))));
    }

    /// Tells events apart that no key does.
    pub(in crate::plan) fn number(&mut self) {
        self.items.push(number_of(&self.items).named(&self.ids[0]));
    }
}

/// The steps so far.
#[derive(Debug)]
pub(crate) struct Chain<'f> {
    funnel: &'f Funnel,
    zone: Tz,
    /// Whether events are at instants, not at times of a clock.
    instants: bool,
    /// The columns that tell bases apart.
    ids: Vec<String>,
    /// The step before.
    before: String,
    /// What is shown of its events.
    shown: Vec<String>,
    with: Vec<Cte>,
}

impl<'f> Chain<'f> {
    /// Begins with the bases.
    pub(crate) fn new(funnel: &'f Funnel, zone: Tz, time: ColumnType, event: &Event, bases: Select) -> Self {
        let with = vec![Cte { name: BASES.to_owned(), select: bases }];
        let (instants, ids) = (time == ColumnType::Timestamp, event.ids.clone());
        Self { funnel, zone, instants, ids, before: BASES.to_owned(), shown: Vec::new(), with }
    }

    /// Returns the time of a base.
    pub(in crate::plan) fn based_at(&self) -> TimeValue {
        let column_type = if self.instants { ColumnType::Timestamp } else { ColumnType::DateTime };
        TimeValue { expr: column(BASES, AT), column_type }
    }

    /// Adds the events of a step that are credited, each to the latest event of the step before.
    pub(crate) fn credit(&mut self, step: &FunnelStep, event: &Event, events: Select) {
        let index = self.with.len();
        let (is_first, is_last) = (self.before == BASES, index + 1 == self.funnel.steps.len());
        let (name, nearest) = (format!("step_{}", index + 1), format!("nearest_{}", index + 1));
        let mut items: Vec<SelectItem> = [KEY, AT].into_iter().map(|name| column("events", name).named(name)).collect();
        items.extend(event.ids.iter().chain(&event.shown).map(|name| column("events", name).named(name)));
        // Both ids of an event and of its base are kept; the base's are those of the first step.
        items.extend(self.ids.iter().map(|id| {
            let from = if is_first { id.clone() } else { base_id(id) };
            column("before", &from).named(base_id(id))
        }));
        let same = || (0..self.funnel.same.len()).map(same_name);
        if !is_last {
            items.extend(same().map(|name| column("before", &name).named(name)));
        }
        items.push(self.nearest_first(event).named("nearest"));
        let mut on = vec![
            column("events", KEY).binary(BinaryOp::Eq, column("before", KEY)),
            column("before", AT).binary(BinaryOp::LtEq, column("events", AT)),
        ];
        on.extend(step.within.map(|within| self.within(within)));
        if is_last {
            on.extend(same().map(|name| column("events", &name).binary(BinaryOp::Eq, column("before", &name))));
        }
        let pairs = Select {
            items,
            from: Some(From::Select { select: Box::new(events), alias: "events".to_owned() }),
            joins: vec![Join {
                kind: JoinKind::Inner,
                to: From::Cte { name: self.before.clone(), alias: "before".to_owned() },
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
        self.before = name;
        self.shown.clone_from(&event.shown);
    }

    /// Returns the condition that an event lies less than a time behind the event before it.
    fn within(&self, within: Duration) -> SqlExpr {
        let (from, to) = (column("before", AT), column("events", AT));
        match fixed(within) {
            Some(microseconds) => Expr::call(Function::MicrosecondsBetween { instants: self.instants }, vec![from, to])
                .binary(BinaryOp::Lt, Expr::integer(microseconds)),
            None => {
                let local = if self.instants { Expr::call(Function::LocalTime(self.zone), vec![from]) } else { from };
                let end = add_units(local, within.unit, within.count);
                let changes = ClockChanges::between(self.zone, None, None);
                let end = if self.instants { first_instant(end, self.zone, changes) } else { end };
                to.binary(BinaryOp::Lt, end)
            }
        }
    }

    /// `ROW_NUMBER() OVER (PARTITION BY the event ORDER BY the time before DESC)`: equal times are told apart by the key.
    fn nearest_first(&self, event: &Event) -> SqlExpr {
        let descending = |expr| OrderTerm { expr, descending: true, nulls_first: false };
        let ties = self.ids.iter().map(|id| {
            let id = if self.before == BASES { id.clone() } else { base_id(id) };
            descending(column("before", &id))
        });
        Expr::Leaf(Leaf::Window(Box::new(Window {
            function: WindowFunction::RowNumber,
            partition_by: event.ids.iter().map(|id| column("events", id)).collect(),
            order_by: std::iter::once(descending(column("before", AT))).chain(ties).collect(),
        })))
    }

    /// Returns one row per base, or one per conversion and one per other base where the time between is asked for: the
    /// columns of the bases that are named, `based_at`, `conversions`, the time that `passed`, and what is shown of a
    /// conversion.
    pub(crate) fn finish(self, names: impl Iterator<Item = String>) -> Select {
        let one_by_one = matches!(self.funnel.result, FunnelResult::TimeBetween { .. });
        let joined = self.conversions(one_by_one);
        let mut items: Vec<SelectItem> = names.map(|name| column(BASES, &name).named(&name)).collect();
        items.push(column(BASES, AT).named("based_at"));
        items.push(column("converted", "conversions").named("conversions"));
        if let FunnelResult::TimeBetween { unit, .. } = self.funnel.result {
            let from_to = vec![column(BASES, AT), column("converted", AT)];
            let passed = Expr::call(Function::MicrosecondsBetween { instants: self.instants }, from_to);
            items.push(passed.binary(BinaryOp::Divide, Expr::integer(microseconds(unit))).named("passed"));
            items.extend(self.shown.iter().map(|name| column("converted", name).named(name)));
        }
        Select {
            with: self.with,
            items,
            from: Some(From::Cte { name: BASES.to_owned(), alias: BASES.to_owned() }),
            joins: vec![joined],
            ..Select::default()
        }
    }

    /// Joins the conversions to their bases: counted, or one by one where the time between is asked for.
    fn conversions(&self, one_by_one: bool) -> Join {
        let ids = || self.ids.iter().map(|id| if self.before == BASES { id.clone() } else { base_id(id) });
        let mut items: Vec<SelectItem> = ids().map(|id| SqlExpr::bare(&id).named(id)).collect();
        let n_ids = items.len();
        let group_by = if one_by_one {
            items.push(Expr::integer(1).named("conversions"));
            items.push(SqlExpr::bare(AT).named(AT));
            items.extend(self.shown.iter().map(|name| SqlExpr::bare(name).named(name)));
            Vec::new()
        } else {
            items.push(SqlExpr::aggregate(AggregateFunction::Count, None).named("conversions"));
            (0..n_ids).collect()
        };
        let select = Select {
            items,
            from: Some(From::Cte { name: self.before.clone(), alias: self.before.clone() }),
            group_by,
            ..Select::default()
        };
        let on = self
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

pub(super) fn column(table: &str, name: &str) -> SqlExpr {
    SqlExpr::column(table, name)
}

fn base_id(id: &str) -> String {
    format!("base_{id}")
}

fn same_name(index: usize) -> String {
    format!("same_{}", index + 1)
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
