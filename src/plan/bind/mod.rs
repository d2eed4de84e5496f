//! Request → bound request: names become ids, metrics become formulas over leaves, leaves are grouped into scans.
//!
//! `on_time_rate` by month becomes the formula `l0 / l1` over two leaves (parcels due, with and without the filter),
//! which share one scan of `shipments` along `promised_at`.
//!
//! **Invariant:** below this stage nothing is looked up by name, save names inside filters, which are bound per scan.

mod formula;
mod having;
mod keys;
mod order;
mod path;

pub(super) use formula::{LeafId, LeafUse, LeafValue, Shift};
pub(super) use path::{BoundPath, bind_path};

use self::formula::Formulas;
use super::{Fill, Key, KeyKind, PlanError, PlanErrorCode, Request, frame::Frame};
use crate::{
    catalog::ColumnType,
    diagnostics::nearest,
    ids::{MetricId, ModelId},
    project::{Cumulation, Project, SimpleMetric, TimeAxis},
    sql::{Expr, Literal, Name},
    time::{DateRange, NaiveDate, Offset, Tz},
};

/// A request whose names are ids.
#[derive(Debug)]
pub(super) struct Bound<'p> {
    /// Who asks, and what for.
    pub(super) frame: Frame<'p>,
    /// The project.
    pub(super) project: &'p Project,
    /// The zone in which periods are cut.
    pub(super) zone: Tz,
    /// The local days of the time range.
    pub(super) range: DateRange,
    /// The present day in the query's zone.
    pub(super) today: NaiveDate,
    /// The keys.
    pub(super) keys: Vec<Key>,
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
}

/// Leaves that share a model, a time axis, a shift and a window.
#[derive(Debug)]
pub(super) struct Scan {
    /// The model.
    pub(super) model: ModelId,
    /// The time axis, where the request speaks of time.
    pub(super) axis: Option<TimeAxis>,
    /// How far back.
    pub(super) shift: Shift,
    /// Over which time.
    pub(super) cumulation: Option<Cumulation>,
    /// The leaves; none for a query of keys only.
    pub(super) leaves: Vec<LeafId>,
    /// Whether a group with rows in this scan is a row of the answer.
    pub(super) makes_rows: bool,
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
#[derive(Debug)]
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
    let range = request.time.map_or_else(DateRange::default, |time| time.to_dates(today, project.calendar));

    let mut formulas = Formulas::new(project);
    let mut outputs = Vec::new();
    for (position, metric) in request.metrics.iter().enumerate() {
        let id = find_metric(project, &metric.metric)?;
        let formula = formulas.of_metric(id, metric.previous)?;
        let value_type = project.metrics[id].value_type;
        outputs.push(Output { name: metric.name.clone(), formula, value_type, position: Some(position) });
    }
    let having = request.having.as_ref().map(|having| formulas.of_having(having, request)).transpose()?;
    let order = order::bind_order(project, request, &mut formulas, &mut outputs)?;
    let top = request.top.as_ref().map(|top| keys::bind_top(project, request, top)).transpose()?;

    let leaves = formulas.into_leaves();
    let speaks_of_time = request.time.is_some()
        || request.keys.iter().any(|key| matches!(key.kind, KeyKind::Time(_) | KeyKind::TimePart(_)))
        || request.filter.as_ref().is_some_and(keys::names_time);
    let scans = if leaves.is_empty() {
        vec![keys::scan_of_keys(project, request)?]
    } else {
        group_into_scans(project, &leaves, speaks_of_time)
    };
    for scan in &scans {
        keys::check_time(project, request, scan, &leaves, range)?;
    }
    keys::check_hours(project, request, &scans)?;
    if request.fill == Fill::Time {
        keys::check_fill(request, range)?;
    }
    Ok(Bound {
        frame,
        project,
        zone,
        range,
        today,
        keys: request.keys.clone(),
        outputs,
        leaves,
        scans,
        filter: request.filter.as_ref(),
        having,
        order,
        limit: request.limit,
        after: request.after.as_deref(),
        fill: request.fill,
        top,
    })
}

/// Finds a metric by its name in the project.
pub(super) fn find_metric(project: &Project, name: &str) -> Result<MetricId, PlanError> {
    project.metric_named(name).ok_or_else(|| {
        let error = PlanError::new(PlanErrorCode::UnknownMetric, format!("there is no metric `{name}`"));
        match nearest(name, project.metric_ids.keys().map(String::as_str)) {
            Some(near) => error.help(format!("Did you mean `{near}`?")),
            None => error,
        }
    })
}

/// Returns the simple metric behind a leaf.
pub(super) fn simple(project: &Project, metric: MetricId) -> &SimpleMetric {
    project.simple(metric).expect("leaves are made of simple metrics only")
}

fn group_into_scans(project: &Project, leaves: &[LeafUse], speaks_of_time: bool) -> Vec<Scan> {
    let mut scans: Vec<Scan> = Vec::new();
    for (index, leaf) in leaves.iter().enumerate() {
        let metric = simple(project, leaf.metric);
        let timed = speaks_of_time || !leaf.shift.is_none() || leaf.cumulation.is_some();
        let axis = metric.time.as_ref().filter(|_| timed);
        let same = |scan: &&mut Scan| {
            scan.model == metric.model
                && scan.axis.as_ref() == axis
                && scan.shift == leaf.shift
                && scan.cumulation == leaf.cumulation
        };
        match scans.iter_mut().find(same) {
            Some(scan) => {
                scan.leaves.push(LeafId(index));
                scan.makes_rows |= leaf.makes_rows;
            }
            None => scans.push(Scan {
                model: metric.model,
                axis: axis.cloned(),
                shift: leaf.shift,
                cumulation: leaf.cumulation,
                leaves: vec![LeafId(index)],
                makes_rows: leaf.makes_rows,
            }),
        }
    }
    // With nothing but shifted metrics, the rows are theirs.
    if scans.iter().all(|scan| !scan.makes_rows) {
        for scan in &mut scans {
            scan.makes_rows = true;
        }
    }
    scans
}

/// Says what an offset amounts to in months and days.
pub(super) fn offset_parts(offset: Offset) -> Option<(i64, i64)> {
    match (offset.unit.months(), offset.unit.days()) {
        (Some(months), _) => Some((i64::from(months).checked_mul(offset.count)?, 0)),
        (_, Some(days)) => Some((0, days.checked_mul(offset.count)?)),
        (None, None) => None,
    }
}
