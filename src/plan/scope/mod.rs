//! The tables of one SELECT: which are joined, under which alias, and what a reference is in them.
//!
//! `origin.region` of a parcel joins `marts.dim_depots AS origin` once, however often it is named.
//!
//! **Invariant:** only to-one joins are joined, and always LEFT: no row of the base is lost or multiplied.

mod policies;

use std::collections::BTreeSet;

use super::{
    JoinUse, Key, KeyKind, PlanError, PlanErrorCode,
    access::{self, Access},
    bind::Bound,
    calendar::{self, CalendarColumn, CalendarColumns},
    frame::Frame,
    join_use::join_use,
    known::{Known, Span},
    partition,
    time::TimeValue,
    to_sql::{self, Built},
};
use crate::{
    ids::{CalendarId, DimensionId, GranularityId, JoinId, MetricId, ModelId, PolicyId, TableId},
    project::{
        Bucket, Dimension, DimensionKind, Empty, Join as ProjectJoin, JoinKey, Project, Ref, Route, Source, TimeAxis,
    },
    sql::{BinaryOp, Expr, From, Function, Join, JoinKind, Leaf, Literal, Select, SqlExpr},
    time::{DateRange, Tz},
};

/// The tables of one SELECT over a model.
#[derive(Debug)]
pub(super) struct Scope<'p> {
    frame: Frame<'p>,
    project: &'p Access<'p>,
    base: ModelId,
    base_alias: String,
    joined: Vec<(Route, String)>,
    joins: Vec<Join>,
    calendars: Vec<CalendarUse>,
    taken: BTreeSet<String>,
    uses: Vec<JoinUse>,
    tables: BTreeSet<TableId>,
    /// The metrics of rows that are joined, by route.
    metrics: Vec<(Route, MetricId, SqlExpr)>,
    known: Known,
    promises: Vec<(TableId, String)>,
    error: Option<PlanError>,
    /// The policies whose conditions are being built.
    asked: Vec<PolicyId>,
    /// Whether values are read to decide what is hidden.
    guarding: bool,
    /// Whether the conditions on the rows of the base were asked for.
    filtered: bool,
}

/// A calendar that is joined on a day.
#[derive(Debug)]
struct CalendarUse {
    calendar: CalendarId,
    day: SqlExpr,
    alias: String,
    columns: CalendarColumns,
}

/// What a scope came to.
#[derive(Debug)]
pub(super) struct Finished {
    /// The base.
    pub(super) from: From,
    /// The joins, in order.
    pub(super) joins: Vec<Join>,
    /// What the joins were.
    pub(super) uses: Vec<JoinUse>,
    /// The tables that are read.
    pub(super) tables: BTreeSet<TableId>,
    /// The promises that bounds on their partitions rest on.
    pub(super) promises: Vec<(TableId, String)>,
}

impl<'p> Scope<'p> {
    /// Opens a scope over the rows of a model.
    pub(super) fn new(frame: Frame<'p>, base: ModelId) -> Self {
        Self::within(frame, base, BTreeSet::new())
    }

    fn within(frame: Frame<'p>, base: ModelId, mut taken: BTreeSet<String>) -> Self {
        let project = frame.project;
        let base_alias = free_alias(&mut taken, project.columns_on_the_many_side(base), &project.models[base].name);
        Self {
            frame,
            project,
            base,
            base_alias,
            joined: Vec::new(),
            joins: Vec::new(),
            calendars: Vec::new(),
            taken,
            uses: Vec::new(),
            tables: BTreeSet::new(),
            metrics: Vec::new(),
            known: Known::default(),
            promises: Vec::new(),
            error: None,
            asked: Vec::new(),
            guarding: false,
            filtered: false,
        }
    }

    /// Ends the scope, whose rows have to be filtered by [`Scope::base_filter`].
    pub(super) fn finish(mut self) -> Result<Finished, PlanError> {
        assert!(self.filtered, "a scope is finished without its policies");
        self.tables.extend(table(self.project, self.base));
        for CalendarUse { calendar, day, alias, columns } in self.calendars {
            self.joins.push(calendar::join(self.project, calendar, &columns, &alias, day, JoinKind::Left));
        }
        match self.error {
            Some(error) => Err(error),
            None => Ok(Finished {
                from: from(self.project, self.base, self.base_alias),
                joins: self.joins,
                uses: self.uses,
                tables: self.tables,
                promises: self.promises,
            }),
        }
    }

