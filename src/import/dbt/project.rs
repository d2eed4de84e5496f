//! The files of a dbt project → its configuration, its YAML and its tables.
//!
//! `dbt_project.yml` says where models, seeds and snapshots lie; a file `models/marts/orders.sql` is the table of
//! `ref('orders')`, with `{{ config(alias='order') }}` and the properties of `models/marts/orders.yml`.
//!
//! **Invariant:** SQL and Python of models are never run; only their `config(…)` is read.

use std::collections::BTreeMap;

use super::{
    Input, SourceFile,
    jinja::{Surroundings, Templates},
    keys,
    nodes::{Nodes, TableNode, column_type},
    report::{Place, Problem, Report},
    tree::About,
    yaml::{self, Node, Value},
};

/// A dbt project, read.
pub(super) struct Project {
    pub(super) name: String,
    pub(super) templates: Templates,
    /// The documents of YAML files, in the order of paths.
    pub(super) documents: Vec<Node>,
    pub(super) nodes: Nodes,
}

/// The folders in which dbt looks, and what they hold.
const FOLDERS: [(&str, &str, &str); 3] = [
    ("model-paths", "models", "models"),
    ("seed-paths", "seeds", "seeds"),
    ("snapshot-paths", "snapshots", "snapshots"),
];

/// Reads a project.
pub(super) fn read(input: &Input, report: &mut Report, problems: &mut Vec<Problem>) -> Option<Project> {
    let Some(file) = input.file("dbt_project.yml") else {
        problems.push(
            Problem::new(Place::file("dbt_project.yml"), "this is not a dbt project: it has no `dbt_project.yml`")
                .help("Name the folder that has one."),
        );
        return None;
    };
    let config = match yaml::read(&file.path, &file.text) {
        Ok(documents) => documents.into_iter().next()?,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let templates = Templates::new(surroundings(input, &config));
    let mut project = Project {
        name: config.text_of("name").unwrap_or("dbt").to_owned(),
        templates,
        documents: Vec::new(),
        nodes: Nodes::default(),
    };
    profile(input, &config, &mut project);
    let folders: Vec<(String, &str)> = FOLDERS
        .iter()
        .flat_map(|(key, default, kind)| {
            let written =
                config.get(key).or_else(|| (*key == "model-paths").then(|| config.get("source-paths")).flatten());
            let paths: Vec<String> = match written {
                Some(paths) => paths.items().iter().filter_map(|path| path.text().map(str::to_owned)).collect(),
                None => vec![(*default).to_owned()],
            };
            paths.into_iter().map(move |path| (inside(&path).to_owned(), *kind))
        })
        .collect();
    let has_manifest = input.file("target/semantic_manifest.json").is_some();
    for file in &input.files {
        let Some((rest, kind)) = folders.iter().find_map(|(folder, kind)| Some((below(&file.path, folder)?, *kind)))
        else {
            continue;
        };
        match file.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("yml" | "yaml") => match documents(&project.templates, file, has_manifest, report) {
                Ok(documents) => project.documents.extend(documents),
                Err(problem) => problems.push(problem),
            },
            Some("sql" | "py" | "csv") => table(&mut project, &config, kind, rest, &file.path, &file.text),
            _ => {}
        }
    }
    package_tables(input, &mut project);
    let documents = std::mem::take(&mut project.documents);
    documents.iter().for_each(|document| properties(&mut project, document));
    project.documents = documents;
    Some(project)
}

/// Returns a folder relative to the project: `./models/` is `models`, and `.` the project itself, which has no name.
fn inside(folder: &str) -> &str {
    folder.trim_start_matches("./").trim_matches('/').trim_start_matches('.')
}

/// Folders of a project that dbt makes.
const MADE: [&str; 4] = ["target/", "dbt_packages/", "dbt_modules/", "logs/"];

/// Returns the rest of a path below a folder. What dbt makes and the project's own file are not below the project.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() {
        let is_own = path == "dbt_project.yml" || MADE.iter().any(|made| path.starts_with(made));
        return (!is_own).then_some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

fn surroundings(input: &Input, config: &Node) -> Surroundings {
    let mut vars = BTreeMap::new();
    let name = config.text_of("name").unwrap_or_default();
    let of = |node: Option<&Node>, vars: &mut BTreeMap<String, String>| {
        for (key, value) in node.map(Node::entries).unwrap_or_default() {
            if let Some(text) = value.text() {
                vars.insert(key.clone(), text.to_owned());
            }
        }
    };
    of(config.get("vars"), &mut vars);
    of(config.at(&["vars", name]), &mut vars);
    vars.extend(input.options.vars.clone());
    let mut docs = BTreeMap::new();
    for file in input.files.iter().filter(|file| file.path.rsplit('.').next() == Some("md")) {
        docs_blocks(&file.text, &mut docs);
    }
    Surroundings { vars, env: input.options.env.clone(), docs }
}

