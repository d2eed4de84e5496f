//! The arguments that make a request, shared by `query` and `explain`.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::{context::Context, failure::Failure, moment::moment, principal::PrincipalArgument};
use crate::{
    plan::{self, MetricRequest, Plan, Principal, Request, RequestText, Top},
    project::{Project, Visible},
    sql::{Dialect, Expr, Name},
    time::{DateTime, Utc},
};

/// What is asked.
#[derive(clap::Args)]
pub(crate) struct RequestArguments {
    /// The metrics, separated by commas: `revenue,claims`, `revenue previous 1 year`
    #[arg(long, short, value_name = "METRICS", value_delimiter = ',', help_heading = "Request")]
    pub(crate) metrics: Vec<String>,
    /// The keys to group by: `time.month`, `customers.country`, `time.day_of_week`
    #[arg(long, short, value_name = "KEYS", value_delimiter = ',', help_heading = "Request")]
    pub(crate) by: Vec<String>,
    /// Which rows count: `service = 'express' and customers.country in ('DE', 'FR')`
    #[arg(long = "where", short = 'w', value_name = "CONDITION", help_heading = "Request")]
    filter: Option<String>,
    /// Which groups are shown: `revenue > 1000`
    #[arg(long, value_name = "CONDITION", help_heading = "Request")]
    having: Option<String>,
    /// The time range: `last 28 days`, `2025-01-01 to 2026-01-01`, `2024-02`, `current month`
    #[arg(long, short, value_name = "RANGE", help_heading = "Request")]
    time: Option<String>,
    /// The order: `revenue desc, time.month`
    #[arg(long, short, value_name = "TERMS", help_heading = "Request")]
    order: Option<String>,
    /// The greatest number of rows
    #[arg(long, short, value_name = "ROWS", help_heading = "Request")]
    limit: Option<u64>,
    /// Whether periods without data are shown
    #[arg(long, value_name = "WHAT", default_value = "none", help_heading = "Request")]
    fill: FillArgument,
    /// The best members of a key: `5 customers.name by revenue`, and `with others` for the rest
    #[arg(long, value_name = "TOP", help_heading = "Request")]
    top: Option<String>,
    /// One more row, over all groups, read in the same pass
    #[arg(long, help_heading = "Request")]
    total: bool,
    /// The zone in which days begin, such as `America/New_York`; the project's unless given
    #[arg(long, value_name = "ZONE", help_heading = "Request")]
    time_zone: Option<String>,
    /// A saved query; other arguments add to it
    #[arg(long, value_name = "NAME", help_heading = "Request")]
    saved: Option<String>,
    /// The moment from which relative ranges count, such as `2026-01-15T12:00:00Z`, or a day
    #[arg(long, value_name = "INSTANT", value_parser = moment, env = "ENTENTE_NOW", hide_env = true, help_heading = "Request")]
    now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) principal: PrincipalArgument,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FillArgument {
    /// Only those with data
    None,
    /// Every period of the time range
    Time,
}

impl RequestArguments {
    /// Returns the request, for whoever is said to ask.
    pub(crate) fn request(&self, project: &Project) -> Result<Request, Failure> {
        let project = &Visible::to(project, &self.principal.read()?);
        let asked = RequestText {
            metrics: self.metrics.clone(),
            by: self.by.clone(),
            filter: self.filter.clone(),
            having: self.having.clone(),
            time: self.time.clone(),
            order: self.order.clone(),
            limit: self.limit,
            fill: self.fill == FillArgument::Time,
            top: self.top.as_deref().map(top).transpose()?,
            time_zone: self.time_zone.clone(),
            total: self.total,
        };
        if asked.metrics.is_empty() && asked.by.is_empty() && self.saved.is_none() {
            return Err(Failure::usage("nothing is asked")
                .help("Name a metric with `--metrics`, a key with `--by`, or a saved query with `--saved`."));
        }
        let request = asked.parse()?;
        each_once(match &self.saved {
            None => request,
            Some(name) => on_top_of(saved(project, name)?, request),
        })
    }

    /// Plans a request for a dialect, at the moment that is said or else the present one.
    pub(crate) fn plan(&self, request: Request, project: &Project, dialect: Dialect) -> Result<Planned, Failure> {
        let principal = self.principal.read()?;
        let now = self.now.unwrap_or_else(Utc::now);
        let plan = plan::plan(project, &request, &principal, &plan::Context { now, dialect })?;
        if request.total && !plan.has_total() {
            return Err(Failure::usage("the row over all groups is made of other rows than the groups")
                .help("Ask for it without `--by`."));
        }
        Ok(Planned { request, principal, plan, now })
    }

