//! Calendars from a table, and the sizes of periods that they add to those of the language.
//!
//! `calendars: [{ name: retail, table: marts.dim_retail_calendar, date: calendar_date, granularities: { retail_week: {} } }]`
//! gives the granularity `retail_week`, by which a day belongs to the period that its row names.
//!
//! **Invariant:** a granularity of a calendar has a name that no other granularity, and no part of a date, has.

use super::Project;
use crate::{
    catalog::{CatalogPeriod, ColumnType},
    files::Span,
    ids::{CalendarId, GranularityId, TableId},
    sql::Literal,
    time::{DateRange, Granularity, NaiveDate, NaiveDateTime},
};

/// A calendar: a table with one row per day.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarTable {
    /// The name.
    pub name: String,
    /// The table.
    pub table: TableId,
    /// The column with the day.
    pub date: String,
    /// The type of that column: a date, a wall-clock time, or unknown.
    pub date_type: ColumnType,
    /// Its granularities, in source order.
    pub granularities: Vec<GranularityId>,
    /// Where it was written.
    pub span: Span,
}

/// A granularity of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarGranularity {
    /// The name, unique in the project.
    pub name: String,
    /// Its calendar.
    pub calendar: CalendarId,
    /// The column that names the period of a day.
    pub column: String,
    /// The type of that column.
    pub column_type: ColumnType,
    /// The periods as the catalog knows them, by their first day; empty if it does not.
    pub periods: Vec<Period>,
    /// Where it was written.
    pub span: Span,
}

/// A period of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// Its first day.
    pub from: NaiveDate,
    /// The day after its last one.
    pub to: NaiveDate,
    /// What the column holds on its days.
    pub value: Literal,
}

/// The size of the periods of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// A granularity of the language.
    Standard(Granularity),
    /// A granularity of a calendar; a period is told by what its column holds.
    Calendar(GranularityId),
    /// A granularity of a calendar; a period is told by its first day.
    FirstDay(GranularityId),
}

impl From<Granularity> for Size {
    fn from(granularity: Granularity) -> Self {
        Self::Standard(granularity)
    }
}

impl Size {
    /// Returns the granularity of a calendar, if it is one.
    pub fn of_calendar(self) -> Option<GranularityId> {
        match self {
            Self::Standard(_) => None,
            Self::Calendar(id) | Self::FirstDay(id) => Some(id),
        }
    }

    /// Returns the granularity of the language, if it is one.
    pub fn standard(self) -> Option<Granularity> {
        match self {
            Self::Standard(granularity) => Some(granularity),
            Self::Calendar(_) | Self::FirstDay(_) => None,
        }
    }

    /// Returns whether the periods are shorter than a day.
    pub fn is_within_a_day(self) -> bool {
        match self {
            Self::Standard(granularity) => granularity < Granularity::Day,
            Self::Calendar(_) | Self::FirstDay(_) => false,
        }
    }
}

impl CalendarGranularity {
    /// Returns the position of the period that holds a day.
    pub fn position(&self, day: NaiveDate) -> Option<usize> {
        let position = self.periods.partition_point(|period| period.to <= day);
        self.periods.get(position).filter(|period| period.from <= day).map(|_| position)
    }

    /// Returns the period that holds a day.
    pub fn period(&self, day: NaiveDate) -> Option<&Period> {
        self.position(day).map(|position| &self.periods[position])
    }

    /// Returns whether the values of the column are in the order of the periods.
    pub fn is_ordered_by_value(&self) -> bool {
        let rank = |literal: &Literal| match literal {
            Literal::Date(day) => Some((0, day.to_string())),
            Literal::Integer(number) => Some((i128::from(*number), String::new())),
            Literal::String(text) => Some((0, text.clone())),
            Literal::DateTime(time) | Literal::Timestamp(time) => Some((0, time.to_string())),
            Literal::Null | Literal::Boolean(_) | Literal::Decimal(_) | Literal::Float(_) => None,
        };
        self.periods.is_sorted_by(|a, b| rank(&a.value).zip(rank(&b.value)).is_some_and(|(a, b)| a < b))
    }

    /// Returns the days that the known periods cover, from the first to the last.
    pub fn covered(&self) -> DateRange {
        DateRange::days(self.periods.first().map(|period| period.from), self.periods.last().map(|period| period.to))
    }
}

/// Returns the periods of a catalog with values of the column's type; none if one of them cannot be read.
fn read(periods: &[CatalogPeriod], column_type: ColumnType) -> Vec<Period> {
    let period = |period: &CatalogPeriod| {
        Some(Period { from: period.from, to: period.to, value: literal(&period.value, column_type)? })
    };
    let mut read: Vec<Period> = periods.iter().map(period).collect::<Option<_>>().unwrap_or_default();
    read.sort_by_key(|period| period.from);
    // Periods that overlap are no calendar to count by.
    if read.windows(2).all(|pair| pair[0].to <= pair[1].from) { read } else { Vec::new() }
}

fn literal(text: &str, column_type: ColumnType) -> Option<Literal> {
    let clock = || text.trim_end_matches('Z').replace(' ', "T").parse::<NaiveDateTime>().ok();
    match column_type {
        ColumnType::Date => text.parse().ok().map(Literal::Date),
        ColumnType::Integer => text.parse().ok().map(Literal::Integer),
        ColumnType::Decimal => Some(Literal::Decimal(text.to_owned())),
        ColumnType::DateTime => clock().map(Literal::DateTime),
        ColumnType::Timestamp => clock().map(Literal::Timestamp),
        ColumnType::String | ColumnType::Unknown => Some(Literal::String(text.to_owned())),
        ColumnType::Float | ColumnType::Boolean | ColumnType::Json => None,
    }
}

impl Project {
    /// Takes the periods of a granularity from a catalog.
    pub fn set_periods(&mut self, id: GranularityId, periods: &[CatalogPeriod]) {
        let granularity = &mut self.granularities[id];
        granularity.periods = read(periods, granularity.column_type);
    }

    /// Finds a granularity of a calendar by its name.
    pub fn calendar_granularity(&self, name: &str) -> Option<GranularityId> {
        self.granularities.iter().find(|(_, granularity)| granularity.name == name).map(|(id, _)| id)
    }

    /// Finds a size by the name of its granularity.
    pub fn size_named(&self, name: &str) -> Option<Size> {
        let of_calendar = || self.calendar_granularity(name).map(Size::Calendar);
        Granularity::from_name(name).map(Size::Standard).or_else(of_calendar)
    }

    /// Returns the name of a size, as it stands behind a time dimension.
    pub fn size_name(&self, size: Size) -> &str {
        match size {
            Size::Standard(granularity) => granularity.name(),
            Size::Calendar(id) | Size::FirstDay(id) => &self.granularities[id].name,
        }
    }

    /// Returns the names of all granularities.
    pub fn granularity_names(&self) -> impl Iterator<Item = &str> + '_ {
        let own = self.granularities.values().map(|granularity| granularity.name.as_str());
        Granularity::ALL.into_iter().map(|granularity| granularity.name()).chain(own)
    }
}
