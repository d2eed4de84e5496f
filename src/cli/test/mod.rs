//! `entente test`: the numbers that are known, and what they rest on: keys and the promises of partitions.

mod expectation;

use super::{
    connect,
    context::{Context, Style, count},
    failure::Failure,
    moment::moment,
    principal::PrincipalArgument,
    verify::{ask, options},
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
  entente test leap_day      run those with `leap_day` in their name
  entente test 'key of'      look at the keys only")]
pub(crate) struct Arguments {
    /// Run only tests with this text in their name
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
    /// The moment from which relative ranges count, such as `2026-01-15T12:00:00Z`, or a day
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide_env = true)]
    now: Option<DateTime<Utc>>,
    #[command(flatten)]
    principal: PrincipalArgument,
}

/// What became of a test.
enum Outcome {
    /// It holds, for so many groups of rows.
    Holds,
    /// It does not, and why.
    Fails(String),
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let warehouse = connect::open(config, &loaded.root)?;
    let project = connect::with_state(project, &warehouse)?;
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
    let checks: Vec<(String, Check)> = numbers.chain(declared).filter(|(name, _)| wanted(name)).collect();

    let mut failed = 0;
    for (name, check) in &checks {
        let outcome = match check {
            Check::Number(test) => run_number(test, &project, &principal, &warehouse, now)?,
            Check::Declared(check) => run_declared(check, &warehouse)?,
        };
        match outcome {
            Outcome::Holds => writeln!(context.out, "{}  {name}", context.styled(Style::Green, "ok  "))?,
            Outcome::Fails(why) => {
                failed += 1;
                writeln!(context.out, "{}  {name}: {why}", context.styled(Style::Red, "FAIL"))?;
                writeln!(context.out, "      {}", where_to_look(check, name, &project, &loaded.files))?;
            }
        }
    }
    context.note(&format!("{}: {} ok, {failed} failed", count(checks.len(), "test"), checks.len() - failed));
    if failed > 0 { Err(Failure::shown()) } else { Ok(()) }
}

/// What is tested.
enum Check<'a> {
    /// A number that is known.
    Number(&'a MetricTest),
    /// A key of a model, or a promise of a partition.
    Declared(Box<verify::Check>),
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
    let (finding, _) = ask(check, warehouse)?;
    let broken = finding.faults.iter().filter(|fault| fault.status == Status::Broken);
    let mut misses: Vec<&str> = broken.map(|fault| fault.message.as_str()).collect();
    // An empty table breaks no promise.
    misses.extend(finding.unread.as_deref().filter(|_| finding.n_rows > 0 || check.select().is_err()));
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
    let planned =
        Request::from_test(project, test).and_then(|request| plan::plan(project, &request, principal, &moment));
    let plan = match planned {
        Ok(plan) => plan,
        Err(PlanError { message, help, .. }) => {
            let help = help.map_or_else(String::new, |help| format!(". {help}"));
            return Ok(Outcome::Fails(format!("{message}{help}")));
        }
    };
    let rows = warehouse.query_blocking(&sql::print(&plan.select, warehouse.dialect()))?;
    Ok(match expectation::first_miss(&test.expectation, &plan, &rows) {
        None => Outcome::Holds,
        Some(miss) => Outcome::Fails(miss),
    })
}
