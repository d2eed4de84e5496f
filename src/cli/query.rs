//! `entente query`: a number, from the definitions and the warehouse.

use std::io;

use chrono::SecondsFormat;
use clap::ValueEnum;

use super::{
    connect,
    context::Context,
    cost,
    explain::literal,
    failure::Failure,
    request::{Planned, RequestArguments},
    table::{Answer, Shape},
};
use crate::{
    engine::version_of,
    plan::granularities_of,
    sql::{self, Dialect, Literal, Text},
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
  entente query --metrics revenue,on_time_delivery_rate --by time.month --time 'last 12 months'
  entente query -m revenue -b customers.country -w \"service = 'express'\" -o 'revenue desc' -l 5
  entente query -m revenue,'revenue previous 1 year' -b time.month -t 2025
  entente query -m parcels_booked -b origin.region,destination.region --format csv
  entente query -m revenue -b time.day -t 'last 7 days' --fill time
  entente query -m revenue -b customers.name --top '5 customers.name by revenue with others'
  entente query --saved weekly_network_review --format json
  entente query -m revenue -b time.month --sql --dialect bigquery
  entente query -m revenue -b time.month --sql --format json
  entente query -m revenue -b time.month --estimate"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    request: RequestArguments,
    /// The shape of the answer; `json` also of what `--sql` and `--estimate` say
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    format: Shape,
    /// Print the SQL and its parameters instead of running it
    #[arg(long)]
    sql: bool,
    /// Say how much the query would read and what that costs, instead of running it
    #[arg(long, conflicts_with = "sql")]
    estimate: bool,
    /// The dialect of `--sql`; the connection's unless given
    #[arg(long, value_name = "DIALECT", requires = "sql")]
    dialect: Option<DialectArgument>,
    /// Words without an option, to say where they belong
    #[arg(hide = true)]
    words: Vec<String>,
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
    if let Some(word) = arguments.words.first() {
        let failure = Failure::usage(format!("`{word}` stands behind no option"));
        return Err(failure.help(format!("Name metrics with `--metrics {word}`, and keys with `--by`.")));
    }
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let dialect = arguments.dialect.map_or_else(|| connect::dialect(config), Dialect::from);
    let warehouse = if arguments.sql { None } else { Some(connect::open(config, &loaded.root)?) };
    let request = arguments.request.request(&project)?;
    let project = match &warehouse {
        Some(warehouse) => {
            let calendars = granularities_of(&project, &request);
            connect::with_state(project, &calendars, warehouse)?
        }
        None => project,
    };
    let Planned { request, principal, plan, now } = arguments.request.plan(request, &project, dialect)?;
    for warning in &plan.warnings {
        context.warn(warning);
    }
    arguments.request.say_what_is_hidden(&project, &request, context);
    let Some(warehouse) = warehouse else {
        let text = sql::print_pretty(&plan.select, dialect);
        if arguments.format == Shape::Json {
            writeln!(context.out, "{:#}", sql_json(&text, dialect))?;
            return Ok(());
        }
        writeln!(context.out, "{}", text.sql)?;
        for (index, value) in text.parameters.iter().enumerate() {
            writeln!(context.out, "-- parameter {} = {}", index + 1, literal(value))?;
        }
        return Ok(());
    };
    let text = sql::print(&plan.select, dialect);
    let (spending, definitions) = (&config.spending, version_of(&loaded));
    let asking = cost::Asking { project: &project, principal: &principal, now, spending, definitions };
    if arguments.estimate {
        let estimate = cost::estimate(&asking, &warehouse, &request, &plan, &text)?;
        if arguments.format == Shape::Json {
            writeln!(context.out, "{:#}", cost::json(&estimate, config.spending.price.as_ref()))?;
            return Ok(());
        }
        return cost::say(&estimate, config.spending.price.as_ref(), context);
    }
    let rows = cost::ask(&asking, &warehouse, &request, &plan, &text)?;
    if let (0, Some(from), Some(to)) = (rows.len, plan.range.from, plan.range.to)
        && request.limit != Some(0)
    {
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

/// Returns SQL and what is bound to its parameters, in their order.
fn sql_json(text: &Text, dialect: Dialect) -> serde_json::Value {
    let parameter = |value: &Literal| {
        let shown = match value {
            Literal::Null => serde_json::Value::Null,
            Literal::Boolean(truth) => (*truth).into(),
            Literal::Integer(number) => (*number).into(),
            Literal::Float(bits) => f64::from_bits(*bits).into(),
            Literal::Decimal(text) | Literal::String(text) => text.as_str().into(),
            Literal::Date(day) => day.to_string().into(),
            Literal::DateTime(at) => at.format("%Y-%m-%dT%H:%M:%S%.f").to_string().into(),
            Literal::Timestamp(at) => at.and_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true).into(),
        };
        serde_json::json!({ "type": value.column_type().name(), "value": shown })
    };
    let parameters: Vec<serde_json::Value> = text.parameters.iter().map(parameter).collect();
    serde_json::json!({ "sql": text.sql, "dialect": dialect.name(), "parameters": parameters })
}
