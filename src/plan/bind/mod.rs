//! Request → bound request: names become ids, metrics become formulas over leaves, leaves are grouped into scans.
//!
//! `on_time_rate` by month becomes the formula `l0 / l1` over two leaves (parcels due, with and without the filter),
//! which share one scan of `shipments` along `promised_at`.
//!
//! **Invariant:** below this stage nothing is looked up by name, save names inside filters, which are bound per scan.

mod check;
mod clock;
mod formula;
mod group_key;
mod having;
mod keys;
mod keys_alone;
mod leaf;
mod order;
pub(super) mod own_time;
mod path;
mod scans;
mod without_rows;

pub(super) use group_key::{GroupBy, GroupKey};
pub(super) use leaf::{Accumulation, LeafId, LeafUse, LeafValue, MakesRows, Shift, Usage};
use path::knows_path;
pub(super) use path::{BoundPath, bind_key, bind_model, bind_path};
pub(super) use scans::{Scan, ScanKind};
pub(super) use without_rows::WithoutRows;

use self::formula::{Above, Formulas};
use super::{Fill, PlanError, PlanErrorCode, Request, Show, access::Access, calendar, frame::Frame, time::Cut};
use crate::{
    catalog::ColumnType,
    diagnostics::nearest,
    ids::MetricId,
    project::{Project, SimpleMetric, Visible},
    sql::{Expr, Literal, Name},
    time::{ClockChanges, DateRange, NaiveDate, Offset, TimeRange, Tz},
};

/// A request whose names are ids.
#[derive(Debug)]
pub(super) struct Bound<'p> {
    /// What is visible to whom, and what for.
    pub(super) frame: Frame<'p>,
    /// The project, as far as it is visible.
    pub(super) project: &'p Access<'p>,
    /// The zone in which periods are cut.
    pub(super) zone: Tz,
    /// How its clock is changed about the range.
    pub(super) changes: ClockChanges,
    /// The local days of the time range.
    pub(super) range: DateRange,
    /// Whether the request says a time range, be it open on both sides.
    pub(super) is_ranged: bool,
    /// Whether it looks over all time by definition, as a metric of a row does.
    pub(super) is_over_all_time: bool,
    /// The present day in the query's zone.
    pub(super) today: NaiveDate,
    /// The keys.
    pub(super) keys: Vec<GroupKey>,
    /// The metrics of the answer, then those that only order it.
    pub(super) outputs: Vec<Output>,
    /// The simple metrics at the bottom, each use once.
    pub(super) leaves: Vec<LeafUse>,
    /// The leaves that can share one pass over a model.
    pub(super) scans: Vec<Scan>,
    /// The filter on rows.
    pub(super) filter: Option<&'p Expr<Name>>,
    /// The condition on rows of the answer.
    pub(super) having: Option<Expr<LeafId>>,
    /// The order.
    pub(super) order: Vec<BoundOrder>,
    /// The greatest number of rows.
    pub(super) limit: Option<u64>,
    /// The last row of the page before.
    pub(super) after: Option<&'p [Literal]>,
    /// Which missing rows are made.
    pub(super) fill: Fill,
    /// The best members of a key: its position, how many, and whether the rest is gathered.
    pub(super) top: Option<BoundTop>,
    /// Whether the row over all groups is wanted as well.
    pub(super) wants_total: bool,
}

/// A metric of the answer.
#[derive(Debug)]
pub(super) struct Output {
    /// Its name in the answer.
    pub(super) name: String,
    /// Its value over leaves.
    pub(super) formula: Expr<LeafId>,
    /// The type of its value.
    pub(super) value_type: ColumnType,
    /// The position in the request; absent for a metric that only orders.
    pub(super) position: Option<usize>,
    /// The positions of the keys within which rows are ranked by the value, if its place is what is shown.
    pub(super) rank: Option<Vec<usize>>,
}

/// A term of the order, over columns of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BoundOrder {
    /// The column.
    pub(super) column: OrderColumn,
    /// Whether greater values come first.
    pub(super) descending: bool,
    /// Whether nulls come first.
    pub(super) nulls_first: bool,
}

/// A column of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderColumn {
    /// The key at this position.
    Key(usize),
    /// Whether the row gathers the rest.
    IsOther,
    /// The output at this position.
    Output(usize),
}

