//! What is asked of an explore, by whom, and over which connection.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

/// A query as a tile of a dashboard has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    pub(super) explore: String,
    /// Dimensions and measures, as `view.field`.
    pub(super) fields: Vec<String>,
    /// Fields and filter expressions.
    pub(super) filters: Vec<(String, String)>,
    /// Fields, and whether they descend.
    pub(super) sorts: Vec<(String, bool)>,
    pub(super) limit: Option<u64>,
}

/// Somebody who asks.
#[derive(Clone, Debug, Default)]
pub(super) struct User {
    /// The user attributes: a value, or several of a list.
    pub(super) attributes: BTreeMap<String, Vec<String>>,
    /// The attributes whose values are filter expressions (`String Filter (advanced)`) rather than plain texts.
    pub(super) filters: BTreeSet<String>,
}

impl User {
    pub(super) fn values(&self, attribute: &str) -> &[String] {
        self.attributes.get(attribute).map_or(&[], Vec::as_slice)
    }
}

/// The connection, the moment, and what Looker is free to do.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) user: User,
    /// The query time zone; that of the database is UTC.
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
    /// Whether aggregate tables may answer.
    pub(super) has_rollups: bool,
    /// Whether the SQL of a field is set in parentheses where another names it. Looker's pages do not promise it.
    pub(super) has_parentheses: bool,
}

impl Session {
    /// The clock on the wall of the query time zone.
    pub(super) fn local_now(&self) -> NaiveDateTime {
        self.now.with_timezone(&self.zone).naive_local()
    }
}
