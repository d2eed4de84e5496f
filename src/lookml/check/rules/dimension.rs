//! Rules of dimensions and dimension groups.

use super::{
    super::{
        layers::{At, Word},
        parameters::DATE_ONLY_TIMEFRAMES,
        scan, sql,
        view::{Field, FieldKind, View},
    },
    Checker,
    field::references,
};
use crate::diagnostics::Code;

/// Functions that take many rows.
const AGGREGATES: [&str; 3] = ["sum", "avg", "count"];

impl<'m, 'a> Checker<'m, 'a> {
    pub(super) fn dimension(&mut self, view: &'m View<'a>, field: &'m Field<'a>) {
        self.dimension_sql(view, field);
        let needs: &[&str] = match field.type_name() {
            "tier" => &["tiers"],
            "bin" => &["bins"],
            "location" => &["sql_latitude", "sql_longitude"],
            "distance" => &["start_location_field", "end_location_field"],
            _ => &[],
        };
        let place = field.type_word().unwrap_or_else(|| field.layers.last().name());
        for wanted in needs.iter().filter(|wanted| !field.layers.has(wanted)) {
            self.missing(place, &format!("dimension `{}` of type `{}`", field.name, field.type_name()), wanted);
        }
        for (key, types) in
            [("tiers", &["tier"][..]), ("bins", &["bin"]), ("style", &["tier", "bin"]), ("sql_latitude", &["location"])]
        {
            if !types.contains(&field.type_name()) {
                self.ignored(&field.layers, &[key], &format!("only a dimension of type `{}` has it", types[0]));
            }
        }
        let tiers = field.layers.child("tiers").map(At::items).unwrap_or_default();
        let bounds: Option<Vec<f64>> = tiers.iter().map(|tier| tier.text().parse().ok()).collect();
        if let Some(at) = bounds.and_then(|bounds| bounds.windows(2).position(|pair| pair[0] > pair[1])) {
            let message = format!("`{}` comes before `{}`, which is less", tiers[at].text(), tiers[at + 1].text());
            self.say(Code::LookmlWrongValue, tiers[at + 1], message, "Write the tiers from the least to the greatest.");
        }
        for case in field.layers.holding("case") {
            for when in case.children("when") {
                for wanted in ["sql", "label"].into_iter().filter(|wanted| when.child(wanted).is_none()) {
                    self.missing(when.name(), "`when`", wanted);
                }
                for word in references(when.children("sql")) {
                    self.in_view(view, word);
                }
            }
        }
    }

    pub(super) fn group(&mut self, view: &'m View<'a>, field: &'m Field<'a>) {
        self.dimension_sql(view, field);
        if field.type_name() == "duration" {
            let place = field.type_word().unwrap_or_else(|| field.layers.last().name());
            for wanted in ["sql_start", "sql_end"].into_iter().filter(|wanted| !field.layers.has(wanted)) {
                self.missing(place, &format!("dimension_group `{}` of type `duration`", field.name), wanted);
            }
            self.ignored(&field.layers, &["timeframes"], "a duration has `intervals`");
            return;
        }
        self.ignored(&field.layers, &["intervals"], "a group of type `time` has `timeframes`");
        let frames = field.layers.child("timeframes").map(At::items).unwrap_or_default();
        if field.layers.word("datatype").is_some_and(|word| word.text() == "date") {
            for frame in frames.iter().filter(|frame| is_time_of_day(frame.text())) {
                let message = format!("`{}` has no time of the day: its `datatype` is `date`", field.name);
                let help = format!("Take `{}` out, or correct the `datatype`.", frame.text());
                self.say(Code::LookmlTimeframeOfDate, *frame, message, help);
            }
        }
        if self.model.file.is_some() && !self.model.open && self.model.setting("fiscal_month_offset").is_none() {
            for frame in frames.iter().filter(|frame| frame.text().starts_with("fiscal_")) {
                let message = format!("`{}` needs a `fiscal_month_offset` in the model", frame.text());
                let help = "Add `fiscal_month_offset:` to the model, or take the timeframe out.";
                self.say(Code::LookmlFiscalWithoutOffset, *frame, message, help);
            }
        }
    }

    fn dimension_sql(&mut self, view: &'m View<'a>, field: &'m Field<'a>) {
        let held = field.layers.holding("sql");
        for word in references(held.iter().copied()) {
            let Some(other) = self.in_view(view, word) else { continue };
            if other.kind == FieldKind::Measure {
                let message = format!("{} `{}` refers to measure `{}`", field.kind.word(), field.name, other.name);
                let help = "A dimension has a value in each row. Make it a measure of type `number`.";
                self.say(Code::LookmlMeasureInDimension, word, message, help);
            }
        }
        for sql in held.into_iter().filter_map(At::value).filter(|sql| is_aggregate(sql.text())) {
            let message = format!("{} `{}` aggregates", field.kind.word(), field.name);
            let help = "A dimension has a value in each row. Make it a measure, or use a window function.";
            let word = Word { piece: sql.piece.trimmed(), ..sql };
            self.say(Code::LookmlAggregateInDimension, word, message, help);
        }
    }
}

fn is_time_of_day(frame: &str) -> bool {
    ["time", "hour", "minute", "second", "milli", "micro"].iter().any(|time| frame.starts_with(time))
        && !DATE_ONLY_TIMEFRAMES.contains(&frame)
}

/// Returns whether a SQL text is an aggregate, and neither a window nor a query of its own.
pub(super) fn is_aggregate(text: &str) -> bool {
    if !text.contains('(') || !scan::calls(text, &AGGREGATES) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    !["over", "select", "unnest", "{%", "array", "list_"].iter().any(|word| lower.contains(word))
        && scan::calls(&sql::without_quotes(text), &AGGREGATES)
}
