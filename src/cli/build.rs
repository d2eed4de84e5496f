//! `entente build`: LookML, the GraphQL schema, the schema for editors, and the report.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use clap::ValueEnum;

use super::{
    context::{Context, count},
    diff::{Difference, unified},
    failure::Failure,
    publish::{Folders, publish, read_folder, settle},
};
use crate::{
    engine::Loaded,
    graphql, lookml,
    lookml::{Changes, Edited, Emitted, Outcome, Overwrite, Report},
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
  entente build                           write what the definitions say
  entente build --report                  … and show what became of each metric in LookML
  entente build --check                   for CI: write nothing, exit with 1 if the files are not what a build would write
  entente build --diff                    for a pull request: write nothing, show what a build would change
  entente build --check --deny left-out   for CI: exit with 1 if LookML cannot say something
  entente build --format json             changes and report for programs
  entente build --force                   replace generated files that were edited by hand

LookML templates of your own house: files under `templates/lookml/` replace the built-in ones of the same name.")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Arguments {
    /// Write nothing; exit with 1 if a file is not what a build would write
    #[arg(long)]
    check: bool,
    /// Write nothing; show what a build would change, line by line
    #[arg(long)]
    diff: bool,
    /// Show what became of each definition in LookML
    #[arg(long)]
    report: bool,
    /// Exit with 1, and write nothing, if LookML says something otherwise, or not at all
    #[arg(long, value_name = "OUTCOME")]
    deny: Option<Deny>,
    /// How changes and report are shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Replace generated files that were edited by hand
    #[arg(long, conflicts_with_all = ["check", "diff"])]
    force: bool,
}

/// What of the report fails.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// What is left out
    LeftOut,
    /// What is approximated or left out
    Approximated,
}

