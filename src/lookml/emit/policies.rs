//! Policies about members → access grants.
//!
//! `{ name: see_email, dimensions: [customers.email], visible_to: [support] }` becomes the grant `see_email`, which reads
//! the user attribute `parcel_see_email` (`yes` or `no`). The field and whatever is made of it require it. A masked
//! dimension has a twin that shows the mask and requires `without_see_email`, so that everyone sees one of both.
//!
//! **Invariant:** a field whose value a policy keeps from some requires the grant of that policy; a value that nobody
//! may see is in no field.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        lexical::identifier,
        report::{AttributeType, UserAttribute},
        tree::{self, AccessGrant, DimensionType},
    },
    Emission, Home, draft,
    sql::{self, Site},
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, JoinId, MetricId, ModelId, PolicyId},
    project::{Mask, Project, Ref, Restriction, Route},
    sql::{Expr, Function, Literal},
};

/// Which grants members require.
#[derive(Debug, Default)]
pub(super) struct Grants {
    /// The grants without which a dimension does not exist.
    hidden: BTreeMap<DimensionId, BTreeSet<String>>,
    /// The grants without which a dimension shows its mask, in the order of the policies.
    masked: BTreeMap<DimensionId, Vec<String>>,
    /// The dimensions that show their mask to everyone.
    always_masked: BTreeSet<DimensionId>,
    /// The grants without which a metric does not exist.
    metrics: BTreeMap<MetricId, BTreeSet<String>>,
}

impl Grants {
    /// Returns what is needed to see the value of a dimension as it is.
    pub(super) fn of_value(&self, dimension: DimensionId) -> Vec<String> {
        let masked = self.masked.get(&dimension).into_iter().flatten();
        let all: BTreeSet<&String> = self.hidden.get(&dimension).into_iter().flatten().chain(masked).collect();
        all.into_iter().cloned().collect()
    }

    /// Returns what is needed to see a metric.
    pub(super) fn of_metric(&self, metric: MetricId) -> Vec<String> {
        self.metrics.get(&metric).into_iter().flatten().cloned().collect()
    }

    /// Returns what is needed to see each of some dimensions as it is.
    pub(super) fn of_values(&self, dimensions: impl IntoIterator<Item = DimensionId>) -> Vec<String> {
        let all: BTreeSet<String> = dimensions.into_iter().flat_map(|dimension| self.of_value(dimension)).collect();
        all.into_iter().collect()
    }

    /// Returns whether a dimension shows its mask to everyone.
    pub(super) fn masks_for_all(&self, dimension: DimensionId) -> bool {
        self.always_masked.contains(&dimension)
    }
}

impl Emission<'_> {
    /// Returns what is needed to see a column of a model: the grants of the dimensions that show it.
    pub(super) fn grants_of_column(&self, model: ModelId, column: &str) -> Vec<String> {
        let shows =
            |id: &DimensionId| self.project.plain_column(*id).is_some_and(|shown| shown.eq_ignore_ascii_case(column));
        self.grants.of_values(self.project.models[model].dimensions.iter().copied().filter(shows))
    }

    /// Returns the hidden field of a column of a model in another view, which requires the grants of the column.
    pub(super) fn copied_column(&self, model: ModelId, column: &str, kind: DimensionType) -> tree::Dimension {
        let mut field = draft::hidden(&identifier(column), kind, &self.own_column(column));
        field.docs.required_access_grants = self.grants_of_column(model, column);
        field
    }
}

/// Reads the policies about members; what nobody may see is left out.
pub(super) fn grants(emission: &mut Emission<'_>) {
    let project = emission.project;
    for restriction in &project.policies.restrictions {
        if restriction.visible_to.is_empty() {
            keep_from_all(emission, restriction);
            continue;
        }
        let grant = emission.names.grants[&restriction.name].seen.clone();
        let grants = &mut emission.grants;
        for dimension in &restriction.dimensions {
            grants.hidden.entry(*dimension).or_default().insert(grant.clone());
        }
        for dimension in &restriction.masked {
            grants.masked.entry(*dimension).or_default().push(grant.clone());
        }
        for metric in &restriction.metrics {
            grants.metrics.entry(*metric).or_default().insert(grant.clone());
        }
    }
}

