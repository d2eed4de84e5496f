//! What is done to a metric before it is used: `where`, `offset`, `window`, `to_date`, `all_time`, `ignore`, on an input
//! or beside `metric:`.
//!
//! **Invariant:** what moves in time has a time at the bottom, and is accumulated once.

mod filter;
mod in_time;

use std::collections::BTreeMap;

use self::{
    filter::filters,
    in_time::{cumulation_of, offset_of, shifts_rows, start_of},
};
use super::{Context, path_words};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Spanned,
    ids::{MetricId, ModelId},
    project::{Back, Cumulation, Ignore, MetricKind, Ref, TimeAxis},
    resolve::{
        expression::Scope,
        path::{Found, find},
    },
    sql::Expr,
    syntax::{OffsetDef, Text},
    time::{Duration, Granularity},
};

/// What is done to a metric before it is used.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) filter: BTreeMap<ModelId, Expr<Ref>>,
    pub(super) offset: Option<Back>,
    pub(super) shift_rows: bool,
    pub(super) offset_to: Option<Granularity>,
    pub(super) ignore: Option<Ignore>,
    pub(super) cumulation: Option<Cumulation>,
}

/// The changes as they were written, on an input or beside `metric:`.
pub(super) struct Written<'d> {
    pub(super) filter: Option<&'d Text>,
    pub(super) offset: Option<&'d Spanned<OffsetDef>>,
    pub(super) window: Option<&'d Spanned<Duration>>,
    pub(super) to_date: Option<&'d Text>,
    pub(super) all_time: Option<&'d Spanned<bool>>,
    pub(super) shift: Option<&'d Text>,
    pub(super) offset_to: Option<&'d Text>,
    pub(super) ignore: &'d [Text],
}

/// Resolves what was written beside the use of a metric.
pub(super) fn changes(
    context: &Context<'_>,
    metric: MetricId,
    subject: &str,
    written: &Written<'_>,
    diagnostics: &mut Diagnostics,
) -> Changes {
    let offset = written.offset.and_then(|offset| offset_of(context, offset, subject, diagnostics));
    let shift_rows = written.shift.is_some_and(|shift| shifts_rows(shift, offset, subject, diagnostics));
    let offset_to = written.offset_to.and_then(|text| start_of(text, subject, diagnostics));
    let ignore = ignored(context, metric, written.ignore, subject, diagnostics);
    let cumulation = cumulation_of(context, written, subject, diagnostics);
    let leaves = leaf_axes(context, metric);
    let moved = written.offset.map(|offset| offset.span).or(written.offset_to.map(|start| start.span));
    let moved = moved.or(written.window.map(|window| window.span));
    let moved = moved.or(written.to_date.map(|to_date| to_date.span)).or(written.all_time.map(|all| all.span));
    if let Some(span) = moved.filter(|_| offset.is_some() || offset_to.is_some() || cumulation.is_some()) {
        // The moments of a balance over versions are those of periods, which can be taken back.
        let is_taken_back = cumulation.is_none() && offset_to.is_none();
        let has_moments = |leaf: MetricId| {
            context.project.simple(leaf).is_some_and(|simple| is_taken_back && simple.balance.is_some())
        };
        for (leaf, _) in leaves.iter().filter(|(leaf, (_, axis))| axis.is_none() && !has_moments(*leaf)) {
            let message =
                format!("{subject} moves in time, but metric `{}` has none", context.project.metrics[*leaf].name);
            let place = context.project.metrics[*leaf].span;
            diagnostics.push(
                Diagnostic::new(Code::MissingTime, span, message)
                    .also(place, "the metric")
                    .help("Give that metric or its model a `time:`."),
            );
        }
    }
    if let Some(span) = moved.filter(|_| cumulation.is_some())
        && accumulates(context, metric)
    {
        let message = format!("{subject} accumulates a metric that is accumulated already");
        diagnostics
            .push(Diagnostic::new(Code::InvalidWindow, span, message).help("Accumulate the metric below instead."));
    }
    let filter = written.filter.map(|text| filters(context, subject, text, &leaves, diagnostics)).unwrap_or_default();
    Changes { filter, offset, shift_rows, offset_to, ignore, cumulation }
}

fn accumulates(context: &Context<'_>, metric: MetricId) -> bool {
    match &context.project.metrics[metric].kind {
        MetricKind::Simple(_) | MetricKind::Funnel(_) => false,
        MetricKind::Cumulative { .. } => true,
        MetricKind::Nested(nested) => accumulates(context, nested.metric),
        MetricKind::Derived { inputs, .. } => {
            inputs.iter().any(|input| input.cumulation.is_some() || accumulates(context, input.metric))
        }
    }
}

/// Reads `ignore: all`, or the keys that are ignored; `time` is every time key.
fn ignored(
    context: &Context<'_>,
    metric: MetricId,
    written: &[Text],
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Ignore> {
    if let [all] = written
        && all.value == "all"
    {
        return Some(Ignore::All);
    }
    let mut paths = Vec::new();
    for text in written {
        let words = path_words(text);
        paths.push(words.iter().map(|word| word.value.clone()).collect());
        if text.value == "time" {
            continue;
        }
        let models = leaf_axes(context, metric);
        let mut wrong = None;
        let known =
            models.iter().any(|(_, (model, _))| match find(context, Scope::of_model(*model, subject), &words) {
                Ok(Found::Dimension { at: None, .. } | Found::Broken) => true,
                Ok(_) => false,
                Err(diagnostic) => {
                    wrong = Some(diagnostic);
                    false
                }
            });
        if !known {
            diagnostics.push(wrong.unwrap_or_else(|| {
                let message = format!("{subject} ignores `{}`, which is no dimension", text.value);
                Diagnostic::new(Code::UnknownDimension, text.span, message)
                    .help("Write a dimension without a granularity, `time` for all time keys, or `ignore: all`.")
            }));
        }
    }
    (!paths.is_empty()).then_some(Ignore::Keys(paths))
}

/// The simple metrics at the bottom of a metric, with their models and time axes.
type LeafAxes<'p> = Vec<(MetricId, (ModelId, Option<&'p TimeAxis>))>;

fn leaf_axes<'p>(context: &'p Context<'_>, metric: MetricId) -> LeafAxes<'p> {
    let leaves = context.project.leaves(metric).into_iter();
    leaves
        .filter_map(|leaf| context.project.simple(leaf).map(|simple| (leaf, (simple.model, simple.time.as_ref()))))
        .collect()
}
