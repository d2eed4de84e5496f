//! `entente lookml check`: everything that is wrong with a LookML project, ours or anybody's.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use clap::{Subcommand, ValueEnum};

use super::{
    check::Format,
    context::{Context, count},
    failure::{Failure, reason},
};
use crate::{
    diagnostics::{Code, Diagnostic, Severity, nearest, render},
    files::{SourceMap, Span},
    lookml::check::{Checked, check},
};

/// So long a check may take before it says that it is at work.
const PATIENCE: Duration = Duration::from_secs(1);

/// Work with LookML, whoever wrote it
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente lookml check lookml_out      what is wrong with a LookML project")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: LookmlCommand,
}

#[derive(Subcommand)]
enum LookmlCommand {
    Check(CheckArguments),
}

/// Check a LookML project
///
/// Reads every `.lkml` file below a folder, puts models together as Looker does (includes, refinements, extends,
/// constants) and shows everything that is wrong, with its place, a code and a way to mend it. `entente explain CODE` tells
/// more about a code. No Looker is asked, and the project need not be one of entente.
///
/// A comment `# entente: allow CODE` allows what is found on its line and the next one, `# entente: allow-file CODE` in
/// the whole file.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente lookml check lookml_out                      check what `entente build` wrote
  entente lookml check . --format github               annotations for a pull request
  entente lookml check . --deny warning                for CI: exit with 1 on warnings, too
  entente lookml check . --allow lookml-unused-file    leave one kind of finding out")]
struct CheckArguments {
    /// The project's folder: that of its `manifest.lkml`
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// How findings are shown
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    format: Format,
    /// From which severity on a finding fails the check
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    deny: Level,
    /// A code that is left out; may be repeated
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    allow: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Whatever is found
    Note,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Note => Self::Note,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    match &arguments.command {
        LookmlCommand::Check(arguments) => run_check(arguments, context),
    }
}

fn run_check(arguments: &CheckArguments, context: &mut Context) -> Result<(), Failure> {
    for code in &arguments.allow {
        if Code::ALL.iter().all(|known| known.name() != code) {
            let near = nearest(code, Code::ALL.iter().map(|code| code.name()));
            let failure = Failure::usage(format!("there is no code `{code}`"));
            return Err(match near {
                Some(near) => failure.help(format!("Did you mean `{near}`?")),
                None => failure.help("`entente explain codes` lists all codes."),
            });
        }
    }
    let (files, mut checked) = patiently(context, || {
        let mut unreadable = Vec::new();
        let files = read(&arguments.folder, &mut unreadable)?;
        let mut checked = check(&files);
        checked.diagnostics.extend(unreadable);
        Ok((files, checked))
    })?;
    checked.diagnostics.retain(|found| !arguments.allow.iter().any(|code| code == found.code.name()));
    let text =
        render::render(arguments.format.into(), &checked.diagnostics, &files, context.colors(&io::stdout()).into());
    context.out.write_all(text.as_bytes())?;
    context.out.flush()?;
    context.note(&summary(&files, &checked));
    let denied = arguments.deny.into();
    if checked.diagnostics.iter().any(|found| found.code.severity() <= denied) {
        return Err(Failure::shown());
    }
    Ok(())
}

fn summary(files: &SourceMap, checked: &Checked) -> String {
    let read = files.iter().count() - checked.dashboards;
    let dashboards = match checked.dashboards {
        0 => String::new(),
        some => format!("; {} not read", count(some, "dashboard")),
    };
    format!(
        "{} with {}, {} and {} checked{dashboards}",
        count(read, "file"),
        count(checked.models, "model"),
        count(checked.views, "view"),
        count(checked.explores, "explore")
    )
}

/// Does some work, and says that it goes on if it takes long.
fn patiently<T: Send>(context: &Context, work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let worker = scope.spawn(move || {
            let result = work();
            // Nobody waits for the message any more once the bar is shown.
            let _ = sender.send(());
            result
        });
        if receiver.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let bar = context.progress(1);
            bar.set_message("checking");
            let _ = receiver.recv();
            bar.finish_and_clear();
        }
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads all LookML below a folder; names that begin with a dot are left out.
pub(super) fn read(root: &Path, unreadable: &mut Vec<Diagnostic>) -> Result<SourceMap, Failure> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| {
            let message = format!("`{}` cannot be read: {}", folder.display(), reason(&error));
            if folder == root { Failure::usage(message) } else { Failure::world(message) }
        })?;
        for entry in entries {
            let entry = entry.map_err(|error| Failure::file("read", &folder, &error))?;
            let kind = entry.file_type().map_err(|error| Failure::file("read", &entry.path(), &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let lookml = [".lkml", ".lookml"].iter().any(|extension| name.ends_with(extension));
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if lookml {
                paths.push(entry.path());
            }
        }
    }
    let shown = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let mut named: Vec<(String, PathBuf)> = paths.into_iter().map(|path| (shown(&path), path)).collect();
    named.sort();
    if named.is_empty() {
        let message = format!("there is no LookML in `{}`", root.display());
        return Err(Failure::usage(message).help("Give the folder that holds `.lkml` files."));
    }
    let mut files = SourceMap::new();
    for (name, path) in named {
        let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
        match String::from_utf8(bytes) {
            Ok(text) => {
                files.add(name, text);
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let file = files.add(name.clone(), String::from_utf8_lossy(error.as_bytes()).into_owned());
                let message = format!("`{name}` is not UTF-8 text");
                let diagnostic = Diagnostic::new(Code::NotUtf8, Span::new(file, at, at), message);
                unreadable.push(diagnostic.help("Save the file as UTF-8."));
            }
        }
    }
    Ok(files)
}
