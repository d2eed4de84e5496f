//! `entente import`: definitions of another semantic layer, written as this one's.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{
    catalog, connect,
    context::{Context, count, say},
    failure::Failure,
};
use crate::{
    catalog::Catalog,
    diagnostics::Severity,
    engine::{PROJECT_FILE, load_config, load_project},
    files::SourceMap,
    import::dbt::{self, Imported, ImportedFile, Input, Options, Problem, SourceFile},
    syntax,
};

/// Bring the metrics of a dbt project
///
/// Reads the semantic layer of a dbt project, in the older form (`semantic_models:` with measures) and in the newer one
/// (`semantic_model: true` on models), with `target/manifest.json`, `target/semantic_manifest.json` and
/// `target/catalog.json` where they are there, and writes one file of definitions per semantic model. The numbers are
/// those of dbt; the report says what is written in other words, what is left out and why, and under which path each
/// name of dbt is found. dbt is not run.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente import dbt ../shop                        into the project of this folder, which is made if need be
  entente import dbt ../shop --into metrics-of-shop
  entente import dbt ../shop --dry-run --format markdown
  entente import dbt ../shop --schema analytics --var currency=EUR --force")]
pub(crate) struct Arguments {
    /// Where the definitions come from
    #[arg(value_name = "FROM")]
    from: From,
    /// The folder of the dbt project, with its `dbt_project.yml`
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The folder of the entente project to write into; `--project`, else the working folder, unless given
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// The schema of dbt's target, where tables lie; that of the manifest or of `profiles.yml` unless given
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// The database of dbt's target
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// The dialect of SQL in the dbt project; that of its adapter unless given
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
    /// A value for `var('…')`; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    vars: Vec<(String, String)>,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Replace files of definitions that are there
    #[arg(long)]
    force: bool,
    /// Write nothing but the report
    #[arg(long)]
    dry_run: bool,
}

/// Where definitions come from.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// A dbt project with a semantic layer
    Dbt,
}

/// How the report is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people: what is changed and what is left out
    Text,
    /// Everything, with the path of each name of dbt
    Json,
    /// A page with tables
    Markdown,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is not of the form NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let From::Dbt = arguments.from;
    if !arguments.path.is_dir() {
        return Err(Failure::usage(format!("`{}` is not a folder", arguments.path.display())));
    }
    let root = match &arguments.into {
        Some(folder) => folder.clone(),
        None => context.folder()?,
    };
    let Known { tables: known, pulled, dialect } = known_tables(&root, context);
    let options = Options {
        schema: arguments.schema.clone(),
        database: arguments.database.clone(),
        vars: arguments.vars.iter().cloned().collect(),
        env: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect::<BTreeMap<_, _>>(),
        catalog: known,
        dialect: arguments.dialect.clone(),
        connection: dialect,
    };
    let input = Input { files: read(&arguments.path)?, options };
    let imported = dbt::import(&input).map_err(|problems| show(&problems))?;
    if !arguments.dry_run {
        write(&imported, arguments, &root, context)?;
        let found = if pulled.tables.is_empty() { &imported.catalog } else { &pulled };
        if !found.tables.is_empty() && !root.join(catalog::FILE).exists() {
            catalog::write(&root.join(catalog::FILE), found)?;
            context.note(catalog::FILE);
        }
    }
    let report = match arguments.format {
        Format::Text => imported.report.to_text(),
        Format::Json => imported.report.to_json(),
        Format::Markdown => imported.report.to_markdown(),
    };
    context.out.write_all(report.as_bytes())?;
    if !arguments.dry_run {
        let errors =
            load_project(&root).diagnostics.iter().filter(|found| found.code.severity() == Severity::Error).count();
        if errors > 0 {
            context.warn(&format!("`entente check` finds {} in the project as it is", count(errors, "error")));
        }
    }
    Ok(())
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

/// What the entente project knows of the warehouse.
#[derive(Default)]
struct Known {
    /// Its tables.
    tables: Catalog,
    /// The same, where they were just asked for and are not in a file.
    pulled: Catalog,
    /// The dialect of its connection.
    dialect: Option<String>,
}

/// Returns the tables that the entente project knows, or that its DuckDB file has.
fn known_tables(root: &Path, context: &Context) -> Known {
    let config = if root.join(PROJECT_FILE).is_file() { load_config(root) } else { None };
    let Some(config) = config else { return Known::default() };
    let dialect = Some(connect::dialect(&config).name().to_owned());
    let tables = load_project(root).catalog;
    if !tables.tables.is_empty() {
        return Known { tables, pulled: Catalog::default(), dialect };
    }
    let found = connect::open(&config, root).and_then(|warehouse| Ok(warehouse.catalog_blocking(None)?));
    let pulled = match found {
        Ok(catalog) => catalog::lasting(catalog),
        Err(failure) => {
            context.note(&format!("the types of columns are not known: {}", failure.message));
            Catalog::default()
        }
    };
    Known { tables: pulled.clone(), pulled, dialect }
}

/// The greatest file that is read.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// How deep folders may lie in one another.
const MAX_DEPTH: usize = 40;

/// Reads the files of a dbt project; links are followed, as dbt does.
fn read(project: &Path) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    walk(project, "", &mut Vec::new(), &mut files)?;
    for name in ["manifest.json", "semantic_manifest.json", "catalog.json"] {
        let path = format!("target/{name}");
        if project.join(&path).is_file() {
            files.push(SourceFile { text: text(&project.join(&path))?, path });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, below: &str, above: &mut Vec<PathBuf>, files: &mut Vec<SourceFile>) -> Result<(), Failure> {
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
        if path.is_dir() {
            let is_other = name.starts_with('.') || ["node_modules", "venv", "logs"].contains(&name);
            if !is_other && shown != "target" {
                walk(&path, &shown, above, files)?;
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

fn write(imported: &Imported, arguments: &Arguments, root: &Path, context: &Context) -> Result<(), Failure> {
    let files: Vec<ImportedFile> = imported.files.iter().map(formatted).collect();
    if !arguments.force {
        let there = |file: &&ImportedFile| fs::read(root.join(&file.path)).is_ok_and(|old| old != file.text.as_bytes());
        if let Some(file) = files.iter().find(there) {
            return Err(Failure::wrong(format!("`{}` is there already", root.join(&file.path).display()))
                .help("Replace what is there with `--force`, or name another folder with `--into`."));
        }
    }
    for file in &files {
        let path = root.join(&file.path);
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, &file.text))
            .map_err(|error| Failure::file("written", &path, &error))?;
        context.note(&file.path);
    }
    let project_file = root.join(PROJECT_FILE);
    if !project_file.exists() {
        fs::write(&project_file, project(imported, &arguments.path))
            .map_err(|error| Failure::file("written", &project_file, &error))?;
        context.note(PROJECT_FILE);
    }
    Ok(())
}

/// Lays a file out as `entente fmt` does.
fn formatted(file: &ImportedFile) -> ImportedFile {
    let mut files = SourceMap::new();
    let id = files.add(&*file.path, &*file.text);
    let text = syntax::format(&files, id).unwrap_or_else(|_| file.text.clone());
    ImportedFile { path: file.path.clone(), text }
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
                    let path = dbt_project.join(path);
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
