//! Relations between answers, which hold whatever the data: no oracle is asked.
//!
//! A case to which a relation does not apply fulfils it, so that a shrinking case cannot leave its ground.

mod cached;
mod changed;
mod combined;
mod total;

use super::{
    ask::{self, Failure, Held, PREFIX, Warehouse},
    case::Case,
    definitions::{Aggregate, Kind, Metric, Simple, parts, uses},
    oracle::Answer,
    query::{self, Dimension, Key, Predicate, Query, Show},
    random::Random,
    world::World,
};

/// A relation, numbered as in the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relation {
    Partition,
    Trinity,
    Independence,
    FilterIsGroup,
    UnrelatedRows,
    Grain,
    Permutation,
    Ratio,
    Unpruned,
    TimeSplit,
    TwiceTheSame,
    Renamed,
    PhysicalTwin,
    Total,
    Together,
    Cached,
}

impl Relation {
    pub(super) const ALL: [Self; 16] = [
        Self::Partition,
        Self::Trinity,
        Self::Independence,
        Self::FilterIsGroup,
        Self::UnrelatedRows,
        Self::Grain,
        Self::Permutation,
        Self::Ratio,
        Self::Unpruned,
        Self::TimeSplit,
        Self::TwiceTheSame,
        Self::Renamed,
        Self::PhysicalTwin,
        Self::Total,
        Self::Together,
        Self::Cached,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Partition => "r1",
            Self::Trinity => "r2",
            Self::Independence => "r3",
            Self::FilterIsGroup => "r4",
            Self::UnrelatedRows => "r8",
            Self::Grain => "r9",
            Self::Permutation => "r10",
            Self::Ratio => "r11",
            Self::Unpruned => "r12",
            Self::TimeSplit => "r14",
            Self::TwiceTheSame => "r15",
            Self::Renamed => "r16",
            Self::Cached => "r6",
            Self::PhysicalTwin => "r7",
            Self::Total => "r18",
            Self::Together => "r19",
        }
    }

    /// What it says.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Partition => "R1: groups put together are the whole",
            Self::Trinity => "R2: where p, where not p and where p is null are the whole",
            Self::Independence => "R3: a metric is the same whatever is asked beside it",
            Self::FilterIsGroup => "R4: a filter for a value is the group of the value",
            Self::UnrelatedRows => "R8: rows of models that are not used change nothing",
            Self::Grain => "R9: fine periods put together are the coarse ones",
            Self::Permutation => "R10: the order of metrics, keys, definitions and rows changes nothing",
            Self::Ratio => "R11: a ratio is the quotient of its parts",
            Self::Unpruned => "R12: a table without partitions gives the same",
            Self::TimeSplit => "R14: a range is its two parts",
            Self::TwiceTheSame => "R15: planned twice is the same text",
            Self::Cached => "R6: what is kept is what is asked anew, whoever asked before",
            Self::PhysicalTwin => "R7: a policy on all rows is no policy on the rows that may be seen",
            Self::Total => "R18: groups and their total are the same in one query as in two",
            Self::Together => "R19: a request's part of a common answer is what it gives alone",
            Self::Renamed => "R16: other names give the same numbers",
        }
    }

    fn applies(self, case: &Case) -> bool {
        let is_plain =
            case.query.having.is_none() && case.query.hidden.is_none() && case.query.top.is_none() && !case.query.fill;
        match self {
            // Groups that overlap, or that parts are of, do not add up.
            Self::Partition => {
                is_plain
                    && !has_copies(&case.query)
                    && !case.query.keys.is_empty()
                    && combined::foldable(case).is_some()
            }
            Self::Trinity => is_plain && combined::of_sum(case),
            // What ignores keys makes no rows beside others.
            Self::Independence => is_plain && case.query.metrics.len() > 1 && !ignores(case),
            // A filter of a funnel hides bases that others would have been credited to.
            Self::FilterIsGroup => {
                is_plain && changed::text_key(&case.query).is_some() && !ignores(case) && !has_funnel(case)
            }
            Self::UnrelatedRows => case.world.policy.is_none() && !changed::unrelated(case).is_empty(),
            Self::Grain => is_plain && combined::of_sum(case) && combined::coarser(&case.query).is_some(),
            Self::Ratio => is_plain && changed::ratio(&case.metrics).is_some(),
            Self::TimeSplit => is_plain && combined::of_sum(case) && combined::middle(&case.query).is_some(),
            Self::Unpruned => case.world.partitions.is_some(),
            Self::PhysicalTwin => case.world.policy.is_some(),
            Self::Total => total::has_total(case),
            Self::Together => is_plain && case.query.metrics.len() > 1,
            Self::Permutation | Self::TwiceTheSame | Self::Renamed | Self::Cached => true,
        }
    }
}

/// How many queries are looked at for one that a relation speaks of.
const TRIES: usize = 100;

