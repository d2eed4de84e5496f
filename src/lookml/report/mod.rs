//! What became of each metric, and of whatever else LookML cannot say.
//!
//! **Invariant:** every metric of the project has at least one entry; an entry that is not `emitted` has a reason.

mod write;

use std::collections::BTreeSet;

/// The generation report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The entries: metrics by name, then dimensions, joins and models.
    pub entries: Vec<Entry>,
    /// The user attributes that an administrator of Looker has to make, by name.
    pub user_attributes: Vec<UserAttribute>,
}

/// A user attribute of Looker that policies read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAttribute {
    /// The name.
    pub name: String,
    /// Its data type.
    pub kind: AttributeType,
    /// Which value people need, in words.
    pub value: String,
    /// The policies that read it.
    pub policies: Vec<String>,
}

/// The data type of a user attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttributeType {
    /// One text, which means itself.
    String,
    /// One number.
    Number,
    /// A filter expression over texts: a comma stands between several.
    StringFilter,
    /// A filter expression over numbers.
    NumberFilter,
}

impl AttributeType {
    /// Returns the type for numbers or texts, as values or as filter expressions.
    pub(super) fn of(is_number: bool, is_filter: bool) -> Self {
        match (is_number, is_filter) {
            (false, false) => Self::String,
            (true, false) => Self::Number,
            (false, true) => Self::StringFilter,
            (true, true) => Self::NumberFilter,
        }
    }

    /// Returns whether values are filter expressions.
    pub fn is_filter(self) -> bool {
        matches!(self, Self::StringFilter | Self::NumberFilter)
    }

    /// Returns its name in Looker.
    pub fn words(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::StringFilter => "String Filter (advanced)",
            Self::NumberFilter => "Number Filter (advanced)",
        }
    }
}

/// What became of one definition, in one explore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What kind of definition it is.
    pub subject: Subject,
    /// Its name; of a dimension or a join with its model: `events.weeks_since_first_seen`.
    pub name: String,
    /// The explore, if it is in one.
    pub explore: Option<String>,
    /// The field: `shipments.revenue`.
    pub field: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// Why it is not simply emitted.
    pub reason: Option<String>,
}

/// A kind of definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A metric.
    Metric,
    /// A dimension.
    Dimension,
    /// A join.
    Join,
    /// A model.
    Model,
    /// A parameter under `lookml:`.
    Parameter,
    /// A rollup.
    Rollup,
    /// A test of a metric.
    Test,
    /// A calendar from a table, and the explore that has it not.
    Calendar,
}

impl Subject {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Dimension => "dimension",
            Self::Join => "join",
            Self::Model => "model",
            Self::Parameter => "parameter",
            Self::Rollup => "rollup",
            Self::Test => "test",
            Self::Calendar => "calendar",
        }
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Looker's number is the API's.
    Emitted,
    /// Looker's number may differ, in the way that the reason says.
    Approximated,
    /// It is not in the LookML.
    LeftOut,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Emitted, Self::Approximated, Self::LeftOut];

    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Emitted => "emitted",
            Self::Approximated => "approximated",
            Self::LeftOut => "left out",
        }
    }
}

impl Report {
    /// Counts the metrics of an outcome; one that is in several explores counts once.
    pub fn metrics(&self, outcome: Outcome) -> usize {
        let is_metric = |entry: &&Entry| entry.subject == Subject::Metric && entry.outcome == outcome;
        self.entries.iter().filter(is_metric).map(|entry| &entry.name).collect::<BTreeSet<_>>().len()
    }

    /// Returns the entries of an outcome.
    pub fn of(&self, outcome: Outcome) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.outcome == outcome)
    }
}
