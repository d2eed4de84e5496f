//! What a funnel says of its bases → measures over the rows of its view.
//!
//! **Invariant:** a base counts once, with however many conversions.

use super::{
    super::super::{
        super::tree::{self, Filter, MeasureType},
        Emission, measure, read_back,
        splice::Splices,
        union::Names,
    },
    CONVERSIONS, IS_CONVERTED, PASSED,
};
use crate::{
    ids::MetricId,
    project::{Aggregation, Empty, Funnel, FunnelResult, MetricKind, Project},
    sql::{Expr, Function},
};

/// The hidden measures that metrics divide, as far as there are any.
#[derive(Default)]
struct Parts {
    bases: String,
    converted: String,
    events: String,
}

/// Makes the measures of metrics, and the hidden ones that they divide.
pub(super) fn measures(
    emission: &Emission<'_>,
    funnel: &Funnel,
    metrics: &[MetricId],
    names: &mut Names,
) -> Result<Vec<tree::Measure>, String> {
    let project = emission.project;
    let mut measures = Vec::new();
    let parts = parts(project, metrics, names, &mut measures);
    let dialect = emission.options.dialect;
    for metric in metrics {
        let definition = &project.metrics[*metric];
        let name = names.claim_measure(&definition.name);
        let is_zero = definition.when_empty == Empty::Zero;
        let number = |sql: String| tree::Measure { sql: Some(sql), ..measure::empty(&name, MeasureType::Number) };
        let mut made = match result_of(project, *metric).unwrap_or(funnel.result) {
            FunnelResult::Rate => number(read_back::per_member(&parts.converted, &parts.bases, is_zero, dialect)),
            FunnelResult::ConversionsPerBase => {
                number(read_back::per_member(&parts.events, &parts.bases, is_zero, dialect))
            }
            FunnelResult::Conversions => conversions(&name),
            FunnelResult::TimeBetween { percentile, .. } => {
                let mut splices = Splices::default();
                let passed = splices.place(format!("${{{PASSED}}}"));
                let mut value = measure::aggregate(Aggregation::Percentile(percentile), passed)?;
                if is_zero {
                    value = Expr::call(Function::Coalesce, vec![value, Expr::integer(0)]);
                }
                number(splices.expression(&value, dialect)?)
            }
        };
        let docs = measure::docs(emission, definition, &made);
        made.docs = tree::FieldDocs { drill_fields: Vec::new(), html: None, links: Vec::new(), ..docs };
        measures.push(made);
    }
    Ok(measures)
}

fn parts(project: &Project, metrics: &[MetricId], names: &mut Names, measures: &mut Vec<tree::Measure>) -> Parts {
    let wants = |result: FunnelResult| metrics.iter().any(|metric| result_of(project, *metric) == Some(result));
    let mut helper = |wanted: &str, make: &dyn Fn(&str) -> tree::Measure| {
        let name = names.claim_measure(wanted);
        measures.push(make(&name));
        format!("${{{name}}}")
    };
    let mut parts = Parts::default();
    if wants(FunnelResult::Rate) || wants(FunnelResult::ConversionsPerBase) {
        parts.bases = helper("bases", &|name| measure::empty(name, MeasureType::Count));
    }
    if wants(FunnelResult::Rate) {
        let filter = || Filter { field: IS_CONVERTED.to_owned(), value: "yes".to_owned() };
        parts.converted = helper("bases_converted", &|name| tree::Measure {
            filters: vec![filter()],
            ..measure::empty(name, MeasureType::Count)
        });
    }
    if wants(FunnelResult::ConversionsPerBase) {
        parts.events = helper("events_credited", &|name| conversions(name));
    }
    parts
}

fn result_of(project: &Project, metric: MetricId) -> Option<FunnelResult> {
    match &project.metrics[metric].kind {
        MetricKind::Funnel(funnel) => Some(funnel.result),
        _ => None,
    }
}

fn conversions(name: &str) -> tree::Measure {
    tree::Measure { sql: Some(format!("${{{CONVERSIONS}}}")), ..measure::empty(name, MeasureType::Sum) }
}
