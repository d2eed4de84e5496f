//! The moment of a balance → a view that marks its rows, joined one to one.
//!
//! `parcels_in_depot` by month counts the rows of each month's last day with data; by week those of each week's. Which
//! periods a query has, only the query knows, so the window of the mark is cut by the fields that are selected:
//!
//! ```sql
//! SELECT depot_id, snapshot_date, snapshot_date = MAX(snapshot_date) OVER (
//!   PARTITION BY CASE WHEN {% if depot_inventory.snapshot_month._is_selected %}TRUE{% else %}FALSE{% endif %} THEN … END
//! ) AS counts
//! FROM marts.depot_inventory WHERE {% condition depot_inventory.snapshot_date %} snapshot_date {% endcondition %} …
//! ```
//!
//! **Invariant:** the moment is chosen from the rows of the chosen time, before any other filter, so that parts add up.

use super::{
    super::{
        lexical::identifier,
        tree::{self, DimensionType, Filter, JoinType, Timeframe, View},
    },
    Emission, calendar, dimension, draft,
    home::Home,
    label, measure,
    partition::{self, Days},
    rows,
    splice::Splices,
    time,
};
use crate::{
    ids::MetricId,
    plan::{self, Context, ModelRows, WholeData, local_time},
    project::{Balance, Edge, Member, Ref, Route, Visible},
    sql::{Aggregate, AggregateFunction, BinaryOp, Expr, Function, Leaf, SelectItem, SqlExpr, Window, WindowFunction},
    time::{DateTime, Granularity, TimePart},
};

/// The field that marks the rows of the moment.
const COUNTS: &str = "counts";

/// A view that marks the rows of a moment, and its join in the explore of a home.
#[derive(Clone, Debug)]
pub(super) struct Points {
    balance: Balance,
    pub(super) view: View,
    pub(super) join: tree::Join,
}

/// Returns the filter that keeps the rows of the moment of a balance; makes the view that marks them.
pub(super) fn filter(emission: &mut Emission<'_>, metric: MetricId, balance: &Balance) -> Result<Filter, String> {
    let home = emission.homes[&metric].clone()?;
    let known = emission.points.get(&home).into_iter().flatten().find(|points| points.balance == *balance);
    let view = match known {
        Some(points) => points.view.name.clone(),
        None => {
            let points = make(emission, &home, balance)?;
            let name = points.view.name.clone();
            emission.points.entry(home).or_default().push(points);
            name
        }
    };
    Ok(Filter { field: format!("{view}.{COUNTS}"), value: "yes".to_owned() })
}

