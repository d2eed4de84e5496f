//! What a query costs, before it runs: asked of the warehouse where it tells, estimated from statistics elsewhere.
//!
//! A query beyond a budget is refused with changes of the request that fit; these are planned and priced as it was itself.
//!
//! **Invariant:** a price runs no query.

use std::sync::Arc;

use crate::{
    catalog::Statistics,
    plan::{self, Plan, PlanError, Principal, Request},
    price::{
        Budget, Change, Estimate, Ledger, Offer, Over, Reservation, Unknown, beyond_connection, changes, estimate,
        has_room, measured, of_unknown, outgrown, over_budget, rows_are_less, rows_instead,
    },
    project::Project,
    sql::{self, Text},
    syntax::Spending,
    warehouse::{self, Terms, Warehouse},
};

/// How many changes of a request are asked of the warehouse at most.
const ASKED: usize = 12;

/// What prices depend on.
#[derive(Clone, Copy)]
pub struct Pricing<'a> {
    /// The project that is asked.
    pub project: &'a Project,
    /// Who asks.
    pub principal: &'a Principal,
    /// The moment and the dialect of plans.
    pub context: plan::Context,
    /// The warehouse that may tell.
    pub warehouse: &'a dyn Warehouse,
    /// What its tables hold.
    pub statistics: Option<&'a Statistics>,
    /// How the warehouse is asked.
    pub terms: &'a Terms,
    /// What reading costs, and how much may be read.
    pub spending: &'a Spending,
}

/// What is kept for a query.
#[derive(Debug)]
pub struct Reserved {
    /// What it reads.
    pub estimate: Estimate,
    /// Its place in the ledger.
    pub reservation: Reservation,
    /// The plan that is run instead, as it reads less: it gives the same rows.
    pub instead: Option<(Plan, Text)>,
}

/// Why there is no price, or why it is too high.
#[derive(Debug)]
pub enum Unpriced {
    /// Nobody knows it.
    Unknown(Unknown),
    /// A budget does not have so much left, or there is one and nobody knows the price.
    Refused(PlanError),
    /// The warehouse does not answer, or refuses the query.
    Warehouse(warehouse::Error),
}

