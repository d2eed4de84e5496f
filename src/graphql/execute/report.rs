//! A report: its rows and totals are asked for side by side.

use super::{
    Asking, Done,
    body::{self, Body, Written},
    standing::Standing,
};
use crate::{
    cache::Fingerprint,
    engine::Answered,
    graphql::{
        Code, GraphqlError, Step,
        request::{Cursor, Page, Part, Report, Rows},
        response::{self, Evidence, Shape},
    },
    plan::Request,
};

/// From this number of rows on, they are not counted.
const MAX_COUNTED: u64 = 100_000;

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
            && self.source.gives_total(&request, self.beside, self.principal).await
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

    /// Returns what a cursor of this query is good for: the query, who asks, and the versions of definitions and data.
    pub(super) fn place(&self, query: &Fingerprint) -> Page {
        let query = Fingerprint::of(&(query, self.principal, self.source.version()));
        Page { query, data_version: self.api.cursor_key.known_of_data(self.source.data_version()) }
    }

    async fn write(&self, report: &Report, rows: &Standing, totals: &Standing) -> Result<Done, GraphqlError> {
        let counted = match &report.rows {
            Some(asked) if asked.count => self.count(asked, rows).await?,
            Some(_) | None => Counted::default(),
        };
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
                        let list = [Step::Key(key.clone())];
                        errors.extend(unsaid(&asked.places, rows, shown, |row| {
                            [&list[..], &[Step::Index(row)]].concat()
                        }));
                    }
                }
                Part::Totals(shape, places) => {
                    let written = self.written_once(shape, totals.answered.as_ref());
                    body.bytes().extend_from_slice(&written);
                    let place = [Step::Key(key.clone())];
                    errors.extend(located(places, &totals.failed, &place));
                    errors.extend(unsaid(places, totals, 1, |_| place.to_vec()));
                }
                Part::PageInfo(selected) => {
                    let value = self.page_info(report.rows.as_ref(), rows, &counted, selected)?;
                    response::selected(body.bytes(), &self.api.types, "PageInfo", &value, selected);
                }
                Part::Trust(selected) => {
                    let value =
                        response::trust(&self.api.project, &evidence(report, rows, totals, &counted), self.principal);
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

    fn page_info(
        &self,
        asked: Option<&Rows>,
        rows: &Standing,
        counted: &Counted,
        selected: &[crate::graphql::collect::Selected],
    ) -> Result<serde_json::Value, GraphqlError> {
        let wants = |name: &str| selected.iter().any(|field| field.name == name);
        let (Some(asked), Some(answered)) = (asked, &rows.answered) else {
            let rows = usize::from(asked.is_some());
            return Ok(serde_json::json!({ "hasNextPage": false, "endCursor": null, "totalRows": rows.to_string() }));
        };
        let shown = shown(asked, rows);
        let end_cursor = if wants("endCursor") {
            Cursor::of_page(&answered.answer, shown, &self.api.cursor_key, &self.place(&asked.query))?
        } else {
            None
        };
        Ok(serde_json::json!({
            "hasNextPage": answered.answer.rows.len > shown,
            "endCursor": end_cursor,
            "totalRows": counted.rows.map(|rows| rows.to_string()),
        }))
    }

    /// Counts the rows of all pages; if there is but one, without asking.
    async fn count(&self, asked: &Rows, rows: &Standing) -> Result<Counted, GraphqlError> {
        let (Some(request), Some(Answered { answer, .. })) = (&asked.request, &rows.answered) else {
            return Ok(Counted::default());
        };
        let shown = shown(asked, rows);
        if asked.after.is_none() && answer.rows.len <= shown {
            return Ok(Counted { rows: Some(shown as u64), answered: None });
        }
        let request = Request { after: None, limit: Some(MAX_COUNTED + 1), ..request.clone() };
        let answered = self.standing(&request).await.map_err(|mut errors| errors.remove(0))?.answered;
        let rows = answered.as_ref().map_or(0, |answered| answered.answer.rows.len as u64);
        Ok(Counted { rows: Some(rows).filter(|rows| *rows <= MAX_COUNTED), answered })
    }
}

/// How many rows all pages have.
#[derive(Default)]
struct Counted {
    rows: Option<u64>,
    /// What was asked to count them.
    answered: Option<Answered>,
}

/// Returns the request for the rows with their total, if every metric of the totals is one of theirs: a further one would
/// make rows of its own.
fn with_total(report: &Report) -> Option<(&Rows, Request)> {
    let (rows, totals) = (report.rows.as_ref()?, report.totals.as_ref()?);
    let request = rows.request.as_ref().filter(|request| !request.keys.is_empty())?;
    let shares_all = totals.metrics.iter().all(|metric| request.metrics.contains(metric));
    shares_all.then(|| (rows, Request { total: true, ..request.clone() }))
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

/// Says of each column that it has values which JSON cannot say: they are null, which else means that there are none.
fn unsaid(
    places: &std::collections::BTreeMap<String, String>,
    standing: &Standing,
    rows: usize,
    before: impl Fn(usize) -> Vec<Step>,
) -> Vec<GraphqlError> {
    let Some(Answered { answer, .. }) = &standing.answered else { return Vec::new() };
    let errors = places.iter().filter_map(|(place, column)| {
        let index = answer.plan.columns.iter().position(|known| known.name == *column)?;
        let row = response::first_unsaid(answer.rows.columns.get(index)?, rows)?;
        let below = place.split('.').map(|key| Step::Key(key.to_owned()));
        Some(not_finite(column).path(before(row).into_iter().chain(below)))
    });
    errors.collect()
}

/// Says that a column has values which are null for want of a way to write them.
pub(super) fn not_finite(column: &str) -> GraphqlError {
    let message = format!("`{column}` has values that are no number, or infinite; they are null");
    GraphqlError::new(Code::NotFinite, message)
        .help("Leave such rows out with `where`, or say in the definition what they stand for.")
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

fn evidence<'a>(report: &'a Report, rows: &'a Standing, totals: &'a Standing, counted: &'a Counted) -> Evidence<'a> {
    let of_rows = report.rows.iter().filter_map(|rows| rows.request.as_ref()).map(|request| (request, rows));
    let of_totals = report.totals.iter().map(|request| (request, totals));
    let mut metrics: Vec<&str> = Vec::new();
    for (request, standing) in of_rows.chain(of_totals) {
        for metric in request.metrics.iter().filter(|metric| !standing.lacks(&metric.name)) {
            if !metrics.contains(&metric.metric.as_str()) {
                metrics.push(&metric.metric);
            }
        }
    }
    Evidence { answers: rows.answered.iter().chain(&totals.answered).chain(&counted.answered).collect(), metrics }
}
