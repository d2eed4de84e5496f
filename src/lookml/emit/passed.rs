//! What passes through `lookml:` and names fields: drills, Liquid and old names, beside the fields that are there.
//!
//! Looker asks for a field that a drill or Liquid names, and shows an error to whoever lacks its grant. An old name that
//! another field has makes saved content ask for either. So such names are left out, and the report says so. A field that
//! is not there may be one that people wrote in a refinement, which `entente lookml check` sees.
//!
//! **Invariant:** nobody needs a grant for what a field passes on who needs none for the field itself.

use std::collections::BTreeMap;

use super::{
    super::{check::scan, report::Subject, syntax::Piece, tree::FieldDocs},
    Emission,
    draft::Draft,
};
use crate::ids::Id;

/// What keeps a field from some.
struct Guard {
    grants: Vec<String>,
    is_personal: bool,
}

/// The fields of a view by name, each member of a group by itself.
type Guards = BTreeMap<String, Guard>;

/// Takes out what names fields that it must not name.
pub(super) fn settle(emission: &mut Emission<'_>) {
    let project = emission.project;
    let views: BTreeMap<String, Guards> =
        emission.drafts.iter().map(|draft| (draft.view.clone(), guards(draft))).collect();
    let mut left_out = Vec::new();
    for model in project.models.ids() {
        let scope = emission.scopes.get(&model);
        let routes =
            scope.into_iter().flat_map(|scope| scope.routes.iter().map(move |route| (scope.alias(route), route)));
        let joined: BTreeMap<String, String> = routes
            .filter_map(|(alias, route)| {
                Some((alias?.to_owned(), emission.draft(project.route_end(model, route)).view.clone()))
            })
            .collect();
        let draft = &mut emission.drafts[model.index()];
        let own = draft.view.clone();
        let guard = |name: &str| {
            let (alias, field) = scan::parts(name);
            let view = alias.map_or(own.as_str(), |alias| joined.get(alias).map_or(alias, String::as_str));
            views.get(view)?.get(field)
        };
        for (name, docs) in fields(draft) {
            let mut say = |key: &str, reason: String| left_out.push((format!("{own}.{name}.lookml.{key}"), reason));
            let granted = docs.required_access_grants.clone();
            let is_kept = |guard: &Guard| guard.grants.iter().any(|grant| !granted.contains(grant));
            docs.drill_fields.retain(|drill| match guard(drill) {
                Some(guard) if is_kept(guard) => {
                    say("drill_fields", format!("not everyone who sees it may see `{drill}`"));
                    false
                }
                Some(guard) if guard.is_personal => {
                    say("drill_fields", format!("`{drill}` is personal data, which is in no drill"));
                    false
                }
                _ => true,
            });
            docs.aliases.retain(|alias| {
                let is_free = !views[&own].contains_key(alias);
                if !is_free {
                    say("alias", format!("a field of the view is called `{alias}`"));
                }
                is_free
            });
            let asks = |text: &str| {
                let named = scan::liquid_values(Piece { text, start: 0, quoted: false });
                named.into_iter().map(|name| name.text.to_owned()).find(|name| guard(name).is_some_and(is_kept))
            };
            let reason = |name: &str| format!("its Liquid asks for `{name}`, which not everyone who sees it may see");
            if let Some(name) = docs.html.as_deref().and_then(asks) {
                say("html", reason(&name));
                docs.html = None;
            }
            docs.links.retain(|link| {
                let name = [&link.label, &link.url].into_iter().find_map(|text| asks(text));
                name.iter().for_each(|name| say("links", reason(name)));
                name.is_none()
            });
        }
        let parts = [&mut draft.own, &mut draft.joined].into_iter();
        for field in parts.flat_map(|part| part.key.iter_mut().chain(&mut part.dimensions)) {
            let granted = &field.docs.required_access_grants;
            let is_kept = |guard: &Guard| guard.grants.iter().any(|grant| !granted.contains(grant));
            // Rows in the order of salaries tell who earns most.
            if let Some(by) = field.order_by_field.take_if(|by| guard(by).is_some_and(is_kept)) {
                let reason = format!("it is sorted by `{by}`, which not everyone who sees it may see");
                left_out.push((format!("{own}.{}.lookml.order_by_field", field.name), reason));
            }
        }
    }
    for (name, reason) in left_out {
        emission.left_out(Subject::Parameter, &name, reason);
    }
}

/// The declared fields of a view with what they say to people.
fn fields(draft: &mut Draft) -> impl Iterator<Item = (String, &mut FieldDocs)> {
    [&mut draft.own, &mut draft.joined].into_iter().flat_map(|part| {
        let dimensions = part.key.iter_mut().chain(&mut part.dimensions);
        let dimensions = dimensions.map(|field| (field.name.clone(), &mut field.docs));
        let groups = part.groups.iter_mut().map(|group| (group.name.clone(), &mut group.docs));
        let measures = part.measures.iter_mut().map(|(_, measure)| (measure.name.clone(), &mut measure.docs));
        dimensions.chain(groups).chain(measures)
    })
}

fn guards(draft: &Draft) -> Guards {
    let mut guards = Guards::new();
    let mut add = |name: String, docs: &FieldDocs| {
        let is_personal = docs.tags.iter().any(|tag| tag == "pii");
        guards.insert(name, Guard { grants: docs.required_access_grants.clone(), is_personal });
    };
    for part in [&draft.own, &draft.joined] {
        let dimensions = part.key.iter().chain(&part.dimensions).chain(part.helpers.values());
        dimensions.for_each(|field| add(field.name.clone(), &field.docs));
        for group in &part.groups {
            group.timeframes.iter().for_each(|frame| add(format!("{}_{}", group.name, frame.word()), &group.docs));
        }
        part.measures.iter().for_each(|(_, measure)| add(measure.name.clone(), &measure.docs));
    }
    guards
}
