//! The lexical rules of LookML, in one place: what ends a SQL block, how text is quoted, which characters are alive.
//!
//! `revenue "net" {{ x }}` as a description becomes `"revenue \"net\" { { x } }"`: Looker shows what was written and
//! runs nothing.
//!
//! **Invariant:** `unquote(quote(text)) == text`, and a text made by [`inert`] holds no live sequence.

/// Sequences that Looker interprets in strings and in SQL: constants, Liquid output and Liquid tags.
const LIVE: [&str; 3] = ["@{", "{{", "{%"];

/// Returns whether the value of a key is SQL, HTML or a Looker expression, which runs up to `;;`.
pub(super) fn is_block_key(key: &str) -> bool {
    matches!(
        key,
        "expression"
            | "expression_custom_filter"
            | "html"
            | "sql"
            | "sql_always_having"
            | "sql_always_where"
            | "sql_create"
            | "sql_distinct_key"
            | "sql_end"
            | "sql_foreign_key"
            | "sql_latitude"
            | "sql_longitude"
            | "sql_on"
            | "sql_preamble"
            | "sql_start"
            | "sql_step"
            | "sql_table_name"
            | "sql_trigger"
            | "sql_trigger_value"
            | "sql_where"
    )
}

/// Keys that declare something at the top of a file, by a name and braces.
const OUTERMOST: [&str; 6] = ["access_grant", "datagroup", "explore", "map_layer", "named_value_format", "view"];

/// Keys that declare a field of a view, by a name and braces.
const FIELDS: [&str; 4] = ["dimension", "dimension_group", "measure", "parameter"];

/// Returns the key of a text that begins with `key: name {`.
fn declaration(text: &str) -> Option<&str> {
    let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let key = text.find(|c: char| !c.is_ascii_lowercase() && c != '_')?;
    let rest = text[key..].trim_start_matches([' ', '\t']).strip_prefix(':')?;
    let rest = &rest[blanks(rest)..];
    let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '+' | '.'))?;
    let declares = name > 0 && rest[name + blanks(&rest[name..])..].starts_with('{');
    declares.then_some(&text[..key])
}

/// Returns whether a text begins with a declaration that cannot stand inside `depth` blocks: a view is in no block, a
/// field in no block of a view.
pub(super) fn belongs_further_out(text: &str, depth: usize) -> bool {
    text.starts_with(['a', 'd', 'e', 'm', 'n', 'p', 'v'])
        && declaration(text).is_some_and(|key| OUTERMOST.contains(&key) || (depth > 1 && FIELDS.contains(&key)))
}

/// Returns where a line of a block is a declaration of LookML, which no SQL, HTML or expression holds: the end of the text
/// before it that can belong to the block.
pub(super) fn declaration_in(block: &str) -> Option<usize> {
    let found = block.match_indices('\n').find(|(at, _)| {
        let line = block[at + 1..].trim_start_matches([' ', '\t']);
        declaration(line).is_some_and(|key| OUTERMOST.contains(&key) || FIELDS.contains(&key))
    });
    found.map(|(at, _)| first_key_in(&block[..at]))
}

/// Returns the end of the part of a text that can be the value of a key: up to the line that begins with `}` or `key:`.
pub(super) fn first_key_in(block: &str) -> usize {
    let found = block.match_indices('\n').find(|(at, _)| {
        let line = block[at + 1..].trim_start_matches([' ', '\t']);
        let key = line.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(line.len());
        let rest = line[key..].trim_start_matches([' ', '\t']);
        line.starts_with('}') || (key > 0 && rest.starts_with(':') && !rest.starts_with("::"))
    });
    found.map_or(block.len(), |(at, _)| at)
}

/// Turns any name into an identifier: `Gross-Price` → `gross_price`.
pub(super) fn identifier(name: &str) -> String {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    while text.contains("__") {
        text = text.replace("__", "_");
    }
    let text = text.trim_matches('_');
    match text.chars().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{text}"),
        Some(_) => text.to_owned(),
    }
}

