//! Which faults are tried again, when, and how often.
//!
//! `503 backendError` → after up to 0.25 s, 0.5 s, 1 s; `400 invalidQuery` → never.
//!
//! **Invariant:** a call that was refused for what it asks is never made twice.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::{Caller, Fault, Protocol};

/// How often a call is repeated at most.
const RETRIES: u32 = 3;
/// The first wait is up to this long; each further one up to twice the one before it.
const FIRST: Duration = Duration::from_millis(250);
/// No wait is longer, unless the server asks for it.
const LONGEST: Duration = Duration::from_secs(8);
/// A server that asks for more is not waited for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// What the repeated calls of a driver may come to: a fifth of its calls, so that a server in trouble is not pressed
/// harder than one that is well.
pub(super) struct Budget {
    /// Fifths of a call that are saved up.
    fifths: AtomicU32,
}

/// A call costs nothing and saves one; a repeated one costs five.
const COST: u32 = 5;
/// What is saved up at most, and at the beginning.
const SAVED: u32 = 50 * COST;

impl Budget {
    pub(super) fn new() -> Self {
        Self { fifths: AtomicU32::new(SAVED) }
    }

    fn save(&self) {
        let more = |fifths: u32| Some((fifths + 1).min(SAVED));
        let _ = self.fifths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    fn spend(&self) -> bool {
        let less = |fifths: u32| fifths.checked_sub(COST);
        self.fifths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

/// The attempts at one call.
pub(super) struct Attempts<'a> {
    budget: &'a Budget,
    repeated: u32,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        budget.save();
        Self { budget, repeated: 0 }
    }

    /// Returns whether the call was made before.
    pub(super) fn is_repeated(&self) -> bool {
        self.repeated > 0
    }

    /// Waits until the call is to be made again; gives the fault back if it stays, or if nobody waits for the call any more
    /// and nothing runs that only the same call could name, so that it is stopped.
    pub(super) async fn again<P: Protocol>(&mut self, fault: Fault, caller: &Caller) -> Result<(), Fault> {
        if self.repeated == RETRIES || !passes::<P>(&fault) || !self.budget.spend() {
            return Err(fault);
        }
        let asked = if let Fault::Answered(refused) = &fault { refused.wait } else { None };
        if asked.is_some_and(|asked| asked > LONGEST_ASKED) {
            return Err(fault);
        }
        let wait = jittered(FIRST.saturating_mul(1 << self.repeated).min(LONGEST)).max(asked.unwrap_or_default());
        let ends_with_caller = !may_have_begun(&fault) || wait > LONGEST;
        if ends_with_caller && caller.has_left() {
            return Err(fault);
        }
        self.repeated += 1;
        tracing::info!(?fault, ?wait, "a call of {} is repeated", P::NAME);
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = caller.left(), if ends_with_caller => Err(fault),
        }
    }
}

/// Returns whether a server may have begun what it was asked, though it did not say so.
fn may_have_begun(fault: &Fault) -> bool {
    match fault {
        Fault::NoToken(_) => false,
        Fault::Lost(_) | Fault::Garbled(_) | Fault::TooLarge => true,
        Fault::Answered(refused) => refused.status >= 500,
    }
}

/// Returns whether a fault may be gone the next time.
fn passes<P: Protocol>(fault: &Fault) -> bool {
    match fault {
        Fault::NoToken(_) | Fault::TooLarge => false,
        Fault::Lost(_) | Fault::Garbled(_) => true,
        Fault::Answered(refused) => P::passes(refused),
    }
}

/// Returns a random part of a wait, so that callers who failed together do not come back together.
fn jittered(longest: Duration) -> Duration {
    let random = getrandom::u64().unwrap_or(u64::MAX);
    let nanos = (u128::from(random) * longest.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
