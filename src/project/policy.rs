//! Who may see what: conditions on rows, and members for some roles only.
//!
//! A policy on customers `country = $principal.country` hides the customers of other countries and every parcel of
//! theirs: it holds for each model from which joins lead to customers, once for each way there.
//!
//! **Invariant:** what a principal lacks hides; nothing that is missing, unknown or of another type shows a row.

use super::{Claim, Principal, Project, Ref, Route, principal::as_type};
use crate::{
    files::Span,
    ids::{Arena, DimensionId, Id, JoinId, MetricId, ModelId, PolicyId},
    sql::{Expr, Literal},
};

/// The most ways from one model to models with policies.
const MAX_ROUTES: usize = 1_000;

/// All policies of a project.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Those about rows, by name.
    pub rows: Arena<PolicyId, RowPolicy>,
    /// Those about members, and the masks that no policy lifts for anyone.
    pub restrictions: Vec<Restriction>,
    /// For each model what has to hold for its rows: the ways there, and the policies at their ends.
    inherited: Vec<Vec<(Route, PolicyId)>>,
}

/// Which rows of a model are seen.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPolicy {
    /// The name.
    pub name: String,
    /// The model.
    pub model: ModelId,
    /// What holds for the rows that are seen.
    pub condition: Expr<Ref>,
    /// The roles that see all rows.
    pub unless: Vec<String>,
    /// The models whose own policies do not count for the rows of this model.
    pub replaces: Vec<ModelId>,
    /// Where it was written.
    pub span: Span,
}

/// What a policy lets somebody see of the rows of its model.
#[derive(Clone, Debug, PartialEq)]
pub enum RowsSeen {
    /// All.
    All,
    /// None: a claim is missing, or is no value of the type that it is compared with.
    None,
    /// Those that fulfil a condition, in which the claims are parameters.
    Those(Expr<Ref>),
}

/// What only some roles may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restriction {
    /// The name of the policy; empty for the masks that no policy names.
    pub name: String,
    /// The roles; none for a mask that nobody lifts.
    pub visible_to: Vec<String>,
    /// The dimensions that others see masked, ascending.
    pub masked: Vec<DimensionId>,
    /// The dimensions that do not exist for others, ascending: those that are named, and those that show one of them.
    pub dimensions: Vec<DimensionId>,
    /// The metrics that do not exist for others, ascending: those that are named, and those that are made of what
    /// others may not see.
    pub metrics: Vec<MetricId>,
    /// Where the policy was written; absent for the masks that no policy names.
    pub span: Option<Span>,
    /// The positions of the saved queries that do not exist for others, ascending.
    pub saved_queries: Vec<usize>,
}

/// How a dimension is masked. Every dialect gives the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mask {
    /// The SHA-256 of the text in 64 hexadecimal digits; null stays null.
    Sha256,
    /// Null.
    Null,
}

impl Mask {
    /// Every mask.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Null];

    /// Returns how the mask is written: `sha256`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Null => "null",
        }
    }
}

/// A model from which so many ways lead to models with policies that they are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRoutes(pub ModelId);

impl RowPolicy {
    /// Returns which rows a principal sees.
    pub fn seen_by(&self, principal: &Principal) -> RowsSeen {
        if principal.has_one_of(&self.unless) {
            return RowsSeen::All;
        }
        with_claims(&self.condition, principal).map_or(RowsSeen::None, RowsSeen::Those)
    }
}

/// Puts the values of claims into a condition; nothing if one is missing or does not fit.
fn with_claims(condition: &Expr<Ref>, principal: &Principal) -> Option<Expr<Ref>> {
    let mut missing = false;
    // Behind `in`, a claim stands for all its values; elsewhere it has to be one value.
    let lists = condition.clone().rebuild(&mut |expr| match expr {
        Expr::In { arg, list, negated } => {
            let list = list.into_iter().flat_map(|item| match &item {
                Expr::Leaf(Ref::Claim { name, column_type }) => match principal.claim(name) {
                    Some(Claim::Many(values)) => {
                        let values: Vec<Option<Literal>> =
                            values.iter().map(|value| as_type(value, *column_type)).collect();
                        missing |= values.contains(&None);
                        values.into_iter().flatten().map(Expr::Parameter).collect()
                    }
                    Some(Claim::One(_)) | None => vec![item],
                },
                _ => vec![item],
            });
            Expr::In { arg, list: list.collect(), negated }
        }
        other => other,
    });
    let filled = lists.map(&mut |leaf| match leaf {
        Ref::Claim { name, column_type } => {
            let value = match principal.claim(name) {
                Some(Claim::One(value)) => as_type(value, *column_type),
                Some(Claim::Many(_)) | None => None,
            };
            missing |= value.is_none();
            value.map_or_else(Expr::null, Expr::Parameter)
        }
        Ref::Exists { route, join, filter } => {
            let inner = filter.as_ref().map(|filter| with_claims(filter, principal));
            missing |= matches!(inner, Some(None));
            let filter = inner.flatten().map(Box::new);
            Expr::Leaf(Ref::Exists { route: route.clone(), join: *join, filter })
        }
        Ref::Calendar { granularity, day } => {
            let day = with_claims(day, principal);
            missing |= day.is_none();
            let day = Box::new(day.unwrap_or_else(Expr::null));
            Expr::Leaf(Ref::Calendar { granularity: *granularity, day })
        }
        Ref::Column { .. } | Ref::Dimension { .. } | Ref::Verbatim(_) => Expr::Leaf(leaf.clone()),
    });
    (!missing).then_some(filled)
}

