//! Findings as text for people and as JSON for programs.
//!
//! `FAIL  key of `customers`: customer_id: 1 value occurs more than once, in 2 rows`, and below it the value.
//!
//! **Invariant:** every finding is shown with what was read, so that a part of the data never passes for all of it.

use serde_json::{Value, json};

use super::{
    counts::{count, grouped},
    finding::{Example, Fault, Finding, Read, Status},
};
use crate::{files::SourceMap, sql::Literal};

/// Returns the lines of a finding: what became of it, the first offending rows, what was read, what to do.
///
/// The first word is `ok`, `warn`, `FAIL` or `none`, and stands in four letters, so that a caller can color it.
pub fn to_text(finding: &Finding) -> String {
    let word = match finding.status() {
        Status::Holds => "ok  ",
        Status::Unread => "none",
        Status::Doubtful => "warn",
        Status::Broken => "FAIL",
    };
    let told: Vec<&str> = finding
        .faults
        .iter()
        .filter(|fault| fault.status > Status::Holds)
        .map(|fault| fault.message.as_str())
        .chain(finding.unread.as_deref())
        .collect();
    let mut text = format!("{word}  {}", finding.name);
    if !told.is_empty() {
        text.push_str(&format!(": {}", told.join("; ")));
    }
    text.push('\n');
    for fault in &finding.faults {
        if fault.status == Status::Holds {
            text.push_str(&format!("        {}\n", fault.message));
        }
        for example in &fault.examples {
            text.push_str(&format!("        {}\n", shown(example)));
        }
        let more = fault.n_values.saturating_sub(fault.examples.len() as u64);
        if more > 0 && !fault.examples.is_empty() {
            text.push_str(&format!("        and {} more\n", grouped(more)));
        }
    }
    for read in finding.read.iter().filter(|read| read.from.is_some() || read.to.is_some()) {
        text.push_str(&format!("        read {}\n", partitions(read)));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("        help: {help}\n"));
    }
    text
}

/// `customer_id = 17, country = null (3 rows)`
fn shown(example: &Example) -> String {
    let values: Vec<String> = example
        .values
        .iter()
        .map(|(name, value)| format!("{name} = {}", value.as_deref().map_or("null".to_owned(), one_line)))
        .collect();
    match example.n_rows {
        0 => values.join(", "),
        1 => format!("{} (1 row)", values.join(", ")),
        n => format!("{} ({})", values.join(", "), count(n, "row")),
    }
}

/// Returns text that a terminal can show on one line: control characters would move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

fn partitions(read: &Read) -> String {
    let side = |value: &Option<Literal>| value.as_ref().map_or("…".to_owned(), bound);
    format!("{} where {} is in [{}, {})", read.table, read.column, side(&read.from), side(&read.to))
}

fn bound(literal: &Literal) -> String {
    match literal {
        Literal::Date(date) => date.to_string(),
        Literal::DateTime(time) => time.to_string(),
        Literal::Timestamp(time) => format!("{time} UTC"),
        Literal::Integer(value) => value.to_string(),
        Literal::Decimal(text) | Literal::String(text) => text.clone(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Float(bits) => f64::from_bits(*bits).to_string(),
        Literal::Null => "null".to_owned(),
    }
}

/// Returns a finding as data: kind, name, place, status, counts, faults with their examples, and what was read.
pub fn to_json(finding: &Finding, files: &SourceMap) -> Value {
    let file = files.file(finding.span.file);
    json!({
        "kind": finding.kind.name(),
        "name": finding.name,
        "file": file.path,
        "line": file.position(finding.span.start as usize).line,
        "status": finding.status().name(),
        "rows": finding.n_rows,
        "faults": finding.faults.iter().map(fault).collect::<Vec<_>>(),
        "read": finding.read.iter().map(read).collect::<Vec<_>>(),
        "unread": finding.unread,
        "help": finding.help,
    })
}

fn fault(fault: &Fault) -> Value {
    let example = |example: &Example| {
        let values = example.values.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        json!({ "values": values.collect::<Vec<_>>(), "rows": example.n_rows })
    };
    let status = if fault.status == Status::Holds { "remark" } else { fault.status.name() };
    json!({
        "status": status,
        "message": fault.message,
        "values": fault.n_values,
        "rows": fault.n_rows,
        "examples": fault.examples.iter().map(example).collect::<Vec<_>>(),
    })
}

fn read(read: &Read) -> Value {
    json!({
        "table": read.table,
        "column": read.column,
        "from": read.from.as_ref().map(bound),
        "to": read.to.as_ref().map(bound),
    })
}