impl Deny {
    fn denies(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Emitted => false,
            Outcome::Approximated => self == Self::Approximated,
            Outcome::LeftOut => true,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON document
    Json,
}

const LOOKML: &str = "lookml_out";
const REPORT: &str = "report.md";
const SCHEMA: &str = "schema";

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let emitted = emit(&loaded, &project)?;
    let writes = !arguments.check && !arguments.diff;
    if writes {
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
    for (path, view) in orphans(&new[LOOKML]) {
        context
            .note(&format!("`{LOOKML}/{path}` refines view `{view}`, which is gone: move what it says, or delete it"));
    }
    let denied = arguments.deny.and_then(|deny| denied(&emitted.report, deny));
    let changes = changes(&old, &new);
    // What is told of as written has been written.
    if writes && denied.is_none() && !changes.is_empty() {
        publish(&loaded.root, &new)?;
    }
    match arguments.format {
        Format::Json => tell_json(&changes, &emitted.report, context)?,
        Format::Text => tell_text(&changes, &emitted.report, arguments, context)?,
    }
    if let Some(failure) = denied {
        return Err(failure);
    }
    if arguments.check {
        if changes.is_empty() {
            context.note("the generated files are up to date");
            return Ok(());
        }
        let files = count(changes.len(), "generated file");
        return Err(Failure::wrong(format!("{files} out of date")).help("Write them with `entente build`."));
    }
    sum_up(&emitted.report, &changes, writes, context);
    Ok(())
}

/// Says what is denied, line by line; nothing if nothing is.
fn denied(report: &Report, deny: Deny) -> Option<Failure> {
    let entries = || report.entries.iter().filter(|entry| deny.denies(entry.outcome));
    let number = entries().count();
    let lines = Report::lines(entries());
    let verb = if deny == Deny::LeftOut { "left out of LookML" } else { "approximated or left out in LookML" };
    (number > 0).then(|| {
        Failure::wrong(format!("{} {verb}:\n{}", count(number, "definition"), lines.trim_end()))
            .help("Change the definitions, or allow it by leaving `--deny` out.")
    })
}

/// Emits the LookML of a project, with the templates of the house.
pub(super) fn emit(loaded: &Loaded, project: &Project) -> Result<Emitted, Failure> {
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

/// Returns the refinements that people wrote of generated views which are not there, with the views.
fn orphans(files: &BTreeMap<String, Vec<u8>>) -> Vec<(&String, String)> {
    let refined = files.iter().filter_map(|(path, bytes)| {
        let view = path.strip_prefix("views/refined/")?.strip_suffix(".view.lkml")?;
        let generated = format!("views/generated/{view}.view.lkml");
        let includes = String::from_utf8_lossy(bytes).contains(&format!("\"/{generated}\""));
        (includes && !files.contains_key(&generated)).then(|| (path, view.to_owned()))
    });
    refined.collect()
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
    files.insert("entente.graphql".to_owned(), graphql::sdl(project).into_bytes());
    let of_editors = syntax::json_schemas().map(|(path, text)| (path.replace("schema/", ""), text.into_bytes()));
    files.extend(of_editors);
    files
}

/// A file that differs.
struct Change {
    sign: char,
    path: String,
    difference: Difference,
}

/// Returns what differs: `+` for a file that appears, `~` for one that changes, `-` for one that goes.
fn changes(old: &Folders, new: &Folders) -> Vec<Change> {
    let mut found = Vec::new();
    for (folder, files) in new {
        let before = &old[folder];
        let paths: BTreeSet<&String> = before.keys().chain(files.keys()).collect();
        for name in paths {
            let (was, is) = (before.get(name), files.get(name));
            if was == is {
                continue;
            }
            let sign = match (was, is) {
                (None, _) => '+',
                (_, None) => '-',
                (Some(_), Some(_)) => '~',
            };
            let text = |bytes: Option<&Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let path = format!("{folder}/{name}");
            let difference = unified(&path, text(was).as_deref(), text(is).as_deref());
            found.push(Change { sign, path, difference });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn tell_text(changes: &[Change], report: &Report, arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    for Change { sign, path, difference } in changes {
        if arguments.diff {
            writeln!(context.out, "{sign} {path} (+{} -{})", difference.added, difference.removed)?;
        } else {
            writeln!(context.out, "{sign} {path}")?;
        }
    }
    if arguments.diff {
        for change in changes {
            write!(context.out, "\n{}", change.difference.text)?;
        }
    }
    if arguments.report {
        write!(context.out, "{}", report.to_text())?;
    }
    Ok(())
}

fn tell_json(changes: &[Change], report: &Report, context: &mut Context) -> Result<(), Failure> {
    let changes: Vec<serde_json::Value> = changes
        .iter()
        .map(|Change { sign, path, difference }| {
            let what = match sign {
                '+' => "added",
                '-' => "removed",
                _ => "changed",
            };
            let Difference { added, removed, .. } = difference;
            serde_json::json!({ "path": path, "change": what, "lines_added": added, "lines_removed": removed })
        })
        .collect();
    let mut document = report.to_json();
    document["changes"] = changes.into();
    let text = serde_json::to_string_pretty(&document).expect("a report is plain data");
    Ok(writeln!(context.out, "{text}")?)
}

fn sum_up(report: &Report, changes: &[Change], wrote: bool, context: &Context) {
    let [whole, near, out] = Outcome::ALL.map(|outcome| report.metrics(outcome));
    context.note(&format!(
        "LookML: {} as they are, {near} approximated, {out} left out (see {LOOKML}/{REPORT})",
        count(whole, "metric")
    ));
    let lines =
        |number: fn(&Difference) -> usize| changes.iter().map(|change| number(&change.difference)).sum::<usize>();
    context.note(&match changes.len() {
        0 => "nothing has changed".to_owned(),
        files if wrote => format!("{} written", count(files, "file")),
        files => {
            let (added, removed) = (lines(|change| change.added), lines(|change| change.removed));
            format!("{} would change (+{added} -{removed})", count(files, "file"))
        }
    });
}