/// The best members of a key.
#[derive(Clone, Debug)]
pub(super) struct BoundTop {
    /// The position of the key.
    pub(super) key: usize,
    /// The request that ranks the members.
    pub(super) ranking: Request,
    /// Whether the rest is gathered.
    pub(super) other: bool,
}

/// Binds the names of a request.
pub(super) fn bind<'p>(frame: Frame<'p>, request: &'p Request) -> Result<Bound<'p>, PlanError> {
    let project = frame.project;
    let zone = request.time_zone.unwrap_or(project.time_zone);
    let today = frame.context.now.with_timezone(&zone).date_naive();
    let days_or_moments = |time: &TimeRange| match time.to_moments(frame.context.now, zone) {
        Some(moments) => Ok(moments),
        None => calendar::range(project, time, today),
    };
    let range = request.time.as_ref().map(days_or_moments).transpose()?.unwrap_or_default();

    let keys: Vec<GroupKey> = request.keys.iter().map(GroupKey::from).collect();
    let mut formulas = Formulas::new(project, keys.clone());
    let mut outputs = Vec::new();
    for (position, metric) in request.metrics.iter().enumerate() {
        one_column(request, position)?;
        let id = find_metric(project, &metric.metric)?;
        let formula = formulas.of_request(id, metric, &request.keys)?;
        let (value_type, rank) = match &metric.show {
            Show::Value => (project.metrics[id].value_type, None),
            Show::Share { within } => {
                keys::positions(project, request, id, within)?;
                (ColumnType::Float, None)
            }
            Show::Rank { within } => (ColumnType::Integer, Some(keys::positions(project, request, id, within)?)),
            Show::Change(_) => (ColumnType::Float, None),
        };
        outputs.push(Output { name: metric.name.clone(), formula, value_type, position: Some(position), rank });
    }
    let having = request.having.as_ref().map(|having| formulas.of_having(having, request, zone)).transpose()?;
    let order = order::bind_order(project, request, &mut formulas, &mut outputs)?;
    let top = request.top.as_ref().map(|top| keys::bind_top(project, request, top)).transpose()?;
    let leaves = formulas.into_leaves();
    let changes = clock::changes(project, zone, request, &leaves, range);
    let bound = Bound {
        frame,
        project,
        zone,
        changes,
        range,
        is_ranged: request.time.is_some(),
        is_over_all_time: false,
        today,
        keys: own_time::of_all(project, keys, &leaves),
        outputs,
        leaves,
        scans: Vec::new(),
        filter: request.filter.as_ref(),
        having,
        order,
        limit: request.limit,
        after: request.after.as_deref(),
        fill: request.fill,
        top,
        wants_total: request.total,
    };
    let of_keys = request.metrics.is_empty().then(|| keys_alone::scan_of_keys(project, request)).transpose()?;
    let scans = scans::of(&bound, of_keys);
    bound.with_scans(scans)
}

impl<'p> Bound<'p> {
    /// Asks for the leaves of this request over all groups.
    pub(super) fn over_all_groups(&self) -> Result<Self, PlanError> {
        let asked = Bound {
            keys: Vec::new(),
            outputs: Vec::new(),
            leaves: self.leaves.clone(),
            scans: Vec::new(),
            having: None,
            order: Vec::new(),
            limit: None,
            after: None,
            fill: Fill::None,
            top: None,
            wants_total: false,
            ..*self
        };
        let scans = scans::of(&asked, None);
        asked.with_scans(scans)
    }

    /// Asks for a metric below one of this request: by other keys and in a range of its own, under the same filters and
    /// principal.
    pub(super) fn below(
        &self,
        metric: MetricId,
        keys: Vec<GroupKey>,
        usage: Usage,
        range: DateRange,
    ) -> Result<Self, PlanError> {
        let asked = Bound {
            keys,
            range,
            outputs: Vec::new(),
            leaves: Vec::new(),
            scans: Vec::new(),
            having: None,
            order: Vec::new(),
            limit: None,
            after: None,
            fill: Fill::None,
            top: None,
            wants_total: false,
            ..*self
        };
        asked.asking_for(metric, &Above::of_usage(usage))
    }

    /// Tells the rest of a top apart from its best members, as groups of this request.
    pub(super) fn beside_rest(self, top: Option<BoundTop>) -> Self {
        Self { top, ..self }
    }

