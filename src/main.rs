//! The `entente` command; see [`entente::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    entente::cli::run()
}
