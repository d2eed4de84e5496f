//! Measures over measures and over aggregates written by hand → a formula, and a metric for each aggregate.

use std::collections::{BTreeMap, BTreeSet};

use super::{Measures, Metric, is_helper, joined};
use crate::{
    import::{
        emit::{Entries, Out},
        lookml::{say::canonical, source::place},
    },
    lookml::check::view::{Field, FieldKind, View},
    sql::FoundAggregate,
};

/// The keys of a metric that say what it is.
const MEANING: [&str; 6] = ["model", "agg", "expr", "where", "when_empty", "time"];

/// Words of SQL that say nothing in a name.
const WORDS: [&str; 14] =
    ["case", "when", "then", "else", "end", "and", "or", "not", "null", "is", "coalesce", "cast", "as", "in"];

impl<'a> Measures<'_, '_, 'a> {
    pub(super) fn formula(&self, view: &View<'a>, field: &Field<'a>, name: &str) -> Result<Entries, String> {
        let lookml = self.fields.lookml;
        let sql = lookml.sql(&field.layers, "sql").ok_or("it has no `sql`")??;
        if let Some(found) = self.helpers(view, field, name, &sql)? {
            return Ok(found);
        }
        let measure = |alias: Option<&str>, name: &str| self.operand(view, field, alias, name);
        let (split, metrics) = self.fields.say_formula(view, &sql, &measure)?;
        if split.aggregates.is_empty() && metrics.is_empty() {
            return Err("it aggregates nothing".to_owned());
        }
        if let ([only], true) = (
            split.aggregates.as_slice(),
            split.formula.text == split.aggregates[..].first().map_or("", |found| &found.name),
        ) {
            return Ok(self.aggregate(view, only));
        }
        let mut named: BTreeMap<String, String> = BTreeMap::new();
        for found in &split.aggregates {
            named.insert(found.name.clone(), self.part(view, found, name));
        }
        let text = split.formula.renamed(&|words| match words {
            [word] => named.get(*word).cloned(),
            _ => None,
        });
        let mut out = Entries::default();
        out.text("expr", canonical(&text));
        if !named.is_empty() {
            let parts: Vec<&str> = named.values().map(String::as_str).collect();
            self.tell(view, field, &format!("its aggregates are metrics of their own: {}", parts.join(", ")));
        }
        Ok(out)
    }

    /// Says the body of an aggregate; a sum over no rows is null, as SQL has it.
    fn aggregate(&self, view: &View<'a>, found: &FoundAggregate) -> Entries {
        let mut out = Entries::default();
        out.text("model", view.name);
        out.text("agg", found.aggregate);
        out.maybe("expr", found.argument.as_ref());
        let all: Vec<String> =
            found.filter.iter().cloned().chain(self.filters.of_metrics.get(view.name).cloned()).collect();
        if !all.is_empty() {
            out.text("where", joined(&all));
        }
        if found.aggregate == "sum" {
            out.put("when_empty", Out::Word("null".to_owned()));
        }
        out
    }

    /// Returns the metric of an aggregate that stands in a formula; makes it where there is none.
    pub(super) fn part(&self, view: &View<'a>, found: &FoundAggregate, whole: &str) -> String {
        let body = self.aggregate(view, found);
        let same = |metric: &&Metric| {
            metric.view == view.name
                && body.0.iter().all(|entry| metric.entries.0.contains(entry))
                && metric.entries.0.iter().filter(|(key, _)| MEANING.contains(&key.as_str())).count() == body.0.len()
        };
        if let Some(metric) = self.made.borrow().iter().find(same) {
            return metric.name.clone();
        }
        let of = |text: &str| {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            words
                .filter(|word| {
                    !WORDS.contains(&word.to_lowercase().as_str()) && !word.starts_with(|c: char| c.is_ascii_digit())
                })
                .take(3)
                .collect::<Vec<_>>()
                .join("_")
                .to_lowercase()
        };
        let what = found.argument.as_deref().map_or_else(|| view.name.to_owned(), of);
        let prefix = match found.aggregate {
            "sum" => "total",
            "avg" => "average",
            "count" => "count",
            "count_distinct" | "approx_count_distinct" => "distinct",
            other => other,
        };
        let condition = found.filter.as_deref().map_or_else(String::new, |text| format!("_where_{}", of(text)));
        let name = self.claim(&plain_name(&format!("{prefix}_{what}{condition}")));
        self.push(view.name, Err(whole), &name, body);
        name
    }

