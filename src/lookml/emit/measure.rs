//! Metrics → measures.
//!
//! **Invariant:** a measure is made only if Looker computes from it what the API does; everything else is a reason.

use std::collections::BTreeMap;

use super::{
    super::{
        lexical::inert,
        tree::{self, FieldDocs, Filter, MeasureType},
    },
    Emission, condition, derived,
    home::Home,
    label, nested, points,
    sql::{self, Site},
    time,
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, MetricId, ModelId},
    project::{Aggregation, DimensionKind, Empty, Metric, MetricKind, Project, Ref, Route, SimpleMetric, Status},
    sql::{Aggregate, AggregateFunction, Expr, Leaf, SqlExpr, print_expression},
};

/// A further condition for each model at the bottom of a metric.
pub(super) type Extra = BTreeMap<ModelId, Expr<Ref>>;

/// The measure of a metric.
#[derive(Clone, Debug)]
pub(super) struct Built {
    /// Its name in the view.
    pub name: String,
    /// Whether it needs other views.
    pub crosses: bool,
    /// In which way Looker's number may differ.
    pub note: Option<String>,
    /// Whether it looks at other groups than its own, as a share does.
    pub looks_around: bool,
}

/// Makes the measure of a metric, with the hidden ones that it needs; once.
pub(super) fn build(emission: &mut Emission<'_>, metric: MetricId) -> Result<Built, String> {
    if let Some(built) = emission.built.get(&metric) {
        return built.clone();
    }
    let outer = emission.measured.replace(metric);
    let built = build_visible(emission, metric);
    emission.measured = outer;
    emission.built.insert(metric, built.clone());
    built
}

fn build_visible(emission: &mut Emission<'_>, metric: MetricId) -> Result<Built, String> {
    let project = emission.project;
    let definition = &project.metrics[metric];
    let home = emission.homes[&metric].clone()?;
    let name = emission.draft(home.model).metrics[&metric].clone();
    let mut helpers = Vec::new();
    let mut made = make(emission, metric, &Extra::new(), &name, &mut helpers)?;
    made.measure.docs = docs(emission, definition, &made.measure);
    let grants = emission.grants.of_metric(metric);
    for helper in helpers.iter_mut().chain([&mut made]) {
        helper.measure.docs.required_access_grants.clone_from(&grants);
    }
    place(emission, &home, helpers);
    place(emission, &home, vec![made.clone()]);
    Ok(Built { name, crosses: made.crosses, note: made.note, looks_around: made.measure.not_filterable })
}

/// Puts measures into their view.
fn place(emission: &mut Emission<'_>, home: &Home, measures: Vec<Made>) {
    for made in measures {
        emission.draft_mut(home.model).part(made.crosses).measures.push((home.clone(), made.measure));
    }
}

/// A measure that is not in its view yet.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub measure: tree::Measure,
    pub crosses: bool,
    pub note: Option<String>,
}

/// Makes a measure of a metric whose rows fulfil further conditions; hidden ones that it needs go to `helpers`.
pub(super) fn make(
    emission: &mut Emission<'_>,
    metric: MetricId,
    extra: &Extra,
    name: &str,
    helpers: &mut Vec<Made>,
) -> Result<Made, String> {
    let project = emission.project;
    match &project.metrics[metric].kind {
        MetricKind::Simple(metric_definition) => simple(emission, metric, metric_definition, extra, name),
        MetricKind::Derived { expr, inputs } => {
            derived::make_derived(emission, metric, expr, inputs, extra, name, helpers)
        }
        MetricKind::Cumulative { .. } => Err(CUMULATIVE.to_owned()),
        MetricKind::Nested(definition) => nested::make(emission, metric, definition, extra, name, helpers),
        MetricKind::Funnel(_) => Err(FUNNEL.to_owned()),
    }
}

/// Why nested metrics are not counted with other facts.
pub(super) const NESTED: &str = "it aggregates the values of members, which is said in the explore of its model only";

/// Why funnels are no measures of their model's explore.
pub(super) const FUNNEL: &str = "it is a funnel, whose rows are those of an explore of its own";

/// Why what looks at all rows that a query leaves is no measure of its model's explore.
pub(super) const INSIDE: &str =
    "it looks at all rows that the filters of a query leave, and a measure of Looker at those of its group";

