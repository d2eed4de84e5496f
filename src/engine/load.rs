//! A project's folder → its files, its configuration and its [`Project`], or what is wrong with them.
//!
//! ```text
//! parcel/entente.yml · parcel/metrics/**/*.yml · parcel/schema/catalog.json  ─►  Loaded
//! ```
//!
//! Whatever lies in the folder is met with a diagnostic: a file of 100 MB is not read, a pipe is not waited for, a link
//! does not lead out of the project.
//!
//! **Invariant:** files are read in the order of their paths, so the same folder gives the same project everywhere.

use std::{
    collections::BTreeSet,
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    catalog::{Catalog, Statistics},
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{FileId, SourceMap, Span},
    project::Project,
    resolve::{self, Resolved},
    syntax::{self, Config, Definitions},
};

/// The file that makes a folder a project.
pub const PROJECT_FILE: &str = "entente.yml";

/// The folder with the definitions.
const DEFINITIONS: &str = "metrics";

/// The snapshot of the warehouse's tables.
const CATALOG: &str = "schema/catalog.json";

/// What the warehouse's tables held when it was last asked to write it down.
const STATISTICS: &str = "schema/statistics.json";

/// The greatest file of definitions: some hundred times the size of a long one.
const MAX_DEFINITIONS: u64 = 16 * 1024 * 1024;

/// The greatest catalog: a million columns.
const MAX_CATALOG: u64 = 128 * 1024 * 1024;

/// What became of a project's folder.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The folder.
    pub root: PathBuf,
    /// The texts; places of diagnostics point into them.
    pub files: SourceMap,
    /// `entente.yml`, unless it is wrong.
    pub config: Option<Config>,
    /// The known tables; nothing without `schema/catalog.json`, or with one that cannot be read.
    pub catalog: Option<Catalog>,
    /// The project, unless there is an error.
    pub project: Option<Arc<Project>>,
    /// Everything that is wrong or doubtful, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// There is no `entente.yml` in a folder or above it.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is not in a project: there is no `{PROJECT_FILE}` in it or above it", .0.display())]
pub struct NoProject(pub PathBuf);

/// Finds the project that a folder is in: the nearest folder with an `entente.yml`, from `start` upwards.
pub fn find_project(start: &Path) -> Result<PathBuf, NoProject> {
    let absolute = fs::canonicalize(start).map_err(|_| NoProject(start.to_owned()))?;
    let found = absolute.ancestors().find(|folder| folder.join(PROJECT_FILE).is_file());
    found.map(Path::to_owned).ok_or(NoProject(absolute))
}

/// Reads `entente.yml` alone; nothing if it is missing or wrong.
pub fn load_config(root: &Path) -> Option<Config> {
    Reader::new(root).config()
}

