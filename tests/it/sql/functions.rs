//! Every function and operator on both engines, against values written by hand.

use entente::{
    catalog::ColumnType,
    sql::{
        AggregateFunction, BinaryOp, Expr, Function, Literal, OrderTerm, Select, SqlExpr, UnaryOp, call_of, cast_in,
        period_of_instant,
    },
    time::{ClockChanges, Granularity, Tz, Unit, Weekday},
};

use super::engines::run_everywhere;

fn int(value: i64) -> SqlExpr {
    SqlExpr::integer(value)
}

fn text(value: &str) -> SqlExpr {
    Expr::Literal(Literal::String(value.to_owned()))
}

fn decimal(value: &str) -> SqlExpr {
    Expr::Literal(Literal::Decimal(value.to_owned()))
}

fn float(value: f64) -> SqlExpr {
    Expr::Literal(Literal::Float(value.to_bits()))
}

fn null(of: ColumnType) -> SqlExpr {
    Expr::Cast { arg: Box::new(SqlExpr::null()), to: of }
}

fn date(value: &str) -> SqlExpr {
    SqlExpr::date(value.parse().expect("a date"))
}

/// A date whose type the tree does not tell, as of a column.
fn unknown_date(value: &str) -> SqlExpr {
    Expr::call(
        Function::Coalesce,
        vec![date(value), Expr::call(Function::NullIf, vec![SqlExpr::bare("d"), SqlExpr::bare("d")])],
    )
}

fn wall(value: &str) -> SqlExpr {
    Expr::Literal(Literal::DateTime(value.parse().expect("a time")))
}

fn instant(value: &str) -> SqlExpr {
    Expr::Literal(Literal::Timestamp(value.parse().expect("a time")))
}

fn call<const N: usize>(function: Function, args: [SqlExpr; N]) -> SqlExpr {
    Expr::call(function, args.into())
}

fn like(arg: &str, pattern: &str) -> SqlExpr {
    Expr::Like { arg: Box::new(text(arg)), pattern: Box::new(text(pattern)), negated: false }
}

fn cast(arg: SqlExpr, to: ColumnType) -> SqlExpr {
    Expr::Cast { arg: Box::new(arg), to }
}

