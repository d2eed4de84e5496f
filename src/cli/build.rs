//! `entente build`: LookML, the GraphQL schema, the schema for editors, and the report.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    context::{Context, count},
    failure::Failure,
    publish::{Folders, publish, read_folder, settle},
};
use crate::{
    engine::Loaded,
    graphql, lookml,
    lookml::{Changes, Edited, Emitted, Outcome, Overwrite},
    project::Project,
    syntax,
};

/// Write LookML and schemas
///
/// Writes `lookml_out/` (LookML, and `report.md` about what LookML cannot say), `schema/entente.graphql` (the API) and
/// `schema/*.schema.json` (for editors). What people wrote under `lookml_out/`, such as refinements, is kept. The
/// output is put in place in one step: a build that is killed leaves the old output or the new.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente build            write what the definitions say
  entente build --check    for CI: write nothing, exit with 1 if the files are not what a build would write
  entente build --force    replace generated files that were edited by hand

LookML templates of your own house: files under `templates/lookml/` replace the built-in ones of the same name.")]
pub(crate) struct Arguments {
    /// Write nothing; exit with 1 if a file is not what a build would write
    #[arg(long)]
    check: bool,
    /// Replace generated files that were edited by hand
    #[arg(long, conflicts_with = "check")]
    force: bool,
}

const LOOKML: &str = "lookml_out";
const REPORT: &str = "report.md";
const SCHEMA: &str = "schema";

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let emitted = emit(&loaded, &project)?;
    if !arguments.check {
        settle(&loaded.root)?;
    }
    let overwrite = if arguments.force { Overwrite::Force } else { Overwrite::Refuse };
    let old = Folders::from([
        (LOOKML.to_owned(), read_folder(&loaded.root.join(LOOKML))?),
        (SCHEMA.to_owned(), read_folder(&loaded.root.join(SCHEMA))?),
    ]);
    let new = Folders::from([
        (LOOKML.to_owned(), lookml_folder(&old[LOOKML], &emitted, overwrite)?),
        (SCHEMA.to_owned(), schema_folder(&old[SCHEMA], &project)),
    ]);
    let differences = differences(&old, &new);
    // What is told of as written has been written.
    if !arguments.check && !differences.is_empty() {
        publish(&loaded.root, &new)?;
    }
    for (sign, path) in &differences {
        writeln!(context.out, "{sign} {path}")?;
    }
    if arguments.check {
        if differences.is_empty() {
            context.note("the generated files are up to date");
            return Ok(());
        }
        let files = count(differences.len(), "generated file");
        return Err(Failure::wrong(format!("{files} out of date")).help("Write them with `entente build`."));
    }
    tell(&emitted, differences.len(), context);
    Ok(())
}

fn emit(loaded: &Loaded, project: &Project) -> Result<Emitted, Failure> {
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let mut options = lookml::Options::from_config(config, &loaded.files);
    options.templates = templates(&loaded.root.join("templates/lookml"))?;
    lookml::emit(project, &options).map_err(|error| Failure::wrong(error.to_string()))
}

/// Reads the templates of the house, by name.
fn templates(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let texts = read_folder(folder)?.into_iter().map(|(name, bytes)| match String::from_utf8(bytes) {
        Ok(text) => Ok((name, text)),
        Err(_) => Err(Failure::wrong(format!("template `{name}` is not UTF-8 text"))),
    });
    texts.collect()
}

/// Returns the LookML folder as it should be: what is emitted, and what people wrote.
fn lookml_folder(
    old: &BTreeMap<String, Vec<u8>>,
    emitted: &Emitted,
    overwrite: Overwrite,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let texts = old.iter().filter(|(path, _)| *path != REPORT);
    let texts =
        texts.filter_map(|(path, bytes)| Some((path.clone(), String::from_utf8(bytes.clone()).ok()?))).collect();
    let Changes { write, remove, .. } =
        lookml::reconcile(&texts, emitted, overwrite).map_err(|edited| in_the_way(&edited))?;
    let mut files = old.clone();
    for path in remove {
        files.remove(&path);
    }
    files.extend(write.into_iter().map(|(path, text)| (path, text.into_bytes())));
    files.insert(REPORT.to_owned(), emitted.report.to_markdown().into_bytes());
    Ok(files)
}

fn in_the_way(edited: &[Edited]) -> Failure {
    let paths: Vec<String> = edited.iter().map(|file| format!("`{LOOKML}/{}`", file.path)).collect();
    let (verb, what) =
        if edited.iter().all(|file| file.was_generated) { ("edited", "changes") } else { ("written", "files") };
    Failure::wrong(format!(
        "{} {verb} by hand: {}",
        if paths.len() == 1 { "a file was" } else { "files were" },
        paths.join(", ")
    ))
    .help(format!("Move your {what} to `{LOOKML}/views/refined/`, or drop them with `entente build --force`."))
}

/// Returns the schema folder as it should be; the catalog in it is an input and stays.
fn schema_folder(old: &BTreeMap<String, Vec<u8>>, project: &Arc<Project>) -> BTreeMap<String, Vec<u8>> {
    let mut files = old.clone();
    let generated = [
        ("entente.graphql", graphql::sdl(project)),
        ("metrics.schema.json", syntax::json_schema()),
        ("entente.schema.json", syntax::config_json_schema()),
    ];
    files.extend(generated.map(|(name, text)| (name.to_owned(), text.into_bytes())));
    files
}

/// Returns what differs: `+` for a file that appears, `~` for one that changes, `-` for one that goes.
fn differences(old: &Folders, new: &Folders) -> Vec<(char, String)> {
    let mut found = Vec::new();
    for (folder, files) in new {
        let before = &old[folder];
        for (path, bytes) in files {
            match before.get(path) {
                None => found.push(('+', format!("{folder}/{path}"))),
                Some(old) if old != bytes => found.push(('~', format!("{folder}/{path}"))),
                Some(_) => {}
            }
        }
        found.extend(
            before.keys().filter(|path| !files.contains_key(*path)).map(|path| ('-', format!("{folder}/{path}"))),
        );
    }
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    found
}

fn tell(emitted: &Emitted, changed: usize, context: &Context) {
    let [whole, near, out] =
        [Outcome::Emitted, Outcome::Approximated, Outcome::LeftOut].map(|outcome| emitted.report.metrics(outcome));
    context.note(&format!(
        "LookML: {} as they are, {near} approximated, {out} left out (see {LOOKML}/{REPORT})",
        count(whole, "metric")
    ));
    context.note(&match changed {
        0 => "nothing has changed".to_owned(),
        changed => format!("{} written", count(changed, "file")),
    });
}
