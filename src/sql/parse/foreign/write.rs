//! The tree of a warehouse's expression → portable text.

use sqlparser::ast::{
    self, BinaryOperator, CastKind, CeilFloorKind, DataType, ExactNumberInfo, FunctionArg, FunctionArgExpr,
    FunctionArguments, UnaryOperator, Value,
};

use crate::{sql::parse::MAX_DEPTH, time::Granularity};

/// Where a part of an expression stands.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::sql::parse) struct Within<'z> {
    /// How deep.
    pub(in crate::sql::parse) depth: usize,
    /// The zone in which the project cuts days.
    pub(in crate::sql::parse) zone: Option<&'z str>,
    /// Whether `WEEK` is a week that begins on Sunday, as in BigQuery; that of Monday is `WEEK(MONDAY)` or `ISOWEEK`.
    pub(in crate::sql::parse) weeks_begin_on_sunday: bool,
}

impl Within<'_> {
    pub(in crate::sql::parse) fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// Returns whether a time that is cut without a word about zones is cut in another zone than the project's: warehouses
    /// cut instants in UTC.
    fn cuts_elsewhere(self) -> bool {
        self.zone.is_some_and(|zone| zone != "UTC")
    }

    /// Returns whether a written constant is the name of the project's zone.
    fn is_zone(self, written: &str) -> bool {
        self.zone.is_some_and(|zone| written == quoted(zone))
    }
}

/// Why a time is not cut.
const ELSEWHERE: &str = "it cuts a time in another zone than the project";

type Written = Result<String, String>;

pub(in crate::sql::parse) fn write(expr: &ast::Expr, within: Within<'_>) -> Written {
    if within.depth > MAX_DEPTH {
        return Err("it is nested too deep".to_owned());
    }
    let inner = |expr: &ast::Expr| write(expr, within.below());
    let not = |negated: bool| if negated { "not " } else { "" };
    let list = |items: &[ast::Expr]| items.iter().map(inner).collect::<Result<Vec<_>, _>>().map(|list| list.join(", "));
    match expr {
        ast::Expr::Nested(arg) => Ok(format!("({})", inner(arg)?)),
        ast::Expr::Identifier(word) => Ok(identifier(word)),
        ast::Expr::Value(value) => constant(&value.value),
        ast::Expr::TypedString(typed) => match (&typed.data_type, &typed.value.value) {
            (DataType::Date, Value::SingleQuotedString(text)) => Ok(format!("date {}", quoted(text))),
            (DataType::Timestamp(..) | DataType::Datetime(_), Value::SingleQuotedString(text)) => Ok(moment(text)),
            _ => refused(expr),
        },
        ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr: arg } => Ok(format!("-{}", inner(arg)?)),
        ast::Expr::UnaryOp { op: UnaryOperator::Not, expr: arg } => Ok(format!("not {}", inner(arg)?)),
        ast::Expr::BinaryOp { left, op, right } => binary(expr, &inner(left)?, op, &inner(right)?, right),
        ast::Expr::IsNull(arg) => Ok(format!("{} is null", inner(arg)?)),
        ast::Expr::IsNotNull(arg) => Ok(format!("{} is not null", inner(arg)?)),
        ast::Expr::IsTrue(arg) => Ok(format!("{} is true", inner(arg)?)),
        ast::Expr::IsNotTrue(arg) => Ok(format!("{} is not true", inner(arg)?)),
        ast::Expr::IsFalse(arg) => Ok(format!("{} is false", inner(arg)?)),
        ast::Expr::IsNotFalse(arg) => Ok(format!("{} is not false", inner(arg)?)),
        ast::Expr::InList { expr: arg, list: items, negated } => {
            Ok(format!("{} {}in ({})", inner(arg)?, not(*negated), list(items)?))
        }
        ast::Expr::Between { expr: arg, negated, low, high } => {
            Ok(format!("{} {}between {} and {}", inner(arg)?, not(*negated), inner(low)?, inner(high)?))
        }
        ast::Expr::Like { negated, any: false, expr: arg, pattern, escape_char: None } => {
            Ok(format!("{} {}like {}", inner(arg)?, not(*negated), inner(pattern)?))
        }
        ast::Expr::ILike { negated, any: false, expr: arg, pattern, escape_char: None } => {
            Ok(format!("lower({}) {}like lower({})", inner(arg)?, not(*negated), inner(pattern)?))
        }
        ast::Expr::Case { operand, conditions, else_result, .. } => {
            let mut text = String::from("case");
            if let Some(operand) = operand {
                text += &format!(" {}", inner(operand)?);
            }
            for when in conditions {
                text += &format!(" when {} then {}", inner(&when.condition)?, inner(&when.result)?);
            }
            if let Some(otherwise) = else_result {
                text += &format!(" else {}", inner(otherwise)?);
            }
            Ok(text + " end")
        }
        ast::Expr::Cast {
            kind: CastKind::Cast | CastKind::DoubleColon, expr: arg, data_type, format: None, ..
        } => cast(expr, arg, data_type, within),
        ast::Expr::Extract { .. } if within.cuts_elsewhere() => Err(ELSEWHERE.to_owned()),
        ast::Expr::Extract { field, expr: arg, .. } => part(expr, &field.to_string(), &inner(arg)?),
        ast::Expr::Substring { expr: arg, substring_from: Some(from), substring_for, .. } => {
            let length = substring_for.as_ref().map(|length| inner(length)).transpose()?;
            let length = length.map_or_else(String::new, |length| format!(", {length}"));
            Ok(format!("substring({}, {}{length})", inner(arg)?, inner(from)?))
        }
        ast::Expr::Trim { trim_where: None, trim_what: None, expr: arg, trim_characters } => {
            match trim_characters.as_deref() {
                None => {}
                Some([blank]) if inner(blank)? == "' '" => {}
                Some(_) => return refused(expr),
            }
            Ok(format!("trim({})", inner(arg)?))
        }
        ast::Expr::Ceil { expr: arg, field: CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) } => {
            Ok(format!("ceil({})", inner(arg)?))
        }
        ast::Expr::Floor { expr: arg, field: CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) } => {
            Ok(format!("floor({})", inner(arg)?))
        }
        ast::Expr::Function(function) => call(expr, function, within),
        _ => refused(expr),
    }
}

