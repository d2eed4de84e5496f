//! Which rows a model keeps must not hang on which rows it keeps.
//!
//! `where: parent.is_active` on customers would choose the parents by the same condition, and those by their parents.
//!
//! **Invariant:** no `where` of a model is needed to tell the rows that it is needed for.

use super::{context::Context, topology};
use crate::{
    diagnostics::{Code, Diagnostic, Diagnostics},
    ids::{DimensionId, Id, JoinId, ModelId},
    project::{Project, Ref},
    sql::Expr,
};

/// Reports each model whose `where` comes back to itself.
pub(super) fn report_circles(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let project = &context.project;
    let nodes = Nodes { models: project.models.len(), joins: project.joins.len() };
    let mut needs: Vec<Vec<usize>> = Vec::new();
    for model in project.models.values() {
        needs.push(model.filter.iter().flat_map(|filter| nodes.of(project, filter)).collect());
    }
    for join in project.joins.values() {
        let ours = join.keys.iter().map(|key| &key.ours).chain(join.own_as_of());
        let mut of_join: Vec<usize> = ours.flat_map(|ours| nodes.of(project, ours)).collect();
        of_join.push(join.to.index());
        needs.push(of_join);
    }
    for dimension in project.dimensions.values() {
        needs.push(nodes.of(project, &dimension.expr));
    }
    for circle in topology::order(&needs).circles {
        let mut models = circle.iter().filter(|node| **node < nodes.models).map(|node| ModelId::from_index(*node));
        let Some(first) = models.next() else { continue };
        let span = |model: ModelId| {
            let def = context.models[model.index()];
            def.filter.as_ref().map_or(def.span, |filter| filter.span)
        };
        let name = |model: ModelId| &project.models[model].name;
        let message = format!("the `where` of model `{}` needs itself to choose rows", name(first));
        let mut diagnostic = Diagnostic::new(Code::CyclicJoin, span(first), message)
            .help("Write it with columns of the model, or of models whose own `where` does not lead back.");
        for model in models {
            diagnostic = diagnostic.also(span(model), format!("by way of `{}`", name(model)));
        }
        diagnostics.push(diagnostic);
    }
}

/// Models, joins and dimensions, numbered in this order.
struct Nodes {
    models: usize,
    joins: usize,
}

impl Nodes {
    fn join(&self, join: JoinId) -> usize {
        self.models + join.index()
    }

    fn dimension(&self, dimension: DimensionId) -> usize {
        self.models + self.joins + dimension.index()
    }

    /// Returns what an expression needs.
    fn of(&self, project: &Project, expr: &Expr<Ref>) -> Vec<usize> {
        let mut needs = Vec::new();
        expr.for_each_leaf(&mut |leaf| match leaf {
            Ref::Column { route, .. } => needs.extend(route.0.iter().map(|join| self.join(*join))),
            Ref::Dimension { route, dimension } => {
                needs.extend(route.0.iter().map(|join| self.join(*join)));
                needs.push(self.dimension(*dimension));
            }
            Ref::Exists { route, join, filter } => {
                needs.extend(route.0.iter().map(|join| self.join(*join)));
                let exists = &project.joins[*join];
                needs.push(exists.from.index());
                needs.extend(exists.keys.iter().flat_map(|key| self.of(project, &key.ours)));
                needs.extend(filter.iter().flat_map(|filter| self.of(project, filter)));
            }
            Ref::Calendar { day, .. } => needs.extend(self.of(project, day)),
            Ref::Claim { .. } | Ref::Verbatim(_) => {}
        });
        needs
    }
}
