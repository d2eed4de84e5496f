//! Project → catalogue pages.
