//! A dbt semantic layer, whichever way it was written: one tree for both generations of the YAML and for
//! `target/semantic_manifest.json`.
//!
//! `type_params: { measure: revenue }` and `agg: sum, expr: amount` beside a model both become a [`Metric`] of kind
//! [`MetricKind::Simple`].
//!
//! **Invariant:** names are dbt's; nothing here is decided about this language.

use std::collections::BTreeMap;

use super::{report::Place, yaml::Node};

/// The semantic layer of a project.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    /// Semantic models, in the order of files.
    pub(super) models: Vec<SemanticModel>,
    /// Metrics, in the order of files.
    pub(super) metrics: Vec<Metric>,
    /// Saved queries.
    pub(super) saved_queries: Vec<SavedQuery>,
    /// Time spines.
    pub(super) spines: Vec<Spine>,
    /// Owners of groups by the group's name.
    pub(super) groups: BTreeMap<String, String>,
}

/// Texts about a thing.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) label: Option<String>,
    pub(super) description: Option<String>,
    pub(super) group: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) meta: Option<Node>,
}

/// A semantic model.
#[derive(Clone, Debug)]
pub(super) struct SemanticModel {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: About,
    /// The table as the warehouse knows it.
    pub(super) table: String,
    /// The name of the dbt model, where it is known.
    pub(super) node: Option<String>,
    /// The default time dimension of its metrics.
    pub(super) time: Option<String>,
    /// An entity that only prefixes the names of its dimensions.
    pub(super) primary_entity: Option<String>,
    pub(super) entities: Vec<Entity>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) measures: Vec<Measure>,
}

/// What an entity is of its semantic model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntityKind {
    Primary,
    Unique,
    Foreign,
    Natural,
}

/// A key by which semantic models are joined.
#[derive(Clone, Debug)]
pub(super) struct Entity {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: About,
    pub(super) kind: EntityKind,
    /// The column or expression; the column of its name unless said.
    pub(super) expr: Option<String>,
}

/// Something to group or filter by.
#[derive(Clone, Debug)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: About,
    /// The granularity of a time dimension.
    pub(super) time: Option<String>,
    pub(super) expr: Option<String>,
    pub(super) is_partition: bool,
    /// Whether it holds the first moment of a version.
    pub(super) is_start: bool,
    /// Whether it holds the first moment after a version.
    pub(super) is_end: bool,
}

/// How rows are aggregated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Aggregation {
    pub(super) agg: String,
    pub(super) expr: Option<String>,
    pub(super) percentile: Option<String>,
    pub(super) discrete: bool,
    pub(super) approximate: bool,
    /// The time dimension, if it is not the model's.
    pub(super) time: Option<String>,
    pub(super) balance: Option<Balance>,
    /// A parameter that nobody knows, which may choose among rows.
    pub(super) unknown: Option<String>,
}

/// A measure that is not added up over a dimension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Balance {
    pub(super) dimension: String,
    /// `min` or `max`.
    pub(super) choice: String,
    pub(super) groupings: Vec<String>,
}

/// A measure of the older form.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: About,
    pub(super) aggregation: Aggregation,
    pub(super) create_metric: bool,
}

/// A filter as written, with its Jinja.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub(super) text: String,
    pub(super) place: Place,
}

/// A metric, or a measure, as it enters another metric.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) name: String,
    /// Whether it names a measure.
    pub(super) is_measure: bool,
    pub(super) alias: Option<String>,
    pub(super) filters: Vec<Filter>,
    pub(super) offset: Option<String>,
    pub(super) offset_to: Option<String>,
    pub(super) fill: Option<String>,
    pub(super) join_to_spine: bool,
}

/// A metric.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: About,
    pub(super) hidden: bool,
    pub(super) filters: Vec<Filter>,
    /// The granularity at which it is shown unless a query says otherwise.
    pub(super) granularity: Option<String>,
    pub(super) kind: MetricKind,
}

/// What a metric is.
#[derive(Clone, Debug)]
pub(super) enum MetricKind {
    /// A measure under a name of its own.
    OfMeasure(Input),
    /// An aggregate of rows.
    Simple { model: String, aggregation: Aggregation, fill: Option<String>, join_to_spine: bool },
    /// A quotient.
    Ratio { numerator: Input, denominator: Input },
    /// A formula.
    Derived { expr: String, inputs: Vec<Input> },
    /// A running total.
    Cumulative { input: Input, window: Option<String>, to_date: Option<String>, take: String },
    /// A conversion from one event to another.
    Conversion {
        base: Input,
        conversion: Input,
        entity: String,
        calculation: String,
        window: Option<String>,
        same: Vec<(String, String)>,
    },
}

/// A saved query.
#[derive(Clone, Debug)]
pub(super) struct SavedQuery {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) about: About,
    pub(super) metrics: Vec<String>,
    pub(super) group_by: Vec<Filter>,
    pub(super) filters: Vec<Filter>,
    pub(super) order_by: Vec<Filter>,
    pub(super) limit: Option<String>,
    pub(super) exports: Vec<String>,
    /// Whether dbt keeps its answer.
    pub(super) is_cached: bool,
}

/// A time spine.
#[derive(Clone, Debug)]
pub(super) struct Spine {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) table: String,
    pub(super) column: String,
    /// Names and columns of granularities of the company's own.
    pub(super) custom: Vec<(String, String)>,
}
