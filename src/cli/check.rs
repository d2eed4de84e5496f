//! `entente check`: everything that is wrong with a project, in one run.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use clap::ValueEnum;

use super::{
    context::{Context, count},
    failure::Failure,
};
use crate::diagnostics::{Severity, render};

/// Check the definitions
///
/// Everything that is wrong is shown in one run, with its place, a code and a way to mend it. `entente explain CODE`
/// tells more about a code. Nothing is asked of the warehouse: columns are checked against `schema/catalog.json`, which
/// `entente catalog pull` writes.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente check                       check the project around the working folder
  entente check --format concise      one line for each problem
  entente check --format github       annotations for a pull request
  entente check --warnings fail       for CI: exit with 1 on warnings, too")]
pub(crate) struct Arguments {
    /// How problems are shown
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    format: Format,
    /// Whether warnings fail the check
    #[arg(long, value_name = "WHAT", default_value = "allow")]
    warnings: Warnings,
}

/// How problems are shown, on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// With the lines of the file around each place
    Full,
    /// One line each: `file:line:column: error[code] message`
    Concise,
    /// One JSON array
    Json,
    /// Workflow commands that GitHub shows beside the lines
    Github,
}

impl From<Format> for render::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Full => Self::Full,
            Format::Concise => Self::Concise,
            Format::Json => Self::Json,
            Format::Github => Self::GitHub,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Warnings {
    /// Show them
    Allow,
    /// Show them and exit with 1
    Fail,
    /// Leave them out
    Hide,
}

/// Returns what leads to the project from a folder, else from the working folder: `analytics/`, `../`, or nothing.
fn way_to(root: &Path, from: Option<PathBuf>) -> String {
    let from = from.filter(|folder| !folder.as_os_str().is_empty()).or_else(|| env::current_dir().ok());
    let real = |path: &Path| fs::canonicalize(path).ok();
    let Some((root, from)) = real(root).zip(from.as_deref().and_then(real)) else { return String::new() };
    let shared = root.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(shared).map(|_| "..".to_owned());
    let down = root.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).map(|part| part + "/").collect()
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let loaded = context.load()?;
    let shown: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|found| arguments.warnings != Warnings::Hide || found.code.severity() == Severity::Error)
        .cloned()
        .collect();
    let files = match arguments.format {
        Format::Full => loaded.files.clone(),
        // What reads these looks for the files from where it stands.
        Format::Concise | Format::Json => loaded.files.below(&way_to(&loaded.root, None)),
        Format::Github => loaded.files.below(&way_to(&loaded.root, env::var_os("GITHUB_WORKSPACE").map(PathBuf::from))),
    };
    let text = render::render(arguments.format.into(), &shown, &files, context.colors(&io::stdout()).into());
    context.out.write_all(text.as_bytes())?;
    context.out.flush()?;

    let errors = shown.iter().filter(|found| found.code.severity() == Severity::Error).count();
    let warnings = shown.len() - errors;
    if let Some(project) = &loaded.project {
        let models = count(project.models.len(), "model");
        context.note(&format!("{models} and {} are right", count(project.metrics.len(), "metric")));
    }
    if errors > 0 || (warnings > 0 && arguments.warnings == Warnings::Fail) {
        return Err(Failure::shown());
    }
    Ok(())
}
