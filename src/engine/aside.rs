//! Work that keeps a processor busy, away from the threads that serve.
//!
//! Planning a wide request takes seconds. On a thread that serves it would hold up whoever asks meanwhile, and a probe that asks
//! whether the server lives.
//!
//! **Invariant:** as much of it is done at once as there are processors; who waits does so up to a deadline.

use std::{sync::Arc, thread, time::Duration};

use tokio::sync::Semaphore;

use super::Failure;

/// Where work is done that keeps a processor busy.
pub(super) struct Aside {
    turns: Arc<Semaphore>,
    deadline: Duration,
}

impl Aside {
    pub(super) fn new(deadline: Duration) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new(processors)), deadline }
    }

    /// Does a piece of work. What has begun goes on if nobody waits for it any more, and keeps its turn.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let turns = Arc::clone(&self.turns);
        let done = async move {
            let turn = turns.acquire_owned().await.expect("the semaphore is never closed");
            let work = move || {
                let _turn = turn;
                work()
            };
            tokio::task::spawn_blocking(work).await
        };
        match tokio::time::timeout(self.deadline, done).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!(%error, "planning a request failed");
                Err(Failure::Internal)
            }
            Err(_) => Err(Failure::Timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn on_one_thread<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a thread").block_on(work)
    }

    #[test]
    fn who_serves_goes_on_meanwhile() {
        let (tell, told) = mpsc::channel();
        let aside = Aside::new(Duration::from_secs(10));
        let serving = async { tell.send(42) };
        let (answer, _) = on_one_thread(async { tokio::join!(aside.run(move || told.recv()), serving) });
        assert_eq!(answer, Ok(Ok(42)));
    }

    #[test]
    fn who_waits_does_so_up_to_the_deadline() {
        let (tell, told) = mpsc::channel::<()>();
        let aside = Aside::new(Duration::from_millis(10));
        let answer = on_one_thread(async {
            let answer = aside.run(move || told.recv()).await;
            drop(tell);
            answer
        });
        assert_eq!(answer, Err(Failure::Timeout));
    }

    #[test]
    fn a_mistake_of_ours_is_one_requests_failure() {
        let aside = Aside::new(Duration::from_secs(10));
        let answer = on_one_thread(aside.run(|| -> () { panic!("a mistake") }));
        assert_eq!(answer, Err(Failure::Internal));
    }
}
