//! What the language can say and this version does not execute.
//!
//! Each such key is one `not-yet` at the key's value: nothing that changes a number is ignored silently.

use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    syntax::{Definitions, MetricDef},
};

/// Reports every key that is not executed yet.
pub(super) fn report(definitions: &Definitions, diagnostics: &mut Diagnostics) {
    let mut found: Vec<(Span, String)> = Vec::new();
    definitions.metrics.iter().for_each(|def| in_metric(def, &mut found));
    for test in &definitions.tests {
        if let Some(anomaly) = &test.anomaly {
            found.push((anomaly.span, format!("`anomaly` of test `{}`", test.name.value)));
        }
    }
    for (span, what) in found {
        diagnostics.push(
            Diagnostic::new(Code::NotYet, span, format!("{what} is part of the language, but not executed yet"))
                .help("Leave it out for the present; docs/guide says what this version executes."),
        );
    }
}

fn in_metric(def: &MetricDef, found: &mut Vec<(Span, String)>) {
    if let Some(revision) = def.revision.as_ref().filter(|revision| revision.value != 1) {
        found.push((revision.span, format!("`revision: {}` of metric `{}`", revision.value, def.name.value)));
    }
}
