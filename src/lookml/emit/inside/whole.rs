//! An input that ignores keys → a window over the rows that a query leaves, beside each of them.
//!
//! ```sql
//! COUNT(DISTINCT CASE WHEN weeks = 0 THEN user_id END) OVER (
//!   PARTITION BY CASE WHEN {% if weekly_retention.country._is_selected %}TRUE{% else %}FALSE{% endif %} THEN country END, …
//! ) AS weekly_retention_cohort_value
//! ```
//!
//! The rows of a group share it, so that their greatest is the whole of the group.
//!
//! **Invariant:** rows share a whole if and only if they share every key that a query shows and the input keeps.

use std::collections::BTreeMap;

use super::{
    super::{
        super::tree::{self, DimensionType, MeasureType},
        Emission, draft,
        home::Home,
        label, measure,
        splice::Splices,
        union::{
            fields,
            formula::{Above, formula},
            leaves::Leaves,
            shared::{self, Shared},
        },
    },
    fields::Fields,
    title,
};
use crate::{
    catalog::ColumnType,
    ids::MetricId,
    plan::{self, ModelRows},
    project::{Aggregation, Empty, Ignore, Input, InputId, Metric, Ref, SimpleMetric, Visible},
    sql::{Aggregate, AggregateFunction, Dialect, Expr, Function, Leaf, Literal, SqlExpr, Window, WindowFunction},
};

/// An input that ignores keys.
pub(super) struct Whole<'p> {
    /// The column that holds it.
    pub(super) column: String,
    simple: &'p SimpleMetric,
    condition: Option<Expr<Ref>>,
    function: AggregateFunction,
    ignore: &'p Ignore,
}

/// Makes the measures of a formula: of inputs by all keys, of those that ignore some, and of both together.
pub(super) fn measures<'p>(
    leaves: &mut Leaves<'_, 'p>,
    metric: MetricId,
    (expr, inputs): (&Expr<InputId>, &'p [Input]),
    shown: &mut BTreeMap<MetricId, String>,
) -> Result<Vec<Whole<'p>>, String> {
    let project = leaves.emission.project;
    let definition = &project.metrics[metric];
    if definition.said_empty() == Some(Empty::Null) {
        return Err("over no rows it keeps the empty value of its inputs in Looker".to_owned());
    }
    let mut splices = Splices::default();
    let (mut values, mut beside, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
    for input in inputs {
        if input.offset.is_some() || input.offset_to.is_some() || input.cumulation.is_some() {
            return Err(
                "it ignores keys and speaks of other times, and a view that is filtered inside has one".to_owned()
            );
        }
        if let Some(ignore) = &input.ignore {
            let (whole, value) = whole(leaves, definition, (input, ignore), &mut splices)?;
            wholes.push(whole);
            values.push(value);
            continue;
        }
        if project.leaves(input.metric).into_iter().filter_map(|leaf| project.simple(leaf)).any(is_balance) {
            return Err(measure::BALANCE.to_owned());
        }
        let above = Above {
            extra: input.filter.clone(),
            when_empty: input.when_empty,
            name: (!input.filter.is_empty()).then(|| format!("{}_{}", definition.name, input.name)),
            ..Above::default()
        };
        let made = formula(leaves, &mut splices, input.metric, &above)?;
        beside.extend(made.leaves);
        values.push(made.expr);
    }
    if beside.is_empty() {
        return Err("all that it counts ignores keys, and it stands beside nothing that has them".to_owned());
    }
    let mut expr = expr.map(&mut |InputId(at)| values[*at].clone());
    if definition.said_empty() == Some(Empty::Zero) {
        expr = or_zero(expr);
    }
    fields::said(leaves, metric, (&expr, &beside), &splices, shown)?;
    Ok(wholes)
}

/// Makes the measure of an input that ignores keys, and says what stands for it in the formula.
fn whole<'p>(
    leaves: &mut Leaves<'_, 'p>,
    metric: &Metric,
    (input, ignore): (&'p Input, &'p Ignore),
    splices: &mut Splices,
) -> Result<(Whole<'p>, SqlExpr), String> {
    let emission = leaves.emission;
    let project = emission.project;
    let inner = &project.metrics[input.metric];
    let simple = project.simple(input.metric).filter(|simple| simple.balance.is_none());
    let simple = simple.ok_or_else(|| format!("`{}` ignores keys and is no aggregate of rows", inner.name))?;
    let empty = input.when_empty.unwrap_or(inner.when_empty);
    let function = function(simple, emission.options.dialect, empty)
        .map_err(|reason| format!("`{}` ignores keys, {reason}", inner.name))?;
    if !inner.value_type.is_numeric() && inner.value_type != ColumnType::Unknown {
        return Err(format!("`{}` ignores keys and is no number", inner.name));
    }
    let condition = Expr::all(simple.filter.iter().chain(input.filter.get(&simple.model)).cloned());
    if condition.iter().chain(&simple.expr).any(|expr| shared::names_metric(project, expr)) {
        return Err("it needs a dimension that shows a metric of each row".to_owned());
    }
    let wanted = format!("{}_{}", metric.name, input.name);
    let name = leaves.names.claim_measure(&wanted);
    let column = leaves.names.claim(&format!("{wanted}_value"));
    leaves.dimensions.push(draft::hidden(&column, DimensionType::Number, &emission.own_column(&column)));
    leaves
        .measures
        .push(tree::Measure { sql: Some(format!("${{{column}}}")), ..measure::empty(&name, MeasureType::Max) });
    let value = splices.place(format!("${{{name}}}"));
    let value = if empty == Empty::Zero { or_zero(value) } else { value };
    Ok((Whole { column, simple, condition, function, ignore }, value))
}

