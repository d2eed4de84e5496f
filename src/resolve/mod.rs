//! Syntax + catalog → project, in named stages. Every rule has a code.
//!
//! **Invariant:** resolving never stops at the first mistake, and a project is returned only if there is none.

use crate::{
    catalog::Catalog,
    diagnostics::Diagnostics,
    project::Project,
    syntax::{Config, Definitions},
};

/// What resolving made of the definitions.
#[derive(Debug)]
pub struct Resolved {
    /// The project; absent if there is an error.
    pub project: Option<Project>,
    /// Everything that is wrong or doubtful.
    pub diagnostics: Diagnostics,
}

/// Resolves all definitions of a project.
///
/// A table that the catalog does not know is taken as it is, with columns of unknown type; an empty catalog thus
/// checks names and shapes only.
pub fn resolve(_config: &Config, _definitions: &Definitions, _catalog: &Catalog) -> Resolved {
    todo!()
}
