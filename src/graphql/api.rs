//! The GraphQL API of one version of a project.

use std::{fmt, sync::Arc};

use async_graphql::dynamic::Schema;
use async_graphql_value::ConstValue;
use bytes::Bytes;
use moka::future::Cache;

use super::{
    Code, GraphqlError, Source,
    collect::{Selected, collect},
    document::{self, Document},
    execute::{self, Operation, Written},
    request::CursorKey,
    types::{Types, Vocabulary, registry, types},
};
use crate::{
    cache::Fingerprint,
    plan::Principal,
    project::{Project, Visible},
};

/// The weight of documents and of collected operations that are kept, each.
const KEPT_BYTES: u64 = 32 << 20;
/// The weight of rows kept as bytes.
const WRITTEN_BYTES: u64 = 64 << 20;

/// How many sets of visible members have a schema at hand.
const OTHERS: u64 = 64;

/// A GraphQL request, as it came over HTTP.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The document.
    pub query: String,
    /// The operation of the document that is meant.
    pub operation_name: Option<String>,
    /// Values of variables.
    pub variables: serde_json::Map<String, serde_json::Value>,
    /// Told in every error.
    pub request_id: Option<String>,
}

/// A GraphQL response.
#[derive(Clone, Debug)]
pub struct Reply {
    /// How far the request came.
    pub outcome: Outcome,
    /// The response as JSON, in segments to be sent one after the other.
    pub body: Vec<Bytes>,
    /// The codes of the errors in it, in order.
    pub errors: Vec<Code>,
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The document was not executed: it is no GraphQL, does not fit the schema, is too large, or its variables are wrong.
    Refused,
    /// The document was executed; the response has `data`, which is null if a field that cannot be null failed.
    Executed,
}

impl Reply {
    /// Returns the HTTP status for `application/graphql-response+json`.
    pub fn status(&self) -> u16 {
        match self.outcome {
            Outcome::Refused => 400,
            Outcome::Executed => 200,
        }
    }

    /// Returns the whole body.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.body.concat()
    }
}

/// The schema of one version of a project, and what is kept beside it.
pub struct Api {
    pub(super) project: Arc<Project>,
    /// Somebody who sees what the schema shows.
    seen_by: Principal,
    /// The schemas for those who see more or less, by what they do not see.
    others: Cache<Vec<usize>, Arc<Self>>,
    pub(super) vocabulary: Vocabulary,
    pub(super) types: Types,
    pub(super) schema: Schema,
    pub(super) cursor_key: CursorKey,
    documents: Cache<Fingerprint, Arc<Document>>,
    operations: Cache<Fingerprint, Arc<Operation>>,
    pub(super) written: Cache<(u64, Fingerprint, usize), Written>,
}

/// Returns the schema of a project with all its members as SDL, for those who can read its files.
pub fn sdl(project: &Project) -> String {
    let whole = Visible::whole(project);
    super::types::sdl(&types(&whole, &Vocabulary::new(&whole)))
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("project", &self.project.name).finish_non_exhaustive()
    }
}

impl Api {
    /// Makes the schema of a project for those of whom nothing is known. Cursors are signed with a key of this process.
    pub fn new(project: Arc<Project>) -> Self {
        Self::seen_by(project, Principal::default())
    }

    /// Makes the schema of a project with what a principal may see.
    fn seen_by(project: Arc<Project>, principal: Principal) -> Self {
        let visible = Visible::to(&project, &principal);
        let vocabulary = Vocabulary::new(&visible);
        let types = types(&visible, &vocabulary);
        let schema = registry(&types).expect("every type that is named is there, and no type is empty");
        let kept = |weigh: fn(usize) -> usize| move |bytes: usize| u32::try_from(weigh(bytes)).unwrap_or(u32::MAX);
        let weigh = kept(|bytes| 1024 + bytes * 16);
        Self {
            project,
            seen_by: principal,
            others: Cache::new(OTHERS),
            vocabulary,
            types,
            schema,
            cursor_key: CursorKey::of_process(),
            documents: Cache::builder()
                .max_capacity(KEPT_BYTES)
                .weigher(move |_, document: &Arc<Document>| weigh(document.bytes()))
                .build(),
            operations: Cache::builder()
                .max_capacity(KEPT_BYTES)
                .weigher(move |_, operation: &Arc<Operation>| weigh(operation.bytes()))
                .build(),
            written: Cache::builder()
                .max_capacity(WRITTEN_BYTES)
                .weigher(|_, written: &Written| u32::try_from(256 + written.len()).unwrap_or(u32::MAX))
                .build(),
        }
    }

    /// Signs cursors with another key, so that several servers understand one another's.
    #[must_use]
    pub fn with_cursor_key(self, cursor_key: CursorKey) -> Self {
        Self { cursor_key, ..self }
    }

    /// Returns the project as those see it whom this schema is for.
    pub(super) fn visible(&self) -> Visible<'_> {
        Visible::to(&self.project, &self.seen_by)
    }

    /// Returns the schema for a principal who sees other members.
    async fn other(&self, unmet: &[usize], principal: &Principal) -> Arc<Self> {
        let make = async {
            let other = Self::seen_by(Arc::clone(&self.project), principal.clone());
            Arc::new(other.with_cursor_key(self.cursor_key.clone()))
        };
        self.others.get_with(unmet.to_vec(), make).await
    }

    /// Returns the schema as SDL.
    pub fn sdl(&self) -> String {
        super::types::sdl(&self.types)
    }

    /// Answers a request.
    pub async fn execute(&self, source: &dyn Source, request: Request, principal: &Principal) -> Reply {
        let request_id = request.request_id.clone();
        let visible = Visible::to(&self.project, principal);
        if visible.unmet() != self.visible().unmet() {
            let other = self.other(visible.unmet(), principal).await;
            return Box::pin(other.execute(source, request, principal)).await;
        }
        match self.operation(request).await {
            Ok(operation) => execute::execute(self, source, &operation, principal, request_id.as_deref()).await,
            Err(errors) => execute::refused(&errors, request_id.as_deref()),
        }
    }

    /// Returns the operation of a request: kept, or read, checked, collected and planned as far as it can be.
    async fn operation(&self, request: Request) -> Result<Arc<Operation>, Vec<GraphqlError>> {
        let name = request.operation_name.as_deref();
        let variables = serde_json::to_vec(&request.variables).unwrap_or_default();
        let key = Fingerprint::of(&(&request.query, name, &variables));
        if let Some(operation) = self.operations.get(&key).await {
            return Ok(operation);
        }
        let document = self.document(&request.query, name).await?;
        let bytes = request.query.len() + variables.len();
        let variables = ConstValue::from_json(serde_json::Value::Object(request.variables))
            .map_err(|_| vec![GraphqlError::input("variables are an object")])?;
        let selected: Vec<Selected> = collect(&self.types, &document, variables).map_err(|error| vec![error])?;
        let operation = Operation::new(self, selected, bytes).await.map_err(|error| vec![error])?;
        let operation = Arc::new(operation);
        self.operations.insert(key, Arc::clone(&operation)).await;
        Ok(operation)
    }

    async fn document(&self, text: &str, name: Option<&str>) -> Result<Arc<Document>, Vec<GraphqlError>> {
        let key = Fingerprint::of(&(text, name));
        if let Some(document) = self.documents.get(&key).await {
            return Ok(document);
        }
        let document = Arc::new(document::read(&self.types, &self.schema, text, name).await?);
        self.documents.insert(key, Arc::clone(&document)).await;
        Ok(document)
    }
}
