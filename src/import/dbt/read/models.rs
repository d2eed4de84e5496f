//! Semantic models of the older form, with entities, dimensions and measures; the manifest has the same form.
//!
//! `{ name: orders, model: ref('orders'), entities: […], dimensions: […], measures: […] }`

use super::Reading;
use crate::import::dbt::{
    jinja::Relation,
    project::about,
    report::Problem,
    tree::{Aggregation, Balance, Dimension, Entity, EntityKind, Measure, SemanticModel, Spine},
    yaml::{Node, Value},
};

const MODEL_KEYS: &[&str] = &[
    "name",
    "model",
    "node_relation",
    "description",
    "label",
    "config",
    "defaults",
    "entities",
    "dimensions",
    "measures",
    "primary_entity",
    "meta",
    "tags",
    "group",
    "metadata",
];
const ENTITY_KEYS: &[&str] = &["name", "type", "expr", "description", "label", "config", "role", "meta", "metadata"];
const DIMENSION_KEYS: &[&str] = &[
    "name",
    "type",
    "expr",
    "description",
    "label",
    "config",
    "type_params",
    "is_partition",
    "meta",
    "datatype",
    "metadata",
];
const MEASURE_KEYS: &[&str] = &[
    "name",
    "agg",
    "expr",
    "description",
    "label",
    "config",
    "agg_params",
    "non_additive_dimension",
    "agg_time_dimension",
    "create_metric",
    "create_metric_display_name",
    "meta",
    "metadata",
];

