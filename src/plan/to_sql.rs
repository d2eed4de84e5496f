//! Scans → one SELECT.
//!
//! One scan that needs nothing more becomes a single grouped SELECT. Otherwise each scan is grouped in a common table
//! expression, the groups are lined up by UNION ALL and one more GROUP BY (which treats null keys as one group, where
//! a join would lose them), missing periods are filled in, and the metrics are computed over the lined-up leaves.
//!
//! **Invariant:** metrics of several models never meet row by row.

use std::collections::BTreeSet;

use super::{
    Context, Fill, JoinUse, Key, KeyKind, PlanError, Principal,
    bind::{Bound, BoundOrder, BoundTop, LeafId, OrderColumn, bind},
    scan::{self, LeafAggregate, Rows},
    time::truncate,
};
use crate::{
    ids::TableId,
    sql::{
        AggregateFunction, BinaryOp, Cte, Expr, From, Function, Join, JoinKind, Leaf, Literal, OrderTerm, Select,
        SelectItem, SqlExpr, Window,
    },
    time::{Duration, Unit, shift_date},
};

/// The SELECT of a request and what is known of it.
#[derive(Debug)]
pub(super) struct Built {
    /// The finished select.
    pub(super) select: Select,
    /// The joins that were used, each once.
    pub(super) uses: Vec<JoinUse>,
    /// The tables that are read.
    pub(super) tables: BTreeSet<TableId>,
    /// The promises that partition bounds rest on, by the position of the scan.
    pub(super) promises: Vec<Option<String>>,
    /// The order as positions of the select's columns, descending, nulls first.
    pub(super) order: Vec<(usize, bool, bool)>,
}

/// The names of the columns of the answer.
struct Names {
    keys: Vec<String>,
    outputs: Vec<String>,
    leaves: Vec<String>,
}

const IS_OTHER: &str = "is_other";
const PRESENT: &str = "is_present";

/// Builds the SELECT of a bound request.
pub(super) fn build(bound: &Bound<'_>, principal: &Principal, context: &Context) -> Result<Built, PlanError> {
    let names = name_columns(bound);
    let mut uses: Vec<JoinUse> = Vec::new();
    let mut promises = Vec::new();
    let mut tables = BTreeSet::new();
    let mut rows = Vec::new();
    for scan in &bound.scans {
        let found = scan::rows(bound, scan)?;
        for used in &found.uses {
            if !uses.contains(used) {
                uses.push(used.clone());
            }
        }
        tables.extend(&found.tables);
        promises.push(found.promise.clone());
        rows.push(found);
    }
    let mut with = Vec::new();
    let mut taken: BTreeSet<String> = tables.iter().map(|id| bound.project.tables[*id].name.clone()).collect();
    if let Some(top) = &bound.top {
        let (members, read) = top_members(bound, top, principal, context, &mut taken)?;
        with.push(members);
        tables.extend(read);
    }
    let layered = bound.top.is_some()
        || rows.iter().any(|rows| needs_layers(bound, rows))
        || bound.fill == Fill::Time
        || bound.after.is_some()
        || (bound.having.is_some() && rows.iter().any(|rows| hides_a_table(&names, rows)));
    let select = match rows.pop() {
        Some(only) if rows.is_empty() && !layered => flat(bound, &names, only),
        Some(last) => {
            rows.push(last);
            nested(bound, &names, rows, with, &mut taken)
        }
        None => unreachable!("a request has at least one scan"),
    };
    let position = |column| match column {
        OrderColumn::Key(index) => index,
        OrderColumn::IsOther => bound.keys.len(),
        OrderColumn::Output(index) => first_output(bound) + index,
    };
    let order = bound.order.iter().map(|term| (position(term.column), term.descending, term.nulls_first)).collect();
    Ok(Built { select, uses, tables, promises, order })
}

fn first_output(bound: &Bound<'_>) -> usize {
    bound.keys.len() + usize::from(bound.top.as_ref().is_some_and(|top| top.other))
}

/// Returns whether a column of the answer has the name of a table, such as `COUNT(*) AS orders` over `orders`.
///
/// In BigQuery HAVING would take `orders.amount` for a part of the column.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#having_clause>.
fn hides_a_table(names: &Names, rows: &Rows) -> bool {
    let mut tables = std::iter::once(&rows.from).chain(rows.joins.iter().map(|join| &join.to)).map(From::alias);
    tables.any(|alias| names.keys.iter().chain(&names.outputs).any(|name| name == alias))
}

