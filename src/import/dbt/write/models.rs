//! Semantic models → models: keys, joins, versions and dimensions.
//!
//! An entity that is a key of another semantic model is a join to it; its own values are a dimension of the entity's
//! name, so that `group_by: [listing]` has a path.
//!
//! **Invariant:** what one row stands for is written only where it is declared or tested.

use super::{
    Entries,
    expression::{Row, RowExpression, Types, row_expression},
};
use crate::{
    import::dbt::{
        filters::MetricDimension,
        hints::Hints,
        names::{Names, versions_of},
        nodes::TableNode,
        report::Report,
        sql::column,
        tree::{Dimension, Entity, EntityKind, Layer, SemanticModel},
        write::Out,
    },
    sql::Portable,
    time::TimePart,
};

/// Writes models.
pub(in crate::import::dbt) struct Models<'a> {
    pub(in crate::import::dbt) names: &'a Names<'a>,
    pub(in crate::import::dbt) types: Types<'a>,
    pub(in crate::import::dbt) dialect: Option<&'a str>,
    /// What filters tell about the types of dimensions.
    pub(in crate::import::dbt) hints: &'a Hints,
    /// Metrics that are dimensions.
    pub(in crate::import::dbt) metrics: &'a [(MetricDimension, String)],
    pub(in crate::import::dbt) report: &'a mut Report,
}

/// Returns what is portable of the expressions of each model, other than the columns that are dimensions themselves.
pub(in crate::import::dbt) fn expressions(
    layer: &Layer,
    types: Types<'_>,
    dialect: Option<&str>,
) -> Vec<Vec<Portable>> {
    let mut all = Vec::new();
    for model in &layer.models {
        let mut texts: Vec<String> = Vec::new();
        texts.extend(model.measures.iter().filter_map(|measure| measure.aggregation.expr.clone()));
        texts.extend(model.entities.iter().map(|entity| entity.expr.clone().unwrap_or_else(|| entity.name.clone())));
        texts.extend(model.dimensions.iter().filter_map(|dimension| {
            // Its own column is meant within its own expression.
            dimension.expr.clone().filter(|expr| *expr != dimension.name)
        }));
        for metric in &layer.metrics {
            if let crate::import::dbt::tree::MetricKind::Simple { model: of, aggregation, .. } = &metric.kind
                && *of == model.name
            {
                texts.extend(aggregation.expr.clone());
            }
        }
        let as_written = |column: &str, part: TimePart| Some(format!("{column}.{}", part.name()));
        let row = Row { columns: &|name| types.column(model, name), part: &as_written };
        let found = texts.iter().filter_map(|text| row_expression(text, dialect, row).ok()?.portable);
        all.push(found.collect());
    }
    all
}

