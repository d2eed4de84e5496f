//! Answers as tables: `metricQuery`, saved queries, and the values of a dimension.

use async_graphql_value::ConstValue;

use super::{
    Asking, Done,
    body::{self, Body},
    column::described,
    report::not_finite,
};
use crate::{
    cache::Fingerprint,
    engine::Answered,
    graphql::{
        Code, GraphqlError, Step,
        collect::Selected,
        request::{self, Context, Cursor},
        response::{self, Evidence, Form, Piece, Shape},
        types::scalar_type,
    },
    plan::{ColumnRole, OutputColumn, Plan, PlanErrorCode, Request, RequestText},
    project::Size,
    sql::{Expr, Function, Literal},
};

/// A request whose answer is a `MetricResult`.
#[derive(Debug)]
pub(super) struct Table {
    page: Paged,
    /// The keys and metrics of the request, in the order in which they were asked for: what is asked for twice is computed
    /// once and shown twice.
    keys: Vec<usize>,
    metrics: Vec<usize>,
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
        Self::new(request, first, after, field)
    }

    /// Reads `savedQuery`.
    pub(super) fn saved(ctx: &Context<'_>, field: &Selected) -> Result<Self, GraphqlError> {
        let text = |name: &str| match field.argument(name) {
            Some(ConstValue::String(text)) => Some(text.as_str()),
            _ => None,
        };
        let name = text("name").unwrap_or_default();
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
        let page = i64::try_from(saved.limit.unwrap_or(1000).min(10_000)).expect("it is at most 10,000");
        let first = request::first(&field.arguments, page)?;
        Self::new(request, first, text("after").map(str::to_owned), field)
    }

    fn new(mut request: Request, first: u64, after: Option<String>, field: &Selected) -> Result<Self, GraphqlError> {
        request::check_page(request.keys.len() + request.metrics.len(), first)?;
        let (keys, metrics) = (once_each(&mut request.keys), once_each(&mut request.metrics));
        Ok(Self { page: Paged::new(request, first, after), keys, metrics, selected: field.below.clone() })
    }

    /// Returns the columns of an answer in the order in which they were asked for, with their places in it.
    fn columns<'a>(&self, plan: &'a Plan) -> Vec<(usize, &'a OutputColumn)> {
        let columns = || plan.columns.iter().enumerate();
        let metric = |index: &usize| columns().find(|(_, column)| column.role == ColumnRole::Metric(*index));
        let keys = self.keys.iter().filter_map(|key| columns().nth(*key));
        let other = columns().filter(|(_, column)| column.role == ColumnRole::IsOther);
        keys.chain(other).chain(self.metrics.iter().filter_map(metric)).collect()
    }

    /// Returns what is asked for.
    pub(super) fn request(&self) -> &Request {
        &self.page.request
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
        let columns = table.columns(&answer.plan);
        let mut body = Body::of(b"{");
        let mut errors = Vec::new();
        for (index, field) in table.selected.iter().enumerate() {
            body::key(&mut body, index, &field.key);
            match field.name.as_str() {
                "__typename" => body.bytes().extend_from_slice(b"\"MetricResult\""),
                "columns" => {
                    let visible = self.api.visible();
                    let ctx = Context { project: &visible, vocabulary: &self.api.vocabulary };
                    let list = columns.iter().map(|(_, column)| described(&ctx, &table.page.request, column));
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
                    let shown = shown(&table.page, &answered);
                    let rows = shape.write(answer, project, shown);
                    body::list(&mut body, &rows.into());
                    for (index, (place, column)) in columns.iter().enumerate() {
                        if let Some(row) = response::first_unsaid(&answer.rows.columns[*place], shown) {
                            let path = [Step::Key(field.key.clone()), Step::Index(row), Step::Index(index)];
                            errors.push(not_finite(&column.name).path(path));
                        }
                    }
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
        Ok(Done { value: Some(body), errors })
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

/// Keeps each value once, and says where each has come to stand.
fn once_each<T: PartialEq>(values: &mut Vec<T>) -> Vec<usize> {
    let mut kept: Vec<T> = Vec::with_capacity(values.len());
    let place = |value: T| {
        let known = kept.iter().position(|known| *known == value);
        known.unwrap_or_else(|| {
            kept.push(value);
            kept.len() - 1
        })
    };
    let places = values.drain(..).map(place).collect();
    *values = kept;
    places
}

/// Returns the scalar type of a column's values.
pub(super) fn type_of(column: &OutputColumn) -> &'static str {
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
