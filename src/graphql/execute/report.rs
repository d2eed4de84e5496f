//! A report: its rows and totals are asked for side by side, and one metric that fails does not take the others along.

use super::{
    Asking, Done,
    body::{self, Body, Written},
};
use crate::{
    cache::Fingerprint,
    catalog::ColumnType,
    engine::{Answered, Failure},
    graphql::{
        GraphqlError, Step,
        request::{Cursor, Page, Part, Report, Rows},
        response::{self, Evidence, Shape},
    },
    plan::{ColumnRole, OrderBy, Plan, PlanError, PlanErrorCode, Request, Show},
    project::Project,
};

/// From this number of rows on, they are not counted.
const MAX_COUNTED: u64 = 100_000;

/// An answer in which some columns may be missing.
#[derive(Default)]
struct Standing {
    answered: Option<Answered>,
    /// The columns that are missing, and why.
    failed: Vec<(String, GraphqlError)>,
}

impl Standing {
    /// Returns the totals that came with the rows.
    fn total(&self) -> Option<Self> {
        let Answered { answer, cache } = self.answered.as_ref()?;
        let answered = Answered { answer: answer.total.clone()?, cache: *cache };
        Some(Self { answered: Some(answered), failed: Vec::new() })
    }
}

/// Returns what a report asks for, as far as it is known before anything is answered.
pub(super) fn requests(report: &Report) -> Vec<Request> {
    let is_first = |rows: &&Rows| rows.after.is_none();
    match with_total(report) {
        Some((rows, request)) => is_first(&rows).then_some(request).into_iter().collect(),
        None => {
            let rows = report.rows.as_ref().filter(is_first).and_then(|rows| rows.request.as_ref());
            rows.into_iter().chain(&report.totals).cloned().collect()
        }
    }
}

