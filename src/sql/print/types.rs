//! What is known of the type of an expression without knowing the tables.

use crate::{
    catalog::ColumnType,
    sql::{AggregateFunction, BinaryOp, Expr, Function, Leaf, Literal, SqlExpr, WindowFunction},
    time::Unit,
};

/// Returns the type of an expression where the expression alone tells it; a column never does.
///
/// It decides only how a form is written, so that `DATE_TRUNC(DATE(t, 'UTC'), MONTH)` needs no further CAST; with
/// nothing known the text is longer and means the same.
pub(in crate::sql) fn known_type(expr: &SqlExpr) -> Option<ColumnType> {
    match expr {
        Expr::Literal(Literal::Null) | Expr::Parameter(Literal::Null) => None,
        Expr::Literal(literal) | Expr::Parameter(literal) => Some(literal.column_type()),
        Expr::Cast { to, .. } => Some(*to),
        Expr::Unary { arg, .. } => known_type(arg),
        Expr::Binary { op, left, right } => binary_type(*op, left, right),
        Expr::Case { branches, otherwise } => {
            common_type(branches.iter().map(|(_, then)| then).chain(otherwise.as_deref()))
        }
        Expr::IsNull { .. } | Expr::IsTrue { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => {
            Some(ColumnType::Boolean)
        }
        Expr::Call { function, args } => call_type(*function, args),
        Expr::Leaf(leaf) => leaf_type(leaf),
    }
}

fn binary_type(op: BinaryOp, left: &SqlExpr, right: &SqlExpr) -> Option<ColumnType> {
    match op {
        BinaryOp::Divide => Some(ColumnType::Float),
        BinaryOp::Concat => Some(ColumnType::String),
        BinaryOp::Modulo => known_type(left),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => match (known_type(left)?, known_type(right)?) {
            (left, right) if !left.is_numeric() || !right.is_numeric() => None,
            (ColumnType::Float, _) | (_, ColumnType::Float) => Some(ColumnType::Float),
            (ColumnType::Decimal, _) | (_, ColumnType::Decimal) => Some(ColumnType::Decimal),
            _ => Some(ColumnType::Integer),
        },
        BinaryOp::Eq
        | BinaryOp::NotEq
        | BinaryOp::Lt
        | BinaryOp::LtEq
        | BinaryOp::Gt
        | BinaryOp::GtEq
        | BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Same => Some(ColumnType::Boolean),
    }
}

fn call_type(function: Function, args: &[SqlExpr]) -> Option<ColumnType> {
    match function {
        Function::Coalesce | Function::Greatest | Function::Least => common_type(args),
        Function::NullIf | Function::Abs => args.first().and_then(known_type),
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Concat
        | Function::Substring
        | Function::Replace
        | Function::Sha256
        | Function::JsonText => Some(ColumnType::String),
        Function::StartsWith | Function::EndsWith | Function::Contains => Some(ColumnType::Boolean),
        Function::Length
        | Function::PeriodsBetween { .. }
        | Function::MicrosecondsBetween { .. }
        | Function::Part { .. } => Some(ColumnType::Integer),
        Function::Truncate { granularity, .. } if granularity.is_within_a_day() => Some(ColumnType::DateTime),
        Function::LocalTime(_) => Some(ColumnType::DateTime),
        Function::Truncate { .. } | Function::DateOf | Function::WrittenDate => Some(ColumnType::Date),
        Function::InstantOf(_) | Function::TruncateInstant { .. } => Some(ColumnType::Timestamp),
        Function::AddUnits(unit) => match (args.first().and_then(known_type)?, unit) {
            (ColumnType::Date, Unit::Second | Unit::Minute | Unit::Hour) => Some(ColumnType::DateTime),
            (known, _) => Some(known),
        },
        // BigQuery rounds whole numbers to floating point, DuckDB keeps them.
        Function::Round
        | Function::Floor
        | Function::Ceil
        | Function::WrittenTruncate(_)
        | Function::WrittenPeriodsBetween(_) => None,
    }
}

fn leaf_type(leaf: &Leaf) -> Option<ColumnType> {
    let aggregate = match leaf {
        Leaf::Aggregate(aggregate) => aggregate,
        Leaf::Window(window) => match &window.function {
            WindowFunction::Aggregate(aggregate) => aggregate,
            WindowFunction::RowNumber | WindowFunction::Rank => return Some(ColumnType::Integer),
        },
        Leaf::Grouping(_) => return Some(ColumnType::Integer),
        Leaf::Exists(_) | Leaf::InSelect { .. } => return Some(ColumnType::Boolean),
        Leaf::Scalar(select) => return select.items.first().and_then(|item| known_type(&item.expr)),
        Leaf::Column(_) | Leaf::Verbatim(_) => return None,
    };
    match aggregate.function {
        AggregateFunction::Count
        | AggregateFunction::CountDistinct
        | AggregateFunction::ApproxCountDistinct
        | AggregateFunction::SketchEstimate => Some(ColumnType::Integer),
        AggregateFunction::Sketch | AggregateFunction::MergedSketch => None,
        AggregateFunction::Avg
        | AggregateFunction::Percentile(_)
        | AggregateFunction::GroupPercentile(_)
        | AggregateFunction::ApproxPercentile(_) => Some(ColumnType::Float),
        AggregateFunction::Sum
        | AggregateFunction::Min
        | AggregateFunction::Max
        | AggregateFunction::DiscretePercentile(_)
        | AggregateFunction::GroupDiscretePercentile(_)
        | AggregateFunction::AnyValue => aggregate.arg.as_ref().and_then(known_type),
    }
}

/// Returns the type that all expressions have which are not plain NULL.
fn common_type<'a>(exprs: impl IntoIterator<Item = &'a SqlExpr>) -> Option<ColumnType> {
    let mut types = exprs
        .into_iter()
        .filter(|expr| !matches!(expr, Expr::Literal(Literal::Null) | Expr::Parameter(Literal::Null)))
        .map(known_type);
    let first = types.next()??;
    types.all(|further| further == Some(first)).then_some(first)
}