/// Puts a text between double quotes. A backslash escapes quotes and itself only: in `0\%` it is a part of the format.
pub(super) fn quote(text: &str) -> String {
    if !text.bytes().any(|byte| matches!(byte, b'"' | b'\\')) {
        return ["\"", text, "\""].concat();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_escape = c == '\\' && chars.peek().is_none_or(|next| matches!(next, '"' | '\\'));
        if c == '"' || is_escape {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Undoes [`quote`] for the text between the quotes.
pub(super) fn unquote(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|next| matches!(next, '"' | '\\')) => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

/// Makes a text of people harmless: one line, and every sequence that Looker would interpret is broken by a blank.
pub(super) fn inert(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (live, broken) in [("${", "$ {"), ("@{", "@ {"), ("{{", "{ {"), ("{%", "{ %"), (";;", "; ;")] {
        // `{{{` holds two overlapping sequences, so one pass is not enough.
        while line.contains(live) {
            line = line.replace(live, broken);
        }
    }
    line
}

/// Returns the sequence for which a SQL text cannot stand in LookML: `;;` cannot be escaped, and `@{`, `{{`, `{%`
/// would be run.
pub(super) fn forbidden_in_sql(sql: &str) -> Option<&'static str> {
    std::iter::once(";;").chain(LIVE).find(|sequence| sql.contains(sequence))
}

/// Writes a SQL text as the value of a key, with its `;;`; `indent` is that of the lines below the key.
///
/// A text of several lines gets lines of its own, and so does one that ends in a line comment, which would otherwise
/// swallow what Looker appends.
pub(super) fn block(sql: &str, indent: usize) -> String {
    if !sql.contains(['\n', '#']) && !sql.contains("--") {
        return [" ", sql, " ;;"].concat();
    }
    let (pad, close) = if has_text_over_lines(sql) {
        (String::new(), String::new())
    } else {
        (" ".repeat(indent), " ".repeat(indent.saturating_sub(2)))
    };
    let mut text = String::with_capacity(2 * sql.len());
    for line in sql.lines() {
        text.push('\n');
        if !line.is_empty() {
            text.push_str(&pad);
            text.push_str(line);
        }
    }
    text.extend(["\n", close.as_str(), ";;"]);
    text
}

/// Undoes [`block`]: the text between the colon and `;;`, without the common indentation.
pub(super) fn unblock(text: &str) -> String {
    let text = text.trim_end();
    let Some(lines) = text.strip_prefix('\n') else { return text.trim_start().to_owned() };
    dedent(lines)
}

/// Takes the indentation that all lines share away, and blanks at line ends.
pub(super) fn dedent(text: &str) -> String {
    if has_text_over_lines(text) {
        return text.trim_end().to_owned();
    }
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let shared = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let mut dedented = String::with_capacity(text.len());
    for line in text.lines() {
        dedented.extend([line.get(shared..).unwrap_or_default().trim_end(), "\n"]);
    }
    dedented.trim_end().trim_start_matches('\n').to_owned()
}

/// Returns whether a quoted text in the SQL runs over a line end, so that lines must not be moved. Quotes inside of
/// Liquid tags are not the SQL's.
fn has_text_over_lines(sql: &str) -> bool {
    let is_odd = |text: &str, quote: u8| text.bytes().filter(|byte| *byte == quote).count() % 2 == 1;
    let is_open = |text: &str| is_odd(text, b'\'') || is_odd(text, b'"');
    sql.lines().any(|line| {
        // Most lines have no tags, and need no copy.
        if !line.contains("{%") {
            return is_open(line);
        }
        let parts = line.split("{%").enumerate();
        let outside: String = parts
            .map(|(at, part)| if at == 0 { part } else { part.split_once("%}").map_or("", |(_, rest)| rest) })
            .collect();
        is_open(&outside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_undone() {
        for text in ["", "plain", r#"the "net" price"#, r"C:\", r#"\""#, "größer", "\"\\\"\\\\", r"0\%", r"\\%"] {
            let quoted = quote(text);
            assert_eq!(unquote(&quoted[1..quoted.len() - 1]), text);
        }
        assert_eq!(quote(r"0\%"), r#""0\%""#);
    }

    #[test]
    fn a_text_of_people_runs_nothing() {
        let text = inert("a {{ b }}\n${c} @{d} {% e %} {{{ ;; ;;;");
        for sequence in LIVE.into_iter().chain(["${", ";;", "\n"]) {
            assert!(!text.contains(sequence), "{sequence} in {text}");
        }
    }

    #[test]
    fn a_trailing_comment_does_not_swallow_the_terminator() {
        let text = block("price -- net", 6);
        assert_eq!(text, "\n      price -- net\n    ;;");
        assert_eq!(unblock(text.trim_end_matches(";;")), "price -- net");
    }

    #[test]
    fn sql_of_several_lines_keeps_its_shape() {
        for sql in [
            "SELECT a,\n  b\nFROM t",
            "SELECT 'two\n  lines' AS a",
            "-- all\nSELECT 1",
            "{% if a contains \"'\" %}\n  b\n{% endif %}",
        ] {
            let text = block(sql, 6);
            assert_eq!(unblock(text.strip_suffix(";;").expect("the terminator")), sql);
        }
    }

    #[test]
    fn any_name_becomes_an_identifier() {
        for (name, expected) in [("price", "price"), ("Gross-Price", "gross_price"), ("2nd", "n2nd"), ("_", "field")] {
            assert_eq!(identifier(name), expected);
        }
    }
}
