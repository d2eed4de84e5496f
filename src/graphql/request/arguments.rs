//! Arguments with a meaning of their own: ranges, offsets, zones, enums.

use async_graphql::Name;
use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use crate::{
    catalog::ColumnType,
    graphql::{GraphqlError, collect::Values, scalars},
    plan::{Fill, Past, PlanErrorCode},
    project::{Project, Size},
    time::{
        Duration, Granularity, NaiveDate, Offset, RangeUnit, RelativeRange, TimePart, TimeRange, Tz, Unit, read_date,
    },
};

/// The greatest number of rows of one page.
const MAX_FIRST: i64 = 10_000;
/// The greatest number of periods in a range or an offset.
const MAX_COUNT: i64 = Duration::MAXIMUM_COUNT;

/// Returns a field of an input that is not null.
pub(super) fn field<'a>(fields: &'a IndexMap<Name, ConstValue>, name: &str) -> Option<&'a ConstValue> {
    fields.get(name).filter(|value| !matches!(value, ConstValue::Null))
}

/// Returns the fields of an input.
pub(super) fn object(value: &ConstValue) -> Result<&IndexMap<Name, ConstValue>, GraphqlError> {
    match value {
        ConstValue::Object(fields) => Ok(fields),
        _ => Err(scalars::wrong("input", &scalars::show(value))),
    }
}

pub(super) fn text(value: &ConstValue) -> Result<&str, GraphqlError> {
    match value {
        ConstValue::String(text) => Ok(text),
        ConstValue::Enum(name) => Ok(name),
        _ => Err(scalars::wrong("String", &scalars::show(value))),
    }
}

pub(super) fn texts(value: Option<&ConstValue>) -> Result<Vec<String>, GraphqlError> {
    match value {
        Some(ConstValue::List(items)) => items.iter().map(|item| text(item).map(str::to_owned)).collect(),
        Some(value) => Err(scalars::wrong("list", &scalars::show(value))),
        None => Ok(Vec::new()),
    }
}

pub(super) fn integer(value: &ConstValue) -> Result<i64, GraphqlError> {
    match value {
        ConstValue::Number(number) => number.as_i64(),
        _ => None,
    }
    .ok_or_else(|| scalars::wrong("Int", &scalars::show(value)))
}

pub(super) fn is_true(value: Option<&ConstValue>) -> bool {
    matches!(value, Some(ConstValue::Boolean(true)))
}

/// Reads a count that must be positive.
pub(super) fn count(value: Option<&ConstValue>) -> Result<i64, GraphqlError> {
    let count = value.map_or(Ok(1), integer)?;
    if (1..=MAX_COUNT).contains(&count) {
        return Ok(count);
    }
    Err(GraphqlError::input(format!("`count` is {count} and must lie between 1 and {MAX_COUNT}")))
}

/// Reads `first`.
pub(in crate::graphql) fn first(arguments: &Values, otherwise: i64) -> Result<u64, GraphqlError> {
    let first = match arguments.get("first") {
        Some(ConstValue::Null) | None => otherwise,
        Some(value) => integer(value)?,
    };
    if (1..=MAX_FIRST).contains(&first) {
        return Ok(first.unsigned_abs());
    }
    let message = format!("`first` is {first} and must lie between 1 and {MAX_FIRST}");
    let help = if first < 1 {
        "Ask for one row at least, and leave `rows` out where only totals are wanted."
    } else {
        "Read further rows with `after`."
    };
    Err(GraphqlError::plan(PlanErrorCode::LimitExceeded, message).help(help))
}

/// The greatest number of values on a page.
const MAX_VALUES: u64 = 1_000_000;

/// Checks that a page of so many columns is one that can be held in memory.
pub(in crate::graphql) fn check_page(columns: usize, first: u64) -> Result<(), GraphqlError> {
    if (columns as u64).saturating_mul(first) <= MAX_VALUES {
        return Ok(());
    }
    let message = format!("{first} rows of {columns} columns are more than {MAX_VALUES} values");
    Err(GraphqlError::plan(PlanErrorCode::LimitExceeded, message)
        .help("Ask for fewer rows at a time with `first`, and for further ones with `after`."))
}

