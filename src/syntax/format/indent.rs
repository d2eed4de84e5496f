//! Indents lists and mappings by two spaces each.
//!
//! ```yaml
//! metrics:
//! -   name: x
//!     label: y
//! ```
//! becomes
//! ```yaml
//! metrics:
//!   - name: x
//!     label: y
//! ```

use super::Places;

/// A list or a mapping that is open on a line.
#[derive(Clone, Copy)]
struct Level {
    list: bool,
    old: usize,
    new: usize,
}

/// Indents a text; nothing comes back where a line cannot be moved as far as the lines around it.
pub(super) fn indent(text: &str, places: &Places) -> Option<String> {
    let mut levels: Vec<Level> = Vec::new();
    let mut changed = String::with_capacity(text.len() + text.len() / 8);
    let mut comments: Vec<&str> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let column = line.len() - line.trim_start_matches(' ').len();
        let content = line.trim_start_matches(' ');
        let first = offset + column;
        offset += line.len();
        if places.continues(first) {
            let before = std::mem::take(&mut comments);
            write_comments(&mut changed, &before, &levels, None);
            write_moved(&mut changed, line, &levels)?;
        } else if content.trim().is_empty() || content.starts_with('#') {
            comments.push(line);
        } else {
            let open = levels.clone();
            let start = changed.len();
            write_structure(&mut changed, content, first, column, &mut levels, places)?;
            let structure = changed.split_off(start);
            let new_column = structure.len() - structure.trim_start_matches(' ').len();
            let before = std::mem::take(&mut comments);
            write_comments(&mut changed, &before, &open, Some((column, new_column)));
            changed.push_str(&structure);
        }
    }
    write_comments(&mut changed, &comments, &levels, None);
    Some(changed)
}

/// Writes a line that begins with dashes or a key, and opens and closes what it opens and closes.
fn write_structure(
    out: &mut String,
    content: &str,
    first: usize,
    column: usize,
    levels: &mut Vec<Level>,
    places: &Places,
) -> Option<()> {
    let mut rest = content;
    let mut at = column;
    let mut written = false;
    loop {
        let byte = first + (at - column);
        let dash = rest.starts_with("- ") || rest.trim_end() == "-";
        if !dash && !places.is_key(byte) {
            break;
        }
        levels.retain(|level| level.old < at || (level.old == at && (dash || !level.list)));
        let open = levels.last().copied().filter(|level| level.old == at && level.list == dash);
        let new = open.map_or_else(|| levels.last().map_or(0, |level| level.new + 2), |level| level.new);
        if open.is_none() {
            levels.push(Level { list: dash, old: at, new });
        }
        if !written {
            out.extend(std::iter::repeat_n(' ', new));
            written = true;
        }
        if !dash {
            break;
        }
        let behind = rest[1..].trim_start_matches(' ');
        out.push('-');
        if !behind.trim().is_empty() {
            out.push(' ');
        }
        at += rest.len() - behind.len();
        rest = behind;
    }
    if written {
        out.push_str(rest);
        return Some(());
    }
    // A value on a line of its own moves with its key.
    let line = format!("{}{content}", " ".repeat(column));
    write_moved(out, &line, levels)
}

/// Writes a line moved as far as what is open; fails if it has not so many spaces.
fn write_moved(out: &mut String, line: &str, levels: &[Level]) -> Option<()> {
    let content = line.trim_start_matches(' ');
    if content.trim().is_empty() {
        out.push_str(line);
        return Some(());
    }
    let column = line.len() - content.len();
    let new = moved(column, levels)?;
    out.extend(std::iter::repeat_n(' ', new));
    out.push_str(content);
    Some(())
}

fn moved(column: usize, levels: &[Level]) -> Option<usize> {
    let (old, new) = levels.last().map_or((0, 0), |level| (level.old, level.new));
    (column + new).checked_sub(old)
}

/// Writes comments and empty lines: with the line behind them if they stand in its column, else with what is open.
fn write_comments(out: &mut String, lines: &[&str], levels: &[Level], next: Option<(usize, usize)>) {
    for line in lines {
        let content = line.trim_start_matches(' ');
        let column = line.len() - content.len();
        if content.trim().is_empty() {
            out.push_str(line);
            continue;
        }
        let with_next = next.filter(|(old, _)| *old == column).map(|(_, new)| new);
        let in_level = || levels.iter().rev().find(|level| level.old == column).map(|level| level.new);
        let new = with_next.or_else(in_level).or_else(|| moved(column, levels)).unwrap_or(0);
        out.extend(std::iter::repeat_n(' ', new));
        out.push_str(content);
    }
}
