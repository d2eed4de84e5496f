//! Syntax + catalog → project, in named stages. Every rule has a code.
//!
//! A project whose metric `revenue` names the model `shipmets` gives no project, one `unknown-model` at that word, and
//! every other mistake of all files in the same run. A broken definition keeps its name, with an unknown type, so that
//! what refers to it makes no further noise.
//!
//! **Invariant:** resolving never stops at the first mistake, and a project is returned only if there is none.

mod back_joins;
mod calendars;
mod checks;
mod context;
mod dialect;
mod dimensions;
mod expression;
mod joins;
mod kept_rows;
mod lowering;
mod metric_dimensions;
mod metric_times;
mod metrics;
mod models;
mod names;
mod not_yet;
mod path;
mod policies;
mod request_filter;
mod rollups;
mod saved_queries;
mod tables;
mod tests;
mod topology;
mod typing;
mod versions;

pub use dialect::dialect_of;
pub use policies::principal;
pub use rollups::{WantedRollup, rollup_of};

use std::collections::BTreeSet;

use crate::{
    catalog::Catalog,
    diagnostics::{Code, Diagnostic, Diagnostics},
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
/// Without a catalog, every table is taken as it is, with columns of unknown type, so that names and shapes only are
/// checked. An empty catalog is that of a warehouse without tables.
pub fn resolve(config: &Config, definitions: &Definitions, catalog: Option<&Catalog>) -> Resolved {
    let mut diagnostics = Diagnostics::new();
    let found = &mut diagnostics;

    not_yet::report(definitions, found);
    let mut context = names::index(config, definitions, catalog, found);
    names::check_clashes(&context, found);
    tables::resolve(&mut context, found);
    calendars::resolve(&mut context, found);
    models::resolve_columns(&mut context, found);
    back_joins::add(&mut context, found);
    dimensions::resolve(&mut context, found);
    names::check_fields_of_times(&context, found);
    joins::resolve(&mut context, found);
    models::resolve_filters(&mut context, found);
    kept_rows::report_circles(&context, found);
    metrics::resolve(&mut context, found);
    metric_dimensions::resolve(&mut context, found);
    saved_queries::resolve(&mut context, found);
    tests::resolve(&mut context, found);
    policies::resolve(&mut context, found);
    rollups::resolve(&mut context, found);
    metric_times::report(&context, found);
    checks::report(&context, found);

    let mut project = context.project;
    let project = (!diagnostics.has_errors()).then(|| {
        project.hash_meanings();
        project
    });
    let lost = definitions.lost.iter().map(String::as_str).collect();
    diagnostics.retain(|diagnostic| !speaks_of_a_lost_name(diagnostic, &lost));
    Resolved { project, diagnostics }
}

/// Returns whether a name is only unknown because its definition could not be read, which has been told.
fn speaks_of_a_lost_name(diagnostic: &Diagnostic, lost: &BTreeSet<&str>) -> bool {
    let unknown = matches!(
        diagnostic.code,
        Code::UnknownModel
            | Code::UnknownDimension
            | Code::UnknownMetric
            | Code::UnknownName
            | Code::UnknownReplacement
            | Code::UnreachableModel
    );
    // The names of a message stand in backquotes, a path with dots in between.
    let mut words = diagnostic.message.split('`').skip(1).step_by(2).flat_map(|name| name.split('.'));
    unknown && !lost.is_empty() && words.any(|word| lost.contains(word))
}
