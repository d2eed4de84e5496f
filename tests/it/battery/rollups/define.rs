//! Rollups of the metrics of a case.

use chrono::{DateTime, Duration, Utc};

use crate::battery::{
    ask::{PREFIX, now},
    case::Case,
    definitions::{Aggregate, Axis, Base, Kind, Metric, uses},
    query::Dimension,
    random::Random,
};

/// Rollups as they are written, and when they are built.
pub(super) struct Defined {
    pub(super) yaml: String,
    pub(super) built_at: DateTime<Utc>,
}

/// The dimensions that a rollup may keep: those of the rows and of what they join.
const KEPT: [Dimension; 13] = [
    Dimension::Kind,
    Dimension::Ok,
    Dimension::Weight,
    Dimension::WeightClass,
    Dimension::IsClaimed,
    Dimension::Customer,
    Dimension::Country,
    Dimension::ParentCountry,
    Dimension::OriginRegion,
    Dimension::DestinationRegion,
    Dimension::Tier,
    Dimension::Plan,
    Dimension::PlanThen,
];

/// Two rollups for each model and time of which there are metrics: one keeps more, one less.
pub(super) fn rollups(random: &mut Random, case: &Case) -> Defined {
    let mut yaml = String::from("rollups:\n");
    let mut count = 0;
    for (base, axis, time) in [
        (Base::Parcels, Axis::BookedAt, "booked_at"),
        (Base::Parcels, Axis::DoneOn, "done_on"),
        (Base::Claims, Axis::FiledAt, "filed_at"),
        (Base::Claims, Axis::BookedAtOfParcel, "parcels.booked_at"),
    ] {
        for keeps in [85, 50] {
            let size = *random.pick(&["day", "day", "day", "week", "month"]);
            let kept: Vec<&str> =
                KEPT.iter().filter(|_| random.chance(keeps)).map(|dimension| path(base, *dimension)).collect();
            let metrics = (0..case.metrics.len()).filter(|metric| is_storable(&case.metrics, *metric, base, axis));
            let metrics: Vec<String> = metrics.map(|metric| format!("{PREFIX}{metric}")).collect();
            if metrics.is_empty() {
                continue;
            }
            let model = if base == Base::Parcels { "parcels" } else { "claims" };
            yaml.push_str(&format!(
                "  - {{ name: rolled_{count}, model: {model}, metrics: [{}], dimensions: [{}], table: rolled_{count},\n      \
                 time: {{ dimension: {time}, granularity: {size} }}, refresh: {{ lookback: 2 days }} }}\n",
                metrics.join(", "),
                kept.join(", "),
            ));
            count += 1;
        }
    }
    if count == 0 {
        yaml.clear();
    }
    Defined { yaml, built_at: now() - Duration::days(random.value_below(190)) }
}

fn path(base: Base, dimension: Dimension) -> &'static str {
    let path = dimension.path();
    if base == Base::Parcels { path.strip_prefix("parcels.").unwrap_or(path) } else { path }
}

/// Whether a rollup of a model and time can store a metric.
fn is_storable(metrics: &[Metric], metric: usize, base: Base, axis: Axis) -> bool {
    let is_of_rows = match &metrics[metric].kind {
        Kind::Simple(_) => true,
        Kind::Derived { inputs, .. } => inputs.iter().all(|input| is_storable(metrics, input.metric, base, axis)),
        Kind::Accumulated { metric, .. } => is_storable(metrics, *metric, base, axis),
        Kind::Nested { .. } | Kind::Funnel(_) => false,
    };
    is_of_rows
        && uses(metrics, metric).iter().all(|used| {
            let Kind::Simple(simple) = &metrics[used.simple].kind else { return false };
            let is_additive = !matches!(
                simple.aggregate,
                Aggregate::CountDistinct | Aggregate::Percentile(_) | Aggregate::Discrete(_)
            );
            (simple.base, simple.axis) == (base, axis) && simple.balance.is_none() && is_additive
        })
}
