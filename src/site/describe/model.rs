//! The page of a model.

use serde::Serialize;

use super::{
    super::{Site, formula},
    About, Link,
    dimensions::DimensionRow,
};
use crate::{
    ids::ModelId,
    project::{AsOf, Join, Ref, Relationship, Source, Visible},
    sql::Expr,
};

/// A model, explained.
#[derive(Debug, Serialize)]
pub(in crate::site) struct ModelPage {
    about: About,
    source: Link,
    select: Option<String>,
    primary_key: Vec<String>,
    time: Option<String>,
    filter: Option<String>,
    joins: Vec<JoinRow>,
    dimensions: Vec<DimensionRow>,
    metrics: Vec<Link>,
}

/// A join in a list.
#[derive(Debug, Serialize)]
struct JoinRow {
    role: String,
    to: Link,
    keys: Vec<String>,
    relationship: &'static str,
}

/// Explains a model.
pub(in crate::site) fn model(site: &Site<'_>, id: ModelId) -> ModelPage {
    let project = site.project;
    let model = &project.models[id];
    let shown = project.dimensions_of(id).filter(|id| !project.dimensions[*id].docs.hidden);
    let metrics = project.metrics_of(id).iter();
    let metrics = metrics.filter(|metric| !project.metrics[**metric].docs.hidden && project.shows_metric(**metric));
    ModelPage {
        about: About::new(&model.name, &model.docs),
        source: Link::source(project, id),
        select: match &model.source {
            Source::Table(_) => None,
            Source::Select(select) => Some(select.trim().to_owned()),
        },
        primary_key: model.primary_key.clone(),
        time: model
            .time
            .filter(|time| project.shows_dimension(*time))
            .map(|time| project.dimensions[time].name.clone()),
        filter: model
            .filter
            .as_ref()
            .filter(|filter| shows(project, filter))
            .map(|filter| formula::of_rows(project, filter)),
        joins: model.joins.iter().map(|join| join_row(project, &project.joins[*join])).collect(),
        dimensions: shown
            .map(|dimension| {
                let path = format!("{}.{}", model.name, project.dimensions[dimension].name);
                DimensionRow::new(project, path, dimension)
            })
            .collect(),
        metrics: metrics.map(|metric| Link::metric(project, *metric)).collect(),
    }
}

/// Returns whether an expression names visible dimensions only.
fn shows(project: &Visible<'_>, expr: &Expr<Ref>) -> bool {
    let mut shown = true;
    expr.for_each_leaf(&mut |leaf| {
        shown &= match leaf {
            Ref::Dimension { dimension, .. } => project.shows_dimension(*dimension),
            Ref::Exists { filter: Some(filter), .. } => shows(project, filter),
            Ref::Calendar { day, .. } => shows(project, day),
            Ref::Exists { filter: None, .. } | Ref::Column { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => true,
        }
    });
    shown
}

fn join_row(project: &Visible<'_>, join: &Join) -> JoinRow {
    JoinRow {
        role: join.role.clone(),
        to: Link::model(project, join.to),
        keys: join
            .keys
            .iter()
            .filter(|key| shows(project, &key.ours))
            .map(|key| format!("{} = {}", formula::of_rows(project, &key.ours), key.theirs))
            .chain(join.as_of.iter().filter_map(|as_of| match as_of {
                AsOf::Own(time) => shows(project, time).then(|| format!("as of {}", formula::of_rows(project, time))),
                AsOf::Metric(_) => Some("as of the metric's time".to_owned()),
            }))
            .collect(),
        relationship: match join.relationship {
            Relationship::ManyToOne => "many to one",
            Relationship::OneToOne => "one to one",
        },
    }
}
