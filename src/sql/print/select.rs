//! Selects as text.

use super::{Level, OrderNames, Writer};
use crate::sql::{BinaryOp, Column, Expr, From, Join, JoinKind, Leaf, Literal, OrderTerm, Select, SelectItem, SqlExpr};

impl Writer {
    /// Writes a select with everything that belongs to it.
    pub(in crate::sql) fn select(&mut self, select: &Select) {
        self.with(select);
        if self.syntax.order_names() != OrderNames::Anywhere && select.order_by.iter().any(is_computed) {
            let ordered = ordered_outside(select);
            self.core(&ordered);
            return self.order_and_limit(&ordered);
        }
        match typed_nulls(select) {
            Some(typed) if self.syntax.unions_pair_by_pair() => self.core(&typed),
            _ => self.core(select),
        }
        for further in &select.union_all {
            self.line();
            self.put("UNION ALL");
            self.line();
            if further.with.is_empty() && further.order_by.is_empty() && further.limit.is_none() {
                self.core(further);
            } else {
                self.block(|writer| writer.select(further));
            }
        }
        self.order_and_limit(select);
    }

    fn with(&mut self, select: &Select) {
        for (at, cte) in select.with.iter().enumerate() {
            if at == 0 {
                self.put("WITH ");
            } else {
                self.put(",");
                self.paragraph();
            }
            self.identifier(&cte.name);
            self.put(" AS ");
            self.block(|writer| writer.select(&cte.select));
        }
        if !select.with.is_empty() {
            self.paragraph();
        }
    }

    fn core(&mut self, select: &Select) {
        self.put(if select.distinct { "SELECT DISTINCT" } else { "SELECT" });
        self.items(&select.items);
        if let Some(from) = &select.from {
            self.line();
            self.put("FROM ");
            self.from(from);
        }
        for join in &select.joins {
            self.join(join);
        }
        if let Some(filter) = &select.filter {
            self.condition("WHERE ", filter);
        }
        self.group_by(select);
        if let Some(having) = &select.having {
            self.condition("HAVING ", having);
        }
    }

    fn group_by(&mut self, select: &Select) {
        if select.group_by.is_empty() {
            return;
        }
        self.line();
        self.put(if select.with_total { "GROUP BY GROUPING SETS ((" } else { "GROUP BY " });
        for (at, position) in select.group_by.iter().enumerate() {
            self.put(if at > 0 { ", " } else { "" });
            if select.with_total {
                // `GROUPING` names the value, and not every dialect knows it by its place.
                self.expr(&select.items[*position].expr, Level::Or);
            } else {
                self.number(i64::try_from(position + 1).expect("a select list is short"));
            }
        }
        self.put(if select.with_total { "), ())" } else { "" });
    }

