//! Tests of metrics: a known number, or bounds.
//!
//! `{ name: leap_day, metric: parcels_booked, time: 2024-02-29, expect: 18233 }`.

use std::cmp::Ordering;

use super::{
    context::Context,
    dimensions::{compare, is_decimal},
    saved_queries::Asking,
};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    project::{Expectation, MetricTest},
    syntax::{TestDef, Text},
};

/// Completes all tests.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let mut tests: Vec<MetricTest> =
        context.definitions.tests.iter().filter_map(|def| complete(context, def, diagnostics)).collect();
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    context.project.tests = tests;
}

fn complete(context: &Context<'_>, def: &TestDef, diagnostics: &mut Diagnostics) -> Option<MetricTest> {
    let subject = format!("test `{}`", def.name.value);
    let asking = Asking { context, subject: &subject, code: Code::InvalidTest };
    let expectation = expectation(def, &subject, diagnostics);
    let metric = asking.metric(&def.metric, diagnostics);
    let leaves = metric.map(|metric| asking.leaves(&[metric])).unwrap_or_default();
    let time = def.time.as_ref().and_then(|text| asking.range(text, &leaves, diagnostics));
    let filter = def.filter.as_ref().and_then(|text| asking.filter(text, &leaves, diagnostics));
    let by = def.by.iter().map(|key| asking.key(key, &leaves, diagnostics)).collect();
    Some(MetricTest {
        name: def.name.value.clone(),
        metric: metric?,
        time,
        filter,
        by,
        expectation: expectation?,
        span: def.span,
    })
}

fn expectation(def: &TestDef, subject: &str, diagnostics: &mut Diagnostics) -> Option<Expectation> {
    let mut invalid = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::new(Code::InvalidTest, span, message).help(help));
    };
    match (&def.expect, &def.between) {
        (Some(expect), None) => number(expect, subject, &mut invalid).map(Expectation::Equals),
        (None, Some((low, high))) => {
            let least = number(low, subject, &mut invalid)?;
            let greatest = number(high, subject, &mut invalid)?;
            if compare(&least, &greatest) == Ordering::Greater {
                let message = format!("{subject} expects a value between {least} and {greatest}, which is empty");
                invalid(high.span, message, "Write the least value first.");
                return None;
            }
            Some(Expectation::Between(least, greatest))
        }
        // Reported when the file was loaded, or as not executed yet.
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn number(text: &Text, subject: &str, invalid: &mut impl FnMut(Span, String, &str)) -> Option<String> {
    if is_decimal(&text.value) {
        return Some(text.value.clone());
    }
    let message = format!("{subject} expects `{}`, which is no number", text.value);
    invalid(text.span, message, "Write digits, such as `18233` or `0.95`.");
    None
}
