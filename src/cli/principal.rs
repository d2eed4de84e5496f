//! `--principal FILE`: who asks, for the commands that plan a request.

use std::{fs, path::PathBuf};

use super::{
    context::{Context, say},
    failure::Failure,
};
use crate::{
    diagnostics::render::{Color, Format, render},
    files::SourceMap,
    ids::MetricId,
    plan::Principal,
    project::Project,
    resolve,
};

/// Who asks.
#[derive(clap::Args)]
pub(crate) struct PrincipalArgument {
    /// Who asks, a file of YAML or JSON: `{ id: ann, roles: [finance], claims: { country: DE } }`; nobody is known without it
    #[arg(long, value_name = "FILE")]
    principal: Option<PathBuf>,
}

impl PrincipalArgument {
    /// Reads who asks; what is wrong with the file is said on standard error.
    pub(crate) fn read(&self) -> Result<Principal, Failure> {
        let Some(path) = &self.principal else { return Ok(Principal::default()) };
        let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        let mut files = SourceMap::new();
        let file = files.add(path.display().to_string(), text);
        resolve::principal(&files, file).map_err(|found| {
            say(&render(Format::Full, &found, &files, Color::Never));
            Failure::shown()
        })
    }

    /// Says that policies may hide rows of these metrics, where nobody is said to ask.
    pub(crate) fn say_what_is_hidden(
        &self,
        project: &Project,
        metrics: impl Iterator<Item = MetricId>,
        context: &Context<'_>,
    ) {
        if self.principal.is_some() {
            return;
        }
        let models = project.models_with_hidden_rows(metrics);
        if models.is_empty() {
            return;
        }
        let names: Vec<String> = models.iter().map(|model| format!("`{model}`")).collect();
        context.note(&format!(
            "policies hide rows of {} from whoever is not known: say who asks with `--principal FILE`",
            names.join(", ")
        ));
    }
}