    /// Returns what has to hold for every row of the base: the model's permanent filter, and the policies.
    #[must_use = "rows that are not filtered so are not those that may be seen"]
    pub(super) fn base_filter(&mut self) -> Option<SqlExpr> {
        let project = self.project;
        self.filtered = true;
        let filter = project.models[self.base].filter.as_ref().map(|filter| self.value(&Route::here(), filter));
        let policies = self.row_policies(&Route::here(), self.base);
        Expr::all(filter.into_iter().chain(policies))
    }

    /// Remembers that a column lies in a span in every row that counts.
    pub(super) fn know(&mut self, route: &Route, column: &str, span: Span) {
        self.known.add(route, column, span);
    }

    /// Remembers promises that a select inside the scope rests on.
    pub(super) fn rests_on(&mut self, promises: Vec<(TableId, String)>) {
        self.promises.extend(promises);
    }

    /// Returns the conditions on the partition column of the base that hold for every row in a range of its own axis.
    pub(super) fn base_partitions(&mut self, axis: Option<&TimeAxis>, range: DateRange, zone: Tz) -> Vec<SqlExpr> {
        let project = self.project;
        let Some(axis) = axis.filter(|axis| axis.route.0.is_empty()).map(|axis| axis.dimension) else {
            return Vec::new();
        };
        let Some((_, partition)) = partition::partitioned(project, self.base) else { return Vec::new() };
        if project.plain_column(axis) == Some(partition.column.as_str()) {
            // The range itself is on the partition column.
            return Vec::new();
        }
        let Some(promise) = project.promise(partition, axis) else { return Vec::new() };
        let days = partition::span_of_days(project.dimensions[axis].column_type, range, zone);
        let Some(span) = partition::promised(partition, promise, &days) else { return Vec::new() };
        self.known.add(&Route::here(), &partition.column, span.clone());
        self.promises.extend(table(project, self.base).map(|table| (table, partition::spoken(promise))));
        span.conditions(&SqlExpr::column(&self.base_alias, partition.column.clone())).collect()
    }

    /// Returns the conditions on the partitions of a model at the end of a route that follow from what is known.
    fn partitions(&mut self, route: &Route, model: ModelId, alias: &str) -> Vec<SqlExpr> {
        let project = self.project;
        let Some((span, promise)) = self.known.partitions(project, route, model) else { return Vec::new() };
        let Some((_, partition)) = partition::partitioned(project, model) else { return Vec::new() };
        self.promises.extend(table(project, model).zip(promise));
        span.conditions(&SqlExpr::column(alias, partition.column.clone())).collect()
    }

    /// Returns the alias of the base.
    pub(super) fn base_alias(&self) -> &str {
        &self.base_alias
    }

    /// Returns an expression of the model at the end of a route.
    pub(super) fn value(&mut self, at: &Route, expr: &Expr<Ref>) -> SqlExpr {
        expr.map(&mut |leaf| self.leaf(at, leaf))
    }

    /// Returns a column of the model at the end of a route; null if the row is hidden.
    pub(super) fn column(&mut self, at: &Route, column: &str) -> SqlExpr {
        let alias = self.alias(at);
        self.unless_hidden(at, SqlExpr::column(alias, column))
    }

    /// Returns a column of the model at the end of a route, or the value that is equal to it wherever there is such a row.
    ///
    /// `line_items.order_id` for `orders.id`, which joins no orders.
    pub(super) fn column_or_key(&mut self, at: &Route, column: &str) -> SqlExpr {
        let project = self.project;
        let key = at.0.split_last().and_then(|(join, before)| {
            let join = &project.joins[*join];
            let meets = join.reverse_of.is_none() && join.as_of.is_none();
            let key = join.keys.iter().find(|key| key.theirs == column).filter(|_| meets)?;
            Some((Route(before.to_vec()), &key.ours))
        });
        match key {
            Some((before, ours)) => self.value(&before, ours),
            None => self.column(at, column),
        }
    }

