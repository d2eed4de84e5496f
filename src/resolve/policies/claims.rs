//! Gives each claim of a condition the type of what it is compared with.
//!
//! In `customer_id = $principal.customer_id` the claim is an integer, as the column is: a text that is no number is
//! then no claim, instead of an error of the warehouse.
//!
//! **Invariant:** without a known type on the other side the claim is taken as it comes.

use crate::{
    catalog::ColumnType,
    project::{Project, Ref},
    sql::{BinaryOp, Expr, Gives, Slot, UnaryOp, signature},
};

/// Returns the condition with the types of its claims.
pub(super) fn typed(project: &Project, condition: Expr<Ref>) -> Expr<Ref> {
    let typed = condition.rebuild(&mut |expr| match expr {
        Expr::Leaf(Ref::Exists { route, join, filter }) => {
            let filter = filter.map(|filter| Box::new(typed(project, *filter)));
            Expr::Leaf(Ref::Exists { route, join, filter })
        }
        Expr::Leaf(Ref::Calendar { granularity, day }) => {
            Expr::Leaf(Ref::Calendar { granularity, day: Box::new(typed(project, *day)) })
        }
        Expr::Case { branches, otherwise } => {
            let results = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
            let common = first_known(project, results);
            let typed_branches = branches.into_iter().map(|(when, then)| (truth(when), as_type(then, common)));
            let otherwise = otherwise.map(|otherwise| Box::new(as_type(*otherwise, common)));
            Expr::Case { branches: typed_branches.collect(), otherwise }
        }
        Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => truth(*left).binary(op, truth(*right)),
        Expr::Binary { op: BinaryOp::Concat, left, right } => {
            as_type(*left, ColumnType::String).binary(BinaryOp::Concat, as_type(*right, ColumnType::String))
        }
        Expr::Binary { op, left, right } => {
            let (of_left, of_right) = (operand(project, op, &left), operand(project, op, &right));
            as_type(*left, of_right).binary(op, as_type(*right, of_left))
        }
        Expr::Unary { op: UnaryOp::Not, arg } => Expr::Unary { op: UnaryOp::Not, arg: Box::new(truth(*arg)) },
        Expr::IsTrue { arg, negated } => truth(*arg).is_true(negated),
        Expr::In { arg, list, negated } => {
            let of_list = first_known(project, list.iter());
            let of_arg = type_of(project, &arg);
            let list = list.into_iter().map(|item| as_type(item, of_arg)).collect();
            Expr::In { arg: Box::new(as_type(*arg, of_list)), list, negated }
        }
        Expr::Between { arg, low, high, negated } => {
            let (of_arg, of_low) = (type_of(project, &arg), type_of(project, &low));
            Expr::Between {
                arg: Box::new(as_type(*arg, of_low)),
                low: Box::new(as_type(*low, of_arg)),
                high: Box::new(as_type(*high, of_arg)),
                negated,
            }
        }
        Expr::Like { arg, pattern, negated } => Expr::Like {
            arg: Box::new(as_type(*arg, ColumnType::String)),
            pattern: Box::new(as_type(*pattern, ColumnType::String)),
            negated,
        },
        Expr::Call { function, args } => {
            let known = signature(function);
            let common = first_known(project, args.iter());
            let args = args.into_iter().enumerate().map(|(position, arg)| {
                as_type(
                    arg,
                    match known.slots[position.min(known.slots.len() - 1)] {
                        Slot::Text | Slot::Document => ColumnType::String,
                        Slot::Whole => ColumnType::Integer,
                        Slot::Number => ColumnType::Decimal,
                        Slot::Time => ColumnType::Unknown,
                        Slot::Common => common,
                    },
                )
            });
            Expr::call(function, args.collect())
        }
        other => other,
    });
    truth(typed)
}

fn truth(expr: Expr<Ref>) -> Expr<Ref> {
    as_type(expr, ColumnType::Boolean)
}

/// Gives a claim its type; everything else stays.
fn as_type(expr: Expr<Ref>, wanted: ColumnType) -> Expr<Ref> {
    match expr {
        Expr::Leaf(Ref::Claim { name, column_type: ColumnType::Unknown }) => {
            Expr::Leaf(Ref::Claim { name, column_type: wanted })
        }
        other => other,
    }
}

/// Returns the type of an expression as far as it is told by its form.
fn type_of(project: &Project, expr: &Expr<Ref>) -> ColumnType {
    match expr {
        Expr::Leaf(Ref::Column { column_type, .. } | Ref::Claim { column_type, .. }) => *column_type,
        Expr::Leaf(Ref::Dimension { dimension, .. }) => project.dimensions[*dimension].column_type,
        Expr::Leaf(Ref::Exists { .. }) => ColumnType::Boolean,
        Expr::Literal(literal) | Expr::Parameter(literal) => literal.column_type(),
        Expr::Cast { to, .. } => *to,
        Expr::Unary { op: UnaryOp::Negate, arg } => type_of(project, arg),
        Expr::Call { function, args } => match signature(*function).gives {
            Gives::Fixed(column_type) => column_type,
            Gives::First | Gives::Common => args.first().map_or(ColumnType::Unknown, |first| type_of(project, first)),
        },
        Expr::Case { branches, otherwise } => {
            first_known(project, branches.iter().map(|(_, then)| then).chain(otherwise.as_deref()))
        }
        Expr::Binary { op, left, right } => match op {
            BinaryOp::Concat => ColumnType::String,
            BinaryOp::Divide => ColumnType::Float,
            BinaryOp::Modulo => ColumnType::Integer,
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => {
                let is_whole = [left, right].into_iter().all(|part| type_of(project, part) == ColumnType::Integer);
                if is_whole { ColumnType::Integer } else { ColumnType::Decimal }
            }
            BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Eq
            | BinaryOp::NotEq
            | BinaryOp::Lt
            | BinaryOp::LtEq
            | BinaryOp::Gt
            | BinaryOp::GtEq
            | BinaryOp::Same => ColumnType::Boolean,
        },
        Expr::Unary { op: UnaryOp::Not, .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. } => ColumnType::Boolean,
        Expr::Leaf(Ref::Calendar { .. } | Ref::Verbatim(_)) => ColumnType::Unknown,
    }
}

/// Returns the type of one side of an operator: what is computed with is a number.
fn operand(project: &Project, op: BinaryOp, expr: &Expr<Ref>) -> ColumnType {
    match (op, type_of(project, expr)) {
        (BinaryOp::Modulo, _) => ColumnType::Integer,
        (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide, ColumnType::Unknown) => {
            ColumnType::Decimal
        }
        (_, found) => found,
    }
}

/// Returns the type of the first part that has one.
fn first_known<'e>(project: &Project, mut parts: impl Iterator<Item = &'e Expr<Ref>>) -> ColumnType {
    let known = |part| Some(type_of(project, part)).filter(|found| *found != ColumnType::Unknown);
    parts.find_map(known).unwrap_or(ColumnType::Unknown)
}
