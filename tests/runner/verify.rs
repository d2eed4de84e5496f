//! What the data of a case keeps of its definitions: a block `text verify` is the report of `entente verify`.

use entente::{
    project::Project,
    sql::{self, Dialect, Select},
    time::{DateRange, DateTime, Granularity, RangeError, RelativeRange, TimeRange, Utc},
    verify::{self, Kind, Options},
};

use super::{document::Document, world};

/// The moment of every case.
const NOW: &str = "2026-01-15T12:00:00Z";

/// Looks at the data and returns the report; the arguments are kinds, then a time range.
pub(crate) fn run(document: &Document, project: &Project, arguments: &str) -> Result<String, String> {
    let database = world::open(document)?;
    let mut report = String::new();
    for check in verify::checks(project, &options(project, arguments, Dialect::DuckDb)?) {
        let finding = match check.select() {
            Err(reason) => check.unread(reason),
            Ok(select) => {
                let rows = database.query(&sql::print(select, Dialect::DuckDb));
                check.judge(&rows.map_err(|error| format!("{}: {error}\n{}", check.name, shown(select)))?)
            }
        };
        report.push_str(&verify::to_text(&finding));
    }
    Ok(report)
}

fn shown(select: &Select) -> String {
    sql::print_pretty(select, Dialect::DuckDb).sql
}

/// Reads `keys joins last 7 days`.
pub(crate) fn options(project: &Project, arguments: &str, dialect: Dialect) -> Result<Options, String> {
    let now: DateTime<Utc> = NOW.parse().map_err(|_| "the moment is no moment")?;
    let today = now.with_timezone(&project.time_zone).date_naive();
    let days = |time: TimeRange| entente::plan::days_of_range(project, &time, today).map_err(|error| error.to_string());
    let kind = |word: &str| Kind::ALL.into_iter().find(|kind| kind.name() == word);
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let only: Vec<Kind> = words.iter().map_while(|word| kind(word)).collect();
    let time = words[only.len()..].join(" ");
    let time: Option<DateRange> = match time.as_str() {
        "" => None,
        text => Some(days(text.parse().map_err(|error: RangeError| error.to_string())?)?),
    };
    let required = RelativeRange { count: 90, unit: Granularity::Day.into(), include_current: true };
    Ok(Options { dialect, now, days: time, required_days: days(TimeRange::Last(required))?, only })
}
