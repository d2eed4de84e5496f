//! A model with metrics → its explores: one for its own time axis, one more for each further axis of its metrics.
//!
//! **Invariant:** an explore shows the measures of its own axis only, and of a joined view its dimensions only.

use std::collections::BTreeSet;

use super::{
    super::{
        lexical::{identifier, inert},
        report::{Entry, Outcome, Subject},
        tree::{self, DimensionType, Filter, JoinType, Set},
    },
    Emission, calendar, draft,
    home::Home,
    label, partition, rows,
    sql::{self, Site},
};
use crate::{
    ids::ModelId,
    project::{AsOf, Join, JoinKey, Project, Ref, Relationship, Route, TimeAxis},
    sql::Expr,
};

/// The explores of a model.
pub(super) struct Explores {
    pub explores: Vec<(Home, tree::Explore)>,
    /// The views that they use, the base first.
    pub views: Vec<ModelId>,
}

/// Makes the explores of a model for the homes of its metrics.
pub(super) fn build(emission: &mut Emission<'_>, model: ModelId, homes: &[Home]) -> Explores {
    let mut explores: Vec<(Home, tree::Explore)> = Vec::new();
    let mut views = vec![model];
    let rows = match rows::of_explore(emission, model) {
        Ok(rows) => rows,
        Err(reason) => {
            emission.unreadable.extend(homes.iter().map(|home| (home.clone(), reason.clone())));
            return Explores { explores, views };
        }
    };
    for home in homes {
        let bounds = match partition::bounds(emission, home) {
            Ok(bounds) => bounds,
            Err(reason) => {
                emission.unreadable.insert(home.clone(), reason);
                continue;
            }
        };
        let mut explore = head(emission, home);
        let condition = &emission.project.models[model].filter;
        let filter =
            condition.as_ref().map(|filter| condition_sql(emission, model, &Route::here(), filter)).transpose();
        let mut conditions = match filter {
            Ok(filter) => filter.into_iter().collect::<Vec<_>>(),
            Err(reason) => {
                let reason = format!("the `where` of its model cannot be said in an explore: {reason}");
                emission.unreadable.insert(home.clone(), reason);
                continue;
            }
        };
        conditions.extend(bounds.conditions);
        conditions.extend(rows.conditions.iter().cloned());
        explore.access_filters.clone_from(&rows.filters);
        explore.required_access_grants = emission.grants.of_values(home.axis.iter().map(|axis| axis.dimension));
        explore.always_filter =
            bounds.always_filter.into_iter().map(|(field, value)| Filter { field, value: value.to_owned() }).collect();
        explore.sql_always_where = (!conditions.is_empty()).then(|| conditions.join("\nAND "));
        if let Some((_, first)) = explores.first() {
            explore.extends = vec![first.name.clone()];
        } else {
            explore.joins = emission.joins.get(&model).cloned().unwrap_or_default();
            explore.joins.extend(emission.members.get(&model).map(|members| members.join.clone()));
            let routes = &emission.scope(model).routes;
            let joined: Vec<ModelId> = routes.iter().map(|route| emission.project.route_end(model, route)).collect();
            views.extend(joined);
        }
        explore.joins.extend(calendar::joined(emission, home).into_iter().map(|joined| joined.join));
        explore.joins.extend(emission.points.get(home).into_iter().flatten().map(|points| points.join.clone()));
        explores.push((home.clone(), explore));
    }
    let mut seen = BTreeSet::new();
    views.retain(|view| seen.insert(*view));
    Explores { explores, views }
}

/// Writes the permanent filter of the model at the end of a way for an explore or a join.
pub(super) fn condition_sql(
    emission: &mut Emission<'_>,
    base: ModelId,
    at: &Route,
    filter: &Expr<Ref>,
) -> Result<String, String> {
    let model = emission.project.route_end(base, at);
    if !needs_own_field(emission, model, filter) {
        return sql::write(emission, base, at, filter, Site::Explore).map(|sql| sql.text);
    }
    let value = sql::write(emission, model, &Route::here(), filter, Site::Dimension)?;
    own_field(emission, (base, at), "is_kept", &value)
}

