//! How a query is asked, beside its text.
//!
//! `{ metrics: revenue, definitions: 5f3a… }, 12 s` → labels of a BigQuery job, a comment behind the SQL elsewhere.
//!
//! **Invariant:** no value of a request is in a label: labels end in logs and bills, which others read.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What the warehouse is told of a query, and how long it may take.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What the warehouse's own logs and bills say of the query, in this order.
    pub labels: Vec<(&'static str, String)>,
    /// The time that is left for the query; the driver's own limit if nothing is said.
    pub deadline: Option<Duration>,
    /// The most that the query may bill, in bytes, where the warehouse can be told; the connection's own limit stays.
    pub most: Option<u64>,
    /// Where the warehouse says what the query was billed.
    pub meter: Meter,
}

/// What a warehouse says of a query that it has run; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<OnceLock<Metered>>);

/// What a query has read, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// What was read.
    pub scanned: Option<u64>,
    /// What is on the bill.
    pub billed: Option<u64>,
}

impl Meter {
    /// Takes what the warehouse says; the first word stands.
    pub fn tell(&self, metered: Metered) {
        let _ = self.0.set(metered);
    }

    /// Returns what the warehouse said.
    pub fn read(&self) -> Metered {
        self.0.get().copied().unwrap_or_default()
    }
}

/// The longest value of a label, in bytes. See <https://cloud.google.com/bigquery/docs/labels-intro#requirements>.
const LONGEST: usize = 63;

impl Terms {
    /// Adds a label; what no warehouse takes in one becomes `-`.
    #[must_use]
    pub fn label(mut self, key: &'static str, value: &str) -> Self {
        self.labels.push((key, fitting(value)));
        self
    }

    /// Returns the labels as a comment of SQL, nothing if there are none.
    pub fn comment(&self) -> Option<String> {
        let pairs: Vec<String> = self.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (!pairs.is_empty()).then(|| format!("/* entente {} */", pairs.join(" ")))
    }
}

/// Makes a value fit: lower-case letters, digits, `_` and `-`, at most [`LONGEST`] of them.
fn fitting(value: &str) -> String {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_' || letter == '-';
    let letters = value.chars().map(|letter| letter.to_ascii_lowercase());
    letters.map(|letter| if fits(letter) { letter } else { '-' }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_fit_and_cannot_leave_their_comment() {
        let terms = Terms::default().label("metrics", "Revenue */ DROP").label("caller", &"x".repeat(100));
        let comment = terms.comment().expect("there are labels");
        assert_eq!(comment, format!("/* entente metrics=revenue----drop caller={} */", "x".repeat(63)));
        assert_eq!(Terms::default().comment(), None);
    }
}
