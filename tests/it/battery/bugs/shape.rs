//! Bugs in how selects are put together: moments of balances, members, ignored keys.

use entente::sql::{AggregateFunction, Expr, From, Leaf, Select, SqlExpr};

use super::{Bug, plant::conditions};

impl Bug {
    /// Plants the bugs that concern a whole select.
    pub(super) fn in_shape(self, select: &mut Select) {
        match self {
            Self::BalanceBehindFilters => {
                let filter = select.filter.clone();
                if let Some(points) = points(select) {
                    points.filter = Expr::all(conditions(points.filter.take()).into_iter().chain(conditions(filter)));
                }
            }
            Self::BalanceSummed => {
                for join in select.joins.iter_mut().filter(|join| is_named(&join.to, "points")) {
                    let mut all = conditions(join.on.take());
                    all.pop();
                    join.on = Expr::all(all).or(Some(Expr::Literal(entente::sql::Literal::Boolean(true))));
                }
            }
            Self::MembersForgotten => {
                if let Some(From::Select { select, alias }) = &mut select.from
                    && alias == "members"
                    && let Some(member) = select.items.iter_mut().find(|item| item.alias == "member_1")
                {
                    member.expr = Expr::integer(1);
                }
            }
            Self::PartsNotAddedUp if select.from.as_ref().is_some_and(|from| from.alias() == "by_key") => {
                for item in &mut select.items {
                    let expr = std::mem::replace(&mut item.expr, Expr::null());
                    item.expr = expr.rebuild(&mut greatest_of_sum);
                }
            }
            Self::IgnoreDropsFilters => {
                if let Some(related) = select.with.iter().position(|cte| cte.name == "related") {
                    let keys = select.with[..related].iter().map(|cte| cte.select.group_by.len()).max();
                    let partial =
                        select.with[..related].iter_mut().filter(|cte| Some(cte.select.group_by.len()) < keys);
                    partial.for_each(|cte| cte.select.filter = None);
                }
            }
            _ => {}
        }
    }
}

fn greatest_of_sum(expr: SqlExpr) -> SqlExpr {
    match expr {
        Expr::Leaf(Leaf::Aggregate(mut aggregate)) if aggregate.function == AggregateFunction::Sum => {
            aggregate.function = AggregateFunction::Max;
            Expr::Leaf(Leaf::Aggregate(aggregate))
        }
        other => other,
    }
}

fn is_named(from: &From, name: &str) -> bool {
    matches!(from, From::Select { alias, .. } if alias == name)
}

/// The select that chooses the moments of a balance.
fn points(select: &mut Select) -> Option<&mut Select> {
    select.joins.iter_mut().find_map(|join| match &mut join.to {
        From::Select { select, alias } if alias == "points" => Some(&mut **select),
        _ => None,
    })
}
