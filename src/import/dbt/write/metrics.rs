//! Metrics, each behind those that it is made of.
//!
//! **Invariant:** a metric is written at most once, and never before everything it names can be written.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entries, Types};
use crate::{
    import::dbt::{
        filters::{Condition, Filters, MetricDimension, Root},
        names::{Names, field, snake_case},
        report::{Place, Report},
        tree::{Aggregation, Filter, Input, Measure, Metric, MetricKind},
        write::Out,
    },
    time::Granularity,
};

/// The fields that stand beside metrics in the API.
const RESERVED: [&str; 5] = ["by", "is_partial", "is_other", "is_total", "previous"];

/// A metric as it is written.
#[derive(Clone, Debug)]
pub(in crate::import::dbt) struct Made {
    /// The definition.
    pub(in crate::import::dbt) out: Out,
    /// The one semantic model that it speaks of; none if it speaks of several.
    pub(in crate::import::dbt) model: Option<usize>,
}

/// Writes metrics.
pub(in crate::import::dbt) struct Metrics<'a> {
    pub(in crate::import::dbt) names: &'a Names<'a>,
    pub(in crate::import::dbt) filters: &'a Filters<'a>,
    pub(in crate::import::dbt) dialect: Option<&'a str>,
    pub(in crate::import::dbt) types: Types<'a>,
    pub(in crate::import::dbt) report: &'a mut Report,
    /// What was made, in order.
    pub(in crate::import::dbt) made: Vec<Made>,
    /// Metrics that filters need as dimensions, with their names here.
    pub(in crate::import::dbt) dimensions: Vec<(MetricDimension, String)>,
    /// Names by metric of dbt, or why there is none.
    done: BTreeMap<String, Result<Known, String>>,
    /// What is known of the metrics that can be asked for, by their name in dbt.
    pub(in crate::import::dbt) natures: BTreeMap<String, Nature>,
    /// Hidden metrics of measures, by measure, filters and fill.
    of_measures: BTreeMap<String, Known>,
    in_progress: BTreeSet<String>,
    /// Names here, by metric of dbt.
    called: BTreeMap<&'a str, String>,
    /// Names that are given, as the API shows them.
    taken: BTreeSet<String>,
}

/// A metric that was made.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Its name here.
    pub(super) name: String,
    /// Whether nothing is zero.
    pub(super) fills: bool,
    /// What it is made of.
    pub(super) nature: Nature,
}

/// What the metrics that are made of a metric have to know of it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::import::dbt) struct Nature {
    /// The semantic model it speaks of, if it is one, and how finely its time is cut.
    pub(in crate::import::dbt) root: Root,
    /// Whether a filter names its time.
    pub(in crate::import::dbt) limits_time: bool,
    /// Whether it is shifted or accumulated over time.
    pub(in crate::import::dbt) moves: bool,
}

impl<'a> Metrics<'a> {
    pub(in crate::import::dbt) fn new(
        names: &'a Names<'a>,
        filters: &'a Filters<'a>,
        (dialect, types): (Option<&'a str>, Types<'a>),
        report: &'a mut Report,
    ) -> Self {
        let mut taken = BTreeSet::new();
        let mut called = BTreeMap::new();
        for metric in &names.layer.metrics {
            let mut name = snake_case(&metric.name);
            if RESERVED.contains(&name.as_str()) {
                name.push_str("_metric");
            }
            called.insert(metric.name.as_str(), unlike(name, &mut taken));
        }
        Self {
            names,
            filters,
            dialect,
            types,
            report,
            made: Vec::new(),
            dimensions: Vec::new(),
            done: BTreeMap::new(),
            natures: BTreeMap::new(),
            of_measures: BTreeMap::new(),
            in_progress: BTreeSet::new(),
            called,
            taken,
        }
    }