/// Returns whether a condition on the rows of a model has to be a field of its view: only there can it be said, or it reads
/// what nobody may see. Such a field shows no more than whether the condition holds.
pub(super) fn needs_own_field(emission: &Emission<'_>, model: ModelId, condition: &Expr<Ref>) -> bool {
    let mut reads = false;
    condition.for_each_leaf(&mut |leaf| {
        reads |= match leaf {
            Ref::Dimension { route, dimension } => route.0.is_empty() && emission.grants.masks_for_all(*dimension),
            Ref::Column { route, column, .. } => route.0.is_empty() && emission.draft(model).is_sealed(column),
            Ref::Exists { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => false,
        };
    });
    reads || sql::needs_dimension(condition)
}

/// Makes the hidden field of a condition in the view at the end of a way, and names it.
pub(super) fn own_field(
    emission: &mut Emission<'_>,
    (base, at): (ModelId, &Route),
    name: &str,
    sql: &sql::Sql,
) -> Result<String, String> {
    if sql.crosses && !at.0.is_empty() {
        return Err("what reads joined models cannot be said in a field of a joined view".to_owned());
    }
    let field = emission.helper(emission.project.route_end(base, at), name, DimensionType::YesNo, sql);
    let view = if at.0.is_empty() { emission.draft(base).view.clone() } else { emission.alias(base, at)? };
    Ok(format!("${{{view}.{field}}}"))
}

/// Names an explore and says what it is.
fn head(emission: &mut Emission<'_>, home: &Home) -> tree::Explore {
    let project = emission.project;
    let model = &project.models[home.model];
    let view = emission.draft(home.model).view.clone();
    let title = label::of_model(project, home.model);
    let mut explore = tree::Explore {
        name: emission.explore_name(home),
        label: Some(title.clone()),
        description: Some(model.docs.description.as_deref().map_or_else(|| format!("Rows of {}.", model.name), inert)),
        hidden: model.docs.hidden,
        view_name: view,
        persist_with: emission.datagroup_of(home.model),
        ..tree::Explore::default()
    };
    if let Some(axis) = home.axis.as_ref().filter(|_| !emission.is_default(home)) {
        explore.label = Some(format!("{title} by {}", label::of_axis(project, axis)));
        explore.group_label = Some(title);
        let axis = label::of_path(project, &axis.route, axis.dimension);
        let description = explore.description.take().unwrap_or_default();
        explore.description = Some(label::and_also(&description, &format!("Metrics here are counted by {axis}.")));
    }
    explore
}

/// Whether the joins that cannot be said are reported already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Dimensions are not made yet; they need to know which joins there are.
    Before,
    /// Dimensions are made, and some may be left out.
    After,
}

/// Finds the joins of every model with metrics; those that cannot be said are taken out of its scope.
pub(super) fn find_joins(emission: &mut Emission<'_>, stage: Stage) {
    let models: Vec<ModelId> = emission.scopes.keys().copied().collect();
    for model in models {
        let mut joins = Vec::new();
        for route in emission.scope(model).routes.clone() {
            if emission.scope(model).alias(&route).is_none() {
                continue;
            }
            match join(emission, model, &route, None) {
                Ok(join) => joins.push(join),
                Err(reason) => {
                    let roles = route.0.iter().map(|join| emission.project.joins[*join].role.as_str());
                    let model_name = emission.project.models[model].name.as_str();
                    let name = [model_name].into_iter().chain(roles).collect::<Vec<_>>().join(".");
                    emission.scopes.get_mut(&model).expect("its key was taken from the map").leave_out(&route);
                    emission.left_out(Subject::Join, &name, reason);
                }
            }
        }
        if stage == Stage::After {
            emission.joins.insert(model, joins);
        }
    }
}

/// Joins the model at the end of a route; `near` are the fields of our side, if the view before it is another one than in
/// the model's own explore.
pub(super) fn join(
    emission: &mut Emission<'_>,
    base: ModelId,
    route: &Route,
    near: Option<&[String]>,
) -> Result<tree::Join, String> {
    let project = emission.project;
    let (last, before) = route.0.split_last().ok_or("the route is empty")?;
    let parent = Route(before.to_vec());
    let definition = &project.joins[*last];
    if let Some(reason) = emission.unsayable.get(&definition.to) {
        return Err(reason.clone());
    }
    let alias = emission.alias(base, route)?;
    let sql_on = on(emission, base, (&parent, route), definition, near)?;
    let view = emission.draft(definition.to).view.clone();
    let roles: Vec<String> = route.0.iter().map(|join| label::human(&project.joins[*join].role)).collect();
    // A join under the model's own name shows the view's own label.
    let own_name = route.0.len() == 1 && alias == view;
    Ok(tree::Join {
        from: (alias != view).then(|| view.clone()),
        view_label: (!own_name).then(|| roles.join(": ")),
        name: alias,
        kind: JoinType::LeftOuter,
        relationship: match definition.relationship {
            Relationship::ManyToOne => tree::Relationship::ManyToOne,
            Relationship::OneToOne => tree::Relationship::OneToOne,
        },
        sql_on,
    })
}

