//! Texts beside dimensions with buckets: each is the label of one.
//!
//! **Invariant:** a label that no bucket has is refused, as it would silently mean no row.

use super::FilterContext;
use crate::{
    plan::{PlanError, PlanErrorCode, bind::bind_key},
    sql::{Expr, Name},
};

/// Refuses a text that is the label of no bucket.
pub(super) fn check_labels(context: &FilterContext<'_>, filter: &Expr<Name>) -> Result<(), PlanError> {
    let mut refused = None;
    filter.for_each_compared_text(&mut |words, text| {
        let path: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
        let found = bind_key(context.project, context.model, &path).ok();
        let dimension = found.map(|found| &context.project.dimensions[found.dimension]);
        if let Some(labels) = dimension.and_then(|dimension| dimension.labels_instead_of(text)) {
            let message = format!("`{}` has no bucket `{text}`", path.join("."));
            let error = PlanError::new(PlanErrorCode::InvalidFilter, message);
            refused.get_or_insert(error.help(format!("The buckets are {labels}.")));
        }
    });
    refused.map_or(Ok(()), Err)
}
