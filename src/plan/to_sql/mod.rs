//! Scans → one SELECT.
//!
//! One scan that needs nothing more becomes a single grouped SELECT. Otherwise each scan is grouped in a common table
//! expression, the groups are lined up, missing periods are filled in, and the metrics are computed over the lined-up
//! leaves.
//!
//! **Invariant:** a metric is computed from leaves of its own group, after every scan was aggregated on its own.

mod best;
mod by_key;
mod group;
mod line_up;
mod names;
mod page;
mod rank;
mod relate;

use std::collections::BTreeSet;

pub(super) use self::{best::is_member, group::needs_layers, names::IS_OTHER};
use self::{
    by_key::grouped_by_key,
    group::{grouped, single},
    line_up::{filled, is_present, lined_up, union_all},
    names::{
        IS_TOTAL, Names, PRESENT, answer_keys, free_name, has_other, key_columns, leaf_column, leaf_columns,
        name_columns, or_total,
    },
    page::{Page, order_terms},
    rank::{place, rank, ranked},
    relate::{Partial, related},
};
use super::{
    Fill, JoinUse, PlanError, RollupUse, access,
    bind::{Bound, BoundTop, LeafId, OrderColumn, Output, Scan, bind},
    scan::{self, Rows},
    total,
};
use crate::{
    ids::TableId,
    sql::{AggregateFunction, BinaryOp, Cte, Expr, From, Function, Leaf, Select, SelectItem, SqlExpr},
};

/// The SELECT of a request and what is known of it.
#[derive(Debug)]
pub(super) struct Built {
    /// Whether the row over all groups stands before them.
    pub(super) has_total: bool,
    /// The finished select.
    pub(super) select: Select,
    /// The joins that were used, each once.
    pub(super) uses: Vec<JoinUse>,
    /// The tables that are read.
    pub(super) tables: BTreeSet<TableId>,
    /// The promises that bounds on the partitions of tables rest on.
    pub(super) promises: Vec<(TableId, String)>,
    /// The rollups that could have answered, each once, and whether they do.
    pub(super) rollups: Vec<RollupUse>,
    /// The order as positions of the select's columns, descending, nulls first.
    pub(super) order: Vec<(usize, bool, bool)>,
}

/// Builds the SELECT of a bound request.
pub(super) fn build(bound: &Bound<'_>) -> Result<Built, PlanError> {
    let mut names = name_columns(bound);
    let mut uses: Vec<JoinUse> = Vec::new();
    let mut promises = Vec::new();
    let mut rollups: Vec<RollupUse> = Vec::new();
    let mut tables = BTreeSet::new();
    let mut rows = Vec::new();
    for scan in &bound.scans {
        let found = scan::rows(bound, scan).map_err(|error| match metric_of(bound, scan) {
            Some(metric) => error.about_metric(metric),
            None => error,
        })?;
        for used in &found.uses {
            if !uses.contains(used) {
                uses.push(used.clone());
            }
        }
        tables.extend(&found.tables);
        promises.extend(found.promises.iter().cloned());
        add_uses(&mut rollups, &found.rollups);
        rows.push(found);
    }
    names.total = total::is_in(bound, &rows);
    // No window is cut by several sets of keys at once.
    let in_groups = |rows: Rows| if names.total { rows.in_groups() } else { rows };
    // Where the best members are told apart, they are before rows are made single.
    let once = |rows| if bound.top.is_none() { single(bound, &names, rows) } else { rows };
    // The total of groups by a key is not that of no rows where there are none.
    let by_key = |rows| if names.total { rows } else { grouped_by_key(&names, rows) };
    let mut rows: Vec<Rows> = rows.into_iter().map(in_groups).map(once).map(by_key).collect();
    let mut with = Vec::new();
    let mut taken: BTreeSet<String> = tables.iter().map(|id| bound.project.tables[*id].name.clone()).collect();
    taken.extend(names.columns().cloned());
    if let Some(top) = &bound.top {
        let (members, read, of_members) = top_members(bound, top, &mut taken)?;
        with.push(members);
        tables.extend(read);
        add_uses(&mut rollups, &of_members);
    }
    let layered = bound.top.is_some()
        || names.total
        || rows.iter().any(|rows| needs_layers(bound, rows))
        || bound.scans.iter().any(|scan| scan.is_partial(&bound.keys))
        || bound.fill == Fill::Time
        || bound.after.is_some()
        || bound.outputs.iter().any(|output| output.rank.is_some())
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
    Ok(Built { has_total: names.total, select, uses, tables, promises, rollups, order })
}

/// Returns a metric of the answer that a scan is made for.
fn metric_of<'b>(bound: &'b Bound<'_>, scan: &Scan) -> Option<&'b str> {
    let needs = |output: &&Output| {
        let mut found = false;
        output.formula.for_each_leaf(&mut |leaf| found |= scan.leaves.contains(leaf));
        found
    };
    bound.outputs.iter().find(needs).map(|output| output.name.as_str())
}

fn first_output(bound: &Bound<'_>) -> usize {
    bound.keys.len() + usize::from(has_other(bound))
}

/// Returns whether a column of the answer has the name of a table, such as `COUNT(*) AS orders` over `orders`.
///
/// In BigQuery HAVING would take `orders.amount` for a part of the column.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#having_clause>.
fn hides_a_table(names: &Names, rows: &Rows) -> bool {
    let mut tables = std::iter::once(&rows.from).chain(rows.joins.iter().map(|join| &join.to)).map(From::alias);
    tables.any(|alias| names.keys.iter().chain(&names.outputs).any(|name| name == alias))
}

