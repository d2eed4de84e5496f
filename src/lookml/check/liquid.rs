//! Is the Liquid of a text whole: is every `{{` and `{%` closed, has every `if` its `endif`, is every tag one?

use crate::diagnostics::nearest;

/// The tags that have an end.
const BLOCKS: [&str; 10] =
    ["if", "unless", "case", "for", "capture", "comment", "raw", "tablerow", "condition", "incrementcondition"];

/// The tags that have none, and those within others.
const SINGLE: [&str; 19] = [
    "assign",
    "break",
    "continue",
    "cycle",
    "date_end",
    "date_start",
    "decrement",
    "echo",
    "else",
    "elseif",
    "elsif",
    "ifchanged",
    "include",
    "increment",
    "liquid",
    "parameter",
    "render",
    "section",
    "when",
];

/// Says that a tag is misspelt; a tag that is like none may be of another kind of Liquid.
fn misspelt(tag: &str) -> Option<String> {
    let known = || BLOCKS.iter().chain(&SINGLE).copied();
    let ends: Vec<String> = BLOCKS.iter().map(|tag| format!("end{tag}")).collect();
    if tag.len() < 3 || known().chain(["inline_comment", "endifchanged"]).any(|other| other == tag) {
        return None;
    }
    let near = nearest(tag, known().chain(ends.iter().map(String::as_str)))?;
    Some(format!("there is no tag `{tag}`: did you mean `{near}`?"))
}

/// Returns whether Liquid asks for `_user_attribute`, of which there is none.
fn asks_for_one_attribute(inside: &str) -> bool {
    let word = "_user_attribute";
    inside.match_indices(word).any(|(at, _)| {
        let is_end = |byte: Option<char>| byte.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
        is_end(inside[..at].chars().next_back()) && inside[at + word.len()..].starts_with(['[', '.'])
    })
}

const ONE_ATTRIBUTE: &str = "there is no `_user_attribute`: did you mean `_user_attributes`?";

/// Finds the first tag without its fellow: its byte, and what is wrong.
pub(super) fn fault(text: &str) -> Option<(usize, String)> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{').map(|found| at + found) {
        at = found + 1;
        let rest = &text[at..];
        if rest.starts_with('{') {
            match rest.find("}}") {
                Some(length) if asks_for_one_attribute(&rest[..length]) => {
                    return Some((found, ONE_ATTRIBUTE.to_owned()));
                }
                Some(length) => at += length + 2,
                None => return Some((found, "a `{{` is not closed by `}}`".to_owned())),
            }
            continue;
        }
        if !rest.starts_with('%') {
            continue;
        }
        let Some(length) = rest.find("%}") else {
            return Some((found, "a `{%` is not closed by `%}`".to_owned()));
        };
        let inside = rest[1..length.max(1)].trim_start_matches('-').trim();
        at += length + 2;
        if asks_for_one_attribute(inside) {
            return Some((found, ONE_ATTRIBUTE.to_owned()));
        }
        let tag = inside.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if let Some(closes) = tag.strip_prefix("end").filter(|closes| BLOCKS.contains(closes)) {
            if open.pop().is_none_or(|(_, opened)| opened != closes) {
                return Some((found, format!("`{tag}` closes nothing")));
            }
        } else if BLOCKS.contains(&tag) {
            if matches!(tag, "raw" | "comment") {
                let Some(end) = text[at..].find(if tag == "raw" { "endraw" } else { "endcomment" }) else {
                    return Some((found, format!("`{tag}` has no `end{tag}`")));
                };
                at += end;
                continue;
            }
            open.push((found, tag));
        } else if let Some(message) = misspelt(tag) {
            return Some((found, message));
        }
    }
    open.pop().map(|(at, tag)| (at, format!("`{tag}` has no `end{tag}`")))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn whole_liquid_has_no_fault() {
        for text in [
            "",
            "{ a }",
            "{{ value }}",
            "{% if a %}1{% elsif b %}2{% else %}3{%- endif -%}",
            "{% condition x %} ${a} {% endcondition %}",
            "{% assign a = 1 %}",
            "{% comment %} {% if %} {% endcomment %}",
            "{% raw %}{{{% endraw %}",
            "{{ _user_attributes['x'] }}",
            "{% dashboard_link %}",
            "{% comment %}{% esle %}{% endcomment %}",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_fault_is_found() {
        for (text, at) in [
            ("a {{ value", 2),
            ("{% if a", 0),
            ("{% if a %} b", 0),
            ("b {% endif %}", 2),
            ("{% if a %}{% for x in y %}{% endif %}", 26),
            ("{% if a %}1{% esle %}2{% endif %}", 11),
            ("{{ _user_attribute['x'] }}", 0),
            ("1 {% if _user_attribute.x == 'a' %}1{% endif %}", 2),
        ] {
            assert_eq!(fault(text).map(|(at, _)| at), Some(at), "{text}");
        }
    }
}
