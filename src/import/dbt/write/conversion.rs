//! Conversions → funnels of two steps.
//!
//! dbt credits each conversion to the latest base event before it, and divides by all base events, those without a key
//! included. A funnel knows events with a key only, so a rate is a hidden funnel with `result: conversions`, divided by the
//! base metric; it may exceed 1. Where nothing converted it is null, as in dbt.

use super::{
    Entries,
    derived::duration,
    metrics::{Known, Made, Metrics, Nature, counts_rows},
};
use crate::import::dbt::{
    names::{snake_case, split},
    tree::{Aggregation, Filter, Input, Metric, MetricKind},
    write::Out,
};

impl Metrics<'_> {
    /// Puts the keys of a funnel, which is of the model of its first step.
    pub(super) fn conversion(&mut self, metric: &Metric, out: &mut Entries) -> Result<Nature, String> {
        let MetricKind::Conversion { base, conversion, entity, calculation, window, same } = &metric.kind else {
            return Err("it is no conversion".to_owned());
        };
        // dbt applies the filters of the metric and of the base to base events only.
        let of_base = [metric.filters.as_slice(), &base.filters].concat();
        if !conversion.is_measure && !conversion.filters.is_empty() {
            let why = "dbt applies no filter to the conversion metric of a conversion, so it is not written";
            self.report.changed("metric", &metric.name, &metric.place, why);
        }
        let of_conversion = if conversion.is_measure { conversion.filters.clone() } else { Vec::new() };
        let events = self.events(base)?;
        let all_base = self.filtered(metric, base, &events, &of_base, "base")?;
        let first = if counts_rows(&events.aggregation) {
            all_base.clone()
        } else {
            let rows = Aggregation { agg: "count".to_owned(), expr: None, balance: None, ..events.aggregation.clone() };
            let rows = Events { aggregation: rows, ..events };
            self.hidden(metric, &rows, &of_base, "base_events")?
        };
        let last = self.conversions(metric, conversion, &of_conversion)?;
        let mut funnel = Entries::default();
        self.funnel(metric, (&first, &last), (entity, window.as_deref(), same), &mut funnel)?;
        let name = match (calculation.as_str(), conversion.fill.is_some()) {
            ("conversions", true) => {
                out.0.extend(funnel.0);
                let why = "a period whose base events all have no key has no row here, and 0 in dbt";
                self.report.changed("metric", &metric.name, &metric.place, why);
                return Ok(first.nature);
            }
            ("conversions" | "conversion_rate", _) => {
                self.free(&format!("{}_conversions", snake_case(&metric.name)))?
            }
            (other, _) => return Err(format!("its calculation `{other}` is not known")),
        };
        let mut hidden = Entries::default();
        hidden.text("name", &name);
        hidden.put("hidden", Out::yes());
        hidden.0.extend(funnel.0);
        self.made.push(Made { out: Out::Map(hidden.0), model: first.nature.root.model });
        // A funnel counts no conversions as 0, and dbt as null.
        let number = if conversion.fill.is_some() { name } else { format!("nullif({name}, 0)") };
        let rate = format!("{number} / {}", all_base.name);
        out.text("expr", if calculation == "conversions" { number } else { rate });
        Ok(first.nature)
    }

    /// Returns the metric that counts the rows which are conversions: those whose expression is not null, as dbt counts.
    fn conversions(&mut self, metric: &Metric, input: &Input, filters: &[Filter]) -> Result<Known, String> {
        let events = self.events(input)?;
        if counts_rows(&events.aggregation) {
            return self.filtered(metric, input, &events, filters, "conversion");
        }
        let refused = || format!("its conversion `{}` does not count rows, as the events of a funnel are", input.name);
        if events.aggregation.agg != "count" {
            return Err(refused());
        }
        let known = self.hidden(metric, &events, filters, "conversion")?;
        let Some(Made { out: Out::Map(mut entries), model }) = self.made.pop() else {
            unreachable!("a hidden metric was made")
        };
        let at = entries.iter().position(|(key, _)| key == "expr").ok_or_else(refused)?;
        let Out::Text(counted) = entries.remove(at).1 else { return Err(refused()) };
        let is_counted = format!("({counted}) is not null");
        match entries.iter_mut().find(|(key, _)| key == "where") {
            Some((_, Out::Text(filter))) => *filter = format!("({filter}) and {is_counted}"),
            _ => entries.insert(at, ("where".to_owned(), Out::Text(is_counted))),
        }
        self.made.push(Made { out: Out::Map(entries), model });
        Ok(known)
    }

    fn funnel(
        &mut self,
        metric: &Metric,
        (first, last): (&Known, &Known),
        (entity, window, same): (&str, Option<&str>, &[(String, String)]),
        out: &mut Entries,
    ) -> Result<(), String> {
        let by = self.names.entity(entity);
        for known in [first, last] {
            let model = known.nature.root.model.map(|at| &self.names.layer.models[at]);
            if !model.is_some_and(|model| model.entities.iter().any(|own| own.name == entity)) {
                return Err(format!("a step of `{}` has no entity `{entity}`", metric.name));
            }
        }
        let (of_first, of_last) = (first.nature.root.axis, last.nature.root.axis);
        if of_first != of_last {
            return Err(
                "its two sides have times of different granularities, which dbt cuts to the coarser of them".to_owned()
            );
        }
        let step = |known: &Known, within: Option<String>| {
            let mut step = Entries::default();
            step.text("metric", &known.name);
            step.text("by", &by);
            step.maybe("within", within);
            Out::Map(step.0)
        };
        let within = match window {
            Some(window) => {
                let (count, unit) = duration(window)?;
                if ["month", "quarter", "year"].contains(&unit.trim_end_matches('s')) {
                    let why = "at the end of a month its window may end up to three days from where dbt ends it";
                    self.report.changed("metric", &metric.name, &metric.place, why);
                }
                Some(format!("{count} {unit}"))
            }
            None => None,
        };
        out.put("funnel", Out::List(vec![step(first, None), step(last, within)]));
        out.text("result", "conversions");
        let mut pairs = Vec::new();
        for (ours, theirs) in same {
            pairs.push((self.property(first, ours)?, Out::Text(self.property(last, theirs)?)));
        }
        if !pairs.is_empty() {
            out.put("same", Out::Map(pairs));
        }
        Ok(())
    }

    /// Returns the name of a dimension of a step's model that has to stay the same.
    fn property(&self, step: &Known, name: &str) -> Result<String, String> {
        let (links, last) = split(name);
        Ok(self.names.resolve(&links, &last, step.nature.root.model)?.words.join("."))
    }

    /// Returns what an input aggregates, with the filters of its own definition.
    fn events(&self, input: &Input) -> Result<Events, String> {
        if input.is_measure {
            let (model, measure) = self.measure(&input.name)?;
            return Ok(Events { model, aggregation: measure.aggregation.clone(), filters: Vec::new() });
        }
        let found = self.names.layer.metrics.iter().find(|other| other.name == input.name);
        let found = found.ok_or_else(|| format!("there is no metric `{}`", input.name))?;
        match &found.kind {
            MetricKind::Simple { model, aggregation, .. } => {
                let model =
                    self.names.model_index(model).ok_or_else(|| format!("there is no semantic model `{model}`"))?;
                Ok(Events { model, aggregation: aggregation.clone(), filters: found.filters.clone() })
            }
            MetricKind::OfMeasure(of) => {
                let (model, measure) = self.measure(&of.name)?;
                let filters = [found.filters.as_slice(), &of.filters].concat();
                Ok(Events { model, aggregation: measure.aggregation.clone(), filters })
            }
            _ => Err(format!("`{}` does not aggregate rows", input.name)),
        }
    }

    /// Returns the metric of an input; with filters of the conversion it is a hidden one.
    fn filtered(
        &mut self,
        metric: &Metric,
        input: &Input,
        events: &Events,
        filters: &[Filter],
        part: &str,
    ) -> Result<Known, String> {
        if filters.is_empty() {
            self.input(&Input { filters: Vec::new(), ..input.clone() })
        } else {
            self.hidden(metric, events, filters, part)
        }
    }

    fn hidden(&mut self, metric: &Metric, events: &Events, filters: &[Filter], part: &str) -> Result<Known, String> {
        let name = self.free(&format!("{}_{part}", snake_case(&metric.name)))?;
        let mut out = Entries::default();
        out.text("name", &name);
        out.put("hidden", Out::yes());
        let all = [events.filters.as_slice(), filters].concat();
        self.aggregate((&metric.name, &metric.place), events.model, &events.aggregation, &all, None, &mut out)?;
        self.made.push(Made { out: Out::Map(out.0), model: Some(events.model) });
        Ok(Known { name, fills: false, nature: self.of_rows(events.model, &events.aggregation, &all) })
    }
}

/// The rows that a side of a conversion is made of.
#[derive(Clone)]
struct Events {
    model: usize,
    aggregation: Aggregation,
    filters: Vec<Filter>,
}
