//! Documents → the layout of files.
//!
//! ```text
//! manifest.lkml · models/<project>.model.lkml · datagroups/<project>.datagroup.lkml
//! views/generated/<model>.view.lkml · views/joined/<model>.view.lkml · views/refined/<model>.view.lkml
//! access/<project>.access.lkml · aggregates/<explore>.agg.lkml
//! explores/generated/<model>.explore.lkml · tests/<model>.test.lkml
//! ```
//!
//! **Invariant:** every include names a file that is there, every generated view is used by an explore, and what people
//! refine is included behind all that is generated of its view.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::tree::{Constant, Document, Explore, Export, Join, Manifest, Model, NamedFormat, Objects, Test, View},
    Draught, Emission, calendar, datagroup,
    explore::{self, Explores},
    inside::InsideExplore,
    label,
    made::Made,
    names, policies, test,
    union::UnionExplore,
    view,
};
use crate::{
    files::Span,
    ids::{CalendarId, Id, ModelId},
    project::Source,
    time::Weekday,
};

/// What is in files besides views and explores of models.
pub(super) struct Further {
    /// The files of aggregate tables.
    pub aggregates: Vec<Draught>,
    /// The tests of known numbers, by the model of their explores.
    pub known: BTreeMap<ModelId, Vec<Test>>,
    /// The explores over several facts.
    pub unions: Vec<UnionExplore>,
    /// The explores that are filtered inside.
    pub insides: Vec<InsideExplore>,
}

/// Makes every file of a project, and hands each on as soon as it is made.
pub(super) fn documents(
    emission: &mut Emission<'_>,
    explores: BTreeMap<ModelId, Explores>,
    further: Further,
    hand_on: &mut dyn FnMut(Draught),
) {
    let Further { aggregates, mut known, unions, insides } = further;
    let mut files = Made::new(hand_on);
    files.push(manifest(emission));
    files.push(datagroups(emission));
    files.extend(access(emission));
    files.extend(aggregates);
    let mut views: BTreeSet<ModelId> = BTreeSet::new();
    let mut calendars: BTreeSet<CalendarId> = BTreeSet::new();
    let mut bases = BTreeMap::new();
    for (model, explores) in explores {
        if explores.explores.is_empty() {
            continue;
        }
        views.extend(&explores.views);
        calendars.extend(explores.explores.iter().flat_map(|(_, one)| calendar::of_joins(emission, &one.joins)));
        let (file, first) = explore_file(emission, model, explores);
        bases.insert(model, first);
        files.push(file);
    }
    calendars.extend(unions.iter().flat_map(|union| calendar::of_joins(emission, &union.explore.joins)));
    files.extend(calendars.into_iter().flat_map(|calendar| calendar_files(emission, calendar)));
    for model in &views {
        files.extend(test_file(emission, *model, bases.get(model), known.remove(model).unwrap_or_default()));
    }
    files.extend(unions.into_iter().flat_map(|union| union_files(emission, union)));
    files.extend(insides.into_iter().flat_map(|inside| inside_files(emission, inside)));
    files.extend(time_zone(emission));
    // All that looks at views is there: their fields move into their files.
    for model in views {
        files.extend(view_files(emission, model));
    }
    let model = model_file(emission, &files);
    files.push(model);
}

pub(super) fn generated(path: String, document: Document, sources: Vec<String>, advice: String) -> Draught {
    Draught { path, document, sources, advice, create_only: false }
}

fn manifest(emission: &Emission<'_>) -> Draught {
    let constant = |name: &str, value: &String| Constant {
        name: name.to_owned(),
        value: value.clone(),
        export: Export::OverrideOptional,
    };
    let options = emission.options;
    let dataset =
        options.dataset.as_ref().filter(|_| emission.project.tables.values().any(|table| !table.name.contains('.')));
    let project = options.warehouse_project.iter().map(|value| constant("warehouse_project", value));
    let dataset = dataset.into_iter().map(|value| constant("warehouse_dataset", value));
    let manifest =
        Manifest { project_name: names::project_name(emission.project), constants: project.chain(dataset).collect() };
    let advice = "The constants may be set by the project that imports this one.".to_owned();
    generated("manifest.lkml".to_owned(), Document::Manifest(manifest), vec!["entente.yml".to_owned()], advice)
}