/// Why balances are not counted with other facts.
pub(super) const BALANCE: &str = "it is a balance, whose moment is chosen in the explore of its model only";

/// Why cumulative metrics are no measures of their model's explore.
pub(super) const CUMULATIVE: &str =
    "it accumulates over time, and a measure of Looker aggregates the rows of one period";

/// Makes the measure of a metric of rows.
pub(super) fn simple(
    emission: &mut Emission<'_>,
    metric: MetricId,
    definition: &SimpleMetric,
    extra: &Extra,
    name: &str,
) -> Result<Made, String> {
    let model = definition.model;
    let condition = Expr::all(definition.filter.iter().chain(extra.get(&model)).cloned());
    let mut filters = match &condition {
        Some(condition) => condition::filters(emission, model, condition, name)?,
        None => condition::Filters::default(),
    };
    // Whether its SQL says the aggregate itself, with the conditions inside.
    let mut is_written = false;
    let mut measure = empty(name, MeasureType::Count);
    let value = match &definition.expr {
        Some(expr) => Some(row_value(emission, model, expr, name)?),
        None => None,
    };
    let mut crosses = value.as_ref().is_some_and(|value| value.crosses);
    let sql = value.map(|value| value.text);
    let value_type = value_type(emission.project, metric, definition);
    match definition.aggregation {
        Aggregation::Count => {
            if let (Some(expr), Some(_)) = (&definition.expr, &sql) {
                let present = condition::filters(emission, model, &expr.clone().is_null(true), name)?;
                filters.crosses |= present.crosses;
                filters.filters.extend(present.filters);
            }
        }
        Aggregation::Sum => (measure.kind, measure.sql) = (MeasureType::Sum, sql),
        Aggregation::Avg => (measure.kind, measure.sql) = (MeasureType::Average, sql),
        Aggregation::CountDistinct => (measure.kind, measure.sql) = (MeasureType::CountDistinct, sql),
        Aggregation::ApproxCountDistinct => {
            (measure.kind, measure.sql, measure.approximate) = (MeasureType::CountDistinct, sql, true);
        }
        Aggregation::Min | Aggregation::Max if value_type.is_numeric() || value_type == ColumnType::Unknown => {
            let kind = if definition.aggregation == Aggregation::Min { MeasureType::Min } else { MeasureType::Max };
            (measure.kind, measure.sql) = (kind, sql);
        }
        Aggregation::Min | Aggregation::Max => {
            is_written = true;
            let extreme = written(emission, model, definition, condition.as_ref(), name)?;
            crosses |= extreme.crosses;
            filters = condition::Filters::default();
            measure.sql = Some(extreme.text);
            measure.kind = extreme_type(value_type)?;
            if value_type.is_time() {
                let (datatype, convert_tz) = time::datatype(value_type);
                (measure.datatype, measure.convert_tz) = (Some(datatype), Some(convert_tz));
            }
        }
        Aggregation::Percentile(_) | Aggregation::DiscretePercentile(_) | Aggregation::ApproxPercentile(_) => {
            is_written = true;
            let percentile = written(emission, model, definition, condition.as_ref(), name)?;
            crosses |= percentile.crosses;
            filters = condition::Filters::default();
            measure.sql = Some(percentile.text);
            measure.kind = MeasureType::Number;
        }
    }
    crosses |= filters.crosses;
    measure.filters = filters.filters;
    if let Some(balance) = &definition.balance {
        if is_written {
            return Err("it is a balance, and its aggregate takes no filters in Looker".to_owned());
        }
        measure.filters.push(points::filter(emission, metric, balance)?);
        crosses = true;
    }
    Ok(Made { measure, crosses, note: emptiness(definition.aggregation, emission.project.metrics[metric].when_empty) })
}

/// Returns the type of what a metric of rows shows; where no catalog tells that of its column, a dimension which shows the
/// column as a text does.
pub(super) fn value_type(project: &Project, metric: MetricId, definition: &SimpleMetric) -> ColumnType {
    let told = project.metrics[metric].value_type;
    let Some(Expr::Leaf(Ref::Column { route, column, .. })) = &definition.expr else { return told };
    let owner = &project.models[project.route_end(definition.model, route)];
    let is_text = |id: &DimensionId| {
        let dimension = &project.dimensions[*id];
        dimension.kind == DimensionKind::String
            && dimension.buckets.is_empty()
            && project.plain_column(*id) == Some(column)
    };
    if told == ColumnType::Unknown && owner.dimensions.iter().any(is_text) { ColumnType::String } else { told }
}

