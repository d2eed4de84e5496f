//! What a selection asks for.

use entente::{
    engine::Failure,
    plan::{KeyKind, OrderBy, PlanErrorCode, Request},
    sql::{BinaryOp, Expr, Literal},
    time::{Granularity, TimePart},
    warehouse::ColumnData,
};
use serde_json::json;

use super::{Recorder, api, ask, asked, code, refusal, respond};

fn only(query: &str) -> Request {
    let mut requests = asked(query);
    assert_eq!(requests.len(), 1, "{query}");
    requests.remove(0)
}

fn keys(request: &Request) -> Vec<&str> {
    request.keys.iter().map(|key| key.name.as_str()).collect()
}

#[test]
fn the_keys_are_the_leaves_below_by() {
    let request = only(
        "{ report { rows { by { time(granularity: MONTH) day: time hour dow: timePart(part: DAY_OF_WEEK)
           customers { country parent { name } } orders { shippedOn(granularity: WEEK) shippedOnPart(part: MONTH_OF_YEAR) } } orders } } }",
    );
    let expected = [
        "time.month",
        "time.day",
        "time.hour",
        "time.day_of_week",
        "customers.country",
        "customers.parent.name",
        "orders.shipped_on.week",
        "orders.shipped_on.month_of_year",
    ];
    assert_eq!(keys(&request), expected);
    assert_eq!(request.keys[2].kind, KeyKind::Time(Granularity::HOUR.into()));
    assert_eq!(request.keys[3].kind, KeyKind::TimePart(TimePart::DayOfWeek));
    assert_eq!(request.limit, Some(1001));
}

#[test]
fn totals_know_neither_having_nor_page_nor_top() {
    let requests = asked(
        r#"{ report(having: {orders: {gt: "1"}}, first: 5, top: {count: 3, of: "customers.country", by: "orders"}, where: {orders: {isPaid: {eq: true}}}, time: {current: MONTH})
            { rows { by { customers { country } } orders } totals { revenue } } }"#,
    );
    let [rows, totals] = requests.as_slice() else { panic!("two requests") };
    assert!(rows.having.is_some() && rows.top.is_some() && rows.limit == Some(6));
    assert_eq!((&totals.having, &totals.top, totals.limit), (&None, &None, None));
    assert!(totals.keys.is_empty() && totals.order.is_empty());
    assert_eq!((&totals.filter, &totals.time), (&rows.filter, &rows.time));
}

#[test]
fn one_grouping_for_each_report() {
    assert_eq!(code(&ask("{ report { a: rows { orders } b: rows { orders } } }")), "ROWS_TWICE");
}

