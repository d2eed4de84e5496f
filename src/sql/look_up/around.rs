//! The tables around a subquery, and which tables an expression reads.

use std::collections::BTreeSet;

use crate::sql::{From, Join, JoinKind, Leaf, Select, SqlExpr};

/// The tables of a select, each with the conditions on nothing but itself that its rows there fulfil.
pub(super) struct Around(Vec<(From, Vec<SqlExpr>)>);

impl Around {
    /// Returns the tables of a select.
    pub(super) fn of(select: &Select) -> Self {
        let first = select.from.iter().map(|from| (from, select.filter.as_ref()));
        let joined = select.joins.iter().map(|join| (&join.to, condition_of(join)));
        let tables = first.chain(joined).map(|(from, condition)| {
            let own = BTreeSet::from([from.alias().to_owned()]);
            let is_own = |part: &&SqlExpr| !part.looks_for_rows() && tables(part, &|_| None).as_ref() == Some(&own);
            let parts = condition.map(SqlExpr::conjuncts).unwrap_or_default();
            (from.clone(), parts.into_iter().filter(is_own).cloned().collect())
        });
        Self(tables.collect())
    }

    /// Returns the aliases of the tables.
    pub(super) fn aliases(&self) -> BTreeSet<String> {
        self.0.iter().map(|(from, _)| from.alias().to_owned()).collect()
    }

    /// Returns a table with the conditions on its rows.
    pub(super) fn table(&self, alias: &str) -> Option<&(From, Vec<SqlExpr>)> {
        self.0.iter().find(|(from, _)| from.alias() == alias)
    }
}

/// Returns the condition that every row of a joined table fulfils which is there.
fn condition_of(join: &Join) -> Option<&SqlExpr> {
    match join.kind {
        JoinKind::Left | JoinKind::Inner | JoinKind::Matched => join.on.as_ref(),
        JoinKind::Cross => None,
    }
}

/// Returns the aliases of a select's tables.
pub(super) fn own_tables(select: &Select) -> BTreeSet<String> {
    let all = select.from.iter().chain(select.joins.iter().map(|join| &join.to));
    all.map(|from| from.alias().to_owned()).collect()
}

/// Returns the tables that an expression reads, those inside its selects aside; nothing if it is not understood.
///
/// `verbatim` tells what SQL of the project's own reads.
pub(super) fn tables(expr: &SqlExpr, verbatim: &dyn Fn(&str) -> Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    let mut read = BTreeSet::new();
    let mut understood = true;
    let mut add = |found: Option<BTreeSet<String>>| match found {
        Some(found) => read.extend(found),
        None => understood = false,
    };
    expr.for_each_leaf(&mut |leaf| match leaf {
        Leaf::Column(column) => add(column.table.clone().map(|table| BTreeSet::from([table]))),
        Leaf::Exists(select) => add(tables_around(select, verbatim)),
        Leaf::Verbatim(text) => add(verbatim(text)),
        _ => add(None),
    });
    understood.then_some(read)
}

/// Returns the tables that a plain select reads beside its own.
fn tables_around(select: &Select, verbatim: &dyn Fn(&str) -> Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    if !select.with.is_empty() || !select.union_all.is_empty() {
        return None;
    }
    let items = select.items.iter().map(|item| &item.expr);
    let ons = select.joins.iter().filter_map(|join| join.on.as_ref());
    let mut read = BTreeSet::new();
    for expr in items.chain(ons).chain(&select.filter).chain(&select.having) {
        read.extend(tables(expr, verbatim)?);
    }
    let own = own_tables(select);
    Some(read.into_iter().filter(|table| !own.contains(table)).collect())
}
