//! Names of dbt → paths of this language.
//!
//! `listing__country` becomes `listings.country`, where `listings` is the one semantic model that has the entity
//! `listing` as a key and a dimension `country`; `listing__user__name` becomes `listings.users.name`. A join's role is the
//! other model's name, so a path means the same from every model, also from the model itself.
//!
//! **Invariant:** a name that dbt could take in two ways has no path, nor has one of what does not hold here.

mod paths;
mod periods;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use paths::{PARTS, has_part};

use super::{
    Refused,
    report::Report,
    tree::{Dimension, EntityKind, Layer, SemanticModel},
};
use crate::time::Granularity;

/// The names that a model, a role and a dimension may not have.
const RESERVED: [&str; 6] = ["time", "hour", "time_part", "and", "or", "not"];

/// The names of a layer.
pub(super) struct Names<'a> {
    pub(super) layer: &'a Layer,
    /// What does not hold here.
    pub(super) refused: &'a Refused,
    /// The models that have an entity as a key by which they can be joined.
    providers: BTreeMap<&'a str, Vec<usize>>,
    /// Roles that are not the other model's name: from, entity, to.
    roles: BTreeMap<(usize, String, usize), String>,
    models: Vec<String>,
    dimensions: Vec<BTreeMap<&'a str, String>>,
    entities: BTreeMap<&'a str, String>,
    /// Names of calendars, by time spine.
    calendars: Vec<Option<String>>,
    /// Granularities of the company's own, by their name in dbt: the name here.
    periods: BTreeMap<&'a str, String>,
}

/// What a name of dbt stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The time axis of each metric.
    MetricTime,
    /// A dimension of a model.
    Dimension(usize, usize),
    /// An entity of a model.
    Entity(usize, usize),
}

/// A path and what is at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) words: Vec<String>,
    pub(super) target: Target,
}

impl<'a> Names<'a> {
    /// Gives everything its name; `is_used` tells columns that expressions of a model use, and `hides` dimensions that
    /// would hide one, because they are something else than the column of their name.
    pub(super) fn new(
        (layer, refused): (&'a Layer, &'a Refused),
        is_used: &dyn Fn(usize, &str) -> bool,
        hides: &dyn Fn(usize, &Dimension) -> bool,
        report: &mut Report,
    ) -> Self {
        let mut names = Self {
            layer,
            refused,
            providers: BTreeMap::new(),
            roles: BTreeMap::new(),
            models: Vec::new(),
            dimensions: Vec::new(),
            entities: BTreeMap::new(),
            calendars: Vec::new(),
            periods: BTreeMap::new(),
        };
        for model in &layer.models {
            let mut name = snake_case(&model.name);
            while RESERVED.contains(&name.as_str()) || names.models.contains(&name) {
                name.push_str("_model");
            }
            if name != model.name {
                report.changed("semantic model", &model.name, &model.place, format!("it is called `{name}` here"));
            }
            names.models.push(name);
        }
        for (at, model) in layer.models.iter().enumerate() {
            for entity in &model.entities {
                let joinable = match entity.kind {
                    EntityKind::Primary | EntityKind::Unique => true,
                    EntityKind::Natural => versions_of(model).is_some(),
                    EntityKind::Foreign => false,
                };
                let providers = names.providers.entry(&entity.name).or_default();
                if joinable && !providers.contains(&at) {
                    providers.push(at);
                }
            }
        }
        names.name_roles();
        names.name_entities(is_used, report);
        names.name_dimensions(hides, report);
        names.name_periods(report);
        names
    }

    /// A model that is met over two entities is met under a role for the second.
    fn name_roles(&mut self) {
        for (from, model) in self.layer.models.iter().enumerate() {
            let mut met = BTreeSet::new();
            for entity in &model.entities {
                for to in self.providers.get(entity.name.as_str()).into_iter().flatten() {
                    if *to != from && !met.insert(*to) {
                        let role = format!("{}_by_{}", self.models[*to], snake_case(&entity.name));
                        self.roles.insert((from, entity.name.clone(), *to), role);
                    }
                }
            }
        }
    }

    fn name_entities(&mut self, is_used: &dyn Fn(usize, &str) -> bool, report: &mut Report) {
        for (at, model) in self.layer.models.iter().enumerate() {
            for entity in &model.entities {
                let name = self.entities.entry(&entity.name).or_insert_with(|| snake_case(&entity.name)).clone();
                let column = entity.expr.as_deref().unwrap_or(&entity.name);
                let hides = column != entity.name && is_used(at, &entity.name);
                let is_dimension = model.dimensions.iter().any(|dimension| same(&dimension.name, &name));
                let is_model = self.models.iter().any(|model| same(model, &name));
                if hides || is_dimension || is_model || RESERVED.contains(&name.as_str()) {
                    let key = format!("{}_key", snake_case(&entity.name));
                    let why = format!("its values are the dimension `{key}`, because `{}` is taken", entity.name);
                    report.changed("entity", &format!("{}.{}", model.name, entity.name), &entity.place, why);
                    self.entities.insert(&entity.name, key);
                }
            }
        }
    }

