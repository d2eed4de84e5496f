//! Explores of one view that is filtered inside: their numbers hang on all rows that the filters of a query leave.
//!
//! | file | what |
//! |---|---|
//! | `fields` | columns of the view, with their filters where rows are chosen |
//! | `whole` | an input that ignores keys: a window over the rows, beside each of them |
//! | `moment` | a balance whose moment is chosen behind the filters |
//! | `funnel` | events that follow the first ones which are left |
//!
//! **Invariant:** nothing is joined to such a view, so that no filter of a field stands outside of it.

mod fields;
mod funnel;
mod moment;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        lexical::identifier,
        report::{Entry, Outcome, Subject},
        tree::{Explore, Filter, View},
    },
    Emission, dimension, draft,
    home::Home,
    label,
    partition::{self, Days},
    rows,
    scope::unquoted,
    splice::Splices,
    time,
    union::{
        Fact, Names, UnionExplore,
        branch::{self, Counted, Others},
        leaves::{Column, Leaves},
    },
};
use crate::{
    ids::{MetricId, ModelId},
    plan::{Context, ModelRows, WholeData},
    project::{Balance, Input, InputId, MetricKind, Project, SimpleMetric},
    sql::{Expr, From, Select, SelectItem, SqlExpr},
    time::DateTime,
};
use fields::{Fields, KEY, PERIOD};
use whole::Whole;

/// The rows before those are chosen that count, and whether one does.
const ROWS: &str = "counted";
const COUNTS: &str = "counts";

/// An explore of one view.
pub(super) struct InsideExplore {
    pub(super) view: View,
    pub(super) explore: Explore,
    /// The models whose rows are read.
    pub(super) models: BTreeSet<ModelId>,
    pub(super) metrics: Vec<MetricId>,
}

/// What a metric asks of all rows that are left.
#[derive(Clone, Copy)]
enum Kind<'p> {
    /// A formula with inputs that ignore keys.
    Wholes(&'p Expr<InputId>, &'p [Input]),
    /// A balance.
    Moment(&'p SimpleMetric, &'p Balance),
}

