//! The tables that a select reads, each with the columns that are named of it and the bounds of its partitions.
//!
//! `SELECT SUM(s.price) FROM marts.shipments AS s WHERE s.booked_on >= DATE '2024-01-01'` reads `price` and `booked_on`
//! of `marts.shipments`, from 2024-01-01 on.
//!
//! **Invariant:** never less than what is read: a column that may be meant is counted, a bound that is not proved is none.

use std::collections::BTreeSet;

use super::{
    Bound, Expr, From, Leaf, PartitionRule, Select, SqlExpr, WindowFunction, prune::bounds_of, tables_of_select,
};

/// One scan of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRead {
    /// The table as it stands in [`super::From::Table`]; of SQL that is spliced, as it is named there.
    pub table: String,
    /// The columns that are read; nothing where it may be any.
    pub columns: Option<BTreeSet<String>>,
    /// The bound on the partition column of a partitioned table.
    pub bound: Option<Bound>,
}

/// Finds every scan of a table anywhere in the select; nothing if SQL is spliced of which nobody knows what it reads.
pub fn table_reads(select: &Select, rules: &[PartitionRule]) -> Option<Vec<TableRead>> {
    let mut found = Found { rules, reads: Vec::new(), is_known: true };
    found.select(select);
    found.is_known.then_some(found.reads)
}

struct Found<'a> {
    rules: &'a [PartitionRule],
    reads: Vec<TableRead>,
    is_known: bool,
}

impl Found<'_> {
    /// Adds the scans of a select and of all selects in it.
    fn select(&mut self, select: &Select) {
        for from in select.from.iter().chain(select.joins.iter().map(|join| &join.to)) {
            match from {
                From::Table { name, alias } => {
                    let rule = self.rules.iter().find(|rule| rule.table == *name);
                    self.reads.push(TableRead {
                        table: name.clone(),
                        columns: columns(select, alias),
                        bound: rule.map(|rule| bounds_of(select, alias, &rule.column)),
                    });
                }
                From::Verbatim { text, .. } => self.verbatim(text),
                From::Cte { .. } | From::Select { .. } | From::Days { .. } | From::Moments { .. } => {}
            }
        }
        for_each_select(select, &mut |inner| self.select(inner));
    }

    fn verbatim(&mut self, text: &str) {
        let tables = tables_of_select(text);
        self.is_known &= !tables.is_empty();
        let whole = |table| TableRead { table, columns: None, bound: None };
        self.reads.extend(tables.into_iter().map(whole));
    }
}

/// Returns the columns that are named of an alias; nothing where SQL that is spliced may name any.
fn columns(select: &Select, alias: &str) -> Option<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    let is_only_table = select.joins.is_empty();
    let mut is_known = true;
    for_each_leaf(select, &mut |leaf, is_own| match leaf {
        Leaf::Column(column) | Leaf::Grouping(column) => match &column.table {
            Some(table) if table == alias => drop(named.insert(column.name.clone())),
            None if is_own && is_only_table => drop(named.insert(column.name.clone())),
            Some(_) | None => {}
        },
        Leaf::Verbatim(_) => is_known = false,
        Leaf::Aggregate(_) | Leaf::Window(_) | Leaf::Exists(_) | Leaf::InSelect { .. } | Leaf::Scalar(_) => {}
    });
    is_known.then_some(named)
}

/// Visits every leaf of a select and of the selects in its expressions, which may name its tables too; and says whether it is
/// the select's own.
fn for_each_leaf(select: &Select, visit: &mut dyn FnMut(&Leaf, bool)) {
    for expr in exprs(select) {
        leaves(expr, &mut |leaf| visit(leaf, true));
        selects(expr, &mut |inner| for_each_leaf(inner, &mut |leaf, _| visit(leaf, false)));
    }
}

/// Visits every select that stands directly in a select.
fn for_each_select(select: &Select, visit: &mut dyn FnMut(&Select)) {
    for inner in select.with.iter().map(|cte| &cte.select).chain(&select.union_all) {
        visit(inner);
    }
    for from in select.from.iter().chain(select.joins.iter().map(|join| &join.to)) {
        match from {
            From::Select { select, .. } => visit(select),
            From::Days { from, to, .. } => {
                selects(from, visit);
                selects(to, visit);
            }
            From::Table { .. } | From::Cte { .. } | From::Verbatim { .. } | From::Moments { .. } => {}
        }
    }
    exprs(select).for_each(|expr| selects(expr, visit));
}

/// Returns the expressions of a select.
fn exprs(select: &Select) -> impl Iterator<Item = &SqlExpr> {
    let items = select.items.iter().map(|item| &item.expr);
    let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
    let order = select.order_by.iter().map(|term| &term.expr);
    items.chain(ons).chain(&select.filter).chain(&select.having).chain(order)
}

/// Visits the leaves of an expression, also those within aggregates and windows, not those of selects in it.
fn leaves(expr: &SqlExpr, visit: &mut dyn FnMut(&Leaf)) {
    let Expr::Leaf(leaf) = expr else {
        expr.for_each_child(&mut |child| leaves(child, visit));
        return;
    };
    visit(leaf);
    parts(leaf).into_iter().for_each(|part| leaves(part, visit));
}

