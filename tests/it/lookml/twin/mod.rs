//! The twin test: an interpreter of LookML that shares nothing with the emitter or the planner, written from Looker's
//! documentation, computes the planner's numbers from the emitted text.
//!
//! | file | is |
//! |---|---|
//! | `text`, `project`, `layers` | files → blocks → one model, with includes, constants, refinements and extensions |
//! | `explore`, `field` | what somebody can ask of an explore |
//! | `liquid`, `filter/` | the two languages inside of LookML |
//! | `write/` | a query → SQL |
//! | `data_tests` | the tests that a project has of its data |
//! | `ask/` | random questions, asked of the planner and of the interpreter |
//! | `funnels`, `inside` | worlds of funnels of every kind, and of what looks at all rows that a query leaves |
//! | `edges`, `suggest` | what is easily said wrongly; what somebody is suggested while they type |
//! | `hand`, `literals` | what entente does not write, against SQL written by hand; filters by any text |
//! | `wrong/` | mistakes planted into the text, which the questions have to notice |

mod ask;
mod data_tests;
mod edges;
mod explore;
mod field;
mod filter;
mod funnels;
mod hand;
mod inside;
mod layers;
mod liquid;
mod literals;
mod project;
mod query;
mod suggest;
mod text;
mod write;
mod wrong;

use ask::{Outcome, World};
use project::Model;

use super::worlds::{Dialects, emit, parcel};
use crate::battery::Small;

/// Something, or why Looker refuses it.
type Looker<T> = Result<T, Refusal>;

/// Why Looker refuses something.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal(String);

impl Refusal {
    /// Whether somebody has no value of a user attribute that is needed.
    fn has_no_value(&self) -> bool {
        self.0.contains("has no value")
    }
}

fn refuse<T>(reason: impl Into<String>) -> Looker<T> {
    Err(Refusal(reason.into()))
}

/// How many random questions a world is asked.
const QUESTIONS: usize = 300;

fn check(world: &World) {
    let outcome = ask::compare(world, QUESTIONS, 1).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    let differences = &outcome.differences;
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        outcome.compared,
        differences.join("\n")
    );
    assert!(outcome.compared >= QUESTIONS, "only {} questions were compared", outcome.compared);
    assert!(outcome.rows > outcome.compared, "the questions are too poor to show anything");
}

#[test]
fn the_parcel_carrier_has_the_same_numbers_in_looker() {
    check(&World::parcel());
}

#[test]
fn real_flights_have_the_same_numbers_in_looker() {
    check(&World::flights());
}

#[test]
fn the_shop_has_the_same_numbers_in_looker() {
    check(&World::shop());
}

#[test]
fn the_orders_of_tpch_have_the_same_numbers_in_looker() {
    check(&World::tpch());
}

#[test]
fn a_shop_imported_from_dbt_has_the_same_numbers_in_looker() {
    check(&World::dbt("legacy"));
    check(&World::dbt("newer"));
}

#[test]
fn what_people_refine_wins() {
    let mut files = emit(&parcel(), Dialects::Configured).files;
    let stub = files.get_mut("views/refined/shipments.view.lkml").expect("a stub");
    let refined = "view: +shipments {\n  measure: revenue { label: \"Net revenue\" }\n  \
                   measure: parcels_booked { label: \"Bookings\" }\n}";
    *stub = stub.replace("view: +shipments {\n}", refined);
    let model = Model::read(&files).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    let view = model.view("shipments").unwrap_or_else(|refusal| panic!("{}", refusal.0));
    for (measure, label, kind) in [("revenue", "Net revenue", "sum"), ("parcels_booked", "Bookings", "count")] {
        let measure = view.named("measure", measure).expect("a measure");
        assert_eq!((measure.word("label"), measure.word("type")), (Some(label), Some(kind)));
    }
}

#[test]
fn everyone_sees_the_same_numbers_in_looker() {
    let mut world = World::governed();
    let mut total = Outcome::default();
    for (at, words) in PEOPLE.iter().enumerate() {
        world = world.asked_by(words);
        let outcome =
            ask::compare(&world, QUESTIONS / 4, at as u64).unwrap_or_else(|refusal| panic!("{words}: {}", refusal.0));
        assert!(outcome.differences.is_empty(), "{words}:\n{}", outcome.differences.join("\n"));
        total.add(outcome);
    }
    assert!(total.compared >= PEOPLE.len() * QUESTIONS / 4, "{total:?}");
}

