//! Gives every model, dimension, join and metric its id, and finds names that are badly formed, double or clashing.
//!
//! Models and metrics come in the order of their names, dimensions and joins in source order within their model. Of
//! two definitions of one name the first counts.
//!
//! **Invariant:** after this stage every id is fixed, whatever else is wrong.

mod clashes;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    context::{Columns, Context, Target, docs},
    dialect::{dialect_of, home_of},
};
use crate::{
    catalog::{Catalog, ColumnType},
    diagnostics::{Code, Diagnostic, Diagnostics, nearest},
    files::Span,
    ids::{Arena, Id, ModelId},
    project::{
        Dimension, DimensionKind, Empty, Join, LazyIndex, Metric, MetricKind, Model, Policies, Project, Relationship,
        Source, Status,
    },
    sql::Expr,
    syntax::{Config, Definitions, DimensionDef, MetricDef, ModelDef, Text},
    time::{Calendar, Tz, Weekday},
};

pub(super) use clashes::{camel_case, check_clashes, check_fields_of_times};

/// Fills the arenas with items that carry their names, and reports bad and double ones.
pub(super) fn index<'a>(
    config: &Config,
    definitions: &'a Definitions,
    catalog: Option<&'a Catalog>,
    diagnostics: &mut Diagnostics,
) -> Context<'a> {
    static UNKNOWN: Catalog = Catalog { tables: BTreeMap::new() };
    let mut context = Context {
        definitions,
        catalog: catalog.unwrap_or(&UNKNOWN),
        has_catalog: catalog.is_some(),
        dialect: config.connections.get(&config.connection).map(dialect_of),
        project: empty_project(config),
        models: Vec::new(),
        dimensions: Vec::new(),
        joins: Vec::new(),
        metrics: Vec::new(),
        dimension_ids: Vec::new(),
        join_ids: Vec::new(),
        back_join_ids: Vec::new(),
        columns: Vec::new(),
        joins_to: Vec::new(),
        models_by_role: HashMap::new(),
    };
    let models = unique("model", definitions.models.iter().map(|def| (&def.name, def)), diagnostics);
    for (name, def) in models {
        let id = context.project.models.push(empty_model(def));
        context.project.model_ids.insert(name.to_owned(), id);
        context.models.push(def);
        context.columns.push(Columns::Unknown);
        context.joins_to.push(Vec::new());
        context.back_join_ids.push(HashMap::new());
    }
    for id in context.project.models.ids().collect::<Vec<_>>() {
        index_dimensions(&mut context, id, diagnostics);
        index_joins(&mut context, id, diagnostics);
    }
    for (name, def) in unique("metric", definitions.metrics.iter().map(|def| (&def.name, def)), diagnostics) {
        let id = context.project.metrics.push(empty_metric(def));
        context.project.metric_ids.insert(name.to_owned(), id);
        context.metrics.push(def);
        unique(&format!("input of metric `{name}`"), def.inputs.iter().map(|input| (&input.name, ())), diagnostics);
    }
    unique("rollup", definitions.rollups.iter().map(|def| (&def.name, ())), diagnostics);
    unique("saved query", definitions.saved_queries.iter().map(|def| (&def.name, ())), diagnostics);
    unique("policy", definitions.policies.iter().map(|def| (&def.name, ())), diagnostics);
    unique("test", definitions.tests.iter().map(|def| (&def.name, ())), diagnostics);
    context
}

fn index_dimensions(context: &mut Context<'_>, model: ModelId, diagnostics: &mut Diagnostics) {
    let def = context.models[model.index()];
    let kind = format!("dimension of model `{}`", def.name.value);
    let first = unique(&kind, def.dimensions.iter().map(|dimension| (&dimension.name, ())), diagnostics);
    let mut ids = HashMap::with_capacity(first.len());
    for dimension in &def.dimensions {
        let name = dimension.name.value.as_str();
        if ids.contains_key(name) {
            continue;
        }
        let id = context.project.dimensions.push(empty_dimension(dimension, model));
        ids.insert(name, id);
        context.dimensions.push(dimension);
        context.project.models[model].dimensions.push(id);
    }
    context.dimension_ids.push(ids);
}

