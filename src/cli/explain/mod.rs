//! `entente explain`: how a request is computed, stage by stage; or what a diagnostic code means.

use std::{path::Path, sync::Arc};

use rust_embed::Embed;

mod joins;

use super::{
    connect,
    context::{Context, Style},
    cost,
    failure::Failure,
    query::DialectArgument,
    request::{Planned, RequestArguments},
};
use crate::{
    catalog::Statistics,
    diagnostics::{Code, nearest},
    engine::{has_tables, load_statistics, refresh_stored},
    plan::{self, Plan, Pruning},
    price::{Unknown, estimate, has_room, rows_are_less, rows_instead},
    project::{Project, Visible},
    sql::{self, Dialect, Literal},
    syntax::{Config, Price},
};

/// Explain how a request is computed, or what a code means
///
/// With a request: the request with every name resolved, the logical plan, the joins and why they are safe, the bounds
/// of partitioned tables and whether they are proved, what it would read if `schema/statistics.json` is there, the rollups
/// and why each is used or not, and the SQL. The warehouse is asked for nothing but which rollups it holds.
///
/// With `--joins`: for each metric and dimension whether the join is safe. Direct: each row has one value, over the
/// named joins. Deduplicated: a row may have several, and counts once for each. Refused: why, and made-up data for which a
/// join would give a wrong number.
///
/// With the code of a problem, such as `fan-out`: what it says, why it matters, how to mend it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente explain --metrics revenue --by time.month --time 2025
  entente explain -m revenue,claims -b customers.country --dialect bigquery
  entente explain --saved weekly_network_review
  entente explain --joins -m revenue -b customers.country,claims.kind
  entente explain --joins -m revenue
  entente explain ambiguous-join-path
  entente explain codes")]
pub(crate) struct Arguments {
    /// The code of a problem, or `codes` for a list
    #[arg(value_name = "CODE", conflicts_with_all = ["metrics", "by", "saved", "joins"])]
    code: Option<String>,
    #[command(flatten)]
    request: RequestArguments,
    /// Explain the joins from metrics to dimensions; all of them, unless some are named
    #[arg(long, conflicts_with = "saved")]
    joins: bool,
    /// The dialect of the SQL; the connection's unless given
    #[arg(long, value_name = "DIALECT")]
    dialect: Option<DialectArgument>,
}

#[derive(Embed)]
#[folder = "docs/diagnostics/"]
#[include = "*.md"]
struct Pages;

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    if let Some(code) = &arguments.code {
        return page(code, context);
    }
    let (loaded, project) = context.project()?;
    if arguments.joins {
        let principal = arguments.request.principal.read()?;
        return joins::run(&arguments.request, &Visible::to(&project, &principal), context);
    }
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let dialect = arguments.dialect.map_or_else(|| connect::dialect(config), Dialect::from);
    let project = with_stored(project, config, &loaded.root);
    let request = arguments.request.request(&project)?;
    let planned = arguments.request.plan(request, &project, dialect)?;
    arguments.request.say_what_is_hidden(&project, &planned.request, context);
    let statistics = load_statistics(&loaded.root).unwrap_or_else(|problem| {
        context.warn(&problem);
        None
    });
    let budget = statistics.as_ref().zip(config.spending.budgets.per_query);
    let instead = budget.and_then(|(known, most)| from_rows(&planned, &project, known, dialect, most));
    let plan = instead.unwrap_or(planned.plan);
    let mut shown = sections(&plan, &project, dialect);
    if let Some(statistics) = statistics {
        let at = shown.iter().position(|(title, _)| title == "partitions").map_or(0, |at| at + 1);
        let cost = cost(&plan, &project, &statistics, dialect, config.spending.price.as_ref());
        shown.insert(at, ("cost".to_owned(), cost));
    }
    for (title, text) in shown {
        writeln!(context.out, "{}", context.styled(Style::Bold, &title))?;
        for line in text.lines() {
            let indented = format!("  {line}");
            writeln!(context.out, "{}", indented.trim_end())?;
        }
        writeln!(context.out)?;
    }
    Ok(())
}

/// Tells a project what the warehouse holds of its rollups, if it has any and the warehouse is there.
fn with_stored(project: Arc<Project>, config: &Config, root: &Path) -> Arc<Project> {
    if !has_tables(&project) {
        return project;
    }
    match connect::open(config, root) {
        Ok(warehouse) => {
            let mut project = Arc::unwrap_or_clone(project);
            let dialect = warehouse.dialect();
            refresh_stored(&mut project, dialect, |select| warehouse.query_blocking(&sql::print(select, dialect)));
            Arc::new(project)
        }
        Err(_) => project,
    }
}

/// Returns the plan from the rows that a query takes if rollups are too dear for it, by what the statistics say.
fn from_rows(
    planned: &Planned,
    project: &Project,
    statistics: &Statistics,
    dialect: Dialect,
    most: u64,
) -> Option<Plan> {
    let Planned { request, principal, plan, now } = planned;
    let priced = |plan: &Plan| estimate(plan, project, statistics, dialect).ok();
    let rollups = priced(plan);
    if has_room(rollups.as_ref(), most) {
        return None;
    }
    let rows = rows_instead(project, request, principal, &plan::Context { now: *now, dialect }, plan)?;
    rows_are_less(rollups.as_ref(), &priced(&rows)?).then_some(rows)
}

