//! `entente rollups`: stores rollups in the warehouse, and tells what is stored.

mod advise;
mod dbt;
mod drop;

use std::{thread, time::Duration};

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::{
    connect,
    context::{Context, count},
    failure::Failure,
    moment::moment,
};
use crate::{
    engine::{self, Built, Fault, Storing},
    plan::StoredTable,
    project::{Project, Stored},
    sql::{self, Dialect, Select, Statement, print_statement},
    time::{DateTime, NaiveDate, Utc},
    warehouse::{self, Blocking, Rows, Terms},
};

/// Store rollups in the warehouse, and tell what is stored
///
/// A rollup with a `table` and a `lookback` is stored beside the tables that it is made of: all rows that are final, which
/// are those older than the lookback. Answers are then put together from what is stored and from the rows that came later,
/// wherever that is proved to give the same numbers; `entente explain` says where.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente rollups build                   store what has become final since the last time
  entente rollups build shipments_daily   of this rollup only
  entente rollups build --again --from 2025-09-01   what was corrected from then on
  entente rollups plan                    see the statements that would be run
  entente rollups status                  see up to which day each rollup is stored
  entente rollups drop                    see which tables no definition fills any more
  entente rollups dbt ../warehouse        write them as models of a dbt project
  entente rollups advise                  see which rollups are worth it, from a log of what was asked")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Store what has become final since the last time
    ///
    /// Goes on where it was stopped: each step, a partition or a month, is stored as a whole or not at all.
    Build(BuildArguments),
    /// Show the statements that a build would run, and run none
    ///
    /// The warehouse is asked up to which day each rollup is stored; of one that is not, for the first day that has rows,
    /// which reads their time.
    Plan(Which),
    /// Show up to which day each rollup is stored
    Status(Which),
    Drop(drop::Arguments),
    Dbt(dbt::Arguments),
    Advise(advise::Arguments),
}

#[derive(clap::Args)]
struct Which {
    /// The rollups; all of them unless some are named
    #[arg(value_name = "ROLLUP")]
    names: Vec<String>,
    /// How it is shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The moment from which the lookback counts, such as `2026-01-15T12:00:00Z`, or a day
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide_env = true)]
    now: Option<DateTime<Utc>>,
}

#[derive(clap::Args)]
struct BuildArguments {
    #[command(flatten)]
    which: Which,
    /// Store again what is stored, month by month, such as after a correction of old rows
    #[arg(long)]
    again: bool,
    /// The first day of what is stored again; all of it unless given
    #[arg(long, value_name = "DAY", requires = "again")]
    from: Option<NaiveDate>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Lines for people
    Text,
    /// One JSON array
    Json,
}

/// The time that one step may take.
const DEADLINE: Duration = Duration::from_secs(6 * 60 * 60);

/// The first time that another build is waited for; each further one is twice as long.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// The longest time between two looks at what another build has stored.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    match &arguments.action {
        Action::Build(BuildArguments { which, again: false, .. }) => of_each(which, Doing::Build, context),
        Action::Build(BuildArguments { which, from, .. }) => of_each(which, Doing::BuildAgain(*from), context),
        Action::Plan(which) => of_each(which, Doing::Plan, context),
        Action::Status(which) => of_each(which, Doing::Status, context),
        Action::Drop(arguments) => drop::run(arguments, context),
        Action::Dbt(arguments) => dbt::run(arguments, context),
        Action::Advise(arguments) => advise::run(arguments, context),
    }
}

/// What is done with each rollup.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Build,
    /// From a day on, if one is said.
    BuildAgain(Option<NaiveDate>),
    Plan,
    Status,
}