/// Finds `{% docs name %} … {% enddocs %}`.
fn docs_blocks(text: &str, docs: &mut BTreeMap<String, String>) {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{%") {
        let Some((head, body)) = after.split_once("%}") else { return };
        rest = body;
        let Some(name) = head.trim_matches(['-', ' ']).strip_prefix("docs ") else { continue };
        if let Some(end) = body.find("{%") {
            docs.insert(name.trim().to_owned(), body[..end].trim().to_owned());
        }
    }
}

/// Reads the documents of a file; a file that is only YAML after its Jinja is rendered is rendered first. What calls
/// macros of the project is known to `target/semantic_manifest.json` alone.
fn documents(
    templates: &Templates,
    SourceFile { path, text }: &SourceFile,
    has_manifest: bool,
    report: &mut Report,
) -> Result<Vec<Node>, Problem> {
    match yaml::read(path, text) {
        Ok(documents) => Ok(documents),
        Err(problem) if text.contains("{%") => {
            let place = Place::file(path);
            let rendered = match templates.file(text) {
                Ok(rendered) => rendered,
                Err(why) if has_manifest => {
                    let why =
                        format!("its Jinja cannot be rendered here ({why}), so `target/` alone tells what it says");
                    report.changed("file", path, &place, why);
                    return Ok(Vec::new());
                }
                Err(why) => {
                    let message = format!("its Jinja cannot be rendered here: {why}");
                    return Err(Problem::new(problem.place, message).help(
                        "Run `dbt parse`, which runs the project's macros; what it leaves in `target/` is read.",
                    ));
                }
            };
            report.changed("file", path, &place, "it is YAML only after its Jinja is rendered, so lines may be off");
            yaml::read(path, &rendered)
        }
        Err(problem) => Err(problem),
    }
}

/// Reads adapter, schema and database from a `profiles.yml` beside the project.
fn profile(input: &Input, config: &Node, project: &mut Project) {
    let Some(file) = input.file("profiles.yml") else { return };
    let Ok(documents) = yaml::read(&file.path, &file.text) else { return };
    let Some(profile) = config.text_of("profile").and_then(|name| documents.first()?.get(name)) else { return };
    let text = |node: &Node, key: &str| project.templates.text(node.text_of(key)?).ok();
    let target = text(profile, "target").unwrap_or_else(|| "default".to_owned());
    let Some(output) = profile.at(&["outputs", &target]) else { return };
    let nodes = &mut project.nodes;
    nodes.adapter = output.text_of("type").map(str::to_owned);
    nodes.schema = text(output, "schema").or_else(|| text(output, "dataset"));
    nodes.database = text(output, "project").or_else(|| text(output, "database"));
    nodes.path = text(output, "path");
}

/// Notes the table of a file.
fn table(project: &mut Project, config: &Node, kind: &str, below: &str, path: &str, text: &str) {
    let stem = below.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map_or(below, |(stem, _)| stem);
    let mut node = TableNode { place: Place::file(path), ..TableNode::default() };
    let folders: Vec<&str> = below.split('/').collect();
    let inherited = |key: &str| folder_config(config, kind, &project.name, &folders, key);
    let place = node.place.clone();
    let written = written_config(&project.templates, text).map(|json| Node::from_json(&json, &place));
    let found = |key: &str| written.as_ref().and_then(|node| node.get(key)).cloned().or_else(|| inherited(key));
    set_config(&mut node, &project.templates, &found);
    let of_block = text.split_once("{% snapshot ").filter(|_| kind == "snapshots");
    let name = of_block.and_then(|(_, after)| after.split_whitespace().next()).unwrap_or(stem);
    project.nodes.refs.insert(name.to_owned(), node);
}

fn set_config(node: &mut TableNode, templates: &Templates, found: &impl Fn(&str) -> Option<Node>) {
    let text = |key: &str| templates.text(found(key)?.text()?).ok();
    node.alias = text("alias").or(node.alias.take());
    node.schema = text("schema").or(node.schema.take());
    node.database = text("database").or_else(|| text("project")).or(node.database.take());
    node.partition_by = found("partition_by").or(node.partition_by.take());
    node.requires_partition |= found("require_partition_filter").and_then(|flag| flag.boolean()).unwrap_or(false);
    if let Some(columns) = found("cluster_by") {
        node.cluster_by = columns.items().iter().filter_map(|column| column.text().map(str::to_owned)).collect();
    }
}

/// Finds `+schema: marts` for a file in `dbt_project.yml`, the deepest folder first.
fn folder_config(config: &Node, kind: &str, project: &str, folders: &[&str], key: &str) -> Option<Node> {
    let mut at = config.get(kind)?;
    let mut found = None;
    let plus = format!("+{key}");
    let stem = folders.last().and_then(|file| file.rsplit_once('.')).map(|(stem, _)| stem);
    let path =
        std::iter::once(project).chain(folders.iter().take(folders.len().saturating_sub(1)).copied()).chain(stem);
    let mut path = path.peekable();
    loop {
        found = at.get(&plus).or_else(|| at.get(key).filter(|node| node.text().is_some())).cloned().or(found);
        let Some(word) = path.next() else { return found };
        match at.get(word) {
            Some(next) => at = next,
            None => return found,
        }
    }
}