impl Models<'_> {
    /// Writes a model.
    pub(in crate::import::dbt) fn write(&mut self, at: usize) -> Out {
        let model = &self.names.layer.models[at];
        let node = self.types.node(model).cloned().unwrap_or_default();
        let mut out = Entries::default();
        out.text("name", self.names.model(at));
        let mut about = model.about.clone();
        about.description = about.description.or_else(|| node.about.description.clone());
        about.group = about.group.or_else(|| node.about.group.clone());
        if about.tags.is_empty() {
            about.tags.clone_from(&node.about.tags);
        }
        out.about(&about, self.names.layer);
        self.source(model, &mut out);
        self.keys(model, &node, &mut out);
        if let Some(time) = &model.time {
            if self.names.why_refused(self.names.model(at), &self.names.dimension(at, time)).is_some() {
                self.report.left_out("time axis", &model.name, &model.place, "its dimension does not hold here");
            } else if model.dimensions.iter().any(|dimension| dimension.name == *time && dimension.time.is_some()) {
                out.text("time", self.names.dimension(at, time));
            } else {
                let why = format!("its time dimension `{time}` is not among its dimensions");
                self.report.left_out("time axis", &model.name, &model.place, why);
            }
        }
        self.versions(model, &mut out);
        let joins = self.joins(at, &node);
        if !joins.is_empty() {
            out.put("joins", Out::List(joins));
        }
        let dimensions = self.dimensions(at, &node);
        if !dimensions.is_empty() {
            out.put("dimensions", Out::List(dimensions));
        }
        out.meta(&about);
        self.report.carried("semantic model", &model.name, &model.place);
        Out::Map(out.0)
    }

    /// Puts the table, or a SELECT where a key that others join by is an expression.
    fn source(&mut self, model: &SemanticModel, out: &mut Entries) {
        let computed: Vec<(&Entity, &str)> = model
            .entities
            .iter()
            .filter(|entity| entity.kind != EntityKind::Foreign)
            .filter_map(|entity| Some((entity, entity.expr.as_deref().filter(|expr| column(expr).is_none())?)))
            .collect();
        if computed.is_empty() {
            out.text("table", &model.table);
            return;
        }
        let columns: Vec<String> =
            computed.iter().map(|(entity, expr)| format!("{expr} as {}", self.key_column(entity))).collect();
        out.text("sql", format!("select *, {} from {}", columns.join(", "), model.table));
        for (entity, _) in computed {
            let why = "its key is an expression, so the model is a SELECT with it as a column";
            self.report.changed("entity", &format!("{}.{}", model.name, entity.name), &entity.place, why);
        }
    }

    /// Returns the column of a key.
    pub(super) fn key_column(&self, entity: &Entity) -> String {
        match &entity.expr {
            None => entity.name.clone(),
            Some(expr) => match column(expr) {
                Some(column) => column.to_owned(),
                None => self.names.entity(&entity.name),
            },
        }
    }

    fn keys(&mut self, model: &SemanticModel, node: &TableNode, out: &mut Entries) {
        let of = |kind: EntityKind| model.entities.iter().filter(move |entity| entity.kind == kind);
        let primary = of(EntityKind::Primary).next().map(|entity| vec![self.key_column(entity)]);
        let versioned = versions_of(model).and_then(|(start, _)| {
            let natural = of(EntityKind::Natural).next()?;
            Some(vec![self.key_column(natural), start.expr.clone().unwrap_or_else(|| start.name.clone())])
        });
        let tested = node.unique.iter().find(|key| key.iter().all(|column| node.not_null.contains(column)));
        let key = primary.or(versioned).or_else(|| tested.cloned());
        let mut unique: Vec<Vec<String>> = of(EntityKind::Unique).map(|entity| vec![self.key_column(entity)]).collect();
        for columns in &node.unique {
            if !unique.contains(columns) {
                unique.push(columns.clone());
            }
        }
        unique.retain(|columns| key.as_ref() != Some(columns));
        match &key {
            Some(key) => match key.as_slice() {
                [column] => out.text("primary_key", column),
                columns => out.put("primary_key", Out::texts(columns)),
            },
            None => {
                let why = if model.primary_entity.is_some() {
                    "its `primary_entity` is a name without a column, and no column is tested to be unique and not null, \
                     so its grain is not known"
                } else {
                    "it has no primary entity and no column that is tested to be unique and not null, so its grain is not \
                     known"
                };
                self.report.changed("semantic model", &model.name, &model.place, why);
            }
        }
        if !unique.is_empty() {
            out.put("unique", Out::List(unique.iter().map(|columns| Out::texts(columns)).collect()));
        }
    }

    fn versions(&mut self, model: &SemanticModel, out: &mut Entries) {
        let Some((start, end)) = versions_of(model) else { return };
        let Some(natural) = model.entities.iter().find(|entity| entity.kind == EntityKind::Natural) else {
            let why = "its rows are versions, but it has no natural entity that names the thing";
            self.report.left_out("versions", &model.name, &model.place, why);
            return;
        };
        let column_of = |dimension: &Dimension| {
            let expr = dimension.expr.as_deref().unwrap_or(&dimension.name);
            column(expr).map(str::to_owned)
        };
        let (Some(from), Some(to)) = (column_of(start), column_of(end)) else {
            let why = "the bounds of its versions are expressions, not columns";
            self.report.left_out("versions", &model.name, &model.place, why);
            return;
        };
        let mut versions = Entries::default();
        versions.put("of", Out::texts(&[self.key_column(natural)]));
        versions.text("from", from);
        versions.text("to", to);
        out.put("versions", Out::Map(versions.0));
    }

    pub(super) fn expression(&self, text: &str, model: &SemanticModel) -> Result<RowExpression, String> {
        let part = |column: &str, part: TimePart| self.names.part_of(model, column, part);
        row_expression(text, self.dialect, Row { columns: &|name| self.types.column(model, name), part: &part })
    }
}
