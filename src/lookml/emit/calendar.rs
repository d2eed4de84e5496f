//! Calendars of tables → views of days, joined on the local day of an explore's time.
//!
//! ```lkml
//! join: booked_retail {
//!   from: retail
//!   type: left_outer
//!   relationship: many_to_one
//!   sql_on: ${shipments.booked_day} = ${booked_retail.day} ;;
//! }
//! ```
//!
//! **Invariant:** a day is one row of the view, as the planner groups the table, so that the join multiplies no row.

use std::collections::BTreeSet;

use super::{
    super::{
        lexical::{identifier, inert},
        report::Subject,
        tree::{self, DimensionType, JoinType, Timeframe, View},
    },
    Emission, draft,
    home::Home,
    label,
    scope::unquoted,
    sql::{self, Site},
    time,
};
use crate::{
    catalog::ColumnType,
    ids::{CalendarId, GranularityId, ModelId},
    plan,
    project::{Project, Ref, Route},
    sql::{Expr, Function},
};

/// Why a time has no periods of calendars: what is booked on the first day of a month is of all of its days.
pub(super) const TOO_COARSE: &str = "is known by longer periods than days, and a day is in one period of a calendar";

/// The field of a view of days by which it is joined.
const DAY: &str = "day";

/// A calendar in an explore.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) calendar: CalendarId,
    pub(super) join: tree::Join,
}

impl Joined {
    /// Returns the fields that show periods of the calendar.
    pub(super) fn periods(&self, project: &Project) -> impl Iterator<Item = (String, GranularityId)> {
        let granularities = project.calendars[self.calendar].granularities.iter();
        granularities.map(|id| (format!("{}.{}", self.join.name, identifier(&project.granularities[*id].name)), *id))
    }
}

/// Makes the views of the project's calendars; reports those that cannot be read.
pub(super) fn views(emission: &mut Emission<'_>) {
    let project = emission.project;
    if emission.homes.values().flatten().all(|home| home.axis.is_none()) {
        return;
    }
    for (id, calendar) in project.calendars.iter() {
        match view(emission, id) {
            Ok(view) => {
                emission.calendars.insert(id, view);
            }
            Err(reason) => emission.left_out(Subject::Calendar, &calendar.name, reason),
        }
    }
}

fn view(emission: &Emission<'_>, id: CalendarId) -> Result<View, String> {
    let project = emission.project;
    let calendar = &project.calendars[id];
    let table = &project.tables[calendar.table];
    if table.partition.as_ref().is_some_and(|partition| partition.required) {
        return Err(format!("`{}` has to be read with a bound, and the days of an explore are not known", table.name));
    }
    let named = emission.named_tables();
    let days = plan::days_of_calendar(&named.0, id);
    let name = draft::unique(&unquoted(&identifier(&calendar.name), emission.options.dialect), |name| {
        !emission.has_view(name)
    });
    let mut day = draft::hidden(DAY, DimensionType::Raw, &emission.own_column(DAY));
    day.primary_key = true;
    let periods = calendar.granularities.iter().map(|granularity| {
        let granularity = &project.granularities[*granularity];
        let words = label::human(&granularity.name);
        let told = format!("The {} of the day, as {} tells it.", words.to_lowercase(), table.name);
        let docs = tree::FieldDocs {
            label: Some(inert(&words)),
            description: Some(inert(&told)),
            ..tree::FieldDocs::default()
        };
        let name = identifier(&granularity.name);
        let kind = kind(granularity.column_type);
        let day = (kind == DimensionType::Date).then_some(tree::Datatype::Date);
        let sql = emission.own_column(&name);
        tree::Dimension { docs, datatype: day, convert_tz: day.map(|_| false), ..draft::hidden(&name, kind, &sql) }
    });
    Ok(View {
        label: Some(inert(&label::human(&calendar.name))),
        derived_table: Some(named.1.select(&days, emission.options.dialect)?),
        dimensions: [day].into_iter().chain(periods).collect(),
        name,
        ..View::default()
    })
}

fn kind(column_type: ColumnType) -> DimensionType {
    match column_type {
        ColumnType::Date => DimensionType::Date,
        other => label::hidden_type(other),
    }
}

