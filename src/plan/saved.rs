//! The saved queries and the tests of a project → requests.
//!
//! **Invariant:** a saved query gives what the same words give on the command line.

use super::{
    MetricRequest, PlanError, Request,
    text::{bind_values, key, order_terms},
};
use crate::{
    ids::MetricId,
    project::{MetricTest, Project, SavedQuery},
};

impl Request {
    /// Returns the request that a saved query stands for.
    pub fn from_saved(project: &Project, query: &SavedQuery) -> Result<Self, PlanError> {
        let metrics: Vec<MetricRequest> = query.metrics.iter().map(|id| metric(project, *id)).collect();
        let keys = query.by.iter().map(|path| key(&path.join("."))).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            filter: query.filter.as_ref().map(bind_values),
            having: query.having.as_ref().map(bind_values),
            time: query.time.clone(),
            order: order_terms(&query.order, &keys, &metrics)?,
            limit: query.limit,
            metrics,
            keys,
            ..Self::default()
        })
    }

    /// Returns the request whose answer a test is about.
    pub fn from_test(project: &Project, test: &MetricTest) -> Result<Self, PlanError> {
        Ok(Self {
            metrics: vec![metric(project, test.metric)],
            keys: test.by.iter().map(|path| key(&path.join("."))).collect::<Result<Vec<_>, _>>()?,
            filter: test.filter.as_ref().map(bind_values),
            time: test.time.clone(),
            ..Self::default()
        })
    }
}

fn metric(project: &Project, id: MetricId) -> MetricRequest {
    let name = &project.metrics[id].name;
    MetricRequest::plain(name, name)
}
