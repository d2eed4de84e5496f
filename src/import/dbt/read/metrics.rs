//! Metrics of both generations.
//!
//! `{ type: ratio, type_params: { numerator: a, denominator: b } }` and `{ type: ratio, numerator: a, denominator: b }`
//! are the same quotient.

use super::{Reading, filters, window};
use crate::import::dbt::{
    report::Problem,
    tree::{Aggregation, Input, Metric, MetricKind},
    yaml::{Node, Value},
};

const KEYS: &[&str] = &[
    "name",
    "type",
    "label",
    "description",
    "filter",
    "config",
    "meta",
    "tags",
    "group",
    "type_params",
    "time_granularity",
    "metadata",
    "datatype",
    "hidden",
    "agg",
    "expr",
    "percentile",
    "percentile_type",
    "agg_time_dimension",
    "non_additive_dimension",
    "fill_nulls_with",
    "join_to_timespine",
    "window",
    "grain_to_date",
    "period_agg",
    "input_metric",
    "numerator",
    "denominator",
    "input_metrics",
    "entity",
    "calculation",
    "base_metric",
    "conversion_metric",
    "constant_properties",
    "agg_params",
    "semantic_model",
    "unique_id",
    "created_at",
];
const PARAMS: &[&str] = &[
    "measure",
    "numerator",
    "denominator",
    "expr",
    "window",
    "grain_to_date",
    "metrics",
    "conversion_type_params",
    "cumulative_type_params",
    "input_measures",
    "metric_aggregation_params",
    "join_to_timespine",
    "fill_nulls_with",
    "is_private",
];