/// `${shipments.customer_id} = ${customers.customer_id}`, with the permanent filter of the joined model.
fn on(
    emission: &mut Emission<'_>,
    base: ModelId,
    (parent, route): (&Route, &Route),
    join: &Join,
    near: Option<&[String]>,
) -> Result<String, String> {
    let project = emission.project;
    let alias = emission.alias(base, route)?;
    let to = join.to;
    let mut conditions = Vec::new();
    let mut near = near.map(|fields| fields.iter());
    let mut ours = |emission: &mut Emission<'_>, key: &JoinKey| match &mut near {
        Some(fields) => fields.next().map(|field| format!("${{{field}}}")).ok_or("a key has no field".to_owned()),
        None => our_key(emission, base, parent, route, key),
    };
    for key in &join.keys {
        let ours = ours(emission, key)?;
        let theirs = emission.column_field(to, &key.theirs, key.theirs_type);
        conditions.push(format!("{ours} = ${{{alias}.{theirs}}}"));
    }
    if let (Some(as_of), Some(versions)) = (&join.as_of, &project.models[to].versions) {
        let key = |ours| JoinKey { theirs: versions.from.clone(), theirs_type: versions.column_type, ours };
        let at = match as_of {
            AsOf::Own(time) => ours(emission, &key(time.clone()))?,
            AsOf::Metric(_) => {
                let time = project.metric_time(&one_axis(project, base, to)?, join);
                let time = time.map_err(|reason| format!("the versions of `{}` {reason}", project.models[to].name))?;
                our_key(emission, base, &Route::here(), route, &key(time))?
            }
        };
        let from = emission.column_field(to, &versions.from, versions.column_type);
        let end = emission.column_field(to, &versions.to, versions.column_type);
        conditions.push(format!("{at} >= ${{{alias}.{from}}}"));
        conditions.push(format!("(${{{alias}.{end}}} IS NULL OR {at} < ${{{alias}.{end}}})"));
    }
    if let Some(filter) = &project.models[to].filter {
        if sql::crosses(emission, to, filter) {
            return Err("the `where` of the joined model goes over its own joins".to_owned());
        }
        conditions.push(condition_sql(emission, base, route, filter)?);
    }
    conditions.extend(rows::of_join(emission, base, route)?);
    if let Some(partition) = emission.partition(to).filter(|partition| partition.required) {
        let field = emission.column_field(to, &partition.column, partition.column_type);
        conditions.push(partition::since_ever(emission, partition, &format!("${{{alias}.{field}}}")));
    }
    Ok(conditions.join("\nAND "))
}

/// Returns the time by which all metrics of a model are counted: an explore is extended to further times with its joins.
fn one_axis(project: &Project, base: ModelId, to: ModelId) -> Result<TimeAxis, String> {
    let mut axes = project.metrics_of(base).iter().map(|metric| project.simple(*metric)?.time.clone());
    let first = axes.next().flatten();
    let (base, to) = (&project.models[base].name, &project.models[to].name);
    match first {
        Some(first) if axes.all(|axis| axis.as_ref() == Some(&first)) => Ok(first),
        Some(_) => {
            Err(format!("the version of `{to}` follows the metric's time, and metrics of `{base}` have several"))
        }
        None => Err(format!("the version of `{to}` follows the metric's time, and a metric of `{base}` has none")),
    }
}

/// Returns our side of a key: a field, or a hidden dimension that holds the expression.
fn our_key(
    emission: &mut Emission<'_>,
    base: ModelId,
    parent: &Route,
    route: &Route,
    key: &JoinKey,
) -> Result<String, String> {
    let project = emission.project;
    let from = project.route_end(base, parent);
    let view = if parent.0.is_empty() { emission.draft(base).view.clone() } else { emission.alias(base, parent)? };
    let is_field = matches!(&key.ours, Expr::Leaf(Ref::Column { .. } | Ref::Dimension { .. }));
    if is_field || sql::crosses(emission, from, &key.ours) {
        return sql::write(emission, base, parent, &key.ours, Site::Explore).map(|sql| sql.text);
    }
    let value = sql::write(emission, from, &Route::here(), &key.ours, Site::Dimension)?;
    // A time of the base may tell the versions of models that are farther away.
    let roles = route.0[parent.0.len().min(route.0.len().saturating_sub(1))..].iter();
    let roles: Vec<&str> = roles.map(|join| project.joins[*join].role.as_str()).collect();
    let name = identifier(&format!("{}_{}", roles.join("_"), key.theirs));
    let kind = label::hidden_type(key.theirs_type);
    let field = emission.helper(from, &name, kind, &value);
    Ok(format!("${{{view}.{field}}}"))
}