/// Says in which way a metric over no rows differs in Looker.
pub(super) fn emptiness(aggregation: Aggregation, when_empty: Empty) -> Option<String> {
    let looker = match aggregation {
        Aggregation::Count | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct | Aggregation::Sum => {
            Empty::Zero
        }
        Aggregation::Avg
        | Aggregation::Min
        | Aggregation::Max
        | Aggregation::Percentile(_)
        | Aggregation::DiscretePercentile(_)
        | Aggregation::ApproxPercentile(_) => Empty::Null,
    };
    (looker != when_empty).then(|| match looker {
        Empty::Zero => "over no rows Looker says 0, the API null".to_owned(),
        Empty::Null => "over no rows Looker says null, the API 0".to_owned(),
    })
}

/// Writes one row's worth over dimensions of the view; SQL that only a dimension can say gets a hidden one.
fn row_value(emission: &mut Emission<'_>, model: ModelId, expr: &Expr<Ref>, name: &str) -> Result<sql::Sql, String> {
    if !sql::needs_dimension(expr) {
        return sql::write(emission, model, &Route::here(), expr, Site::Measure);
    }
    hidden_value(emission, model, expr, name)
}

/// Writes one row's worth as a hidden dimension.
fn hidden_value(emission: &mut Emission<'_>, model: ModelId, expr: &Expr<Ref>, name: &str) -> Result<sql::Sql, String> {
    let value = sql::write(emission, model, &Route::here(), expr, Site::Dimension)?;
    let kind = tree::DimensionType::Number;
    let field = emission.helper(model, &format!("{name}_value"), kind, &value);
    Ok(sql::Sql { text: format!("${{{field}}}"), ..value })
}

/// Returns the type of the measure that is the least or greatest of values which are no numbers.
pub(super) fn extreme_type(value_type: ColumnType) -> Result<MeasureType, String> {
    match value_type {
        ColumnType::Date => Ok(MeasureType::Date),
        ColumnType::DateTime | ColumnType::Timestamp => Ok(MeasureType::DateTime),
        ColumnType::String | ColumnType::Json => Ok(MeasureType::String),
        ColumnType::Boolean | ColumnType::Integer | ColumnType::Decimal | ColumnType::Float | ColumnType::Unknown => {
            Err("the least or greatest boolean has no type of measure".to_owned())
        }
    }
}

/// `MIN(CASE WHEN … THEN ${booked_raw} END)`: a measure of type date takes no filters. Nor does one of type number, in
/// which a percentile is that of the warehouse: Looker's own `percentile` has another rule. No join of the explore
/// multiplies rows, so that an aggregate means the same in each query.
fn written(
    emission: &mut Emission<'_>,
    model: ModelId,
    definition: &SimpleMetric,
    condition: Option<&Expr<Ref>>,
    name: &str,
) -> Result<sql::Sql, String> {
    let expr = definition.expr.as_ref().ok_or("it has nothing to compare")?;
    let value = match condition {
        Some(condition) => expr.clone().when(condition.clone()),
        None => expr.clone(),
    };
    let is_short = condition.is_none() || matches!(definition.aggregation, Aggregation::Min | Aggregation::Max);
    // Some dialects name what a percentile is of several times.
    let inner =
        if is_short { row_value(emission, model, &value, name)? } else { hidden_value(emission, model, &value, name)? };
    let call = aggregate(definition.aggregation, SqlExpr::bare("lookml_value"))?;
    let text = print_expression(&call, emission.options.dialect).replace("lookml_value", &inner.text);
    Ok(sql::Sql { text, ..inner })
}

