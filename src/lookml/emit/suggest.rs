//! Where suggestions come from, so that typing into a filter never reads a partitioned table.
//!
//! Values that are listed are suggested as they are. A dimension of a partitioned table without a list has no suggestions;
//! one of a joined model takes them from the explore of its own model, not from the parcels that it is joined to.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::tree::{DimensionType, Suggest},
    Emission,
    explore::Explores,
};
use crate::ids::ModelId;

/// Says of every visible text where its suggestions come from.
pub(super) fn point(emission: &mut Emission<'_>, explores: &BTreeMap<ModelId, Explores>) {
    let of_partitioned = explores.iter().filter(|(base, _)| emission.partition(**base).is_some());
    let joined: BTreeSet<ModelId> = of_partitioned.flat_map(|(_, explores)| explores.views.iter().copied()).collect();
    for model in emission.project.models.ids() {
        let own = explores.get(&model).and_then(|explores| {
            explores
                .explores
                .iter()
                .find(|(home, _)| emission.is_default(home))
                .map(|(_, explore)| explore.name.clone())
        });
        let is_partitioned = emission.partition(model).is_some();
        let draft = emission.draft_mut(model);
        for dimension in &mut draft.own.dimensions {
            let asks = dimension.kind == DimensionType::String
                && !dimension.docs.hidden
                && dimension.case.is_empty()
                && dimension.suggestions.is_empty()
                && !dimension.not_suggestable;
            if !asks {
                continue;
            }
            if is_partitioned {
                dimension.not_suggestable = true;
            } else if let Some(explore) = own.clone().filter(|_| joined.contains(&model)) {
                let field = format!("{}.{}", draft.view, dimension.name);
                dimension.suggest = Some(Suggest { explore, dimension: field });
            }
        }
    }
}
