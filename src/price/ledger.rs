//! How much each caller has read on a day of UTC.
//!
//! What a query may read is reserved before it runs, so that two of them cannot both spend the rest. Afterwards it is
//! replaced by what was billed, or given back.
//!
//! **Invariant:** what is reserved and billed on a day is never more than its budgets. It is bounded in memory: callers
//! beyond a number share one account.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest, Sha256};

use crate::{syntax::Budgets, time::NaiveDate};

/// How many callers have an account of their own on a day.
const CALLERS: usize = 100_000;

/// Which budget it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// That of one query.
    Query,
    /// That of a caller and a day.
    Caller,
    /// That of a day.
    Day,
    /// What the connection lets one query bill.
    Connection,
}

/// A query is beyond a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// The budget.
    pub budget: Budget,
    /// Its bytes.
    pub of: u64,
    /// The bytes that are left of it.
    pub left: u64,
}

/// How much each caller has read today.
#[derive(Debug, Default)]
pub struct Ledger {
    page: Mutex<Page>,
}

/// A caller, by the hash of the id: what is kept of a caller has one size.
type Account = [u8; 32];

/// The account that callers share for whom there is no room.
const SHARED: Account = [0; 32];

/// One day.
#[derive(Debug, Default)]
struct Page {
    day: NaiveDate,
    spent: u64,
    callers: HashMap<Account, u64>,
}

impl Ledger {
    /// Reserves bytes for a query of a caller, if all budgets have them.
    pub fn reserve(
        self: &Arc<Self>,
        caller: &str,
        day: NaiveDate,
        bytes: u64,
        budgets: &Budgets,
    ) -> Result<Reservation, Over> {
        let mut page = self.page();
        page.turn_to(day);
        let account = page.account(caller);
        if let Some(over) = page.tightest(account, budgets).filter(|tightest| bytes > tightest.left) {
            return Err(over);
        }
        page.add(account, bytes);
        let day = page.day;
        drop(page);
        Ok(Reservation { ledger: Arc::clone(self), account, day, bytes })
    }

    /// Returns the budget of which a caller has least left.
    pub fn tightest(&self, caller: &str, day: NaiveDate, budgets: &Budgets) -> Option<Over> {
        let mut page = self.page();
        page.turn_to(day);
        let account = page.account(caller);
        page.tightest(account, budgets)
    }

    /// Returns the bytes that were spent on a day, and by how many callers.
    pub fn spent(&self, day: NaiveDate) -> (u64, usize) {
        let mut page = self.page();
        page.turn_to(day);
        (page.spent, page.callers.len())
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        // Every change of a page is one addition.
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// Begins a new day. A clock that goes back opens no day again.
    fn turn_to(&mut self, day: NaiveDate) {
        if day > self.day {
            *self = Self { day, ..Self::default() };
        }
    }

    fn account(&self, caller: &str) -> Account {
        let account: Account = Sha256::digest(caller.as_bytes()).into();
        let is_full = self.callers.len() >= CALLERS && !self.callers.contains_key(&account);
        if is_full { SHARED } else { account }
    }

    /// Returns the budget of which least is left.
    fn tightest(&self, account: Account, budgets: &Budgets) -> Option<Over> {
        let by_caller = self.callers.get(&account).copied().unwrap_or(0);
        let left =
            |budget, of: Option<u64>, spent: u64| of.map(|of| Over { budget, of, left: of.saturating_sub(spent) });
        let all = [
            left(Budget::Query, budgets.per_query, 0),
            left(Budget::Caller, budgets.per_caller_and_day, by_caller),
            left(Budget::Day, budgets.per_day, self.spent),
        ];
        all.into_iter().flatten().min_by_key(|over| over.left)
    }

    fn add(&mut self, account: Account, bytes: u64) {
        self.spent = self.spent.saturating_add(bytes);
        let spent = self.callers.entry(account).or_default();
        *spent = spent.saturating_add(bytes);
    }

    fn take(&mut self, account: Account, bytes: u64) {
        self.spent = self.spent.saturating_sub(bytes);
        if let Some(spent) = self.callers.get_mut(&account) {
            *spent = spent.saturating_sub(bytes);
        }
    }
}

/// Bytes that are kept for a query. Dropped, it counts as spent: a query that nobody waits for may be billed.
#[derive(Debug)]
pub struct Reservation {
    ledger: Arc<Ledger>,
    account: Account,
    day: NaiveDate,
    bytes: u64,
}

impl Reservation {
    /// Returns the bytes that are kept.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Replaces what was kept by what was billed.
    pub fn settle(self, billed: u64) {
        let mut page = self.ledger.page();
        // What was reserved on another day is on its page, which is gone.
        if page.day == self.day {
            page.take(self.account, self.bytes);
            page.add(self.account, billed);
        }
    }

