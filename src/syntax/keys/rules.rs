//! Which keys have to be there, and which go together.

use crate::{
    diagnostics::{Code, Diagnostic},
    files::Span,
};

use super::{Checker, Kind, Rule, check::Owner, words::listed};

/// Checks the required keys and the rules of a kind against the keys that are there.
///
/// Returns the keys that conflict with one before them: without them the definition is what its first keys say, so that
/// a later stage does not tell the same mistake again.
pub(super) fn check(
    checker: &mut Checker<'_>,
    kind: &'static Kind,
    owner: &Owner,
    span: Span,
    present: &[(&'static str, Span)],
) -> Vec<&'static str> {
    let mut dropped = Vec::new();
    let place = |name: &str| present.iter().find(|(key, _)| *key == name).map(|(_, span)| *span);
    let whole = Span { end: span.start + first_line_length(checker.text, span), ..span };
    for key in kind.keys.iter().filter(|key| key.required && place(key.name).is_none()) {
        let message = format!("{} has no `{}`", owner.describe(), key.name);
        let help = format!("Add {}.", key.shape.example(key.name));
        checker.report(Code::MissingKey, whole, message, help);
    }
    for rule in kind.rules {
        match rule {
            Rule::AtMostOne(keys, advice) => {
                let mut there = keys.iter().filter_map(|key| place(key).map(|span| (*key, span)));
                if let (Some(first), Some(second)) = (there.next(), there.next()) {
                    dropped.push(conflict(checker, owner, first, second, advice));
                }
            }
            Rule::Excludes(key, others, advice) => {
                let other = others.iter().find_map(|other| place(other).map(|span| (*other, span)));
                if let (Some(span), Some(other)) = (place(key), other) {
                    dropped.push(conflict(checker, owner, (*key, span), other, advice));
                }
            }
            Rule::AtLeastOne(keys, advice) => {
                if keys.iter().all(|key| place(key).is_none()) {
                    let names = listed(keys);
                    let message = format!("{} has none of {names}", owner.describe());
                    checker.report(Code::MissingKey, whole, message, (*advice).to_owned());
                }
            }
            Rule::Needs(key, others, advice) => {
                if let Some(span) = place(key)
                    && others.iter().all(|other| place(other).is_none())
                {
                    let message = format!("{} has `{key}` but not {}", owner.describe(), listed(others));
                    checker.report(Code::MissingKey, span, message, (*advice).to_owned());
                }
            }
        }
    }
    dropped
}

fn conflict(
    checker: &mut Checker<'_>,
    owner: &Owner,
    a: (&'static str, Span),
    b: (&'static str, Span),
    advice: &str,
) -> &'static str {
    let (first, second) = if a.1 <= b.1 { (a, b) } else { (b, a) };
    let message = format!("{} has both `{}` and `{}`", owner.describe(), first.0, second.0);
    checker.push(
        Diagnostic::new(Code::ConflictingKeys, second.1, message).also(first.1, "this key excludes it").help(advice),
    );
    second.0
}

fn first_line_length(text: &str, span: Span) -> u32 {
    let whole = text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let line = whole.lines().next().unwrap_or_default().trim_end();
    u32::try_from(line.len()).unwrap_or(u32::MAX)
}
