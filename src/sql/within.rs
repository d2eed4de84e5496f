//! Changes of every select that stands within another one.
//!
//! **Invariant:** a select is changed after those within it.

use super::{Expr, From, Leaf, Select, SqlExpr, WindowFunction};

/// Changes every select within a select, and then itself.
pub fn change_selects(mut select: Select, change: &mut dyn FnMut(Select) -> Select) -> Select {
    for cte in &mut select.with {
        cte.select = change_selects(std::mem::take(&mut cte.select), change);
    }
    for from in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to)) {
        match from {
            From::Select { select, .. } => **select = change_selects(std::mem::take(&mut **select), change),
            From::Days { from, to, .. } => [from, to].into_iter().for_each(|end| within(end, change)),
            From::Table { .. } | From::Cte { .. } | From::Verbatim { .. } | From::Moments { .. } => {}
        }
    }
    let items = select.items.iter_mut().map(|item| &mut item.expr);
    let ons = select.joins.iter_mut().filter_map(|join| join.on.as_mut());
    items.chain(ons).chain(&mut select.filter).chain(&mut select.having).for_each(|expr| within(expr, change));
    select.union_all = select.union_all.into_iter().map(|part| change_selects(part, change)).collect();
    change(select)
}

/// Changes the selects of an expression.
fn within(expr: &mut SqlExpr, change: &mut dyn FnMut(Select) -> Select) {
    let whole = std::mem::replace(expr, Expr::null());
    *expr = whole.rebuild(&mut |part| match part {
        Expr::Leaf(Leaf::Exists(select)) => Expr::Leaf(Leaf::Exists(Box::new(change_selects(*select, change)))),
        Expr::Leaf(Leaf::Scalar(select)) => Expr::Leaf(Leaf::Scalar(Box::new(change_selects(*select, change)))),
        Expr::Leaf(Leaf::InSelect { mut arg, select }) => {
            within(&mut arg, change);
            Expr::Leaf(Leaf::InSelect { arg, select: Box::new(change_selects(*select, change)) })
        }
        Expr::Leaf(Leaf::Aggregate(mut aggregate)) => {
            aggregate.arg.iter_mut().for_each(|arg| within(arg, change));
            Expr::Leaf(Leaf::Aggregate(aggregate))
        }
        Expr::Leaf(Leaf::Window(mut window)) => {
            if let WindowFunction::Aggregate(aggregate) = &mut window.function {
                aggregate.arg.iter_mut().for_each(|arg| within(arg, change));
            }
            window.partition_by.iter_mut().for_each(|key| within(key, change));
            Expr::Leaf(Leaf::Window(window))
        }
        other => other,
    });
}
