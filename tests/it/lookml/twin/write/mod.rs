//! A query of an explore → the SQL that Looker documents, in DuckDB's dialect.

mod conditions;
mod dimension;
mod fan;
pub(super) mod frames;
mod measure;
mod period;
mod reference;
mod rollup;
mod symmetric;
mod tables;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    Looker,
    explore::Explore,
    field::Field,
    filter::day::Calendar,
    project::Model,
    query::{Query, Session},
    refuse,
    text::Block,
};
use period::Shift;

/// Writes the SQL of a query, or says why Looker refuses it.
pub(super) fn sql(model: &Model, session: &Session, query: &Query) -> Looker<String> {
    let explore = Explore::find(model, &query.explore, &session.user)?;
    for field in query.fields.iter().chain(query.sorts.iter().map(|(field, _)| field)) {
        explore.must_show(field)?;
    }
    for (field, _) in &query.filters {
        explore.must_show(field)?;
        let (alias, name) = field.split_once('.').unwrap_or_default();
        if !explore.field(alias, name)?.block().says("can_filter", true) {
            return refuse(format!("nothing is filtered by `{field}`"));
        }
    }
    of_explore(&explore, session, query)
}

/// Writes the SQL of a query of an explore that is found already.
pub(super) fn of(explore: &Explore<'_>, session: &Session, query: &Query) -> Looker<String> {
    of_explore(explore, session, query)
}

/// Writes the SQL of a query that may name fields that people do not see.
fn of_explore(explore: &Explore<'_>, session: &Session, query: &Query) -> Looker<String> {
    if session.has_rollups
        && let Some(sql) = rollup::answer(explore, session, query)?
    {
        return Ok(sql);
    }
    if let Some(sql) = period::answer(explore, session, query)? {
        return Ok(sql);
    }
    let mut writer = Writer::new(explore, session, query)?;
    let mut sql = writer.grouped()?;
    sql.push_str(&order(query, |field| query.fields.iter().position(|other| other == field))?);
    Ok(sql)
}

/// `ORDER BY` and `LIMIT`.
fn order(query: &Query, position: impl Fn(&str) -> Option<usize>) -> Looker<String> {
    let mut sorts = Vec::new();
    for (field, descends) in &query.sorts {
        let Some(position) = position(field) else {
            return refuse(format!("`{field}` is sorted by and not asked for"));
        };
        sorts.push(format!("{} {}", position + 1, if *descends { "DESC NULLS LAST" } else { "ASC NULLS LAST" }));
    }
    let mut sql = String::new();
    if !sorts.is_empty() {
        sql.push_str(&format!(" ORDER BY {}", sorts.join(", ")));
    }
    if let Some(limit) = query.limit {
        sql.push_str(&format!(" LIMIT {limit}"));
    }
    Ok(sql)
}

/// Writes one SELECT.
struct Writer<'a> {
    explore: &'a Explore<'a>,
    session: &'a Session,
    /// What is written.
    query: &'a Query,
    /// What was asked for, of which this may be a part.
    asked: &'a Query,
    /// The filters of the query, and those that the explore puts where it has none.
    filters: Vec<(String, String)>,
    /// The views that are needed so far.
    used: RefCell<BTreeSet<String>>,
    /// The fields whose SQL is being written, the outermost first.
    open: RefCell<Vec<String>>,
    /// The views whose rows a join multiplies.
    multiplied: BTreeSet<String>,
    shift: Option<Shift>,
    /// Columns of an aggregate table in place of fields.
    stored: BTreeMap<String, String>,
}

/// The parts of a SELECT.
struct Body {
    /// What is selected, and whether it is an aggregate.
    columns: Vec<(String, bool)>,
    conditions: Vec<String>,
    having: Vec<String>,
}

impl<'a> Writer<'a> {
    fn new(explore: &'a Explore<'a>, session: &'a Session, query: &'a Query) -> Looker<Self> {
        let writer = Self {
            explore,
            session,
            query,
            asked: query,
            filters: conditions::with_defaults(explore, query),
            used: RefCell::new(BTreeSet::new()),
            open: RefCell::new(Vec::new()),
            multiplied: BTreeSet::new(),
            shift: None,
            stored: BTreeMap::new(),
        };
        for (field, _) in &writer.filters {
            writer.field(field)?;
        }
        Ok(writer)
    }

