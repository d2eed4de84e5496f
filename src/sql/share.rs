//! Groups that a select computes twice → one common table expression.
//!
//! ```text
//! … FROM (SELECT id, SUM(price) … GROUP BY 1) AS by_key …, (SELECT id, SUM(price) … GROUP BY 1) AS by_key …
//!   ─►  WITH by_key AS (SELECT id, SUM(price) … GROUP BY 1) … FROM by_key … FROM by_key …
//! ```
//!
//! **Invariant:** the rows are the same. Only what groups rows and reads nothing but tables is shared: it means the same
//! wherever it stands.

use std::collections::BTreeSet;

use super::{Cte, From, Leaf, Select, SqlExpr};

/// Returns the select with groups that it reads more than once written once.
pub fn share(mut select: Select) -> Select {
    let mut seen = Seen::default();
    seen.select(&select);
    let Seen { groups, mut names } = seen;
    let mut with = Vec::new();
    for (groups, alias) in groups.into_iter().filter(|group| group.times > 1).map(|group| (group.select, group.alias)) {
        let mut name = alias.clone();
        let mut n = 2;
        while !names.insert(name.clone()) {
            name = format!("{alias}_{n}");
            n += 1;
        }
        with.push(Cte { name, select: groups });
    }
    if with.is_empty() {
        return select;
    }
    read_shared(&mut select, &with);
    with.append(&mut select.with);
    Select { with, ..select }
}

/// Groups in FROM.
struct Groups {
    select: Select,
    alias: String,
    times: usize,
}

/// What a select reads from.
#[derive(Default)]
struct Seen {
    /// In the order in which they are met.
    groups: Vec<Groups>,
    /// The names of tables and common table expressions, which no new one may hide.
    names: BTreeSet<String>,
}

impl Seen {
    fn select(&mut self, select: &Select) {
        for cte in &select.with {
            self.names.insert(cte.name.clone());
            self.select(&cte.select);
        }
        for from in select.from.iter().chain(select.joins.iter().map(|join| &join.to)) {
            match from {
                From::Table { name, .. } | From::Cte { name, .. } => {
                    self.names.insert(name.clone());
                }
                From::Select { select, alias } => {
                    self.select(select);
                    if means_the_same_everywhere(select) {
                        self.groups(select, alias);
                    }
                }
                From::Verbatim { .. } | From::Days { .. } | From::Moments { .. } => {}
            }
        }
        select.union_all.iter().for_each(|further| self.select(further));
    }

    fn groups(&mut self, select: &Select, alias: &str) {
        match self.groups.iter_mut().find(|known| known.select == *select) {
            Some(known) => known.times += 1,
            None => self.groups.push(Groups { select: select.clone(), alias: alias.to_owned(), times: 1 }),
        }
    }
}

/// Returns whether a select groups rows and reads only tables, so that it names nothing around it.
fn means_the_same_everywhere(select: &Select) -> bool {
    let mut tables = select.from.iter().chain(select.joins.iter().map(|join| &join.to));
    let items = select.items.iter().map(|item| &item.expr);
    let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
    !select.group_by.is_empty()
        && select.with.is_empty()
        && select.union_all.is_empty()
        && select.limit.is_none()
        && tables.all(|from| matches!(from, From::Table { .. }))
        && items.chain(ons).chain(&select.filter).chain(&select.having).all(reads_columns_only)
}

fn reads_columns_only(expr: &SqlExpr) -> bool {
    let mut only = true;
    expr.for_each_leaf(&mut |leaf| {
        only &= match leaf {
            Leaf::Column(_) | Leaf::Grouping(_) => true,
            Leaf::Aggregate(aggregate) => aggregate.arg.as_ref().is_none_or(reads_columns_only),
            Leaf::Window(_) | Leaf::Exists(_) | Leaf::InSelect { .. } | Leaf::Scalar(_) | Leaf::Verbatim(_) => false,
        };
    });
    only
}

/// Reads shared groups from their common table expressions.
fn read_shared(select: &mut Select, shared: &[Cte]) {
    for cte in &mut select.with {
        read_shared(&mut cte.select, shared);
    }
    for from in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to)) {
        let From::Select { select, alias } = from else { continue };
        match shared.iter().find(|cte| cte.select == **select) {
            Some(cte) => *from = From::Cte { name: cte.name.clone(), alias: std::mem::take(alias) },
            None => read_shared(select, shared),
        }
    }
    for further in &mut select.union_all {
        read_shared(further, shared);
    }
}
