//! Metrics over metrics → measures of type `number`, or of type `period_over_period`.
//!
//! **Invariant:** a measure names measures of its own view only.

use super::{
    super::tree::{Comparison, MeasureType, PeriodKind, Timeframe},
    Emission,
    home::axis_path,
    measure::{self, Built, CUMULATIVE, Extra, Made, make},
    read_back, time,
};
use crate::{
    catalog::ColumnType,
    ids::MetricId,
    project::{Aggregation, Empty, Ignore, Input, InputId, MetricKind, Ref, Route, SimpleMetric},
    sql::{BinaryOp, Dialect, Expr, Function, Literal, SqlExpr, UnaryOp, print_expression},
    time::{Offset, Unit},
};

/// Returns whether a formula is surely null where its inputs have no rows.
fn is_null(expr: &Expr<InputId>, empty: &dyn Fn(&InputId) -> Empty) -> bool {
    match expr {
        Expr::Leaf(input) => empty(input) == Empty::Null,
        Expr::Unary { op: UnaryOp::Negate, arg } => is_null(arg, empty),
        Expr::Binary { op, left, right } => {
            let by_zero = *op == BinaryOp::Divide && is_zero(right, empty);
            let passes = matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide);
            by_zero || (passes && (is_null(left, empty) || is_null(right, empty)))
        }
        _ => false,
    }
}

fn is_zero(expr: &Expr<InputId>, empty: &dyn Fn(&InputId) -> Empty) -> bool {
    match expr {
        Expr::Leaf(input) => empty(input) == Empty::Zero,
        Expr::Literal(Literal::Integer(0)) => true,
        Expr::Binary { op: BinaryOp::Add | BinaryOp::Subtract, left, right } => {
            is_zero(left, empty) && is_zero(right, empty)
        }
        _ => false,
    }
}

/// Makes the measure of a derived metric.
pub(super) fn make_derived(
    emission: &mut Emission<'_>,
    metric: MetricId,
    expr: &Expr<InputId>,
    inputs: &[Input],
    extra: &Extra,
    name: &str,
    helpers: &mut Vec<Made>,
) -> Result<Made, String> {
    if let Some(shifted) = inputs.iter().find(|input| input.offset.is_some()) {
        let mut made = compare(emission, metric, expr, inputs, shifted, extra, name, helpers)?;
        if emission.project.metrics[metric].when_empty == Empty::Zero {
            made.note = Some(made.note.unwrap_or_else(|| "over no rows it is null in Looker".to_owned()));
        }
        return Ok(made);
    }
    if let Some(made) = alone(emission, metric, expr, inputs, extra, name, helpers)? {
        return Ok(made);
    }
    let mut texts = Vec::new();
    let (mut crosses, mut looks_around) = (false, false);
    let mut notes = Vec::new();
    for input in inputs {
        // What cannot stand there must leave nothing behind.
        text(emission, input, "")?;
        let made = operand(emission, input, extra, name, helpers)?;
        texts.push(text(emission, input, &made.name)?);
        notes.extend(input.ignore.is_some().then(|| WHOLE.to_owned()));
        crosses |= made.crosses;
        looks_around |= made.looks_around || input.ignore.is_some();
        notes.extend(made.note);
    }
    let mut lowered: SqlExpr = expr.map(&mut |InputId(at)| SqlExpr::bare(token(*at)));
    let project = emission.project;
    let default = match (expr, inputs) {
        (Expr::Leaf(_), [only]) => only.when_empty.unwrap_or(project.metrics[only.metric].when_empty),
        _ => Empty::Null,
    };
    let empty = |InputId(at): &InputId| {
        let input = &inputs[*at];
        input.when_empty.unwrap_or(project.metrics[input.metric].when_empty)
    };
    let is_formula = !matches!(expr, Expr::Leaf(_));
    let says_null = is_formula && project.metrics[metric].said_empty() == Some(Empty::Null) && !is_null(expr, &empty);
    match project.metrics[metric].when_empty {
        Empty::Null if says_null => {
            notes.push("over no rows it keeps the empty value of its inputs in Looker".to_owned());
        }
        own if own == default => {}
        Empty::Zero => lowered = Expr::call(Function::Coalesce, vec![lowered, Expr::integer(0)]),
        Empty::Null => notes.push("over no rows it keeps the empty value of its input in Looker".to_owned()),
    }
    let mut text = print_expression(&lowered, emission.options.dialect);
    for (at, operand) in texts.iter().enumerate() {
        text = text.replace(&token(at), operand);
    }
    let kind = measure_type(emission.project.metrics[metric].value_type);
    let mut measure = measure::empty(name, kind);
    measure.sql = Some(text);
    measure.not_filterable = looks_around;
    if emission.project.metrics[metric].value_type.is_time() {
        let (datatype, convert_tz) = time::datatype(emission.project.metrics[metric].value_type);
        (measure.datatype, measure.convert_tz) = (Some(datatype), Some(convert_tz));
    }
    notes.sort();
    notes.dedup();
    Ok(Made { measure, crosses, note: (!notes.is_empty()).then(|| notes.join("; ")) })
}

