//! `entente rollups drop`: the tables that rollups were stored in and are no more.
//!
//! **Invariant:** nothing is dropped that was not shown, and a table that a rollup is stored in as it is defined only by its name.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice, thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::{Format, of_stored, write_json};
use crate::{
    cli::{
        connect,
        context::{Context, count},
        failure::Failure,
    },
    engine::all_stored,
    plan::{StateTable, StoredTable},
    project::{Project, Stored},
    sql::{self, Dialect, Statement, print_statement},
    warehouse::{self, Blocking, Terms},
};

/// Show which tables no definition fills any more, and drop them
///
/// A changed definition has a table of its own, and the old one stays for whoever still serves the old definition. This
/// shows the old ones; with `--yes` they are dropped. Tables that are of no rollup of this project, as it was removed or is
/// another project's, are shown as well and dropped only if they are named. So is a table of today's definition, which the
/// next build makes anew.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente rollups drop                                     see which tables are old
  entente rollups drop --yes                               drop those of earlier definitions
  entente rollups drop rollups.returns_daily_5f3a09c1 --yes   drop that one")]
pub(super) struct Arguments {
    /// The tables; those of earlier definitions unless some are named
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// Drop what is shown
    #[arg(long)]
    yes: bool,
    /// How it is shown
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// The time within which servers look at what is stored: as long as they look every minute, and a query more.
const LOOKED_AT: Duration = Duration::from_secs(90);

/// A table that a rollup was stored in.
struct Old {
    state: StateTable,
    stored: Stored,
    of: Definition,
}

/// Whose table it is.
enum Definition {
    /// A rollup's, as it is defined today.
    Current(String),
    /// An earlier definition's of a rollup.
    Earlier(String),
    /// No rollup's of the project.
    Unknown,
}

pub(super) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let (loaded, project) = context.project()?;
    let config = loaded.config.as_ref().expect("a project is loaded from its configuration");
    let warehouse = if arguments.yes {
        connect::open_for_storing(config, &loaded.root)?
    } else {
        connect::open(config, &loaded.root)?
    };
    let old = tables(&project, &arguments.tables, &warehouse)?;
    for name in &arguments.tables {
        check_named(name, &old)?;
    }
    let is_meant = |old: &Old| match arguments.tables.as_slice() {
        [] => matches!(old.of, Definition::Earlier(_)),
        named => named.contains(&old.stored.table),
    };
    // A table of today's definition is shown only if it is meant.
    let old: Vec<Old> =
        old.into_iter().filter(|old| is_meant(old) || !matches!(old.of, Definition::Current(_))).collect();
    let mut shown = Vec::new();
    for old in &old {
        let is_meant = is_meant(old);
        if is_meant && arguments.yes {
            drop_table(old, &warehouse)?;
        }
        let (text, json) = told(old, is_meant, arguments.yes);
        match arguments.format {
            Format::Text => writeln!(context.out, "{text}")?,
            Format::Json => shown.push(json),
        }
    }
    if arguments.format == Format::Json {
        return write_json(&shown, context);
    }
    let n_meant = old.iter().filter(|old| is_meant(old)).count();
    if n_meant == 0 {
        writeln!(context.out, "no table of an earlier definition is stored")?;
    } else if !arguments.yes {
        context.out.flush()?;
        context.note(&format!("nothing is dropped: `--yes` drops {}", count(n_meant, "table")));
    }
    Ok(())
}

/// Finds the tables that are stored beside those of the project's rollups, and beside some further ones.
fn tables(project: &Project, named: &[String], warehouse: &Blocking) -> Result<Vec<Old>, Failure> {
    let current =
        |rollup| Some((StoredTable::of(project, rollup, warehouse.dialect()).ok()?.name, rollup.name.clone()));
    let current: BTreeMap<String, String> = project.rollups.iter().filter_map(current).collect();
    let of_rollups = project.rollups.iter().filter_map(|rollup| rollup.table.as_ref());
    let states: BTreeSet<StateTable> = of_rollups.chain(named).map(|table| StateTable::beside(table)).collect();
    let mut found = Vec::new();
    for state in states {
        let rows = match warehouse.query_blocking(&sql::print(&state.read_all(), warehouse.dialect())) {
            Ok(rows) => rows,
            // Nothing was ever stored in this schema.
            Err(warehouse::Error::Refused(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        for stored in all_stored(&rows) {
            let is_earlier = |table: &String| is_earlier(&stored.table, table);
            let rollup = || project.rollups.iter().find(|rollup| rollup.table.as_ref().is_some_and(is_earlier));
            let of = match (current.get(&stored.table), rollup()) {
                (Some(rollup), _) => Definition::Current(rollup.clone()),
                (None, Some(rollup)) => Definition::Earlier(rollup.name.clone()),
                (None, None) => Definition::Unknown,
            };
            found.push(Old { state: state.clone(), stored, of });
        }
    }
    Ok(found)
}

/// Returns whether a table is called as one of an earlier definition is: `daily_5f3a09c1` of `daily`.
fn is_earlier(name: &str, table: &str) -> bool {
    let hash = name.strip_prefix(table).and_then(|rest| rest.strip_prefix('_'));
    hash.is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn check_named(name: &str, old: &[Old]) -> Result<(), Failure> {
    if old.iter().any(|old| old.stored.table == name) {
        return Ok(());
    }
    let failure = Failure::usage(format!("no rollup was stored in `{name}`"));
    Err(match crate::diagnostics::nearest(name, old.iter().map(|old| old.stored.table.as_str())) {
        Some(near) => failure.help(format!("Did you mean `{near}`?")),
        None => failure.help("See which tables there are with `entente rollups drop`."),
    })
}

/// Drops a table. It is forgotten first, so that nobody is told of a table that is not there, and servers that read it are
/// given the time to hear of that; none has a file of DuckDB open at the same time.
fn drop_table(old: &Old, warehouse: &Blocking) -> Result<(), Failure> {
    let table = &old.stored.table;
    let print = |statement: &Statement| print_statement(statement, warehouse.dialect());
    warehouse.execute_blocking(&[print(&old.state.forget(table))], &Terms::default())?;
    if matches!(old.of, Definition::Current(_)) && warehouse.dialect() != Dialect::DuckDb {
        thread::sleep(LOOKED_AT);
    }
    let dropped = print(&Statement::Drop { table: table.clone() });
    warehouse.execute_blocking(slice::from_ref(&dropped), &Terms::default()).map_err(|error| {
        Failure::world(format!("`{table}` is not listed any more, but it is still there: {error}"))
            .help(format!("Run `{dropped}` as a user who may."))
    })
}

fn told(old: &Old, is_meant: bool, yes: bool) -> (String, Value) {
    let (_, mut json) = of_stored(&old.stored);
    let rollup = match &old.of {
        Definition::Current(rollup) | Definition::Earlier(rollup) => Some(rollup),
        Definition::Unknown => None,
    };
    json["rollup"] = json!(rollup);
    json["dropped"] = json!(is_meant && yes);
    let Stored { table, until, rows } = &old.stored;
    let rows = count(usize::try_from(*rows).unwrap_or(usize::MAX), "row");
    let of = match &old.of {
        Definition::Current(rollup) => format!("of `{rollup}` as it is defined"),
        Definition::Earlier(rollup) => format!("of an earlier definition of `{rollup}`"),
        Definition::Unknown => "of no rollup of this project".to_owned(),
    };
    let end = match (is_meant, yes) {
        (true, true) => "; dropped",
        (false, _) if rollup.is_none() => "; it stays unless it is named",
        _ => "",
    };
    (format!("{table}: {rows} before {until}, {of}{end}"), json)
}