impl Pricing<'_> {
    /// Returns what the query of a plan reads.
    pub async fn price(&self, plan: &Plan, text: &Text) -> Result<Estimate, Unpriced> {
        let estimated = self.estimated(plan);
        match self.warehouse.estimate(text, self.terms).await.map_err(Unpriced::Warehouse)? {
            Some(bytes) => Ok(measured(plan, bytes, estimated.ok(), self.context.dialect)),
            None => estimated.map_err(Unpriced::Unknown),
        }
    }

    /// Returns what a request reads as it is asked: from the rows where rollups are too dear for one query.
    pub async fn price_as_asked(&self, request: &Request, plan: &Plan, text: &Text) -> Result<Estimate, Unpriced> {
        let priced = self.price(plan, text).await;
        let connection = self.connection().map(|connection| connection.of);
        let Some(most) = self.spending.budgets.per_query.into_iter().chain(connection).min() else { return priced };
        if has_room(priced.as_ref().ok(), most) {
            return priced;
        }
        match self.of_rows(request, plan, priced.as_ref().ok()).await {
            Some((_, _, of_rows)) => Ok(of_rows),
            None => priced,
        }
    }

    /// Keeps what a query may be billed in the ledger, or refuses it with the changes that fit.
    ///
    /// What does not fit with rollups is read from the rows themselves if that is less: some days of a table by days may be less
    /// than the whole of a rollup.
    pub async fn reserve(
        &self,
        request: &Request,
        plan: &Plan,
        text: &Text,
        ledger: &Arc<Ledger>,
    ) -> Result<Reserved, Unpriced> {
        let priced = match self.price(plan, text).await {
            Err(Unpriced::Unknown(unknown)) => Err(unknown),
            priced => Ok(priced?),
        };
        let beyond = match priced {
            Ok(estimate) => match self.kept(&estimate, ledger) {
                Ok(reservation) => return Ok(Reserved { estimate, reservation, instead: None }),
                Err(over) => Ok((estimate, over)),
            },
            Err(unknown) => Err(unknown),
        };
        let dear = beyond.as_ref().ok().map(|(estimate, _)| estimate);
        if let Some((rows, text, estimate)) = self.of_rows(request, plan, dear).await {
            return match self.kept(&estimate, ledger) {
                Ok(reservation) => Ok(Reserved { estimate, reservation, instead: Some((rows, text)) }),
                Err(over) => Err(Unpriced::Refused(self.refusal(request, &rows, &estimate, over).await)),
            };
        }
        Err(Unpriced::Refused(match beyond {
            Ok((estimate, over)) => self.refusal(request, plan, &estimate, over).await,
            Err(unknown) => of_unknown(&unknown),
        }))
    }

    /// Keeps what an estimate says in the ledger, or tells what has no room for it.
    fn kept(&self, estimate: &Estimate, ledger: &Arc<Ledger>) -> Result<Reservation, Over> {
        // What is billed at most may be more than what is billed: the warehouse decides unless it is certain.
        let connection = self.connection().filter(|connection| estimate.bytes > connection.of);
        let day = self.context.now.date_naive();
        match (ledger.reserve(&self.principal.id, day, estimate.billed, &self.spending.budgets), connection) {
            (Ok(reservation), None) => Ok(reservation),
            (Ok(reservation), Some(connection)) => {
                reservation.give_back();
                Err(connection)
            }
            (Err(over), Some(connection)) if connection.left < over.left => Err(connection),
            (Err(over), _) => Err(over),
        }
    }

    /// Plans what the warehouse refused for its bill from the rows themselves, if it reads rollups and the connection has room
    /// for the rows.
    pub async fn rows_with_room(&self, request: &Request, plan: &Plan) -> Option<(Plan, Text, Estimate)> {
        let connection = self.connection()?;
        self.of_rows(request, plan, None).await.filter(|(_, _, of_rows)| has_room(Some(of_rows), connection.of))
    }

    /// Plans a request from the rows themselves, if its plan reads rollups and that is dearer or of no known price.
    async fn of_rows(
        &self,
        request: &Request,
        plan: &Plan,
        estimate: Option<&Estimate>,
    ) -> Option<(Plan, Text, Estimate)> {
        let rows = rows_instead(self.project, request, self.principal, &self.context, plan)?;
        let text = sql::print(&rows.select, self.context.dialect);
        let of_rows = self.price(&rows, &text).await.ok()?;
        rows_are_less(estimate, &of_rows).then_some((rows, text, of_rows))
    }

    /// Says of a query that the warehouse refused for its bill what it may bill, and which changes fit. `kept` is what was
    /// reserved for it at its estimate.
    pub async fn too_costly(
        &self,
        request: &Request,
        plan: &Plan,
        text: &Text,
        kept: Option<(u64, Estimate)>,
    ) -> PlanError {
        let over = self.connection();
        let estimate = match kept {
            Some((kept, _)) if over.is_none_or(|over| kept < over.of) => return outgrown(kept),
            Some((_, estimate)) => Some(estimate),
            None => self.price(plan, text).await.ok(),
        };
        match (estimate, over) {
            (Some(estimate), Some(over)) => self.refusal(request, plan, &estimate, over).await,
            (_, over) => beyond_connection(over.map(|over| over.of)),
        }
    }

    /// Returns the most that the connection lets one query bill, as a budget.
    fn connection(&self) -> Option<Over> {
        self.warehouse.most_billed().map(|most| Over { budget: Budget::Connection, of: most, left: most })
    }

    async fn refusal(&self, request: &Request, plan: &Plan, estimate: &Estimate, over: Over) -> PlanError {
        let today = self.context.now.with_timezone(&plan.time_zone).date_naive();
        let [ranges, periods, keys] = changes(request, plan.range, today);
        let left = self.connection().map_or(over.left, |connection| over.left.min(connection.left));
        let mut asked = 0;
        let mut offers = Vec::new();
        for kind in [ranges, periods] {
            offers.extend(self.first_that_fits(kind, left, &mut asked).await);
        }
        let mut without_keys = Vec::new();
        for change in keys {
            without_keys.extend(self.first_that_fits(vec![change], left, &mut asked).await);
        }
        offers.extend(without_keys.into_iter().min_by_key(|offer| offer.estimate.billed));
        offers.sort_by_key(|offer| offer.estimate.billed);
        over_budget(estimate, over, self.spending.price.as_ref(), &offers)
    }

    /// Finds the first change that reads no more than is left.
    async fn first_that_fits(&self, changes: Vec<Change>, left: u64, asked: &mut usize) -> Option<Offer> {
        for change in changes {
            let Ok(plan) = plan::plan(self.project, &change.request, self.principal, &self.context) else { continue };
            let rows = rows_instead(self.project, &change.request, self.principal, &self.context, &plan);
            for plan in [Some(plan), rows].into_iter().flatten() {
                // The warehouse is not asked for what does not fit by far.
                if self.estimated(&plan).is_ok_and(|estimate| estimate.bytes > left) {
                    continue;
                }
                *asked += 1;
                if *asked > ASKED {
                    return None;
                }
                let text = sql::print(&plan.select, self.context.dialect);
                match self.price(&plan, &text).await {
                    Ok(estimate) if estimate.billed <= left => return Some(Offer::new(change, &plan, estimate)),
                    Ok(_) | Err(_) => {}
                }
            }
        }
        None
    }

    fn estimated(&self, plan: &Plan) -> Result<Estimate, Unknown> {
        let statistics = self.statistics.ok_or(Unknown::Unasked)?;
        estimate(plan, self.project, statistics, self.context.dialect)
    }
}
