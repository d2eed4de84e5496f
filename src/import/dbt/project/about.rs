//! What things say about themselves, and what `dbt_project.yml` says of their folders.
//!
//! `metrics: { shop: { marts: { +group: finance } } }` is the group of each metric below `models/marts` without one.

use super::{Project, below};
use crate::import::dbt::{
    jinja::Templates,
    tree::About,
    yaml::{Node, Value},
};

impl Project {
    /// Finds `+enabled: false` and the like for a thing of a file in `dbt_project.yml`, the deepest folder first.
    pub(in crate::import::dbt) fn configured(&self, kind: &str, path: &str, name: &str, key: &str) -> Option<&Node> {
        let rest = self.folders.iter().find_map(|folder| below(path, folder))?;
        let mut words: Vec<&str> = rest.split('/').collect();
        words.pop();
        words.push(name);
        folder_config(&self.config, kind, &self.name, &words, key)
    }

    /// Reads what a thing says about itself, below what `dbt_project.yml` says of its folders.
    pub(in crate::import::dbt) fn about(&self, item: &Node, kind: &str, name: &str) -> About {
        let mut about = about(item, &self.templates);
        let rest = self.folders.iter().find_map(|folder| below(&item.place.path, folder));
        let mut words: Vec<&str> = rest.map(|rest| rest.split('/').collect()).unwrap_or_default();
        words.pop();
        words.push(name);
        let levels = |key: &str| match rest {
            Some(_) => folder_configs(&self.config, kind, &self.name, &words, key),
            None => Vec::new(),
        };
        let text = |node: &Node| {
            let written = node.text()?;
            Some(self.templates.text(written).unwrap_or_else(|_| written.to_owned()))
        };
        about.group = about.group.or_else(|| text(levels("group").last()?));
        let mut tags: Vec<String> = levels("tags").into_iter().flat_map(Node::items).filter_map(text).collect();
        tags.append(&mut about.tags);
        for tag in tags {
            if !about.tags.contains(&tag) {
                about.tags.push(tag);
            }
        }
        for outer in levels("meta").into_iter().rev() {
            about.meta = Some(merged(outer, about.meta.take()));
        }
        about
    }
}

/// Puts the entries of an outer mapping before those of an inner one, which win.
fn merged(outer: &Node, inner: Option<Node>) -> Node {
    let mut merged = Node { value: Value::Map(outer.entries().to_vec()), ..outer.clone() };
    let (Value::Map(entries), Some(inner)) = (&mut merged.value, inner) else { return merged };
    for (key, value) in inner.entries() {
        match entries.iter_mut().find(|(other, _)| other == key) {
            Some((_, found)) => *found = value.clone(),
            None => entries.push((key.clone(), value.clone())),
        }
    }
    merged
}

/// Finds `+schema: marts` for folders and a name in `dbt_project.yml`, the deepest folder first.
pub(super) fn folder_config<'n>(
    config: &'n Node,
    kind: &str,
    project: &str,
    words: &[&str],
    key: &str,
) -> Option<&'n Node> {
    folder_configs(config, kind, project, words, key).pop()
}

/// Finds all that `dbt_project.yml` says of the folders of a name, the deepest last.
fn folder_configs<'n>(config: &'n Node, kind: &str, project: &str, words: &[&str], key: &str) -> Vec<&'n Node> {
    let Some(mut at) = config.get(kind) else { return Vec::new() };
    let mut found = Vec::new();
    let plus = format!("+{key}");
    let mut path = std::iter::once(project).chain(words.iter().copied());
    loop {
        found.extend(at.get(&plus).or_else(|| at.get(key).filter(|node| node.text().is_some())));
        match path.next().and_then(|word| at.get(word)) {
            Some(next) => at = next,
            None => return found,
        }
    }
}

/// Reads label, description, tags, group and meta, also from `config:`.
pub(in crate::import::dbt) fn about(item: &Node, templates: &Templates) -> About {
    let config = item.get("config");
    let found = |key: &str| item.get(key).or_else(|| config.and_then(|config| config.get(key)));
    let text = |key: &str| {
        let written = found(key)?.text()?;
        Some(templates.text(written).unwrap_or_else(|_| written.to_owned())).filter(|text| !text.trim().is_empty())
    };
    let mut tags: Vec<String> = Vec::new();
    for holder in std::iter::once(item).chain(config) {
        for tag in holder.get("tags").map(Node::items).unwrap_or_default() {
            tags.extend(tag.text().map(str::to_owned));
        }
    }
    tags.dedup();
    let meta = found("meta").filter(|meta| matches!(&meta.value, Value::Map(entries) if !entries.is_empty()));
    About { label: text("label"), description: text("description"), group: text("group"), tags, meta: meta.cloned() }
}