/// Reads the arguments of the first `config(…)` of a model's SQL.
fn written_config(templates: &Templates, text: &str) -> Option<serde_json::Value> {
    let start = text.find("config(")?;
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, letter) in text[start..].char_indices() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(letter),
            ('(', None) => depth += 1,
            (')', None) => {
                depth -= 1;
                if depth == 0 {
                    return templates.arguments(&text[start..=start + at]);
                }
            }
            _ => {}
        }
    }
    None
}

/// Notes the models of installed packages, so that references to them are known.
fn package_tables(input: &Input, project: &mut Project) {
    for file in input.files.iter().filter(|file| file.path.starts_with("dbt_packages/")) {
        let Some((stem, "sql" | "csv")) = file.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')) else {
            continue;
        };
        project
            .nodes
            .refs
            .entry(stem.to_owned())
            .or_insert_with(|| TableNode { place: Place::file(&file.path), ..TableNode::default() });
    }
}

/// Notes what YAML says about tables: configuration, columns, tests, sources.
fn properties(project: &mut Project, document: &Node) {
    for kind in ["models", "seeds", "snapshots"] {
        for item in document.get(kind).map(Node::items).unwrap_or_default() {
            let Some(name) = item.text_of("name") else { continue };
            let mut node = project.nodes.refs.remove(name).unwrap_or_default();
            if node.place == Place::default() && (kind != "models" || item.get("versions").is_none()) {
                // Properties of a model that has no file: dbt ignores them, too.
                continue;
            }
            let config = item.get("config");
            set_config(&mut node, &project.templates, &|key: &str| {
                config.and_then(|config| config.get(key)).or_else(|| item.get(key)).cloned()
            });
            describe(&mut node, item, &project.templates);
            versions(&mut node, name, item);
            project.nodes.refs.insert(name.to_owned(), node);
        }
    }
    for source in document.get("sources").map(Node::items).unwrap_or_default() {
        let Some(name) = source.text_of("name") else { continue };
        let text = |node: &Node, key: &str| project.templates.text(node.text_of(key)?).ok();
        for item in source.get("tables").map(Node::items).unwrap_or_default() {
            let Some(table) = item.text_of("name") else { continue };
            let mut node = TableNode {
                place: item.place.clone(),
                alias: text(item, "identifier"),
                schema: text(source, "schema").or_else(|| Some(name.to_owned())),
                database: text(source, "database"),
                is_source: true,
                ..TableNode::default()
            };
            describe(&mut node, item, &project.templates);
            project.nodes.sources.insert((name.to_owned(), table.to_owned()), node);
        }
    }
}

fn describe(node: &mut TableNode, item: &Node, templates: &Templates) {
    node.about = about(item, templates);
    for column in item.get("columns").map(Node::items).unwrap_or_default() {
        let Some(name) = column.text_of("name") else { continue };
        if let Some(written) = column.text_of("data_type") {
            node.types.insert(name.to_lowercase(), column_type(written));
        }
        if let Some(text) = column.text_of("description").and_then(|text| templates.text(text).ok()) {
            node.columns.insert(name.to_owned(), text);
        }
    }
    keys::tested(node, item, templates);
}

fn versions(node: &mut TableNode, name: &str, item: &Node) {
    let Some(versions) = item.get("versions") else { return };
    if node.place == Place::default() {
        node.place = item.place.clone();
    }
    let mut names: Vec<(String, String)> = Vec::new();
    for version in versions.items() {
        let Some(number) = version.text_of("v") else { continue };
        let alias = version.at(&["config", "alias"]).and_then(Node::text);
        names.push((number.to_owned(), alias.map_or_else(|| format!("{name}_v{number}"), str::to_owned)));
    }
    let number = |(version, _): &(String, String)| version.parse::<f64>().unwrap_or(0.0);
    let latest = names.iter().max_by(|a, b| number(a).total_cmp(&number(b))).map(|(version, _)| version.clone());
    node.latest = item.text_of("latest_version").map(str::to_owned).or(latest);
    node.versions = names.into_iter().collect();
}

/// Reads label, description, tags, group and meta, also from `config:`.
pub(super) fn about(item: &Node, templates: &Templates) -> About {
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

#[cfg(test)]
mod tests {
    use super::{below, inside};

    #[test]
    fn the_project_itself_may_be_where_models_lie() {
        for (written, folder) in [("models", "models"), ("./models/", "models"), (".", ""), ("./", "")] {
            assert_eq!(inside(written), folder);
        }
        assert_eq!(below("models/a.yml", "models"), Some("a.yml"));
        assert_eq!(below("models_of_others/a.yml", "models"), None);
        assert_eq!(below("marts/a.yml", ""), Some("marts/a.yml"));
        assert_eq!(below("target/manifest.json", ""), None);
        assert_eq!(below("dbt_project.yml", ""), None);
    }
}
