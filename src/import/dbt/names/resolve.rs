//! A name as dbt writes it → the path that it means from the model of a metric.
//!
//! **Invariant:** a name that dbt could take in two ways has no path.

use super::{Names, Resolved, Target, prefixes};

/// The most models between a metric's own and that of the first entity of a name.
const MOST_BETWEEN: usize = 3;

impl Names<'_> {
    /// Finds what a name of dbt stands for; `root` is the model of the metric, where there is one.
    pub(in crate::import::dbt) fn resolve(
        &self,
        links: &[String],
        name: &str,
        root: Option<usize>,
    ) -> Result<Resolved, String> {
        let whole = || links.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("__");
        if links.is_empty() {
            return self.resolve_alone(name, root);
        }
        let mut found: Vec<Resolved> = Vec::new();
        let ends = match root.filter(|root| !self.has_entity(*root, &links[0])) {
            Some(root) => self.nearest(links, root, name),
            None => self.ends(links, root),
        };
        for (mut words, to) in ends {
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
        rest.iter().fold(ways, |ways, link| self.onward(ways, link))
    }

    /// Returns whether an entity stands before names of a model's own, or leads from it to another one.
    fn has_entity(&self, model: usize, entity: &str) -> bool {
        let of = &self.layer.models[model];
        prefixes(of).contains(&entity) || of.entities.iter().any(|own| own.name == entity)
    }

    /// Follows entities from a model that does not have the first of `links`, over as few others as lead to `name`: dbt
    /// takes the shortest way.
    fn nearest(&self, links: &[String], root: usize, name: &str) -> Vec<(Vec<String>, usize)> {
        let mut ways: Vec<(Vec<String>, usize)> = vec![(Vec::new(), root)];
        for _ in 0..MOST_BETWEEN {
            let mut longer = Vec::new();
            for (words, from) in &ways {
                for entity in &self.layer.models[*from].entities {
                    longer.extend(self.joins(*from, &entity.name).into_iter().map(|to| {
                        let word = self.role_or_name(Some(*from), &entity.name, to);
                        ([words.as_slice(), &[word]].concat(), to)
                    }));
                }
            }
            ways = longer;
            let found: Vec<_> = ways
                .iter()
                .flat_map(|(words, from)| {
                    let ends = links.iter().fold(vec![(words.clone(), *from)], |ways, link| self.onward(ways, link));
                    ends.into_iter().filter(|(_, to)| self.member(*to, name).is_some())
                })
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Takes ways one join further, by an entity.
    fn onward(&self, ways: Vec<(Vec<String>, usize)>, link: &str) -> Vec<(Vec<String>, usize)> {
        let mut longer = Vec::new();
        for (words, from) in ways {
            if self.layer.models[from].entities.iter().any(|entity| entity.name == link) {
                for to in self.joins(from, link) {
                    let mut words = words.clone();
                    words.push(self.role_or_name(Some(from), link, to));
                    longer.push((words, to));
                }
            }
        }
        longer
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
        let holds =
            |here: &String| !self.is_refused(self.model(model), here) && !self.is_refused("models", self.model(model));
        if let Some(at) = of.dimensions.iter().position(|dimension| dimension.name == name) {
            return Some((self.dimension(model, name), Target::Dimension(model, at))).filter(|(here, _)| holds(here));
        }
        let at = of.entities.iter().position(|entity| entity.name == name)?;
        Some((self.entity(name), Target::Entity(model, at))).filter(|(here, _)| holds(here))
    }

    pub(super) fn role_or_name(&self, from: Option<usize>, entity: &str, to: usize) -> String {
        let role = from.and_then(|from| self.role(from, entity, to));
        role.unwrap_or(&self.models[to]).to_owned()
    }
}