/// One grouped SELECT.
fn flat(bound: &Bound<'_>, names: &Names, rows: Rows) -> Select {
    let leaf = |id: LeafId| {
        let aggregate = rows.aggregates.iter().find(|aggregate| aggregate.leaf == id);
        aggregate.expect("the only scan has every leaf").expr()
    };
    let mut items: Vec<SelectItem> =
        rows.keys.iter().cloned().zip(&names.keys).map(|(e, name)| e.named(name)).collect();
    for (output, name) in bound.outputs.iter().zip(&names.outputs) {
        items.push(without_needless_coalesce(output.formula.map(&mut |id| leaf(*id))).named(name));
    }
    let having = bound.having.as_ref().map(|having| without_needless_coalesce(having.map(&mut |id| leaf(*id))));
    let (group_by, distinct) =
        if bound.leaves.is_empty() { (Vec::new(), true) } else { ((0..bound.keys.len()).collect(), false) };
    Select {
        distinct,
        items,
        from: Some(rows.from),
        joins: rows.joins,
        filter: rows.filter,
        group_by,
        having,
        order_by: order_terms(bound, names),
        limit: bound.limit,
        ..Select::default()
    }
}

/// A count is never null where it is made, so `COALESCE(COUNT(*), 0)` is `COUNT(*)`.
fn without_needless_coalesce(expr: SqlExpr) -> SqlExpr {
    let is_count = |expr: &SqlExpr| match expr {
        Expr::Leaf(Leaf::Aggregate(aggregate)) => matches!(
            aggregate.function,
            AggregateFunction::Count | AggregateFunction::CountDistinct | AggregateFunction::ApproxCountDistinct
        ),
        _ => false,
    };
    expr.rebuild(&mut |expr| match expr {
        Expr::Call { function: Function::Coalesce, mut args } if args.first().is_some_and(is_count) => args.remove(0),
        other => other,
    })
}

/// Common table expressions, lined up, filled in, and the metrics over them.
fn nested(
    bound: &Bound<'_>,
    names: &Names,
    scans: Vec<Rows>,
    mut with: Vec<Cte>,
    taken: &mut BTreeSet<String>,
) -> Select {
    let members = with.first().map(|cte| cte.name.clone());
    let marks_present = bound.scans.iter().any(|scan| !scan.makes_rows) && !bound.keys.is_empty();
    let mut last = String::new();
    let mut parts = Vec::new();
    for (scan, rows) in bound.scans.iter().zip(scans) {
        let name = free_name(taken, &format!("{}_groups", bound.project.models[scan.model].name));
        let leaves: Vec<LeafId> = rows.aggregates.iter().map(|aggregate| aggregate.leaf).collect();
        let select = grouped(bound, names, rows, members.as_deref());
        with.push(Cte { name: name.clone(), select });
        parts.push((name.clone(), leaves, scan.makes_rows));
        last = name;
    }
    if parts.len() > 1 {
        let selects = parts.iter().map(|(name, leaves, makes_rows)| {
            let mut items = key_columns(bound, names);
            items.extend(leaf_columns(names, |leaf| leaves.contains(&leaf)));
            if marks_present {
                items.push(Expr::integer(i64::from(*makes_rows)).named(PRESENT));
            }
            Select { items, from: Some(cte(name)), ..Select::default() }
        });
        let name = free_name(taken, "lined_up");
        let mut select = lined_up(bound, names, union_all(selects.collect()));
        match (marks_present, bound.fill) {
            (false, _) => {}
            // A period that is made later shows what was there the period before, so the mark is kept until then.
            (true, Fill::Time) => select.items.push(is_present().named(PRESENT)),
            (true, Fill::None) => select.having = Some(is_present().binary(BinaryOp::Eq, Expr::integer(1))),
        }
        with.push(Cte { name: name.clone(), select });
        last = name;
    }
    if bound.fill == Fill::Time {
        let name = free_name(taken, "filled");
        let select = filled(bound, names, &last, marks_present);
        with.push(Cte { name: name.clone(), select });
        last = name;
    }
    let mut items = key_columns(bound, names);
    for (output, name) in bound.outputs.iter().zip(&names.outputs) {
        items.push(output.formula.map(&mut |id| leaf_column(names, *id)).named(name));
    }
    let having = bound.having.as_ref().map(|having| having.map(&mut |id| leaf_column(names, *id)));
    let answer = Select { items, from: Some(cte(&last)), filter: having, ..Select::default() };
    let mut select = match bound.after {
        None => answer,
        Some(after) => {
            let columns: Vec<String> = answer.items.iter().map(|item| item.alias.clone()).collect();
            let name = free_name(taken, "answer");
            with.push(Cte { name: name.clone(), select: answer });
            Select {
                items: columns.into_iter().map(|column| SqlExpr::bare(&column).named(column)).collect(),
                from: Some(cte(&name)),
                filter: Some(behind(bound, names, after)),
                ..Select::default()
            }
        }
    };
    select.with = with;
    select.order_by = order_terms(bound, names);
    select.limit = bound.limit;
    select
}

