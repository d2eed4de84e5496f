//! Random questions, put to the planner and to the interpreter of LookML.

mod answer;
mod places;
mod question;
mod random;
mod world;

use answer::{difference, empty, of_looker, of_oracle, of_planner};
use places::places;
use random::{Random, make};
pub(super) use world::World;

use super::{Looker, project::Model};

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
