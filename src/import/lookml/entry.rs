//! A model → its entry in the file: its rows, key, time, joins and dimensions.
//!
//! **Invariant:** each field of the view is entered in the ledger, with where it went.

use std::collections::BTreeMap;

use super::{
    access,
    dimension::{Dimension, Fields, Kind},
    docs,
    edges::Edges,
    models::Rows,
    report::{Ledger, Outcome},
    say::{Value, quoted},
    source::{place, texts},
};
use crate::{
    import::emit::{Entries, Out},
    lookml::{
        check::view::{Field, FieldKind, View},
        human,
    },
};

/// What a model says beside its view.
#[derive(Debug)]
pub(super) struct Beside<'m> {
    /// The condition of its explore.
    pub(super) filter: Option<&'m str>,
    /// The SQL of the dimension that its filter names.
    pub(super) kept: Option<&'m str>,
    /// The masks of its dimensions, by name.
    pub(super) masks: BTreeMap<String, &'static str>,
    /// What columns of models mean elsewhere.
    pub(super) shared: &'m BTreeMap<(String, String), String>,
}

/// Writes a model.
pub(super) fn write<'a>(
    fields: &Fields<'_, 'a>,
    view: &View<'a>,
    edges: &Edges,
    beside: &Beside<'_>,
    (proposals, ledger): (&mut Vec<String>, &mut Ledger),
) -> Out {
    let lookml = fields.lookml;
    let mut out = Entries::default();
    out.text("name", view.name);
    let explore = super::settings::home(fields, view.name);
    let label = lookml.said(&view.layers, "label").or_else(|| lookml.said(&explore?.layers, "label"));
    out.maybe("label", label.filter(|label| *label != human(view.name)));
    let description = explore.and_then(|explore| lookml.said(&explore.layers, "description"));
    let description = description.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    out.maybe("description", description.filter(|text| *text != format!("Rows of {}.", view.name)));
    if explore.is_some_and(|explore| explore.layers.says_yes("hidden")) || is_only_joined(fields, view) {
        out.put("hidden", Out::yes());
    }
    let table = match fields.rows(view) {
        Ok(Rows::Table(table)) => {
            out.text("table", &table);
            Some(table)
        }
        Ok(Rows::Sql(sql)) => {
            out.text("sql", sql);
            storage(fields, view, ledger);
            None
        }
        Err(_) => None,
    };
    let (key, proposal) = fields.key(view, edges);
    proposals.extend(proposal);
    match key.as_slice() {
        [] => {}
        [one] => out.text("primary_key", one),
        several => out.put("primary_key", Out::texts(several)),
    }
    let unique = unique(view, edges, &key);
    if !unique.is_empty() {
        out.put("unique", Out::List(unique.iter().map(|columns| Out::texts(columns)).collect()));
    }
    out.maybe("time", fields.axis(view));
    proposals.extend(fields.guessed_axis(view));
    out.maybe("where", beside.filter);
    if let Some(versions) = versions(view, edges) {
        out.put("versions", versions);
    }
    let joins = edges.0.iter().filter(|edge| edge.from == view.name);
    let joins: Vec<Out> = joins
        .map(|edge| {
            let primary = lookml.view(&edge.to).map(|to| fields.key(to, edges).0).unwrap_or_default();
            edge.out(&primary)
        })
        .collect();
    if !joins.is_empty() {
        out.put("joins", Out::List(joins));
    }
    let mut dimensions = dimensions(fields, view, table.as_deref(), beside, ledger);
    if let Some(sql) = beside.kept {
        let mut kept = Entries::default();
        kept.text("name", super::settings::KEPT);
        kept.text("type", "boolean");
        kept.put("expr", Value::Raw(sql.to_owned()).out(lookml.dialect.as_deref()));
        kept.text("description", "Whether its explore keeps the row.");
        kept.put("hidden", Out::yes());
        dimensions.push(Out::Map(kept.0));
    }
    if !dimensions.is_empty() {
        out.put("dimensions", Out::List(dimensions));
    }
    Out::Map(out.0)
}

/// Returns the columns on which joins meet at most one row of a view, beside its primary key.
fn unique(view: &View<'_>, edges: &Edges, key: &[String]) -> Vec<Vec<String>> {
    let sorted = |columns: &[String]| -> Vec<String> {
        let mut columns = columns.to_vec();
        columns.sort();
        columns
    };
    let mut unique: Vec<Vec<String>> = Vec::new();
    for edge in edges.0.iter().filter(|edge| edge.to == view.name && edge.version.is_none()) {
        let mut theirs = edge.theirs();
        let known = sorted(&theirs);
        if known != sorted(key) && unique.iter().all(|other| sorted(other) != known) {
            theirs.dedup();
            unique.push(theirs);
        }
    }
    unique
}

/// Returns what tells the versions of a view's rows apart, if a join meets the one of a moment.
fn versions(view: &View<'_>, edges: &Edges) -> Option<Out> {
    let mut versioned = edges.0.iter().filter(|edge| edge.to == view.name);
    let (edge, version) = versioned.find_map(|edge| Some((edge, edge.version.as_ref()?)))?;
    let mut entries = Entries::default();
    entries.put("of", Out::texts(&edge.theirs()));
    entries.text("from", &version.valid.0);
    entries.text("to", &version.valid.1);
    Some(Out::Map(entries.0))
}

