//! What a subquery looks for → the distinct keys by which rows around it meet something.
//!
//! Where rows meet by equal keys alone, these are the keys of the rows that are looked for. Where a time has to lie in a
//! span, as of a version, the rows around are joined once more, and the keys are theirs:
//!
//! ```text
//! EXISTS (SELECT 1 FROM orders WHERE orders.code = tariffs.code AND orders.day >= tariffs.valid_from AND …)
//!   ─►  SELECT DISTINCT tariffs.code AS key_1, tariffs.valid_from AS key_2, …
//!       FROM orders INNER JOIN tariffs ON orders.code = tariffs.code AND orders.day >= tariffs.valid_from AND …
//! ```
//!
//! BigQuery and Snowflake turn a correlated subquery into a join only where they see how; a join is one.
//!
//! **Invariant:** a row around meets a key once if the subquery finds something for it, else never.

use std::collections::BTreeSet;

use super::around::{Around, own_tables, tables};
use crate::sql::{BinaryOp, Expr, Join, JoinKind, Leaf, Select, SelectItem, SqlExpr};

/// The distinct keys of what is looked for, and what they are compared with.
pub(super) struct Keys {
    /// The keys.
    pub(super) select: Select,
    /// Our side of each key.
    ours: Vec<Ours>,
    are_equal: bool,
}

/// Our side of a key.
struct Ours {
    value: SqlExpr,
    /// Whether null has its match in null: a version that is still valid.
    null_meets_null: bool,
}

impl Keys {
    /// Returns the keys of a subquery in a select with these tables; nothing if it is not understood.
    pub(super) fn of(exists: &Select, around: &Around) -> Option<Self> {
        let outer = around.aliases();
        // SQL of the project's own reads the table that it was written for, which is one of the subquery's.
        let verbatim = |text: &str| words(text).all(|word| !outer.contains(word)).then(BTreeSet::new);
        let inner = own_tables(exists);
        let reads = |expr: &SqlExpr| tables(expr, &verbatim);
        let is_inner = |expr: &SqlExpr| reads(expr).is_some_and(|read| read.is_subset(&inner));
        let is_plain = exists.with.is_empty()
            && exists.group_by.is_empty()
            && exists.having.is_none()
            && exists.union_all.is_empty()
            && exists.limit.is_none();
        if !is_plain || !exists.joins.iter().filter_map(|join| join.on.as_ref()).all(is_inner) {
            return None;
        }
        let (own, shared): (Vec<&SqlExpr>, Vec<&SqlExpr>) =
            exists.filter.as_ref()?.conjuncts().into_iter().partition(|condition| is_inner(condition));
        let own = own.into_iter().cloned();
        let pair = |condition: &&SqlExpr| {
            let Expr::Binary { op: BinaryOp::Eq, left, right } = condition else { return None };
            let (theirs, ours) = if is_inner(left) { (left, right) } else { (right, left) };
            let read = reads(ours)?;
            let is_pair = is_inner(theirs) && read.is_subset(&outer) && read.is_disjoint(&inner);
            is_pair.then(|| ((**theirs).clone(), (**ours).clone()))
        };
        let pairs: Vec<Option<(SqlExpr, SqlExpr)>> = shared.iter().map(pair).collect();
        if pairs.iter().all(Option::is_none) {
            return None;
        }
        if let Some(pairs) = pairs.into_iter().collect::<Option<Vec<_>>>() {
            return Some(Self::of_pairs(exists, own, pairs));
        }
        let mut met = BTreeSet::new();
        for condition in &shared {
            met.extend(reads(condition)?.difference(&inner).cloned());
        }
        let [alias]: [String; 1] = met.into_iter().collect::<Vec<_>>().try_into().ok()?;
        Self::of_rows(exists, own, &shared, (around, &alias))
    }

