//! Joins of explores → joins of models, declared once, from many to one.
//!
//! `join: users { sql_on: ${orders.user_id} = ${users.id} ;; relationship: many_to_one }` becomes a join of `orders` to
//! `users` by `user_id`; `one_to_many` is the same edge from the other side.
//!
//! **Invariant:** an edge leads to at most one row, because LookML says so; on which columns is kept with it, so that the
//! model there declares them as a key.

mod condition;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use condition::{Condition, Side, names};

use super::{
    dimension::{Fields, primary_key},
    report::{Ledger, Outcome},
    say::Value,
    source::has_liquid,
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::{
        explore::{Explore, Join},
        layers::At,
    },
    sql::{Name, formula},
};

/// A join from many to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// The view of many rows.
    pub(super) from: String,
    /// The view of one row.
    pub(super) to: String,
    /// The name under which the one row is known.
    pub(super) role: String,
    /// Their column and our expression, for each part of the key.
    pub(super) keys: Vec<(String, String)>,
    /// The time at which the version there is taken, where rows there are versions.
    pub(super) version: Option<Version>,
}

/// How a join takes the version of a row that is valid at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Our time.
    pub(super) at: String,
    /// Their columns with the first moment, and with the first one after.
    pub(super) valid: (String, String),
}

impl Edge {
    /// Returns their columns.
    pub(super) fn theirs(&self) -> Vec<String> {
        self.keys.iter().map(|(theirs, _)| theirs.clone()).collect()
    }

    /// Writes the join; `primary` is the primary key of the model that it leads to.
    pub(super) fn out(&self, primary: &[String]) -> Out {
        let mut join = Entries::default();
        join.text("to", &self.to);
        let ordered: Option<Vec<&String>> = primary
            .iter()
            .map(|column| self.keys.iter().find(|(theirs, _)| theirs == column).map(|(_, ours)| ours))
            .collect();
        let are_columns = self.keys.iter().all(|(_, ours)| super::say::is_word(ours));
        match ordered.filter(|ours| ours.len() == self.keys.len() && are_columns).as_deref() {
            Some([one]) => join.text("key", *one),
            Some(several) => join.put("key", Out::List(several.iter().map(|ours| Out::text(*ours)).collect())),
            None => join.put(
                "key",
                Out::Map(self.keys.iter().map(|(theirs, ours)| (theirs.clone(), Out::text(ours))).collect()),
            ),
        }
        if self.role != self.to {
            join.text("as", &self.role);
        }
        join.maybe("as_of", self.version.as_ref().map(|version| &version.at));
        Out::Map(join.0)
    }
}

/// All joins.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges(pub(super) Vec<Edge>);

impl Edges {
    /// Finds the way from a view to what is known under a name: the view there, and the roles on the way.
    pub(super) fn route(&self, from: &str, name: &str) -> Option<(String, Vec<String>)> {
        let mut open: VecDeque<(String, Vec<String>)> = VecDeque::from([(from.to_owned(), Vec::new())]);
        let mut seen: BTreeSet<String> = BTreeSet::from([from.to_owned()]);
        while let Some((view, roles)) = open.pop_front() {
            for edge in self.0.iter().filter(|edge| edge.from == view) {
                let mut way = roles.clone();
                way.push(edge.role.clone());
                if edge.role == name || way.join("_") == name {
                    return Some((edge.to.clone(), way));
                }
                if way.len() < 6 && seen.insert(edge.to.clone()) {
                    open.push_back((edge.to.clone(), way));
                }
            }
        }
        None
    }
}