/// Who asks the governed carrier: every role, claims that see some rows, all, none, and a claim that would end a text.
const PEOPLE: [&str; 8] = [
    "country=DE region=NW",
    "support country=DE region=W",
    "finance network country=FR",
    "admin region=NW",
    "admin network support finance",
    "network country=DE,FR",
    "admin region=N'W",
    "region=NW",
];

/// Asks random worlds, each as somebody with the user attribute `region`, which matters where there is a policy.
fn check_random(worlds: u64, is_guarded: bool) -> Outcome {
    let mut total = Outcome::default();
    for seed in 0..worlds {
        let small = Small::make(seed);
        if small.is_guarded() != is_guarded {
            continue;
        }
        let world = World::random(small);
        let outcome = ask::compare(&world, QUESTIONS / 10, seed).unwrap_or_else(|refusal| panic!("{}", refusal.0));
        assert!(outcome.differences.is_empty(), "seed {seed}:\n{}", outcome.differences.join("\n"));
        total.add(outcome);
    }
    total
}

#[test]
fn random_worlds_have_the_same_numbers_in_looker_and_by_hand() {
    let total = check_random(16, false);
    assert!(total.compared >= QUESTIONS && total.told * 4 >= total.compared, "{total:?}");
}

#[test]
fn random_worlds_with_a_policy_show_the_same_rows_in_looker() {
    let total = check_random(48, true);
    assert!(total.compared >= QUESTIONS, "{total:?}");
}

/// Plants mistakes into the LookML of a world, and says which were not noticed.
fn plant(worlds: impl IntoIterator<Item = World>, kinds: &[wrong::Kind], questions: usize) {
    let mut tally = wrong::Tally::default();
    let plant = |world: &World, kinds: &[&wrong::Kind]| {
        wrong::plant(world, kinds, questions).unwrap_or_else(|refusal| panic!("{}", refusal.0))
    };
    for world in worlds {
        tally.add(plant(&world, &kinds.iter().collect::<Vec<_>>()));
    }
    // What has no place in these worlds has one in the largest.
    let missing = |tally: &wrong::Tally| -> Vec<&wrong::Kind> {
        kinds.iter().filter(|kind| !tally.kinds.contains_key(kind.name)).collect()
    };
    let others = missing(&tally);
    if !others.is_empty() {
        tally.add(plant(&World::parcel(), &others));
    }
    let (found, planted) = (tally.found(), tally.planted());
    eprintln!(
        "{found} of {planted} mistakes of {} kinds were noticed\n{}",
        tally.kinds.len(),
        tally.survivors.join("\n")
    );
    assert!(found * 100 >= planted * 95, "{found} of {planted}: {:#?}", tally.survivors);
    assert!(missing(&tally).is_empty(), "{:?} have no place", missing(&tally));
}

#[test]
fn mistakes_in_lookml_are_noticed() {
    // In a zone behind UTC a date that is converted becomes the day before.
    let large = (100..).map(|seed| Small::make_large(seed, 12).unguarded());
    let west = large.filter(|small| small.config().contains("America/")).take(3);
    plant(west.map(World::random).chain([World::shop()]), wrong::NUMBERS, QUESTIONS / 3);
}

#[test]
fn mistakes_in_policies_are_noticed() {
    let tallies = ["country=DE region=W", "support finance country=FR region=SW", "admin network"].map(|words| {
        let world = World::governed().asked_by(words);
        let kinds: Vec<&wrong::Kind> = wrong::POLICIES.iter().collect();
        wrong::plant(&world, &kinds, QUESTIONS / 4).unwrap_or_else(|refusal| panic!("{words}: {}", refusal.0))
    });
    // Somebody has to notice: who sees everything misses no filter.
    let [one, others @ ..] = &tallies;
    let is_unseen = |mistake: &&String| others.iter().all(|tally| tally.survivors.contains(mistake));
    let survivors: Vec<&String> = one.survivors.iter().filter(is_unseen).collect();
    let (planted, found) = (one.planted(), one.planted() - survivors.len());
    eprintln!("{found} of {planted} mistakes in policies were noticed");
    assert!(
        found * 100 >= planted * 95 && one.kinds.len() == wrong::POLICIES.len(),
        "{found} of {planted}: {survivors:#?}"
    );
}
