//! The secrets that somebody wrote into the project file itself, so that no problem beside them shows them.
//!
//! `token: abc def   # of ann` → `abc def   # of ann`.
//!
//! It is looked for in the text, as a secret with a blank or a quote too many in it is often what makes the file no YAML.
//!
//! **Invariant:** rather more is hidden than less: all that stands behind such a key in its line, and the lines that hang on it.

use std::ops::Range;

/// The keys whose values are secrets.
const KEYS: [&str; 2] = ["password", "token"];

/// Finds what is hidden of a project file wherever its lines are shown: ranges of bytes, each within a line.
pub fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut hidden = Vec::new();
    let (mut start, mut below) = (0, None);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indentation = content.len() - content.trim_start().len();
        if below.is_some_and(|depth| indentation > depth || content.is_empty()) {
            hidden.push(start + indentation..start + content.len());
        } else {
            let value = value_in(content);
            below = value.map(|_| indentation);
            hidden.extend(value.map(|at| start + at..start + content.len()));
        }
        start += line.len();
    }
    hidden.retain(|range| !range.is_empty());
    hidden
}

/// Returns where the first secret of a line begins, or would begin if it stands in the lines below.
fn value_in(line: &str) -> Option<usize> {
    let of_key = |key: &str| {
        line.match_indices(key).find_map(|(at, _)| {
            let is_whole = !line[..at].ends_with(|letter: char| letter == '_' || letter.is_alphanumeric());
            let rest = line[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
            let value = rest.strip_prefix(':').filter(|_| is_whole)?.trim_start();
            (!is_variable(value)).then(|| line.len() - value.len())
        })
    };
    KEYS.into_iter().filter_map(of_key).min()
}

/// Returns whether a value is what should stand there: the name of a variable, which tells nothing.
fn is_variable(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'']);
    let Some((name, behind)) = value.strip_prefix("${").and_then(|inside| inside.split_once('}')) else { return false };
    name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        && behind.trim_start_matches(['"', '\'']).trim_start().chars().next().is_none_or(|next| ",}#".contains(next))
}

#[cfg(test)]
mod tests {
    use super::secrets;

    #[test]
    fn what_stands_behind_the_key_of_a_secret_is_hidden() {
        for (text, hidden) in [
            ("  a: { type: snowflake, token: a b, account: x }", &["a b, account: x }"][..]),
            ("token: 'a # b\ntoken_file: x\n", &["'a # b"]),
            ("\"password\" : \"a\"\nuser: x", &["\"a\""]),
            ("  token: >-\n    a\n\n    b\n  account: x", &[">-", "a", "b"]),
            ("  token:\n    a b\n  account: x", &["a b"]),
            ("token: ä\r\nuser: x", &["ä"]),
            ("token: a\npassword: b", &["a", "b"]),
            ("token: ${TOKEN:-abc}", &["${TOKEN:-abc}"]),
            ("token: ${TOKEN} abc", &["${TOKEN} abc"]),
            ("{ password: ${PASSWORD}, token: abc }", &["abc }"]),
            ("{ token: ${TOKEN}, account: x }\npassword: \"${PASSWORD}\"  # of ann\n", &[]),
            ("token_file: x\nmy_token: y\nhost: token", &[]),
        ] {
            let found: Vec<&str> = secrets(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, hidden, "{text}");
        }
    }
}
