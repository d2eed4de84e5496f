//! The fields of a union: its key, its time, the shared dimensions, the measures.

use std::collections::BTreeMap;

use super::{
    super::{
        super::tree::{self, DimensionType, MeasureType, Set, Timeframe, View},
        Emission,
        calendar::{self, Joined},
        derived, draft, label, measure,
        splice::Splices,
        time, view,
    },
    Fact, Names, Union, branch,
    columns::{self, Field},
    formula::{Above, formula},
    joined,
    leaves::Leaves,
    time_type, words,
};
use crate::{
    catalog::ColumnType,
    ids::MetricId,
    plan::local_time,
    sql::{Expr, Function, SqlExpr},
};

/// The field that is the local day of a row's time.
const DAY: &str = "period_day";

/// Names the time, the keys of joined models and the shared dimensions.
pub(super) fn name(emission: &Emission<'_>, union: &mut Union) -> Result<Names, String> {
    let mut names = Names::default();
    names.claim(branch::KEY);
    if !union.frames.is_empty() {
        union.time = names.claim_group("period", "period", &union.frames);
        names.claim(DAY);
    }
    (union.anchor, union.joined) = joined::take_joined(emission, &union.facts, &mut union.shared, &mut names);
    union.shared_names = columns::names(emission, &union.shared, &mut names)?;
    Ok(names)
}

/// Makes the measure of a metric, and shows those of its inputs that are metrics as they are.
pub(super) fn measure(
    leaves: &mut Leaves<'_, '_>,
    metric: MetricId,
    shown: &mut BTreeMap<MetricId, String>,
) -> Result<(), String> {
    let mut splices = Splices::default();
    let made = formula(leaves, &mut splices, metric, &Above::default())?;
    said(leaves, metric, (&made.expr, &made.leaves), &splices, shown)
}

/// Makes the measure of an expression over measures, and shows those of its leaves that are metrics as they are.
pub(in crate::lookml::emit) fn said(
    leaves: &mut Leaves<'_, '_>,
    metric: MetricId,
    (expr, inputs): (&SqlExpr, &[usize]),
    splices: &Splices,
    shown: &mut BTreeMap<MetricId, String>,
) -> Result<(), String> {
    let emission = leaves.emission;
    let definition = &emission.project.metrics[metric];
    for leaf in inputs {
        show(leaves, *leaf, shown);
    }
    let text = splices.expression(expr, emission.options.dialect)?;
    if is_shown_by_its_leaf(leaves, metric, &text, shown) {
        return Ok(());
    }
    let name = leaves.names.claim_measure(&definition.name);
    let mut measure = measure::empty(&name, derived::measure_type(definition.value_type));
    measure.sql = Some(text);
    if definition.value_type.is_time() {
        let (datatype, convert_tz) = time::datatype(definition.value_type);
        (measure.datatype, measure.convert_tz) = (Some(datatype), Some(convert_tz));
    }
    measure.docs = docs(emission, metric, &measure);
    leaves.measures.push(measure);
    shown.insert(metric, name);
    Ok(())
}

/// Shows the measure of what a metric accumulates as the metric, if it is nothing else and bears its name.
fn is_shown_by_its_leaf(
    leaves: &mut Leaves<'_, '_>,
    metric: MetricId,
    text: &str,
    shown: &mut BTreeMap<MetricId, String>,
) -> bool {
    let emission = leaves.emission;
    let name = &emission.project.metrics[metric].name;
    let is_it = |measure: &&mut tree::Measure| measure.name == *name && *text == format!("${{{name}}}");
    let Some(measure) = leaves.measures.iter_mut().find(is_it) else { return false };
    measure.docs = docs(emission, metric, measure);
    shown.insert(metric, name.clone());
    true
}

/// Shows the measure of a leaf if it is a metric as it is, empty value included.
fn show(leaves: &mut Leaves<'_, '_>, leaf: usize, shown: &mut BTreeMap<MetricId, String>) {
    let leaf = leaves.get(leaf).clone();
    let emission = leaves.emission;
    let is_itself = emission.project.simple(leaf.metric).is_some_and(|simple| simple.filter == leaf.condition)
        && leaves.is_unmoved(leaf.fact)
        && measure::emptiness(leaf.aggregation, emission.project.metrics[leaf.metric].when_empty).is_none();
    if !is_itself || shown.contains_key(&leaf.metric) {
        return;
    }
    if let Some(measure) = leaves.measures.iter_mut().find(|measure| measure.name == leaf.measure) {
        measure.docs = docs(emission, leaf.metric, measure);
        shown.insert(leaf.metric, leaf.measure);
    }
}

/// What a metric says to people; what names fields of its own view stays there.
fn docs(emission: &Emission<'_>, metric: MetricId, measure: &tree::Measure) -> tree::FieldDocs {
    let docs = measure::docs(emission, &emission.project.metrics[metric], measure);
    let drills = matches!(measure.kind, MeasureType::Sum | MeasureType::CountDistinct);
    let drill_fields = if drills { vec!["detail*".to_owned()] } else { Vec::new() };
    tree::FieldDocs { drill_fields, html: None, links: Vec::new(), ..docs }
}