    fn items(&mut self, items: &[SelectItem]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(",");
            }
            match items.len() {
                1 => {
                    self.put(" ");
                    self.expr(&item.expr, Level::Or);
                }
                _ => self.deeper(|writer| {
                    writer.line();
                    writer.expr(&item.expr, Level::Or);
                }),
            }
            let names_itself = matches!(&item.expr, Expr::Leaf(Leaf::Column(column)) if column.name == item.alias);
            if !names_itself {
                self.put(" AS ");
                self.identifier(&item.alias);
            }
        }
    }

    fn from(&mut self, from: &From) {
        let named_alike = match from {
            From::Table { name, alias } => {
                self.syntax.table(&mut self.out, name);
                name.rsplit('.').next() == Some(alias.as_str())
            }
            From::Cte { name, alias } => {
                self.identifier(name);
                name == alias
            }
            From::Select { select, .. } => {
                self.block(|writer| writer.select(select));
                false
            }
            From::Verbatim { text, .. } => {
                self.verbatim(text);
                false
            }
            From::Days { from, to, column, .. } => {
                self.syntax.days(self, from, to, column);
                false
            }
            From::Moments { first, end, seconds, column, .. } => {
                self.syntax.moments(self, (first, end), *seconds, column);
                false
            }
        };
        if !named_alike {
            self.put(" AS ");
            self.identifier(from.alias());
        }
    }

    fn join(&mut self, join: &Join) {
        self.line();
        self.put(match join.kind {
            JoinKind::Left => "LEFT JOIN ",
            JoinKind::Inner | JoinKind::Matched => "JOIN ",
            JoinKind::Cross => "CROSS JOIN ",
        });
        self.from(&join.to);
        if let Some(on) = &join.on {
            self.put(" ON ");
            match on {
                Expr::Binary { op: BinaryOp::And | BinaryOp::Same, .. } => self.met(on),
                _ => self.expr(on, Level::Or),
            }
        }
    }

    /// Writes the conditions of a join, in which keys that may be null are compared in a form that the warehouse hashes.
    fn met(&mut self, on: &SqlExpr) {
        match on {
            Expr::Binary { op: BinaryOp::And, left, right } => {
                self.met(left);
                self.put(" AND ");
                self.met(right);
            }
            Expr::Binary { op: BinaryOp::Same, left, right } => {
                self.syntax.same_keys(self, left, right);
            }
            _ => self.expr(on, Level::And),
        }
    }

    /// Writes a clause whose conjuncts stand below one another.
    fn condition(&mut self, clause: &str, condition: &SqlExpr) {
        self.line();
        self.put(clause);
        match condition {
            Expr::Binary { op: BinaryOp::And, .. } => self.deeper(|writer| {
                writer.chain(condition, BinaryOp::And, Level::And, |writer| {
                    writer.line();
                    writer.put("AND ");
                });
            }),
            _ => self.expr(condition, Level::Or),
        }
    }

    fn order_and_limit(&mut self, select: &Select) {
        for (at, term) in select.order_by.iter().enumerate() {
            if at == 0 {
                self.line();
                self.put("ORDER BY ");
            } else {
                self.put(", ");
            }
            match position(select, term) {
                Some(at) if self.syntax.order_names() == OrderNames::Hidden => {
                    self.order_term(&OrderTerm { expr: SqlExpr::integer(at), ..term.clone() });
                }
                _ => self.order_term(term),
            }
        }
        if let Some(limit) = select.limit {
            self.line();
            self.put("LIMIT ");
            self.number(i64::try_from(limit).unwrap_or(i64::MAX));
        }
    }
}

/// Returns the place of a term in the select list, from one, if it names a value that is no column of the same name.
fn position(select: &Select, term: &OrderTerm) -> Option<i64> {
    let Expr::Leaf(Leaf::Column(Column { table: None, name })) = &term.expr else { return None };
    let at = select.items.iter().position(|item| item.alias == *name)?;
    let is_itself = matches!(&select.items[at].expr, Expr::Leaf(Leaf::Column(column)) if column.name == *name);
    if is_itself { None } else { i64::try_from(at + 1).ok() }
}

/// Returns whether a term computes with names of the select list.
fn is_computed(term: &OrderTerm) -> bool {
    let mut names = false;
    term.expr.for_each_leaf(&mut |leaf| names |= matches!(leaf, Leaf::Column(column) if column.table.is_none()));
    names && !matches!(term.expr, Expr::Leaf(_))
}

/// Puts a select into the FROM of another one, which orders it and to which its names are columns.
fn ordered_outside(select: &Select) -> Select {
    let inner = Select { with: Vec::new(), order_by: Vec::new(), limit: None, ..select.clone() };
    Select {
        items: select.items.iter().map(|item| SqlExpr::bare(&item.alias).named(&item.alias)).collect(),
        from: Some(From::Select { select: Box::new(inner), alias: "answer".to_owned() }),
        order_by: select.order_by.clone(),
        limit: select.limit,
        ..Select::default()
    }
}

/// Gives a NULL of the first select of a union the type of the first value that a later select has for it, if the second
/// has none either: `(SELECT revenue FROM orders_groups LIMIT 0)`.
fn typed_nulls(select: &Select) -> Option<Select> {
    let is_null = |item: &SelectItem| matches!(item.expr, Expr::Literal(Literal::Null));
    let second = select.union_all.first()?;
    let items = select.items.iter().zip(&second.items).enumerate().map(|(at, (item, beside))| {
        let untyped = is_null(item) && is_null(beside);
        let typed = select.union_all.iter().filter(|_| untyped).find(|further| !is_null(&further.items[at]));
        typed.map_or_else(
            || item.clone(),
            |further| {
                let value = Select {
                    items: vec![further.items[at].clone()],
                    from: further.from.clone(),
                    joins: further.joins.clone(),
                    limit: Some(0),
                    ..Select::default()
                };
                Expr::Leaf(Leaf::Scalar(Box::new(value))).named(&item.alias)
            },
        )
    });
    Some(Select { items: items.collect(), with: Vec::new(), union_all: Vec::new(), ..select.clone() })
}
