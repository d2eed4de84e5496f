//! Functions of the portable language.

use crate::time::{Granularity, TimePart, Tz, Unit, Weekday};

/// A function of the portable language. Every dialect writes each of them, exactly, or does not compile.
///
/// Arguments are positional; the parameters in the variants are constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// `coalesce(a, b, …)`
    Coalesce,
    /// `nullif(a, b)`
    NullIf,
    /// `lower(text)`
    Lower,
    /// `upper(text)`
    Upper,
    /// `trim(text)`: blanks at both ends.
    Trim,
    /// `length(text)` in characters.
    Length,
    /// `concat(a, b, …)`: null where any part is.
    Concat,
    /// `substring(text, start)`, `substring(text, start, length)`: from one, in characters.
    Substring,
    /// `replace(text, what, by)`
    Replace,
    /// `starts_with(text, prefix)`, literally.
    StartsWith,
    /// `ends_with(text, suffix)`, literally.
    EndsWith,
    /// `contains(text, part)`, literally.
    Contains,
    /// The SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits in lower case; for masks.
    Sha256,
    /// `json_text(document, 'key')`: the scalar at a top-level key as text.
    JsonText,
    /// `abs(x)`
    Abs,
    /// `round(x)`, `round(x, digits)`: half away from zero.
    Round,
    /// `floor(x)`
    Floor,
    /// `ceil(x)`
    Ceil,
    /// `greatest(a, b, …)`: null where any is.
    Greatest,
    /// `least(a, b, …)`: null where any is.
    Least,
    /// The day of a date or wall-clock time.
    DateOf,
    /// The wall-clock time of an instant in a zone.
    LocalTime(Tz),
    /// The instant of a wall-clock time in a zone.
    InstantOf(Tz),
    /// The start of the period of a date or wall-clock time: a date, or a wall-clock time within a day.
    Truncate {
        /// The size of the period.
        granularity: Granularity,
        /// The first day of a week.
        week_start: Weekday,
        /// The first month of a fiscal year.
        fiscal_start_month: u32,
    },
    /// The instant at which the second, minutes or hour of an instant began, as its clock counted back: one hour, or
    /// less. See `period_of_instant` for the rest.
    TruncateInstant {
        /// The zone.
        zone: Tz,
        /// The size of the period.
        granularity: Granularity,
    },
    /// `(t, n)`: a date or wall-clock time moved by n units, month ends clamped.
    ///
    /// What is a date by its own form (`DateOf`, `Truncate`, a constant) stays one under days and longer units. A bare
    /// column comes out as a wall-clock time, since only the catalog knows its type: put it in `DateOf` before.
    /// An instant may be moved by seconds, minutes and hours.
    AddUnits(Unit),
    /// `(a, b)`: how many boundaries of the unit lie between two dates: 0 within one period, negative if b is earlier.
    PeriodsBetween {
        /// The size of the period.
        granularity: Granularity,
        /// The first day of a week.
        week_start: Weekday,
        /// The first month of a fiscal year.
        fiscal_start_month: u32,
    },
    /// `(a, b)`: the microseconds from one time to another, negative if b is earlier.
    MicrosecondsBetween {
        /// Whether they are instants; wall-clock times otherwise.
        instants: bool,
    },
    /// A part of a date or wall-clock time, as a whole number.
    Part {
        /// Which part.
        part: TimePart,
        /// The weekday that counts as 1.
        week_start: Weekday,
    },
    /// `trunc(t, month)` as written, before resolving has found the type and the zone.
    WrittenTruncate(Granularity),
    /// `date(t)` as written.
    WrittenDate,
    /// `periods_between('week', a, b)` as written.
    WrittenPeriodsBetween(Granularity),
}

impl Function {
    /// Returns whether an argument is a part of the function's form: a constant by which dialects write it, never a value that
    /// travels beside the text.
    pub fn is_form(self, position: usize) -> bool {
        matches!((self, position), (Self::JsonText | Self::Round, 1))
    }
}