/// Returns the aggregate that warehouses compute over a window as they do over a group.
fn function(simple: &SimpleMetric, dialect: Dialect, empty: Empty) -> Result<AggregateFunction, String> {
    let is_count = matches!(simple.aggregation, Aggregation::Count | Aggregation::CountDistinct);
    if is_count && empty == Empty::Null {
        return Err("and over no rows a window says 0, the API null".to_owned());
    }
    match simple.aggregation {
        Aggregation::Count => Ok(AggregateFunction::Count),
        Aggregation::CountDistinct if dialect == Dialect::Postgres => {
            Err("and Postgres counts no different values over a window".to_owned())
        }
        Aggregation::CountDistinct => Ok(AggregateFunction::CountDistinct),
        Aggregation::Sum => Ok(AggregateFunction::Sum),
        Aggregation::Avg => Ok(AggregateFunction::Avg),
        Aggregation::Min => Ok(AggregateFunction::Min),
        Aggregation::Max => Ok(AggregateFunction::Max),
        Aggregation::ApproxCountDistinct
        | Aggregation::Percentile(_)
        | Aggregation::DiscretePercentile(_)
        | Aggregation::ApproxPercentile(_) => Err("and not every warehouse has it over a window".to_owned()),
    }
}

impl Whole<'_> {
    /// The whole of a row: over all rows that share the keys which are shown and kept.
    pub(super) fn window(
        &self,
        emission: &Emission<'_>,
        fields: &Fields,
        rows: &mut ModelRows<'_>,
        (time, splices): (Option<&SqlExpr>, &mut Splices),
    ) -> SqlExpr {
        let value = self.simple.expr.as_ref().map(|expr| rows.value(expr));
        let arg = match self.condition.as_ref().map(|condition| rows.value(condition)) {
            Some(condition) => Some(value.unwrap_or(Expr::integer(1)).when(condition)),
            None => value,
        };
        let keeps = |field: Option<&Shared>| !self.ignores(emission, &fields.home, field);
        let partition_by = fields.selected(emission, rows, time, &keeps, splices);
        let function = WindowFunction::Aggregate(Aggregate { function: self.function, arg });
        Expr::Leaf(Leaf::Window(Box::new(Window { function, partition_by, order_by: Vec::new() })))
    }

    /// Whether a row makes a group by itself: if a query shows none of the keys that are ignored, all have all keys.
    pub(super) fn makes_rows(
        &self,
        emission: &Emission<'_>,
        fields: &Fields,
        rows: &mut ModelRows<'_>,
        splices: &mut Splices,
    ) -> Option<SqlExpr> {
        if *self.ignore == Ignore::All {
            return None;
        }
        let shown: Vec<String> = fields
            .members(|field| self.ignores(emission, &fields.home, field))
            .map(|field| format!("{field}._is_selected"))
            .collect();
        let is_whole = match shown.as_slice() {
            [] => Expr::Literal(Literal::Boolean(true)),
            shown => splices.place(format!("{{% if {} %}}FALSE{{% else %}}TRUE{{% endif %}}", shown.join(" or "))),
        };
        Some(match &self.condition {
            Some(condition) => is_whole.and(rows.value(condition)),
            None => is_whole,
        })
    }

    /// Whether a field is ignored; the time has no field of its own.
    fn ignores(&self, emission: &Emission<'_>, home: &Home, field: Option<&Shared>) -> bool {
        let paths = match self.ignore {
            Ignore::All => return true,
            Ignore::Keys(paths) => paths,
        };
        let visible = Visible::whole(emission.project);
        let found = |path: &Vec<String>| plan::find_dimension(&visible, home.model, path).ok();
        match field {
            None => paths.iter().any(|path| {
                let is_axis =
                    |(route, id)| home.axis.as_ref().is_some_and(|at| (&at.route, at.dimension) == (&route, id));
                *path == ["time"] || found(path).is_some_and(is_axis)
            }),
            Some(field) => paths.iter().any(|path| {
                *path == field.path || found(path).is_some_and(|(route, dimension)| field.is(&route, dimension))
            }),
        }
    }
}

fn is_balance(simple: &SimpleMetric) -> bool {
    simple.balance.is_some()
}

fn or_zero(value: SqlExpr) -> SqlExpr {
    Expr::call(Function::Coalesce, vec![value, Expr::integer(0)])
}

/// Says what an explore of wholes is.
pub(super) fn description(emission: &Emission<'_>, home: &Home, inputs: &[Input]) -> String {
    let visible = Visible::whole(emission.project);
    let key = |path: &Vec<String>| match plan::find_dimension(&visible, home.model, path) {
        Ok((route, dimension)) => label::of_path(emission.project, &route, dimension),
        Err(_) => label::human(&path.join(" ")),
    };
    let told = inputs.iter().filter_map(|input| {
        let name = label::human(&input.name);
        Some(match input.ignore.as_ref()? {
            Ignore::All => format!("{name} is that of all of them"),
            Ignore::Keys(paths) => {
                format!("{name} is told without {}", label::listed(&paths.iter().map(key).collect::<Vec<_>>()))
            }
        })
    });
    let told: Vec<String> = told.collect();
    let title = title(emission, home);
    format!("{title} that the filters of a query leave. {}.", told.join(". "))
}