    fn name_dimensions(&mut self, hides: &dyn Fn(usize, &Dimension) -> bool, report: &mut Report) {
        for (at, model) in self.layer.models.iter().enumerate() {
            let mut taken: BTreeMap<&str, String> = BTreeMap::new();
            let entities: Vec<String> =
                model.entities.iter().filter_map(|entity| self.entities.get(entity.name.as_str()).cloned()).collect();
            for dimension in &model.dimensions {
                let mut name = snake_case(&dimension.name);
                let hides = hides(at, dimension);
                let suffix = dimension.time.as_deref().filter(|word| Granularity::from_name(word).is_some());
                while hides && name == dimension.name
                    || RESERVED.contains(&name.as_str())
                    || self.models.iter().any(|model| same(model, &name))
                    || entities.iter().chain(taken.values()).any(|other| same(other, &name))
                {
                    name = format!("{name}_{}", suffix.unwrap_or("value"));
                }
                if name != dimension.name {
                    let why = if hides {
                        format!("it is called `{name}` here, because expressions use the column `{}`", dimension.name)
                    } else {
                        format!("it is called `{name}` here")
                    };
                    report.changed("dimension", &format!("{}.{}", model.name, dimension.name), &dimension.place, why);
                }
                taken.insert(&dimension.name, name);
            }
            self.dimensions.push(taken);
        }
    }

    /// Returns the index of a semantic model.
    pub(super) fn model_index(&self, name: &str) -> Option<usize> {
        self.layer.models.iter().position(|model| model.name == name)
    }

    /// Returns the name of a model here.
    pub(super) fn model(&self, at: usize) -> &str {
        &self.models[at]
    }

    /// Returns the name of a dimension here.
    pub(super) fn dimension(&self, model: usize, name: &str) -> String {
        self.dimensions[model].get(name).cloned().unwrap_or_else(|| snake_case(name))
    }

    /// Returns the name of the dimension with an entity's values.
    pub(super) fn entity(&self, name: &str) -> String {
        self.entities.get(name).cloned().unwrap_or_else(|| snake_case(name))
    }

    /// Returns the models to which a model can be joined by one of its entities.
    pub(super) fn joins(&self, from: usize, entity: &str) -> Vec<usize> {
        let providers = self.providers.get(entity).map(Vec::as_slice).unwrap_or_default();
        let holds =
            |to: &usize| !self.is_refused(self.model(from), &join_key(&self.role_or_name(Some(from), entity, *to)));
        providers.iter().copied().filter(|to| *to != from).filter(holds).collect()
    }

    /// Returns whether a part of a model does not hold here.
    fn is_refused(&self, model: &str, part: &str) -> bool {
        self.why_refused(model, part).is_some()
    }

    /// Returns why a part of a model, or a definition of a section, does not hold here.
    pub(super) fn why_refused(&self, holder: &str, name: &str) -> Option<String> {
        let why = self.refused.get(&(holder.to_owned(), name.to_owned()))?;
        Some(format!("it does not hold here: {why}"))
    }

    /// Returns the role of a join, unless it is the other model's name.
    pub(super) fn role(&self, from: usize, entity: &str, to: usize) -> Option<&str> {
        self.roles.get(&(from, entity.to_owned(), to)).map(String::as_str)
    }

    /// Returns the dimension at the end of a path.
    pub(super) fn dimension_at(&self, target: &Target) -> Option<&'a Dimension> {
        match target {
            Target::Dimension(model, at) => self.layer.models[*model].dimensions.get(*at),
            Target::MetricTime | Target::Entity(..) => None,
        }
    }
}

/// Returns the entities that stand before the names of a model's dimensions.
pub(super) fn prefixes(model: &SemanticModel) -> Vec<&str> {
    let keys = model.entities.iter().filter(|entity| entity.kind != EntityKind::Foreign);
    let mut prefixes: Vec<&str> = keys.map(|entity| entity.name.as_str()).collect();
    if let Some(primary) = &model.primary_entity
        && !prefixes.contains(&primary.as_str())
    {
        prefixes.push(primary);
    }
    prefixes
}

/// Returns the dimensions with the first moment of a version and with the first moment after.
pub(super) fn versions_of(model: &SemanticModel) -> Option<(&Dimension, &Dimension)> {
    let start = model.dimensions.iter().find(|dimension| dimension.is_start)?;
    let end = model.dimensions.iter().find(|dimension| dimension.is_end)?;
    Some((start, end))
}

/// Returns the name by which the refusal of a join is known.
pub(super) fn join_key(role: &str) -> String {
    format!("join {role}")
}

/// Returns whether two names are one field of the API, which has no underscores.
fn same(a: &str, b: &str) -> bool {
    field(a).eq_ignore_ascii_case(&field(b))
}

/// Returns a name as the API shows it: `revenue_1` is `revenue1`, as is `revenue1`.
pub(super) fn field(name: &str) -> String {
    let mut field = String::new();
    let mut begins = false;
    for letter in name.chars() {
        if letter != '_' {
            field.push(if begins { letter.to_ascii_uppercase() } else { letter });
        }
        begins = letter == '_';
    }
    field
}

/// Returns a name in snake case: `Orders_v2` → `orders_v2`.
pub(super) fn snake_case(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before_lower = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphanumeric() || letter.is_ascii_uppercase() && before_lower {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_ascii_alphanumeric() {
            word.push(letter.to_ascii_lowercase());
        }
        before_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    let name = words.join("_");
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("x_{name}") }
}

/// Splits `listing__user__name` into entities and a name; a granularity behind a time is split off.
pub(super) fn split(name: &str) -> (Vec<String>, String) {
    let mut words: Vec<String> = name.split("__").map(str::to_owned).collect();
    let last = words.pop().unwrap_or_default();
    (words, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case() {
        let names = ["orders", "Orders_v2", "orderTotal", "2nd", "a__b", "is-x"];
        assert_eq!(names.map(snake_case), ["orders", "orders_v2", "order_total", "x_2nd", "a_b", "is_x"]);
    }
}
