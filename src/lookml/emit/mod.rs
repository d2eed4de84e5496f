//! Project → LookML documents, in stages: names, dimensions, measures, explores, files.
//!
//! **Invariant:** every stage goes through models and metrics in the order of the project, which is that of names.

mod aggregate;
mod calendar;
mod condition;
mod datagroup;
mod derived;
mod dimension;
mod draft;
mod explore;
mod field;
mod files;
mod home;
mod inside;
mod known;
mod label;
mod made;
mod measure;
mod members;
mod names;
mod nested;
mod partition;
mod passed;
mod points;
mod policies;
mod read_back;
mod rows;
mod scope;
mod splice;
mod sql;
mod suggest;
mod tables;
mod test;
mod time;
mod union;
mod view;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::{
    Options, lexical,
    report::{Entry, Outcome, Report, Subject, UserAttribute},
    tree::{self, Document},
};
use crate::{
    catalog::ColumnType,
    ids::{CalendarId, DimensionId, Id, MetricId, ModelId, PolicyId},
    project::{Aggregation, MetricKind, Project, Ref, Route, Source},
    sql::Expr,
    time::Offset,
};
use draft::Draft;
use explore::Stage;
use files::Further;
use home::Home;
pub(crate) use label::{group_name, human};
pub(crate) use measure::without_periods;
pub(crate) use read_back::{per_member, percentile, whole_of};
use scope::Scope;

/// A file before it is text.
pub(super) struct Draught {
    /// The path, relative to the output folder.
    pub path: String,
    /// What it holds.
    pub document: Document,
    /// The files of the project that it was made from.
    pub sources: Vec<String>,
    /// What its header says below the first line.
    pub advice: String,
    /// Whether it belongs to people once it is there.
    pub create_only: bool,
}

/// Makes the documents of a project, hands each on as soon as it is made, and returns the report.
pub(super) fn documents(project: &Project, options: &Options<'_>, hand_on: &mut dyn FnMut(Draught)) -> Report {
    let mut emission = Emission::new(project, options);
    for model in project.models.ids() {
        dimension::find_crossing(&mut emission, model);
    }
    explore::find_joins(&mut emission, Stage::Before);
    for model in project.models.ids() {
        dimension::build(&mut emission, model);
    }
    explore::find_joins(&mut emission, Stage::After);
    emission.leave_homes_without_time();
    for metric in project.metrics.ids() {
        let _ = measure::build(&mut emission, metric);
    }
    let mut explores = BTreeMap::new();
    for model in project.models.ids() {
        let homes = emission.homes_of(model);
        if !homes.is_empty() {
            let built = explore::build(&mut emission, model, &homes);
            explores.insert(model, built);
        }
    }
    emission.drop_unreadable();
    emission.report_parameters();
    emission.drafts.iter_mut().for_each(Draft::protect_what_is_read);
    passed::settle(&mut emission);
    let unions = union::build(&mut emission);
    let insides = inside::build(&mut emission, &unions);
    explore::report(&mut emission);
    test::count_rows(&mut emission, &explores);
    suggest::point(&mut emission, &explores);
    let aggregates = aggregate::files(&mut emission, &explores);
    let known = known::tests(&mut emission, &explores);
    files::documents(&mut emission, explores, Further { aggregates, known, unions, insides }, hand_on);
    emission.entries.sort();
    emission.entries.dedup();
    let attributes = policies::attributes(&emission).into_iter().chain(rows::attributes(&emission));
    Report { user_attributes: merged(attributes), entries: emission.entries }
}

