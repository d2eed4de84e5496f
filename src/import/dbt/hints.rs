//! What filters and expressions tell about the types of dimensions whose columns nobody knows.
//!
//! `case when is_food = 1 then …` tells that `is_food` is a number, whatever its name says.

use std::collections::BTreeMap;

use super::{
    filters::{Filters, Root, numbered},
    names::Target,
    sql::column,
    tree::Filter,
};
use crate::{
    catalog::ColumnType,
    sql::{BinaryOp, Expr, Function, Literal, Name, UnaryOp},
};

/// Types of dimensions, by model and dimension.
pub(super) type Hints = BTreeMap<(usize, usize), ColumnType>;

impl Filters<'_> {
    /// Notes what filters tell: a dimension that is a condition alone is a boolean.
    pub(super) fn hints(&self, filters: &[Filter], root: Root, hints: &mut Hints) {
        for filter in filters {
            let Ok((portable, items)) = self.read(filter, root) else { continue };
            let mut found = Vec::new();
            spread(&portable.expr, ColumnType::Boolean, &mut found);
            kinds(&portable.expr, &mut found);
            for (name, kind) in found {
                let Some(item) = numbered(name, &items) else { continue };
                if let Ok(located) = self.locate(item, root.model)
                    && let Target::Dimension(model, at) = located.resolved.target
                {
                    hints.entry((model, at)).or_insert(kind);
                }
            }
        }
    }

    /// Notes what an expression over the columns of a model tells about the dimensions that are such a column.
    pub(super) fn hints_of_row(&self, expr: &Expr<Name>, model: usize, hints: &mut Hints) {
        let mut found = Vec::new();
        kinds(expr, &mut found);
        for (at, dimension) in self.names.layer.models[model].dimensions.iter().enumerate() {
            let of = column(dimension.expr.as_deref().unwrap_or(&dimension.name));
            if let Some((_, kind)) = found.iter().find(|(name, _)| of.is_some_and(|of| of.eq_ignore_ascii_case(name))) {
                hints.entry((model, at)).or_insert(*kind);
            }
        }
    }
}

fn leaf(expr: &Expr<Name>) -> Option<&str> {
    match expr {
        Expr::Leaf(Name::Path(words)) if words.len() == 1 => Some(&words[0].value),
        _ => None,
    }
}

/// Notes the names whose value an expression takes, which are of its type.
fn spread<'e>(expr: &'e Expr<Name>, kind: ColumnType, found: &mut Vec<(&'e str, ColumnType)>) {
    match expr {
        Expr::Call { function: Function::Coalesce | Function::Greatest | Function::Least | Function::NullIf, args } => {
            args.iter().for_each(|arg| spread(arg, kind, found));
        }
        Expr::Case { branches, otherwise } => {
            branches
                .iter()
                .map(|(_, result)| result)
                .chain(otherwise.as_deref())
                .for_each(|arg| spread(arg, kind, found));
        }
        other => found.extend(leaf(other).map(|name| (name, kind))),
    }
}

/// Gathers names that are used as conditions or numbers, or are compared with constants.
fn kinds<'e>(expr: &'e Expr<Name>, found: &mut Vec<(&'e str, ColumnType)>) {
    let constant = |expr: &Expr<Name>| match expr {
        Expr::Literal(Literal::String(_)) => Some(ColumnType::String),
        Expr::Literal(Literal::Boolean(_)) => Some(ColumnType::Boolean),
        Expr::Literal(Literal::Integer(_) | Literal::Decimal(_) | Literal::Float(_)) => Some(ColumnType::Decimal),
        _ => None,
    };
    let mut note = |name: &'e Expr<Name>, kind: Option<ColumnType>| {
        if let Some(kind) = kind {
            spread(name, kind, found);
        }
    };
    match expr {
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => {
            note(left, Some(ColumnType::Boolean));
            note(right, Some(ColumnType::Boolean));
        }
        Expr::Unary { op: UnaryOp::Not, arg } | Expr::IsTrue { arg, .. } => note(arg, Some(ColumnType::Boolean)),
        Expr::Binary {
            op: BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq,
            left,
            right,
        } => {
            note(left, constant(right));
            note(right, constant(left));
        }
        Expr::Binary {
            op: BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo,
            left,
            right,
        } => {
            note(left, Some(ColumnType::Decimal));
            note(right, Some(ColumnType::Decimal));
        }
        Expr::Case { branches, .. } => {
            branches.iter().for_each(|(condition, _)| note(condition, Some(ColumnType::Boolean)));
        }
        Expr::In { arg, list, .. } => note(arg, list.first().and_then(constant)),
        Expr::Like { arg, .. } => note(arg, Some(ColumnType::String)),
        _ => {}
    }
    expr.for_each_child(&mut |child| kinds(child, found));
}
