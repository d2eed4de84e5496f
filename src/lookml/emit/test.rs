//! Data tests: that keys are unique, and that the connection's time zone is the project's.
//!
//! A key that repeats makes every join to its model multiply rows, without an error; a connection in another zone
//! cuts days elsewhere than the API.

use std::collections::BTreeMap;

use super::{
    super::tree::{
        Assert, Datatype, DimensionGroup, DimensionType, Explore, FieldDocs, Filter, MeasureType, Objects, Test,
        Timeframe, View,
    },
    Emission, draft,
    explore::{Explores, condition_sql},
    measure,
    policies::seen_by_all,
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{DimensionKind, Route},
    sql::{Literal, Select, SqlExpr, print_pretty},
    time::{NaiveDate, Utc},
};
use chrono::{NaiveTime, TimeZone};

/// Gives every model with a key, that is the base of an explore or joined in one, a measure that counts its rows.
pub(super) fn count_rows(emission: &mut Emission<'_>, explores: &BTreeMap<ModelId, Explores>) {
    let views: Vec<ModelId> = explores.values().flat_map(|explores| explores.views.iter().copied()).collect();
    for model in views {
        let draft = emission.draft(model);
        if draft.own.key.is_none() || draft.row_count.is_some() {
            continue;
        }
        // A key may be unique among the rows of the model only, so that its own explore needs their filter.
        let filter = emission.project.models[model].filter.as_ref().filter(|_| !explores.contains_key(&model));
        let kept = filter.map(|filter| condition_sql(emission, model, &Route::here(), filter)).transpose();
        let Ok(kept) = kept else { continue };
        let draft = emission.draft_mut(model);
        let name = draft.claim("row_count");
        draft.row_count = Some(measure::empty(&name, MeasureType::Count));
        draft.kept = kept;
    }
}

/// Makes the test of a model's key; a model without an explore gets a hidden one for it.
pub(super) fn key(
    emission: &Emission<'_>,
    model: ModelId,
    explore: Option<&Explore>,
) -> Option<(Option<Explore>, Test)> {
    let draft = emission.draft(model);
    let key = draft.own.key.as_ref()?;
    let count = draft.row_count.as_ref()?.name.as_str();
    if explore.is_none() {
        // The explore of the test would show rows that not everyone may see.
        seen_by_all(emission.project, model).ok()?;
    }
    let own = explore.is_none().then(|| Explore {
        name: format!("{}_key", draft.view),
        hidden: true,
        description: Some("Only there for the test of the primary key.".to_owned()),
        view_name: draft.view.clone(),
        sql_always_where: draft.kept.clone(),
        ..Explore::default()
    });
    let source = explore.or(own.as_ref()).map(|explore| explore.name.clone()).unwrap_or_default();
    let field = |name: &str| format!("{}.{name}", draft.view);
    let column = |name: &str| Filter { field: name.to_owned(), value: field(name) };
    let test = Test {
        name: format!("{}_key_is_unique", draft.view),
        explore: source,
        columns: vec![column(&key.name), column(count)],
        filters: explore.map(|explore| explore.always_filter.clone()).unwrap_or_default(),
        sorts: vec![Filter { field: field(count), value: "desc".to_owned() }],
        limit: Some(1),
        asserts: vec![Assert { name: "one_row_per_key".to_owned(), expression: format!("${{{}}} = 1", field(count)) }],
    };
    Some((own, test))
}

/// Makes the view, explore and test that find out whether days begin where the project says, if any time is converted.
pub(super) fn time_zone(emission: &Emission<'_>) -> Option<Objects> {
    let project = emission.project;
    let converted = project.dimensions.values().any(|dimension| {
        matches!(dimension.kind, DimensionKind::Time { .. }) && dimension.column_type == ColumnType::Timestamp
    });
    if !converted {
        return None;
    }
    let name = "entente_time_zone";
    let mut rows: Vec<Select> = Vec::new();
    for (month, (hour, minute)) in [(1, (0, 30)), (1, (23, 30)), (7, (0, 30)), (7, (23, 30))] {
        let day = NaiveDate::from_ymd_opt(2024, month, 15)?;
        let local = day.and_time(NaiveTime::from_hms_opt(hour, minute, 0)?);
        let instant = project.time_zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc).naive_utc();
        let item = |literal| SqlExpr::Literal(literal);
        rows.push(Select {
            items: vec![
                item(Literal::Timestamp(instant)).named("instant"),
                item(Literal::Date(day)).named("expected_day"),
            ],
            ..Select::default()
        });
    }
    let mut select = rows.remove(0);
    select.union_all = rows;
    let group = |name: &str, datatype, convert_tz| DimensionGroup {
        name: name.to_owned(),
        docs: FieldDocs { hidden: true, ..FieldDocs::default() },
        timeframes: vec![Timeframe::Raw, Timeframe::Date],
        datatype,
        convert_tz,
        sql: format!("${{TABLE}}.{}", if convert_tz { "instant" } else { "expected_day" }),
    };
    let mut key = draft::hidden("instant_key", DimensionType::Raw, "${TABLE}.instant");
    key.primary_key = true;
    let dialect = emission.options.dialect;
    let field = |field: &str| Filter { field: field.to_owned(), value: format!("{name}.{field}") };
    Some(Objects {
        views: vec![View {
            name: name.to_owned(),
            label: Some("Time zone".to_owned()),
            derived_table: Some(print_pretty(&select, dialect).sql),
            dimensions: vec![key],
            dimension_groups: vec![
                group("instant", Datatype::Timestamp, true),
                group("expected", Datatype::Date, false),
            ],
            ..View::default()
        }],
        explores: vec![Explore {
            name: name.to_owned(),
            hidden: true,
            description: Some("Only there for the test of the connection's time zone.".to_owned()),
            view_name: name.to_owned(),
            ..Explore::default()
        }],
        tests: vec![Test {
            name: "connection_time_zone_is_the_projects".to_owned(),
            explore: name.to_owned(),
            columns: vec![field("instant_date"), field("expected_date")],
            filters: Vec::new(),
            sorts: Vec::new(),
            limit: None,
            asserts: vec![Assert {
                name: format!("days_begin_in_{}", super::lexical::identifier(project.time_zone.name())),
                expression: format!("${{{name}.instant_date}} = ${{{name}.expected_date}}"),
            }],
        }],
        ..Objects::default()
    })
}