fn make(emission: &mut Emission<'_>, home: &Home, balance: &Balance) -> Result<Points, String> {
    let project = emission.project;
    let model = &project.models[home.model];
    if balance.filtered {
        return Err(measure::INSIDE.to_owned());
    }
    if model.primary_key.is_empty() {
        return Err(format!("it is a balance of `{}`, which has no primary key", model.name));
    }
    let axis = home.axis.as_ref().ok_or("it is a balance and has no time")?;
    if axis.route != Route::here() {
        return Err("it is a balance along the time of a joined model".to_owned());
    }
    let base = emission.draft(home.model).view.clone();
    let time = &project.dimensions[axis.dimension];
    let group = format!("{base}.{}", emission.draft(home.model).dimensions[&axis.dimension]);
    let name = name(emission, home, balance);

    let calendars = calendar::joined(emission, home);
    let named = emission.named_tables();
    let mut splices = named.1.clone();
    let data = WholeData::of(&named.0);
    let context = Context { now: DateTime::UNIX_EPOCH, dialect: emission.options.dialect };
    let mut rows = ModelRows::open_unbounded(&data, context, home.model);
    rows.dated_by(home.axis.as_ref());
    let moment = rows.dimension(axis.dimension);
    let local = local_time(moment.clone(), time.column_type, project.time_zone);
    let frames = time::timeframes(project, time);
    let mut partition_by = Vec::new();
    for frame in &frames {
        if let Some(period) = period(emission, &rows, &local, *frame) {
            let field = format!("{group}_{}", frame.word());
            partition_by.push(period.when(splices.place(is_selected(&field))));
        }
    }
    let mut chosen = Vec::new();
    for (field, granularity) in calendars.iter().flat_map(|joined| joined.periods(project)) {
        let switch = splices.place(is_selected(&field));
        let period = rows.period_of_calendar(local.clone(), granularity);
        let value = splices.expression(&period, emission.options.dialect)?;
        chosen.push(splices.place(format!("{{% condition {field} %}} {value} {{% endcondition %}}")));
        partition_by.push(period.when(switch));
    }
    partition_by.extend(members(emission, &mut rows, home, balance)?);
    let mut items: Vec<SelectItem> = model.primary_key.iter().map(|key| rows.column(key).named(key)).collect();
    items.push(is_moment(balance, &moment, partition_by).named(COUNTS));
    let mut conditions = conditions(emission, home, (&rows, &moment), (&group, &frames), &mut splices)?;
    conditions.extend(chosen);
    conditions.extend(rows::inside(emission, home.model, &mut rows, &mut splices)?);
    emission.guard(home.model);
    emission.reads_no_bounded(&rows)?;
    let select = rows.select(items, Expr::all(conditions), 0).map_err(|error| error.message)?;
    let derived_table = splices.select(&select, emission.options.dialect)?;
    let join = join(emission, home, &name);
    Ok(Points { balance: balance.clone(), view: view(emission, home, name, derived_table), join })
}

/// Whether a query shows a field, as a condition.
pub(super) fn is_selected(field: &str) -> String {
    format!("{{% if {field}._is_selected %}}TRUE{{% else %}}FALSE{{% endif %}}")
}

/// `depot_inventory_last`, with the axis and the members where they are not the model's own time and all rows.
fn name(emission: &Emission<'_>, home: &Home, balance: &Balance) -> String {
    let edge = match balance.take {
        Edge::First => "first",
        Edge::Last => "last",
    };
    let mut name = format!("{}_{edge}", emission.explore_name(home));
    for member in &balance.per {
        name.push_str("_of_");
        match member {
            Member::Model { name: model, .. } => name.push_str(model),
            Member::Dimension(path) => name.push_str(&path.join("_")),
            Member::Time(size) => name.push_str(&size.to_string()),
        }
    }
    let points = |taken: &str| emission.points.values().flatten().all(|points| points.view.name != taken);
    draft::unique(&identifier(&name), |name| !emission.has_view(name) && points(name))
}

/// Returns the period of a row by a timeframe; none for the bare value, which nobody selects.
pub(super) fn period(
    emission: &Emission<'_>,
    rows: &ModelRows<'_>,
    local: &SqlExpr,
    frame: Timeframe,
) -> Option<SqlExpr> {
    let week_start = emission.project.calendar.week_start;
    let part = |part| Some(Expr::call(Function::Part { part, week_start }, vec![local.clone()]));
    match frame {
        Timeframe::Raw => None,
        // Looker shows a second, and groups by what it shows.
        Timeframe::Time => Some(rows.period(local.clone(), Granularity::Second)),
        Timeframe::HourOfDay => part(TimePart::HourOfDay),
        Timeframe::DayOfWeek => part(TimePart::DayOfWeek),
        Timeframe::DayOfMonth => part(TimePart::DayOfMonth),
        Timeframe::DayOfYear => part(TimePart::DayOfYear),
        Timeframe::MonthNum => part(TimePart::MonthOfYear),
        Timeframe::QuarterOfYear => part(TimePart::QuarterOfYear),
        periods => time::granularity(periods).map(|size| rows.period(local.clone(), size)),
    }
}

