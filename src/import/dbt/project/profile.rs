//! The target of a project: adapter, schema and database from a `profiles.yml` beside it, and from the options.
//!
//! **Invariant:** templates know of `target` what is known, and fail where they ask for more.

use crate::import::dbt::{
    Input,
    jinja::{Surroundings, Templates},
    nodes::Nodes,
    yaml::{self, Node},
};

/// Reads the target into the nodes, and for templates into the surroundings.
pub(super) fn read(input: &Input, config: &Node, surroundings: &mut Surroundings, nodes: &mut Nodes) {
    let templates = Templates::new(surroundings.clone());
    let of_profile = || {
        let file = input.file("profiles.yml")?;
        let documents = yaml::read(&file.path, &file.text).ok()?;
        let profile = documents.first()?.get(config.text_of("profile")?)?.clone();
        let target = text(&templates, &profile, "target").unwrap_or_else(|| "default".to_owned());
        let output = profile.at(&["outputs", &target])?.clone();
        Some((target, output))
    };
    if let Some((name, output)) = of_profile() {
        nodes.adapter = output.text_of("type").map(str::to_owned);
        nodes.schema = text(&templates, &output, "schema").or_else(|| text(&templates, &output, "dataset"));
        nodes.database = text(&templates, &output, "project").or_else(|| text(&templates, &output, "database"));
        nodes.path = text(&templates, &output, "path");
        surroundings.target.insert("name", name);
    }
    let schema = input.options.schema.clone().or_else(|| nodes.schema.clone());
    let database = input.options.database.clone().or_else(|| nodes.database.clone());
    let known = [
        ("type", nodes.adapter.clone()),
        ("schema", schema.clone()),
        ("dataset", schema),
        ("database", database.clone()),
        ("project", database),
    ];
    surroundings.target.extend(known.into_iter().filter_map(|(key, value)| Some((key, value?))));
}

fn text(templates: &Templates, node: &Node, key: &str) -> Option<String> {
    templates.text(node.text_of(key)?).ok()
}
