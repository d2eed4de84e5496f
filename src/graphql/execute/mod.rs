//! An operation and a source → a response.
//!
//! The fields at the root are answered side by side, those that the same rows answer in one query. What does not depend on
//! data – the catalogue, introspection – is written when the operation is first read.
//!
//! **Invariant:** an error is about one field; the others stand.

mod body;
mod catalogue;
mod column;
mod introspection;
mod join;
mod report;
mod standing;
mod table;

pub(super) use body::Written;

use std::collections::BTreeMap;

use async_graphql_value::ConstValue;

use super::{
    Api, Code, GraphqlError, Outcome, Reply, Source, Step,
    collect::Selected,
    request::{self, Context, Report},
    response,
};
use crate::{
    cache::Fingerprint,
    engine::{Answered, Beside, Failure},
    plan::{PlanErrorCode, Principal, Request},
    sql::Dialect,
};
use body::Body;
use table::{Table, Values};

/// The greatest number of metrics and keys that an operation asks for, all its fields together; each is planned for itself.
const MAX_COLUMNS: usize = 500;

/// An operation whose fields are understood.
#[derive(Debug)]
pub(super) struct Operation {
    fields: Vec<RootField>,
    /// The requests of the fields that differ from another's in their metrics only.
    alike: Vec<Request>,
    bytes: usize,
}

#[derive(Debug)]
struct RootField {
    key: String,
    nullable: bool,
    selected: Selected,
    work: Work,
}

/// What a field at the root needs.
#[derive(Debug)]
enum Work {
    /// Nothing: it is written already.
    Written(Vec<u8>),
    Report(Box<Report>),
    Table(Box<Table>),
    Values(Box<Values>),
    Sql(Box<Request>, Option<Dialect>),
    Refused(GraphqlError),
}

/// What a field at the root became: its value, or nothing if it failed.
#[derive(Default)]
struct Done {
    value: Option<Body>,
    errors: Vec<GraphqlError>,
}

impl Done {
    fn failed(error: impl Into<GraphqlError>) -> Self {
        Self { value: None, errors: vec![error.into()] }
    }
}

impl Operation {
    /// Understands the fields of an operation.
    pub(super) async fn new(api: &Api, selected: Vec<Selected>, bytes: usize) -> Result<Self, GraphqlError> {
        let mut introspection = introspection::answer(api, &selected).await;
        let project = api.visible();
        let ctx = Context { project: &project, vocabulary: &api.vocabulary };
        let fields = selected.into_iter().map(|field| {
            let work = match introspection.remove(&field.key) {
                Some(written) => Work::Written(written),
                None => work(api, &ctx, &field).unwrap_or_else(|error| Work::Refused(error.at(field.position))),
            };
            let nullable = api.types.field("Query", &field.name).is_some_and(|field| field.ty.nullable);
            RootField { key: field.key.clone(), nullable, selected: field, work }
        });
        let fields: Vec<RootField> = fields.collect();
        check_columns(&fields)?;
        let written: usize = fields
            .iter()
            .map(|field| match &field.work {
                Work::Written(bytes) => bytes.len() / 16,
                Work::Report(_) | Work::Table(_) | Work::Values(_) | Work::Sql(..) | Work::Refused(_) => 0,
            })
            .sum();
        let alike = alike(&fields);
        Ok(Self { fields, alike, bytes: bytes + written })
    }

