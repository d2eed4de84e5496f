//! Rows of a scan → the same groups and aggregates over what a rollup stores, or why they cannot be had from it.
//!
//! Everything that a scan asks is an expression over the rows of its tables. Where the rollup stores the value of a part of
//! it, the column takes its place; if nothing of the rows is left, it is an expression over stored rows, and means the same,
//! since all rows of one stored row agree in what is stored:
//!
//! ```text
//! DATE_TRUNC(booked_on, MONTH), customers.country = $1   ─►   DATE_TRUNC(daily.booked_on_day, MONTH), daily.customers_country = $1
//! ```
//!
//! Policies, masks and filters are conditions and values like others, so nothing has to be known of them.
//!
//! **Invariant:** nothing is believed of how a scan was made; what is not understood is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    conditions::{are_in, conjuncts, stripped},
    range::{Asked, day_of},
    table::{Table, Value},
};
use crate::{
    plan::scan::{LeafAggregate, Rows},
    project::RollupTime,
    sql::{AggregateFunction, BinaryOp, Column, Expr, From, Function, Join, JoinKind, Leaf, Literal, SqlExpr},
};

/// What a scan asks, over the rows of a rollup.
#[derive(Debug)]
pub(super) struct Proved {
    /// The stored table's alias.
    pub(super) alias: String,
    /// The joins that are still made.
    pub(super) joins: Vec<Join>,
    /// The conditions on stored rows.
    pub(super) conditions: Vec<SqlExpr>,
    /// The values of keys by their positions in the request.
    pub(super) keys: Vec<(usize, SqlExpr)>,
    /// What is aggregated, leaf by leaf as in the scan.
    pub(super) aggregates: Vec<Kept>,
    /// The first day of a stored row's period.
    pub(super) period: SqlExpr,
}

/// An aggregate over stored rows.
#[derive(Debug)]
pub(super) enum Kept {
    /// Stored values are added up, or the least or greatest is taken.
    Added(AggregateFunction, SqlExpr),
    /// Stored numbers of rows are added up.
    Counted(SqlExpr),
    /// Stored sums, and how many values went into each.
    Mean(SqlExpr, SqlExpr),
    /// Kept dimensions are aggregated, of which it does not matter how often they occur.
    Values(AggregateFunction, SqlExpr),
    /// Stored sketches are put together, and the number of their values is estimated.
    Sketched(SqlExpr),
}

/// Proves that a rollup has what the rows of a scan are asked for, which stand here without a range.
pub(super) fn prove(table: &Table, time: &RollupTime, asked: Asked, name: &str, rows: &Rows) -> Result<Proved, String> {
    if !rows.row.is_empty() || rows.grouped || rows.rest.is_some() {
        return Err("its rows count more than once, or are groups already".to_owned());
    }
    let mut over = Over::new(table, time, asked, name, rows)?;
    let remade = over.remake(&rows.joins)?;
    let keys = rows.keys.iter().map(|(position, key)| Ok((*position, over.stored(key)?)));
    let keys = keys.collect::<Result<Vec<_>, String>>()?;
    let filter = over.filter(rows)?;
    let aggregates: Vec<Kept> =
        rows.aggregates.iter().map(|aggregate| over.aggregate(aggregate, &filter)).collect::<Result<_, _>>()?;
    let conditions = over.conditions(rows, &filter)?;
    let read = keys.iter().map(|(_, key)| key).chain(&conditions).chain(aggregates.iter().flat_map(Kept::values));
    let joins = needed(remade, read);
    let period = over.column(&table.period.column);
    Ok(Proved { alias: over.alias, joins, conditions, keys, aggregates, period })
}

impl Kept {
    fn values(&self) -> Vec<&SqlExpr> {
        match self {
            Self::Added(_, value) | Self::Counted(value) | Self::Values(_, value) | Self::Sketched(value) => {
                vec![value]
            }
            Self::Mean(sums, counts) => vec![sums, counts],
        }
    }
}

/// The conditions of a scan, told apart by whether stored rows can be looked at for them.
struct Filter {
    /// Those of which stored rows tell: as they stand, and over stored rows.
    told: Vec<(SqlExpr, SqlExpr)>,
    /// Those of which only the rows themselves tell.
    hidden: Vec<SqlExpr>,
    /// Whether a row has to count for some metric, which each says by conditions of its own.
    some: bool,
}

