//! `entente query`: a number, from the definitions and the warehouse.

use std::io;

use clap::ValueEnum;

use super::{
    connect,
    context::Context,
    explain::literal,
    failure::Failure,
    request::{Planned, RequestArguments},
    table::{Answer, Shape},
};
use crate::{
    sql::{self, Dialect, Text},
    warehouse::Blocking,
};

/// Ask for metrics
///
/// Plans the request, runs its SQL on the connection of `entente.yml`, and prints the rows.
#[derive(clap::Args)]
#[command(
    override_usage = "entente query --metrics <METRICS> [--by <KEYS>] [OPTIONS]",
    after_help = "\
Examples:
  entente query --metrics revenue
  entente query --metrics revenue,on_time_rate --by time.month --time 'last 12 months'
  entente query -m revenue -b customers.country -w \"service = 'express'\" -o 'revenue desc' -l 5
  entente query -m revenue,'revenue previous 1 year' -b time.month -t 2025
  entente query -m parcels_booked -b origin.region,destination.region --format csv
  entente query -m revenue -b time.day -t 'last 7 days' --fill time
  entente query -m revenue -b customers.name --top '5 customers.name by revenue with others'
  entente query --saved weekly_network_review --format json
  entente query -m revenue -b time.month --sql --dialect bigquery
  entente query -m revenue -b time.month --estimate"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    request: RequestArguments,
    /// The shape of the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    format: Shape,
    /// Print the SQL and its parameters instead of running it
    #[arg(long)]
    sql: bool,
    /// Say how much the query would read instead of running it, where the warehouse tells
    #[arg(long, conflicts_with = "sql")]
    estimate: bool,
    /// The dialect of `--sql`; the connection's unless given
    #[arg(long, value_name = "DIALECT", requires = "sql")]
    dialect: Option<DialectArgument>,
}

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectArgument {
    /// DuckDB 1.5
    Duckdb,
    /// BigQuery (GoogleSQL)
    Bigquery,
    /// Snowflake
    Snowflake,
    /// Postgres 12 or later
    Postgres,
}

impl From<DialectArgument> for Dialect {
    fn from(argument: DialectArgument) -> Self {
        match argument {
            DialectArgument::Duckdb => Self::DuckDb,
            DialectArgument::Bigquery => Self::BigQuery,
            DialectArgument::Snowflake => Self::Snowflake,
            DialectArgument::Postgres => Self::Postgres,
        }
    }
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let dialect = arguments.dialect.map_or_else(|| connect::dialect(config), Dialect::from);
    let warehouse = if arguments.sql { None } else { Some(connect::open(config, &loaded.root)?) };
    let project = match &warehouse {
        Some(warehouse) => connect::with_state(project, warehouse)?,
        None => project,
    };
    let Planned { request, plan, now } = arguments.request.plan(&project, dialect)?;
    for warning in &plan.warnings {
        context.warn(warning);
    }
    arguments.request.say_what_is_hidden(&project, &request, context);
    let Some(warehouse) = warehouse else {
        let text = sql::print_pretty(&plan.select, dialect);
        writeln!(context.out, "{}", text.sql)?;
        for (index, value) in text.parameters.iter().enumerate() {
            writeln!(context.out, "-- parameter {} = {}", index + 1, literal(value))?;
        }
        return Ok(());
    };
    if arguments.estimate {
        return estimate(&warehouse, &sql::print(&plan.select, dialect), context);
    }
    let rows = warehouse.query_blocking(&sql::print(&plan.select, dialect))?;
    if let (0, Some(from), Some(to)) = (rows.len, plan.range.from, plan.range.to) {
        context.note(&format!("no rows from {from} up to, not including, {to}"));
    }
    let colors = context.colors(&io::stdout());
    let answer = Answer { project: &project, request: &request, plan: &plan, rows: &rows, now };
    if arguments.format != Shape::Json {
        // In JSON each row says it of itself.
        answer.say_what_is_partial(context);
    }
    answer.write(arguments.format, colors, context.out)?;
    Ok(())
}

/// Says how much a query would read.
fn estimate(warehouse: &Blocking, text: &Text, context: &mut Context) -> Result<(), Failure> {
    let Some(bytes) = warehouse.estimate_blocking(text)? else {
        let title = warehouse.dialect().title();
        return Err(Failure::usage(format!("{title} does not tell what a query would read"))
            .help("Ask a BigQuery connection, or leave `--estimate` out."));
    };
    writeln!(context.out, "the query would read {}", size(bytes))?;
    Ok(())
}

/// Writes a number of bytes in the greatest unit that is full: `12.4 MB`.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{}.{} {unit}", bytes / size, bytes % size * 10 / size),
        None => format!("{bytes} bytes"),
    }
}
