//! Answers as tables: `metricQuery`, saved queries, and the values of a dimension.

use async_graphql_value::ConstValue;

use super::{
    Asking, Done,
    body::{self, Body},
};
use crate::{
    cache::Fingerprint,
    engine::Answered,
    graphql::{
        Code, GraphqlError,
        collect::Selected,
        request::{self, Context, Cursor},
        response::{self, Evidence, Form, Piece, Shape},
        types::scalar_type,
    },
    plan::{ColumnRole, OutputColumn, PlanErrorCode, Request, RequestText},
    project::Project,
    project::Size,
    sql::{Expr, Function, Literal},
};

/// A request whose answer is a `MetricResult`.
#[derive(Debug)]
pub(super) struct Table {
    page: Paged,
    selected: Vec<Selected>,
}

/// The values of a dimension.
#[derive(Debug)]
pub(super) struct Values {
    page: Paged,
    selected: Vec<Selected>,
}

/// A request for a page.
#[derive(Debug)]
struct Paged {
    request: Request,
    query: Fingerprint,
    first: u64,
    after: Option<String>,
}

impl Paged {
    fn new(request: Request, first: u64, after: Option<String>) -> Self {
        let query = Fingerprint::of(&request);
        Self { request: Request { limit: Some(first + 1), ..request }, query, first, after }
    }
}

impl Table {
    /// Reads `metricQuery`.
    pub(super) fn query(ctx: &Context<'_>, field: &Selected) -> Result<Self, GraphqlError> {
        let (request, first, after) = request::generic(ctx, field.argument("input").unwrap_or(&ConstValue::Null))?;
        Ok(Self { page: Paged::new(request, first, after), selected: field.below.clone() })
    }

    /// Reads `savedQuery`.
    pub(super) fn saved(ctx: &Context<'_>, field: &Selected) -> Result<Self, GraphqlError> {
        let name = match field.argument("name") {
            Some(ConstValue::String(name)) => name.as_str(),
            _ => "",
        };
        let saved = ctx.project.saved_queries().find(|query| query.name == name).ok_or_else(|| {
            let error = GraphqlError::plan(PlanErrorCode::UnknownField, format!("there is no saved query `{name}`"));
            let names = ctx.project.saved_queries().map(|query| query.name.as_str());
            match crate::diagnostics::nearest(name, names) {
                Some(near) => error.help(format!("Write `{near}`.")),
                None => error,
            }
        })?;
        let mut request = Request::from_saved(ctx.project, saved)?;
        if let Some(time) = field.argument("time") {
            request.time = Some(request::time_range(time)?);
        }
        let first = saved.limit.unwrap_or(1000).min(10_000);
        Ok(Self { page: Paged::new(request, first, None), selected: field.below.clone() })
    }

    /// Returns what is asked for, if it is a first page.
    pub(super) fn first_page(&self) -> Option<&Request> {
        self.page.after.is_none().then_some(&self.page.request)
    }
}

impl Values {
    /// Reads `dimensionValues`.
    pub(super) fn new(ctx: &Context<'_>, field: &Selected) -> Result<Self, GraphqlError> {
        let text = |name: &str| match field.argument(name) {
            Some(ConstValue::String(text)) => Some(text.clone()),
            _ => None,
        };
        let path = text("dimension").unwrap_or_default();
        let (words, id) = request::dimension(ctx, &path)?;
        let dimension = &ctx.project.dimensions[id];
        if !dimension.suggest {
            return Err(GraphqlError::new(Code::Forbidden, format!("values of `{path}` are not told"))
                .help("Its definition says `suggest: false`."));
        }
        let mut request = RequestText { by: vec![path.clone()], ..RequestText::default() }.parse()?;
        let search = text("search").filter(|search| !search.is_empty()).map(|search| {
            if dimension.column_type != crate::catalog::ColumnType::String {
                let message = format!("`search` needs a text and `{path}` is a {}", dimension.column_type);
                return Err(GraphqlError::plan(PlanErrorCode::InvalidFilter, message).help("Use `where` instead."));
            }
            let subject = request::path(words.iter().map(String::as_str));
            let lower = |arg| Expr::call(Function::Lower, vec![arg]);
            let part = lower(Expr::Parameter(Literal::String(search)));
            Ok(Expr::call(Function::Contains, vec![lower(subject), part]))
        });
        request.filter = Expr::all(request::where_filter(ctx, field)?.into_iter().chain(search.transpose()?));
        request.time = field.argument("time").map(request::time_range).transpose()?;
        let first = request::first(&field.arguments, 100)?;
        Ok(Self { page: Paged::new(request, first, text("after")), selected: field.below.clone() })
    }
}

