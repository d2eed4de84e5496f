//! Entities that are keys elsewhere, and tests of relationships → joins.
//!
//! **Invariant:** a join is written only where the other side's entity is declared or tested to be a key.

use super::{Entries, Models};
use crate::{
    catalog::ColumnType,
    import::dbt::{
        jinja::Relation,
        names::{join_key, versions_of},
        nodes::TableNode,
        sql::column,
        tree::{Entity, EntityKind, SemanticModel},
        write::Out,
    },
    time::Granularity,
};

impl Models<'_> {
    pub(super) fn joins(&mut self, at: usize, node: &TableNode) -> Vec<Out> {
        let model = &self.names.layer.models[at];
        let mut joins = Vec::new();
        let mut met = Vec::new();
        for ((_, role), why) in self.names.refused.iter().filter(|((holder, _), _)| holder == self.names.model(at)) {
            if let Some(role) = role.strip_prefix("join ") {
                let whole = format!("{}.{role}", model.name);
                self.report.left_out("join", &whole, &model.place, format!("it does not hold here: {why}"));
            }
        }
        for entity in &model.entities {
            for to in self.names.joins(at, &entity.name) {
                joins.extend(self.join(at, entity, to));
                met.push(to);
            }
        }
        for (ours, relation, theirs, place) in &node.relationships {
            let Relation::Ref { name, .. } = relation else { continue };
            let other = self.names.layer.models.iter().position(|model| model.node.as_ref() == Some(name));
            let holds =
                |to: &usize| self.names.why_refused(self.names.model(at), &join_key(self.names.model(*to))).is_none();
            let Some(to) = other.filter(|to| *to != at && !met.contains(to) && holds(to)) else { continue };
            let is_key = self.names.layer.models[to].entities.iter().any(|entity| {
                matches!(entity.kind, EntityKind::Primary | EntityKind::Unique) && self.key_column(entity) == *theirs
            });
            if is_key {
                met.push(to);
                let mut join = Entries::default();
                join.text("to", self.names.model(to));
                join.put("key", self.key(to, vec![(theirs.clone(), Out::text(ours))]));
                joins.push(Out::Map(join.0));
                let why = format!("a test of relationships gives a join to `{name}`, which dbt does not follow");
                self.report.changed("semantic model", &model.name, place, why);
            }
        }
        joins
    }

    fn join(&mut self, at: usize, entity: &Entity, to: usize) -> Option<Out> {
        let model = &self.names.layer.models[at];
        let other = &self.names.layer.models[to];
        let theirs = other.entities.iter().find(|theirs| theirs.name == entity.name)?;
        let whole = format!("{}.{}", model.name, entity.name);
        let ours = if entity.kind == EntityKind::Foreign {
            match self.expression(entity.expr.as_deref().unwrap_or(&entity.name), model) {
                Ok(found) => found.out,
                Err(why) => {
                    self.report.left_out("join", &whole, &entity.place, why);
                    return None;
                }
            }
        } else {
            Out::Text(self.key_column(entity))
        };
        let mut pairs = vec![(self.key_column(theirs), ours)];
        for partition in model.dimensions.iter().filter(|dimension| dimension.is_partition) {
            let of_other =
                other.dimensions.iter().find(|dimension| dimension.is_partition && dimension.name == partition.name);
            let columns = of_other.and_then(|theirs| {
                Some((
                    column(theirs.expr.as_deref().unwrap_or(&theirs.name))?,
                    column(partition.expr.as_deref().unwrap_or(&partition.name))?,
                ))
            });
            if let Some((theirs, ours)) = columns {
                let day = match self.types.listed(model, ours) {
                    Some(kind) if kind.is_time() => format!("date({ours})"),
                    _ => format!("cast({ours} as date)"),
                };
                // dbt compares the days of both; a day is the midnight that begins it.
                let ours = match (self.types.listed(other, theirs), self.types.listed(model, ours)) {
                    (Some(ColumnType::DateTime), _) => {
                        let why = format!("the partitions `{theirs}` of `{}` are taken to be midnights", other.name);
                        self.report.changed("join", &whole, &entity.place, why);
                        Out::text(format!("cast({day} as datetime)"))
                    }
                    (Some(ColumnType::Date), Some(ColumnType::DateTime | ColumnType::Timestamp)) => Out::text(day),
                    _ => Out::text(ours),
                };
                pairs.push((theirs.to_owned(), ours));
            }
        }
        let mut join = Entries::default();
        join.text("to", self.names.model(to));
        join.put("key", self.key(to, pairs));
        join.maybe("as", self.names.role(at, &entity.name, to));
        if theirs.kind == EntityKind::Natural {
            let as_of = match &model.time {
                Some(time) => {
                    let time = self.names.dimension(at, time);
                    if self.needs_midnight(model, other) { midnight(&time) } else { time }
                }
                None => self.metric_time(other),
            };
            join.text("as_of", as_of);
        }
        Some(Out::Map(join.0))
    }

    /// Returns whether versions of `other` begin at a time of day while the time of `model` is cut to days: dbt compares
    /// the midnight that begins the day.
    fn needs_midnight(&self, model: &SemanticModel, other: &SemanticModel) -> bool {
        let axis =
            model.time.as_ref().and_then(|time| model.dimensions.iter().find(|dimension| dimension.name == *time));
        let granularity = axis.and_then(|axis| Granularity::from_name(axis.time.as_deref()?));
        granularity.is_some_and(|granularity| granularity >= Granularity::Day)
            && self.versions_begin_at(other) == Some(ColumnType::DateTime)
    }

    /// Returns the type of the time from which versions are valid.
    fn versions_begin_at(&self, other: &SemanticModel) -> Option<ColumnType> {
        let (start, _) = versions_of(other)?;
        self.types.listed(other, column(start.expr.as_deref().unwrap_or(&start.name))?)
    }

    /// Returns the time of the metric that is asked for, at which dbt takes the versions behind a model without a time.
    ///
    /// Metrics are dated by days, of which dbt compares the midnight.
    fn metric_time(&self, other: &SemanticModel) -> String {
        match self.versions_begin_at(other) {
            Some(cast @ (ColumnType::DateTime | ColumnType::Timestamp)) => format!("cast(time as {cast})"),
            _ => "time".to_owned(),
        }
    }

    /// Writes the hidden dimension with the midnight of a model's time, if a join takes versions at it.
    pub(super) fn midnight_dimension(&self, at: usize) -> Option<Out> {
        let model = &self.names.layer.models[at];
        let mut others = model.entities.iter().flat_map(|entity| self.names.joins(at, &entity.name));
        others.find(|to| self.needs_midnight(model, &self.names.layer.models[*to]))?;
        let time = self.names.dimension(at, model.time.as_ref()?);
        let mut out = Entries::default();
        out.text("name", midnight(&time));
        out.text("type", "time");
        out.text("expr", format!("cast({time} as datetime)"));
        out.put("hidden", Out::yes());
        Some(Out::Map(out.0))
    }

    /// Returns a key: our column alone where theirs is the primary key, else pairs of theirs and ours.
    fn key(&self, to: usize, pairs: Vec<(String, Out)>) -> Out {
        let other = &self.names.layer.models[to];
        let primary = other.entities.iter().find(|entity| entity.kind == EntityKind::Primary);
        match (pairs.as_slice(), primary) {
            ([(theirs, ours @ Out::Text(_))], Some(primary)) if self.key_column(primary) == *theirs => ours.clone(),
            _ => Out::Map(pairs),
        }
    }
}

/// Returns the name of the dimension with the midnight of a time that is cut to days.
fn midnight(time: &str) -> String {
    format!("{time}_midnight")
}
