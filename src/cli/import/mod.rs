//! `entente import`: definitions of another semantic layer, written as this one's.

mod dbt;
mod lookml;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{
    catalog, connect,
    context::{Context, count},
    failure::Failure,
};
use crate::{
    catalog::Catalog,
    diagnostics::Severity,
    engine::{PROJECT_FILE, load_config, load_project},
    files::SourceMap,
    import::ImportedFile,
    syntax::{self, Config},
};

/// Bring the definitions of a dbt or Looker project
///
/// `dbt`: reads the semantic layer of a dbt project, in the older form (`semantic_models:` with measures) and in the newer one
/// (`semantic_model: true` on models), with `target/manifest.json`, `target/semantic_manifest.json` and
/// `target/catalog.json` where they are there, and writes one file of definitions per semantic model. The numbers are
/// those of dbt; the report says what is written in other words, what is left out and why, and under which path each
/// name of dbt is found. dbt is not run.
///
/// `lookml`: reads every `.lkml` file of a Looker project, puts views and explores together as Looker does, and writes one
/// file of definitions per view. What the definitions cannot say, such as Liquid, stays LookML: in files below
/// `lookml_out/` that `entente build` leaves alone. The report says of every construct whether it is native, verbatim or
/// left behind, and why. No Looker is asked.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente import dbt ../shop                        into the project of this folder, which is made if need be
  entente import dbt ../shop --into metrics-of-shop
  entente import dbt ../shop --dry-run --format markdown
  entente import dbt ../shop --schema analytics --var currency=EUR --force
  entente import lookml ../looker                   views, explores and measures of a Looker project
  entente import lookml ../looker --model sales     where models show one view in different ways
  entente import lookml ../looker --dialect snowflake --format json --dry-run")]
pub(crate) struct Arguments {
    /// Where the definitions come from
    #[arg(value_name = "FROM")]
    from: From,
    /// The folder of the project: with its `dbt_project.yml`, or with its `manifest.lkml`
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
    /// The dialect of SQL in the project; that of dbt's adapter, or of the connection here, unless given
    #[arg(long, value_name = "NAME")]
    dialect: Option<String>,
    /// The only model of a Looker project that is imported, by its name; all of them unless given
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A value for `var('…')`; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    vars: Vec<(String, String)>,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Replace files that are there
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
    /// A Looker project
    Lookml,
}

/// How the report is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people: what is changed and what is left out
    Text,
    /// Everything, with the path of each name
    Json,
    /// A page with tables
    Markdown,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is not of the form NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    if !arguments.path.is_dir() {
        return Err(Failure::usage(format!("`{}` is not a folder", arguments.path.display())));
    }
    let root = match &arguments.into {
        Some(folder) => folder.clone(),
        None => context.folder()?,
    };
    let known = known_tables(&root, context);
    let made = match arguments.from {
        From::Dbt => dbt::import(arguments, &known)?,
        From::Lookml => lookml::import(arguments, &known)?,
    };
    if !arguments.dry_run {
        write(&made, arguments, &root, context)?;
        let found = if known.pulled.tables.is_empty() { &made.catalog } else { &known.pulled };
        if !found.tables.is_empty() && !root.join(catalog::FILE).exists() {
            catalog::write(&root.join(catalog::FILE), found)?;
            context.note(catalog::FILE);
        }
    }
    context.out.write_all(made.report.as_bytes())?;
    if !arguments.dry_run {
        let errors =
            load_project(&root).diagnostics.iter().filter(|found| found.code.severity() == Severity::Error).count();
        if errors > 0 {
            context.warn(&format!("`entente check` finds {} in the project as it is", count(errors, "error")));
        }
    }
    Ok(())
}

/// What an import gives, wherever it comes from.
struct Made {
    files: Vec<ImportedFile>,
    /// A project file, for where there is none.
    project_file: String,
    /// Tables that the project itself knows.
    catalog: Catalog,
    /// The report, in the format that is asked for.
    report: String,
}

/// What the entente project knows of the warehouse.
#[derive(Default)]
struct Known {
    /// Its tables.
    tables: Catalog,
    /// The same, where they were just asked for and are not in a file.
    pulled: Catalog,
    /// Its project file.
    config: Option<Config>,
    /// The dialect of its connection.
    dialect: Option<String>,
}

/// Returns the tables that the entente project knows, or that its DuckDB file has.
fn known_tables(root: &Path, context: &Context) -> Known {
    let config = if root.join(PROJECT_FILE).is_file() { load_config(root) } else { None };
    let Some(config) = config else { return Known::default() };
    let dialect = Some(connect::dialect(&config).name().to_owned());
    if let Some(tables) = load_project(root).catalog {
        return Known { tables, pulled: Catalog::default(), config: Some(config), dialect };
    }
    let found = connect::open(&config, root).and_then(|warehouse| Ok(warehouse.catalog_blocking(None)?));
    let pulled = match found {
        Ok(catalog) => catalog::lasting(catalog),
        Err(failure) => {
            context.note(&format!("the types of columns are not known: {}", failure.message));
            Catalog::default()
        }
    };
    Known { tables: pulled.clone(), pulled, config: Some(config), dialect }
}

fn write(made: &Made, arguments: &Arguments, root: &Path, context: &Context) -> Result<(), Failure> {
    let files: Vec<ImportedFile> = made.files.iter().map(formatted).collect();
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
        fs::write(&project_file, &made.project_file)
            .map_err(|error| Failure::file("written", &project_file, &error))?;
        context.note(PROJECT_FILE);
    }
    Ok(())
}

/// Lays a file of definitions out as `entente fmt` does.
fn formatted(file: &ImportedFile) -> ImportedFile {
    if !file.path.starts_with("metrics/") {
        return file.clone();
    }
    let mut files = SourceMap::new();
    let id = files.add(&*file.path, &*file.text);
    let text = syntax::format(&files, id).unwrap_or_else(|_| file.text.clone());
    ImportedFile { path: file.path.clone(), text }
}
