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
    let place = |name: &str| present.iter().find(|(key, _)| *key == name).copied();
    let mut conflicts: Vec<(Placed, Placed)> = Vec::new();
    for rule in kind.rules {
        let (pair, advice) = match rule {
            Rule::AtMostOne(keys, advice) => {
                let mut there = keys.iter().filter_map(|key| place(key));
                (there.next().zip(there.next()), advice)
            }
            Rule::Excludes(key, others, advice) => {
                (place(key).zip(others.iter().find_map(|other| place(other))), advice)
            }
            Rule::AtLeastOne(..) | Rule::Needs(..) => continue,
        };
        if let Some((a, b)) = pair {
            let pair = if a.1 <= b.1 { (a, b) } else { (b, a) };
            report_conflict(checker, owner, pair, advice);
            conflicts.push(pair);
        }
    }
    // What is in conflict is not missing something as well.
    let in_conflict = |key: &str| conflicts.iter().any(|(a, b)| a.0 == key || b.0 == key);
    let whole = Span { end: span.start + first_line_length(checker.text, span), ..span };
    let mut missing = false;
    for key in kind.keys.iter().filter(|key| key.required && place(key.name).is_none()) {
        let message = format!("{} has no `{}`", owner.describe(), key.name);
        checker.report(Code::MissingKey, whole, message, format!("Add {}.", key.shape.example(key.name)));
        missing = true;
    }
    for rule in kind.rules {
        if let Rule::Needs(key, others, advice) = rule
            && let Some((_, span)) = place(key)
            && !in_conflict(key)
            && others.iter().all(|other| place(other).is_none())
        {
            let message = format!("{} has `{key}` but not {}", owner.describe(), listed(others));
            checker.report(Code::MissingKey, span, message, (*advice).to_owned());
            missing = true;
        }
    }
    for rule in kind.rules {
        if let Rule::AtLeastOne(keys, advice) = rule
            && !missing
            && keys.iter().all(|key| place(key).is_none())
        {
            let message = format!("{} has none of {}", owner.describe(), listed(keys));
            checker.report(Code::MissingKey, whole, message, (*advice).to_owned());
        }
    }
    conflicts.into_iter().map(|(_, second)| second.0).collect()
}

/// A key that is there, and its place.
type Placed = (&'static str, Span);

fn report_conflict(checker: &mut Checker<'_>, owner: &Owner, (first, second): (Placed, Placed), advice: &str) {
    let message = format!("{} has both `{}` and `{}`", owner.describe(), first.0, second.0);
    checker.push(
        Diagnostic::new(Code::ConflictingKeys, second.1, message).also(first.1, "this key excludes it").help(advice),
    );
}

fn first_line_length(text: &str, span: Span) -> u32 {
    let whole = text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let line = whole.lines().next().unwrap_or_default().trim_end();
    u32::try_from(line.len()).unwrap_or(u32::MAX)
}