    /// Writes all metrics, and the measures that are metrics by themselves.
    pub(in crate::import::dbt) fn write(&mut self) {
        let layer = self.names.layer;
        for metric in &layer.metrics {
            let _ = self.metric(&metric.name);
        }
        for model in &layer.models {
            for measure in model.measures.iter().filter(|measure| measure.create_metric) {
                if !layer.metrics.iter().any(|metric| metric.name == measure.name) {
                    match self.of_measure(&input_of(measure), &[], Some(&measure.name)) {
                        Ok(known) => {
                            self.report.carried("metric", &measure.name, &measure.place);
                            if known.name != measure.name {
                                let why = format!("it is called `{}` here", known.name);
                                self.report.changed("metric", &measure.name, &measure.place, why);
                            }
                            self.report.metrics.insert(measure.name.clone(), known.name);
                            self.natures.insert(measure.name.clone(), known.nature);
                        }
                        Err(why) => self.report.left_out("metric", &measure.name, &measure.place, why),
                    }
                }
            }
        }
        self.tell_unused_measures();
    }

    fn tell_unused_measures(&mut self) {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        for metric in &self.names.layer.metrics {
            let inputs: Vec<&Input> = match &metric.kind {
                MetricKind::OfMeasure(input) | MetricKind::Cumulative { input, .. } => vec![input],
                MetricKind::Conversion { base, conversion, .. } => vec![base, conversion],
                MetricKind::Simple { .. } | MetricKind::Ratio { .. } | MetricKind::Derived { .. } => Vec::new(),
            };
            used.extend(inputs.into_iter().filter(|input| input.is_measure).map(|input| input.name.as_str()));
        }
        for model in &self.names.layer.models {
            for measure in &model.measures {
                if !measure.create_metric && !used.contains(measure.name.as_str()) {
                    let whole = format!("{}.{}", model.name, measure.name);
                    self.report.left_out(
                        "measure",
                        &whole,
                        &measure.place,
                        "no metric uses it, so dbt cannot be asked for it",
                    );
                }
            }
        }
    }

    /// Makes a metric of dbt, unless it was made before.
    pub(super) fn metric(&mut self, name: &str) -> Result<Known, String> {
        if let Some(done) = self.done.get(name) {
            return done.clone().map_err(|_| format!("metric `{name}` was left out"));
        }
        let layer = self.names.layer;
        let Some(metric) = layer.metrics.iter().find(|metric| metric.name == name) else {
            let created = layer.models.iter().flat_map(|model| &model.measures);
            let measure = created.clone().find(|measure| measure.name == name && measure.create_metric);
            return match measure {
                Some(measure) => self.of_measure(&input_of(measure), &[], Some(&measure.name)),
                None => Err(format!("there is no metric `{name}`")),
            };
        };
        if !self.in_progress.insert(name.to_owned()) {
            return Err(format!("metric `{name}` is made of itself"));
        }
        let made = self.make(metric);
        self.in_progress.remove(name);
        match &made {
            Ok(known) => {
                self.report.metrics.insert(metric.name.clone(), known.name.clone());
                let shown = metric.granularity.as_deref().and_then(Granularity::from_name);
                let root = Root { axis: shown.max(known.nature.root.axis), ..known.nature.root };
                self.natures.insert(metric.name.clone(), Nature { root, ..known.nature });
                self.report.carried("metric", name, &metric.place);
                if let Some(granularity) = &metric.granularity {
                    let why = format!(
                        "dbt shows it by {granularity} unless asked otherwise; a query names its granularity here"
                    );
                    self.report.changed("metric", name, &metric.place, why);
                }
            }
            Err(why) => self.report.left_out("metric", name, &metric.place, why),
        }
        self.done.insert(name.to_owned(), made.clone());
        made
    }

