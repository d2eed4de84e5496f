//! What `MetricResult` tells of its columns.
//!
//! `revenue change 1 year` is a rate of change and no money: `{ label: "Revenue, change 1 year", unit: null, format: "percent 1" }`.
//!
//! **Invariant:** a unit and a format are those of the values that are shown.

use serde_json::{Value, json};

use super::{
    catalogue::{format_text, value_type},
    table::type_of,
};
use crate::{
    graphql::request::{self, Context},
    plan::{ColumnRole, KeyKind, MetricRequest, OutputColumn, Request, Show},
    project::{Docs, Format},
};

/// How shares and changes are shown.
const RATE: Format = Format::Percent(1);

/// Returns a `Column`.
pub(super) fn described(ctx: &Context<'_>, request: &Request, column: &OutputColumn) -> Value {
    let kind = match column.role {
        ColumnRole::Time(_) => "TIME",
        ColumnRole::TimePart(_) => "TIME_PART",
        ColumnRole::Dimension(_) => "DIMENSION",
        ColumnRole::Metric(_) | ColumnRole::OrderOnly => "METRIC",
        ColumnRole::IsOther => "IS_OTHER",
        ColumnRole::IsTotal => unreachable!("a table asks for no total"),
    };
    let told = match column.role {
        ColumnRole::Metric(index) => request.metrics.get(index).and_then(|asked| of_metric(ctx, asked)),
        ColumnRole::Dimension(_) => of_key(ctx, request, &column.name),
        ColumnRole::Time(_)
        | ColumnRole::TimePart(_)
        | ColumnRole::IsOther
        | ColumnRole::IsTotal
        | ColumnRole::OrderOnly => None,
    };
    let told = told.unwrap_or_default();
    json!({
        "name": column.name,
        "kind": kind,
        "type": value_type(type_of(column)),
        "label": told.label,
        "description": told.description,
        "unit": told.unit,
        "format": told.format.map(format_text),
    })
}

/// What a definition tells of a column.
#[derive(Default)]
struct Told {
    label: Option<String>,
    description: Option<String>,
    unit: Option<String>,
    format: Option<Format>,
}

impl Told {
    fn new(docs: &Docs, unit: Option<&String>) -> Self {
        Self { label: docs.label.clone(), description: docs.description.clone(), unit: unit.cloned(), format: None }
    }
}

fn of_metric(ctx: &Context<'_>, asked: &MetricRequest) -> Option<Told> {
    let metric = &ctx.project.metrics[ctx.project.metric_named(&asked.metric)?];
    let told = Told { format: metric.format, ..Told::new(&metric.docs, metric.unit.as_ref()) };
    // The column is called by the metric and the words behind it: `revenue_change_1_year`.
    let words = asked.name.strip_prefix(&asked.metric).unwrap_or_default().replace('_', " ");
    let label = told.label.map(|label| match words.trim() {
        "" => label,
        words => format!("{label}, {words}"),
    });
    Some(match asked.show {
        Show::Value => Told { label, ..told },
        Show::Share { .. } | Show::Change(_) => Told { label, unit: None, format: Some(RATE), ..told },
        Show::Rank { .. } => Told { label, unit: None, format: None, ..told },
    })
}

fn of_key(ctx: &Context<'_>, request: &Request, name: &str) -> Option<Told> {
    let key = request.keys.iter().find(|key| key.name == name)?;
    let KeyKind::Dimension { path, granularity, part } = &key.kind else { return None };
    let dimension = &ctx.project.dimensions[request::dimension_of(ctx, request, path)?];
    let is_itself = granularity.is_none() && part.is_none();
    Some(Told::new(&dimension.docs, dimension.unit.as_ref().filter(|_| is_itself)))
}
