//! Rules of measures.

use super::{
    super::{
        layers::{At, Word},
        view::{Field, FieldKind, View},
    },
    Checker,
    dimension::is_aggregate,
    field::references,
};
use crate::diagnostics::Code;

/// Types that aggregate rows.
const AGGREGATES: [&str; 13] = [
    "average",
    "average_distinct",
    "count",
    "count_distinct",
    "list",
    "max",
    "median",
    "median_distinct",
    "min",
    "percentile",
    "percentile_distinct",
    "sum",
    "sum_distinct",
];

/// Types that work on the rows of the result.
const AFTER: [&str; 3] = ["percent_of_previous", "percent_of_total", "running_total"];

/// Returns whether a type aggregates rows, so that it can be filtered.
pub(super) fn aggregates(kind: &str) -> bool {
    AGGREGATES.contains(&kind)
}

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn measure(&mut self, view: &'m View<'a>, field: &'m Field<'a>) {
        let kind = field.type_name();
        self.measure_sql(view, field, kind);
        self.measure_filters(view, field, kind);
        let place = field.type_word().unwrap_or_else(|| field.layers.last().name());
        let needs: &[&str] = match kind {
            "percentile" | "percentile_distinct" => &["percentile"],
            "list" => &["list_field"],
            "period_over_period" if field.layers.has("custom_calendar_period") => &["based_on", "based_on_time"],
            "period_over_period" => &["based_on", "based_on_time", "period"],
            _ => &[],
        };
        for wanted in needs.iter().filter(|wanted| !field.layers.has(wanted)) {
            self.missing(place, &format!("measure `{}` of type `{kind}`", field.name), wanted);
        }
        if !matches!(kind, "percentile" | "percentile_distinct") {
            self.ignored(&field.layers, &["percentile"], "the measure is no percentile");
        }
        if kind == "period_over_period" {
            self.period_over_period(view, field);
        } else {
            let why = "the measure is no `period_over_period`";
            self.ignored(&field.layers, &["based_on", "based_on_time", "period", "kind", "value_to_date"], why);
        }
        if let Some(list) = field.layers.word("list_field")
            && let Some(other) = self.in_view(view, list)
            && other.kind == FieldKind::Measure
        {
            self.wrong_kind(list, "`list_field`", "dimension");
        }
        self.percentile(field);
    }

    fn percentile(&mut self, field: &Field<'a>) {
        let Some(word) = field.layers.word("percentile") else { return };
        if word.text().parse::<f64>().is_ok_and(|value| !(0.0..=100.0).contains(&value)) {
            let message = format!("`percentile` is between 0 and 100, not {}", word.text());
            self.say(Code::LookmlWrongValue, word, message, "Write 95 for the 95th percentile.");
        }
    }

    fn measure_sql(&mut self, view: &'m View<'a>, field: &'m Field<'a>, kind: &str) {
        let mut dimensions = 0;
        let mut others = 0;
        // The `sql` of a `count` does nothing, which is what is said of it below.
        let aggregates = aggregates(kind) && kind != "count";
        for word in references(field.layers.holding("sql")) {
            let Some(other) = self.in_view(view, word) else {
                others += 1;
                continue;
            };
            match other.kind {
                FieldKind::Dimension | FieldKind::Group => dimensions += 1,
                _ => others += 1,
            }
            if other.kind == FieldKind::Measure && aggregates {
                let message = format!("measure `{}` of type `{kind}` aggregates measure `{}`", field.name, other.name);
                let help = "An aggregate takes dimensions. Use type `number` to compute with measures.";
                self.say(Code::LookmlAggregateOfAggregate, word, message, help);
            } else if matches!(other.kind, FieldKind::Dimension | FieldKind::Group) && AFTER.contains(&kind) {
                self.wrong_kind(word, &format!("`sql` of type `{kind}`"), "measure");
            }
        }
        for sql in
            field.layers.holding("sql").into_iter().filter_map(At::value).filter(|_| aggregates && kind != "list")
        {
            if is_aggregate(sql.text()) {
                let message = format!("measure `{}` of type `{kind}` aggregates an aggregate", field.name);
                let help = "The type aggregates already: take the function out, or use type `number`.";
                let word = Word { piece: sql.piece.trimmed(), ..sql };
                self.say(Code::LookmlAggregateOfAggregate, word, message, help);
            }
        }
        let place = field.layers.last().name();
        match field.layers.child("sql") {
            Some(sql) if kind == "count" => {
                let word = Word { file: sql.file, piece: sql.node.key };
                let message = format!("measure `{}` of type `count` has a `sql`, which does nothing", field.name);
                let help = "Take it out, or use `count_distinct`, or a filter.";
                self.say(Code::LookmlIgnoredParameter, word, message, help);
            }
            Some(sql) if kind == "number" && others == 0 && dimensions > 0 => {
                let text = sql.value().map_or("", Word::text);
                if !text.contains('(') && !["{%", "{{", "@{"].iter().any(|live| text.contains(live)) {
                    let message = format!("measure `{}` of type `number` computes with dimensions only", field.name);
                    let help =
                        "The rows of a group have many values of a dimension: aggregate it, or refer to measures.";
                    self.say(Code::LookmlNumberWithoutAggregate, place, message, help);
                }
            }
            None if needs_sql(kind) && !view.open => {
                let message = format!("measure `{}` of type `{kind}` has no `sql`", field.name);
                self.say(Code::LookmlMissingSql, place, message, "Add `sql:` with what is aggregated.");
            }
            _ => {}
        }
    }

    fn measure_filters(&mut self, view: &'m View<'a>, field: &'m Field<'a>, kind: &str) {
        let filters: Vec<At<'a>> = field.layers.all("filters").chain(field.layers.all("filter")).collect();
        if let Some(first) = filters.first()
            && field.type_word().is_some()
            && !aggregates(kind)
        {
            let word = Word { file: first.file, piece: first.node.key };
            let message = format!("measure `{}` of type `{kind}` cannot be filtered", field.name);
            let help = "Filter the measures that it refers to.";
            self.say(Code::LookmlFilteredNumber, word, message, help);
        }
        for (name, value) in filters.into_iter().flat_map(At::filters) {
            let Some(other) = self.in_view(view, name) else { continue };
            if other.kind == FieldKind::Measure {
                let message = format!("measure `{}` is filtered by measure `{}`", field.name, other.name);
                let help = "Rows are filtered before they are aggregated: filter by a dimension.";
                self.say(Code::LookmlFilterOnMeasure, name, message, help);
            } else if let Some(value) = value {
                self.filter_value(other, value);
            }
        }
    }

    /// Reports filter values that a field of its type can never have.
    pub(super) fn filter_value(&mut self, field: &Field<'a>, value: Word<'a>) {
        let text = value.text().trim();
        let lower = text.to_ascii_lowercase();
        let wrong = match (field.kind, field.type_name()) {
            (FieldKind::Dimension | FieldKind::Filter, "yesno") => {
                let known = ["yes", "no", "true", "false", "any", "any value", "", "null", "not null", "-null"];
                !lower.split(',').all(|part| known.contains(&part.trim()))
            }
            (FieldKind::Dimension, "number") => {
                let odd = |word: &str| {
                    !word.is_empty()
                        && !["not", "null", "and", "or", "to", "inf", "any", "value", "e"].contains(&word)
                        && word.parse::<f64>().is_err()
                };
                lower.split(|c: char| !c.is_ascii_alphabetic()).any(odd)
            }
            (FieldKind::Group, "time") => lower.split(|c: char| !c.is_ascii_alphabetic()).any(is_misspelt_unit),
            _ => false,
        };
        if wrong && !text.contains(['{', '@']) {
            let message = format!("`{}` is of type `{}` and never `{text}`", field.name, field.type_name());
            let help = match field.type_name() {
                "yesno" => "Write `yes` or `no`.",
                "time" => "Write a span such as `28 days` or `2026-01`.",
                _ => "Write a number or a range, such as `>10`.",
            };
            self.say(Code::LookmlFilterValue, value, message, help);
        }
    }

    fn period_over_period(&mut self, view: &'m View<'a>, field: &'m Field<'a>) {
        if let Some(word) = field.layers.word("based_on")
            && let Some(base) = self.in_view(view, word)
            && (base.kind != FieldKind::Measure || !aggregates(base.type_name()))
        {
            let message = format!("`based_on` needs a measure that aggregates, and `{}` is none", base.name);
            let help = "Name a measure of a type such as `sum` or `count`.";
            self.say(Code::LookmlInvalidPeriod, word, message, help);
        }
        if let Some(word) = field.layers.word("based_on_time")
            && let Some(time) = self.in_view(view, word)
            && (time.kind == FieldKind::Measure || !time.has_timeframes())
        {
            let message = format!("`based_on_time` needs a member of a time group, and `{}` is none", word.text());
            self.say(Code::LookmlInvalidPeriod, word, message, "Name a member such as `created_year`.");
        }
    }

    /// Reports a field of the wrong kind.
    pub(super) fn wrong_kind(&mut self, word: Word<'a>, place: &str, wanted: &str) {
        let message = format!("{place} needs a {wanted}, and `{}` is none", word.text());
        self.say(Code::LookmlWrongFieldKind, word, message, format!("Name a {wanted}."));
    }
}

/// Returns whether a word of a filter on a time is nearly a unit, and none: `dayz`.
fn is_misspelt_unit(word: &str) -> bool {
    let units = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
    let singular = word.strip_suffix('s').unwrap_or(word);
    !units.contains(&singular) && units.iter().any(|unit| word.starts_with(unit) && word.len() == unit.len() + 1)
}

fn needs_sql(kind: &str) -> bool {
    (aggregates(kind) && !matches!(kind, "count" | "list")) || AFTER.contains(&kind) || kind == "number"
}