/// Leaves out what nobody may see; a mask that nobody lifts stands in for its dimension.
fn keep_from_all(emission: &mut Emission<'_>, restriction: &Restriction) {
    let project = emission.project;
    for id in &restriction.dimensions {
        let model = project.dimensions[*id].model;
        emission.draft_mut(model).leave_out(*id, "nobody may see what it is made of".to_owned());
    }
    for id in &restriction.masked {
        let model = project.dimensions[*id].model;
        emission.grants.always_masked.insert(*id);
        let column = project.plain_column(*id).map(str::to_owned);
        emission.draft_mut(model).seal(*id, column);
        if is_key(project, *id) {
            let reason = format!("nobody may see `{}`, and its key would show it", project.dimensions[*id].name);
            emission.unsayable.entry(model).or_insert(reason);
        }
    }
    for metric in &restriction.metrics {
        let home: Result<Home, String> = Err("nobody may see what it is made of".to_owned());
        emission.homes.insert(*metric, home);
    }
}

/// Returns whether the column that a dimension shows is part of a key, which needs a field of its own in Looker.
fn is_key(project: &Project, dimension: DimensionId) -> bool {
    let Some(column) = project.plain_column(dimension) else { return false };
    let model = project.dimensions[dimension].model;
    let reads = |expr: &Expr<Ref>| {
        let mut found = false;
        expr.for_each_leaf(&mut |leaf| {
            found |= matches!(leaf, Ref::Column { route, column: read, .. } if route.0.is_empty() && read == column)
                || matches!(leaf, Ref::Dimension { dimension: read, .. } if *read == dimension);
        });
        found
    };
    let joins = project.joins.values().any(|join| {
        join.keys
            .iter()
            .any(|key| (join.to == model && key.theirs == column) || (join.from == model && reads(&key.ours)))
    });
    joins || project.models[model].primary_key.iter().any(|key| key == column)
}

/// Makes the fields that show the mask of a dimension: one for each policy that some may lack while they have those
/// before it, so that everyone sees the value or one mask.
pub(super) fn twins(
    emission: &mut Emission<'_>,
    id: DimensionId,
    docs: &tree::FieldDocs,
) -> Result<Vec<tree::Dimension>, String> {
    let policies = emission.grants.masked.get(&id).cloned().unwrap_or_default();
    let model = emission.project.dimensions[id].model;
    let mut twins = Vec::new();
    for (at, policy) in policies.iter().enumerate() {
        let sql = mask_sql(emission, id)?;
        let wanted = format!("{}_masked", emission.draft(model).dimensions[&id]);
        let name = emission.draft_mut(model).claim(&wanted);
        let mut docs = docs.clone();
        docs.label = docs.label.map(|label| format!("{label} (masked)"));
        docs.description = docs.description.map(|text| format!("{text} {}", shown(emission.project, id)));
        docs.required_access_grants = emission.grants.hidden.get(&id).into_iter().flatten().cloned().collect();
        docs.required_access_grants.extend(policies[..at].iter().cloned());
        docs.required_access_grants.push(without(emission, policy));
        docs.tags.push("masked".to_owned());
        twins.push(masked(&name, docs, &sql));
    }
    Ok(twins)
}

/// Makes the field of a dimension that shows its mask to everyone.
pub(super) fn always_masked(
    emission: &mut Emission<'_>,
    id: DimensionId,
    mut docs: tree::FieldDocs,
) -> Result<tree::Dimension, String> {
    let sql = mask_sql(emission, id)?;
    let model = emission.project.dimensions[id].model;
    docs.required_access_grants = emission.grants.hidden.get(&id).into_iter().flatten().cloned().collect();
    docs.description = docs.description.map(|text| format!("{text} {}", shown(emission.project, id)));
    docs.tags.push("masked".to_owned());
    let name = emission.draft(model).dimensions[&id].clone();
    Ok(masked(&name, docs, &sql))
}

/// Says what a mask shows.
fn shown(project: &Project, id: DimensionId) -> &'static str {
    match project.dimensions[id].mask {
        Some(Mask::Sha256) => "Shown as a hash.",
        Some(Mask::Null) | None => "Not shown.",
    }
}

fn masked(name: &str, docs: tree::FieldDocs, sql: &str) -> tree::Dimension {
    tree::Dimension { docs, not_suggestable: true, ..draft::hidden(name, DimensionType::String, sql) }
}

/// `TO_HEX(SHA256(${TABLE}.email))`, or a null.
fn mask_sql(emission: &mut Emission<'_>, id: DimensionId) -> Result<String, String> {
    let dimension = &emission.project.dimensions[id];
    let expr = match dimension.mask {
        Some(Mask::Sha256) => Expr::call(Function::Sha256, vec![dimension.expr.clone()]),
        Some(Mask::Null) | None => Expr::Cast { arg: Box::new(Expr::Literal(Literal::Null)), to: ColumnType::String },
    };
    sql::write(emission, dimension.model, &Route::here(), &expr, Site::Dimension).map(|sql| sql.text)
}