fn index_joins(context: &mut Context<'_>, model: ModelId, diagnostics: &mut Diagnostics) {
    let def = context.models[model.index()];
    let kind = format!("join of model `{}`", def.name.value);
    unique(&kind, def.joins.iter().map(|join| (join.role.as_ref().unwrap_or(&join.to), ())), diagnostics);
    let mut ids = HashMap::with_capacity(def.joins.len());
    for join in &def.joins {
        let role = join.role.as_ref().unwrap_or(&join.to).value.as_str();
        if ids.contains_key(role) {
            continue;
        }
        let to = context.project.model_named(&join.to.value);
        if to.is_none() {
            let message = format!("model `{}` joins to unknown model `{}`", def.name.value, join.to.value);
            diagnostics
                .push(unknown_model(&context.project, Diagnostic::new(Code::UnknownModel, join.to.span, message)));
        }
        let id = context.project.joins.push(Join {
            role: role.to_owned(),
            from: model,
            to: to.unwrap_or(model),
            keys: Vec::new(),
            relationship: Relationship::ManyToOne,
            as_of: None,
            complete: join.complete.as_ref().is_some_and(|complete| complete.value),
            reverse_of: None,
            fan_out: None,
            span: join.span,
        });
        ids.insert(role, id);
        if let Some(to) = to {
            context.joins_to[to.index()].push(id);
            context.models_by_role.entry(role).or_default().push(to);
        }
        context.joins.push((join, if to.is_some() { Target::Known } else { Target::Broken }));
        context.project.models[model].joins.push(id);
    }
    context.join_ids.push(ids);
}

/// Adds the way out for a model's name that is not there.
pub(super) fn unknown_model(project: &Project, diagnostic: Diagnostic) -> Diagnostic {
    let written = diagnostic.message.rsplit('`').nth(1).unwrap_or_default().to_owned();
    suggest(diagnostic, &written, project.model_ids.keys().map(String::as_str), "models")
}

/// Adds the way out for a metric's name that is not there.
pub(super) fn unknown_metric(project: &Project, span: Span, subject: &str, written: &str) -> Diagnostic {
    let message = format!("{subject} names unknown metric `{written}`");
    let diagnostic = Diagnostic::new(Code::UnknownMetric, span, message);
    suggest(diagnostic, written, project.metric_ids.keys().map(String::as_str), "metrics")
}

/// Offers a near name, or lists the names; the first of them if there are many.
pub(super) fn suggest<'n>(
    diagnostic: Diagnostic,
    written: &str,
    names: impl IntoIterator<Item = &'n str>,
    kind: &str,
) -> Diagnostic {
    // A dimension often has the name of its column.
    let mut seen = BTreeSet::new();
    let names: Vec<&str> = names.into_iter().filter(|name| seen.insert(*name)).collect();
    match nearest(written, names.iter().copied()) {
        Some(near) => diagnostic.help(format!("Did you mean `{near}`?")),
        None if names.is_empty() => diagnostic.help(format!("There are no {kind} yet.")),
        None if names.len() <= 12 => {
            let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            diagnostic.help(format!("The {kind} are {}.", list.join(", ")))
        }
        None => {
            let list: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
            diagnostic.help(format!("There are {} {kind}: {}, and others.", names.len(), list.join(", ")))
        }
    }
}

/// Returns the first item of each name by name; reports the others, and names that are badly formed.
fn unique<'a, T>(
    kind: &str,
    items: impl Iterator<Item = (&'a Text, T)>,
    diagnostics: &mut Diagnostics,
) -> BTreeMap<&'a str, T> {
    let mut first: BTreeMap<&str, (Span, T)> = BTreeMap::new();
    for (name, item) in items {
        if let Some((span, _)) = first.get(name.value.as_str()) {
            let message = format!("{kind} `{}` is defined twice", name.value);
            diagnostics.push(
                Diagnostic::new(Code::DuplicateName, name.span, message)
                    .label("defined again")
                    .also(*span, "defined first")
                    .help("Rename or remove one of the two."),
            );
            continue;
        }
        if !is_snake_case(&name.value) {
            let message = format!("{kind} `{}` is not named in snake case", name.value);
            let diagnostic = Diagnostic::new(Code::InvalidName, name.span, message);
            diagnostics.push(match to_snake_case(&name.value) {
                Some(better) => diagnostic.help(format!("Write `{better}`; use `label` for the name shown to people.")),
                None => diagnostic.help(format!(
                    "A name has lower-case letters, digits and single underscores, {LONGEST_NAME} of them at most."
                )),
            });
        }
        first.insert(&name.value, (name.span, item));
    }
    first.into_iter().map(|(name, (_, item))| (name, item)).collect()
}

