//! What the cache promises to those who wait together.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;

type TestCache = Cache<u64, &'static str>;

fn cache() -> TestCache {
    Cache::new(Limits { bytes: 1 << 20, time_to_live: Duration::from_secs(60) }, |_| 8)
}

/// A load that counts how often it began and how often it ended.
#[derive(Clone, Default)]
struct Counted(Arc<(AtomicUsize, AtomicUsize)>);

impl Counted {
    fn load(&self) -> impl Future<Output = Result<u64, &'static str>> + Send + 'static {
        let counted = self.clone();
        async move {
            counted.0.0.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            counted.0.1.fetch_add(1, Ordering::SeqCst);
            Ok(7)
        }
    }

    fn begun_and_ended(&self) -> (usize, usize) {
        (self.0.0.load(Ordering::SeqCst), self.0.1.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_hundred_callers_share_one_load() {
    let (cache, counted) = (cache(), Counted::default());
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (cache, load) = (cache.clone(), counted.load());
            tokio::spawn(async move { cache.get_or_load(Fingerprint::of(&"k"), || load).await })
        })
        .collect();
    let mut misses = 0;
    for caller in callers {
        let (value, outcome) = caller.await.expect("no panic").expect("no failure");
        assert_eq!(value, 7);
        misses += usize::from(outcome == Outcome::Miss);
    }
    assert_eq!((misses, counted.begun_and_ended()), (1, (1, 1)));
    let again = cache.get_or_load(Fingerprint::of(&"k"), || counted.load()).await;
    assert_eq!(again, Ok((7, Outcome::Hit)));
}

#[tokio::test]
async fn a_load_survives_whoever_began_it_and_is_not_begun_again() {
    let (cache, counted) = (cache(), Counted::default());
    let first = tokio::spawn({
        let (cache, load) = (cache.clone(), counted.load());
        async move { cache.get_or_load(Fingerprint::of(&1), || load).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let second = tokio::spawn({
        let (cache, load) = (cache.clone(), counted.load());
        async move { cache.get_or_load(Fingerprint::of(&1), || load).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    first.abort();
    assert_eq!(second.await.expect("no panic"), Ok((7, Outcome::Shared)));
    assert_eq!(counted.begun_and_ended(), (1, 1));
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_is_stopped() {
    let (cache, counted) = (cache(), Counted::default());
    let only = tokio::spawn({
        let (cache, load) = (cache.clone(), counted.load());
        async move { cache.get_or_load(Fingerprint::of(&1), || load).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    only.abort();
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(counted.begun_and_ended(), (1, 0));
    assert!(cache.flights.is_empty());
    assert_eq!(cache.get_or_load(Fingerprint::of(&1), || counted.load()).await, Ok((7, Outcome::Miss)));
}

#[tokio::test]
async fn an_error_is_shared_by_those_who_wait_and_never_kept() {
    let cache = cache();
    let fail = || async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err("down")
    };
    let (a, b) =
        tokio::join!(cache.get_or_load(Fingerprint::of(&1), fail), cache.get_or_load(Fingerprint::of(&1), fail),);
    assert_eq!((a, b), (Err(Failure::Failed("down")), Err(Failure::Failed("down"))));
    assert_eq!(cache.get_or_load(Fingerprint::of(&1), || async { Ok(3) }).await, Ok((3, Outcome::Miss)));
}

#[tokio::test]
async fn a_panic_reaches_everybody_who_waits_and_leaves_the_key_usable() {
    let cache = cache();
    let broken = async { panic!("a bug") };
    assert_eq!(cache.get_or_load(Fingerprint::of(&1), || broken).await, Err(Failure::Panicked));
    assert_eq!(cache.get_or_load(Fingerprint::of(&1), || async { Ok(3) }).await, Ok((3, Outcome::Miss)));
}

#[tokio::test]
async fn a_value_heavier_than_the_cache_is_given_but_not_kept() {
    let cache: TestCache = Cache::new(Limits { bytes: 4, time_to_live: Duration::from_secs(60) }, |_| 8);
    for _ in 0..2 {
        assert_eq!(cache.get_or_load(Fingerprint::of(&1), || async { Ok(3) }).await, Ok((3, Outcome::Miss)));
        cache.kept.run_pending_tasks().await;
    }
}

#[tokio::test]
async fn a_value_is_forgotten_when_its_time_is_over() {
    let limits = Limits { bytes: 1 << 20, time_to_live: Duration::from_millis(30) };
    let cache: TestCache = Cache::new(limits, |_| 8);
    assert_eq!(cache.get_or_load(Fingerprint::of(&1), || async { Ok(1) }).await, Ok((1, Outcome::Miss)));
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(cache.get_or_load(Fingerprint::of(&1), || async { Ok(2) }).await, Ok((2, Outcome::Miss)));
}

#[test]
fn fields_are_hashed_apart_from_one_another() {
    assert_ne!(Fingerprint::of(&("a", "bc")), Fingerprint::of(&("ab", "c")));
    assert_ne!(Fingerprint::of(&vec!["a|b"]), Fingerprint::of(&vec!["a", "b"]));
    assert_ne!(Fingerprint::of(&Some("")), Fingerprint::of(&None::<&str>));
}
