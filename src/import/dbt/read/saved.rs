//! Saved queries.
//!
//! `query_params: { metrics: [orders], group_by: ["TimeDimension('metric_time', 'day')"], where: […] }`

use super::{Reading, filter, filters};
use crate::import::dbt::{
    tree::{Filter, SavedQuery},
    yaml::Node,
};

impl Reading<'_> {
    /// Reads a saved query.
    pub(super) fn saved_query(&mut self, item: &Node) {
        let Some(name) = self.required(item, "name", "a saved query") else { return };
        if self.is_disabled(item, "saved query", &name) {
            return;
        }
        let known =
            &["name", "description", "label", "query_params", "exports", "config", "meta", "tags", "group", "metadata"];
        self.check_keys(item, known, "saved query", &name);
        let params = item.get("query_params").unwrap_or(item);
        if item.get("query_params").is_some() {
            self.check_keys(params, &["metrics", "group_by", "where", "order_by", "limit"], "saved query", &name);
        }
        let list = |key: &str| -> Vec<Filter> {
            let items = params.get(key).map(Node::items).unwrap_or_default();
            items.iter().filter_map(|item| Some(filter(item.text()?, &item.place))).collect()
        };
        let exports = item.get("exports").map(Node::items).unwrap_or_default();
        let saved = SavedQuery {
            place: item.place.clone(),
            about: self.project.about(item, "saved-queries", &name),
            metrics: list("metrics").into_iter().map(|metric| metric.text).collect(),
            group_by: list("group_by"),
            filters: filters(params.get("where")),
            order_by: list("order_by"),
            limit: params.text_of("limit").map(str::to_owned),
            is_cached: item.at(&["config", "cache", "enabled"]).and_then(Node::boolean) == Some(true),
            exports: exports.iter().filter_map(|export| export.text_of("name").map(str::to_owned)).collect(),
            name,
        };
        self.layer.saved_queries.push(saved);
    }
}
