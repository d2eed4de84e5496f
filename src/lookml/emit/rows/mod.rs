//! Policies about rows → `access_filter`, or `sql_always_where` with user attributes.
//!
//! `country = $principal.country` on customers is, in every explore from which joins lead to customers,
//!
//! ```text
//! access_filter: { field: customers.country user_attribute: country }
//! ```
//!
//! What is no equality of a field and a claim becomes a condition. A user attribute reaches it as a quoted text; one that
//! is missing, or holds a quote or a backslash, sees nothing.
//!
//! **Invariant:** an explore has the conditions of every policy that its rows inherit, or it is left out.

mod claims;
mod inside;

use super::{
    super::{lexical::identifier, report::AttributeType, tree::AccessFilter},
    Emission, condition, explore,
    sql::{self, Site},
};
use crate::{
    catalog::ColumnType,
    ids::{ModelId, PolicyId},
    project::{DimensionKind, Project, Ref, Route, RowPolicy},
    sql::{BinaryOp, Expr},
};
pub(super) use claims::{attributes, claims, quoted};
use claims::{has_no_safe_value, read, with_lists};
pub(super) use inside::inside;

/// What an explore says about its rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// `access_filter`
    pub filters: Vec<AccessFilter>,
    /// Parts of `sql_always_where`.
    pub conditions: Vec<String>,
}

/// Says which rows of a model its explores show.
pub(super) fn of_explore(emission: &mut Emission<'_>, model: ModelId) -> Result<Rows, String> {
    let project = emission.project;
    let mut rows = Rows::default();
    for (route, id) in project.policies.of_rows(model) {
        let policy = &project.policies.rows[*id];
        let failed = |reason: String| format!("policy `{}` cannot be said in it: {reason}", policy.name);
        match equality(emission, *id).filter(|(leaf, _)| is_field(emission, route, leaf)) {
            Some((leaf, equality)) => {
                let filter = access_filter(emission, model, route, leaf, &equality.claim).map_err(failed)?;
                if !rows.filters.contains(&filter) {
                    rows.filters.push(filter);
                }
            }
            None => rows.conditions.push(guarded(emission, model, route, *id).map_err(failed)?),
        }
    }
    Ok(rows)
}

/// Says which rows a join shows that comes back to a model on its way, as from customers to their `parent`: those of
/// the base are looked at already, and a parent that is hidden is as if it were not there.
pub(super) fn of_join(emission: &mut Emission<'_>, base: ModelId, route: &Route) -> Result<Vec<String>, String> {
    let project = emission.project;
    let Some((_, before)) = route.0.split_last() else { return Ok(Vec::new()) };
    let to = project.route_end(base, route);
    let passed = (0..=before.len()).map(|length| project.route_end(base, &Route(route.0[..length].to_vec())));
    if !passed.into_iter().any(|passed| passed == to) {
        return Ok(Vec::new());
    }
    let mut conditions = Vec::new();
    for (further, id) in project.policies.of_rows(to) {
        if !further.0.is_empty() {
            return Err("it comes back to a model whose rows inherit policies over further joins".to_owned());
        }
        conditions.push(guarded(emission, base, route, *id)?);
    }
    Ok(conditions)
}

impl Emission<'_> {
    /// Notes that the policies of a model's rows are conditions somewhere, for which people need user attributes.
    pub(super) fn guard(&mut self, model: ModelId) {
        let policies = self.project.policies.of_rows(model).iter().map(|(_, policy)| *policy);
        self.guarded.extend(policies);
    }

    /// Returns whether the rows at the end of a way are seen by everyone who sees those of a model.
    pub(super) fn is_seen_with(&self, model: ModelId, route: &Route) -> bool {
        let inherited = self.project.policies.of_rows(model);
        let end = self.project.route_end(model, route);
        let policies = self.project.policies.of_rows(end).iter();
        policies.into_iter().all(|(further, policy)| inherited.contains(&(route.then(further), *policy)))
    }
}

/// A policy that compares one field with one claim.
struct Equality {
    claim: String,
    /// Whether the claim may hold several values.
    listed: bool,
    is_number: bool,
}

