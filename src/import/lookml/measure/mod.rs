//! Measures → metrics.
//!
//! `type: number` over aggregates written by hand, `SUM(${TABLE}.x) / NULLIF(COUNT(*), 0)`, is split: each aggregate
//! becomes a metric with a name, and the measure a formula over them.
//!
//! **Invariant:** a metric is written only if it gives Looker's number; everything else is a reason.

mod comparison;
mod formula;
mod operand;
mod own;

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use super::{
    dimension::{Dimension, Fields, Kind},
    docs,
    filter::{self, Filtered},
    kept::Renamed,
    say::{Value, canonical, is_enclosed},
    settings::ExploreFilters,
    source::{Lookml, place, texts, words},
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::view::{Field, FieldKind, View},
};

/// The file of metrics that are of several models.
pub(super) const SHARED: &str = "metrics_of_several_models";

/// A metric that was made.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    /// The view of its measure.
    pub(super) view: String,
    pub(super) entries: Entries,
}

/// How many measures may be made of one another.
const MAX_DEPTH: usize = 60;

type Key = (String, String);

/// All measures of a project.
pub(super) struct Measures<'f, 'r, 'a> {
    fields: &'f Fields<'r, 'a>,
    /// The names of the metrics, by view and measure.
    names: BTreeMap<Key, String>,
    taken: RefCell<BTreeSet<String>>,
    said: RefCell<BTreeMap<Key, Option<Result<String, String>>>>,
    made: RefCell<Vec<Metric>>,
    notes: RefCell<BTreeMap<Key, String>>,
    /// How many measures are being said, each for the one before.
    depth: Cell<usize>,
    /// What the explore of a view filters by, for each of its metrics.
    filters: &'f ExploreFilters,
}

impl<'f, 'r, 'a> Measures<'f, 'r, 'a> {
    /// Names the metrics of some views.
    pub(super) fn new(fields: &'f Fields<'r, 'a>, views: &[&str], filters: &'f ExploreFilters) -> Self {
        let names = names(fields, views);
        let taken = names.values().cloned().collect();
        Self {
            fields,
            names,
            taken: RefCell::new(taken),
            said: RefCell::default(),
            made: RefCell::default(),
            notes: RefCell::default(),
            depth: Cell::new(0),
            filters,
        }
    }

    /// Returns the metrics that were made, those of each view in the order of its measures.
    pub(super) fn made(&self) -> Vec<Metric> {
        self.made.borrow().clone()
    }

    /// Lets what metrics pass through to Looker follow the names that measures have there.
    pub(super) fn follow(&self, renamed: &Renamed) {
        for metric in self.made.borrow_mut().iter_mut() {
            for (_, passed) in metric.entries.0.iter_mut().filter(|(key, _)| key == "lookml") {
                renamed.passed(&metric.view, passed);
            }
        }
    }

