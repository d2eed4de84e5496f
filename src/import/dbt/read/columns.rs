//! Semantic models of the newer form: `semantic_model: true` on a model, with entities and dimensions on its columns and
//! metrics beside it.
//!
//! `columns: [{ name: order_id, entity: { name: order, type: primary } }]`

use super::{Reading, models::custom_granularity};
use crate::import::dbt::{
    jinja::{Relation, Templates},
    project::about,
    report::Problem,
    tree::{About, Dimension, Entity, SemanticModel, Spine},
    yaml::{Node, Value},
};

const DERIVED_KEYS: &[&str] = &[
    "name",
    "type",
    "expr",
    "granularity",
    "description",
    "label",
    "config",
    "meta",
    "is_partition",
    "validity_params",
];

impl Reading<'_> {
    /// Reads what a model says of the semantic layer: a time spine, a semantic model, metrics.
    pub(super) fn model_with_semantics(&mut self, item: &Node) {
        let Some(name) = item.text_of("name").map(str::to_owned) else { return };
        if let Some(spine) = item.get("time_spine") {
            self.spine(item, &name, spine);
        }
        let semantic = item.get("semantic_model");
        let is_disabled = self.nodes.refs.get(&name).is_some_and(|node| node.is_disabled);
        let enabled = match semantic {
            Some(_) if is_disabled => false,
            None => false,
            Some(node) => match &node.value {
                Value::Map(_) => node.get("enabled").and_then(Node::boolean).unwrap_or(true),
                Value::Null | Value::Text(..) | Value::List(_) => node.boolean().unwrap_or(false),
            },
        };
        let enabled = enabled && !semantic.is_some_and(|node| self.is_disabled(node, "semantic model", &name));
        if !enabled {
            for metric in item.get("metrics").map(Node::items).unwrap_or_default() {
                let why = if semantic.is_some() {
                    format!("its model `{name}` is disabled in dbt")
                } else {
                    format!("its model `{name}` is no semantic model: `semantic_model: true` is missing")
                };
                self.report.left_out("metric", metric.text_of("name").unwrap_or_default(), &metric.place, why);
            }
            if let Some(node) = semantic {
                self.report.left_out("semantic model", &name, &node.place, "it is disabled in dbt");
            }
            return;
        }
        let semantic = semantic.filter(|node| matches!(node.value, Value::Map(_)));
        if let Some(node) = semantic {
            self.check_keys(node, &["name", "enabled", "group", "config"], "semantic model", &name);
        }
        let relation = Relation::Ref { package: None, name: name.clone(), version: None };
        let table = match self.nodes.table(&relation, &item.place, self.options) {
            Ok(table) => table,
            Err(problem) => {
                self.problems.push(problem);
                return;
            }
        };
        let called = semantic.and_then(|node| node.text_of("name")).unwrap_or(&name).to_owned();
        let mut model_about = about(item, self.templates);
        let own = item.get("semantic_model").map(|node| self.project.about(node, "semantic-models", &called));
        if let Some(own) = own {
            model_about.group = own.group.or(model_about.group);
            model_about.meta = own.meta.or(model_about.meta);
        }
        let mut entities = Vec::new();
        let mut dimensions = Vec::new();
        for column in item.get("columns").map(Node::items).unwrap_or_default() {
            entities.extend(self.column_entity(column));
            dimensions.extend(self.column_dimension(column));
        }
        if let Some(derived) = item.get("derived_semantics") {
            self.derived(derived, &mut entities, &mut dimensions);
        }
        self.layer.models.push(SemanticModel {
            name: called.clone(),
            place: item.place.clone(),
            about: model_about,
            table,
            node: Some(name),
            time: item.text_of("agg_time_dimension").map(str::to_owned),
            primary_entity: item.text_of("primary_entity").map(str::to_owned),
            entities,
            dimensions,
            measures: Vec::new(),
        });
        for metric in item.get("metrics").map(Node::items).unwrap_or_default() {
            self.metric(metric, Some(&called));
        }
    }

    fn column_entity(&mut self, column: &Node) -> Option<Entity> {
        let node = column.get("entity")?;
        let name = column.text_of("name")?;
        let (called, kind) = match node.text() {
            Some(kind) => (name, Some(kind)),
            None => (node.text_of("name").unwrap_or(name), node.text_of("type")),
        };
        let known = &["name", "type", "description", "label", "config", "meta"];
        self.check_keys(node, known, "entity", called);
        let mut entity = self.entity(node, called.to_owned(), kind, (called != name).then(|| name.to_owned()))?;
        entity.about = of_column(entity.about, column, self.templates);
        Some(entity)
    }

    fn column_dimension(&mut self, column: &Node) -> Option<Dimension> {
        let node = column.get("dimension")?;
        let name = column.text_of("name")?;
        let (called, kind) = match node.text() {
            Some(kind) => (name, Some(kind)),
            None => (node.text_of("name").unwrap_or(name), node.text_of("type")),
        };
        let known = &["name", "type", "description", "label", "config", "meta", "is_partition", "validity_params"];
        self.check_keys(node, known, "dimension", called);
        let granularity = column.text_of("granularity");
        let mut dimension = self.newer_dimension(node, called, kind, granularity)?;
        dimension.expr = (called != name).then(|| name.to_owned());
        dimension.about = of_column(dimension.about, column, self.templates);
        Some(dimension)
    }

    fn newer_dimension(
        &mut self,
        node: &Node,
        name: &str,
        kind: Option<&str>,
        granularity: Option<&str>,
    ) -> Option<Dimension> {
        let time = match kind.map(str::to_lowercase).as_deref() {
            Some("time") => Some(granularity.unwrap_or("day").to_lowercase()),
            Some("categorical") => None,
            other => {
                let message = format!("dimension `{name}` has unknown type `{}`", other.unwrap_or_default());
                let problem = Problem::new(node.place.clone(), message);
                self.problems.push(problem.help("The types are `categorical` and `time`."));
                return None;
            }
        };
        let validity = |key: &str| node.at(&["validity_params", key]).and_then(Node::boolean).unwrap_or(false);
        Some(Dimension {
            name: name.to_owned(),
            place: node.place.clone(),
            about: about(node, self.templates),
            time,
            expr: None,
            is_partition: node.get("is_partition").and_then(Node::boolean).unwrap_or(false),
            is_start: validity("is_start"),
            is_end: validity("is_end"),
        })
    }

    fn derived(&mut self, derived: &Node, entities: &mut Vec<Entity>, dimensions: &mut Vec<Dimension>) {
        self.check_keys(derived, &["entities", "dimensions"], "model", "derived_semantics");
        for item in derived.get("entities").map(Node::items).unwrap_or_default() {
            let Some(name) = self.required(item, "name", "a derived entity") else { continue };
            self.check_keys(item, &["name", "type", "expr", "description", "label", "config", "meta"], "entity", &name);
            let expr = self.expr(item);
            entities.extend(self.entity(item, name, item.text_of("type"), expr));
        }
        for item in derived.get("dimensions").map(Node::items).unwrap_or_default() {
            let Some(name) = self.required(item, "name", "a derived dimension") else { continue };
            self.check_keys(item, DERIVED_KEYS, "dimension", &name);
            let expr = self.expr(item);
            let found = self.newer_dimension(item, &name, item.text_of("type"), item.text_of("granularity"));
            dimensions.extend(found.map(|dimension| Dimension { expr, ..dimension }));
        }
    }

    fn spine(&mut self, item: &Node, name: &str, spine: &Node) {
        let relation = Relation::Ref { package: None, name: name.to_owned(), version: None };
        let table = match self.nodes.table(&relation, &item.place, self.options) {
            Ok(table) => table,
            Err(problem) => {
                self.problems.push(problem);
                return;
            }
        };
        let column = spine.text_of("standard_granularity_column").unwrap_or_default().to_owned();
        let columns = item.get("columns").map(Node::items).unwrap_or_default();
        let of_column = columns.iter().find(|of| of.text_of("name") == Some(&column));
        let granularity = of_column.and_then(|of| of.text_of("granularity"));
        let custom = spine.get("custom_granularities").map(Node::items).unwrap_or_default();
        let spine = Spine {
            name: name.to_owned(),
            place: spine.place.clone(),
            table,
            column,
            custom: custom.iter().filter_map(custom_granularity).collect(),
        };
        self.add_spine(spine, granularity);
    }
}

/// Adds what a column says to what its entity or dimension says about itself.
fn of_column(mut own: About, column: &Node, templates: &Templates) -> About {
    let of_column = about(column, templates);
    own.description = own.description.or(of_column.description);
    own.meta = own.meta.or(of_column.meta);
    own.tags.extend(of_column.tags);
    own.tags.dedup();
    own
}
