//! The types that a project brings: `Row`, `Metrics`, `Keys`, filters and granularities.

use async_graphql::Name;
use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{Argument, ClockUnit, Field, Kind, Member, Types, Vocabulary, base, scalar_type};
use crate::{
    catalog::ColumnType,
    graphql::names::{enum_name, type_name},
    ids::{DimensionId, MetricId, ModelId},
    project::{DimensionKind, Status, Visible},
    time::Granularity,
};

/// Returns the types of a project.
pub(in crate::graphql) fn types(project: &Visible<'_>, vocabulary: &Vocabulary) -> Types {
    let mut types = Types::default();
    base::add(&mut types);
    types.insert("Granularity", Some("The size of a period.".to_owned()), granularities(project, &[]));
    let within_a_day = [Granularity::Second, Granularity::MINUTE, Granularity::HOUR];
    let about = "The size of the periods of a range.";
    types.insert("RangeUnit", Some(about.to_owned()), granularities(project, &within_a_day));
    let units = ["SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"];
    let units = units.map(|unit| (unit.to_owned(), None)).into_iter().chain(of_calendars(project));
    let about = "What an offset is counted in: spans of time, or periods of a calendar.";
    types.insert("OffsetUnit", Some(about.to_owned()), Kind::Enum(units.collect()));
    add_metrics(&mut types, project, vocabulary);
    add_keys(&mut types, project, vocabulary);
    add_filters(&mut types, project, vocabulary);
    types
}

const HOURS: &str = "How many hours a period has: 1, 2, 3, 4, 6, 8 or 12, from midnight on.";
const MINUTES: &str = "How many minutes a period has: a number that divides 60, from the full hour on.";

fn every(field: Field, about: &str) -> Field {
    field.argument("every", "Int!", Some(ConstValue::Number(1.into())), about)
}

/// The fiscal ones are there if the fiscal year differs from the calendar year.
fn granularities(project: &Visible<'_>, within_a_day: &[Granularity]) -> Kind {
    let fiscal = project.calendar.fiscal_start_month != 1;
    let values = Granularity::ALL.into_iter().filter(|granularity| match granularity {
        // What is shorter than a day has a field of its own.
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => within_a_day.contains(granularity),
        Granularity::FiscalQuarter | Granularity::FiscalYear => fiscal,
        Granularity::Day | Granularity::Week | Granularity::Month | Granularity::Quarter | Granularity::Year => true,
    });
    let standard = values.map(|granularity| (enum_name(granularity.name()), None));
    Kind::Enum(standard.chain(of_calendars(project)).collect())
}

fn of_calendars<'p>(project: &'p Visible<'_>) -> impl Iterator<Item = (String, Option<String>)> + use<'p> {
    project.granularities.values().map(|granularity| {
        let calendar = &project.calendars[granularity.calendar].name;
        (enum_name(&granularity.name), Some(format!("A period of the calendar `{calendar}`.")))
    })
}

fn add_metrics(types: &mut Types, project: &Visible<'_>, vocabulary: &Vocabulary) {
    let previous = Field::new("Metrics!", Some("The same metrics, so much earlier.".to_owned())).argument(
        "offset",
        "Offset!",
        None,
        "How far back.",
    );
    let mut row = IndexMap::from([
        ("by".to_owned(), Field::new("Keys!", Some("What the rows are grouped by.".to_owned()))),
        (
            "isPartial".to_owned(),
            Field::new("Boolean!", Some("Whether the row's period is unfinished or cut by the range.".to_owned())),
        ),
        (
            "isOther".to_owned(),
            Field::new("Boolean!", Some("Whether the row gathers what is not among the `top`.".to_owned())),
        ),
        ("previous".to_owned(), previous.clone()),
    ]);
    let mut metrics = IndexMap::from([("previous".to_owned(), previous)]);
    let mut having = connectives("MetricFilter");
    for (name, id) in &vocabulary.metrics {
        let value_type = project.metrics[*id].value_type;
        let field = metric_field(project, *id);
        let condition = Argument::new(filter_type(value_type), field.description.clone());
        row.entry(name.clone()).or_insert_with(|| field.clone());
        metrics.entry(name.clone()).or_insert(field);
        having.entry(name.clone()).or_insert(condition);
    }
    types.insert("Row", Some("One group, and its metrics.".to_owned()), Kind::Object(row));
    types.insert("Metrics", Some("Metrics, one value each.".to_owned()), Kind::Object(metrics));
    let about = "A condition on metrics: everything that is given must hold.";
    types.insert("MetricFilter", Some(about.to_owned()), Kind::Input { fields: having, one_of: false });
}

fn metric_field(project: &Visible<'_>, id: MetricId) -> Field {
    let metric = &project.metrics[id];
    let mut about: Vec<String> = metric.docs.label.iter().map(|label| format!("{label}.")).collect();
    about.extend(metric.docs.description.clone());
    about.extend(metric.unit.iter().map(|unit| format!("Unit: {unit}.")));
    let mut field = Field::new(scalar_type(metric.value_type), described(&about));
    if let Status::Deprecated { replaced_by, sunset } = &metric.status {
        let replacement = crate::graphql::names::field_name(&project.metrics[*replaced_by].name);
        let end = sunset.map_or_else(String::new, |day| format!(" It goes after {day}."));
        // What may not be seen is not named either.
        let shown = project.shows_metric(*replaced_by);
        field.deprecated = Some(if shown { format!("Use `{replacement}`.{end}") } else { format!("Deprecated.{end}") });
    }
    field
}