    /// Returns whether there is a metric of a name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.made.borrow().iter().any(|metric| metric.name == name)
    }

    /// Adds a metric of several models.
    pub(super) fn push_shared(&self, field: &Field<'a>, name: &str, body: Entries) {
        self.push(SHARED, Ok(field), name, body);
    }

    /// Returns what to know about the metric of a measure.
    pub(super) fn note(&self, view: &str, measure: &str) -> String {
        self.notes.borrow().get(&(view.to_owned(), measure.to_owned())).cloned().unwrap_or_default()
    }

    /// Returns the name that the metric of a measure has.
    pub(super) fn name(&self, view: &str, measure: &str) -> Option<&str> {
        self.names.get(&(view.to_owned(), measure.to_owned())).map(String::as_str)
    }

    /// Says a measure, once; returns the name of its metric.
    pub(super) fn metric(&self, view: &str, field: &Field<'a>) -> Result<String, String> {
        let key = (view.to_owned(), field.name.to_owned());
        if let Some(said) = self.said.borrow().get(&key) {
            return said.clone().unwrap_or_else(|| Err("it is made of itself".to_owned()));
        }
        if self.depth.get() > MAX_DEPTH {
            return Err("it is made of too many measures".to_owned());
        }
        self.said.borrow_mut().insert(key.clone(), None);
        self.depth.set(self.depth.get() + 1);
        let said = self.make(view, field);
        self.depth.set(self.depth.get() - 1);
        self.said.borrow_mut().insert(key, Some(said.clone()));
        said
    }

    fn make(&self, view_name: &str, field: &Field<'a>) -> Result<String, String> {
        let view = self.fields.lookml.view(view_name).ok_or("its view is not known")?;
        let Some(name) = self.names.get(&(view_name.to_owned(), field.name.to_owned())) else {
            return Err(format!("view `{view_name}` is kept as it is"));
        };
        if let Some(why) = self.fields.refused.get(&("metrics".to_owned(), name.clone())) {
            return Err(why.clone());
        }
        if let Some(why) = self.filters.refused.get(view_name) {
            return Err(why.clone());
        }
        let mut body = self.body(view, field, name)?;
        let is_of_rows = body.0.iter().any(|(key, _)| key == "model");
        if let Some(time) = self.fields.other_axis(view, field.name).filter(|_| is_of_rows) {
            body.text("time", time);
        }
        self.push(view_name, Ok(field), name, body);
        Ok(name.clone())
    }

    /// Adds a metric: of a measure, or a part of another metric.
    fn push(&self, view: &str, of: Result<&Field<'a>, &str>, name: &str, body: Entries) {
        let mut entries = Entries::default();
        let lookml = self.fields.lookml;
        entries.text("name", name);
        match of {
            Ok(field) => docs::about(lookml, (view, field), name, &format!("Metric {name}."), &mut entries),
            Err(whole) => {
                entries.text("description", format!("A part of {whole}."));
                entries.put("hidden", Out::yes());
            }
        }
        entries.0.extend(body.0);
        if let Ok(field) = of {
            let generic = field.layers.word("value_format_name").is_some_and(|word| word.text() == "decimal_0")
                && lookml.is_generated(place(field).file);
            let more = if generic { None } else { docs::format(lookml, &field.layers, &mut entries) };
            let old = (field.name != name && !lookml.is_generated(place(field).file)).then_some(field.name);
            docs::passed(lookml, &field.layers, more.into_iter().collect(), old, &mut entries);
        }
        self.made.borrow_mut().push(Metric { name: name.to_owned(), view: view.to_owned(), entries });
    }

    fn body(&self, view: &View<'a>, field: &Field<'a>, name: &str) -> Result<Entries, String> {
        if let Some(found) = self.own(view, field, name)? {
            return Ok(found);
        }
        let agg = match field.type_name() {
            "count" => "count",
            "sum" => "sum",
            "average" => "avg",
            "min" => "min",
            "max" => "max",
            "count_distinct" if field.layers.says_yes("approximate") => "approx_count_distinct",
            "count_distinct" => "count_distinct",
            "median" | "percentile" => return self.percentile(view, field),
            "sum_distinct" | "average_distinct" | "median_distinct" | "percentile_distinct" => {
                return self.distinct(view, field, name);
            }
            "number" | "string" | "date" | "date_time" | "yesno" | "int" => return self.formula(view, field, name),
            "period_over_period" => return self.comparison(view, field),
            "running_total" => return Err("a running total adds up the rows that are displayed".to_owned()),
            "percent_of_total" | "percent_of_previous" => {
                return Err("it is a part of the rows that are displayed".to_owned());
            }
            "list" => return Err("a list of values is no number".to_owned()),
            other => return Err(format!("a measure of type `{other}` has no form here")),
        };
        let mut out = Entries::default();
        out.text("model", view.name);
        out.text("agg", agg);
        if agg != "count" {
            let value = self.value(view, field, "sql")?;
            if let Value::Raw(_) = value {
                self.tell(view, field, "it is SQL of one dialect only");
            }
            out.put("expr", value.out(self.fields.lookml.dialect.as_deref()));
        } else if let Some(sql) = self.fields.lookml.sql(&field.layers, "sql") {
            // Looker counts rows whatever stands there.
            sql?;
        }
        self.conditions(view, field, &mut out)?;
        if let Some(balance) = self.fields.balance(view, field)? {
            out.put("balance", balance);
        }
        Ok(out)
    }

    /// Says one row's worth.
    fn value(&self, view: &View<'a>, field: &Field<'a>, key: &str) -> Result<Value, String> {
        let sql = self.fields.lookml.sql(&field.layers, key).ok_or_else(|| format!("it has no `{key}`"))??;
        self.fields.say(view, None, &sql)
    }

    /// Puts the filters of a measure, and what its explore filters by.
    fn conditions(&self, view: &View<'a>, field: &Field<'a>, out: &mut Entries) -> Result<(), String> {
        let mut all: Vec<String> = self.filters(view, field)?;
        all.extend(self.filters.of_metrics.get(view.name).cloned());
        if !all.is_empty() {
            out.text("where", canonical(&joined(&all)));
        }
        Ok(())
    }

    fn filters(&self, view: &View<'a>, field: &Field<'a>) -> Result<Vec<String>, String> {
        let mut all = Vec::new();
        for at in field.layers.all("filters") {
            for (name, value) in at.filters().into_iter().filter(|(name, _)| self.fields.moment(name.text()).is_none())
            {
                let value = value.ok_or("a filter has no value")?;
                let text = self.fields.lookml.expanded(&value.piece.value())?;
                all.extend(self.condition(view, name.text(), &text)?);
            }
        }
        Ok(all)
    }

    /// Puts one filter of a field into a condition.
    pub(super) fn condition(&self, view: &View<'a>, name: &str, value: &str) -> Result<Option<String>, String> {
        let (alias, field) = match name.split_once('.') {
            Some((alias, field)) => (alias, field),
            None => (view.name, name),
        };
        let (owner, path) = self.fields.way(view.name, alias)?;
        let (dimension, member) = self.fields.member(&owner, field)?;
        if super::source::has_liquid(value) {
            return Err("a filter holds Liquid".to_owned());
        }
        let letters = self.fields.lookml.letters(view.name, &owner, field);
        let drops_rows = !path.is_empty() && self.fields.lookml.drops_rows(&path);
        let of = |path: &str, kind: Kind| {
            let found = filter::condition(&Filtered { path, kind, member: member.as_deref(), letters }, value)?;
            if drops_rows && found.as_ref().is_some_and(|text| text.contains(" is null") || text.starts_with("not ")) {
                return Err(format!("its explore leaves rows out that have no match in `{owner}`"));
            }
            Ok(found)
        };
        let Dimension { name, kind, is_helper, value: sql, buckets, .. } = &*dimension;
        if !buckets.is_empty() {
            return Err(format!("it is filtered by classes of `{field}`, whose labels differ"));
        }
        if *is_helper {
            let text = sql.portable().ok_or("its filter is SQL of one dialect")?;
            return match (kind, value.to_ascii_lowercase().as_str()) {
                (Kind::Boolean, "yes") if path.is_empty() => Ok(Some(text)),
                (Kind::Boolean, "no") if path.is_empty() => Ok(Some(format!("({text}) is not true"))),
                _ => of(&format!("{path}{text}"), *kind),
            };
        }
        of(&format!("{path}{name}"), *kind)
    }

    fn percentile(&self, view: &View<'a>, field: &Field<'a>) -> Result<Entries, String> {
        let agg = match field.layers.word("percentile") {
            _ if field.type_name() == "median" => "median".to_owned(),
            Some(word) => format!("p{}", word.text().replace('.', "_")),
            None => return Err("it has no `percentile`".to_owned()),
        };
        let mut out = Entries::default();
        out.text("model", view.name);
        out.text("agg", agg);
        out.put("expr", self.value(view, field, "sql")?.out(self.fields.lookml.dialect.as_deref()));
        self.conditions(view, field, &mut out)?;
        self.tell(view, field, "it lies between two values where Looker takes one, or estimates");
        Ok(out)
    }

    fn tell(&self, view: &View<'_>, field: &Field<'_>, note: &str) {
        self.notes.borrow_mut().insert((view.name.to_owned(), field.name.to_owned()), note.to_owned());
    }

    /// Says an aggregate of one value for each key as a metric of a metric.
    fn distinct(&self, view: &View<'a>, field: &Field<'a>, name: &str) -> Result<Entries, String> {
        let lookml = self.fields.lookml;
        let key = lookml.sql(&field.layers, "sql_distinct_key").ok_or("it has no `sql_distinct_key`")??;
        let key = self.fields.say(view, None, &key)?;
        let key = key.portable().ok_or("its key is SQL of one dialect")?;
        let by = self.key_dimension(view, &key)?;
        let agg = match field.type_name() {
            "sum_distinct" => "sum".to_owned(),
            "average_distinct" => "avg".to_owned(),
            "median_distinct" => "median".to_owned(),
            _ => format!("p{}", field.layers.word("percentile").ok_or("it has no `percentile`")?.text()),
        };
        let mut inner = Entries::default();
        inner.text("model", view.name);
        inner.text("agg", "max");
        inner.put("expr", self.value(view, field, "sql")?.out(lookml.dialect.as_deref()));
        self.conditions(view, field, &mut inner)?;
        let part = match self.twin(view, &format!("{name}_per_key"), &inner) {
            Some(part) => part,
            None => {
                let part = self.claim(&format!("{name}_per_key"));
                self.push(view.name, Err(name), &part, inner);
                part
            }
        };
        let mut out = Entries::default();
        out.text("metric", part);
        out.text("per", by);
        out.text("agg", agg);
        Ok(out)
    }

    /// Returns the metric of a name that a measure of the view gives already, if it says the same.
    fn twin(&self, view: &View<'a>, name: &str, body: &Entries) -> Option<String> {
        let field = view.fields.iter().find(|field| self.name(view.name, field.name) == Some(name))?;
        self.metric(view.name, field).ok()?;
        let made = self.made.borrow();
        let twin = made.iter().find(|metric| metric.name == name)?;
        body.0.iter().all(|entry| twin.entries.0.contains(entry)).then(|| name.to_owned())
    }

    /// Finds the dimension that has the values of a key.
    fn key_dimension(&self, view: &View<'a>, key: &str) -> Result<String, String> {
        let dimensions = view.fields.iter().filter(|field| field.kind == FieldKind::Dimension);
        let found = dimensions.filter_map(|field| self.fields.dimension(view.name, field).ok()).find(|dimension| {
            !dimension.is_helper && (dimension.name == key || dimension.value.portable().as_deref() == Some(key))
        });
        if let Some(found) = found {
            return Ok(found.name.clone());
        }
        key.contains('.').then(|| key.to_owned()).ok_or_else(|| format!("no dimension has the values of `{key}`"))
    }

    /// Takes a name, or the next one after it that is free.
    fn claim(&self, wanted: &str) -> String {
        let mut taken = self.taken.borrow_mut();
        let numbered = (2..).map(|n| format!("{wanted}_{n}"));
        let free = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.expect("some number is free");
        taken.insert(free.clone());
        free
    }
}

