//! How much a document selects, counted on the graph of its fragments rather than by expanding it.
//!
//! **Invariant:** the count takes time in proportion to the document, whatever the fragments would expand to.

use std::collections::HashMap;

use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use crate::{graphql::GraphqlError, plan::PlanErrorCode};

/// The greatest number of fields and fragments that an operation selects, with every fragment expanded.
const MAX_SELECTIONS: u64 = 2_000;
/// The greatest depth of an operation; introspection as tools send it is 15 deep.
const MAX_DEPTH: u64 = 20;
/// The greatest number of aliases in a document.
const MAX_ALIASES: u64 = 500;
/// The greatest number of directives in a document.
const MAX_DIRECTIVES: u64 = 200;
/// The greatest number of fields at the root of an operation: each may be a query of its own.
const MAX_ROOT_FIELDS: u64 = 30;

/// What a selection amounts to.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: u64,
    depth: u64,
    roots: u64,
}

/// Refuses a document that selects too much, before any of it is expanded.
pub(super) fn check(document: &ExecutableDocument) -> Result<(), GraphqlError> {
    let (mut aliases, mut directives) = (0, 0);
    for (_, operation) in document.operations.iter() {
        directives += operation.node.directives.len() as u64;
        count(&operation.node.selection_set.node, &mut aliases, &mut directives);
    }
    let names = sorted_names(document);
    for name in &names {
        let fragment = &document.fragments[*name].node;
        directives += fragment.directives.len() as u64;
        count(&fragment.selection_set.node, &mut aliases, &mut directives);
    }
    limit("aliases", aliases, MAX_ALIASES)?;
    limit("directives", directives, MAX_DIRECTIVES)?;
    let mut sizes = HashMap::new();
    for name in names {
        size_of_fragment(document, name, &mut Vec::new(), &mut sizes)?;
    }
    // Operations that are not executed are validated all the same.
    for (_, operation) in document.operations.iter() {
        let size = size_of(document, &operation.node.selection_set.node, &mut Vec::new(), &mut sizes)?;
        limit("fields at the root", size.roots, MAX_ROOT_FIELDS)?;
        limit("selections, fragments expanded,", size.selections, MAX_SELECTIONS)?;
        limit("levels of fields", size.depth, MAX_DEPTH)?;
    }
    Ok(())
}

fn limit(what: &str, count: u64, most: u64) -> Result<(), GraphqlError> {
    if count <= most {
        return Ok(());
    }
    let message = format!("the document has {count} {what} and at most {most} are answered");
    Err(GraphqlError::plan(PlanErrorCode::LimitExceeded, message).help("Split the operation into several requests."))
}

fn sorted_names(document: &ExecutableDocument) -> Vec<&Name> {
    let mut names: Vec<&Name> = document.fragments.keys().collect();
    names.sort();
    names
}

/// Counts what is written; selection sets nest no deeper than the first look allows.
fn count(set: &SelectionSet, aliases: &mut u64, directives: &mut u64) {
    for selection in &set.items {
        *directives += selection.node.directives().len() as u64;
        match &selection.node {
            Selection::Field(field) => {
                *aliases += u64::from(field.node.alias.is_some());
                count(&field.node.selection_set.node, aliases, directives);
            }
            Selection::InlineFragment(fragment) => count(&fragment.node.selection_set.node, aliases, directives),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn size_of<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    open: &mut Vec<&'a Name>,
    sizes: &mut HashMap<&'a Name, Size>,
) -> Result<Size, GraphqlError> {
    let mut total = Size::default();
    for selection in &set.items {
        let part = match &selection.node {
            Selection::Field(field) => {
                let below = size_of(document, &field.node.selection_set.node, open, sizes)?;
                Size { depth: below.depth.saturating_add(1), roots: 1, ..below }
            }
            Selection::InlineFragment(fragment) => size_of(document, &fragment.node.selection_set.node, open, sizes)?,
            // A fragment that is not there is found by validation.
            Selection::FragmentSpread(spread) => {
                match document.fragments.get_key_value(&spread.node.fragment_name.node) {
                    Some((name, _)) => size_of_fragment(document, name, open, sizes)?,
                    None => Size::default(),
                }
            }
        };
        // A spread counts by itself, or fragments without a field in them would cost nothing.
        total.selections = total.selections.saturating_add(part.selections).saturating_add(1);
        total.roots = total.roots.saturating_add(part.roots);
        total.depth = total.depth.max(part.depth);
    }
    Ok(total)
}

fn size_of_fragment<'a>(
    document: &'a ExecutableDocument,
    name: &'a Name,
    open: &mut Vec<&'a Name>,
    sizes: &mut HashMap<&'a Name, Size>,
) -> Result<Size, GraphqlError> {
    if let Some(size) = sizes.get(name) {
        return Ok(*size);
    }
    let fragment = &document.fragments[name];
    if open.contains(&name) {
        let message = format!("fragment `{name}` contains itself");
        return Err(GraphqlError::new(crate::graphql::Code::ValidationFailed, message).at(fragment.pos));
    }
    // Each open fragment is a level of recursion.
    limit("fragments inside one another", open.len() as u64, 50)?;
    open.push(name);
    let size = size_of(document, &fragment.node.selection_set.node, open, sizes)?;
    open.pop();
    sizes.insert(name, size);
    Ok(size)
}