/// Groups the rows of one scan by the keys; in two layers where an aggregate has to be computed per row first.
fn grouped(bound: &Bound<'_>, names: &Names, rows: Rows, members: Option<&str>) -> Select {
    if bound.top.is_none() && !needs_layers(bound, &rows) {
        return group(bound, names, rows);
    }
    let mut items: Vec<SelectItem> =
        rows.keys.iter().cloned().zip(&names.keys).map(|(e, name)| e.named(name)).collect();
    let mut conditions: Vec<SqlExpr> = rows.filter.into_iter().collect();
    if let (Some(top), Some(members)) = (&bound.top, members) {
        let key = rows.keys[top.key].clone();
        let is_member = is_member(&key, members);
        if top.other {
            items[top.key] = key.when(is_member.clone()).named(&names.keys[top.key]);
            let is_other = Expr::Unary { op: crate::sql::UnaryOp::Not, arg: Box::new(is_member) };
            items.push(is_other.named(IS_OTHER));
        } else {
            conditions.push(is_member);
        }
    }
    let mut aggregates = Vec::new();
    let mut partition: Vec<SqlExpr> = Vec::new();
    for item in &items {
        partition.push(item.expr.clone());
    }
    for aggregate in rows.aggregates {
        let name = &names.leaves[aggregate.leaf.0];
        let windowed =
            matches!(aggregate.function, AggregateFunction::Percentile(_)) && bound.dialect.percentile_is_window();
        let (function, arg) = if windowed {
            let window =
                Window { aggregate: aggregate.aggregate(), partition_by: partition.clone(), order_by: Vec::new() };
            items.push(Expr::Leaf(Leaf::Window(Box::new(window))).named(name));
            (AggregateFunction::AnyValue, Some(SqlExpr::bare(name)))
        } else {
            let arg = aggregate.arg.map(|arg| {
                items.push(arg.named(name));
                SqlExpr::bare(name)
            });
            (aggregate.function, arg)
        };
        aggregates.push(LeafAggregate { leaf: aggregate.leaf, function, arg });
    }
    let layer =
        Select { items, from: Some(rows.from), joins: rows.joins, filter: Expr::all(conditions), ..Select::default() };
    let above = Rows {
        from: From::Select { select: Box::new(layer), alias: "rows_of_groups".to_owned() },
        joins: Vec::new(),
        filter: None,
        keys: names.keys.iter().map(SqlExpr::bare).collect(),
        aggregates,
        uses: Vec::new(),
        tables: BTreeSet::new(),
        promise: None,
    };
    group(bound, names, above)
}

fn group(bound: &Bound<'_>, names: &Names, rows: Rows) -> Select {
    let mut items: Vec<SelectItem> = rows.keys.into_iter().zip(&names.keys).map(|(e, name)| e.named(name)).collect();
    if has_other(bound) {
        items.push(SqlExpr::bare(IS_OTHER).named(IS_OTHER));
    }
    let n_keys = items.len();
    for aggregate in &rows.aggregates {
        items.push(aggregate.expr().named(&names.leaves[aggregate.leaf.0]));
    }
    let distinct = rows.aggregates.is_empty();
    Select {
        distinct,
        items,
        from: Some(rows.from),
        joins: rows.joins,
        filter: rows.filter,
        group_by: if distinct { Vec::new() } else { (0..n_keys).collect() },
        ..Select::default()
    }
}

/// Groups lined-up parts by the keys; each leaf is not null in one part only, so MAX picks it.
fn lined_up(bound: &Bound<'_>, names: &Names, parts: Select) -> Select {
    let mut items = key_columns(bound, names);
    let n_keys = items.len();
    for name in &names.leaves {
        items.push(SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare(name))).named(name));
    }
    Select {
        items,
        from: Some(From::Select { select: Box::new(parts), alias: "parts".to_owned() }),
        group_by: (0..n_keys).collect(),
        ..Select::default()
    }
}

