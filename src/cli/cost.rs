//! What a request of the command line costs, and whether a budget has room for it.
//!
//! ```text
//! the query would read 1.2 MB, estimated from statistics of 2026-01-15
//!   marts.fct_shipments  1.2 MB in 28 of 731 partitions
//! it costs at most 0.01 USD
//! ```

use std::sync::Arc;

use serde_json::json;

use super::{context::Context, failure::Failure};
use crate::{
    cache::Fingerprint,
    catalog::Statistics,
    engine::{Pricing, Unpriced, labelled},
    plan::{self, Plan, Principal, Request},
    price::{Basis, Estimate, TableCost, Unknown, size, tables_of_statistics},
    project::Project,
    sql::Text,
    syntax::{Price, Spending},
    time::{DateTime, Utc},
    warehouse::{self, Blocking, Rows, Terms, Warehouse},
};

/// Who asks what project, when, and what that may cost.
pub(crate) struct Asking<'a> {
    pub(crate) project: &'a Project,
    pub(crate) principal: &'a Principal,
    pub(crate) now: DateTime<Utc>,
    pub(crate) spending: &'a Spending,
    /// The hash of the definitions.
    pub(crate) definitions: Fingerprint,
}

impl Asking<'_> {
    /// Asks the warehouse how much its tables hold; nothing if it does not tell.
    async fn statistics(&self, warehouse: &dyn Warehouse) -> Option<Statistics> {
        let catalog = warehouse.catalog(Some(&tables_of_statistics(self.project))).await.ok()?;
        Some(Statistics::of(&catalog, self.now.date_naive()))
    }

    fn pricing<'a>(
        &'a self,
        warehouse: &'a dyn Warehouse,
        statistics: Option<&'a Statistics>,
        terms: &'a Terms,
    ) -> Pricing<'a> {
        let context = plan::Context { now: self.now, dialect: warehouse.dialect() };
        let (project, principal, spending) = (self.project, self.principal, self.spending);
        Pricing { project, principal, context, warehouse, statistics, terms, spending }
    }
}

impl Asking<'_> {
    async fn ask(
        &self,
        warehouse: &dyn Warehouse,
        request: &Request,
        plan: &Plan,
        text: &Text,
    ) -> Result<Rows, Failure> {
        let is_limited = !self.spending.budgets.is_empty();
        let statistics = if is_limited { self.statistics(warehouse).await } else { None };
        let terms = labelled(plan, self.definitions, self.principal);
        let pricing = self.pricing(warehouse, statistics.as_ref(), &terms);
        let reserved =
            if is_limited { Some(pricing.reserve(request, plan, text, &Arc::default()).await?) } else { None };
        let instead = reserved.as_ref().and_then(|reserved| reserved.instead.as_ref());
        let (plan, text) = instead.map_or((plan, text), |(plan, text)| (plan, text));
        let kept = reserved.as_ref().map(|reserved| (reserved.reservation.bytes(), reserved.estimate.clone()));
        let within = Terms { most: kept.as_ref().map(|(bytes, _)| *bytes), ..terms.clone() };
        let mut asked = warehouse.query(text, &within).await;
        // Without budgets nothing was priced before: the warehouse is the first to say that it is too much.
        if !is_limited
            && matches!(asked, Err(warehouse::Error::TooCostly(_)))
            && let Some((_, text, _)) = pricing.rows_with_room(request, plan).await
        {
            asked = warehouse.query(&text, &within).await;
        }
        match asked {
            Err(warehouse::Error::TooCostly(_)) => {
                Err(Unpriced::Refused(pricing.too_costly(request, plan, text, kept).await).into())
            }
            // Conditions are looked at in rows that a policy hides, too.
            Err(error) if error.detail().is_some() && self.project.hides_rows_from(self.principal) => {
                Err(Failure::from(error.without_detail()).help(
                    "What the warehouse says may tell of rows that policies hide from who asks; ask as one who sees all rows.",
                ))
            }
            answered => Ok(answered?),
        }
    }
}