    /// Returns a measure of the memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Checks that there is not too much to plan.
fn check_columns(fields: &[RootField]) -> Result<(), GraphqlError> {
    let width = |request: &Request| request.keys.len() + request.metrics.len();
    let columns = fields.iter().map(|field| match &field.work {
        Work::Report(report) => {
            let rows = report.rows.as_ref().and_then(|rows| rows.request.as_ref());
            rows.into_iter().chain(&report.totals).map(width).sum()
        }
        Work::Table(table) => width(table.request()),
        Work::Sql(request, _) => width(request),
        Work::Values(_) => 1,
        Work::Written(_) | Work::Refused(_) => 0,
    });
    let columns: usize = columns.sum();
    if columns <= MAX_COLUMNS {
        return Ok(());
    }
    let message = format!("the operation asks for {columns} metrics and keys, and {MAX_COLUMNS} are the most");
    Err(GraphqlError::plan(PlanErrorCode::LimitExceeded, message).help("Ask for them in several operations."))
}

/// Returns what the fields ask for, as far as others ask for other metrics of the same groups.
fn alike(fields: &[RootField]) -> Vec<Request> {
    let requests = fields.iter().flat_map(|field| match &field.work {
        Work::Report(report) => report::requests(report),
        Work::Table(table) => table.first_page().cloned().into_iter().collect(),
        Work::Written(_) | Work::Values(_) | Work::Sql(..) | Work::Refused(_) => Vec::new(),
    });
    let mut by_groups: BTreeMap<Fingerprint, Vec<Request>> = BTreeMap::new();
    for request in requests {
        let of_groups = by_groups.entry(Fingerprint::of(&request.without_metrics())).or_default();
        if !of_groups.contains(&request) {
            of_groups.push(request);
        }
    }
    by_groups.into_values().filter(|requests| requests.len() > 1).flatten().collect()
}

fn work(api: &Api, ctx: &Context<'_>, field: &Selected) -> Result<Work, GraphqlError> {
    let written = |value: &serde_json::Value, type_name: &str| {
        let mut out = Vec::new();
        response::selected(&mut out, &api.types, type_name, value, &field.below);
        Work::Written(out)
    };
    Ok(match field.name.as_str() {
        "__typename" => Work::Written(b"\"Query\"".to_vec()),
        "report" => Work::Report(Box::new(request::report(ctx, field)?)),
        "metricQuery" => Work::Table(Box::new(Table::query(ctx, field)?)),
        "savedQuery" => Work::Table(Box::new(Table::saved(ctx, field)?)),
        "dimensionValues" => Work::Values(Box::new(Values::new(ctx, field)?)),
        "sql" => {
            let input = field.argument("input").unwrap_or(&ConstValue::Null);
            let (mut request, first, _) = request::generic(ctx, input)?;
            request.limit = Some(first);
            let dialect = match field.argument("dialect") {
                Some(ConstValue::Enum(name)) => Dialect::from_name(&name.to_lowercase()),
                _ => None,
            };
            Work::Sql(Box::new(request), dialect)
        }
        "metrics" => written(&catalogue::metrics(ctx, field)?, "MetricConnection"),
        "metric" => written(&catalogue::metric(ctx, field), "Metric"),
        "dimensions" => written(&catalogue::dimensions(ctx, field)?, "Dimension"),
        name => {
            return Err(GraphqlError::plan(PlanErrorCode::UnknownField, format!("there is no field `{name}`")));
        }
    })
}

/// Executes an operation.
pub(super) async fn execute(
    api: &Api,
    source: &dyn Source,
    operation: &Operation,
    principal: &Principal,
    request_id: Option<&str>,
) -> Reply {
    let beside = Beside::of(&operation.alike, source.now());
    let asking = Asking { api, source, beside: &beside, principal };
    let works = operation.fields.iter().map(|field| asking.field(field));
    let done = join::all(works).await;
    let lost = operation.fields.iter().zip(&done).any(|(field, done)| done.value.is_none() && !field.nullable);
    let mut body = Body::of(if lost { b"{\"data\":null" } else { b"{\"data\":{" });
    let mut errors = Vec::new();
    for (index, (field, done)) in operation.fields.iter().zip(done).enumerate() {
        errors.extend(done.errors.into_iter().map(|error| placed(error, field)));
        if lost {
            continue;
        }
        body::key(&mut body, index, &field.key);
        match done.value {
            Some(value) => body.append(&value),
            None => body.bytes().extend_from_slice(b"null"),
        }
    }
    if !lost {
        body.bytes().push(b'}');
    }
    errors.truncate(super::document::MAX_ERRORS);
    if !errors.is_empty() {
        body.bytes().extend_from_slice(b",\"errors\":");
        body::errors(body.bytes(), &errors, request_id);
    }
    body.bytes().push(b'}');
    Reply { outcome: Outcome::Executed, body: body.into_segments(), errors: codes(&errors) }
}

/// Answers a request whose document is not executed.
pub(super) fn refused(errors: &[GraphqlError], request_id: Option<&str>) -> Reply {
    let mut body = Body::default();
    body.bytes().extend_from_slice(b"{\"errors\":");
    body::errors(body.bytes(), errors, request_id);
    body.bytes().push(b'}');
    Reply { outcome: Outcome::Refused, body: body.into_segments(), errors: codes(errors) }
}

fn codes(errors: &[GraphqlError]) -> Vec<Code> {
    errors.iter().map(|error| error.code).collect()
}

/// Puts the field's key in front of an error's path.
fn placed(error: GraphqlError, field: &RootField) -> GraphqlError {
    let mut path = vec![Step::Key(field.key.clone())];
    path.extend(error.path.iter().cloned());
    error.path(path).at(field.selected.position)
}

/// Whom to ask, and for whom.
struct Asking<'a> {
    api: &'a Api,
    source: &'a dyn Source,
    beside: &'a Beside<'a>,
    principal: &'a Principal,
}

impl Asking<'_> {
    /// Asks for the rows of a request.
    async fn ask(&self, request: &Request) -> Result<Answered, Failure> {
        self.source.answer(request, self.beside, self.principal).await
    }

    async fn field(&self, field: &RootField) -> Done {
        match &field.work {
            Work::Written(bytes) => Done { value: Some(Body::of(bytes)), errors: Vec::new() },
            Work::Refused(error) => Done::failed(error.clone()),
            Work::Report(report) => self.report(report).await,
            Work::Table(table) => self.table(table).await.unwrap_or_else(Done::failed),
            Work::Values(values) => self.values(values).await.unwrap_or_else(Done::failed),
            Work::Sql(request, dialect) => match self.source.compile(request, self.principal, *dialect).await {
                Ok(compiled) => {
                    let mut body = Body::default();
                    let value = catalogue::compiled(&compiled);
                    response::selected(body.bytes(), &self.api.types, "CompiledSql", &value, &field.selected.below);
                    Done { value: Some(body), errors: Vec::new() }
                }
                Err(failure) => Done::failed(failure),
            },
        }
    }
}
