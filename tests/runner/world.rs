//! The project of a case, and its warehouse.
//!
//! `project: parcel` is the repository's own `metrics/` on the sample warehouse; `project: flights` is the folder
//! `tests/flights` with its `seed.sql`; without such a line the blocks of the file are the project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use entente::{
    catalog::Catalog,
    diagnostics::{
        Diagnostic, Diagnostics,
        render::{Color, Format, render},
    },
    files::SourceMap,
    plan::Principal,
    project::Project,
    resolve,
    syntax::{self, Config, Definitions},
};

use super::document::{Document, Kind};

#[cfg(all(feature = "server", feature = "duckdb"))]
pub(crate) use database::Database;
#[cfg(feature = "duckdb")]
pub(crate) use database::open_cut;
#[cfg(feature = "duckdb")]
use database::seeded;

/// The path of the project file.
const CONFIG_FILE: &str = "entente.yml";

/// What a case without `entente.yml` has.
const CONFIG: &str =
    "language: 1\nname: case\nconnection: local\nconnections: { local: { type: duckdb, path: case.duckdb } }\n";

/// A project with everything that was found wrong in it.
pub(crate) struct World {
    /// The texts.
    pub(crate) files: SourceMap,
    /// The project file, unless it is wrong.
    pub(crate) config: Option<Config>,
    /// The project, unless there is an error.
    pub(crate) project: Option<Project>,
    /// Everything that is wrong or doubtful, by place.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Which definitions of a page are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Those that raise the diagnostic.
    Written,
    /// Those after mending.
    Mended,
    /// Those that are written, without policies and masks.
    #[cfg(feature = "duckdb")]
    Open,
}

/// Loads the project of a case.
pub(crate) fn load(document: &Document, version: Version) -> Result<World, String> {
    let sources = match &document.project {
        Some(name) => read_folder(&folder(name)?)?,
        None => read_blocks(document, version)?,
    };
    let mut files = SourceMap::new();
    let config_file = files.add(CONFIG_FILE, sources.config);
    let variable = |name: &str| (name == "ENTENTE_CONNECTION").then(|| "local".to_owned());
    let mut diagnostics = Diagnostics::new();
    let config: Option<Config> = match syntax::load_config(&files, config_file, &variable) {
        Ok(config) => Some(config),
        Err(found) => {
            for diagnostic in found {
                diagnostics.push(diagnostic);
            }
            None
        }
    };
    let mut definitions = Definitions::default();
    for (path, text) in sources.definitions {
        let file = files.add(path, text);
        definitions.append(syntax::load(&files, file, &mut diagnostics));
    }
    #[cfg(feature = "duckdb")]
    if version == Version::Open {
        definitions.policies.clear();
        let dimensions = definitions.models.iter_mut().flat_map(|model| &mut model.dimensions);
        dimensions.for_each(|dimension| dimension.mask = None);
    }
    let mut project = config.as_ref().and_then(|config| {
        let resolved = resolve::resolve(config, &definitions, sources.catalog.as_ref());
        diagnostics.extend(resolved.diagnostics);
        resolved.project
    });
    if let Some(project) = project.as_mut() {
        seeded_periods(document, project)?;
        #[cfg(all(feature = "server", feature = "duckdb"))]
        rollups::build(document, project)?;
    }
    let project = if diagnostics.has_errors() { None } else { project };
    Ok(World { files, config, project, diagnostics: diagnostics.sorted() })
}

/// Reads who asks in a case; nobody is known unless it says so.
pub(crate) fn principal(document: &Document) -> Result<Principal, String> {
    let Some(text) = document.text_of(&Kind::Principal) else { return Ok(Principal::default()) };
    let mut files = SourceMap::new();
    let file = files.add("principal.json", text);
    resolve::principal(&files, file).map_err(|found| render(Format::Full, &found, &files, Color::Never))
}

/// The texts of a project.
struct Sources {
    config: String,
    definitions: Vec<(String, String)>,
    catalog: Option<Catalog>,
}

fn folder(name: &str) -> Result<PathBuf, String> {
    let folder = if name == "parcel" { PathBuf::from(".") } else { Path::new("tests").join(name) };
    if folder.join("entente.yml").is_file() {
        Ok(folder)
    } else {
        Err(format!("project `{name}` has no `entente.yml` in `{}`", folder.display()))
    }
}