/// Visits the selects that stand in an expression.
fn selects(expr: &SqlExpr, visit: &mut dyn FnMut(&Select)) {
    leaves(expr, &mut |leaf| match leaf {
        Leaf::Exists(select) | Leaf::Scalar(select) | Leaf::InSelect { select, .. } => visit(select),
        Leaf::Column(_) | Leaf::Aggregate(_) | Leaf::Window(_) | Leaf::Grouping(_) | Leaf::Verbatim(_) => {}
    });
}

/// Returns the expressions within a leaf.
fn parts(leaf: &Leaf) -> Vec<&SqlExpr> {
    match leaf {
        Leaf::Aggregate(aggregate) => aggregate.arg.iter().collect(),
        Leaf::Window(window) => {
            let order = window.order_by.iter().map(|term| &term.expr);
            let arg = match &window.function {
                WindowFunction::Aggregate(aggregate) => aggregate.arg.as_ref(),
                WindowFunction::RowNumber | WindowFunction::Rank => None,
            };
            arg.into_iter().chain(&window.partition_by).chain(order).collect()
        }
        Leaf::InSelect { arg, .. } => vec![arg],
        Leaf::Column(_) | Leaf::Exists(_) | Leaf::Scalar(_) | Leaf::Grouping(_) | Leaf::Verbatim(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{AggregateFunction, BinaryOp, Cte, Join, JoinKind, Literal};

    fn table(name: &str, alias: &str) -> From {
        From::Table { name: name.to_owned(), alias: alias.to_owned() }
    }

    fn rule() -> PartitionRule {
        PartitionRule { table: "facts".to_owned(), column: "day".to_owned(), required: false }
    }

    fn columns_of(reads: &[TableRead], table: &str) -> Vec<Option<Vec<String>>> {
        let of_table = reads.iter().filter(|read| read.table == table);
        of_table.map(|read| read.columns.as_ref().map(|columns| columns.iter().cloned().collect())).collect()
    }

    #[test]
    fn columns_are_found_wherever_they_are_named() {
        let sum = SqlExpr::aggregate(AggregateFunction::Sum, Some(SqlExpr::column("f", "price")));
        let correlated = Select {
            items: vec![SqlExpr::integer(1).named("one")],
            from: Some(table("dims", "d")),
            filter: Some(SqlExpr::column("d", "id").binary(BinaryOp::Eq, SqlExpr::column("f", "dim_id"))),
            ..Select::default()
        };
        let day = crate::time::NaiveDate::from_ymd_opt(2025, 1, 1).expect("a day");
        let bounded = SqlExpr::column("f", "day").binary(BinaryOp::GtEq, Expr::date(day));
        let inner = Select {
            items: vec![sum.named("total")],
            from: Some(table("facts", "f")),
            filter: Some(bounded.and(Expr::Leaf(Leaf::Exists(Box::new(correlated))))),
            ..Select::default()
        };
        let bare = Select {
            items: vec![SqlExpr::bare("name").named("name")],
            from: Some(table("facts", "other")),
            ..Select::default()
        };
        let select = Select {
            with: vec![Cte { name: "inner_rows".to_owned(), select: inner }],
            items: vec![SqlExpr::column("i", "total").named("total")],
            from: Some(From::Cte { name: "inner_rows".to_owned(), alias: "i".to_owned() }),
            joins: vec![Join {
                kind: JoinKind::Cross,
                to: From::Select { select: Box::new(bare), alias: "b".to_owned() },
                on: None,
            }],
            ..Select::default()
        };
        let reads = table_reads(&select, &[rule()]).expect("all is known");
        let texts = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(columns_of(&reads, "facts"), [texts(&["day", "dim_id", "price"]), texts(&["name"])]);
        assert_eq!(columns_of(&reads, "dims"), [texts(&["id"])]);
        let bounds: Vec<_> =
            reads.iter().filter_map(|read| read.bound.as_ref()).map(|bound| bound.from.clone()).collect();
        assert_eq!(bounds, [Some(Literal::Date(day)), None]);
    }

    #[test]
    fn spliced_sql_reads_whole_tables_or_nobody_knows_what() {
        let of = |text: &str| Select {
            items: vec![SqlExpr::column("v", "id").named("id")],
            from: Some(From::Verbatim { text: text.to_owned(), alias: "v".to_owned() }),
            ..Select::default()
        };
        let reads = table_reads(&of("SELECT * FROM facts WHERE day > '2025-01-01'"), &[rule()]).expect("it is named");
        assert_eq!(reads, [TableRead { table: "facts".to_owned(), columns: None, bound: None }]);
        assert_eq!(table_reads(&of("SELECT 1 AS id"), &[]), None);
        let spliced = Select {
            items: vec![Expr::Leaf(Leaf::Verbatim("magic(f.anything)".to_owned())).named("x")],
            from: Some(table("facts", "f")),
            ..Select::default()
        };
        assert_eq!(columns_of(&table_reads(&spliced, &[]).expect("the table is known"), "facts"), [None]);
    }
}
