//! Resolves what was said: a project, or what is not said in the next round.

use std::collections::BTreeMap;

use super::{Options, settings::Settings};
use crate::{
    import::{ImportedFile, refuse},
    lookml,
    project::Project,
};

/// What is not said, and why: by the view, or the section, and the name there.
pub(super) type Refused = BTreeMap<(String, String), String>;

/// What came of resolving.
pub(super) enum Resolved {
    /// Everything holds.
    Project(Box<Project>),
    /// These definitions do not.
    Refuses(Refused),
}

/// Resolves definitions.
pub(super) fn resolve(definitions: &[ImportedFile], settings: &Settings, options: &Options) -> Resolved {
    let (project, refusals) = refuse::resolve(definitions, &settings.config, &options.catalog);
    if let Some(project) = project {
        return Resolved::Project(project);
    }
    let mut refused = Refused::new();
    for refusal in refusals {
        refused.entry(refusal.definition).or_insert(refusal.message);
    }
    Resolved::Refuses(refused)
}

/// Emits the LookML of definitions.
pub(super) fn emit(project: &Project, settings: &Settings, definitions: &[ImportedFile]) -> BTreeMap<String, String> {
    let (files, ..) = refuse::load(definitions);
    let options = lookml::Options::from_config(&settings.config, &files);
    lookml::emit(project, &options).map(|emitted| emitted.files).unwrap_or_default()
}
