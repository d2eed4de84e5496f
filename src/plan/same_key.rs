//! Keys of two selects → the condition that they are the same, null included.
//!
//! A null of one select is the null of the other: parcels without a region beside those of everyone without one.
//!
//! **Invariant:** what the warehouse groups as one value is one value in the join as well.

use crate::{
    catalog::ColumnType,
    sql::{BinaryOp, Dialect, Expr, From, Function, Leaf, SameKeys, Select, SqlExpr},
};

/// Returns whether two keys of a type are the same.
pub(super) fn same_key(dialect: Dialect, key_type: ColumnType, ours: SqlExpr, theirs: SqlExpr) -> SqlExpr {
    let compared = |key| of_one_zero(dialect, key_type, key);
    compared(ours).binary(BinaryOp::Same, compared(theirs))
}

/// Returns a key whose negative zero, which is grouped with the positive one, is also written like it where keys are
/// compared as texts.
pub(super) fn of_one_zero(dialect: Dialect, key_type: ColumnType, key: SqlExpr) -> SqlExpr {
    match (dialect.same_keys(), key_type) {
        (SameKeys::AsTexts, ColumnType::Float) => key.binary(BinaryOp::Add, Expr::integer(0)),
        _ => key,
    }
}

/// Returns whether columns of two common table expressions are the same, which may be of two types that compare, such as
/// whole numbers of 32 and of 64 bits: the key of a table, and what refers to it.
pub(super) fn same_column(
    dialect: Dialect,
    key_type: ColumnType,
    (ours, theirs): (&str, &str),
    column: &str,
) -> SqlExpr {
    let key = |table: &str, other: &str| {
        let key = SqlExpr::column(table, column);
        if dialect.same_keys() == SameKeys::InLists {
            Expr::call(Function::Coalesce, vec![key, typed_null(other, column)])
        } else {
            key
        }
    };
    same_key(dialect, key_type, key(ours, theirs), key(theirs, ours))
}

/// A null of the type of a column: `(SELECT region FROM shipments_groups LIMIT 0)`.
fn typed_null(table: &str, column: &str) -> SqlExpr {
    let none = Select {
        items: vec![SqlExpr::column(table, column).named(column)],
        from: Some(From::Cte { name: table.to_owned(), alias: table.to_owned() }),
        limit: Some(0),
        ..Select::default()
    };
    Expr::Leaf(Leaf::Scalar(Box::new(none)))
}
