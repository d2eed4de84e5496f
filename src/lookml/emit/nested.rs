//! Metrics of members → a quotient: the mean over customers of their parcels is parcels by customers.
//!
//! ```text
//! measure: parcels_per_customer {
//!   type: number
//!   sql: SAFE_DIVIDE(CAST(${parcels_per_customer_total} AS FLOAT64), ${parcels_per_customer_members}) ;;
//! }
//! ```
//!
//! What is added up over the members is added up over their rows. The least or the greatest of the members is not.
//!
//! **Invariant:** a row counts above if and only if it is one of a known member, as the planner has it.

use super::{
    Emission,
    home::axis_path,
    measure::{self, Extra, Made},
    read_back, time,
};
use crate::{
    catalog::ColumnType,
    ids::MetricId,
    plan,
    project::{Aggregation, Empty, Member, NestedMetric, Ref, Route, SimpleMetric},
    sql::Expr,
    time::Granularity,
};

/// Makes the measure of a metric of members, with hidden ones for what is added up and for the members.
pub(super) fn make(
    emission: &mut Emission<'_>,
    metric: MetricId,
    nested: &NestedMetric,
    extra: &Extra,
    name: &str,
    helpers: &mut Vec<Made>,
) -> Result<Made, String> {
    let inner = added_up(emission, nested)?.clone();
    let member = Members::find(emission, nested, &inner)?;
    let mut known = extra.clone();
    let is_known = member.expr.clone().is_null(true);
    let condition = match known.remove(&inner.model) {
        Some(other) => other.and(is_known),
        None => is_known,
    };
    known.insert(inner.model, condition);
    if nested.aggregation == Aggregation::Sum {
        return measure::simple(emission, nested.metric, &inner, &known, name);
    }
    let counts = nested.aggregation == Aggregation::Count;
    let of_members = if counts { name.to_owned() } else { claim(emission, metric, &format!("{name}_members"))? };
    let mut members = members(emission, (nested.metric, &inner), &member, extra, &of_members)?;
    if counts {
        return Ok(Made { note: two_hours(emission, nested)?, ..members });
    }
    let total = claim(emission, metric, &format!("{name}_total"))?;
    let sum = measure::simple(emission, nested.metric, &inner, &known, &total)?;
    members.note = None;
    let crosses = members.crosses || sum.crosses;
    helpers.extend([sum, members]);
    let is_zero = emission.project.metrics[metric].when_empty == Empty::Zero;
    let (total, of_members) = (format!("${{{total}}}"), format!("${{{of_members}}}"));
    let mut made = measure::empty(name, crate::lookml::tree::MeasureType::Number);
    made.sql = Some(read_back::per_member(&total, &of_members, is_zero, emission.options.dialect));
    Ok(Made { measure: made, crosses, note: two_hours(emission, nested)? })
}

/// In which way parts of days differ: instants of two hours that bear one name, in the night in which clocks go back.
fn two_hours(emission: &Emission<'_>, nested: &NestedMetric) -> Result<Option<String>, String> {
    let project = emission.project;
    let [Member::Time(size)] = nested.per.as_slice() else { return Ok(None) };
    let home = emission.homes[&nested.metric].clone()?;
    let is_instant =
        home.axis.is_some_and(|axis| project.dimensions[axis.dimension].column_type == ColumnType::Timestamp);
    let note = "in the night in which clocks go back, two hours of one name are one in Looker";
    Ok((is_instant && *size <= Granularity::HOUR).then(|| note.to_owned()))
}

/// Returns the metric below, if the values of members add up to that of all of them.
fn added_up<'p>(emission: &Emission<'p>, nested: &NestedMetric) -> Result<&'p SimpleMetric, String> {
    let project = emission.project;
    if nested.include_all {
        return Err("it counts members without rows, and an explore shows rows only".to_owned());
    }
    let of_sums = "a measure of Looker sees rows and no members: a mean or a sum over members comes out of sums and counts of rows, and nothing else does";
    if !matches!(nested.aggregation, Aggregation::Avg | Aggregation::Sum | Aggregation::Count) {
        return Err(of_sums.to_owned());
    }
    let inner = project.simple(nested.metric).ok_or(of_sums)?;
    let is_sum = matches!(inner.aggregation, Aggregation::Count | Aggregation::Sum) && inner.balance.is_none();
    // A count that is null without rows is so for no member that has rows.
    if is_sum { Ok(inner) } else { Err(of_sums.to_owned()) }
}

/// What tells members apart.
struct Members {
    expr: Expr<Ref>,
    /// The timeframe in place of it, if they are periods.
    period: Option<String>,
}

impl Members {
    fn find(emission: &Emission<'_>, nested: &NestedMetric, inner: &SimpleMetric) -> Result<Self, String> {
        let project = emission.project;
        match nested.per.as_slice() {
            [Member::Model { name, model }] => {
                let route = plan::find_model(project, inner.model, name).map_err(|error| error.message)?;
                let [key] = project.models[*model].primary_key.as_slice() else {
                    return Err(format!(
                        "`{name}` has a key of several columns, and Looker counts different values of one"
                    ));
                };
                let column_type = emission.column_type(*model, key);
                Ok(Self { expr: Expr::Leaf(Ref::Column { route, column: key.clone(), column_type }), period: None })
            }
            [Member::Time(size)] => {
                let home = emission.homes[&nested.metric].clone()?;
                let axis = home.axis.as_ref().ok_or("it is of periods and has no time")?;
                let dimension = &project.dimensions[axis.dimension];
                let frame = time::frame(*size);
                if !time::timeframes(project, dimension).contains(&frame) {
                    return Err(format!("its time {} has no {}", axis_path(project, &home), frame.word()));
                }
                let group = &emission.draft(dimension.model).dimensions[&axis.dimension];
                let view =
                    if axis.route == Route::here() { None } else { Some(emission.alias(home.model, &axis.route)?) };
                let field = view.into_iter().chain([format!("{group}_{}", frame.word())]).collect::<Vec<_>>().join(".");
                let at = Ref::Dimension { route: axis.route.clone(), dimension: axis.dimension };
                Ok(Self { expr: Expr::Leaf(at), period: Some(format!("${{{field}}}")) })
            }
            [Member::Dimension(path)] => {
                Err(format!("rows without `{}` are a member too, which Looker does not count", path.join(".")))
            }
            _ => {
                Err("its members are told apart by several things, and Looker counts different values of one"
                    .to_owned())
            }
        }
    }
}

/// Makes the measure that counts members: those with a value that is not null. Nobody is no different value.
fn members(
    emission: &mut Emission<'_>,
    (below, inner): (MetricId, &SimpleMetric),
    member: &Members,
    extra: &Extra,
    name: &str,
) -> Result<Made, String> {
    let has_value = inner.aggregation == Aggregation::Sum && emission.project.metrics[below].when_empty == Empty::Null;
    let value = inner.expr.clone().filter(|_| has_value).map(|expr| expr.is_null(true));
    let counted = SimpleMetric {
        aggregation: Aggregation::CountDistinct,
        expr: Some(member.expr.clone()),
        filter: Expr::all(inner.filter.iter().cloned().chain(value)),
        ..inner.clone()
    };
    let mut made = measure::simple(emission, below, &counted, extra, name)?;
    if let Some(period) = &member.period {
        made.measure.sql = Some(period.clone());
    }
    made.note = None;
    Ok(made)
}

fn claim(emission: &mut Emission<'_>, metric: MetricId, wanted: &str) -> Result<String, String> {
    let home = emission.homes[&metric].clone()?;
    Ok(emission.draft_mut(home.model).claim(wanted))
}
