//! What the language takes and what it refuses.

use super::{ParseError, functions, parse_expression, parse_order, parse_select};
use crate::{
    files::{SourceMap, Span},
    sql::{BinaryOp, Dialect, Expr, Function, Literal, Name, Select, SqlExpr, print},
    time::Granularity,
};

/// A span that begins at byte 100, so that offsets in it show.
fn span(text: &str) -> Span {
    let file = SourceMap::default().add("metrics/x.yml", "");
    Span::new(file, 100, 100 + text.len())
}

fn parse(text: &str) -> Result<Expr<Name>, ParseError> {
    parse_expression(text, span(text))
}

/// Parses, and prints with every path as a column.
fn reprint(text: &str) -> String {
    let parsed = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let expr: SqlExpr = parsed.map(&mut |name| match name {
        Name::Path(words) => match words.as_slice() {
            [word] => SqlExpr::bare(&word.value),
            words => SqlExpr::column(&words[0].value, &words[words.len() - 1].value),
        },
        _ => SqlExpr::bare("unresolved"),
    });
    let select = Select { items: vec![expr.named("x")], ..Select::default() };
    let sql = print(&select, Dialect::DuckDb).sql;
    let sql = sql.strip_prefix("SELECT ").expect("a select");
    sql.strip_suffix(" AS x").unwrap_or(sql).to_owned()
}

/// Parses, and returns the message, the text the error points at, and the help.
fn refuse(text: &str) -> (String, String, String) {
    let error = parse(text).map(|expr| format!("{expr:?}")).expect_err(text);
    assert!(!error.too_large, "{text}: {error:?}");
    let (start, end) = (error.span.start as usize - 100, error.span.end as usize - 100);
    (error.message, text[start..end].to_owned(), error.help.unwrap_or_default())
}

#[test]
fn operators_bind_as_in_sql() {
    for (text, printed) in [
        ("a + b * c - d", "a + b * c - d"),
        ("(a + b) * c", "(a + b) * c"),
        ("not a = b and c or d", "NOT a = b AND c OR d"),
        ("not (a and b)", "NOT (a AND b)"),
        ("a != b", "a <> b"),
        ("a || '-' || b", "a || '-' || b"),
        ("-a", "-a"),
        ("- 5", "-5"),
        ("a - -5", "a - -5"),
        ("a between 1 and 2 and b", "a BETWEEN 1 AND 2 AND b"),
        ("a not in (1, 2)", "a NOT IN (1, 2)"),
        ("a not like 'x%'", "a NOT LIKE 'x%'"),
        ("a is not null", "a IS NOT NULL"),
        ("a is false", "(NOT a) IS TRUE"),
        ("a is not true", "a IS NOT TRUE"),
        ("CASE WHEN a THEN 1 ELSE 0 END", "CASE WHEN a THEN 1 ELSE 0 END"),
        ("case a when 'x' then 1 when 'y' then 2 end", "CASE WHEN a = 'x' THEN 1 WHEN a = 'y' THEN 2 END"),
        ("cast(a as integer)", "CAST(a AS BIGINT)"),
        ("Cast(a As Timestamp)", "CAST(a AS TIMESTAMPTZ)"),
        ("COALESCE(a, 0)", "COALESCE(a, 0)"),
        ("mod(a, 2)", "a % NULLIF(2, 0)"),
        ("a / b", "CAST(a AS DOUBLE) / NULLIF(b, 0)"),
        ("trim(a)", "trim(a, ' ')"),
        ("substring(a, 2, 3)", "substring(a, 2, 3)"),
        ("ceil(a) + floor(b)", "ceil(a) + floor(b)"),
        ("time.week", "time.week"),
    ]
    .map(|(text, printed)| (text, printed.to_owned()))
    {
        assert_eq!(reprint(text), printed, "{text}");
    }
}

