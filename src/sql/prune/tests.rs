//! A correct select, and every way to weaken it that once looked harmless.

use super::{Bound, PartitionRule, prove_pruning};
use crate::sql::{BinaryOp, Cte, Expr, From, Function, Join, JoinKind, Leaf, Literal, Select, SqlExpr, UnaryOp};

const TABLE: &str = "marts.shipments";

fn rules() -> Vec<PartitionRule> {
    vec![PartitionRule { table: TABLE.to_owned(), column: "booked_on".to_owned(), required: true }]
}

fn day(text: &str) -> Literal {
    Literal::Date(text.parse().expect("a date"))
}

fn column() -> SqlExpr {
    SqlExpr::column("s", "booked_on")
}

fn compare(column: SqlExpr, op: BinaryOp, date: &str) -> SqlExpr {
    column.binary(op, Expr::Literal(day(date)))
}

fn from_2024() -> SqlExpr {
    compare(column(), BinaryOp::GtEq, "2024-01-01")
}

fn to_2025() -> SqlExpr {
    compare(column(), BinaryOp::Lt, "2025-01-01")
}

fn scan(filter: Option<SqlExpr>) -> Select {
    Select {
        items: vec![SqlExpr::integer(1).named("one")],
        from: Some(From::Table { name: TABLE.to_owned(), alias: "s".to_owned() }),
        filter,
        ..Select::default()
    }
}

fn join(kind: JoinKind, on: Option<SqlExpr>) -> Join {
    Join { kind, to: From::Table { name: "marts.customers".to_owned(), alias: "c".to_owned() }, on }
}

fn over(select: Select) -> From {
    From::Select { select: Box::new(select), alias: "inner".to_owned() }
}

fn bounds(select: &Select) -> Vec<(Option<Literal>, Option<Literal>)> {
    prove_pruning(select, &rules()).into_iter().map(|proof| (proof.bound.from, proof.bound.to)).collect()
}

#[test]
fn constant_conjuncts_on_the_bare_column_are_a_proof() {
    let (from, to) = (Some(day("2024-01-01")), Some(day("2025-01-01")));
    let next_day = |text: &str| {
        Some(Literal::Date(text.parse::<chrono::NaiveDate>().expect("a date").succ_opt().expect("not the last")))
    };
    for (filter, expected) in [
        (from_2024().and(to_2025()), (from.clone(), to.clone())),
        (SqlExpr::bare("x").and(from_2024()).and(SqlExpr::bare("y").and(to_2025())), (from.clone(), to.clone())),
        (from_2024(), (from.clone(), None)),
        (to_2025(), (None, to.clone())),
        (from_2024().and(compare(column(), BinaryOp::GtEq, "2023-01-01")), (from.clone(), None)),
        (to_2025().and(compare(column(), BinaryOp::Lt, "2026-01-01")), (None, to.clone())),
        (compare(column(), BinaryOp::Eq, "2024-01-01"), (from.clone(), next_day("2024-01-01"))),
        (compare(column(), BinaryOp::LtEq, "2024-12-31"), (None, to.clone())),
        (Expr::Literal(day("2024-01-01")).binary(BinaryOp::LtEq, column()), (from.clone(), None)),
        (column().binary(BinaryOp::GtEq, Expr::Parameter(day("2024-01-01"))), (from.clone(), None)),
        (compare(SqlExpr::bare("BOOKED_ON"), BinaryOp::GtEq, "2024-01-01"), (from.clone(), None)),
        (
            Expr::Between {
                arg: Box::new(column()),
                low: Box::new(Expr::Literal(day("2024-01-01"))),
                high: Box::new(Expr::Literal(day("2024-12-31"))),
                negated: false,
            },
            (from.clone(), to.clone()),
        ),
    ] {
        assert_eq!(bounds(&scan(Some(filter.clone()))), [expected], "{filter:?}");
    }
}

#[test]
fn weakened_conditions_prove_nothing() {
    let nothing = (None, None);
    let wrapped = |function| Expr::call(function, vec![column()]);
    for filter in [
        from_2024().or(SqlExpr::bare("x")),
        Expr::Unary { op: UnaryOp::Not, arg: Box::new(from_2024()) },
        from_2024().is_true(true),
        from_2024().is_null(true),
        compare(SqlExpr::column("t", "booked_on"), BinaryOp::GtEq, "2024-01-01"),
        compare(SqlExpr::column("s", "delivered_on"), BinaryOp::GtEq, "2024-01-01"),
        compare(wrapped(Function::DateOf), BinaryOp::GtEq, "2024-01-01"),
        compare(
            Expr::Cast { arg: Box::new(column()), to: crate::catalog::ColumnType::Date },
            BinaryOp::Eq,
            "2024-01-01",
        ),
        compare(column(), BinaryOp::NotEq, "2024-01-01"),
        compare(column(), BinaryOp::Same, "2024-01-01"),
        column().binary(BinaryOp::GtEq, SqlExpr::column("s", "other")),
        column().binary(BinaryOp::GtEq, SqlExpr::null()),
        column().binary(BinaryOp::GtEq, Expr::Leaf(Leaf::Scalar(Box::default()))),
        Expr::Between {
            arg: Box::new(column()),
            low: Box::new(Expr::Literal(day("2024-01-01"))),
            high: Box::new(Expr::Literal(day("2024-12-31"))),
            negated: true,
        },
        SqlExpr::integer(1).when(from_2024()).binary(BinaryOp::Eq, SqlExpr::integer(1)),
    ] {
        assert_eq!(bounds(&scan(Some(filter.clone()))), std::slice::from_ref(&nothing), "{filter:?}");
    }
    assert_eq!(bounds(&scan(None)), [nothing]);
}

