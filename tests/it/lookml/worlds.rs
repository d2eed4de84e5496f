//! Projects to emit: the repository's own, the flights, and texts written in a test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use entente::{
    catalog::Catalog,
    diagnostics::Diagnostics,
    files::SourceMap,
    lookml::{self, Emitted, Options},
    project::Project,
    resolve,
    sql::Dialect,
    syntax::{self, Config, Definitions},
};

/// The texts of a project.
#[derive(Clone)]
pub(super) struct World {
    pub(super) config: String,
    pub(super) definitions: Vec<(String, String)>,
    /// What is known of the tables, if anything.
    pub(super) catalog: Option<String>,
}

/// Which SQL is emitted.
#[derive(Clone, Copy)]
pub(super) enum Dialects {
    /// That of the connection that Looker would use.
    Configured,
    /// One of them.
    Only(Dialect),
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn parcel() -> World {
    read(&root())
}

/// The parcel carrier with policies and a mask.
pub(super) fn governed() -> World {
    let mut world = parcel();
    for (_, text) in &mut world.definitions {
        *text = text.replace("pii: email, ", "pii: email, mask: sha256, ");
    }
    world.definitions.push(("metrics/governed.yml".to_owned(), include_str!("governed.yml").to_owned()));
    world
}

pub(super) fn flights() -> World {
    read(&root().join("tests/flights"))
}

/// The small shop.
#[cfg(feature = "duckdb")]
pub(super) fn shop() -> World {
    read(&root().join("tests/shop"))
}

/// The project in a folder.
pub(super) fn read(folder: &Path) -> World {
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut definitions: Vec<(String, String)> = fs::read_dir(folder.join("metrics"))
        .expect("a folder of definitions")
        .flatten()
        .map(|entry| entry.path())
        .map(|path| (format!("metrics/{}", path.file_name().expect("a name").to_string_lossy()), text(&path)))
        .collect();
    definitions.sort();
    World {
        config: text(&folder.join("entente.yml")),
        definitions,
        catalog: Some(text(&folder.join("schema/catalog.json"))),
    }
}

/// A project of one file, whose tables are not in a catalog, developed on DuckDB and used on BigQuery.
pub(super) fn written(definitions: &str) -> World {
    World {
        config: "language: 1\nname: case\nconnection: local\nconnections:\n  \
                 local: { type: duckdb, path: case.duckdb }\n  \
                 warehouse: { type: bigquery, project: acme }\ntime_zone: Europe/Berlin\n"
            .to_owned(),
        definitions: vec![("metrics/case.yml".to_owned(), definitions.to_owned())],
        catalog: None,
    }
}

/// Resolves a project.
pub(super) fn project(world: &World) -> Project {
    resolved(world).1
}

fn resolved(world: &World) -> (Config, Project, SourceMap) {
    let mut files = SourceMap::new();
    let config = files.add("entente.yml", world.config.clone());
    let config: Config = syntax::load_config(&files, config, &|_| None).expect("a project file");
    let mut diagnostics = Diagnostics::new();
    let mut definitions = Definitions::default();
    for (path, text) in &world.definitions {
        let file = files.add(path.clone(), text.clone());
        definitions.append(syntax::load(&files, file, &mut diagnostics));
    }
    let catalog = world.catalog.as_ref().map(|text| Catalog::from_json(text).expect("a catalog"));
    let resolved = resolve::resolve(&config, &definitions, catalog.as_ref());
    diagnostics.extend(resolved.diagnostics);
    let project = resolved.project.unwrap_or_else(|| panic!("no project: {:#?}", diagnostics.sorted()));
    (config, project, files)
}

pub(super) fn emit(world: &World, dialects: Dialects) -> Emitted {
    let (config, project, files) = resolved(world);
    let mut options = Options::from_config(&config, &files);
    if let Dialects::Only(dialect) = dialects {
        options.dialect = dialect;
    }
    lookml::emit(&project, &options).unwrap_or_else(|error| panic!("{error}"))
}