fn datagroups(emission: &Emission<'_>) -> Draught {
    let spans: Vec<Span> =
        emission.project.tables.values().filter(|table| table.freshness.is_some()).map(|table| table.span).collect();
    let objects = Objects { datagroups: datagroup::datagroups(emission), ..Objects::default() };
    let path = format!("datagroups/{}.datagroup.lkml", names::project_name(emission.project));
    let advice = "Freshness is declared under `tables:`.".to_owned();
    generated(path, Document::Objects(objects), sources(emission, spans), advice)
}

fn access(emission: &Emission<'_>) -> Option<Draught> {
    let access_grants = policies::access_grants(emission);
    if access_grants.is_empty() {
        return None;
    }
    let objects = Objects { access_grants, ..Objects::default() };
    let path = format!("access/{}.access.lkml", names::project_name(emission.project));
    let advice = "report.md lists the user attributes that an administrator has to make.".to_owned();
    let spans = emission.project.policies.restrictions.iter().filter_map(|restriction| restriction.span).collect();
    Some(generated(path, Document::Objects(objects), sources(emission, spans), advice))
}

fn explore_file(emission: &Emission<'_>, model: ModelId, explores: Explores) -> (Draught, Explore) {
    let view = emission.draft(model).view.clone();
    let mut objects = Objects::default();
    for used in &explores.views {
        objects.includes.extend(view_includes(emission, *used));
    }
    objects.views.extend(emission.members.get(&model).map(|members| members.view.clone()));
    let joins: Vec<Join> = explores.explores.iter().flat_map(|(_, explore)| explore.joins.clone()).collect();
    let calendars = calendar::of_joins(emission, &joins);
    for calendar in &calendars {
        let used = &emission.calendars[calendar].name;
        objects.includes.extend([generated_view(used), refined_view(used)]);
    }
    let homes = explores.explores.iter().map(|(home, _)| home);
    let points = homes.flat_map(|home| emission.points.get(home).into_iter().flatten());
    objects.views.extend(points.map(|points| points.view.clone()));
    for (home, mut explore) in explores.explores {
        explore.fields = explore::fields(emission, model, &home, &explore);
        objects.explores.push(explore);
    }
    let first = objects.explores[0].clone();
    let mut spans: Vec<Span> = explores.views.iter().map(|model| emission.project.models[*model].span).collect();
    spans.extend(calendars.into_iter().map(|calendar| emission.project.calendars[calendar].span));
    let advice = format!("Additions belong into a refinement, `explore: +{}`, in a file of your own.", first.name);
    let path = format!("explores/generated/{view}.explore.lkml");
    (generated(path, Document::Objects(objects), sources(emission, spans), advice), first)
}

/// The view of a model, what it has over joined views, and the stub beside it.
fn view_files(emission: &mut Emission<'_>, model: ModelId) -> Vec<Draught> {
    let name = emission.draft(model).view.clone();
    let mut spans = vec![emission.project.models[model].span];
    if let Source::Table(table) = &emission.project.models[model].source {
        spans.push(emission.project.tables[*table].span);
    }
    spans.extend(metric_spans(emission, model, false));
    let view = view::view(emission, model);
    let view = view.expect("a model that cannot be said has no metrics and no joins");
    let own = [view_file(view, sources(emission, spans)), refined_file(&name)];
    own.into_iter().chain(joined_file(emission, model)).collect()
}

/// The fields of a view that need others: a refinement, whose fields are taken away where those others are not joined.
fn joined_file(emission: &mut Emission<'_>, model: ModelId) -> Option<Draught> {
    let refinement = view::refinement(emission, model)?;
    let name = &emission.draft(model).view;
    let objects = Objects { includes: vec![generated_view(name)], views: vec![refinement], ..Objects::default() };
    let mut spans = vec![emission.project.models[model].span];
    spans.extend(metric_spans(emission, model, true));
    let path = joined_view(name).trim_start_matches('/').to_owned();
    let advice =
        format!("Hand-written additions belong into views/refined/{name}.view.lkml, which is included after it.");
    Some(generated(path, Document::Objects(objects), sources(emission, spans), advice))
}