/// Reads the joins between the models of all explores; what becomes of each goes to the ledger.
pub(super) fn read(
    fields: &Fields<'_, '_>,
    views: &[&str],
    refused: &BTreeMap<(String, String), String>,
    ledger: &mut Ledger,
) -> Edges {
    let mut edges: Vec<Edge> = Vec::new();
    for explore in fields.lookml.model.explores.values() {
        for join in &explore.joins {
            let at = join.layers.iter().next().expect("a join has a declaration");
            if fields.lookml.view(join.view()).is_some_and(|view| super::calendars::is_calendar(fields, view)) {
                ledger.mark(at, Outcome::Native, "entente writes it anew");
                mark_parameters(join, ledger);
                continue;
            }
            let edge = read_join(fields, explore, join).and_then(|edge| {
                match refused.get(&(edge.from.clone(), format!("join {}", edge.role))) {
                    Some(why) => Err(why.clone()),
                    None => Ok(edge),
                }
            });
            let is_model = |view: &str| views.contains(&view);
            let edge = match edge {
                Ok(edge) if is_model(&edge.from) && is_model(&edge.to) => edge,
                // What entente made beside a model is made anew with its join.
                Ok(_) if is_generated(fields, join) => {
                    ledger.mark(at, Outcome::Native, note(join));
                    mark_parameters(join, ledger);
                    continue;
                }
                Ok(edge) => {
                    let other = if is_model(&edge.from) { edge.to } else { edge.from };
                    ledger.mark(at, Outcome::Verbatim, format!("view `{other}` stays LookML"));
                    continue;
                }
                Err(why) => {
                    ledger.mark(at, Outcome::Verbatim, why);
                    continue;
                }
            };
            let other = edges.iter().find(|other| other.from == edge.from && other.role == edge.role);
            match other {
                Some(other) if *other != edge => {
                    let why = format!("another explore joins `{}` to `{}` in another way", edge.role, edge.from);
                    ledger.mark(at, Outcome::Verbatim, why);
                }
                Some(_) => ledger.mark(at, Outcome::Native, ""),
                None => {
                    ledger.mark(at, Outcome::Native, note(join));
                    edges.push(edge);
                }
            }
            mark_parameters(join, ledger);
        }
    }
    Edges(edges)
}

/// Says what differs where a join is not `left_outer`.
fn note(join: &Join<'_>) -> String {
    match join.layers.word("type").map(|word| word.text()) {
        Some("inner") => "rows without a match stay, in a group of their own".to_owned(),
        Some("full_outer") => "rows of the joined model without a match are not counted".to_owned(),
        _ => String::new(),
    }
}

/// Parameters of a join that its edge says, or that entente writes anew.
pub(super) const NATIVE: [&str; 6] = ["from", "relationship", "sql_on", "foreign_key", "type", "view_label"];

fn mark_parameters(join: &Join<'_>, ledger: &mut Ledger) {
    for layer in join.layers.iter() {
        for node in layer.node.nodes().iter().filter(|node| !NATIVE.contains(&node.key.text)) {
            ledger.mark(layer.with(node), Outcome::Verbatim, "only Looker knows it");
        }
    }
}

fn read_join(fields: &Fields<'_, '_>, explore: &Explore<'_>, join: &Join<'_>) -> Result<Edge, String> {
    let lookml = fields.lookml;
    if join.layers.has("sql") {
        return Err("it says its rows in SQL, as UNNEST does".to_owned());
    }
    if join.layers.word("type").is_some_and(|word| word.text() == "cross") {
        return Err("every row meets every row".to_owned());
    }
    let view = |alias: &str| explore.view(alias).filter(|view| lookml.view(view).is_some());
    let joined = view(join.alias).ok_or_else(|| format!("there is no view for `{}`", join.alias))?;
    if let Some(key) = join.layers.word("foreign_key") {
        return foreign_key(fields, explore, join, key.text(), joined);
    }
    let sql = lookml.sql(&join.layers, "sql_on").ok_or("it has no condition")??;
    if has_liquid(&sql) {
        return Err("its condition holds Liquid".to_owned());
    }
    let is_own = is_generated(fields, join);
    let Condition { other, pairs, version } = condition::read(join.alias, &sql, is_own)?;
    let near = view(&other).ok_or_else(|| format!("there is no view for `{other}`"))?;
    let strip = |alias: &str, parent: &str| match alias.strip_prefix(&format!("{parent}_")) {
        // entente calls a view that is joined over others by all roles on the way.
        Some(role) if parent != explore.base && is_own => role.to_owned(),
        _ => alias.to_owned(),
    };
    match join.relationship() {
        "many_to_one" | "one_to_one" => {
            let keys = pairs
                .iter()
                .map(|(theirs, ours)| Ok((column(fields, joined, theirs)?, side(fields, near, ours)?)))
                .collect::<Result<_, String>>()?;
            let version = version
                .map(|(at, from, to)| {
                    let Side::Field(at) = at else { return Err("its time is computed".to_owned()) };
                    let (at, member) = fields.member(near, &at)?;
                    if at.is_helper || member.is_none_or(|member| member != "raw") {
                        return Err("its time is no time dimension".to_owned());
                    }
                    let at = at.name.clone();
                    Ok::<_, String>(Version {
                        at,
                        valid: (column(fields, joined, &from)?, column(fields, joined, &to)?),
                    })
                })
                .transpose()?;
            let role = strip(join.alias, &other);
            Ok(Edge { from: near.to_owned(), to: joined.to_owned(), role, keys, version })
        }
        "one_to_many" if version.is_none() => {
            let keys = pairs
                .iter()
                .map(|(theirs, ours)| match ours {
                    Side::Field(field) => {
                        Ok((column(fields, near, field)?, side(fields, joined, &Side::Field(theirs.clone()))?))
                    }
                    Side::Expression(..) => Err("its key on the one side is computed".to_owned()),
                })
                .collect::<Result<_, String>>()?;
            let role = if other == explore.base { near.to_owned() } else { other };
            Ok(Edge { from: joined.to_owned(), to: near.to_owned(), role, keys, version: None })
        }
        other => Err(format!("it is {}, so neither side has at most one row", other.replace('_', " "))),
    }
}

