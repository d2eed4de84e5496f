//! `--principal FILE`: who asks, for the commands that plan a request.

use std::{fs, path::PathBuf};

use super::{context::say, failure::Failure};
use crate::{
    diagnostics::render::{Color, Format, render},
    files::SourceMap,
    plan::Principal,
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
}
