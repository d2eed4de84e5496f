//! Models that choose their rows by more than their own columns.
//!
//! `where: customers.is_active` on orders goes over a join, and so does a dimension in it that does.
//!
//! **Invariant:** a project whose `where`s come back to themselves was refused.

use super::{Project, Ref};
use crate::{ids::ModelId, sql::Expr};

impl Project {
    /// Whether a model chooses its rows over joins, whose meaning then must not hang on what it chooses.
    pub(super) fn keeps_by_joins(&self, id: ModelId) -> bool {
        self.models[id].filter.as_ref().is_some_and(|filter| self.crosses(filter))
    }

    fn crosses(&self, expr: &Expr<Ref>) -> bool {
        let mut crosses = false;
        expr.for_each_leaf(&mut |leaf| {
            crosses |= match leaf {
                Ref::Column { route, .. } => !route.0.is_empty(),
                Ref::Dimension { route, dimension } => {
                    let dimension = &self.dimensions[*dimension];
                    !route.0.is_empty() || dimension.metric.is_some() || self.crosses(&dimension.expr)
                }
                Ref::Exists { .. } => true,
                Ref::Calendar { day, .. } => self.crosses(day),
                Ref::Claim { .. } | Ref::Verbatim(_) => false,
            };
        });
        crosses
    }
}