/// Makes the view.
pub(super) fn view(
    emission: &Emission<'_>,
    union: &Union,
    derived_table: String,
    helpers: Vec<tree::Dimension>,
    measures: Vec<tree::Measure>,
) -> Result<View, String> {
    let title = words::title(emission, &union.facts);
    let mut made = View {
        name: union.name.clone(),
        label: Some(title.clone()),
        derived_table: Some(derived_table),
        ..View::default()
    };
    if union.has_key {
        let mut key = draft::hidden(branch::KEY, DimensionType::String, &emission.own_column(branch::KEY));
        key.primary_key = true;
        made.dimensions.push(key);
    }
    if !union.frames.is_empty() {
        let (datatype, convert_tz) = time::datatype(time_type(emission, union));
        made.dimension_groups.push(tree::DimensionGroup {
            name: union.time.clone(),
            docs: tree::FieldDocs {
                label: Some(label::human(&union.time)),
                description: Some(when(union)),
                ..tree::FieldDocs::default()
            },
            timeframes: union.frames.clone(),
            datatype,
            convert_tz,
            sql: emission.own_column(&union.time),
        });
    }
    for (shared, name) in union.shared.iter().zip(&union.shared_names) {
        match columns::field(emission, shared, name, &title)? {
            Field::Dimension(dimension) => made.dimensions.push(dimension),
            Field::Group(group) => made.dimension_groups.push(group),
        }
        made.dimensions.extend(columns::rank(emission, shared, name)?);
    }
    made.dimensions.extend(day_field(emission, union)?);
    made.dimensions.extend(key_fields(emission, union));
    made.dimensions.extend(helpers);
    made.measures = measures;
    made.sets.push(detail(union, &made));
    Ok(made)
}

/// Returns the calendars that are joined on the time of a union: none where rows are gathered, as the end of their time is
/// not that of a calendar's period.
pub(super) fn calendars(emission: &Emission<'_>, union: &Union) -> Vec<Joined> {
    if !has_days(emission, union) {
        return Vec::new();
    }
    let day = if is_day(emission, union) { format!("{}_raw", union.time) } else { DAY.to_owned() };
    let taken = union.joined_views(emission).into_iter().map(|(alias, _)| alias).chain([union.name.clone()]).collect();
    calendar::joins(emission, &union.time, &format!("{}.{day}", union.name), &taken)
}

/// Reports that a union has no calendars, where its time is too coarse for them.
pub(super) fn report_calendars(emission: &mut Emission<'_>, union: &Union) {
    if !union.frames.is_empty() && !union.has_windows() && !has_days(emission, union) {
        let reason = format!("`{}` {}", union.time, calendar::TOO_COARSE);
        calendar::left_out(emission, &union.name, &reason);
    }
}

fn has_days(emission: &Emission<'_>, union: &Union) -> bool {
    !emission.calendars.is_empty() && union.frames.contains(&Timeframe::Date) && !union.has_windows()
}

fn is_day(emission: &Emission<'_>, union: &Union) -> bool {
    time_type(emission, union) == ColumnType::Date
}

/// The hidden field that calendars are joined on, where the time itself is no day.
fn day_field(emission: &Emission<'_>, union: &Union) -> Result<Option<tree::Dimension>, String> {
    if !has_days(emission, union) || is_day(emission, union) {
        return Ok(None);
    }
    let mut splices = Splices::default();
    let time = splices.place(emission.own_column(&union.time));
    let local = local_time(time, time_type(emission, union), emission.project.time_zone);
    let day = splices.expression(&Expr::call(Function::DateOf, vec![local]), emission.options.dialect)?;
    Ok(Some(draft::hidden(DAY, DimensionType::Raw, &day)))
}

/// Says what the time of a union is.
fn when(union: &Union) -> String {
    let is_first = |fact: &Fact| fact.window.is_some_and(|window| window.to_first_day);
    let gathered = match (union.has_windows(), union.facts.iter().any(is_first)) {
        (false, _) => return "When a row counts: each fact by its own time.".to_owned(),
        (true, false) => "the end of the period",
        (true, true) => "the end of the period, or of its first day",
    };
    format!("The period that is shown: what is accumulated is told at {gathered}. Choose one size of periods.")
}

/// The hidden fields that joins meet by.
fn key_fields(emission: &Emission<'_>, union: &Union) -> Vec<tree::Dimension> {
    let project = emission.project;
    let mut fields = Vec::new();
    for joined in &union.joined {
        let Some(join) = joined.at[0].0.last().map(|join| &project.joins[*join]) else { continue };
        let versions = project.models[join.to].versions.as_ref().map(|versions| versions.column_type);
        let theirs = join.keys.iter().map(|key| (key.theirs_type, emission.grants_of_column(join.to, &key.theirs)));
        let columns = theirs.chain(versions.map(|column_type| (column_type, Vec::new())));
        fields.extend(joined.keys.iter().zip(columns).map(|(name, (column_type, grants))| {
            let mut field = draft::hidden(name, label::hidden_type(column_type), &emission.own_column(name));
            field.docs.required_access_grants = grants;
            field
        }));
    }
    fields
}

/// The fields that a drill shows: when, and what the facts share.
fn detail(union: &Union, made: &View) -> Set {
    let mut fields = Vec::new();
    // What is accumulated would be shown once for each day.
    if !union.frames.is_empty() && !union.has_windows() {
        let (frame, _) = time::default_filter_of(&union.frames);
        fields.push(format!("{}_{}", union.time, frame.word()));
    }
    let shown =
        made.dimensions.iter().filter(|field| !field.docs.hidden && !field.docs.tags.iter().any(|tag| tag == "pii"));
    fields.extend(shown.map(|field| field.name.clone()).take(view::DRILL_FIELDS - 1));
    if fields.is_empty() {
        fields.push(branch::KEY.to_owned());
    }
    Set { name: "detail".to_owned(), fields }
}
