//! What is kept → what entente made for it, which has to be kept with it.
//!
//! **Invariant:** nothing that is kept names a field or a view that is neither emitted nor kept.

use std::collections::BTreeSet;

use super::{Kept, Made};
use crate::{
    import::lookml::source::{names, parameters},
    lookml::check::{
        scan,
        view::{Field, FieldKind, View},
    },
};

/// Fields that entente made, by view and name, and views that it made, which what is kept names.
#[derive(Debug, Default)]
pub(super) struct Needed {
    pub(super) fields: BTreeSet<(String, String)>,
    pub(super) views: BTreeSet<String>,
}

impl<'a> Kept<'_, '_, 'a> {
    /// Finds what the fields need that stay LookML.
    pub(super) fn needed(&self, made: &Made<'_>) -> Needed {
        let mut needed = Needed::default();
        let mut open: Vec<(&View<'a>, &Field<'a>)> = Vec::new();
        for view in self.fields.lookml.model.views.values().filter(|view| self.views.contains(&view.name)) {
            let kept = view.fields.iter().filter(|field| !self.is_for_others(field) && !self.is_said(view, field));
            open.extend(kept.map(|field| (view, field)));
        }
        while let Some((view, field)) = open.pop() {
            for at in parameters(&field.layers) {
                for name in names(at.node) {
                    let (alias, name) = scan::parts(name);
                    self.need(made, (view, alias, name), &mut needed, &mut open);
                }
            }
        }
        needed
    }

    fn need<'s>(
        &'s self,
        made: &Made<'_>,
        (view, alias, name): (&'s View<'a>, Option<&str>, &str),
        needed: &mut Needed,
        open: &mut Vec<(&'s View<'a>, &'s Field<'a>)>,
    ) {
        let owner = match alias {
            None => view.name.to_owned(),
            Some(alias) => self.fields.way(view.name, alias).map_or_else(|_| alias.to_owned(), |(owner, _)| owner),
        };
        let Some(owner) = self.fields.lookml.view(&owner) else { return };
        if self.fields.is_beside(owner) {
            needed.views.insert(owner.name.to_owned());
            return;
        }
        let Some(field) = owner.field(name).filter(|field| self.is_for_others(field)) else { return };
        let is_there = made.model.views.get(owner.name).is_some_and(|view| view.field(field.name).is_some());
        if !is_there && needed.fields.insert((owner.name.to_owned(), field.name.to_owned())) {
            open.push((owner, field));
        }
    }

    /// Returns whether a field is said in the definitions.
    pub(super) fn is_said(&self, view: &View<'a>, field: &Field<'a>) -> bool {
        match field.kind {
            FieldKind::Measure => self.measures.metric(view.name, field).is_ok(),
            _ => self.fields.dimension(view.name, field).is_ok(),
        }
    }
}
