//! Names, labels and formats in the way of Looker.

use super::super::{
    lexical::{identifier, inert},
    tree::{Action, DimensionType, FieldDocs, Filter, Link, NamedFormat},
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, ModelId},
    project::{Aggregation, DimensionKind, Docs, Format, Metric, Project, Route, TimeAxis},
};

/// Endings that say "this is a time", which the timeframes say again.
const TIME_ENDINGS: [&str; 9] = ["_at", "_date", "_time", "_on", "_timestamp", "_ts", "_day", "_month", "_week"];

/// Names that would read double with their timeframes: `month_month`.
const TIME_WORDS: [&str; 8] = ["date", "day", "week", "month", "quarter", "year", "time", "timestamp"];

/// Names a dimension group: `booked_at` → `booked`, `month` → `period`.
pub(crate) fn group_name(name: &str) -> String {
    let name = identifier(name);
    if TIME_WORDS.contains(&name.as_str()) {
        return "period".to_owned();
    }
    let stem = TIME_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).filter(|stem| !stem.is_empty());
    stem.unwrap_or(&name).to_owned()
}

/// Names the group of a dimension: without the word for time, unless another time of its model would be called so too.
///
/// The model's own time has the short name in any case, and of others that share one none has it: the fields of a time
/// never become those of another that is declared later.
pub(super) fn group_of(project: &Project, id: DimensionId) -> String {
    let dimension = &project.dimensions[id];
    let short = group_name(&dimension.name);
    if is_short(project, id) { short } else { identifier(&dimension.name) }
}

/// Returns whether a time is called without the word for it.
pub(super) fn is_short(project: &Project, id: DimensionId) -> bool {
    let dimension = &project.dimensions[id];
    let model = &project.models[dimension.model];
    let short = group_name(&dimension.name);
    let shares_it = |other: &DimensionId| {
        let definition = &project.dimensions[*other];
        let is_time = matches!(definition.kind, DimensionKind::Time { .. });
        *other != id && is_time && group_name(&definition.name) == short
    };
    model.time == Some(id) || !model.dimensions.iter().any(shares_it)
}

/// Writes a name for people: `lead_time_hours` → `Lead time hours`.
pub(crate) fn human(name: &str) -> String {
    let mut text = name.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Writes a label within a sentence: an ordinary word begins small, and `SKU`, `GmbH` and `iOS` stay as they are.
pub(super) fn within(label: &str) -> String {
    let (first, rest) = label.split_once(' ').map_or((label, None), |(first, rest)| (first, Some(rest)));
    let mut letters = first.chars();
    let is_ordinary = letters.next().is_some_and(char::is_uppercase)
        && !letters.as_str().is_empty()
        && letters.all(|letter| letter.is_lowercase() || letter == '-');
    let first = if is_ordinary { first.to_lowercase() } else { first.to_owned() };
    rest.map_or(first.clone(), |rest| format!("{first} {rest}"))
}

/// Writes `a, b and c`.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns what the rows of a model are called.
pub(super) fn of_model(project: &Project, model: ModelId) -> String {
    let model = &project.models[model];
    model.docs.label.as_deref().map_or_else(|| human(&model.name), inert)
}

/// Returns what a metric is called.
pub(super) fn of_metric(metric: &Metric) -> String {
    metric.docs.label.as_deref().map_or_else(|| human(&metric.name), inert)
}

/// Returns what a dimension is called: a time without the word for it, unless another of its model has that name.
pub(super) fn of_dimension(project: &Project, id: DimensionId) -> String {
    let dimension = &project.dimensions[id];
    if let Some(label) = &dimension.docs.label {
        return inert(label);
    }
    let DimensionKind::Time { .. } = dimension.kind else { return human(&dimension.name) };
    human(&group_of(project, id))
}

/// Returns what a way over joins is called, as the views of an explore are: `Parcels`, `Parcels: Customers`.
pub(super) fn of_route(project: &Project, route: &Route) -> String {
    let name = |join| {
        let join = &project.joins[join];
        let is_own = join.role == project.models[join.to].name;
        if is_own { of_model(project, join.to) } else { human(&join.role) }
    };
    route.0.iter().map(|join| name(*join)).collect::<Vec<_>>().join(": ")
}

/// Returns what a dimension at the end of a way is called: `Booked`, `Parcels Booked`.
pub(super) fn of_path(project: &Project, route: &Route, dimension: DimensionId) -> String {
    let own = of_dimension(project, dimension);
    if route.0.is_empty() { own } else { format!("{} {own}", of_route(project, route)) }
}

/// Returns what a time axis is called within a sentence: `booked`, `parcels booked`.
pub(super) fn of_axis(project: &Project, axis: &TimeAxis) -> String {
    let own = within(&of_dimension(project, axis.dimension));
    if axis.route.0.is_empty() { own } else { format!("{} {own}", within(&of_route(project, &axis.route))) }
}

/// Returns the word in front of a measure whose metric shares its name with a dimension.
pub(super) fn aggregation_prefix(aggregation: Aggregation) -> &'static str {
    match aggregation {
        Aggregation::Count | Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => "count",
        Aggregation::Sum => "total",
        Aggregation::Avg => "avg",
        Aggregation::Min => "min",
        Aggregation::Max => "max",
        Aggregation::Percentile(_) | Aggregation::DiscretePercentile(_) | Aggregation::ApproxPercentile(_) => {
            "percentile"
        }
    }
}