/// Adds every period of the range for each combination of the other keys that is there.
fn filled(bound: &Bound<'_>, names: &Names, from: &str, marks_present: bool) -> Select {
    let mut known = Select { items: key_columns(bound, names), from: Some(cte(from)), ..Select::default() };
    known.items.extend(leaf_columns(names, |_| true));
    let (first, to) = (bound.range.from.expect("checked when bound"), bound.range.to.expect("checked when bound"));
    let last = shift_date(to, Duration { count: 1, unit: Unit::Day }, -1);
    let days = From::Days {
        from: Box::new(Expr::date(first)),
        to: Box::new(Expr::date(last)),
        alias: "days".to_owned(),
        column: "day".to_owned(),
    };
    let calendar = bound.project.calendar;
    let mut periods = Select { distinct: true, from: Some(days), ..Select::default() };
    let mut others = Select { distinct: true, from: Some(cte(from)), ..Select::default() };
    for (key, name) in bound.keys.iter().zip(&names.keys) {
        let day = || SqlExpr::column("days", "day");
        match periodic(key, day(), calendar) {
            Some(value) => periods.items.push(value.named(name)),
            None => others.items.push(SqlExpr::bare(name).named(name)),
        }
    }
    if has_other(bound) {
        others.items.push(SqlExpr::bare(IS_OTHER).named(IS_OTHER));
    }
    if marks_present {
        others.filter = Some(SqlExpr::bare(PRESENT).binary(BinaryOp::Eq, Expr::integer(1)));
    }
    let mut missing = Select {
        items: key_columns(bound, names),
        from: Some(From::Select { select: Box::new(periods), alias: "periods".to_owned() }),
        ..Select::default()
    };
    missing.items.extend(leaf_columns(names, |_| false));
    if !others.items.is_empty() {
        missing.joins.push(Join {
            kind: JoinKind::Cross,
            to: From::Select { select: Box::new(others), alias: "others".to_owned() },
            on: None,
        });
    }
    if !marks_present {
        return lined_up(bound, names, union_all(vec![known, missing]));
    }
    known.items.push(SqlExpr::bare(PRESENT).named(PRESENT));
    missing.items.push(Expr::integer(1).named(PRESENT));
    let mut select = lined_up(bound, names, union_all(vec![known, missing]));
    select.having = Some(is_present().binary(BinaryOp::Eq, Expr::integer(1)));
    select
}

/// Whether any part of a group makes it a row of the answer, as 1 or 0.
fn is_present() -> SqlExpr {
    SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::bare(PRESENT)))
}

/// Returns the value of a key that follows from the day alone.
fn periodic(key: &Key, day: SqlExpr, calendar: crate::time::Calendar) -> Option<SqlExpr> {
    use crate::time::TimePart;
    match key.kind {
        KeyKind::Time(granularity) => Some(truncate(day, granularity, calendar)),
        KeyKind::TimePart(TimePart::HourOfDay) | KeyKind::Dimension { .. } => None,
        KeyKind::TimePart(part) => {
            Some(Expr::call(Function::Part { part, week_start: calendar.week_start }, vec![day]))
        }
    }
}

/// The common table expression of the best members of a key.
fn top_members(
    bound: &Bound<'_>,
    top: &BoundTop,
    principal: &Principal,
    context: &Context,
    taken: &mut BTreeSet<String>,
) -> Result<(Cte, BTreeSet<TableId>), PlanError> {
    let ranking = super::access::grant(bind(bound.project, &top.ranking, context)?, principal)?;
    let built = build(ranking.get(), principal, context)?;
    let name = free_name(taken, "top_members");
    Ok((Cte { name, select: built.select }, built.tables))
}

/// Whether a key's value is one of the best members, null included.
fn is_member(key: &SqlExpr, members: &str) -> SqlExpr {
    let member = |filter| Select {
        items: vec![SqlExpr::bare("member").named("member")],
        from: Some(cte(members)),
        filter: Some(filter),
        ..Select::default()
    };
    let listed = member(SqlExpr::bare("member").is_null(true));
    let null_listed = member(SqlExpr::bare("member").is_null(false));
    let in_list = Expr::Leaf(Leaf::InSelect { arg: Box::new(key.clone()), select: Box::new(listed) }).is_true(false);
    let null_in_list = Expr::Leaf(Leaf::Exists(Box::new(null_listed)));
    in_list.or(key.clone().is_null(false).and(null_in_list))
}

