//! A question, in the words of the planner and in those of Looker.

use chrono::NaiveDate;
use entente::plan::RequestText;

use super::{Random, World};
use crate::{
    battery::{Condition, Row, Small},
    lookml::twin::{
        Looker,
        project::Model,
        query::{Query, Session, User},
        write,
    },
};

/// What is asked of both.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) struct Question {
    pub(in crate::lookml::twin) explore: String,
    /// Metrics, and their fields.
    pub(in crate::lookml::twin) metrics: Vec<(String, String)>,
    pub(in crate::lookml::twin) keys: Vec<Key>,
    pub(in crate::lookml::twin) filters: Vec<Filter>,
    pub(in crate::lookml::twin) range: Option<Range>,
    pub(in crate::lookml::twin) user: User,
    /// Whether it compares with an earlier period.
    pub(in crate::lookml::twin) is_comparison: bool,
    /// Whether null of Looker tells nothing.
    pub(in crate::lookml::twin) is_lenient: bool,
    /// Whether aggregate tables may answer.
    pub(in crate::lookml::twin) has_rollups: bool,
}

/// A key, by both of its names.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lookml::twin) struct Key {
    pub(in crate::lookml::twin) path: String,
    pub(in crate::lookml::twin) field: String,
    pub(in crate::lookml::twin) shape: Shape,
}

/// How Looker shows a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lookml::twin) enum Shape {
    Plain,
    /// `Yes` and `No`.
    Words,
    /// `2024-03-09 17`
    Hour,
    /// `2024-03-09 17:45`
    Minute,
    /// `2024-03`
    Month,
    /// `2024-Q1`
    Quarter,
    /// `2024`
    Year,
    /// `FY2024-Q1`
    FiscalQuarter,
    /// `FY2024`
    FiscalYear,
    /// `Monday`
    Weekday,
    /// `Q1`
    QuarterOfYear,
}

/// A condition on a dimension.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) struct Filter {
    /// As the planner reads it.
    pub(in crate::lookml::twin) condition: String,
    pub(in crate::lookml::twin) field: String,
    /// As Looker reads it.
    pub(in crate::lookml::twin) expression: String,
    /// As the oracle of the battery reads it, if it has a word for it.
    pub(in crate::lookml::twin) told: Option<Told>,
}

/// A condition in the words of the oracle.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) enum Told {
    In(String, Vec<String>),
    Null(String),
    Holds(String),
    HoldsNot(String),
}

impl Told {
    fn condition(&self) -> Condition<'_> {
        match self {
            Self::In(path, values) => Condition::In(path, values),
            Self::Null(path) => Condition::Null(path),
            Self::Holds(path) => Condition::Holds(path),
            Self::HoldsNot(path) => Condition::HoldsNot(path),
        }
    }
}

/// A range of the time axis.
#[derive(Clone, Debug)]
pub(in crate::lookml::twin) struct Range {
    /// As the planner reads it.
    pub(in crate::lookml::twin) text: String,
    /// The field and the expression of Looker; none where the explore filters by itself.
    pub(in crate::lookml::twin) filter: Option<(String, String)>,
    /// The days, where it is written in days.
    pub(in crate::lookml::twin) days: Option<(NaiveDate, NaiveDate)>,
}

impl Question {
    /// What is asked, on two lines.
    pub(in crate::lookml::twin) fn show(&self) -> String {
        let request = self.request();
        let query = self.query();
        format!(
            "{} by {} where {} in {}\n{}: {} where {:?}",
            request.metrics.join(", "),
            request.by.join(", "),
            request.filter.unwrap_or_default(),
            request.time.unwrap_or_default(),
            query.explore,
            query.fields.join(", "),
            query.filters
        )
    }

    /// In the planner's words.
    pub(super) fn request(&self) -> RequestText {
        let conditions: Vec<String> = self.filters.iter().map(|filter| format!("({})", filter.condition)).collect();
        RequestText {
            metrics: self.metrics.iter().map(|(metric, _)| metric.clone()).collect(),
            by: self.keys.iter().map(|key| key.path.clone()).collect(),
            filter: (!conditions.is_empty()).then(|| conditions.join(" and ")),
            time: self.range.as_ref().map(|range| range.text.clone()),
            ..RequestText::default()
        }
    }

    /// The same metrics, where there are no rows.
    pub(super) fn without_rows(&self) -> Self {
        let range = self.range.as_ref().map(|_| Range {
            text: "1990-01-01 to 1991-01-01".to_owned(),
            filter: None,
            days: None,
        });
        let nothing =
            Filter { condition: "1 = 0".to_owned(), field: String::new(), expression: String::new(), told: None };
        Self { keys: Vec::new(), filters: vec![nothing], range, ..self.clone() }
    }

    /// Whether the battery's oracle has words for it.
    pub(super) fn can_be_told(&self) -> bool {
        let has_day = self.range.as_ref().is_none_or(|range| range.days.is_some());
        let is_known = |metric: &str| metric.strip_prefix('m').is_some_and(|number| number.parse::<usize>().is_ok());
        has_day
            && self.filters.iter().all(|filter| filter.told.is_some())
            && self.metrics.iter().all(|(metric, _)| is_known(metric))
            && self.keys.iter().all(|key| matches!(key.shape, Shape::Plain | Shape::Words | Shape::Month))
    }

    /// The answer of the battery's oracle, if it has one.
    pub(super) fn told(&self, small: &Small) -> Option<Vec<Row>> {
        let metrics: Vec<String> = self.metrics.iter().map(|(metric, _)| metric.clone()).collect();
        let keys: Vec<String> = self.keys.iter().map(|key| key.path.clone()).collect();
        let told: Vec<Condition<'_>> =
            self.filters.iter().map(|filter| filter.told.as_ref().map(Told::condition)).collect::<Option<_>>()?;
        let days = match &self.range {
            Some(range) => Some(range.days?),
            None => None,
        };
        small.answer(&metrics, &keys, &told, days)
    }

    /// Who asks, and over which connection.
    pub(in crate::lookml::twin) fn session(&self, world: &World) -> Session {
        Session { has_rollups: self.has_rollups, ..world.session(&self.user) }
    }

    /// In Looker's words.
    pub(in crate::lookml::twin) fn query(&self) -> Query {
        let keys = self.keys.iter().map(|key| key.field.clone());
        let filters = self.filters.iter().map(|filter| (filter.field.clone(), filter.expression.clone()));
        let range = self.range.iter().filter_map(|range| range.filter.clone());
        Query {
            explore: self.explore.clone(),
            fields: keys.chain(self.metrics.iter().map(|(_, field)| field.clone())).collect(),
            filters: filters.chain(range).collect(),
            ..Query::default()
        }
    }

    /// The SQL of Looker; whether fields are set in parentheses is left to chance, as nothing may hang on it.
    pub(in crate::lookml::twin) fn sql(&self, world: &World, model: &Model, random: &mut Random) -> Looker<String> {
        let mut session = self.session(world);
        session.has_parentheses = random.chance(50);
        write::sql(model, &session, &self.query())
    }
}