/// What is taken over all rows that are left.
enum Over<'p> {
    Wholes(Vec<Whole<'p>>),
    Moment(&'p Balance),
}

/// Makes the explores of metrics that no explore of rows and no union has.
pub(super) fn build(emission: &mut Emission<'_>, unions: &[UnionExplore]) -> Vec<InsideExplore> {
    let mut taken: BTreeSet<String> = emission.explore_names.values().cloned().collect();
    taken.extend(unions.iter().map(|union| union.view.name.clone()));
    let mut built = funnel::build(emission, &mut taken);
    let wanted: Vec<(MetricId, Kind<'_>)> = wanted(emission);
    if wanted.is_empty() {
        return built;
    }
    let named = emission.named_tables();
    let data = WholeData::of(&named.0);
    for (metric, kind) in wanted {
        let name = free_name(emission, &taken, &emission.project.metrics[metric].name);
        match make(emission, (&data, named.1.clone()), (metric, kind), &name) {
            Ok(explore) => {
                taken.insert(name);
                built.push(explore);
            }
            Err(reason) => _ = emission.homes.insert(metric, Err(reason)),
        }
    }
    built
}

/// The metrics of one explore each.
fn wanted<'p>(emission: &Emission<'p>) -> Vec<(MetricId, Kind<'p>)> {
    let mut wanted = Vec::new();
    for (id, metric) in emission.project.metrics.iter() {
        let is_said = matches!(emission.built.get(&id), Some(Ok(_))) || emission.united.contains(&id);
        if is_said || emission.homes[&id].is_err() {
            continue;
        }
        match &metric.kind {
            MetricKind::Derived { expr, inputs } if inputs.iter().any(|input| input.ignore.is_some()) => {
                wanted.push((id, Kind::Wholes(expr, inputs)));
            }
            MetricKind::Simple(simple) => {
                let balance = simple.balance.as_ref().filter(|balance| balance.filtered);
                wanted.extend(balance.map(|balance| (id, Kind::Moment(simple, balance))));
            }
            MetricKind::Derived { .. }
            | MetricKind::Cumulative { .. }
            | MetricKind::Nested(_)
            | MetricKind::Funnel(_) => {}
        }
    }
    wanted
}

fn free_name(emission: &Emission<'_>, taken: &BTreeSet<String>, wanted: &str) -> String {
    draft::unique(&unquoted(&identifier(wanted), emission.options.dialect), |name| {
        !taken.contains(name) && !emission.has_view(name)
    })
}

fn make<'p>(
    emission: &mut Emission<'p>,
    (data, mut splices): (&WholeData<'_>, Splices),
    (metric, kind): (MetricId, Kind<'p>),
    name: &str,
) -> Result<InsideExplore, String> {
    let project = emission.project;
    let home = emission.homes[&metric].clone()?;
    if is_kept(project, metric) {
        return Err("not everyone may see it, and an explore of its own has no grants".to_owned());
    }
    let mut names = Names::default();
    let fields = Fields::new(emission, name, &home, &mut names)?;
    let facts = [Fact { home: home.clone(), later: 0, window: None }];
    let mut leaves = Leaves::new(emission, &facts, names);
    let mut shown = BTreeMap::new();
    let (over, description) = match kind {
        Kind::Wholes(expr, inputs) => {
            let wholes = whole::measures(&mut leaves, metric, (expr, inputs), &mut shown)?;
            (Over::Wholes(wholes), whole::description(emission, &home, inputs))
        }
        Kind::Moment(simple, balance) => {
            moment::measure(&mut leaves, metric, simple, &mut shown)?;
            (Over::Moment(balance), moment::description(emission, &home, balance))
        }
    };
    let Leaves { columns, dimensions, measures, .. } = leaves;
    let select = select(emission, data, &fields, (&over, &columns), &mut splices)?;
    let derived_table = splices.select(&select, emission.options.dialect)?;
    let has_key = !project.models[home.model].primary_key.is_empty();
    let mut view = fields.view(emission, derived_table, (has_key, "When a row counts."));
    view.dimensions.extend(dimensions);
    view.measures = measures;
    for measure in &mut view.measures {
        measure.docs.drill_fields.clear();
    }
    let models = fields.models(project).collect();
    let label = label::of_metric(&project.metrics[metric]);
    let explore = head(emission, &fields, (label, description), &BTreeSet::from([home.model]));
    emission.guard(home.model);
    let metrics = shown.keys().copied().collect();
    report(emission, name, shown);
    Ok(InsideExplore { view, explore, models, metrics })
}

/// Returns whether not everyone may see a metric, or one that it is made of.
fn is_kept(project: &Project, metric: MetricId) -> bool {
    let is_kept_itself = project.policies.restrictions.iter().any(|restriction| restriction.metrics.contains(&metric));
    is_kept_itself
        || match &project.metrics[metric].kind {
            MetricKind::Derived { inputs, .. } => inputs.iter().any(|input| is_kept(project, input.metric)),
            _ => false,
        }
}

/// Selects the rows that a query leaves, with what is taken over all of them.
fn select(
    emission: &Emission<'_>,
    data: &WholeData<'_>,
    fields: &Fields,
    (over, columns): (&Over<'_>, &[Column]),
    splices: &mut Splices,
) -> Result<Select, String> {
    let home = &fields.home;
    let context = Context { now: DateTime::UNIX_EPOCH, dialect: emission.options.dialect };
    let mut rows = ModelRows::open_unbounded(data, context, home.model);
    rows.dated_by(home.axis.as_ref());
    let mut items: Vec<SelectItem> = Vec::new();
    if !emission.project.models[home.model].primary_key.is_empty() {
        items.push(rows.value(&dimension::key_text(emission, home.model)).named(KEY));
    }
    let time = home.axis.as_ref().map(|axis| rows.dimension_at(&axis.route, axis.dimension));
    items.extend(time.iter().map(|time| time.clone().named(PERIOD)));
    let (shown, mut conditions) = fields.choose(emission, &mut rows, time.as_ref(), splices)?;
    items.extend(shown);
    let others = if matches!(over, Over::Wholes(_)) { Others::Kept } else { Others::LeftOut };
    let Counted { items: counted, condition } = branch::counted(emission, &mut rows, (0, columns), others)?;
    items.extend(counted);
    let counts = match over {
        Over::Wholes(wholes) => {
            for whole in wholes {
                let value = whole.window(emission, fields, &mut rows, (time.as_ref(), &mut *splices));
                items.push(value.named(&whole.column));
            }
            let makes_rows = |whole: &Whole<'_>| whole.makes_rows(emission, fields, &mut rows, &mut *splices);
            condition
                .and_then(|condition| Expr::any([condition].into_iter().chain(wholes.iter().filter_map(makes_rows))))
        }
        Over::Moment(balance) => {
            conditions.extend(condition);
            Some(moment::mark(emission, fields, balance, &mut rows, (time.as_ref(), &mut *splices))?)
        }
    };
    conditions.extend(rows::inside(emission, home.model, &mut rows, splices)?);
    conditions.extend(bounds(emission, fields, home, &rows, Days::By(0), splices)?);
    emission.reads_no_bounded(&rows)?;
    let names: Vec<String> = items.iter().map(|item| item.alias.clone()).collect();
    let is_chosen = counts.is_some();
    items.extend(counts.map(|counts| counts.named(COUNTS)));
    let inner = rows.select(items, Expr::all(conditions), 0).map_err(|error| error.message)?;
    if !is_chosen {
        return Ok(inner);
    }
    Ok(Select {
        items: names.into_iter().map(|name| SqlExpr::column(ROWS, name.as_str()).named(name)).collect(),
        from: Some(From::Select { select: Box::new(inner), alias: ROWS.to_owned() }),
        filter: Some(SqlExpr::column(ROWS, COUNTS)),
        ..Select::default()
    })
}

/// The bounds on the partitions of a model's rows from the chosen range, which reach so far behind it.
fn bounds(
    emission: &Emission<'_>,
    fields: &Fields,
    home: &Home,
    rows: &ModelRows<'_>,
    ahead: Days,
    splices: &mut Splices,
) -> Result<Vec<SqlExpr>, String> {
    let Some(partition) = emission.partition(home.model) else { return Ok(Vec::new()) };
    let column = rows.column(&partition.column);
    let reach = (Some(0), ahead);
    let field = fields.time_field();
    partition::bounds_inside(emission.project, home, partition, &column, (&field, reach), splices)
}

/// What the rows of a model are called.
fn title(emission: &Emission<'_>, home: &Home) -> String {
    label::of_model(emission.project, home.model)
}

/// Names an explore that counts rows of some models, and says what it is.
fn head(
    emission: &Emission<'_>,
    fields: &Fields,
    (label, description): (String, String),
    models: &BTreeSet<ModelId>,
) -> Explore {
    let is_partitioned = models.iter().any(|model| emission.partition(*model).is_some());
    let filter = (is_partitioned && !fields.frames.is_empty()).then(|| {
        let (_, value) = time::default_filter_of(&fields.frames);
        Filter { field: fields.time_field(), value: value.to_owned() }
    });
    let groups: BTreeSet<Option<String>> = models.iter().map(|model| emission.datagroup_of(*model)).collect();
    let datagroup = (groups.len() == 1).then(|| groups.into_iter().next().flatten()).flatten();
    Explore {
        name: fields.view.clone(),
        label: Some(label),
        group_label: Some(title(emission, &fields.home)),
        description: Some(description),
        view_name: fields.view.clone(),
        always_filter: filter.into_iter().collect(),
        persist_with: datagroup,
        ..Explore::default()
    }
}

/// Reports the metrics of an explore, with their fields.
fn report(emission: &mut Emission<'_>, explore: &str, shown: BTreeMap<MetricId, String>) {
    for (metric, field) in shown {
        emission.entries.push(Entry {
            subject: Subject::Metric,
            name: emission.project.metrics[metric].name.clone(),
            explore: Some(explore.to_owned()),
            field: Some(format!("{explore}.{field}")),
            outcome: Outcome::Emitted,
            reason: None,
        });
        emission.united.insert(metric);
    }
}