impl Reading<'_> {
    /// Reads a metric; `model` is the semantic model beside which it stands.
    pub(super) fn metric(&mut self, item: &Node, model: Option<&str>) {
        let Some(name) = self.required(item, "name", "a metric") else { return };
        if item.get("calculation_method").is_some() {
            let why = "it is of the `dbt_metrics` package, which dbt no longer reads";
            self.report.left_out("metric", &name, &item.place, why);
            return;
        }
        if self.is_disabled(item, "metric", &name) {
            return;
        }
        self.check_keys(item, KEYS, "metric", &name);
        let params = item.get("type_params");
        if let Some(params) = params {
            self.check_keys(params, PARAMS, "metric", &name);
        }
        let kind = item.text_of("type").unwrap_or("simple").to_lowercase();
        let body = params.unwrap_or(item);
        let kind = match kind.as_str() {
            "simple" => self.simple(item, body, &name, model),
            "ratio" => self.ratio(body, &name),
            "derived" => self.derived_metric(item, body, &name),
            "cumulative" => self.cumulative(body, &name),
            "conversion" => self.conversion(body, &name),
            other => {
                let problem = Problem::new(item.place.clone(), format!("metric `{name}` has unknown type `{other}`"));
                self.problems
                    .push(problem.help("The types are `simple`, `ratio`, `derived`, `cumulative` and `conversion`."));
                None
            }
        };
        let Some(kind) = kind else { return };
        let hidden = item.get("hidden").or_else(|| body.get("is_private")).and_then(Node::boolean).unwrap_or(false);
        self.layer.metrics.push(Metric {
            place: item.place.clone(),
            about: self.project.about(item, "metrics", &name),
            hidden,
            filters: filters(item.get("filter")),
            granularity: item.text_of("time_granularity").map(str::to_lowercase),
            kind,
            name,
        });
    }

    fn simple(&mut self, item: &Node, body: &Node, name: &str, model: Option<&str>) -> Option<MetricKind> {
        if let Some(measure) = body.get("measure") {
            let mut input = self.input(measure, true)?;
            input.fill = input.fill.or_else(|| body.text_of("fill_nulls_with").map(str::to_owned));
            input.join_to_spine |= body.get("join_to_timespine").and_then(Node::boolean).unwrap_or(false);
            return Some(MetricKind::OfMeasure(input));
        }
        let aggregated = body.get("metric_aggregation_params").unwrap_or(item);
        let Some(model) = aggregated.text_of("semantic_model").or(model) else {
            let message = format!("metric `{name}` is simple, but stands beside no semantic model");
            let help = "Put it below `metrics:` of a model with `semantic_model: true`, or name a `measure`.";
            self.problems.push(Problem::new(item.place.clone(), message).help(help));
            return None;
        };
        let aggregation = self.aggregation(aggregated, name)?;
        let expr = self.expr(body).or_else(|| Some(name.to_owned()));
        Some(MetricKind::Simple {
            model: model.to_owned(),
            aggregation: Aggregation { expr, ..aggregation },
            fill: body.text_of("fill_nulls_with").map(str::to_owned),
            join_to_spine: body.get("join_to_timespine").and_then(Node::boolean).unwrap_or(false),
        })
    }

    fn ratio(&mut self, body: &Node, name: &str) -> Option<MetricKind> {
        let numerator = self.part(body, "numerator", name, false)?;
        let denominator = self.part(body, "denominator", name, false)?;
        Some(MetricKind::Ratio { numerator, denominator })
    }

    fn derived_metric(&mut self, item: &Node, body: &Node, name: &str) -> Option<MetricKind> {
        let what = format!("metric `{name}`");
        let expr = self.required(body, "expr", &what)?.trim().to_owned();
        let inputs = body.get("input_metrics").or_else(|| body.get("metrics"));
        let inputs: Vec<Input> =
            inputs.map(Node::items).unwrap_or_default().iter().filter_map(|input| self.input(input, false)).collect();
        if inputs.is_empty() {
            let problem = Problem::new(item.place.clone(), format!("{what} is derived of no metrics"));
            self.problems.push(problem.help("List them under `input_metrics` (older form: `metrics`)."));
            return None;
        }
        Some(MetricKind::Derived { expr, inputs })
    }

    fn cumulative(&mut self, body: &Node, name: &str) -> Option<MetricKind> {
        let params = body.get("cumulative_type_params");
        let found = |key: &str| params.and_then(|params| params.get(key)).or_else(|| body.get(key));
        let input = match found("input_metric").or_else(|| params?.get("metric")) {
            Some(node) => self.input(node, false)?,
            None => self.part(body, "measure", name, true)?,
        };
        Some(MetricKind::Cumulative {
            input,
            window: window(found("window")),
            to_date: found("grain_to_date").and_then(Node::text).map(str::to_lowercase),
            take: found("period_agg").and_then(Node::text).unwrap_or("first").to_lowercase(),
        })
    }

    fn conversion(&mut self, body: &Node, name: &str) -> Option<MetricKind> {
        let body = body.get("conversion_type_params").unwrap_or(body);
        let what = format!("metric `{name}`");
        let mut side = |measure: &str, metric: &str| match body.get(metric) {
            Some(node) => self.input(node, false),
            None => self.part(body, measure, name, true),
        };
        let base = side("base_measure", "base_metric")?;
        let conversion = side("conversion_measure", "conversion_metric")?;
        let entity = self.required(body, "entity", &what)?;
        let properties = body.get("constant_properties").map(Node::items).unwrap_or_default();
        Some(MetricKind::Conversion {
            base,
            conversion,
            entity,
            calculation: body.text_of("calculation").unwrap_or("conversion_rate").to_lowercase(),
            window: window(body.get("window")),
            same: properties
                .iter()
                .filter_map(|pair| {
                    Some((pair.text_of("base_property")?.to_owned(), pair.text_of("conversion_property")?.to_owned()))
                })
                .collect(),
        })
    }

    fn part(&mut self, body: &Node, key: &str, name: &str, is_measure: bool) -> Option<Input> {
        match body.get(key) {
            Some(node) => self.input(node, is_measure),
            None => {
                let problem = Problem::new(body.place.clone(), format!("metric `{name}` has no `{key}`"));
                self.problems.push(problem.help(format!("Add `{key}:`.")));
                None
            }
        }
    }

    /// Reads a metric or measure as an input: its name, or a mapping.
    fn input(&mut self, node: &Node, is_measure: bool) -> Option<Input> {
        let name = match &node.value {
            Value::Text(name, _) => name.clone(),
            Value::Null | Value::List(_) | Value::Map(_) => self.required(node, "name", "an input")?,
        };
        let known =
            &["name", "filter", "alias", "offset_window", "offset_to_grain", "join_to_timespine", "fill_nulls_with"];
        self.check_keys(node, known, "input", &name);
        Some(Input {
            is_measure,
            alias: node.text_of("alias").map(str::to_owned),
            filters: filters(node.get("filter")),
            offset: window(node.get("offset_window")),
            offset_to: node.text_of("offset_to_grain").map(str::to_lowercase),
            fill: node.text_of("fill_nulls_with").map(str::to_owned),
            join_to_spine: node.get("join_to_timespine").and_then(Node::boolean).unwrap_or(false),
            name,
        })
    }
}
