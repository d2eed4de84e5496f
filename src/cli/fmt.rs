//! `entente fmt`: definitions in one layout, comments kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    context::{Context, count, say},
    failure::{Failure, reason},
};
use crate::{diagnostics::render, engine::find_project, files::SourceMap, syntax};

/// Format the definitions
///
/// Puts the YAML files under `metrics/` in one layout. Comments stay, and values that YAML would cut are quoted. A file
/// that cannot be read as YAML is left as it is and reported.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  entente fmt                        format the whole project
  entente fmt metrics/finance.yml    format one file
  entente fmt --check                for CI: change nothing, exit with 1 if a file would change")]
pub(crate) struct Arguments {
    /// Change nothing; exit with 1 if a file would change
    #[arg(long)]
    check: bool,
    /// The files; all of the project unless given
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: &mut Context) -> Result<(), Failure> {
    let sources = if arguments.files.is_empty() { project_files(context)? } else { read(&arguments.files)? };
    let mut changed = 0;
    let mut failed = false;
    for Source { name, within, path, text } in &sources {
        let mut files = SourceMap::new();
        let file = files.add(within, text);
        match syntax::format(&files, file) {
            Ok(formatted) if formatted == *text => {}
            Ok(formatted) => {
                changed += 1;
                writeln!(context.out, "{name}")?;
                if !arguments.check {
                    replace(path, &formatted)?;
                }
            }
            Err(diagnostics) => {
                failed = true;
                let color = context.colors(&io::stderr()).into();
                say(&render::render(render::Format::Full, &diagnostics, &files, color));
            }
        }
    }
    if failed {
        return Err(Failure::shown());
    }
    if arguments.check && changed > 0 {
        let verb = if changed == 1 { "is" } else { "are" };
        return Err(Failure::wrong(format!("{} {verb} not in the layout", count(changed, "file")))
            .help("Format with `entente fmt`."));
    }
    context.note(&format!("{changed} of {} changed", count(sources.len(), "file")));
    Ok(())
}

/// A file to format.
struct Source {
    /// Its name as shown.
    name: String,
    /// Its path below the project.
    within: String,
    /// Where it lies.
    path: PathBuf,
    /// What is in it.
    text: String,
}

/// Returns the definitions of the project.
fn project_files(context: &Context) -> Result<Vec<Source>, Failure> {
    let loaded = context.load()?;
    let definitions = loaded.files.iter().filter(|(_, file)| file.path.starts_with("metrics/"));
    let sources = definitions.map(|(_, file)| Source {
        name: file.path.clone(),
        within: file.path.clone(),
        path: loaded.root.join(&file.path),
        text: file.text.clone(),
    });
    // A file that could not be read stands in the map without its text; `entente check` reports it.
    Ok(sources.filter(|source| fs::read_to_string(&source.path).is_ok_and(|text| text == source.text)).collect())
}

fn read(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let read = |path: &PathBuf| match fs::read_to_string(path) {
        Ok(text) => {
            Ok(Source { name: path.display().to_string(), within: within_project(path), path: path.clone(), text })
        }
        Err(error) => Err(Failure::file("read", path, &error)),
    };
    paths.iter().map(read).collect()
}

/// Returns a file's path below its project, whose depth tells where the schemas lie.
fn within_project(path: &Path) -> String {
    let within = fs::canonicalize(path).ok().and_then(|real| {
        let root = find_project(real.parent()?).ok()?;
        Some(real.strip_prefix(&root).ok()?.to_string_lossy().into_owned())
    });
    within.unwrap_or_else(|| path.display().to_string())
}

/// Replaces a file in one step, so that it is never half written.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    let written = fs::write(&part, text)
        .and_then(|()| fs::set_permissions(&part, fs::metadata(path)?.permissions()))
        .and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&part);
        Failure::world(format!("`{}` cannot be written: {}", path.display(), reason(&error)))
    })
}
