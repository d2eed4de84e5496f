//! Where suggestions come from, so that typing into a filter neither reads a partitioned table nor shows what a policy
//! keeps from some.
//!
//! Looker asks the view of a field alone for its values, unless the explore has an `access_filter` or a `sql_always_where`.
//! A fact-union has neither, as its policies are in its derived table. So a text of a model whose rows not everyone may
//! see takes them from the explore of that model, which has the policy, or has none. So do hidden texts, as anyone can ask
//! for the suggestions of a field by its name.
//!
//! Values that are listed are suggested as they are. A dimension of a partitioned table without a list has no suggestions;
//! one of a joined model takes them from the explore of its own model, not from the parcels that it is joined to.
//!
//! **Invariant:** a text of a model with policies about rows has a list, the explore that is guarded, or no suggestions.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::tree::{Dimension, DimensionType, Suggest},
    Emission,
    explore::Explores,
};
use crate::ids::ModelId;

/// Says of every text where its suggestions come from.
pub(super) fn point(emission: &mut Emission<'_>, explores: &BTreeMap<ModelId, Explores>) {
    let of_partitioned = explores.iter().filter(|(base, _)| emission.partition(**base).is_some());
    let joined: BTreeSet<ModelId> = of_partitioned.flat_map(|(_, explores)| explores.views.iter().copied()).collect();
    for model in emission.project.models.ids() {
        let own = explores.get(&model).and_then(|explores| explores.explores.first());
        let own = own.map(|(_, explore)| explore.name.clone());
        let is_partitioned = emission.partition(model).is_some();
        let is_guarded = !emission.project.policies.of_rows(model).is_empty();
        let draft = emission.draft_mut(model);
        let view = draft.view.clone();
        let part = &mut draft.own;
        let shown = part.dimensions.iter_mut().chain(part.key.as_mut().filter(|_| is_guarded));
        for dimension in shown.filter(|dimension| asks(dimension) && !dimension.docs.hidden) {
            if is_partitioned {
                dimension.not_suggestable = true;
                continue;
            }
            let elsewhere = own.clone().filter(|_| is_guarded || joined.contains(&model));
            let field = format!("{view}.{}", dimension.name);
            dimension.suggest = elsewhere.map(|explore| Suggest { explore, dimension: field });
            dimension.not_suggestable = is_guarded && dimension.suggest.is_none();
        }
        if is_guarded {
            let declared = part.dimensions.iter_mut().chain(&mut part.key).filter(|dimension| dimension.docs.hidden);
            let hidden = declared.chain(part.helpers.values_mut()).filter(|dimension| asks(dimension));
            hidden.for_each(|dimension| dimension.not_suggestable = true);
        }
    }
}

/// Whether Looker would ask the warehouse for the values of a field.
fn asks(dimension: &Dimension) -> bool {
    dimension.kind == DimensionType::String
        && dimension.case.is_empty()
        && dimension.suggestions.is_empty()
        && !dimension.not_suggestable
}