fn of_each(which: &Which, doing: Doing, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let warehouse = match doing {
        Doing::Build | Doing::BuildAgain(_) => connect::open_for_storing(config, &loaded.root)?,
        Doing::Plan | Doing::Status => connect::open(config, &loaded.root)?,
    };
    let tables = tables_in(&project, &which.names, warehouse.dialect())?;
    let now = which.now.unwrap_or_else(Utc::now);
    if matches!(doing, Doing::Build | Doing::BuildAgain(_)) && now > Utc::now() {
        return Err(Failure::usage(format!(
            "{now} lies ahead, and rows that come until then would be missing for ever"
        ))
        .help("Leave `--now` and `ENTENTE_NOW` out, or name a moment that has been."));
    }
    let mut shown = Vec::new();
    for (name, table) in &tables {
        let (text, json) = match (table, doing) {
            (Err(reason), _) => (format!("not stored: {reason}"), json!({ "stored": false, "reason": reason })),
            (Ok(table), Doing::Build | Doing::BuildAgain(_)) => {
                let bar = context.progress(0);
                bar.set_message(name.clone());
                let built = build(table, now, doing, &mut Store { name, warehouse: &warehouse, bar: &bar });
                bar.finish_and_clear();
                of_build(&built?)
            }
            (Ok(table), Doing::Plan | Doing::Status) => {
                let bar = ProgressBar::hidden();
                let store = &mut Store { name, warehouse: &warehouse, bar: &bar };
                if doing == Doing::Plan { of_plan(table, now, store)? } else { of_status(table, now, store)? }
            }
        };
        let (text, json) = match table {
            Ok(table) => told_without(table, text, json),
            Err(_) => (text, json),
        };
        match which.format {
            Format::Text => writeln!(context.out, "{name}: {text}")?,
            Format::Json => {
                let mut object = json!({ "name": name });
                if let (Some(object), Value::Object(more)) = (object.as_object_mut(), json) {
                    object.extend(more);
                }
                shown.push(object);
            }
        }
    }
    if which.format == Format::Json {
        write_json(&shown, context)?;
    }
    Ok(())
}

/// Builds a table, unless it is not what it was left as.
fn build(table: &StoredTable<'_>, now: DateTime<Utc>, doing: Doing, store: &mut Store<'_>) -> Result<Built, Failure> {
    let fault = match state(table, store)? {
        Some(stored) => engine::fault(table, &stored, Utc::now(), store)?,
        None => None,
    };
    match (fault, doing) {
        (Some(fault), Doing::BuildAgain(_)) if fault.is_mended_in_place() => {}
        (Some(fault), _) => {
            let failure = Failure::wrong(format!("{} is not built, since {fault}", store.name));
            return Err(failure.help(format!("{}.", mended(&fault, store.name, &table.name))));
        }
        (None, _) => {}
    }
    match doing {
        Doing::BuildAgain(from) => Ok(engine::build_again(table, from, now, store)?),
        _ => Ok(engine::build(table, now, store)?),
    }
}

/// Says what mends a table.
fn mended(fault: &Fault, name: &str, table: &str) -> String {
    if fault.is_mended_in_place() {
        format!("`entente rollups build {name} --again` stores it again")
    } else {
        format!("`entente rollups drop {table} --yes` puts it away, and the next build begins anew")
    }
}

fn write_json(shown: &[Value], context: &mut Context) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(shown).expect("what is stored is plain data");
    Ok(writeln!(context.out, "{text}")?)
}

type NamedTable<'p> = (String, Result<StoredTable<'p>, String>);

/// Finds the tables of rollups, and why some have none.
fn tables_in<'p>(project: &'p Project, names: &[String], dialect: Dialect) -> Result<Vec<NamedTable<'p>>, Failure> {
    let known = || project.rollups.iter().map(|rollup| rollup.name.as_str());
    if let Some(unknown) = names.iter().find(|name| !known().any(|known| known == *name)) {
        let failure = Failure::usage(format!("unknown rollup `{unknown}`"));
        return Err(match crate::diagnostics::nearest(unknown, known()) {
            Some(near) => failure.help(format!("Did you mean `{near}`?")),
            None if project.rollups.is_empty() => failure.help("The project has no rollups."),
            None => failure.help(format!("There are {}.", known().collect::<Vec<_>>().join(", "))),
        });
    }
    let wanted = project.rollups.iter().filter(|rollup| names.is_empty() || names.contains(&rollup.name));
    Ok(wanted.map(|rollup| (rollup.name.clone(), StoredTable::of(project, rollup, dialect))).collect())
}

/// A warehouse in which a rollup is stored, with a bar that tells how far it is.
struct Store<'a> {
    name: &'a str,
    warehouse: &'a Blocking,
    bar: &'a ProgressBar,
}

impl Store<'_> {
    /// Returns how the warehouse is asked: with a label, as all that a rollup costs is on one bill.
    fn terms(&self) -> Terms {
        Terms { deadline: Some(DEADLINE), ..Terms::default() }.label("rollup", self.name)
    }
}