fn refused(expr: &ast::Expr) -> Written {
    Err(format!("`{expr}` has no portable form"))
}

fn identifier(word: &ast::Ident) -> String {
    match word.quote_style {
        Some(_) => format!("\"{}\"", word.value),
        None => word.value.clone(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn constant(value: &Value) -> Written {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::Boolean(flag) => Ok(flag.to_string()),
        Value::Number(digits, _) => Ok(digits.clone()),
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Ok(quoted(text)),
        other => Err(format!("the constant `{other}` has no portable form")),
    }
}

fn binary(whole: &ast::Expr, left: &str, op: &BinaryOperator, right: &str, right_tree: &ast::Expr) -> Written {
    let sign = match op {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::StringConcat => "||",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::And => "and",
        BinaryOperator::Or => "or",
        BinaryOperator::LongArrow if matches!(right_tree, ast::Expr::Value(_)) => {
            return Ok(format!("json_text({left}, {right})"));
        }
        _ => return refused(whole),
    };
    Ok(format!("{left} {sign} {right}"))
}

fn cast(whole: &ast::Expr, arg: &ast::Expr, data_type: &DataType, within: Within<'_>) -> Written {
    let literal = match arg {
        ast::Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text.as_str()),
            _ => None,
        },
        _ => None,
    };
    let to = match data_type {
        DataType::Text
        | DataType::String(_)
        | DataType::Varchar(_)
        | DataType::Char(_)
        | DataType::CharacterVarying(_) => "string",
        DataType::Int(_) | DataType::Integer(_) | DataType::BigInt(_) | DataType::SmallInt(_) | DataType::Int64 => {
            "integer"
        }
        DataType::Numeric(ExactNumberInfo::None) | DataType::Decimal(ExactNumberInfo::None) => "decimal",
        DataType::Float(_) | DataType::Float64 | DataType::Double(_) | DataType::DoublePrecision | DataType::Real => {
            "float"
        }
        DataType::Bool | DataType::Boolean => "boolean",
        DataType::Date => match literal {
            Some(text) => return Ok(format!("date {}", quoted(text))),
            None => "date",
        },
        DataType::Timestamp(..) | DataType::Datetime(_) => match (literal, data_type) {
            (Some(text), _) => return Ok(moment(text)),
            (None, DataType::Datetime(_)) => "datetime",
            (None, _) => "timestamp",
        },
        _ => return refused(whole),
    };
    // A day in the project's zone is what `date` gives, and what a truncation gives is a day.
    if let Some(inner) = in_zone(arg, within)?.filter(|_| to == "date") {
        return Ok(format!("date({inner})"));
    }
    let written = write(arg, within.below())?;
    if to == "date" && written.starts_with("trunc(") && !matches!(arg, ast::Expr::BinaryOp { .. }) {
        return Ok(written);
    }
    Ok(format!("cast({written} as {to})"))
}

