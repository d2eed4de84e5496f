//! What every command is given: the project, standard output, and how to speak to people.

use std::{
    env,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Color, Exit, Global,
    failure::{Failure, reason},
};
use crate::{
    diagnostics::{Diagnostic, Severity, render},
    engine::{Loaded, find_project, load_project},
    project::Project,
};

/// What every command is given.
pub(crate) struct Context<'a> {
    global: Global,
    /// Standard output, for what the command found.
    pub(crate) out: &'a mut dyn Write,
}

impl<'a> Context<'a> {
    /// Makes the context of a command.
    pub(crate) fn new(global: Global, out: &'a mut dyn Write) -> Self {
        Self { global, out }
    }

    /// Returns the project's folder.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        match &self.global.project {
            Some(folder) if !folder.is_dir() => {
                let why = std::fs::read_dir(folder).err().map_or_else(String::new, |error| reason(&error));
                Err(Failure::usage(format!("`{}` is not a folder: {why}", folder.display())))
            }
            Some(folder) => Ok(folder.clone()),
            None => Ok(find_project(&self.folder()?)?),
        }
    }

    /// Returns the folder in which something is to be made: `--project`, or the working folder.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        match &self.global.project {
            Some(folder) => Ok(folder.clone()),
            None => env::current_dir()
                .map_err(|error| Failure::world(format!("the working folder cannot be found: {}", reason(&error)))),
        }
    }

    /// Loads the project, right or wrong.
    pub(crate) fn load(&self) -> Result<Loaded, Failure> {
        Ok(load_project(&self.root()?))
    }

    /// Loads the project; if it is wrong, says so on standard error and gives up.
    pub(crate) fn project(&self) -> Result<(Loaded, Arc<Project>), Failure> {
        let loaded = self.load()?;
        if let Some(project) = loaded.project.clone() {
            return Ok((loaded, project));
        }
        let errors: Vec<Diagnostic> =
            loaded.diagnostics.iter().filter(|found| found.code.severity() == Severity::Error).cloned().collect();
        let color = self.colors(&io::stderr()).into();
        say(&render::render(render::Format::Full, &errors, &loaded.files, color));
        Err(Failure::shown())
    }

    /// Returns whether to color what goes to this stream.
    pub(crate) fn colors(&self, stream: &impl IsTerminal) -> bool {
        match self.global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }

    /// Returns the text in the given ANSI style, if standard output is colored.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        style.apply(text, self.colors(&io::stdout()))
    }

    /// Says something about the work to people.
    pub(crate) fn note(&self, text: &str) {
        if !self.global.quiet {
            say(&format!("{text}\n"));
        }
    }

    /// Warns on standard error.
    pub(crate) fn warn(&self, text: &str) {
        if !self.global.quiet {
            say(&format!("{}: {text}\n", Style::Yellow.apply("warning", self.colors(&io::stderr()))));
        }
    }

    /// Returns a progress bar on a terminal, and one that shows nothing elsewhere.
    pub(crate) fn progress(&self, steps: u64) -> ProgressBar {
        let target = if self.global.quiet || !io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━━─");
        let bar = ProgressBar::with_draw_target(Some(steps), target).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// Shows why the command ends early, and says how it ends.
    pub(crate) fn report(&self, failure: &Failure) -> Exit {
        if !failure.message.is_empty() {
            let colors = self.colors(&io::stderr());
            say(&format!("{}: {}\n", Style::Red.apply("error", colors), failure.message));
            if let Some(help) = &failure.help {
                say(&format!("  {} {help}\n", Style::Cyan.apply("help:", colors)));
            }
        }
        failure.exit
    }
}

impl From<bool> for render::Color {
    fn from(colors: bool) -> Self {
        if colors { Self::Always } else { Self::Never }
    }
}

/// Writes to standard error. A reader that has gone, as `2>&1 | head` does, is no reason to fail.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// How a word is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A heading.
    Bold,
    /// An error.
    Red,
    /// A warning.
    Yellow,
    /// Something that is right.
    Green,
    /// Help.
    Cyan,
}

impl Style {
    /// Sets a text off, if colors are wanted.
    pub(crate) fn apply(self, text: &str, colors: bool) -> String {
        if !colors {
            return text.to_owned();
        }
        let code = match self {
            Self::Bold => "1",
            Self::Red => "1;31",
            Self::Yellow => "1;33",
            Self::Green => "1;32",
            Self::Cyan => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Counts things in words: "1 error", "2 errors", "no errors".
pub(crate) fn count(number: usize, thing: &str) -> String {
    match number {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}