    fn calendar(&self) -> Calendar {
        let model = self.explore.model;
        Calendar {
            now: self.session.local_now(),
            week_start: model.week_start(),
            fiscal_offset: model.fiscal_offset().unwrap_or(0),
        }
    }

    /// A field by its full name, with alias and name.
    fn field<'f>(&self, field: &'f str) -> Looker<(&'f str, &'f str, Field<'a>)> {
        let Some((alias, name)) = field.split_once('.') else { return refuse(format!("`{field}` has no view")) };
        Ok((alias, name, self.explore.field(alias, name)?))
    }

    /// Writes the SELECT, grouped by its dimensions.
    fn grouped(&mut self) -> Looker<String> {
        // What is multiplied is known when the joins are, which are known when everything is written once.
        self.body()?;
        let joins = self.joins()?;
        self.multiplied = fan::multiplied(&joins)?;
        let body = self.body()?;
        self.assemble(&body)
    }

    fn assemble(&self, body: &Body) -> Looker<String> {
        let base = &self.explore.base;
        let mut from = format!("{} AS {base}", self.table(base)?);
        let mut conditions = body.conditions.clone();
        for join in self.joins()? {
            from.push_str(&self.join(join)?);
            if let Some(condition) = join.code("sql_where") {
                conditions.push(self.code(&join.name, condition)?);
            }
        }
        let body = Body { columns: body.columns.clone(), conditions, having: body.having.clone() };
        Ok(select(&body, &from))
    }

    /// Whether a join that is needed multiplies rows of the base.
    fn fans_out(&self) -> Looker<bool> {
        Ok(fan::multiplied(&self.joins()?)?.contains(&self.explore.base))
    }

    fn body(&self) -> Looker<Body> {
        let mut body = Body { columns: Vec::new(), conditions: Vec::new(), having: Vec::new() };
        for field in &self.query.fields {
            let (alias, name, found) = self.field(field)?;
            let sql = if found.is_measure() { self.reference(alias, name)? } else { self.shown(alias, name)? };
            body.columns.push((sql, found.is_measure()));
        }
        if self.stored.is_empty() {
            self.permanent(&mut body)?;
        }
        for (field, expression) in &self.filters {
            let (alias, name, found) = self.field(field)?;
            if matches!(found, Field::Asked(block) if block.code("sql").is_none()) {
                continue;
            }
            let condition = self.filter(alias, name, expression)?;
            if found.is_measure() { body.having.push(condition) } else { body.conditions.push(condition) }
        }
        Ok(body)
    }

    /// The joins that are needed, in their order, with those that they need themselves.
    fn joins(&self) -> Looker<Vec<&'a Block>> {
        for view in self.explore.block.list("always_join") {
            self.used.borrow_mut().insert(view);
        }
        loop {
            let before = self.used.borrow().clone();
            let needed: Vec<&'a Block> =
                self.explore.joins.iter().copied().filter(|join| before.contains(&join.name)).collect();
            for join in &needed {
                self.join(join)?;
                self.used.borrow_mut().extend(join.list("required_joins"));
            }
            if *self.used.borrow() == before {
                return Ok(needed);
            }
        }
    }
}

/// The SELECT from tables.
fn select(body: &Body, from: &str) -> String {
    let columns: Vec<String> =
        body.columns.iter().enumerate().map(|(at, (sql, _))| format!("{sql} AS c{at}")).collect();
    let mut sql = format!("SELECT {} FROM {from}", columns.join(", "));
    if !body.conditions.is_empty() {
        sql.push_str(&format!(" WHERE ({})", body.conditions.join(") AND (")));
    }
    let keys: Vec<String> = (1..)
        .zip(&body.columns)
        .filter(|(_, (_, is_measure))| !is_measure)
        .map(|(at, _): (usize, _)| at.to_string())
        .collect();
    if !keys.is_empty() {
        sql.push_str(&format!(" GROUP BY {}", keys.join(", ")));
    }
    if !body.having.is_empty() {
        sql.push_str(&format!(" HAVING ({})", body.having.join(") AND (")));
    }
    sql
}