#[test]
fn words_of_sql_are_names_where_the_language_has_no_use_for_them() {
    for name in
        ["time", "date", "interval", "row", "position", "values", "trim", "desc", "order", "select_", "day", "end_"]
    {
        let Ok(Expr::Leaf(Name::Path(words))) = parse(name) else { panic!("{name}") };
        assert_eq!(words[0].value, name);
    }
    let Ok(Expr::Leaf(Name::Path(words))) = parse("customers.order.\"Net Price\"") else { panic!("a path") };
    assert_eq!(words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>(), ["customers", "order", "Net Price"]);
}

#[test]
fn every_word_knows_its_place() {
    let text = "coalesce(origin.region,\n  'ü', booked_at.month)";
    let mut found = Vec::new();
    parse(text).expect("an expression").for_each_leaf(&mut |name| {
        let Name::Path(words) = name else { panic!("{name:?}") };
        found.extend(words.iter().map(|word| {
            let (start, end) = (word.span.start as usize - 100, word.span.end as usize - 100);
            assert_eq!(text[start..end], word.value);
            word.value.clone()
        }));
    });
    assert_eq!(found, ["origin", "region", "booked_at", "month"]);
}

#[test]
fn constants_keep_their_exact_value() {
    let literal = |text: &str| match parse(text) {
        Ok(Expr::Literal(literal)) => literal,
        other => panic!("{text}: {other:?}"),
    };
    let decimal = |text: &str| Literal::Decimal(text.to_owned());
    for (text, value) in [
        ("12", Literal::Integer(12)),
        ("-12", Literal::Integer(-12)),
        ("9223372036854775807", Literal::Integer(i64::MAX)),
        ("9223372036854775808", decimal("9223372036854775808")),
        ("1.50", decimal("1.50")),
        (".5", decimal("0.5")),
        ("007.10", decimal("7.10")),
        ("1e3", Literal::Float(1000_f64.to_bits())),
        ("'it''s'", Literal::String("it's".to_owned())),
        (r"'a\'", Literal::String(r"a\".to_owned())),
        ("null", Literal::Null),
        ("TRUE", Literal::Boolean(true)),
        ("date '2024-02-29'", Literal::Date("2024-02-29".parse().expect("a date"))),
        ("datetime '2024-02-29 12:00'", Literal::DateTime("2024-02-29T12:00:00".parse().expect("a time"))),
        ("timestamp '2024-02-29 12:00:00+01:00'", Literal::Timestamp("2024-02-29T11:00:00".parse().expect("a time"))),
        ("timestamp '2024-02-29T12:00:00Z'", Literal::Timestamp("2024-02-29T12:00:00".parse().expect("a time"))),
        ("timestamp '2024-02-29 12:00:00+01'", Literal::Timestamp("2024-02-29T11:00:00".parse().expect("a time"))),
    ] {
        assert_eq!(literal(text), value, "{text}");
    }
}

#[test]
fn functions_of_time_wait_for_the_zone() {
    let Ok(Expr::Call { function, args }) = parse("periods_between('week', booked_at, delivered_at)") else {
        panic!("a call")
    };
    assert_eq!((function, args.len()), (Function::WrittenPeriodsBetween(Granularity::Week), 2));
    for text in ["trunc(booked_at, fiscal_year)", "TRUNC(booked_at, 'fiscal_year')"] {
        let Ok(Expr::Call { function, args }) = parse(text) else { panic!("a call") };
        assert_eq!((function, args.len()), (Function::WrittenTruncate(Granularity::FiscalYear), 1));
    }
    assert!(matches!(parse("date(booked_at)"), Ok(Expr::Call { function: Function::WrittenDate, .. })));
}

#[test]
fn exists_looks_over_a_to_many_join() {
    let text = "1 = 1 and not exists(shipments.claims where kind = 'lost' and exists(payments))";
    let mut found = Vec::new();
    parse(text).expect("an expression").for_each_leaf(&mut |name| {
        let Name::Exists { path, filter, span } = name else { panic!("{name:?}") };
        found.push((path.len(), filter.is_some(), &text[span.start as usize - 100..span.end as usize - 100]));
    });
    assert_eq!(found, [(2, true, "exists(shipments.claims where kind = 'lost' and exists(payments))")]);
    assert!(matches!(parse("EXISTS (claims)"), Ok(Expr::Leaf(Name::Exists { filter: None, .. }))));
}

#[test]
fn calls_that_are_not_functions_of_the_language_keep_their_name() {
    assert!(matches!(parse("ifnull(a, 0)"), Ok(Expr::Leaf(Name::UnknownFunction { name })) if name.value == "ifnull"));
    for (text, shown) in [
        ("sum(price)", "sum"),
        ("COUNT(*)", "COUNT"),
        ("count(distinct customer_id)", "count(distinct …)"),
        ("percentile_cont(x, 0.9)", "percentile_cont"),
    ] {
        let Ok(Expr::Leaf(Name::AggregateFunction { name })) = parse(text) else { panic!("{text}") };
        assert_eq!(name.value, shown);
    }
}

#[test]
fn an_error_points_at_the_culprit_and_says_what_to_write() {
    for (text, message, culprit, help) in [
        ("a::int", "`::`", "::", "cast(x as integer)"),
        ("a::date = b", "`::`", "::", "cast(x as date)"),
        ("a::'x'", "`::`", "::", "cast(x as string)"),
        ("try_cast(a as date)", "this cast", "try_cast", "cast(x as date)"),
        ("safe_cast(a as int64)", "this cast", "safe_cast", "cast(x as integer)"),
        ("a = null", "`=` never holds", "a = null", "is null"),
        ("null <> a", "`<>` never holds", "null <> a", "is not null"),
        ("a < null", "`<` never holds", "a < null", "is null"),
        ("a in ('b', null)", "`in` does not find", "", "or x is null"),
        ("a not in ('b', null)", "`not in` never holds", "", "out of the list"),
        ("a; drop table b", "`;`", ";", "semicolon"),
        ("a -- b", "comment", "-- b", "description"),
        ("a /* b */", "comment", "/* b */", "description"),
        ("a = $1", "`$1`", "$1", "no parameters"),
        ("a = @p", "`@`", "@", "no parameters"),
        ("a = ?", "`?`", "?", "no parameters"),
        ("a == b", "`==`", "==", "`=`"),
        ("a ->> 'b'", "`->>`", "->>", "json_text"),
        ("`a`", "'`'", "`", "double quotes"),
        ("(select 1)", "subquery", "select", "join"),
        ("a in (select b from c)", "subquery", "select", "join"),
        ("exists(select 1 from claims)", "subquery", "select", "join"),
        ("sum(a) over (order by b)", "window function", "over", "window:"),
        ("count(*) filter (where a)", "FILTER", "filter", "where:"),
        ("interval '1' day", "INTERVAL", "interval", "periods_between"),
        ("extract(month from t)", "EXTRACT", "extract", "day_of_week"),
        ("delete from a", "statement", "delete", "one value"),
        ("a ilike 'b'", "`ilike`", "ilike", "lower(x)"),
        ("a like 'b' escape '!'", "`escape`", "escape", "contains"),
        ("a at time zone 'UTC'", "`at`", "at", "date(t)"),
        ("a as b", "`as`", "as", "alias"),
        ("a b", "`b`", "b", "and"),
        ("a +", "ends", "+", ""),
        ("", "no expression", "", "price"),
        ("(a", "ends", "a", ""),
        ("a)", "`)`", ")", ""),
        ("a in ()", "`)`", ")", ""),
        ("a is distinct from b", "`distinct`", "distinct", "a = b or"),
        ("cast(a as varchar)", "`varchar`", "varchar", "as string"),
        ("cast(a as decimal(10, 2))", "decimal", "decimal", "as decimal"),
        ("nullif(a)", "2 arguments, not 1", "nullif", "nullif(a, b)"),
        ("trunc(a, mnth)", "`mnth`", "trunc", "`month`"),
        ("round(a, b)", "digits", "round", "round(x, 2)"),
        ("json_text(a, b)", "key", "json_text", "'key'"),
        ("substring(a, 0)", "counts from 1", "substring", "1, 3"),
        ("exists(claims, a = 1)", "second argument", ",", "where"),
        ("date '2024-2-29'", "`2024-2-29`", "'2024-2-29'", "date '2024-02-29'"),
        ("date '2023-02-29'", "`2023-02-29`", "'2023-02-29'", "date '2024-02-29'"),
        ("timestamp '2024-02-29 12:00:00'", "timestamp", "'2024-02-29 12:00:00'", "offset"),
        ("'abc", "unterminated", "'", "single quotes"),
        ("1.2.3", "", "", ""),
        ("(1, 2)", "list", "1, 2", "in"),
        ("case when a then 1", "ends", "1", ""),
        ("a.*", "", "", ""),
        ("123456789012345678901234567890123456789", "38 digits", "123456789012345678901234567890123456789", ""),
        ("1e999", "too large", "1e999", ""),
        ("x'41'", "`x'41'`", "x'41'", "single quotes"),
        ("a[1]", "`[`", "[", "in"),
    ] {
        let (got_message, got_culprit, got_help) = refuse(text);
        assert!(got_message.contains(message) || text == "`a`", "{text}: {got_message}");
        assert!(got_culprit == culprit || culprit.is_empty(), "{text}: points at {got_culprit} ({got_message})");
        assert!(got_help.contains(help), "{text}: {got_help} ({got_message})");
        assert!(!got_message.contains("Expected") && !got_message.ends_with('.'), "{text}: {got_message}");
    }
}

#[test]
fn size_is_checked_before_the_stack_is_used() {
    let too_large = |text: &str| parse(text).expect_err("too large").too_large;
    assert!(too_large(&vec!["1"; 300_000].join("+")));
    assert!(too_large(&vec!["1"; 3_000].join("+")));
    assert!(too_large(&vec!["1"; 400].join("+")));
    let chain = vec!["1"; 60].join(" + ");
    assert!(too_large(&format!("{chain} + {chain}")));
    let help = parse(&format!("{chain} + {chain}")).expect_err("too large").help;
    assert!(help.is_some_and(|help| help.contains("in a row")), "a way out is told");
    assert!(parse(&format!("({chain}) + ({chain})")).is_ok(), "and it is one");
    assert!(too_large(&vec!["a"; 1_001].join(" or ")));
    assert!(too_large(&format!("{}1{}", "(".repeat(51), ")".repeat(51))));
    assert!(too_large(&format!("{}a", "not ".repeat(3_000))));
    assert!(too_large(&format!("{}a", "- ".repeat(3_000))));
    assert!(too_large(&format!("{}1{}", "case when a then ".repeat(300), " end".repeat(300))));
    assert!(parse(&vec!["a"; 900].join(" or ")).is_ok(), "a chain of conditions is not deep");
    assert!(parse(&format!("{}1{}", "(".repeat(50), ")".repeat(50))).is_ok());
}

#[test]
fn garbage_never_panics() {
    let words = [
        "a", "(", ")", "case", "when", "exists", "where", "'x", "'y'", ",", ".", "not", "-", "1", "\"", "in", "is", "ü",
    ];
    let mut state = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[usize::try_from(state >> 33).expect("31 bits") % words.len()]);
            text.push(' ');
        }
        let _ = parse(&text);
        let _ = parse_order(&text, span(&text));
        let _ = parse_select(&format!("select {text}"), span(&text));
    }
}