/// Makes the measure of a metric that is another one under a condition: the same measure, with a filter.
fn alone(
    emission: &mut Emission<'_>,
    metric: MetricId,
    expr: &Expr<InputId>,
    inputs: &[Input],
    extra: &Extra,
    name: &str,
    helpers: &mut Vec<Made>,
) -> Result<Option<Made>, String> {
    let project = emission.project;
    let (Expr::Leaf(_), [only]) = (expr, inputs) else { return Ok(None) };
    let is_plain = only.ignore.is_none() && only.offset_to.is_none() && only.cumulation.is_none();
    let inner = &project.metrics[only.metric];
    let is_same = project.metrics[metric].when_empty == only.when_empty.unwrap_or(inner.when_empty);
    if !is_plain || !is_same || (only.filter.is_empty() && extra.is_empty()) {
        return Ok(None);
    }
    let conditions = merge(&only.filter, extra);
    let made =
        make(emission, only.metric, &conditions, name, helpers).map_err(|reason| because(&inner.name, &reason))?;
    Ok(Some(Made { note: with_empty(project, only, made.note.clone()), ..made }))
}

/// Returns the type of the measure of an expression over measures.
pub(super) fn measure_type(value_type: ColumnType) -> MeasureType {
    match value_type {
        ColumnType::Boolean => MeasureType::YesNo,
        ColumnType::String | ColumnType::Json => MeasureType::String,
        ColumnType::Date => MeasureType::Date,
        ColumnType::DateTime | ColumnType::Timestamp => MeasureType::DateTime,
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float | ColumnType::Unknown => MeasureType::Number,
    }
}

fn token(at: usize) -> String {
    format!("lookml_input_{at}_")
}

/// Returns the measure of an input.
fn operand(
    emission: &mut Emission<'_>,
    input: &Input,
    extra: &Extra,
    name: &str,
    helpers: &mut Vec<Made>,
) -> Result<Built, String> {
    let project = emission.project;
    let inner = &project.metrics[input.metric].name;
    if input.cumulation.is_some() {
        return Err(CUMULATIVE.to_owned());
    }
    if let Some(size) = input.offset_to {
        return Err(format!("`{inner}` is taken back to the start of the {size}, which Looker has no word for"));
    }
    if input.filter.is_empty() && extra.is_empty() {
        let built = measure::build(emission, input.metric).map_err(|reason| because(inner, &reason))?;
        return Ok(Built { note: with_empty(project, input, built.note), ..built });
    }
    let conditions = merge(&input.filter, extra);
    let home = emission.homes[&input.metric].clone()?;
    let name = emission.draft_mut(home.model).claim(&format!("{name}_{}", input.name));
    let made = make(emission, input.metric, &conditions, &name, helpers).map_err(|reason| because(inner, &reason))?;
    let note = with_empty(project, input, made.note.clone());
    let built = Built { name, crosses: made.crosses, note, looks_around: made.measure.not_filterable };
    helpers.push(made);
    Ok(built)
}