fn read_folder(folder: &Path) -> Result<Sources, String> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    let mut paths = Vec::new();
    gather_yaml(&folder.join("metrics"), &mut paths);
    paths.sort();
    let definitions = paths.iter().map(|path| {
        let shown = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        Ok((shown, read(path)?))
    });
    let catalog = folder.join("schema/catalog.json");
    Ok(Sources {
        config: read(&folder.join("entente.yml"))?,
        definitions: definitions.collect::<Result<_, String>>()?,
        catalog: if catalog.is_file() { Some(parse_catalog(&read(&catalog)?)?) } else { None },
    })
}

fn gather_yaml(folder: &Path, paths: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            gather_yaml(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            paths.push(path);
        }
    }
}

fn read_blocks(document: &Document, version: Version) -> Result<Sources, String> {
    let mut definitions: Vec<(String, String)> = Vec::new();
    for block in &document.blocks {
        let path = match (&block.kind, version) {
            (Kind::Definitions(path), _) => path,
            (Kind::Mended(path), Version::Mended) if path != CONFIG_FILE => path,
            _ => continue,
        };
        // A mended file stands for the one that it mends.
        definitions.retain(|(other, _)| other != path);
        definitions.push((path.clone(), block.text.clone()));
    }
    definitions.sort();
    let catalog = match document.text_of(&Kind::Catalog) {
        Some(text) => Some(parse_catalog(text)?),
        None => seeded_catalog(document)?,
    };
    let mended = Kind::Mended(CONFIG_FILE.to_owned());
    let mended = document.text_of(&mended).filter(|_| version == Version::Mended);
    let config = mended.or(document.text_of(&Kind::Config)).unwrap_or(CONFIG).to_owned();
    Ok(Sources { config, definitions, catalog })
}

fn parse_catalog(text: &str) -> Result<Catalog, String> {
    Catalog::from_json(text).map_err(|error| format!("`schema/catalog.json`: {error}"))
}

/// A case with a seed and without a catalog takes the catalog of its tables.
#[cfg(feature = "duckdb")]
fn seeded_catalog(document: &Document) -> Result<Option<Catalog>, String> {
    document.text_of(&Kind::Seed).map(|_| seeded(document)?.catalog()).transpose()
}

/// The calendars of a case with a seed have the periods of their tables.
#[cfg(all(feature = "server", feature = "duckdb"))]
fn seeded_periods(document: &Document, project: &mut Project) -> Result<(), String> {
    if project.granularities.is_empty() || document.text_of(&Kind::Seed).is_none() {
        return Ok(());
    }
    let database = seeded(document)?;
    let all = project.granularities.ids().collect();
    entente::engine::refresh_periods(project, &all, |select| {
        database.query(&entente::sql::print(select, entente::sql::Dialect::DuckDb))
    })
}

#[cfg(not(all(feature = "server", feature = "duckdb")))]
#[expect(clippy::unnecessary_wraps, reason = "with DuckDB the seed may fail")]
fn seeded_periods(_document: &Document, _project: &mut Project) -> Result<(), String> {
    Ok(())
}

#[cfg(not(feature = "duckdb"))]
#[expect(clippy::unnecessary_wraps, reason = "with DuckDB the seed may fail")]
fn seeded_catalog(_document: &Document) -> Result<Option<Catalog>, String> {
    Ok(None)
}

/// Opens the warehouse of a case, with its rollups and what came later.
#[cfg(all(feature = "server", feature = "duckdb"))]
pub(crate) fn open(document: &Document) -> Result<Database, String> {
    if document.text_of(&Kind::Rollups).is_none() {
        return seeded(document);
    }
    let mut project = load(document, Version::Written)?.project.ok_or("the project has errors")?;
    rollups::build(document, &mut project)
}

/// Opens the warehouse of a case.
#[cfg(all(not(feature = "server"), feature = "duckdb"))]
pub(crate) fn open(document: &Document) -> Result<database::Database, String> {
    seeded(document)
}

#[cfg(all(feature = "server", feature = "duckdb"))]
mod rollups {
    use entente::{
        engine::{Storing, build as build_table},
        plan::StoredTable,
        project::{Project, Stored},
        sql::{Dialect, Select, Statement, print, print_statement},
        warehouse::Rows,
    };

    use super::{Database, Document, Kind, seeded};

    impl Storing for Database {
        type Error = String;

        fn ask(&mut self, select: &Select) -> Result<Rows, String> {
            self.query(&print(select, Dialect::DuckDb))
        }

