//! Several models of one project → one set of views and explores.
//!
//! Looker keeps the views and explores of each model apart: a spoke refines `revenue` of the hub, and the hub shows it as it
//! was. Here there is one of each. What models add to one another is put together; where they differ, the model that comes
//! first by its path wins, and what another one shows otherwise is told with a reason.
//!
//! **Invariant:** what is carried over is what the model shows that it is taken from: no field of one model is made of what
//! another model says.

mod adding;

use std::collections::{BTreeMap, BTreeSet};

use super::{filter::Letters, report::Outcome, source::model_name};
use crate::{
    diagnostics::Diagnostics,
    files::SourceMap,
    lookml::check::{
        explore::Explore,
        include::Paths,
        layers::{At, Word},
        model::Model,
        source::Source,
    },
};
use adding::Adding;

/// What is known of the models beside what they are together.
#[derive(Debug, Default)]
pub(super) struct Several<'a> {
    /// What models say otherwise than those before them, or as well, and what becomes of it.
    pub(super) told: Vec<(At<'a>, Outcome, String)>,
    /// Access filters of explores that are carried over as another model has them.
    pub(super) guards: Vec<(Explore<'a>, At<'a>)>,
    /// What is to be looked at.
    pub(super) warnings: Vec<String>,
    /// For each explore, whether models tell small letters from capitals in its filters.
    letters: BTreeMap<&'a str, BTreeSet<bool>>,
}

impl<'a> Several<'a> {
    /// Returns whether small letters are told from capitals in filters of the explores that have a view.
    pub(super) fn letters(&self, model: &Model<'a>, view: &str) -> Letters {
        let explores = model.explores.values().filter(|explore| explore.views.values().any(|of| *of == view));
        let mut found: BTreeSet<bool> = explores.flat_map(|explore| self.of_explore(explore)).collect();
        if found.is_empty() {
            found = self.letters.values().flatten().copied().collect();
        }
        match (found.contains(&true), found.contains(&false)) {
            (true, true) => Letters::Depend,
            (false, true) => Letters::Same,
            _ => Letters::Differ,
        }
    }

    /// Returns whether some models tell small letters from capitals, and others do not.
    pub(super) fn differ_on_letters(&self) -> bool {
        self.letters.values().flatten().copied().collect::<BTreeSet<bool>>().len() > 1
    }

    /// Returns whether only the model of an explore says that its filters do not tell small letters from capitals.
    pub(super) fn folds_by_its_model(&self, explore: &Explore<'a>) -> bool {
        !explore.layers.has("case_sensitive") && self.of_explore(explore) == BTreeSet::from([false])
    }

    fn of_explore(&self, explore: &Explore<'a>) -> BTreeSet<bool> {
        match explore.layers.word("case_sensitive") {
            Some(word) => BTreeSet::from([is_yes(word)]),
            None => self.letters.get(explore.name).cloned().unwrap_or_default(),
        }
    }
}

/// Returns whether a word is anything but `no`.
pub(super) fn is_yes(word: Word<'_>) -> bool {
    word.text() != "no"
}

/// Puts all models together; files without a model are one.
pub(super) fn together<'a>(files: &SourceMap, sources: &'a [Source<'a>]) -> (Model<'a>, Several<'a>) {
    let paths = Paths::new(sources, std::iter::empty());
    let mut found = Diagnostics::new();
    let mut whole = Model::whole(sources, &paths, &mut found);
    let starts = (0..sources.len()).filter(|index| sources[*index].is_model());
    let models: Vec<Model<'a>> = starts.map(|start| Model::of(start, sources, &paths, &mut found)).collect();
    let mut several = Several::default();
    for model in if models.is_empty() { std::slice::from_ref(&whole) } else { &models } {
        let tells = model.setting("case_sensitive").and_then(At::value).is_none_or(is_yes);
        model.explores.keys().for_each(|name| {
            several.letters.entry(name).or_default().insert(tells);
        });
    }
    if models.len() < 2 {
        return (whole, several);
    }
    let connections: BTreeSet<&str> =
        models.iter().filter_map(|model| model.setting("connection")?.value()).map(Word::text).collect();
    if connections.len() > 1 {
        let list = connections.into_iter().collect::<Vec<_>>().join("`, `");
        several.warnings.push(format!(
            "the models ask several connections, `{list}`, and a project has one: import them one by one with `--model`"
        ));
    }
    whole.views.clear();
    whole.explores.clear();
    for model in &models {
        let name = model.file.and_then(model_name).unwrap_or_default();
        Adding::new(files, name, model, &whole).add(&mut whole, &mut several);
    }
    (whole, several)
}
