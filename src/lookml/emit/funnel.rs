//! Funnels → explores whose view has one row per base, with what was credited to it.
//!
//! An event is credited to the latest base that the filters of a query leave. So every field of such an explore is a column
//! of its view, and its filter stands inside, where the bases are chosen:
//!
//! ```sql
//! WITH bases AS (
//!   SELECT … FROM events WHERE … AND {% condition bookings_to_deliveries.country %} customers.country {% endcondition %}
//! ), step_2 AS (…) …
//! ```
//!
//! **Invariant:** what can be filtered is filtered inside, and events are credited by the planner's own SQL.

use std::collections::BTreeSet;

use super::{
    super::{
        lexical::{identifier, inert},
        report::{Entry, Outcome, Subject},
        tree::{self, DimensionType, Explore, Filter, MeasureType, Timeframe, View},
    },
    Emission, dimension, draft,
    home::Home,
    label, measure,
    partition::{self, Days},
    read_back, rows,
    splice::Splices,
    time,
    union::{
        Fact, Names, UnionExplore,
        columns::{self, Field},
        shared::{self, Shared},
    },
};
use crate::{
    catalog::ColumnType,
    ids::{MetricId, ModelId},
    plan::{Chain, Context, Event, ModelRows, WholeData},
    project::{Aggregation, DimensionKind, Empty, Funnel, FunnelResult, FunnelStep, MetricKind, Project},
    sql::{Expr, Function, Select, SqlExpr},
    time::DateTime,
};

/// The key of a base, its time, and what came of it.
const KEY: &str = "fact_key";
const PERIOD: &str = "period";
const CONVERSIONS: &str = "conversions";
const PASSED: &str = "passed";
const IS_CONVERTED: &str = "is_converted";

/// Names of columns that crediting uses.
const OF_EVENTS: [&str; 3] = ["key_value", "happened_at", "based_at"];

/// An explore of one row per base.
pub(super) struct FunnelExplore {
    pub(super) view: View,
    pub(super) explore: Explore,
    /// The models whose rows are read.
    pub(super) models: BTreeSet<ModelId>,
    pub(super) metrics: Vec<MetricId>,
}

