//! The scans of a table in a finished SELECT, and what their conditions say of its columns, read without the planner's
//! prover.

use entente::sql::{BinaryOp, Column, Expr, From, JoinKind, Leaf, Literal, Select, SqlExpr, WindowFunction};

/// The table whose scans are looked at.
pub(super) const TABLE: &str = "parcels";

/// The tightest constants that a column is held between: at least the first, less than the second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) from: Option<Literal>,
    pub(super) to: Option<Literal>,
}

/// What holds of two columns in every row that a scan reads.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// Of the partition column.
    pub(super) partition: Held,
    /// Of the time that is promised.
    pub(super) time: Held,
}

/// Calls a function with every SELECT within one.
pub(super) fn for_each_select<'s>(select: &'s Select, visit: &mut dyn FnMut(&'s Select)) {
    visit(select);
    for inner in select.with.iter().map(|cte| &cte.select).chain(&select.union_all) {
        for_each_select(inner, visit);
    }
    for from in select.from.iter().chain(select.joins.iter().map(|join| &join.to)) {
        match from {
            From::Select { select, .. } => for_each_select(select, visit),
            From::Days { from, to, .. } => [from, to].into_iter().for_each(|end| in_expr(end, visit)),
            From::Table { .. } | From::Cte { .. } | From::Verbatim { .. } | From::Moments { .. } => {}
        }
    }
    let items = select.items.iter().map(|item| &item.expr);
    let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
    let order = select.order_by.iter().map(|term| &term.expr);
    for expr in items.chain(ons).chain(&select.filter).chain(&select.having).chain(order) {
        in_expr(expr, visit);
    }
}

fn in_expr<'s>(expr: &'s SqlExpr, visit: &mut dyn FnMut(&'s Select)) {
    let Expr::Leaf(leaf) = expr else {
        expr.for_each_child(&mut |child| in_expr(child, visit));
        return;
    };
    match leaf {
        Leaf::Exists(select) | Leaf::Scalar(select) => for_each_select(select, visit),
        Leaf::InSelect { arg, select } => {
            in_expr(arg, visit);
            for_each_select(select, visit);
        }
        Leaf::Aggregate(aggregate) => aggregate.arg.iter().for_each(|arg| in_expr(arg, visit)),
        Leaf::Window(window) => {
            if let WindowFunction::Aggregate(aggregate) = &window.function {
                aggregate.arg.iter().for_each(|arg| in_expr(arg, visit));
            }
            window.partition_by.iter().for_each(|key| in_expr(key, visit));
        }
        Leaf::Column(_) | Leaf::Grouping(_) | Leaf::Verbatim(_) => {}
    }
}

/// The aliases under which a SELECT itself reads the table.
pub(super) fn aliases(select: &Select) -> impl Iterator<Item = &str> {
    let tables = select.from.iter().chain(select.joins.iter().map(|join| &join.to));
    tables.filter_map(|from| match from {
        From::Table { name, alias } if name == TABLE => Some(alias.as_str()),
        _ => None,
    })
}

/// The scans of a SELECT and of all within it.
pub(super) fn scans(select: &Select, partition: &str, time: &str) -> Vec<Scan> {
    let mut scans = Vec::new();
    for_each_select(select, &mut |select| {
        for alias in aliases(select) {
            let conditions = conditions(select, alias);
            scans.push(Scan { partition: held(&conditions, alias, partition), time: held(&conditions, alias, time) });
        }
    });
    scans
}

/// The conditions that every row which counts of a table fulfils, one by one.
fn conditions<'s>(select: &'s Select, alias: &str) -> Vec<&'s SqlExpr> {
    let ons = select.joins.iter().filter(|join| match join.kind {
        JoinKind::Inner | JoinKind::Matched => true,
        JoinKind::Left => join.to.alias() == alias,
        JoinKind::Cross => false,
    });
    let mut open: Vec<&SqlExpr> = select.filter.iter().chain(ons.filter_map(|join| join.on.as_ref())).collect();
    let mut conditions = Vec::new();
    while let Some(condition) = open.pop() {
        match condition {
            Expr::Binary { op: BinaryOp::And, left, right } => open.extend([&**left, &**right]),
            condition => conditions.push(condition),
        }
    }
    conditions
}

pub(super) fn is_column(expr: &SqlExpr, alias: &str, column: &str) -> bool {
    let Expr::Leaf(Leaf::Column(Column { table, name })) = expr else { return false };
    table.as_ref().is_none_or(|table| table == alias) && name == column
}

fn held(conditions: &[&SqlExpr], alias: &str, column: &str) -> Held {
    let mut held = Held::default();
    for condition in conditions {
        let Expr::Binary { op, left, right } = condition else { continue };
        let (Expr::Literal(value) | Expr::Parameter(value)) = &**right else { continue };
        if !is_column(left, alias, column) {
            continue;
        }
        let side = match op {
            BinaryOp::GtEq => &mut held.from,
            BinaryOp::Lt => &mut held.to,
            _ => continue,
        };
        let is_tighter = side.as_ref().is_none_or(|known| match op {
            BinaryOp::GtEq => clock_of(value) > clock_of(known),
            _ => clock_of(value) < clock_of(known),
        });
        if is_tighter {
            *side = Some(value.clone());
        }
    }
    held
}

/// A time as a number that orders those of one type.
fn clock_of(value: &Literal) -> Option<chrono::NaiveDateTime> {
    match value {
        Literal::Date(day) => Some(day.and_time(chrono::NaiveTime::MIN)),
        Literal::DateTime(clock) | Literal::Timestamp(clock) => Some(*clock),
        _ => None,
    }
}
