//! The stages of a plan as text, for people.

use std::fmt::Write;

use super::{
    Explanation,
    bind::{Bound, LeafId, ScanKind},
};
use crate::{
    project::{Cumulation, Edge},
    sql::{Expr, formula},
    time::{DateRange, Moment, NaiveDate},
};

/// Tells the bound request and the logical plan.
pub(super) fn explain(bound: &Bound<'_>) -> Explanation {
    Explanation { bound: tell_bound(bound), logical: tell_logical(bound) }
}

fn tell_bound(bound: &Bound<'_>) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: String| writeln!(text, "{key:<8} {value}").expect("a string takes all");
    for output in &bound.outputs {
        line("metric", format!("{} = {}", output.name, of_leaves(bound, &output.formula)));
    }
    for key in &bound.keys {
        line("key", key.name.clone());
    }
    let DateRange { from, to, first, end } = bound.range;
    let told = |moment: Option<Moment>, day: Option<NaiveDate>| match (moment, day) {
        (Some(moment), _) => moment.at.with_timezone(&bound.zone).format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        (None, Some(day)) => day.to_string(),
        (None, None) => "…".to_owned(),
    };
    if from.is_some() || to.is_some() {
        line("time", format!("[{}, {}) in {}", told(first, from), told(end, to), bound.zone));
    }
    if let Some(having) = &bound.having {
        line("having", of_leaves(bound, having));
    }
    text
}

fn tell_logical(bound: &Bound<'_>) -> String {
    let mut text = String::new();
    let by = |positions: &[usize]| {
        let keys: Vec<&str> = positions.iter().map(|position| bound.keys[*position].name.as_str()).collect();
        if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) }
    };
    let all: Vec<usize> = (0..bound.keys.len()).collect();
    let combined = bound.scans.len() > 1;
    if combined {
        writeln!(text, "line up{}", by(&all)).expect("a string takes all");
    }
    let indent = if combined { "  " } else { "" };
    for scan in &bound.scans {
        let leaves: Vec<&str> = scan.leaves.iter().map(|leaf| bound.leaves[leaf.0].name.as_str()).collect();
        let model = &bound.project.models[scan.model].name;
        let mut how = String::new();
        if let Some(axis) = &scan.axis {
            let path = bound.project.dimension_path(scan.model, &axis.route, axis.dimension);
            write!(how, " along {path}").expect("a string takes all");
        }
        if !scan.shift.is_none() {
            write!(how, ", taken back by {}", scan.shift).expect("a string takes all");
        }
        match &scan.kind {
            ScanKind::Rows => {}
            ScanKind::Balance(balance, _) => match balance.take {
                Edge::First => how.push_str(", at its first moment"),
                Edge::Last => how.push_str(", at its last moment"),
            },
            ScanKind::State(Edge::First) => how.push_str(", valid at the first moment"),
            ScanKind::State(Edge::Last) => how.push_str(", valid at the last moment"),
            ScanKind::Nested(..) => how.push_str(", for each member first"),
            ScanKind::Funnel(..) => how.push_str(", followed by the steps behind it"),
        }
        if let Some(size) = scan.offset_to {
            write!(how, ", taken back to the start of the {size}").expect("a string takes all");
        }
        match scan.cumulation.map(|cumulation| cumulation.over) {
            None => {}
            Some(Cumulation::Window(window)) => write!(how, ", over {window}").expect("a string takes all"),
            Some(Cumulation::ToDate(size)) => {
                write!(how, ", {} to date", bound.project.size_name(size)).expect("a string takes all");
            }
            Some(Cumulation::AllTime) => how.push_str(", since ever"),
        }
        let what = if leaves.is_empty() { "distinct".to_owned() } else { format!("aggregate {}", leaves.join(", ")) };
        let positions: Vec<usize> = scan.keys.iter().map(|(position, _)| *position).collect();
        writeln!(text, "{indent}{what}{}", by(&positions)).expect("a string takes all");
        writeln!(text, "{indent}  scan {model}{how}").expect("a string takes all");
    }
    text
}

/// Writes a formula over leaves: `shipments.revenue / shipments.parcels`.
fn of_leaves(bound: &Bound<'_>, expr: &Expr<LeafId>) -> String {
    formula(expr, &|id| {
        let leaf = &bound.leaves[id.0];
        match bound.project.simple(leaf.metric) {
            Some(simple) => format!("{}.{}", bound.project.models[simple.model].name, leaf.name),
            None => leaf.name.clone(),
        }
    })
}