fn add_keys(types: &mut Types, project: &Visible<'_>, vocabulary: &Vocabulary) {
    let granularity = |field: Field| {
        field.argument("granularity", "Granularity!", Some(ConstValue::Enum(Name::new("DAY"))), "The size of a period.")
    };
    let time = Field::new("Date", Some("The first day of the period on each metric's own time axis.".to_owned()));
    let axis = |name| Field::new("DateTime", Some(format!("The {name} on each metric's own time axis.")));
    let part = Field::new("Int", Some("A part of each metric's own time.".to_owned())).argument(
        "part",
        "TimePart!",
        None,
        "Which part.",
    );
    let mut keys = IndexMap::from([
        ("time".to_owned(), granularity(time)),
        ("hour".to_owned(), every(axis("hour"), HOURS)),
        ("minute".to_owned(), every(axis("minute"), MINUTES)),
        ("second".to_owned(), axis("second")),
        ("timePart".to_owned(), part.clone()),
    ]);
    for (name, (_, model)) in &vocabulary.roots {
        let about = project.models[*model].docs.description.clone();
        keys.entry(name.clone()).or_insert_with(|| Field::new(&format!("{}!", keys_type(project, *model)), about));
    }
    types.insert("Keys", Some("What rows are grouped by.".to_owned()), Kind::Object(keys));
    for model in project.models.ids() {
        let mut fields = IndexMap::new();
        for (name, member) in vocabulary.members(model) {
            let field = match member {
                Member::Dimension(id) => {
                    let dimension = &project.dimensions[*id];
                    let about = dimension_text(project, *id);
                    match dimension.kind {
                        DimensionKind::Time { .. } => granularity(Field::new("Date", about)),
                        DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => {
                            Field::new(scalar_type(dimension.column_type), about)
                        }
                    }
                }
                Member::Within(id, unit) => {
                    let field =
                        Field::new(scalar_type(project.dimensions[*id].column_type), dimension_text(project, *id));
                    match unit {
                        ClockUnit::Second => field,
                        ClockUnit::Minute => every(field, MINUTES),
                        ClockUnit::Hour => every(field, HOURS),
                    }
                }
                Member::Part(id) => Field { description: dimension_text(project, *id), ..part.clone() },
                Member::Role(_, to) => {
                    Field::new(&format!("{}!", keys_type(project, *to)), project.models[*to].docs.description.clone())
                }
            };
            fields.insert(name.clone(), field);
        }
        if fields.is_empty() {
            // An object needs a field; a model without any is still named by its metrics.
            fields.insert("_".to_owned(), Field::new("Boolean", Some("This model has no dimensions.".to_owned())));
        }
        types.insert(keys_type(project, model), project.models[model].docs.description.clone(), Kind::Object(fields));
    }
}

fn add_filters(types: &mut Types, project: &Visible<'_>, vocabulary: &Vocabulary) {
    let filter_name = |types: &Types, model: ModelId| {
        // A model called `metric` or `string` would take the name of a filter that is there already.
        let name = format!("{}Filter", type_name(&project.models[model].name));
        if types.contains(&name) { format!("{}ModelFilter", type_name(&project.models[model].name)) } else { name }
    };
    let names: Vec<String> = project.models.ids().map(|model| filter_name(types, model)).collect();
    let name_of = |model: ModelId| names[crate::ids::Id::index(model)].as_str();
    let mut root = connectives("Filter");
    for (field, (_, model)) in &vocabulary.roots {
        root.entry(field.clone()).or_insert_with(|| Argument::new(name_of(*model), None));
    }
    let about = "Which rows count: everything that is given must hold; `{}` holds always.";
    types.insert("Filter", Some(about.to_owned()), Kind::Input { fields: root, one_of: false });
    for model in project.models.ids() {
        let mut fields = connectives(name_of(model));
        for (field, member) in vocabulary.members(model) {
            let argument = match member {
                Member::Dimension(id) => {
                    Argument::new(filter_type(project.dimensions[*id].column_type), dimension_text(project, *id))
                }
                Member::Role(_, to) => Argument::new(name_of(*to), None),
                Member::Within(..) | Member::Part(_) => continue,
            };
            fields.entry(field.clone()).or_insert(argument);
        }
        types.insert(name_of(model), None, Kind::Input { fields, one_of: false });
    }
}

fn connectives(of: &str) -> IndexMap<String, Argument> {
    let list = format!("[{of}!]");
    IndexMap::from([
        ("and".to_owned(), Argument::new(&list, None)),
        ("or".to_owned(), Argument::new(&list, None)),
        ("not".to_owned(), Argument::new(of, Some("Holds where the condition does not, nulls included.".to_owned()))),
    ])
}

fn keys_type(project: &Visible<'_>, model: ModelId) -> String {
    format!("{}Keys", type_name(&project.models[model].name))
}

fn filter_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::String | ColumnType::Json | ColumnType::Unknown => "StringFilter",
        ColumnType::Integer => "BigIntFilter",
        ColumnType::Decimal => "DecimalFilter",
        ColumnType::Float => "FloatFilter",
        ColumnType::Boolean => "BooleanFilter",
        ColumnType::Date => "DateFilter",
        ColumnType::DateTime => "LocalDateTimeFilter",
        ColumnType::Timestamp => "DateTimeFilter",
    }
}

fn dimension_text(project: &Visible<'_>, id: DimensionId) -> Option<String> {
    let dimension = &project.dimensions[id];
    let mut about: Vec<String> = dimension.docs.label.iter().map(|label| format!("{label}.")).collect();
    about.extend(dimension.docs.description.clone());
    about.extend(dimension.unit.iter().map(|unit| format!("Unit: {unit}.")));
    if !dimension.values.is_empty() && !project.masks(id) {
        about.push(format!("Values: {}.", dimension.values.join(", ")));
    }
    described(&about)
}

fn described(about: &[String]) -> Option<String> {
    (!about.is_empty()).then(|| about.join(" "))
}
