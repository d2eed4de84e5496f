//! Access filters and grants → policies; aggregate tables → rollups.
//!
//! `access_filter: { field: users.country user_attribute: country }` becomes rows of `users` with
//! `country = $principal.country`; a grant becomes a policy that is visible to the role of its name.
//!
//! **Invariant:** what Looker keeps from some is kept from them here: a policy acts wherever its model is reached.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    dimension::Fields,
    entry::is_made,
    guards::Guards,
    measure::{Measures, is_helper},
    report::{Ledger, Outcome},
    settings::home,
    source::{place, texts},
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::{
        explore::Explore,
        layers::At,
        view::{Field, FieldKind, View},
    },
};

/// Writes the policies of access filters and grants; what a policy that is refused would keep from some is closed.
pub(super) fn policies<'a>(
    fields: &Fields<'_, 'a>,
    views: &[&str],
    measures: &Measures<'_, '_, 'a>,
    guards: &mut Guards<'a>,
    ledger: &mut Ledger,
) -> Vec<Out> {
    let mut policies = rows(fields, views, ledger);
    let members = members(fields, views, measures, guards);
    for at in fields.lookml.model.all("access_grant") {
        let Some(name) = at.node.name() else { continue };
        let is_alone = members.contains_key(&BTreeSet::from([name.text]));
        let together = members.keys().find(|grants| grants.contains(name.text));
        let refused = fields.refused.get(&("policies".to_owned(), name.text.to_owned()));
        match (together, refused) {
            _ if is_twin(fields, name.text) => ledger.mark(at, Outcome::Native, "entente writes it anew"),
            (None, _) => ledger.mark(at, Outcome::Verbatim, "no field that is said here requires it"),
            (Some(_), Some(why)) => ledger.mark(at, Outcome::Verbatim, why.clone()),
            (Some(_), None) if is_alone => {
                let why = if fields.lookml.is_generated(at.file) { String::new() } else { role(at, name.text) };
                ledger.mark(at, Outcome::Native, why);
            }
            (Some(grants), None) => {
                let why = format!("{}; it is in policy `{}`", role(at, name.text), either(grants));
                ledger.mark(at, Outcome::Verbatim, why);
            }
        }
    }
    for (grants, (dimensions, metrics)) in members {
        let name = either(&grants);
        if let Some(why) = fields.refused.get(&("policies".to_owned(), name.clone())) {
            let why = format!("its policy has no form here: {why}");
            let dimensions = dimensions.iter().filter_map(|path| path.split_once('.'));
            let dimensions = dimensions.map(|(view, name)| (view.to_owned(), name.to_owned()));
            let metrics = metrics.into_iter().map(|name| ("metrics".to_owned(), name));
            guards.closed.extend(dimensions.chain(metrics).map(|key| (key, why.clone())));
            continue;
        }
        let mut out = Entries::default();
        out.text("name", name);
        let list = |set: &BTreeSet<String>| Out::List(set.iter().map(Out::text).collect());
        if !dimensions.is_empty() {
            out.put("dimensions", list(&dimensions));
        }
        if !metrics.is_empty() {
            out.put("metrics", list(&metrics));
        }
        out.put("visible_to", Out::List(grants.into_iter().map(Out::text).collect()));
        policies.push(Out::Map(out.0));
    }
    policies
}

/// The keys of a metric that name others.
const MADE_OF: [&str; 3] = ["expr", "metric", "inputs"];

/// Dimensions and metrics, by the grants of which they need one.
type Members<'a> = BTreeMap<BTreeSet<&'a str>, (BTreeSet<String>, BTreeSet<String>)>;

/// Finds what fields need: their own grants, and those without which no explore shows them.
fn members<'a>(
    fields: &Fields<'_, 'a>,
    views: &[&str],
    measures: &Measures<'_, '_, 'a>,
    guards: &Guards<'a>,
) -> Members<'a> {
    let mut members: Members<'a> = BTreeMap::new();
    let mut wholes: BTreeMap<String, BTreeSet<BTreeSet<&'a str>>> = BTreeMap::new();
    for view in views.iter().filter_map(|name| fields.lookml.view(name)) {
        for field in view.fields.iter().filter(|field| !is_made(fields, field)) {
            let is_measure = field.kind == FieldKind::Measure;
            let path = if is_measure {
                measures.metric(view.name, field).ok()
            } else {
                let dimension = fields.dimension(view.name, field).ok();
                dimension.filter(|of| !of.is_helper).map(|of| format!("{}.{}", view.name, of.name))
            };
            let Some(path) = path else { continue };
            let own = super::source::words(&field.layers, "required_access_grants").into_iter();
            let own = own.map(|grant| BTreeSet::from([grant.text()]));
            let all = own.chain(guards.of(view.name, is_measure).iter().cloned());
            let all: BTreeSet<_> = all.filter(|grants| !grants.iter().any(|grant| is_twin(fields, grant))).collect();
            for grants in &all {
                let entry = members.entry(grants.clone()).or_default();
                let list = if is_measure { &mut entry.1 } else { &mut entry.0 };
                list.insert(path.clone());
            }
            if is_measure {
                wholes.insert(path, all);
            }
        }
    }
    // A part of metrics is for those who see one of them.
    let made = measures.made();
    for part in made.iter().filter(|metric| !wholes.contains_key(&metric.name)) {
        let is_in = |(key, value): &(String, Out)| MADE_OF.contains(&key.as_str()) && value.names(&part.name);
        let of = made.iter().filter(|whole| whole.entries.0.iter().any(is_in));
        let shared = of.filter_map(|whole| wholes.get(&whole.name).cloned());
        for grants in shared.reduce(|one, other| &one & &other).unwrap_or_default() {
            members.entry(grants).or_default().1.insert(part.name.clone());
        }
    }
    members
}

