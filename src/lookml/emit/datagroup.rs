//! Freshness of tables → datagroups.

use std::collections::BTreeSet;

use super::{
    super::{
        lexical::{identifier, inert},
        tree::Datagroup,
    },
    Emission, names,
    partition::as_partition,
    splice::TOKEN,
    view::table_name,
};
use crate::{
    catalog::ColumnType,
    ids::{ModelId, TableId},
    project::{Freshness, Partition, Source, Table},
    sql::{AggregateFunction, BinaryOp, Expr, From, Function, Select, SqlExpr, print},
    time::Unit,
};

/// How many days back the latest load of a partitioned table is looked for.
const RECENT_DAYS: i64 = 7;

impl Emission<'_> {
    /// Returns the datagroup of a model's table, if its freshness is declared.
    pub(super) fn datagroup_of(&self, model: ModelId) -> Option<String> {
        match &self.project.models[model].source {
            Source::Table(table) => {
                let table = &self.project.tables[*table];
                table.freshness.as_ref().map(|_| name(table))
            }
            Source::Select(_) => None,
        }
    }
}

fn name(table: &Table) -> String {
    identifier(&table.name)
}

/// The datagroup of everything whose table says nothing.
pub(super) fn default_name(emission: &Emission<'_>) -> String {
    format!("{}_daily", names::project_name(emission.project))
}

/// Makes the datagroups of a project.
pub(super) fn datagroups(emission: &Emission<'_>) -> Vec<Datagroup> {
    let project = emission.project;
    let today = Select { items: vec![SqlExpr::bare(token("today")).named("today")], ..Select::default() };
    let mut datagroups = vec![Datagroup {
        name: default_name(emission),
        label: "Daily".to_owned(),
        description: "Caches once a day, for tables that do not say how fresh they are.".to_owned(),
        sql_trigger: finish(&print(&today, emission.options.dialect).sql, ""),
        max_cache_age: "24 hours".to_owned(),
    }];
    let read = project.models.values().filter_map(|model| match model.source {
        Source::Table(id) => Some(id),
        Source::Select(_) => None,
    });
    let read: BTreeSet<TableId> = read.collect();
    for (id, table) in project.tables.iter().filter(|(id, _)| read.contains(id)) {
        if let Some(freshness) = &table.freshness {
            datagroups.push(of_table(emission, id, table, freshness));
        }
    }
    datagroups[1..].sort_by(|a, b| a.name.cmp(&b.name));
    datagroups
}

/// `SELECT MAX(t.loaded_at) AS latest FROM marts.fct_shipments AS t WHERE t.booked_date >= …`
fn of_table(emission: &Emission<'_>, _: TableId, table: &Table, freshness: &Freshness) -> Datagroup {
    let latest = SqlExpr::aggregate(AggregateFunction::Max, Some(SqlExpr::column("t", freshness.column.clone())));
    let select = Select {
        items: vec![latest.named("latest")],
        from: Some(From::Table { name: token("table"), alias: "t".to_owned() }),
        filter: table.partition.as_ref().map(recent),
        ..Select::default()
    };
    let age = freshness.warn_after.or(freshness.error_after);
    Datagroup {
        name: name(table),
        label: inert(&table.name),
        description: inert(&format!("Caches until {} has rows that were loaded later.", table.name)),
        sql_trigger: finish(&print(&select, emission.options.dialect).sql, &table_name(emission.options, &table.name)),
        max_cache_age: age.map_or_else(
            || "24 hours".to_owned(),
            |age| match age.unit {
                Unit::Month | Unit::Quarter | Unit::Year | Unit::Week | Unit::Day => {
                    format!("{} hours", 24 * age.unit.days().unwrap_or(30) * age.count)
                }
                Unit::Second | Unit::Minute | Unit::Hour => age.to_string(),
            },
        ),
    }
}

/// `t.booked_date >= today - 7 days`, so that the trigger reads a few partitions.
fn recent(partition: &Partition) -> SqlExpr {
    // BigQuery moves a day by another function than a time, and compares no date with a time.
    let today = Expr::Cast { arg: Box::new(SqlExpr::bare(token("today"))), to: ColumnType::Date };
    let start = Expr::call(Function::AddUnits(Unit::Day), vec![today, Expr::integer(-RECENT_DAYS)]);
    SqlExpr::column("t", partition.column.clone()).binary(BinaryOp::GtEq, as_partition(partition, start))
}

fn token(name: &str) -> String {
    format!("{TOKEN}{name}_")
}

fn finish(sql: &str, table: &str) -> String {
    let mut text = sql.to_owned();
    for (name, value) in [("table", table), ("today", "CURRENT_DATE")] {
        let token = token(name);
        for quote in ["`", "\""] {
            text = text.replace(&format!("{quote}{token}{quote}"), value);
        }
        text = text.replace(&token, value);
    }
    text
}
