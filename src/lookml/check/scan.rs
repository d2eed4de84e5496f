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

/// Returns the fields in `${…}`, without casts such as `::date`, `${TABLE}` and `${EXTENDED}`.
pub(crate) fn fields(piece: Piece<'_>) -> impl Iterator<Item = Piece<'_>> {
    between(piece, "${").filter_map(|(inside, start)| {
        let name = inside.split("::").next().unwrap_or_default();
        let trimmed = name.trim();
        let start = start + (name.len() - name.trim_start().len());
        let known = matches!(trimmed, "TABLE" | "EXTENDED" | "view_label" | "sql_table_name");
        (is_name(trimmed) && !known).then(|| part(trimmed, start))
    })
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
    fn functions_are_called_by_their_whole_name() {
        assert!(calls("1 + Sum (x)", &["sum"]));
        assert!(!calls("checksum(x) + sum", &["sum"]));
    }
}