/// Returns the stages of a plan: title and text.
fn sections(plan: &Plan, project: &Project, dialect: Dialect) -> Vec<(String, String)> {
    let mut sections = vec![
        ("request".to_owned(), plan.explanation.bound.clone()),
        ("time".to_owned(), time(plan, project)),
        ("joins".to_owned(), joins(plan)),
        ("plan".to_owned(), plan.explanation.logical.clone()),
        ("rollups".to_owned(), rollups(plan)),
        ("partitions".to_owned(), partitions(&plan.pruning)),
    ];
    if !plan.warnings.is_empty() {
        sections.push(("warnings".to_owned(), plan.warnings.join("\n")));
    }
    let text = sql::print_pretty(&plan.select, dialect);
    sections.push((format!("sql ({})", dialect.name()), text.sql));
    if !text.parameters.is_empty() {
        let parameters = text.parameters.iter().enumerate();
        let lines = parameters.map(|(index, value)| format!("{} = {}", index + 1, literal(value)));
        sections.push(("parameters".to_owned(), lines.collect::<Vec<_>>().join("\n")));
    }
    sections
}

fn time(plan: &Plan, project: &Project) -> String {
    let day = |day: Option<crate::time::NaiveDate>| day.map_or_else(|| "…".to_owned(), |day| day.to_string());
    let mut lines = match (plan.range.from, plan.range.to) {
        (None, None) => vec![format!("all time, in {}", plan.time_zone)],
        (from, to) => vec![format!("from {} up to, not including, {}, in {}", day(from), day(to), plan.time_zone)],
    };
    lines.extend(plan.axes.iter().map(|(metric, axis)| format!("{} by {axis}", project.metrics[*metric].name)));
    lines.join("\n")
}

fn joins(plan: &Plan) -> String {
    let lines: Vec<String> = plan.joins.iter().map(|join| format!("{}: {}", join.path, join.reason)).collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join("\n") }
}

fn rollups(plan: &Plan) -> String {
    let lines: Vec<String> = plan.rollups.iter().map(ToString::to_string).collect();
    if lines.is_empty() { "none of the models that are read".to_owned() } else { lines.join("\n") }
}

fn partitions(pruning: &[Pruning]) -> String {
    let side = |value: &Option<Literal>| match value {
        None => "…".to_owned(),
        Some(Literal::Date(date)) => date.to_string(),
        Some(Literal::DateTime(time)) => time.to_string(),
        Some(Literal::Timestamp(time)) => format!("{time} UTC"),
        Some(other) => literal(other),
    };
    let lines: Vec<String> = pruning
        .iter()
        .map(|scan| {
            let column = format!("{}.{}", scan.table, scan.column);
            let promise = scan.promise.as_ref().map_or_else(String::new, |promise| format!(", widened by {promise}"));
            if scan.proven {
                format!("{column}: proved to be in [{}, {}){promise}", side(&scan.bound.from), side(&scan.bound.to))
            } else {
                format!("{column}: no bound; the whole table is read")
            }
        })
        .collect();
    if lines.is_empty() { "no partitioned table is read".to_owned() } else { lines.join("\n") }
}

/// Tells what the query would read, as far as `schema/statistics.json` says.
fn cost(plan: &Plan, project: &Project, statistics: &Statistics, dialect: Dialect, price: Option<&Price>) -> String {
    match estimate(plan, project, statistics, dialect) {
        Ok(estimate) => {
            let price = price.map_or_else(String::new, |price| format!("\ncosts {}", price.told(estimate.billed)));
            format!("{}{price}", cost::told(&estimate))
        }
        Err(Unknown::Table(table)) => format!("nobody knows how much `{table}` holds"),
        Err(Unknown::Sql | Unknown::Unasked) => "nobody knows what the SQL of a model reads".to_owned(),
    }
}

/// Returns a value as it would stand in SQL.
pub(crate) fn literal(value: &Literal) -> String {
    match value {
        Literal::Null => "null".to_owned(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(digits) => digits.clone(),
        Literal::String(text) => format!("'{}'", text.replace('\'', "''")),
        Literal::Float(bits) => f64::from_bits(*bits).to_string(),
        Literal::Date(date) => format!("date '{date}'"),
        Literal::DateTime(time) => format!("timestamp '{time}'"),
        Literal::Timestamp(time) => format!("timestamp '{time} UTC'"),
    }
}

fn page(code: &str, context: &mut Context) -> Result<(), Failure> {
    if code == "codes" {
        for code in Code::ALL {
            writeln!(context.out, "{}", code.name())?;
        }
        return Ok(());
    }
    if let Some(page) = Pages::get(&format!("{code}.md")) {
        context.out.write_all(&page.data)?;
        return Ok(());
    }
    let failure = Failure::usage(format!("unknown code `{code}`"));
    Err(match nearest(code, Code::ALL.iter().map(|code| code.name())) {
        Some(near) => failure.help(format!("Did you mean `{near}`?")),
        None => failure.help("`entente explain codes` lists them all."),
    })
}
