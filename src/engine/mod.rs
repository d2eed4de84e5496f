//! Holds the live project: load, reload, and plan → cache → warehouse → rows.