    fn make(&mut self, metric: &Metric) -> Result<Known, String> {
        let mut out = Entries::default();
        let name = self.called(metric)?;
        out.text("name", &name);
        out.about(&metric.about, self.names.layer);
        if metric.hidden {
            out.put("hidden", Out::yes());
        }
        let known = match &metric.kind {
            MetricKind::OfMeasure(input) => {
                let (at, measure) = self.measure(&input.name)?;
                if metric.about.description.is_none() {
                    out.maybe("description", measure.about.description.as_ref());
                }
                let filters = [metric.filters.as_slice(), &input.filters].concat();
                let place = &metric.place;
                self.aggregate(
                    (&metric.name, place),
                    at,
                    &measure.aggregation,
                    &filters,
                    input.fill.as_deref(),
                    &mut out,
                )?;
                self.tell_spine(input.join_to_spine, "metric", &metric.name, place);
                let nature = self.of_rows(at, &measure.aggregation, &filters);
                Known { name, fills: input.fill.is_some(), nature }
            }
            MetricKind::Simple { model, aggregation, fill, join_to_spine } => {
                let at =
                    self.names.model_index(model).ok_or_else(|| format!("there is no semantic model `{model}`"))?;
                let place = &metric.place;
                self.aggregate((&metric.name, place), at, aggregation, &metric.filters, fill.as_deref(), &mut out)?;
                self.tell_spine(*join_to_spine, "metric", &metric.name, place);
                let nature = self.of_rows(at, aggregation, &metric.filters);
                Known { name, fills: fill.is_some(), nature }
            }
            MetricKind::Ratio { numerator, denominator } => {
                let nature = self.ratio(metric, numerator, denominator, &mut out)?;
                Known { name, fills: false, nature }
            }
            MetricKind::Derived { expr, inputs } => {
                let nature = self.derived(metric, expr, inputs, &mut out)?;
                Known { name, fills: false, nature }
            }
            MetricKind::Cumulative { input, window, to_date, take } => {
                let how = (window.as_deref(), to_date.as_deref(), take.as_str());
                let nature = self.cumulative(metric, input, how, &mut out)?;
                Known { name, fills: false, nature }
            }
            MetricKind::Conversion { .. } => {
                let nature = self.conversion(metric, &mut out)?;
                Known { name, fills: false, nature }
            }
        };
        out.meta(&metric.about);
        self.made.push(Made { out: Out::Map(out.0), model: known.nature.root.model });
        Ok(known)
    }

    fn called(&mut self, metric: &Metric) -> Result<String, String> {
        let name = self.called[metric.name.as_str()].clone();
        self.check_refused(&name)?;
        if name != metric.name {
            self.report.changed("metric", &metric.name, &metric.place, format!("it is called `{name}` here"));
        }
        Ok(name)
    }

    /// Returns a name that no metric has.
    pub(super) fn free(&mut self, wanted: &str) -> Result<String, String> {
        let name = unlike(wanted.to_owned(), &mut self.taken);
        self.check_refused(&name)?;
        Ok(name)
    }

    /// Refuses a metric that was written before and does not hold.
    fn check_refused(&self, name: &str) -> Result<(), String> {
        self.names.why_refused("metrics", name).map_or(Ok(()), Err)
    }

    /// Finds a measure.
    pub(super) fn measure(&self, name: &str) -> Result<(usize, &'a Measure), String> {
        let models = self.names.layer.models.iter().enumerate();
        let mut found = models.flat_map(|(at, model)| {
            model.measures.iter().map(move |measure| (at, measure)).filter(|(_, m)| m.name == name)
        });
        found.next().ok_or_else(|| format!("there is no measure `{name}`"))
    }