fn is_generated(fields: &Fields<'_, '_>, join: &Join<'_>) -> bool {
    join.layers.iter().next().is_some_and(|at: At<'_>| fields.lookml.is_generated(at.file))
}

fn foreign_key(
    fields: &Fields<'_, '_>,
    explore: &Explore<'_>,
    join: &Join<'_>,
    key: &str,
    joined: &str,
) -> Result<Edge, String> {
    let (alias, field) = key.split_once('.').unwrap_or((explore.base, key));
    let near = explore.view(alias).ok_or_else(|| format!("there is no view for `{alias}`"))?;
    let owner = fields.lookml.view(joined).ok_or("its view is not known")?;
    let primary = primary_key(owner).ok_or_else(|| format!("`{joined}` has no primary key"))?;
    let keys = vec![(column(fields, joined, primary.name)?, side(fields, near, &Side::Field(field.to_owned()))?)];
    Ok(Edge { from: near.to_owned(), to: joined.to_owned(), role: join.alias.to_owned(), keys, version: None })
}

/// Returns the column that a field of a key is.
fn column(fields: &Fields<'_, '_>, view: &str, field: &str) -> Result<String, String> {
    let (dimension, member) = fields.member(view, field)?;
    let is_whole = member.as_deref().is_none_or(|member| member == "raw" || member == "date" && dimension.is_day);
    match &dimension.value {
        Value::Column(column) if is_whole => Ok(column.clone()),
        _ => Err(format!("its key `{view}.{field}` is no column")),
    }
}

/// Says our side of a key: a column, or an expression over our row.
fn side(fields: &Fields<'_, '_>, view: &str, side: &Side) -> Result<String, String> {
    let (expr, marks) = match side {
        Side::Field(field) => return key_part(fields, view, field),
        Side::Expression(expr, marks) => (expr, marks),
    };
    let mut said: BTreeMap<&str, String> = BTreeMap::new();
    for name in names(expr) {
        let (mark, field) =
            marks.iter().find(|(mark, _)| *mark == name).ok_or("its key names what is no field of a view")?;
        said.insert(mark, key_part(fields, view, field)?);
    }
    Ok(formula(expr, &|name| match name {
        Name::Path(words) => said.get(words[0].value.as_str()).cloned().unwrap_or_default(),
        _ => String::new(),
    }))
}

/// Says a field of our side: its column, or the dimension.
fn key_part(fields: &Fields<'_, '_>, view: &str, field: &str) -> Result<String, String> {
    let (dimension, member) = fields.member(view, field)?;
    match member.as_deref() {
        Some("date") if !dimension.is_day => Ok(format!("date({})", dimension.name)),
        None | Some("raw" | "date") => Ok(match &dimension.value {
            Value::Column(column) => super::say::quoted(column),
            Value::Portable(text) if dimension.is_helper => text.clone(),
            Value::Raw(_) if dimension.is_helper => return Err("its key is SQL of one dialect".to_owned()),
            Value::Portable(_) | Value::Raw(_) | Value::Metric(_) => dimension.name.clone(),
        }),
        Some(_) => Err(format!("its key `{view}.{field}` is a text in Looker")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, role: &str) -> Edge {
        let keys = vec![("id".to_owned(), format!("{role}_id"))];
        Edge { from: from.to_owned(), to: to.to_owned(), role: role.to_owned(), keys, version: None }
    }

    #[test]
    fn ways_are_found_over_several_joins() {
        let edges = Edges(vec![edge("items", "orders", "orders"), edge("orders", "users", "buyer")]);
        let found = edges.route("items", "buyer").expect("there is a way");
        assert_eq!(found, ("users".to_owned(), vec!["orders".to_owned(), "buyer".to_owned()]));
        assert_eq!(edges.route("users", "items"), None);
    }

    #[test]
    fn a_key_is_written_short_where_it_is_the_primary_key() {
        let out = edge("orders", "users", "users").out(&["id".to_owned()]);
        assert_eq!(
            out,
            Out::Map(vec![("to".to_owned(), Out::text("users")), ("key".to_owned(), Out::text("users_id")),])
        );
    }
}