fn needs_layers(bound: &Bound<'_>, rows: &Rows) -> bool {
    bound.dialect.percentile_is_window()
        && rows.aggregates.iter().any(|aggregate| matches!(aggregate.function, AggregateFunction::Percentile(_)))
}

fn has_other(bound: &Bound<'_>) -> bool {
    bound.top.as_ref().is_some_and(|top| top.other)
}

fn key_columns(bound: &Bound<'_>, names: &Names) -> Vec<SelectItem> {
    let other = has_other(bound).then_some(IS_OTHER);
    names.keys.iter().map(String::as_str).chain(other).map(|name| SqlExpr::bare(name).named(name)).collect()
}

fn leaf_columns(names: &Names, mut is_there: impl FnMut(LeafId) -> bool) -> Vec<SelectItem> {
    let column = |(index, name): (usize, &String)| {
        if is_there(LeafId(index)) { SqlExpr::bare(name).named(name) } else { Expr::null().named(name) }
    };
    names.leaves.iter().enumerate().map(column).collect()
}

fn leaf_column(names: &Names, leaf: LeafId) -> SqlExpr {
    SqlExpr::bare(&names.leaves[leaf.0])
}

fn cte(name: &str) -> From {
    From::Cte { name: name.to_owned(), alias: name.to_owned() }
}

fn union_all(selects: Vec<Select>) -> Select {
    let mut selects = selects.into_iter();
    let first = selects.next().expect("a union has parts");
    Select { union_all: selects.collect(), ..first }
}

fn free_name(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut n = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}_{n}");
        n += 1;
    }
    name
}

/// Names the columns: as in the request where that is a plain name, each different from all others.
fn name_columns(bound: &Bound<'_>) -> Names {
    let mut taken: BTreeSet<String> = [IS_OTHER, PRESENT].map(str::to_owned).into();
    let plain = |name: &str| {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        if plain.starts_with(|c: char| c.is_ascii_digit()) || plain.is_empty() { format!("_{plain}") } else { plain }
    };
    let keys: Vec<String> = bound.keys.iter().map(|key| free_name(&mut taken, &plain(&key.name))).collect();
    // A leaf may be called like a metric of the answer: expressions see the columns below, ORDER BY the answer's.
    let mut taken_below = taken.clone();
    let leaves = bound.leaves.iter().map(|leaf| free_name(&mut taken_below, &leaf.name)).collect();
    let outputs = bound.outputs.iter().map(|output| free_name(&mut taken, &plain(&output.name))).collect();
    Names { keys, outputs, leaves }
}

fn order_terms(bound: &Bound<'_>, names: &Names) -> Vec<OrderTerm> {
    let term = |term: &BoundOrder| OrderTerm {
        expr: SqlExpr::bare(order_column(names, term.column)),
        descending: term.descending,
        nulls_first: term.nulls_first,
    };
    bound.order.iter().map(term).collect()
}

fn order_column(names: &Names, column: OrderColumn) -> &str {
    match column {
        OrderColumn::Key(index) => &names.keys[index],
        OrderColumn::IsOther => IS_OTHER,
        OrderColumn::Output(index) => &names.outputs[index],
    }
}

/// The rows behind the last row of the page before: greater in the first term that differs.
fn behind(bound: &Bound<'_>, names: &Names, after: &[Literal]) -> SqlExpr {
    let mut alternatives = Vec::new();
    for (index, (term, value)) in bound.order.iter().zip(after).enumerate() {
        let Some(greater) = greater(names, term, value) else { continue };
        let equal = bound.order[..index].iter().zip(after).map(|(term, value)| {
            SqlExpr::bare(order_column(names, term.column)).binary(BinaryOp::Same, Expr::Parameter(value.clone()))
        });
        alternatives.push(Expr::all(equal.chain([greater])).expect("at least one condition"));
    }
    Expr::any(alternatives).unwrap_or(Expr::Literal(Literal::Boolean(false)))
}

/// Whether a column stands behind a value in the order; nothing stands behind a null that comes last.
fn greater(names: &Names, term: &BoundOrder, value: &Literal) -> Option<SqlExpr> {
    let column = || SqlExpr::bare(order_column(names, term.column));
    match (value, term.nulls_first) {
        (Literal::Null, false) => None,
        (Literal::Null, true) => Some(column().is_null(true)),
        (value, nulls_first) => {
            let op = if term.descending { BinaryOp::Lt } else { BinaryOp::Gt };
            let greater = column().binary(op, Expr::Parameter(value.clone()));
            Some(if nulls_first { greater } else { greater.or(column().is_null(false)) })
        }
    }
}