impl Equality {
    /// Returns the type of the user attribute, which several values, or roles that see all, make a filter expression.
    fn kind(&self, policy: &RowPolicy) -> AttributeType {
        AttributeType::of(self.is_number, self.listed || !policy.unless.is_empty())
    }
}

/// Returns the field and the claim of a policy that is an access filter: one whose user attribute means the same to all
/// policies that read it. `%, NULL`, which lets an admin see all customers, would let them see all depots.
fn equality<'a>(emission: &Emission<'a>, id: PolicyId) -> Option<(&'a Ref, Equality)> {
    let policies = &emission.project.policies.rows;
    let policy = &policies[id];
    let (leaf, equality) = compared(emission, policy)?;
    let kind = equality.kind(policy);
    let means_the_same =
        |other: &RowPolicy| match compared(emission, other).filter(|(_, other)| other.claim == equality.claim) {
            Some((_, of_other)) if kind.is_filter() => {
                (of_other.kind(other), of_other.listed, &other.unless) == (kind, equality.listed, &policy.unless)
            }
            Some((_, of_other)) => of_other.kind(other) == kind,
            None => kind == AttributeType::String,
        };
    let mut readers = policies.values().filter(|other| claims(&other.condition).contains(&equality.claim));
    readers.all(means_the_same).then_some((leaf, equality))
}

/// Finds the field and the claim of `country = $principal.country` and of `country in ($principal.countries)`.
fn compared<'a>(emission: &Emission<'_>, policy: &'a RowPolicy) -> Option<(&'a Ref, Equality)> {
    let (leaf, claim, listed) = match &policy.condition {
        Expr::Binary { op: BinaryOp::Eq, left, right } => match (&**left, &**right) {
            (Expr::Leaf(Ref::Claim { name, .. }), Expr::Leaf(leaf))
            | (Expr::Leaf(leaf), Expr::Leaf(Ref::Claim { name, .. })) => (leaf, name, false),
            _ => return None,
        },
        Expr::In { arg, list, negated: false } => match (&**arg, list.as_slice()) {
            (Expr::Leaf(leaf), [Expr::Leaf(Ref::Claim { name, .. })]) => (leaf, name, true),
            _ => return None,
        },
        _ => return None,
    };
    let is_number = field_type(emission.project, leaf)?;
    let open = match leaf {
        Ref::Dimension { dimension, .. } => emission.is_open(*dimension),
        _ => true,
    };
    // Looker has no word for all numbers and null, which people of other roles would need.
    let for_all = policy.unless.is_empty() || !is_number;
    (open && for_all && condition::exists_as(emission, leaf))
        .then(|| (leaf, Equality { claim: claim.clone(), listed, is_number }))
}

/// Returns whether a leaf of a policy is a field in an explore from which a way leads to the policy's model: a dimension
/// over further joins is one in the explores of its own model only.
fn is_field(emission: &Emission<'_>, way: &Route, leaf: &Ref) -> bool {
    match leaf {
        Ref::Dimension { dimension, .. } if !way.0.is_empty() => {
            let model = emission.project.dimensions[*dimension].model;
            !emission.draft(model).crossing.contains(dimension)
        }
        _ => true,
    }
}

