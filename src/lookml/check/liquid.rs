//! Is the Liquid of a text whole: is every `{{` and `{%` closed, has every `if` its `endif`?

/// The tags that have an end.
const BLOCKS: [&str; 10] =
    ["if", "unless", "case", "for", "capture", "comment", "raw", "tablerow", "condition", "incrementcondition"];

/// Finds the first tag without its fellow: its byte, and what is wrong.
pub(super) fn fault(text: &str) -> Option<(usize, String)> {
    let mut open: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{').map(|found| at + found) {
        at = found + 1;
        let rest = &text[at..];
        if rest.starts_with('{') {
            match rest.find("}}") {
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
        ] {
            assert_eq!(fault(text).map(|(at, _)| at), Some(at), "{text}");
        }
    }
}
