//! `entente import lookml`: reads the files of a Looker project, and shows what cannot be read.

use super::{
    super::{
        context::{count, say},
        failure::Failure,
        lookml,
    },
    Arguments, Format, Known, Made,
};
use crate::{
    catalog::Catalog,
    diagnostics::{Diagnostic, render},
    files::SourceMap,
    import::lookml::{Options, import as import_project},
    sql::Dialect,
};

/// Imports a Looker project.
pub(super) fn import(arguments: &Arguments, known: &Known) -> Result<Made, Failure> {
    if let Some(name) = arguments.dialect.as_deref().filter(|name| Dialect::from_name(name).is_none()) {
        let names: Vec<&str> = Dialect::ALL.iter().map(|dialect| dialect.name()).collect();
        return Err(
            Failure::usage(format!("there is no dialect `{name}`")).help(format!("Write one of {}.", names.join(", ")))
        );
    }
    let mut unreadable = Vec::new();
    let files = lookml::read(&arguments.path, &mut unreadable)?;
    if !unreadable.is_empty() {
        return Err(show(&unreadable, &files));
    }
    let models = || files.iter().filter_map(|(_, file)| file.path.rsplit('/').next()?.split_once(".model."));
    if let Some(name) = arguments.model.as_deref().filter(|wanted| models().all(|(name, _)| name != *wanted)) {
        let names: Vec<&str> = models().map(|(name, _)| name).collect();
        return Err(Failure::usage(format!("the Looker project has no model `{name}`"))
            .help(format!("Write one of {}.", names.join(", "))));
    }
    let name = arguments.path.canonicalize().ok();
    let name = name
        .as_deref()
        .and_then(|path| path.file_name())
        .map_or_else(|| "looker".to_owned(), |name| name.to_string_lossy().into_owned());
    let options = Options {
        config: known.config.clone(),
        catalog: known.tables.clone(),
        dialect: arguments.dialect.clone(),
        name,
        model: arguments.model.clone(),
    };
    let imported = import_project(&files, &options).map_err(|found| show(&found, &files))?;
    if !arguments.dry_run && !imported.files.iter().any(|file| file.path.starts_with("metrics/")) {
        let summary = imported.report.summary();
        return Err(Failure::wrong(format!("nothing of the Looker project can be said in definitions: {summary}"))
            .help("`--dry-run` shows of every construct why."));
    }
    let report = match arguments.format {
        Format::Text => imported.report.to_text(),
        Format::Json => imported.report.to_json(),
        Format::Markdown => imported.report.to_markdown(),
    };
    Ok(Made { files: imported.files, project_file: imported.project_file, catalog: Catalog::default(), report })
}

/// Shows what cannot be read.
fn show(found: &[Diagnostic], files: &SourceMap) -> Failure {
    say(&render::render(render::Format::Full, found, files, render::Color::Never));
    Failure::wrong(format!("the Looker project is not imported: {}", count(found.len(), "error")))
}