/// Everything that is known while LookML is made.
struct Emission<'a> {
    project: &'a Project,
    options: &'a Options<'a>,
    drafts: Vec<Draft>,
    scopes: BTreeMap<ModelId, Scope>,
    joins: BTreeMap<ModelId, Vec<tree::Join>>,
    /// Where each metric is at home, or why nowhere.
    homes: BTreeMap<MetricId, Result<Home, String>>,
    /// The metrics that are at home in each model.
    metrics_of: Vec<Vec<MetricId>>,
    /// The measures that are made.
    built: BTreeMap<MetricId, Result<measure::Built, String>>,
    /// Models that LookML cannot say, and why.
    unsayable: BTreeMap<ModelId, String>,
    /// Explores whose tables cannot be read, and why.
    unreadable: BTreeMap<Home, String>,
    /// The grants that members require.
    grants: policies::Grants,
    /// The names of user attributes and grants.
    names: names::Names,
    /// The metric whose measure is being made.
    measured: Option<MetricId>,
    /// The policies about rows that are conditions somewhere.
    guarded: BTreeSet<PolicyId>,
    /// The policy whose condition is being written.
    asked: Option<PolicyId>,
    /// Measures that compare with an earlier period.
    comparisons: Vec<(Home, String, Offset)>,
    /// The views that mark the moments of balances, by the explore that joins them.
    points: BTreeMap<Home, Vec<points::Points>>,
    /// The views of the metrics of each row, by model.
    members: BTreeMap<ModelId, members::Members>,
    /// The views of the days of calendars.
    calendars: BTreeMap<CalendarId, tree::View>,
    /// The calendars of each explore.
    calendar_joins: BTreeMap<Home, Vec<calendar::Joined>>,
    /// The project for the SQL of derived tables, once it is needed.
    named: OnceCell<Rc<(Project, splice::Splices)>>,
    /// Metrics that are in a fact-union explore.
    united: BTreeSet<MetricId>,
    explore_names: BTreeMap<Home, String>,
    column_types: BTreeMap<(ModelId, String), ColumnType>,
    entries: Vec<Entry>,
}

impl<'a> Emission<'a> {
    fn new(project: &'a Project, options: &'a Options<'a>) -> Self {
        let mut emission = Self {
            project,
            options,
            drafts: project.models.ids().map(|model| Draft::new(project, model, options.dialect)).collect(),
            scopes: BTreeMap::new(),
            joins: BTreeMap::new(),
            homes: project.metrics.ids().map(|metric| (metric, home::home(project, metric))).collect(),
            metrics_of: vec![Vec::new(); project.models.len()],
            built: BTreeMap::new(),
            unsayable: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            grants: policies::Grants::default(),
            names: names::Names::of(project),
            measured: None,
            guarded: BTreeSet::new(),
            asked: None,
            comparisons: Vec::new(),
            points: BTreeMap::new(),
            members: BTreeMap::new(),
            calendars: BTreeMap::new(),
            calendar_joins: BTreeMap::new(),
            named: OnceCell::new(),
            united: BTreeSet::new(),
            explore_names: BTreeMap::new(),
            column_types: column_types(project),
            entries: Vec::new(),
        };
        policies::grants(&mut emission);
        for model in project.models.ids() {
            let sayable = view::source(&emission, model);
            if let Some(reason) = sayable.err().or_else(|| emission.unsayable.get(&model).cloned()) {
                emission.left_out(Subject::Model, &project.models[model].name, reason.clone());
                emission.unsayable.insert(model, reason);
            }
        }
        for home in emission.homes.values_mut() {
            let reason = home.as_ref().ok().and_then(|home| emission.unsayable.get(&home.model));
            if let Some(reason) = reason {
                *home = Err(reason.clone());
            }
        }
        for metric in project.metrics.ids() {
            if let Ok(home) = emission.homes[&metric].clone() {
                emission.draft_mut(home.model).name_metric(project, metric);
                emission.metrics_of[home.model.index()].push(metric);
            }
        }
        for model in
            project.models.ids().filter(|model| !emission.metrics_of[model.index()].is_empty()).collect::<Vec<_>>()
        {
            let scope = Scope::new(project, model, &emission.draft(model).view, options.dialect);
            emission.scopes.insert(model, scope);
        }
        calendar::views(&mut emission);
        emission.name_explores();
        emission
    }

    /// Returns whether a view of a model or of a calendar has a name.
    fn has_view(&self, name: &str) -> bool {
        let mut views = self.drafts.iter().map(|draft| draft.view.as_str());
        views.any(|view| view == name) || self.calendars.values().any(|view| view.name == name)
    }

    /// Returns whether some explore may know a view by a name.
    fn names_view(&self, name: &str) -> bool {
        self.has_view(name) || self.scopes.values().any(|scope| scope.aliases().any(|alias| alias == name))
    }

    fn draft(&self, model: ModelId) -> &Draft {
        &self.drafts[model.index()]
    }

