//! Claims: most parcels have none, some have several.

use super::{
    World,
    calendar::{DAY, TAKEN_AT},
    finance,
    random::Random,
    row::{hundredths, instant, integer, or_null, text},
    shipments::Parcel,
};
use crate::warehouse::{Error, duckdb::NewRows};

/// Added to the number of a parcel that was purged before its claim was settled.
const PURGED: i64 = 50_000_000;

/// Writes `marts.fct_claims`.
pub(super) fn write(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    let mut number = 0;
    for index in world.counted(world.parcels) {
        let mut random = Random::of("claims", index);
        let parcel = Parcel::nth(world, index);
        let late = parcel.delivered.is_some_and(|delivered| delivered > parcel.promised);
        let kind = match parcel.status {
            "lost" if random.chance(900) => "lost",
            "delivered" if late && random.chance(150) => "late",
            "delivered" if random.chance(25) => "damaged",
            _ => continue,
        };
        let count = random.pick(&[(1, 860), (2, 120), (3, 20)]);
        for nth in 0..count {
            let kind = if nth == 0 { kind } else { random.pick(&[(kind, 1), ("damaged", 2)]) };
            let opened = parcel.delivered.unwrap_or(parcel.promised + 3 * DAY) + random.between(DAY / 4, 20 * DAY);
            if opened >= TAKEN_AT {
                continue;
            }
            let euro_cents = random.between(500, 4_000) + i64::try_from(random.skewed(30_000)).expect("small");
            let amount = euro_cents * 1_000_000 / finance::worth(parcel.currency);
            let paid = opened + random.between(DAY, 25 * DAY);
            let fate = random.pick(&[("paid", 650), ("rejected", 200), ("open", 150)]);
            let status = if fate == "paid" && paid >= TAKEN_AT { "open" } else { fate };
            number += 1;
            let shipment = if number % 40 == 7 { parcel.id + PURGED } else { parcel.id };
            rows.push(&[
                integer(number),
                integer(shipment),
                text(kind),
                text(status),
                hundredths(amount),
                text(parcel.currency),
                instant(opened),
                or_null((status == "paid").then_some(paid), instant),
            ])?;
        }
    }
    Ok(())
}
