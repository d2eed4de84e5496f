//! The page of a metric.

use std::{collections::BTreeSet, fmt::Write};

use serde::Serialize;

use super::{
    super::{Site, example, formula},
    About, Link,
    dimensions::{DimensionGroup, shared_dimensions},
    format, status,
};
use crate::{
    ids::{MetricId, ModelId},
    project::{
        Aggregation, Back, Cumulation, DimensionKind, Empty, FunnelResult, FunnelStep, Good, Ignore, Input, Member,
        Metric, MetricKind, Project, Ref, SimpleMetric, Take, Visible,
    },
    sql::{self, Expr},
};

/// A metric, explained.
#[derive(Debug, Serialize)]
pub(in crate::site) struct MetricPage {
    about: About,
    status: Option<String>,
    unit: Option<String>,
    format: Option<String>,
    value_type: &'static str,
    good: Option<&'static str>,
    when_empty: &'static str,
    kind: &'static str,
    formula: String,
    filter: Option<String>,
    model: Option<Link>,
    time_axis: Option<String>,
    /// The coarsest granularity that a time of its inputs is known by, if that is no part of a day.
    known_by: Option<&'static str>,
    inputs: Vec<InputRow>,
    lineage: Lineage,
    dimensions: Vec<DimensionGroup>,
    hash: String,
    graphql: String,
    /// The same as a part of an address.
    graphql_encoded: String,
    sql: Option<String>,
    no_sql: Option<String>,
    yaml: Option<String>,
    file: String,
}

/// An input of a derived metric.
#[derive(Debug, Serialize)]
struct InputRow {
    name: String,
    metric: Link,
    notes: Vec<String>,
}

/// Where a metric comes from and where it goes.
#[derive(Debug, Serialize)]
struct Lineage {
    sources: Vec<Link>,
    models: Vec<Link>,
    inputs: Vec<Link>,
    used_by: Vec<Link>,
}

/// Explains a metric.
pub(in crate::site) fn metric(site: &Site<'_>, id: MetricId) -> MetricPage {
    let project = site.project;
    let metric = &project.metrics[id];
    let graphql = example::graphql(site, id);
    let (sql, no_sql) = match example::sql(site, id) {
        Ok(sql) => (Some(sql), None),
        Err(error) => (None, Some(error.message)),
    };
    let simple = project.simple(id);
    MetricPage {
        about: About::new(&metric.name, &metric.docs),
        status: status(project, &metric.status),
        unit: metric.unit.clone(),
        format: metric.format.map(format),
        value_type: metric.value_type.name(),
        good: metric.good.map(|good| match good {
            Good::Up => "more is better",
            Good::Down => "less is better",
        }),
        when_empty: empty(metric.when_empty),
        kind: match metric.kind {
            MetricKind::Simple(_) => "simple",
            MetricKind::Derived { .. } => "derived",
            MetricKind::Cumulative { .. } => "cumulative",
            MetricKind::Nested(_) => "nested",
            MetricKind::Funnel(_) => "funnel",
        },
        formula: metric_formula(project, metric),
        filter: simple.and_then(|simple| simple.filter.as_ref()).map(|filter| formula::of_rows(project, filter)),
        model: simple.map(|simple| Link::model(project, simple.model)),
        time_axis: simple.and_then(|simple| time_axis(project, simple)),
        known_by: known_by(project, id),
        inputs: inputs(project, metric),
        lineage: lineage(project, id),
        dimensions: shared_dimensions(project, id),
        hash: metric.hash.clone(),
        graphql_encoded: percent_encode(&graphql),
        graphql,
        sql,
        no_sql,
        yaml: Some(site.files.text(metric.span))
            .filter(|text| text.contains(':') && !names_hidden(project, text))
            .map(dedent),
        file: site.files.file(metric.span.file).path.clone(),
    }
}

fn empty(empty: Empty) -> &'static str {
    match empty {
        Empty::Null => "null",
        Empty::Zero => "0",
    }
}

fn time_axis(project: &Project, simple: &SimpleMetric) -> Option<String> {
    simple.time.as_ref().map(|axis| project.dimension_path(simple.model, &axis.route, axis.dimension))
}

fn known_by(project: &Project, id: MetricId) -> Option<&'static str> {
    let finest = |leaf: MetricId| {
        let axis = project.simple(leaf)?.time.as_ref()?;
        match project.dimensions[axis.dimension].kind {
            DimensionKind::Time { finest } => Some(finest),
            DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => None,
        }
    };
    let coarsest = project.leaves(id).into_iter().filter_map(finest).max()?;
    (!coarsest.is_within_a_day()).then(|| coarsest.name())
}