/// Returns the type of a hidden dimension.
pub(super) fn hidden_type(column_type: ColumnType) -> DimensionType {
    match column_type {
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float => DimensionType::Number,
        ColumnType::Boolean => DimensionType::YesNo,
        ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => DimensionType::Raw,
        ColumnType::String | ColumnType::Json | ColumnType::Unknown => DimensionType::String,
    }
}

/// The parameters under `lookml:` that are passed through.
const PASSED: [&str; 12] = [
    "actions",
    "alias",
    "description",
    "drill_fields",
    "group_label",
    "html",
    "label",
    "links",
    "order_by_field",
    "value_format",
    "value_format_name",
    "view_label",
];

/// Returns the keys under `lookml:` that are not passed through.
pub(super) fn unknown_parameters(docs: &Docs) -> Vec<String> {
    match &docs.lookml {
        None => Vec::new(),
        Some(serde_json::Value::Object(map)) => {
            map.keys().filter(|key| !PASSED.contains(&key.as_str())).cloned().collect()
        }
        Some(_) => vec!["(all of it)".to_owned()],
    }
}

/// Returns the text of a parameter under `lookml:`.
pub(super) fn parameter(docs: &Docs, key: &str) -> Option<String> {
    docs.lookml.as_ref()?.get(key)?.as_str().map(str::to_owned)
}

/// Writes a further sentence behind a description, which people may have left without its stop.
pub(super) fn and_also(description: &str, sentence: &str) -> String {
    let before = description.trim_end();
    let stop = if before.is_empty() || before.ends_with(['.', '!', '?', ':', ';', '…']) { "" } else { "." };
    format!("{before}{stop} {sentence}").trim_start().to_owned()
}

/// Writes what a definition says to people; the parameters under its `lookml:` win.
pub(super) fn docs(name: &str, docs: &Docs, fallback: impl FnOnce() -> String) -> FieldDocs {
    let extra = |key: &str| docs.lookml.as_ref().and_then(|value| value.get(key));
    let text = |key: &str| extra(key).and_then(|value| value.as_str()).map(inert);
    let words = |key: &str| -> Vec<String> {
        let items = extra(key).and_then(|value| value.as_array()).into_iter().flatten();
        items.filter_map(|item| item.as_str()).map(str::to_owned).collect()
    };
    let links = extra("links").and_then(|value| value.as_array()).into_iter().flatten().filter_map(|link| {
        let part = |key: &str| link.get(key)?.as_str().map(str::to_owned);
        Some(Link { label: part("label")?, url: part("url")? })
    });
    FieldDocs {
        label: text("label").or_else(|| Some(docs.label.as_deref().map_or_else(|| human(name), inert))),
        view_label: text("view_label"),
        group_label: text("group_label").or_else(|| docs.group.as_deref().map(inert)),
        description: text("description").or_else(|| Some(docs.description.as_deref().map_or_else(fallback, inert))),
        hidden: docs.hidden,
        tags: docs.tags.iter().map(|tag| inert(tag)).collect(),
        drill_fields: words("drill_fields"),
        value_format_name: text("value_format_name").map(|name| identifier(&name)),
        value_format: extra("value_format").and_then(|value| value.as_str()).map(str::to_owned),
        // Links and HTML are Looker's own language, with Liquid, and pass as they are.
        html: extra("html").and_then(|value| value.as_str()).map(|html| html.trim().to_owned()),
        links: links.collect(),
        actions: extra("actions").map(actions).unwrap_or_default(),
        aliases: words("alias"),
        synonyms: Vec::new(),
        required_access_grants: Vec::new(),
    }
}

/// Reads `actions: [{ label: Call, url: …, params: { number: … } }]`.
fn actions(value: &serde_json::Value) -> Vec<Action> {
    let actions = value.as_array().into_iter().flatten().filter_map(|action| {
        let part = |key: &str| action.get(key)?.as_str().map(str::to_owned);
        let parameters = action.get("params").and_then(|params| params.as_object()).into_iter().flatten();
        let parameters = parameters
            .filter_map(|(name, value)| Some(Filter { field: name.clone(), value: value.as_str()?.to_owned() }));
        Some(Action {
            label: part("label")?,
            url: part("url")?,
            icon_url: part("icon_url"),
            parameters: parameters.collect(),
        })
    });
    actions.collect()
}

