//! Exchange rates, tariffs, the budget and the retail calendar.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{
    World, calendar,
    places::{CURRENCIES, REGIONS},
    random::Random,
    row::{day, hundredths, instant, or_null, text},
    shipments::SERVICES,
};
use crate::{
    sql::Literal,
    warehouse::{Error, duckdb::NewRows},
};

/// Returns what a unit of a currency is worth on average, in millionths of a euro.
pub(super) fn worth(currency: &str) -> i64 {
    let found = CURRENCIES.iter().find(|(code, _)| *code == currency);
    found.expect("the sample uses no other currency").1
}

/// Writes `marts.dim_fx_rates`: a walk around the average, with two days on which the feed failed.
pub(super) fn write_rates(rows: &mut NewRows<'_>) -> Result<(), Error> {
    for (currency, worth) in CURRENCIES {
        let mut rate = worth;
        for index in 0..calendar::DAYS + 4 {
            let date = calendar::day(index) - Days::new(2);
            if currency != "EUR" {
                let step = Random::of(currency, index).between(-4_000, 4_000);
                rate += rate * step / 1_000_000 + (worth - rate) / 50;
            }
            let failed = (currency == "PLN" && date == calendar::date(2024, 4, 2))
                || (currency == "INR" && date == calendar::date(2024, 10, 27));
            if !failed {
                let eur = Literal::Decimal(format!("{}.{:06}", rate / 1_000_000, rate % 1_000_000));
                rows.push(&[text(currency), day(date), eur])?;
            }
        }
    }
    Ok(())
}

/// Writes `marts.dim_tariffs`: prices were raised on 1 February 2025, the express ones in euros once more in September.
pub(super) fn write_tariffs(rows: &mut NewRows<'_>) -> Result<(), Error> {
    let midnight = |date: NaiveDate| calendar::instant(date.into(), calendar::zone("Europe/Berlin"));
    let start = midnight(calendar::date(2023, 1, 1));
    let raised = midnight(calendar::date(2025, 2, 1));
    let again = midnight(calendar::date(2025, 9, 1));
    for (name, code, cents, _) in SERVICES {
        for (currency, worth) in CURRENCIES {
            let twice = code == "EXP" && currency == "EUR";
            let mut versions = vec![(start, Some(raised), 100), (raised, twice.then_some(again), 106)];
            if twice {
                versions.push((again, None, 109));
            }
            for (from, to, percent) in versions {
                let price = cents * percent * 10_000 / worth;
                let name = name.replace('_', " ");
                rows.push(&[
                    text(code),
                    text(currency),
                    instant(from),
                    or_null(to, instant),
                    text(name),
                    hundredths(price),
                ])?;
            }
        }
    }
    Ok(())
}

/// Writes `marts.fct_budget`, a year longer than the bookings; the northwest forgot to plan August 2025.
pub(super) fn write_budget(world: &World, rows: &mut NewRows<'_>) -> Result<(), Error> {
    let share = |region: &str| -> u64 {
        let within = world.depots.iter().filter(|depot| depot.region == Some(region));
        within.map(|depot| depot.weight).sum()
    };
    let all: u64 = world.depots.iter().map(|depot| depot.weight).sum();
    for month in 0..36 {
        let first = calendar::day(0) + Months::new(month);
        let end = first + Months::new(1);
        let busy: u64 = first.iter_days().take_while(|date| *date < end).map(calendar::busyness).sum();
        for region in REGIONS {
            if region == "NW" && first == calendar::date(2025, 8, 1) {
                continue;
            }
            let mut random = Random::of(region, u64::from(month));
            // A parcel brings about nineteen euros.
            let parcels = u128::from(world.parcels) * u128::from(busy) * u128::from(share(region));
            let cents = parcels * 1_880 / u128::from(world.busyness) / u128::from(all);
            let cents = i64::try_from(cents).expect("a budget of less than a trillion");
            // Budgets are round.
            let amount = cents * random.between(94, 110) / 100 / 1_000 * 1_000 + 1_000;
            rows.push(&[day(first), text(region), hundredths(amount)])?;
        }
    }
    Ok(())
}

/// Writes `marts.dim_retail_calendar`: years of 52 weeks, quarters of 4, 4 and 5.
pub(super) fn write_retail_calendar(rows: &mut NewRows<'_>) -> Result<(), Error> {
    let start = calendar::date(2023, 2, 6);
    for index in 0..4 * 364 {
        let date = start + Days::new(index);
        let (year, week) = (index / 364, index % 364 / 7);
        let (quarter, week_of_quarter) = (week / 13, week % 13);
        let month = (week_of_quarter / 4).min(2);
        let year_start = start + Days::new(year * 364);
        let quarter_start = year_start + Days::new(quarter * 91);
        let month_start = quarter_start + Days::new(month * 28);
        let week_start = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
        rows.push(&[day(date), day(week_start), day(month_start), day(quarter_start), day(year_start)])?;
    }
    Ok(())
}
