//! `entente fmt`: definitions in one layout, comments kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    context::{Context, count},
    failure::{Failure, reason},
};
use crate::{diagnostics::render, files::SourceMap, syntax};

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
    let (files, paths) = if arguments.files.is_empty() { project_files(context)? } else { read(&arguments.files)? };
    let mut changed = 0;
    let mut failed = Vec::new();
    for ((file, source), path) in files.iter().zip(&paths) {
        match syntax::format(&files, file) {
            Ok(formatted) if formatted == source.text => {}
            Ok(formatted) => {
                changed += 1;
                writeln!(context.out, "{}", source.path)?;
                if !arguments.check {
                    replace(path, &formatted)?;
                }
            }
            Err(diagnostics) => failed.extend(diagnostics),
        }
    }
    if !failed.is_empty() {
        let color = context.colors(&io::stderr()).into();
        eprint!("{}", render::render(render::Format::Full, &failed, &files, color));
        return Err(Failure::shown());
    }
    if arguments.check && changed > 0 {
        let verb = if changed == 1 { "is" } else { "are" };
        return Err(Failure::wrong(format!("{} {verb} not in the layout", count(changed, "file")))
            .help("Format with `entente fmt`."));
    }
    context.note(&format!("{changed} of {} changed", count(paths.len(), "file")));
    Ok(())
}

/// Returns the definitions of the project and where they lie.
fn project_files(context: &Context) -> Result<(SourceMap, Vec<PathBuf>), Failure> {
    let loaded = context.load()?;
    let mut files = SourceMap::new();
    let mut paths = Vec::new();
    for (_, file) in loaded.files.iter().filter(|(_, file)| file.path.starts_with("metrics/")) {
        let path = loaded.root.join(&file.path);
        // A file that could not be read stands in the map without its text.
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            files.add(&*file.path, &*file.text);
            paths.push(path);
        }
    }
    Ok((files, paths))
}

fn read(paths: &[PathBuf]) -> Result<(SourceMap, Vec<PathBuf>), Failure> {
    let mut files = SourceMap::new();
    for path in paths {
        let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        files.add(path.display().to_string(), text);
    }
    Ok((files, paths.to_vec()))
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
