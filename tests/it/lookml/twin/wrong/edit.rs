//! Changes of a text, one for each place where it can be made.

/// A text in place of another, wherever that stands.
pub(super) fn replace(text: &str, from: &str, to: &str) -> Vec<String> {
    text.match_indices(from).map(|(at, _)| format!("{}{to}{}", &text[..at], &text[at + from.len()..])).collect()
}

/// Lines changed by a function; nothing where it has nothing to change. A line that becomes empty is taken out.
pub(super) fn lines(text: &str, change: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let mut texts = Vec::new();
    for (at, line) in all.iter().enumerate() {
        let Some(new) = change(line) else { continue };
        let mut changed = String::new();
        for (other, line) in all.iter().enumerate() {
            let line = if other == at { new.as_str() } else { line };
            if !(line.is_empty() && other == at) {
                changed.push_str(line);
                changed.push('\n');
            }
        }
        texts.push(changed);
    }
    texts
}

/// Without the lines that begin with a word.
pub(super) fn without_line(text: &str, begin: &str) -> Vec<String> {
    lines(text, |line| line.trim_start().starts_with(begin).then(String::new))
}

/// Without the blocks that begin with a word; braces are on lines of their own ends.
pub(super) fn without_block(text: &str, begin: &str) -> Vec<String> {
    let all: Vec<&str> = text.lines().collect();
    let mut texts = Vec::new();
    for (at, line) in all.iter().enumerate() {
        if !line.trim_start().starts_with(begin) || !line.trim_end().ends_with('{') {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let Some(length) = all[at..].iter().position(|line| *line == close) else { continue };
        let kept = all[..at].iter().chain(&all[at + length + 1..]);
        texts.push(kept.flat_map(|line| [line, "\n"]).collect());
    }
    texts
}

/// Fields of a kind with one thing of theirs changed: from the line that opens a field to the one that closes it. What only
/// orders another field shows nothing.
pub(super) fn in_blocks(
    text: &str,
    begin: &str,
    applies: impl Fn(&str) -> bool,
    change: impl Fn(&str) -> Vec<String>,
) -> Vec<String> {
    let mut texts = Vec::new();
    let mut from = 0;
    while let Some(found) = text[from..].find(&format!("  {begin}: ")) {
        let start = from + found;
        let Some(length) = text[start..].find("\n  }\n") else { break };
        let end = start + length + 5;
        let block = &text[start..end];
        let name = block[begin.len() + 4..].split(' ').next().unwrap_or_default();
        if applies(block) && !text.contains(&format!("order_by_field: {name}\n")) {
            texts.extend(change(block).into_iter().map(|new| format!("{}{new}{}", &text[..start], &text[end..])));
        }
        from = end;
    }
    texts
}

/// The SQL of a block with something put in its place.
pub(super) fn sql(block: &str, change: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut texts = Vec::new();
    for (at, _) in block.match_indices("sql: ") {
        let Some(length) = block[at..].find(";;") else { continue };
        let inner = block[at + 5..at + length].trim();
        texts.extend(change(inner).map(|new| format!("{}sql: {new} {}", &block[..at], &block[at + length..])));
    }
    texts
}