/// The aggregate of a measure that says it itself.
pub(super) fn aggregate(aggregation: Aggregation, arg: SqlExpr) -> Result<SqlExpr, String> {
    let function = match aggregation {
        Aggregation::Min => AggregateFunction::Min,
        Aggregation::Max => AggregateFunction::Max,
        Aggregation::Percentile(millionths) => AggregateFunction::GroupPercentile(millionths),
        Aggregation::DiscretePercentile(millionths) => AggregateFunction::GroupDiscretePercentile(millionths),
        Aggregation::ApproxPercentile(millionths) => AggregateFunction::ApproxPercentile(millionths),
        Aggregation::Count
        | Aggregation::Sum
        | Aggregation::Avg
        | Aggregation::CountDistinct
        | Aggregation::ApproxCountDistinct => return Err("its aggregate is a type of measure".to_owned()),
    };
    Ok(Expr::Leaf(Leaf::Aggregate(Box::new(Aggregate { function, arg: Some(arg) }))))
}

/// A measure with nothing but a name and a type; hidden until it is said otherwise.
pub(super) fn empty(name: &str, kind: MeasureType) -> tree::Measure {
    tree::Measure {
        name: name.to_owned(),
        docs: FieldDocs { hidden: true, ..FieldDocs::default() },
        kind,
        sql: None,
        filters: Vec::<Filter>::new(),
        approximate: false,
        not_filterable: false,
        datatype: None,
        convert_tz: None,
        comparison: None,
    }
}

/// The beginning of a hash, as the catalogue shows it.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// What the description of a comparison ends with, before and behind the period.
const BY_WHOLE: (&str, &str) = ("Filter by whole ", "s, or there is nothing to compare with.");

/// Returns the description of a comparison as it was before it was emitted.
pub(crate) fn without_periods(description: &str) -> &str {
    let before = description.strip_suffix(BY_WHOLE.1).and_then(|text| text.rsplit_once(BY_WHOLE.0));
    before.map_or(description, |(before, _)| before.trim_end())
}

/// Says what a metric says to people.
pub(super) fn docs(emission: &Emission<'_>, metric: &Metric, measure: &tree::Measure) -> FieldDocs {
    let project = emission.project;
    let mut docs = label::docs(&metric.name, &metric.docs, || format!("Metric {}.", metric.name));
    let is_estimate = |simple: &SimpleMetric| matches!(simple.aggregation, Aggregation::ApproxPercentile(_));
    if measure.approximate || matches!(&metric.kind, MetricKind::Simple(simple) if is_estimate(simple)) {
        let says_so = |label: &str| label.to_lowercase().contains("approx");
        docs.label = docs.label.map(|label| if says_so(&label) { label } else { format!("{label} (approx.)") });
    }
    let mut tags = vec![format!("entente:{}", metric.name), format!("meaning:{}", short(&metric.hash))];
    tags.extend(metric.docs.owner.iter().map(|owner| format!("owner:{}", inert(owner))));
    match &metric.status {
        Status::Active => {}
        Status::Draft => tags.push("status:draft".to_owned()),
        Status::Proposed => tags.push("status:proposed".to_owned()),
        Status::Deprecated { replaced_by, sunset } => {
            let successor = &project.metrics[*replaced_by].name;
            let until = sunset.map_or(String::new(), |day| format!("; this one stays until {day}"));
            docs.hidden = true;
            docs.label = docs.label.map(|label| format!("[deprecated] {label}"));
            let text = docs.description.unwrap_or_default();
            docs.description = Some(label::and_also(&text, &format!("Use {successor} instead{until}.")));
            tags.push("status:deprecated".to_owned());
        }
    }
    tags.append(&mut docs.tags);
    docs.tags = tags;
    if let Some(comparison) = &measure.comparison {
        let periods = if comparison.period == "date" { "day" } else { comparison.period.as_str() };
        let text = docs.description.unwrap_or_default();
        docs.description = Some(label::and_also(&text, &format!("{}{periods}{}", BY_WHOLE.0, BY_WHOLE.1)));
    }
    if emission.options.synonyms {
        docs.synonyms = metric.docs.synonyms.iter().map(|synonym| inert(synonym)).collect();
    }
    label::set_format(&mut docs, metric.format, metric.unit.as_deref(), project.currency.as_deref());
    if docs.value_format.is_none() && docs.value_format_name.is_none() && metric.value_type == ColumnType::Integer {
        docs.value_format_name = Some("decimal_0".to_owned());
    }
    let drills = matches!(measure.kind, MeasureType::Count | MeasureType::CountDistinct | MeasureType::Sum);
    if docs.drill_fields.is_empty() && drills {
        docs.drill_fields = vec!["detail*".to_owned()];
    }
    docs
}