/// Returns the values of what the moment is chosen for each of.
pub(super) fn members(
    emission: &Emission<'_>,
    rows: &mut ModelRows<'_>,
    home: &Home,
    balance: &Balance,
) -> Result<Vec<SqlExpr>, String> {
    let project = emission.project;
    let visible = Visible::whole(project);
    let mut values = Vec::new();
    for member in &balance.per {
        match member {
            Member::Model { name, model } => {
                let route = plan::find_model(project, home.model, name).map_err(|error| error.message)?;
                for key in &project.models[*model].primary_key {
                    let column_type = emission.column_type(*model, key);
                    let column = Ref::Column { route: Route::here(), column: key.clone(), column_type };
                    values.push(rows.value_at(&route, &Expr::Leaf(column)));
                }
            }
            Member::Dimension(path) => {
                let found = plan::find_dimension(&visible, home.model, path).map_err(|error| error.message)?;
                values.push(rows.dimension_at(&found.0, found.1));
            }
            Member::Time(_) => {}
        }
    }
    Ok(values)
}

/// `snapshot_date = MAX(snapshot_date) OVER (PARTITION BY …)`
pub(super) fn is_moment(balance: &Balance, moment: &SqlExpr, partition_by: Vec<SqlExpr>) -> SqlExpr {
    let function = match balance.take {
        Edge::First => AggregateFunction::Min,
        Edge::Last => AggregateFunction::Max,
    };
    let function = WindowFunction::Aggregate(Aggregate { function, arg: Some(moment.clone()) });
    let window = Window { function, partition_by, order_by: Vec::new() };
    moment.clone().binary(BinaryOp::Eq, Expr::Leaf(Leaf::Window(Box::new(window))))
}

/// Returns the conditions of the chosen time: as it is filtered, and on the partition column.
fn conditions(
    emission: &Emission<'_>,
    home: &Home,
    (rows, moment): (&ModelRows<'_>, &SqlExpr),
    (group, frames): (&str, &[Timeframe]),
    splices: &mut Splices,
) -> Result<Vec<SqlExpr>, String> {
    let moment = splices.expression(moment, emission.options.dialect)?;
    let mut conditions: Vec<SqlExpr> = frames
        .iter()
        .filter(|frame| time::is_span(**frame))
        .map(|frame| {
            let field = format!("{group}_{}", frame.word());
            splices.place(format!("{{% condition {field} %}} {moment} {{% endcondition %}}"))
        })
        .collect();
    if let Some(partition) = emission.partition(home.model) {
        let column = rows.column(&partition.column);
        let (frame, _) = time::default_filter_of(frames);
        let field = format!("{group}_{}", frame.word());
        conditions.extend(partition::bounds_inside(
            emission.project,
            home,
            partition,
            &column,
            (&field, (Some(0), Days::By(0))),
            splices,
        )?);
    }
    Ok(conditions)
}

fn view(emission: &Emission<'_>, home: &Home, name: String, derived_table: String) -> View {
    let model = &emission.project.models[home.model];
    let mut dimensions: Vec<tree::Dimension> = model
        .primary_key
        .iter()
        .map(|key| {
            let kind = label::hidden_type(emission.column_type(home.model, key));
            emission.copied_column(home.model, key, kind)
        })
        .collect();
    if let [only] = dimensions.as_mut_slice() {
        only.primary_key = true;
    }
    dimensions.splice(0..0, dimension::copied_key(emission, home.model));
    dimensions.push(draft::hidden(COUNTS, DimensionType::YesNo, &emission.own_column(COUNTS)));
    View { name, derived_table: Some(derived_table), dimensions, ..View::default() }
}

fn join(emission: &mut Emission<'_>, home: &Home, name: &str) -> tree::Join {
    let project = emission.project;
    let base = emission.draft(home.model).view.clone();
    let keys = &project.models[home.model].primary_key;
    let on: Vec<String> = keys
        .iter()
        .map(|key| {
            let column_type = emission.column_type(home.model, key);
            let ours = emission.column_field(home.model, key, column_type);
            format!("${{{base}.{ours}}} = ${{{name}.{}}}", identifier(key))
        })
        .collect();
    tree::Join {
        name: name.to_owned(),
        from: None,
        view_label: None,
        kind: JoinType::LeftOuter,
        relationship: tree::Relationship::OneToOne,
        sql_on: on.join("\nAND "),
    }
}
