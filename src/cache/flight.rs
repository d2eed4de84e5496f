//! Loads that are on their way.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::{sync::watch, task::AbortHandle};

use super::{Failure, Fingerprint, Outcome};

type Result<V, E> = std::result::Result<V, Failure<E>>;

/// The loads by key. Each is held by those who wait for it, and only by them.
pub(super) struct Flights<V, E> {
    open: Mutex<HashMap<Fingerprint, Weak<Flight<V, E>>>>,
}

impl<V, E> Default for Flights<V, E> {
    fn default() -> Self {
        Self { open: Mutex::default() }
    }
}

/// One load; dropping it, which is to say that nobody waits any more, stops the task.
struct Flight<V, E> {
    key: Fingerprint,
    flights: Weak<Flights<V, E>>,
    outcome: watch::Receiver<Option<std::result::Result<V, E>>>,
    task: AbortHandle,
}

impl<V, E> Drop for Flight<V, E> {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(flights) = self.flights.upgrade() {
            let mut open = flights.open();
            // A load that began after this one may have taken the place already.
            if open.get(&self.key).is_some_and(|flight| flight.strong_count() == 0) {
                open.remove(&self.key);
            }
        }
    }
}

impl<V, E> Flights<V, E> {
    fn open(&self) -> MutexGuard<'_, HashMap<Fingerprint, Weak<Flight<V, E>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open().is_empty()
    }
}

impl<V: Clone + Send + Sync + 'static, E: Clone + Send + Sync + 'static> Flights<V, E> {
    /// Waits for the load of this key, beginning it with `work` if there is none.
    pub(super) async fn join<F, W>(self: &Arc<Self>, key: Fingerprint, work: F) -> Result<(V, Outcome), E>
    where
        F: FnOnce() -> W + Send,
        W: Future<Output = std::result::Result<V, E>> + Send + 'static,
    {
        let (flight, outcome) = self.board(key, work);
        let mut watched = flight.outcome.clone();
        let ended = watched.wait_for(Option::is_some).await;
        match ended.as_deref() {
            Ok(Some(Ok(value))) => Ok((value.clone(), outcome)),
            Ok(Some(Err(error))) => Err(Failure::Failed(error.clone())),
            // The sender is gone without a word: the task panicked, since it is aborted only when nobody waits.
            Ok(None) | Err(_) => Err(Failure::Panicked),
        }
    }

    fn board<F, W>(self: &Arc<Self>, key: Fingerprint, work: F) -> (Arc<Flight<V, E>>, Outcome)
    where
        F: FnOnce() -> W,
        W: Future<Output = std::result::Result<V, E>> + Send + 'static,
    {
        let mut open = self.open();
        if let Some(flight) = open.get(&key).and_then(Weak::upgrade) {
            return (flight, Outcome::Shared);
        }
        let work = work();
        let flight = Arc::new_cyclic(|flight: &Weak<Flight<V, E>>| {
            let (sender, receiver) = watch::channel(None);
            let (flights, itself) = (Arc::downgrade(self), flight.clone());
            let task = tokio::spawn(async move {
                let outcome = work.await;
                // Off the list before anybody hears of it, so that nobody boards a load that has failed.
                if let Some(flights) = flights.upgrade() {
                    flights.remove(key, &itself);
                }
                sender.send_replace(Some(outcome));
            });
            Flight { key, flights: Arc::downgrade(self), outcome: receiver, task: task.abort_handle() }
        });
        open.insert(key, Arc::downgrade(&flight));
        (flight, Outcome::Miss)
    }

    fn remove(&self, key: Fingerprint, flight: &Weak<Flight<V, E>>) {
        let mut open = self.open();
        if open.get(&key).is_some_and(|listed| Weak::ptr_eq(listed, flight)) {
            open.remove(&key);
        }
    }
}