/// Returns whether a definition as it is written names a metric or a dimension that is hidden.
fn names_hidden(project: &Visible<'_>, text: &str) -> bool {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words: BTreeSet<&str> = text.split(|letter| !is_of_word(letter)).collect();
    let is_named = |name: &str| words.contains(name) || (!name.chars().all(is_of_word) && text.contains(name));
    let metrics = project.metrics.iter().filter(|(id, _)| !project.shows_metric(*id)).map(|(_, metric)| &metric.name);
    let dimensions = project.dimensions.iter().filter(|(id, _)| !project.shows_dimension(*id));
    metrics.chain(dimensions.map(|(_, dimension)| &dimension.name)).any(|name| is_named(name))
}

/// The formula in one line: `sum(price * fx_rates.eur)`, `revenue / parcels_booked`.
fn metric_formula(project: &Project, metric: &Metric) -> String {
    match &metric.kind {
        MetricKind::Simple(simple) => {
            let rows = simple.expr.as_ref().map(|expr| formula::of_rows(project, expr));
            aggregate(simple.aggregation, rows.as_deref().unwrap_or("*"))
        }
        MetricKind::Derived { expr, inputs } => sql::formula(expr, &|input| inputs[input.0].name.clone()),
        MetricKind::Cumulative { metric, cumulation, take } => {
            format!("{}, {}{}", project.metrics[*metric].name, accumulated(project, *cumulation), taken(*take))
        }
        MetricKind::Nested(nested) => {
            let per: Vec<String> = nested.per.iter().map(member_name).collect();
            let inner = format!("{} per {}", project.metrics[nested.metric].name, per.join(", "));
            aggregate(nested.aggregation, &inner)
        }
        MetricKind::Funnel(funnel) => {
            let steps: Vec<&str> = funnel.steps.iter().map(|step| project.metrics[step.metric].name.as_str()).collect();
            format!("{}, {}", steps.join(" → "), funnel_result(funnel.result))
        }
    }
}

fn aggregate(aggregation: Aggregation, rows: &str) -> String {
    match aggregation {
        Aggregation::Count => format!("count({rows})"),
        Aggregation::Sum => format!("sum({rows})"),
        Aggregation::Avg => format!("avg({rows})"),
        Aggregation::Min => format!("min({rows})"),
        Aggregation::Max => format!("max({rows})"),
        Aggregation::CountDistinct => format!("count(distinct {rows})"),
        Aggregation::ApproxCountDistinct => format!("about count(distinct {rows})"),
        Aggregation::Percentile(millionths) => format!("percentile {}% of {rows}", percent(millionths)),
        Aggregation::DiscretePercentile(millionths) => {
            format!("discrete percentile {}% of {rows}", percent(millionths))
        }
        Aggregation::ApproxPercentile(millionths) => format!("about percentile {}% of {rows}", percent(millionths)),
    }
}

fn percent(millionths: u32) -> f64 {
    f64::from(millionths) / 10_000.0
}

fn taken(take: Take) -> &'static str {
    match take {
        Take::Last => "",
        Take::First => " at the first day of a period",
        Take::Avg => " as the mean of the days of a period",
    }
}

fn member_name(member: &Member) -> String {
    match member {
        Member::Model { name, .. } => name.clone(),
        Member::Dimension(path) => path.join("."),
        Member::Time(size) => size.name().to_owned(),
    }
}

fn funnel_result(result: FunnelResult) -> String {
    match result {
        FunnelResult::Rate => "share of bases that convert".to_owned(),
        FunnelResult::Conversions => "conversions".to_owned(),
        FunnelResult::ConversionsPerBase => "conversions per base".to_owned(),
        FunnelResult::TimeBetween { percentile, unit } => {
            format!("percentile {}% of the {}s between", percent(percentile), unit.name())
        }
    }
}

fn accumulated(project: &Project, cumulation: Cumulation) -> String {
    match cumulation {
        Cumulation::Window(window) => format!("trailing {window}"),
        Cumulation::ToDate(size) => format!("{} to date", project.size_name(size)),
        Cumulation::AllTime => "since ever".to_owned(),
    }
}

fn inputs(project: &Project, metric: &Metric) -> Vec<InputRow> {
    let row = |metric: MetricId, notes: Vec<String>| InputRow {
        name: project.metrics[metric].name.clone(),
        metric: Link::metric(project, metric),
        notes,
    };
    match &metric.kind {
        MetricKind::Simple(_) => Vec::new(),
        MetricKind::Cumulative { metric, cumulation, .. } => {
            vec![row(*metric, vec![accumulated(project, *cumulation)])]
        }
        MetricKind::Nested(nested) => {
            let per = nested.per.iter().map(|member| format!("per {}", member_name(member)));
            vec![row(nested.metric, per.collect())]
        }
        MetricKind::Funnel(funnel) => {
            let within = |step: &FunnelStep| step.within.map(|within| format!("within {within}"));
            funnel.steps.iter().map(|step| row(step.metric, within(step).into_iter().collect())).collect()
        }
        MetricKind::Derived { inputs, .. } => inputs.iter().map(|input| input_row(project, input)).collect(),
    }
}

