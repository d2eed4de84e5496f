//! What each function of the language takes and gives.
//!
//! `substring(text, start, length)` takes a string and one or two whole numbers and gives a string.

use crate::{catalog::ColumnType, sql::Function};

/// What a function asks of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Text.
    Text,
    /// Text or a JSON document.
    Document,
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// A date, a wall-clock time or an instant.
    Time,
    /// Anything that fits the other arguments of this kind.
    Common,
}

impl Slot {
    /// Returns whether an argument of this type may stand here.
    pub(super) fn takes(self, column_type: ColumnType) -> bool {
        if column_type == ColumnType::Unknown {
            return true;
        }
        match self {
            Self::Text => column_type == ColumnType::String,
            Self::Document => matches!(column_type, ColumnType::Json | ColumnType::String),
            Self::Number => column_type.is_numeric(),
            Self::Whole => column_type == ColumnType::Integer,
            Self::Time => column_type.is_time(),
            Self::Common => true,
        }
    }

    /// Returns the words for a message: "takes a string".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Document => "a JSON document",
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Time => "a date or time",
            Self::Common => "a value",
        }
    }
}

/// The type of a function's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    /// Always this.
    Fixed(ColumnType),
    /// That of the first argument.
    First,
    /// The one type that all arguments fit.
    Common,
}

/// What a function takes and gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature {
    /// The name in the language.
    pub(super) name: &'static str,
    /// The arguments in order; the last one repeats if more are allowed.
    pub(super) slots: &'static [Slot],
    /// The fewest arguments.
    pub(super) least: usize,
    /// The most arguments; none is any number.
    pub(super) most: Option<usize>,
    /// The type of the value.
    pub(super) gives: Gives,
}

/// Returns what a function takes and gives.
pub(super) fn signature(function: Function) -> Signature {
    use ColumnType::{Boolean, Integer, String};
    use Gives::{Common, First, Fixed};
    use Slot::{Document, Number, Text, Time, Whole};
    let of = |name, slots, least, most, gives| Signature { name, slots, least, most, gives };
    match function {
        Function::Coalesce => of("coalesce", &[Slot::Common], 1, None, Common),
        Function::NullIf => of("nullif", &[Slot::Common, Slot::Common], 2, Some(2), First),
        Function::Lower => of("lower", &[Text], 1, Some(1), Fixed(String)),
        Function::Upper => of("upper", &[Text], 1, Some(1), Fixed(String)),
        Function::Trim => of("trim", &[Text], 1, Some(1), Fixed(String)),
        Function::Length => of("length", &[Text], 1, Some(1), Fixed(Integer)),
        Function::Concat => of("concat", &[Text], 1, None, Fixed(String)),
        Function::Substring => of("substring", &[Text, Whole, Whole], 2, Some(3), Fixed(String)),
        Function::Replace => of("replace", &[Text, Text, Text], 3, Some(3), Fixed(String)),
        Function::StartsWith => of("starts_with", &[Text, Text], 2, Some(2), Fixed(Boolean)),
        Function::EndsWith => of("ends_with", &[Text, Text], 2, Some(2), Fixed(Boolean)),
        Function::Contains => of("contains", &[Text, Text], 2, Some(2), Fixed(Boolean)),
        Function::JsonText => of("json_text", &[Document, Text], 2, Some(2), Fixed(String)),
        Function::Abs => of("abs", &[Number], 1, Some(1), First),
        Function::Round => of("round", &[Number, Whole], 1, Some(2), First),
        Function::Floor => of("floor", &[Number], 1, Some(1), First),
        Function::Ceil => of("ceil", &[Number], 1, Some(1), First),
        Function::Greatest => of("greatest", &[Slot::Common], 1, None, Common),
        Function::Least => of("least", &[Slot::Common], 1, None, Common),
        Function::DateOf | Function::WrittenDate => of("date", &[Time], 1, Some(1), Fixed(ColumnType::Date)),
        Function::LocalTime(_) => of("local_time", &[Time], 1, Some(1), Fixed(ColumnType::DateTime)),
        Function::InstantOf(_) => of("instant_of", &[Time], 1, Some(1), Fixed(ColumnType::Timestamp)),
        Function::TruncateHour(_) => of("trunc", &[Time], 1, Some(1), Fixed(ColumnType::Timestamp)),
        Function::Truncate { .. } | Function::WrittenTruncate(_) => of("trunc", &[Time], 1, Some(1), First),
        Function::AddUnits(_) => of("add_units", &[Time, Whole], 2, Some(2), First),
        Function::PeriodsBetween { .. } | Function::WrittenPeriodsBetween(_) => {
            of("periods_between", &[Time, Time], 2, Some(2), Fixed(Integer))
        }
        Function::Part { .. } => of("part", &[Time], 1, Some(1), Fixed(Integer)),
    }
}
