//! The files of a dbt project → its configuration, its YAML and its tables.
//!
//! `dbt_project.yml` says where models, seeds and snapshots lie; a file `models/marts/orders.sql` is the table of
//! `ref('orders')`, with `{{ config(alias='order') }}` and the properties of `models/marts/orders.yml`.
//!
//! **Invariant:** SQL and Python of models are never run; only their `config(…)` is read.

mod about;
mod profile;

pub(super) use about::about;

use std::collections::BTreeMap;

use super::{
    Input, SourceFile,
    jinja::{Surroundings, Templates},
    keys,
    nodes::{Nodes, TableNode, column_type},
    report::{Place, Problem, Report},
    yaml::{self, Node, boolean_of},
};

/// A dbt project, read.
pub(super) struct Project {
    pub(super) name: String,
    pub(super) templates: Templates,
    /// The documents of YAML files, in the order of paths.
    pub(super) documents: Vec<Node>,
    pub(super) nodes: Nodes,
    /// `dbt_project.yml`.
    config: Node,
    /// The folders with YAML.
    folders: Vec<String>,
}

/// The folders in which dbt looks for YAML, and what else they hold.
const FOLDERS: [(&str, &str, &str); 6] = [
    ("model-paths", "models", "models"),
    ("seed-paths", "seeds", "seeds"),
    ("snapshot-paths", "snapshots", "snapshots"),
    ("analysis-paths", "analyses", ""),
    ("macro-paths", "macros", ""),
    ("test-paths", "tests", ""),
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
    let mut surroundings = surroundings(input, &config);
    let mut nodes = Nodes::default();
    profile::read(input, &config, &mut surroundings, &mut nodes);
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
    let mut project = Project {
        name: config.text_of("name").unwrap_or("dbt").to_owned(),
        templates: Templates::new(surroundings),
        documents: Vec::new(),
        nodes,
        folders: folders.iter().map(|(folder, _)| folder.clone()).collect(),
        config,
    };
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
            Some("sql" | "py" | "csv") if !kind.is_empty() => table(&mut project, kind, rest, file, report),
            _ => {}
        }
    }
    package_tables(input, &mut project);
    let documents = std::mem::take(&mut project.documents);
    documents.iter().for_each(|document| properties(&mut project, document, report));
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
    Surroundings { vars, env: input.options.env.clone(), docs, target: BTreeMap::new() }
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

/// Notes the table of a file.
fn table(project: &mut Project, kind: &str, below: &str, SourceFile { path, text }: &SourceFile, report: &mut Report) {
    let stem = below.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map_or(below, |(stem, _)| stem);
    let place = Place::file(path);
    let written = written_config(&project.templates, text).map(|json| Node::from_json(&json, &place));
    let mut node = TableNode { place, written, ..TableNode::default() };
    let folders: Vec<&str> = below.rsplit_once('.').map_or(below, |(path, _)| path).split('/').collect();
    let of_block = text.split_once("{% snapshot ").filter(|_| kind == "snapshots");
    let name = of_block.and_then(|(_, after)| after.split_whitespace().next()).unwrap_or(stem);
    let inherited = |key: &str| about::folder_config(&project.config, kind, &project.name, &folders, key).cloned();
    set_config((&mut node, name), &project.templates, &inherited, report);
    project.nodes.refs.insert(name.to_owned(), node);
}

/// Takes over what is configured: what the file of the model says itself comes before `found`.
fn set_config(
    (node, name): (&mut TableNode, &str),
    templates: &Templates,
    found: &impl Fn(&str) -> Option<Node>,
    report: &mut Report,
) {
    let written = node.written.take();
    let found = |key: &str| written.as_ref().and_then(|node| node.get(key)).cloned().or_else(|| found(key));
    let mut text = |key: &str, what: &str| {
        let value = found(key)?;
        rendered(templates, value.text()?, (key, what), (name, &node.place), report)
    };
    node.alias = text("alias", "model").or(node.alias.take());
    node.schema = text("schema", "model").or(node.schema.take());
    node.database = text("database", "model").or_else(|| text("project", "model")).or(node.database.take());
    node.is_disabled = match text("enabled", "model") {
        Some(flag) => boolean_of(&flag) == Some(false),
        None => node.is_disabled,
    };
    node.partition_by = found("partition_by").or(node.partition_by.take());
    node.requires_partition |= found("require_partition_filter").and_then(|flag| flag.boolean()).unwrap_or(false);
    if let Some(columns) = found("cluster_by") {
        node.cluster_by = columns.items().iter().filter_map(|column| column.text().map(str::to_owned)).collect();
    }
    node.written = written;
}

/// Renders the text of a key; where that fails the report says so, since a table may have another name then.
fn rendered(
    templates: &Templates,
    text: &str,
    (key, kind): (&str, &str),
    (name, place): (&str, &Place),
    report: &mut Report,
) -> Option<String> {
    match templates.text(text) {
        Ok(text) => Some(text),
        Err(why) => {
            let why = format!("its `{key}` is not taken over, so what it names may be called otherwise: {why}");
            report.changed(kind, name, place, why);
            None
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
fn properties(project: &mut Project, document: &Node, report: &mut Report) {
    for kind in ["models", "seeds", "snapshots"] {
        for item in document.get(kind).map(Node::items).unwrap_or_default() {
            let Some(name) = item.text_of("name") else { continue };
            let mut node = project.nodes.refs.remove(name).unwrap_or_default();
            if node.place == Place::default() && (kind != "models" || item.get("versions").is_none()) {
                // Properties of a model that has no file: dbt ignores them, too.
                continue;
            }
            let config = item.get("config");
            let found = |key: &str| config.and_then(|config| config.get(key)).or_else(|| item.get(key)).cloned();
            set_config((&mut node, name), &project.templates, &found, report);
            let of_tests = |key: &str| {
                let of = |kind: &str| project.configured(kind, &item.place.path, name, key);
                of("data_tests").or_else(|| of("tests"))
            };
            describe(&mut node, item, &project.templates, keys::speaks_of_all_rows(of_tests));
            versions(&mut node, name, item);
            project.nodes.refs.insert(name.to_owned(), node);
        }
    }
    for source in document.get("sources").map(Node::items).unwrap_or_default() {
        let Some(name) = source.text_of("name") else { continue };
        let templates = &project.templates;
        for item in source.get("tables").map(Node::items).unwrap_or_default() {
            let Some(table) = item.text_of("name") else { continue };
            let whole = format!("{name}.{table}");
            let mut text = |node: &Node, key: &str| {
                rendered(templates, node.text_of(key)?, (key, "source"), (&whole, &item.place), report)
            };
            let mut node = TableNode {
                place: item.place.clone(),
                alias: text(item, "identifier"),
                schema: text(source, "schema").or_else(|| Some(name.to_owned())),
                database: text(source, "database"),
                is_source: true,
                ..TableNode::default()
            };
            describe(&mut node, item, &project.templates, true);
            project.nodes.sources.insert((name.to_owned(), table.to_owned()), node);
        }
    }
}

fn describe(node: &mut TableNode, item: &Node, templates: &Templates, tests_prove: bool) {
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
    keys::tested(node, item, templates, tests_prove);
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
