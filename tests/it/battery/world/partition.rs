//! How the table of parcels is cut into partitions, what is promised of them, and rows that keep the promise.

use chrono::{
    DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

use super::{Parcel, World, values};
use crate::battery::random::Random;

/// The partitions of parcels.
#[derive(Clone, Copy)]
pub(in crate::battery) struct Partitions {
    pub(in crate::battery) column: Column,
    pub(in crate::battery) size: Size,
    /// Where partitions are cut.
    pub(in crate::battery) zone: Tz,
    /// The time that a promise is of.
    pub(in crate::battery) of: Promised,
    pub(in crate::battery) from: Option<Shift>,
    pub(in crate::battery) to: Option<Shift>,
}

/// A column by which a table is partitioned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::battery) enum Column {
    /// A date.
    Day,
    /// A wall clock.
    Clock,
    /// An instant.
    Instant,
    /// The time axis itself, an instant.
    Axis,
}

/// The size of a partition.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::battery) enum Size {
    Hour,
    Day,
    Month,
    Year,
}

/// A time of a parcel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::battery) enum Promised {
    /// When it was booked, an instant.
    Booked,
    /// When it was done, a date.
    Done,
}

/// How far a partition may be from its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::battery) enum Shift {
    /// Minutes that pass.
    Minutes(i64),
    Days(i64),
    Months(i32),
}

impl Column {
    pub(in crate::battery) fn name(self) -> &'static str {
        match self {
            Self::Day => "loaded_on",
            Self::Clock => "loaded_clock",
            Self::Instant => "loaded_at",
            Self::Axis => "booked_at",
        }
    }
}

impl Promised {
    pub(in crate::battery) fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked_at",
            Self::Done => "done_on",
        }
    }
}

impl Size {
    fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// What the clock shows when the partition begins that holds a time.
    pub(in crate::battery) fn start(self, clock: NaiveDateTime) -> NaiveDateTime {
        let day = clock.date();
        let day = match self {
            Self::Hour => return day.and_hms_opt(clock.hour(), 0, 0).expect("an hour"),
            Self::Day => Some(day),
            Self::Month => day.with_day(1),
            Self::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        };
        day.expect("a day").and_time(NaiveTime::MIN)
    }

    /// The start of the partition so many after, or before, the one that begins at a time.
    pub(in crate::battery) fn further(self, start: NaiveDateTime, by: i32) -> NaiveDateTime {
        match self {
            Self::Hour => start + Duration::hours(by.into()),
            Self::Day => start + Duration::days(by.into()),
            Self::Month => Shift::Months(by).of_clock(start),
            Self::Year => Shift::Months(12 * by).of_clock(start),
        }
    }
}

impl Shift {
    fn text(self) -> String {
        let (count, unit) = match self {
            Self::Minutes(minutes) if minutes % 60 == 0 => (minutes / 60, "hour"),
            Self::Minutes(minutes) => (minutes, "minute"),
            Self::Days(days) => (days, "day"),
            Self::Months(months) => (months.into(), "month"),
        };
        if count.abs() == 1 { format!("{count} {unit}") } else { format!("{count} {unit}s") }
    }

    pub(in crate::battery) fn of_clock(self, clock: NaiveDateTime) -> NaiveDateTime {
        let day = clock.date();
        let moved = match self {
            Self::Minutes(minutes) => return clock + Duration::minutes(minutes),
            Self::Days(days) if days < 0 => day.checked_sub_days(Days::new(days.unsigned_abs())),
            Self::Days(days) => day.checked_add_days(Days::new(days.unsigned_abs())),
            Self::Months(months) if months < 0 => day.checked_sub_months(Months::new(months.unsigned_abs())),
            Self::Months(months) => day.checked_add_months(Months::new(months.unsigned_abs())),
        };
        moved.expect("a day").and_time(clock.time())
    }

    /// What the clock of a zone shows at an instant, moved.
    pub(in crate::battery) fn of_instant(self, at: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
        match self {
            Self::Minutes(minutes) => (at + Duration::minutes(minutes)).with_timezone(&zone).naive_local(),
            _ => self.of_clock(at.with_timezone(&zone).naive_local()),
        }
    }
}

const NOT: Shift = Shift::Days(0);
const FROM: [Shift; 5] =
    [Shift::Minutes(-60), Shift::Minutes(-90), Shift::Days(-1), Shift::Days(-40), Shift::Months(-1)];
const TO: [Shift; 5] = [Shift::Minutes(60), Shift::Minutes(26 * 60), Shift::Days(1), Shift::Days(3), Shift::Months(1)];