/// Returns whether entente made a grant for those who see a mask.
fn is_twin(fields: &Fields<'_, '_>, grant: &str) -> bool {
    let mut declared = fields.lookml.model.all("access_grant");
    grant.starts_with("without_") && declared.any(|at| at.name().text() == grant && fields.lookml.is_generated(at.file))
}

/// `finance_or_board`
fn either(grants: &BTreeSet<&str>) -> String {
    grants.iter().copied().collect::<Vec<_>>().join("_or_")
}

/// Says who is to have the role that a grant becomes.
fn role(at: At<'_>, name: &str) -> String {
    let attribute = at.word("user_attribute").map_or("", |word| word.text());
    let allowed = at.child("allowed_values").map(At::items).unwrap_or_default();
    let allowed: Vec<&str> = allowed.iter().map(|word| word.text()).collect();
    format!("whoever has `{}` as `{attribute}` is to have the role `{name}`", allowed.join("` or `"))
}

/// Returns whether entente suggests no values of a field by itself: its rows are not for everyone, and it is hidden or
/// has no explore of its own.
pub(super) fn keeps_suggestions_back<'a>(fields: &Fields<'_, 'a>, view: &View<'a>, field: &Field<'a>) -> bool {
    let is_guarded = |explore: &Explore<'_>| {
        let condition = explore.layers.word("sql_always_where");
        explore.layers.all("access_filter").next().is_some()
            || condition.is_some_and(|sql| sql.piece.block().contains("_user_attributes"))
    };
    fields.lookml.is_own(&field.layers)
        && (field.layers.says_yes("hidden") || home(fields, view.name).is_none())
        && fields.lookml.model.explores.values().any(is_guarded)
}

/// Writes the policies of access filters, each once; those of all models act.
fn rows(fields: &Fields<'_, '_>, views: &[&str], ledger: &mut Ledger) -> Vec<Out> {
    let mut seen = BTreeSet::new();
    let mut policies = Vec::new();
    let own = fields.lookml.model.explores.values();
    let own =
        own.flat_map(|explore| explore.layers.all("access_filter").map(move |at| (explore, at, Outcome::Verbatim)));
    let others = fields.lookml.several.guards.iter().map(|(explore, at)| (explore, *at, Outcome::LeftBehind));
    for (explore, at, otherwise) in own.chain(others) {
        match policy(fields, views, explore, at) {
            Ok((view, dimension, claim)) => {
                ledger.mark(at, Outcome::Native, "it acts wherever its model is reached");
                if seen.insert((view.clone(), dimension.clone(), claim.clone())) {
                    let mut out = Entries::default();
                    out.text("name", policy_name(&view, &claim));
                    out.text("model", view);
                    out.text("rows", format!("{dimension} = $principal.{claim}"));
                    policies.push(Out::Map(out.0));
                }
            }
            Err(why) => ledger.mark(at, otherwise, why),
        }
    }
    policies
}

fn policy_name(view: &str, claim: &str) -> String {
    format!("{view}_by_{claim}")
}

/// Reads an access filter: the model, its dimension and the claim.
pub(super) fn policy(
    fields: &Fields<'_, '_>,
    views: &[&str],
    explore: &Explore<'_>,
    at: At<'_>,
) -> Result<(String, String, String), String> {
    let field = at.word("field").ok_or("it has no `field`")?.text();
    let claim = at.word("user_attribute").ok_or("it has no `user_attribute`")?.text().to_owned();
    let (alias, name) = field.split_once('.').ok_or("its field names no view")?;
    let view = explore.view(alias).filter(|view| views.contains(view));
    let view = view.ok_or_else(|| format!("`{alias}` is no model here"))?;
    let (dimension, member) = fields.member(view, name)?;
    if member.is_some() || dimension.is_helper {
        return Err(format!("`{field}` is no dimension here"));
    }
    if !super::say::is_word(&claim) {
        return Err(format!("`{claim}` is no name of a claim"));
    }
    if let Some(why) = fields.refused.get(&("policies".to_owned(), policy_name(view, &claim))) {
        return Err(why.clone());
    }
    Ok((view.to_owned(), dimension.name.clone(), claim))
}

