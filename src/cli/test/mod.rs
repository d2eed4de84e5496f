//! `entente test`: the numbers that are known, and what they rest on: keys and the promises of partitions.

mod expectation;

use std::sync::Arc;

use clap::ValueEnum;

use super::{
    connect,
    context::{Context, Style, count},
    failure::Failure,
    moment::moment,
    principal::PrincipalArgument,
    verify::{ask, fits_any, options, why_refused},
};
use crate::{
    files::SourceMap,
    plan::{self, PlanError, Principal, Request},
    project::{MetricTest, Project},
    sql,
    time::{DateRange, DateTime, Utc},
    verify::{self, Kind, Options, Status},
    warehouse::Blocking,
};

/// Test the numbers and keys of a project on its warehouse
///
/// Runs what stands under `tests:`, each a metric whose value is known. Then looks at the data whether the primary and
/// unique keys of the models are keys, since every join rests on them, and whether the promises (`holds`) of partitions
/// are kept, since rows outside are not read. Exits with 1 if something does not hold. `entente verify` looks at
/// everything that is declared, and names the offending rows. Numbers are those that `--principal` sees; keys and
/// promises are about all rows.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente test               run all tests
  entente test leap          run those with `leap` in their name
  entente test 'key of'      look at the keys only
  entente test --format json for programs")]
pub(crate) struct Arguments {
    /// Run only tests with this text in their name
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
    /// How tests are shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The moment from which relative ranges count, such as `2026-01-15T12:00:00Z`, or a day
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide_env = true)]
    now: Option<DateTime<Utc>>,
    #[command(flatten)]
    principal: PrincipalArgument,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line per test
    Text,
    /// One JSON array
    Json,
}

/// What became of a test.
enum Outcome {
    /// It holds, for so many groups of rows.
    Holds,
    /// It does not, and why.
    Fails(String),
    /// It is about members that are hidden from who asks, and so has no name.
    NotSeen,
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let warehouse = connect::open(config, &loaded.root)?;
    let project = connect::with_state(Arc::clone(&project), &project.granularities.ids().collect(), &warehouse)?;
    let now = arguments.now.unwrap_or_else(Utc::now);
    let principal = arguments.principal.read()?;
    let tested = project.tests.iter().map(|test| test.metric);
    arguments.principal.say_what_is_hidden(&project, tested, context);

    let wanted = |name: &str| arguments.filter.as_ref().is_none_or(|text| name.contains(text.as_str()));
    let numbers = project.tests.iter().map(|test| (test.name.clone(), Check::Number(test)));
    let looked_at = Options {
        only: vec![Kind::Keys, Kind::Holds],
        required_days: DateRange::default(),
        ..options(&project, &warehouse, now)
    };
    let declared = verify::checks(&project, &looked_at);
    let declared = declared.into_iter().map(|check| (check.name.clone(), Check::Declared(Box::new(check))));
    let all: Vec<(String, Check)> = numbers.chain(declared).collect();
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    fits_any("test", arguments.filter.as_deref(), &names)?;
    let checks: Vec<(String, Check)> = all.into_iter().filter(|(name, _)| wanted(name)).collect();

    let mut told = Vec::new();
    let (mut failed, mut not_seen) = (0, 0);
    for (name, check) in &checks {
        let outcome = match check {
            Check::Number(test) => run_number(test, &project, &principal, &warehouse, now)?,
            Check::Declared(check) => run_declared(check, &warehouse)?,
        };
        failed += usize::from(matches!(outcome, Outcome::Fails(_)));
        not_seen += usize::from(matches!(outcome, Outcome::NotSeen));
        match outcome {
            Outcome::NotSeen => {}
            outcome if arguments.format == Format::Json => told.push(json(name, check, outcome, &loaded.files)),
            Outcome::Holds => writeln!(context.out, "{}  {name}", context.styled(Style::Green, "ok  "))?,
            Outcome::Fails(why) => {
                writeln!(context.out, "{}  {name}: {why}", context.styled(Style::Red, "FAIL"))?;
                writeln!(context.out, "      {}", where_to_look(check, name, &project, &loaded.files))?;
            }
        }
    }
    if arguments.format == Format::Json {
        writeln!(context.out, "{:#}", serde_json::Value::from(told))?;
    }
    let hidden = if not_seen > 0 { format!(", {not_seen} not seen") } else { String::new() };
    let ok = checks.len() - failed - not_seen;
    context.note(&format!("{}: {ok} ok, {failed} failed{hidden}", count(checks.len(), "test")));
    if failed > 0 { Err(Failure::shown()) } else { Ok(()) }
}

