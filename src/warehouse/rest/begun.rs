//! Work that a server goes on with by itself, begun so that it can always be stopped.
//!
//! `begin` → [`Begun`] → dropped before it is over: `POST …/cancel`.
//!
//! **Invariant:** work that nobody waits for is stopped, also if its name was not known yet when the last caller left.

use std::{
    future::{Future, pending},
    ops::Deref,
};

use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
};

use super::{Fault, Protocol};

/// What runs at a server.
pub(in crate::warehouse) trait Work: Clone + Send + 'static {
    /// The protocol that it is asked by.
    type Protocol: Protocol;

    /// Returns the name by which the server knows it.
    fn name(&self) -> &str;

    /// Tells the server to stop it.
    fn stop(self) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Work of a server. Dropped before it is over, it is stopped there.
pub(in crate::warehouse) struct Begun<W: Work> {
    work: W,
    is_over: bool,
    runtime: Handle,
}

impl<W: Work> Begun<W> {
    /// Takes care of work that runs.
    pub(in crate::warehouse) fn new(work: W) -> Self {
        Self { work, is_over: false, runtime: Handle::current() }
    }

    /// Says that it does not run any more.
    pub(in crate::warehouse) fn end(&mut self) {
        self.is_over = true;
    }
}

impl<W: Work> Deref for Begun<W> {
    type Target = W;

    fn deref(&self) -> &W {
        &self.work
    }
}

impl<W: Work> Drop for Begun<W> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let work = self.work.clone();
        self.runtime.spawn(async move {
            let name = work.name().to_owned();
            if let Err(fault) = work.stop().await {
                let server = W::Protocol::NAME;
                tracing::warn!(?fault, name, "a query of {server} that nobody waits for could not be stopped");
            }
        });
    }
}

/// Who waits for what is begun.
#[derive(Clone)]
pub(in crate::warehouse) struct Caller(Option<watch::Receiver<()>>);

impl Caller {
    /// A caller who takes the call along when leaving.
    pub(super) fn of_call() -> Self {
        Self(None)
    }

    /// Returns whether nobody waits any more.
    pub(super) fn has_left(&self) -> bool {
        self.0.as_ref().is_some_and(|presence| presence.has_changed().is_err())
    }

    /// Waits until nobody waits any more.
    pub(super) async fn left(&self) {
        let Some(presence) = &self.0 else { return pending().await };
        let mut presence = presence.clone();
        while presence.changed().await.is_ok() {}
    }
}

/// Begins work in a task of its own, which goes on when its caller leaves: what it gives is dropped then, and stopped by that.
/// Nothing if the task ended without a word.
pub(in crate::warehouse) async fn begin<T, S>(start: impl FnOnce(Caller) -> S) -> Option<Result<T, Fault>>
where
    T: Send + 'static,
    S: Future<Output = Result<T, Fault>> + Send + 'static,
{
    let (_present, presence) = watch::channel(());
    let (sender, receiver) = oneshot::channel();
    let started = start(Caller(Some(presence)));
    tokio::spawn(async move {
        let _ = sender.send(started.await);
    });
    receiver.await.ok()
}
