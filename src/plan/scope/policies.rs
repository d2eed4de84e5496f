//! Row policies, masks and hidden dimensions in the tables of one SELECT.
//!
//! Under `country = $principal.country` on customers, the parcels of one country are
//!
//! ```text
//! FROM shipments LEFT JOIN customers ON … WHERE customers.country = $1
//! ```
//!
//! whether or not the query asks for customers.
//!
//! **Invariant:** a condition holds for a row that is there: a null or dangling key never passes a policy.

use super::Scope;
use crate::{
    ids::{DimensionId, JoinId, ModelId},
    plan::access,
    project::{Dimension, DimensionKind, Mask, Project, Ref, Route, RowsSeen},
    sql::{BinaryOp, Expr, Function, Literal, SqlExpr, UnaryOp},
};

impl Scope<'_> {
    /// Returns what the policies ask of a row of a model, its own policies and those that it inherits.
    ///
    /// A policy whose condition is being built is not asked again: `exists(shipments …)` of a policy on customers looks
    /// at all parcels of the customer, not at those of customers that are visible.
    pub(super) fn row_policies(&mut self, at: &Route, model: ModelId) -> Vec<SqlExpr> {
        self.policies_but(at, model, None)
    }

    /// Returns what the policies ask of a row of a model that is joined the other way: it does not meet the row from
    /// which the join comes unless it may be seen.
    ///
    /// `LEFT JOIN claims ON claims.shipment_id = shipments.id AND claims.kind = $1`. The policies that it inherits over
    /// the join itself are those of the row from which the join comes, and hold for that.
    pub(super) fn policies_of_many_side(&mut self, at: &Route, model: ModelId, declared: JoinId) -> Vec<SqlExpr> {
        self.policies_but(at, model, Some(declared))
    }

    fn policies_but(&mut self, at: &Route, model: ModelId, but: Option<JoinId>) -> Vec<SqlExpr> {
        let project = self.project;
        let mut conditions = Vec::new();
        for (route, id) in project.policies.of_rows(model) {
            if self.asked.contains(id) || (but.is_some() && route.0.first().copied() == but) {
                continue;
            }
            let condition = match project.rows(&project.policies.rows[*id]) {
                RowsSeen::All => continue,
                RowsSeen::None => return vec![Expr::Literal(Literal::Boolean(false))],
                RowsSeen::Those(condition) => condition,
            };
            self.asked.push(*id);
            let there = at.then(route);
            conditions.push(self.value(&there, &condition));
            if !route.0.is_empty() && !fails_without_row(project, &condition) {
                conditions.extend(self.is_joined(&there));
            }
            self.asked.pop();
        }
        conditions
    }

    /// Returns whether the row at the end of a route is there; nothing for the base.
    fn is_joined(&mut self, route: &Route) -> Option<SqlExpr> {
        let project = self.project;
        let key = project.joins[*route.0.last()?].keys.first()?;
        let alias = self.alias(route);
        Some(self.read(&alias, &key.theirs).is_null(true))
    }

    /// Returns a value of a row, or null if policies hide the row.
    ///
    /// The rows that a query starts from inherit the policies of all joined models but one kind: those that a route
    /// comes back to, as from customers to their `parent`. A parent that is hidden shows nothing, as if it were not
    /// there: `CASE WHEN parent.country = $1 THEN parent.name END`.
    pub(super) fn unless_hidden(&mut self, route: &Route, value: SqlExpr) -> SqlExpr {
        match Expr::all(self.conditions_of_seen(route)) {
            Some(condition) => value.when(condition),
            None => value,
        }
    }

    /// Returns what has to hold so that the row at the end of a route may be seen, beyond what holds for the base.
    pub(super) fn conditions_of_seen(&mut self, route: &Route) -> Vec<SqlExpr> {
        let project = self.project;
        if self.guarding || route.0.is_empty() || project.policies.rows.is_empty() {
            return Vec::new();
        }
        let mut passed = vec![self.base];
        let mut conditions = Vec::new();
        for (position, join) in route.0.iter().enumerate() {
            let to = project.joins[*join].to;
            // What is joined the other way was looked at by the join itself.
            if passed.contains(&to) && project.joins[*join].reverse_of.is_none() {
                let there = Route(route.0[..=position].to_vec());
                self.guarding = true;
                conditions.extend(self.row_policies(&there, to));
                self.guarding = false;
            }
            passed.push(to);
        }
        conditions
    }

    /// Returns the value that a dimension has for who asks: masked, if the value itself may not be seen.
    pub(super) fn as_shown(&mut self, dimension: DimensionId, value: SqlExpr) -> SqlExpr {
        let project = self.project;
        let definition: &Dimension = &project.dimensions[dimension];
        if !project.shows_dimension(dimension) {
            let model = &project.models[definition.model].name;
            self.error.get_or_insert_with(|| access::hidden(model, &definition.name));
            return Expr::null();
        }
        match definition.mask.filter(|_| project.masks(dimension)) {
            None => value,
            Some(Mask::Sha256) => Expr::call(Function::Sha256, vec![value]),
            // A null that keeps the type of the value, which a bare NULL has not in every dialect.
            Some(Mask::Null) => value.when(Expr::Literal(Literal::Boolean(false))),
        }
    }
}

/// Returns whether a condition cannot hold where every column is null, as in a row that was not found.
fn fails_without_row(project: &Project, condition: &Expr<Ref>) -> bool {
    match condition {
        Expr::Binary { op: BinaryOp::And, left, right } => {
            fails_without_row(project, left) || fails_without_row(project, right)
        }
        Expr::Binary { op: BinaryOp::Or, left, right } => {
            fails_without_row(project, left) && fails_without_row(project, right)
        }
        Expr::Binary {
            op: BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq,
            left,
            right,
        } => null_without_row(project, left) || null_without_row(project, right),
        // Nothing is in an empty list, null neither.
        Expr::In { arg, list, negated } => !(*negated && list.is_empty()) && null_without_row(project, arg),
        Expr::Between { arg, .. } | Expr::Like { arg, .. } => null_without_row(project, arg),
        Expr::IsNull { arg, negated: true } => null_without_row(project, arg),
        Expr::IsTrue { arg, negated: false } => fails_without_row(project, arg),
        Expr::Leaf(Ref::Dimension { dimension, .. }) => {
            let definition = &project.dimensions[*dimension];
            matches!(definition.kind, DimensionKind::Boolean { .. }) && fails_without_row(project, &definition.expr)
        }
        Expr::Leaf(Ref::Column { .. }) => true,
        _ => false,
    }
}

/// Returns whether a value is null where every column is.
fn null_without_row(project: &Project, value: &Expr<Ref>) -> bool {
    match value {
        Expr::Leaf(Ref::Column { .. }) => true,
        Expr::Leaf(Ref::Dimension { dimension, .. }) => {
            let definition = &project.dimensions[*dimension];
            let two_valued = definition.kind == DimensionKind::Boolean { nullable: false };
            !two_valued && null_without_row(project, &definition.expr)
        }
        Expr::Cast { arg, .. } | Expr::Unary { op: UnaryOp::Negate, arg } => null_without_row(project, arg),
        Expr::Binary {
            op: BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Concat,
            left,
            right,
        } => null_without_row(project, left) || null_without_row(project, right),
        _ => false,
    }
}
