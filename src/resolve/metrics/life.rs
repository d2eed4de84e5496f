//! What is said of a metric beside its value: status, format, which direction is good.

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{Id, MetricId},
    project::{Format, Good, Status, decimals_of},
    resolve::{context::Context, names::suggest},
    syntax::{MetricDef, Text},
};

/// Completes the status, format and direction of a metric.
pub(super) fn resolve(context: &mut Context<'_>, id: MetricId, diagnostics: &mut Diagnostics) {
    let def = context.metrics[id.index()];
    let subject = format!("metric `{}`", def.name.value);
    let status = status(context, def, id, &subject, diagnostics);
    let project = &context.project;
    let money = project.metrics[id].unit.as_deref().or(project.currency.as_deref());
    let format = format_named(def.format.as_ref(), money, &subject, diagnostics);
    let metric = &mut context.project.metrics[id];
    metric.status = status;
    metric.format = format;
    metric.good = def.good.as_ref().map(|good| if good.value == "down" { Good::Down } else { Good::Up });
}

fn status(
    context: &Context<'_>,
    def: &MetricDef,
    id: MetricId,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Status {
    let replacement = def.replaced_by.as_ref().and_then(|name| {
        let other = context.project.metric_named(&name.value).filter(|other| *other != id);
        if other.is_none() {
            let message = if name.value == def.name.value {
                format!("{subject} is replaced by itself")
            } else {
                format!("{subject} is replaced by unknown metric `{}`", name.value)
            };
            let names = context.project.metric_ids.keys().map(String::as_str).filter(|name| *name != def.name.value);
            let diagnostic = Diagnostic::new(Code::UnknownReplacement, name.span, message);
            diagnostics.push(suggest(diagnostic, &name.value, names, "metrics"));
        }
        other
    });
    let sunset = def.sunset.as_ref().and_then(|text| {
        let day = text.value.parse().ok();
        if day.is_none() {
            let message = format!("the sunset of {subject} is no date");
            diagnostics.push(Diagnostic::new(Code::WrongValue, text.span, message).help("Write it as `2026-12-31`."));
        }
        day
    });
    let name = def.status.as_ref().map(|status| status.value.as_str());
    if name != Some("deprecated")
        && let Some(text) = def.replaced_by.as_ref().or(def.sunset.as_ref())
    {
        let message = format!("{subject} is replaced, but not deprecated");
        diagnostics.push(
            Diagnostic::new(Code::ConflictingKeys, text.span, message).help("Write `status: deprecated` as well."),
        );
    }
    // Other words were reported when the file was loaded.
    match name {
        Some("draft") => Status::Draft,
        Some("proposed") => Status::Proposed,
        Some("deprecated") => match (replacement, &def.replaced_by, &def.status) {
            (Some(replaced_by), ..) => Status::Deprecated { replaced_by, sunset },
            (None, None, Some(text)) => {
                let message = format!("{subject} is deprecated, but says no `replaced_by`");
                let help = "Name the metric to use instead: `replaced_by: …`.";
                diagnostics.push(Diagnostic::new(Code::MissingKey, text.span, message).help(help));
                Status::Active
            }
            (None, ..) => Status::Active,
        },
        _ => Status::Active,
    }
}

/// Reads `percent`, `decimal_2`, `currency_0`, `id`; `currency` alone has the decimals that amounts of `money` have.
pub(in crate::resolve) fn format_named(
    text: Option<&Text>,
    money: Option<&str>,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Format> {
    let text = text?;
    let (name, digits) = match text.value.rsplit_once('_') {
        Some((name, digits)) => (name, digits.parse::<u8>().ok().filter(|digits| *digits <= 9)),
        None => (text.value.as_str(), None),
    };
    let has_digits = text.value.contains('_');
    let format = match (name, digits, has_digits) {
        ("percent", None, false) => Some(Format::Percent(0)),
        ("percent", Some(digits), _) => Some(Format::Percent(digits)),
        ("currency", None, false) => Some(Format::Currency(money.map_or(2, decimals_of))),
        ("currency", Some(digits), _) => Some(Format::Currency(digits)),
        ("decimal", None, false) => Some(Format::Decimal(2)),
        ("decimal", Some(digits), _) => Some(Format::Decimal(digits)),
        ("integer", None, false) => Some(Format::Decimal(0)),
        ("id", None, false) => Some(Format::Id),
        _ => None,
    };
    if format.is_none() {
        let message = format!("{subject} has unknown format `{}`", text.value);
        let names = ["percent", "percent_1", "currency", "currency_0", "decimal_0", "decimal_2", "integer", "id"];
        diagnostics.push(suggest(Diagnostic::new(Code::WrongValue, text.span, message), &text.value, names, "formats"));
    }
    format
}
