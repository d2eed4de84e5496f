//! Project → GraphQL schema; selection → `plan::Request`; rows → response.
//!
//! ```text
//! text ─ document ─► valid document ─ collect ─► fields ─ request ─► plan::Request ─ Source ─► Answer ─ response ─► bytes
//! ```
//!
//! async-graphql reads documents, validates them, and answers introspection. The rest is ours, because a report is one
//! query to the warehouse and not a tree of resolvers: `{ report { rows { by { time } revenue } } }` is planned once,
//! and its rows are written from columns straight into the response.
//!
//! **Invariant:** no work is done for a document before its limits have passed, and what a number means depends on the
//! collected fields alone, never on aliases, order or fragments.

mod api;
mod collect;
mod document;
mod error;
mod execute;
pub mod names;
mod request;
mod response;
mod scalars;
mod source;
mod types;

pub use api::{Api, Outcome, Reply, Request, sdl};
pub use error::{Code, GraphqlError, Step};
pub use request::CursorKey;
pub use source::{Compiled, Pending, Source};
