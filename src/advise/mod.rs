//! What was asked → rollups that would have answered most of it.
//!
//! ```text
//! 640 × revenue by customers.segment, time.month     ─►  rollup shipments_daily: revenue, parcels_booked
//! 120 × parcels_booked by time.week where service        by customers.segment, service and day
//! ```
//!
//! What is proposed is tried: each shape is planned with the proposed rollups, and only what the planner reads from them
//! counts as answered.
//!
//! **Invariant:** nothing is proposed that `entente rollups build` would not store.

mod choose;
mod needs;
mod proposal;
mod shape;

pub use proposal::{Advice, Proposal, Unanswered, advise};
pub use shape::{Asked, Cost, Shape};
