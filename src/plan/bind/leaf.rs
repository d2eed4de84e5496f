//! The bottom of a formula: one use of a metric that is computed from rows.
//!
//! `parcels_booked` 52 weeks ago and `parcels_booked` where it was late are two leaves.
//!
//! **Invariant:** leaves that are equal but for their names are one leaf.

use std::fmt;

use crate::{
    ids::{GranularityId, MetricId, ModelId},
    plan::calendar,
    project::{Cumulation, Ignore, Project, Ref, Take},
    sql::Expr,
    time::{DateRange, Duration, Granularity, Moment, NaiveDate, Tz, Unit, date_exists_after_shift, shift_date},
};

/// The position of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::plan) struct LeafId(pub(in crate::plan) usize);

/// One use of a metric that is computed from rows: simple, nested or a funnel.
#[derive(Clone, Debug)]
pub(in crate::plan) struct LeafUse {
    /// The name of its column.
    pub(in crate::plan) name: String,
    /// The metric.
    pub(in crate::plan) metric: MetricId,
    /// What of it.
    pub(in crate::plan) value: LeafValue,
    /// How it is used.
    pub(in crate::plan) usage: Usage,
    /// Whether a group with rows is a row of the answer.
    pub(in crate::plan) makes_rows: MakesRows,
}

/// Whether groups that have rows are rows of the answer; of several uses the greatest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum MakesRows {
    /// Never: what a condition on metrics or the order names hides rows that are there, or orders them.
    Never,
    /// Where nothing else does: what a request takes back stands beside rows that are there.
    Alone,
    /// Always.
    #[default]
    Always,
}

/// What the metrics above ask of a leaf.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::plan) struct Usage {
    /// Further filters, each seen from a model whose rows are counted.
    pub(in crate::plan) filters: Vec<(ModelId, Expr<Ref>)>,
    /// How far back.
    pub(in crate::plan) shift: Shift,
    /// Over which time.
    pub(in crate::plan) cumulation: Option<Accumulation>,
    /// The size of time to whose first period it is taken back.
    pub(in crate::plan) offset_to: Option<Granularity>,
    /// The keys that are dropped from its grouping.
    pub(in crate::plan) ignore: Option<Ignore>,
    /// Where it is the whole of a share: the names of the keys that tell one whole from another.
    pub(in crate::plan) within: Option<Vec<String>>,
}

/// What of a metric a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum LeafValue {
    /// Its aggregate; of a funnel the percentile of the time between.
    Metric,
    /// The number of rows that it is made of; of a funnel the number of bases.
    Rows,
    /// The number of bases of a funnel with at least one conversion.
    ConvertedBases,
    /// The number of conversions of a funnel.
    Conversions,
}

/// Over which time a leaf is accumulated, and what stands for a longer period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::plan) struct Accumulation {
    /// Over which time.
    pub(in crate::plan) over: Cumulation,
    /// What stands for a period that is longer than a day.
    pub(in crate::plan) take: Take,
}

/// How far back a leaf is taken: by seconds and days, which move each row, and by months, which move its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(in crate::plan) struct Shift {
    /// Months back.
    pub(in crate::plan) months: i64,
    /// Days back.
    pub(in crate::plan) days: i64,
    /// Seconds back, as they pass.
    pub(in crate::plan) seconds: i64,
    /// Whether each day of the answer shows the rows of the day so far back, month ends clamped.
    pub(in crate::plan) by_rows: bool,
    /// Whether rows were asked to be shifted by every offset of days, so that a period may be longer than those.
    pub(in crate::plan) days_by_rows: bool,
    /// Whether it is what is taken back by months that is taken back by days or seconds, and not the other way round: at the
    /// ends of months that is another day.
    pub(in crate::plan) days_of_months: bool,
    /// Periods of a calendar back, and of which size; then nothing else.
    pub(in crate::plan) periods: Option<(GranularityId, i64)>,
}

