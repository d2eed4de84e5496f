//! The fields of a view that is filtered inside: columns of its derived table, and their filters where rows are chosen.
//!
//! ```sql
//! SELECT …, customers.country FROM … WHERE {% condition weekly_retention.country %} customers.country {% endcondition %}
//! ```
//!
//! **Invariant:** what can be filtered is filtered inside. What cannot, such as a part of a date, is no field.

use super::{
    super::{
        super::tree::{self, DimensionType, Timeframe, View},
        Emission, draft,
        home::Home,
        label, points,
        splice::Splices,
        time,
        union::{
            Names,
            columns::{self, Field},
            shared::{self, Shared},
        },
    },
    title,
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    plan::{ModelRows, local_time},
    project::{DimensionKind, Project},
    sql::{Expr, SelectItem, SqlExpr},
};

/// The key of a row, and its time.
pub(super) const KEY: &str = "fact_key";
pub(super) const PERIOD: &str = "period";

/// The fields of a view that is filtered inside.
pub(super) struct Fields {
    /// The name of the view.
    pub(super) view: String,
    /// The model and the time of its rows.
    pub(super) home: Home,
    /// The members of the time; none without a time.
    pub(super) frames: Vec<Timeframe>,
    shown: Vec<(Shared, String, Field)>,
    /// What the buckets among them are sorted by.
    ranks: Vec<tree::Dimension>,
}

impl Fields {
    /// Finds what rows of a model can be grouped and filtered by.
    pub(super) fn new(emission: &Emission<'_>, view: &str, home: &Home, names: &mut Names) -> Result<Self, String> {
        let project = emission.project;
        let mut frames = Vec::new();
        if let Some(axis) = &home.axis {
            let time = &project.dimensions[axis.dimension];
            if !emission.is_open(axis.dimension) {
                return Err(format!("not everyone may see `{}`, its time", time.name));
            }
            frames = spans(time::timeframes(project, time));
            if frames.is_empty() {
                return Err("its time is one that no period fits".to_owned());
            }
        }
        names.claim(KEY);
        names.claim_group(PERIOD, PERIOD, &frames);
        let mut reached = shared::reached(emission, home);
        let is_axis = |at: &Shared| home.axis.as_ref().is_some_and(|axis| at.is(&axis.route, axis.dimension));
        reached.retain(|shared| !is_axis(shared));
        let columns = columns::names(emission, &reached, names)?;
        let title = title(emission, home);
        let (mut shown, mut ranks) = (Vec::new(), Vec::new());
        for (shared, name) in reached.into_iter().zip(columns) {
            let mut field = columns::field(emission, &shared, &name, &title)?;
            ranks.extend(columns::rank(emission, &shared, &name)?);
            if let Field::Group(group) = &mut field {
                group.timeframes = spans(std::mem::take(&mut group.timeframes));
                if group.timeframes.is_empty() {
                    continue;
                }
            }
            shown.push((shared, name, field));
        }
        Ok(Self { view: view.to_owned(), home: home.clone(), frames, shown, ranks })
    }

    /// The field that the explore is filtered on.
    pub(super) fn time_field(&self) -> String {
        let (frame, _) = time::default_filter_of(&self.frames);
        format!("{}.{}", self.view, member(frame))
    }