    /// Says that policies may hide rows of what is asked, where nobody is said to ask.
    pub(crate) fn say_what_is_hidden(&self, project: &Project, request: &Request, context: &Context<'_>) {
        let metrics = request.metrics.iter().filter_map(|asked| project.metric_named(&asked.metric));
        self.principal.say_what_is_hidden(project, metrics, context);
    }
}

/// A request and how it is computed.
pub(crate) struct Planned {
    /// What is asked.
    pub(crate) request: Request,
    /// Who asks.
    pub(crate) principal: Principal,
    /// How it is computed.
    pub(crate) plan: Plan,
    /// The moment from which relative ranges count, and up to which periods are over.
    pub(crate) now: DateTime<Utc>,
}

/// Finds a saved query.
fn saved(project: &Visible<'_>, name: &str) -> Result<Request, Failure> {
    let names = || project.saved_queries().map(|query| query.name.as_str());
    let query = project.saved_queries().find(|query| query.name == name).ok_or_else(|| {
        let failure = Failure::usage(format!("unknown saved query `{name}`"));
        match crate::diagnostics::nearest(name, names()) {
            Some(near) => failure.help(format!("Did you mean `{near}`?")),
            None if names().next().is_none() => failure.help("The project has no saved queries."),
            None => failure.help(format!("There are {}.", names().collect::<Vec<_>>().join(", "))),
        }
    })?;
    Ok(Request::from_saved(project, query)?)
}

/// Adds what the arguments ask to a saved query; a range, an order and a limit replace its own.
fn on_top_of(saved: Request, asked: Request) -> Request {
    let both = |first: Option<Expr<Name>>, second: Option<Expr<Name>>| match (first, second) {
        (Some(first), Some(second)) => Some(first.and(second)),
        (first, second) => first.or(second),
    };
    Request {
        metrics: saved.metrics.into_iter().chain(asked.metrics).collect(),
        keys: saved.keys.into_iter().chain(asked.keys).collect(),
        filter: both(saved.filter, asked.filter),
        having: both(saved.having, asked.having),
        time: asked.time.or(saved.time),
        order: if asked.order.is_empty() { saved.order } else { asked.order },
        limit: asked.limit.or(saved.limit),
        ..asked
    }
}

/// Leaves out what is asked a second time; that two other columns have one name is refused by the plan.
fn each_once(mut request: Request) -> Result<Request, Failure> {
    let mut keys = BTreeSet::new();
    request.keys.retain(|key| keys.insert(key.name.clone()));
    let mut metrics: Vec<MetricRequest> = Vec::new();
    for metric in request.metrics {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    request.metrics = metrics;
    match request.metrics.iter().find(|metric| keys.contains(&metric.name)) {
        None => Ok(request),
        Some(metric) => {
            let name = &metric.name;
            Err(Failure::usage(format!("`{name}` is a metric and a key of the request"))
                .help(format!("Write the key with its model before it, such as `shipments.{name}`.")))
        }
    }
}

/// Reads `5 customers.name by revenue with others`.
fn top(text: &str) -> Result<Top, Failure> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let read = |count: &str, of: &str, by: &str, other| {
        let count = count.parse().ok().filter(|count| *count > 0)?;
        Some(Top { count, of: of.to_owned(), by: by.to_owned(), other })
    };
    let top = match words.as_slice() {
        [count, of, "by", by] => read(count, of, by, false),
        [count, of, "by", by, "with", "others"] => read(count, of, by, true),
        _ => None,
    };
    top.ok_or_else(|| {
        Failure::usage(format!("`{text}` is no top"))
            .help("Write a number, a key and a metric, such as `5 customers.name by revenue with others`.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_top_is_read_with_and_without_others() {
        let expected = Top { count: 5, of: "customers.name".into(), by: "revenue".into(), other: true };
        assert_eq!(top("5 customers.name by revenue with others"), Ok(expected.clone()));
        assert_eq!(top("5 customers.name by revenue"), Ok(Top { other: false, ..expected }));
        for wrong in ["", "0 customers.name by revenue", "five customers.name by revenue", "5 by revenue"] {
            assert!(top(wrong).is_err(), "`{wrong}` was read");
        }
    }

    #[test]
    fn what_is_asked_twice_is_answered_once() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let asked = RequestText {
            metrics: words(&["revenue", "claims", "revenue", "revenue previous 1 year"]),
            by: words(&["service", "service"]),
            ..RequestText::default()
        };
        let request = each_once(asked.parse().expect("the texts are right")).expect("no metric is called like a key");
        let names: Vec<&str> = request.metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["revenue", "claims", "revenue_previous_1_year"]);
        assert_eq!(request.keys.len(), 1);
    }
}
