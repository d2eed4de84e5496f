//! `entente verify`: whether the data keeps what the definitions declare.

use clap::ValueEnum;

use super::{
    connect,
    context::{Context, Style, count},
    failure::{Exit, Failure},
    moment::moment,
};
use crate::{
    diagnostics::nearest,
    plan::{self, PlanError},
    project::Project,
    sql,
    time::{DateRange, DateTime, Granularity, RelativeRange, TimeRange, Utc},
    verify::{self, Check, Finding, Kind, Options, Status},
    warehouse::{self, Blocking},
};

/// How many days are read of a table that must be read within bounds.
const REQUIRED_DAYS: u32 = 90;

/// Verify that the data keeps what the definitions declare
///
/// Looks at the data of the connection, with one query per declaration, and names the first offending rows:
/// primary and unique keys (nulls, repeated values), joins (keys without a match), `versions` (overlaps), `same_as`
/// (values that one side lacks), `holds` of partitions (rows outside, and the smallest promise that would hold), `values` and `granularity` of
/// dimensions, days of `calendars`, `freshness` of tables. Values of dimensions with `pii` or `mask` are never shown. Exits with 1 if a
/// declaration is broken.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente verify                          verify everything
  entente verify shipments                what has `shipments` in its name
  entente verify --only keys,joins        what joins rest on
  entente verify --time 'last 7 days'     read these partitions only
  entente verify --format json            for programs
  entente verify --warnings fail          for CI: exit with 1 on warnings, too")]
pub(crate) struct Arguments {
    /// Verify only what has this text in its name
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
    /// Verify only these kinds of declarations, separated by commas
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    only: Vec<KindArgument>,
    /// The days whose partitions are read; unless given, all, or the last 90 days where a bound is required
    #[arg(long, short, value_name = "RANGE")]
    time: Option<TimeRange>,
    /// How findings are shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Whether warnings fail
    #[arg(long, value_name = "WHAT", default_value = "allow")]
    warnings: Warnings,
    /// The moment from which ages and relative ranges count, such as `2026-01-15T12:00:00Z`, or a day
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide_env = true)]
    now: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum KindArgument {
    /// Primary and unique keys
    Keys,
    /// Keys of joins without a match
    Joins,
    /// Versions that overlap or are never valid
    Versions,
    /// Values of dimensions that are the same
    SameAs,
    /// Promises of partitions
    Holds,
    /// Listed values of dimensions
    Values,
    /// Granularities of time dimensions
    Granularity,
    /// Days and periods of calendars
    Calendars,
    /// Ages of tables
    Freshness,
}

