//! Bugs in what is done at query time, in metrics as dimensions, and in policies.

use entente::sql::{BinaryOp, Expr, From, Leaf, Select, SqlExpr};

use super::{
    Bug,
    plant::{conditions, is_column, is_time},
};

impl Bug {
    /// Plants the bugs that concern wholes, members and policies of a select.
    pub(super) fn in_asked(self, select: &mut Select) {
        match self {
            Self::WholeIgnoresFilters => {
                let wholes = select.with.iter_mut().map(|cte| &mut cte.select);
                wholes.filter(|whole| whole.items.iter().any(|item| is_whole(&item.alias))).for_each(|whole| {
                    whole.filter = None;
                });
            }
            Self::MemberSeesTheRange => {
                let range: Vec<SqlExpr> = conditions(select.filter.clone()).into_iter().filter(is_range).collect();
                for members in members(select) {
                    members.filter = Expr::all(conditions(members.filter.take()).into_iter().chain(range.clone()));
                }
            }
            Self::MemberSeesHiddenRows => {
                for members in members(select) {
                    let all = conditions(members.filter.take()).into_iter();
                    members.filter = Expr::all(all.filter(|condition| region_of(condition).is_none()));
                }
            }
            Self::PolicyOfOneRole => {
                let all = conditions(select.filter.take());
                let of = |role: &str| all.iter().position(|condition| region_of(condition) == Some(role));
                let dropped = of("origin").and(of("destination"));
                let kept = all.into_iter().enumerate().filter(|(index, _)| Some(*index) != dropped);
                select.filter = Expr::all(kept.map(|(_, condition)| condition));
            }
            _ => {}
        }
    }

    /// Plants the bugs that concern a part of an expression.
    pub(super) fn in_asked_part(self, part: SqlExpr) -> SqlExpr {
        match (self, part) {
            (Self::WholeIsThePart, Expr::Leaf(Leaf::Column(mut column))) => {
                if column.table.is_none()
                    && let Some(end) = column.name.find("_whole")
                {
                    column.name.truncate(end);
                }
                Expr::Leaf(Leaf::Column(column))
            }
            (Self::ChangeRelativeToNow, Expr::Binary { op: BinaryOp::Divide, left, right }) => {
                let right = match &*left {
                    Expr::Binary { op: BinaryOp::Subtract, left: now, right: then } if *then == right => now.clone(),
                    _ => right,
                };
                Expr::Binary { op: BinaryOp::Divide, left, right }
            }
            (Self::NobodyHasNothing, Expr::IsNull { arg, negated: true }) if is_column(&arg, "id") => {
                Expr::Literal(entente::sql::Literal::Boolean(true))
            }
            (Self::MemberWithoutRowsIsNull, Expr::Call { function: entente::sql::Function::Coalesce, mut args })
                if is_column(&args[0], "parcels_ever") || is_column(&args[0], "claims_ever") =>
            {
                args.remove(0)
            }
            (_, other) => other,
        }
    }
}

fn is_whole(column: &str) -> bool {
    column.contains("_whole")
}

/// The selects of metrics that are dimensions.
fn members(select: &mut Select) -> impl Iterator<Item = &mut Select> {
    select.joins.iter_mut().filter_map(|join| match &mut join.to {
        From::Select { select, alias } if alias.starts_with("customers_") => Some(&mut **select),
        _ => None,
    })
}

fn is_range(condition: &SqlExpr) -> bool {
    matches!(condition, Expr::Binary { op: BinaryOp::GtEq | BinaryOp::Lt, left, right }
        if is_column(left, "booked_at") && is_time(right))
}

/// The role whose region a condition asks for.
fn region_of(condition: &SqlExpr) -> Option<&str> {
    match condition {
        Expr::Binary { op: BinaryOp::Eq, left, .. } => match &**left {
            Expr::Leaf(Leaf::Column(column)) if column.name == "region" => column.table.as_deref(),
            _ => None,
        },
        _ => None,
    }
}