/// Returns the includes of a view of a model: what people refine comes last and wins.
fn view_includes(emission: &Emission<'_>, model: ModelId) -> Vec<String> {
    let draft = emission.draft(model);
    let joined = (!draft.joined.is_empty()).then(|| joined_view(&draft.view));
    [generated_view(&draft.view)].into_iter().chain(joined).chain([refined_view(&draft.view)]).collect()
}

/// The view of the days of a calendar, and the stub beside it.
fn calendar_files(emission: &Emission<'_>, calendar: CalendarId) -> [Draught; 2] {
    let view = emission.calendars[&calendar].clone();
    let stub = refined_file(&view.name);
    let spans = vec![emission.project.calendars[calendar].span];
    [view_file(view, sources(emission, spans)), stub]
}

fn view_file(view: View, sources: Vec<String>) -> Draught {
    let name = view.name.clone();
    let objects = Objects { views: vec![view], ..Objects::default() };
    let path = generated_view(&name).trim_start_matches('/').to_owned();
    let advice = format!("Hand-written additions belong into views/refined/{name}.view.lkml.");
    generated(path, Document::Objects(objects), sources, advice)
}

fn refined_file(name: &str) -> Draught {
    let refined = Objects {
        includes: vec![generated_view(name)],
        views: vec![View { name: format!("+{name}"), ..View::default() }],
        ..Objects::default()
    };
    Draught {
        path: refined_view(name).trim_start_matches('/').to_owned(),
        document: Document::Objects(refined),
        sources: Vec::new(),
        advice: format!("Yours to write in: what stands here is added to view {name} and is never overwritten."),
        create_only: true,
    }
}

/// The view of a fact-union, the stub beside it, and its explore.
fn union_files(emission: &Emission<'_>, union: UnionExplore) -> [Draught; 3] {
    let project = emission.project;
    let UnionExplore { view, mut explore, union, metrics } = union;
    let joined = union.joined_views(emission);
    let mut includes = vec![generated_view(&view.name), refined_view(&view.name)];
    for model in joined.iter().map(|(_, model)| model).collect::<BTreeSet<_>>() {
        includes.extend(view_includes(emission, *model));
    }
    explore.fields = explore::all_but(explore::joined_measures(emission, joined.into_iter()));
    let calendars = calendar::of_joins(emission, &explore.joins);
    for calendar in &calendars {
        let used = &emission.calendars[calendar].name;
        includes.extend([generated_view(used), refined_view(used)]);
    }
    let models: BTreeSet<ModelId> = union.models(project).into_iter().collect();
    let mut spans: Vec<Span> = models.iter().map(|model| project.models[*model].span).collect();
    let mut of_view = spans.clone();
    spans.extend(calendars.into_iter().map(|calendar| project.calendars[calendar].span));
    of_view.extend(metrics.iter().map(|metric| project.metrics[*metric].span));
    let name = view.name.clone();
    let advice = format!("Additions belong into a refinement, `explore: +{name}`, in a file of your own.");
    let objects = Objects { includes, explores: vec![explore], ..Objects::default() };
    let path = format!("explores/generated/{name}.explore.lkml");
    [
        view_file(view, sources(emission, of_view)),
        refined_file(&name),
        generated(path, Document::Objects(objects), sources(emission, spans), advice),
    ]
}

/// The view that is filtered inside, the stub beside it, and its explore.
fn inside_files(emission: &Emission<'_>, inside: InsideExplore) -> [Draught; 3] {
    let project = emission.project;
    let InsideExplore { view, explore, models, metrics } = inside;
    let name = view.name.clone();
    let models: Vec<Span> = models.into_iter().map(|model| project.models[model].span).collect();
    let metrics = metrics.iter().map(|metric| project.metrics[*metric].span);
    let sources = sources(emission, models.into_iter().chain(metrics).collect());
    let objects = Objects {
        includes: vec![generated_view(&name), refined_view(&name)],
        explores: vec![explore],
        ..Objects::default()
    };
    let advice = format!("Additions belong into a refinement, `explore: +{name}`, in a file of your own.");
    let path = format!("explores/generated/{name}.explore.lkml");
    [
        view_file(view, sources.clone()),
        refined_file(&name),
        generated(path, Document::Objects(objects), sources, advice),
    ]
}

