//! The `entente` command: arguments → one call each → text and an exit code.
//!
//! ```text
//! entente query --metrics revenue --by time.month   ─►  query::run(&arguments, &mut context)  ─►  0
//! ```
//!
//! One file per command. What a command found goes to standard output, what it has to say about it to standard error.
//!
//! **Invariant:** no command decides what a number means; they load, ask and print.

mod build;
mod catalog;
mod check;
mod connect;
mod context;
mod cost;
mod demo;
mod diff;
mod explain;
mod failure;
mod fmt;
mod import;
mod init;
mod interrupt;
mod lookml;
mod made;
mod moment;
mod principal;
mod publish;
mod query;
mod reference;
mod request;
mod rollups;
mod serve;
mod table;
mod test;
mod verify;

pub use reference::reference;

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

use context::Context;
use failure::Exit;

/// Agree on a metric once, use it everywhere.
///
/// entente compiles metric definitions (YAML) to LookML and answers metric queries with warehouse SQL, on the command
/// line and over GraphQL. A project is a folder with an `entente.yml` and definitions under `metrics/`.
#[derive(Parser)]
#[command(name = "entente", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What the exit codes mean, below the help of the whole command.
const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  the project, a request or a test is wrong
  2  the arguments are wrong
  3  the world is wrong: the warehouse, a file, a port

A first tour:
  entente demo                                        make the sample warehouse
  entente query --metrics revenue --by time.month     ask for a number
  entente explain --metrics revenue --by time.month   see how it is computed
  entente build                                       write LookML and schemas
  entente serve                                       answer GraphQL
  entente init shop.duckdb                            start from your own data";

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// The project's folder
    ///
    /// Unless given, it is the nearest folder with an `entente.yml`, from the working folder upwards.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "ENTENTE_PROJECT",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    project: Option<PathBuf>,
    /// When to color
    ///
    /// `auto` colors on a terminal, unless `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    color: Color,
    /// Say nothing but results and errors
    #[arg(long, short, global = true, help_heading = "Global options")]
    quiet: bool,
}

/// When to color.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Build(build::Arguments),
    Query(query::Arguments),
    Explain(explain::Arguments),
    Test(test::Arguments),
    Verify(verify::Arguments),
    Rollups(rollups::Arguments),
    Serve(serve::Arguments),
    Demo(demo::Arguments),
    Init(init::Arguments),
    Import(import::Arguments),
    Catalog(catalog::Arguments),
    Fmt(fmt::Arguments),
    Lookml(lookml::Arguments),
}

/// Runs the command with the arguments of this process.
pub fn run() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let stdout = io::stdout();
    let mut out = io::BufWriter::new(stdout.lock());
    let mut context = Context::new(global, &mut out);
    let result = match command {
        Command::Check(arguments) => check::run(&arguments, &mut context),
        Command::Build(arguments) => build::run(&arguments, &mut context),
        Command::Query(arguments) => query::run(&arguments, &mut context),
        Command::Explain(arguments) => explain::run(&arguments, &mut context),
        Command::Test(arguments) => test::run(&arguments, &mut context),
        Command::Verify(arguments) => verify::run(&arguments, &mut context),
        Command::Rollups(arguments) => rollups::run(&arguments, &mut context),
        Command::Serve(arguments) => serve::run(&arguments, &mut context),
        Command::Demo(arguments) => demo::run(&arguments, &mut context),
        Command::Init(arguments) => init::run(&arguments, &mut context),
        Command::Import(arguments) => import::run(&arguments, &mut context),
        Command::Catalog(arguments) => catalog::run(&arguments, &mut context),
        Command::Fmt(arguments) => fmt::run(&arguments, &mut context),
        Command::Lookml(arguments) => lookml::run(&arguments, &mut context),
    };
    let result = result.and_then(|()| Ok(context.out.flush()?));
    let exit = match result {
        Ok(()) => Exit::Worked,
        Err(failure) => {
            // What was found before the failure is shown before it.
            let _ = context.out.flush();
            context.report(&failure)
        }
    };
    exit.into()
}
