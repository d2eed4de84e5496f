//! Selects as text.

use super::{Level, Writer};
use crate::sql::{BinaryOp, Expr, From, Join, JoinKind, Leaf, Select, SelectItem, SqlExpr};

impl Writer {
    /// Writes a select with everything that belongs to it.
    pub(in crate::sql) fn select(&mut self, select: &Select) {
        self.with(select);
        self.core(select);
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
        if !select.group_by.is_empty() {
            self.line();
            self.put("GROUP BY ");
            for (at, position) in select.group_by.iter().enumerate() {
                self.put(if at > 0 { ", " } else { "" });
                self.number(i64::try_from(position + 1).expect("a select list is short"));
            }
        }
        if let Some(having) = &select.having {
            self.condition("HAVING ", having);
        }
    }

    fn items(&mut self, items: &[SelectItem]) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.put(",");
            }
            match items.len() {
                1 => self.put(" "),
                _ => self.indented_line(),
            }
            self.expr(&item.expr, Level::Or);
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
            JoinKind::Inner => "JOIN ",
            JoinKind::Cross => "CROSS JOIN ",
        });
        self.from(&join.to);
        if let Some(on) = &join.on {
            self.put(" ON ");
            self.expr(on, Level::Or);
        }
    }

    /// Writes a clause whose conjuncts stand below one another.
    fn condition(&mut self, clause: &str, condition: &SqlExpr) {
        self.line();
        self.put(clause);
        match condition {
            Expr::Binary { op: BinaryOp::And, .. } => {
                self.chain(condition, BinaryOp::And, Level::And, |writer| {
                    writer.indented_line();
                    writer.put("AND ");
                });
            }
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
            self.order_term(term);
        }
        if let Some(limit) = select.limit {
            self.line();
            self.put("LIMIT ");
            self.number(i64::try_from(limit).unwrap_or(i64::MAX));
        }
    }
}