/// In which way a share of the whole differs.
const WHOLE: &str = "while a query is filtered by a metric, the whole is that of the groups which are left; it is no filter itself, as warehouses compute it after conditions on metrics";

/// Returns what stands for an input: its measure, or the sum of its measure over all groups.
fn text(emission: &Emission<'_>, input: &Input, measure: &str) -> Result<String, String> {
    let project = emission.project;
    let measure = format!("${{{measure}}}");
    match &input.ignore {
        None => Ok(measure),
        Some(Ignore::Keys(_)) => Err(measure::INSIDE.to_owned()),
        Some(Ignore::All) => {
            let is_sum = |simple: &SimpleMetric| {
                matches!(simple.aggregation, Aggregation::Count | Aggregation::Sum) && simple.balance.is_none()
            };
            if !project.simple(input.metric).is_some_and(is_sum) {
                return Err(measure::INSIDE.to_owned());
            }
            Ok(read_back::whole_of(&measure, emission.options.dialect))
        }
    }
}

fn because(metric: &str, reason: &str) -> String {
    if reason.starts_with("it needs `") {
        reason.to_owned()
    } else if reason == measure::FUNNEL {
        format!("it needs `{metric}`, a funnel, whose rows are those of an explore of its own")
    } else if reason == measure::INSIDE {
        format!("it needs `{metric}`, which looks at all rows that the filters leave, in an explore of its own")
    } else {
        format!("it needs `{metric}`, which is left out: {reason}")
    }
}

fn with_empty(project: &crate::project::Project, input: &Input, note: Option<String>) -> Option<String> {
    let differs = input.when_empty.is_some_and(|empty| empty != project.metrics[input.metric].when_empty);
    if differs { Some(format!("over no rows `{}` keeps its own empty value in Looker", input.name)) } else { note }
}

fn merge(filter: &Extra, extra: &Extra) -> Extra {
    let mut merged = extra.clone();
    for (model, condition) in filter {
        let both: Expr<Ref> = match merged.get(model) {
            Some(other) => other.clone().and(condition.clone()),
            None => condition.clone(),
        };
        merged.insert(*model, both);
    }
    merged
}

/// Makes a comparison with an earlier period, in the three forms that Looker has.
#[expect(clippy::too_many_arguments, reason = "the arguments are those of the metric")]
fn compare(
    emission: &mut Emission<'_>,
    metric: MetricId,
    expr: &Expr<InputId>,
    inputs: &[Input],
    shifted: &Input,
    extra: &Extra,
    name: &str,
    helpers: &mut Vec<Made>,
) -> Result<Made, String> {
    let project = emission.project;
    if !has_period_over_period(emission.options.dialect) {
        let dialect = emission.options.dialect.name();
        return Err(format!("it compares with an earlier time, and Looker has no period_over_period for {dialect}"));
    }
    if inputs.iter().any(|input| input.ignore.is_some()) {
        return Err(
            "it compares the whole with an earlier time, and Looker's period_over_period takes an aggregate only"
                .to_owned(),
        );
    }
    let kind = form(expr, inputs).ok_or(
        "it compares with an earlier time in another form than previous, difference or relative change, the three that Looker has",
    )?;
    let back = shifted.offset.ok_or("it has no offset")?;
    let offset = back.time().ok_or("it goes back by periods of a calendar, which Looker does not know")?;
    let (period, frame) = period(offset)
        .ok_or_else(|| format!("it goes back {offset}, and Looker's period_over_period goes back one period"))?;
    if shifted.shift_rows && offset.unit.months().is_some() {
        return Err("it shifts rows, and Looker's period_over_period shifts periods".to_owned());
    }
    if !matches!(project.metrics[shifted.metric].kind, MetricKind::Simple(_)) {
        return Err(
            "it compares a metric of metrics, and Looker's period_over_period takes an aggregate only".to_owned()
        );
    }
    let home = emission.homes[&metric].clone()?;
    let axis = home.axis.as_ref().ok_or("it compares with an earlier time and has no time")?;
    let dimension = &project.dimensions[axis.dimension];
    if !time::timeframes(project, dimension).contains(&frame) {
        return Err(format!("its time {} has no {}", axis_path(project, &home), frame.word()));
    }
    let group = emission.draft(dimension.model).dimensions[&axis.dimension].clone();
    let mut field = format!("{group}_{}", frame.word());
    let mut crosses = false;
    if axis.route != Route::here() {
        field = format!("{}.{field}", emission.alias(home.model, &axis.route)?);
        crosses = true;
    }
    let Built { name: based_on, crosses: base_crosses, note, .. } = operand(emission, shifted, extra, name, helpers)?;
    let mut measure = measure::empty(name, MeasureType::PeriodOverPeriod);
    measure.comparison = Some(Comparison { based_on, based_on_time: field, period: period.to_owned(), kind });
    emission.comparisons.push((home.clone(), name.to_owned(), offset));
    let days = "on days that the earlier period did not have, Looker may show a neighbouring day";
    let months = offset.unit.months().is_some().then(|| days.to_owned());
    let filter = format!("filter by whole periods of a {period}, or Looker has no earlier rows to compare with");
    let empty = shifted.when_empty == Some(Empty::Zero);
    let empty = empty.then(|| "over no rows of the earlier period it is null in Looker".to_owned());
    let notes: Vec<String> = note.into_iter().chain(empty).chain(months).chain([filter]).collect();
    Ok(Made { measure, crosses: crosses || base_crosses, note: Some(notes.join("; ")) })
}