impl Reading<'_> {
    /// Reads a semantic model of the older form.
    pub(super) fn semantic_model(&mut self, item: &Node) {
        let Some(name) = self.required(item, "name", "a semantic model") else { return };
        if self.is_disabled(item, "semantic model", &name) {
            return;
        }
        self.check_keys(item, MODEL_KEYS, "semantic model", &name);
        let Some((table, node)) = self.table_of(item, &name) else { return };
        let of_model = node.as_ref().and_then(|node| self.nodes.refs.get(node));
        if of_model.is_some_and(|node| node.is_disabled) {
            self.report.left_out("semantic model", &name, &item.place, "its model is disabled in dbt");
            return;
        }
        let entities = self.entities(item, &name);
        let dimensions = item.get("dimensions").map(Node::items).unwrap_or_default();
        let dimensions = dimensions.iter().filter_map(|item| self.dimension(item, &name)).collect();
        let measures = item.get("measures").map(Node::items).unwrap_or_default();
        let measures = measures.iter().filter_map(|item| self.measure(item, &name)).collect();
        self.layer.models.push(SemanticModel {
            place: item.place.clone(),
            about: self.project.about(item, "semantic-models", &name),
            table,
            node,
            time: item.at(&["defaults", "agg_time_dimension"]).and_then(Node::text).map(str::to_owned),
            primary_entity: item.text_of("primary_entity").map(str::to_owned),
            entities,
            dimensions,
            measures,
            name,
        });
    }

    /// Fills `$name`, with which a manifest may leave a schema open: with the variable of that name, else with the
    /// target's schema.
    fn filled(&self, text: &str) -> String {
        let Some(name) = text.strip_prefix('$') else { return text.to_owned() };
        let variable = self.templates.text(&format!("{{{{ var('{name}') }}}}")).ok();
        variable.or_else(|| self.options.schema.clone()).unwrap_or_else(|| text.to_owned())
    }

    fn table_of(&mut self, item: &Node, name: &str) -> Option<(String, Option<String>)> {
        if let Some(relation) = item.get("node_relation") {
            let mut words: Vec<String> = Vec::new();
            for key in ["database", "schema_name", "alias"] {
                words.extend(relation.text_of(key).map(|text| self.filled(text)));
            }
            let node = words.last().cloned();
            return Some((self.nodes.in_warehouse(&words, self.options), node));
        }
        let model = item.get("model").filter(|model| model.text().is_some());
        let Some(model) = model else {
            let problem = Problem::new(item.place.clone(), format!("semantic model `{name}` has no `model`"));
            self.problems.push(problem.help("Add `model: ref('…')`."));
            return None;
        };
        let relation = self.templates.relation(model.text().unwrap_or_default());
        let table = relation.map_err(|why| Problem::new(model.place.clone(), why)).and_then(|relation| {
            let node = match &relation {
                Relation::Ref { name, .. } => Some(name.clone()),
                Relation::Source { .. } => None,
            };
            self.nodes.table(&relation, &model.place, self.options).map(|table| (table, node))
        });
        table.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn entities(&mut self, item: &Node, model: &str) -> Vec<Entity> {
        let items = item.get("entities").map(Node::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| {
                let name = self.required(item, "name", "an entity")?;
                let whole = format!("{model}.{name}");
                self.check_keys(item, ENTITY_KEYS, "entity", &whole);
                self.entity(item, name, item.text_of("type"), self.expr(item))
            })
            .collect()
    }

    pub(super) fn entity(
        &mut self,
        item: &Node,
        name: String,
        kind: Option<&str>,
        expr: Option<String>,
    ) -> Option<Entity> {
        let kind = match kind.map(str::to_lowercase).as_deref() {
            Some("primary") => EntityKind::Primary,
            Some("unique") => EntityKind::Unique,
            Some("foreign") => EntityKind::Foreign,
            Some("natural") => EntityKind::Natural,
            other => {
                let message = format!("entity `{name}` has unknown type `{}`", other.unwrap_or_default());
                let problem = Problem::new(item.place.clone(), message);
                self.problems.push(problem.help("The types are `primary`, `unique`, `foreign` and `natural`."));
                return None;
            }
        };
        Some(Entity { name, place: item.place.clone(), about: about(item, self.templates), kind, expr })
    }

    fn dimension(&mut self, item: &Node, model: &str) -> Option<Dimension> {
        let name = self.required(item, "name", "a dimension")?;
        let whole = format!("{model}.{name}");
        self.check_keys(item, DIMENSION_KEYS, "dimension", &whole);
        let time = match item.text_of("type").map(str::to_lowercase).as_deref() {
            Some("time") => {
                let granularity = item.at(&["type_params", "time_granularity"]).and_then(Node::text);
                Some(granularity.unwrap_or("day").to_lowercase())
            }
            Some("categorical") => None,
            other => {
                let message = format!("dimension `{whole}` has unknown type `{}`", other.unwrap_or_default());
                let problem = Problem::new(item.place.clone(), message);
                self.problems.push(problem.help("The types are `categorical` and `time`."));
                return None;
            }
        };
        let validity =
            |key: &str| item.at(&["type_params", "validity_params", key]).and_then(Node::boolean).unwrap_or(false);
        Some(Dimension {
            place: item.place.clone(),
            about: about(item, self.templates),
            time,
            expr: self.expr(item),
            is_partition: item.get("is_partition").and_then(Node::boolean).unwrap_or(false),
            is_start: validity("is_start"),
            is_end: validity("is_end"),
            name,
        })
    }

    fn measure(&mut self, item: &Node, model: &str) -> Option<Measure> {
        let name = self.required(item, "name", "a measure")?;
        self.check_keys(item, MEASURE_KEYS, "measure", &format!("{model}.{name}"));
        let aggregation = self.aggregation(item, &name)?;
        let expr = self.expr(item).or_else(|| Some(name.clone()));
        Some(Measure {
            place: item.place.clone(),
            about: about(item, self.templates),
            aggregation: Aggregation { expr, ..aggregation },
            create_metric: item.get("create_metric").and_then(Node::boolean).unwrap_or(false),
            name,
        })
    }

    /// Reads `agg`, `agg_params`, `agg_time_dimension` and `non_additive_dimension`, also in the newer words.
    pub(super) fn aggregation(&mut self, item: &Node, name: &str) -> Option<Aggregation> {
        let Some(agg) = item.text_of("agg").map(str::to_lowercase) else {
            let problem = Problem::new(item.place.clone(), format!("`{name}` has no `agg`"));
            self.problems.push(problem.help("Add `agg`, such as `agg: sum`."));
            return None;
        };
        let params = item.get("agg_params");
        let flag = |key: &str| params.and_then(|params| params.get(key)).and_then(Node::boolean).unwrap_or(false);
        let percentile = params.and_then(|params| params.text_of("percentile")).or_else(|| item.text_of("percentile"));
        let balance = item.get("non_additive_dimension").and_then(|node| {
            let words = |keys: [&str; 2]| keys.into_iter().find_map(|key| node.get(key));
            let groupings = words(["window_groupings", "group_by"]).map(Node::items).unwrap_or_default();
            Some(Balance {
                dimension: node.text_of("name")?.to_owned(),
                choice: words(["window_choice", "window_agg"]).and_then(Node::text).unwrap_or("min").to_lowercase(),
                groupings: groupings.iter().filter_map(|name| name.text().map(str::to_owned)).collect(),
            })
        });
        let is_discrete = item.text_of("percentile_type").is_some_and(|word| word.eq_ignore_ascii_case("discrete"));
        Some(Aggregation {
            agg,
            expr: None,
            percentile: percentile.map(str::to_owned),
            discrete: flag("use_discrete_percentile") || is_discrete,
            approximate: flag("use_approximate_percentile"),
            time: item.text_of("agg_time_dimension").map(str::to_owned),
            balance,
            unknown: params.and_then(|params| {
                let known = ["percentile", "use_discrete_percentile", "use_approximate_percentile"];
                let unknown = |(key, value): &&(String, Node)| !known.contains(&&**key) && value.value != Value::Null;
                params.entries().iter().find(unknown).map(|(key, _)| key.clone())
            }),
        })
    }

    /// Returns the expression of an item, rendered.
    pub(super) fn expr(&self, item: &Node) -> Option<String> {
        let written = item.text_of("expr")?;
        Some(self.templates.text(written).unwrap_or_else(|_| written.to_owned()).trim().to_owned())
    }

    /// Reads time spines of the manifest's form.
    pub(super) fn spines_of_configuration(&mut self, configuration: &Node) {
        for item in configuration.get("time_spines").map(Node::items).unwrap_or_default() {
            let Some(relation) = item.get("node_relation") else { continue };
            let mut words: Vec<String> = Vec::new();
            for key in ["database", "schema_name", "alias"] {
                words.extend(relation.text_of(key).map(|text| self.filled(text)));
            }
            let Some(name) = words.last().cloned() else { continue };
            let custom = item.get("custom_granularities").map(Node::items).unwrap_or_default();
            let spine = Spine {
                place: item.place.clone(),
                table: self.nodes.in_warehouse(&words, self.options),
                column: item.at(&["primary_column", "name"]).and_then(Node::text).unwrap_or_default().to_owned(),
                custom: custom.iter().filter_map(custom_granularity).collect(),
                name,
            };
            self.add_spine(spine, item.at(&["primary_column", "time_granularity"]).and_then(Node::text));
        }
    }

    /// Adds a time spine with one row for each period of a granularity. A calendar has one row per day, so what another
    /// spine says of periods of the company's own is left out.
    pub(super) fn add_spine(&mut self, mut spine: Spine, granularity: Option<&str>) {
        if let Some(granularity) = granularity.filter(|word| !word.eq_ignore_ascii_case("day")) {
            for (name, _) in std::mem::take(&mut spine.custom) {
                let why = format!(
                    "the time spine `{}` has a row for each {}, and a calendar has one for each day: make a time spine of \
                     days with it",
                    spine.name,
                    granularity.to_lowercase()
                );
                self.report.left_out("granularity", &name, &spine.place, why);
            }
        }
        self.layer.spines.push(spine);
    }
}

/// Reads a granularity of the company's own: its name and its column.
pub(super) fn custom_granularity(item: &Node) -> Option<(String, String)> {
    if let Value::Text(name, _) = &item.value {
        return Some((name.clone(), name.clone()));
    }
    let name = item.text_of("name")?;
    Some((name.to_owned(), item.text_of("column_name").unwrap_or(name).to_owned()))
}
