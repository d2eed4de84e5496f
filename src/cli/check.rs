//! `entente check`: everything that is wrong with a project, in one run.

use std::io;

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

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let loaded = context.load()?;
    let shown: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|found| arguments.warnings != Warnings::Hide || found.code.severity() == Severity::Error)
        .cloned()
        .collect();
    let text = render::render(arguments.format.into(), &shown, &loaded.files, context.colors(&io::stdout()).into());
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