/// Returns the instant that is converted to the project's zone, where an expression is such a conversion.
fn in_zone(expr: &ast::Expr, within: Within<'_>) -> Result<Option<String>, String> {
    match expr {
        ast::Expr::AtTimeZone { timestamp, time_zone } if within.is_zone(&write(time_zone, within.below())?) => {
            write(timestamp, within.below()).map(Some)
        }
        ast::Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            let FunctionArguments::List(list) = &function.args else { return Ok(None) };
            match (name.as_str(), list.args.as_slice()) {
                (
                    "timezone" | "convert_timezone",
                    [
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(zone)),
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(of)),
                    ],
                ) if within.is_zone(&write(zone, within.below())?) => write(of, within.below()).map(Some),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// Writes a moment: as a date where it is the start of a day, so that it may be compared with dates.
fn moment(text: &str) -> String {
    let day = text.strip_suffix(" 00:00:00").unwrap_or(text);
    if day.len() == 10 { format!("date {}", quoted(day)) } else { quoted(text) }
}

/// Returns the key of a path such as `'$.score'`.
fn json_key(path: &str) -> Option<&str> {
    let key = path.strip_prefix("'$.")?.strip_suffix('\'')?;
    let is_word = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_word.then_some(key)
}

/// Writes a part of a date, which the language has of names only.
fn part(whole: &ast::Expr, field: &str, of: &str) -> Written {
    let part = match field.to_lowercase().as_str() {
        "month" => "month_of_year",
        "quarter" => "quarter_of_year",
        "day" => "day_of_month",
        "dayofyear" | "doy" => "day_of_year",
        "isodow" => "day_of_week",
        "hour" => "hour_of_day",
        _ => return refused(whole),
    };
    if of.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        Ok(format!("{of}.{part}"))
    } else {
        refused(whole)
    }
}

/// A week that begins on Monday, as a word among arguments.
const MONDAY_WEEK: &str = "isoweek";

/// Returns whether an argument is `WEEK(MONDAY)`.
fn is_monday_week(arg: &ast::Expr, within: Within<'_>) -> bool {
    within.weeks_begin_on_sunday && arg.to_string().eq_ignore_ascii_case("week(monday)")
}

/// Returns whether a text is a day, which is the same in every zone.
fn is_day(text: &str) -> bool {
    text.starts_with("date(")
}

/// Functions that have the same name and arguments here.
const ALIKE: [&str; 20] = [
    "abs",
    "ceil",
    "coalesce",
    "concat",
    "contains",
    "date",
    "ends_with",
    "floor",
    "greatest",
    "least",
    "length",
    "lower",
    "mod",
    "nullif",
    "replace",
    "round",
    "starts_with",
    "substring",
    "trim",
    "upper",
];

/// Functions that have another name here: theirs, how many arguments, ours.
const RENAMED: [(&str, usize, &str); 13] = [
    ("btrim", 1, "trim"),
    ("ceiling", 1, "ceil"),
    ("char_length", 1, "length"),
    ("character_length", 1, "length"),
    ("endswith", 2, "ends_with"),
    ("ifnull", 2, "coalesce"),
    ("lcase", 1, "lower"),
    ("len", 1, "length"),
    ("nvl", 2, "coalesce"),
    ("startswith", 2, "starts_with"),
    ("substr", 2, "substring"),
    ("substr", 3, "substring"),
    ("ucase", 1, "upper"),
];

