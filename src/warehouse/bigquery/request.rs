//! SQL with its parameters → the document of a query.
//!
//! `SELECT … WHERE x = @p1` and `12.50` → `{"query": …, "queryParameters": [{"name": "p1", "parameterType": {"type":
//! "NUMERIC"}, …}], "maximumBytesBilled": "10000000000", …}`.
//!
//! **Invariant:** every query that runs says what it may bill.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use gcp_bigquery_client::model::{
    data_format_options::DataFormatOptions, dataset_reference::DatasetReference, query_parameter::QueryParameter,
    query_parameter_type::QueryParameterType, query_parameter_value::QueryParameterValue, query_request::QueryRequest,
};
use serde::Serialize;

use super::Options;
use crate::{
    sql::{Literal, Text},
    warehouse::{Terms, rest::request_id},
};

/// What is asked of a query beside its text.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// How long the server may let us wait for the first answer.
    pub(super) patience: Duration,
    /// When the server is to give the query up.
    pub(super) deadline: Duration,
    /// Whether it only tells what it would read.
    pub(super) is_dry: bool,
}

/// The request of the client crate, and a field that it does not have.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Timed {
    #[serde(flatten)]
    request: QueryRequest,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_timeout_ms: Option<String>,
}

/// Writes the document of a query.
pub(super) fn document(text: &Text, terms: &Terms, options: &Options, asked: Asked) -> Bytes {
    let labels: HashMap<String, String> =
        terms.labels.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let dataset = options.dataset.as_ref().map(|dataset| match dataset.split_once('.') {
        Some((project, dataset)) => reference(project, dataset),
        None => reference(&options.project, dataset),
    });
    let request = QueryRequest {
        default_dataset: dataset,
        dry_run: asked.is_dry.then_some(true),
        labels: (!labels.is_empty()).then_some(labels),
        location: options.location.clone(),
        // What only tells its price may be beyond the limit: that is what is asked.
        maximum_bytes_billed: (!asked.is_dry).then(|| most(terms, options).to_string()),
        parameter_mode: (!text.parameters.is_empty()).then(|| "NAMED".to_owned()),
        query_parameters: (!text.parameters.is_empty()).then(|| parameters(&text.parameters)),
        request_id: (!asked.is_dry).then(request_id),
        timeout_ms: i32::try_from(asked.patience.as_millis()).ok(),
        format_options: Some(DataFormatOptions { use_int64_timestamp: Some(true) }),
        ..QueryRequest::new(text.sql.clone())
    };
    let job_timeout_ms = (!asked.is_dry).then(|| asked.deadline.as_millis().to_string());
    serde_json::to_vec(&Timed { request, job_timeout_ms }).expect("a request is plain data").into()
}

/// Returns the most that a query may bill: what is left for it, never more than the connection allows.
fn most(terms: &Terms, options: &Options) -> u64 {
    terms.most.map_or(options.maximum_bytes_billed, |most| most.min(options.maximum_bytes_billed))
}

fn reference(project: &str, dataset: &str) -> DatasetReference {
    DatasetReference { project_id: project.to_owned(), dataset_id: dataset.to_owned() }
}

fn parameters(literals: &[Literal]) -> Vec<QueryParameter> {
    literals.iter().enumerate().map(|(at, literal)| parameter(format!("p{}", at + 1), literal)).collect()
}

fn parameter(name: String, literal: &Literal) -> QueryParameter {
    let (kind, value) = match literal {
        Literal::Null => ("STRING", None),
        Literal::Boolean(value) => ("BOOL", Some(value.to_string())),
        Literal::Integer(value) => ("INT64", Some(value.to_string())),
        Literal::Decimal(digits) => (decimal_type(digits), Some(digits.clone())),
        Literal::Float(bits) => ("FLOAT64", Some(float(f64::from_bits(*bits)))),
        Literal::String(text) => ("STRING", Some(text.clone())),
        Literal::Date(date) => ("DATE", Some(date.to_string())),
        Literal::DateTime(time) => ("DATETIME", Some(time.format("%Y-%m-%d %H:%M:%S%.f").to_string())),
        Literal::Timestamp(time) => ("TIMESTAMP", Some(time.format("%Y-%m-%d %H:%M:%S%.f+00:00").to_string())),
    };
    QueryParameter {
        name: Some(name),
        parameter_type: Some(QueryParameterType { r#type: kind.to_owned(), ..QueryParameterType::default() }),
        parameter_value: Some(QueryParameterValue { value, ..QueryParameterValue::default() }),
    }
}

/// Returns the type that holds the digits exactly.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#decimal_types>.
fn decimal_type(digits: &str) -> &'static str {
    let (whole, fraction) = digits.trim_start_matches(['-', '+']).split_once('.').unwrap_or((digits, ""));
    if whole.trim_start_matches(['-', '+', '0']).len() <= 29 && fraction.trim_end_matches('0').len() <= 9 {
        "NUMERIC"
    } else {
        "BIGNUMERIC"
    }
}

/// Writes a float so that the server reads the same one.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    format!("{value:?}")
}