/// Makes the explores of funnels, one for all metrics over the same steps.
pub(super) fn build(emission: &mut Emission<'_>, unions: &[UnionExplore]) -> Vec<FunnelExplore> {
    let project = emission.project;
    let mut groups: Vec<(&Funnel, Vec<MetricId>)> = Vec::new();
    for (id, metric) in project.metrics.iter() {
        let MetricKind::Funnel(funnel) = &metric.kind else { continue };
        if let Err(reason) = is_sayable(emission, id, funnel) {
            emission.homes.insert(id, Err(reason));
            continue;
        }
        match groups.iter_mut().find(|(known, _)| has_the_same_rows(known, funnel)) {
            Some((_, metrics)) => metrics.push(id),
            None => groups.push((funnel, vec![id])),
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let mut taken: BTreeSet<String> = emission.explore_names.values().cloned().collect();
    taken.extend(unions.iter().map(|union| union.view.name.clone()));
    let named = emission.named_tables();
    let data = WholeData::of(&named.0);
    let mut built = Vec::new();
    for (funnel, metrics) in groups {
        let ends = [funnel.steps.first(), funnel.steps.last()].map(|step| step.map(|step| step.metric));
        let [first, last] = ends.map(|metric| metric.map_or("", |metric| project.metrics[metric].name.as_str()));
        let wanted = match funnel.result {
            FunnelResult::TimeBetween { .. } => format!("time_from_{first}_to_{last}"),
            FunnelResult::Rate | FunnelResult::Conversions | FunnelResult::ConversionsPerBase => {
                format!("{first}_to_{last}")
            }
        };
        let wanted = identifier(&wanted);
        let name = draft::unique(&wanted, |name| !taken.contains(name) && !emission.has_view(name));
        match make(emission, (&data, named.1.clone()), funnel, &metrics, &name) {
            Ok(explore) => {
                taken.insert(name);
                built.push(explore);
            }
            Err(reason) => emission.homes.extend(metrics.into_iter().map(|metric| (metric, Err(reason.clone())))),
        }
    }
    built
}

fn is_sayable(emission: &Emission<'_>, metric: MetricId, funnel: &Funnel) -> Result<(), String> {
    let project = emission.project;
    let homes = funnel.steps.iter().map(|step| &emission.homes[&step.metric]).chain([&emission.homes[&metric]]);
    for home in homes {
        home.as_ref().map_err(Clone::clone)?;
    }
    if project.policies.restrictions.iter().any(|restriction| restriction.metrics.contains(&metric)) {
        return Err("not everyone may see it, and the explore of a funnel has no grants".to_owned());
    }
    if funnel.result == FunnelResult::Conversions && project.metrics[metric].when_empty == Empty::Null {
        return Err("over no rows Looker says 0, the API null".to_owned());
    }
    Ok(())
}

fn has_the_same_rows(one: &Funnel, other: &Funnel) -> bool {
    let is_one_by_one = |funnel: &Funnel| matches!(funnel.result, FunnelResult::TimeBetween { .. });
    let is_as = match (one.result, other.result) {
        (FunnelResult::TimeBetween { unit, .. }, FunnelResult::TimeBetween { unit: theirs, .. }) => unit == theirs,
        _ => is_one_by_one(one) == is_one_by_one(other),
    };
    is_as && one.steps == other.steps && one.same == other.same
}

fn make(
    emission: &mut Emission<'_>,
    (data, mut splices): (&WholeData<'_>, Splices),
    funnel: &Funnel,
    metrics: &[MetricId],
    name: &str,
) -> Result<FunnelExplore, String> {
    let project = emission.project;
    let home = emission.homes[&funnel.steps[0].metric].clone()?;
    let axis = home.axis.as_ref().ok_or("its first events have no time")?;
    if project.models[home.model].primary_key.is_empty() {
        let reason = "of two first events at one time nobody knows the later one: `{}` has no primary key";
        return Err(reason.replace("{}", &project.models[home.model].name));
    }
    if !emission.is_open(axis.dimension) {
        return Err(format!("not everyone may see `{}`, its time", project.dimensions[axis.dimension].name));
    }
    let mut shown = shared::shared(emission, &[Fact { home: home.clone(), later: 0, window: None }]);
    shown.retain(|shared| shared.at[0] != (axis.route.clone(), axis.dimension));
    let frames = spans(time::timeframes(project, &project.dimensions[axis.dimension]));
    if frames.is_empty() {
        return Err("its first events have a time that no period fits".to_owned());
    }
    let mut names = names(funnel, project.models[home.model].primary_key.len(), &frames);
    let columns = Columns::new(emission, &shown, &mut names)?;
    let bases = Bases { view: name, home: &home, frames: &frames, columns: &columns };
    let select = select(emission, data, funnel, &bases, &mut splices)?;
    let derived_table = splices.select(&select, emission.options.dialect)?;
    let measures = measures(emission, funnel, metrics, &mut names)?;
    let models = models(project, funnel, &home, &shown);
    let explore = head(emission, funnel, &home, name, &frames);
    let view = view(emission, funnel, &bases, derived_table, measures);
    for step in &funnel.steps {
        let model = emission.homes[&step.metric].clone()?.model;
        emission.guard(model);
    }
    report(emission, name, metrics, &view);
    Ok(FunnelExplore { view, explore, models, metrics: metrics.to_vec() })
}

/// Keeps the timeframes that are spans of time: a filter on a part of a date is none on the time.
fn spans(mut frames: Vec<Timeframe>) -> Vec<Timeframe> {
    frames.retain(|frame| time::is_span(*frame));
    frames
}

/// The names that no dimension may take.
fn names(funnel: &Funnel, n_keys: usize, frames: &[Timeframe]) -> Names {
    let mut names = Names::default();
    let frames = frames.iter().map(|frame| format!("{PERIOD}_{}", frame.word()));
    let ids = (1..=n_keys.max(funnel.same.len())).flat_map(|n| [format!("id_{n}"), format!("same_{n}")]);
    let own = [KEY, PERIOD, CONVERSIONS, PASSED, IS_CONVERTED].into_iter().chain(OF_EVENTS).map(str::to_owned);
    for name in own.chain(frames).chain(ids) {
        names.claim(&name);
    }
    names
}

/// The dimensions of bases.
struct Columns<'s> {
    shown: Vec<(&'s Shared, String, Field)>,
}

impl<'s> Columns<'s> {
    fn new(emission: &Emission<'_>, shown: &'s [Shared], names: &mut Names) -> Result<Self, String> {
        let names = columns::names(emission, shown, names)?;
        let mut columns = Vec::new();
        for (shared, name) in shown.iter().zip(names) {
            let mut field = columns::field(emission, shared, &name)?;
            if let Field::Group(group) = &mut field {
                group.timeframes = spans(std::mem::take(&mut group.timeframes));
                if group.timeframes.is_empty() {
                    continue;
                }
            }
            columns.push((shared, name, field));
        }
        Ok(Self { shown: columns })
    }
}

/// The bases of a funnel in its view.
struct Bases<'f> {
    view: &'f str,
    home: &'f Home,
    frames: &'f [Timeframe],
    columns: &'f Columns<'f>,
}

impl Bases<'_> {
    /// The field that the explore is filtered on.
    fn time_field(&self) -> String {
        let (frame, _) = time::default_filter_of(self.frames);
        format!("{}.{PERIOD}_{}", self.view, frame.word())
    }

    /// Adds the columns of the bases, and what a query filters.
    fn choose(
        &self,
        emission: &Emission<'_>,
        rows: &mut ModelRows<'_>,
        (event, time): (&mut Event, &SqlExpr),
        splices: &mut Splices,
    ) -> Result<(), String> {
        let project = emission.project;
        let key = rows.value(&dimension::key_text(emission, self.home.model));
        event.items.extend([key.named(KEY), time.clone().named(PERIOD)]);
        let mut condition = |splices: &mut Splices, field: &str, value: &SqlExpr| -> Result<(), String> {
            let value = splices.expression(value, emission.options.dialect)?;
            let text = format!("{{% condition {}.{field} %}} {value} {{% endcondition %}}", self.view);
            event.conditions.push(splices.place(text));
            Ok(())
        };
        for frame in self.frames {
            condition(splices, &format!("{PERIOD}_{}", frame.word()), time)?;
        }
        let mut items = Vec::new();
        for (shared, name, field) in &self.columns.shown {
            let (route, id) = &shared.at[0];
            let value = rows.dimension_at(route, *id);
            match field {
                Field::Dimension(_) => {
                    let is_in_words = matches!(project.dimensions[*id].kind, DimensionKind::Boolean { nullable: true });
                    let shown = if is_in_words { columns::in_words(&value) } else { value.clone() };
                    condition(splices, name, &shown)?;
                }
                Field::Group(group) => {
                    for frame in &group.timeframes {
                        condition(splices, &format!("{name}_{}", frame.word()), &value)?;
                    }
                }
            }
            items.push(value.named(name));
        }
        event.items.extend(items);
        Ok(())
    }
}

/// Selects the bases with what was credited to them.
fn select(
    emission: &Emission<'_>,
    data: &WholeData<'_>,
    funnel: &Funnel,
    bases: &Bases<'_>,
    splices: &mut Splices,
) -> Result<Select, String> {
    let project = emission.project;
    let context = Context { now: DateTime::UNIX_EPOCH, dialect: emission.options.dialect };
    let mut chain: Option<(Chain<'_>, ColumnType)> = None;
    let mut ahead = Some(0);
    for (index, step) in funnel.steps.iter().enumerate() {
        let home = emission.homes[&step.metric].clone()?;
        let mut rows = ModelRows::open_unbounded(data, context, home.model);
        let (mut event, at) = rows.event(funnel, index)?;
        if index == 0 {
            bases.choose(emission, &mut rows, (&mut event, &at.expr), splices)?;
        } else {
            ahead = ahead.zip(step.within).map(|(days, within)| days + partition::days(within));
        }
        let mut conditions = event.conditions.clone();
        conditions.extend(rows::inside(emission, home.model, &mut rows, splices)?);
        if let Some(partition) = emission.partition(home.model) {
            let column = rows.column(&partition.column);
            let reach = (Some(0), ahead.map_or(Days::Ever, Days::By));
            let field = bases.time_field();
            conditions.extend(partition::bounds_inside(project, &home, partition, &column, (&field, reach), splices)?);
        }
        emission.reads_no_bounded(&rows)?;
        let events = rows.select(event.items.clone(), Expr::all(conditions), 0).map_err(|error| error.message)?;
        match &mut chain {
            None => {
                let first = Chain::new(funnel, project.time_zone, at.column_type, &event, events);
                chain = Some((first, at.column_type));
            }
            Some((_, column_type)) if *column_type != at.column_type => {
                return Err("the times of its steps are of different types".to_owned());
            }
            Some((chain, _)) => chain.credit(step, &event, events),
        }
    }
    let (chain, _) = chain.ok_or("it has no steps")?;
    // One row per conversion has no key.
    let is_one_by_one = matches!(funnel.result, FunnelResult::TimeBetween { .. });
    let own = [KEY, PERIOD].into_iter().skip(usize::from(is_one_by_one)).map(str::to_owned);
    let mut select = chain.finish(own.chain(bases.columns.shown.iter().map(|(_, name, _)| name.clone())));
    select.items.retain(|item| item.alias != "based_at");
    Ok(select)
}

/// Makes the measures of metrics, and the hidden ones that they divide.
fn measures(
    emission: &Emission<'_>,
    funnel: &Funnel,
    metrics: &[MetricId],
    names: &mut Names,
) -> Result<Vec<tree::Measure>, String> {
    let project = emission.project;
    let wants = |result: FunnelResult| metrics.iter().any(|metric| result_of(project, *metric) == Some(result));
    let mut measures = Vec::new();
    let mut helper = |wanted: &str, make: &dyn Fn(&str) -> tree::Measure| {
        let name = names.claim(wanted);
        measures.push(make(&name));
        format!("${{{name}}}")
    };
    let (mut bases, mut converted, mut events) = (String::new(), String::new(), String::new());
    if wants(FunnelResult::Rate) || wants(FunnelResult::ConversionsPerBase) {
        bases = helper("bases", &|name| measure::empty(name, MeasureType::Count));
    }
    if wants(FunnelResult::Rate) {
        let filter = || Filter { field: IS_CONVERTED.to_owned(), value: "yes".to_owned() };
        converted = helper("bases_converted", &|name| tree::Measure {
            filters: vec![filter()],
            ..measure::empty(name, MeasureType::Count)
        });
    }
    if wants(FunnelResult::ConversionsPerBase) {
        events = helper("events_credited", &|name| conversions(name));
    }
    let dialect = emission.options.dialect;
    for metric in metrics {
        let definition = &project.metrics[*metric];
        let name = names.claim(&definition.name);
        let is_zero = definition.when_empty == Empty::Zero;
        let number = |sql: String| tree::Measure { sql: Some(sql), ..measure::empty(&name, MeasureType::Number) };
        let mut made = match result_of(project, *metric).unwrap_or(funnel.result) {
            FunnelResult::Rate => number(read_back::per_member(&converted, &bases, is_zero, dialect)),
            FunnelResult::ConversionsPerBase => number(read_back::per_member(&events, &bases, is_zero, dialect)),
            FunnelResult::Conversions => conversions(&name),
            FunnelResult::TimeBetween { percentile, .. } => {
                let mut splices = Splices::default();
                let mut value = measure::aggregate(Aggregation::Percentile(percentile), splices.place("${passed}"))?;
                if is_zero {
                    value = Expr::call(Function::Coalesce, vec![value, Expr::integer(0)]);
                }
                number(splices.expression(&value, dialect)?)
            }
        };
        let docs = measure::docs(emission, definition, &made);
        made.docs = tree::FieldDocs { drill_fields: Vec::new(), html: None, links: Vec::new(), ..docs };
        measures.push(made);
    }
    Ok(measures)
}

fn result_of(project: &Project, metric: MetricId) -> Option<FunnelResult> {
    match &project.metrics[metric].kind {
        MetricKind::Funnel(funnel) => Some(funnel.result),
        _ => None,
    }
}

fn conversions(name: &str) -> tree::Measure {
    tree::Measure { sql: Some(format!("${{{CONVERSIONS}}}")), ..measure::empty(name, MeasureType::Sum) }
}

fn view(
    emission: &Emission<'_>,
    funnel: &Funnel,
    bases: &Bases<'_>,
    derived_table: String,
    measures: Vec<tree::Measure>,
) -> View {
    let project = emission.project;
    let is_one_by_one = matches!(funnel.result, FunnelResult::TimeBetween { .. });
    let column = |name: &str, kind: DimensionType| draft::hidden(name, kind, &format!("${{TABLE}}.{name}"));
    let mut made = View {
        name: bases.view.to_owned(),
        label: Some(title(emission, bases.home)),
        derived_table: Some(derived_table),
        measures,
        ..View::default()
    };
    if !is_one_by_one {
        made.dimensions.push(tree::Dimension { primary_key: true, ..column(KEY, DimensionType::String) });
    }
    let axis = bases.home.axis.as_ref().expect("bases have a time");
    let (datatype, convert_tz) = time::datatype(project.dimensions[axis.dimension].column_type);
    made.dimension_groups.push(tree::DimensionGroup {
        name: PERIOD.to_owned(),
        docs: tree::FieldDocs {
            label: Some(label::human(PERIOD)),
            description: Some("When the first event happened.".to_owned()),
            ..tree::FieldDocs::default()
        },
        timeframes: bases.frames.to_vec(),
        datatype,
        convert_tz,
        sql: format!("${{TABLE}}.{PERIOD}"),
    });
    for (_, _, field) in &bases.columns.shown {
        match field {
            Field::Dimension(dimension) => made.dimensions.push(dimension.clone()),
            Field::Group(group) => made.dimension_groups.push(group.clone()),
        }
    }
    if is_one_by_one {
        made.dimensions.push(column(PASSED, DimensionType::Number));
    } else {
        let is_there = format!("${{TABLE}}.{CONVERSIONS} IS NOT NULL");
        made.dimensions.push(column(CONVERSIONS, DimensionType::Number));
        made.dimensions.push(draft::hidden(IS_CONVERTED, DimensionType::YesNo, &is_there));
    }
    made
}

fn title(emission: &Emission<'_>, home: &Home) -> String {
    let model = &emission.project.models[home.model];
    model.docs.label.as_deref().map_or_else(|| label::human(&model.name), inert)
}

/// Names the explore and says what it is.
fn head(emission: &Emission<'_>, funnel: &Funnel, home: &Home, name: &str, frames: &[Timeframe]) -> Explore {
    let project = emission.project;
    let step = |step: &FunnelStep| {
        let name = inert(&project.metrics[step.metric].name);
        step.within.map_or(name.clone(), |within| format!("{name} within {within}"))
    };
    let steps: Vec<String> = funnel.steps.iter().map(step).collect();
    let homes = || funnel.steps.iter().filter_map(|step| emission.homes[&step.metric].as_ref().ok());
    let is_partitioned = homes().any(|home| emission.partition(home.model).is_some());
    let filter = is_partitioned.then(|| {
        let (frame, value) = time::default_filter_of(frames);
        Filter { field: format!("{name}.{PERIOD}_{}", frame.word()), value: value.to_owned() }
    });
    let groups: BTreeSet<Option<String>> = homes().map(|home| emission.datagroup_of(home.model)).collect();
    let datagroup = (groups.len() == 1).then(|| groups.into_iter().next().flatten()).flatten();
    Explore {
        name: name.to_owned(),
        label: Some(label::human(name)),
        group_label: Some(title(emission, home)),
        description: Some(format!(
            "One row for each of the first of: {}. Filters choose the first events, and an event counts for the latest of them.",
            steps.join(", then ")
        )),
        view_name: name.to_owned(),
        always_filter: filter.into_iter().collect(),
        persist_with: datagroup,
        ..Explore::default()
    }
}

/// Returns the models that are read.
fn models(project: &Project, funnel: &Funnel, home: &Home, shown: &[Shared]) -> BTreeSet<ModelId> {
    let steps = funnel.steps.iter().filter_map(|step| project.simple(step.metric)).map(|simple| simple.model);
    let joined = shown.iter().flat_map(|shared| &shared.at[0].0.0).map(|join| project.joins[*join].to);
    steps.chain(joined).chain([home.model]).collect()
}

fn report(emission: &mut Emission<'_>, name: &str, metrics: &[MetricId], view: &View) {
    for metric in metrics {
        let tag = format!("entente:{}", emission.project.metrics[*metric].name);
        let field = view.measures.iter().find(|measure| measure.docs.tags.contains(&tag));
        emission.entries.push(Entry {
            subject: Subject::Metric,
            name: emission.project.metrics[*metric].name.clone(),
            explore: Some(name.to_owned()),
            field: field.map(|measure| format!("{name}.{}", measure.name)),
            outcome: Outcome::Emitted,
            reason: None,
        });
        emission.united.insert(*metric);
    }
}