/// One grouped SELECT; of rows that are groups already, one that only computes.
fn flat(bound: &Bound<'_>, names: &Names, rows: Rows) -> Select {
    let leaf = |id: LeafId| {
        let aggregate = rows.aggregates.iter().find(|aggregate| aggregate.leaf == id);
        rows.value_of(aggregate.expect("the only scan has every leaf"))
    };
    let mut items: Vec<SelectItem> =
        rows.keys.iter().map(|(position, value)| value.clone().named(&names.keys[*position])).collect();
    for (output, name) in bound.outputs.iter().zip(&names.outputs) {
        items.push(without_needless_coalesce(output.formula.map(&mut |id| leaf(*id))).named(name));
    }
    let having = bound.having.as_ref().map(|having| without_needless_coalesce(having.map(&mut |id| leaf(*id))));
    let distinct = bound.leaves.is_empty();
    let group_by = if distinct || rows.grouped { Vec::new() } else { (0..bound.keys.len()).collect() };
    let (filter, having) =
        if rows.grouped { (Expr::all(rows.filter.into_iter().chain(having)), None) } else { (rows.filter, having) };
    Select {
        distinct,
        items,
        from: Some(rows.from),
        joins: rows.joins,
        filter,
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
    let is_partial = |scan: &&Scan| scan.is_partial(&bound.keys);
    let mut whole = bound.scans.iter().filter(|scan| !is_partial(scan));
    let marks_present = whole.any(|scan| !scan.makes_rows()) && !bound.keys.is_empty();
    let mut last = String::new();
    let mut parts = Vec::new();
    let mut partial = Vec::new();
    for (scan, rows) in bound.scans.iter().zip(scans) {
        let name = free_name(taken, &format!("{}_groups", bound.project.models[scan.model].name));
        let leaves: Vec<LeafId> = rows.aggregates.iter().map(|aggregate| aggregate.leaf).collect();
        let select = grouped(bound, names, rows, members.as_deref());
        with.push(Cte { name: name.clone(), select });
        if is_partial(&scan) {
            partial.push(Partial { scan, name, leaves });
            continue;
        }
        parts.push((name.clone(), leaves, scan.makes_rows()));
        last = name;
    }
    let whole: BTreeSet<LeafId> = parts.iter().flat_map(|(_, leaves, _)| leaves).copied().collect();
    if parts.len() > 1 {
        let selects = parts.iter().map(|(name, leaves, makes_rows)| {
            let mut items = key_columns(bound, names);
            items.extend(leaf_columns(names, &whole, |leaf| leaves.contains(&leaf)));
            if marks_present {
                items.push(Expr::integer(i64::from(*makes_rows)).named(PRESENT));
            }
            Select { items, from: Some(cte(name)), ..Select::default() }
        });
        let name = free_name(taken, "lined_up");
        let mut select = lined_up(bound, names, &whole, union_all(selects.collect()));
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
        let select = filled(bound, names, &whole, &last, marks_present);
        with.push(Cte { name: name.clone(), select });
        last = name;
    }
    if !partial.is_empty() {
        let name = free_name(taken, "related");
        with.push(Cte { name: name.clone(), select: related(bound, names, &whole, &last, &partial) });
        last = name;
    }
    if bound.having.is_some() && bound.outputs.iter().any(|output| output.rank.is_some()) {
        // What `having` hides has a place all the same, so places are told before.
        let name = free_name(taken, "ranked");
        with.push(Cte { name: name.clone(), select: ranked(bound, names, &last) });
        last = name;
    }
    let mut items = answer_keys(bound, names);
    for (index, (output, name)) in bound.outputs.iter().zip(&names.outputs).enumerate() {
        let value = match (&output.rank, &bound.having) {
            (Some(_), Some(_)) => SqlExpr::bare(place(names, index)),
            (Some(within), None) => rank(bound, names, output, within),
            (None, _) => output.formula.map(&mut |id| leaf_column(names, *id)),
        };
        items.push(value.named(name));
    }
    items.extend(names.total.then(|| SqlExpr::bare(IS_TOTAL).named(IS_TOTAL)));
    let having = bound.having.as_ref().map(|having| having.map(&mut |id| leaf_column(names, *id)));
    let having = having.map(|having| or_total(names, having));
    let answer = Select { items, from: Some(cte(&last)), filter: having, ..Select::default() };
    let mut select = match bound.after {
        None => answer,
        Some(after) => Page { bound, names, after }.rest(answer, &mut with, taken),
    };
    select.with = with;
    select.order_by = order_terms(bound, names);
    // The total stands before the first row, whichever page is asked for.
    select.limit = bound.limit.map(|limit| limit.saturating_add(u64::from(names.total)));
    select
}

/// Builds the common table expression of the best members of a key.
pub(super) fn top_members(
    bound: &Bound<'_>,
    top: &BoundTop,
    taken: &mut BTreeSet<String>,
) -> Result<(Cte, BTreeSet<TableId>, Vec<RollupUse>), PlanError> {
    let ranking = access::grant(bind(bound.frame, &top.ranking)?)?;
    let built = build(ranking.get())?;
    let name = free_name(taken, "top_members");
    Ok((Cte { name, select: built.select }, built.tables, built.rollups))
}

/// Adds what is not yet there.
fn add_uses(uses: &mut Vec<RollupUse>, further: &[RollupUse]) {
    for used in further {
        if !uses.contains(used) {
            uses.push(used.clone());
        }
    }
}

fn cte(name: &str) -> From {
    From::Cte { name: name.to_owned(), alias: name.to_owned() }
}
