//! What rows are ordered by, and which members are best.

use std::collections::BTreeMap;

use async_graphql_value::ConstValue;

use super::{
    Context,
    arguments::{count, field, is_true, object, text},
    columns::Columns,
};
use crate::{
    diagnostics::nearest,
    graphql::GraphqlError,
    plan::{Order, OrderBy, PlanErrorCode, Top},
};

/// Names of columns by what a caller may call them.
pub(super) struct Names<'a> {
    pub(super) ctx: &'a Context<'a>,
    pub(super) columns: &'a Columns,
    /// Columns by response path; empty where names of the definitions are used.
    pub(super) paths: &'a BTreeMap<String, String>,
}

impl Names<'_> {
    /// Reads `orderBy`.
    pub(super) fn order(&self, value: Option<&ConstValue>) -> Result<Vec<Order>, GraphqlError> {
        let Some(ConstValue::List(terms)) = value else { return Ok(Vec::new()) };
        terms
            .iter()
            .map(|term| {
                let term = object(term)?;
                Ok(Order {
                    by: self.term(field(term, "key").map_or(Ok(""), text)?)?,
                    descending: field(term, "direction").map_or(Ok("ASC"), text)? == "DESC",
                    nulls_first: field(term, "nulls").map_or(Ok("LAST"), text)? == "FIRST",
                })
            })
            .collect()
    }

    fn term(&self, key: &str) -> Result<OrderBy, GraphqlError> {
        if let Some(column) = self.paths.get(key) {
            return Ok(OrderBy::Column(column.clone()));
        }
        let columns = || {
            let keys = self.columns.keys.iter().map(|key| key.name.as_str());
            keys.chain(self.columns.metrics.iter().map(|metric| metric.name.as_str()))
        };
        if self.paths.is_empty() && columns().any(|column| column == key) {
            return Ok(OrderBy::Column(key.to_owned()));
        }
        if let Some(metric) = self.metric(key) {
            let selected = self.columns.metrics.iter().any(|column| column.name == metric && column.is_plain());
            return Ok(if selected { OrderBy::Column(metric) } else { OrderBy::Metric(metric) });
        }
        let known: Vec<&str> =
            self.paths.keys().map(String::as_str).chain(columns().filter(|_| self.paths.is_empty())).collect();
        let error = GraphqlError::plan(
            PlanErrorCode::UnknownOrderKey,
            format!("`{key}` is no key and no metric of this request"),
        );
        Err(match nearest(key, known.iter().copied()) {
            Some(near) => error.help(format!("Write `{near}`.")),
            None if known.is_empty() => error,
            None => error.help(format!("Write one of `{}`, or a metric.", known.join("`, `"))),
        })
    }

    /// Reads `top`.
    pub(super) fn top(&self, value: Option<&ConstValue>) -> Result<Option<Top>, GraphqlError> {
        let Some(value) = value else { return Ok(None) };
        let fields = object(value)?;
        let (of, by) = (field(fields, "of").map_or(Ok(""), text)?, field(fields, "by").map_or(Ok(""), text)?);
        let places = [of.to_owned(), format!("by.{of}")];
        let at_place = places.iter().find_map(|place| self.paths.get(place).cloned());
        let column =
            at_place.or_else(|| self.columns.keys.iter().find(|key| key.name == of).map(|key| key.name.clone()));
        let of = column.ok_or_else(|| {
            let keys: Vec<&str> = self.columns.keys.iter().map(|key| key.name.as_str()).collect();
            let help = format!("The keys of this query are `{}`.", keys.join("`, `"));
            let error = GraphqlError::plan(PlanErrorCode::UnknownField, format!("`{of}` is no key of this query"));
            if keys.is_empty() { error.help("`top` needs a key below `by`.") } else { error.help(help) }
        })?;
        let by = self.metric(by).ok_or_else(|| unknown_metric(self.ctx, by))?;
        let count = count(field(fields, "count"))?.unsigned_abs();
        Ok(Some(Top { count, of, by, other: is_true(field(fields, "other")) }))
    }

    /// Finds a metric by its field or its name in the definitions, and returns the latter.
    fn metric(&self, name: &str) -> Option<String> {
        let id = self.ctx.vocabulary.metrics.get(name).copied().or_else(|| self.ctx.project.metric_named(name))?;
        Some(self.ctx.project.metrics[id].name.clone())
    }
}

/// Says that there is no such metric, with a near name.
pub(super) fn unknown_metric(ctx: &Context<'_>, name: &str) -> GraphqlError {
    let error = GraphqlError::plan(PlanErrorCode::UnknownMetric, format!("there is no metric `{name}`"));
    match nearest(name, ctx.project.metric_names()) {
        Some(near) => error.help(format!("Write `{near}`.")),
        None => error,
    }
}
