//! Random questions, put to the planner and to the interpreter of LookML.

mod answer;
mod places;
mod question;
mod random;
mod union;
mod world;

pub(super) use answer::Answer;
use answer::{difference, empty, of_looker, of_oracle, of_planner};
use places::places;
pub(super) use random::Random;
use random::{every, make};
pub(super) use world::World;

use super::{Looker, data_tests, project::Model, refuse, write};
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
    outcome.differences.extend(failing(world, &data_tests::all(&model, &world.session(&world.user))?));
    while outcome.compared < questions && outcome.refused < 3 * questions && outcome.differences.len() < 10 {
        let place = &places[(outcome.compared + outcome.refused) % places.len()];
        let question = make(&mut random, world, place);
        let Some(expected) = of_planner(world, &question) else {
            outcome.refused += 1;
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
            Err(refusal) => outcome.differences.push(format!("{}\nLooker refuses: {}\n", question.show(), refusal.0)),
        }
    }
    Ok(outcome)
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
            let sql = write::sql(&model, &world.session(&question.user), &question.query())?;
            let found = of_looker(world, &question, &sql)?;
            if let Some(differs) = difference(&answer, &found, || empty(world, &question)) {
                return refuse(format!("{}\n{differs}\n{sql}", question.show()));
            }
            asked.push((question, sql, answer));
        }
        let tests = data_tests::all(&model, &world.session(&world.user))?;
        Ok(Self { questions: asked, tests })
    }

    /// Whether a model gives another answer to any of the questions, or refuses one.
    pub(super) fn notices(&self, world: &World, model: &Model) -> bool {
        let Ok(mut tests) = data_tests::all(model, &world.session(&world.user)) else { return true };
        tests.retain(|test| !self.tests.contains(test));
        if !failing(world, &tests).is_empty() {
            return true;
        }
        self.questions.iter().any(|(question, right, expected)| {
            let sql = write::sql(model, &world.session(&question.user), &question.query());
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
