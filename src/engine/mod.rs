//! Carries a request from plan to rows: plan → cache → warehouse → rows; and loads the project it is planned against.
//!
//! ```text
//! Live + Request + Principal ─ plan ─► SQL text ─ fingerprint ─► kept rows, or one query to the warehouse ─► Answered
//! ```
//!
//! **Invariant:** a project that does not load never replaces one that does, and whatever can change an answer is part
//! of its fingerprint.

mod answer;
mod aside;
mod asking;
mod calendars;
mod identity;
mod labels;
mod live;
mod load;
mod moment;
mod periods;
mod pricing;
mod query;
mod rebuild;
mod rollups;
mod state;
mod together;
mod watch;

pub use answer::{Answer, Answered, CacheOutcome, Cost, Failure};
pub use asking::ReadBytes;
pub use calendars::{PeriodsQuery, add_periods_to, periods_queries, refresh_periods};
pub use identity::QueryIdentity;
pub use labels::labelled;
pub use live::{Live, version_of};
pub use load::{
    Loaded, NoProject, PROJECT_FILE, find_project, load_config, load_project, load_project_with, load_statistics,
};
pub use periods::Periods;
pub use pricing::{Pricing, Reserved, Unpriced};
pub use query::{Clock, Engine, Limits};
pub use rebuild::{Fault, build_again, fault};
pub use rollups::{Built, Storing, all_stored, build, first_day, has_tables, refresh_stored, stored_of};
pub use state::Held;
pub use together::Beside;
pub use watch::{WatchError, Watching, watch};
