//! `entente demo`: the sample warehouse of a parcel carrier.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rust_embed::Embed;

use super::{
    catalog, connect,
    context::{Context, count},
    failure::Failure,
    interrupt,
};
use crate::{
    engine::{PROJECT_FILE, load_config},
    resolve::dialect_of,
    sample,
    syntax::{self, Connection},
    warehouse::duckdb::{Access, DuckDb},
};

/// Make the sample warehouse
///
/// Two years of a parcel carrier in a DuckDB file: shipments, stops, depots, customers, tariffs, exchange rates, claims,
/// inventory, budget, a calendar, and events of an app as Segment leaves them. The same scale gives the same rows on
/// every machine. In a folder without a project, the definitions of the example are written, too.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente demo                   200,000 parcels
  entente demo --scale 0.01      2,000 parcels, enough for every oddity to occur
  entente demo --force           replace a warehouse that is there")]
pub(crate) struct Arguments {
    /// The size: 1 is 200,000 parcels
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = scale)]
    scale: f64,
    /// Replace a warehouse that is there
    #[arg(long)]
    force: bool,
}

fn scale(text: &str) -> Result<f64, String> {
    let range = 0.001..=100.0;
    let scale: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if range.contains(&scale) { Ok(scale) } else { Err("it is not between 0.001 and 100".to_owned()) }
}

/// The definitions of the example.
#[derive(Embed)]
#[folder = "metrics/"]
#[include = "*.yml"]
struct Definitions;

/// The example's project file.
const EXAMPLE: &str = include_str!("../../entente.yml");

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let root = match context.root() {
        Ok(root) if root.join(PROJECT_FILE).is_file() => root,
        _ => {
            let folder = context.folder()?;
            write_example(&folder)?;
            context.note(&format!("wrote the definitions of the example to {}", folder.display()));
            folder
        }
    };
    let path = warehouse_file(&root)?;
    if path.exists() && !arguments.force {
        return Err(Failure::wrong(format!("`{}` is there already", path.display()))
            .help("Replace it with `entente demo --force`."));
    }
    interrupt::remove_if_stopped(sample::partial_files(&path).into());
    let bar = context.progress(1);
    bar.set_message("making parcels");
    let made = sample::create(&path, arguments.scale, &|done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let made = made?;
    context.note(&format!(
        "{}: {} of {} in {}",
        path.display(),
        count(usize::try_from(made.parcels).unwrap_or(usize::MAX), "parcel"),
        count(usize::try_from(made.customers).unwrap_or(usize::MAX), "customer"),
        count(usize::try_from(made.tables).unwrap_or(usize::MAX), "table"),
    ));
    context.note(&format!(
        "its last day is the one before {}: for `last 28 days` and the like set ENTENTE_NOW={}",
        sample::taken_at().format("%-d %B %Y"),
        sample::taken_at().format("%Y-%m-%dT%H:%M:%SZ"),
    ));
    let snapshot = root.join(catalog::FILE);
    if !snapshot.exists() {
        let warehouse = connect::blocking(Arc::new(DuckDb::open(&path, Access::ReadOnly)?))?;
        let mut found = catalog::lasting(warehouse.catalog_blocking(None)?);
        catalog::add_periods(&root, &mut found, &warehouse)?;
        catalog::write(&snapshot, &found)?;
    }
    Ok(())
}

/// Returns the DuckDB file of the project's connection.
fn warehouse_file(root: &Path) -> Result<PathBuf, Failure> {
    let config = load_config(root).ok_or_else(|| {
        Failure::wrong(format!("`{PROJECT_FILE}` is wrong")).help("See what is wrong with it with `entente check`.")
    })?;
    match connect::in_use(&config)? {
        Connection::DuckDb { path } => Ok(root.join(path)),
        other => {
            let kind = dialect_of(other).title();
            Err(Failure::wrong(format!("connection `{}` is {kind}", config.connection))
                .help("The sample is a DuckDB file: name a connection of type `duckdb` with `connection:`."))
        }
    }
}

fn write_example(folder: &Path) -> Result<(), Failure> {
    let write = |path: PathBuf, bytes: &[u8]| {
        if path.exists() {
            return Err(Failure::wrong(format!("`{}` is there already", path.display()))
                .help("Run this in an empty folder, or in a project."));
        }
        let folder = path.parent().expect("a file lies in a folder");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, bytes))
            .map_err(|error| Failure::file("written", &path, &error))
    };
    for name in Definitions::iter() {
        let file = Definitions::get(&name).expect("it was listed");
        write(folder.join("metrics").join(name.as_ref()), &file.data)?;
    }
    for (path, text) in syntax::json_schemas() {
        write(folder.join(path), text.as_bytes())?;
    }
    // Last, because it makes the folder a project.
    write(folder.join(PROJECT_FILE), EXAMPLE.as_bytes())
}
