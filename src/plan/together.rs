//! Requests that differ in their metrics only → one request in place of those that read the same rows.
//!
//! `revenue` by month and, in a tile beside it, `parcels_booked` by month make the same groups of the same parcels, so
//! that one pass gives both:
//!
//! ```text
//! SELECT month, SUM(price), COUNT(*) … GROUP BY month
//! ```
//!
//! `parcels_cancelled` by month has a condition of its own and thereby fewer rows: a month without one is no row of its
//! answer. It is asked apart, unless there are no keys: the one row of such an answer is there whatever is read. Even so
//! conditions are the same where a table has partitions, which one condition may bound and two together may not.
//!
//! **Invariant:** a request's part of the common answer has the rows, in their order, that it gives alone. It is proved
//! on the rows of both, not by the kinds of metrics.

use super::{
    Context, MetricRequest, OrderBy, Principal, Request, Show,
    access::{self, Access},
    bind::{self, Bound, Scan, ScanKind},
    calendar, fan_out,
    frame::Frame,
    scan::{self, Rows},
    to_sql,
};
use crate::{
    project::Project,
    sql::{Join, JoinKind},
};

/// Returns for each request the one that gives its columns and others' in one pass, if there is one.
pub fn together(
    project: &Project,
    requests: &[Request],
    principal: &Principal,
    context: &Context,
) -> Vec<Option<Request>> {
    let access = Access::of(project, principal);
    let frame = Frame { project: &access, context: *context, from_rollups: true };
    let passes: Vec<Option<Pass>> = requests.iter().map(|request| Pass::of(frame, request)).collect();
    let mut found: Vec<Option<Request>> = vec![None; requests.len()];
    for first in 0..requests.len() {
        let Some(pass) = passes[first].as_ref().filter(|_| found[first].is_none()) else { continue };
        let is_member = |index: usize| {
            let other = passes[index].as_ref().filter(|_| found[index].is_none());
            requests[first].without_metrics() == requests[index].without_metrics()
                && other.is_some_and(|other| pass.is_of(other))
        };
        let members: Vec<usize> = (first..requests.len()).filter(|index| is_member(*index)).collect();
        let whole = union(members.iter().map(|index| &requests[*index]));
        let adds = whole.metrics.len() > requests[first].metrics.len();
        if adds && Pass::of(frame, &whole).is_some_and(|whole| pass.is_of(&whole)) {
            members.into_iter().for_each(|index| found[index] = Some(whole.clone()));
        }
    }
    found
}

impl Request {
    /// Returns the request without what is computed: its keys, conditions, time and page.
    #[must_use]
    pub fn without_metrics(&self) -> Self {
        Self { metrics: Vec::new(), ..self.clone() }
    }

    /// Returns the position of the metric that is asked for in the same way, whatever its column is called.
    pub fn position_of(&self, metric: &MetricRequest) -> Option<usize> {
        let name = &metric.name;
        self.metrics.iter().position(|known| MetricRequest { name: name.clone(), ..known.clone() } == *metric)
    }

    /// Returns whether the rows and their order hang on no single metric.
    fn is_of_keys(&self) -> bool {
        let is_key = |name: &String| self.keys.iter().any(|key| key.name == *name);
        let by_keys = self.order.iter().all(|order| match &order.by {
            OrderBy::Column(name) => is_key(name),
            OrderBy::Metric(_) => false,
        });
        let has_order = !self.order.is_empty() || self.keys.iter().all(|key| key.kind.is_time());
        let ranks = self.metrics.iter().any(|metric| matches!(metric.show, Show::Rank { .. }));
        has_order && by_keys && !ranks && self.having.is_none() && self.after.is_none() && self.top.is_none()
    }
}

/// Puts the metrics of several requests side by side, each once and under a name of its own.
fn union<'r>(requests: impl Iterator<Item = &'r Request> + Clone) -> Request {
    let mut whole = requests.clone().next().map(Request::without_metrics).unwrap_or_default();
    for metric in requests.flat_map(|request| &request.metrics) {
        if whole.position_of(metric).is_some() {
            continue;
        }
        let is_taken = |name: &str| {
            whole.metrics.iter().any(|known| known.name == name) || whole.keys.iter().any(|key| key.name == name)
        };
        let numbered = (2..).map(|number| format!("{}_{number}", metric.name));
        let name = std::iter::once(metric.name.clone()).chain(numbered).find(|name| !is_taken(name));
        whole.metrics.push(MetricRequest { name: name.expect("there are enough numbers"), ..metric.clone() });
    }
    whole
}

/// The one pass over a model that a request takes.
#[derive(Debug)]
struct Pass {
    /// The scan without its leaves.
    scan: Scan,
    rows: Rows,
    /// Whether conditions tell which rows the answer has, or which partitions are read.
    needs_conditions: bool,
}

impl Pass {
    /// Returns the pass of a request, if its answer is one pass over rows that are grouped and no more.
    fn of(frame: Frame<'_>, request: &Request) -> Option<Self> {
        if !request.is_of_keys() {
            return None;
        }
        let request = &*calendar::with_calendars(frame.project, request).ok()?;
        let granted = access::grant(bind::bind(frame, request).ok()?).ok()?;
        let bound: &Bound<'_> = granted.get();
        let [scan] = bound.scans.as_slice() else { return None };
        let is_plain = scan.kind == ScanKind::Rows
            && !scan.leaves.is_empty()
            && scan.makes_rows()
            && scan.cumulation.is_none()
            && !scan.is_partial(&bound.keys)
            && !fan_out::multiplies(bound, scan);
        let rows = is_plain.then(|| scan::rows(bound, scan).ok()).flatten()?;
        let is_grouped_once = rows.row.is_empty() && !rows.grouped && rows.rest.is_none();
        let has_partitions = rows.tables.iter().any(|table| bound.project.tables[*table].partition.is_some());
        (is_grouped_once && !to_sql::needs_layers(bound, &rows)).then(|| Self {
            scan: Scan { leaves: Vec::new(), ..scan.clone() },
            rows,
            needs_conditions: has_partitions || !bound.keys.is_empty(),
        })
    }

    /// Returns whether another pass reads the same rows, save joins that lose none and multiply none; where
    /// conditions do not matter, whether it reads the same table.
    fn is_of(&self, other: &Self) -> bool {
        let (rows, others) = (&self.rows, &other.rows);
        let is_harmless = |join: &Join| matches!(join.kind, JoinKind::Left | JoinKind::Matched);
        let has_all = |all: &[Join], of: &[Join]| of.iter().all(|join| all.contains(join) || is_harmless(join));
        is_alike(&self.scan, &other.scan)
            && rows.from == others.from
            && rows.keys == others.keys
            && (!self.needs_conditions && !other.needs_conditions
                || rows.filter == others.filter
                    && has_all(&rows.joins, &others.joins)
                    && has_all(&others.joins, &rows.joins))
    }
}

fn is_alike(one: &Scan, other: &Scan) -> bool {
    (one.model, &one.axis, &one.moment, &one.kind, one.shift)
        == (other.model, &other.axis, &other.moment, &other.kind, other.shift)
}