/// Says of an explore which fields it has: all but the measures of other axes and of joined views.
pub(super) fn fields(emission: &Emission<'_>, model: ModelId, home: &Home, explore: &tree::Explore) -> Vec<String> {
    let mut without = Vec::new();
    let draft = emission.draft(model);
    let own = measure_sets(emission, &draft.own, "metrics");
    let joined = measure_sets(emission, &draft.joined, "joined_metrics");
    for (of, set) in own.iter().chain(&joined) {
        if of != home {
            without.push(format!("-{}.{}*", explore.view_name, set.name));
        }
    }
    let scope = emission.scope(model);
    let aliases = scope
        .routes
        .iter()
        .map(|route| (scope.alias(route).unwrap_or_default().to_owned(), emission.project.route_end(model, route)));
    without.extend(joined_measures(emission, aliases));
    all_but(without)
}

/// Returns what an explore takes away of its joined views: measures, and fields that need further views.
pub(super) fn joined_measures(emission: &Emission<'_>, joined: impl Iterator<Item = (String, ModelId)>) -> Vec<String> {
    let mut without = Vec::new();
    for (alias, model) in joined {
        let to = emission.draft(model);
        if !to.own.measures.is_empty() || to.row_count.is_some() {
            without.push(format!("-{alias}.measures*"));
        }
        if !to.joined.is_empty() {
            without.push(format!("-{alias}.joined_fields*"));
        }
    }
    without
}

/// Returns all fields but some; nothing has to be said where there are none.
pub(super) fn all_but(mut without: Vec<String>) -> Vec<String> {
    if !without.is_empty() {
        without.insert(0, "ALL_FIELDS*".to_owned());
    }
    without
}

/// Returns a set of measures for each axis.
pub(super) fn measure_sets(emission: &Emission<'_>, part: &draft::Part, prefix: &str) -> Vec<(Home, Set)> {
    let homes: BTreeSet<&Home> = part.measures.iter().map(|(home, _)| home).collect();
    homes
        .into_iter()
        .map(|home| {
            let name = match emission.axis_name(home) {
                Some(axis) => format!("{prefix}_by_{axis}"),
                None => prefix.to_owned(),
            };
            let measures = part.measures.iter().filter(|(of, _)| of == home);
            let fields = measures.map(|(_, measure)| measure.name.clone()).collect();
            (home.clone(), Set { name, fields })
        })
        .collect()
}

/// Reports what became of every metric.
pub(super) fn report(emission: &mut Emission<'_>) {
    let project = emission.project;
    for (id, metric) in project.metrics.iter() {
        let home = emission.homes[&id].clone();
        let built = match (&home, emission.built.get(&id)) {
            (Ok(home), Some(Ok(built))) => match emission.unreadable.get(home) {
                Some(reason) => Err(reason.clone()),
                None => Ok((home.clone(), built.clone())),
            },
            (Ok(_), Some(Err(reason))) | (Err(reason), _) => Err(reason.clone()),
            (Ok(_), None) => Err("it was not reached".to_owned()),
        };
        if built.is_err() && emission.united.contains(&id) {
            continue;
        }
        let entry = match built {
            Ok((home, built)) => Entry {
                subject: Subject::Metric,
                name: metric.name.clone(),
                explore: Some(emission.explore_name(&home)),
                field: Some(format!("{}.{}", emission.draft(home.model).view, built.name)),
                outcome: if built.note.is_some() { Outcome::Approximated } else { Outcome::Emitted },
                reason: built.note,
            },
            Err(reason) => Entry {
                subject: Subject::Metric,
                name: metric.name.clone(),
                explore: None,
                field: None,
                outcome: Outcome::LeftOut,
                reason: Some(reason),
            },
        };
        emission.entries.push(entry);
    }
}
