//! Rollups → aggregate tables, in a refinement of the explore whose queries they answer.
//!
//! **Invariant:** an aggregate table has the fields by which its explore is filtered for each user, so that one table
//! answers for all; an explore whose rows depend on users in another way has none.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        lexical::identifier,
        report::{Entry, Outcome, Subject},
        tree::{AggregateTable, Document, Explore, ExploreRefinement, Measure, MeasureType, Objects, Storage},
    },
    Draught, Emission, datagroup,
    explore::Explores,
    files, time,
};
use crate::{
    ids::{DimensionId, MetricId, ModelId},
    project::{DimensionKind, Rollup, RollupTime, Route, Source},
    sql::Dialect,
    time::{Duration, Granularity, Unit},
};

/// Makes the files of aggregate tables, one for each explore.
pub(super) fn files(emission: &mut Emission<'_>, explores: &BTreeMap<ModelId, Explores>) -> Vec<Draught> {
    let project = emission.project;
    let mut tables: BTreeMap<(ModelId, String), Vec<(AggregateTable, &Rollup)>> = BTreeMap::new();
    for rollup in &project.rollups {
        match table(emission, rollup, explores.get(&rollup.model)) {
            Ok((explore, table, note)) => {
                report(emission, rollup, Some(explore.clone()), note);
                tables.entry((rollup.model, explore)).or_default().push((table, rollup));
            }
            Err(reason) => report(emission, rollup, None, Some(reason)),
        }
    }
    tables.into_iter().map(|((model, explore), tables)| file(emission, model, &explore, tables)).collect()
}

fn file(emission: &Emission<'_>, model: ModelId, explore: &str, tables: Vec<(AggregateTable, &Rollup)>) -> Draught {
    let spans = tables.iter().map(|(_, rollup)| rollup.span).collect();
    let aggregate_tables = tables.into_iter().map(|(table, _)| table).collect();
    let objects = Objects {
        includes: vec![format!("/explores/generated/{}.explore.lkml", emission.draft(model).view)],
        explore_refinements: vec![ExploreRefinement { name: format!("+{explore}"), aggregate_tables }],
        ..Objects::default()
    };
    let advice = "Rollups are declared under `rollups:`.".to_owned();
    let path = format!("aggregates/{explore}.agg.lkml");
    files::generated(path, Document::Objects(objects), files::sources(emission, spans), advice)
}

fn report(emission: &mut Emission<'_>, rollup: &Rollup, explore: Option<String>, reason: Option<String>) {
    emission.entries.push(Entry {
        subject: Subject::Rollup,
        name: rollup.name.clone(),
        outcome: match (&explore, &reason) {
            (Some(_), None) => Outcome::Emitted,
            (Some(_), Some(_)) => Outcome::Approximated,
            (None, _) => Outcome::LeftOut,
        },
        explore,
        field: None,
        reason,
    });
}

/// Makes the aggregate table of a rollup, with the name of its explore and what is missing in it.
fn table(
    emission: &Emission<'_>,
    rollup: &Rollup,
    explores: Option<&Explores>,
) -> Result<(String, AggregateTable, Option<String>), String> {
    let home = |metric: &MetricId| emission.homes[metric].as_ref().ok();
    let (home, explore) = explores
        .into_iter()
        .flat_map(|explores| &explores.explores)
        .find(|(home_of, _)| rollup.metrics.iter().any(|metric| home(metric) == Some(home_of)))
        .ok_or("none of its metrics is in an explore")?;
    if depends_on_users(explore) {
        return Err("the rows of its explore depend on user attributes, and a stored table would keep the rows of \
                    whoever built it"
            .to_owned());
    }
    let mut missing = Vec::new();
    let mut measures = Vec::new();
    for metric in &rollup.metrics {
        let name = &emission.project.metrics[*metric].name;
        let stored = match (emission.homes[metric].as_ref() == Ok(home), &emission.built[metric]) {
            (true, Ok(built)) => stored(emission, rollup.model, &built.name, &mut measures),
            (false, _) | (_, Err(_)) => Err("it is not in the explore".to_owned()),
        };
        missing.extend(stored.err().map(|reason| format!("`{name}`: {reason}")));
    }
    if measures.is_empty() {
        return Err(format!("it would store nothing; {}", missing.join("; ")));
    }
    let mut dimensions = Vec::new();
    for (route, id) in &rollup.dimensions {
        match field(emission, rollup.model, route, *id) {
            Ok(field) => dimensions.push(field),
            Err(reason) => missing.push(format!("`{}`: {reason}", emission.project.dimensions[*id].name)),
        }
    }
    let key = rollup.time.as_ref().map(|time| time_field(emission, rollup.model, time)).transpose()?;
    dimensions.extend(key.clone());
    filtered_by(emission, explore, rollup, &mut dimensions)?;
    dimensions.sort();
    dimensions.dedup();
    let table = AggregateTable {
        name: identifier(&rollup.name),
        measures: measures.iter().map(|name| format!("{}.{name}", explore.view_name)).collect(),
        filters: Vec::new(),
        timezone: emission.project.time_zone.name().to_owned(),
        storage: storage(emission, rollup, key.as_deref()),
        dimensions,
    };
    let note = (!missing.is_empty()).then(|| format!("without {}", missing.join("; ")));
    Ok((explore.name.clone(), table, note))
}

