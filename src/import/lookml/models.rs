//! Views → what they are as models: their rows, their time, their key.
//!
//! **Invariant:** a model's key is one that LookML states: its primary key, or the columns by which a join says that it
//! has one row.

use super::{
    dimension::{Fields, Kind, key_columns, primary_key},
    edges::Edges,
    measure::frames,
    say::Value,
    source::{has_liquid, texts},
};
use crate::lookml::check::{
    scan,
    view::{Field, FieldKind, View},
};

/// Where the rows of a model come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    Table(String),
    Sql(String),
}

impl<'a> Fields<'_, 'a> {
    /// Returns the views that become models.
    pub(super) fn views(&self) -> Vec<&'a str> {
        let views = self.lookml.model.views.values();
        views.filter(|view| self.rows(view).is_ok()).map(|view| view.name).collect()
    }

    /// Returns where the rows of a view come from, or why it stays LookML.
    pub(super) fn rows(&self, view: &View<'a>) -> Result<Rows, String> {
        if let Some(why) = self.refused.get(&("models".to_owned(), view.name.to_owned())) {
            return Err(why.clone());
        }
        if view.needs_extension {
            return Err("it is there to be extended".to_owned());
        }
        if view.fields.is_empty() {
            return Err("it has no fields".to_owned());
        }
        if super::unions::is_union(self, view) {
            return Err("it holds rows of several facts".to_owned());
        }
        if super::calendars::is_calendar(self, view) {
            return Err("it holds the days of a calendar".to_owned());
        }
        if self.is_beside(view) {
            return Err("entente made it for another view".to_owned());
        }
        if let Some(derived) = view.layers.child("derived_table") {
            if derived.child("explore_source").is_some() {
                return Err("its rows are those of a query of an explore".to_owned());
            }
            let sql = derived.word("sql").ok_or("its rows are made by a script")?;
            let sql = self.lookml.expanded(&sql.piece.block())?;
            if has_liquid(&sql) {
                return Err("its SQL holds Liquid, which Looker runs".to_owned());
            }
            return self.with_tables(&sql).map(|sql| Rows::Sql(dedented(&sql)));
        }
        if self.is_made_by_a_join(view) {
            return Err("its rows are made by a join that says them in SQL".to_owned());
        }
        self.table(view).map(Rows::Table)
    }

    /// Returns whether a view is known only by a join such as `LEFT JOIN UNNEST(…) AS tags`.
    fn is_made_by_a_join(&self, view: &View<'a>) -> bool {
        if view.layers.has("sql_table_name") {
            return false;
        }
        let explores = || self.lookml.model.explores.values();
        let mut joins = explores().flat_map(|explore| &explore.joins).filter(|join| join.view() == view.name);
        let is_base = explores().any(|explore| explore.view(explore.base) == Some(view.name));
        !is_base && joins.any(|join| join.layers.has("sql"))
    }

    /// Returns the table of a view.
    fn table(&self, view: &View<'a>) -> Result<String, String> {
        let Some(word) = view.layers.word("sql_table_name") else { return Ok(view.name.to_owned()) };
        let written = word.piece.block();
        // The warehouse's project is the connection's, where entente wrote the name.
        let own = written.trim().strip_prefix("`@{warehouse_project}.").filter(|_| self.lookml.is_generated(word.file));
        let text = match own {
            Some(rest) => self.lookml.expanded(rest)?,
            None => self.lookml.expanded(&written)?,
        };
        if has_liquid(&text) {
            return Err("its table depends on the query".to_owned());
        }
        if text.contains("${") {
            return Err("its table is that of another view".to_owned());
        }
        let name: String = text.trim().trim_end_matches(';').chars().filter(|c| !"`\"".contains(*c)).collect();
        let is_upper = !name.bytes().any(|byte| byte.is_ascii_lowercase());
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.$*".contains(&byte));
        match is_name && !name.is_empty() {
            true if is_upper && self.lookml.dialect.as_deref() == Some("snowflake") => Ok(name.to_lowercase()),
            true => Ok(name),
            false => Err(format!("`{}` is no name of a table", text.trim())),
        }
    }

    /// Puts the tables of other views into SQL: `${orders.SQL_TABLE_NAME}`.
    fn with_tables(&self, sql: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = sql;
        while let Some(at) = rest.find("${") {
            let end = rest[at..].find('}').map(|length| at + length).ok_or("it holds `${` without an end")?;
            let name = rest[at + 2..end].trim();
            let view = name.strip_suffix(".SQL_TABLE_NAME").ok_or_else(|| format!("it refers to `{name}`"))?;
            let view = self.lookml.view(view).ok_or_else(|| format!("there is no view `{view}`"))?;
            if view.layers.has("derived_table") {
                return Err(format!("it reads the derived table `{}`", view.name));
            }
            text.push_str(&rest[..at]);
            text.push_str(&self.table(view)?);
            rest = &rest[end + 1..];
        }
        text.push_str(rest);
        Ok(text.trim().trim_end_matches(';').trim_end().to_owned())
    }

    /// Returns the time by which the metrics of a view are dated: the one its explore is always filtered by, else the one
    /// whose name says it best.
    pub(super) fn axis(&self, view: &View<'a>) -> Option<String> {
        let groups: Vec<&Field<'a>> = view
            .fields
            .iter()
            .filter(|field| field.kind == FieldKind::Group && self.dimension(view.name, field).is_ok())
            .collect();
        let named = |field: &&Field<'a>| self.dimension(view.name, field).ok().map(|dimension| dimension.name.clone());
        if let Some(axis) = self.own_axis(view) {
            return groups.iter().find(|field| field.name == axis).and_then(named);
        }
        let filtered = self.filtered_by(view);
        let rank = |field: &&&Field<'a>| {
            let is_filtered = named(field).is_some_and(|name| filtered.contains(&name));
            let is_fine = frames(field).is_empty() || frames(field).contains(&"date");
            let words = ["created", "event", "ordered", "order", "occurred", "booked", "started", "timestamp"];
            let by_name = words.iter().position(|word| field.name == *word || field.name.starts_with(word));
            (!is_filtered, !is_fine, self.lookml.hides(view.name, field), by_name.unwrap_or(words.len()))
        };
        groups.iter().min_by_key(rank).and_then(named)
    }

    /// Says that the time of a view was guessed, where another one may be meant.
    pub(super) fn guessed_axis(&self, view: &View<'a>) -> Option<String> {
        let axis = self.axis(view).filter(|_| self.own_axis(view).is_none())?;
        let groups = view.fields.iter().filter(|field| field.kind == FieldKind::Group && field.type_name() == "time");
        let has_measures = view.fields.iter().any(|field| field.kind == FieldKind::Measure);
        let filtered = self.filtered_by(view);
        if !has_measures || filtered.contains(&axis) {
            return None;
        }
        let why = match filtered.first() {
            Some(other) => format!("though its explore is always filtered by `{other}`: give them `time: {other}`"),
            None if groups.count() > 1 => "one of several times: change `time:`".to_owned(),
            None => return None,
        };
        Some(format!("the metrics of `{}` are dated by `{axis}`, {why}, if that is meant", view.name))
    }

    /// Returns the times by which the explores of a view are always filtered, with the way to them.
    fn filtered_by(&self, view: &View<'a>) -> Vec<String> {
        let explores =
            self.lookml.model.explores.values().filter(|explore| explore.view(explore.base) == Some(view.name));
        let mut times = Vec::new();
        for explore in explores {
            for key in ["always_filter", "conditionally_filter"] {
                let filters = explore.layers.all(key).flat_map(|at| at.children("filters").collect::<Vec<_>>());
                for (name, _) in filters.flat_map(|at| at.filters()) {
                    let (alias, name) = scan::parts(name.text());
                    let alias = alias.filter(|alias| *alias != explore.base).unwrap_or(view.name);
                    let Ok((owner, path)) = self.way(view.name, alias) else { continue };
                    if let Ok((time, _)) = self.member(&owner, name)
                        && time.kind == Kind::Time
                    {
                        times.push(format!("{path}{}", time.name));
                    }
                }
            }
        }
        times
    }

    /// Returns the group that entente dated the metrics of a view by: the one whose measures its own explore keeps.
    fn own_axis(&self, view: &View<'a>) -> Option<String> {
        let explore = self.lookml.model.explores.get(view.name)?;
        if !self.lookml.is_own(&explore.layers) {
            return None;
        }
        let out = texts(&explore.layers, "fields");
        let sets = view.sets().map(|(name, _)| name);
        let axes = sets.filter_map(|name| {
            let axis = name.strip_prefix("metrics_by_").or_else(|| name.strip_prefix("joined_metrics_by_"))?;
            let is_out = out.iter().any(|field| field == &format!("-{}.{name}*", view.name));
            (!is_out).then(|| axis.to_owned())
        });
        axes.into_iter().next()
    }

    /// Returns the measures of a view that entente dated by another time than the view's own, with that time.
    pub(super) fn other_axis(&self, view: &View<'a>, measure: &str) -> Option<String> {
        let own = self.own_axis(view)?;
        for (name, set) in view.sets() {
            let Some(axis) = name.strip_prefix("metrics_by_").or_else(|| name.strip_prefix("joined_metrics_by_"))
            else {
                continue;
            };
            let holds = set.child("fields").is_some_and(|list| list.items().iter().any(|item| item.text() == measure));
            if axis == own || !holds || !self.lookml.is_generated(set.file) {
                continue;
            }
            let field = view.fields.iter().find(|field| field.kind == FieldKind::Group && field.name == axis);
            if let Some(field) = field {
                return self.dimension(view.name, field).ok().map(|dimension| dimension.name.clone());
            }
            // `shipments_booked` is the time `booked` over the join `shipments`.
            for (at, _) in axis.match_indices('_') {
                if let Ok((owner, path)) = self.way(view.name, &axis[..at])
                    && let Some(owner) = self.lookml.view(&owner)
                    && let Some(field) = owner
                        .fields
                        .iter()
                        .find(|field| field.kind == FieldKind::Group && field.name == &axis[at + 1..])
                {
                    return self.dimension(owner.name, field).ok().map(|found| format!("{path}{}", found.name));
                }
            }
        }
        None
    }

    /// Returns the columns of the primary key of a view, stated or proposed.
    pub(super) fn key(&self, view: &View<'a>, edges: &Edges) -> (Vec<String>, Option<String>) {
        if let Some(field) = primary_key(view) {
            let columns = match self.dimension(view.name, field) {
                Ok(dimension) => key_columns(&dimension.value),
                Err(_) => self
                    .lookml
                    .expanded_sql(field)
                    .and_then(Result::ok)
                    .map(|sql| key_columns(&Value::Raw(sql)))
                    .unwrap_or_default(),
            };
            if !columns.is_empty() {
                return (columns, None);
            }
        }
        if let Some(edge) = edges.0.iter().find(|edge| edge.to == view.name && edge.version.is_none()) {
            let why = format!(
                "`{}` has no primary key; `{}` is joined to it by {}, so that is its key here",
                view.name,
                edge.from,
                list(&edge.theirs())
            );
            return (edge.theirs(), Some(why));
        }
        let distinct = view.fields.iter().filter(|field| {
            field.kind == FieldKind::Measure && field.type_name() == "count_distinct" && !field.layers.has("filters")
        });
        let counted = distinct.filter_map(|field| {
            let sql = self.lookml.sql(&field.layers, "sql")?.ok()?;
            match self.say(view, None, &sql).ok()? {
                Value::Column(column) => Some(column),
                Value::Portable(name) => {
                    let (dimension, _) = self.member(view.name, &name).ok()?;
                    if let Value::Column(column) = &dimension.value { Some(column.clone()) } else { None }
                }
                Value::Raw(_) | Value::Metric(_) => None,
            }
        });
        let singular = view.name.strip_suffix('s').unwrap_or(view.name);
        let is_name = |column: &String| {
            let column = column.to_lowercase();
            column == "id" || column == format!("{singular}_id") || column == format!("{}_id", view.name)
        };
        let mut counted = counted.filter(|column| is_name(column));
        let columns = view.fields.iter().filter(|field| field.kind == FieldKind::Dimension).filter_map(|field| {
            match &self.dimension(view.name, field).ok()?.value {
                Value::Column(column) => Some(column.clone()),
                _ => None,
            }
        });
        let found = counted.next().or_else(|| columns.into_iter().find(is_name));
        match found {
            Some(column) => {
                let why = format!(
                    "`{}` has no primary key; by its name `{column}` is one, which is not written: `primary_key: {column}`",
                    view.name
                );
                (Vec::new(), Some(why))
            }
            None => (Vec::new(), Some(format!("`{}` has no primary key, and no field looks like one", view.name))),
        }
    }
}

/// Takes the indentation away that the lines after the first one share.
fn dedented(sql: &str) -> String {
    let mut lines = sql.lines();
    let first = lines.next().unwrap_or_default();
    let rest: Vec<&str> = lines.collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let shared = rest.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let rest = rest.iter().map(|line| line.get(shared..).unwrap_or_default().trim_end());
    std::iter::once(first.trim_end()).chain(rest).collect::<Vec<_>>().join("\n")
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(" and ")
}
