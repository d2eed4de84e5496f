//! The canonical form of words, expressions and tables.
//!
//! `price * 1.5` is `(* (column [] "price" decimal) (decimal 1.5))`.
//!
//! **Invariant:** two things that differ in meaning are never written alike.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::{
    catalog::ColumnType,
    project::{Aggregation, Edge, Empty, Ignore, Table, Take},
    sql::{Expr, Function, Literal, UnaryOp},
};

/// The reading that is meant unless said adds nothing, so that the hashes of before stay.
pub(super) fn taken(take: Take) -> &'static str {
    match take {
        Take::Last => "",
        Take::First => " first",
        Take::Avg => " avg",
    }
}

pub(super) fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::First => "first",
        Edge::Last => "last",
    }
}

pub(super) fn ignored(ignore: &Ignore) -> String {
    match ignore {
        Ignore::All => " (ignore all)".to_owned(),
        Ignore::Keys(paths) => {
            let mut paths: Vec<String> = paths.iter().map(|words| path(words)).collect();
            paths.sort();
            format!(" (ignore {})", paths.join(" "))
        }
    }
}

pub(super) fn path(words: &[String]) -> String {
    quoted(&words.join("."))
}

/// Promises are part of the meaning: a row outside its promise is not read.
pub(super) fn table_form(table: &Table) -> String {
    // How numbers are cut decides what is read, never what counts.
    let Table { name, partition, numbers: _, cluster_by: _, freshness: _, span: _ } = table;
    let mut form = format!("(table {}", quoted(name));
    if let Some(partition) = partition {
        let _ = write!(
            form,
            " (partition {} {} {})",
            quoted(&partition.column),
            partition.granularity,
            partition.time_zone
        );
        if let Some(since) = partition.since {
            let _ = write!(form, " (since {since})");
        }
        let mut promises: Vec<String> = partition
            .holds
            .iter()
            .map(|promise| format!(" (holds {} {} {})", quoted(&promise.column), promise.from, promise.to))
            .collect();
        promises.sort();
        form.push_str(&promises.concat());
    }
    form + ")"
}

pub(super) fn digest(form: &str) -> String {
    Sha256::digest(form.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes a text so that no two texts are written alike.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

pub(super) fn empty(empty: Empty) -> &'static str {
    match empty {
        Empty::Null => "(empty null)",
        Empty::Zero => "(empty 0)",
    }
}

pub(super) fn aggregation(aggregation: Aggregation) -> String {
    match aggregation {
        Aggregation::Count => "count".to_owned(),
        Aggregation::Sum => "sum".to_owned(),
        Aggregation::Avg => "avg".to_owned(),
        Aggregation::Min => "min".to_owned(),
        Aggregation::Max => "max".to_owned(),
        Aggregation::CountDistinct => "count_distinct".to_owned(),
        Aggregation::ApproxCountDistinct => "approx_count_distinct".to_owned(),
        Aggregation::Percentile(millionths) => format!("percentile {millionths}"),
        Aggregation::DiscretePercentile(millionths) => format!("discrete_percentile {millionths}"),
        Aggregation::ApproxPercentile(millionths) => format!("approx_percentile {millionths}"),
    }
}

/// Writes an expression with its operators in front.
pub(super) fn write_expr<N>(expr: &Expr<N>, leaf: &mut dyn FnMut(&N) -> String) -> String {
    let mut parts = Vec::new();
    let name = match expr {
        Expr::Leaf(name) => return leaf(name),
        Expr::Literal(literal) | Expr::Parameter(literal) => return write_literal(literal),
        Expr::Unary { op: UnaryOp::Negate, .. } => "negate".to_owned(),
        Expr::Unary { op: UnaryOp::Not, .. } => "not".to_owned(),
        Expr::Binary { op, .. } => op.symbol().to_owned(),
        Expr::Case { branches, otherwise } => format!("case {} {}", branches.len(), otherwise.is_some()),
        // It says what a column is, and no definition writes it.
        Expr::Cast { arg, to: ColumnType::Json } => return write_expr(arg, leaf),
        Expr::Cast { to, .. } => format!("cast {to}"),
        Expr::IsNull { negated, .. } => format!("is_null {negated}"),
        Expr::IsTrue { negated, .. } => format!("is_true {negated}"),
        Expr::In { negated, .. } => format!("in {negated}"),
        Expr::Between { negated, .. } => format!("between {negated}"),
        Expr::Like { negated, .. } => format!("like {negated}"),
        Expr::Call { function, .. } => write_function(*function),
    };
    expr.for_each_child(&mut |child| parts.push(child));
    let parts: Vec<String> = parts.into_iter().map(|part| write_expr(part, leaf)).collect();
    format!("({name} {})", parts.join(" "))
}

fn write_literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(digits) => format!("(decimal {digits})"),
        Literal::Float(bits) => format!("(float {bits:016x})"),
        Literal::String(text) => quoted(text),
        Literal::Date(date) => format!("(date {date})"),
        Literal::DateTime(time) => format!("(datetime {time})"),
        Literal::Timestamp(time) => format!("(timestamp {time})"),
    }
}

fn write_function(function: Function) -> String {
    let name = match function {
        Function::Coalesce => "coalesce",
        Function::NullIf => "nullif",
        Function::Lower => "lower",
        Function::Upper => "upper",
        Function::Trim => "trim",
        Function::Length => "length",
        Function::Concat => "concat",
        Function::Substring => "substring",
        Function::Replace => "replace",
        Function::StartsWith => "starts_with",
        Function::EndsWith => "ends_with",
        Function::Contains => "contains",
        Function::Sha256 => "sha256",
        Function::JsonText => "json_text",
        Function::Abs => "abs",
        Function::Round => "round",
        Function::Floor => "floor",
        Function::Ceil => "ceil",
        Function::Greatest => "greatest",
        Function::Least => "least",
        Function::DateOf | Function::WrittenDate => "date",
        Function::LocalTime(zone) => return format!("local_time {zone}"),
        Function::InstantOf(zone) => return format!("instant_of {zone}"),
        Function::TruncateInstant { zone, granularity } => return format!("{granularity} {zone}"),
        Function::AddUnits(unit) => return format!("add {}", unit.name()),
        Function::Truncate { granularity, week_start, fiscal_start_month } => {
            return format!("trunc {granularity} {week_start} {fiscal_start_month}");
        }
        Function::MicrosecondsBetween { instants } => return format!("microseconds_between {instants}"),
        Function::PeriodsBetween { granularity, week_start, fiscal_start_month } => {
            return format!("periods_between {granularity} {week_start} {fiscal_start_month}");
        }
        Function::Part { part, week_start } => return format!("part {} {week_start}", part.name()),
        Function::WrittenTruncate(granularity) => return format!("trunc {granularity}"),
        Function::WrittenPeriodsBetween(granularity) => return format!("periods_between {granularity}"),
    };
    name.to_owned()
}
