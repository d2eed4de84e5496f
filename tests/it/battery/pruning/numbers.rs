//! Bounds on partitions of whole numbers, which follow from conditions on their column or on one that is equal by a join: rows
//! outside of what is proved change nothing.
//!
//! Parcels are cut by their weight or their customer, customers by their id. The finished SELECT is asked as it is,
//! and with every scan held to its own bound.

use std::collections::BTreeMap;

use entente::{
    project::{NumberPartition, Project, Table},
    sql::{
        BinaryOp, Bound, Dialect, From, Literal, PartitionRule, Select, bounds_of, change_selects, print_pretty,
        prove_pruning,
    },
};

use super::{scans::TABLE, weaken::Weakening};
use crate::battery::{
    ask::{self, Failure, Held, Warehouse},
    query::{self, Query},
    run,
};

/// How many queries are asked.
const QUERIES: usize = 2_000;
/// How many of one world.
const QUERIES_PER_WORLD: usize = 16;
/// The columns by which parcels are cut, world after world.
const COLUMNS: [&str; 2] = ["weight", "customer_id"];

/// What a run came to.
#[derive(Default)]
struct Seen {
    queries: usize,
    scans: usize,
    bounded: usize,
    /// Bounds that stand in no condition of a request, but follow from a join.
    by_joins: usize,
    weakened: BTreeMap<Weakening, usize>,
}

/// Cuts tables of a project by numbers.
fn cut(project: &mut Project, column: &str) -> Vec<PartitionRule> {
    for id in project.tables.ids() {
        let table = &mut project.tables[id];
        let column = match table.name.as_str() {
            TABLE => column,
            "customers" => "id",
            _ => continue,
        };
        let numbers = NumberPartition { column: column.to_owned(), from: 0, to: 100, every: 2, required: false };
        table.numbers = Some(numbers);
    }
    let cut = project.tables.values().filter(|table| table.numbers.is_some());
    cut.filter_map(Table::partition_rule).collect()
}

/// Holds every scan to the bound that its own select proves.
fn held_to_bounds(select: Select, rules: &[PartitionRule]) -> Select {
    change_selects(select, &mut |mut select| {
        let whole = select.clone();
        for from in select.from.iter_mut().chain(select.joins.iter_mut().map(|join| &mut join.to)) {
            let From::Table { name, alias } = from else { continue };
            let Some(rule) = rules.iter().find(|rule| rule.table == *name) else { continue };
            let Bound { from: least, to: end } = bounds_of(&whole, alias, &rule.column);
            let side = |op: &str, side: Option<Literal>| match side {
                Some(Literal::Integer(number)) => format!(" AND {} {op} {number}", rule.column),
                Some(other) => panic!("{other:?} is no whole number"),
                None => String::new(),
            };
            let text = format!("SELECT * FROM {name} WHERE true{}{}", side(">=", least), side("<", end));
            *from = From::Verbatim { text, alias: alias.clone() };
        }
        select
    })
}

fn check(
    held: Held<'_>,
    whole: &Project,
    pruned: &Project,
    rules: &[PartitionRule],
    query: &Query,
    seen: &mut Seen,
) -> Result<(), Failure> {
    let expected = ask::plan_query(whole, query, ask::PREFIX)?;
    let plan = ask::plan_query(pruned, query, ask::PREFIX)?;
    let proofs = prove_pruning(&plan.select, rules);
    let is_bounded = |bound: &Bound| bound.from.is_some() || bound.to.is_some();
    let count = |select: &Select| prove_pruning(select, rules).iter().filter(|proof| is_bounded(&proof.bound)).count();
    let (bounded, without_joins) = (count(&plan.select), count(&expected.select));
    seen.queries += 1;
    seen.scans += proofs.len();
    seen.bounded += bounded;
    seen.by_joins += bounded - without_joins;
    let answer = held.answer(&expected.select, &expected, query)?;
    for select in [plan.select.clone(), held_to_bounds(plan.select.clone(), rules)] {
        let pruned = held.answer(&select, &plan, query)?;
        if !ask::same(&pruned, &answer) {
            return Err(Failure::Differs(format!("pruned {pruned:#?}\nwhole {answer:#?}")));
        }
    }
    let of_parcels = rules.iter().find(|rule| rule.table == TABLE).expect("parcels are cut");
    for weakening in Weakening::ALL {
        for side in [BinaryOp::GtEq, BinaryOp::Lt] {
            let Some(weak) = weakening.weaken(&plan.select, &of_parcels.column, side) else { continue };
            *seen.weakened.entry(weakening).or_default() += 1;
            let proved = |select: &Select| super::sides(&prove_pruning(select, std::slice::from_ref(of_parcels)));
            if proved(&weak) >= proved(&plan.select) {
                let sql = print_pretty(&weak, Dialect::DuckDb).sql;
                return Err(Failure::Differs(format!("{weakening:?} of {side:?} is taken for a bound:\n{sql}")));
            }
        }
    }
    Ok(())
}

#[test]
fn rows_outside_of_bounds_on_numbers_change_nothing() {
    let first = crate::battery::number("ENTENTE_BATTERY_FROM").unwrap_or(0);
    let worlds = crate::battery::number("ENTENTE_BATTERY").unwrap_or(QUERIES) / QUERIES_PER_WORLD;
    let warehouse = Warehouse::open();
    let mut seen = Seen::default();
    for seed in (first..).take(worlds) {
        let mut made = run::make(seed);
        let held = warehouse.hold(&made.world);
        let mut whole = made.load(held);
        for id in whole.tables.ids() {
            whole.tables[id].partition = None;
        }
        let mut pruned = whole.clone();
        let column = COLUMNS[usize::try_from(seed).expect("a small seed") % COLUMNS.len()];
        let rules = cut(&mut pruned, column);
        for number in 0..QUERIES_PER_WORLD {
            let query = query::make(&mut made.random, &made.metrics);
            match check(held, &whole, &pruned, &rules, &query, &mut seen) {
                Ok(()) | Err(Failure::WarehouseBroken(_)) => {}
                Err(failure) => {
                    panic!(
                        "query {number} of world {seed}, cut by {column}: {failure:?}\n{:#?}",
                        query.text(ask::PREFIX)
                    )
                }
            }
        }
    }
    let Seen { queries, scans, bounded, by_joins, weakened } = seen;
    eprintln!(
        "{queries} queries, {scans} scans, {bounded} of them bounded, {by_joins} by joins; weakened: {weakened:?}"
    );
    // Few queries ask for numbers of rows; what they ask is bounded.
    assert!(bounded * 100 > scans, "hardly any scan is bounded: {bounded} of {scans}");
    assert_eq!(weakened.len(), Weakening::ALL.len(), "some were never tried: {weakened:?}");
    assert!(by_joins > 0, "no bound follows from a join");
}