fn test_file(emission: &Emission<'_>, model: ModelId, explore: Option<&Explore>, known: Vec<Test>) -> Option<Draught> {
    let (own, key) = test::key(emission, model, explore).unzip();
    let tests: Vec<Test> = key.into_iter().chain(known).collect();
    if tests.is_empty() {
        return None;
    }
    let view = &emission.draft(model).view;
    let include = match explore {
        Some(_) => format!("/explores/generated/{view}.explore.lkml"),
        None => generated_view(view),
    };
    let objects =
        Objects { includes: vec![include], explores: own.flatten().into_iter().collect(), tests, ..Objects::default() };
    let mut spans = vec![emission.project.models[model].span];
    let of_model = |metric| emission.homes[&metric].as_ref().is_ok_and(|home| home.model == model);
    spans.extend(emission.project.tests.iter().filter(|test| of_model(test.metric)).map(|test| test.span));
    let advice = "A key that repeats makes every join to it multiply rows.".to_owned();
    let path = format!("tests/{view}.test.lkml");
    Some(generated(path, Document::Objects(objects), sources(emission, spans), advice))
}

fn time_zone(emission: &Emission<'_>) -> Vec<Draught> {
    let Some(objects) = test::time_zone(emission) else { return Vec::new() };
    let advice = "Fails where the connection cuts days in another zone than the project.".to_owned();
    let sources = vec!["entente.yml".to_owned()];
    let path = "tests/entente_time_zone.test.lkml".to_owned();
    vec![generated(path, Document::Objects(objects), sources, advice)]
}

fn model_file(emission: &Emission<'_>, files: &Made<'_>) -> Draught {
    let project = emission.project;
    let mut includes = files.included.clone();
    includes.sort();
    includes.extend(emission.options.include.iter().cloned());
    let fiscal = project.calendar.fiscal_start_month;
    let model = Model {
        connection: emission.options.connection.clone(),
        label: label::human(&project.name),
        week_start_day: weekday(project.calendar.week_start).to_owned(),
        fiscal_month_offset: (fiscal != 1).then(|| i64::from(fiscal) - 1),
        formats: formats(emission, &files.formats),
        includes,
        persist_with: datagroup::default_name(emission),
    };
    let path = format!("models/{}.model.lkml", names::project_name(project));
    let advice = format!(
        "Precondition: the query time zone of the connection is {}, and user time zones are off.",
        project.time_zone.name()
    );
    generated(path, Document::Model(model), vec!["entente.yml".to_owned()], advice)
}

/// Returns the formats of our own that fields use.
fn formats(emission: &Emission<'_>, used: &BTreeSet<String>) -> Vec<NamedFormat> {
    let project = emission.project;
    let of_metrics = project.metrics.values().map(|metric| (metric.format, metric.unit.as_deref()));
    let of_dimensions = project.dimensions.values().map(|dimension| (dimension.format, dimension.unit.as_deref()));
    let all: BTreeSet<NamedFormat> = of_metrics
        .chain(of_dimensions)
        .filter_map(|(format, unit)| label::named_format(format?, unit, project.currency.as_deref()))
        .filter(|format| used.contains(&format.name))
        .collect();
    all.into_iter().collect()
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

fn generated_view(view: &str) -> String {
    format!("/views/generated/{view}.view.lkml")
}

fn joined_view(view: &str) -> String {
    format!("/views/joined/{view}.view.lkml")
}

fn refined_view(view: &str) -> String {
    format!("/views/refined/{view}.view.lkml")
}

/// Returns where the metrics of a model were written whose measures do, or do not, need other views.
fn metric_spans(emission: &Emission<'_>, model: ModelId, crossing: bool) -> Vec<Span> {
    let project = emission.project;
    let metrics = emission.metrics_of[model.index()].iter();
    metrics
        .filter(|metric| emission.built[*metric].as_ref().is_ok_and(|built| built.crosses == crossing))
        .map(|metric| project.metrics[*metric].span)
        .collect()
}

/// Returns the files of some places, each once, in the order of their names.
pub(super) fn sources(emission: &Emission<'_>, spans: Vec<Span>) -> Vec<String> {
    let paths: BTreeSet<&str> =
        spans.into_iter().map(|span| emission.options.files.file(span.file).path.as_str()).collect();
    paths.into_iter().map(str::to_owned).collect()
}
