//! Joined rows that a model keeps for more than their own columns: a select of them stands in place of the table.
//!
//! With `where: customers.is_active` on orders, the lines of orders join
//!
//! ```text
//! LEFT JOIN (SELECT orders.id FROM orders LEFT JOIN customers ON … WHERE customers.is_active) AS orders ON …
//! ```
//!
//! An outer join can neither join further tables in its ON, nor, in some warehouses, look for rows of others.
//!
//! **Invariant:** the select has the rows that a query over the model starts from, save for policies that hold anyway.

use std::collections::BTreeSet;

use super::{Finished, Scope, joins::ManySide};
use crate::{
    project::{Join as ProjectJoin, Route},
    sql::{Expr, From, Leaf, Select, SqlExpr},
};

/// The rows of a model that are kept, before what is read of them is known.
pub(super) struct Kept {
    found: Finished,
    inner: String,
    conditions: Vec<SqlExpr>,
    theirs: Option<ManySide>,
}

impl Scope<'_> {
    /// Returns the rows of the model at the end of a route that are joined, unless a condition on its own columns says so.
    pub(super) fn kept_rows(&mut self, route: &Route, join: &ProjectJoin) -> Option<Kept> {
        let project = self.project;
        let here = Route::here();
        let mut own = Scope::within(self.frame, join.to, BTreeSet::new());
        own.asked.clone_from(&self.asked);
        own.guarding = true;
        own.filtered = true;
        own.known = self.known.seen_from(route);
        let inner = own.base_alias.clone();
        let theirs = join.reverse_of.map(|declared| own.many_side(&here, &project.joins[declared]));
        let mut conditions = own.partitions(&here, join.to, &inner);
        conditions.extend(project.models[join.to].filter.as_ref().map(|filter| own.value(&here, filter)));
        if let Some(declared) = join.reverse_of {
            conditions.extend(own.policies_of_many_side(&here, join.to, declared));
        }
        let of_many = theirs.iter().flat_map(|theirs| theirs.keys.iter().chain(&theirs.as_of));
        let asks_others = conditions.iter().chain(of_many).any(SqlExpr::looks_for_rows);
        if own.joins.is_empty() && own.calendars.is_empty() && !asks_others {
            return None;
        }
        match own.finish() {
            Ok(found) => Some(Kept { found, inner, conditions, theirs }),
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        }
    }

    /// Returns the select of kept rows under an alias, and by what they meet the one side of a join walked back.
    pub(super) fn select_kept(&mut self, alias: &str, kept: Kept) -> (Select, Option<ManySide>) {
        let Kept { found, inner, conditions, theirs } = kept;
        self.tables.extend(found.tables);
        self.promises.extend(found.promises);
        self.uses.extend(found.uses);
        self.kept.insert(alias.to_owned(), inner);
        let filter = Expr::all(conditions);
        let mut select = Select { from: Some(found.from), joins: found.joins, filter, ..Select::default() };
        let mut outer = |value: SqlExpr| SqlExpr::column(alias, item(&mut select, value, "key"));
        let theirs = theirs.map(|theirs| ManySide {
            keys: theirs.keys.into_iter().map(&mut outer).collect(),
            as_of: theirs.as_of.map(&mut outer),
        });
        (select, theirs)
    }

    /// Returns a column of a joined table, or of the base.
    pub(super) fn read(&mut self, alias: &str, column: &str) -> SqlExpr {
        match self.kept.get(alias).map(|inner| SqlExpr::column(inner, column)) {
            Some(value) => self.of_kept(alias, value),
            None => SqlExpr::column(alias, column),
        }
    }

    /// Returns SQL of the project's own over a joined table, or the base.
    pub(super) fn spliced(&mut self, alias: &str, text: &str) -> SqlExpr {
        let over = |table: &str| Expr::Leaf(Leaf::Verbatim(text.replace("${TABLE}", table)));
        match self.kept.get(alias).map(|inner| over(inner)) {
            Some(value) => self.of_kept(alias, value),
            None => over(alias),
        }
    }

    fn of_kept(&mut self, alias: &str, value: SqlExpr) -> SqlExpr {
        let join = self.joins.iter_mut().find(|join| join.to.alias() == alias).expect("kept rows are joined");
        let From::Select { select, .. } = &mut join.to else { unreachable!("kept rows are selected") };
        SqlExpr::column(alias, item(select, value, "value"))
    }
}

/// Returns the name of a value in a select, which gets it if it is not there: its own if it is a column.
fn item(select: &mut Select, value: SqlExpr, otherwise: &str) -> String {
    if let Some(known) = select.items.iter().find(|item| item.expr == value) {
        return known.alias.clone();
    }
    let wanted = match &value {
        Expr::Leaf(Leaf::Column(column)) => column.name.as_str(),
        _ => otherwise,
    };
    let taken = |name: &String| select.items.iter().any(|item| item.alias.eq_ignore_ascii_case(name));
    let further = (2..).map(|n| format!("{wanted}_{n}"));
    let name = std::iter::once(wanted.to_owned()).chain(further).find(|name| !taken(name)).expect("numbers do not end");
    select.items.push(value.named(&name));
    name
}