/// Returns whether a leaf is a field of numbers or of texts; nothing if of anything else.
fn field_type(project: &Project, leaf: &Ref) -> Option<bool> {
    match leaf {
        Ref::Dimension { dimension, .. } => {
            let dimension = &project.dimensions[*dimension];
            match dimension.kind {
                DimensionKind::String => Some(false),
                DimensionKind::Number if dimension.buckets.is_empty() => Some(true),
                DimensionKind::Number | DimensionKind::Boolean { .. } | DimensionKind::Time { .. } => None,
            }
        }
        Ref::Column { column_type: ColumnType::String, .. } => Some(false),
        Ref::Column { column_type, .. } if column_type.is_numeric() => Some(true),
        Ref::Column { .. } | Ref::Exists { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => None,
    }
}

fn access_filter(
    emission: &mut Emission<'_>,
    base: ModelId,
    at: &Route,
    leaf: &Ref,
    claim: &str,
) -> Result<AccessFilter, String> {
    let there = match leaf {
        Ref::Column { route, .. } | Ref::Dimension { route, .. } => at.then(route),
        Ref::Exists { .. } | Ref::Calendar { .. } | Ref::Claim { .. } | Ref::Verbatim(_) => at.clone(),
    };
    let owner = emission.project.route_end(base, at);
    let (field, _) = condition::field(emission, owner, &at_end(leaf))?;
    let view = if there.0.is_empty() { emission.draft(base).view.clone() } else { emission.alias(base, &there)? };
    Ok(AccessFilter { field: format!("{view}.{field}"), user_attribute: emission.names.claims[claim].clone() })
}

/// Returns a leaf as its own model sees it.
fn at_end(leaf: &Ref) -> Ref {
    match leaf.clone() {
        Ref::Column { column, column_type, .. } => Ref::Column { route: Route::here(), column, column_type },
        Ref::Dimension { dimension, .. } => Ref::Dimension { route: Route::here(), dimension },
        other => other,
    }
}

/// Writes the condition of a policy with its claims, for people of other roles, and for those without the claims.
fn guarded(emission: &mut Emission<'_>, base: ModelId, at: &Route, id: PolicyId) -> Result<String, String> {
    let project = emission.project;
    let policy = &project.policies.rows[id];
    emission.guarded.insert(id);
    emission.asked = Some(id);
    let condition = condition_sql(emission, base, at, policy);
    emission.asked = None;
    let mut condition = condition?;
    if let Some(join) = at.0.last() {
        // A row that was not found passes no policy, even one that null fulfils.
        let key = project.joins[*join].keys.first().ok_or("its join has no key")?;
        let field = emission.column_field(project.route_end(base, at), &key.theirs, key.theirs_type);
        let alias = emission.alias(base, at)?;
        condition = format!("({condition}) AND ${{{alias}.{field}}} IS NOT NULL");
    }
    let mut branches = Vec::new();
    if !policy.unless.is_empty() {
        branches.push((format!("{} == 'yes'", read(&emission.names.everything[&id])), "TRUE"));
    }
    branches.extend(unsafe_claims(emission, policy).map(|test| (test, "FALSE")));
    if branches.is_empty() {
        return Ok(format!("({condition})"));
    }
    let mut text = String::new();
    for (at, (test, value)) in branches.iter().enumerate() {
        let word = if at == 0 { "if" } else { "elsif" };
        text.push_str(&format!("{{% {word} {test} %}}\n  {value}\n"));
    }
    Ok(format!("{text}{{% else %}}\n  ({condition})\n{{% endif %}}"))
}

/// Returns for each claim of a policy the test whether somebody has no value of it that can stand in a text.
fn unsafe_claims<'e>(emission: &'e Emission<'_>, policy: &RowPolicy) -> impl Iterator<Item = String> + use<'e> {
    claims(&policy.condition).into_iter().map(|claim| has_no_safe_value(&emission.names.claims[&claim]))
}

fn condition_sql(emission: &mut Emission<'_>, base: ModelId, at: &Route, policy: &RowPolicy) -> Result<String, String> {
    let condition = with_lists(&policy.condition)?;
    if !explore::needs_own_field(emission, policy.model, &condition) {
        return sql::write(emission, base, at, &condition, Site::Explore).map(|sql| sql.text);
    }
    let mut sql = sql::write(emission, policy.model, &Route::here(), &condition, Site::Dimension)?;
    // Anyone can ask for the field by its name, so that it is safe by itself.
    let tests: Vec<String> = unsafe_claims(emission, policy).collect();
    if !tests.is_empty() {
        sql.text = format!("{{% if {} %}}FALSE{{% else %}}{}{{% endif %}}", tests.join(" or "), sql.text);
    }
    explore::own_field(emission, (base, at), &format!("is_seen_under_{}", identifier(&policy.name)), &sql)
}
