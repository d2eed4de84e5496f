//! A response in segments: what is written for it, and rows that were written before.

use bytes::Bytes;

use crate::graphql::{GraphqlError, Step, response::json};

/// Rows as bytes, shared by everybody who asks the same.
pub(in crate::graphql) type Written = Bytes;

/// From this size on, bytes are sent as they lie instead of being copied.
const SEGMENT: usize = 16 << 10;

/// Bytes of a response.
#[derive(Debug, Default)]
pub(super) struct Body {
    segments: Vec<Bytes>,
    open: Vec<u8>,
}

impl Body {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { segments: Vec::new(), open: bytes.to_vec() }
    }

    /// The bytes to write to.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }

    /// Adds bytes that were written before.
    pub(super) fn share(&mut self, bytes: &Bytes) {
        if bytes.len() < SEGMENT {
            self.open.extend_from_slice(bytes);
        } else {
            self.close();
            self.segments.push(bytes.clone());
        }
    }

    /// Adds another body.
    pub(super) fn append(&mut self, other: &Self) {
        for segment in &other.segments {
            self.share(segment);
        }
        self.open.extend_from_slice(&other.open);
    }

    pub(super) fn into_segments(mut self) -> Vec<Bytes> {
        self.close();
        self.segments
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.segments.push(Bytes::from(std::mem::take(&mut self.open)));
        }
    }
}

/// Writes the list of errors.
pub(super) fn errors(out: &mut Vec<u8>, errors: &[GraphqlError], request_id: Option<&str>) {
    let list: Vec<serde_json::Value> = errors.iter().map(|error| value(error, request_id)).collect();
    serde_json::to_writer(out, &list).expect("errors are JSON, and a vector takes every byte");
}

fn value(error: &GraphqlError, request_id: Option<&str>) -> serde_json::Value {
    let mut fields = serde_json::Map::new();
    fields.insert("message".to_owned(), error.message.clone().into());
    if !error.locations.is_empty() {
        let at = error.locations.iter().map(|at| serde_json::json!({ "line": at.line, "column": at.column }));
        fields.insert("locations".to_owned(), at.collect());
    }
    if !error.path.is_empty() {
        let steps = error.path.iter().map(|step| match step {
            Step::Key(key) => serde_json::Value::from(key.as_str()),
            Step::Index(index) => serde_json::Value::from(*index),
        });
        fields.insert("path".to_owned(), steps.collect());
    }
    let mut extensions = serde_json::Map::new();
    extensions.insert("code".to_owned(), error.code.name().into());
    extensions.extend(error.help.clone().map(|help| ("help".to_owned(), help.into())));
    extensions.extend(request_id.map(|id| ("requestId".to_owned(), id.into())));
    fields.insert("extensions".to_owned(), extensions.into());
    serde_json::Value::Object(fields)
}

/// Writes a list of rows that were written before.
pub(super) fn list(body: &mut Body, rows: &Bytes) {
    body.bytes().push(b'[');
    body.share(rows);
    body.bytes().push(b']');
}

/// Writes a key of an object that is open, with a comma before it unless it is the first.
pub(super) fn key(body: &mut Body, index: usize, name: &str) {
    if index > 0 {
        body.bytes().push(b',');
    }
    json::key(body.bytes(), name);
}