/// What is tested.
enum Check<'a> {
    /// A number that is known.
    Number(&'a MetricTest),
    /// A key of a model, or a promise of a partition.
    Declared(Box<verify::Check>),
}

/// Returns what became of a test, for programs; a key or a promise stands where `entente verify` says.
fn json(name: &str, check: &Check<'_>, outcome: Outcome, files: &SourceMap) -> serde_json::Value {
    let span = match check {
        Check::Number(test) => test.span,
        Check::Declared(check) => check.span,
    };
    let (status, message) = match outcome {
        Outcome::Holds | Outcome::NotSeen => ("ok", None),
        Outcome::Fails(why) => ("error", Some(why)),
    };
    serde_json::json!({
        "name": name,
        "status": status,
        "message": message,
        "file": files.file(span.file).path,
        "line": files.position(span).line,
    })
}

/// Says where a test stands, and how to see more of what it found.
fn where_to_look(check: &Check<'_>, name: &str, project: &Project, files: &SourceMap) -> String {
    match check {
        Check::Number(test) => {
            let (file, line) = (&files.file(test.span.file).path, files.position(test.span).line);
            let metric = &project.metrics[test.metric].name;
            format!("{file}:{line}; `entente explain --metrics {metric}` shows how the number is made")
        }
        Check::Declared(_) => format!("`entente verify '{name}'` shows the rows"),
    }
}

fn run_declared(check: &verify::Check, warehouse: &Blocking) -> Result<Outcome, Failure> {
    let (finding, answered) = ask(check, warehouse)?;
    let broken = finding.faults.iter().filter(|fault| fault.status == Status::Broken);
    let mut misses: Vec<&str> = broken.map(|fault| fault.message.as_str()).collect();
    // An empty table breaks no promise, but what could not be read may break any.
    misses.extend(finding.unread.as_deref().filter(|_| !answered || finding.n_rows > 0 || check.select().is_err()));
    Ok(if misses.is_empty() { Outcome::Holds } else { Outcome::Fails(misses.join(", ")) })
}

fn run_number(
    test: &MetricTest,
    project: &Project,
    principal: &Principal,
    warehouse: &Blocking,
    now: DateTime<Utc>,
) -> Result<Outcome, Failure> {
    let moment = plan::Context { now, dialect: warehouse.dialect() };
    let plan_for = |who: &Principal| {
        Request::from_test(project, test).and_then(|request| plan::plan(project, &request, who, &moment))
    };
    let plan = match plan_for(principal) {
        Ok(plan) => plan,
        Err(_) if plan_for(&with_all_roles(project, principal)).is_ok() => return Ok(Outcome::NotSeen),
        Err(PlanError { message, help, .. }) => {
            let help = help.map_or_else(String::new, |help| format!(". {help}"));
            return Ok(Outcome::Fails(format!("{message}{help}")));
        }
    };
    let rows = match warehouse.query_blocking(&sql::print(&plan.select, warehouse.dialect())) {
        Ok(rows) => rows,
        Err(error) => {
            let hides = project.hides_rows_from(principal);
            let error = if hides { error.without_detail() } else { error };
            return why_refused(&error).map(Outcome::Fails).ok_or_else(|| error.into());
        }
    };
    Ok(match expectation::first_miss(&test.expectation, &plan, &rows) {
        None => Outcome::Holds,
        Some(miss) => Outcome::Fails(miss),
    })
}

/// Returns somebody who sees the members that any role sees.
fn with_all_roles(project: &Project, principal: &Principal) -> Principal {
    let roles = project.policies.restrictions.iter().flat_map(|restriction| restriction.visible_to.iter().cloned());
    Principal { roles: principal.roles.iter().cloned().chain(roles).collect(), ..principal.clone() }
}
