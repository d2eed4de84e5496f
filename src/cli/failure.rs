//! Why a command ends early, and with which exit code.

use std::{io, path::Path, process::ExitCode};

use crate::{engine::NoProject, plan::PlanError, warehouse};

/// How a command ends. The numbers are a promise: scripts and CI branch on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: it worked.
    Worked,
    /// 1: the project, a request or a test is wrong.
    Wrong,
    /// 2: the arguments are wrong.
    Usage,
    /// 3: the world failed.
    World,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Worked => 0,
            Exit::Wrong => 1,
            Exit::Usage => 2,
            Exit::World => 3,
        })
    }
}

/// Why a command ends early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How it ends.
    pub(crate) exit: Exit,
    /// What went wrong, in lower case, without a full stop; empty if it has been shown already.
    pub(crate) message: String,
    /// A full sentence that says what to do.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// The project, a request or a test is wrong.
    pub(crate) fn wrong(message: impl Into<String>) -> Self {
        Self { exit: Exit::Wrong, message: message.into(), help: None }
    }

    /// The same, and everything about it has been shown.
    pub(crate) fn shown() -> Self {
        Self::wrong("")
    }

    /// The arguments are wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: None }
    }

    /// The world failed.
    pub(crate) fn world(message: impl Into<String>) -> Self {
        Self { exit: Exit::World, message: message.into(), help: None }
    }

    /// A file could not be read or written.
    pub(crate) fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::world(format!("`{}` cannot be {verb}: {}", path.display(), reason(error)))
    }

    /// Says what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Says what an error of the operating system means, without its number: "permission denied".
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => {
            let text = error.to_string().to_lowercase();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

/// Standard output cannot be written. That its reader has gone, as `head` does, is no error.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self { exit: Exit::Worked, message: String::new(), help: None },
            _ => Self::world(format!("the output cannot be written: {}", reason(&error))),
        }
    }
}

impl From<NoProject> for Failure {
    fn from(error: NoProject) -> Self {
        let message = error.to_string();
        Self { exit: Exit::Usage, message, help: None }
            .help("Name the project's folder with `--project`, or make one from your data with `entente init`.")
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self { exit: Exit::Wrong, message: error.message, help: error.help }
    }
}

impl From<warehouse::Error> for Failure {
    fn from(error: warehouse::Error) -> Self {
        let failure = Self::world(error.to_string());
        match error.detail() {
            Some(detail) => failure.help(format!("The warehouse says: {}", detail.trim())),
            None => failure,
        }
    }
}