/// A relation, a query that it speaks of, and a source for the choices that it takes.
pub(super) fn any(random: &mut Random, case: &Case) -> Option<(Relation, Case, Random)> {
    let relation = *random.pick(&Relation::ALL);
    let mut case = case.clone();
    for _ in 0..TRIES {
        if relation.applies(&case) {
            let own = Random::new(random.value_below(i64::MAX).unsigned_abs());
            return Some((relation, case, own));
        }
        case.query = query::make(random, &case.metrics);
    }
    None
}

/// Holds a case against a relation.
pub(super) fn check(warehouse: &Warehouse, case: &Case, relation: Relation, mut random: Random) -> Result<(), Failure> {
    if !relation.applies(case) {
        return Ok(());
    }
    let asker = Asker::new(warehouse, &case.world, &case.metrics)?;
    match relation {
        Relation::Partition => combined::partition(&asker, case, &mut random),
        Relation::Trinity => combined::trinity(&asker, case, &mut random),
        Relation::Grain => combined::grain(&asker, case),
        Relation::TimeSplit => combined::time_split(&asker, case),
        Relation::Independence => changed::independence(&asker, case),
        Relation::FilterIsGroup => changed::filter_is_group(&asker, case),
        Relation::UnrelatedRows => changed::unrelated_rows(&asker, case),
        Relation::Permutation => changed::permutation(warehouse, &asker, case),
        Relation::Ratio => changed::ratio_of_parts(&asker, case),
        Relation::Unpruned => changed::unpruned(warehouse, &asker, case),
        Relation::TwiceTheSame => changed::twice_the_same(&asker, case),
        Relation::Cached => cached::cached(&asker, case, &mut random),
        Relation::PhysicalTwin => changed::physical_twin(warehouse, &asker, case),
        Relation::Total => total::total(&asker, case),
        Relation::Together => total::together(&asker, case),
        Relation::Renamed => changed::renamed(&asker, case),
    }
}

/// A world that is asked several queries.
struct Asker<'w> {
    held: Held<'w>,
    project: entente::project::Project,
}

impl<'w> Asker<'w> {
    fn new(warehouse: &'w Warehouse, world: &World, metrics: &[Metric]) -> Result<Self, Failure> {
        let held = warehouse.hold(world);
        let project = held.load(&world.config(), &ask::yaml(world, metrics))?;
        Ok(Self { held, project })
    }

    fn ask(&self, query: &Query) -> Result<Answer, Failure> {
        let plan = ask::plan_query(&self.project, query, PREFIX)?;
        self.held.answer(&plan.select, &plan, query)
    }
}

/// The simple metric that a query asks for at a position, unless it is shifted or says what it is without rows.
fn plain_simple(case: &Case, position: usize) -> Option<&Simple> {
    let (metric, words) = case.query.metrics[position];
    let definition = &case.metrics[metric];
    match &definition.kind {
        Kind::Simple(simple) if words.is_none() && definition.when_empty.is_none() && simple.balance.is_none() => {
            Some(simple)
        }
        _ => None,
    }
}

/// Whether a metric looks beyond the groups of the query.
fn ignores(case: &Case) -> bool {
    case.query.metrics.iter().any(|(metric, words)| {
        matches!(words.show, Show::Share(_) | Show::Rank(_))
            || uses(&case.metrics, *metric).iter().any(|used| used.ignores)
    })
}

fn has_funnel(case: &Case) -> bool {
    case.query.metrics.iter().any(|(metric, _)| uses(&case.metrics, *metric).iter().any(|used| used.is_base))
}

fn is_sum(simple: &Simple) -> bool {
    matches!(simple.aggregate, Aggregate::Count | Aggregate::Sum)
}

/// All metrics that a query makes use of.
fn used(case: &Case) -> Vec<usize> {
    let mut open: Vec<usize> = case.query.named().iter().map(|(metric, _)| *metric).collect();
    open.extend(case.query.top.map(|top| top.by));
    let mut used = Vec::new();
    while let Some(metric) = open.pop() {
        if !used.contains(&metric) {
            used.push(metric);
            open.extend(parts(&case.metrics[metric]));
        }
    }
    used
}

fn differs(what: &str, left: &Answer, right: &Answer) -> Result<(), Failure> {
    if ask::same(left, right) {
        return Ok(());
    }
    Err(Failure::Differs(format!("{what}\n{left:#?}\n{right:#?}")))
}

/// A query with a further condition.
fn with_filter(query: &Query, condition: Predicate) -> Query {
    let filter = match &query.filter {
        None => condition,
        Some(filter) => Predicate::And(Box::new(filter.clone()), Box::new(condition)),
    };
    Query { filter: Some(filter), ..query.clone() }
}

fn has_copies(query: &Query) -> bool {
    query.keys.iter().filter_map(|key| as_dimension(*key)).any(|dimension| Dimension::MANY.contains(&dimension))
}

fn is_text(dimension: Dimension) -> bool {
    use Dimension::{Customer, IsClaimed, Ok, ParcelsEver, Weight};
    !Dimension::MANY.contains(&dimension) && !matches!(dimension, Ok | IsClaimed | Weight | Customer | ParcelsEver)
}

fn as_dimension(key: Key) -> Option<Dimension> {
    match key {
        Key::Dimension(dimension) => Some(dimension),
        _ => None,
    }
}
