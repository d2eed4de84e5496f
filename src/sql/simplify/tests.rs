//! What is left out, and what has to stay.

use super::simplify;
use crate::sql::{BinaryOp, Dialect, Expr, From, Function, Join, JoinKind, Leaf, Select, SqlExpr, UnaryOp, print};

fn table(name: &str) -> From {
    From::Table { name: name.to_owned(), alias: name.to_owned() }
}

fn joined(to: &str, on: SqlExpr) -> Join {
    Join { kind: JoinKind::Left, to: table(to), on: Some(on) }
}

/// Lines with their orders, and these with their customers.
fn lines(filter: SqlExpr) -> Select {
    Select {
        items: vec![Expr::integer(1).named("one")],
        from: Some(table("lines")),
        joins: vec![
            joined("orders", column("lines", "order_id").binary(BinaryOp::Eq, column("orders", "id"))),
            joined("customers", column("orders", "customer_id").binary(BinaryOp::Eq, column("customers", "id"))),
        ],
        filter: Some(filter),
        ..Select::default()
    }
}

fn column(table: &str, name: &str) -> SqlExpr {
    SqlExpr::column(table, name)
}

fn is_one(table: &str) -> SqlExpr {
    column(table, "x").binary(BinaryOp::Eq, Expr::integer(1))
}

fn not(expr: SqlExpr) -> SqlExpr {
    Expr::Unary { op: UnaryOp::Not, arg: Box::new(expr) }
}

/// Returns the kinds of the two joins under a condition.
fn kinds(filter: SqlExpr) -> [JoinKind; 2] {
    let select = simplify(lines(filter));
    [select.joins[0].kind, select.joins[1].kind]
}

/// Returns what follows `WHERE`; nothing where it is gone.
fn filter(filter: SqlExpr) -> String {
    let text = print(&simplify(lines(filter)), Dialect::DuckDb).sql;
    text.split_once(" WHERE ").map_or_else(String::new, |(_, filter)| filter.to_owned())
}

#[test]
fn a_condition_on_a_joined_table_makes_its_join_inner() {
    use JoinKind::{Inner, Left};
    assert_eq!(kinds(is_one("lines")), [Left, Left]);
    assert_eq!(kinds(is_one("orders")), [Inner, Left]);
    // Who has a customer has an order.
    assert_eq!(kinds(is_one("customers")), [Inner, Inner]);
    assert_eq!(kinds(is_one("lines").and(is_one("orders"))), [Inner, Left]);
    assert_eq!(kinds(is_one("orders").or(is_one("orders"))), [Inner, Left]);
    let either = is_one("lines").and(is_one("orders")).or(is_one("orders").and(is_one("customers")));
    assert_eq!(kinds(either), [Inner, Left]);
    assert_eq!(kinds(not(is_one("orders"))), [Inner, Left]);
    assert_eq!(kinds(is_one("orders").is_true(false)), [Inner, Left]);
    assert_eq!(kinds(column("orders", "x").is_null(true)), [Inner, Left]);
    let sum = column("lines", "x").binary(BinaryOp::Add, column("orders", "x"));
    assert_eq!(kinds(sum.binary(BinaryOp::Gt, Expr::integer(0))), [Inner, Left]);
    let size = Expr::integer(1).when(is_one("customers")).binary(BinaryOp::Eq, Expr::integer(1));
    assert_eq!(kinds(size), [Inner, Inner]);
}

#[test]
fn a_join_stays_left_where_a_row_without_match_may_pass() {
    use JoinKind::Left;
    let passing = [
        column("orders", "x").is_null(false),
        is_one("orders").is_true(true),
        not(is_one("orders").is_true(false)),
        is_one("orders").or(is_one("lines")),
        column("orders", "x").binary(BinaryOp::Same, Expr::integer(1)),
        Expr::call(Function::Coalesce, vec![column("orders", "x"), Expr::integer(1)])
            .binary(BinaryOp::Eq, Expr::integer(1)),
        Expr::Case { branches: vec![(is_one("orders"), is_one("lines"))], otherwise: Some(Box::new(is_one("lines"))) },
        Expr::Leaf(Leaf::Verbatim("orders.x = 1".to_owned())),
        Expr::Leaf(Leaf::Column(crate::sql::Column { table: None, name: "x".to_owned() })),
        Expr::In { arg: Box::new(column("orders", "x")), list: Vec::new(), negated: true },
    ];
    for filter in passing {
        assert_eq!(kinds(filter.clone()), [Left, Left], "{filter:?}");
    }
}