impl Partitions {
    /// Days of UTC, in which a parcel lies up to so many days after its booking.
    pub(super) fn late(days: i64) -> Self {
        Self {
            column: Column::Day,
            size: Size::Day,
            zone: chrono_tz::UTC,
            of: Promised::Booked,
            from: None,
            to: Some(Shift::Days(days)),
        }
    }

    /// Partitions of any kind.
    pub(in crate::battery) fn any(random: &mut Random) -> Self {
        let column = *random.pick(&[Column::Day, Column::Clock, Column::Instant, Column::Axis]);
        let sizes = [Size::Day, Size::Day, Size::Month, Size::Year, Size::Hour, Size::Hour];
        let sizes = if column == Column::Day { &sizes[..4] } else { &sizes };
        let zone = if random.chance(40) { chrono_tz::UTC } else { *random.pick(&values::ZONES) };
        Self {
            column,
            size: *random.pick(sizes),
            zone,
            of: if random.chance(75) { Promised::Booked } else { Promised::Done },
            from: random.pick_or_none(50, &FROM),
            to: random.pick_or_none(40, &TO),
        }
    }

    /// The definition of the table.
    pub(super) fn yaml(&self) -> String {
        let (column, size, zone) = (self.column.name(), self.size.name(), self.zone);
        let promise = match self.column {
            Column::Axis => String::new(),
            Column::Day | Column::Clock | Column::Instant => {
                let ends = [("from", self.from), ("to", self.to)];
                let ends = ends.into_iter().filter_map(|(word, end)| Some(format!("{word}: {}", end?.text())));
                let ends: Vec<String> = ends.collect();
                format!(", holds: {{ {}: {{ {} }} }}", self.of.name(), ends.join(", "))
            }
        };
        format!(
            "tables:\n  - name: parcels\n    partition: {{ column: {column}, granularity: {size}, time_zone: {zone}{promise} }}\n"
        )
    }

    /// Puts every parcel into a partition that the promise allows, mostly the first or the last one.
    pub(super) fn fill(&self, random: &mut Random, parcels: &mut [Parcel]) {
        for parcel in parcels {
            parcel.loaded_at = self.place(random, parcel);
        }
    }

    fn place(&self, random: &mut Random, parcel: &Parcel) -> DateTime<Utc> {
        let Some(own) = self.moment_of(random, parcel) else { return values::instant(random) };
        let clock = |shift: Option<Shift>| shift.unwrap_or(NOT).of_instant(own, self.zone);
        let (first, last) = (clock(self.from), clock(self.to));
        let wanted = match random.below(4) {
            0 => own.with_timezone(&self.zone).naive_local(),
            1 => first,
            2 => last,
            _ => first + Duration::minutes(random.value_below((last - first).num_minutes().max(0) + 1)),
        };
        let wanted = if random.chance(50) { self.size.start(wanted) } else { wanted };
        let found = self.zone.from_local_datetime(&wanted);
        let found = if random.chance(50) { found.earliest() } else { found.latest() };
        let found = found.map_or(own, |at| at.with_timezone(&Utc));
        let partition = self.size.start(found.with_timezone(&self.zone).naive_local());
        let is_allowed = (self.size.start(first)..=self.size.start(last)).contains(&partition);
        if is_allowed { found } else { own }
    }

    /// A moment of the time that the promise is of: of a date any of its day.
    fn moment_of(&self, random: &mut Random, parcel: &Parcel) -> Option<DateTime<Utc>> {
        match self.of {
            Promised::Booked => parcel.booked_at,
            Promised::Done => {
                let hour = u32::try_from(random.below(24)).expect("an hour");
                let clock = parcel.done_on?.and_hms_opt(hour, 30, 0).expect("a time");
                let at = self.zone.from_local_datetime(&clock).earliest();
                Some(at.map_or_else(|| clock.and_utc(), |at| at.with_timezone(&Utc)))
            }
        }
    }
}

impl World {
    /// The same with other partitions.
    pub(in crate::battery) fn partitioned(mut self, random: &mut Random, partitions: Partitions) -> Self {
        partitions.fill(random, &mut self.parcels);
        partitions.fill(random, &mut self.void.parcels);
        self.partitions = Some(partitions);
        self
    }

    /// What stands in the partition columns of a parcel: a date, a wall clock, an instant.
    pub(super) fn places(&self, parcel: &Parcel) -> (NaiveDate, NaiveDateTime, DateTime<Utc>) {
        let zone = self.partitions.map_or(chrono_tz::UTC, |partitions| partitions.zone);
        let clock = parcel.loaded_at.with_timezone(&zone).naive_local();
        (clock.date(), clock, parcel.loaded_at)
    }
}
