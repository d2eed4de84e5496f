//! Requests that are asked at the same time → the answer of each, in fewer queries.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::OnceCell;

use super::{Answer, Answered, CacheOutcome, Engine, Failure, Live};
use crate::{
    plan::{self, ColumnRole, OutputColumn, Plan, Principal, Request},
    time::{DateTime, Utc},
    warehouse::Rows,
};

/// The age up to which a common answer's part is kept for itself.
const YOUNG: TimeDelta = TimeDelta::seconds(30);

/// Requests that one caller asks at the same moment.
///
/// Which of them are answered by one query is found out when the first of them is not at hand.
#[derive(Debug)]
pub struct Beside<'a> {
    requests: &'a [Request],
    /// The moment: "the last minute" is the same for all of them.
    pub(super) now: DateTime<Utc>,
    together: OnceCell<Vec<Option<Request>>>,
}

impl<'a> Beside<'a> {
    /// Takes requests that may have to do with one another.
    pub fn of(requests: &'a [Request], now: DateTime<Utc>) -> Self {
        Self { requests, now, together: OnceCell::new() }
    }

    /// Returns the request that is asked in place of one of these and others.
    async fn in_place_of(
        &self,
        request: &Request,
        find: impl AsyncFnOnce(Vec<Request>) -> Result<Vec<Option<Request>>, Failure>,
    ) -> Result<Option<&Request>, Failure> {
        let Some(position) = self.requests.iter().position(|known| known == request) else { return Ok(None) };
        let together = self.together.get_or_try_init(|| find(self.requests.to_vec())).await?;
        Ok(together[position].as_ref())
    }
}

impl Engine {
    /// Answers a request that is asked beside others: in one query with those that the same pass over the rows answers,
    /// unless it is at hand.
    ///
    /// What the common query may not do, by its budget or because one of its metrics fails in the warehouse, each may
    /// still do alone.
    pub async fn answer_beside(
        &self,
        live: &Live,
        request: &Request,
        beside: &Beside<'_>,
        principal: &Principal,
    ) -> Result<Answered, Failure> {
        if beside.requests.is_empty() {
            return self.answer_at(live, request, principal, beside.now).await;
        }
        let planned = self.planned(live, request, principal, beside.now).await?;
        if let Some(answer) = self.answers.get(planned.key).await {
            return Ok(Answered { answer, cache: CacheOutcome::Hit });
        }
        let find = async |requests: Vec<Request>| {
            let (project, principal) = (Arc::clone(&live.project), principal.clone());
            let context = self.context(request, beside.now);
            self.aside.run(move || plan::together(&project, &requests, &principal, &context)).await
        };
        let Some(whole) = beside.in_place_of(request, find).await? else {
            return self.answer_at(live, request, principal, beside.now).await;
        };
        let Answered { answer: common, cache } = match self.answer_at(live, whole, principal, beside.now).await {
            Ok(answered) => answered,
            Err(Failure::Refused(_) | Failure::WarehouseRefused(_) | Failure::Internal) => {
                return self.answer_at(live, request, principal, beside.now).await;
            }
            Err(failure) => return Err(failure),
        };
        let part = Part { whole, request, own: &planned.plan };
        let answer = Arc::new(part.of(&common));
        // At the turn of a day the common query may be planned for the next one, whose rows are not those of this key; and
        // what was kept for long is not to live twice as long.
        let is_young = self.now() - common.as_of < YOUNG;
        if common.now == planned.now && is_young {
            self.answers.insert(planned.key, Arc::clone(&answer)).await;
        }
        Ok(Answered { answer, cache })
    }
}

/// A request's part of the answer to the one that was asked in its place.
struct Part<'a> {
    whole: &'a Request,
    request: &'a Request,
    own: &'a Plan,
}

impl Part<'_> {
    fn of(&self, answer: &Answer) -> Answer {
        let total = answer.total.as_ref().map(|total| {
            let total = self.columns_of(total, |role| matches!(role, ColumnRole::Metric(_)));
            Arc::new(total)
        });
        let rows = self.columns_of(answer, |role| *role != ColumnRole::IsTotal);
        Answer { total, cost: answer.cost.clone(), ..rows }
    }

    /// Returns columns of the request's own plan, with a plan that tells of the query that was run.
    fn columns_of(&self, answer: &Answer, is_shown: impl Fn(&ColumnRole) -> bool) -> Answer {
        let columns: Vec<OutputColumn> =
            self.own.columns.iter().filter(|column| is_shown(&column.role)).cloned().collect();
        let data = columns.iter().map(|column| answer.rows.columns[self.position_in(answer, column)].clone());
        let rows = Rows { columns: data.collect(), len: answer.rows.len };
        let plan = Plan {
            columns,
            order: self.own.order.clone(),
            axes: self.own.axes.clone(),
            overlapping: self.own.overlapping,
            warnings: self.own.warnings.clone(),
            ..Plan::clone(&answer.plan)
        };
        Answer::new(Arc::new(plan), Arc::new(rows), answer.now, answer.as_of)
    }

    fn position_in(&self, answer: &Answer, column: &OutputColumn) -> usize {
        let mut columns = answer.plan.columns.iter();
        let position = match column.role {
            ColumnRole::Metric(own) => {
                let position = self.whole.position_of(&self.request.metrics[own]);
                columns.position(|known| position.is_some_and(|position| known.role == ColumnRole::Metric(position)))
            }
            ColumnRole::Time(_)
            | ColumnRole::TimePart(_)
            | ColumnRole::Dimension(_)
            | ColumnRole::IsOther
            | ColumnRole::IsTotal
            | ColumnRole::OrderOnly => columns.position(|known| known == column),
        };
        position.expect("the common answer has every column")
    }
}
