//! Whether a row is of one of the best members of a key.
//!
//! **Invariant:** null is a member like any other, and no row is lost or multiplied.

use super::cte;
use crate::sql::{BinaryOp, Dialect, Expr, Join, JoinKind, Leaf, Select, SqlExpr};

/// The column of the members.
const MEMBER: &str = "member";

/// Whether a key's value is one of the best members, null included; and the join in which they are looked up, where the
/// warehouse reads IN with a select as a condition of its own only.
pub(in crate::plan) fn is_member(dialect: Dialect, key: &SqlExpr, members: &str) -> (Option<Join>, SqlExpr) {
    let member = |filter| Select {
        items: vec![SqlExpr::bare(MEMBER).named(MEMBER)],
        from: Some(cte(members)),
        filter: Some(filter),
        ..Select::default()
    };
    let null_listed = member(SqlExpr::bare(MEMBER).is_null(false));
    let null_in_list = Expr::Leaf(Leaf::Exists(Box::new(null_listed)));
    let is_null_member = key.clone().is_null(false).and(null_in_list);
    if dialect.has_in_select_anywhere() {
        let listed = member(SqlExpr::bare(MEMBER).is_null(true));
        let in_list = Leaf::InSelect { arg: Box::new(key.clone()), select: Box::new(listed) };
        return (None, Expr::Leaf(in_list).is_true(false).or(is_null_member));
    }
    let found = SqlExpr::column(members, MEMBER);
    let on = Some(key.clone().binary(BinaryOp::Eq, found.clone()));
    (Some(Join { kind: JoinKind::Left, to: cte(members), on }), found.is_null(true).or(is_null_member))
}
