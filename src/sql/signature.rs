//! What each function of the language takes and gives.
//!
//! `substring(text, start, length)` takes a string and one or two whole numbers and gives a string. How many arguments
//! a function takes is checked by the parser.

use super::Function;
use crate::catalog::ColumnType;

/// What a function asks of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
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
    pub fn takes(self, column_type: ColumnType) -> bool {
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
    pub fn words(self) -> &'static str {
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
pub enum Gives {
    /// Always this.
    Fixed(ColumnType),
    /// That of the first argument.
    First,
    /// The one type that all arguments fit.
    Common,
}

/// What a function takes and gives.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The name in the language.
    pub name: &'static str,
    /// The arguments in order; the last one repeats if more are allowed.
    pub slots: &'static [Slot],
    /// The type of the value.
    pub gives: Gives,
}

/// Returns what a function takes and gives.
pub fn signature(function: Function) -> Signature {
    use ColumnType::{Boolean, Integer, String};
    use Gives::{Common, First, Fixed};
    use Slot::{Document, Number, Text, Time, Whole};
    let of = |name, slots, gives| Signature { name, slots, gives };
    match function {
        Function::Coalesce => of("coalesce", &[Slot::Common], Common),
        Function::NullIf => of("nullif", &[Slot::Common, Slot::Common], First),
        Function::Lower => of("lower", &[Text], Fixed(String)),
        Function::Upper => of("upper", &[Text], Fixed(String)),
        Function::Trim => of("trim", &[Text], Fixed(String)),
        Function::Length => of("length", &[Text], Fixed(Integer)),
        Function::Concat => of("concat", &[Text], Fixed(String)),
        Function::Substring => of("substring", &[Text, Whole, Whole], Fixed(String)),
        Function::Replace => of("replace", &[Text, Text, Text], Fixed(String)),
        Function::StartsWith => of("starts_with", &[Text, Text], Fixed(Boolean)),
        Function::EndsWith => of("ends_with", &[Text, Text], Fixed(Boolean)),
        Function::Contains => of("contains", &[Text, Text], Fixed(Boolean)),
        Function::Sha256 => of("sha256", &[Text], Fixed(String)),
        Function::JsonText => of("json_text", &[Document, Text], Fixed(String)),
        Function::Abs => of("abs", &[Number], First),
        Function::Round => of("round", &[Number, Whole], First),
        Function::Floor => of("floor", &[Number], First),
        Function::Ceil => of("ceil", &[Number], First),
        Function::Greatest => of("greatest", &[Slot::Common], Common),
        Function::Least => of("least", &[Slot::Common], Common),
        Function::DateOf | Function::WrittenDate => of("date", &[Time], Fixed(ColumnType::Date)),
        Function::LocalTime(_) => of("local_time", &[Time], Fixed(ColumnType::DateTime)),
        Function::InstantOf(_) => of("instant_of", &[Time], Fixed(ColumnType::Timestamp)),
        Function::TruncateInstant { .. } => of("trunc", &[Time], Fixed(ColumnType::Timestamp)),
        Function::Truncate { .. } | Function::WrittenTruncate(_) => of("trunc", &[Time], First),
        Function::AddUnits(_) => of("add_units", &[Time, Whole], First),
        Function::MicrosecondsBetween { .. } => of("microseconds_between", &[Time, Time], Fixed(Integer)),
        Function::PeriodsBetween { .. } | Function::WrittenPeriodsBetween(_) => {
            of("periods_between", &[Time, Time], Fixed(Integer))
        }
        Function::Part { .. } => of("part", &[Time], Fixed(Integer)),
    }
}