impl Shift {
    /// Returns whether nothing is shifted.
    pub(in crate::plan) fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Returns whether it is a whole number of periods, so that the start of one becomes the start of another.
    pub(in crate::plan) fn is_whole(self, size: Granularity) -> bool {
        let is_plain = self.seconds == 0 && !self.by_rows && self.periods.is_none();
        is_plain
            && match size.months() {
                Some(months) => self.days == 0 && self.months % i64::from(months) == 0,
                None => self.months == 0 && self.days % 7 == 0,
            }
    }

    /// Returns the range of rows whose shifted day lies in `range`.
    ///
    /// A day that the earlier month lacks stands for the first day of the month after: 31 March minus one month is
    /// 1 March, so that both ends of a range are cut alike.
    pub(in crate::plan) fn range(self, project: &Project, range: DateRange, zone: Tz) -> DateRange {
        if let Some((id, count)) = self.periods {
            return calendar::range_back(project, id, count, range).unwrap_or_default();
        }
        let days = DateRange::days(range.from.map(|day| self.back(day)), range.to.map(|day| self.back(day)));
        if self.seconds == 0 && !range.is_within_days() {
            return days;
        }
        let passed = |day| Moment::of_day(day, zone).moved(self.passing(), -1, zone);
        let end = |moment: Option<Moment>, day: Option<NaiveDate>| {
            moment.map(|moment| self.back_moment(moment, zone)).or(day.map(passed))
        };
        DateRange::moments(end(range.first, days.from), end(range.end, days.to), zone)
    }

    /// Returns a moment moved back.
    pub(in crate::plan) fn back_moment(self, moment: Moment, zone: Tz) -> Moment {
        let months = Duration { count: self.months, unit: Unit::Month };
        let days = Duration { count: self.days, unit: Unit::Day };
        moment.moved(months, -1, zone).moved(days, -1, zone).moved(self.passing(), -1, zone)
    }

    /// Returns the shift the other way.
    pub(in crate::plan) fn negated(self) -> Self {
        Self { months: -self.months, days: -self.days, seconds: -self.seconds, ..self }
    }

    /// Returns the seconds in the greatest unit of which they are a whole number.
    pub(in crate::plan) fn passing(self) -> Duration {
        let unit = [Unit::Hour, Unit::Minute].into_iter().find(|unit| self.seconds % unit.seconds().unwrap_or(1) == 0);
        let unit = unit.unwrap_or(Unit::Second);
        Duration { count: self.seconds / unit.seconds().unwrap_or(1), unit }
    }

    /// Returns a day moved back, a day that the earlier month lacks to its last day.
    pub(in crate::plan) fn back_clamped(self, day: NaiveDate) -> NaiveDate {
        let moved = shift_date(day, Duration { count: self.months, unit: Unit::Month }, -1);
        shift_date(moved, Duration { count: self.days, unit: Unit::Day }, -1)
    }

    /// Returns a day moved back.
    pub(in crate::plan) fn back(self, day: NaiveDate) -> NaiveDate {
        let months = Duration { count: self.months, unit: Unit::Month };
        let moved = shift_date(day, months, -1);
        let exact = date_exists_after_shift(day, months, -1);
        let moved = if exact { moved } else { shift_date(moved, Duration { count: 1, unit: Unit::Day }, 1) };
        shift_date(moved, Duration { count: self.days, unit: Unit::Day }, -1)
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let months = Duration { count: self.months, unit: Unit::Month };
        let days = Duration { count: self.days, unit: Unit::Day };
        if let Some((_, count)) = self.periods {
            return write!(f, "{count} of a calendar's periods");
        }
        let parts = [(self.months, months), (self.days, days), (self.seconds, self.passing())];
        let parts: Vec<String> =
            parts.into_iter().filter(|(count, _)| *count != 0).map(|(_, part)| part.to_string()).collect();
        f.write_str(&parts.join(" and "))
    }
}
