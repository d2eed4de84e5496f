//! Expressions of rows, with the names that their model knows.
//!
//! **Invariant:** a name is the path that a definition would write: `customers.parent.name`.

use crate::{
    project::{Project, Ref, Route},
    sql::{Expr, formula},
};

/// Writes an expression of rows, seen from its model.
pub(super) fn of_rows(project: &Project, expr: &Expr<Ref>) -> String {
    formula(expr, &|leaf| reference(project, leaf))
}

fn reference(project: &Project, reference: &Ref) -> String {
    let through = |route: &Route, name: &str| {
        let roles = route.0.iter().map(|join| project.joins[*join].role.as_str());
        roles.chain([name]).collect::<Vec<_>>().join(".")
    };
    match reference {
        Ref::Column { route, column, .. } => through(route, column),
        Ref::Dimension { route, dimension } => through(route, &project.dimensions[*dimension].name),
        Ref::Exists { route, join, filter } => {
            let many = &project.models[project.joins[*join].from].name;
            let condition =
                filter.as_ref().map_or_else(String::new, |filter| format!(" where {}", of_rows(project, filter)));
            format!("exists({}{condition})", through(route, many))
        }
        Ref::Calendar { granularity, day } => {
            format!("{}({})", project.granularities[*granularity].name, of_rows(project, day))
        }
        Ref::Claim { name, .. } => format!("$principal.{name}"),
        Ref::Verbatim(texts) => texts.values().next().cloned().unwrap_or_default(),
    }
}