/// Returns the calendars of an explore, joined on its time; reports why there are none.
pub(super) fn joined(emission: &mut Emission<'_>, home: &Home) -> Vec<Joined> {
    if let Some(known) = emission.calendar_joins.get(home) {
        return known.clone();
    }
    let mut joined = Vec::new();
    if let Some(axis) = emission.axis_name(home).filter(|_| !emission.calendars.is_empty()) {
        match day_field(emission, home) {
            Ok(day) => joined = joins(emission, &axis, &day, &taken(emission, home.model)),
            Err(reason) => left_out(emission, &emission.explore_name(home), &reason),
        }
    }
    emission.calendar_joins.insert(home.clone(), joined.clone());
    joined
}

/// Reports that an explore has no calendar.
pub(super) fn left_out(emission: &mut Emission<'_>, explore: &str, reason: &str) {
    for calendar in emission.calendars.keys().copied().collect::<Vec<_>>() {
        let name = format!("{}.{explore}", emission.project.calendars[calendar].name);
        emission.left_out(Subject::Calendar, &name, reason.to_owned());
    }
}

/// The names that joined views of a model's explores have.
fn taken(emission: &Emission<'_>, model: ModelId) -> BTreeSet<String> {
    let scope = emission.scope(model);
    let aliases = scope.routes.iter().filter_map(|route| scope.alias(route));
    aliases.chain([emission.draft(model).view.as_str()]).map(str::to_owned).collect()
}

/// Joins every calendar on a day; `axis` are the words for the time that it is of.
pub(super) fn joins(emission: &Emission<'_>, axis: &str, day: &str, taken: &BTreeSet<String>) -> Vec<Joined> {
    let join = |(calendar, view): (&CalendarId, &View)| {
        let wanted = format!("{axis}_{}", view.name);
        let name = draft::unique(&wanted, |name| !taken.contains(name) && !emission.has_view(name));
        let title = label::human(&emission.project.calendars[*calendar].name);
        let join = tree::Join {
            from: Some(view.name.clone()),
            view_label: Some(inert(&format!("{}: {title}", label::human(axis)))),
            kind: JoinType::LeftOuter,
            relationship: tree::Relationship::ManyToOne,
            sql_on: format!("${{{day}}} = ${{{name}.{DAY}}}"),
            name,
        };
        Joined { calendar: *calendar, join }
    };
    emission.calendars.iter().map(join).collect()
}

/// Returns the field that is the local day of an explore's time, with its view.
fn day_field(emission: &mut Emission<'_>, home: &Home) -> Result<String, String> {
    let project = emission.project;
    let axis = home.axis.as_ref().ok_or("the explore has no time")?;
    let dimension = &project.dimensions[axis.dimension];
    if !emission.is_open(axis.dimension) {
        return Err(format!("not everyone may see `{}`, and a period of it would show it", dimension.name));
    }
    if let Some(reason) = emission.draft(dimension.model).left_out.get(&axis.dimension) {
        return Err(reason.clone());
    }
    if !time::timeframes(project, dimension).contains(&Timeframe::Date) {
        return Err(format!("`{}` {TOO_COARSE}", dimension.name));
    }
    let crosses = emission.draft(dimension.model).crossing.contains(&axis.dimension);
    let view = if axis.route == Route::here() {
        emission.draft(home.model).view.clone()
    } else if crosses {
        return Err(format!("`{}` is of joined models, and is in its own explores only", dimension.name));
    } else {
        emission.alias(home.model, &axis.route)?
    };
    let group = emission.draft(dimension.model).dimensions[&axis.dimension].clone();
    let time = Expr::Leaf(Ref::Dimension { route: Route::here(), dimension: axis.dimension });
    let local = match dimension.column_type {
        ColumnType::Date => return Ok(format!("{view}.{group}_raw")),
        ColumnType::Timestamp => Expr::call(Function::LocalTime(project.time_zone), vec![time]),
        _ => time,
    };
    let day = Expr::call(Function::DateOf, vec![local]);
    let day = sql::write(emission, dimension.model, &Route::here(), &day, Site::Dimension)?;
    let field = emission.helper(dimension.model, &format!("{group}_{DAY}"), DimensionType::Raw, &day);
    Ok(format!("{view}.{field}"))
}

/// Returns the calendars that some joins bring.
pub(super) fn of_joins(emission: &Emission<'_>, joins: &[tree::Join]) -> BTreeSet<CalendarId> {
    let is_joined = |view: &View| joins.iter().any(|join| join.from.as_ref() == Some(&view.name));
    emission.calendars.iter().filter(|(_, view)| is_joined(view)).map(|(id, _)| *id).collect()
}