/// Sets the format of a number, if `lookml:` has not.
pub(super) fn set_format(docs: &mut FieldDocs, format: Option<Format>, unit: Option<&str>, currency: Option<&str>) {
    if docs.value_format.is_some() || docs.value_format_name.is_some() {
        return;
    }
    let Some(format) = format else { return };
    docs.value_format_name =
        built_in(format, unit, currency).or_else(|| named_format(format, unit, currency).map(|format| format.name));
    if docs.value_format_name.is_none() {
        docs.value_format = Some(pattern(format, unit, currency));
    }
}

/// Returns Looker's own name of a format, if it has one.
fn built_in(format: Format, unit: Option<&str>, currency: Option<&str>) -> Option<String> {
    match format {
        Format::Id => Some("id".to_owned()),
        Format::Percent(digits @ 0..=4) => Some(format!("percent_{digits}")),
        Format::Decimal(digits @ 0..=4) if unit.is_none() => Some(format!("decimal_{digits}")),
        Format::Currency(digits @ (0 | 2)) => {
            let money = unit.or(currency).filter(|money| matches!(*money, "EUR" | "USD" | "GBP"))?.to_ascii_lowercase();
            Some(if digits == 2 { money } else { format!("{money}_0") })
        }
        Format::Percent(_) | Format::Decimal(_) | Format::Currency(_) => None,
    }
}

/// Returns a format with a unit as one of the model's own: `chf_2`, `unit_hours_1`. A unit that is no plain word has
/// none, and is written where it is used.
pub(super) fn named_format(format: Format, unit: Option<&str>, currency: Option<&str>) -> Option<NamedFormat> {
    if built_in(format, unit, currency).is_some() {
        return None;
    }
    let (unit, digits) = match format {
        Format::Currency(digits) => (unit.or(currency)?, digits),
        Format::Decimal(digits) => (unit?, digits),
        Format::Percent(_) | Format::Id => return None,
    };
    let all = |wanted: fn(&u8) -> bool| unit.bytes().all(|byte| wanted(&byte));
    let name = if unit.len() == 3 && all(u8::is_ascii_uppercase) {
        format!("{}_{digits}", unit.to_ascii_lowercase())
    } else if !unit.is_empty() && all(u8::is_ascii_lowercase) {
        format!("unit_{unit}_{digits}")
    } else {
        return None;
    };
    Some(NamedFormat { name, value_format: pattern(format, Some(unit), currency) })
}

/// `#,##0.0 "hours"`
fn pattern(format: Format, unit: Option<&str>, currency: Option<&str>) -> String {
    let (digits, unit) = match format {
        Format::Percent(digits) => return format!("#,##0{}%", decimals(digits)),
        Format::Currency(digits) => (digits, unit.or(currency)),
        Format::Decimal(digits) => (digits, unit),
        Format::Id => (0, None),
    };
    let unit = unit.map(|unit| inert(unit).replace('"', "")).filter(|unit| !unit.is_empty());
    format!("#,##0{}{}", decimals(digits), unit.map_or(String::new(), |unit| format!(" \"{unit}\"")))
}

fn decimals(digits: u8) -> String {
    if digits == 0 { String::new() } else { format!(".{}", "0".repeat(usize::from(digits))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_named_without_the_word_for_time() {
        let names = [
            ("booked_at", "booked"),
            ("rate_date", "rate"),
            ("created_on", "created"),
            ("month", "period"),
            ("t", "t"),
        ];
        for (name, expected) in names {
            assert_eq!(group_name(name), expected);
        }
    }

    #[test]
    fn a_format_says_its_unit() {
        let format = |format, unit| {
            let mut docs = FieldDocs::default();
            set_format(&mut docs, Some(format), unit, Some("EUR"));
            docs.value_format_name.or(docs.value_format).expect("a format")
        };
        assert_eq!(format(Format::Currency(2), None), "eur");
        assert_eq!(format(Format::Currency(2), Some("CHF")), "chf_2");
        assert_eq!(format(Format::Decimal(1), Some("hours")), "unit_hours_1");
        assert_eq!(format(Format::Decimal(1), Some("km/h")), "#,##0.0 \"km/h\"");
        let chf = named_format(Format::Currency(2), Some("CHF"), None).expect("a format");
        assert_eq!(chf.value_format, "#,##0.00 \"CHF\"");
        assert_eq!(format(Format::Percent(1), None), "percent_1");
    }

    #[test]
    fn only_ordinary_words_begin_small_within_a_sentence() {
        let labels = [
            ("On time", "on time"),
            ("Parcels Booked", "parcels Booked"),
            ("SKU", "SKU"),
            ("GmbH or not", "GmbH or not"),
            ("iOS version", "iOS version"),
            ("E-mail", "e-mail"),
            ("X axis", "X axis"),
            ("Größe", "größe"),
        ];
        for (label, expected) in labels {
            assert_eq!(within(label), expected);
        }
    }

    #[test]
    fn a_list_ends_with_and() {
        let list = |words: &[&str]| listed(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