/// Writes the rollups of aggregate tables.
pub(super) fn rollups<'a>(
    fields: &Fields<'_, 'a>,
    views: &[&str],
    measures: &Measures<'_, '_, 'a>,
    ledger: &mut Ledger,
) -> Vec<Out> {
    let mut rollups = Vec::new();
    let mut names = BTreeSet::new();
    for explore in fields.lookml.model.explores.values() {
        for at in explore.layers.all("aggregate_table") {
            let Some(name) = at.node.name() else { continue };
            if fields.lookml.is_own(&explore.layers) && ledger.knows(at) {
                continue;
            }
            let refused = fields.refused.get(&("rollups".to_owned(), name.text.to_owned()));
            let made = match refused {
                Some(why) => Err(why.clone()),
                None if !names.insert(name.text) => Err("another aggregate table has its name".to_owned()),
                None => rollup(fields, views, measures, explore, at),
            };
            match made {
                Ok(out) => {
                    ledger.mark(at, Outcome::Native, "");
                    rollups.push(out);
                }
                Err(why) => ledger.mark(at, Outcome::Verbatim, why),
            }
        }
    }
    rollups
}

fn rollup<'a>(
    fields: &Fields<'_, 'a>,
    views: &[&str],
    measures: &Measures<'_, '_, 'a>,
    explore: &Explore<'a>,
    at: At<'a>,
) -> Result<Out, String> {
    let base = explore.view(explore.base).filter(|view| views.contains(view));
    let view = fields.lookml.view(base.ok_or("its explore is over no model here")?).ok_or("its view is not known")?;
    let query = at.child("query").ok_or("it has no `query`")?;
    if query.child("filters").is_some() {
        return Err("it stores some rows only".to_owned());
    }
    let list = |key: &str| query.child(key).map(At::items).unwrap_or_default();
    let split = |name: &str| {
        let (alias, field) = name.split_once('.').unwrap_or((explore.base, name));
        (if alias == explore.base { view.name.to_owned() } else { alias.to_owned() }, field.to_owned())
    };
    let mut metrics = Vec::new();
    for word in list("measures") {
        let (alias, name) = split(word.text());
        if alias != view.name {
            return Err(format!("it stores `{}`, a measure of another view", word.text()));
        }
        let field = view.field(&name).ok_or_else(|| format!("there is no measure `{name}`"))?;
        if is_helper(fields.lookml, field) {
            continue;
        }
        metrics.push(measures.metric(view.name, field)?);
    }
    let (mut dimensions, mut time) = (Vec::new(), None);
    for word in list("dimensions") {
        let (alias, name) = split(word.text());
        let (owner, path) = fields.way(view.name, &alias)?;
        let (dimension, member) = fields.member(&owner, &name)?;
        let whole = format!("{path}{}", dimension.name);
        let Some(member) = member else {
            dimensions.push(whole);
            continue;
        };
        let granularity = match member.as_str() {
            "date" => "day",
            "hour" => "hour",
            "week" => "week",
            "month" => "month",
            "quarter" => "quarter",
            "year" => "year",
            other => return Err(format!("it stores the {other} of a time")),
        };
        if time.replace((whole, granularity)).is_some() {
            return Err("it stores several times".to_owned());
        }
    }
    let mut out = Entries::default();
    out.text("name", at.node.name().map_or("", |name| name.text));
    out.text("model", view.name);
    out.put("metrics", Out::texts(&metrics));
    if !dimensions.is_empty() {
        out.put("dimensions", Out::texts(&dimensions));
    }
    let storage = at.child("materialization");
    if let Some((dimension, granularity)) = time {
        let pair =
            vec![("dimension".to_owned(), Out::Text(dimension)), ("granularity".to_owned(), Out::text(granularity))];
        out.put("time", Out::Map(pair));
        if storage.is_some_and(|storage| storage.child("partition_keys").is_some()) {
            out.text("partition", granularity);
        }
        let back = storage.and_then(|storage| storage.word("increment_offset")).map(|word| word.text());
        if let Some(back) = back.and_then(|count| count.parse::<u32>().ok()).filter(|count| *count > 0) {
            let unit = if back == 1 { granularity.to_owned() } else { format!("{granularity}s") };
            out.put("refresh", Out::Map(vec![("lookback".to_owned(), Out::Text(format!("{back} {unit}")))]));
        }
    }
    Ok(Out::Map(out.0))
}

/// Returns the masks of the dimensions of a view: those that have a masked twin which entente made.
pub(super) fn masks(fields: &Fields<'_, '_>, view: &View<'_>) -> BTreeMap<String, &'static str> {
    let twins = view.fields.iter().filter(|field| {
        fields.lookml.is_generated(place(field).file) && texts(&field.layers, "tags").iter().any(|tag| tag == "masked")
    });
    twins
        .filter_map(|field| {
            let sql = fields.lookml.expanded_sql(field)?.ok()?.to_lowercase();
            let name = field.name.strip_suffix("_masked")?;
            Some((name.to_owned(), if sql.contains("sha") { "sha256" } else { "null" }))
        })
        .collect()
}