/// Reads a `TimeRange`.
pub(in crate::graphql) fn time_range(value: &ConstValue) -> Result<TimeRange, GraphqlError> {
    let (kind, value) = object(value)?.iter().next().ok_or_else(|| scalars::wrong("TimeRange", "`{}`"))?;
    match kind.as_str() {
        "last" => {
            let last = object(value)?;
            let count = count(field(last, "count"))?;
            Ok(TimeRange::Last(RelativeRange {
                count: u32::try_from(count).expect("a count is at most 100,000"),
                unit: range_unit(field(last, "unit"))?,
                include_current: is_true(field(last, "includeCurrent")),
            }))
        }
        "between" => {
            let between = object(value)?;
            let (from, to) = (day(field(between, "from"))?, day(field(between, "to"))?);
            if from >= to {
                let message = format!("the range from {from} to {to} holds no day");
                return Err(GraphqlError::plan(PlanErrorCode::InvalidFilter, message)
                    .help("`to` is the first day after the range."));
            }
            Ok(TimeRange::Between { from, to })
        }
        "current" => Ok(TimeRange::Current(range_unit(Some(value))?)),
        _ => Ok(TimeRange::Since(day(Some(value))?)),
    }
}

fn day(value: Option<&ConstValue>) -> Result<NaiveDate, GraphqlError> {
    let text = value.map_or(Ok(""), text)?;
    read_date(text).ok_or_else(|| scalars::wrong("Date", &format!("`{text}`")))
}

/// Reads a `Granularity`, day unless said. A period of a calendar is told by a day: by what its column holds, if that is
/// a date, else by its first day.
pub(super) fn granularity(project: &Project, value: Option<&ConstValue>) -> Result<Size, GraphqlError> {
    let Some(value) = value else { return Ok(Granularity::Day.into()) };
    let name = text(value)?.to_lowercase();
    if let Some(granularity) = Granularity::from_name(&name) {
        return Ok(granularity.into());
    }
    let id = project.calendar_granularity(&name);
    let id = id.ok_or_else(|| scalars::wrong("Granularity", &scalars::show(value)))?;
    let is_date = project.granularities[id].column_type == ColumnType::Date;
    Ok(if is_date { Size::Calendar(id) } else { Size::FirstDay(id) })
}

/// Reads a `Granularity` as the unit of a range, day unless said.
fn range_unit(value: Option<&ConstValue>) -> Result<RangeUnit, GraphqlError> {
    let Some(value) = value else { return Ok(Granularity::Day.into()) };
    let name = text(value)?.to_lowercase();
    Ok(Granularity::from_name(&name).map_or(RangeUnit::Named(name), RangeUnit::Granularity))
}

/// Reads a `TimePart`.
pub(super) fn part(value: Option<&ConstValue>) -> Result<TimePart, GraphqlError> {
    let name = value.map_or(Ok(""), text)?.to_lowercase();
    TimePart::from_name(&name).ok_or_else(|| scalars::wrong("TimePart", &format!("`{name}`")))
}

/// Reads an `Offset`, by spans of time or by periods of a calendar.
pub(super) fn offset(project: &Project, value: Option<&ConstValue>) -> Result<Past, GraphqlError> {
    let fields = object(value.ok_or_else(|| GraphqlError::input("argument `offset` is missing"))?)?;
    let unit = match field(fields, "unit").map_or(Ok(""), text)? {
        "SECOND" => Unit::Second,
        "MINUTE" => Unit::Minute,
        "HOUR" => Unit::Hour,
        "DAY" => Unit::Day,
        "WEEK" => Unit::Week,
        "MONTH" => Unit::Month,
        "QUARTER" => Unit::Quarter,
        "YEAR" => Unit::Year,
        other => {
            let of = other.to_lowercase();
            if project.calendar_granularity(&of).is_none() {
                return Err(scalars::wrong("OffsetUnit", &format!("`{other}`")));
            }
            return Ok(Past::Periods { count: count(field(fields, "count"))?, of });
        }
    };
    Ok(Past::Time(Offset { count: count(field(fields, "count"))?, unit }))
}

/// Reads a `TimeZone`.
pub(super) fn time_zone(value: &ConstValue) -> Result<Tz, GraphqlError> {
    text(value)?.parse().map_err(|_| scalars::wrong("TimeZone", &scalars::show(value)))
}

/// Reads a `Fill`.
pub(super) fn fill(value: Option<&ConstValue>) -> Fill {
    match value {
        Some(ConstValue::Enum(name)) if name.as_str() == "TIME" => Fill::Time,
        _ => Fill::None,
    }
}

/// Refuses arguments that are not executed yet.
pub(super) fn refuse_not_yet(arguments: &Values, names: &[&str]) -> Result<(), GraphqlError> {
    match names.iter().find(|name| !matches!(arguments.get(**name), None | Some(ConstValue::Null))) {
        Some(name) => Err(GraphqlError::plan(PlanErrorCode::NotYet, format!("`{name}` is not executed yet"))
            .help("Leave it out; the request's deadline holds.")),
        None => Ok(()),
    }
}