/// Returns whether the rows of an explore depend on user attributes in another way than by access filters.
fn depends_on_users(explore: &Explore) -> bool {
    let texts = explore.sql_always_where.iter().chain(explore.joins.iter().map(|join| &join.sql_on));
    texts.into_iter().any(|sql| sql.contains("_user_attributes"))
}

/// Adds a measure, and those that it is made of, if Looker can put it together from stored rows.
fn stored(emission: &Emission<'_>, model: ModelId, name: &str, measures: &mut Vec<String>) -> Result<(), String> {
    let draft = emission.draft(model);
    let all = || draft.own.measures.iter().chain(&draft.joined.measures).map(|(_, measure)| measure);
    let (mut open, mut found) = (vec![name.to_owned()], Vec::new());
    while let Some(name) = open.pop() {
        // A measure that says its aggregate itself names what it aggregates.
        let Some(measure) = all().find(|measure| measure.name == name) else {
            return Err("Looker does not put percentiles together".to_owned());
        };
        can_be_stored(measure)?;
        if measure.sql.as_ref().is_some_and(|sql| sql.contains(" OVER (")) {
            return Err("Looker does not put shares of a whole together".to_owned());
        }
        let references = measure.sql.iter().filter(|_| measure.kind == MeasureType::Number);
        for reference in references.flat_map(|sql| sql.split("${").skip(1)) {
            open.extend(reference.split_once('}').map(|(inner, _)| inner.to_owned()));
        }
        found.push(name);
    }
    for name in found {
        if !measures.contains(&name) {
            measures.push(name);
        }
    }
    Ok(())
}

fn can_be_stored(measure: &Measure) -> Result<(), String> {
    match measure.kind {
        MeasureType::Count
        | MeasureType::Sum
        | MeasureType::Average
        | MeasureType::Min
        | MeasureType::Max
        | MeasureType::Number => Ok(()),
        MeasureType::CountDistinct => Err("Looker does not add up numbers of different values".to_owned()),
        MeasureType::PeriodOverPeriod => {
            Err("Looker compares with an earlier period on the rows themselves".to_owned())
        }
        MeasureType::String | MeasureType::YesNo | MeasureType::Date | MeasureType::DateTime => {
            Err("Looker does not put texts and times together".to_owned())
        }
    }
}

/// Returns the field of a dimension in the explores of a model.
fn field(emission: &Emission<'_>, base: ModelId, route: &Route, id: DimensionId) -> Result<String, String> {
    let dimension = &emission.project.dimensions[id];
    let draft = emission.draft(dimension.model);
    if let Some(reason) = draft.left_out.get(&id) {
        return Err(format!("it is left out: {reason}"));
    }
    if draft.crossing.contains(&id) && !route.0.is_empty() {
        return Err("it is a field in the explores of its own model only".to_owned());
    }
    let name = &draft.dimensions[&id];
    let field = match dimension.kind {
        DimensionKind::Time { .. } => {
            let (frame, _) = time::default_filter(emission.project, dimension);
            format!("{name}_{}", frame.word())
        }
        DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => name.clone(),
    };
    Ok(format!("{}.{field}", view(emission, base, route)?))
}