/// Reads `schema/statistics.json` of the project in a folder; nothing if it is not there.
///
/// Fails with a sentence for people if it cannot be read.
pub fn load_statistics(root: &Path) -> Result<Option<Statistics>, String> {
    let unreadable = |reason: &dyn fmt::Display| {
        format!("`{STATISTICS}` cannot be read: {reason}; write it anew with `entente catalog pull --statistics`")
    };
    let file = match fs::File::open(root.join(STATISTICS)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let mut text = String::new();
    file.take(MAX_CATALOG).read_to_string(&mut text).map_err(|error| unreadable(&error))?;
    Statistics::from_json(&text).map(Some).map_err(|error| unreadable(&error))
}

/// Reads, loads and resolves the project in a folder.
///
/// Never fails and never stops at the first mistake: without `entente.yml`, or with a broken one, the definitions are
/// still checked as far as they go.
pub fn load_project(root: &Path) -> Loaded {
    load(root, |reader, definitions| reader.catalog(definitions))
}

/// Reads, loads and resolves the project in a folder against another catalog than its own, or against none.
pub fn load_project_with(root: &Path, catalog: Option<Catalog>) -> Loaded {
    load(root, |_, _| catalog)
}

fn load(root: &Path, catalog: impl FnOnce(&mut Reader<'_>, &Definitions) -> Option<Catalog>) -> Loaded {
    let mut reader = Reader::new(root);
    let config = reader.config();
    let definitions = reader.definitions();
    let catalog = catalog(&mut reader, &definitions);
    let Reader { files, mut diagnostics, .. } = reader;
    let Resolved { project, diagnostics: found } =
        resolve::resolve(config.as_ref().unwrap_or(&Config::stand_in()), &definitions, catalog.as_ref());
    diagnostics.extend(found);
    let project = if diagnostics.has_errors() { None } else { project };
    Loaded {
        root: root.to_owned(),
        files,
        config,
        catalog,
        project: project.map(Arc::new),
        diagnostics: diagnostics.sorted(),
    }
}

/// What has been read so far.
struct Reader<'a> {
    root: &'a Path,
    /// The root without links, to see whether a file lies below it.
    real_root: Option<PathBuf>,
    files: SourceMap,
    diagnostics: Diagnostics,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Path) -> Self {
        Self { root, real_root: fs::canonicalize(root).ok(), files: SourceMap::new(), diagnostics: Diagnostics::new() }
    }

    fn config(&mut self) -> Option<Config> {
        if !self.root.join(PROJECT_FILE).exists() {
            let file = self.files.add(PROJECT_FILE, "");
            let help = if self.root.join("entente.yaml").exists() {
                "Rename `entente.yaml` to `entente.yml`.".to_owned()
            } else {
                format!("Name the project's folder with `--project`, or write `{PROJECT_FILE}`; `entente init` does.")
            };
            let message = format!("`{PROJECT_FILE}` is missing");
            self.report(Diagnostic::new(Code::UnreadableFile, Span::new(file, 0, 0), message).help(help));
            return None;
        }
        let file = self.read(PROJECT_FILE, MAX_DEFINITIONS)?;
        let loaded = syntax::load_config(&self.files, file, &|name| std::env::var(name).ok());
        for secret in syntax::secrets(&self.files.file(file).text) {
            self.files.hide(file, secret);
        }
        match loaded {
            Ok(config) => Some(config),
            Err(found) => {
                found.into_iter().for_each(|diagnostic| self.report(diagnostic));
                None
            }
        }
    }

    fn definitions(&mut self) -> Definitions {
        let mut paths = Vec::new();
        self.list(DEFINITIONS, &mut BTreeSet::new(), &mut paths);
        paths.sort();
        let mut definitions = Definitions::default();
        for path in paths {
            if let Some(file) = self.read(&path, MAX_DEFINITIONS) {
                definitions.append(syntax::load(&self.files, file, &mut self.diagnostics));
            }
        }
        definitions
    }

    fn catalog(&mut self, definitions: &Definitions) -> Option<Catalog> {
        if fs::symlink_metadata(self.root.join(CATALOG)).is_err() {
            if !definitions.models.is_empty() {
                let message = format!("there is no `{CATALOG}`, so tables and columns were not checked");
                let help = "Write it from the warehouse with `entente catalog pull`.";
                self.whole_file(CATALOG, Code::MissingCatalog, message, help);
            }
            return None;
        }
        let file = self.read(CATALOG, MAX_CATALOG)?;
        let text = &self.files.file(file).text;
        let error = match Catalog::from_json(text) {
            Ok(catalog) => return Some(catalog),
            Err(error) => error,
        };
        let at = offset(text, error.line(), error.column());
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        self.report(
            Diagnostic::new(Code::InvalidConfiguration, Span::new(file, at, at), "the catalog cannot be read")
                .label(reason)
                .help("Remove the file to check without the tables' columns, or write it anew from the warehouse."),
        );
        None
    }

    /// Gathers the paths of all YAML files below a folder; `seen` holds the folders that were walked, without links.
    fn list(&mut self, folder: &str, seen: &mut BTreeSet<PathBuf>, paths: &mut Vec<String>) {
        let Some(real) = self.real_path(folder) else { return };
        if !seen.insert(real) {
            return;
        }
        let entries = fs::read_dir(self.root.join(folder)).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(folder, "folder", &error),
        };
        let mut names: Vec<String> =
            entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        // Editors leave `.#depots.yml` and the like beside a file that is being edited.
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let path = format!("{folder}/{name}");
            let is_yaml = Path::new(name)
                .extension()
                .is_some_and(|extension| ["yml", "yaml"].iter().any(|known| extension.eq_ignore_ascii_case(known)));
            if fs::metadata(self.root.join(&path)).is_ok_and(|metadata| metadata.is_dir()) {
                self.list(&path, seen, paths);
            } else if is_yaml {
                paths.push(path);
            }
        }
    }

    /// Returns where a path leads, if that is inside the project.
    fn real_path(&mut self, path: &str) -> Option<PathBuf> {
        let real = match fs::canonicalize(self.root.join(path)) {
            Ok(real) => real,
            Err(error) => {
                self.unreadable(path, if path == DEFINITIONS { "folder" } else { "file" }, &error);
                return None;
            }
        };
        if self.real_root.as_ref().is_some_and(|root| !real.starts_with(root)) {
            let file = self.files.add(path, "");
            self.report(
                Diagnostic::new(
                    Code::LinkOutOfProject,
                    Span::new(file, 0, 0),
                    format!("`{path}` is a link out of the project"),
                )
                .help("Copy what it points to into the project, so that everyone has the same definitions."),
            );
            return None;
        }
        Some(real)
    }

    fn read(&mut self, path: &str, limit: u64) -> Option<FileId> {
        let real = self.real_path(path)?;
        // Asked before opening: opening a pipe waits for its writer.
        match fs::metadata(&real) {
            Err(error) => {
                self.unreadable(path, "file", &error);
                return None;
            }
            Ok(metadata) if !metadata.is_file() => {
                self.whole_file(
                    path,
                    Code::UnreadableFile,
                    format!("`{path}` is not a regular file"),
                    "Definitions are text files; move it out of the folder.",
                );
                return None;
            }
            Ok(metadata) if metadata.len() > limit => {
                self.too_large(path, limit);
                return None;
            }
            Ok(_) => {}
        }
        let mut bytes = Vec::new();
        // A file may grow between the question and the reading.
        let read = fs::File::open(&real).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            self.unreadable(path, "file", &error);
            return None;
        }
        if bytes.len() as u64 > limit {
            self.too_large(path, limit);
            return None;
        }
        match String::from_utf8(bytes) {
            Ok(text) => Some(self.files.add(path, text)),
            Err(error) => {
                self.not_utf8(path, &error);
                None
            }
        }
    }

    fn not_utf8(&mut self, path: &str, error: &std::string::FromUtf8Error) {
        let at = error.utf8_error().valid_up_to();
        let file = self.files.add(path, String::from_utf8_lossy(error.as_bytes()));
        let byte = error.as_bytes()[at];
        self.report(
            Diagnostic::new(Code::NotUtf8, Span::new(file, at, at), format!("`{path}` is not UTF-8 text"))
                .label(format!("byte 0x{byte:02x} at offset {at}"))
                .help("Save the file as UTF-8; an editor may have written Latin-1 or UTF-16."),
        );
    }

    fn too_large(&mut self, path: &str, limit: u64) {
        self.whole_file(
            path,
            Code::FileTooLarge,
            format!("`{path}` is larger than {} MiB", limit / 1024 / 1024),
            "Split the file; if it is data, move it out of the folder.",
        );
    }

    fn unreadable(&mut self, path: &str, kind: &str, error: &io::Error) {
        let message = match error.kind() {
            io::ErrorKind::NotFound if path == DEFINITIONS => format!("{kind} `{path}` is missing"),
            io::ErrorKind::NotFound => format!("{kind} `{path}` does not lead to a file"),
            io::ErrorKind::PermissionDenied => format!("{kind} `{path}` may not be read"),
            _ => format!("{kind} `{path}` cannot be read"),
        };
        let help = match error.kind() {
            io::ErrorKind::NotFound if path == DEFINITIONS => {
                "Definitions are YAML files in a folder `metrics` beside `entente.yml`."
            }
            io::ErrorKind::NotFound => "Remove the link, or restore what it points to.",
            io::ErrorKind::PermissionDenied => "Give yourself the right to read it, such as with `chmod u+rX`.",
            _ => "Look at the disk and at the file's rights.",
        };
        self.whole_file(path, Code::UnreadableFile, message, help);
    }

    fn whole_file(&mut self, path: &str, code: Code, message: String, help: &str) {
        let file = self.files.add(path, "");
        self.report(Diagnostic::new(code, Span::new(file, 0, 0), message).help(help));
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

/// Returns the byte offset of a line and a column, both from one.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}
