//! What the definitions declare → one query per declaration, and what its answer says of the data.
//!
//! `primary_key: shipment_id` becomes a [`Check`] whose select groups the parcels by their number; from the rows that the
//! warehouse answers, [`Check::judge`] tells how many numbers occur twice, and names the first of them.
//!
//! **Invariant:** nothing here asks a warehouse or a clock, and no value of a private column (`pii`, `mask`) is selected
//! to be shown.

mod calendars;
mod counts;
mod finding;
mod freshness;
mod granularity;
mod groups;
mod holds;
mod joins;
mod keys;
mod privacy;
mod report;
mod same_as;
mod since;
mod values;
mod versions;

pub use finding::{Example, Fault, Finding, Kind, Read, Status};
pub use report::{to_json, to_text};

use crate::{
    files::Span,
    ids::ModelId,
    plan::{self, ModelRows, PlanError, WholeData},
    project::{Project, Source, Table},
    sql::{Dialect, PartitionRule, Select, prove_pruning},
    time::{DateRange, DateTime, Utc},
    warehouse::Rows,
};

/// How the data is looked at.
#[derive(Clone, Debug)]
pub struct Options {
    /// The dialect of the warehouse.
    pub dialect: Dialect,
    /// The present moment, for ages.
    pub now: DateTime<Utc>,
    /// The days whose partitions are read; all of them without it, as far as `required_days` allows.
    pub days: Option<DateRange>,
    /// The days whose partitions are read of a table that must be read within bounds, where `days` is not given.
    pub required_days: DateRange,
    /// What is looked at; everything if it is empty.
    pub only: Vec<Kind>,
}

/// One declaration and the query that tells whether the data keeps it.
#[derive(Clone, Debug)]
pub struct Check {
    /// What kind of declaration it is.
    pub kind: Kind,
    /// What is declared, as it is shown to people.
    pub name: String,
    /// Where it was declared.
    pub span: Span,
    /// The partitioned tables that it reads, and within which bounds.
    pub read: Vec<Read>,
    /// The query and the reader of its answer; or why there is none.
    made: Result<(Select, Judge), String>,
}

/// How the answer of a check is read.
#[derive(Clone, Debug)]
enum Judge {
    /// Groups of rows, some with a fault.
    Groups(groups::Groups),
    /// Partitions and the times in them.
    Holds(holds::Promised),
    /// The rows before a first day.
    Since(since::First),
    /// The latest time.
    Freshness(freshness::Aged),
}

/// Returns the checks of everything that a project declares about its data, by kind.
pub fn checks(project: &Project, options: &Options) -> Vec<Check> {
    let data = WholeData::of(project);
    let context = Context { project, options, data: &data };
    Kind::ALL
        .into_iter()
        .filter(|kind| options.only.is_empty() || options.only.contains(kind))
        .flat_map(|kind| match kind {
            Kind::Keys => keys::checks(&context),
            Kind::Joins => joins::checks(&context),
            Kind::Versions => versions::checks(&context),
            Kind::SameAs => same_as::checks(&context),
            Kind::Holds => holds::checks(&context).into_iter().chain(since::checks(&context)).collect(),
            Kind::Values => values::checks(&context),
            Kind::Granularity => granularity::checks(&context),
            Kind::Calendars => calendars::checks(&context),
            Kind::Freshness => freshness::checks(&context),
        })
        .collect()
}

impl Check {
    /// Returns the query; or why there is none.
    pub fn select(&self) -> Result<&Select, &str> {
        self.made.as_ref().map(|(select, _)| select).map_err(String::as_str)
    }

    /// Says what the answer of the check's query means.
    pub fn judge(&self, rows: &Rows) -> Finding {
        let judged = match &self.made {
            Ok((_, Judge::Groups(groups))) => groups.judge(rows),
            Ok((_, Judge::Holds(promised))) => promised.judge(rows),
            Ok((_, Judge::Since(first))) => first.judge(rows),
            Ok((_, Judge::Freshness(aged))) => aged.judge(rows),
            Err(reason) => return self.unread(reason),
        };
        self.finding(judged)
    }

    /// Returns the finding of a check that could not be made, with the reason.
    pub fn unread(&self, reason: &str) -> Finding {
        self.finding(Judged { unread: Some(reason.to_owned()), ..Judged::default() })
    }

    fn finding(&self, judged: Judged) -> Finding {
        Finding {
            kind: self.kind,
            name: self.name.clone(),
            span: self.span,
            read: self.read.clone(),
            n_rows: judged.n_rows,
            faults: judged.faults,
            unread: judged.unread,
            help: judged.help,
        }
    }
}

/// What an answer says.
#[derive(Clone, Debug, Default)]
struct Judged {
    n_rows: u64,
    faults: Vec<Fault>,
    unread: Option<String>,
    help: Option<String>,
}

/// What every kind of check is made from.
struct Context<'a> {
    project: &'a Project,
    options: &'a Options,
    /// Declarations are about all rows, whoever may see them.
    data: &'a WholeData<'a>,
}

impl<'a> Context<'a> {
    /// Returns the days whose partitions of a model are read.
    fn days(&self, model: ModelId) -> DateRange {
        let required = match &self.project.models[model].source {
            Source::Table(table) => {
                let partition = self.project.tables[*table].partition.as_ref();
                partition.is_some_and(|partition| partition.required)
            }
            Source::Select(_) => false,
        };
        self.days_of(required)
    }

    fn days_of(&self, required: bool) -> DateRange {
        let whole = if required { self.options.required_days } else { DateRange::default() };
        self.options.days.unwrap_or(whole)
    }

    /// Opens the rows of a model that are looked at.
    fn rows(&self, model: ModelId) -> ModelRows<'a> {
        self.rows_of(model, self.days(model))
    }

    /// Opens all rows of a model, to look something up in them.
    fn all_rows(&self, model: ModelId) -> ModelRows<'a> {
        self.rows_of(model, DateRange::default())
    }

    fn rows_of(&self, model: ModelId, days: DateRange) -> ModelRows<'a> {
        let Options { dialect, now, .. } = *self.options;
        ModelRows::open(self.data, plan::Context { now, dialect }, model, days)
    }

    /// Reads the bounds of partitioned tables off a finished select.
    fn read(&self, select: &Select) -> Vec<Read> {
        let rules: Vec<PartitionRule> = self.project.tables.values().filter_map(Table::partition_rule).collect();
        let mut read: Vec<Read> = Vec::new();
        for proof in prove_pruning(select, &rules) {
            let scan = Read { table: proof.table, column: proof.column, from: proof.bound.from, to: proof.bound.to };
            if !read.contains(&scan) {
                read.push(scan);
            }
        }
        read
    }
}

/// A check before its query is made.
struct Draft {
    kind: Kind,
    name: String,
    span: Span,
}

impl Draft {
    /// Makes the check of a query and the reader of its answer.
    fn check(self, context: &Context<'_>, made: Result<(Select, Judge), PlanError>) -> Check {
        let Self { kind, name, span } = self;
        let read = made.as_ref().map(|(select, _)| context.read(select)).unwrap_or_default();
        let made = made.map_err(|error| match error.help {
            Some(help) => format!("{}. {help}", error.message),
            None => error.message,
        });
        Check { kind, name, span, read, made }
    }

    /// Makes the check of groups of rows.
    fn groups(self, context: &Context<'_>, asked: Result<groups::Asked, PlanError>) -> Check {
        let made = asked.map(|asked| {
            let (select, groups) = groups::Groups::new(asked);
            (select, Judge::Groups(groups))
        });
        self.check(context, made)
    }
}