fn view(emission: &Emission<'_>, base: ModelId, route: &Route) -> Result<String, String> {
    if route.0.is_empty() { Ok(emission.draft(base).view.clone()) } else { emission.alias(base, route) }
}

fn time_field(emission: &Emission<'_>, base: ModelId, time: &RollupTime) -> Result<String, String> {
    let dimension = &emission.project.dimensions[time.axis.dimension];
    let frame = time::frame(time.granularity);
    if !time::timeframes(emission.project, dimension).contains(&frame) {
        return Err(format!("its time has no {} in Looker", frame.word()));
    }
    let group = &emission.draft(dimension.model).dimensions[&time.axis.dimension];
    Ok(format!("{}.{group}_{}", view(emission, base, &time.axis.route)?, frame.word()))
}

/// Adds the fields by which the explore is always filtered, or says why the table would never be used.
fn filtered_by(
    emission: &Emission<'_>,
    explore: &Explore,
    rollup: &Rollup,
    dimensions: &mut Vec<String>,
) -> Result<(), String> {
    dimensions.extend(explore.access_filters.iter().map(|filter| filter.field.clone()));
    let Some(filter) = explore.always_filter.first() else { return Ok(()) };
    let fits = rollup.time.as_ref().is_some_and(|time| {
        let (frame, _) = time::default_filter(emission.project, &emission.project.dimensions[time.axis.dimension]);
        let by = Granularity::ALL.into_iter().find(|granularity| time::frame(*granularity) == frame);
        by.is_some_and(|by| time.granularity.nests_in(by))
    });
    if fits {
        return Ok(());
    }
    Err(format!("its explore is always filtered by `{}`, which is finer than what is stored", filter.field))
}

fn storage(emission: &Emission<'_>, rollup: &Rollup, time: Option<&str>) -> Storage {
    let dialect = emission.options.dialect;
    let column = |field: &str| field.split_once('.').map_or(field, |(_, name)| name).to_owned();
    let key = time.map(column);
    let incremental = rollup.lookback.zip(rollup.time.as_ref()).filter(|_| dialect != Dialect::DuckDb);
    Storage {
        datagroup_trigger: emission.datagroup_of(rollup.model).unwrap_or_else(|| datagroup::default_name(emission)),
        partition_keys: key
            .iter()
            .filter(|_| dialect == Dialect::BigQuery && rollup.partition.is_some())
            .cloned()
            .collect(),
        cluster_keys: if matches!(dialect, Dialect::BigQuery | Dialect::Snowflake) {
            clustered(emission, rollup)
        } else {
            Vec::new()
        },
        increment_offset: incremental.map(|(lookback, time)| periods(lookback, time.granularity)),
        increment_key: key.filter(|_| incremental.is_some()),
    }
}

/// Returns the kept dimensions that are clustering columns of the model's own table.
fn clustered(emission: &Emission<'_>, rollup: &Rollup) -> Vec<String> {
    let project = emission.project;
    let Source::Table(table) = &project.models[rollup.model].source else { return Vec::new() };
    let columns: BTreeSet<&String> = project.tables[*table].cluster_by.iter().collect();
    let kept = rollup.dimensions.iter().filter(|(route, id)| {
        route.0.is_empty() && project.plain_column(*id).is_some_and(|column| columns.contains(&column.to_owned()))
    });
    kept.map(|(_, id)| emission.draft(rollup.model).dimensions[id].clone()).collect()
}

/// Returns how many periods a time back reaches, rounded up, and at least one.
fn periods(back: Duration, granularity: Granularity) -> u32 {
    let hours = match back.unit {
        Unit::Second => (back.count + 3599) / 3600,
        Unit::Minute => (back.count + 59) / 60,
        Unit::Hour => back.count,
        Unit::Day => back.count * 24,
        Unit::Week => back.count * 24 * 7,
        Unit::Month => back.count * 24 * 31,
        Unit::Quarter => back.count * 24 * 92,
        Unit::Year => back.count * 24 * 366,
    };
    let size = match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => 1,
        Granularity::Day => 24,
        Granularity::Week => 24 * 7,
        Granularity::Month => 24 * 28,
        Granularity::Quarter | Granularity::FiscalQuarter => 24 * 90,
        Granularity::Year | Granularity::FiscalYear => 24 * 365,
    };
    u32::try_from((hours.abs() + size - 1) / size).unwrap_or(u32::MAX).max(1)
}
