//! Mistakes planted into the emitted text, one at a time: the questions have to notice them.

mod edit;
mod kinds;

use std::collections::BTreeMap;

use super::{
    Looker,
    ask::{Asked, World},
    project::{Model, blocks},
    text::read,
};
pub(super) use kinds::{Kind, NUMBERS, POLICIES};

/// How many places of a project one kind of mistake is planted at.
const SITES: usize = 4;

/// What became of the mistakes of a project.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Mistakes found and planted, by kind.
    pub(super) kinds: BTreeMap<&'static str, (usize, usize)>,
    /// Those that nothing noticed.
    pub(super) survivors: Vec<String>,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        for (kind, (found, planted)) in other.kinds {
            let tally = self.kinds.entry(kind).or_default();
            *tally = (tally.0 + found, tally.1 + planted);
        }
        self.survivors.extend(other.survivors);
    }

    pub(super) fn found(&self) -> usize {
        self.kinds.values().map(|(found, _)| found).sum()
    }

    pub(super) fn planted(&self) -> usize {
        self.kinds.values().map(|(_, planted)| planted).sum()
    }
}

/// Plants kinds of mistakes into the LookML of a world.
pub(super) fn plant(world: &World, kinds: &[&Kind], questions: usize) -> Looker<Tally> {
    let asked = Asked::new(world, questions, 7)?;
    let right = blocks(&world.emitted.files)?;
    let mut tally = Tally::default();
    for kind in kinds {
        for (path, text) in sites(kind, &world.emitted.files) {
            let counts = tally.kinds.entry(kind.name).or_default();
            counts.1 += 1;
            let wrong = read(&text).and_then(|block| {
                let mut files = right.clone();
                files.insert(path.clone(), block);
                Model::of_blocks(&files)
            });
            if wrong.is_err() || wrong.is_ok_and(|model| asked.notices(world, &model)) {
                counts.0 += 1;
            } else {
                tally.survivors.push(format!(
                    "{} in {path}: {}",
                    kind.name,
                    changed(&world.emitted.files[&path], &text)
                ));
            }
        }
    }
    Ok(tally)
}

/// Some of the places where a kind of mistake can be made, spread over all files.
fn sites(kind: &Kind, files: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let is_asked = |path: &&String| !path.starts_with("tests/") && !path.starts_with("views/refined/");
    let all: Vec<(String, String)> = files
        .keys()
        .filter(is_asked)
        .flat_map(|path| (kind.make)(&files[path]).into_iter().map(|text| (path.clone(), text)))
        .collect();
    let step = all.len().div_ceil(SITES).max(1);
    all.into_iter().step_by(step).collect()
}

/// The first line that two texts do not share.
fn changed(before: &str, after: &str) -> String {
    let mut lines = before.lines().zip(after.lines());
    lines
        .find(|(before, after)| before != after)
        .map_or_else(String::new, |(before, after)| format!("`{}` → `{}`", before.trim(), after.trim()))
}