impl Policies {
    /// Returns whether anybody may be shown less than all; a mask that no policy names is the same for everyone.
    pub fn has_any(&self) -> bool {
        !self.rows.is_empty() || self.restrictions.iter().any(|restriction| !restriction.name.is_empty())
    }

    /// Returns what has to hold for the rows of a model: the ways to models with policies, and the policies there.
    pub fn of_rows(&self, model: ModelId) -> &[(Route, PolicyId)] {
        self.inherited.get(model.index()).map_or(&[], Vec::as_slice)
    }
}

impl Project {
    /// Returns the names of the models of which metrics count rows that policies may hide.
    pub fn models_with_hidden_rows(&self, metrics: impl Iterator<Item = MetricId>) -> Vec<&str> {
        let leaves = metrics.flat_map(|metric| self.leaves(metric));
        let mut models: Vec<ModelId> = leaves
            .filter_map(|leaf| Some(self.simple(leaf)?.model))
            .filter(|model| !self.policies.of_rows(*model).is_empty())
            .collect();
        models.sort_unstable();
        models.dedup();
        models.into_iter().map(|model| self.models[model].name.as_str()).collect()
    }

    /// Returns whether any policy hides rows from a principal.
    pub fn hides_rows_from(&self, principal: &Principal) -> bool {
        self.policies.rows.values().any(|policy| !matches!(policy.seen_by(principal), RowsSeen::All))
    }

    /// Finds for every model the policies that its rows inherit. Called once, when everything is resolved.
    ///
    /// A way that comes back to a model which it has passed is not walked: a customer without a parent would be hidden
    /// with all others, and what the parent shows is looked at where it is asked for.
    pub(crate) fn inherit_policies(&mut self) -> Result<(), TooManyRoutes> {
        if self.policies.rows.is_empty() {
            return Ok(());
        }
        let leads = self.models_that_lead_to(self.policies.rows.values().map(|policy| policy.model));
        let mut own = vec![Vec::new(); self.models.len()];
        for (id, policy) in self.policies.rows.iter() {
            own[policy.model.index()].push(id);
        }
        let inherited = self.models.ids().map(|model| {
            let (passed, route, found) = (vec![model], Vec::new(), Vec::new());
            let mut walk = Walk { project: self, leads: &leads, own: &own, passed, route, found, steps: 0 };
            walk.from(model)?;
            walk.found.sort_by_key(|(route, _)| route.0.len());
            Ok(walk.found)
        });
        self.policies.inherited = inherited.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Returns for every model whether joins lead from it to one of these, or it is one.
    fn models_that_lead_to(&self, ends: impl Iterator<Item = ModelId>) -> Vec<bool> {
        let mut into: Vec<Vec<ModelId>> = vec![Vec::new(); self.models.len()];
        for join in self.joins.values() {
            into[join.to.index()].push(join.from);
        }
        let mut leads = vec![false; self.models.len()];
        let mut open: Vec<ModelId> = ends.collect();
        while let Some(model) = open.pop() {
            if !std::mem::replace(&mut leads[model.index()], true) {
                open.extend(&into[model.index()]);
            }
        }
        leads
    }
}

/// A walk over all ways from a model.
struct Walk<'p> {
    project: &'p Project,
    leads: &'p [bool],
    /// The policies of each model itself.
    own: &'p [Vec<PolicyId>],
    passed: Vec<ModelId>,
    route: Vec<JoinId>,
    found: Vec<(Route, PolicyId)>,
    steps: usize,
}

impl Walk<'_> {
    fn from(&mut self, model: ModelId) -> Result<(), TooManyRoutes> {
        let project = self.project;
        self.steps += 1;
        if self.steps > MAX_ROUTES {
            return Err(TooManyRoutes(self.passed[0]));
        }
        let before = &self.passed[..self.passed.len() - 1];
        let mut of_those_before = before.iter().flat_map(|before| &self.own[before.index()]);
        if !of_those_before.any(|policy| project.policies.rows[*policy].replaces.contains(&model)) {
            self.found.extend(self.own[model.index()].iter().map(|policy| (Route(self.route.clone()), *policy)));
        }
        for join in &project.models[model].joins {
            let to = project.joins[*join].to;
            if self.leads[to.index()] && !self.passed.contains(&to) {
                self.passed.push(to);
                self.route.push(*join);
                self.from(to)?;
                self.route.pop();
                self.passed.pop();
            }
        }
        Ok(())
    }
}
