//! Tables that are not what they were left as: found, and stored again.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use entente::{
    engine::{Fault, build, build_again, fault, stored_of},
    project::Stored,
    time::{DateTime, Utc},
};

use chrono::TimeDelta;

use super::{Shop, Storing, now};
use crate::command::{Project, Scale};

/// A shop whose rollup is stored.
fn built() -> Shop {
    let shop = Shop::new();
    build(&shop.table(), now(), &mut shop.store()).expect("it is built");
    shop
}

fn stored(shop: &Shop) -> Stored {
    let state = shop.store().ask(&shop.table().read_state()).expect("there is a state");
    stored_of(&shop.table(), &state).expect("it is stored")
}

fn found(shop: &Shop, at: DateTime<Utc>) -> Option<Fault> {
    fault(&shop.table(), &stored(shop), at, &mut shop.store()).unwrap_or_else(|error| panic!("{:?}", error.detail()))
}

/// A day after all was stored.
fn later() -> DateTime<Utc> {
    now() + TimeDelta::days(1)
}

#[test]
fn a_table_that_is_not_what_it_was_left_as_is_told() {
    let table = built().table().name.clone();
    let changes = [
        ("SELECT 1".to_owned(), None),
        (format!("DELETE FROM {table} WHERE booked_at_day < '2025-11-01'"), Some(Fault::Rows(340))),
        (format!("DROP TABLE {table}"), Some(Fault::Gone)),
        (
            "ALTER TABLE orders ALTER price TYPE DECIMAL(12, 4)".to_owned(),
            Some(Fault::Types(vec!["revenue".to_owned()])),
        ),
        ("ALTER TABLE orders ALTER price TYPE DOUBLE".to_owned(), Some(Fault::Types(vec!["revenue".to_owned()]))),
    ];
    for (change, expected) in changes {
        let shop = built();
        shop.database.execute_batch(&change).expect("it is changed");
        assert_eq!(found(&shop, later()), expected, "{change}");
    }
    let shop = Shop::new();
    build(&shop.table(), now() + TimeDelta::days(365), &mut shop.store()).expect("it is built");
    assert_eq!(found(&shop, now()), Some(Fault::Ahead("2026-01-08".parse().expect("a day"))));
}

#[test]
fn a_table_is_stored_again_as_if_it_was_built_anew() {
    let correction = "UPDATE orders SET price = 17 WHERE order_id = 300; DELETE FROM orders WHERE order_id = 301;
                      INSERT INTO orders VALUES (9000, '2025-09-01 12:00:00+00', 'channel 1', 3)";
    let anew = Shop::new();
    anew.database.execute_batch(correction).expect("it is corrected");
    let table = anew.table().name.clone();
    let state = anew.table().state().name.clone();
    build(&anew.table(), later(), &mut anew.store()).expect("it is built");
    let expected = anew.rows(&table);
    for (damage, at) in [
        ("SELECT 1".to_owned(), now()),
        (format!("DELETE FROM {table}"), now()),
        ("SELECT 1".to_owned(), now() + TimeDelta::days(365)),
    ] {
        let shop = Shop::new();
        build(&shop.table(), at, &mut shop.store()).expect("it is built");
        shop.database.execute_batch(correction).expect("it is corrected");
        shop.database.execute_batch(&damage).expect("it is changed");
        let again = build_again(&shop.table(), None, later(), &mut shop.store()).expect("it is built");
        assert!(again.steps >= 5, "{again:?}");
        assert_eq!(shop.rows(&table), expected, "{damage} {at}");
        assert_eq!(shop.rows(&state), anew.rows(&state), "{damage} {at}");
        assert_eq!(found(&shop, later()), None);
    }
}

#[test]
fn what_lies_before_the_day_from_which_a_table_is_stored_again_stays() {
    let shop = built();
    let table = shop.table().name.clone();
    let day = |shop: &Shop, day: &str| {
        let rows = shop.rows(&format!("(SELECT * FROM {table} WHERE booked_at_day = '{day}')"));
        (rows.len, rows.columns[2].text(0))
    };
    let before = [day(&shop, "2025-10-30"), day(&shop, "2025-11-05")];
    shop.database.execute_batch("UPDATE orders SET price = 900").expect("it is corrected");
    let from = "2025-11-01".parse().ok();
    build_again(&shop.table(), from, now(), &mut shop.store()).expect("it is built");
    assert_eq!(day(&shop, "2025-10-30"), before[0]);
    assert_ne!(day(&shop, "2025-11-05"), before[1]);
}

#[test]
fn whoever_reads_while_a_table_is_stored_again_finds_all_rows() {
    let shop = built();
    let table = shop.table().name.clone();
    let n_rows = shop.rows(&table).len;
    let is_done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (reader, done) = (&shop, is_done.clone());
        let table = &table;
        let reading = scope.spawn(move || {
            let mut looks = 0;
            while !done.load(Ordering::Relaxed) {
                assert_eq!(reader.rows(table).len, n_rows);
                looks += 1;
            }
            looks
        });
        build_again(&shop.table(), None, now(), &mut shop.store()).expect("it is built");
        is_done.store(true, Ordering::Relaxed);
        assert!(reading.join().expect("no row is missing") > 0);
    });
}

#[test]
fn a_table_that_is_gone_is_told_and_can_be_built_anew() {
    let project = Project::parcel(Scale::Hundredth);
    let at = ["--now", "2026-01-15T12:00:00Z"];
    let build = |more: &[&str]| project.run([&["rollups", "build"], &at[..], more].concat());
    build(&[]).worked();
    let status = || project.run([&["rollups", "status"], &at[..]].concat()).worked();
    let first = status();
    let table = first.split('`').nth(1).expect("it is named").to_owned();
    project.run(["rollups", "build", "--now", "2200-01-01"]).failed(2, &["lies ahead", "Leave `--now`"]);

    let damage = |statement: String| {
        let database = entente::warehouse::duckdb::DuckDb::open(
            &project.path("parcel.duckdb"),
            entente::warehouse::duckdb::Access::ReadWrite,
        );
        database.expect("the warehouse opens").execute_batch(&statement).expect("the statement is right");
    };
    damage(format!("DELETE FROM {table} WHERE booked_at_day > '2025-06-01'"));
    assert!(
        status().contains("rows, so somebody else has changed it: `entente rollups build shipments_daily --again`")
    );
    build(&[]).failed(1, &["shipments_daily is not built", "`entente rollups build shipments_daily --again`"]);
    build(&["--again"]).worked();
    assert_eq!(status(), first);

    damage(format!("DROP TABLE {table}"));
    assert!(status().contains("but the table is gone"), "{}", status());
    build(&["--again"]).failed(1, &["the table is gone", &format!("`entente rollups drop {table} --yes`")]);
    let dropped = project.run(["rollups", "drop", &table, "--yes"]).worked();
    assert!(dropped.ends_with("of `shipments_daily` as it is defined; dropped\n"), "{dropped}");
    build(&[]).worked();
    assert_eq!(status(), first);

    // The rollup is gone from the definitions, and its table is still found.
    let definitions = project.read("metrics/rollups.yml");
    project.write("metrics/rollups.yml", "rollups: []\n");
    let dropped = project.run(["rollups", "drop", &table, "--yes"]).worked();
    assert!(dropped.ends_with("of no rollup of this project; dropped\n"), "{dropped}");
    project.write("metrics/rollups.yml", definitions);
}
