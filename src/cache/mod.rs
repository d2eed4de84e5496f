//! Results by fingerprint, weighed in bytes, with one load at a time for each.
//!
//! `cache.get_or_load(key, load)` gives a value that is there ([`Outcome::Hit`]), runs `load` ([`Outcome::Miss`]), or
//! waits for the load that somebody else began ([`Outcome::Shared`]). A load runs in a task of its own: whoever began
//! it may leave without stopping it for the others, and it is stopped when the last one has left.
//!
//! **Invariant:** an error is given to those who wait for it and is never kept; a key is only ever made by
//! [`Fingerprint::of`], from everything that can change the value.

mod fingerprint;
mod flight;

pub use fingerprint::{Fingerprint, FingerprintWriter};

use std::{fmt, future::Future, sync::Arc, time::Duration};

use flight::Flights;
use moka::future::Cache as Moka;

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The greatest weight of all values, in bytes; zero keeps nothing.
    pub bytes: u64,
    /// The age at which a value is forgotten.
    pub time_to_live: Duration,
}

/// How a value was had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was kept.
    Hit,
    /// It was loaded for this caller.
    Miss,
    /// It was loaded once for several callers.
    Shared,
}

impl Outcome {
    /// Returns the name used in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Shared => "shared",
        }
    }
}

/// Why a load gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The load failed.
    Failed(E),
    /// The load panicked; everybody who waited is told.
    Panicked,
}

/// Values by fingerprint. Cheap to clone; clones share everything.
pub struct Cache<V, E> {
    kept: Moka<Fingerprint, V>,
    flights: Arc<Flights<V, E>>,
}

impl<V, E> Clone for Cache<V, E> {
    fn clone(&self) -> Self {
        Self { kept: self.kept.clone(), flights: Arc::clone(&self.flights) }
    }
}

impl<V, E> fmt::Debug for Cache<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl<V: Clone + Send + Sync + 'static, E: Clone + Send + Sync + 'static> Cache<V, E> {
    /// Makes an empty cache; `weigh` gives the bytes that a value holds.
    pub fn new(limits: Limits, weigh: fn(&V) -> u64) -> Self {
        let kept = Moka::builder()
            .max_capacity(limits.bytes)
            .time_to_live(limits.time_to_live)
            .weigher(move |_, value: &V| u32::try_from(weigh(value)).unwrap_or(u32::MAX))
            .build();
        Self { kept, flights: Arc::default() }
    }

    /// Returns the value if it is kept.
    pub async fn get(&self, key: Fingerprint) -> Option<V> {
        self.kept.get(&key).await
    }

    /// Keeps a value.
    pub async fn insert(&self, key: Fingerprint, value: V) {
        self.kept.insert(key, value).await;
    }

    /// Returns the value, loading it if nobody has it and nobody is loading it.
    ///
    /// Dropping the returned future leaves; the load goes on as long as somebody waits for it. `load` is called only if it is
    /// to begin, so that a value at hand does not pay for what a load needs.
    pub async fn get_or_load<F, L>(&self, key: Fingerprint, load: F) -> Result<(V, Outcome), Failure<E>>
    where
        F: FnOnce() -> L + Send,
        L: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(value) = self.kept.get(&key).await {
            return Ok((value, Outcome::Hit));
        }
        let work = || {
            let (kept, load) = (self.kept.clone(), load());
            async move {
                // Another load may have ended between the look above and this task.
                if let Some(value) = kept.get(&key).await {
                    return Ok(value);
                }
                let value = load.await?;
                kept.insert(key, value.clone()).await;
                Ok(value)
            }
        };
        self.flights.join(key, work).await
    }

    /// Returns the number of values and the bytes they weigh, as of the last upkeep.
    pub fn size(&self) -> (u64, u64) {
        (self.kept.entry_count(), self.kept.weighted_size())
    }
}

#[cfg(test)]
mod tests;