/// Finds how much a query would read, as it is asked: from the rows where rollups are too dear for one query.
pub(crate) fn estimate(
    asking: &Asking<'_>,
    warehouse: &Blocking,
    request: &Request,
    plan: &Plan,
    text: &Text,
) -> Result<Estimate, Failure> {
    let terms = labelled(plan, asking.definitions, asking.principal);
    let priced = warehouse.wait(async |warehouse| {
        let statistics = asking.statistics(warehouse).await;
        let pricing = asking.pricing(warehouse, statistics.as_ref(), &terms);
        pricing.price_as_asked(request, plan, text).await
    });
    Ok(priced?)
}

/// Says how much a query would read, and what that costs.
pub(crate) fn say(estimate: &Estimate, price: Option<&Price>, context: &mut Context<'_>) -> Result<(), Failure> {
    writeln!(context.out, "the query would read {}", told(estimate))?;
    if let Some(price) = price {
        writeln!(context.out, "it costs {}", price.told(estimate.billed))?;
    }
    Ok(())
}

/// Returns the same for programs, in bytes and in millionths of the currency.
pub(crate) fn json(estimate: &Estimate, price: Option<&Price>) -> serde_json::Value {
    let table = |table: &TableCost| {
        let partitions = table.partitions.map(|(read, all)| json!({ "read": read, "all": all }));
        json!({ "table": table.table, "bytes": table.bytes, "partitions": partitions })
    };
    let (basis, statistics_of) = match estimate.basis {
        Basis::DryRun => ("dry_run", None),
        Basis::Statistics(day) => ("statistics", Some(day.to_string())),
    };
    let cost = price.map(|price| json!({ "micros": price.micros(estimate.billed), "currency": price.currency }));
    json!({
        "bytes": estimate.bytes,
        "billed": estimate.billed,
        "basis": basis,
        "statistics_of": statistics_of,
        "tables": estimate.tables.iter().map(table).collect::<Vec<_>>(),
        "cost": cost,
    })
}

/// Writes an estimate, table by table.
pub(crate) fn told(estimate: &Estimate) -> String {
    let mut text = format!("{}, {}", size(estimate.bytes), estimate.basis);
    let width = estimate.tables.iter().map(|table| table.table.len()).max().unwrap_or(0);
    for table in &estimate.tables {
        let partitions = match table.partitions {
            Some((read, all)) => format!(" in {read} of {all} partitions"),
            None => String::new(),
        };
        text.push_str(&format!("\n  {:width$}  {}{partitions}", table.table, size(table.bytes)));
    }
    text
}

/// Runs a query if every budget has room for it. This process alone is counted.
pub(crate) fn ask(
    asking: &Asking<'_>,
    warehouse: &Blocking,
    request: &Request,
    plan: &Plan,
    text: &Text,
) -> Result<Rows, Failure> {
    warehouse.wait(async |warehouse| asking.ask(warehouse, request, plan, text).await)
}

impl From<Unpriced> for Failure {
    fn from(unpriced: Unpriced) -> Self {
        let unknown = |what: String| Self::wrong(format!("nobody knows {what}"));
        match unpriced {
            Unpriced::Refused(refusal) => {
                let message = format!("{}: {}", refusal.code.name(), refusal.message);
                Self { help: refusal.help, ..Self::wrong(message) }
            }
            Unpriced::Warehouse(error) => error.into(),
            Unpriced::Unknown(Unknown::Table(table)) => unknown(format!("how much `{table}` holds"))
                .help("The warehouse keeps statistics of tables, not of views; in Postgres, run ANALYZE."),
            Unpriced::Unknown(Unknown::Sql) => unknown("what the SQL of a model reads".to_owned()),
            Unpriced::Unknown(Unknown::Unasked) => unknown("how much the tables hold".to_owned()).help(
                "The warehouse does not tell; see whether it can be reached with `entente catalog pull --check`.",
            ),
        }
    }
}