#[test]
fn asserted_keys_must_be_those_selected() {
    let with = |keys: &str| {
        let rows = "rows { by { time(granularity: MONTH) customers { country } } orders }";
        ask(&format!("{{ report(keys: {keys}) {{ {rows} }} }}"))
    };
    assert_eq!(code(&with(r#"["customers.country", "time.month"]"#)), "none");
    assert_eq!(code(&with(r#"["time.month"]"#)), "GRAIN_MISMATCH");
    assert_eq!(code(&with("[]")), "GRAIN_MISMATCH");
}

#[test]
fn the_order_names_response_keys_or_metrics() {
    let request = only(
        r#"{ report(orderBy: [{key: "by.month"}, {key: "n", direction: DESC}, {key: "ly.n"}, {key: "revenue", nulls: FIRST}])
            { rows { by { month: time(granularity: MONTH) } n: orders ly: previous(offset: {unit: YEAR}) { n: orders } } } }"#,
    );
    let by: Vec<&OrderBy> = request.order.iter().map(|order| &order.by).collect();
    let column = |name: &str| OrderBy::Column(name.to_owned());
    let expected = [
        column("time.month"),
        column("orders"),
        column("orders_previous_1_year"),
        OrderBy::Metric("revenue".to_owned()),
    ];
    assert_eq!(by, expected.iter().collect::<Vec<_>>());
    assert!(request.order[1].descending && request.order[3].nulls_first);
    let unknown = ask(r#"{ report(orderBy: [{key: "by.tim"}]) { rows { by { time } orders } } }"#);
    assert_eq!(code(&unknown), "UNKNOWN_ORDER_KEY");
    assert_eq!(unknown["errors"][0]["extensions"]["help"], "Write `by.time`.");
}

#[test]
fn a_selection_without_metric_and_key_is_one_row() {
    let source = Recorder::default();
    let response = respond(&api(), &source, "{ report { rows { isPartial __typename } } }", &json!({}));
    assert_eq!(response["data"]["report"]["rows"], json!([{ "isPartial": false, "__typename": "Row" }]));
    assert!(source.asked().is_empty());
}

fn filter(filter: &str) -> Option<Expr<entente::sql::Name>> {
    only(&format!("{{ report(where: {filter}) {{ totals {{ orders }} }} }}")).filter
}

#[test]
fn values_are_parameters() {
    let text = "'; DROP TABLE orders; --";
    let Some(Expr::Binary { op: BinaryOp::Eq, right, .. }) =
        filter(&format!(r#"{{orders: {{status: {{eq: "{text}"}}}}}}"#))
    else {
        panic!("a comparison")
    };
    assert_eq!(*right, Expr::Parameter(Literal::String(text.to_owned())));
}

#[test]
fn negations_keep_nulls() {
    for negation in [
        r#"{orders: {status: {ne: "x"}}}"#,
        r#"{orders: {status: {notIn: ["x"]}}}"#,
        r#"{not: {orders: {status: {eq: "x"}}}}"#,
        r#"{orders: {not: {status: {eq: "x"}}}}"#,
    ] {
        let condition = filter(negation);
        assert!(matches!(condition, Some(Expr::IsTrue { negated: true, .. })), "{negation}: {condition:?}");
    }
}

#[test]
fn empty_conditions_mean_what_they_say() {
    for always in [
        "{}",
        "{orders: {}}",
        "{orders: {status: {}}}",
        "{and: []}",
        "{and: [{}]}",
        r#"{or: [{}, {orders: {status: {eq: "x"}}}]}"#,
    ] {
        assert_eq!(filter(always), None, "{always}");
    }
    assert_eq!(filter("{not: {}}"), Some(Expr::Literal(Literal::Boolean(false))));
    assert!(matches!(filter("{orders: {status: {in: []}}}"), Some(Expr::In { list, .. }) if list.is_empty()));
    for invalid in [
        "{or: []}",
        "{orders: {or: []}}",
        "{orders: null}",
        "{and: null}",
        "{not: null}",
        "{orders: {status: null}}",
        "{orders: {status: {eq: null}}}",
        "{orders: {status: {in: null}}}",
        "{orders: {status: {isNull: null}}}",
    ] {
        let response = ask(&format!("{{ report(where: {invalid}) {{ totals {{ orders }} }} }}"));
        assert_eq!(code(&response), "INVALID_FILTER", "{invalid}: {response}");
    }
}

#[test]
fn a_variable_that_is_absent_is_a_field_that_is_absent() {
    let query = "query ($s: [String!]) { report(where: {orders: {status: {in: $s}}}) { totals { orders } } }";
    let source = Recorder::default();
    respond(&api(), &source, query, &json!({}));
    assert_eq!(source.asked()[0].filter, None);
    assert_eq!(code(&respond(&api(), &source, query, &json!({ "s": null }))), "INVALID_FILTER");
}

#[test]
fn what_is_not_executed_yet_says_so() {
    for arguments in ["wait: \"5s\"", "maxStaleness: \"1m\""] {
        let response = ask(&format!("{{ report({arguments}) {{ totals {{ orders }} }} }}"));
        assert_eq!(code(&response), "NOT_YET", "{arguments}");
    }
    for field in ["hour(every: 5)", "minute(every: 7)"] {
        let response = ask(&format!("{{ report {{ rows {{ by {{ {field} }} orders }} }} }}"));
        assert_eq!(code(&response), "BAD_USER_INPUT", "{field}");
    }
}

/// Refuses whatever asks for revenue.
fn without_revenue(request: &Request) -> Option<Failure> {
    let asks = request.metrics.iter().any(|metric| metric.metric == "revenue");
    asks.then(|| refusal(PlanErrorCode::UnreachableDimension, "metric `revenue` cannot be grouped by that"))
}

#[test]
fn a_metric_that_fails_leaves_the_others() {
    let source = Recorder { refuse: Some(without_revenue), rows: 2, ..Recorder::default() };
    let query = "{ a: report { rows { by { time } orders money: revenue } totals { revenue orders } } b: report { totals { orders } } }";
    let response = respond(&api(), &source, query, &json!({}));
    let rows = &response["data"]["a"]["rows"];
    assert_eq!(
        (&rows[0]["orders"], &rows[0]["money"], &rows[1]["money"]),
        (&json!("9007199254740993"), &json!(null), &json!(null))
    );
    assert_eq!(response["data"]["a"]["totals"], json!({ "revenue": null, "orders": "9007199254740993" }));
    assert_eq!(response["data"]["b"]["totals"]["orders"], "9007199254740993");
    let errors = response["errors"].as_array().expect("errors");
    let paths: Vec<_> = errors.iter().map(|error| error["path"].to_string()).collect();
    assert_eq!(paths, [r#"["a","rows",0,"money"]"#, r#"["a","totals","revenue"]"#]);
    assert_eq!(code(&response), "UNREACHABLE_DIMENSION");
}

/// Refuses in the warehouse whatever asks for revenue.
fn with_revenue_out_of_range(request: &Request) -> Option<Failure> {
    let asks = request.metrics.iter().any(|metric| metric.metric == "revenue");
    asks.then(|| Failure::WarehouseRefused("a number is out of range".to_owned()))
}

#[test]
fn a_metric_that_the_warehouse_refuses_leaves_the_others() {
    let source = Recorder { refuse: Some(with_revenue_out_of_range), rows: 2, ..Recorder::default() };
    let query = "{ report { rows { by { time } orders revenue avg: averageAmount } trust { definitions { name } } } }";
    let response = respond(&api(), &source, query, &json!({}));
    let report = &response["data"]["report"];
    assert_eq!(report["rows"][1]["orders"], "9007199254740993");
    assert_eq!((&report["rows"][1]["revenue"], report["rows"][1]["avg"].is_null()), (&json!(null), false));
    let errors = response["errors"].as_array().expect("errors");
    assert_eq!((errors.len(), code(&response)), (1, "WAREHOUSE_REFUSED"));
    assert_eq!(errors[0]["path"], json!(["report", "rows", 0, "revenue"]));
    // What is missing was not computed.
    assert_eq!(report["trust"]["definitions"], json!([{ "name": "orders" }, { "name": "average_amount" }]));
}

#[test]
fn what_json_cannot_say_is_null_with_an_error() {
    let number = |number: f64| ColumnData::Float(vec![Some(1.5), Some(number), None]);
    let day = ColumnData::Date(vec![None, Some(0), Some(i32::MAX)]);
    for (column, row) in [(number(f64::NAN), 1), (number(f64::NEG_INFINITY), 1), (day, 2)] {
        let source = Recorder { rows: 3, told: Some(column), ..Recorder::default() };
        let report = respond(&api(), &source, "{ r: report { rows { by { time } orders } } }", &json!({}));
        let table = r#"{ t: metricQuery(input: {metrics: ["orders"], by: ["time.day"]}) { rows } }"#;
        let table = respond(&api(), &source, table, &json!({}));
        for (response, path) in [(report, json!(["r", "rows", row, "orders"])), (table, json!(["t", "rows", row, 1]))] {
            let errors = response["errors"].as_array().expect("errors");
            assert_eq!((errors.len(), code(&response), &errors[0]["path"]), (1, "NOT_FINITE", &path));
        }
    }
}

#[test]
fn what_a_table_asks_for_twice_is_computed_once_and_shown_twice() {
    let source = Recorder { rows: 1, ..Recorder::default() };
    let query = r#"{ metricQuery(input: {metrics: ["orders", "orders"], by: ["orders.status", "time.month", "orders.status"]}) { columns { name } rows } }"#;
    let response = respond(&api(), &source, query, &json!({}));
    let [request] = source.asked().try_into().expect("one request");
    assert_eq!((request.keys.len(), request.metrics.len()), (2, 1));
    let names =
        ["orders.status", "time.month", "orders.status", "orders", "orders"].map(|name| json!({ "name": name }));
    assert_eq!(response["data"]["metricQuery"]["columns"], json!(names));
    let row = &response["data"]["metricQuery"]["rows"][0];
    assert_eq!((&row[0], &row[3]), (&row[2], &row[4]), "{row}");
}

#[test]
fn a_report_of_which_every_metric_fails_is_null() {
    let source = Recorder { refuse: Some(without_revenue), ..Recorder::default() };
    let response =
        respond(&api(), &source, "{ a: report { totals { revenue } } b: report { totals { orders } } }", &json!({}));
    assert_eq!(response["data"]["a"], json!(null));
    assert_eq!(response["data"]["b"]["totals"]["orders"], "9007199254740993");
    assert_eq!(response["errors"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_failure_of_the_warehouse_tells_nothing_of_it() {
    for (failure, expected) in [
        (Failure::Unavailable, "WAREHOUSE_UNAVAILABLE"),
        (Failure::WarehouseRefused("a number is out of range".to_owned()), "WAREHOUSE_REFUSED"),
        (Failure::Internal, "INTERNAL"),
        (Failure::Cancelled, "CANCELLED"),
        (Failure::Forbidden, "FORBIDDEN"),
    ] {
        let refuse: fn(&Request) -> Option<Failure> = match failure {
            Failure::Unavailable => |_| Some(Failure::Unavailable),
            Failure::WarehouseRefused(_) => |_| Some(Failure::WarehouseRefused("a number is out of range".to_owned())),
            Failure::Internal => |_| Some(Failure::Internal),
            Failure::Cancelled => |_| Some(Failure::Cancelled),
            _ => |_| Some(Failure::Forbidden),
        };
        let source = Recorder { refuse: Some(refuse), ..Recorder::default() };
        let response = respond(&api(), &source, "{ report { totals { orders } } }", &json!({}));
        assert_eq!(code(&response), expected);
    }
}

#[test]
fn rows_and_totals_are_one_request_where_that_gives_both() {
    let both = "{ report { rows { by { time } orders revenue } totals { orders } } }";
    let source = Recorder { gives_total: true, rows: 3, ..Recorder::default() };
    let response = respond(&api(), &source, both, &json!({}));
    let [request] = source.asked().try_into().expect("one request");
    assert!(request.total);
    assert_eq!(response["data"]["report"]["totals"], json!({ "orders": "7" }));
    assert_eq!(response["data"]["report"]["rows"].as_array().map(Vec::len), Some(3));
}

#[test]
fn totals_are_apart_where_they_have_metrics_of_their_own_or_one_pass_does_not_give_them() {
    let further = "{ report { rows { by { time } orders } totals { revenue } } }";
    let both = "{ report { rows { by { time } orders } totals { orders } } }";
    for (query, gives_total) in [(further, true), (both, false)] {
        let source = Recorder { gives_total, ..Recorder::default() };
        respond(&api(), &source, query, &json!({}));
        let totals: Vec<bool> = source.asked().iter().map(|request| request.total).collect();
        assert_eq!(totals, [false, false], "{query}");
    }
}
