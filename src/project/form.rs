//! Columns of which the warehouse makes something else than their type says, as SQL reads them.
//!
//! `mood` of an ENUM becomes `CAST(mood AS VARCHAR)`, which is compared and ordered as a text.
//!
//! **Invariant:** keys of a join are compared as they stand only where both sides are of one form.

use super::{Join, JoinKey, Project, Ref};
use crate::{
    catalog::Form,
    ids::{DimensionId, ModelId},
    sql::Expr,
};

impl Project {
    /// Returns a column of a model as a value of its type.
    pub fn as_read<N>(&self, model: ModelId, column: &str, value: Expr<N>) -> Expr<N> {
        match self.form(model, column).and_then(Form::reads_as) {
            Some(to) => Expr::Cast { arg: Box::new(value), to },
            None => value,
        }
    }

    /// Returns the value of a dimension for who looks at it: what is a plain column without a sign is shown as it is,
    /// since it may be beyond the integers with which one computes.
    pub fn as_listed<N>(&self, dimension: DimensionId, value: Expr<N>) -> Expr<N> {
        let form = self.plain_column(dimension).and_then(|column| self.form(self.dimensions[dimension].model, column));
        if form == Some(Form::Unsigned) { bare(value) } else { value }
    }

    /// Returns our side of a key of a join for comparison with theirs.
    pub fn our_key<N>(&self, join: &Join, key: &JoinKey, ours: Expr<N>) -> Expr<N> {
        match self.form_of_ours(join, key) {
            Some(form) if !form.is_text() || self.form(join.to, &key.theirs) == Some(form) => bare(ours),
            _ => ours,
        }
    }

    /// Returns their side of a key of a join for comparison with ours.
    pub fn their_key<N>(&self, join: &Join, key: &JoinKey, theirs: Expr<N>) -> Expr<N> {
        match self.form(join.to, &key.theirs) {
            Some(form) if form.is_text() && self.form_of_ours(join, key) != Some(form) => {
                self.as_read(join.to, &key.theirs, theirs)
            }
            _ => theirs,
        }
    }

    /// Returns the form of a column of a model.
    pub fn form(&self, model: ModelId, column: &str) -> Option<Form> {
        self.models[model].forms.get(column).copied()
    }

    /// Returns the form of our side of a key, if it is a plain column.
    pub(super) fn form_of_ours(&self, join: &Join, key: &JoinKey) -> Option<Form> {
        match &key.ours {
            Expr::Leaf(Ref::Column { route, column, .. }) => self.form(self.route_end(join.from, route), column),
            Expr::Leaf(Ref::Dimension { route, dimension }) => {
                self.form(self.route_end(join.from, route), self.plain_column(*dimension)?)
            }
            _ => None,
        }
    }
}

/// Takes the cast off that a plain column got when it was read.
fn bare<N>(value: Expr<N>) -> Expr<N> {
    match value {
        Expr::Cast { arg, .. } if matches!(*arg, Expr::Leaf(_)) => *arg,
        other => other,
    }
}
