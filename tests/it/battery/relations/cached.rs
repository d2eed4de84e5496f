//! Answers from a cache that others have filled before.

use std::sync::Arc;

use entente::{
    cache::Fingerprint,
    engine::{Engine, Limits, Live},
    plan::{Principal, Request},
};

use super::{Asker, differs};
use crate::battery::{
    ask::{self, Failure, PREFIX, now},
    case::Case,
    query::Query,
    random::Random,
    world::{REGIONS, ZONES},
};

/// Asks siblings of a query (of another zone, range, length, filter, principal) before the query itself, which is then
/// asked twice.
pub(super) fn cached(asker: &Asker<'_>, case: &Case, random: &mut Random) -> Result<(), Failure> {
    let fresh = asker.ask(&case.query)?;
    let version = Fingerprint::of(&ask::yaml(&case.world, &case.metrics));
    let live = Live {
        project: Arc::new(asker.project.clone()),
        version,
        stored: Fingerprint::of(&asker.project.stored()),
        loaded_at: now(),
        spending: Arc::default(),
        statistics: Arc::default(),
    };
    let engine = Engine::new(Arc::new(asker.held.database()), Arc::new(now), Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let principal = ask::principal(REGIONS[0]);
    let mut others = siblings(&case.query, random);
    others.extend([request(&case.query), request(&case.query)].into_iter().zip(strangers()));
    for (request, principal) in others {
        // What the sibling is refused says nothing of the query.
        drop(runtime.block_on(engine.answer(&live, &request, &principal)));
    }
    for _ in 0..2 {
        let answered = runtime.block_on(engine.answer(&live, &request(&case.query), &principal));
        let answer = match answered {
            Ok(answered) => answered.answer,
            // What the warehouse cannot compute it refused above, too.
            Err(failure) => return Err(Failure::Refused(failure.to_string())),
        };
        let kept = ask::to_answer(&answer.rows, &answer.plan, &case.query).map_err(Failure::Differs)?;
        differs("asked anew, and from a cache", &fresh, &kept)?;
    }
    Ok(())
}

fn request(query: &Query) -> Request {
    query.text(PREFIX).parse().expect("the query is readable")
}

/// Those who see something else: another region, and nothing.
fn strangers() -> [Principal; 2] {
    [ask::principal(REGIONS[1]), Principal::default()]
}

/// Queries that differ from one in one thing.
fn siblings(query: &Query, random: &mut Random) -> Vec<(Request, Principal)> {
    let own = || ask::principal(REGIONS[0]);
    let with = |change: &dyn Fn(&mut Query)| {
        let mut other = query.clone();
        change(&mut other);
        (request(&other), own())
    };
    let zone = *random.pick(&ZONES);
    let mut all = vec![
        with(&|query| query.zone = Some(zone)),
        with(&|query| query.filter = None),
        with(&|query| query.range = None),
        with(&|query| query.having = None),
        with(&|query| query.fill = !query.fill),
        with(&|query| query.top = None),
    ];
    let mut page = request(query);
    page.limit = Some(1);
    all.push((page, own()));
    all
}
