//! Leaves → scans: what can be computed in one pass over a model.
//!
//! `revenue` and `parcels_booked` of one month share a scan; `revenue` of the year before has one of its own.
//!
//! **Invariant:** each leaf is in one scan, and some scan makes the rows of the answer.

use std::cmp::Ordering;

use super::{Accumulation, Bound, GroupKey, LeafId, LeafUse, MakesRows, Shift, Usage, bind_key, keys, own_time};
use crate::{
    ids::{MetricId, ModelId},
    plan::KeyKind,
    project::{Balance, Edge, Ignore, MetricKind, Project, Ref, SimpleMetric, TimeAxis, Visible},
    sql::Expr,
    time::{Granularity, TimePart},
};

/// Leaves that are computed in one pass.
#[derive(Clone, Debug)]
pub(in crate::plan) struct Scan {
    /// The model whose rows are counted; of a nested metric the first one below.
    pub(in crate::plan) model: ModelId,
    /// The time axis, where the request speaks of time.
    pub(in crate::plan) axis: Option<TimeAxis>,
    /// The time at which joins take their versions that take them at the metric's; absent where no such join is met.
    pub(in crate::plan) moment: Option<TimeAxis>,
    /// How the rows are found.
    pub(in crate::plan) kind: ScanKind,
    /// How far back.
    pub(in crate::plan) shift: Shift,
    /// Over which time.
    pub(in crate::plan) cumulation: Option<Accumulation>,
    /// The size of time to whose first period it is taken back.
    pub(in crate::plan) offset_to: Option<Granularity>,
    /// The keys that it is grouped by, as it means them, with their positions.
    pub(in crate::plan) keys: Vec<(usize, GroupKey)>,
    /// The leaves; none where only keys are asked for.
    pub(in crate::plan) leaves: Vec<LeafId>,
    /// Whether a group with rows in this scan is a row of the answer.
    pub(in crate::plan) makes_rows: MakesRows,
}

impl Scan {
    /// Returns whether the scan has groups of its own, to which the rows of the answer are related.
    pub(in crate::plan) fn is_partial(&self, keys: &[GroupKey]) -> bool {
        self.keys.len() < keys.len() || self.offset_to.is_some()
    }

    /// Returns whether a group with rows is a row of the answer.
    pub(in crate::plan) fn makes_rows(&self) -> bool {
        self.makes_rows == MakesRows::Always
    }

    /// Returns whether its keys tell the days of its own time apart.
    pub(in crate::plan) fn tells_days(&self) -> bool {
        use TimePart::{DayOfMonth, DayOfWeek, DayOfYear};
        self.keys.iter().any(|(_, key)| match key.asked() {
            Some(KeyKind::Time(size)) => *size == Granularity::Day.into(),
            Some(KeyKind::TimePart(part)) => matches!(part, DayOfMonth | DayOfWeek | DayOfYear),
            Some(KeyKind::Dimension { .. }) | None => false,
        })
    }

    /// Returns whether it is grouped by the key at a position.
    pub(in crate::plan) fn is_grouped_by(&self, position: usize) -> bool {
        self.keys.iter().any(|(key, _)| *key == position)
    }
}

/// How the rows of a scan are found.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) enum ScanKind {
    /// All rows of a range.
    Rows,
    /// The rows of one moment of each period; chosen behind these filters, if behind filters at all.
    Balance(Balance, Vec<Expr<Ref>>),
    /// The versions that are valid at one moment of each period.
    State(Edge),
    /// One row per member, from a select below.
    Nested(MetricId, Vec<(ModelId, Expr<Ref>)>),
    /// One row per base of a funnel.
    Funnel(MetricId, Vec<(ModelId, Expr<Ref>)>),
}

/// Groups the leaves of a request into scans, beside those of which the rows of the answer are if it has no metrics.
pub(super) fn of(bound: &Bound<'_>, of_keys: Option<Scan>) -> Vec<Scan> {
    let speaks_of_time =
        bound.is_ranged || bound.keys.iter().any(GroupKey::is_time) || bound.filter.is_some_and(keys::names_time);
    let mut scans: Vec<Scan> = of_keys.into_iter().collect();
    for (index, leaf) in bound.leaves.iter().enumerate() {
        let scan = scan_of(bound, leaf, speaks_of_time);
        let same = |other: &&mut Scan| {
            (other.model, &other.axis, &other.moment, &other.kind) == (scan.model, &scan.axis, &scan.moment, &scan.kind)
                && (other.shift, other.cumulation, other.offset_to) == (scan.shift, scan.cumulation, scan.offset_to)
                && other.keys == scan.keys
                && makes_no_rows_of_others(bound, other, &scan, leaf)
        };
        match scans.iter_mut().find(same) {
            Some(known) => {
                known.leaves.push(LeafId(index));
                known.makes_rows = known.makes_rows.max(scan.makes_rows);
            }
            None => scans.push(Scan { leaves: vec![LeafId(index)], ..scan }),
        }
    }
    make_rows(bound, &mut scans);
    scans
}