/// A scan's expressions over a rollup.
struct Over<'t> {
    table: &'t Table,
    time: &'t RollupTime,
    asked: Asked,
    alias: String,
    /// The kept values in the words of the scan, and their columns.
    patterns: Vec<(SqlExpr, String)>,
    /// The time and the period of a row in the words of the scan.
    period: Option<(SqlExpr, SqlExpr)>,
    /// What is stored of each group, in the words of the scan.
    values: Vec<Value>,
    /// Of which values there would be a sketch in another warehouse, in the words of the scan, and why there is none.
    without: Vec<(SqlExpr, String)>,
    /// What holds for every row that is stored, in the words of the scan.
    always: Vec<SqlExpr>,
    /// The tables that are joined to stored rows.
    joined: BTreeSet<String>,
}

impl<'t> Over<'t> {
    fn new(table: &'t Table, time: &'t RollupTime, asked: Asked, name: &str, rows: &Rows) -> Result<Self, String> {
        let words = words(table, rows)?;
        let said = |expr: &SqlExpr| in_words(expr, &words);
        let all = |exprs: &[SqlExpr]| exprs.iter().map(said).collect::<Option<Vec<_>>>();
        let patterns = table.dimensions.iter().filter_map(|(value, column)| Some((said(value)?, column.clone())));
        let value = |value: &Value| {
            let of = match &value.of {
                Some(of) => Some(said(of)?),
                None => None,
            };
            Some(Value { conditions: all(&value.conditions)?, of, ..value.clone() })
        };
        let mut taken: BTreeSet<&str> = rows.joins.iter().map(|join| join.to.alias()).collect();
        taken.insert(rows.from.alias());
        let further = (2..).map(|n| format!("{name}_{n}"));
        let mut names = std::iter::once(name.to_owned()).chain(further);
        Ok(Self {
            table,
            time,
            asked,
            alias: names.find(|name| !taken.contains(&**name)).expect("numbers do not end"),
            patterns: patterns.filter(|(pattern, _)| reads_rows(pattern)).collect(),
            period: said(&table.period.time).zip(said(&table.period.first_day)),
            values: table.values.iter().filter_map(value).collect(),
            without: table.without.iter().filter_map(|lack| Some((said(&lack.of)?, lack.reason.clone()))).collect(),
            always: all(&table.conditions).ok_or("which rows it holds is not understood")?,
            joined: BTreeSet::new(),
        })
    }

    fn column(&self, name: &str) -> SqlExpr {
        SqlExpr::column(&self.alias, name)
    }

    /// Returns an expression over stored rows and what is joined to them, or what of it is not there.
    fn stored(&self, expr: &SqlExpr) -> Result<SqlExpr, String> {
        let over = expr.clone().rebuild(&mut |part| self.part(part));
        let mut missing = None;
        over.for_each_leaf(&mut |leaf| {
            let is_there = |column: &Column| {
                column.table.as_ref().is_some_and(|table| *table == self.alias || self.joined.contains(table))
            };
            match leaf {
                Leaf::Column(column) if is_there(column) => {}
                Leaf::Column(Column { table, name }) => {
                    let table = table.as_ref().map_or_else(String::new, |table| format!("{table}."));
                    missing.get_or_insert_with(|| format!("it does not keep `{table}{name}`"));
                }
                Leaf::Exists(_) | Leaf::InSelect { .. } => {
                    missing
                        .get_or_insert_with(|| "rows of other tables are looked for, which it does not do".to_owned());
                }
                _ => {
                    missing.get_or_insert_with(|| "a part of the project's own SQL is not understood".to_owned());
                }
            }
        });
        missing.map_or(Ok(over), Err)
    }

