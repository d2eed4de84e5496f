//! `entente query` and `entente explain` on the worked example: shapes of answers, words of requests, what is told beside them.

use entente::warehouse::duckdb::{Access, DuckDb};

use crate::command::{NOW, Project, Ran, Scale};

#[test]
fn a_query_answers_in_every_shape() {
    let project = Project::parcel(Scale::Hundredth);
    let ask = |format: &str| {
        let request = ["query", "-m", "parcels_booked,on_time_delivery_rate", "-b", "service", "-t", "2025"];
        project.run(request.into_iter().chain(["-w", "service in ('express', 'same_day')", "-f", format])).worked()
    };
    let table = ask("table");
    let mut lines = table.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("service")), "{table}");
    assert_eq!(lines.count(), 2, "{table}");
    assert!(table.contains('%'), "the rate is shown as its metric says:\n{table}");

    let csv = ask("csv");
    assert!(csv.starts_with("service,parcels_booked,on_time_delivery_rate\n"), "{csv}");
    assert!(!csv.contains('%'), "CSV is exact:\n{csv}");

    let json: serde_json::Value = serde_json::from_str(&ask("json")).expect("it is JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(2));
    assert!(json[0]["parcels_booked"].is_u64(), "{json}");
}

#[test]
fn a_query_says_which_periods_are_not_whole() {
    let project = Project::parcel(Scale::Hundredth);
    let request = ["query", "-m", "parcels_booked", "-b", "time.month", "-o", "time.month", "-t"];
    let ask = |range: &str, format: &str| project.run(request.into_iter().chain([range, "-f", format]));

    let json = ask("2025-03-10 to 2025-06-01", "json").worked();
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    let rows = json.as_array().expect("it is an array");
    let marks: Vec<bool> = rows.iter().filter_map(|row| row["is_partial"].as_bool()).collect();
    assert_eq!(marks, [true, false, false], "{json}");

    let table = ask("2025-03-10 to 2025-06-01", "table");
    assert!(
        table.err.contains("1 of 3 rows stands for a period that is not over, or cut by the range"),
        "{}",
        table.err
    );
    let whole = ask("2025-03 to 2025-06", "table");
    assert!(!whole.err.contains("not over"), "{}", whole.err);
}

#[test]
fn periods_that_a_calendar_calls_by_labels_are_told_to_be_cut() {
    let project = Project::parcel(Scale::Hundredth);
    let terms = "CREATE TABLE marts.dim_terms AS SELECT calendar_date, \
        CASE WHEN calendar_date < DATE '2025-04-01' THEN 'winter' WHEN calendar_date < DATE '2025-10-01' THEN 'summer' END AS term \
        FROM marts.dim_retail_calendar WHERE calendar_date >= DATE '2025-01-01' AND calendar_date < DATE '2025-10-01'";
    let file = project.path("parcel.duckdb");
    DuckDb::open(&file, Access::ReadWrite).and_then(|file| file.execute_batch(terms)).expect("a table is made");
    project.write(
        "metrics/terms.yml",
        "calendars:\n  - name: terms\n    table: marts.dim_terms\n    date: calendar_date\n    granularities: { term: {} }\n",
    );
    project.run(["catalog", "pull"]).worked();
    let request = ["query", "-m", "parcels_booked", "-b", "time.term", "-o", "time.term", "-f", "json", "-t"];
    let marks = |range: &str| -> Vec<(String, bool)> {
        let json = project.run(request.into_iter().chain([range])).worked();
        let rows: Vec<serde_json::Value> = serde_json::from_str(&json).expect("it is JSON");
        let mark = |row: &serde_json::Value| {
            (row["time.term"].as_str().expect("a label").to_owned(), row["is_partial"].as_bool().expect("a mark"))
        };
        rows.iter().map(mark).collect()
    };
    let (summer, winter) = ("summer".to_owned(), "winter".to_owned());
    assert_eq!(marks("2025-01-01 to 2025-09-01"), [(winter.clone(), false), (summer.clone(), true)]);
    assert_eq!(marks("2025-02-01 to 2025-10-01"), [(winter, true), (summer, false)]);
}

