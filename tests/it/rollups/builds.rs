//! Builds that are stopped after any statement, and builds at the same time.

use std::sync::Barrier;

use entente::{
    engine::{Storing, build, stored_of},
    sql::{self, Dialect, Select, Statement},
    warehouse::{Error, Rows},
};

use super::{Shop, now, texts};

/// A warehouse that a build loses after so many statements, beginnings and ends of transactions among them.
struct Lost<'s> {
    shop: &'s Shop,
    left: usize,
}

#[derive(Debug)]
enum Stop {
    Lost,
    Refused(Error),
}

impl Storing for Lost<'_> {
    type Error = Stop;

    fn ask(&mut self, select: &Select) -> Result<Rows, Stop> {
        self.left = self.left.checked_sub(1).ok_or(Stop::Lost)?;
        self.shop.database.query_blocking(&sql::print(select, Dialect::DuckDb)).map_err(Stop::Refused)
    }

    fn execute(&mut self, statements: &[Statement]) -> Result<(), Stop> {
        let texts = texts(statements);
        let run = |texts: &[String], end: &str| {
            let text = format!("BEGIN TRANSACTION; {}; {end}", texts.join("; "));
            self.shop.database.execute_batch(&text).map_err(Stop::Refused)
        };
        match self.left.checked_sub(texts.len() + 1) {
            Some(left) => {
                run(&texts, "COMMIT")?;
                self.left = left;
                Ok(())
            }
            None => match std::mem::take(&mut self.left) {
                0 => Err(Stop::Lost),
                done => run(&texts[..done.min(texts.len())], "ROLLBACK").and(Err(Stop::Lost)),
            },
        }
    }
}

#[test]
fn a_build_that_is_stopped_goes_on_where_it_was() {
    let whole = Shop::new();
    let built = build(&whole.table(), now(), &mut whole.store()).expect("it is built");
    assert_eq!(built.steps, 4, "October to January");
    let (table, state) = (whole.table().name.clone(), whole.table().state().name.clone());
    let expected = whole.rows(&table);
    assert!(expected.len > 300, "{}", expected.len);
    let mut stopped = 0;
    loop {
        let shop = Shop::new();
        match build(&shop.table(), now(), &mut Lost { shop: &shop, left: stopped }) {
            Ok(built) => {
                assert_eq!(built.steps, 4);
                break;
            }
            Err(Stop::Lost) => {}
            Err(Stop::Refused(error)) => panic!("{error} {:?}", error.detail()),
        }
        what_is_said_is_stored(&shop, &table, &expected);
        build(&shop.table(), now(), &mut shop.store()).expect("it goes on");
        assert_eq!(shop.rows(&table), expected, "stopped after {stopped} statements");
        assert_eq!(shop.rows(&state), whole.rows(&state), "stopped after {stopped} statements");
        stopped += 1;
    }
    assert!(stopped > 30, "{stopped}");
}

/// Holds the rows before the day that the state tells against those of a whole build.
fn what_is_said_is_stored(shop: &Shop, table: &str, expected: &Rows) {
    let mut store = shop.store();
    let Ok(state) = store.ask(&shop.table().read_state()) else { return };
    let Some(stored) = stored_of(&shop.table(), &state) else { return };
    let before = |rows: &Rows| {
        let until = stored.until.to_string();
        (0..rows.len).filter(|row| rows.columns[1].text(*row).is_some_and(|day| day < until)).count()
    };
    let rows = shop.rows(table);
    assert_eq!(before(&rows), before(expected), "before {}", stored.until);
    assert_eq!(stored.rows, rows.len as u64);
}

#[test]
fn builds_at_the_same_time_store_each_row_once() {
    let whole = Shop::new();
    build(&whole.table(), now(), &mut whole.store()).expect("it is built");
    let (table, state) = (whole.table().name.clone(), whole.table().state().name.clone());
    for round in 0..10 {
        let shop = Shop::new();
        let together = Barrier::new(3);
        std::thread::scope(|scope| {
            for builder in 0..3 {
                let (shop, together) = (&shop, &together);
                scope.spawn(move || {
                    let mut store = shop.store();
                    together.wait();
                    let built = build(&shop.table(), now(), &mut store);
                    let built = built.unwrap_or_else(|error| panic!("{builder}: {error} {:?}", error.detail()));
                    assert!(built.stored.is_some_and(|stored| stored.until.to_string() == "2026-01-08"));
                });
            }
        });
        assert_eq!(shop.rows(&table), whole.rows(&table), "round {round}");
        let latest = |shop: &Shop| {
            let rows = shop.rows(&state);
            (rows.columns[1].text(rows.len - 1), rows.columns[2].text(rows.len - 1))
        };
        assert_eq!(latest(&shop), latest(&whole), "round {round}");
    }
}

#[test]
fn a_table_that_somebody_removed_is_not_taken_for_an_empty_one() {
    let shop = Shop::new();
    build(&shop.table(), now(), &mut shop.store()).expect("it is built");
    let table = shop.table().name.clone();
    shop.database.execute_batch(&format!("DROP TABLE {table}")).expect("it is dropped");
    let later = now() + chrono::TimeDelta::days(1);
    let error = build(&shop.table(), later, &mut shop.store()).expect_err("its rows are gone");
    assert!(matches!(error, Error::Refused(_)), "{error}");
}