    /// Asks for leaves of this request by other keys, in one scan.
    pub(super) fn by(&self, keys: Vec<GroupKey>, outputs: Vec<Output>, scan: Scan) -> Self {
        Bound {
            keys,
            outputs,
            leaves: self.leaves.clone(),
            scans: vec![scan],
            having: None,
            order: Vec::new(),
            limit: None,
            after: None,
            fill: Fill::None,
            top: None,
            wants_total: false,
            ..*self
        }
    }

    /// Asks for a metric over all time, blind to any request.
    pub(super) fn over_all_time(frame: Frame<'p>, metric: MetricId, keys: Vec<GroupKey>) -> Result<Self, PlanError> {
        let zone = frame.project.time_zone;
        let asked = Bound {
            frame,
            project: frame.project,
            zone,
            changes: ClockChanges::default(),
            range: DateRange::default(),
            is_ranged: false,
            is_over_all_time: true,
            today: frame.context.now.with_timezone(&zone).date_naive(),
            keys,
            outputs: Vec::new(),
            leaves: Vec::new(),
            scans: Vec::new(),
            filter: None,
            having: None,
            order: Vec::new(),
            limit: None,
            after: None,
            fill: Fill::None,
            top: None,
            wants_total: false,
        };
        asked.asking_for(metric, &Above::default())
    }

    fn asking_for(mut self, metric: MetricId, above: &Above) -> Result<Self, PlanError> {
        let definition = &self.project.metrics[metric];
        let mut formulas = Formulas::new(self.project, self.keys.clone());
        let formula = formulas.formula(metric, above)?;
        let (name, value_type) = (definition.name.clone(), definition.value_type);
        self.outputs = vec![Output { name, formula, value_type, position: Some(0), rank: None }];
        self.leaves = formulas.into_leaves();
        self.keys = own_time::of_all(self.project, self.keys, &self.leaves);
        let scans = scans::of(&self, None);
        self.with_scans(scans)
    }

    /// Returns how periods are cut.
    pub(super) fn cut(&self) -> Cut {
        Cut { zone: self.zone, changes: self.changes, calendar: self.project.calendar }
    }

    /// Completes a request by its scans, if each can be cut by time as is asked.
    fn with_scans(mut self, scans: Vec<Scan>) -> Result<Self, PlanError> {
        for scan in &scans {
            check::check_time(&self, scan)?;
        }
        check::check_hours(&self, &scans)?;
        if self.fill == Fill::Time {
            check::check_fill(&self)?;
        }
        check::check_made(&self, &scans)?;
        self.scans = scans;
        Ok(self)
    }
}

/// Refuses two different metrics whose columns have one name, as `revenue share` and a metric `revenue_share` have.
fn one_column(request: &Request, position: usize) -> Result<(), PlanError> {
    let metric = &request.metrics[position];
    if !request.metrics[..position].iter().any(|other| other.name == metric.name && other != metric) {
        return Ok(());
    }
    let message = format!("two different metrics of the request would be called `{}`", metric.name);
    Err(PlanError::new(PlanErrorCode::AmbiguousMetric, message)
        .help("Ask for one of them only, or rename the metric that is called like another one with its words."))
}

/// Finds a metric by its name in the project.
pub(super) fn find_metric(project: &Visible<'_>, name: &str) -> Result<MetricId, PlanError> {
    project.metric_named(name).ok_or_else(|| unknown_metric(project, name))
}

/// Says that there is no metric of a name, and offers a near one.
pub(super) fn unknown_metric(project: &Visible<'_>, name: &str) -> PlanError {
    let error = PlanError::new(PlanErrorCode::UnknownMetric, format!("there is no metric `{name}`"));
    match nearest(name, project.metric_names()) {
        Some(near) => error.help(format!("Did you mean `{near}`?")),
        None => error,
    }
}

/// Returns the simple metric behind a leaf.
pub(super) fn simple(project: &Project, metric: MetricId) -> &SimpleMetric {
    project.simple(metric).expect("leaves are made of simple metrics only")
}

/// Says what an offset amounts to in months, days and seconds.
pub(super) fn offset_parts(offset: Offset) -> Option<(i64, i64, i64)> {
    let of = |each: Option<i64>| each.map_or(Some(0), |each| each.checked_mul(offset.count));
    Some((of(offset.unit.months().map(i64::from))?, of(offset.unit.days())?, of(offset.unit.seconds())?))
}
