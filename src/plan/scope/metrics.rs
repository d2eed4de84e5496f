//! A metric of a row: a select with one row per member, joined to the row that it belongs to.

use super::Scope;
use crate::{
    ids::{MetricId, ModelId},
    plan::{
        PlanError, access,
        bind::{Bound, GroupBy, GroupKey, WithoutRows},
        frame::Frame,
        to_sql::{self, Built},
    },
    project::Route,
    sql::{BinaryOp, Expr, From, Join, JoinKind, SqlExpr},
};

impl Scope<'_> {
    /// Returns a metric of the row at the end of a route, over all time, blind to the request.
    ///
    /// `LEFT JOIN (SELECT customer_id, COUNT(*) … GROUP BY customer_id) AS customers_parcels ON …`
    pub(in crate::plan) fn metric(&mut self, at: &Route, model: ModelId, metric: MetricId) -> SqlExpr {
        let project = self.project;
        let key = project.models[model].primary_key.first().expect("resolve asks for the key of what is told apart");
        let key = self.column(at, key);
        if let Some((.., value)) = self.metrics.iter().find(|(route, known, _)| (route, *known) == (at, metric)) {
            return value.clone();
        }
        let one = self.alias(at);
        let (built, without_rows) = match metric_of_members(self.frame, model, metric) {
            Ok(made) => made,
            Err(error) => {
                self.error.get_or_insert(error);
                return Expr::null();
            }
        };
        let wanted = format!("{}_{}", project.models[model].name, project.metrics[metric].name);
        let alias = self.free_name(&wanted);
        let columns: Vec<String> = built.select.items.iter().map(|item| item.alias.clone()).collect();
        let (value, members) = columns.split_last().expect("a select has columns");
        let on = project.models[model].primary_key.iter().zip(members).map(|(ours, theirs)| {
            let ours = project.as_read(model, ours, self.read(&one, ours));
            ours.binary(BinaryOp::Eq, SqlExpr::column(alias.clone(), theirs.clone()))
        });
        let on = Expr::all(on.collect::<Vec<_>>());
        let member = members.first().expect("resolve asks for the key of what is told apart");
        let value = without_rows.or(SqlExpr::column(alias.clone(), value), SqlExpr::column(alias.clone(), member));
        // Where there is no such row, there is nothing of which the metric could be 0.
        let is_of_any = at.0.is_empty() || without_rows == WithoutRows::Null;
        let value = if is_of_any { value } else { value.when(key.is_null(true)) };
        let to = From::Select { select: Box::new(built.select), alias };
        self.joins.push(Join { kind: JoinKind::Left, to, on });
        self.tables.extend(built.tables);
        self.metrics.push((at.clone(), metric, value.clone()));
        value
    }
}

/// Builds the select of a metric over all time, one row per row of a model that it counts anything of; and says what it is of
/// the others.
fn metric_of_members(frame: Frame<'_>, model: ModelId, metric: MetricId) -> Result<(Built, WithoutRows), PlanError> {
    let definition = &frame.project.models[model];
    let key = |(index, column): (usize, &String)| GroupKey {
        name: format!("member_{}", index + 1),
        by: GroupBy::Member { model: definition.name.clone(), column: column.clone(), loose: true },
    };
    let keys = definition.primary_key.iter().enumerate().map(key).collect();
    let asked = access::grant(Bound::over_all_time(frame, metric, keys)?)?;
    Ok((to_sql::build(asked.get())?, WithoutRows::of_metric(asked.get())))
}
