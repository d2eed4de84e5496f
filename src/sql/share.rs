//! Groups that a select computes more than once → one common table expression.
//!
//! ```text
//! … FROM (SELECT id, SUM(price) AS a … GROUP BY 1) AS x …, (SELECT id AS k, SUM(price) / COUNT(*) AS b … GROUP BY 1) AS y …
//!   ─►  WITH x AS (SELECT id, SUM(price) AS a, COUNT(*) AS n … GROUP BY 1)
//!       … FROM x …, (SELECT id AS k, a / n AS b FROM x) AS y …
//! ```
//!
//! **Invariant:** the rows are the same. Only what groups rows and reads nothing but tables is shared: it means the same
//! wherever it stands.

use std::collections::BTreeSet;

use super::{Column, Cte, Expr, From, Leaf, Select, SelectItem, SqlExpr};

/// Returns the select with groups of the same rows by the same keys, which it reads more than once, written once.
pub fn share(mut select: Select) -> Select {
    let mut seen = Seen::default();
    seen.select(&select);
    let Seen { mut groups, mut names } = seen;
    groups.retain(|group| group.times > 1);
    for group in &mut groups {
        let mut name = group.name.clone();
        let mut n = 2;
        while !names.insert(name.clone()) {
            name = format!("{}_{n}", group.name);
            n += 1;
        }
        group.name = name;
    }
    if groups.is_empty() {
        return select;
    }
    read_shared(&mut select, &groups);
    let mut with: Vec<Cte> = groups.into_iter().map(|Groups { name, select, .. }| Cte { name, select }).collect();
    with.append(&mut select.with);
    Select { with, ..select }
}

/// Groups in FROM, with the keys and aggregates of all selects that group the same rows by the same keys.
struct Groups {
    name: String,
    select: Select,
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
        match self.groups.iter_mut().find(|known| known.has_the_groups_of(select)) {
            Some(known) => {
                known.times += 1;
                known.learn(select);
            }
            None => {
                let mut groups = Groups {
                    name: alias.to_owned(),
                    select: Select { items: Vec::new(), group_by: Vec::new(), ..select.clone() },
                    times: 1,
                };
                groups.learn(select);
                self.groups.push(groups);
            }
        }
    }
}

impl Groups {
    /// Returns whether another select groups the same rows by the same keys.
    fn has_the_groups_of(&self, select: &Select) -> bool {
        let keys = |select: &Select| -> Vec<SqlExpr> { keys(select).map(|item| item.expr.clone()).collect() };
        let (ours, theirs) = (keys(&self.select), keys(select));
        self.select.from == select.from
            && self.select.joins == select.joins
            && self.select.filter == select.filter
            && ours.len() == theirs.len()
            && ours.iter().all(|key| theirs.contains(key))
    }

    /// Takes the keys and aggregates of a select that has the same groups.
    fn learn(&mut self, select: &Select) {
        for key in keys(select) {
            if self.column_of(&key.expr).is_none() {
                self.select.group_by.push(self.select.items.len());
                self.add(key.expr.clone(), &key.alias);
            }
        }
        for item in values(select) {
            item.expr.for_each_leaf(&mut |leaf| {
                let aggregate = Expr::Leaf(leaf.clone());
                if matches!(leaf, Leaf::Aggregate(_)) && self.column_of(&aggregate).is_none() {
                    self.add(aggregate, &item.alias);
                }
            });
        }
    }

    fn add(&mut self, expr: SqlExpr, wanted: &str) {
        let is_taken = |name: &str| self.select.items.iter().any(|item| item.alias == name);
        let mut alias = wanted.to_owned();
        let mut n = 2;
        while is_taken(&alias) {
            alias = format!("{wanted}_{n}");
            n += 1;
        }
        self.select.items.push(expr.named(alias));
    }

    fn column_of(&self, expr: &SqlExpr) -> Option<&str> {
        self.select.items.iter().find(|item| item.expr == *expr).map(|item| item.alias.as_str())
    }

    /// Returns what a select with the same groups is over them, under an alias.
    fn read(&self, select: Select, alias: String) -> From {
        if self.select.items == select.items {
            return From::Cte { name: self.name.clone(), alias };
        }
        let column = |expr: &SqlExpr| {
            let name = self.column_of(expr).expect("the groups have what each select was made of");
            SqlExpr::column(&self.name, name)
        };
        let is_key: Vec<bool> = (0..select.items.len()).map(|at| select.group_by.contains(&at)).collect();
        let items = select.items.into_iter().zip(is_key).map(|(SelectItem { expr, alias }, is_key)| {
            let expr = if is_key { column(&expr) } else { expr.map(&mut |leaf| column(&Expr::Leaf(leaf.clone()))) };
            SelectItem { expr, alias }
        });
        let from = From::Cte { name: self.name.clone(), alias: self.name.clone() };
        let over = Select { items: items.collect(), from: Some(from), ..Select::default() };
        From::Select { select: Box::new(over), alias }
    }
}

fn keys(select: &Select) -> impl Iterator<Item = &SelectItem> {
    select.group_by.iter().map(|at| &select.items[*at])
}

fn values(select: &Select) -> impl Iterator<Item = &SelectItem> {
    select.items.iter().enumerate().filter(|(at, _)| !select.group_by.contains(at)).map(|(_, item)| item)
}

/// Returns whether a select groups rows and reads only tables, so that it names nothing around it.
fn means_the_same_everywhere(select: &Select) -> bool {
    let mut tables = select.from.iter().chain(select.joins.iter().map(|join| &join.to));
    let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
    !select.group_by.is_empty()
        && !select.distinct
        && !select.with_total
        && select.with.is_empty()
        && select.union_all.is_empty()
        && select.having.is_none()
        && select.order_by.is_empty()
        && select.limit.is_none()
        && tables.all(|from| matches!(from, From::Table { .. }))
        && keys(select).map(|item| &item.expr).chain(ons).chain(&select.filter).all(reads_columns_only)
        && values(select).all(|item| is_of_aggregates(&item.expr))
}

fn reads_columns_only(expr: &SqlExpr) -> bool {
    let mut only = true;
    expr.for_each_leaf(&mut |leaf| only &= matches!(leaf, Leaf::Column(Column { .. })));
    only
}

/// Returns whether a value of a group is made of aggregates of columns alone.
fn is_of_aggregates(expr: &SqlExpr) -> bool {
    let mut only = true;
    expr.for_each_leaf(&mut |leaf| {
        only &= match leaf {
            Leaf::Aggregate(aggregate) => aggregate.arg.as_ref().is_none_or(reads_columns_only),
            _ => false,
        };
    });
    only
}

/// Reads shared groups from their common table expressions.
fn read_shared(select: &mut Select, shared: &[Groups]) {
    for cte in &mut select.with {
        read_shared(&mut cte.select, shared);
    }
    for from in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to)) {
        let From::Select { select, alias } = from else { continue };
        let groups = shared.iter().find(|groups| groups.has_the_groups_of(select));
        match groups.filter(|_| means_the_same_everywhere(select)) {
            Some(groups) => *from = groups.read(std::mem::take(select), std::mem::take(alias)),
            None => read_shared(select, shared),
        }
    }
    for further in &mut select.union_all {
        read_shared(further, shared);
    }
}
