//! Runs the `entente` binary in a project of its own.

use std::{
    ffi::OsStr,
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use tempfile::TempDir;

/// The moment that relative ranges count from in tests.
pub(crate) const NOW: &str = "2026-01-15T12:00:00Z";

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// Asserts that it worked, and returns standard output.
    #[track_caller]
    pub(crate) fn worked(self) -> String {
        assert_eq!(self.code, 0, "it failed:\n{}\n{}", self.out, self.err);
        self.out
    }

    /// Asserts how it failed, and what standard error says.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, says: &[&str]) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        for text in says {
            assert!(self.err.contains(text), "standard error does not say `{text}`:\n{}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Returns the command with an environment that does not depend on who runs the tests.
pub(crate) fn entente() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entente"));
    for variable in ["ENTENTE_PROJECT", "ENTENTE_CONNECTION", "ENTENTE_HOST", "ENTENTE_PORT", "NO_COLOR", "RUST_LOG"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).env("RUST_BACKTRACE", "0");
    command
}

/// A project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// Makes an empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Makes a project with one file of definitions and no warehouse.
    pub(crate) fn with(definitions: &str) -> Self {
        let project = Self::empty();
        project.write("entente.yml", "language: 1\nname: small\nconnection: local\nconnections: { local: { type: duckdb, path: small.duckdb } }\n");
        project.write("metrics/small.yml", definitions);
        project
    }

    /// Makes a copy of the worked example with its warehouse.
    pub(crate) fn parcel(scale: Scale) -> Self {
        let project = Self::empty();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["entente.yml", "metrics", "schema", "lookml_out"] {
            copy(&repository.join(name), &project.path(name));
        }
        fs::copy(warehouse(scale), project.path("parcel.duckdb")).expect("the warehouse is copied");
        project
    }

    /// Returns a path within the project.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    }

    /// Reads a file.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("`{name}`: {error}"))
    }

    /// Returns the command, in this folder.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = entente();
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    /// Runs the command in this folder.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.command(arguments).output().expect("the command runs").into()
    }
}

/// How much of the sample there is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// All of it, as in the docs.
    Whole,
    /// A hundredth, with every oddity.
    Hundredth,
}

/// Returns the sample warehouse, made once for each version of the code that makes it.
fn warehouse(scale: Scale) -> &'static Path {
    static WHOLE: OnceLock<PathBuf> = OnceLock::new();
    static HUNDREDTH: OnceLock<PathBuf> = OnceLock::new();
    let (place, name, factor) = match scale {
        Scale::Whole => (&WHOLE, "whole", 1.0),
        Scale::Hundredth => (&HUNDREDTH, "hundredth", 0.01),
    };
    place.get_or_init(|| {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{:016x}.duckdb", version_of_the_sample()));
        if !path.exists() {
            entente::sample::create(&path, factor, &|_, _| {}).expect("the sample is made");
        }
        path
    })
}

/// Returns a hash of the code that makes the sample.
fn version_of_the_sample() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sample");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the code is there").map(|entry| entry.expect("it is read").path()).collect();
    files.sort();
    let mut hasher = std::hash::DefaultHasher::new();
    for file in files {
        fs::read(file).expect("the code is read").hash(&mut hasher);
    }
    hasher.finish()
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).expect("a folder is made");
        for entry in fs::read_dir(from).expect("a folder is read") {
            let entry = entry.expect("a folder is read");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else if from.exists() {
        fs::copy(from, to).expect("a file is copied");
    }
}
