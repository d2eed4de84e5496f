//! `offset`, `shift`, `offset_to`, `window`, `to_date` and `all_time` of a metric that is used.

use super::{Context, Written};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::{Span, Spanned},
    project::{Back, Cumulation},
    resolve::calendars::unknown_granularity,
    syntax::{OffsetDef, Text},
    time::Granularity,
};

/// Reads an offset: a positive number of days, weeks, months, quarters or years.
pub(super) fn offset_of(
    context: &Context<'_>,
    written: &Spanned<OffsetDef>,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Back> {
    let offset = match &written.value {
        OffsetDef::Time(offset) => *offset,
        OffsetDef::Periods { count, of } => {
            let singular = of.strip_suffix('s').unwrap_or(of);
            let found = context.project.calendar_granularity(of);
            let Some(of) = found.or_else(|| context.project.calendar_granularity(singular)) else {
                let Some(size) = Granularity::from_name(singular) else {
                    let unknown = unknown_granularity(context, Code::InvalidOffset, written.span, subject, singular);
                    diagnostics.push(unknown);
                    return None;
                };
                let message = format!("{subject} is taken back by `{of}`, which no offset counts");
                let diagnostic = Diagnostic::new(Code::InvalidOffset, written.span, message);
                diagnostics.push(diagnostic.help(size.instead_of_offset()));
                return None;
            };
            return Some(Back::Periods { count: *count, of });
        }
    };
    if offset.count <= 0 {
        let message = format!("the offset of {subject} does not look back");
        let help = "Write a positive number, such as `1 year`.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, written.span, message).help(help));
        return None;
    }
    Some(Back::Time(offset))
}

/// Reads `shift: rows`: whether each day shows the rows of the day so far back, also for months.
pub(super) fn shifts_rows(shift: &Text, offset: Option<Back>, subject: &str, diagnostics: &mut Diagnostics) -> bool {
    let by_days = offset.and_then(Back::time).is_some_and(|offset| offset.unit.months().is_none());
    if by_days && shift.value == "periods" {
        let message = format!("{subject} shifts periods by days, which shift rows in any case");
        let help = "Leave `shift` out, or write months, quarters or years.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, shift.span, message).help(help));
    }
    if shift.value == "rows" && offset.is_some_and(|offset| offset.time().is_none()) {
        let message = format!("{subject} shifts rows by periods of a calendar, which are no span of time");
        let help = "Leave `shift` out, or write days, weeks, months, quarters or years.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, shift.span, message).help(help));
        return false;
    }
    shift.value == "rows"
}

/// Reads `start of year`.
pub(super) fn start_of(text: &Text, subject: &str, diagnostics: &mut Diagnostics) -> Option<Granularity> {
    let size = text.value.strip_prefix("start of ").and_then(|name| Granularity::from_name(name.trim()));
    let size = size.filter(|size| *size > Granularity::Day);
    if size.is_none() {
        let message = format!("{subject} is taken back to `{}`, which is no start of a period", text.value);
        let help = "Write `start of year`, `start of quarter`, `start of month`, `start of week`, `start of fiscal_year` or `start of fiscal_quarter`.";
        diagnostics.push(Diagnostic::new(Code::InvalidOffset, text.span, message).help(help));
    }
    size
}

/// Reads `window`, `to_date` or `all_time`, one of them at most.
pub(super) fn cumulation_of(
    context: &Context<'_>,
    written: &Written<'_>,
    subject: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Cumulation> {
    let all_time = written.all_time.filter(|all| all.value);
    let spans: Vec<Span> = [written.window.map(|w| w.span), written.to_date.map(|t| t.span), all_time.map(|a| a.span)]
        .into_iter()
        .flatten()
        .collect();
    let mut invalid = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(Code::InvalidWindow, span, message).help(help));
        None
    };
    if spans.len() > 1 {
        let message = format!("{subject} is accumulated in two ways");
        return invalid(spans[1], message, "Write one of `window`, `to_date` and `all_time`.");
    }
    if let Some(window) = written.window {
        if window.count <= 0 {
            let message = format!("the window of {subject} is empty");
            return invalid(window.span, message, "Write a positive number, such as `28 days`.");
        }
        return Some(Cumulation::Window(window.value));
    }
    if let Some(to_date) = written.to_date {
        let Some(size) = context.project.size_named(&to_date.value) else {
            diagnostics.push(unknown_granularity(context, Code::WrongValue, to_date.span, subject, &to_date.value));
            return None;
        };
        if size == Granularity::Second.into() {
            let message = format!("{subject} cannot be accumulated to date within one {}", to_date.value);
            let help = "Write hour, day, week, month, quarter, year, fiscal_quarter, fiscal_year or a granularity of a calendar.";
            return invalid(to_date.span, message, help);
        }
        return Some(Cumulation::ToDate(size));
    }
    all_time.map(|_| Cumulation::AllTime)
}
