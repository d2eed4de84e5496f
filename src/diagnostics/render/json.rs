//! One JSON array.

use serde_json::{Map, Value, json};

use super::word;
use crate::{
    diagnostics::Diagnostic,
    files::{SourceMap, Span},
};

pub(super) fn render(diagnostics: &[Diagnostic], files: &SourceMap) -> String {
    let values: Vec<Value> = diagnostics.iter().map(|diagnostic| value(diagnostic, files)).collect();
    let mut text = serde_json::to_string_pretty(&values).expect("diagnostics are plain data");
    text.push('\n');
    text
}

fn value(diagnostic: &Diagnostic, files: &SourceMap) -> Value {
    let mut value = Map::new();
    value.insert("code".to_owned(), diagnostic.code.name().into());
    value.insert("severity".to_owned(), word(diagnostic.code.severity()).into());
    value.insert("message".to_owned(), diagnostic.message.clone().into());
    value.insert("help".to_owned(), json!(diagnostic.help));
    value.extend(place(diagnostic.span(), files));
    value.insert("label".to_owned(), diagnostic.labels[0].text.clone().into());
    let labels = diagnostic.labels.iter().skip(1).map(|label| {
        let mut value = place(label.span, files);
        value.insert("label".to_owned(), label.text.clone().into());
        Value::Object(value)
    });
    value.insert("labels".to_owned(), labels.collect());
    Value::Object(value)
}

fn place(span: Span, files: &SourceMap) -> Map<String, Value> {
    let file = files.file(span.file);
    let (start, end) = (files.position(span), file.position(span.end as usize));
    let mut value = Map::new();
    value.insert("path".to_owned(), file.path.clone().into());
    value.insert("line".to_owned(), start.line.into());
    value.insert("column".to_owned(), start.column.into());
    value.insert("end_line".to_owned(), end.line.into());
    value.insert("end_column".to_owned(), end.column.into());
    value
}
