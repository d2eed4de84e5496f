//! Holds the live project and carries a request from plan to rows.
//!
//! **Invariant:** a project that does not load never replaces one that does.

mod load;

pub use load::{Loaded, NoProject, PROJECT_FILE, find_project, load_project};
