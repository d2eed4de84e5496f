//! What the fields below `by` and in filters stand for.

use std::collections::BTreeMap;

use crate::{
    catalog::ColumnType,
    graphql::names::field_name,
    ids::{Arena, DimensionId, Id, MetricId, ModelId},
    project::{DimensionKind, Reach, Visible},
    time::Granularity,
};

/// What a field of `<Model>Keys` or `<Model>Filter` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum Member {
    /// A dimension; a time dimension takes a granularity.
    Dimension(DimensionId),
    /// The hour, minute or second of a time dimension.
    Within(DimensionId, ClockUnit),
    /// A part of a time dimension.
    Part(DimensionId),
    /// The model to which a join leads, under the join's role.
    Role(String, ModelId),
}

/// A unit of the clock that has a field of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graphql) enum ClockUnit {
    /// A second.
    Second,
    /// One minute or several.
    Minute,
    /// One hour or several.
    Hour,
}

/// The fields of one model.
pub(in crate::graphql) type Members = BTreeMap<String, Member>;

/// What the names of a schema stand for.
#[derive(Debug)]
pub(in crate::graphql) struct Vocabulary {
    /// Metrics by their fields.
    pub(in crate::graphql) metrics: BTreeMap<String, MetricId>,
    /// Models and roles by their fields in `Keys` and `Filter`: the word of the path, and the model.
    pub(in crate::graphql) roots: BTreeMap<String, (String, ModelId)>,
    members: Arena<ModelId, Members>,
}

impl Vocabulary {
    /// Gathers the names of a project. Of two that would be one field, which `resolve` refuses, the first holds.
    pub(in crate::graphql) fn new(project: &Visible<'_>) -> Self {
        let mut metrics = BTreeMap::new();
        for (id, metric) in project.metrics.iter().filter(|(id, _)| project.shows_metric(*id)) {
            metrics.entry(field_name(&metric.name)).or_insert(id);
        }
        let mut roots = BTreeMap::new();
        for (id, model) in project.models.iter() {
            roots.entry(field_name(&model.name)).or_insert_with(|| (model.name.clone(), id));
        }
        for join in project.joins.values() {
            roots.entry(field_name(&join.role)).or_insert_with(|| (join.role.clone(), join.to));
        }
        let mut members = Arena::new();
        for id in project.models.ids() {
            members.push(members_of(project, id));
        }
        Self { metrics, roots, members }
    }

    /// Returns the fields of a model.
    pub(in crate::graphql) fn members(&self, model: ModelId) -> &Members {
        debug_assert!(model.index() < self.members.len(), "the ids are of the same project");
        &self.members[model]
    }
}

fn members_of(project: &Visible<'_>, model: ModelId) -> Members {
    let mut members = Members::new();
    for id in project.dimensions_of(model) {
        members.entry(field_name(&project.dimensions[id].name)).or_insert(Member::Dimension(id));
    }
    for id in project.joins_at(model, Reach::ToMany) {
        let join = &project.joins[id];
        members.entry(field_name(&join.role)).or_insert_with(|| Member::Role(join.role.clone(), join.to));
    }
    for id in project.dimensions_of(model) {
        let dimension = &project.dimensions[id];
        if let DimensionKind::Time { finest } = dimension.kind {
            let field = field_name(&dimension.name);
            members.entry(format!("{field}Part")).or_insert(Member::Part(id));
            for (word, granularity, unit) in [
                ("Hour", Granularity::HOUR, ClockUnit::Hour),
                ("Minute", Granularity::MINUTE, ClockUnit::Minute),
                ("Second", Granularity::Second, ClockUnit::Second),
            ] {
                if finest.nests_in(granularity) {
                    members.entry(format!("{field}{word}")).or_insert(Member::Within(id, unit));
                }
            }
        }
    }
    members
}

/// Returns the GraphQL type of values of a column.
pub(in crate::graphql) fn scalar_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::String | ColumnType::Json | ColumnType::Unknown => "String",
        ColumnType::Integer => "BigInt",
        ColumnType::Decimal => "Decimal",
        ColumnType::Float => "Float",
        ColumnType::Boolean => "Boolean",
        ColumnType::Date => "Date",
        ColumnType::DateTime => "LocalDateTime",
        ColumnType::Timestamp => "DateTime",
    }
}
