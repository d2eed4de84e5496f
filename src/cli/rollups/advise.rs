//! `entente rollups advise`: rollups that would have answered most of what was asked.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::Format;
use crate::{
    advise::{Advice, Asked, Cost, Proposal, advise},
    cli::{
        connect,
        context::{Context, count},
        failure::Failure,
        moment::moment,
    },
    price::size,
    sql,
    time::{DateTime, Utc},
};

/// Propose rollups for what was asked
///
/// Reads the log that `entente serve` writes where `entente.yml` says `query_log: FILE`, and proposes the few rollups which
/// would have answered most of it, as YAML. Each proposal is tried: what it is said to answer the planner reads from it. The
/// warehouse is asked once for each model how many rows and values the last four weeks have, unless it may not be.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente rollups advise                      from the log of the project
  entente rollups advise queries.jsonl -n 1   the one that is worth most
  entente rollups advise --offline            without asking the warehouse for numbers of rows")]
pub(super) struct Arguments {
    /// The log; that of the project unless given
    #[arg(value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// How many are proposed at most
    #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 3)]
    at_most: usize,
    /// Do not ask the warehouse
    #[arg(long)]
    offline: bool,
    /// How it is shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The moment from which the last weeks count, such as `2026-01-15T12:00:00Z`
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide_env = true)]
    now: Option<DateTime<Utc>>,
}

/// How many shapes of what is not answered are shown.
const SHOWN: usize = 5;

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let of_project = config.query_log.as_ref().map(|path| loaded.root.join(path));
    let paths = if arguments.logs.is_empty() { of_project.into_iter().collect() } else { arguments.logs.clone() };
    if paths.is_empty() {
        return Err(Failure::wrong("nothing is known of what is asked").help(
            "Write `query_log: queries.jsonl` into `entente.yml`, let `entente serve` run for a while, and come back.",
        ));
    }
    let mut log = Vec::new();
    for path in &paths {
        read(path, &mut log)?;
    }
    let now = arguments.now.unwrap_or_else(Utc::now);
    let dialect = connect::dialect(config);
    let warehouse = if arguments.offline { None } else { Some(connect::open(config, &loaded.root)?) };
    let advice = advise(&project, &log, arguments.at_most, (now, dialect), &mut |select| {
        let asked = warehouse.as_ref()?.query_blocking(&sql::print(select, dialect));
        asked.inspect_err(|error| context.warn(&format!("the rows of a model are not known: {error}"))).ok()
    });
    match arguments.format {
        Format::Text => write!(context.out, "{}", text(&advice))?,
        Format::Json => {
            let text = serde_json::to_string_pretty(&json(&advice)).expect("advice is plain data");
            writeln!(context.out, "{text}")?;
        }
    }
    Ok(())
}

/// Reads the lines of a log.
fn read(path: &Path, log: &mut Vec<Asked>) -> Result<(), Failure> {
    let file = File::open(path).map_err(|error| {
        Failure::file("read", path, &error).help("Name a log that `entente serve` has written, or start it with one.")
    })?;
    for (at, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| Failure::file("read", path, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let asked = serde_json::from_str(&line).map_err(|error| {
            Failure::wrong(format!("{}:{}: no line of a log of queries: {error}", path.display(), at + 1))
                .help("Remove the line; a server that was killed may have written half of it.")
        })?;
        log.push(asked);
    }
    Ok(())
}

fn text(advice: &Advice) -> String {
    let Advice { proposals, all, answered, unanswered } = advice;
    let mut text = format!("{} were asked: {}\n", queries(all.count), costs(*all));
    if answered.count > 0 {
        text.push_str(&format!(
            "the rollups of the project answer {}: {}\n",
            queries(answered.count),
            costs(*answered)
        ));
    }
    if proposals.is_empty() {
        text.push_str("no further rollup is worth its rows\n");
    }
    for Proposal { name, yaml, answers, shapes, rows_a_day } in proposals {
        text.push_str(&format!("\n{name} would answer {}: {}\n", queries(answers.count), costs(*answers)));
        if let Some((stored, rows)) = rows_a_day {
            text.push_str(&format!("  stores at most {stored} of {rows} rows a day\n"));
        }
        for shape in shapes.iter().take(SHOWN) {
            text.push_str(&format!("  {shape}\n"));
        }
        if shapes.len() > SHOWN {
            text.push_str(&format!("  and {}\n", count(shapes.len() - SHOWN, "further shape")));
        }
        text.push_str(&format!("\nrollups:\n{yaml}"));
    }
    if !unanswered.is_empty() {
        text.push_str("\nnot answered:\n");
    }
    for unanswered in unanswered.iter().take(SHOWN) {
        let number = queries(unanswered.cost.count);
        text.push_str(&format!("  {}: {number}; {}\n", unanswered.shape, unanswered.reason));
    }
    if unanswered.len() > SHOWN {
        text.push_str(&format!("  and {}\n", count(unanswered.len() - SHOWN, "further shape")));
    }
    text
}

fn queries(number: u64) -> String {
    match number {
        1 => "1 query".to_owned(),
        _ => format!("{number} queries"),
    }
}

/// Tells what requests came to.
fn costs(cost: Cost) -> String {
    let read = if cost.bytes > 0 { format!("{}, ", size(cost.bytes)) } else { String::new() };
    format!("{read}{}.{:03} s of the warehouse", cost.millis / 1000, cost.millis % 1000)
}

fn json(advice: &Advice) -> Value {
    let Advice { proposals, all, answered, unanswered } = advice;
    let proposals = proposals.iter().map(|Proposal { name, yaml, answers, shapes, rows_a_day }| {
        json!({
            "name": name,
            "yaml": yaml,
            "answers": answers,
            "shapes": shapes,
            "rows_a_day": rows_a_day.map(|(stored, _)| stored),
            "of_rows_a_day": rows_a_day.map(|(_, rows)| rows),
        })
    });
    let unanswered = unanswered
        .iter()
        .map(|unanswered| json!({ "shape": unanswered.shape, "cost": unanswered.cost, "reason": unanswered.reason }));
    json!({
        "all": all,
        "answered": answered,
        "proposals": proposals.collect::<Vec<_>>(),
        "unanswered": unanswered.collect::<Vec<_>>(),
    })
}
