//! Stops of couriers, and what lies in the depots.

use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};

use super::{
    World, calendar,
    random::Random,
    row::{day, integer, quotient, text},
};
use crate::{
    sql::Literal,
    warehouse::{Error, duckdb::NewRows},
};

/// Writes `marts.fct_stops`.
pub(super) fn write_stops(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    let weights: Vec<(usize, u64)> = world.depots.iter().map(|depot| depot.weight).enumerate().collect();
    for index in world.counted(world.stops) {
        let mut random = Random::of("stops", index);
        let date = world.day_of(index, world.stops);
        let depot = random.pick(&weights);
        let couriers = world.depots[depot].weight / 4 + 2;
        let courier = u64::try_from(depot).expect("small") * 1_000 + random.below(couriers);
        let arrived = date.and_time(NaiveTime::MIN) + TimeDelta::seconds(random.between(8 * 3_600, 19 * 3_600));
        rows.push(&[
            integer(i64::try_from(index).expect("small") + 1),
            text(world.depots[depot].id),
            integer(i64::try_from(courier).expect("small")),
            text(random.pick(&[("delivery", 800), ("pickup", 200)])),
            day(date),
            Literal::DateTime(arrived),
            integer(random.pick(&[(1, 550), (2, 220), (3, 110), (4, 60), (7, 40), (12, 20)])),
            quotient(random.between(15, 140), 10),
        ])?;
    }
    Ok(())
}

/// Writes `marts.depot_inventory`; small depots do not count on Sundays, and Adelaide forgot one July.
pub(super) fn write_inventory(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    for index in world.counted(calendar::DAYS) {
        let date = calendar::day(index);
        for depot in &world.depots {
            let mut random = Random::of(depot.id, index);
            let small = depot.weight < 40;
            let forgot = depot.id == "ADL1" && date.year() == 2025 && date.month() == 7;
            if (small && date.weekday() == Weekday::Sun) || forgot || random.chance(15) {
                continue;
            }
            let busy = calendar::busyness(date) * depot.weight / 2_000;
            let parcels = busy * (80 + random.below(45)) / 100;
            rows.push(&[
                day(date),
                text(depot.id),
                integer(i64::try_from(parcels).expect("small")),
                quotient(random.between(10, 960), 10),
            ])?;
        }
    }
    Ok(())
}