        fn execute(&mut self, statements: &[Statement]) -> Result<(), String> {
            let texts: Vec<String> =
                statements.iter().map(|statement| print_statement(statement, Dialect::DuckDb)).collect();
            Self::execute(self, &texts.join(";\n"))
        }
    }

    /// Builds the rollups of a case on its seed, lets happen what came later, and tells the project what is stored.
    pub(super) fn build(document: &Document, project: &mut Project) -> Result<Database, String> {
        let mut database = seeded(document)?;
        let Some(moment) = document.text_of(&Kind::Rollups) else { return Ok(database) };
        let now = moment.trim().parse().map_err(|error| format!("`text rollups` is no moment: {error}"))?;
        let stored: Vec<Option<Stored>> = project
            .rollups
            .iter()
            .map(|rollup| {
                let Ok(table) = StoredTable::of(project, rollup, Dialect::DuckDb) else { return Ok(None) };
                Ok(build_table(&table, now, &mut database)?.stored)
            })
            .collect::<Result<_, String>>()?;
        for (rollup, stored) in project.rollups.iter_mut().zip(stored) {
            rollup.stored = stored;
        }
        if let Some(later) = document.text_of(&Kind::Later) {
            database.execute(later)?;
        }
        Ok(database)
    }
}

#[cfg(feature = "duckdb")]
mod database {
    use std::{
        collections::BTreeMap,
        fs,
        sync::{Mutex, PoisonError},
    };

    use entente::{
        catalog::Catalog,
        sample,
        sql::Text,
        warehouse::{Error, Rows, duckdb::DuckDb},
    };

    use super::{Document, Kind, folder};

    /// The size of the sample warehouse: 2,000 parcels.
    const SCALE: f64 = 0.01;

    /// Warehouses of shared projects, each made once per run.
    static SHARED: Mutex<BTreeMap<String, DuckDb>> = Mutex::new(BTreeMap::new());

    /// A warehouse that answers.
    pub(crate) struct Database(DuckDb);

    /// Opens the warehouse of a case as it is seeded, without rollups.
    pub(super) fn seeded(document: &Document) -> Result<Database, String> {
        let Some(name) = &document.project else {
            let database = DuckDb::in_memory().map_err(|error| shown(&error))?;
            if let Some(seed) = document.text_of(&Kind::Seed) {
                database.execute_batch(seed).map_err(|error| format!("`sql seed`: {}", shown(&error)))?;
            }
            return Ok(Database(database));
        };
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = shared.get(name) {
            return Ok(Database(database.clone()));
        }
        let database = DuckDb::in_memory().map_err(|error| shown(&error))?;
        if name == "parcel" {
            sample::fill(&database, SCALE, &|_, _| {}).map_err(|error| shown(&error))?;
        } else {
            let path = folder(name)?.join("seed.sql");
            let seed = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            database.execute_batch(&seed).map_err(|error| format!("{}: {}", path.display(), shown(&error)))?;
        }
        shared.insert(name.clone(), database.clone());
        Ok(Database(database))
    }

    /// Opens the warehouse of a case and cuts its seed down; shared warehouses are not cut.
    pub(crate) fn open_cut(document: &Document, twin: &str) -> Result<Database, String> {
        if document.project.is_some() {
            return Err("a case with `sql twin` has a seed of its own".to_owned());
        }
        let database = seeded(document)?;
        database.0.execute_batch(twin).map_err(|error| format!("`sql twin`: {}", shown(&error)))?;
        Ok(database)
    }

    impl Database {
        /// Runs a query.
        pub(crate) fn query(&self, text: &Text) -> Result<Rows, String> {
            self.0.query_blocking(text).map_err(|error| shown(&error))
        }

        /// Runs statements.
        pub(super) fn execute(&self, statements: &str) -> Result<(), String> {
            self.0.execute_batch(statements).map_err(|error| shown(&error))
        }

        /// Returns the warehouse, for an engine.
        #[cfg(feature = "server")]
        pub(crate) fn warehouse(&self) -> DuckDb {
            self.0.clone()
        }

        /// Reads the columns of all tables.
        pub(crate) fn catalog(&self) -> Result<Catalog, String> {
            self.0.catalog_blocking(None).map_err(|error| shown(&error))
        }
    }

    /// Shows the driver's own words, which callers of the product never see.
    fn shown(error: &Error) -> String {
        match error.detail() {
            Some(detail) => format!("{error}: {detail}"),
            None => error.to_string(),
        }
    }
}
