//! What rows are grouped by: the keys of the request, and what tells the members of a nested metric apart.
//!
//! `time.month` of a request stays what it is; below the mean of customers stands `customers.customer_id`.
//!
//! **Invariant:** a request cannot ask for members; only the planner does.

use crate::{
    plan::{Key, KeyKind},
    project::Size,
    time::{Granularity, TimePart},
};

/// One thing that rows are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) struct GroupKey {
    /// The column's name.
    pub(in crate::plan) name: String,
    /// What it is.
    pub(in crate::plan) by: GroupBy,
}

/// What rows are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::plan) enum GroupBy {
    /// A key of the request.
    Asked(KeyKind),
    /// A key of the request by the path of the metrics' own time axis, and the time key that it is.
    OwnTime {
        /// The words of the path.
        path: Vec<String>,
        /// The time key.
        time: KeyKind,
    },
    /// A period of each metric's own time as its rows have it, however far back the metric is taken.
    MemberPeriod(Size),
    /// A column of the primary key of a model, reached over to-one joins.
    Member {
        /// The model, or the role of the join that leads to it.
        model: String,
        /// The column.
        column: String,
        /// Whether it may be what rows have for it where there is no such member: who asks never looks at those.
        loose: bool,
    },
}

impl GroupKey {
    /// Returns the key of the request, unless it tells members apart.
    pub(in crate::plan) fn asked(&self) -> Option<&KeyKind> {
        match &self.by {
            GroupBy::Asked(kind) | GroupBy::OwnTime { time: kind, .. } => Some(kind),
            GroupBy::Member { .. } | GroupBy::MemberPeriod(_) => None,
        }
    }

    /// Returns the size of the periods of a key that is the metrics' time axis.
    pub(in crate::plan) fn size_of_time(&self) -> Option<Size> {
        self.asked().and_then(KeyKind::size_of_time)
    }

    /// Returns the part of a date that a key takes of the metrics' time axis.
    pub(in crate::plan) fn part_of_time(&self) -> Option<TimePart> {
        match self.asked()? {
            KeyKind::TimePart(part) => Some(*part),
            KeyKind::Time(_) | KeyKind::Dimension { .. } => None,
        }
    }

    /// Returns the size of the periods of a key that is the metrics' time axis, or that of their rows.
    pub(in crate::plan) fn size_of_periods(&self) -> Option<Size> {
        match self.by {
            GroupBy::MemberPeriod(size) => Some(size),
            _ => self.size_of_time(),
        }
    }

    /// Returns whether the key is the metrics' time axis, or a part of it.
    pub(in crate::plan) fn is_time(&self) -> bool {
        self.asked().is_some_and(KeyKind::is_time)
    }

    /// Returns the path of a key that is asked for by one.
    pub(in crate::plan) fn path(&self) -> Option<&[String]> {
        match &self.by {
            GroupBy::Asked(KeyKind::Dimension { path, .. }) | GroupBy::OwnTime { path, .. } => Some(path),
            GroupBy::Asked(KeyKind::Time(_) | KeyKind::TimePart(_))
            | GroupBy::Member { .. }
            | GroupBy::MemberPeriod(_) => None,
        }
    }

    /// Makes a time dimension the time key that it is to the metrics which it dates.
    pub(in crate::plan) fn into_own_time(self) -> Self {
        let by = match self.by {
            GroupBy::Asked(KeyKind::Dimension { path, granularity, part }) => {
                let time = match part {
                    Some(part) => KeyKind::TimePart(part),
                    None => KeyKind::Time(granularity.unwrap_or(Granularity::Day.into())),
                };
                GroupBy::OwnTime { path, time }
            }
            other => other,
        };
        Self { by, ..self }
    }

    /// Makes it a key like any other.
    pub(in crate::plan) fn into_plain(self) -> Self {
        let by = match self.by {
            GroupBy::OwnTime { path, time: KeyKind::Time(size) } => {
                GroupBy::Asked(KeyKind::Dimension { path, granularity: Some(size), part: None })
            }
            GroupBy::OwnTime { path, time: KeyKind::TimePart(part) } => {
                GroupBy::Asked(KeyKind::Dimension { path, granularity: None, part: Some(part) })
            }
            other => other,
        };
        Self { by, ..self }
    }
}

impl From<&Key> for GroupKey {
    fn from(key: &Key) -> Self {
        Self { name: key.name.clone(), by: GroupBy::Asked(key.kind.clone()) }
    }
}