    /// The columns of the fields.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        self.shown.iter().map(|(_, name, _)| name)
    }

    /// The columns of the fields, and the conditions that a query puts on them and on the time.
    pub(super) fn choose(
        &self,
        emission: &Emission<'_>,
        rows: &mut ModelRows<'_>,
        time: Option<&SqlExpr>,
        splices: &mut Splices,
    ) -> Result<(Vec<SelectItem>, Vec<SqlExpr>), String> {
        let project = emission.project;
        let mut conditions = Vec::new();
        let mut condition = |field: &str, value: &SqlExpr, splices: &mut Splices| -> Result<(), String> {
            let value = splices.expression(value, emission.options.dialect)?;
            let text = format!("{{% condition {}.{field} %}} {value} {{% endcondition %}}", self.view);
            conditions.push(splices.place(text));
            Ok(())
        };
        if let Some(time) = time {
            for frame in &self.frames {
                condition(&member(*frame), time, splices)?;
            }
        }
        let mut items = Vec::new();
        for (shared, name, field) in &self.shown {
            let (route, id) = &shared.at[0];
            let value = rows.dimension_at(route, *id);
            match field {
                Field::Dimension(_) => {
                    let is_in_words = matches!(project.dimensions[*id].kind, DimensionKind::Boolean { nullable: true });
                    let shown = if is_in_words { columns::in_words(&value) } else { value.clone() };
                    condition(name, &shown, splices)?;
                }
                Field::Group(group) => {
                    for frame in &group.timeframes {
                        condition(&format!("{name}_{}", frame.word()), &value, splices)?;
                    }
                }
            }
            items.push(value.named(name));
        }
        Ok((items, conditions))
    }

    /// What rows are told apart by in a query: the value of each field that it shows, of those that are kept.
    pub(super) fn selected(
        &self,
        emission: &Emission<'_>,
        rows: &mut ModelRows<'_>,
        time: Option<&SqlExpr>,
        keeps: &dyn Fn(Option<&Shared>) -> bool,
        splices: &mut Splices,
    ) -> Vec<SqlExpr> {
        let project = emission.project;
        let mut keys = Vec::new();
        if let (Some(axis), Some(time), true) = (&self.home.axis, time, keeps(None)) {
            let column_type = project.dimensions[axis.dimension].column_type;
            keys.extend(self.periods(emission, rows, (PERIOD, &self.frames), (time, column_type), splices));
        }
        for (shared, name, field) in self.shown.iter().filter(|(shared, ..)| keeps(Some(shared))) {
            let (route, id) = &shared.at[0];
            let value = rows.dimension_at(route, *id);
            let column_type = project.dimensions[*id].column_type;
            match field {
                Field::Dimension(_) => {
                    let is_exact = !matches!(project.dimensions[*id].kind, DimensionKind::Number)
                        || matches!(column_type, ColumnType::Integer | ColumnType::Decimal);
                    // BigQuery tells no rows apart by a float.
                    let as_text = |value| Expr::Cast { arg: Box::new(value), to: ColumnType::String };
                    let value = if is_exact { value } else { as_text(value) };
                    keys.push(value.when(splices.place(points::is_selected(&format!("{}.{name}", self.view)))));
                }
                Field::Group(group) => {
                    let frames = (name.as_str(), group.timeframes.as_slice());
                    keys.extend(self.periods(emission, rows, frames, (&value, column_type), splices));
                }
            }
        }
        keys
    }

    /// The names of fields that a query may show: of the time, and of what rows are shown by.
    pub(super) fn members(&self, wanted: impl Fn(Option<&Shared>) -> bool) -> impl Iterator<Item = String> {
        let mut names: Vec<String> = Vec::new();
        if wanted(None) {
            names.extend(self.frames.iter().map(|frame| member(*frame)));
        }
        for (_, name, field) in self.shown.iter().filter(|(shared, ..)| wanted(Some(shared))) {
            match field {
                Field::Dimension(_) => names.push(name.clone()),
                Field::Group(group) => {
                    names.extend(group.timeframes.iter().map(|frame| format!("{name}_{}", frame.word())));
                }
            }
        }
        names.into_iter().map(|name| format!("{}.{name}", self.view))
    }

    fn periods(
        &self,
        emission: &Emission<'_>,
        rows: &ModelRows<'_>,
        (group, frames): (&str, &[Timeframe]),
        (time, column_type): (&SqlExpr, ColumnType),
        splices: &mut Splices,
    ) -> Vec<SqlExpr> {
        let local = local_time(time.clone(), column_type, emission.project.time_zone);
        let mut periods = Vec::new();
        for frame in frames {
            if let Some(period) = points::period(emission, rows, &local, *frame) {
                let field = format!("{}.{group}_{}", self.view, frame.word());
                periods.push(period.when(splices.place(points::is_selected(&field))));
            }
        }
        periods
    }

    /// Makes the view, without what is counted.
    pub(super) fn view(&self, emission: &Emission<'_>, derived_table: String, (has_key, when): (bool, &str)) -> View {
        let mut made = View {
            name: self.view.clone(),
            label: Some(title(emission, &self.home)),
            derived_table: Some(derived_table),
            ..View::default()
        };
        if has_key {
            let key = draft::hidden(KEY, DimensionType::String, &emission.own_column(KEY));
            made.dimensions.push(tree::Dimension { primary_key: true, ..key });
        }
        if let Some(axis) = &self.home.axis {
            let (datatype, convert_tz) = time::datatype(emission.project.dimensions[axis.dimension].column_type);
            made.dimension_groups.push(tree::DimensionGroup {
                name: PERIOD.to_owned(),
                docs: tree::FieldDocs {
                    label: Some(label::human(PERIOD)),
                    description: Some(when.to_owned()),
                    ..tree::FieldDocs::default()
                },
                timeframes: self.frames.clone(),
                datatype,
                convert_tz,
                sql: emission.own_column(PERIOD),
            });
        }
        for (_, _, field) in &self.shown {
            match field {
                Field::Dimension(dimension) => made.dimensions.push(dimension.clone()),
                Field::Group(group) => made.dimension_groups.push(group.clone()),
            }
        }
        made.dimensions.extend(self.ranks.iter().cloned());
        made
    }

    /// The models that the fields are of.
    pub(super) fn models(&self, project: &Project) -> impl Iterator<Item = ModelId> {
        let joins = self.shown.iter().flat_map(|(shared, ..)| &shared.at[0].0.0);
        joins.map(move |join| project.joins[*join].to).chain([self.home.model])
    }
}

/// `period_week`
fn member(frame: Timeframe) -> String {
    format!("{PERIOD}_{}", frame.word())
}

/// Keeps the timeframes that are spans of time: a filter on a part of a date is none on the time.
fn spans(mut frames: Vec<Timeframe>) -> Vec<Timeframe> {
    frames.retain(|frame| time::is_span(*frame));
    frames
}