fn scan_of(bound: &Bound<'_>, leaf: &LeafUse, speaks_of_time: bool) -> Scan {
    let project = bound.project;
    let usage = &leaf.usage;
    let filters = || usage.filters.clone();
    let (bottom, kind) = match &project.metrics[leaf.metric].kind {
        MetricKind::Nested(_) => (bottom(project, leaf.metric), ScanKind::Nested(leaf.metric, filters())),
        MetricKind::Funnel(_) => (bottom(project, leaf.metric), ScanKind::Funnel(leaf.metric, filters())),
        MetricKind::Simple(_) | MetricKind::Derived { .. } | MetricKind::Cumulative { .. } => {
            let simple = super::simple(project, leaf.metric);
            let kind = match &simple.balance {
                None => ScanKind::Rows,
                Some(balance) if is_of_versions(project, simple) => ScanKind::State(balance.take),
                Some(balance) if balance.filtered => {
                    let own = simple.filter.iter().cloned();
                    let above = usage.filters.iter().map(|(_, filter)| filter.clone());
                    ScanKind::Balance(balance.clone(), own.chain(above).collect())
                }
                Some(balance) => ScanKind::Balance(balance.clone(), Vec::new()),
            };
            (leaf.metric, kind)
        }
    };
    let simple = super::simple(project, bottom);
    let takes_time = !usage.shift.is_none()
        || usage.cumulation.is_some()
        || usage.offset_to.is_some()
        || matches!(kind, ScanKind::Balance(..));
    let meant = |key: &GroupKey| {
        if takes_time || usage.ignore.is_some() { own_time::of_leaf(project, leaf, key) } else { key.clone() }
    };
    let keys: Vec<GroupKey> = bound.keys.iter().map(meant).collect();
    let is_time = |key: &GroupKey| key.size_of_time().is_some() || matches!(key.asked(), Some(KeyKind::TimePart(_)));
    let timed = speaks_of_time || takes_time || keys.iter().any(is_time) || matches!(kind, ScanKind::Funnel(..));
    let kept = kept_keys(project, simple, usage, keys);
    let is_partial = kept.len() < bound.keys.len() || usage.offset_to.is_some();
    Scan {
        model: simple.model,
        axis: simple.time.clone().filter(|_| timed),
        moment: simple.time.clone().filter(|_| project.may_be_by_metric(simple.model)),
        kind,
        shift: usage.shift,
        cumulation: usage.cumulation,
        offset_to: usage.offset_to,
        keys: kept,
        leaves: Vec::new(),
        makes_rows: if is_partial { MakesRows::Never } else { leaf.makes_rows },
    }
}

/// Whether a scan's groups stay those of its leaves that make rows once a leaf joins them.
///
/// What makes no rows of the answer, as what the request takes back, shares a scan only with one that reads the same rows.
fn makes_no_rows_of_others(bound: &Bound<'_>, known: &Scan, scan: &Scan, leaf: &LeafUse) -> bool {
    let filter_of = |leaf: &LeafUse| bound.project.simple(leaf.metric).map(|simple| &simple.filter);
    let is_alike = |other: &LeafUse| other.usage.filters == leaf.usage.filters && filter_of(other) == filter_of(leaf);
    let mut others = known.leaves.iter().map(|other| &bound.leaves[other.0]);
    match known.makes_rows.cmp(&scan.makes_rows) {
        Ordering::Greater => others.any(|other| other.makes_rows == known.makes_rows && is_alike(other)),
        Ordering::Less => others.all(is_alike),
        Ordering::Equal => true,
    }
}

/// Returns whether a balance is told by versions: its model has them, and no time at which balances were taken.
fn is_of_versions(project: &Project, simple: &SimpleMetric) -> bool {
    simple.time.is_none() && project.models[simple.model].versions.is_some()
}

/// Returns the first simple metric at the bottom of a metric.
fn bottom(project: &Project, metric: MetricId) -> MetricId {
    *project.leaves(metric).first().expect("every metric rests on rows")
}

/// Returns the keys that are not ignored, and by which wholes are told apart.
fn kept_keys(
    project: &Visible<'_>,
    simple: &SimpleMetric,
    usage: &Usage,
    keys: Vec<GroupKey>,
) -> Vec<(usize, GroupKey)> {
    let ignored = |key: &GroupKey| match &usage.ignore {
        None => false,
        Some(Ignore::All) => true,
        Some(Ignore::Keys(paths)) => paths.iter().any(|path| is_same(project, simple, path, key)),
    };
    let is_shared = |key: &GroupKey| usage.within.as_ref().is_none_or(|names| names.contains(&key.name));
    keys.into_iter().enumerate().filter(|(_, key)| !ignored(key) && is_shared(key)).collect()
}

/// Returns whether a path names a key: `time`, or the path of the metric's own axis, every time key, a dimension its key
/// at any granularity.
fn is_same(project: &Visible<'_>, simple: &SimpleMetric, path: &[String], key: &GroupKey) -> bool {
    let is_axis = |axis: &TimeAxis| own_time::is_axis(project, simple.model, axis, path);
    let is_time = matches!(path, [time] if time == "time") || simple.time.as_ref().is_some_and(is_axis);
    if key.is_time() && is_time {
        return true;
    }
    key.path().is_some_and(|of_key| {
        let found = |words: &[String]| bind_key(project, simple.model, words).ok();
        path == of_key || found(path).is_some_and(|ignored| found(of_key).as_ref() == Some(&ignored))
    })
}

/// Sees to it that there are rows: with nothing but shifted metrics they are theirs, and where every metric ignores a
/// key, the groups are those of its rows.
fn make_rows(bound: &Bound<'_>, scans: &mut Vec<Scan>) {
    if scans.iter().any(Scan::makes_rows) {
        return;
    }
    let mut is_alone = false;
    for scan in scans.iter_mut().filter(|scan| scan.makes_rows == MakesRows::Alone) {
        scan.makes_rows = MakesRows::Always;
        is_alone = true;
    }
    if !is_alone && let Some(first) = scans.first() {
        let rows = Scan {
            kind: ScanKind::Rows,
            cumulation: None,
            offset_to: None,
            shift: Shift::default(),
            keys: bound.keys.iter().cloned().enumerate().collect(),
            leaves: Vec::new(),
            makes_rows: MakesRows::Always,
            ..first.clone()
        };
        scans.insert(0, rows);
    }
}
