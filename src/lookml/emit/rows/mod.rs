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

use std::collections::BTreeSet;

use super::{
    super::{
        lexical::identifier,
        report::{AttributeType, UserAttribute},
        tree::{AccessFilter, DimensionType},
    },
    Emission, condition, policies, project_name,
    splice::Splices,
    sql::{self, Site},
};
use crate::{
    catalog::ColumnType,
    ids::{ModelId, PolicyId},
    plan::ModelRows,
    project::{DimensionKind, Project, Ref, Route, RowPolicy},
    sql::{BinaryOp, Expr, SqlExpr},
};

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
        match equality(emission, policy) {
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

/// Writes which rows of a model a derived table may show: the conditions of every policy that they inherit.
///
/// A user attribute stands there as in an explore, and a value that would end the text is not written at all.
pub(super) fn inside(
    emission: &Emission<'_>,
    model: ModelId,
    rows: &mut ModelRows<'_>,
    splices: &mut Splices,
) -> Result<Vec<SqlExpr>, String> {
    let project = emission.project;
    let dialect = emission.options.dialect;
    let mut conditions = Vec::new();
    for (at, id) in project.policies.of_rows(model) {
        let policy = &project.policies.rows[*id];
        let placed = with_lists(&policy.condition)?.rebuild(&mut |expr| match expr {
            Expr::Leaf(Ref::Claim { name, column_type }) => {
                let bare = name.trim_end_matches(sql::SEVERAL);
                let unsafe_value = has_no_safe_value(bare);
                let text = sql::claim_text(&name).replace("{{", &format!("{{% if {unsafe_value} %}}{{% else %}}{{{{"));
                let text = text.replace("}}", "}}{% endif %}");
                let value = Expr::Leaf(Ref::Verbatim([(dialect, splices.name(text))].into()));
                match column_type {
                    ColumnType::String | ColumnType::Json | ColumnType::Unknown => value,
                    to => Expr::Cast { arg: Box::new(value), to },
                }
            }
            other => other,
        });
        let mut condition = rows.value_at(at, &placed);
        if let Some(join) = at.0.last() {
            // A row that was not found passes no policy, even one that null fulfils.
            let key = project.joins[*join].keys.first().ok_or("its join has no key")?;
            let column = Ref::Column { route: Route::here(), column: key.theirs.clone(), column_type: key.theirs_type };
            condition = condition.and(rows.value_at(at, &Expr::Leaf(column)).is_null(true));
        }
        let switch = |splices: &mut Splices, test: &str, then: &str, otherwise: &str| {
            splices.place(format!("{{% if {test} %}}{then}{{% else %}}{otherwise}{{% endif %}}"))
        };
        for claim in claims(&policy.condition) {
            condition = switch(splices, &has_no_safe_value(&claim), "FALSE", "TRUE").and(condition);
        }
        if !policy.unless.is_empty() {
            let sees_all = format!("{} == 'yes'", read(&everything(project, policy)));
            condition = Expr::any([switch(splices, &sees_all, "TRUE", "FALSE"), condition]).ok_or("no condition")?;
        }
        conditions.push(condition);
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

/// Finds the field and the claim of `country = $principal.country` and of `country in ($principal.countries)`.
fn equality<'a>(emission: &Emission<'_>, policy: &'a RowPolicy) -> Option<(&'a Ref, Equality)> {
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
        Ref::Dimension { dimension, .. } => emission.grants.of_value(*dimension).is_empty(),
        _ => true,
    };
    // Looker has no word for all numbers and null, which people of other roles would need.
    let for_all = policy.unless.is_empty() || !is_number;
    (open && for_all && condition::exists_as(emission, leaf))
        .then(|| (leaf, Equality { claim: claim.clone(), listed, is_number }))
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
    Ok(AccessFilter { field: format!("{view}.{field}"), user_attribute: claim.to_owned() })
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
    let mut condition = condition_sql(emission, base, at, policy)?;
    if let Some(join) = at.0.last() {
        // A row that was not found passes no policy, even one that null fulfils.
        let key = project.joins[*join].keys.first().ok_or("its join has no key")?;
        let field = emission.column_field(project.route_end(base, at), &key.theirs, key.theirs_type);
        let alias = emission.alias(base, at)?;
        condition = format!("({condition}) AND ${{{alias}.{field}}} IS NOT NULL");
    }
    let mut branches = Vec::new();
    if !policy.unless.is_empty() {
        branches.push((format!("{} == 'yes'", read(&everything(project, policy))), "TRUE"));
    }
    let claims = claims(&policy.condition);
    if !claims.is_empty() {
        branches.extend(claims.iter().map(|claim| (has_no_safe_value(claim), "FALSE")));
    }
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

fn condition_sql(emission: &mut Emission<'_>, base: ModelId, at: &Route, policy: &RowPolicy) -> Result<String, String> {
    let condition = with_lists(&policy.condition)?;
    if !sql::needs_dimension(&condition) {
        return sql::write(emission, base, at, &condition, Site::Explore).map(|sql| sql.text);
    }
    let sql = sql::write(emission, policy.model, &Route::here(), &condition, Site::Dimension)?;
    if sql.crosses {
        return Err("`exists` together with joined models cannot be said in one field".to_owned());
    }
    let name = format!("is_seen_under_{}", identifier(&policy.name));
    let field = emission.helper(policy.model, &name, DimensionType::YesNo, &sql);
    let view = if at.0.is_empty() { emission.draft(base).view.clone() } else { emission.alias(base, at)? };
    Ok(format!("${{{view}.{field}}}"))
}

/// Marks the claims behind `in`, which may hold several values.
fn with_lists(condition: &Expr<Ref>) -> Result<Expr<Ref>, String> {
    let mut numbers = false;
    let marked = condition.clone().rebuild(&mut |expr| match expr {
        Expr::In { arg, list, negated } => {
            let list = list.into_iter().map(|item| match item {
                Expr::Leaf(Ref::Claim { name, column_type }) => {
                    numbers |= !matches!(column_type, ColumnType::String | ColumnType::Unknown);
                    Expr::Leaf(Ref::Claim { name: format!("{name}{}", sql::SEVERAL), column_type })
                }
                other => other,
            });
            Expr::In { arg, list: list.collect(), negated }
        }
        other => other,
    });
    if numbers { Err("a list of anything but texts has no safe form there".to_owned()) } else { Ok(marked) }
}

/// Gathers the names of the claims in a condition.
fn claims(condition: &Expr<Ref>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    condition.for_each_leaf(&mut |leaf| match leaf {
        Ref::Claim { name, .. } => _ = found.insert(name.clone()),
        Ref::Exists { filter: Some(filter), .. } => found.extend(claims(filter)),
        Ref::Calendar { day, .. } => found.extend(claims(day)),
        Ref::Exists { filter: None, .. } | Ref::Column { .. } | Ref::Dimension { .. } | Ref::Verbatim(_) => {}
    });
    found
}

/// Whether a user attribute has no value, or one that would end the quoted text.
fn has_no_safe_value(attribute: &str) -> String {
    let value = read(attribute);
    format!("{value} == nil or {value} == '' or {value} contains \"'\" or {value} contains \"\\\"")
}

fn read(attribute: &str) -> String {
    format!("_user_attributes['{attribute}']")
}

/// The user attribute of those who see all rows in spite of a policy.
fn everything(project: &Project, policy: &RowPolicy) -> String {
    format!("{}_{}_sees_all", project_name(project), identifier(&policy.name))
}

/// Returns the user attributes that the policies about rows read.
pub(super) fn attributes(emission: &Emission<'_>) -> Vec<UserAttribute> {
    let project = emission.project;
    let mut attributes = Vec::new();
    for (id, policy) in project.policies.rows.iter() {
        let roles = policies::words(&policy.unless);
        let attribute =
            |name: String, kind, value| UserAttribute { name, kind, value, policies: vec![policy.name.clone()] };
        let equality = equality(emission, policy).map(|(_, equality)| equality);
        if let Some(Equality { claim, listed, is_number }) = &equality {
            let kind = AttributeType::of(*is_number, *listed || !roles.is_empty());
            let everything = if roles.is_empty() { String::new() } else { format!("; `%, NULL` for {roles}") };
            attributes.push(attribute(claim.clone(), kind, format!("{}{everything}", the_claim(claim, *listed))));
        } else {
            let listed = listed_claims(&policy.condition);
            for claim in claims(&policy.condition) {
                let value = the_claim(&claim, listed.contains(&claim));
                attributes.push(attribute(claim, AttributeType::String, value));
            }
        }
        if !roles.is_empty() && (equality.is_none() || emission.guarded.contains(&id)) {
            let value = format!("`yes` for {roles}, otherwise `no`");
            attributes.push(attribute(everything(project, policy), AttributeType::String, value));
        }
    }
    attributes
}

fn the_claim(name: &str, listed: bool) -> String {
    format!("the claim `{name}`{}", if listed { ", several with commas between" } else { "" })
}

/// Gathers the names of the claims behind `in`.
fn listed_claims(condition: &Expr<Ref>) -> BTreeSet<String> {
    let marked = with_lists(condition).map(|condition| claims(&condition)).unwrap_or_default();
    marked.iter().filter_map(|name| name.strip_suffix(sql::SEVERAL)).map(str::to_owned).collect()
}