impl Asking<'_> {
    pub(super) async fn report(&self, report: &Report) -> Done {
        match self.rows_and_totals(report).await {
            Ok((rows, totals)) => self.write(report, &rows, &totals).await.unwrap_or_else(Done::failed),
            Err(errors) => Done { value: None, errors },
        }
    }

    /// Asks for rows and totals: in one query where that gives both, else side by side.
    async fn rows_and_totals(&self, report: &Report) -> Result<(Standing, Standing), Vec<GraphqlError>> {
        if let Some((rows, request)) = with_total(report)
            && self.source.gives_total(&request, self.principal).await
        {
            let rows = self.page(rows, &request).await?;
            if let Some(totals) = rows.total() {
                return Ok((rows, totals));
            }
            return Ok((rows, self.totals(report).await?));
        }
        let rows = async {
            match report.rows.as_ref().and_then(|rows| Some((rows, rows.request.as_ref()?))) {
                Some((rows, request)) => self.page(rows, request).await,
                None => Ok(Standing::default()),
            }
        };
        let (rows, totals) = tokio::join!(rows, self.totals(report));
        Ok((rows?, totals?))
    }

    async fn totals(&self, report: &Report) -> Result<Standing, Vec<GraphqlError>> {
        match &report.totals {
            Some(request) => self.standing(request).await,
            None => Ok(Standing::default()),
        }
    }

    /// Asks for a page of rows.
    async fn page(&self, rows: &Rows, request: &Request) -> Result<Standing, Vec<GraphqlError>> {
        let Some(after) = &rows.after else { return self.standing(request).await };
        let cursor =
            Cursor::open(after, &self.api.cursor_key, &self.place(&rows.query)).map_err(|error| vec![error])?;
        let request = Request { after: Some(cursor.values), ..request.clone() };
        let standing = self.standing(&request).await?;
        // "The last 28 days" may have moved on since the page before.
        match &standing.answered {
            Some(answered) if answered.answer.plan.range != cursor.range => {
                Err(vec![crate::graphql::request::expired()])
            }
            _ => Ok(standing),
        }
    }

    /// Returns what a cursor of this query is good for: the query, who asks, and the version of the data.
    pub(super) fn place(&self, query: &Fingerprint) -> Page {
        let principal = self.principal;
        let query = Fingerprint::of(&(query, principal));
        Page { query, data_version: self.source.data_version() }
    }

    /// Asks; if the request is refused because of some of its metrics, asks for the others.
    async fn standing(&self, request: &Request) -> Result<Standing, Vec<GraphqlError>> {
        let refusal = match self.ask(request).await {
            Ok(answered) => {
                return match split_whole_number(&self.api.project, request, &answered.answer.plan) {
                    None => Ok(Standing { answered: Some(answered), failed: Vec::new() }),
                    Some(error) => Err(vec![error.into()]),
                };
            }
            Err(Failure::Refused(refusal)) => refusal,
            Err(failure) => return Err(vec![failure.into()]),
        };
        let failed = self.failing(request);
        let whole = |error: PlanError| vec![GraphqlError::from(error)];
        if failed.is_empty() {
            return Err(whole(refusal));
        }
        if failed.len() == request.metrics.len() {
            let mut errors: Vec<GraphqlError> = Vec::new();
            for (_, error) in failed {
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
            return Err(errors);
        }
        let is_failed = |name: &str| failed.iter().any(|(column, _)| column == name);
        let mut request = request.clone();
        request.metrics.retain(|metric| !is_failed(&metric.name));
        request.order.retain(|order| match &order.by {
            OrderBy::Column(name) => !is_failed(name),
            OrderBy::Metric(_) => true,
        });
        match self.ask(&request).await {
            Ok(answered) => Ok(Standing { answered: Some(answered), failed }),
            Err(_) => Err(whole(refusal)),
        }
    }

    /// Finds the metrics that are refused even alone.
    fn failing(&self, request: &Request) -> Vec<(String, GraphqlError)> {
        let alone = |index: usize| Request {
            metrics: vec![request.metrics[index].clone()],
            having: None,
            order: Vec::new(),
            after: None,
            top: None,
            ..request.clone()
        };
        let refused = (0..request.metrics.len()).filter_map(|index| {
            match self.source.compile(&alone(index), self.principal, None) {
                Err(Failure::Refused(error)) => Some((request.metrics[index].name.clone(), error.into())),
                Ok(_) | Err(_) => None,
            }
        });
        refused.collect()
    }

    async fn write(&self, report: &Report, rows: &Standing, totals: &Standing) -> Result<Done, GraphqlError> {
        let mut body = Body::of(b"{");
        let mut errors = Vec::new();
        for (index, (key, part)) in report.parts.iter().enumerate() {
            body::key(&mut body, index, key);
            match part {
                Part::Typename => body.bytes().extend_from_slice(b"\"Report\""),
                Part::Rows => {
                    if let Some(asked) = &report.rows {
                        let shown = shown(asked, rows);
                        let written = self.written(&asked.shape, &asked.shape_id, rows.answered.as_ref(), shown).await;
                        body::list(&mut body, &written);
                        let row = (shown > 0).then_some(Step::Index(0));
                        let place: Vec<Step> = [Step::Key(key.clone())].into_iter().chain(row).collect();
                        errors.extend(located(&asked.places, &rows.failed, &place));
                    }
                }
                Part::Totals(shape, places) => {
                    let written = self.written_once(shape, totals.answered.as_ref());
                    body.bytes().extend_from_slice(&written);
                    errors.extend(located(places, &totals.failed, &[Step::Key(key.clone())]));
                }
                Part::PageInfo(selected) => {
                    let value = self.page_info(report.rows.as_ref(), rows, selected).await?;
                    response::selected(body.bytes(), &self.api.types, "PageInfo", &value, selected);
                }
                Part::Trust(selected) => {
                    let value = response::trust(&self.api.project, &evidence(report, rows, totals), self.principal);
                    response::selected(body.bytes(), &self.api.types, "Trust", &value, selected);
                }
            }
        }
        body.bytes().push(b'}');
        Ok(Done { value: Some(body), errors: once_each(errors) })
    }

    /// Returns the rows of an answer as bytes, which are kept beside the answer.
    async fn written(&self, shape: &Shape, id: &Fingerprint, answered: Option<&Answered>, rows: usize) -> Written {
        let Some(Answered { answer, .. }) = answered else {
            // Neither a metric nor a key: one row, over everything.
            return shape.write_constant().into();
        };
        let key = (answer.id, *id, rows);
        if let Some(written) = self.api.written.get(&key).await {
            return written;
        }
        let written = Written::from(shape.write(answer, &self.api.project, rows));
        self.api.written.insert(key, written.clone()).await;
        written
    }

    fn written_once(&self, shape: &Shape, answered: Option<&Answered>) -> Vec<u8> {
        match answered {
            Some(Answered { answer, .. }) => shape.write(answer, &self.api.project, 1),
            None => shape.write_constant(),
        }
    }

    async fn page_info(
        &self,
        asked: Option<&Rows>,
        rows: &Standing,
        selected: &[crate::graphql::collect::Selected],
    ) -> Result<serde_json::Value, GraphqlError> {
        let wants = |name: &str| selected.iter().any(|field| field.name == name);
        let (Some(asked), Some(answered)) = (asked, &rows.answered) else {
            let rows = usize::from(asked.is_some());
            return Ok(serde_json::json!({ "hasNextPage": false, "endCursor": null, "totalRows": rows.to_string() }));
        };
        let shown = shown(asked, rows);
        let has_next = answered.answer.rows.len > shown;
        let end_cursor = if wants("endCursor") {
            Cursor::of_page(&answered.answer, shown, &self.api.cursor_key, &self.place(&asked.query))?
        } else {
            None
        };
        let total = if !asked.count {
            None
        } else if !has_next && asked.after.is_none() {
            Some(shown as u64)
        } else {
            self.count(asked).await?
        };
        Ok(serde_json::json!({
            "hasNextPage": has_next,
            "endCursor": end_cursor,
            "totalRows": total.map(|total| total.to_string()),
        }))
    }

    /// Counts the rows of all pages.
    async fn count(&self, asked: &Rows) -> Result<Option<u64>, GraphqlError> {
        let Some(request) = &asked.request else { return Ok(Some(1)) };
        let request = Request { after: None, limit: Some(MAX_COUNTED + 1), ..request.clone() };
        let answered = self.standing(&request).await.map_err(|mut errors| errors.remove(0))?.answered;
        let rows = answered.map_or(0, |answered| answered.answer.rows.len as u64);
        Ok(Some(rows).filter(|rows| *rows <= MAX_COUNTED))
    }
}

