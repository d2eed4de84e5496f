//! Random questions, put to the planner and to the interpreter of LookML.

mod answer;
mod people;
mod places;
mod question;
mod random;
mod union;
mod world;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use answer::Answer;
use answer::{difference, empty, is_kept, of_looker, of_oracle, of_planner};
use places::places;
pub(super) use random::Random;
use random::{every, make};
pub(super) use world::World;

use super::{Looker, data_tests, explore::Explore, project::Model, refuse, write};
use question::Question;

/// What a run of questions came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) compared: usize,
    pub(super) rows: usize,
    /// Questions that the planner refuses.
    pub(super) refused: usize,
    /// Answers that are worked out by hand, too.
    pub(super) told: usize,
    pub(super) differences: Vec<String>,
}

impl Outcome {
    pub(super) fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.rows += other.rows;
        self.refused += other.refused;
        self.told += other.told;
        self.differences.extend(other.differences);
    }
}

/// Asks so many questions of every explore together, in turn.
pub(super) fn compare(world: &World, questions: usize, seed: u64) -> Looker<Outcome> {
    let model = Model::read(&world.emitted.files)?;
    let places = places(world, &model)?;
    if places.is_empty() {
        return Ok(Outcome::default());
    }
    let mut random = Random::new(seed);
    let mut outcome = Outcome::default();
    match data_tests::all(&model, &world.session(&world.user)) {
        Err(refusal) if refusal.has_no_value() => {}
        tests => outcome.differences.extend(failing(world, &tests?)),
    }
    while outcome.compared < questions && outcome.refused < 3 * questions && outcome.differences.len() < 10 {
        let place = &places[(outcome.compared + outcome.refused) % places.len()];
        let question = make(&mut random, world, place);
        let Some(expected) = of_planner(world, &question) else {
            outcome.refused += 1;
            if is_kept(world, &question) && write::sql(&model, &world.session(&world.user), &question.query()).is_ok() {
                outcome.differences.push(format!("{}\nLooker shows what a policy keeps", question.show()));
            }
            continue;
        };
        outcome.compared += 1;
        outcome.rows += expected.rows.len();
        if let Some(told) = of_oracle(world, &question) {
            outcome.told += 1;
            let differs = difference(&told, &expected, Vec::new)
                .map(|differs| format!("{}\nby hand: {differs}", question.show()));
            outcome.differences.extend(differs);
        }
        let found =
            question.sql(world, &model, &mut random).and_then(|sql| Ok((of_looker(world, &question, &sql)?, sql)));
        match found {
            Ok((found, sql)) => {
                let differs = difference(&expected, &found, || empty(world, &question));
                outcome.differences.extend(differs.map(|differs| format!("{}\n{differs}\n{sql}\n", question.show())));
            }
            Err(refusal) if refusal.has_no_value() => {
                // Who has no value of a user attribute sees nothing.
                let differs = difference(&Answer::default(), &expected, || empty(world, &question));
                outcome.differences.extend(differs.map(|differs| format!("{}\n{differs}", question.show())));
            }
            Err(refusal) => outcome.differences.push(format!("{}\nLooker refuses: {}\n", question.show(), refusal.0)),
        }
    }
    Ok(outcome)
}

/// The fields that are shown to the one who asks, by explore.
fn shown(world: &World, model: &Model) -> BTreeMap<String, BTreeSet<String>> {
    let names = world.emitted.report.entries.iter().filter_map(|entry| entry.explore.as_ref());
    let explores = names.filter_map(|name| Some((name, Explore::find(model, name, &world.user).ok()?)));
    explores.map(|(name, found)| (name.clone(), found.fields().map(str::to_owned).collect())).collect()
}

/// The data tests that fail.
fn failing(world: &World, tests: &[(String, String)]) -> Vec<String> {
    let fails = |(name, sql): &(String, String)| match world.rows(sql) {
        Ok(rows) if rows.columns[0].text(0).as_deref() != Some("false") => None,
        Ok(_) => Some(format!("data test {name} fails\n{sql}")),
        Err(error) => Some(format!("data test {name}: {error}\n{sql}")),
    };
    tests.iter().filter_map(fails).collect()
}

/// Questions with the planner's answers, for LookML that is wrong.
pub(super) struct Asked {
    questions: Vec<(Question, String, Answer)>,
    tests: Vec<(String, String)>,
    /// What is shown of each explore.
    shown: BTreeMap<String, BTreeSet<String>>,
    /// The LookML without a mistake.
    right: Model,
}

impl Asked {
    /// Asks of everything that there is, and so many questions more.
    pub(super) fn new(world: &World, questions: usize, seed: u64) -> Looker<Self> {
        let model = Model::read(&world.emitted.files)?;
        let places = places(world, &model)?;
        let mut random = Random::new(seed);
        let mut all: Vec<Question> = places.iter().flat_map(|place| every(&mut random, world, place)).collect();
        all.extend((0..questions).map(|number| make(&mut random, world, &places[number % places.len()])));
        let mut asked = Vec::new();
        for question in all {
            let Some(answer) = of_planner(world, &question) else { continue };
            let sql = write::sql(&model, &question.session(world), &question.query())?;
            let found = of_looker(world, &question, &sql)?;
            if let Some(differs) = difference(&answer, &found, || empty(world, &question)) {
                return refuse(format!("{}\n{differs}\n{sql}", question.show()));
            }
            asked.push((question, sql, answer));
        }
        let tests = data_tests::all(&model, &world.session(&world.user))?;
        Ok(Self { questions: asked, tests, shown: shown(world, &model), right: model })
    }

    /// Whether a model gives another answer to any of the questions, or refuses one.
    pub(super) fn notices(&self, world: &World, model: &Model) -> bool {
        // What has become visible; what is gone is missed by a question.
        let is_new = |(explore, fields): (String, BTreeSet<String>)| {
            self.shown.get(&explore).is_none_or(|known| !fields.is_subset(known))
        };
        if !self.right.has_the_same_fields(model) && shown(world, model).into_iter().any(is_new) {
            return true;
        }
        let Ok(mut tests) = data_tests::all(model, &world.session(&world.user)) else { return true };
        tests.retain(|test| !self.tests.contains(test));
        if !failing(world, &tests).is_empty() {
            return true;
        }
        let mut same: BTreeMap<&str, bool> = BTreeMap::new();
        self.questions.iter().any(|(question, right, expected)| {
            let explore = question.explore.as_str();
            if *same.entry(explore).or_insert_with(|| self.right.is_same(model, explore)) {
                return false;
            }
            let sql = write::sql(model, &question.session(world), &question.query());
            match sql {
                Err(_) => true,
                Ok(sql) if sql == *right => false,
                Ok(sql) => match of_looker(world, question, &sql) {
                    Err(_) => true,
                    Ok(found) => difference(expected, &found, || empty(world, question)).is_some(),
                },
            }
        })
    }
}
