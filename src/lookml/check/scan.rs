//! What a text refers to: fields in `${…}`, constants in `@{…}`, fields in Liquid tags.
//!
//! `${orders.price} * @{rate}` refers to the field `price` of `orders` and to the constant `rate`.

use super::super::syntax::Piece;

/// Splits a reference into view and field.
pub(crate) fn parts(name: &str) -> (Option<&str>, &str) {
    match name.split_once('.') {
        Some((view, field)) => (Some(view), field),
        None => (None, name),
    }
}

/// Makes the piece of a name within a text.
fn part(name: &str, start: usize) -> Piece<'_> {
    Piece { text: name, start, quoted: false }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
}

/// Returns what stands between an opening sequence and the next `}`.
fn between<'a>(piece: Piece<'a>, open: &'static str) -> impl Iterator<Item = (&'a str, usize)> {
    let text = piece.text;
    text.match_indices(open).filter_map(move |(at, _)| {
        let from = at + open.len();
        let length = text[from..].find('}')?;
        Some((&text[from..from + length], piece.start + from))
    })
}

/// Returns a reference without its cast: `created` of `created::date`.
pub(crate) fn uncast(reference: &str) -> &str {
    reference.split_once("::").map_or(reference, |(name, _)| name.trim_end())
}

/// Returns the fields in `${…}` with their casts, without `${TABLE}` and `${EXTENDED}`.
pub(crate) fn references(piece: Piece<'_>) -> impl Iterator<Item = Piece<'_>> {
    between(piece, "${").filter_map(|(inside, start)| {
        let trimmed = inside.trim();
        let start = start + (inside.len() - inside.trim_start().len());
        let name = uncast(trimmed);
        let known = matches!(name, "TABLE" | "EXTENDED" | "view_label" | "sql_table_name");
        (is_name(name) && !known).then(|| part(trimmed, start))
    })
}

/// Returns the fields in `${…}`, without casts such as `::date`, `${TABLE}` and `${EXTENDED}`.
pub(crate) fn fields(piece: Piece<'_>) -> impl Iterator<Item = Piece<'_>> {
    references(piece).map(|found| part(uncast(found.text), found.start))
}

/// Returns the constants in `@{…}`.
pub(crate) fn constants(piece: Piece<'_>) -> impl Iterator<Item = Piece<'_>> {
    between(piece, "@{").filter(|(name, _)| is_name(name)).map(|(name, start)| part(name, start))
}

/// The Liquid tags whose first argument is a field.
const FIELD_TAGS: [&str; 4] = ["condition", "parameter", "date_start", "date_end"];

/// Returns the fields that Liquid tags name: `{% parameter grain %}`, `{% condition orders.status %}`.
pub(crate) fn liquid_fields(piece: Piece<'_>) -> impl Iterator<Item = Piece<'_>> {
    let text = piece.text;
    text.match_indices("{%").filter_map(move |(at, _)| {
        let rest = &text[at + 2..];
        let inside = rest[..rest.find("%}")?].trim_start_matches('-').trim_end_matches('-');
        let mut words = inside.split_whitespace();
        let tag = words.next()?;
        let name = words.next().filter(|_| FIELD_TAGS.contains(&tag))?;
        let offset = name.as_ptr() as usize - text.as_ptr() as usize;
        is_name(name).then(|| part(name, piece.start + offset))
    })
}

/// What Liquid tells of a field: `{{ orders.status._value }}`, `{% if orders.status._is_selected %}`.
const OF_FIELDS: [&str; 7] =
    ["_filterable_value", "_in_query", "_is_filtered", "_is_selected", "_parameter_value", "_rendered_value", "_value"];

/// Returns the fields of which Liquid tells something.
pub(crate) fn liquid_values(piece: Piece<'_>) -> Vec<Piece<'_>> {
    let text = piece.text;
    // What these hold is not run.
    if ["endcomment", "endraw"].iter().any(|tag| text.contains(tag)) {
        return Vec::new();
    }
    let tags = [("{%", "%}"), ("{{", "}}")].into_iter().flat_map(|(open, close)| {
        text.match_indices(open).filter_map(move |(at, _)| {
            let rest = &text[at + 2..];
            Some((at + 2, &rest[..rest.find(close)?]))
        })
    });
    let mut found = Vec::new();
    for (from, inside) in tags {
        for (dot, _) in inside.match_indices("._") {
            let told = &inside[dot + 1..];
            let told = &told[..told.find(|c: char| !c.is_ascii_alphabetic() && c != '_').unwrap_or(told.len())];
            let start = inside[..dot].rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.'));
            let start = start.map_or(0, |before| before + 1);
            let name = &inside[start..dot];
            let is_plain = inside[..start].chars().next_back().is_none_or(|c| c == '(' || c.is_whitespace());
            let is_field = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.matches('.').count() < 2;
            if OF_FIELDS.contains(&told) && is_plain && is_field && !name.ends_with('.') {
                found.push(part(name, piece.start + from + start));
            }
        }
    }
    found
}

/// Returns whether a SQL text calls one of some functions.
pub(crate) fn calls(sql: &str, functions: &[&str]) -> bool {
    let lower = sql.to_ascii_lowercase();
    functions.iter().any(|function| {
        lower.match_indices(function).any(|(at, _)| {
            let before = lower[..at].bytes().next_back();
            let begins = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'.'));
            begins && lower[at + function.len()..].trim_start().starts_with('(')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> Piece<'_> {
        Piece { text, start: 100, quoted: false }
    }

    #[test]
    fn fields_are_found_with_their_places() {
        let found: Vec<_> = fields(piece("${a} + ${ b.c_date::date } - ${TABLE}.x - ${f(x)} - ${d")).collect();
        assert_eq!(found, [part("a", 102), part("b.c_date", 110)]);
    }

    #[test]
    fn liquid_tags_name_fields() {
        let text = "{% if x %} {% parameter grain %} {%- condition o.status -%} a {% endcondition %}";
        let found: Vec<_> = liquid_fields(piece(text)).map(|found| (found.text, &text[found.start - 100..])).collect();
        assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["grain", "o.status"]);
        assert!(found.iter().all(|(name, rest)| rest.starts_with(name)));
    }

    #[test]
    fn liquid_tells_of_fields() {
        let text = "{% if grain._parameter_value == 'a._value' and o.x_date._in_query %}{{o.n._value | f: _view._name}}{% endif %} a._value";
        let found = liquid_values(piece(text));
        assert_eq!(found.iter().map(|found| found.text).collect::<Vec<_>>(), ["grain", "o.x_date", "o.n"]);
        assert!(found.iter().all(|found| text[found.start - 100..].starts_with(found.text)));
        assert!(liquid_values(piece("{% comment %}{{ a._value }}{% endcomment %}")).is_empty());
    }

    #[test]
    fn functions_are_called_by_their_whole_name() {
        assert!(calls("1 + Sum (x)", &["sum"]));
        assert!(!calls("checksum(x) + sum", &["sum"]));
    }
}
