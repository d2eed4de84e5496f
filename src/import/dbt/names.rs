//! Names of dbt → paths of this language.
//!
//! `listing__country` becomes `listings.country`, where `listings` is the one semantic model that has the entity
//! `listing` as a key and a dimension `country`; `listing__user__name` becomes `listings.users.name`. A join's role is the
//! other model's name, so a path means the same from every model, also from the model itself.
//!
//! **Invariant:** a name that dbt could take in two ways has no path.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    report::Report,
    tree::{Dimension, EntityKind, Layer, SemanticModel},
};
use crate::time::{Granularity, TimePart};

/// The names that a model, a role and a dimension may not have.
const RESERVED: [&str; 6] = ["time", "hour", "time_part", "and", "or", "not"];

/// The names of a layer.
pub(super) struct Names<'a> {
    pub(super) layer: &'a Layer,
    /// The models that have an entity as a key by which they can be joined.
    providers: BTreeMap<&'a str, Vec<usize>>,
    /// Roles that are not the other model's name: from, entity, to.
    roles: BTreeMap<(usize, String, usize), String>,
    models: Vec<String>,
    dimensions: Vec<BTreeMap<&'a str, String>>,
    entities: BTreeMap<&'a str, String>,
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
        layer: &'a Layer,
        is_used: &dyn Fn(usize, &str) -> bool,
        hides: &dyn Fn(usize, &Dimension) -> bool,
        report: &mut Report,
    ) -> Self {
        let mut names = Self {
            layer,
            providers: BTreeMap::new(),
            roles: BTreeMap::new(),
            models: Vec::new(),
            dimensions: Vec::new(),
            entities: BTreeMap::new(),
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
        providers.iter().copied().filter(|to| *to != from).collect()
    }

    /// Returns the role of a join, unless it is the other model's name.
    pub(super) fn role(&self, from: usize, entity: &str, to: usize) -> Option<&str> {
        self.roles.get(&(from, entity.to_owned(), to)).map(String::as_str)
    }

    fn role_or_name(&self, from: Option<usize>, entity: &str, to: usize) -> String {
        let role = from.and_then(|from| self.role(from, entity, to));
        role.unwrap_or(&self.models[to]).to_owned()
    }

    /// Finds what a name of dbt stands for; `root` is the model of the metric, where there is one.
    pub(super) fn resolve(&self, links: &[String], name: &str, root: Option<usize>) -> Result<Resolved, String> {
        let whole = || links.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("__");
        if links.is_empty() {
            return self.resolve_alone(name, root);
        }
        let mut found: Vec<Resolved> = Vec::new();
        for (mut words, to) in self.ends(links, root) {
            if let Some((last, target)) = self.member(to, name) {
                words.push(last);
                found.push(Resolved { words, target });
            }
        }
        // The metric's own model is meant before any other.
        let own = found.iter().find(|resolved| resolved.words.len() == 1).cloned();
        match (own, found.as_slice()) {
            (Some(own), _) => Ok(own),
            (None, [one]) => Ok(one.clone()),
            (None, []) => {
                Err(format!("`{}` is no dimension of a semantic model with the entity `{}`", whole(), links[0]))
            }
            (None, several) => {
                let reachable: Vec<&Resolved> = several.iter().filter(|one| self.is_joined(root, links, one)).collect();
                match reachable.as_slice() {
                    [one] => Ok((*one).clone()),
                    _ => Err(format!("`{}` could be a dimension of several semantic models", whole())),
                }
            }
        }
    }

    /// Follows entities from model to model: the words of each way, and the model at its end.
    fn ends(&self, links: &[String], root: Option<usize>) -> Vec<(Vec<String>, usize)> {
        let Some((first, rest)) = links.split_first() else { return Vec::new() };
        let mut ways: Vec<(Vec<String>, usize)> = Vec::new();
        for to in self.owners(first) {
            let joinable = self.providers.get(first.as_str()).is_some_and(|providers| providers.contains(&to));
            if root == Some(to) {
                ways.push((Vec::new(), to));
            } else if root.is_none() || joinable {
                ways.push((vec![self.role_or_name(root, first, to)], to));
            }
        }
        for link in rest {
            let mut longer = Vec::new();
            for (words, from) in ways {
                if self.layer.models[from].entities.iter().any(|entity| entity.name == *link) {
                    for to in self.joins(from, link) {
                        let mut words = words.clone();
                        words.push(self.role_or_name(Some(from), link, to));
                        longer.push((words, to));
                    }
                }
            }
            ways = longer;
        }
        ways
    }

    fn is_joined(&self, root: Option<usize>, links: &[String], resolved: &Resolved) -> bool {
        let Some(root) = root else { return false };
        let first = links.first().map(String::as_str).unwrap_or_default();
        let joins = self.joins(root, first);
        let has = self.layer.models[root].entities.iter().any(|entity| entity.name == first);
        has && joins.iter().any(|to| resolved.words.first() == Some(&self.role_or_name(Some(root), first, *to)))
    }

    /// Returns the models whose dimensions are prefixed by an entity.
    fn owners(&self, entity: &str) -> Vec<usize> {
        let mut owners = self.providers.get(entity).cloned().unwrap_or_default();
        for (at, model) in self.layer.models.iter().enumerate() {
            if prefixes(model).contains(&entity) && !owners.contains(&at) {
                owners.push(at);
            }
        }
        owners
    }

    fn resolve_alone(&self, name: &str, root: Option<usize>) -> Result<Resolved, String> {
        if name == "metric_time" {
            return Ok(Resolved { words: vec!["time".to_owned()], target: Target::MetricTime });
        }
        if let Some(root) = root
            && let Some((word, target)) = self.member(root, name)
        {
            return Ok(Resolved { words: vec![word], target });
        }
        let holder = self.layer.models.iter().position(|model| model.entities.iter().any(|entity| entity.name == name));
        if let Some(at) = holder
            && let Some((word, target)) = self.member(at, name)
        {
            return Ok(Resolved { words: vec![word], target });
        }
        Err(format!("`{name}` is neither an entity nor a dimension with the name of its entity before it"))
    }

    fn member(&self, model: usize, name: &str) -> Option<(String, Target)> {
        let of = &self.layer.models[model];
        if let Some(at) = of.dimensions.iter().position(|dimension| dimension.name == name) {
            return Some((self.dimension(model, name), Target::Dimension(model, at)));
        }
        let at = of.entities.iter().position(|entity| entity.name == name)?;
        Some((self.entity(name), Target::Entity(model, at)))
    }

    /// Returns the dimension at the end of a path.
    pub(super) fn dimension_at(&self, target: &Target) -> Option<&'a Dimension> {
        match target {
            Target::Dimension(model, at) => self.layer.models[*model].dimensions.get(*at),
            Target::MetricTime | Target::Entity(..) => None,
        }
    }

    /// Lists every name by which dbt groups and filters, with its path.
    pub(super) fn paths(&self) -> BTreeMap<String, String> {
        let mut paths = BTreeMap::new();
        let mut add = |name: String, links: &[String], element: &str| {
            let Ok(found) = self.resolve(links, element, None) else { return };
            let path = found.words.join(".");
            match self.granularity_of(&found.target) {
                Some(finest) => self.times(&name, &path, &finest, &mut paths),
                None => _ = paths.insert(name, path),
            }
        };
        add("metric_time".to_owned(), &[], "metric_time");
        for model in &self.layer.models {
            for entity in &model.entities {
                add(entity.name.clone(), &[], &entity.name);
            }
            for link in prefixes(model) {
                members_of(model, &[link.to_owned()], &mut add);
            }
        }
        for (first, providers) in &self.providers {
            for middle in providers {
                let middle = &self.layer.models[*middle];
                for second in middle.entities.iter().filter(|entity| entity.name != **first) {
                    for last in self.providers.get(second.name.as_str()).into_iter().flatten() {
                        let links = [(*first).to_owned(), second.name.clone()];
                        members_of(&self.layer.models[*last], &links, &mut add);
                    }
                }
            }
        }
        paths
    }

    /// Returns the finest granularity of a time dimension; of the metrics' time, the coarsest of them.
    pub(super) fn granularity_of(&self, target: &Target) -> Option<String> {
        match target {
            Target::MetricTime => Some(self.axis_granularity(None)),
            Target::Dimension(..) => self.dimension_at(target)?.time.clone(),
            Target::Entity(..) => None,
        }
    }

    /// Returns the granularity of a model's time axis; of all models, the coarsest.
    pub(super) fn axis_granularity(&self, root: Option<usize>) -> String {
        let of = |model: &SemanticModel| {
            let time = model.time.as_ref()?;
            model.dimensions.iter().find(|dimension| dimension.name == *time)?.time.clone()
        };
        let models = self.layer.models.iter().enumerate().filter(|(at, _)| root.is_none_or(|root| root == *at));
        let found = models.filter_map(|(_, model)| Granularity::from_name(&of(model)?));
        found.max().map_or_else(|| "day".to_owned(), |granularity| granularity.name().to_owned())
    }

    fn times(&self, name: &str, path: &str, finest: &str, paths: &mut BTreeMap<String, String>) {
        paths.insert(name.to_owned(), format!("{path}.{finest}"));
        let standard = ["hour", "day", "week", "month", "quarter", "year"];
        let from = standard.iter().position(|word| word == &finest).unwrap_or(0);
        for word in standard.iter().skip(from) {
            paths.insert(format!("{name}__{word}"), format!("{path}.{word}"));
        }
        if from == 0 && finest != "hour" {
            paths.insert(format!("{name}__{finest}"), format!("{path}.{finest}"));
        }
        for (custom, _) in self.layer.spines.iter().flat_map(|spine| &spine.custom) {
            paths.insert(format!("{name}__{custom}"), format!("{path}.{}", snake_case(custom)));
        }
        for (part, here) in PARTS {
            paths.insert(format!("{name}__extract_{part}"), format!("{path}.{}", here.name()));
        }
    }
}

/// Adds the names of a model's members behind those of entities.
fn members_of(model: &SemanticModel, links: &[String], add: &mut impl FnMut(String, &[String], &str)) {
    let names = model.dimensions.iter().map(|dimension| &dimension.name);
    for name in names.chain(model.entities.iter().map(|entity| &entity.name)) {
        if links.last() != Some(name) {
            add(format!("{}__{name}", links.join("__")), links, name);
        }
    }
}

/// The parts of dates, in the words of dbt.
pub(super) const PARTS: [(&str, TimePart); 5] = [
    ("quarter", TimePart::QuarterOfYear),
    ("month", TimePart::MonthOfYear),
    ("day", TimePart::DayOfMonth),
    ("dow", TimePart::DayOfWeek),
    ("doy", TimePart::DayOfYear),
];

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

/// Returns whether two names are one field of the API, which has no underscores.
fn same(a: &str, b: &str) -> bool {
    a.chars().filter(|letter| *letter != '_').eq(b.chars().filter(|letter| *letter != '_'))
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
