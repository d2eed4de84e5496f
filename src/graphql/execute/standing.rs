//! An answer in which metrics may be missing: one that cannot be answered does not take the others along.
//!
//! ```text
//! revenue, broken ─► fails ─► revenue · broken: fails ─► ask for revenue again, and say why `broken` is missing
//! ```
//!
//! **Invariant:** what stands is what the request without the missing metrics gives.

use std::ops::Range;

use super::Asking;
use crate::{
    catalog::ColumnType,
    engine::{Answered, Failure},
    graphql::GraphqlError,
    plan::{ColumnRole, OrderBy, Plan, PlanError, PlanErrorCode, Request, Show},
    project::Project,
};

/// The most queries by which it is found out which metrics the warehouse refuses.
const MAX_TRIALS: usize = 32;

/// An answer in which some columns may be missing.
#[derive(Default)]
pub(super) struct Standing {
    pub(super) answered: Option<Answered>,
    /// The columns that are missing, and why.
    pub(super) failed: Vec<(String, GraphqlError)>,
}

impl Standing {
    /// Returns the totals that came with the rows.
    pub(super) fn total(&self) -> Option<Self> {
        let Answered { answer, cache } = self.answered.as_ref()?;
        let answered = Answered { answer: answer.total.clone()?, cache: *cache };
        Some(Self { answered: Some(answered), failed: self.failed.clone() })
    }

    /// Returns whether a column is missing.
    pub(super) fn lacks(&self, column: &str) -> bool {
        self.failed.iter().any(|(failed, _)| failed == column)
    }
}

impl Asking<'_> {
    /// Asks; if the request fails because of some of its metrics, asks for the others.
    pub(super) async fn standing(&self, request: &Request) -> Result<Standing, Vec<GraphqlError>> {
        let failure = match self.ask(request).await {
            Ok(answered) => {
                return match split_whole_number(&self.api.project, request, &answered.answer.plan) {
                    None => Ok(Standing { answered: Some(answered), failed: Vec::new() }),
                    Some(error) => Err(vec![error.into()]),
                };
            }
            Err(failure) => failure,
        };
        let failed = match &failure {
            Failure::Refused(_) => self.refused(request).await,
            Failure::WarehouseRefused(_) => self.refused_by_warehouse(request).await,
            Failure::Forbidden | Failure::Unavailable | Failure::Timeout | Failure::Cancelled | Failure::Internal => {
                Ok(Vec::new())
            }
        };
        let whole = |failure: Failure| vec![GraphqlError::from(failure)];
        let failed = failed.map_err(whole)?;
        if failed.is_empty() {
            return Err(whole(failure));
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
        let mut standing = Standing { answered: None, failed };
        let mut request = request.clone();
        request.metrics.retain(|metric| !standing.lacks(&metric.name));
        request.order.retain(|order| match &order.by {
            OrderBy::Column(name) => !standing.lacks(name),
            OrderBy::Metric(_) => true,
        });
        match self.ask(&request).await {
            Ok(answered) => standing.answered = Some(answered),
            Err(_) => return Err(whole(failure)),
        }
        Ok(standing)
    }

    /// Finds the metrics that are refused even alone.
    async fn refused(&self, request: &Request) -> Result<Vec<(String, GraphqlError)>, Failure> {
        let mut failed = Vec::new();
        for (index, metric) in request.metrics.iter().enumerate() {
            match self.source.compile(&of_metrics(request, index..index + 1), self.principal, None).await {
                Ok(_) => {}
                Err(Failure::Refused(error)) => failed.push((metric.name.clone(), error.into())),
                Err(failure) => return Err(failure),
            }
        }
        Ok(failed)
    }

    /// Finds the metrics that the warehouse refuses, by asking for halves, and for halves of those that it refuses; none if
    /// that takes too many queries.
    async fn refused_by_warehouse(&self, request: &Request) -> Result<Vec<(String, GraphqlError)>, Failure> {
        let mut failed = Vec::new();
        let mut waiting = halves(0..request.metrics.len());
        let mut trials = 0;
        while let Some(range) = waiting.pop() {
            trials += 1;
            if trials > MAX_TRIALS {
                return Ok(Vec::new());
            }
            match self.ask(&of_metrics(request, range.clone())).await {
                Ok(_) => {}
                Err(Failure::WarehouseRefused(_)) if range.len() > 1 => waiting.extend(halves(range)),
                Err(failure @ Failure::WarehouseRefused(_)) => {
                    failed.push((request.metrics[range.start].name.clone(), failure.into()));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(failed)
    }
}

/// Cuts a range in two; one metric alone is none to be cut, since it was asked for already.
fn halves(range: Range<usize>) -> Vec<Range<usize>> {
    let middle = range.start.midpoint(range.end);
    if range.len() < 2 { Vec::new() } else { vec![middle..range.end, range.start..middle] }
}

/// Asks for some of the metrics, without what may name others.
fn of_metrics(request: &Request, metrics: Range<usize>) -> Request {
    Request {
        metrics: request.metrics[metrics].to_vec(),
        having: None,
        order: Vec::new(),
        after: None,
        top: None,
        ..request.clone()
    }
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
