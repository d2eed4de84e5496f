//! What an answer costs, before it is computed: a plan + what tables hold → bytes; budgets; cheaper requests.
//!
//! ```text
//! Plan + Statistics ─ estimate ─► 1.2 GB in 28 of 731 partitions ─ Ledger::reserve ─► run, or refused with a change that fits
//! ```
//!
//! **Invariant:** pure, but for the ledger, which counts. What is estimated is never made less than what is known to be read.

mod cheaper;
mod estimate;
mod ledger;
mod refusal;
mod rows;
mod size;
mod stored;

pub use cheaper::{Change, changes};
pub use estimate::{Basis, Estimate, TableCost, Unknown, estimate, measured, tables_of_statistics};
pub use ledger::{Budget, Ledger, Over, Reservation};
pub use refusal::{Offer, beyond_connection, of_unknown, outgrown, over_budget};
pub use rows::{has_room, rows_are_less, rows_instead};
pub use size::size;