    /// Says a formula over measures that entente made for its inputs, and over sums of all groups, as the metric with
    /// inputs that it was.
    fn helpers(&self, view: &View<'a>, field: &Field<'a>, name: &str, sql: &str) -> Result<Option<Entries>, String> {
        if !self.fields.lookml.is_generated(place(field).file) {
            return Ok(None);
        }
        let mut sql = sql.to_owned();
        let mut inputs = Vec::new();
        let mut words = BTreeMap::new();
        for (at, (measure, text)) in self.wholes(view, &sql).into_iter().enumerate() {
            let input = if at == 0 { "whole".to_owned() } else { format!("whole_of_{measure}") };
            let mark = format!("lookml_{input}");
            sql = sql.replace(&text, &format!("${{{mark}}}"));
            let of = view.fields.iter().find(|other| other.kind == FieldKind::Measure && other.name == measure);
            let of = of.ok_or("its whole is of no measure")?;
            let mut out = Entries::default();
            if is_helper(self.fields.lookml, of) {
                let (metric, condition) = self.narrowed(view, of)?;
                out.text("metric", metric);
                out.text("where", condition);
            } else {
                out.text("metric", self.metric(view.name, of)?);
            }
            out.text("ignore", "all");
            inputs.push((input.clone(), Out::Map(out.0)));
            words.insert(mark, input);
        }
        let is_helper = |field: &&Field<'a>| field.kind == FieldKind::Measure && is_helper(self.fields.lookml, field);
        let named = |field: &&Field<'a>| sql.contains(&format!("${{{}}}", field.name));
        for helper in view.fields.iter().filter(is_helper).filter(named) {
            let input = helper.name.strip_prefix(&format!("{name}_")).unwrap_or(helper.name).to_owned();
            let (metric, condition) = self.narrowed(view, helper)?;
            let mut out = Entries::default();
            out.text("metric", metric);
            out.text("where", condition);
            inputs.push((input.clone(), Out::Map(out.0)));
            words.insert(helper.name.to_owned(), input);
        }
        if inputs.is_empty() {
            return Ok(None);
        }
        let measure = |alias: Option<&str>, name: &str| match (alias, words.get(name)) {
            (None, Some(input)) => Some(Ok(input.clone())),
            _ => self.operand(view, field, alias, name),
        };
        let (split, _) = self.fields.say_formula(view, &sql, &measure)?;
        let mut out = Entries::default();
        out.text("expr", canonical(&split.formula.text));
        out.put("inputs", Out::Map(inputs));
        Ok(Some(out))
    }

    /// Finds the metric that a measure narrows down by further filters, and those filters.
    pub(super) fn narrowed(&self, view: &View<'a>, helper: &Field<'a>) -> Result<(String, String), String> {
        let sql = |field: &Field<'a>| field.layers.word("sql").map(|word| word.piece.block());
        let own: BTreeSet<String> = self.filters(view, helper)?.into_iter().collect();
        let mut best: Option<(usize, String, Vec<String>)> = None;
        for field in view.fields.iter().filter(|field| field.kind == FieldKind::Measure && field.layers.has("label")) {
            let axis = |field: &Field<'a>| self.fields.other_axis(view, field.name);
            if field.type_name() != helper.type_name() || sql(field) != sql(helper) || axis(field) != axis(helper) {
                continue;
            }
            let Ok(theirs) = self.filters(view, field) else { continue };
            let theirs: BTreeSet<String> = theirs.into_iter().collect();
            if theirs.is_subset(&own)
                && theirs.len() < own.len()
                && best.as_ref().is_none_or(|(most, ..)| theirs.len() > *most)
            {
                let metric = self.metric(view.name, field)?;
                best = Some((theirs.len(), metric, own.difference(&theirs).cloned().collect()));
            }
        }
        let (_, metric, rest) = best.ok_or_else(|| format!("`{}` narrows no other measure", helper.name))?;
        Ok((metric, joined(&rest)))
    }
}

fn plain_name(text: &str) -> String {
    text.trim_matches('_').replace("__", "_")
}
