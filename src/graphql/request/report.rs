//! A `report` field → its requests and the parts of its response.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql_value::ConstValue;

use super::{
    Context,
    arguments::{check_page, fill, first, refuse_not_yet, texts, time_range, time_zone},
    columns::Columns,
    filter,
    order::Names,
    selection::Selection,
};
use crate::{
    cache::Fingerprint,
    graphql::{GraphqlError, collect::Selected, response::Shape},
    plan::{PlanErrorCode, Request},
};

/// A report to answer.
#[derive(Debug)]
pub(in crate::graphql) struct Report {
    /// The rows, if they are selected.
    pub(in crate::graphql) rows: Option<Rows>,
    /// The request of the totals, if metrics of them are selected.
    pub(in crate::graphql) totals: Option<Request>,
    /// What stands in the response, in order.
    pub(in crate::graphql) parts: Vec<(String, Part)>,
}

/// The rows of a report.
#[derive(Debug)]
pub(in crate::graphql) struct Rows {
    /// What is asked, for one row more than is shown; nothing if neither a metric nor a key is selected.
    pub(in crate::graphql) request: Option<Request>,
    /// How a row is written.
    pub(in crate::graphql) shape: Shape,
    /// Tells the shape apart.
    pub(in crate::graphql) shape_id: Fingerprint,
    /// The greatest number of rows shown.
    pub(in crate::graphql) first: u64,
    /// The cursor of the page before.
    pub(in crate::graphql) after: Option<String>,
    /// The query without its page.
    pub(in crate::graphql) query: Fingerprint,
    /// Whether the number of all rows is asked for.
    pub(in crate::graphql) count: bool,
    /// Response paths of the columns below a row.
    pub(in crate::graphql) places: BTreeMap<String, String>,
}

/// A part of a report's response.
#[derive(Debug)]
pub(in crate::graphql) enum Part {
    /// `__typename`.
    Typename,
    /// The rows.
    Rows,
    /// Totals, with the response paths of their columns.
    Totals(Shape, BTreeMap<String, String>),
    /// `pageInfo`, with what is selected of it.
    PageInfo(Vec<Selected>),
    /// `trust`, with what is selected of it.
    Trust(Vec<Selected>),
}

/// Reads a `report` field.
pub(in crate::graphql) fn report(ctx: &Context<'_>, field: &Selected) -> Result<Report, GraphqlError> {
    refuse_not_yet(&field.arguments, &["maxStaleness", "wait"])?;
    first(&field.arguments, 1000)?;
    let base = Request {
        filter: where_filter(ctx, field)?,
        time: field.argument("time").map(time_range).transpose()?,
        time_zone: field.argument("timeZone").map(time_zone).transpose()?,
        ..Request::default()
    };
    let mut totals = Columns::default();
    let mut rows = None;
    let mut parts = Vec::new();
    for part in &field.below {
        let read = match part.name.as_str() {
            "__typename" => Part::Typename,
            "rows" => {
                if rows.is_some() {
                    let message = "a report has one grouping, and `rows` is selected twice";
                    return Err(GraphqlError::plan(PlanErrorCode::RowsTwice, message)
                        .help("Select the second grouping under another alias of `report`.")
                        .at(part.position));
                }
                rows = Some(read_rows(ctx, field, &base, &part.below)?);
                Part::Rows
            }
            "totals" => {
                let mut places = BTreeMap::new();
                let shape = Selection { ctx, columns: &mut totals, paths: &mut places }.totals(&part.below)?;
                Part::Totals(shape, places)
            }
            "pageInfo" => Part::PageInfo(part.below.clone()),
            _ => Part::Trust(part.below.clone()),
        };
        parts.push((part.key.clone(), read));
    }
    if let Some(rows) = &mut rows {
        rows.count = parts.iter().any(|(_, part)| match part {
            Part::PageInfo(selected) => selected.iter().any(|field| field.name == "totalRows"),
            Part::Typename | Part::Rows | Part::Totals(..) | Part::Trust(_) => false,
        });
    }
    let totals = (!totals.metrics.is_empty()).then_some(Request { metrics: totals.metrics, ..base });
    Ok(Report { rows, totals, parts })
}

/// Reads the `where` of a field.
pub(in crate::graphql) fn where_filter(
    ctx: &Context<'_>,
    field: &Selected,
) -> Result<Option<crate::sql::Expr<crate::sql::Name>>, GraphqlError> {
    Ok(field.argument("where").map(|value| filter::filter(ctx, value)).transpose()?.flatten())
}

fn read_rows(ctx: &Context<'_>, field: &Selected, base: &Request, selected: &[Selected]) -> Result<Rows, GraphqlError> {
    let (mut columns, mut places) = (Columns::default(), BTreeMap::new());
    let shape = Selection { ctx, columns: &mut columns, paths: &mut places }.row(selected)?;
    assert_keys(field.argument("keys"), &columns)?;
    let names = Names { ctx, columns: &columns, paths: &places };
    let first = first(&field.arguments, 1000)?;
    check_page(columns.keys.len() + columns.metrics.len(), first)?;
    let having = field.argument("having").map(|value| filter::having(ctx, value)).transpose()?.flatten();
    let mut request = Request {
        having,
        order: names.order(field.argument("orderBy"))?,
        top: names.top(field.argument("top"))?,
        fill: fill(field.argument("fill")),
        ..base.clone()
    };
    request.keys = columns.keys;
    request.metrics = columns.metrics;
    let query = Fingerprint::of(&request);
    request.limit = Some(first + 1);
    let after = match field.argument("after") {
        Some(ConstValue::String(after)) => Some(after.clone()),
        _ => None,
    };
    let is_empty = request.keys.is_empty() && request.metrics.is_empty();
    Ok(Rows {
        request: (!is_empty).then_some(request),
        shape_id: Fingerprint::of(&shape),
        shape,
        first,
        after,
        query,
        count: false,
        places,
    })
}

fn assert_keys(value: Option<&ConstValue>, columns: &Columns) -> Result<(), GraphqlError> {
    if value.is_none() {
        return Ok(());
    }
    // A time dimension is by day unless said.
    let plain = |name: &str| name.strip_suffix(".day").filter(|name| *name != "time").unwrap_or(name).to_owned();
    let asserted: BTreeSet<String> = texts(value)?.iter().map(|name| plain(name)).collect();
    let selected: BTreeSet<String> = columns.keys.iter().map(|key| plain(&key.name)).collect();
    if asserted == selected {
        return Ok(());
    }
    let list = |names: &BTreeSet<String>| {
        if names.is_empty() {
            return "no key".to_owned();
        }
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let message = format!("the report is by {} and `keys` says {}", list(&selected), list(&asserted));
    Err(GraphqlError::plan(PlanErrorCode::GrainMismatch, message)
        .help("Select those keys below `by`, or correct `keys`."))
}