#[test]
fn an_order_names_what_descends() {
    let order = |text: &str| parse_order(text, span(text));
    let terms = order("revenue desc, time.month, coalesce(a, b) ASC").expect("an order");
    assert_eq!(terms.iter().map(|(_, descending)| *descending).collect::<Vec<_>>(), [true, false, false]);
    assert!(matches!(&terms[0].0, Expr::Leaf(Name::Path(words)) if words.len() == 1));
    assert!(order("revenue desc nulls first").is_err());
    assert!(order("revenue,").is_err());
    assert!(order("revenue down").is_err());
    for word in ["descending", "Ascending"] {
        let error = order(&format!("revenue {word}, claims")).expect_err(word);
        assert!(error.help.is_some_and(|help| help.contains("`desc`")), "{word}");
    }
    assert!(order("descending, lifts.descending").is_ok(), "they are names, too");
    assert!(order("").is_err());
}

#[test]
fn a_model_is_one_select() {
    let select = |text: &str| parse_select(text, span(text));
    for (text, columns) in [
        ("select a, t.b, c + 1 as d from marts.t", vec!["a", "b", "d"]),
        ("with x as (select 1 as a) select a from x\n", vec!["a"]),
        ("select * from t", vec![]),
        ("select a from t union all select b from u", vec!["a"]),
        ("select a from `acme-analytics.marts.events_*` where safe.parse_date('%F', x) > d", vec!["a"]),
        ("select d from unnest(generate_date_array('2024-01-01', '2024-01-02')) as d", vec!["d"]),
        ("select day from generate_series(1, 10) as t(day) -- all days\nwhere day > 2", vec!["day"]),
    ] {
        assert_eq!(select(text).unwrap_or_else(|error| panic!("{text}: {error:?}")), columns, "{text}");
    }
    for (text, message) in [
        ("select 1; drop table t", "semicolon"),
        ("select 1;", "semicolon"),
        ("delete from t", "not one SELECT"),
        ("create table x as select 1", "not one SELECT"),
        ("export data options(uri='x') as select 1", ""),
        ("copy t to 'x'", "not one SELECT"),
        ("attach 'x.db'", ""),
        ("install httpfs", ""),
        ("select 1 -- end", "comment at the end"),
        ("", "no SELECT"),
        ("select * from read_csv('/etc/passwd')", "`read_csv`"),
        ("select * from 'data.parquet'", "file"),
        ("select * from \"/etc/passwd\"", "file"),
        ("select * from external_query('c', 'select 1')", "`external_query`"),
        ("select * from ml.predict(model m, table t)", ""),
        ("select getenv('HOME') from t", "`getenv`"),
        ("select ml.distance(a, b) from t", "`ml.distance`"),
        ("select a from (select read_text('x') as a)", "`read_text`"),
        ("select * from marts.INFORMATION_SCHEMA.TABLES", "system table"),
        ("select a from t where b in (select c from read_json('x'))", "`read_json`"),
        ("with x as (select * from glob('*')) select 1 from x", "`glob`"),
        ("select a into b from t", "SELECT INTO"),
        ("select a from t for update", "FOR UPDATE"),
        ("select a from t where b = $1", "parameter"),
        ("select (", ""),
    ] {
        let error = select(text).expect_err(text);
        assert!(error.message.contains(message), "{text}: {}", error.message);
    }
}

#[test]
fn the_reference_lists_every_function_with_its_meaning() {
    for function in functions() {
        assert!(function.doc.ends_with('.') && !function.arguments.is_empty(), "{}", function.name);
        assert!(!matches!(parse(&format!("{}(a, b)", function.name)), Ok(Expr::Leaf(Name::UnknownFunction { .. }))));
    }
    for (name, words) in [
        ("IFNULL", "coalesce(a, b)"),
        ("hour", "booked_at.hour_of_day"),
        ("day", "booked_at.day_of_month"),
        ("quarter", "booked_at.quarter_of_year"),
        ("year", "booked_at.year = date '2025-01-01'"),
        ("power", "x * x"),
    ] {
        assert_eq!(super::other_words(name), Some(words));
        assert!(parse(words).is_ok(), "{words}");
    }
    let _ = BinaryOp::Modulo;
}
