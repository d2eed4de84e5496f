//! How a metric is asked for: a GraphQL document and the SQL that comes of it.

use crate::{
    ids::MetricId,
    plan::{self, Key, KeyKind, MetricRequest, PlanError, Principal, Request},
    project::Project,
    sql,
    time::{Granularity, RelativeRange, TimeRange},
};

use super::Site;

/// A metric over the last twelve months, as SQL for people; why there is none, otherwise.
pub(super) fn sql(site: &Site<'_>, metric: MetricId) -> Result<String, PlanError> {
    let (project, name) = (site.project, &site.project.metrics[metric].name);
    let metrics = vec![MetricRequest::plain(name, name)];
    let request = if has_time(project, metric) {
        let time = Key { name: "time".to_owned(), kind: KeyKind::Time(Granularity::Month.into()) };
        let range = RelativeRange { count: 12, unit: Granularity::Month.into(), include_current: false };
        Request { metrics, keys: vec![time], time: Some(TimeRange::Last(range)), ..Request::default() }
    } else {
        Request { metrics, ..Request::default() }
    };
    let context = plan::Context { now: site.now, dialect: site.dialect };
    let plan = plan::plan(project, &request, &Principal::default(), &context)?;
    Ok(sql::print_pretty(&plan.select, site.dialect).sql)
}

/// The same as a GraphQL document.
pub(super) fn graphql(site: &Site<'_>, metric: MetricId) -> String {
    let field = (site.field_name)(&site.project.metrics[metric].name);
    if has_time(site.project, metric) {
        format!(
            "{{\n  report(time: {{ last: {{ count: 12, unit: MONTH }} }}) {{\n    rows {{\n      by {{ time(granularity: \
             MONTH) }}\n      {field}\n    }}\n    totals {{ {field} }}\n  }}\n}}\n"
        )
    } else {
        format!("{{\n  report {{\n    rows {{ {field} }}\n  }}\n}}\n")
    }
}

/// Returns whether every simple metric at the bottom has a time axis.
fn has_time(project: &Project, metric: MetricId) -> bool {
    project.leaves(metric).iter().filter_map(|leaf| project.simple(*leaf)).all(|simple| simple.time.is_some())
}
