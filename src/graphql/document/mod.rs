//! A document's text → a document that is small enough, valid, and whose fields merge.
//!
//! ```text
//! text ─ tokens ─► limits ─ parse ─► size on the fragment graph ─ validate (async-graphql) ─► merge (our own) ─► Document
//! ```
//!
//! **Invariant:** nothing is expanded, validated or executed before the limits have passed.

mod merge;
mod size;
mod tokens;
mod variables;

use async_graphql::{
    Positioned, Response, ServerError,
    dynamic::Schema,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
};

use super::{Code, GraphqlError, types::Types};
use crate::plan::PlanErrorCode;

/// The greatest number of errors that one response tells.
pub(super) const MAX_ERRORS: usize = 20;

/// A document that may be executed.
#[derive(Debug)]
pub(super) struct Document {
    parsed: ExecutableDocument,
    operation: Positioned<OperationDefinition>,
    bytes: usize,
}

impl Document {
    /// The operation to execute.
    pub(super) fn operation(&self) -> &OperationDefinition {
        &self.operation.node
    }

    /// Returns the length of its text.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The document with its fragments.
    pub(super) fn document(&self) -> &ExecutableDocument {
        &self.parsed
    }
}

/// Reads a document and checks all that does not depend on variables.
pub(super) async fn read(
    types: &Types,
    schema: &Schema,
    text: &str,
    operation_name: Option<&str>,
) -> Result<Document, Vec<GraphqlError>> {
    tokens::check(text).map_err(|error| vec![error])?;
    let document = async_graphql::parser::parse_query(text).map_err(|error| {
        let error: ServerError = error.into();
        let message = format!("the document is no GraphQL: {}", wrong_syntax(&error.message));
        vec![GraphqlError { locations: error.locations, ..GraphqlError::new(Code::ParseFailed, message) }]
    })?;
    let operation = select(&document, operation_name).map_err(|error| vec![error])?.clone();
    size::check(&document).map_err(|error| vec![error])?;
    let untyped = variables::untyped(types, &document);
    if !untyped.is_empty() {
        return Err(capped(untyped));
    }
    let invalid = validate(schema, &document, operation_name).await;
    if !invalid.is_empty() {
        return Err(invalid);
    }
    let mut conflicts = variables::misplaced(types, &document, &operation.node);
    conflicts.extend(merge::conflicts(&document, &operation.node));
    if conflicts.is_empty() {
        Ok(Document { parsed: document, operation, bytes: text.len() })
    } else {
        Err(capped(conflicts))
    }
}

/// Takes what was expected out of the parser's drawing of the line: `expected selection or name`.
fn wrong_syntax(drawn: &str) -> String {
    let told = drawn.lines().rev().find_map(|line| line.trim_start().strip_prefix("= "));
    told.or_else(|| drawn.lines().next()).unwrap_or_default().trim().replace('_', " ")
}

fn select<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, GraphqlError> {
    let invalid = |message: String| Err(GraphqlError::new(Code::ValidationFailed, message));
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None | Some("")) => operation,
        (DocumentOperations::Single(_), Some(name)) => return invalid(format!("there is no operation `{name}`")),
        (DocumentOperations::Multiple(operations), None | Some("")) => match operations.len() {
            1 => operations.values().next().expect("there is one"),
            _ => return invalid("the document has several operations, so `operationName` must name one".to_owned()),
        },
        (DocumentOperations::Multiple(operations), Some(name)) => match operations.get(name) {
            Some(operation) => operation,
            None => return invalid(format!("there is no operation `{name}`")),
        },
    };
    match operation.node.ty {
        OperationType::Query => Ok(operation),
        OperationType::Mutation => invalid("there are no mutations".to_owned()),
        OperationType::Subscription => invalid("there are no subscriptions".to_owned()),
    }
}

/// Runs async-graphql's rules. Variables are left out: their values are checked where they are coerced, so that the
/// result holds for every execution of the document.
async fn validate(schema: &Schema, document: &ExecutableDocument, operation_name: Option<&str>) -> Vec<GraphqlError> {
    let mut request = async_graphql::Request::new("");
    request.set_parsed_query(document.clone());
    if let Some(name) = operation_name.filter(|name| !name.is_empty()) {
        request = request.operation_name(name);
    }
    let Response { errors, .. } = schema.execute(request).await;
    // Where variables may stand is told by a rule of our own.
    let errors = errors.into_iter().filter(|error| !error.message.contains("used in position expecting type"));
    let errors = errors.map(|error| {
        let code = code_of(&error.message);
        GraphqlError { locations: error.locations, ..GraphqlError::new(code, error.message) }
    });
    capped(errors.collect())
}

/// Names what a rule of async-graphql found, by its words.
fn code_of(message: &str) -> Code {
    if message.starts_with("Unknown field") {
        let metrics = message.contains("on type \"Row\"") || message.contains("on type \"Metrics\"");
        return Code::Plan(if metrics { PlanErrorCode::UnknownMetric } else { PlanErrorCode::UnknownField });
    }
    if message.contains("nested too deep") || message.contains("recursion depth") {
        return Code::Plan(PlanErrorCode::LimitExceeded);
    }
    Code::ValidationFailed
}

fn capped(mut errors: Vec<GraphqlError>) -> Vec<GraphqlError> {
    errors.truncate(MAX_ERRORS);
    errors
}