    /// Puts what is stored in place of a part, if it is.
    fn part(&self, part: SqlExpr) -> SqlExpr {
        if let Some((_, column)) = self.patterns.iter().find(|(pattern, _)| *pattern == part) {
            return self.column(column);
        }
        let Some((time, first_day)) = &self.period else { return part };
        let period = || self.column(&self.table.period.column);
        match &part {
            part if part == first_day => period(),
            // Longer periods are made of whole stored ones.
            Expr::Call { function: Function::Truncate { granularity, week_start, fiscal_start_month }, args }
                if self.time.granularity.nests_in(*granularity) =>
            {
                let size = self.time.granularity;
                let cut = |granularity| Function::Truncate {
                    granularity,
                    week_start: *week_start,
                    fiscal_start_month: *fiscal_start_month,
                };
                if Expr::call(cut(size), args.clone()) != *first_day {
                    return part;
                }
                Expr::call(cut(*granularity), vec![period()])
            }
            Expr::IsNull { arg, negated } if **arg == *time => period().is_null(*negated),
            Expr::Binary { op: op @ (BinaryOp::GtEq | BinaryOp::Lt), left, right } if **left == *time => {
                let day = |literal: &Literal| day_of(literal, self.time.granularity, self.asked).map(Literal::Date);
                let day = match &**right {
                    Expr::Literal(literal) => day(literal).map(Expr::Literal),
                    Expr::Parameter(literal) => day(literal).map(Expr::Parameter),
                    _ => None,
                };
                day.map_or(part.clone(), |day| period().binary(*op, day))
            }
            _ => part,
        }
    }

    /// Finds the joins of a scan that can be made from stored rows as well: those by what is stored.
    ///
    /// Each loses and multiplies no row, so what the others would have given is all that is missing.
    fn remake(&mut self, joins: &[Join]) -> Result<Vec<Join>, String> {
        let mut remade = Vec::new();
        for join in joins {
            if !matches!(join.kind, JoinKind::Left | JoinKind::Matched) {
                return Err("a join leaves rows out".to_owned());
            }
            let alias = join.to.alias().to_owned();
            self.joined.insert(alias.clone());
            match join.on.as_ref().map(|on| self.stored(on)) {
                Some(Ok(on)) => remade.push(Join { on: Some(on), ..join.clone() }),
                Some(Err(_)) | None => {
                    self.joined.remove(&alias);
                }
            }
        }
        Ok(remade)
    }

    fn filter(&self, rows: &Rows) -> Result<Filter, String> {
        let mut open: Vec<SqlExpr> = rows.filter.iter().flat_map(conjuncts).collect();
        if !are_in(&self.always, &open) {
            return Err("it holds only some of the rows".to_owned());
        }
        open.retain(|condition| !self.always.contains(condition));
        let (mut told, mut hidden) = (Vec::new(), Vec::new());
        for condition in open {
            match self.stored(&condition) {
                Ok(over) => told.push((condition, over)),
                Err(_) => hidden.push(condition),
            }
        }
        let some = Expr::any(some_of(rows).unwrap_or_default());
        let n_hidden = hidden.len();
        hidden.retain(|condition| Some(condition) != some.as_ref());
        Ok(Filter { some: hidden.len() < n_hidden, told, hidden })
    }

    /// Returns the conditions on stored rows: that they have rows which the scan reads.
    fn conditions(&self, rows: &Rows, filter: &Filter) -> Result<Vec<SqlExpr>, String> {
        let mut conditions: Vec<SqlExpr> = filter.told.iter().map(|(_, over)| over.clone()).collect();
        if filter.some {
            let some = some_of(rows).unwrap_or_default();
            let has_rows = some.iter().map(|own| self.has_rows(&conjuncts(own), filter));
            conditions.extend(Expr::any(has_rows.collect::<Result<Vec<_>, _>>()?));
        } else if !filter.hidden.is_empty() {
            conditions.push(self.has_rows(&[], filter)?);
        }
        Ok(conditions)
    }

    /// Returns the condition that a stored row is made of a row which fulfils further conditions.
    fn has_rows(&self, own: &[SqlExpr], filter: &Filter) -> Result<SqlExpr, String> {
        let (value, condition) = self.value(AggregateFunction::Count, None, own, filter)?;
        let some = value.binary(BinaryOp::Gt, Expr::integer(0));
        Ok(condition.map_or(some.clone(), |condition| condition.and(some)))
    }