/// The most letters of a name.
const LONGEST_NAME: usize = 100;

/// Returns whether a name is words of `a–z` and `0–9`, joined by single underscores, with a letter in front.
fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= LONGEST_NAME
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

/// Makes a name of the form out of another, if there is one near: `OnTime Rate` → `on_time_rate`.
fn to_snake_case(name: &str) -> Option<String> {
    let mut words = String::new();
    let mut lower_before = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && lower_before {
            words.push('_');
        }
        lower_before = c.is_ascii_lowercase() || c.is_ascii_digit();
        words.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    let better = words.split('_').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_");
    (is_snake_case(&better)).then_some(better)
}

/// Returns the project without definitions. The configuration was checked when it was read.
fn empty_project(config: &Config) -> Project {
    let time_zone = config.time_zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
    let week_start = config.week_start.as_deref().and_then(|day| day.parse().ok()).unwrap_or(Weekday::Mon);
    let month = config.fiscal_year_start.as_deref().and_then(|month| month.parse::<chrono::Month>().ok());
    Project {
        name: config.name.clone(),
        time_zone,
        calendar: Calendar { week_start, fiscal_start_month: month.map_or(1, |month| month.number_from_month()) },
        currency: config.currency.clone(),
        home: config.connections.get(&config.connection).map(home_of).unwrap_or_default(),
        tables: Arena::new(),
        models: Arena::new(),
        dimensions: Arena::new(),
        joins: Arena::new(),
        calendars: Arena::new(),
        granularities: Arena::new(),
        metrics: Arena::new(),
        policies: Policies::default(),
        rollups: Vec::new(),
        saved_queries: Vec::new(),
        tests: Vec::new(),
        model_ids: BTreeMap::new(),
        metric_ids: BTreeMap::new(),
        index: LazyIndex::default(),
    }
}

fn empty_model(def: &ModelDef) -> Model {
    let texts = |values: &[Text]| values.iter().map(|text| text.value.clone()).collect::<Vec<_>>();
    Model {
        name: def.name.value.clone(),
        docs: docs(&def.docs),
        source: Source::Select(String::new()),
        primary_key: texts(&def.primary_key),
        unique: def.unique.iter().map(|key| texts(key)).collect(),
        forms: BTreeMap::new(),
        time: None,
        filter: None,
        joins: Vec::new(),
        back_joins: Vec::new(),
        versions: None,
        dimensions: Vec::new(),
        span: def.span,
    }
}

fn empty_dimension(def: &DimensionDef, model: ModelId) -> Dimension {
    Dimension {
        name: def.name.value.clone(),
        model,
        docs: docs(&def.docs),
        kind: DimensionKind::String,
        column_type: ColumnType::Unknown,
        expr: Expr::null(),
        metric: None,
        buckets: Vec::new(),
        values: def.values.iter().map(|text| text.value.clone()).collect(),
        pii: def.pii.as_ref().map(|text| text.value.clone()),
        mask: None,
        suggest: def.suggest.as_ref().is_none_or(|suggest| suggest.value),
        same_as: None,
        format: None,
        unit: def.unit.as_ref().map(|text| text.value.clone()),
        span: def.span,
    }
}

fn empty_metric(def: &MetricDef) -> Metric {
    Metric {
        name: def.name.value.clone(),
        docs: docs(&def.docs),
        kind: MetricKind::Derived { expr: Expr::null(), inputs: Vec::new() },
        value_type: ColumnType::Unknown,
        status: Status::Active,
        unit: def.unit.as_ref().map(|text| text.value.clone()),
        format: None,
        good: None,
        when_empty: Empty::Null,
        says_empty: false,
        hash: String::new(),
        span: def.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_another_style_is_offered_in_snake_case() {
        assert_eq!(to_snake_case("OnTime Rate").as_deref(), Some("on_time_rate"));
        assert_eq!(to_snake_case("_x__y").as_deref(), Some("x_y"));
        assert_eq!(to_snake_case("2nd"), None);
        assert!(is_snake_case("p90_hours") && !is_snake_case("a__b") && !is_snake_case("Größe"));
    }
}