/// Returns whether Looker compares periods there. LookML over DuckDB is for checking, and so says what BigQuery's says.
fn has_period_over_period(dialect: Dialect) -> bool {
    match dialect {
        Dialect::BigQuery | Dialect::Snowflake | Dialect::DuckDb => true,
        Dialect::Postgres => false,
    }
}

/// Finds which of Looker's three forms an expression has, given which input is the earlier one.
fn form(expr: &Expr<InputId>, inputs: &[Input]) -> Option<PeriodKind> {
    let earlier = |expr: &Expr<InputId>| matches!(expr, Expr::Leaf(InputId(at)) if inputs[*at].offset.is_some());
    let same = |a: &Expr<InputId>, b: &Expr<InputId>| match (a, b) {
        (Expr::Leaf(InputId(now)), Expr::Leaf(InputId(then))) => {
            let (now, then) = (&inputs[*now], &inputs[*then]);
            now.offset.is_none()
                && then.offset.is_some()
                && now.metric == then.metric
                && now.filter == then.filter
                && now.cumulation.is_none()
                && then.cumulation.is_none()
        }
        _ => false,
    };
    match expr {
        leaf if earlier(leaf) => Some(PeriodKind::Previous),
        Expr::Binary { op: BinaryOp::Subtract, left, right } => match (&**left, &**right) {
            (now, then) if same(now, then) => Some(PeriodKind::Difference),
            (Expr::Binary { op: BinaryOp::Divide, left: now, right: then }, Expr::Literal(Literal::Integer(1)))
                if same(now, then) =>
            {
                Some(PeriodKind::RelativeChange)
            }
            _ => None,
        },
        Expr::Binary { op: BinaryOp::Divide, left, right } => match &**left {
            Expr::Binary { op: BinaryOp::Subtract, left: now, right: then } if same(now, then) && then == right => {
                Some(PeriodKind::RelativeChange)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns Looker's name of one period, and the timeframe that stands for it.
fn period(offset: Offset) -> Option<(&'static str, Timeframe)> {
    if offset.count != 1 {
        return None;
    }
    match offset.unit {
        Unit::Day => Some(("date", Timeframe::Date)),
        Unit::Week => Some(("week", Timeframe::Week)),
        Unit::Month => Some(("month", Timeframe::Month)),
        Unit::Quarter => Some(("quarter", Timeframe::Quarter)),
        Unit::Year => Some(("year", Timeframe::Year)),
        Unit::Second | Unit::Minute | Unit::Hour => None,
    }
}