/// Joins conditions by `and`, those with `or` in parentheses.
pub(super) fn joined(conditions: &[String]) -> String {
    match conditions {
        [only] => only.clone(),
        several => {
            let all = several.iter().map(|condition| {
                let lower = condition.to_lowercase();
                if lower.contains(" or ") && !is_enclosed(condition) {
                    format!("({condition})")
                } else {
                    condition.clone()
                }
            });
            all.collect::<Vec<_>>().join(" and ")
        }
    }
}

/// Returns whether entente made a measure for others: it says nothing of itself to people.
pub(super) fn is_helper(lookml: &Lookml<'_>, field: &Field<'_>) -> bool {
    lookml.is_generated(place(field).file) && field.layers.says_yes("hidden") && !field.layers.has("label")
}

/// Gives every measure of some views the name of its metric: its own where no other has it, else with its view's.
fn names(fields: &Fields<'_, '_>, views: &[&str]) -> BTreeMap<Key, String> {
    let lookml = fields.lookml;
    let mut wanted: Vec<(Key, String)> = Vec::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for view in views.iter().filter_map(|name| lookml.view(name)) {
        for field in view.fields.iter().filter(|field| field.kind == FieldKind::Measure) {
            *count.entry(field.name).or_default() += 1;
        }
    }
    for view in views.iter().filter_map(|name| lookml.view(name)) {
        for field in view.fields.iter().filter(|field| field.kind == FieldKind::Measure) {
            if is_helper(lookml, field) {
                continue;
            }
            let tags = texts(&field.layers, "tags");
            let ours = tags.iter().find_map(|tag| tag.strip_prefix("entente:")).map(str::to_owned);
            let is_plain = ["count", "total", "sum", "average", "min", "max"].contains(&field.name);
            let name = ours.unwrap_or_else(|| {
                if count[field.name] == 1 && !is_plain {
                    return field.name.to_owned();
                }
                // What stays LookML keeps its name, so that a metric takes none that another field of its view has.
                let whole = format!("{}_{}", view.name, field.name);
                let numbered = (2..).map(|n| format!("{whole}_{n}"));
                let is_free = |name: &String| view.fields.iter().all(|other| other.name != name);
                std::iter::once(whole.clone()).chain(numbered).find(is_free).expect("some number is free")
            });
            wanted.push(((view.name.to_owned(), field.name.to_owned()), name));
        }
    }
    let mut taken = BTreeSet::new();
    let mut names = BTreeMap::new();
    for (key, name) in wanted {
        let numbered = (2..).map(|n| format!("{name}_{n}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.expect("some number is free");
        taken.insert(free.clone());
        names.insert(key, free);
    }
    names
}

/// Returns the timeframe list of a group, for the choice of a model's time.
pub(super) fn frames<'a>(field: &Field<'a>) -> Vec<&'a str> {
    words(&field.layers, "timeframes").into_iter().map(|word| word.text()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_as_they_are_meant() {
        let all = ["a or b".to_owned(), "(c or d)".to_owned(), "(e) or (f)".to_owned()];
        assert_eq!(joined(&all), "(a or b) and (c or d) and ((e) or (f))");
    }
}