impl Asking<'_> {
    pub(super) async fn table(&self, table: &Table) -> Result<Done, GraphqlError> {
        let answered = self.paged(&table.page).await?;
        let (answer, project) = (&answered.answer, &self.api.project);
        let columns: Vec<(usize, &OutputColumn)> =
            answer.plan.columns.iter().enumerate().filter(|(_, column)| column.role != ColumnRole::OrderOnly).collect();
        let mut body = Body::of(b"{");
        for (index, field) in table.selected.iter().enumerate() {
            body::key(&mut body, index, &field.key);
            match field.name.as_str() {
                "__typename" => body.bytes().extend_from_slice(b"\"MetricResult\""),
                "columns" => {
                    let list = columns.iter().map(|(_, column)| described(project, &table.page.request, column));
                    let list = serde_json::Value::Array(list.collect());
                    response::selected(body.bytes(), &self.api.types, "Column", &list, &field.below);
                }
                "rows" => {
                    let mut shape = Shape::default();
                    shape.text(|out| out.push(b'['));
                    // A metric may be called like a key.
                    for (index, (place, column)) in columns.iter().enumerate() {
                        if index > 0 {
                            shape.text(|out| out.push(b','));
                        }
                        shape.pieces.push(Piece::Place(*place, Form::of(type_of(column))));
                    }
                    shape.text(|out| out.push(b']'));
                    let rows = shape.write(answer, project, shown(&table.page, &answered));
                    body::list(&mut body, &rows.into());
                }
                "pageInfo" => self.paged_info(&table.page, &answered, field, &mut body)?,
                _ => {
                    let metrics = table.page.request.metrics.iter().map(|metric| metric.metric.as_str()).collect();
                    let value =
                        response::trust(project, &Evidence { answers: vec![&answered], metrics }, self.principal);
                    response::selected(body.bytes(), &self.api.types, "Trust", &value, &field.below);
                }
            }
        }
        body.bytes().push(b'}');
        Ok(Done { value: Some(body), errors: Vec::new() })
    }

    pub(super) async fn values(&self, values: &Values) -> Result<Done, GraphqlError> {
        let answered = self.paged(&values.page).await?;
        let mut body = Body::of(b"{");
        for (index, field) in values.selected.iter().enumerate() {
            body::key(&mut body, index, &field.key);
            match field.name.as_str() {
                "__typename" => body.bytes().extend_from_slice(b"\"DimensionValues\""),
                "values" => {
                    body.bytes().push(b'[');
                    for row in 0..shown(&values.page, &answered) {
                        if row > 0 {
                            body.bytes().push(b',');
                        }
                        let zone = answered.answer.plan.time_zone;
                        response::value(body.bytes(), &answered.answer.rows.columns[0], Form::Text, row, zone);
                    }
                    body.bytes().push(b']');
                }
                _ => self.paged_info(&values.page, &answered, field, &mut body)?,
            }
        }
        body.bytes().push(b'}');
        Ok(Done { value: Some(body), errors: Vec::new() })
    }

    async fn paged(&self, page: &Paged) -> Result<Answered, GraphqlError> {
        let Some(after) = &page.after else { return Ok(self.ask(&page.request).await?) };
        let cursor = Cursor::open(after, &self.api.cursor_key, &self.place(&page.query))?;
        let request = Request { after: Some(cursor.values), ..page.request.clone() };
        let answered = self.ask(&request).await?;
        if answered.answer.plan.range == cursor.range { Ok(answered) } else { Err(request::expired()) }
    }

    fn paged_info(
        &self,
        page: &Paged,
        answered: &Answered,
        field: &Selected,
        body: &mut Body,
    ) -> Result<(), GraphqlError> {
        let shown = shown(page, answered);
        let has_next = answered.answer.rows.len > shown;
        let end = if field.below.iter().any(|field| field.name == "endCursor") {
            Cursor::of_page(&answered.answer, shown, &self.api.cursor_key, &self.place(&page.query))?
        } else {
            None
        };
        let total = (!has_next && page.after.is_none()).then(|| shown.to_string());
        let value = serde_json::json!({ "hasNextPage": has_next, "endCursor": end, "totalRows": total });
        response::selected(body.bytes(), &self.api.types, "PageInfo", &value, &field.below);
        Ok(())
    }
}

/// Returns the number of rows that a page shows.
fn shown(page: &Paged, answered: &Answered) -> usize {
    debug_assert_eq!(page.request.limit, Some(page.first + 1), "one row more is asked for");
    answered.answer.rows.len.min(usize::try_from(page.first).unwrap_or(usize::MAX))
}

/// Returns the scalar type of a column's values.
fn type_of(column: &OutputColumn) -> &'static str {
    match column.role {
        ColumnRole::Time(size) | ColumnRole::Dimension(Some(size)) => match size {
            Size::Standard(_) if size.is_within_a_day() => "DateTime",
            Size::Standard(_) | Size::FirstDay(_) => "Date",
            Size::Calendar(_) => scalar_type(column.column_type),
        },
        ColumnRole::TimePart(_) => "Int",
        ColumnRole::IsOther | ColumnRole::IsTotal => "Boolean",
        ColumnRole::Dimension(None) | ColumnRole::Metric(_) | ColumnRole::OrderOnly => scalar_type(column.column_type),
    }
}

fn described(project: &Project, request: &Request, column: &OutputColumn) -> serde_json::Value {
    let metric = match column.role {
        ColumnRole::Metric(index) => request.metrics.get(index).and_then(|metric| project.metric_named(&metric.metric)),
        ColumnRole::Time(_)
        | ColumnRole::TimePart(_)
        | ColumnRole::Dimension(_)
        | ColumnRole::IsOther
        | ColumnRole::IsTotal
        | ColumnRole::OrderOnly => None,
    };
    let metric = metric.map(|id| &project.metrics[id]);
    let kind = match column.role {
        ColumnRole::Time(_) => "TIME",
        ColumnRole::TimePart(_) => "TIME_PART",
        ColumnRole::Dimension(_) => "DIMENSION",
        ColumnRole::Metric(_) | ColumnRole::OrderOnly => "METRIC",
        ColumnRole::IsOther => "IS_OTHER",
        ColumnRole::IsTotal => unreachable!("a table asks for no total"),
    };
    serde_json::json!({
        "name": column.name,
        "kind": kind,
        "type": super::catalogue::value_type(type_of(column)),
        "label": metric.and_then(|metric| metric.docs.label.as_ref()),
        "description": metric.and_then(|metric| metric.docs.description.as_ref()),
        "unit": metric.and_then(|metric| metric.unit.as_ref()),
        "format": metric.and_then(|metric| metric.format).map(super::catalogue::format_text),
    })
}
