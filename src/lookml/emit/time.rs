//! Time dimensions as dimension groups.
//!
//! The SQL is the bare column: Looker converts it itself, so that its filters prune partitions. That the connection's
//! zone is the project's is checked by a data test.

use super::super::tree::{Datatype, Timeframe};
use crate::{
    catalog::ColumnType,
    project::{Dimension, DimensionKind, Project},
    time::Granularity,
};

/// Returns the members of a time dimension: all that its values are fine enough for, but not the sixteen of several
/// minutes or hours, which a refinement can add.
pub(super) fn timeframes(project: &Project, dimension: &Dimension) -> Vec<Timeframe> {
    let DimensionKind::Time { finest } = dimension.kind else { return Vec::new() };
    let finest = if dimension.column_type == ColumnType::Date { finest.max(Granularity::Day) } else { finest };
    let fiscal = project.calendar.fiscal_start_month != 1;
    let mut frames = vec![Timeframe::Raw];
    if finest.is_within_a_day() {
        frames.push(Timeframe::Time);
    }
    for (granularity, frame) in [
        (Granularity::MINUTE, Timeframe::Minute),
        (Granularity::HOUR, Timeframe::Hour),
        (Granularity::Day, Timeframe::Date),
        (Granularity::Week, Timeframe::Week),
        (Granularity::Month, Timeframe::Month),
        (Granularity::Quarter, Timeframe::Quarter),
        (Granularity::Year, Timeframe::Year),
    ] {
        if finest.nests_in(granularity) {
            frames.push(frame);
        }
    }
    for (granularity, frame) in
        [(Granularity::FiscalQuarter, Timeframe::FiscalQuarter), (Granularity::FiscalYear, Timeframe::FiscalYear)]
    {
        if fiscal && finest.nests_in(granularity) {
            frames.push(frame);
        }
    }
    for (granularity, frame) in [
        (Granularity::HOUR, Timeframe::HourOfDay),
        (Granularity::Day, Timeframe::DayOfWeek),
        (Granularity::Day, Timeframe::DayOfMonth),
        (Granularity::Day, Timeframe::DayOfYear),
        (Granularity::Month, Timeframe::MonthNum),
        (Granularity::Quarter, Timeframe::QuarterOfYear),
    ] {
        if finest.nests_in(granularity) {
            frames.push(frame);
        }
    }
    frames
}

/// Returns the kind of a time column, and whether Looker converts it to the query's zone.
pub(super) fn datatype(column_type: ColumnType) -> (Datatype, bool) {
    match column_type {
        ColumnType::Date => (Datatype::Date, false),
        ColumnType::Timestamp => (Datatype::Timestamp, true),
        ColumnType::DateTime
        | ColumnType::String
        | ColumnType::Integer
        | ColumnType::Decimal
        | ColumnType::Float
        | ColumnType::Boolean
        | ColumnType::Json
        | ColumnType::Unknown => (Datatype::Datetime, false),
    }
}

/// Returns the member that stands for the periods of a granularity.
pub(super) fn frame(granularity: Granularity) -> Timeframe {
    match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) => {
            within_a_day(granularity).expect("Looker has a timeframe of each part of a day")
        }
        Granularity::Day => Timeframe::Date,
        Granularity::Week => Timeframe::Week,
        Granularity::Month => Timeframe::Month,
        Granularity::Quarter => Timeframe::Quarter,
        Granularity::Year => Timeframe::Year,
        Granularity::FiscalQuarter => Timeframe::FiscalQuarter,
        Granularity::FiscalYear => Timeframe::FiscalYear,
    }
}

/// Returns the member for periods of minutes or hours, which Looker calls as we do.
fn within_a_day(granularity: Granularity) -> Option<Timeframe> {
    Some(granularity)
        .filter(|granularity| granularity.is_within_a_day())
        .and_then(|size| Timeframe::from_word(size.name()))
}

/// Returns the periods that a member shows, if it shows any.
pub(super) fn granularity(frame: Timeframe) -> Option<Granularity> {
    match frame {
        Timeframe::Date => Some(Granularity::Day),
        other => Granularity::from_name(other.word()),
    }
}

/// Returns whether a member is a span of time, not the bare value or a part of a date.
pub(super) fn is_span(frame: Timeframe) -> bool {
    frame == Timeframe::Time || granularity(frame).is_some()
}

/// Returns the member on which an explore is filtered, and a filter of a few weeks or months.
pub(super) fn default_filter(project: &Project, dimension: &Dimension) -> (Timeframe, &'static str) {
    default_filter_of(&timeframes(project, dimension))
}

/// Returns the member of a group on which an explore is filtered, and a filter of a few weeks or months.
pub(super) fn default_filter_of(frames: &[Timeframe]) -> (Timeframe, &'static str) {
    let known = [
        (Timeframe::Date, "28 days ago for 28 days"),
        (Timeframe::Week, "8 weeks ago for 8 weeks"),
        (Timeframe::Month, "12 months ago for 12 months"),
        (Timeframe::Quarter, "8 quarters ago for 8 quarters"),
        (Timeframe::FiscalQuarter, "8 fiscal quarters ago for 8 fiscal quarters"),
        (Timeframe::Year, "3 years ago for 3 years"),
    ];
    known.into_iter().find(|(frame, _)| frames.contains(frame)).unwrap_or((Timeframe::FiscalYear, "3 fiscal years"))
}