    /// Finds what is stored of an aggregate under conditions beside those of the filter, and which of the conditions stored
    /// rows are still to be asked for.
    fn value(
        &self,
        function: AggregateFunction,
        of: Option<&SqlExpr>,
        own: &[SqlExpr],
        filter: &Filter,
    ) -> Result<(SqlExpr, Option<SqlExpr>), String> {
        let mut needed: Vec<SqlExpr> = filter.hidden.clone();
        let mut known: Vec<SqlExpr> = filter.told.iter().map(|(condition, _)| condition.clone()).collect();
        let mut told = Vec::new();
        let mut missing = None;
        for condition in own {
            match self.stored(condition) {
                Ok(over) => told.push((condition, over)),
                Err(reason) => {
                    missing.get_or_insert(reason);
                    needed.push(condition.clone());
                }
            }
            known.push(condition.clone());
        }
        known.extend(needed.iter().chain(&self.always).cloned());
        let fits = |value: &&Value| {
            (value.function, value.of.as_ref()) == (function, of)
                && are_in(&needed, &value.conditions)
                && are_in(&value.conditions, &known)
        };
        let Some(found) = self.values.iter().find(fits) else {
            let of_hidden = || self.stored(filter.hidden.first()?).err();
            let reason = missing.or_else(of_hidden);
            return Err(reason.unwrap_or_else(|| format!("it does not store {}", told_of(function))));
        };
        let rest = told.into_iter().filter(|(condition, _)| !found.conditions.contains(condition));
        Ok((self.column(&found.column), Expr::all(rest.map(|(_, over)| over))))
    }

    fn aggregate(&self, aggregate: &LeafAggregate, filter: &Filter) -> Result<Kept, String> {
        use AggregateFunction::{ApproxCountDistinct, Avg, Count, CountDistinct, Max, Min, Sketch, Sum};
        let function = aggregate.function;
        let (own, of) = stripped(function, Vec::new(), aggregate.arg.clone());
        let kept = of.as_ref().filter(|_| matches!(function, Min | Max | CountDistinct | ApproxCountDistinct));
        let kept = kept.and_then(|of| self.kept_values(&own, of));
        if function == ApproxCountDistinct
            && let Some(value) = kept
        {
            // An estimate over kept values is that over the rows, which one out of sketches need not be.
            return Ok(Kept::Values(function, value));
        }
        let under = |(value, condition): (SqlExpr, Option<SqlExpr>)| match condition {
            Some(condition) => value.when(condition),
            None => value,
        };
        let stored = |function| self.value(function, of.as_ref(), &own, filter).map(under);
        let added = match function {
            _ if aggregate.parts.is_some() => Err("it is made of parts already".to_owned()),
            Sum | Min | Max => stored(function).map(|value| Kept::Added(function, value)),
            Count => stored(Count).map(Kept::Counted),
            Avg => stored(Sum).and_then(|sums| Ok(Kept::Mean(sums, stored(Count)?))),
            ApproxCountDistinct => stored(Sketch).map(Kept::Sketched).map_err(|reason| self.lacks(of.as_ref(), reason)),
            _ => Err(format!("{} is not put together from parts", told_of(function))),
        };
        added.or_else(|reason| kept.map(|value| Kept::Values(function, value)).ok_or(reason))
    }

    /// Returns a value over stored rows if it is one of kept dimensions, with the conditions under which it counts.
    fn kept_values(&self, own: &[SqlExpr], of: &SqlExpr) -> Option<SqlExpr> {
        let value = self.stored(of).ok()?;
        let own = own.iter().map(|condition| self.stored(condition).ok()).collect::<Option<Vec<_>>>()?;
        Some(match Expr::all(own) {
            Some(condition) => value.when(condition),
            None => value,
        })
    }

    /// Returns why there is no sketch of a value: that the warehouse has none, if it would be stored otherwise.
    fn lacks(&self, of: Option<&SqlExpr>, reason: String) -> String {
        let lack = self.without.iter().find(|(value, _)| Some(value) == of);
        lack.map_or(reason, |(_, lack)| lack.clone())
    }
}

