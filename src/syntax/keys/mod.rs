//! The key tables: which keys a kind of definition has, what stands under each, and one sentence about it.
//!
//! From a table come the check for unknown keys, the JSON Schema and the reference page; so the three cannot differ.
//!
//! **Invariant:** a table says everything about a value that can be said without names and types.

mod check;
mod content;
mod fields;
mod json;
mod rules;
mod shape;
mod words;

pub(crate) use check::Checker;
pub(crate) use fields::Fields;
pub(crate) use shape::{DIALECTS, GRANULARITIES, Key, Kind, Rule, Shape, UNITS, key, required};
pub(crate) use words::listed;

/// Lists keys; `docs` and `meta` stand for those that most kinds have.
macro_rules! keys {
    (@ [$($done:expr,)*] docs, $($rest:tt)*) => {
        keys!(@ [$($done,)*
            crate::syntax::keys::key("label", crate::syntax::keys::Shape::Text, "The name shown to people."),
            crate::syntax::keys::key("description", crate::syntax::keys::Shape::Text, "What it is, in a sentence or two."),
            crate::syntax::keys::key("owner", crate::syntax::keys::Shape::Text, "The team or person who answers for it."),
            crate::syntax::keys::key("group", crate::syntax::keys::Shape::Text, "The heading under which it is listed."),
            crate::syntax::keys::key("hidden", crate::syntax::keys::Shape::Boolean, "Whether it is left out of lists; it stays usable."),
            crate::syntax::keys::key("synonyms", crate::syntax::keys::Shape::Texts, "Other names that people search for."),
            crate::syntax::keys::key("tags", crate::syntax::keys::Shape::Texts, "Free labels."),
            crate::syntax::keys::key("lookml", crate::syntax::keys::Shape::Anything, "Parameters for Looker: labels, drills, links, html."),
        ] $($rest)*)
    };
    (@ [$($done:expr,)*] meta) => {
        &[$($done,)* crate::syntax::keys::key("meta", crate::syntax::keys::Shape::Anything, "Anything; never part of a meaning.")]
    };
    (@ [$($done:expr,)*] $next:expr, $($rest:tt)*) => { keys!(@ [$($done,)* $next,] $($rest)*) };
    ($($all:tt)*) => { keys!(@ [] $($all)*) };
}
pub(crate) use keys;

/// Finds the nearest of some words; a text too long to be a misspelled word has none.
fn near_word<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 60 { None } else { crate::diagnostics::nearest(word, words) }
}