#[test]
fn only_the_select_that_scans_the_table_can_bound_it() {
    let nothing = (None, None);
    let lower = (Some(day("2024-01-01")), None);
    // The condition stands around the scan, in HAVING, or in the ON of an outer join.
    let around = Select { from: Some(over(scan(None))), filter: Some(from_2024()), ..Select::default() };
    let having = Select { having: Some(from_2024()), ..scan(None) };
    let outer_on = Select { joins: vec![join(JoinKind::Left, Some(from_2024()))], ..scan(None) };
    for select in [around, having, outer_on] {
        assert_eq!(bounds(&select), std::slice::from_ref(&nothing), "{select:?}");
    }
    let inner_on = Select { joins: vec![join(JoinKind::Inner, Some(from_2024()))], ..scan(None) };
    assert_eq!(bounds(&inner_on), std::slice::from_ref(&lower));
    // With several tables a bare name may be any table's.
    let bare = compare(SqlExpr::bare("booked_on"), BinaryOp::GtEq, "2024-01-01");
    let ambiguous = Select { joins: vec![join(JoinKind::Inner, None)], ..scan(Some(bare)) };
    assert_eq!(bounds(&ambiguous), std::slice::from_ref(&nothing));
    // A table that is joined is a scan as well.
    let joined = Select {
        from: Some(From::Table { name: "marts.customers".to_owned(), alias: "c".to_owned() }),
        joins: vec![Join {
            kind: JoinKind::Left,
            to: From::Table { name: TABLE.to_owned(), alias: "s".to_owned() },
            on: None,
        }],
        filter: Some(from_2024()),
        ..Select::default()
    };
    assert_eq!(bounds(&joined), std::slice::from_ref(&lower));
    // The outer join that brings the table in bounds it, another one does not.
    let brings_in = |own: Option<SqlExpr>, other: Option<SqlExpr>| Select {
        from: Some(From::Table { name: "marts.customers".to_owned(), alias: "c".to_owned() }),
        joins: vec![
            Join { kind: JoinKind::Left, to: From::Table { name: TABLE.to_owned(), alias: "s".to_owned() }, on: own },
            join(JoinKind::Left, other),
        ],
        ..Select::default()
    };
    assert_eq!(bounds(&brings_in(Some(from_2024()), None)), std::slice::from_ref(&lower));
    assert_eq!(bounds(&brings_in(Some(from_2024().or(SqlExpr::bare("x"))), None)), std::slice::from_ref(&nothing));
    assert_eq!(bounds(&brings_in(None, Some(from_2024()))), std::slice::from_ref(&nothing));
}

#[test]
fn every_scan_is_found_wherever_it_hides() {
    let hidden = || Box::new(scan(None));
    let item = |leaf| Select { items: vec![Expr::Leaf(leaf).named("x")], ..Select::default() };
    for select in [
        Select { with: vec![Cte { name: "a".to_owned(), select: scan(None) }], ..Select::default() },
        Select { from: Some(over(scan(None))), ..Select::default() },
        Select { union_all: vec![scan(None)], ..Select::default() },
        Select { joins: vec![Join { kind: JoinKind::Left, to: over(scan(None)), on: None }], ..Select::default() },
        item(Leaf::Scalar(hidden())),
        item(Leaf::Exists(hidden())),
        Select {
            filter: Some(
                SqlExpr::bare("x")
                    .and(Expr::Leaf(Leaf::InSelect { arg: Box::new(SqlExpr::bare("y")), select: hidden() })),
            ),
            ..Select::default()
        },
        Select {
            from: Some(From::Days {
                from: Box::new(Expr::Leaf(Leaf::Scalar(hidden()))),
                to: Box::new(SqlExpr::null()),
                alias: "d".to_owned(),
                column: "day".to_owned(),
            }),
            ..Select::default()
        },
        Select {
            from: Some(From::Verbatim {
                text: "select * from `Marts`.`Shipments` where booked_on >= '2024-01-01'".to_owned(),
                alias: "v".to_owned(),
            }),
            ..Select::default()
        },
        item(Leaf::Verbatim("(select max(x) from marts.shipments)".to_owned())),
    ] {
        let proofs = prove_pruning(&select, &rules());
        assert_eq!(proofs.len(), 1, "{select:?}");
        assert!(!proofs[0].proven && proofs[0].required);
    }
    // Two scans are two proofs, and one bound does not serve both.
    let twice = Select { union_all: vec![scan(None)], ..scan(Some(from_2024())) };
    assert_eq!(prove_pruning(&twice, &rules()).iter().map(|proof| proof.proven).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn pseudo_columns_bound_like_others() {
    let rule = PartitionRule { table: TABLE.to_owned(), column: "_PARTITIONTIME".to_owned(), required: false };
    let instant = Literal::Timestamp("2024-01-01T00:00:00".parse().expect("a time"));
    let filter = SqlExpr::column("s", "_PARTITIONTIME").binary(BinaryOp::GtEq, Expr::Literal(instant.clone()));
    let proofs = prove_pruning(&scan(Some(filter)), &[rule]);
    assert_eq!(proofs[0].bound, Bound { from: Some(instant), to: None });
    assert!(prove_pruning(&scan(None), &[]).is_empty());
}