    /// Returns a name that no table of the scope has, and takes it.
    pub(super) fn free_name(&mut self, wanted: &str) -> String {
        free_alias(&mut self.taken, &BTreeSet::new(), wanted)
    }

    /// Remembers tables that a select inside the scope reads.
    pub(super) fn reads(&mut self, tables: &BTreeSet<TableId>) {
        self.tables.extend(tables);
    }

    /// Returns the value of a dimension for who asks: masked, if it may not be seen as it is.
    pub(super) fn dimension(&mut self, at: &Route, dimension: DimensionId) -> SqlExpr {
        let value = self.own_value(at, dimension);
        self.as_shown(dimension, value)
    }

    /// Returns the value of a dimension: two-valued if it is a plain boolean, the label if it has buckets.
    ///
    /// Definitions read it as it is: a member that would tell of a hidden or masked one is hidden itself.
    fn own_value(&mut self, at: &Route, dimension: DimensionId) -> SqlExpr {
        let project = self.project;
        let definition: &Dimension = &project.dimensions[dimension];
        let value = match definition.metric {
            Some(metric) => self.metric(at, definition.model, metric),
            None => self.value(at, &definition.expr),
        };
        if !definition.buckets.is_empty() {
            return bucket_label(&value, &definition.buckets);
        }
        match definition.kind {
            DimensionKind::Boolean { nullable: false } => value.is_true(false),
            DimensionKind::Boolean { nullable: true }
            | DimensionKind::String
            | DimensionKind::Number
            | DimensionKind::Time { .. } => value,
        }
    }

    /// Returns a metric of the row at the end of a route, over all time, blind to the request.
    ///
    /// `LEFT JOIN (SELECT customer_id, COUNT(*) … GROUP BY customer_id) AS customers_parcels ON …`
    pub(super) fn metric(&mut self, at: &Route, model: ModelId, metric: MetricId) -> SqlExpr {
        let project = self.project;
        let when_empty = project.metrics[metric].when_empty;
        let key = project.models[model].primary_key.first().expect("resolve asks for the key of what is told apart");
        let key = self.column(at, key);
        let or_empty = |value| match when_empty {
            Empty::Null => value,
            Empty::Zero => {
                let value = Expr::call(Function::Coalesce, vec![value, Expr::integer(0)]);
                // Where there is no such row, there is nothing of which the metric could be 0.
                if at.0.is_empty() { value } else { value.when(key.clone().is_null(true)) }
            }
        };
        if let Some((.., value)) = self.metrics.iter().find(|(route, known, _)| (route, *known) == (at, metric)) {
            return or_empty(value.clone());
        }
        let one = self.alias(at);
        let built = match metric_of_members(self.frame, model, metric) {
            Ok(built) => built,
            Err(error) => {
                self.error.get_or_insert(error);
                return Expr::null();
            }
        };
        let wanted = format!("{}_{}", project.models[model].name, project.metrics[metric].name);
        let alias = self.free_name(&wanted);
        let columns: Vec<String> = built.select.items.iter().map(|item| item.alias.clone()).collect();
        let (value, members) = columns.split_last().expect("a select has columns");
        let on = project.models[model].primary_key.iter().zip(members).map(|(ours, theirs)| {
            SqlExpr::column(one.clone(), ours.clone())
                .binary(BinaryOp::Eq, SqlExpr::column(alias.clone(), theirs.clone()))
        });
        let on = Expr::all(on.collect::<Vec<_>>());
        let value = SqlExpr::column(alias.clone(), value.clone());
        let to = From::Select { select: Box::new(built.select), alias };
        self.joins.push(Join { kind: JoinKind::Left, to, on });
        self.tables.extend(built.tables);
        self.metrics.push((at.clone(), metric, value.clone()));
        or_empty(value)
    }

    /// Returns a time dimension as a time.
    pub(super) fn time(&mut self, at: &Route, dimension: DimensionId) -> TimeValue {
        let project = self.project;
        TimeValue { expr: self.dimension(at, dimension), column_type: project.dimensions[dimension].column_type }
    }

