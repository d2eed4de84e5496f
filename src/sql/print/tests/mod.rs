//! What is printed, form by form.

mod accepted;

use super::{print, print_pretty};
use crate::{
    sql::{
        AggregateFunction, BinaryOp, Cte, Dialect, Expr, From, Function, Join, JoinKind, Literal, OrderTerm, Select,
        SqlExpr,
    },
    time::{Granularity, Tz, Unit, Weekday},
};

/// Writes an expression for DuckDB, BigQuery, Snowflake and Postgres.
fn written(expr: &SqlExpr) -> [String; 4] {
    Dialect::ALL.map(|dialect| {
        let select = Select { items: vec![expr.clone().named("x")], ..Select::default() };
        let sql = print(&select, dialect).sql;
        let text = sql.strip_prefix("SELECT ").unwrap_or(&sql);
        text.strip_suffix(" AS x").unwrap_or(text).to_owned()
    })
}

fn column(name: &str) -> SqlExpr {
    SqlExpr::bare(name)
}

fn text(text: &str) -> SqlExpr {
    Expr::Literal(Literal::String(text.to_owned()))
}

#[test]
fn parentheses_stand_only_where_the_tree_needs_them() {
    let (a, b, c) = (column("a"), column("b"), column("c"));
    let minus = |left: &SqlExpr, right: &SqlExpr| left.clone().binary(BinaryOp::Subtract, right.clone());
    for (expr, text) in [
        (minus(&minus(&a, &b), &c), "a - b - c"),
        (minus(&a, &minus(&b, &c)), "a - (b - c)"),
        (minus(&a, &b).binary(BinaryOp::Multiply, c.clone()), "(a - b) * c"),
        (a.clone().or(b.clone()).and(c.clone()), "(a OR b) AND c"),
        (a.clone().and(b.clone().and(c.clone())), "a AND b AND c"),
        (minus(&a, &SqlExpr::integer(-1)), "a - -1"),
        (a.clone().is_null(false).binary(BinaryOp::Eq, b.clone().is_null(false)), "(a IS NULL) = (b IS NULL)"),
        (a.clone().and(b.clone()).is_true(true), "(a AND b) IS NOT TRUE"),
        (minus(&a, &b.clone().binary(BinaryOp::Concat, c.clone())), "a - (b || c)"),
        (Expr::In { arg: Box::new(a.clone()), list: Vec::new(), negated: false }, "FALSE"),
    ] {
        // IS TRUE is no operator of Snowflake.
        let snowflake = text.replace("(a AND b) IS NOT TRUE", "NOT COALESCE(a AND b, FALSE)");
        assert_eq!(written(&expr), [text, text, &snowflake, text]);
    }
    let negated = |arg| Expr::Unary { op: super::super::UnaryOp::Negate, arg: Box::new(arg) };
    assert_eq!(written(&negated(negated(a)))[0], "-(-a)");
    assert_eq!(written(&negated(SqlExpr::integer(-1)))[1], "-(-1)");
}

#[test]
fn the_and_of_between_is_not_mistaken() {
    let low = SqlExpr::integer(1).when(column("a").and(column("b")));
    let (arg, high) = (Box::new(column("x")), Box::new(SqlExpr::integer(2)));
    let between = Expr::Between { arg, low: Box::new(low), high, negated: false };
    assert_eq!(written(&between), ["x BETWEEN (CASE WHEN a AND b THEN 1 END) AND 2"; 4]);
}

#[test]
fn quotients_are_floats_and_null_at_zero() {
    let sum = |name| SqlExpr::aggregate(AggregateFunction::Sum, Some(column(name)));
    assert_eq!(
        written(&sum("a").binary(BinaryOp::Divide, sum("b"))),
        [
            "SUM(a) / NULLIF(SUM(b), 0)",
            "SAFE_DIVIDE(CAST(SUM(a) AS FLOAT64), SUM(b))",
            "CAST(SUM(a) AS FLOAT) / NULLIF(SUM(b), 0)",
            "CAST(SUM(a) AS DOUBLE PRECISION) / NULLIF(SUM(b), 0)",
        ]
    );
    assert_eq!(
        written(&column("a").binary(BinaryOp::Divide, column("b"))),
        [
            "CAST(a AS DOUBLE) / NULLIF(b, 0)",
            "SAFE_DIVIDE(CAST(a AS FLOAT64), b)",
            "CAST(a AS FLOAT) / NULLIF(b, 0)",
            "CAST(a AS DOUBLE PRECISION) / NULLIF(b, 0)",
        ]
    );
}

#[test]
fn a_backslash_in_a_pattern_is_a_backslash() {
    let like = Expr::Like { arg: Box::new(column("a")), pattern: Box::new(text(r"\%")), negated: false };
    assert_eq!(written(&like), [r"a LIKE '\%'", r"a LIKE '\\\\%'", r"a LIKE '\\%'", r"a LIKE E'\\%' ESCAPE ''"]);
}