    /// Makes the metric of a measure: the one that stands for it alone, else a hidden one.
    pub(super) fn of_measure(
        &mut self,
        input: &Input,
        filters: &[Filter],
        shown: Option<&str>,
    ) -> Result<Known, String> {
        let all = [filters, input.filters.as_slice()].concat();
        let (at, measure) = self.measure(&input.name)?;
        if all.is_empty() && shown.is_none() {
            let alone = self.names.layer.metrics.iter().find(|metric| match &metric.kind {
                MetricKind::OfMeasure(other) => {
                    other.name == input.name
                        && other.filters.is_empty()
                        && metric.filters.is_empty()
                        && other.fill == input.fill
                }
                _ => false,
            });
            if let Some(metric) = alone {
                return self.metric(&metric.name.clone());
            }
        }
        let texts: Vec<&str> = all.iter().map(|filter| filter.text.as_str()).collect();
        let key =
            format!("{}\u{1}{}\u{1}{}", input.name, input.fill.as_deref().unwrap_or_default(), texts.join("\u{1}"));
        if let Some(known) = self.of_measures.get(&key) {
            return Ok(known.clone());
        }
        let wanted = match (shown, all.is_empty()) {
            (Some(name), _) => snake_case(name),
            (None, true) => snake_case(&measure.name),
            (None, false) => format!("{}_filtered", snake_case(&measure.name)),
        };
        let name = self.free(&wanted)?;
        let mut out = Entries::default();
        out.text("name", &name);
        out.about(&measure.about, self.names.layer);
        if shown.is_none() {
            out.put("hidden", Out::yes());
        }
        self.aggregate(
            (&measure.name, &measure.place),
            at,
            &measure.aggregation,
            &all,
            input.fill.as_deref(),
            &mut out,
        )?;
        self.tell_spine(input.join_to_spine, "measure", &measure.name, &measure.place);
        out.meta(&measure.about);
        self.made.push(Made { out: Out::Map(out.0), model: Some(at) });
        let nature = self.of_rows(at, &measure.aggregation, &all);
        let known = Known { name, fills: input.fill.is_some(), nature };
        self.of_measures.insert(key, known.clone());
        Ok(known)
    }

    /// Makes what an input names, without the input's own filters.
    pub(super) fn input(&mut self, input: &Input) -> Result<Known, String> {
        if input.is_measure {
            let plain = Input { filters: Vec::new(), ..input.clone() };
            self.of_measure(&plain, &[], None)
        } else {
            self.metric(&input.name)
        }
    }

    /// Returns what is known of a metric of rows.
    pub(super) fn of_rows(&self, at: usize, aggregation: &Aggregation, filters: &[Filter]) -> Nature {
        let root = Root { model: Some(at), axis: self.names.axis_of(at, aggregation.time.as_deref()) };
        Nature { root, limits_time: self.filters.name_time(filters, root), moves: false }
    }

    /// Converts filters, and makes the metrics that they name as dimensions.
    pub(super) fn condition(
        &mut self,
        of: (&str, &Place),
        filters: &[Filter],
        root: Root,
    ) -> Result<Option<String>, String> {
        let Some(Condition { text, metrics }) = self.filters.condition(filters, root)? else { return Ok(None) };
        for dimension in metrics {
            let known = self.metric(&dimension.metric)?;
            if root.model != Some(dimension.model) {
                let holder = &self.names.layer.models[dimension.model].name;
                let why = format!(
                    "its filter asks `{}` of the rows of `{holder}`: a key that has none there has a number in dbt only",
                    dimension.metric
                );
                self.report.changed("metric", of.0, of.1, why);
            }
            if !self.dimensions.iter().any(|(other, _)| *other == dimension) {
                self.dimensions.push((dimension, known.name));
            }
        }
        Ok(Some(text))
    }

    fn tell_spine(&mut self, joins: bool, kind: &str, name: &str, place: &Place) {
        if joins {
            let why = "dbt shows periods without rows; here a query asks for them with fill";
            self.report.changed(kind, name, place, why);
        }
    }
}

/// Returns a name that the API shows unlike those that are given, and notes it.
pub(super) fn unlike(mut name: String, taken: &mut BTreeSet<String>) -> String {
    while !taken.insert(field(&name)) {
        name.push_str("_2");
    }
    name
}

/// Returns a measure as an input of a metric.
fn input_of(measure: &Measure) -> Input {
    Input {
        name: measure.name.clone(),
        is_measure: true,
        alias: None,
        filters: Vec::new(),
        offset: None,
        offset_to: None,
        fill: None,
        join_to_spine: false,
    }
}

/// Returns whether an aggregate counts rows.
pub(super) fn counts_rows(aggregation: &Aggregation) -> bool {
    let is_constant = |expr: &str| {
        let expr = expr.trim();
        expr == "*" || expr.parse::<i64>().is_ok() || expr.eq_ignore_ascii_case("true")
    };
    match (aggregation.agg.as_str(), aggregation.expr.as_deref()) {
        ("count", expr) => expr.is_none_or(is_constant),
        ("sum", Some(expr)) => expr.trim() == "1",
        _ => false,
    }
}
