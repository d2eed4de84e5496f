//! Known numbers of the project → data tests.
//!
//! `{ name: leap_day, metric: parcels_booked, time: 2024-02-29, expect: 18233 }` becomes a test of the metric's explore,
//! filtered by that day, which asserts the number.
//!
//! **Invariant:** a test asks for the number that the definition speaks of, or it is reported.

use std::collections::BTreeMap;

use super::{
    super::{
        lexical::identifier,
        report::{Entry, Outcome, Subject},
        tree::{Assert, Explore, Filter, MeasureType, Test, Timeframe},
    },
    Emission, Home, draft,
    explore::Explores,
    time,
};
use crate::{
    ids::{DimensionId, ModelId},
    project::{DimensionKind, Expectation, MetricTest, Reach, Route, TimeAxis},
    time::{Granularity, NaiveDate, RangeUnit, RelativeRange, TimeRange},
};

/// Makes the tests of known numbers, by the model of their explores.
pub(super) fn tests(
    emission: &mut Emission<'_>,
    explores: &BTreeMap<ModelId, Explores>,
) -> BTreeMap<ModelId, Vec<Test>> {
    let project = emission.project;
    let mut tests: BTreeMap<ModelId, Vec<Test>> = BTreeMap::new();
    for definition in &project.tests {
        let made = test(emission, definition, explores);
        let (explore, outcome, reason) = match made {
            Ok((model, test, note)) => {
                let explore = test.explore.clone();
                let made = tests.entry(model).or_default();
                let name = draft::unique(&test.name, |name| made.iter().all(|test| test.name != name));
                made.push(Test { name, ..test });
                (Some(explore), if note.is_some() { Outcome::Approximated } else { Outcome::Emitted }, note)
            }
            Err(reason) => (None, Outcome::LeftOut, Some(reason)),
        };
        let (subject, name) = (Subject::Test, definition.name.clone());
        emission.entries.push(Entry { subject, name, explore, field: None, outcome, reason });
    }
    tests
}

fn test(
    emission: &Emission<'_>,
    definition: &MetricTest,
    explores: &BTreeMap<ModelId, Explores>,
) -> Result<(ModelId, Test, Option<String>), String> {
    let metric = definition.metric;
    let (home, built) = match (&emission.homes[&metric], &emission.built[&metric]) {
        (Ok(home), Ok(built)) => (home, built),
        _ if emission.united.contains(&metric) => {
            return Err(
                "its metric is in an explore over the rows of several facts only, which has no tests".to_owned()
            );
        }
        _ => return Err("its metric is left out".to_owned()),
    };
    let of_model = explores.get(&home.model).into_iter().flat_map(|explores| &explores.explores);
    let (_, explore) = of_model.into_iter().find(|(of, _)| of == home).ok_or("its metric is left out")?;
    check(emission, definition, home, explore, &built.name)?;
    let measure = format!("{}.{}", explore.view_name, built.name);
    let column = |field: &str| Filter { field: field.replace('.', "_"), value: field.to_owned() };
    let mut columns = Vec::new();
    for path in &definition.by {
        columns.push(column(&key(emission, home, path)?));
    }
    columns.push(Filter { field: built.name.clone(), value: measure.clone() });
    let filters = match &definition.time {
        Some(range) => vec![Filter { field: day(emission, home)?, value: words(range)? }],
        None => Vec::new(),
    };
    let unbounded = filters.is_empty().then(|| explore.always_filter.first()).flatten();
    if unbounded.is_some() && matches!(definition.expectation, Expectation::Equals(_)) {
        return Err("it speaks of all times, and its explore is always filtered by time".to_owned());
    }
    let note = unbounded.map(|filter| format!("it sees what the explore shows unless asked: {}", filter.value));
    let test = Test {
        name: identifier(&definition.name),
        explore: explore.name.clone(),
        columns,
        filters,
        sorts: Vec::new(),
        limit: None,
        asserts: vec![Assert {
            name: "is_as_expected".to_owned(),
            expression: expression(&measure, &definition.expectation),
        }],
    };
    Ok((home.model, test, note))
}

/// Says why Looker cannot ask what the test asks.
fn check(
    emission: &Emission<'_>,
    definition: &MetricTest,
    home: &Home,
    explore: &Explore,
    measure: &str,
) -> Result<(), String> {
    if definition.filter.is_some() {
        return Err("it has a `where`, and a test of Looker filters by fields".to_owned());
    }
    if !emission.project.policies.of_rows(home.model).is_empty()
        || explore.sql_always_where.iter().any(|sql| sql.contains("_user_attributes"))
    {
        return Err("what its explore shows depends on who runs it".to_owned());
    }
    let draft = emission.draft(home.model);
    let mut measures = draft.own.measures.iter().chain(&draft.joined.measures).map(|(_, measure)| measure);
    match measures.find(|made| made.name == measure).map(|made| made.kind) {
        Some(MeasureType::PeriodOverPeriod) => Err("it needs rows of an earlier period".to_owned()),
        Some(_) => Ok(()),
        None => Err("its metric is left out".to_owned()),
    }
}