    /// Gives back what was kept for a query that failed.
    pub fn give_back(self) {
        self.settle(0);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU64, Ordering},
        thread,
    };

    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, day).expect("a day")
    }

    /// Numbers that look random and are the same each time.
    fn next(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    #[test]
    fn what_is_billed_never_exceeds_a_budget_however_many_ask_at_once() {
        for seed in 0..40_u64 {
            let budgets = Budgets {
                per_query: Some(400),
                per_caller_and_day: Some(1_000 + seed * 37),
                per_day: Some(2_500 + seed * 91),
            };
            let ledger = Arc::new(Ledger::default());
            let billed: [AtomicU64; 3] = Default::default();
            let refused = AtomicU64::new(0);
            thread::scope(|scope| {
                for worker in 0..8_u64 {
                    let (ledger, billed, refused) = (&ledger, &billed, &refused);
                    scope.spawn(move || {
                        let mut state = seed * 100 + worker;
                        for _ in 0..200 {
                            let caller = usize::try_from(next(&mut state) % 3).expect("small");
                            let bytes = next(&mut state) % 450;
                            match ledger.reserve(&caller.to_string(), day(1), bytes, &budgets) {
                                Err(over) => {
                                    assert!(bytes > over.left, "{over:?}");
                                    refused.fetch_add(1, Ordering::Relaxed);
                                }
                                Ok(kept) if next(&mut state).is_multiple_of(4) => kept.give_back(),
                                Ok(kept) => {
                                    let of = next(&mut state) % (bytes + 1);
                                    billed[caller].fetch_add(of, Ordering::Relaxed);
                                    kept.settle(of);
                                }
                            }
                        }
                    });
                }
            });
            let billed: Vec<u64> = billed.iter().map(|billed| billed.load(Ordering::Relaxed)).collect();
            assert!(billed.iter().all(|billed| *billed <= 1_000 + seed * 37), "{billed:?}");
            assert!(billed.iter().sum::<u64>() <= 2_500 + seed * 91, "{billed:?}");
            assert_eq!(ledger.spent(day(1)).0, billed.iter().sum::<u64>(), "what is not billed was given back");
            assert!(refused.into_inner() > 100, "the budgets were tried");
        }
    }

    #[test]
    fn a_new_day_begins_with_nothing_and_an_old_one_does_not_come_back() {
        let budgets = Budgets { per_day: Some(10), ..Budgets::default() };
        let ledger = Arc::new(Ledger::default());
        let kept = ledger.reserve("ann", day(1), 10, &budgets).expect("it fits");
        assert_eq!(
            ledger.reserve("bob", day(1), 1, &budgets).err().map(|over| (over.budget, over.left)),
            Some((Budget::Day, 0))
        );
        ledger.reserve("bob", day(2), 7, &budgets).expect("a new day").settle(7);
        kept.settle(3);
        assert_eq!(ledger.spent(day(2)), (7, 1), "what is settled late is of the day before");
        assert_eq!(ledger.spent(day(1)), (7, 1), "a clock that goes back opens no day again");
        assert!(ledger.reserve("bob", day(1), 4, &budgets).is_err());
    }

    #[test]
    fn a_query_that_nobody_waits_for_counts_as_spent() {
        let budgets = Budgets { per_caller_and_day: Some(10), ..Budgets::default() };
        let ledger = Arc::new(Ledger::default());
        drop(ledger.reserve("ann", day(1), 8, &budgets).expect("it fits"));
        let over = ledger.reserve("ann", day(1), 3, &budgets).expect_err("it does not fit");
        assert_eq!(over, Over { budget: Budget::Caller, of: 10, left: 2 });
        assert!(ledger.reserve("bob", day(1), 10, &budgets).is_ok(), "others have a budget of their own");
    }

    #[test]
    fn callers_beyond_a_number_share_an_account() {
        let budgets = Budgets { per_caller_and_day: Some(10), ..Budgets::default() };
        let ledger = Arc::new(Ledger::default());
        for caller in 0..CALLERS + 50 {
            let _ = ledger.reserve(&caller.to_string(), day(1), 1, &budgets);
        }
        assert_eq!(ledger.spent(day(1)).1, CALLERS + 1);
        assert!(ledger.reserve("one more", day(1), 1, &budgets).is_err(), "those who share have spent ten");
        assert!(ledger.reserve("0", day(1), 1, &budgets).is_ok());
    }
}
