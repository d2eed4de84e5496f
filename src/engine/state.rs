//! What the warehouse has beside rows: whether it answers, the periods of calendars, what is stored of rollups, and how much
//! the tables hold.
//!
//! **Invariant:** statistics belong to the project whose tables were asked for; a slow answer never stands for another one.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;

use super::{
    Engine, Failure, Live, Loaded,
    asking::told,
    calendars::periods_queries,
    rollups::{has_tables, states, take_stored},
};
use crate::{
    catalog::Statistics,
    price::tables_of_statistics,
    project::{Project, Stored},
    sql::{self, Select, SqlExpr},
    warehouse::{self, Rows, Terms},
};

/// How much the tables of a project hold, once the warehouse has told; clones of a [`Live`] share it.
#[derive(Debug, Default)]
pub struct Held(ArcSwapOption<Statistics>);

impl Held {
    /// Returns what is known.
    pub fn get(&self) -> Option<Arc<Statistics>> {
        self.0.load_full()
    }

    /// Takes over what was known of another project, until the warehouse tells more: most tables are the same.
    pub fn take_over(&self, other: &Self) {
        self.0.store(other.get());
    }
}

impl Engine {
    /// Asks the warehouse for one row of its own, to see whether it answers.
    pub async fn reach_warehouse(&self) -> Result<(), Failure> {
        self.desk.warehouse.in_place().map_err(|error| told(&error))?;
        let one = Select { items: vec![SqlExpr::integer(1).named("one")], ..Select::default() };
        let text = sql::print(&one, self.dialect());
        let terms = Terms::default();
        let asked = tokio::time::timeout(Duration::from_secs(5), self.desk.warehouse.query(&text, &terms)).await;
        asked.map_err(|_| Failure::Timeout)?.map(|_| ()).map_err(|error| told(&error))
    }

    /// Opens the warehouse's file anew if another one lies in its place; returns whether it did.
    pub async fn reopen_warehouse(&self) -> Result<bool, warehouse::Error> {
        self.desk.warehouse.reopen().await
    }

    /// Reads how much the tables of a project hold; returns whether the warehouse told. If not, what was known stays.
    pub async fn read_statistics(&self, live: &Live) -> bool {
        let tables = tables_of_statistics(&live.project);
        match tokio::time::timeout(self.limits.deadline, self.desk.warehouse.catalog(Some(&tables))).await {
            Ok(Ok(catalog)) => {
                let statistics = Statistics::of(&catalog, self.now().date_naive());
                live.statistics.0.store(Some(Arc::new(statistics)));
                return true;
            }
            Ok(Err(error)) => tracing::warn!(%error, "how much the tables hold cannot be read"),
            Err(_) => tracing::warn!("how much the tables hold could not be read in time"),
        }
        false
    }

    /// Gives a loaded project the periods of its calendars, and what is stored of its rollups.
    ///
    /// If periods cannot be read, those of the catalog stay; a rollup of which nothing can be read is not used.
    pub async fn with_state(&self, loaded: Loaded) -> Loaded {
        match loaded.project.clone() {
            Some(project) => Loaded { project: Some(self.with_state_of(project).await), ..loaded },
            None => loaded,
        }
    }

    /// The same for a project; one that has neither calendars nor rollups comes back as it is.
    pub async fn with_state_of(&self, project: Arc<Project>) -> Arc<Project> {
        if project.granularities.is_empty() && !has_tables(&project) {
            return project;
        }
        let mut project = Arc::unwrap_or_clone(project);
        let stored = self.stored(&project).await;
        project.set_stored(stored);
        for query in periods_queries(&project, &project.granularities.ids().collect()) {
            let text = sql::print(&query.select, self.dialect());
            match tokio::time::timeout(self.limits.deadline, self.desk.warehouse.query(&text, &Terms::default())).await
            {
                Ok(Ok(rows)) => {
                    query.periods(&rows).iter().for_each(|(id, periods)| project.set_periods(*id, periods));
                }
                Ok(Err(_)) | Err(_) => {
                    let calendar = query.calendar(&project);
                    tracing::warn!(calendar, "the periods cannot be read; those of the catalog stay");
                }
            }
        }
        Arc::new(project)
    }

    /// Reads what the warehouse holds of the rollups of a project.
    ///
    /// Nothing is stored where the table that tells of it is gone or may not be read; while the warehouse does not answer, what
    /// is known stays.
    pub async fn stored(&self, project: &Project) -> Vec<Option<Stored>> {
        let mut stored = project.stored();
        for (state, of) in states(project, self.dialect()) {
            let text = sql::print(&state.read_all(), self.dialect());
            match tokio::time::timeout(self.limits.deadline, self.desk.warehouse.query(&text, &Terms::default())).await
            {
                Ok(Ok(rows)) => take_stored(&mut stored, of, &rows),
                Ok(Err(warehouse::Error::Refused(_))) => take_stored(&mut stored, of, &Rows::default()),
                Ok(Err(_)) | Err(_) => {
                    tracing::debug!(table = state.name.as_str(), "what is stored of rollups cannot be read");
                }
            }
        }
        stored
    }
}