#[test]
fn periods_of_an_instant_are_cut_in_a_zone() {
    let day = Expr::call(
        Function::DateOf,
        vec![Expr::call(Function::LocalTime(Tz::Europe__Berlin), vec![SqlExpr::column("t", "booked_at")])],
    );
    let truncate = |granularity, week_start, fiscal_start_month| {
        Expr::call(Function::Truncate { granularity, week_start, fiscal_start_month }, vec![day.clone()])
    };
    assert_eq!(
        written(&truncate(Granularity::Month, Weekday::Mon, 1)),
        [
            "CAST(date_trunc('month', CAST(timezone('Europe/Berlin', t.booked_at) AS DATE)) AS DATE)",
            "DATE_TRUNC(DATE(t.booked_at, 'Europe/Berlin'), MONTH)",
            "DATE_TRUNC('MONTH', CAST(CONVERT_TIMEZONE('Europe/Berlin', t.booked_at) AS DATE))",
            "CAST(date_trunc('month', t.booked_at AT TIME ZONE 'Europe/Berlin') AS DATE)",
        ]
    );
    assert_eq!(
        written(&truncate(Granularity::Week, Weekday::Sun, 1)),
        [
            "CAST(date_trunc('week', CAST(timezone('Europe/Berlin', t.booked_at) AS DATE) + 1) AS DATE) - 1",
            "DATE_TRUNC(DATE(t.booked_at, 'Europe/Berlin'), WEEK(SUNDAY))",
            "DATEADD('DAY', -MOD(DAYOFWEEKISO(CAST(CONVERT_TIMEZONE('Europe/Berlin', t.booked_at) AS DATE)), 7), \
             CAST(CONVERT_TIMEZONE('Europe/Berlin', t.booked_at) AS DATE))",
            "CAST(date_trunc('week', t.booked_at AT TIME ZONE 'Europe/Berlin' + INTERVAL '1 DAY') AS DATE) - 1",
        ]
    );
    let moved = Expr::call(Function::AddUnits(Unit::Week), vec![day, SqlExpr::integer(-52)]);
    assert_eq!(
        written(&moved),
        [
            "CAST(timezone('Europe/Berlin', t.booked_at) AS DATE) - 364",
            "DATE_SUB(DATE(t.booked_at, 'Europe/Berlin'), INTERVAL 52 WEEK)",
            "DATEADD('WEEK', -52, CAST(CONVERT_TIMEZONE('Europe/Berlin', t.booked_at) AS DATE))",
            "CAST(t.booked_at AT TIME ZONE 'Europe/Berlin' AS DATE) - 364",
        ]
    );
}

#[test]
fn equal_values_share_a_parameter_and_null_is_written() {
    let value = |literal| Expr::Parameter(literal);
    let condition = column("a")
        .binary(BinaryOp::Eq, value(Literal::String("x".into())))
        .and(column("b").binary(BinaryOp::Eq, value(Literal::String("x".into()))))
        .and(column("c").binary(BinaryOp::Lt, value(Literal::Decimal("1.50".into()))))
        .and(column("d").binary(BinaryOp::Same, value(Literal::Null)));
    let select = Select { items: vec![SqlExpr::integer(1).named("one")], filter: Some(condition), ..Select::default() };
    let duckdb = print(&select, Dialect::DuckDb);
    assert_eq!(
        duckdb.sql,
        "SELECT 1 AS one WHERE a = $1 AND b = $1 AND c < CAST($2 AS DECIMAL(3, 2)) AND d IS NOT DISTINCT FROM NULL"
    );
    assert_eq!(duckdb.parameters.len(), 2);
    let bigquery = print(&select, Dialect::BigQuery);
    assert!(bigquery.sql.contains("a = @p1 AND b = @p1 AND c < @p2"));
    // Where values are bound by place, each place has its own.
    let snowflake = print(&select, Dialect::Snowflake);
    assert!(snowflake.sql.contains("a = ? AND b = ? AND c < CAST(? AS NUMBER(3, 2))"));
    assert_eq!(snowflake.parameters.len(), 3);
    // A text of Postgres takes its type from what it stands beside.
    let postgres = print(&select, Dialect::Postgres);
    assert!(postgres.sql.contains("a = $1 AND b = $2 AND c < CAST($3 AS NUMERIC)"));
    assert_eq!(postgres.parameters.len(), 3);
}

