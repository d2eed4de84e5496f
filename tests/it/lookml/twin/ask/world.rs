//! A project with its LookML and a warehouse that holds its rows.

use std::{cell::RefCell, collections::BTreeMap};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use entente::{
    lookml::Emitted,
    plan::{Claim, Principal},
    project::Project,
    sample,
    sql::{Dialect, Literal, Text},
    warehouse::{Rows, duckdb::DuckDb},
};

use super::people;
use crate::{
    battery::Small,
    lookml::{
        twin::query::{Session, User},
        worlds::{self, Dialects, emit, project},
    },
    tpch_world,
};

/// A project to ask.
pub(in crate::lookml::twin) struct World {
    pub(in crate::lookml::twin) project: Project,
    pub(in crate::lookml::twin) emitted: Emitted,
    pub(in crate::lookml::twin) warehouse: DuckDb,
    /// The days that hold rows.
    pub(in crate::lookml::twin) days: (NaiveDate, NaiveDate),
    /// The moment at which everything is asked.
    pub(in crate::lookml::twin) now: DateTime<Utc>,
    /// Who asks, as the API knows them.
    pub(in crate::lookml::twin) principal: Principal,
    /// … and as Looker does.
    pub(in crate::lookml::twin) user: User,
    /// Some values of fields, once they were asked for.
    pub(in crate::lookml::twin) values: RefCell<BTreeMap<String, Vec<String>>>,
    /// What works answers out by hand, if anything does.
    pub(in crate::lookml::twin) small: Option<Small>,
}

impl World {
    /// The LookML of a project, and a warehouse for it.
    pub(in crate::lookml::twin) fn new(
        world: &worlds::World,
        warehouse: DuckDb,
        days: (&str, &str),
        now: &str,
    ) -> Self {
        let day = |text: &str| text.parse().expect("a day");
        warehouse.execute_batch("SET threads = 1").expect("a setting of DuckDB");
        Self {
            project: project(world),
            emitted: emit(world, Dialects::Only(Dialect::DuckDb)),
            warehouse,
            days: (day(days.0), day(days.1)),
            now: now.parse().expect("a moment"),
            principal: Principal::default(),
            user: User::default(),
            values: RefCell::default(),
            small: None,
        }
    }

    /// The parcel carrier, with its sample.
    pub(in crate::lookml::twin) fn parcel() -> Self {
        let warehouse = DuckDb::in_memory().expect("a database");
        sample::fill(&warehouse, 0.002, &|_, _| {}).expect("the sample");
        Self::new(&worlds::parcel(), warehouse, ("2024-10-01", "2025-12-31"), "2025-12-15T12:00:00Z")
    }

    /// The parcel carrier with policies of every form.
    pub(in crate::lookml::twin) fn governed() -> Self {
        let warehouse = DuckDb::in_memory().expect("a database");
        sample::fill(&warehouse, 0.004, &|_, _| {}).expect("the sample");
        Self::new(&worlds::governed(), warehouse, ("2024-10-01", "2025-12-31"), "2025-12-15T12:00:00Z")
    }

    /// The orders of TPC-H.
    pub(in crate::lookml::twin) fn tpch() -> Self {
        let warehouse = DuckDb::in_memory().expect("a database");
        let folder = tempfile::tempdir().expect("a folder can be made");
        tpch_world::fill(&warehouse, 0.001, folder.path());
        let world = worlds::read(&worlds::root().join("tests/tpch"));
        Self::new(&world, warehouse, ("1992-01-01", "1998-12-31"), "1998-12-01T12:00:00Z")
    }

    /// A shop that was imported from a project of dbt.
    pub(in crate::lookml::twin) fn dbt(generation: &str) -> Self {
        let warehouse = seeded("tests/dbt");
        let world = worlds::read(&worlds::root().join("tests/dbt").join(generation).join("imported"));
        Self::new(&world, warehouse, ("2024-03-01", "2024-05-31"), "2024-06-01T12:00:00Z")
    }

    /// The same world, asked by somebody with roles and claims: `support country=DE`.
    pub(in crate::lookml::twin) fn asked_by(self, words: &str) -> Self {
        let principal = people::principal(words);
        Self { user: people::user(&self.emitted.report, &principal), principal, ..self }
    }

    /// Somebody for whom no policy holds.
    pub(in crate::lookml::twin) fn everyone(&self) -> Principal {
        let policies = &self.project.policies;
        let roles = policies.restrictions.iter().flat_map(|restriction| &restriction.visible_to);
        let roles = roles.chain(policies.rows.values().flat_map(|policy| &policy.unless));
        Principal { roles: roles.cloned().collect(), ..self.principal.clone() }
    }

    /// Real flights.
    pub(in crate::lookml::twin) fn flights() -> Self {
        Self::new(&worlds::flights(), seeded("tests/flights"), ("2001-01-01", "2001-03-31"), "2001-03-20T12:00:00Z")
    }

    /// The small shop.
    pub(in crate::lookml::twin) fn shop() -> Self {
        Self::new(&worlds::shop(), seeded("tests/shop"), ("2025-01-20", "2025-04-05"), "2025-03-31T12:00:00Z")
    }

    /// A random world of the battery.
    pub(in crate::lookml::twin) fn random(small: Small) -> Self {
        let warehouse = DuckDb::in_memory().expect("a database");
        warehouse.execute_batch(&small.seed()).expect("the tables can be made");
        let texts = worlds::World {
            config: small.config(),
            definitions: vec![("metrics/world.yml".to_owned(), small.definitions())],
            catalog: Some(small.catalog()),
        };
        let attributes = [("region".to_owned(), vec![Small::region().to_owned()])].into();
        let claim = Claim::One(Literal::String(Small::region().to_owned()));
        Self {
            principal: Principal { claims: [("region".to_owned(), claim)].into(), ..Principal::default() },
            user: User { attributes, ..User::default() },
            small: Some(small),
            ..Self::new(&texts, warehouse, ("2023-12-15", "2024-05-15"), "2024-04-20T12:00:00Z")
        }
    }

    pub(in crate::lookml::twin) fn zone(&self) -> Tz {
        self.project.time_zone
    }

    /// The connection, for somebody.
    pub(in crate::lookml::twin) fn session(&self, user: &User) -> Session {
        Session { user: user.clone(), zone: self.zone(), now: self.now, has_rollups: false, has_parentheses: false }
    }

    pub(in crate::lookml::twin) fn rows(&self, sql: &str) -> Result<Rows, String> {
        let text = Text { sql: sql.to_owned(), parameters: Vec::new() };
        self.warehouse.query_blocking(&text).map_err(|error| error.detail().unwrap_or_default().to_owned())
    }
}

fn seeded(folder: &str) -> DuckDb {
    let warehouse = DuckDb::in_memory().expect("a database");
    let seed = std::fs::read_to_string(worlds::root().join(folder).join("seed.sql")).expect("the seed");
    warehouse.execute_batch(&seed).expect("the seed runs");
    warehouse
}