    /// Returns what a calendar says of the period in which a day lies; null for a day that it lacks.
    pub(super) fn calendar(&mut self, id: GranularityId, column: CalendarColumn, day: SqlExpr) -> SqlExpr {
        let project = self.project;
        let calendar = project.granularities[id].calendar;
        let index = self.calendars.iter().position(|used| used.calendar == calendar && used.day == day);
        let index = index.unwrap_or_else(|| {
            let definition = &project.calendars[calendar];
            let alias = free_alias(&mut self.taken, &BTreeSet::new(), &definition.name);
            self.tables.insert(definition.table);
            let path = format!("{} → {}", project.models[self.base].name, definition.name);
            let reason = format!("one row per day: the calendar is grouped by `{}`", definition.date);
            self.uses.push(JoinUse { path, reason });
            self.calendars.push(CalendarUse { calendar, day, alias, columns: CalendarColumns::new() });
            self.calendars.len() - 1
        });
        let used = &mut self.calendars[index];
        used.columns.insert((id, column));
        SqlExpr::column(used.alias.clone(), calendar::column_name(project, id, column))
    }

    /// Returns whether a row of another model, which joins to the model at the end of a route, fulfils a condition.
    ///
    /// `EXISTS (SELECT 1 FROM claims WHERE claims.shipment_id = shipments.shipment_id AND …)`; `condition` builds the
    /// condition in the scope of the other model.
    pub(super) fn exists(
        &mut self,
        at: &Route,
        join: JoinId,
        condition: &mut dyn FnMut(&mut Scope<'p>) -> Option<SqlExpr>,
    ) -> SqlExpr {
        let project = self.project;
        let definition = &project.joins[join];
        let one = self.alias(at);
        let mut many = Scope::within(self.frame, definition.from, self.taken.clone());
        many.asked.clone_from(&self.asked);
        let mut conditions = many.many_side(&Route::here(), definition).meets(project, definition, &one);
        for (column, span) in known_of_many(project, &self.known, at, definition) {
            many.know(&Route::here(), &column, span);
        }
        let many_alias = many.base_alias.clone();
        conditions.extend(many.partitions(&Route::here(), definition.from, &many_alias));
        conditions.extend(many.base_filter());
        conditions.extend(condition(&mut many));
        self.taken.clone_from(&many.taken);
        match many.finish() {
            Ok(finished) => {
                self.tables.extend(finished.tables);
                self.promises.extend(finished.promises);
                let exists = Expr::Leaf(Leaf::Exists(Box::new(Select {
                    items: vec![Expr::integer(1).named("found")],
                    from: Some(finished.from),
                    joins: finished.joins,
                    filter: Expr::all(conditions),
                    ..Select::default()
                })));
                // Nothing joins to a row that is hidden.
                let seen = self.conditions_of_seen(at).into_iter().map(|condition| condition.is_true(false));
                seen.chain([exists]).reduce(Expr::and).expect("there is at least the second")
            }
            Err(error) => {
                self.error.get_or_insert(error);
                Expr::null()
            }
        }
    }

    fn leaf(&mut self, at: &Route, leaf: &Ref) -> SqlExpr {
        match leaf {
            Ref::Column { route, column, .. } => {
                let there = at.then(route);
                let alias = self.alias(&there);
                self.unless_hidden(&there, SqlExpr::column(alias, column.clone()))
            }
            Ref::Dimension { route, dimension } => self.own_value(&at.then(route), *dimension),
            Ref::Claim { .. } => unreachable!("claims are values before a condition comes here"),
            Ref::Exists { route, join, filter } => self.exists(&at.then(route), *join, &mut |many| {
                filter.as_ref().map(|filter| many.value(&Route::here(), filter))
            }),
            Ref::Calendar { granularity, day } => {
                let day = self.value(at, day);
                self.calendar(*granularity, CalendarColumn::Value, day)
            }
            Ref::Verbatim(texts) => {
                let alias = self.alias(at);
                match texts.get(&self.frame.context.dialect) {
                    Some(text) => self.unless_hidden(at, Expr::Leaf(Leaf::Verbatim(text.replace("${TABLE}", &alias)))),
                    None => {
                        let have: Vec<&str> = texts.keys().map(|dialect| dialect.name()).collect();
                        self.error.get_or_insert_with(|| {
                            PlanError::new(
                                PlanErrorCode::NotYet,
                                format!("an expression is written for {} only", have.join(", ")),
                            )
                            .help(format!("Add a `{}:` text to the expression.", self.frame.context.dialect.name()))
                        });
                        Expr::null()
                    }
                }
            }
        }
    }

    /// Returns the values by which a row of a join's many side, at the end of a route, meets one on the one side.
    fn many_side(&mut self, at: &Route, join: &ProjectJoin) -> ManySide {
        ManySide {
            keys: join.keys.iter().map(|key| self.value(at, &key.ours)).collect(),
            as_of: join.as_of.as_ref().map(|as_of| self.value(at, as_of)),
        }
    }

    /// Remembers what equal keys tell of the columns of a table that is joined.
    fn learn(&mut self, route: &Route, parent: &Route, join: &ProjectJoin) {
        let project = self.project;
        let found: Vec<(String, Span)> = match join.reverse_of {
            Some(declared) => known_of_many(project, &self.known, parent, &project.joins[declared]),
            None => {
                let keys = join.keys.iter();
                keys.filter_map(|key| Some((key.theirs.clone(), self.known.value(project, parent, &key.ours)?)))
                    .collect()
            }
        };
        for (column, span) in found {
            self.know(route, &column, span);
        }
    }

    /// Returns the alias of the model at the end of a route, and joins it if it is not yet there.
    fn alias(&mut self, route: &Route) -> String {
        let Some((join, before)) = route.0.split_last() else { return self.base_alias.clone() };
        if let Some((_, alias)) = self.joined.iter().find(|(known, _)| known == route) {
            return alias.clone();
        }
        let project = self.project;
        let definition = &project.joins[*join];
        let parent_route = Route(before.to_vec());
        let declared = definition.reverse_of.map(|declared| &project.joins[declared]);
        // What is hidden shows no values; joins may look further.
        let guarding = std::mem::replace(&mut self.guarding, true);
        // The side that is in reach; of a join that is walked the other way it is the one side.
        let near = match declared {
            None => Near::Many(self.many_side(&parent_route, definition)),
            Some(_) => Near::One(self.alias(&parent_route)),
        };
        let wanted: Vec<&str> = route.0.iter().map(|join| project.joins[*join].role.as_str()).collect();
        let short = wanted.last().copied().unwrap_or_default();
        let alias = if self.taken.contains(short) { wanted.join("_") } else { short.to_owned() };
        let alias = free_alias(&mut self.taken, project.columns_on_the_many_side(definition.to), &alias);
        self.joined.push((route.clone(), alias.clone()));
        self.learn(route, &parent_route, definition);
        let joins_before = (self.joins.len(), self.calendars.len());
        let target = &project.models[definition.to];
        let (mut conditions, mut what) = match near {
            Near::Many(ours) => (ours.meets(project, definition, &alias), "`where`"),
            Near::One(one) => {
                let declared = declared.expect("the near side is the one side of a join that is reversed");
                (self.many_side(route, declared).meets(project, declared, &one), "join key")
            }
        };
        conditions.extend(self.partitions(route, definition.to, &alias));
        if let Some(filter) = &target.filter {
            let before = (self.joins.len(), self.calendars.len());
            conditions.push(self.value(route, filter));
            if (self.joins.len(), self.calendars.len()) != before {
                what = "`where`";
            }
        }
        if let Some(declared) = definition.reverse_of {
            let before = self.joins.len();
            conditions.extend(self.policies_of_many_side(route, definition.to, declared));
            if self.joins.len() > before {
                what = "policy";
            }
        }
        if (self.joins.len(), self.calendars.len()) != joins_before {
            self.error.get_or_insert_with(|| {
                let message = format!("model `{}` has a {what} over its own joins and is joined to", target.name);
                PlanError::new(PlanErrorCode::NotYet, message).help("Write it over its own columns.")
            });
        }
        self.guarding = guarding;
        self.joins.push(Join {
            kind: JoinKind::Left,
            to: from(project, definition.to, alias.clone()),
            on: Expr::all(conditions),
        });
        self.uses.push(join_use(project, self.base, route));
        self.tables.extend(table(project, definition.to));
        alias
    }
}

/// Returns what equal keys tell of the columns of the many side, where the one side is at the end of a route.
fn known_of_many(project: &Project, known: &Known, one: &Route, join: &ProjectJoin) -> Vec<(String, Span)> {
    let column = |key: &JoinKey| match &key.ours {
        Expr::Leaf(Ref::Column { route, column, .. }) if route.0.is_empty() => Some(column.clone()),
        Expr::Leaf(Ref::Dimension { route, dimension }) if route.0.is_empty() => {
            project.plain_column(*dimension).map(str::to_owned)
        }
        _ => None,
    };
    join.keys.iter().filter_map(|key| Some((column(key)?, known.column(one, &key.theirs)?.clone()))).collect()
}

/// What is known of a join before its table is joined.
enum Near {
    Many(ManySide),
    One(String),
}

/// The values of a row on the many side by which it meets a row on the one side.
struct ManySide {
    keys: Vec<SqlExpr>,
    as_of: Option<SqlExpr>,
}

impl ManySide {
    /// `ours = one.theirs AND … AND at >= one.valid_from AND (one.valid_to IS NULL OR at < one.valid_to)`
    fn meets(self, project: &Project, join: &ProjectJoin, one: &str) -> Vec<SqlExpr> {
        let column = |name: &String| SqlExpr::column(one, name.clone());
        let pairs = self.keys.into_iter().zip(&join.keys);
        let mut conditions: Vec<SqlExpr> =
            pairs.map(|(ours, key)| ours.binary(BinaryOp::Eq, column(&key.theirs))).collect();
        if let (Some(at), Some(versions)) = (self.as_of, &project.models[join.to].versions) {
            conditions.push(at.clone().binary(BinaryOp::GtEq, column(&versions.from)));
            let to = column(&versions.to);
            conditions.push(to.clone().is_null(false).or(at.binary(BinaryOp::Lt, to)));
        }
        conditions
    }
}

/// Builds the select of a metric over all time, one row per row of a model.
fn metric_of_members(frame: Frame<'_>, model: ModelId, metric: MetricId) -> Result<Built, PlanError> {
    let definition = &frame.project.models[model];
    let key = |(index, column): (usize, &String)| Key {
        name: format!("member_{}", index + 1),
        kind: KeyKind::Member { model: definition.name.clone(), column: column.clone(), loose: true },
    };
    let keys = definition.primary_key.iter().enumerate().map(key).collect();
    let asked = access::grant(Bound::over_all_time(frame, metric, keys)?)?;
    to_sql::build(asked.get())
}

/// Returns an alias that is not taken, and that is no column of a model that joins to the aliased one.
///
/// With a column `buyer` in the inner table of `EXISTS`, BigQuery takes `buyer.id` for a field of it, not for a column
/// outside. See <https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#name_hiding>.
fn free_alias(taken: &mut BTreeSet<String>, hidden: &BTreeSet<String>, wanted: &str) -> String {
    let mut alias = wanted.to_owned();
    let mut n = 2;
    while hidden.contains(&alias) || !taken.insert(alias.clone()) {
        alias = format!("{wanted}_{n}");
        n += 1;
    }
    alias
}

fn table(project: &Project, model: ModelId) -> Option<TableId> {
    match &project.models[model].source {
        Source::Table(table) => Some(*table),
        Source::Select(_) => None,
    }
}

fn from(project: &Project, model: ModelId, alias: String) -> From {
    match &project.models[model].source {
        Source::Table(table) => From::Table { name: project.tables[*table].name.clone(), alias },
        Source::Select(text) => From::Verbatim { text: text.clone(), alias },
    }
}

/// `CASE WHEN x IS NULL THEN NULL WHEN x < 1 THEN '<1' WHEN x < 5 THEN '1–5' … ELSE '20+' END`
fn bucket_label(value: &SqlExpr, buckets: &[Bucket]) -> SqlExpr {
    let label = |bucket: &Bucket| Expr::Literal(Literal::String(bucket.label.clone()));
    let mut branches = vec![(value.clone().is_null(false), Expr::null())];
    let mut otherwise = None;
    for bucket in buckets {
        match &bucket.high {
            Some(high) => {
                let below = value.clone().binary(BinaryOp::Lt, Expr::Literal(Literal::Decimal(high.clone())));
                branches.push((below, label(bucket)));
            }
            None => otherwise = Some(Box::new(label(bucket))),
        }
    }
    Expr::Case { branches, otherwise }
}