impl Storing for Store<'_> {
    type Error = warehouse::Error;

    fn ask(&mut self, select: &Select) -> Result<Rows, warehouse::Error> {
        let text = sql::print(select, self.warehouse.dialect());
        let terms = self.terms();
        self.warehouse.wait(async |warehouse| warehouse.query(&text, &terms).await)
    }

    fn execute(&mut self, statements: &[Statement]) -> Result<(), warehouse::Error> {
        let dialect = self.warehouse.dialect();
        let texts: Vec<String> = statements.iter().map(|statement| print_statement(statement, dialect)).collect();
        self.warehouse.execute_blocking(&texts, &self.terms())
    }

    fn is_contended(&self, error: &warehouse::Error) -> bool {
        matches!(error, warehouse::Error::Contended)
    }

    fn is_refused(&self, error: &warehouse::Error) -> bool {
        matches!(error, warehouse::Error::Refused(_))
    }

    fn give_way(&mut self, before: u32) {
        thread::sleep(SHORTEST_PAUSE.saturating_mul(1 << before.min(16)).min(LONGEST_PAUSE));
    }

    fn progress(&mut self, done: usize, of: usize) {
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
    }
}

/// Adds the metrics that a rollup declares and its warehouse cannot store, behind the first line.
fn told_without(table: &StoredTable<'_>, mut text: String, mut json: Value) -> (String, Value) {
    let without = table.without();
    let told: Vec<String> = without.iter().map(|(metric, why)| format!("; without `{metric}`: {why}")).collect();
    text.insert_str(text.find('\n').unwrap_or(text.len()), &told.concat());
    if !without.is_empty() {
        let without = without.iter().map(|(metric, why)| json!({ "metric": metric, "reason": why }));
        json["without"] = without.collect();
    }
    (text, json)
}

fn of_build(Built { steps, stored }: &Built) -> (String, Value) {
    let did = if *steps == 0 { "nothing new is final".to_owned() } else { format!("stored {}", count(*steps, "step")) };
    let (text, mut json) = match stored {
        Some(stored) => of_stored(stored),
        None => ("nothing is stored".to_owned(), json!({ "stored": false })),
    };
    json["steps"] = json!(steps);
    (format!("{did}; {text}"), json)
}

fn of_stored(stored: &Stored) -> (String, Value) {
    let Stored { table, until, rows } = stored;
    let rows_told = count(usize::try_from(*rows).unwrap_or(usize::MAX), "row");
    let json = json!({ "stored": true, "table": table, "until": until.to_string(), "rows": rows });
    (format!("{rows_told} before {until} in `{table}`"), json)
}

/// Reads what the warehouse holds of a table; nothing where there is no table of the state.
fn state(table: &StoredTable<'_>, store: &mut Store<'_>) -> Result<Option<Stored>, Failure> {
    match store.ask(&table.read_state()) {
        Ok(rows) => Ok(engine::stored_of(table, &rows)),
        Err(warehouse::Error::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn of_status(table: &StoredTable<'_>, now: DateTime<Utc>, store: &mut Store<'_>) -> Result<(String, Value), Failure> {
    let until = table.final_until(now);
    let Some(stored) = state(table, store)? else {
        let reason = format!("nothing is stored in `{}`", table.name);
        return Ok((format!("{reason}: `entente rollups build`"), json!({ "stored": false, "reason": reason })));
    };
    let (mut text, mut json) = of_stored(&stored);
    json["final_until"] = json!(until.to_string());
    if let Some(fault) = engine::fault(table, &stored, Utc::now(), store)? {
        text.push_str(&format!("; but {fault}: {}", mended(&fault, store.name, &table.name)));
        json["fault"] = json!(fault.to_string());
    } else if stored.until < until {
        text.push_str(&format!("; final before {until}: `entente rollups build`"));
    }
    Ok((text, json))
}

fn of_plan(table: &StoredTable<'_>, now: DateTime<Utc>, store: &mut Store<'_>) -> Result<(String, Value), Failure> {
    let until = table.final_until(now);
    let stored = state(table, store)?;
    let from = match &stored {
        Some(stored) => Some(stored.until),
        None => engine::first_day(table, until, store)?,
    };
    let steps = from.map_or_else(Vec::new, |from| table.steps(from, until));
    let mut statements = table.make();
    let begun = if stored.is_none() { from } else { None };
    statements.extend(begun.iter().flat_map(|from| table.begin(*from)));
    statements.extend(steps.iter().flat_map(|(from, until)| table.store(*from, *until)));
    let dialect = store.warehouse.dialect();
    let texts: Vec<String> = statements.iter().map(|statement| print_statement(statement, dialect)).collect();
    let asked =
        begun.map_or_else(String::new, |from| format!(" from {from}, the first day that was found to have rows"));
    let text = format!("{} up to {until}{asked}\n{};", count(steps.len(), "step"), texts.join(";\n"));
    Ok((text, json!({ "steps": steps.len(), "until": until.to_string(), "statements": texts })))
}