#[test]
fn a_condition_needs_no_is_true() {
    assert_eq!(filter(is_one("lines").is_true(false)), "lines.x = 1");
    let both = is_one("lines").is_true(false).and(is_one("lines").is_true(false).or(is_one("orders").is_true(false)));
    assert_eq!(filter(both), "lines.x = 1 AND (lines.x = 1 OR orders.x = 1)");
    assert_eq!(filter(not(is_one("lines").is_true(false))), "(lines.x = 1) IS NOT TRUE");
    // Under NOT, null would become false.
    let neither = not(is_one("lines").is_true(false).and(is_one("orders").is_null(false)));
    assert_eq!(filter(neither), "NOT ((lines.x = 1) IS TRUE AND (orders.x = 1) IS NULL)");
    let counted = Expr::integer(1).when(is_one("lines").is_true(false)).is_null(false);
    assert_eq!(filter(counted), "CASE WHEN lines.x = 1 THEN 1 END IS NULL");
}

#[test]
fn what_is_said_twice_is_said_once() {
    let (line, order) = (is_one("lines"), is_one("orders"));
    let thrice = line.clone().and(order.clone()).and(line.clone().and(order.clone().is_true(false)));
    assert_eq!(filter(thrice), "lines.x = 1 AND orders.x = 1");
    let chance = || Expr::Leaf(Leaf::Verbatim("random() < 0.5".to_owned()));
    assert_eq!(filter(chance().and(chance())), "(random() < 0.5) AND (random() < 0.5)");
    assert_eq!(filter(not(column("lines", "x").is_null(true))), "lines.x IS NULL");
    assert_eq!(filter(not(column("lines", "x").is_null(false))), "lines.x IS NOT NULL");
    let or = |value, other| Expr::call(Function::Coalesce, vec![value, other]);
    let x = || column("lines", "x");
    let is_two = |value: SqlExpr| value.binary(BinaryOp::Eq, Expr::integer(2));
    assert_eq!(filter(is_two(or(or(x(), Expr::integer(0)), Expr::integer(0)))), "COALESCE(lines.x, 0) = 2");
    assert_eq!(filter(is_two(or(or(x(), column("lines", "y")), x()))), "COALESCE(lines.x, lines.y) = 2");
    assert_eq!(filter(is_two(or(x(), x()))), "lines.x = 2");
    assert_eq!(
        filter(is_two(or(x(), or(column("lines", "y"), x())))),
        "COALESCE(lines.x, COALESCE(lines.y, lines.x)) = 2"
    );
}

#[test]
fn a_value_keeps_its_is_true() {
    let mut select = lines(is_one("lines"));
    select.items = vec![is_one("lines").is_true(false).named("found")];
    assert!(print(&simplify(select), Dialect::DuckDb).sql.starts_with("SELECT (lines.x = 1) IS TRUE AS found"));
}

#[test]
fn what_always_holds_is_no_condition() {
    let of = |negated| is_one("lines").is_true(negated);
    assert_eq!(filter(of(false).or(of(true))), "");
    assert_eq!(filter(of(false).or(not(of(false)))), "");
    assert_eq!(filter(is_one("orders").and(of(true).or(of(false)))), "orders.x = 1");
    assert_eq!(filter(is_one("lines").or(not(is_one("lines")))), "lines.x = 1 OR NOT lines.x = 1");
}

#[test]
fn a_divisor_of_zero_is_as_good_as_none() {
    let divided = |by| Expr::integer(1).binary(BinaryOp::Divide, by).binary(BinaryOp::Gt, Expr::integer(2));
    let or = |value| Expr::call(Function::Coalesce, vec![column("lines", "x"), Expr::integer(value)]);
    assert_eq!(filter(divided(or(0))), "CAST(1 AS DOUBLE) / NULLIF(lines.x, 0) > 2");
    assert_eq!(filter(divided(or(1))), "CAST(1 AS DOUBLE) / NULLIF(COALESCE(lines.x, 1), 0) > 2");
}

#[test]
fn a_metric_of_a_row_that_is_there_is_compared_without_a_check() {
    let value = || Expr::call(Function::Coalesce, vec![column("customers", "n"), Expr::integer(0)]);
    let there = || value().when(column("orders", "id").is_null(true));
    let more_than = |value: SqlExpr, bound| value.binary(BinaryOp::Gt, Expr::integer(bound));
    assert_eq!(filter(more_than(there(), 3)), "COALESCE(customers.n, 0) > 3");
    assert_eq!(kinds(more_than(there(), 3)), [JoinKind::Inner, JoinKind::Inner]);
    // Who has none has more than less than none, as long as there is an order.
    assert_eq!(kinds(more_than(there(), -1)), [JoinKind::Inner, JoinKind::Left]);
    assert_eq!(kinds(more_than(value(), 3)), [JoinKind::Inner, JoinKind::Inner]);
    assert_eq!(kinds(more_than(value(), -1)), [JoinKind::Left, JoinKind::Left]);
}