/// Returns the request for the rows with their total, if every metric of the totals is one of theirs: a further one would
/// make rows of its own.
fn with_total(report: &Report) -> Option<(&Rows, Request)> {
    let (rows, totals) = (report.rows.as_ref()?, report.totals.as_ref()?);
    let request = rows.request.as_ref().filter(|request| !request.keys.is_empty())?;
    let shares_all = totals.metrics.iter().all(|metric| request.metrics.contains(metric));
    shares_all.then(|| (rows, Request { total: true, ..request.clone() }))
}

/// Refuses parts of a metric whose field is a whole number: a weight splits counts, and clients read `BigInt`.
fn split_whole_number(project: &Project, request: &Request, plan: &Plan) -> Option<PlanError> {
    let split = plan.columns.iter().find_map(|column| match column.role {
        ColumnRole::Metric(position) if column.column_type != ColumnType::Integer => {
            let asked = request.metrics.get(position).filter(|asked| asked.show == Show::Value)?;
            let metric = &project.metrics[project.metric_named(&asked.metric)?];
            (metric.value_type == ColumnType::Integer).then_some(metric)
        }
        _ => None,
    })?;
    let message = format!("`{}` is a whole number, and the keys split it by a weight", split.name);
    let help = "Ask for a metric that is a decimal, such as a sum of `cast(1 as decimal)`.";
    Some(PlanError::new(PlanErrorCode::FanOutRefused, message).help(help))
}

/// Returns the number of rows of an answer that are shown.
fn shown(asked: &Rows, rows: &Standing) -> usize {
    let first = usize::try_from(asked.first).unwrap_or(usize::MAX);
    rows.answered.as_ref().map_or(1, |answered| answered.answer.rows.len.min(first))
}

/// Says of each column that failed where it would stand in the response.
fn located<'a>(
    places: &'a std::collections::BTreeMap<String, String>,
    failed: &'a [(String, GraphqlError)],
    before: &'a [Step],
) -> impl Iterator<Item = GraphqlError> + 'a {
    failed.iter().filter_map(move |(column, error)| {
        let (place, _) = places.iter().find(|(_, name)| *name == column)?;
        let below = place.split('.').map(|key| Step::Key(key.to_owned()));
        Some(error.clone().path(before.iter().cloned().chain(below)))
    })
}

/// Rows and totals fail for the same reason; it is told once.
fn once_each(errors: Vec<GraphqlError>) -> Vec<GraphqlError> {
    let mut distinct: Vec<GraphqlError> = Vec::new();
    for error in errors {
        let same = |other: &GraphqlError| {
            other.code == error.code && other.message == error.message && other.path.last() == error.path.last()
        };
        if !distinct.iter().any(same) {
            distinct.push(error);
        }
    }
    distinct
}

fn evidence<'a>(report: &'a Report, rows: &'a Standing, totals: &'a Standing) -> Evidence<'a> {
    let requests = report.rows.iter().filter_map(|rows| rows.request.as_ref()).chain(&report.totals);
    let mut metrics: Vec<&str> = Vec::new();
    for metric in requests.flat_map(|request| &request.metrics) {
        if !metrics.contains(&metric.metric.as_str()) {
            metrics.push(&metric.metric);
        }
    }
    Evidence { answers: rows.answered.iter().chain(&totals.answered).collect(), metrics }
}