/// Returns the conditions of which each row fulfils one, if every leaf has its own.
fn some_of(rows: &Rows) -> Option<Vec<SqlExpr>> {
    let own = |aggregate: &LeafAggregate| match &aggregate.arg {
        Some(Expr::Case { branches, otherwise: None }) => match branches.as_slice() {
            [(when, _)] => Some(when.clone()),
            _ => None,
        },
        _ => None,
    };
    rows.aggregates.iter().map(own).collect()
}

/// Returns how the tables of a rollup are called in a scan, for those that are the same in both.
fn words(table: &Table, rows: &Rows) -> Result<BTreeMap<String, String>, String> {
    let is_table = |left: &From, right: &From| match (left, right) {
        (From::Table { name, .. }, From::Table { name: other, .. }) => name == other,
        (From::Select { select, .. }, From::Select { select: other, .. }) => select == other,
        _ => false,
    };
    if !is_table(&table.from, &rows.from) {
        return Err("it is made of other rows".to_owned());
    }
    let mut words: BTreeMap<String, String> = [(table.from.alias().to_owned(), rows.from.alias().to_owned())].into();
    for join in &table.joins {
        let same = rows.joins.iter().find(|other| {
            let mut with_it = words.clone();
            with_it.insert(join.to.alias().to_owned(), other.to.alias().to_owned());
            let on = join.on.as_ref().map(|on| in_words(on, &with_it));
            let is_free = !words.values().any(|alias| alias == other.to.alias());
            is_free && is_table(&join.to, &other.to) && on.is_some_and(|on| on.is_some() && on == other.on)
        });
        if let Some(same) = same {
            words.insert(join.to.alias().to_owned(), same.to.alias().to_owned());
        }
    }
    Ok(words)
}

/// Says an expression in other words for its tables; nothing if it reads what has none, or is not understood.
fn in_words(expr: &SqlExpr, words: &BTreeMap<String, String>) -> Option<SqlExpr> {
    let mut understood = true;
    let said = expr.map(&mut |leaf| match leaf {
        Leaf::Column(Column { table: Some(table), name }) if words.contains_key(table) => {
            SqlExpr::column(&words[table], name)
        }
        other => {
            understood = false;
            Expr::Leaf(other.clone())
        }
    });
    understood.then_some(said)
}

fn reads_rows(expr: &SqlExpr) -> bool {
    let mut reads = false;
    expr.for_each_leaf(&mut |_| reads = true);
    reads
}

/// Returns the joins whose columns are read, and those that lead there.
fn needed<'e>(joins: Vec<Join>, read: impl Iterator<Item = &'e SqlExpr>) -> Vec<Join> {
    let mut tables = BTreeSet::new();
    let add = |expr: &SqlExpr, tables: &mut BTreeSet<String>| {
        expr.for_each_leaf(&mut |leaf| {
            if let Leaf::Column(Column { table: Some(table), .. }) = leaf {
                tables.insert(table.clone());
            }
        });
    };
    read.for_each(|expr| add(expr, &mut tables));
    let mut needed = Vec::new();
    for join in joins.into_iter().rev() {
        if tables.contains(join.to.alias()) {
            join.on.iter().for_each(|on| add(on, &mut tables));
            needed.push(join);
        }
    }
    needed.reverse();
    needed
}

fn told_of(function: AggregateFunction) -> &'static str {
    match function {
        AggregateFunction::Count => "such a count of rows",
        AggregateFunction::CountDistinct | AggregateFunction::ApproxCountDistinct => "a number of different values",
        AggregateFunction::Sketch | AggregateFunction::MergedSketch | AggregateFunction::SketchEstimate => {
            "a sketch of such values"
        }
        AggregateFunction::Sum => "such a sum",
        AggregateFunction::Avg => "such a mean",
        AggregateFunction::Min => "such a least value",
        AggregateFunction::Max => "such a greatest value",
        AggregateFunction::Percentile(_)
        | AggregateFunction::DiscretePercentile(_)
        | AggregateFunction::GroupPercentile(_)
        | AggregateFunction::GroupDiscretePercentile(_)
        | AggregateFunction::ApproxPercentile(_) => "a percentile",
        AggregateFunction::AnyValue => "any value",
    }
}
