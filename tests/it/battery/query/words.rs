//! What is done with a metric at query time, as data and as the words behind its name.

use super::{Back, Key, Moved, Query};
use crate::battery::definitions::{Metric, Span, Use, simple, uses};

/// What rows have in common with the whole of which they are shares, or among which they have their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::battery) enum Within {
    /// Nothing: the whole is everything.
    Everything,
    /// All keys of the metrics' own time.
    Time,
    /// One key.
    Key(Key),
}

impl Within {
    /// Whether one whole is not told from another by a key, which the metric may mean as its time.
    pub(in crate::battery) fn drops(self, key: Key, meant: Key) -> bool {
        match self {
            Self::Everything => true,
            Self::Time => !matches!(meant, Key::Time(_) | Key::Part(_)),
            Self::Key(kept) => key != kept,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Everything => String::new(),
            Self::Time => " within time".to_owned(),
            Self::Key(key) => format!(" within {}", key.text()),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::battery) enum Show {
    #[default]
    Value,
    Share(Within),
    /// Its place, the greatest first; equals share one, and nothing comes last.
    Rank(Within),
    /// What it changed by since then, relative to then.
    Change(Back),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::battery) struct Words {
    pub(in crate::battery) back: Option<Back>,
    pub(in crate::battery) over: Option<Span>,
    pub(in crate::battery) show: Show,
}

impl Words {
    pub(in crate::battery) fn is_none(self) -> bool {
        self == Self::default()
    }

    pub(super) fn text(self, metric: &str) -> String {
        let mut text = metric.to_owned();
        match self.over {
            None => {}
            Some(Span::Days(1)) => text.push_str(" over 1 day"),
            Some(Span::Days(days)) => text.push_str(&format!(" over {days} days")),
            Some(Span::Minutes(minutes)) if minutes % 60 == 0 => {
                text.push_str(&format!(" over {} hours", minutes / 60));
            }
            Some(Span::Minutes(minutes)) => text.push_str(&format!(" over {minutes} minutes")),
            Some(Span::HourToDate) => text.push_str(" to date hour"),
            Some(Span::DayToDate) => text.push_str(" to date day"),
            Some(Span::MonthToDate) => text.push_str(" to date month"),
            Some(Span::YearToDate) => text.push_str(" to date year"),
            Some(Span::RetailMonthToDate) => text.push_str(" to date retail_month"),
            Some(Span::RetailYearToDate) => text.push_str(" to date retail_year"),
            Some(Span::Ever) => text.push_str(" all time"),
        }
        if let Some(back) = self.back {
            text.push_str(&format!(" previous {}", back.text()));
        }
        match self.show {
            Show::Value => {}
            Show::Share(within) => text.push_str(&format!(" share{}", within.text())),
            Show::Rank(within) => text.push_str(&format!(" rank{}", within.text())),
            Show::Change(back) => text.push_str(&format!(" change {}", back.text())),
        }
        text
    }

    /// With one word less.
    pub(in crate::battery) fn smaller(self) -> Vec<Self> {
        let mut all =
            vec![Self { back: None, ..self }, Self { over: None, ..self }, Self { show: Show::Value, ..self }];
        all.retain(|words| *words != self);
        all
    }

    /// The simple metrics below a metric that is asked for in these words.
    pub(super) fn uses(self, metrics: &[Metric], metric: usize) -> Vec<Use> {
        let moved = |back: Option<Back>| {
            uses(metrics, metric).into_iter().map(move |below| Use {
                moved: Moved::by(back).and(below.moved),
                span: below.span.or(self.over),
                ..below
            })
        };
        let mut all: Vec<Use> = moved(self.back).collect();
        match self.show {
            Show::Value | Show::Rank(_) => {}
            Show::Share(_) => all.extend(moved(self.back).map(|below| Use { ignores: true, ..below })),
            Show::Change(since) => {
                let earlier = moved(self.back);
                all.extend(earlier.map(|below| Use { moved: Moved::by(Some(since)).and(below.moved), ..below }));
            }
        }
        all
    }

    /// Whether the words can be said of a query: a key within which something is a share is a key of it.
    pub(super) fn fit(self, query: &Query, metrics: &[Metric], metric: usize) -> bool {
        let of_metric = query.keys_of(metrics, metric);
        let axes = uses(metrics, metric).into_iter().map(|used| simple(metrics, used.simple).axis);
        let mut of_axes = axes.map(|axis| query.keys.iter().map(|key| key.meant_by(axis)).collect::<Vec<Key>>());
        match self.show {
            Show::Value | Show::Change(_) => true,
            Show::Share(within) | Show::Rank(within) => match within {
                Within::Everything => true,
                // All below it mean the same by its time.
                Within::Time => {
                    of_metric.iter().any(|key| !Within::Time.drops(*key, *key)) && of_axes.all(|keys| keys == of_metric)
                }
                // The name of such a column is no name that a condition can speak of.
                Within::Key(key) => query.keys.contains(&key) && query.having.is_none(),
            },
        }
    }
}