/// Returns whether explores show a view only beside others, so that one over it alone would be new.
fn is_only_joined(fields: &Fields<'_, '_>, view: &View<'_>) -> bool {
    let explores = || fields.lookml.model.explores.values().filter(|explore| !explore.needs_extension());
    !fields.lookml.is_own(&view.layers)
        && view.fields.iter().any(|field| field.kind == FieldKind::Measure)
        && explores().all(|explore| explore.view(explore.base) != Some(view.name))
        && explores().any(|explore| explore.joins.iter().any(|join| join.view() == view.name))
}

/// Tells that Looker stores the rows of a derived table no more.
fn storage<'a>(fields: &Fields<'_, 'a>, view: &View<'a>, ledger: &mut Ledger) {
    for table in view.layers.all("derived_table").filter(|at| !fields.lookml.is_generated(at.file)) {
        for at in table.node.nodes().iter().map(|node| table.with(node)).filter(|at| at.node.key.text != "sql") {
            let why = format!(
                "each query runs the SQL of `{0}`: store it as a table, or refine `derived_table` of `{0}` by hand",
                view.name
            );
            ledger.mark(at, Outcome::LeftBehind, why);
        }
    }
}

fn dimensions<'a>(
    fields: &Fields<'_, 'a>,
    view: &View<'a>,
    table: Option<&str>,
    beside: &Beside<'_>,
    ledger: &mut Ledger,
) -> Vec<Out> {
    let mut written = Vec::new();
    let declared = view.fields.iter().filter(|field| field.kind != FieldKind::Measure);
    for field in declared {
        let at = place(field);
        if is_made(fields, field) {
            field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, "entente writes it anew"));
            continue;
        }
        if fields.is_bare_flag(field) {
            field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, "it is its column, as it is"));
            continue;
        }
        match fields.dimension(view.name, field) {
            Err(why) => field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, why.clone())),
            Ok(dimension) => {
                let note = dimension.note.clone().unwrap_or_default();
                field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Native, ""));
                ledger.mark(at, Outcome::Native, note);
                let mask = beside.masks.get(field.name).copied();
                let mut out = one(fields, view, field, &dimension, table, mask);
                if let (Out::Map(entries), Value::Column(column)) = (&mut out, &dimension.value)
                    && let Some(path) = beside.shared.get(&(view.name.to_owned(), column.clone()))
                {
                    entries.push(("same_as".to_owned(), Out::text(path)));
                }
                written.push(out);
            }
        }
    }
    written
}

/// Returns whether entente makes a field by itself: helpers, keys of several columns, masks.
pub(super) fn is_made(fields: &Fields<'_, '_>, field: &Field<'_>) -> bool {
    let tags = texts(&field.layers, "tags");
    fields.is_helper(field) || fields.lookml.is_generated(place(field).file) && tags.iter().any(|tag| tag == "masked")
}

fn one<'a>(
    fields: &Fields<'_, 'a>,
    view: &View<'a>,
    field: &Field<'a>,
    dimension: &Dimension,
    table: Option<&str>,
    mask: Option<&str>,
) -> Out {
    let lookml = fields.lookml;
    let layers = &field.layers;
    let mut out = Entries::default();
    out.text("name", &dimension.name);
    out.text("type", dimension.kind.word());
    let is_own = matches!(&dimension.value, Value::Column(column) if quoted(column) == dimension.name);
    if let Value::Metric(metric) = &dimension.value {
        out.text("metric", metric);
    } else if !is_own {
        out.put("expr", dimension.value.out(lookml.dialect.as_deref()));
    }
    if dimension.kind == Kind::Nullable {
        out.put("nullable", Out::yes());
    }
    out.maybe("granularity", dimension.granularity);
    let made = match (&dimension.value, table) {
        (Value::Column(column), Some(table)) => format!("Column {column} of {table}."),
        _ => format!("Computed for each row of {}.", view.name),
    };
    let shown = if field.kind == FieldKind::Group { field.name } else { &dimension.name };
    docs::about(lookml, (view.name, field), shown, &made, &mut out);
    if !dimension.buckets.is_empty() {
        out.put("buckets", Out::List(dimension.buckets.iter().map(|bound| Out::Word(bound.clone())).collect()));
    }
    let mut values = texts(layers, "suggestions");
    if values.is_empty() {
        values.clone_from(&dimension.labels);
    }
    if !values.is_empty() && dimension.kind == Kind::Text {
        out.put("values", Out::texts(&values));
    }
    let more = if dimension.kind == Kind::Number { docs::format(lookml, layers, &mut out) } else { None };
    let personal = docs::personal(layers);
    out.maybe("pii", personal.as_ref());
    out.maybe("mask", mask);
    let says_no = layers.word("suggestable").is_some_and(|word| word.text() == "no");
    if says_no && personal.is_none() && !access::keeps_suggestions_back(fields, view, field) {
        out.put("suggest", Out::Word("false".to_owned()));
    }
    docs::passed(lookml, layers, more.into_iter().collect(), None, &mut out);
    Out::Map(out.0)
}