fn call(whole: &ast::Expr, function: &ast::Function, within: Within<'_>) -> Written {
    if function.over.is_some() || function.filter.is_some() || !function.within_group.is_empty() {
        return Err("it has a window or an aggregate".to_owned());
    }
    let name = function.name.to_string().to_lowercase();
    let FunctionArguments::List(list) = &function.args else { return refused(whole) };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return refused(whole);
    }
    let mut args = Vec::new();
    for arg in &list.args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) = arg else { return refused(whole) };
        args.push(if is_monday_week(arg, within) { MONDAY_WEEK.to_owned() } else { write(arg, within.below())? });
    }
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    if let Some(written) = call_of_time(whole, &name, &words, within) {
        return written;
    }
    let renamed = RENAMED.iter().find(|(theirs, count, _)| *theirs == name && *count == words.len());
    let ours = renamed.map(|(_, _, ours)| *ours).or_else(|| ALIKE.contains(&name.as_str()).then_some(name.as_str()));
    if let Some(ours) = ours {
        return Ok(format!("{ours}({})", args.join(", ")));
    }
    Ok(match (name.as_str(), words.as_slice()) {
        ("json_value", [document, path]) if json_key(path).is_some() => {
            format!("json_text({document}, '{}')", json_key(path).unwrap_or_default())
        }
        ("btrim", [a, "' '"]) => format!("trim({a})"),
        ("if" | "iff", [when, then, otherwise]) => format!("case when {when} then {then} else {otherwise} end"),
        ("nvl2", [a, b, c]) => format!("case when {a} is not null then {b} else {c} end"),
        ("zeroifnull", [a]) => format!("coalesce({a}, 0)"),
        ("nullifzero", [a]) => format!("nullif({a}, 0)"),
        ("safe_divide" | "div0null", [a, b]) => format!("({a}) / ({b})"),
        ("to_date", [a]) => format!("cast({a} as date)"),
        _ => return Err(format!("it calls `{name}`, which has no portable form")),
    })
}

/// Writes a call that cuts or counts periods; nothing, if it is none.
fn call_of_time(whole: &ast::Expr, name: &str, args: &[&str], within: Within<'_>) -> Option<Written> {
    let period = |word: &str| {
        let word = word.trim_matches('\'').to_lowercase();
        match word.as_str() {
            MONDAY_WEEK => Some("week".to_owned()),
            "week" if within.weeks_begin_on_sunday => None,
            _ => Granularity::from_name(&word).map(|_| word),
        }
    };
    let day = |word: &str| match word.strip_prefix("date(").and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) if !inner.contains(['(', ')']) => inner.to_owned(),
        _ => word.to_owned(),
    };
    let is_elsewhere = match name {
        "date" => args.len() == 1,
        "date_trunc" | "timestamp_trunc" | "datetime_trunc" => !args.iter().any(|arg| is_day(arg)),
        "date_diff" => args.iter().filter(|arg| is_day(arg)).count() != 2,
        "datediff" | "date_part" | "datepart" | "month" | "quarter" | "day" | "hour" => true,
        _ => false,
    };
    if is_elsewhere && within.cuts_elsewhere() {
        return Some(Err(ELSEWHERE.to_owned()));
    }
    let written = match (name, args) {
        ("date", [a, zone]) if within.is_zone(zone) => format!("date({a})"),
        ("date_trunc" | "timestamp_trunc" | "datetime_trunc", [a, b]) => match (period(a), period(b)) {
            (Some(word), _) => format!("trunc({}, {word})", day(b)),
            (None, Some(word)) => format!("trunc({}, {word})", day(a)),
            (None, None) => return Some(refused(whole)),
        },
        ("date_diff", [to, from, unit]) if period(unit).is_some() => {
            format!("periods_between('{}', {}, {})", period(unit)?, day(from), day(to))
        }
        ("date_diff" | "datediff", [unit, from, to]) if period(unit).is_some() => {
            format!("periods_between('{}', {from}, {to})", period(unit)?)
        }
        ("date_part" | "datepart", [field, of]) => return Some(part(whole, field.trim_matches('\''), of)),
        ("month" | "quarter" | "day" | "hour", [of]) => return Some(part(whole, name, of)),
        _ => return None,
    };
    Some(Ok(written))
}