/// Finds the field of a key: `time.month`, `service`, `origin.region`.
fn key(emission: &Emission<'_>, home: &Home, path: &[String]) -> Result<String, String> {
    let project = emission.project;
    let unknown = || format!("its key `{}` is no field of its explore", path.join("."));
    let granularity = path.last().and_then(|word| Granularity::from_name(word));
    if let ([first, _], Some(granularity)) = (path, granularity)
        && first == "time"
    {
        let axis = home.axis.as_ref().ok_or_else(unknown)?;
        return frame(emission, home.model, axis, time::frame(granularity)).ok_or_else(unknown);
    }
    let (name, roles) = path.split_last().ok_or_else(unknown)?;
    let mut route = Route::here();
    for role in roles.iter().filter(|role| project.models[home.model].name != **role) {
        let join = project.join_named(project.route_end(home.model, &route), Reach::Declared, role);
        route.0.push(join.ok_or_else(unknown)?);
    }
    let model = project.route_end(home.model, &route);
    let id: DimensionId = project.dimension_named(model, name).ok_or_else(unknown)?;
    let draft = emission.draft(model);
    let is_field = !matches!(project.dimensions[id].kind, DimensionKind::Time { .. })
        && !draft.left_out.contains_key(&id)
        && (route.0.is_empty() || !draft.crossing.contains(&id));
    let view = view(emission, home.model, &route).filter(|_| is_field).ok_or_else(unknown)?;
    Ok(format!("{view}.{}", draft.dimensions[&id]))
}

fn view(emission: &Emission<'_>, base: ModelId, route: &Route) -> Option<String> {
    if route.0.is_empty() { Some(emission.draft(base).view.clone()) } else { emission.alias(base, route).ok() }
}

fn frame(emission: &Emission<'_>, base: ModelId, axis: &TimeAxis, frame: Timeframe) -> Option<String> {
    let dimension = &emission.project.dimensions[axis.dimension];
    let has = time::timeframes(emission.project, dimension).contains(&frame);
    let group = &emission.draft(dimension.model).dimensions[&axis.dimension];
    Some(format!("{}.{group}_{}", view(emission, base, &axis.route).filter(|_| has)?, frame.word()))
}

/// Returns the field of the days of a home's axis.
fn day(emission: &Emission<'_>, home: &Home) -> Result<String, String> {
    let axis = home.axis.as_ref().ok_or("its metric has no time")?;
    frame(emission, home.model, axis, Timeframe::Date).ok_or_else(|| "its time has no days".to_owned())
}

/// Writes a range as a filter expression of Looker.
fn words(range: &TimeRange) -> Result<String, String> {
    let named = || "its range is one of a calendar from a table".to_owned();
    let date = |day: &NaiveDate| day.format("%Y/%m/%d").to_string();
    match range {
        TimeRange::Between { from, to } => {
            Ok(format!("{} for {} days", date(from), to.signed_duration_since(*from).num_days()))
        }
        TimeRange::Since(from) => Ok(format!("after {}", date(from))),
        TimeRange::Current(RangeUnit::Granularity(Granularity::Day)) => Ok("today".to_owned()),
        TimeRange::Current(unit) => Ok(format!("this {}", plain(unit).ok_or_else(named)?)),
        TimeRange::Last(RelativeRange { count, unit, include_current: false }) => {
            let unit = plain(unit).ok_or_else(named)?;
            Ok(format!("{count} {unit}s ago for {count} {unit}s"))
        }
        TimeRange::Last(RelativeRange { count, unit, include_current: true }) => {
            Ok(format!("{count} {}s", plain(unit).ok_or_else(named)?))
        }
    }
}

fn plain(unit: &RangeUnit) -> Option<String> {
    match unit {
        RangeUnit::Granularity(granularity) => Some(granularity.name().replace('_', " ")),
        RangeUnit::Named(_) => None,
    }
}

/// `${shipments.parcels_booked} = 18233`; fractions are compared up to a millionth, as they are floats in Looker.
fn expression(measure: &str, expectation: &Expectation) -> String {
    match expectation {
        Expectation::Equals(number) if number.contains('.') => format!("abs(${{{measure}}} - {number}) < 0.000001"),
        Expectation::Equals(number) => format!("${{{measure}}} = {number}"),
        Expectation::Between(least, greatest) => {
            format!("${{{measure}}} >= {least} AND ${{{measure}}} <= {greatest}")
        }
    }
}
