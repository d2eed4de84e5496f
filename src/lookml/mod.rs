//! Project → LookML tree → text; and text → tree, for checking.
//!
//! **Invariant:** the same project gives the same bytes.
