//! `entente import dbt`: reads the files of a dbt project, and shows what is wrong with them.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{
    super::{
        context::{count, say},
        failure::Failure,
    },
    Arguments, Format, Known, Made,
};
use crate::import::dbt::{self, Imported, Input, Options, Problem, SourceFile};

/// Imports a dbt project.
pub(super) fn import(arguments: &Arguments, known: &Known) -> Result<Made, Failure> {
    let options = Options {
        schema: arguments.schema.clone(),
        database: arguments.database.clone(),
        vars: arguments.vars.iter().cloned().collect(),
        env: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect::<BTreeMap<_, _>>(),
        catalog: known.tables.clone(),
        config: known.config.clone(),
        dialect: arguments.dialect.clone(),
        connection: known.dialect.clone(),
    };
    let input = Input { files: read(&arguments.path)?, options };
    let imported = dbt::import(&input).map_err(|problems| show(&problems))?;
    let report = match arguments.format {
        Format::Text => imported.report.to_text(),
        Format::Json => imported.report.to_json(),
        Format::Markdown => imported.report.to_markdown(),
    };
    let project_file = project(&imported, &arguments.path);
    Ok(Made { files: imported.files, project_file, catalog: imported.catalog, report })
}

/// Shows what is wrong with the dbt project.
fn show(problems: &[Problem]) -> Failure {
    for problem in problems {
        say(&format!("error: {}: {}\n", problem.place, problem.message));
        if let Some(help) = &problem.help {
            say(&format!("  help: {help}\n"));
        }
    }
    Failure::wrong(format!("the dbt project is not imported: {}", count(problems.len(), "error")))
}

/// The greatest file that is read.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// How deep folders may lie in one another.
const MAX_DEPTH: usize = 40;

/// Reads the files of a dbt project; links are followed, and what `.dbtignore` names is passed over, as dbt does.
fn read(project: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    walk((project, &ignored(project)?), "", &mut Vec::new(), &mut files)?;
    for name in ["manifest.json", "semantic_manifest.json", "catalog.json"] {
        let path = format!("target/{name}");
        if project.join(&path).is_file() {
            files.push(SourceFile { text: text(&project.join(&path))?, path });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Reads the patterns of `.dbtignore`.
fn ignored(project: &Path) -> Result<Gitignore, Failure> {
    let file = project.join(".dbtignore");
    if !file.is_file() {
        return Ok(Gitignore::empty());
    }
    // Paths are looked up as they are shown, below the project.
    let mut patterns = GitignoreBuilder::new("");
    for (at, line) in text(&file)?.lines().enumerate() {
        patterns
            .add_line(None, line)
            .map_err(|error| Failure::wrong(format!("`{}`, line {}: {error}", file.display(), at + 1)))?;
    }
    patterns.build().map_err(|error| Failure::wrong(format!("`{}`: {error}", file.display())))
}

fn walk(
    (folder, ignored): (&Path, &Gitignore),
    below: &str,
    above: &mut Vec<PathBuf>,
    files: &mut Vec<SourceFile>,
) -> Result<(), Failure> {
    let real = fs::canonicalize(folder).map_err(|error| Failure::file("read", folder, &error))?;
    // A link to a folder above would never end.
    if above.contains(&real) || above.len() > MAX_DEPTH {
        return Ok(());
    }
    above.push(real);
    let entries = fs::read_dir(folder).map_err(|error| Failure::file("read", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let shown = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        if ignored.matched(&shown, path.is_dir()).is_ignore() {
            continue;
        }
        if path.is_dir() {
            let is_other = name.starts_with('.') || ["node_modules", "venv", "logs"].contains(&name);
            if !is_other && shown != "target" {
                walk((&path, ignored), &shown, above, files)?;
            }
            continue;
        }
        let text = match path.extension().and_then(|extension| extension.to_str()) {
            Some("yml" | "yaml" | "md") if !shown.starts_with("dbt_packages/") => text(&path)?,
            Some("sql" | "py") if !shown.starts_with("dbt_packages/") => text(&path)?,
            // Of seeds and packages only the names are of use.
            Some("csv" | "sql" | "py") => String::new(),
            _ => continue,
        };
        files.push(SourceFile { path: shown, text });
    }
    above.pop();
    Ok(())
}

fn text(path: &Path) -> Result<String, Failure> {
    let failed = |error: &io::Error| Failure::file("read", path, error);
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > MAX_BYTES {
        return Err(Failure::wrong(format!("`{}` is larger than 512 MiB", path.display())));
    }
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::wrong(format!("`{}` is not UTF-8", path.display())).help("Save the file as UTF-8; dbt reads no other.")
    })
}

/// Returns a project file with the connection of dbt's profile, as far as it is known.
fn project(imported: &Imported, dbt_project: &Path) -> String {
    let name = &imported.name;
    let quoted = |text: &str| serde_json::to_string(text).expect("a text is JSON");
    let connection = match imported.adapter.as_deref() {
        Some("bigquery") => {
            let project = quoted(imported.database.as_deref().unwrap_or(name));
            let dataset =
                imported.schema.as_deref().map_or_else(String::new, |set| format!(", dataset: {}", quoted(set)));
            format!("{{ type: bigquery, project: {project}{dataset} }}")
        }
        _ => {
            let file = imported.path.as_deref().map_or_else(
                || format!("{name}.duckdb"),
                |path| {
                    // The file itself may be made later.
                    let folder = fs::canonicalize(dbt_project).unwrap_or_else(|_| dbt_project.to_owned());
                    let path = folder.join(path);
                    fs::canonicalize(&path).unwrap_or(path).to_string_lossy().into_owned()
                },
            );
            format!("{{ type: duckdb, path: {} }}", quoted(&file))
        }
    };
    format!(
        "language: 1\nname: {name}\nconnection: warehouse\nconnections:\n  warehouse: {connection}\n\
         # dbt cuts days in UTC and begins weeks on Mondays.\ntime_zone: UTC\nweek_start: monday\n"
    )
}