    /// The keys of the rows that are looked for.
    fn of_pairs(exists: &Select, own: impl Iterator<Item = SqlExpr>, pairs: Vec<(SqlExpr, SqlExpr)>) -> Self {
        let mut keys = Self {
            select: Select {
                distinct: true,
                from: exists.from.clone(),
                joins: exists.joins.clone(),
                filter: Expr::all(own.collect::<Vec<_>>()),
                ..Select::default()
            },
            ours: Vec::new(),
            are_equal: true,
        };
        for (theirs, value) in pairs {
            keys.add(theirs, Ours { value, null_meets_null: false });
        }
        keys
    }

    /// The keys of the rows of one table around that meet what is looked for: all of its columns that conditions read.
    fn of_rows(
        exists: &Select,
        own: impl Iterator<Item = SqlExpr>,
        shared: &[&SqlExpr],
        (around, alias): (&Around, &str),
    ) -> Option<Self> {
        let (table, conditions) = around.table(alias)?.clone();
        let on = Expr::all(shared.iter().map(|condition| (*condition).clone()).collect::<Vec<_>>());
        let mut joins = exists.joins.clone();
        joins.push(Join { kind: JoinKind::Inner, to: table, on });
        let mut keys = Self {
            select: Select {
                distinct: true,
                from: exists.from.clone(),
                joins,
                filter: Expr::all(own.chain(conditions).collect::<Vec<_>>()),
                ..Select::default()
            },
            ours: Vec::new(),
            are_equal: false,
        };
        let columns = |expr: &SqlExpr| {
            let mut columns = Vec::new();
            expr.for_each_leaf(&mut |leaf| match leaf {
                Leaf::Column(column) if column.table.as_deref() == Some(alias) => columns.push(column.clone()),
                _ => {}
            });
            columns.into_iter().map(|column| Expr::Leaf(Leaf::Column(column))).collect::<Vec<SqlExpr>>()
        };
        // What is compared is not null where the comparison holds.
        let compared = shared.iter().flat_map(|condition| match condition {
            Expr::Binary { op, left, right } if op.is_comparison() => {
                [left, right].into_iter().filter(|side| columns(side) == [(***side).clone()]).collect()
            }
            _ => Vec::new(),
        });
        for value in compared {
            keys.add((**value).clone(), Ours { value: (**value).clone(), null_meets_null: false });
        }
        for value in shared.iter().flat_map(|condition| columns(condition)) {
            keys.add(value.clone(), Ours { value, null_meets_null: true });
        }
        keys.ours.first().is_some_and(|first| !first.null_meets_null).then_some(keys)
    }

    fn add(&mut self, theirs: SqlExpr, ours: Ours) {
        let is_known = |(item, known): (&SelectItem, &Ours)| item.expr == theirs && known.value == ours.value;
        if !self.select.items.iter().zip(&self.ours).any(is_known) {
            let name = format!("key_{}", self.ours.len() + 1);
            self.select.items.push(theirs.named(name));
            self.ours.push(ours);
        }
    }

    /// Returns whether rows meet by equal keys alone, as a semi-join does.
    pub(super) fn are_equal(&self) -> bool {
        self.are_equal
    }

    /// Returns the name of the first key, which is null in no row that was found.
    pub(super) fn first(&self) -> &str {
        &self.select.items.first().expect("what is not understood has no keys").alias
    }

    /// Returns the condition by which rows meet the keys under an alias.
    pub(super) fn meet(&self, alias: &str) -> SqlExpr {
        let pairs = self.ours.iter().zip(&self.select.items).map(|(ours, item)| {
            let op = if ours.null_meets_null { BinaryOp::Same } else { BinaryOp::Eq };
            ours.value.clone().binary(op, SqlExpr::column(alias, &item.alias))
        });
        pairs.reduce(Expr::and).expect("what is not understood has no keys")
    }
}

/// Returns the names in a text of SQL.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_alphanumeric() || character == '_')).filter(|word| !word.is_empty())
}
