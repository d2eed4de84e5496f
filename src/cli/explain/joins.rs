//! Join safety as text: for each metric and dimension whether rows can be grouped so, and what a join would make of them.

use std::collections::BTreeSet;

use super::super::{
    context::{Context, Style},
    failure::Failure,
    request::RequestArguments,
};
use crate::{
    diagnostics::nearest,
    ids::MetricId,
    plan::{self, CounterExample, ExampleTable, JoinSafety, JoinUse, KeyKind, Verdict},
    project::Visible,
};

pub(super) fn run(arguments: &RequestArguments, project: &Visible<'_>, context: &mut Context) -> Result<(), Failure> {
    let metrics = metrics(arguments, project)?;
    let in_full = !arguments.metrics.is_empty() && !arguments.by.is_empty();
    let paths = paths(arguments, project)?;
    for metric in metrics {
        for path in &paths {
            for part in plan::join_safety(project, metric, path) {
                if in_full {
                    full(project, metric, path, &part, context)?;
                } else {
                    line(project, metric, path, &part, context)?;
                }
            }
        }
    }
    Ok(())
}

fn metrics(arguments: &RequestArguments, project: &Visible<'_>) -> Result<Vec<MetricId>, Failure> {
    if arguments.metrics.is_empty() {
        return Ok(project.metrics.ids().filter(|id| project.shows_metric(*id)).collect());
    }
    let named = |name: &String| {
        project.metric_named(name).ok_or_else(|| {
            let failure = Failure::wrong(format!("unknown metric `{name}`"));
            match nearest(name, project.metric_names()) {
                Some(near) => failure.help(format!("Did you mean `{near}`?")),
                None => failure.help("`entente explain --joins` lists all metrics."),
            }
        })
    };
    arguments.metrics.iter().map(named).collect()
}

/// Returns the dimensions that are named, or every dimension by its model and by the roles that lead to it.
fn paths(arguments: &RequestArguments, project: &Visible<'_>) -> Result<Vec<Vec<String>>, Failure> {
    if arguments.by.is_empty() {
        let models = project.models.iter().map(|(id, model)| (model.name.as_str(), id));
        let roles = project.joins.values().map(|join| (join.role.as_str(), join.to));
        let owners: BTreeSet<(&str, _)> = models.chain(roles).collect();
        let of_owner = |(owner, model)| {
            let dimensions = project.dimensions_of(model);
            dimensions.map(move |id| vec![str::to_owned(owner), project.dimensions[id].name.clone()])
        };
        return Ok(owners.into_iter().flat_map(of_owner).collect());
    }
    let mut paths = Vec::new();
    for text in &arguments.by {
        let asked = plan::RequestText { by: vec![text.clone()], ..plan::RequestText::default() }.parse()?;
        for key in asked.keys {
            match key.kind {
                KeyKind::Dimension { path, .. } => paths.push(path),
                KeyKind::Time(_) | KeyKind::TimePart(_) => {
                    return Err(Failure::wrong(format!("`{text}` is the time axis of each metric, not a dimension"))
                        .help("Name a dimension, such as `customers.country`; `entente explain -m METRIC` tells the axis."));
                }
            }
        }
    }
    Ok(paths)
}

fn verdict(part: &JoinSafety) -> (&'static str, Style) {
    match part.verdict {
        Verdict::Direct(_) => ("direct", Style::Green),
        Verdict::Deduplicated(_) => ("deduplicated", Style::Yellow),
        Verdict::Refused { .. } => ("refused", Style::Red),
    }
}

/// `refused       revenue by claims.kind: one row of `shipments` may have many rows of `claims`, …`
fn line(
    project: &Visible<'_>,
    metric: MetricId,
    path: &[String],
    part: &JoinSafety,
    context: &mut Context,
) -> Result<(), Failure> {
    let (word, style) = verdict(part);
    let word = context.styled(style, &format!("{word:<12}"));
    let why = match &part.verdict {
        Verdict::Direct(uses) | Verdict::Deduplicated(uses) => {
            uses.last().map_or_else(|| "its own".to_owned(), |last| last.path.clone())
        }
        Verdict::Refused { error, .. } => error.message.clone(),
    };
    writeln!(context.out, "{word}  {} by {}: {why}", project.metrics[metric].name, path.join("."))?;
    Ok(())
}

fn full(
    project: &Visible<'_>,
    metric: MetricId,
    path: &[String],
    part: &JoinSafety,
    context: &mut Context,
) -> Result<(), Failure> {
    let (word, style) = verdict(part);
    let of = match (metric == part.metric, &project.metrics[part.metric].name) {
        (true, _) => String::new(),
        (false, leaf) => format!(" (its part `{leaf}` of `{}`)", project.models[part.model].name),
    };
    let word = context.styled(style, word);
    writeln!(context.out, "{} by {}{of}: {word}", project.metrics[metric].name, path.join("."))?;
    match &part.verdict {
        Verdict::Direct(uses) if uses.is_empty() => {
            writeln!(context.out, "  a dimension of `{}` itself", project.models[part.model].name)?;
        }
        Verdict::Direct(uses) | Verdict::Deduplicated(uses) => {
            for JoinUse { path, reason } in uses {
                writeln!(context.out, "  {path}: {reason}")?;
            }
        }
        Verdict::Refused { error, example } => {
            writeln!(context.out, "  {}", error.message)?;
            if let Some(help) = &error.help {
                writeln!(context.out, "  help: {help}")?;
            }
            if let Some(example) = example {
                shown(example, context)?;
            }
        }
    }
    writeln!(context.out)?;
    Ok(())
}

/// Shows the tables of made-up data one below the other, and what they show.
fn shown(example: &CounterExample, context: &mut Context) -> Result<(), Failure> {
    writeln!(context.out, "  for example, {}", example.shows)?;
    for ExampleTable { model, columns, rows } in &example.tables {
        writeln!(context.out, "\n    {model}")?;
        let widths: Vec<usize> = columns
            .iter()
            .enumerate()
            .map(|(at, name)| rows.iter().map(|row| row[at].chars().count()).chain([name.chars().count()]).max())
            .map(|width| width.unwrap_or(0))
            .collect();
        for row in std::iter::once(columns).chain(rows) {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(context.out, "{}", format!("    {}", cells.join("  ")).trim_end())?;
        }
    }
    Ok(())
}
