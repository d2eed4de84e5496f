//! The help of every command as one page, `docs/reference/cli.md`.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use super::Cli;

/// Returns the page.
pub fn reference() -> String {
    let mut page =
        "# The command line\n\nWritten from `entente --help` by `UPDATE=1 cargo test`; compared by a test.\n"
            .to_owned();
    let mut entente = Cli::command().term_width(100).disable_help_subcommand(true);
    entente.build();
    describe(&mut entente, "entente", &mut page);
    page
}

/// Adds the help of a command, and of those within it.
fn describe(command: &mut Command, title: &str, page: &mut String) {
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(page, "\n## {title}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()).expect("text is written to memory");
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names {
        let inner = command.find_subcommand_mut(&name).expect("it was listed");
        describe(inner, &format!("{title} {name}"), page);
    }
}