/// Returns the grant of those who lack another one.
fn without(emission: &Emission<'_>, grant: &str) -> String {
    let mut names = emission.names.grants.values();
    let found = names.find(|names| names.seen == grant).expect("the grants of masks have names");
    found.unseen.clone()
}

/// Makes the access grants of all policies about members.
pub(super) fn access_grants(emission: &Emission<'_>) -> Vec<AccessGrant> {
    let mut grants = Vec::new();
    for restriction in lifted(emission.project) {
        let names = &emission.names.grants[&restriction.name];
        let grant = |name: &str, value: &str| AccessGrant {
            name: name.to_owned(),
            user_attribute: names.attribute.clone(),
            allowed_values: vec![value.to_owned()],
        };
        if !restriction.masked.is_empty() {
            grants.push(grant(&names.unseen, "no"));
        }
        grants.push(grant(&names.seen, "yes"));
    }
    grants.sort_by(|a, b| a.name.cmp(&b.name));
    grants
}

/// Returns the user attributes that the grants read.
pub(super) fn attributes(emission: &Emission<'_>) -> Vec<UserAttribute> {
    let attributes = lifted(emission.project).map(|restriction| UserAttribute {
        name: emission.names.grants[&restriction.name].attribute.clone(),
        kind: AttributeType::String,
        value: format!("`yes` for {}, otherwise `no`", words(&restriction.visible_to)),
        policies: vec![restriction.name.clone()],
    });
    attributes.collect()
}

/// Returns the policies about members that some role lifts.
pub(super) fn lifted(project: &Project) -> impl Iterator<Item = &Restriction> {
    project.policies.restrictions.iter().filter(|restriction| !restriction.visible_to.is_empty())
}

/// `finance`, `finance and support`
pub(super) fn words(roles: &[String]) -> String {
    match roles {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// Refuses a model with rows that not everyone may see, where there is no place for its policies.
pub(super) fn seen_by_all(project: &Project, model: ModelId) -> Result<(), String> {
    seen_but(project, model, |_, _| false)
}

/// Refuses an expression that asks with `exists` for rows which not everyone may see.
///
/// Within the condition of a policy, `asked`, that policy is not asked again. Nor are those that the rows inherit over the
/// join by which they are looked for: they hold for the row for which the condition is asked.
pub(super) fn finds_what_all_see(project: &Project, expr: &Expr<Ref>, asked: Option<PolicyId>) -> Result<(), String> {
    let mut found = Ok(());
    expr.for_each_leaf(&mut |leaf| {
        let of_leaf = match leaf {
            Ref::Exists { route, join, filter } => {
                let here = asked.filter(|_| route.0.is_empty()).map(|_| *join);
                let rows = found_by_all(project, *join, asked, here);
                rows.and_then(|()| filter.iter().try_for_each(|filter| finds_what_all_see(project, filter, asked)))
            }
            Ref::Dimension { dimension, .. } => finds_what_all_see(project, &project.dimensions[*dimension].expr, None),
            Ref::Calendar { day, .. } => finds_what_all_see(project, day, asked),
            Ref::Column { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => Ok(()),
        };
        if found.is_ok() {
            found = of_leaf;
        }
    });
    found
}

/// Refuses a join to rows that not everyone may see, the policy that is asked and those over the join `here` left out.
pub(super) fn found_by_all(
    project: &Project,
    join: JoinId,
    asked: Option<PolicyId>,
    here: Option<JoinId>,
) -> Result<(), String> {
    let is_asked =
        |route: &Route, policy| asked == Some(policy) || (here.is_some() && route.0.first().copied() == here);
    seen_but(project, project.joins[join].from, is_asked)
}

fn seen_but(project: &Project, model: ModelId, is_asked: impl Fn(&Route, PolicyId) -> bool) -> Result<(), String> {
    let mut policies = project.policies.of_rows(model).iter();
    match policies.find(|(route, policy)| !is_asked(route, *policy)) {
        None => Ok(()),
        Some((_, policy)) => {
            let policy = &project.policies.rows[*policy].name;
            let model = &project.models[model].name;
            Err(format!("not everyone may see all rows of `{model}` (policy `{policy}`), which cannot be said there"))
        }
    }
}
