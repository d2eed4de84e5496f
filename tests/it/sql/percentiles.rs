//! Percentiles as aggregates are the same number on every engine, worked out here by their definition.

use entente::sql::{Aggregate, AggregateFunction, Expr, From, Leaf, Select, SqlExpr};

use super::engines::run_everywhere;

/// Rows of one column, of numbers and of nothing.
fn rows(values: &[Option<i32>]) -> From {
    let one = |value: &Option<i32>| Select {
        items: vec![
            value
                .map_or_else(
                    || Expr::integer(0).when(Expr::integer(1).binary(entente::sql::BinaryOp::Eq, Expr::integer(0))),
                    |value| Expr::integer(value.into()),
                )
                .named("x"),
        ],
        ..Select::default()
    };
    let mut selects: Vec<Select> = values.iter().map(one).collect();
    let mut first = selects.remove(0);
    first.union_all = selects;
    From::Select { select: Box::new(first), alias: "v".to_owned() }
}

fn aggregate(function: AggregateFunction) -> SqlExpr {
    Expr::Leaf(Leaf::Aggregate(Box::new(Aggregate { function, arg: Some(SqlExpr::column("v", "x")) })))
}

/// The value at the rank, and the part of the way to the next one; and the first that so many do not exceed.
fn by_hand(values: &[Option<i32>], millionths: u32) -> Option<(f64, i32)> {
    let mut known: Vec<i32> = values.iter().flatten().copied().collect();
    known.sort_unstable();
    let last = known.len().checked_sub(1)?;
    let rank = last * millionths as usize;
    let beyond = u32::try_from(rank % 1_000_000).expect("it is less than a million");
    let (low, part) = (rank / 1_000_000, f64::from(beyond) / 1e6);
    let high = known[(low + 1).min(last)];
    let discrete = (known.len() * millionths as usize).div_ceil(1_000_000).saturating_sub(1);
    Some((f64::from(known[low]) + f64::from(high - known[low]) * part, known[discrete]))
}

#[test]
fn percentiles_as_aggregates_are_the_same_everywhere() {
    let lists: [&[Option<i32>]; 5] = [
        &[Some(50), None, Some(50), Some(100), Some(200), Some(300)],
        &[Some(7)],
        &[None],
        &[Some(3), Some(1), Some(4), Some(1), Some(5), Some(9), Some(2), Some(6), Some(5), Some(3), Some(5)],
        &[Some(-1), Some(10)],
    ];
    let mut selects = Vec::new();
    let mut expected = Vec::new();
    for values in lists {
        for millionths in [500_000, 900_000, 250_000, 999_000, 10_000] {
            let of = [
                AggregateFunction::GroupPercentile(millionths),
                AggregateFunction::GroupDiscretePercentile(millionths),
            ];
            let items = of.map(aggregate).into_iter().zip(["p", "d"]).map(|(expr, name)| expr.named(name)).collect();
            selects.push(Select { items, from: Some(rows(values)), ..Select::default() });
            expected.push((values, millionths, by_hand(values, millionths)));
        }
    }
    for (answers, (values, millionths, expected)) in run_everywhere(&selects).iter().zip(expected) {
        assert!(answers.iter().any(|(engine, _)| *engine == "GoogleSQL"));
        for (engine, rows) in answers {
            let number = |at: usize| rows[0][at].as_ref().map(|text| text.parse::<f64>().expect("a number"));
            let near = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
                (found, expected) => found == expected,
            };
            let (continuous, discrete) = (expected.map(|both| both.0), expected.map(|both| both.1.into()));
            assert!(
                near(number(0), continuous) && near(number(1), discrete),
                "{engine}: {millionths} of {values:?} are {:?} and not {expected:?}",
                rows[0]
            );
        }
    }
}