    fn draft_mut(&mut self, model: ModelId) -> &mut Draft {
        &mut self.drafts[model.index()]
    }

    fn scope(&self, model: ModelId) -> &Scope {
        self.scopes.get(&model).expect("a model with metrics has a scope, and no other has an explore")
    }

    /// Returns the name of a joined view in the explores of a model.
    fn alias(&self, base: ModelId, route: &Route) -> Result<String, String> {
        let alias = self.scopes.get(&base).and_then(|scope| scope.alias(route));
        alias.map(str::to_owned).ok_or_else(|| {
            let roles: Vec<_> = route.0.iter().map(|join| self.project.joins[*join].role.as_str()).collect();
            format!("it needs join `{}`, which is left out", roles.join("."))
        })
    }

    /// Returns the homes of the metrics of a model that have a measure, its own axis first.
    fn homes_of(&self, model: ModelId) -> Vec<Home> {
        let built = self.metrics_of[model.index()].iter().filter(|metric| self.built[*metric].is_ok());
        let homes: BTreeSet<&Home> = built.filter_map(|metric| self.homes[metric].as_ref().ok()).collect();
        let (own, others): (Vec<&Home>, Vec<&Home>) = homes.into_iter().partition(|home| self.is_default(home));
        own.into_iter().chain(others).cloned().collect()
    }

    /// Returns whether a home is on its model's own time axis.
    fn is_default(&self, home: &Home) -> bool {
        let own = self.project.models[home.model].time;
        match &home.axis {
            None => true,
            Some(axis) => axis.route == Route::here() && Some(axis.dimension) == own,
        }
    }

    /// Returns the words for a time axis: `delivered`, `shipments_booked`.
    fn axis_name(&self, home: &Home) -> Option<String> {
        let axis = home.axis.as_ref()?;
        let owner = self.project.dimensions[axis.dimension].model;
        let group = &self.draft(owner).dimensions[&axis.dimension];
        if axis.route == Route::here() {
            return Some(group.clone());
        }
        let roles = axis.route.0.iter().map(|join| self.project.joins[*join].role.as_str());
        Some(lexical::identifier(&roles.chain([group.as_str()]).collect::<Vec<_>>().join("_")))
    }

    fn explore_name(&self, home: &Home) -> String {
        self.explore_names[home].clone()
    }

    fn name_explores(&mut self) {
        let homes: BTreeSet<Home> = self.homes.values().flatten().cloned().collect();
        let mut taken: BTreeSet<String> = self.drafts.iter().map(|draft| draft.view.clone()).collect();
        taken.extend(self.calendars.values().map(|view| view.name.clone()));
        for home in homes {
            let view = self.draft(home.model).view.clone();
            let name = match self.axis_name(&home).filter(|_| !self.is_default(&home)) {
                None => view,
                Some(axis) => draft::unique(&format!("{view}_by_{axis}"), |name| !taken.contains(name)),
            };
            taken.insert(name.clone());
            self.explore_names.insert(home, name);
        }
    }

    /// Reports the parameters under `lookml:` that are not passed through.
    fn report_parameters(&mut self) {
        let project = self.project;
        let dimensions = project
            .dimensions
            .values()
            .map(|dimension| (format!("{}.{}", project.models[dimension.model].name, dimension.name), &dimension.docs));
        let metrics = project.metrics.values().map(|metric| (metric.name.clone(), &metric.docs));
        let models = project.models.values().map(|model| (model.name.clone(), &model.docs));
        for (name, docs) in dimensions.chain(metrics).chain(models) {
            for key in label::unknown_parameters(docs) {
                let reason = "only texts, formats, drills, links and html are passed through".to_owned();
                self.left_out(Subject::Parameter, &format!("{name}.lookml.{key}"), reason);
            }
        }
    }

    /// Leaves out the metrics of a time that is left out: their explore would have nothing to count them by.
    fn leave_homes_without_time(&mut self) {
        let drafts = &self.drafts;
        for home in self.homes.values_mut() {
            let Some(axis) = home.as_ref().ok().and_then(|home| home.axis.as_ref()) else { continue };
            let time = &self.project.dimensions[axis.dimension];
            if let Some(reason) = drafts[time.model.index()].left_out.get(&axis.dimension) {
                *home = Err(format!("its time `{}` is left out: {reason}", time.name));
            }
        }
    }

