//! Whatever is printed, a parser of the dialect reads; and constants come back as they were.

use sqlparser::{
    ast::{Expr as Parsed, SelectItem, SetExpr, Statement, Value},
    dialect::{BigQueryDialect, DuckDbDialect, PostgreSqlDialect, SnowflakeDialect},
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};

use crate::{
    sql::{BinaryOp, Dialect, Expr, Function, Literal, OrderTerm, Select, SqlExpr, UnaryOp, print, print_pretty},
    time::{Granularity, TimePart, Tz, Unit, Weekday},
};

fn dialect_of(dialect: Dialect) -> &'static dyn sqlparser::dialect::Dialect {
    match dialect {
        Dialect::DuckDb => &DuckDbDialect {},
        Dialect::BigQuery => &BigQueryDialect {},
        Dialect::Snowflake => &SnowflakeDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
    }
}

fn parse(sql: &str, dialect: Dialect) -> Statement {
    let mut statements =
        Parser::parse_sql(dialect_of(dialect), sql).unwrap_or_else(|error| panic!("{error} in {dialect:?}: {sql}"));
    assert_eq!(statements.len(), 1, "{sql}");
    statements.remove(0)
}

/// Every function with as many arguments as it takes.
fn calls() -> Vec<(Function, usize)> {
    let (week_start, fiscal_start_month) = (Weekday::Sat, 3);
    let mut calls = vec![
        (Function::Coalesce, 3),
        (Function::NullIf, 2),
        (Function::Lower, 1),
        (Function::Upper, 1),
        (Function::Trim, 1),
        (Function::Length, 1),
        (Function::Concat, 3),
        (Function::Substring, 2),
        (Function::Substring, 3),
        (Function::Replace, 3),
        (Function::StartsWith, 2),
        (Function::EndsWith, 2),
        (Function::Contains, 2),
        (Function::Sha256, 1),
        (Function::Abs, 1),
        (Function::Round, 2),
        (Function::Floor, 1),
        (Function::Ceil, 1),
        (Function::Greatest, 2),
        (Function::Least, 2),
        (Function::DateOf, 1),
        (Function::LocalTime(Tz::Asia__Kolkata), 1),
        (Function::InstantOf(Tz::Asia__Kolkata), 1),
        (Function::TruncateInstant { zone: Tz::Asia__Kolkata, granularity: Granularity::HOUR }, 1),
    ];
    for granularity in Granularity::ALL {
        calls.push((Function::Truncate { granularity, week_start, fiscal_start_month }, 1));
        calls.push((Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, 2));
    }
    calls.extend(TimePart::ALL.map(|part| (Function::Part { part, week_start }, 1)));
    let units = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year];
    calls.extend(units.map(|unit| (Function::AddUnits(unit), 2)));
    calls
}

/// Makes a pseudo-random expression, the same on every machine.
fn random(state: &mut u64, depth: usize) -> SqlExpr {
    let mut below = |limit: usize| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*state >> 33).expect("31 bits") % limit
    };
    let kind = below(if depth == 0 { 4 } else { 12 });
    let choice = below(64);
    let negated = choice % 2 == 0;
    let mut part = || Box::new(random(state, depth.saturating_sub(1)));
    match kind {
        0 => SqlExpr::column(["t", "order", "Name"][choice % 3], ["price", "select", "a b"][choice / 3 % 3]),
        1 => Expr::Literal(
            [
                Literal::Null,
                Literal::Boolean(negated),
                Literal::Integer(-7),
                Literal::Decimal("-1.50".into()),
                Literal::Float((-0.5_f64).to_bits()),
                Literal::String(r"it's \ 'x' -- ".into()),
                Literal::Date("2024-02-29".parse().expect("a date")),
                Literal::Timestamp("2024-02-29T01:02:03.000004".parse().expect("a time")),
            ][choice % 8]
                .clone(),
        ),
        2 => Expr::Parameter(Literal::Integer(i64::try_from(choice % 3).expect("small"))),
        3 => SqlExpr::bare("x"),
        4 => Expr::Unary { op: if negated { UnaryOp::Not } else { UnaryOp::Negate }, arg: part() },
        5 | 6 => {
            let ops = [
                BinaryOp::Add,
                BinaryOp::Subtract,
                BinaryOp::Multiply,
                BinaryOp::Divide,
                BinaryOp::Modulo,
                BinaryOp::Concat,
                BinaryOp::Eq,
                BinaryOp::NotEq,
                BinaryOp::Lt,
                BinaryOp::GtEq,
                BinaryOp::And,
                BinaryOp::Or,
                BinaryOp::Same,
            ];
            Expr::Binary { op: ops[choice % ops.len()], left: part(), right: part() }
        }
        7 => {
            let calls = calls();
            let (function, count) = calls[choice % calls.len()];
            Expr::call(function, (0..count).map(|_| *part()).collect())
        }
        8 => Expr::In { arg: part(), list: (0..choice % 3).map(|_| *part()).collect(), negated },
        9 => Expr::Between { arg: part(), low: part(), high: part(), negated },
        10 => Expr::Case { branches: vec![(*part(), *part())], otherwise: negated.then(&mut part) },
        _ => match choice % 4 {
            0 => Expr::IsNull { arg: part(), negated: choice > 31 },
            1 => Expr::IsTrue { arg: part(), negated: choice > 31 },
            2 => Expr::Like { arg: part(), pattern: part(), negated: choice > 31 },
            _ => Expr::Cast { arg: part(), to: crate::catalog::ColumnType::Decimal },
        },
    }
}

