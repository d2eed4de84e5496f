//! The functions of the language, by name.

use crate::sql::{BinaryOp, Function};

/// A function of the language, as the reference lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionDoc {
    /// The name, in lower case.
    pub name: &'static str,
    /// The arguments, as written: `text, start, length`.
    pub arguments: &'static str,
    /// What it gives, in one line.
    pub doc: &'static str,
    /// The least and the greatest number of arguments.
    pub(super) count: (usize, usize),
    pub(super) meaning: Meaning,
}

/// What a call becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Call(Function),
    Operator(BinaryOp),
    Truncate,
    PeriodsBetween,
    Exists,
}

/// As many arguments as one likes.
const ANY: usize = usize::MAX;

const fn call(
    name: &'static str,
    arguments: &'static str,
    count: (usize, usize),
    function: Function,
    doc: &'static str,
) -> FunctionDoc {
    FunctionDoc { name, arguments, doc, count, meaning: Meaning::Call(function) }
}

const FUNCTIONS: &[FunctionDoc] = &[
    call("abs", "x", (1, 1), Function::Abs, "The distance from zero."),
    call("ceil", "x", (1, 1), Function::Ceil, "The least whole number not below x."),
    call("coalesce", "a, b, …", (1, ANY), Function::Coalesce, "The first argument that is not null."),
    call("concat", "a, b, …", (1, ANY), Function::Concat, "The texts joined; null where one of them is."),
    call("contains", "text, part", (2, 2), Function::Contains, "Whether the part occurs in the text, literally."),
    call("date", "t", (1, 1), Function::WrittenDate, "The local day of a time, in the project's zone."),
    call("ends_with", "text, suffix", (2, 2), Function::EndsWith, "Whether the text ends so, literally."),
    FunctionDoc {
        name: "exists",
        arguments: "model where condition",
        doc: "Whether a to-many join has a row that fulfils the condition: `exists(claims where kind = 'lost')`.",
        count: (1, 2),
        meaning: Meaning::Exists,
    },
    call("floor", "x", (1, 1), Function::Floor, "The greatest whole number not above x."),
    call("greatest", "a, b, …", (1, ANY), Function::Greatest, "The greatest argument; null where one of them is."),
    call("json_text", "document, 'key'", (2, 2), Function::JsonText, "The value of a key of the document, as text."),
    call("least", "a, b, …", (1, ANY), Function::Least, "The least argument; null where one of them is."),
    call("length", "text", (1, 1), Function::Length, "The number of characters."),
    call("lower", "text", (1, 1), Function::Lower, "The text in lower case."),
    FunctionDoc {
        name: "mod",
        arguments: "a, b",
        doc: "The remainder, as `a % b`; null where b is zero.",
        count: (2, 2),
        meaning: Meaning::Operator(BinaryOp::Modulo),
    },
    call("nullif", "a, b", (2, 2), Function::NullIf, "Null where both are equal, else a."),
    FunctionDoc {
        name: "periods_between",
        arguments: "'week', a, b",
        doc: "How many weeks (days, months, …) begin after a, up to b: 0 within one, negative if b is earlier.",
        count: (3, 3),
        meaning: Meaning::PeriodsBetween,
    },
    call(
        "replace",
        "text, part, substitute",
        (3, 3),
        Function::Replace,
        "The text with every occurrence of the part substituted.",
    ),
    call(
        "round",
        "x, digits",
        (1, 2),
        Function::Round,
        "The nearest number with so many digits; halves go away from zero.",
    ),
    call("starts_with", "text, prefix", (2, 2), Function::StartsWith, "Whether the text begins so, literally."),
    call(
        "substring",
        "text, start, length",
        (2, 3),
        Function::Substring,
        "The characters from start (the first is 1), at most so many.",
    ),
    call("trim", "text", (1, 1), Function::Trim, "The text without blanks at its ends."),
    FunctionDoc {
        name: "trunc",
        arguments: "t, month",
        doc: "The first day of the month (week, fiscal_year, …) of a time, in the project's zone and calendar.",
        count: (2, 2),
        meaning: Meaning::Truncate,
    },
    call("upper", "text", (1, 1), Function::Upper, "The text in upper case."),
];

/// Returns the functions of the language, by name.
pub fn functions() -> &'static [FunctionDoc] {
    FUNCTIONS
}

/// The aggregates that people try in an expression.
pub(super) const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_quantiles",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "count_distinct",
    "countif",
    "first_value",
    "last_value",
    "logical_and",
    "logical_or",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "quantile_cont",
    "stddev",
    "string_agg",
    "sum",
    "sumif",
    "variance",
];

/// Returns what the language writes for a function that other dialects have: `ifnull` → `coalesce(a, b)`.
pub fn other_words(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "ifnull" | "nvl" | "isnull" => "coalesce(a, b)",
        "if" | "iff" | "iif" | "decode" => "case when a then b else c end",
        "safe_divide" | "div0" | "divide" => "a / b",
        "date_trunc" | "datetime_trunc" | "timestamp_trunc" => "trunc(t, month)",
        "date_diff" | "datediff" | "timestamp_diff" | "datetime_diff" => "periods_between('day', a, b)",
        "to_date" | "datetime" | "timestamp" => "cast(x as date)",
        "to_char" | "to_string" | "str" | "string" => "cast(x as string)",
        "year" => "booked_at.year = date '2025-01-01'",
        "quarter" => "booked_at.quarter_of_year",
        "month" => "booked_at.month_of_year",
        "day" | "dayofmonth" => "booked_at.day_of_month",
        "weekday" | "dayofweek" => "booked_at.day_of_week",
        "dayofyear" => "booked_at.day_of_year",
        "hour" => "booked_at.hour_of_day",
        "minute" => "booked_at.minute_of_hour",
        "power" | "pow" => "x * x",
        "char_length" | "len" => "length(text)",
        "strpos" | "instr" | "position" | "locate" | "charindex" => "contains(text, part)",
        "substr" | "mid" | "left" => "substring(text, 1, 3)",
        "ceiling" => "ceil(x)",
        "json_value" | "json_extract" | "json_extract_scalar" | "json_extract_string" | "get_json_object" => {
            "json_text(document, 'key')"
        }
        "max_of" => "greatest(a, b)",
        "min_of" => "least(a, b)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        assert!(FUNCTIONS.is_sorted_by_key(|function| function.name));
        assert!(AGGREGATES.is_sorted());
    }
}