#[test]
fn names_are_quoted_where_they_must() {
    let select = Select {
        items: vec![SqlExpr::column("t", "Order").named("all"), SqlExpr::column("t", "a`b\"c").named("x")],
        from: Some(From::Table { name: "acme-analytics.marts.Fct".into(), alias: "t".into() }),
        ..Select::default()
    };
    assert_eq!(
        print(&select, Dialect::DuckDb).sql,
        r#"SELECT t."Order" AS "all", t."a`b""c" AS x FROM "acme-analytics".marts."Fct" AS t"#
    );
    assert_eq!(
        print(&select, Dialect::BigQuery).sql,
        r#"SELECT t.`Order` AS `all`, t.`a\`b"c` AS x FROM `acme-analytics.marts.Fct` AS t"#
    );
    for (dialect, all) in [(Dialect::Snowflake, "ALL"), (Dialect::Postgres, "all")] {
        assert_eq!(
            print(&select, dialect).sql,
            format!(r#"SELECT t."Order" AS "{all}", t."a`b""c" AS x FROM "acme-analytics".marts."Fct" AS t"#)
        );
    }
    // Names of one case are folded to upper case there, and to lower case here.
    let upper = Select { items: vec![column("PRICE").named("ORDER")], ..Select::default() };
    assert_eq!(print(&upper, Dialect::Snowflake).sql, r#"SELECT PRICE AS "ORDER""#);
    assert_eq!(print(&upper, Dialect::Postgres).sql, r#"SELECT "PRICE" AS "ORDER""#);
}

#[test]
fn people_read_one_clause_per_line() {
    let inner = Select {
        items: vec![
            SqlExpr::column("shipments", "service").named("service"),
            SqlExpr::aggregate(AggregateFunction::Sum, Some(SqlExpr::column("shipments", "price"))).named("revenue"),
        ],
        from: Some(From::Table { name: "marts.fct_shipments".into(), alias: "shipments".into() }),
        joins: vec![Join {
            kind: JoinKind::Left,
            to: From::Table { name: "marts.customers".into(), alias: "customers".into() },
            on: Some(SqlExpr::column("customers", "id").binary(BinaryOp::Eq, SqlExpr::column("shipments", "customer"))),
        }],
        filter: Some(column("a").is_true(false).and(column("b").or(column("c")))),
        group_by: vec![0],
        ..Select::default()
    };
    let outer = Select {
        with: vec![Cte { name: "revenue".into(), select: inner.clone() }, Cte { name: "twice".into(), select: inner }],
        items: vec![SqlExpr::column("revenue", "service").named("service")],
        from: Some(From::Cte { name: "revenue".into(), alias: "revenue".into() }),
        order_by: vec![OrderTerm { expr: column("service"), descending: true, nulls_first: false }],
        limit: Some(10),
        ..Select::default()
    };
    let cte = "(
  SELECT
    shipments.service,
    SUM(shipments.price) AS revenue
  FROM marts.fct_shipments AS shipments
  LEFT JOIN marts.customers ON customers.id = shipments.customer
  WHERE a IS TRUE
    AND (b OR c)
  GROUP BY 1
)";
    assert_eq!(
        print_pretty(&outer, Dialect::DuckDb).sql,
        format!(
            "WITH revenue AS {cte},\n\ntwice AS {cte}\n\nSELECT revenue.service\nFROM revenue\n\
             ORDER BY service DESC NULLS LAST\nLIMIT 10"
        )
    );
    assert!(!print(&outer, Dialect::DuckDb).sql.contains('\n'));
}

#[test]
fn names_of_the_select_list_order_everywhere() {
    let size = SqlExpr::integer(1).when(column("amount").binary(BinaryOp::Lt, SqlExpr::integer(10)));
    let term = |expr| OrderTerm { expr, descending: true, nulls_first: false };
    let select = |expr| Select {
        items: vec![size.clone().named("size"), column("day").named("day")],
        from: Some(From::Table { name: "orders".into(), alias: "orders".into() }),
        order_by: vec![term(expr), term(column("day"))],
        ..Select::default()
    };
    let ends = |expr| {
        Dialect::ALL.map(|dialect| {
            let sql = print(&select(SqlExpr::clone(&expr)), dialect).sql;
            sql.split_once("FROM ").expect("a table").1.to_owned()
        })
    };
    let named = "orders ORDER BY size DESC NULLS LAST, day DESC NULLS LAST";
    let placed = "orders ORDER BY 1 DESC NULLS LAST, day DESC NULLS LAST";
    assert_eq!(ends(column("size")), [named, named, placed, named]);
    let computed = "orders ORDER BY size + 1 DESC NULLS LAST, day DESC NULLS LAST";
    let inner = "(SELECT CASE WHEN amount < 10 THEN 1 END AS size, day FROM orders) AS answer ORDER BY size + 1 DESC \
                 NULLS LAST, day DESC NULLS LAST";
    let plus_one = column("size").binary(BinaryOp::Add, SqlExpr::integer(1));
    assert_eq!(ends(plus_one), [inner, computed, inner, inner]);
}

#[test]
fn a_null_of_a_union_has_a_type_where_it_needs_one() {
    let part = |table: &str, items: [Option<&str>; 2]| Select {
        items: ["a", "b"]
            .into_iter()
            .zip(items)
            .map(|(name, of)| of.map_or_else(Expr::null, column).named(name))
            .collect(),
        from: Some(From::Cte { name: table.into(), alias: table.into() }),
        ..Select::default()
    };
    let union = Select {
        union_all: vec![part("y", [Some("a"), None]), part("z", [None, Some("b")])],
        ..part("x", [None, None])
    };
    let first = |dialect| print(&union, dialect).sql.split_once(" FROM x ").expect("a first part").0.to_owned();
    assert_eq!(first(Dialect::Postgres), "SELECT NULL AS a, (SELECT b FROM z LIMIT 0) AS b");
    assert_eq!(first(Dialect::Snowflake), "SELECT NULL AS a, NULL AS b");
}