fn check(cases: &[(SqlExpr, Option<&str>)]) {
    let days = entente::sql::From::Days {
        from: Box::new(date("2024-01-01")),
        to: Box::new(date("2024-01-01")),
        alias: "days".to_owned(),
        column: "d".to_owned(),
    };
    let selects: Vec<Select> = cases
        .iter()
        .map(|(expr, _)| Select { items: vec![expr.clone().named("x")], from: Some(days.clone()), ..Select::default() })
        .collect();
    let mut wrong = Vec::new();
    for ((expr, expected), answers) in cases.iter().zip(run_everywhere(&selects)) {
        for (engine, rows) in answers {
            if rows[0][0].as_deref() != *expected {
                wrong.push(format!("{engine}: {:?} instead of {expected:?} for {expr:?}", rows[0][0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn numbers_mean_the_same_everywhere() {
    let divide = |left: SqlExpr, right| left.binary(BinaryOp::Divide, right);
    let modulo = |left: SqlExpr, right| left.binary(BinaryOp::Modulo, right);
    let add = |left: SqlExpr, right| left.binary(BinaryOp::Add, right);
    check(&[
        (divide(int(1), int(4)), Some("0.25")),
        (divide(int(1), int(0)), None),
        (divide(float(1.0), float(0.0)), None),
        (divide(decimal("1.00"), decimal("0.00")), None),
        (divide(decimal("10"), decimal("4")), Some("2.5")),
        (divide(decimal("1"), decimal("3")), Some("0.3333333333333333")),
        (divide(null(ColumnType::Integer), int(2)), None),
        (modulo(int(7), int(3)), Some("1")),
        (modulo(int(-7), int(3)), Some("-1")),
        (modulo(int(7), int(0)), None),
        (add(decimal("0.1"), decimal("0.2")), Some("0.3")),
        (add(int(9_007_199_254_740_992), int(1)), Some("9007199254740993")),
        (int(i64::MIN), Some("-9223372036854775808")),
        (Expr::Unary { op: UnaryOp::Negate, arg: Box::new(int(-5)) }, Some("5")),
        (int(3).binary(BinaryOp::Subtract, int(-5)), Some("8")),
        (call(Function::Round, [decimal("2.5")]), Some("3")),
        (call(Function::Round, [decimal("-2.5")]), Some("-3")),
        (call(Function::Round, [float(2.5)]), Some("3")),
        (call(Function::Round, [float(-2.5)]), Some("-3")),
        (call(Function::Round, [decimal("2.345"), int(2)]), Some("2.35")),
        (call(Function::Round, [decimal("-2.345"), int(2)]), Some("-2.35")),
        (call(Function::Round, [decimal("1250"), int(-2)]), Some("1300")),
        (call(Function::Abs, [decimal("-1.5")]), Some("1.5")),
        (call(Function::Floor, [decimal("-1.5")]), Some("-2")),
        (call(Function::Ceil, [decimal("-1.5")]), Some("-1")),
        (call(Function::Floor, [float(2.9)]), Some("2")),
        (call(Function::Greatest, [int(1), int(3), int(2)]), Some("3")),
        (call(Function::Greatest, [int(1), null(ColumnType::Integer)]), None),
        (call(Function::Least, [int(1), int(3)]), Some("1")),
        (call(Function::Least, [null(ColumnType::Integer), int(3)]), None),
        (call(Function::Coalesce, [null(ColumnType::Integer), int(3)]), Some("3")),
        (call(Function::NullIf, [int(3), int(3)]), None),
        (cast(text("12"), ColumnType::Integer), Some("12")),
        (cast(int(12), ColumnType::String), Some("12")),
        (cast(text("12.345678901"), ColumnType::Decimal), Some("12.345678901")),
        (cast(Expr::Literal(Literal::Boolean(true)), ColumnType::String), Some("true")),
        (cast(text("2024-02-29"), ColumnType::Date), Some("2024-02-29")),
        (call(Function::Round, [cast(int(15), ColumnType::Decimal), int(-1)]), Some("20")),
    ]);
}

/// A cast as definitions write it, of a value whose type the tree does not tell if it is that of a column.
fn written_cast(arg: SqlExpr, from: ColumnType, to: ColumnType) -> SqlExpr {
    let column = Expr::call(Function::Coalesce, vec![arg, null(from)]);
    cast_in(column, from, to, Tz::UTC).expect("it is the same everywhere")
}

#[test]
fn casts_mean_the_same_everywhere() {
    use ColumnType::{Boolean, Date, DateTime, Decimal, Float, Integer, String};
    let mut cases = Vec::new();
    for (value, whole) in [
        (0.5, "1"),
        (1.5, "2"),
        (2.5, "3"),
        (-0.5, "-1"),
        (-2.5, "-3"),
        (0.49, "0"),
        (3.0, "3"),
        (1e15, "1000000000000000"),
        (0.499_999_999_999_999_94, "0"),
        (-0.499_999_999_999_999_94, "0"),
        (1_709_247_600_123_456.0, "1709247600123456"),
        (4_503_599_627_370_495.5, "4503599627370496"),
        (4_503_599_627_370_497.0, "4503599627370497"),
        (9_007_199_254_740_991.0, "9007199254740991"),
        (1_152_921_504_606_846_976.0, "1152921504606846976"),
    ] {
        cases.push((written_cast(float(value), Float, Integer), Some(whole)));
        cases.push((cast(float(value), Integer), Some(whole)));
        let column = Expr::call(Function::Coalesce, vec![float(value), null(Float)]);
        let rounded = call_of(Function::Round, vec![column], Float);
        cases.push((cast_in(rounded, Float, Integer, Tz::UTC).expect("it is a number"), Some(whole)));
    }
    let floor = call(Function::Floor, [float(1_709_247_600_123_456.0)]);
    cases.push((cast_in(floor, Float, Integer, Tz::UTC).expect("it is a number"), Some("1709247600123456")));
    for (value, exact) in [
        (0.1, "0.1"),
        (5_000_000_001.0, "5000000001"),
        (1e15, "1000000000000000"),
        (1_709_247_600_123_456.0, "1709247600123456"),
        (123_456_789_012.345_67, "123456789012.34567"),
        (1e22, "10000000000000000000000"),
        (0.123_456_789_5, "0.12345679"),
        (-2.5, "-2.5"),
    ] {
        cases.push((written_cast(float(value), Float, Decimal), Some(exact)));
        cases.push((cast(written_cast(float(value), Float, Decimal), String), Some(exact)));
    }
    let truth = |value| Expr::Literal(Literal::Boolean(value));
    for to in [Integer, Decimal, Float] {
        cases.push((written_cast(truth(true), Boolean, to), Some("1")));
        cases.push((written_cast(truth(false), Boolean, to), Some("0")));
        cases.push((written_cast(null(Boolean), Boolean, to), None));
    }
    for (value, from, is_true) in [
        (int(2), Integer, "true"),
        (int(0), Integer, "false"),
        (decimal("-0.5"), Decimal, "true"),
        (decimal("0.00"), Decimal, "false"),
        (float(0.25), Float, "true"),
        (float(-0.0), Float, "false"),
    ] {
        cases.push((written_cast(value, from, Boolean), Some(is_true)));
        cases.push((written_cast(null(from), from, Boolean), None));
    }
    cases.push((cast(int(5).binary(BinaryOp::Divide, int(2)), Integer), Some("3")));
    for (value, written) in
        [("12.50", "12.5"), ("100", "100"), ("-0.050", "-0.05"), ("0.00", "0"), ("1.000000001", "1.000000001")]
    {
        cases.push((written_cast(decimal(value), Decimal, String), Some(written)));
        cases.push((cast(decimal(value), String), Some(written)));
    }
    for (value, written) in [
        ("2024-02-29T12:00:00", "2024-02-29 12:00:00"),
        ("2024-02-29T12:00:10.5", "2024-02-29 12:00:10.5"),
        ("2024-02-29T12:00:00.000001", "2024-02-29 12:00:00.000001"),
        ("0987-02-28T12:30:00.12", "0987-02-28 12:30:00.12"),
    ] {
        cases.push((written_cast(wall(value), DateTime, String), Some(written)));
    }
    for (value, read) in
        [("9.0", "9"), ("8.5", "9"), ("-8.5", "-9"), ("9007199254740993", "9007199254740993"), ("1e3", "1000")]
    {
        cases.push((written_cast(text(value), String, Integer), Some(read)));
    }
    for value in ["2024-02-29", "2024-02-29 12:00:00", "2024-02-29 23:59:59.999"] {
        cases.push((written_cast(text(value), String, Date), Some("2024-02-29")));
    }
    for (value, read) in [
        ("true", "true"),
        ("T", "true"),
        ("1", "true"),
        ("yes", "true"),
        ("y", "true"),
        ("FALSE", "false"),
        ("f", "false"),
        ("0", "false"),
        ("No", "false"),
        ("n", "false"),
    ] {
        cases.push((written_cast(text(value), String, Boolean), Some(read)));
    }
    check(&cases);
}

#[test]
fn texts_mean_the_same_everywhere() {
    let part = |start, length| call(Function::Substring, [text("añb🙂c"), int(start), int(length)]);
    check(&[
        (call(Function::Lower, [text("ÄB")]), Some("äb")),
        (call(Function::Upper, [text("äb")]), Some("ÄB")),
        (call(Function::Trim, [text("  a\tb ")]), Some("a\tb")),
        (call(Function::Trim, [text("\u{a0}a\t")]), Some("\u{a0}a\t")),
        (call(Function::Length, [text("añb🙂c")]), Some("5")),
        (call(Function::Concat, [text("a"), text("b"), text("c")]), Some("abc")),
        (call(Function::Concat, [text("a"), null(ColumnType::String)]), None),
        (text("a").binary(BinaryOp::Concat, null(ColumnType::String)), None),
        (part(2, 3), Some("ñb🙂")),
        (part(5, 10), Some("c")),
        (part(9, 1), Some("")),
        (call(Function::Substring, [text("abc"), int(2)]), Some("bc")),
        (call(Function::Substring, [text("abc"), call(Function::Length, [text("")])]), Some("abc")),
        (call(Function::Substring, [text("abc"), int(1), call(Function::Length, [text("")])]), Some("")),
        (call(Function::Replace, [text("abab"), text("a"), text("xx")]), Some("xxbxxb")),
        (call(Function::Replace, [text("abab"), text(""), text("x")]), Some("abab")),
        (call(Function::StartsWith, [text("50%x"), text("50%")]), Some("true")),
        (call(Function::StartsWith, [text("50x"), text("50%")]), Some("false")),
        (call(Function::EndsWith, [text(r"a\_"), text(r"\_")]), Some("true")),
        (call(Function::Contains, [text("a%b"), text("%")]), Some("true")),
        (call(Function::Contains, [text("ab"), text("_")]), Some("false")),
        (call(Function::Contains, [text("ab"), text("")]), Some("true")),
        (like("abc", "a%"), Some("true")),
        (like("abc", "a_c"), Some("true")),
        (like("ABC", "a%"), Some("false")),
        (like(r"a\b", r"a\b"), Some("true")),
        (like(r"a%b", r"a\%b"), Some("false")),
        (like(r"a\xb", r"a\%b"), Some("true")),
        (call(Function::JsonText, [text(r#"{"a":"x","b":1.50,"c":null,"d":{"e":1},"f":true}"#), text("a")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"b":150}"#), text("b")]), Some("150")),
        (call(Function::JsonText, [text(r#"{"c":null}"#), text("c")]), None),
        (call(Function::JsonText, [text(r#"{"d":{"e":1}}"#), text("d")]), None),
        (call(Function::JsonText, [text(r#"{"d":[1]}"#), text("d")]), None),
        (call(Function::JsonText, [text(r#"{"f":true}"#), text("f")]), Some("true")),
        (call(Function::JsonText, [text(r#"{"f":true}"#), text("g")]), None),
        (call(Function::JsonText, [text(r#"{"a.b":"x"}"#), text("a.b")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"it's":"x"}"#), text("it's")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"a\"b":"x"}"#), text(r#"a"b"#)]), Some("x")),
        (call(Function::JsonText, [text(r#"{"a":"x"}"#), text("*")]), None),
        (call(Function::JsonText, [text(r#"{"*":"x"}"#), text("*")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"":"x"}"#), text("")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"~1":"x","/":"y"}"#), text("~1")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"a/b":"x"}"#), text("a/b")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"a\\b":"x"}"#), text(r"a\b")]), Some("x")),
        (call(Function::JsonText, [text(r#"{"0":"x"}"#), text("0")]), Some("x")),
        (call(Function::JsonText, [text("no JSON"), text("a")]), None),
    ]);
}

#[test]
fn nasty_texts_arrive_as_they_are() {
    let nasty = [
        "'",
        "''",
        r"\",
        r"\'",
        r"\\'",
        r"\' OR 1=1 -- ",
        "\"; DROP",
        "/*",
        "--",
        "#",
        "a\nb",
        "a\r\nb",
        "\u{1}",
        "a\0b",
        "\0",
        "\u{2019}",
        "\u{ff07}",
        "🙂",
        "`",
        "$1",
        "@p1",
        "%s",
        "${x}",
        "{{ x }}",
        r"\n",
        r"\u0041",
        "\u{85}",
        "",
    ];
    // Compared inside of the engine as well, since a terminal of text could hide a difference.
    let cases = nasty.iter().flat_map(|value| {
        let length = value.chars().count().to_string();
        let length: &'static str = Box::leak(length.into_boxed_str());
        [(text(value), Some(*value)), (call(Function::Length, [text(value)]), Some(length))]
    });
    check(&cases.collect::<Vec<_>>());
}

#[test]
fn conditions_mean_the_same_everywhere() {
    let unknown = || null(ColumnType::Boolean);
    let yes = || Expr::Literal(Literal::Boolean(true));
    let not = |arg| Expr::Unary { op: UnaryOp::Not, arg: Box::new(arg) };
    let within = |list, negated| Expr::In { arg: Box::new(int(1)), list, negated };
    let between =
        |negated| Expr::Between { arg: Box::new(int(2)), low: Box::new(int(1)), high: Box::new(int(2)), negated };
    check(&[
        (unknown().and(yes()), None),
        (unknown().or(yes()), Some("true")),
        (not(unknown()), None),
        (not(unknown()).is_true(true), Some("true")),
        (unknown().is_true(false), Some("false")),
        (unknown().is_null(false), Some("true")),
        (int(1).binary(BinaryOp::NotEq, null(ColumnType::Integer)), None),
        (int(1).binary(BinaryOp::Same, null(ColumnType::Integer)), Some("false")),
        (null(ColumnType::Integer).binary(BinaryOp::Same, null(ColumnType::Integer)), Some("true")),
        (within(vec![], false), Some("false")),
        (within(vec![], true), Some("true")),
        (within(vec![int(2), null(ColumnType::Integer)], true), None),
        (within(vec![int(2), int(1)], false), Some("true")),
        (between(false), Some("true")),
        (between(true), Some("false")),
        (int(1).when(unknown()), None),
        (call(Function::Contains, [text("ab"), text("b")]).binary(BinaryOp::Eq, yes()), Some("true")),
        (not(call(Function::Contains, [text("ab"), text("b")])), Some("false")),
    ]);
}

#[test]
fn clocks_go_forward_and_back_everywhere_alike() {
    let local = |zone, value| call(Function::LocalTime(zone), [instant(value)]);
    let day = |zone, value| call(Function::DateOf, [local(zone, value)]);
    let period = |granularity: &str, zone, value| {
        let granularity = Granularity::from_name(granularity).expect("a granularity");
        period_of_instant(instant(value), granularity, zone, ClockChanges::between(zone, None, None))
    };
    let hour = |zone, value| period("hour", zone, value);
    let from_wall = |zone, value| call(Function::InstantOf(zone), [wall(value)]);
    let (berlin, kolkata, lord_howe, cairo) =
        (Tz::Europe__Berlin, Tz::Asia__Kolkata, Tz::Australia__Lord_Howe, Tz::Africa__Cairo);
    check(&[
        (local(berlin, "2024-03-31T00:59:59"), Some("2024-03-31 01:59:59")),
        (local(berlin, "2024-03-31T01:00:00"), Some("2024-03-31 03:00:00")),
        (local(berlin, "2024-10-27T00:59:59"), Some("2024-10-27 02:59:59")),
        (local(berlin, "2024-10-27T01:00:00"), Some("2024-10-27 02:00:00")),
        (local(kolkata, "2024-01-01T18:30:00"), Some("2024-01-02 00:00:00")),
        (local(lord_howe, "2024-04-06T14:59:59"), Some("2024-04-07 01:59:59")),
        (local(lord_howe, "2024-04-06T15:00:00"), Some("2024-04-07 01:30:00")),
        (day(berlin, "2024-03-30T22:59:59"), Some("2024-03-30")),
        (day(berlin, "2024-03-30T23:00:00"), Some("2024-03-31")),
        (day(berlin, "2024-03-31T22:00:00"), Some("2024-04-01")),
        (day(kolkata, "2024-01-01T18:29:59"), Some("2024-01-01")),
        (day(cairo, "2023-04-27T21:59:59"), Some("2023-04-27")),
        (day(cairo, "2023-04-27T22:00:00"), Some("2023-04-28")),
        (hour(berlin, "2024-10-27T00:15:00"), Some("2024-10-27 00:00:00+00")),
        (hour(berlin, "2024-10-27T01:15:00"), Some("2024-10-27 01:00:00+00")),
        (hour(kolkata, "2024-01-01T00:15:00"), Some("2023-12-31 23:30:00+00")),
        (hour(kolkata, "2024-01-01T00:30:00"), Some("2024-01-01 00:30:00+00")),
        (hour(lord_howe, "2024-01-01T00:30:00"), Some("2024-01-01 00:00:00+00")),
        (hour(lord_howe, "2024-07-01T00:15:00"), Some("2024-06-30 23:30:00+00")),
        (hour(lord_howe, "2024-04-06T14:59:59"), Some("2024-04-06 14:00:00+00")),
        (hour(lord_howe, "2024-04-06T15:10:00"), Some("2024-04-06 15:00:00+00")),
        (hour(lord_howe, "2024-04-06T15:30:00"), Some("2024-04-06 15:30:00+00")),
        (hour(lord_howe, "2024-10-05T15:20:00"), Some("2024-10-05 14:30:00+00")),
        (hour(lord_howe, "2024-10-05T15:40:00"), Some("2024-10-05 15:30:00+00")),
        (period("minute20", lord_howe, "2024-04-06T15:05:00"), Some("2024-04-06 15:00:00+00")),
        (period("minute20", lord_howe, "2024-04-06T15:15:00"), Some("2024-04-06 15:10:00+00")),
        (period("minute30", Tz::Asia__Kathmandu, "2024-04-06T15:20:00"), Some("2024-04-06 15:15:00+00")),
        (period("minute15", berlin, "1969-12-31T23:59:59"), Some("1969-12-31 23:45:00+00")),
        (period("second", berlin, "2024-04-06T15:20:07"), Some("2024-04-06 15:20:07+00")),
        (period("hour6", berlin, "2024-10-27T04:30:00"), Some("2024-10-26 22:00:00+00")),
        (period("hour6", berlin, "2024-03-31T03:59:59"), Some("2024-03-30 23:00:00+00")),
        (period("hour2", berlin, "2024-10-27T00:30:00"), Some("2024-10-27 00:00:00+00")),
        (period("hour2", berlin, "2024-10-27T01:30:00"), Some("2024-10-27 00:00:00+00")),
        (period("hour2", berlin, "2024-03-31T01:30:00"), Some("2024-03-31 01:00:00+00")),
        (period("hour12", Tz::America__Havana, "2024-11-03T06:30:00"), Some("2024-11-03 04:00:00+00")),
        (from_wall(berlin, "2024-06-01T00:00:00"), Some("2024-05-31 22:00:00+00")),
        (from_wall(berlin, "2024-03-31T02:30:00"), Some("2024-03-31 01:30:00+00")),
        (from_wall(cairo, "2023-04-28T00:00:00"), Some("2023-04-27 22:00:00+00")),
        (call(Function::InstantOf(kolkata), [date("2024-01-02")]), Some("2024-01-01 18:30:00+00")),
    ]);
}

#[test]
fn times_move_and_are_cut_everywhere_alike() {
    let cut = |granularity, time| {
        call(Function::Truncate { granularity, week_start: Weekday::Sun, fiscal_start_month: 2 }, [time])
    };
    let of = |name| Granularity::from_name(name).expect("a granularity");
    let moved = |unit, time, count| call(Function::AddUnits(unit), [time, int(count)]);
    check(&[
        (cut(Granularity::HOUR, wall("2024-02-29T12:34:56.5")), Some("2024-02-29 12:00:00")),
        (cut(Granularity::Second, wall("2024-02-29T12:34:56.5")), Some("2024-02-29 12:34:56")),
        (cut(Granularity::MINUTE, wall("1955-02-28T12:34:56.5")), Some("1955-02-28 12:34:00")),
        (cut(of("minute15"), wall("1955-02-28T12:34:56.5")), Some("1955-02-28 12:30:00")),
        (cut(of("hour6"), wall("2024-02-29T23:59:59.5")), Some("2024-02-29 18:00:00")),
        (cut(Granularity::Day, wall("2024-02-29T12:34:56.5")), Some("2024-02-29")),
        (cut(Granularity::Week, wall("2024-03-02T23:59:59")), Some("2024-02-25")),
        (cut(Granularity::Week, unknown_date("2024-02-25")), Some("2024-02-25")),
        (cut(Granularity::Month, unknown_date("2024-02-29")), Some("2024-02-01")),
        (cut(Granularity::FiscalYear, wall("2024-01-31T12:00:00")), Some("2023-02-01")),
        (cut(Granularity::FiscalQuarter, unknown_date("2024-01-31")), Some("2023-11-01")),
        (moved(Unit::Day, date("2024-02-28"), 2), Some("2024-03-01")),
        (moved(Unit::Week, date("2024-02-28"), -52), Some("2023-03-01")),
        (moved(Unit::Month, date("2024-03-31"), -1), Some("2024-02-29")),
        (moved(Unit::Quarter, date("2024-01-31"), 1), Some("2024-04-30")),
        (moved(Unit::Year, date("2024-02-29"), -1), Some("2023-02-28")),
        (moved(Unit::Hour, wall("2024-02-29T23:30:00"), 1), Some("2024-03-01 00:30:00")),
        (moved(Unit::Month, wall("2024-03-31T10:00:00"), -1), Some("2024-02-29 10:00:00")),
        (moved(Unit::Minute, instant("2024-02-29T23:30:00"), -31), Some("2024-02-29 22:59:00+00")),
        (moved(Unit::Second, instant("2024-02-29T23:59:30"), 45), Some("2024-03-01 00:00:15+00")),
        (moved(Unit::Second, wall("2024-02-29T23:59:30"), -45), Some("2024-02-29 23:58:45")),
        (moved(Unit::Hour, instant("2024-02-29T23:30:00"), 1), Some("2024-03-01 00:30:00+00")),
        (call(Function::DateOf, [moved(Unit::Month, unknown_date("2024-03-31"), -1)]), Some("2024-02-29")),
        (call(Function::DateOf, [moved(Unit::Week, unknown_date("2024-03-31"), -1)]), Some("2024-03-24")),
        (
            call(Function::AddUnits(Unit::Month), [date("2024-03-31"), call(Function::Length, [text("ab")])]),
            Some("2024-05-31"),
        ),
        (
            call(Function::AddUnits(Unit::Week), [wall("2024-03-31T00:00:00"), call(Function::Length, [text("ab")])]),
            Some("2024-04-14 00:00:00"),
        ),
    ]);
}

#[test]
fn aggregates_mean_the_same_everywhere() {
    let days = |last: &str| entente::sql::From::Days {
        from: Box::new(date("2024-01-01")),
        to: Box::new(date(last)),
        alias: "days".to_owned(),
        column: "d".to_owned(),
    };
    let number = || {
        // 0 for the first day, 1 for the second …, null for the fourth.
        let since = call(
            Function::PeriodsBetween { granularity: Granularity::Day, week_start: Weekday::Mon, fiscal_start_month: 1 },
            [date("2024-01-01"), SqlExpr::column("days", "d")],
        );
        call(Function::NullIf, [since, int(3)])
    };
    let aggregate = |function, arg: Option<SqlExpr>| SqlExpr::aggregate(function, arg);
    let big = || number().binary(BinaryOp::Add, int(9_007_199_254_740_992));
    let select = |last: &str, exprs: Vec<SqlExpr>| Select {
        items: exprs.into_iter().enumerate().map(|(at, expr)| expr.named(format!("x{at}"))).collect(),
        from: Some(days(last)),
        ..Select::default()
    };
    let exprs = || {
        vec![
            aggregate(AggregateFunction::Count, None),
            aggregate(AggregateFunction::Count, Some(number())),
            aggregate(AggregateFunction::CountDistinct, Some(number().binary(BinaryOp::Modulo, int(2)))),
            aggregate(AggregateFunction::Sum, Some(big())),
            aggregate(AggregateFunction::Sum, Some(number().binary(BinaryOp::Multiply, decimal("0.1")))),
            aggregate(AggregateFunction::Avg, Some(number().binary(BinaryOp::Multiply, decimal("1")))),
            aggregate(AggregateFunction::Min, Some(number())),
            aggregate(AggregateFunction::Max, Some(number())),
            aggregate(AggregateFunction::AnyValue, Some(text("x"))),
        ]
    };
    let row = |values: &[Option<&str>]| vec![values.iter().map(|value| value.map(str::to_owned)).collect::<Vec<_>>()];
    let five = row(&[
        Some("5"),
        Some("4"),
        Some("2"),
        Some("36028797018963975"),
        Some("0.7"),
        Some("1.75"),
        Some("0"),
        Some("4"),
        Some("x"),
    ]);
    let none = row(&[Some("0"), Some("0"), Some("0"), None, None, None, None, None, None]);
    let answers = run_everywhere(&[select("2024-01-05", exprs()), select("2023-12-31", exprs())]);
    assert!(answers[0].iter().all(|(_, rows)| *rows == five), "{:?}", answers[0]);
    assert!(answers[1].iter().all(|(_, rows)| *rows == none), "{:?}", answers[1]);
}

#[test]
fn nulls_stand_where_the_order_says() {
    let month = call(Function::NullIf, [SqlExpr::bare("d"), date("2024-01-02")]);
    let select = |descending, nulls_first| Select {
        items: vec![month.clone().named("x")],
        from: Some(entente::sql::From::Days {
            from: Box::new(date("2024-01-01")),
            to: Box::new(date("2024-01-03")),
            alias: "days".to_owned(),
            column: "d".to_owned(),
        }),
        order_by: vec![OrderTerm { expr: SqlExpr::bare("x"), descending, nulls_first }],
        ..Select::default()
    };
    let (first, third) = (Some("2024-01-01".to_owned()), Some("2024-01-03".to_owned()));
    let selects = [select(false, false), select(false, true), select(true, false), select(true, true)];
    let expected = [
        [first.clone(), third.clone(), None],
        [None, first.clone(), third.clone()],
        [third.clone(), first.clone(), None],
        [None, third, first],
    ];
    for (answers, expected) in run_everywhere(&selects).into_iter().zip(expected) {
        for (engine, rows) in answers {
            assert_eq!(rows.into_iter().flatten().collect::<Vec<_>>(), expected, "{engine}");
        }
    }
}