    /// Takes the measures of explores away that cannot be read.
    fn drop_unreadable(&mut self) {
        for draft in &mut self.drafts {
            for part in [&mut draft.own, &mut draft.joined] {
                part.measures.retain(|(home, _)| !self.unreadable.contains_key(home));
            }
        }
    }

    /// Returns whether everyone sees the value of a dimension.
    fn is_open(&self, dimension: DimensionId) -> bool {
        self.grants.of_value(dimension).is_empty() && !self.grants.masks_for_all(dimension)
    }

    /// Reports that something is not in the LookML.
    fn left_out(&mut self, subject: Subject, name: &str, reason: String) {
        self.entries.push(Entry {
            subject,
            name: name.to_owned(),
            explore: None,
            field: None,
            outcome: Outcome::LeftOut,
            reason: Some(reason),
        });
    }

    /// Returns the table of a model for a subquery, if it may be read without a bound.
    fn bounded_source(&self, model: ModelId) -> Result<String, String> {
        let definition = &self.project.models[model];
        if let Some(reason) = self.unsayable.get(&model) {
            return Err(reason.clone());
        }
        match &definition.source {
            Source::Select(_) => Err(format!("`exists` reads model `{}`, which is SQL of its own", definition.name)),
            Source::Table(table) if self.project.tables[*table].partition_rule().is_some_and(|rule| rule.required) => {
                Err(format!("`exists` reads model `{}`, whose table needs a bound", definition.name))
            }
            Source::Table(table) => Ok(view::table_name(self.options, &self.project.tables[*table].name)),
        }
    }
}

/// Gathers what definitions say about the types of columns.
fn column_types(project: &Project) -> BTreeMap<(ModelId, String), ColumnType> {
    let mut types = BTreeMap::new();
    let mut visit = |model: ModelId, expr: &Expr<Ref>| {
        expr.for_each_leaf(&mut |leaf| {
            if let Ref::Column { route, column, column_type } = leaf {
                let owner = project.route_end(model, route);
                if *column_type != ColumnType::Unknown {
                    types.insert((owner, column.clone()), *column_type);
                }
            }
        });
    };
    for dimension in project.dimensions.values() {
        visit(dimension.model, &dimension.expr);
    }
    for join in project.joins.values() {
        join.own_as_of().into_iter().for_each(|time| visit(join.from, time));
        for key in &join.keys {
            visit(join.from, &key.ours);
            let column_type = key.theirs_type;
            visit(join.to, &Expr::Leaf(Ref::Column { route: Route::here(), column: key.theirs.clone(), column_type }));
        }
    }
    for metric in project.metrics.values() {
        if let MetricKind::Simple(simple) = &metric.kind {
            simple.expr.iter().chain(&simple.filter).for_each(|expr| visit(simple.model, expr));
        }
    }
    // What is summed is a number, even where no catalog says so.
    for metric in project.metrics.values() {
        let MetricKind::Simple(simple) = &metric.kind else { continue };
        if !matches!(simple.aggregation, Aggregation::Sum | Aggregation::Avg) {
            continue;
        }
        simple.expr.iter().for_each(|expr| {
            expr.for_each_leaf(&mut |leaf| {
                if let Ref::Column { route, column, column_type: ColumnType::Unknown } = leaf {
                    let owner = project.route_end(simple.model, route);
                    types.entry((owner, column.clone())).or_insert(ColumnType::Decimal);
                }
            });
        });
    }
    types
}

/// Puts together what several policies say of one user attribute: its type is the same to all of them.
fn merged(attributes: impl Iterator<Item = UserAttribute>) -> Vec<UserAttribute> {
    let mut merged: BTreeMap<String, UserAttribute> = BTreeMap::new();
    for attribute in attributes {
        match merged.get_mut(&attribute.name) {
            None => _ = merged.insert(attribute.name.clone(), attribute),
            Some(known) => {
                known.policies.extend(attribute.policies);
                if attribute.value.len() > known.value.len() {
                    known.value = attribute.value;
                }
            }
        }
    }
    merged.into_values().collect()
}
