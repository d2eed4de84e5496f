//! Expressions that call macros of the project → what `dbt parse` made of them.
//!
//! `expr: "{{ dollars('amount') }}"` is `amount / 100` in `target/semantic_manifest.json`. A dimension or entity that
//! stays unknown is left out; a measure or metric is, when it is written.

use crate::import::dbt::{
    report::{Place, Report},
    tree::{Layer, MetricKind},
    write::is_open,
    yaml::Node,
};

/// Takes expressions from the manifest where their Jinja is not known here.
pub(super) fn take_rendered(layer: &mut Layer, manifest: Option<&Node>, report: &mut Report) {
    let rendered = |items: Option<&Node>, name: &str, keys: &[&str]| {
        let items = items.map(Node::items).unwrap_or_default();
        let item = items.iter().find(|item| item.text_of("name") == Some(name))?;
        item.at(keys).and_then(Node::text).filter(|text| !is_open(text)).map(str::to_owned)
    };
    for model in &mut layer.models {
        let models = manifest.and_then(|manifest| manifest.get("semantic_models"));
        let of = models.map(Node::items).unwrap_or_default();
        let of = of.iter().find(|item| item.text_of("name") == Some(&model.name));
        let mut holds = |kind: &str, list: &str, name: &str, place: &Place, expr: &mut Option<String>| {
            if !expr.as_deref().is_some_and(is_open) {
                return true;
            }
            if let Some(text) = rendered(of.and_then(|of| of.get(list)), name, &["expr"]) {
                *expr = Some(text);
                return true;
            }
            let why = "the Jinja of its `expr` cannot be read here: run `dbt parse`, whose `target/semantic_manifest.json` \
                       says what it becomes";
            report.left_out(kind, &format!("{}.{name}", model.name), place, why);
            false
        };
        model.entities.retain_mut(|of| holds("entity", "entities", &of.name, &of.place, &mut of.expr));
        model.dimensions.retain_mut(|of| holds("dimension", "dimensions", &of.name, &of.place, &mut of.expr));
        for measure in &mut model.measures {
            let expr = &mut measure.aggregation.expr;
            if expr.as_deref().is_some_and(is_open) {
                *expr =
                    rendered(of.and_then(|of| of.get("measures")), &measure.name, &["expr"]).or_else(|| expr.take());
            }
        }
    }
    for metric in &mut layer.metrics {
        if let MetricKind::Simple { aggregation, .. } = &mut metric.kind
            && aggregation.expr.as_deref().is_some_and(is_open)
        {
            let metrics = manifest.and_then(|manifest| manifest.get("metrics"));
            let of = |keys: &[&str]| rendered(metrics, &metric.name, keys);
            let found =
                of(&["type_params", "expr"]).or_else(|| of(&["type_params", "metric_aggregation_params", "expr"]));
            aggregation.expr = found.or_else(|| aggregation.expr.take());
        }
    }
}
