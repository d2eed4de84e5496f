//! A month of a table of two years reads at most a twentieth of its days.

use chrono::{Months, NaiveDate, NaiveTime};
use entente::{plan::RequestText, sql::Literal};

use crate::battery::{
    ask::{self, Warehouse},
    run,
    world::{Column, Partitions, Promised, Shift, Size, ZONES},
};

/// The days of two years, one of them a leap year.
const DAYS: i64 = 731;

#[test]
fn a_month_of_two_years_reads_a_twentieth() {
    let made = run::make(0);
    let warehouse = Warehouse::open();
    let held = warehouse.hold(&made.world);
    let first = NaiveDate::from_ymd_opt(2023, 1, 1).expect("a day");
    for (column, to) in [
        (Column::Day, None),
        (Column::Clock, Some(Shift::Minutes(90))),
        (Column::Instant, Some(Shift::Days(3))),
        (Column::Axis, None),
    ] {
        let mut world = made.world.clone();
        let zone = chrono_tz::UTC;
        world.partitions = Some(Partitions { column, size: Size::Day, zone, of: Promised::Booked, from: None, to });
        for zone in ZONES {
            world.zone = zone;
            let project = held.load(&world.config(), &ask::yaml(&world, &made.metrics)).expect("the world is right");
            for month in 0..24 {
                let from = first + Months::new(month);
                let request = RequestText {
                    metrics: vec!["parcels_ever".to_owned()],
                    time: Some(format!("{from} to {}", from + Months::new(1))),
                    ..RequestText::default()
                };
                let plan = ask::plan_request(&project, &request.parse().expect("a request")).expect("it is planned");
                let [scan] = plan.pruning.as_slice() else { panic!("one scan: {:?}", plan.pruning) };
                let (Some(from), Some(to)) = (&scan.bound.from, &scan.bound.to) else { panic!("no bound: {scan:?}") };
                let hours = (moment(to) - moment(from)).num_hours();
                let days = (hours + 23) / 24;
                assert!(days * 20 <= DAYS, "{days} days of {DAYS} are read: {:?}", scan.bound);
            }
        }
    }
}

fn moment(value: &Literal) -> chrono::NaiveDateTime {
    match value {
        Literal::Date(day) => day.and_time(NaiveTime::MIN),
        Literal::DateTime(time) | Literal::Timestamp(time) => *time,
        other => panic!("{other:?} is no time"),
    }
}