fn input_row(project: &Project, input: &Input) -> InputRow {
    let filters: BTreeSet<String> = input.filter.values().map(|filter| formula::of_rows(project, filter)).collect();
    let mut notes: Vec<String> = filters.into_iter().map(|filter| format!("where {filter}")).collect();
    notes.extend(input.offset.map(|back| match back {
        Back::Time(offset) => format!("{offset} earlier"),
        Back::Periods { count, of } => format!("{count} {} earlier", project.granularities[of].name),
    }));
    notes.extend(input.offset_to.map(|size| format!("at the start of the {size}")));
    notes.extend(input.ignore.as_ref().map(|ignore| match ignore {
        Ignore::All => "over all keys".to_owned(),
        Ignore::Keys(paths) => {
            let paths: Vec<String> = paths.iter().map(|path| path.join(".")).collect();
            format!("whatever {}", paths.join(", "))
        }
    }));
    notes.extend(input.cumulation.map(|cumulation| accumulated(project, cumulation)));
    notes.extend(input.when_empty.map(|value| format!("{} where it has no rows", empty(value))));
    InputRow { name: input.name.clone(), metric: Link::metric(project, input.metric), notes }
}

fn lineage(project: &Visible<'_>, id: MetricId) -> Lineage {
    let models: BTreeSet<ModelId> =
        project.leaves(id).into_iter().filter_map(|leaf| project.simple(leaf).map(|simple| simple.model)).collect();
    let sources: BTreeSet<Link> = read(project, id).into_iter().map(|model| Link::source(project, model)).collect();
    Lineage {
        sources: sources.into_iter().collect(),
        models: models.into_iter().map(|model| Link::model(project, model)).collect(),
        inputs: project.inputs(id).into_iter().map(|input| Link::metric(project, input)).collect(),
        used_by: project
            .used_by(id)
            .iter()
            .filter(|other| project.shows_metric(**other))
            .map(|other| Link::metric(project, *other))
            .collect(),
    }
}

/// Returns the models whose rows are read: those of the simple metrics, and those that their expressions join.
fn read(project: &Project, id: MetricId) -> BTreeSet<ModelId> {
    let mut models = BTreeSet::new();
    for leaf in project.leaves(id) {
        if let MetricKind::Simple(simple) = &project.metrics[leaf].kind {
            models.insert(simple.model);
            let model_filter = &project.models[simple.model].filter;
            for expr in simple.expr.iter().chain(&simple.filter).chain(model_filter) {
                joined(project, simple.model, expr, &mut models);
            }
        }
    }
    models
}

/// Adds the models that an expression leads to.
fn joined(project: &Project, from: ModelId, expr: &Expr<Ref>, models: &mut BTreeSet<ModelId>) {
    expr.for_each_leaf(&mut |leaf| {
        if let Ref::Calendar { day, .. } = leaf {
            joined(project, from, day, models);
        }
        let (Ref::Column { route, .. } | Ref::Dimension { route, .. } | Ref::Exists { route, .. }) = leaf else {
            return;
        };
        models.extend(route.0.iter().map(|join| project.joins[*join].to));
        match leaf {
            Ref::Column { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => {}
            Ref::Dimension { dimension, .. } => {
                joined(project, project.route_end(from, route), &project.dimensions[*dimension].expr, models);
            }
            Ref::Exists { join, filter, .. } => {
                let many = project.joins[*join].from;
                models.insert(many);
                if let Some(filter) = filter {
                    joined(project, many, filter, models);
                }
            }
        }
    });
}

/// Writes a text so that it can stand in an address: `{ a }` → `%7B%20a%20%7D`.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Takes the indentation of a list item's further lines away.
fn dedent(text: &str) -> String {
    let further = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let margin = further.map(|line| line.len() - line.trim_start_matches(' ').len()).min().unwrap_or(0);
    let mut lines = text.trim_end().lines();
    let mut dedented = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        dedented.push('\n');
        dedented.push_str(line.get(margin..).unwrap_or_default());
    }
    dedented
}

#[cfg(test)]
mod tests {
    use super::dedent;

    #[test]
    fn a_definition_is_shown_without_the_margin_of_its_list() {
        assert_eq!(
            dedent("name: revenue\n    agg: sum\n    meta:\n      a: 1\n"),
            "name: revenue\nagg: sum\nmeta:\n  a: 1"
        );
    }
}