#[test]
fn a_metric_that_is_called_like_a_key_is_no_second_column() {
    let project = Project::parcel(Scale::Hundredth);
    project.write(
        "metrics/twice.yml",
        "metrics:\n  - { name: service, description: Services., owner: network-pm, model: shipments, agg: count_distinct, expr: service }\n",
    );
    project
        .run(["query", "-m", "service", "-b", "service"])
        .failed(2, &["`service` is a metric and a key", "shipments"]);
    let both = project.run(["query", "-m", "service", "-b", "shipments.service", "-f", "csv"]).worked();
    assert!(both.starts_with("shipments.service,service\n"), "{both}");
}

#[test]
fn a_metric_that_is_called_like_another_one_with_its_words_is_not_taken_for_it() {
    let project = Project::parcel(Scale::Hundredth);
    project.write(
        "metrics/share.yml",
        "metrics:\n  - { name: revenue_share, description: Parcels., owner: network-pm, model: shipments, agg: count }\n",
    );
    for both in ["revenue share,revenue_share", "revenue_share,revenue share"] {
        project
            .run(["query", "-m", both, "-b", "service", "-t", "2025"])
            .failed(1, &["two different metrics", "`revenue_share`", "one of them only"]);
    }
    let share = ["query", "-m", "revenue share", "-b", "service", "-t", "2025"];
    project.run(share).worked();
    project
        .run(share.into_iter().chain(["--having", "revenue_share > 5000"]))
        .failed(1, &["`revenue_share`", "Rename"]);
    project.run(["query", "-m", "revenue share,revenue share", "-b", "service", "-t", "2025"]).worked();
}

#[test]
fn the_parts_of_a_query_add_up_to_the_whole() {
    let project = Project::parcel(Scale::Hundredth);
    let number = |ran: Ran| -> u64 {
        ran.worked()
            .lines()
            .skip(1)
            .map(|line| line.rsplit(',').next().expect("a field").parse::<u64>().expect("a count"))
            .sum()
    };
    let whole = number(project.run(["query", "-m", "parcels_booked", "-f", "csv"]));
    for key in ["service", "customers.country", "time.month", "origin.region", "time.day_of_week", "weight_class"] {
        assert_eq!(number(project.run(["query", "-m", "parcels_booked", "-b", key, "-f", "csv"])), whole, "by {key}");
    }
}

#[test]
fn having_order_limit_and_top_choose_rows() {
    let project = Project::parcel(Scale::Hundredth);
    let rows = |arguments: &[&str]| {
        let base = ["query", "-m", "parcels_booked", "-b", "customers.name", "-f", "csv"];
        let out = project.run(base.iter().chain(arguments)).worked();
        out.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["--limit", "3", "--order", "parcels_booked desc"]).len(), 3);
    let all = rows(&[]).len();
    let many = rows(&["--having", "parcels_booked > 20"]).len();
    assert!(many > 0 && many < all, "{many} of {all}");
    let top = rows(&["--top", "3 customers.name by parcels_booked with others"]);
    assert_eq!(top.len(), 4, "{top:?}");
}

#[test]
fn empty_periods_are_filled_when_asked() {
    let project = Project::parcel(Scale::Hundredth);
    let base = ["query", "-m", "parcels_booked", "-b", "time.day", "-t", "1990-01-01 to 1990-01-04", "-f", "csv"];
    assert_eq!(project.run(base).worked(), "time.day,parcels_booked\n");
    let filled = project.run(base.into_iter().chain(["--fill", "time"])).worked();
    assert_eq!(filled, "time.day,parcels_booked\n1990-01-01,0\n1990-01-02,0\n1990-01-03,0\n");
}

#[test]
fn a_saved_query_is_run_by_its_name() {
    let project = Project::parcel(Scale::Hundredth);
    let out = project.run(["query", "--saved", "weekly_network_review", "--now", NOW, "-f", "csv"]).worked();
    assert!(out.starts_with("time.week,origin.region,parcels_booked,"), "{out}");
    project
        .run(["query", "--saved", "weekly_netwrk_review"])
        .failed(2, &["unknown saved query", "Did you mean `weekly_network_review`?"]);
}

#[test]
fn a_plan_is_explained_stage_by_stage() {
    let project = Project::parcel(Scale::Hundredth);
    let out =
        project.run(["explain", "-m", "revenue,claims", "-b", "time.month,customers.country", "-t", "2025"]).worked();
    for section in ["request", "time", "joins", "plan", "partitions", "sql (duckdb)"] {
        assert!(out.lines().any(|line| line == section), "there is no section `{section}`:\n{out}");
    }
    assert!(out.contains("marts.fct_shipments.booked_date: proved to be in ["), "{out}");
}