impl From<KindArgument> for Kind {
    fn from(argument: KindArgument) -> Self {
        match argument {
            KindArgument::Keys => Self::Keys,
            KindArgument::Joins => Self::Joins,
            KindArgument::Versions => Self::Versions,
            KindArgument::SameAs => Self::SameAs,
            KindArgument::Holds => Self::Holds,
            KindArgument::Values => Self::Values,
            KindArgument::Granularity => Self::Granularity,
            KindArgument::Calendars => Self::Calendars,
            KindArgument::Freshness => Self::Freshness,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line per declaration, and the first offending rows below
    Text,
    /// One JSON array
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Warnings {
    /// Show them
    Allow,
    /// Show them and exit with 1
    Fail,
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let warehouse = connect::open(config, &loaded.root)?;
    let now = arguments.now.unwrap_or_else(Utc::now);
    let options = Options {
        only: arguments.only.iter().map(|kind| Kind::from(*kind)).collect(),
        days: arguments.time.as_ref().map(|time| days(&project, time, now)).transpose()?,
        ..options(&project, &warehouse, now)
    };
    let wanted = |check: &Check| arguments.filter.as_ref().is_none_or(|text| check.name.contains(text.as_str()));
    let all = verify::checks(&project, &options);
    let names: Vec<&str> = all.iter().map(|check| check.name.as_str()).collect();
    fits_any("declaration", arguments.filter.as_deref(), &names)?;
    let checks: Vec<Check> = all.into_iter().filter(wanted).collect();

    let bar = context.progress(checks.len() as u64);
    let mut findings: Vec<Finding> = Vec::with_capacity(checks.len());
    let mut refused = false;
    for check in &checks {
        bar.set_message(check.name.clone());
        let (finding, answered) = ask(check, &warehouse)?;
        refused |= !answered;
        if arguments.format == Format::Text {
            bar.suspend(|| show(&verify::to_text(&finding), finding.status(), context))?;
        }
        findings.push(finding);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if arguments.format == Format::Json {
        let json: Vec<_> = findings.iter().map(|finding| verify::to_json(finding, &loaded.files)).collect();
        let text = serde_json::to_string_pretty(&json).expect("findings are plain data");
        writeln!(context.out, "{text}")?;
    }
    end(&findings, refused, arguments.warnings, context)
}

/// Refuses a text that is in no name: whoever names what is not there would be told that it is right.
pub(crate) fn fits_any(what: &str, text: Option<&str>, names: &[&str]) -> Result<(), Failure> {
    let Some(text) = text.filter(|text| !names.iter().any(|name| name.contains(text))) else { return Ok(()) };
    let of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let words = names.iter().flat_map(|name| name.split(move |letter| !of_word(letter)));
    let help = match nearest(text, words) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("Leave the text out to see all: {}.", count(names.len(), what)),
    };
    Err(Failure::usage(format!("no {what} has `{text}` in its name")).help(help))
}

/// Says how many declarations hold, and how the command ends.
fn end(findings: &[Finding], refused: bool, warnings: Warnings, context: &mut Context) -> Result<(), Failure> {
    let of = |status| findings.iter().filter(|finding| finding.status() == status).count();
    let (broken, doubtful) = (of(Status::Broken), of(Status::Doubtful));
    let words = [
        format!("{} ok", of(Status::Holds)),
        format!("{broken} broken"),
        format!("{doubtful} doubtful"),
        format!("{} not read", of(Status::Unread)),
    ];
    context.note(&format!("{}: {}", count(findings.len(), "declaration"), words.join(", ")));
    if refused {
        return Err(Failure { exit: Exit::World, ..Failure::shown() });
    }
    if broken > 0 || (doubtful > 0 && warnings == Warnings::Fail) {
        return Err(Failure::shown());
    }
    Ok(())
}

/// Returns how a warehouse is looked at as a whole.
pub(crate) fn options(project: &Project, warehouse: &Blocking, now: DateTime<Utc>) -> Options {
    let unit = Granularity::Day.into();
    let required = TimeRange::Last(RelativeRange { count: REQUIRED_DAYS, unit, include_current: true });
    Options {
        dialect: warehouse.dialect(),
        now,
        days: None,
        required_days: days(project, &required, now).expect("days are read without a calendar"),
        only: Vec::new(),
    }
}

fn days(project: &Project, time: &TimeRange, now: DateTime<Utc>) -> Result<DateRange, PlanError> {
    plan::days_of_range(project, time, now.with_timezone(&project.time_zone).date_naive())
}

/// Asks the warehouse, and returns what was found and whether there was an answer.
pub(crate) fn ask(check: &Check, warehouse: &Blocking) -> Result<(Finding, bool), Failure> {
    let select = match check.select() {
        Ok(select) => select,
        Err(reason) => return Ok((check.unread(reason), true)),
    };
    match warehouse.query_blocking(&sql::print(select, warehouse.dialect())) {
        Ok(rows) => Ok((check.judge(&rows), true)),
        Err(error) => match why_refused(&error) {
            Some(reason) => Ok((check.unread(&reason), false)),
            None => Err(error.into()),
        },
    }
}

/// Says why the warehouse refused one query, which should not hide what others find: one column may be wrong. Nothing if
/// the next query would fail as well.
pub(crate) fn why_refused(error: &warehouse::Error) -> Option<String> {
    match error {
        warehouse::Error::Refused(_) | warehouse::Error::TooCostly(_) => {
            let detail = error.detail().map_or_else(String::new, |detail| format!(": {}", detail.trim()));
            Some(format!("{error}{detail}"))
        }
        warehouse::Error::Unavailable(_) | warehouse::Error::Contended | warehouse::Error::Cancelled => None,
    }
}

/// Shows a finding, its first word in color.
pub(crate) fn show(text: &str, status: Status, context: &mut Context) -> Result<(), Failure> {
    let style = match status {
        Status::Holds => Style::Green,
        Status::Unread | Status::Doubtful => Style::Yellow,
        Status::Broken => Style::Red,
    };
    let (word, rest) = text.split_at(4);
    write!(context.out, "{}{rest}", context.styled(style, word))?;
    Ok(())
}
