//! Plan and caller → what the logs and bills of a warehouse say of a query.

use sha2::{Digest, Sha256};

use crate::{
    cache::Fingerprint,
    plan::{ColumnRole, Plan, Principal},
    warehouse::Terms,
};

/// Returns the labels of a query: which metrics, of which definitions, for whom.
pub fn labelled(plan: &Plan, definitions: Fingerprint, principal: &Principal) -> Terms {
    let metrics = plan.columns.iter().filter(|column| matches!(column.role, ColumnRole::Metric(_)));
    let metrics: Vec<&str> = metrics.map(|column| &*column.name).collect();
    Terms::default()
        .label("metrics", &metrics.join("_"))
        .label("definitions", &definitions.to_string())
        .label("caller", &caller(principal))
}

/// Names a caller in the warehouse's logs: by a hash, because an id may be somebody's address.
fn caller(principal: &Principal) -> String {
    if principal.id.is_empty() {
        return "anonymous".to_owned();
    }
    let hash = format!("{:x}", Sha256::digest(principal.id.as_bytes()));
    hash[..16].to_owned()
}