#[test]
fn every_function_is_read_by_a_parser_of_the_dialect() {
    for (function, count) in calls() {
        let args = ["a", "b", "c"].map(SqlExpr::bare).into_iter().take(count).collect();
        let select = Select { items: vec![Expr::call(function, args).named("x")], ..Select::default() };
        for dialect in Dialect::ALL {
            parse(&print(&select, dialect).sql, dialect);
        }
    }
}

#[test]
fn every_tree_is_read_by_a_parser_of_the_dialect() {
    let mut state = 7;
    for _ in 0..2_000 {
        let select = Select {
            items: vec![random(&mut state, 4).named("x")],
            filter: Some(random(&mut state, 3)),
            order_by: vec![OrderTerm { expr: random(&mut state, 1), descending: true, nulls_first: true }],
            ..Select::default()
        };
        for dialect in Dialect::ALL {
            let line = print(&select, dialect);
            // Layout changes nothing but white space.
            assert_eq!(parse(&line.sql, dialect), parse(&print_pretty(&select, dialect).sql, dialect));
            assert!(!line.sql.contains("--") || line.sql.contains("-- '"), "{}", line.sql);
            assert!(dialect != Dialect::Snowflake || !line.sql.contains("//"), "{}", line.sql);
            let places = line.sql.matches('?').count();
            assert!(dialect != Dialect::Snowflake || places == line.parameters.len(), "{}", line.sql);
        }
    }
}

#[test]
fn texts_come_back_from_the_parser_as_they_were() {
    for text in
        ["", "'", "''", r"\", r"\'", r"\\'", r"\' OR 1=1 -- ", "\"", "a\nb\r\t", "🙂 é", "`", "$1 @p1 %s", "\u{2019}"]
    {
        let select =
            Select { items: vec![Expr::Literal(Literal::String(text.to_owned())).named("x")], ..Select::default() };
        for dialect in Dialect::ALL {
            let sql = print(&select, dialect).sql;
            let Statement::Query(query) = parse(&sql, dialect) else { panic!("{sql}") };
            let SetExpr::Select(select) = *query.body else { panic!("{sql}") };
            let [SelectItem::ExprWithAlias { expr: Parsed::Value(value), .. }] = select.projection.as_slice() else {
                panic!("{sql}")
            };
            let (Value::SingleQuotedString(read) | Value::EscapedStringLiteral(read)) = &value.value else {
                panic!("{sql}")
            };
            assert_eq!(read, text, "{dialect:?}: {sql}");
        }
    }
}

#[test]
fn names_come_back_from_the_tokenizer_as_they_were() {
    for name in ["price", "Price", "order", "a b", "a.b", "it's", "select", "1st", "é"] {
        let select = Select { items: vec![SqlExpr::bare(name).named("x")], ..Select::default() };
        for dialect in Dialect::ALL {
            let sql = print(&select, dialect).sql;
            let tokens = Tokenizer::new(dialect_of(dialect), &sql).tokenize().expect("it can be cut");
            assert!(
                // Snowflake folds names to upper case, so one of its words is quoted in upper case.
                matches!(&tokens[2], Token::Word(word) if word.value == name
                    || (dialect == Dialect::Snowflake && word.value == name.to_ascii_uppercase())),
                "{dialect:?}: {sql} is cut to {tokens:?}"
            );
        }
    }
}
