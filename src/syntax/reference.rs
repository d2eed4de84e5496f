//! Key tables → the reference page `docs/reference/yaml.md`.

use std::fmt::Write;

use super::{
    config::CONFIG,
    keys::{DIALECTS, Kind, Rule, Shape, UNITS, listed},
    load::FILE,
};

/// Returns the reference page of all keys, with a final newline.
pub fn reference() -> String {
    let mut page = String::from(
        "# Every key of the definitions language\n\n\
         This page is generated from the tables that check the files; `UPDATE=1 cargo test` writes it anew.\n\n",
    );
    let mut kinds: Vec<&'static Kind> = vec![&FILE, &CONFIG];
    let mut index = 0;
    while let Some(kind) = kinds.get(index).copied() {
        for key in kind.keys {
            for inner in kinds_of(key.shape) {
                if !kinds.iter().any(|known| std::ptr::eq(*known, inner)) {
                    kinds.push(inner);
                }
            }
        }
        index += 1;
    }
    for kind in kinds {
        section(&mut page, kind);
    }
    page.push_str(&values());
    page
}

fn kinds_of(shape: Shape) -> Vec<&'static Kind> {
    match shape {
        Shape::Mapping(kind) | Shape::List(kind) | Shape::Named(kind) | Shape::WordOrMapping(_, kind) => vec![kind],
        Shape::NamedTagged(tagged) => tagged.iter().map(|(_, kind)| *kind).collect(),
        Shape::Text
        | Shape::Name
        | Shape::Reference
        | Shape::Condition
        | Shape::Expression
        | Shape::OneOf(_)
        | Shape::Word(..)
        | Shape::Boolean
        | Shape::Integer(..)
        | Shape::Literal
        | Shape::Duration(_)
        | Shape::Offset
        | Shape::Granularity(_)
        | Shape::Texts
        | Shape::OneOrMore
        | Shape::Lists
        | Shape::Numbers
        | Shape::Pair
        | Shape::Anything
        | Shape::Names
        | Shape::JoinKey => Vec::new(),
    }
}

fn section(page: &mut String, kind: &Kind) {
    let mut add = |line: &str| writeln!(page, "{line}").expect("writing to a string does not fail");
    add(&format!("## {}\n", title(kind)));
    add(&format!("{}\n", kind.doc));
    add("| key | value | what it says |");
    add("|---|---|---|");
    for key in kind.keys {
        let needed = if key.required { " (required)" } else { "" };
        let value = value(key.shape).replace('|', "\\|");
        add(&format!("| `{}`{needed} | {value} | {} |", key.name, key.doc.replace('|', "\\|")));
    }
    add("");
    for rule in kind.rules {
        add(&format!("- {}", sentence(rule)));
    }
    if !kind.rules.is_empty() {
        add("");
    }
}

fn title(kind: &Kind) -> String {
    let mut letters = kind.name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn link(kind: &Kind) -> String {
    format!("[{}](#{})", kind.name, kind.name.to_lowercase().replace(' ', "-"))
}

fn value(shape: Shape) -> String {
    match shape {
        Shape::Mapping(kind) => format!("{}: keys with values", link(kind)),
        Shape::List(kind) => format!("list of {}", link(kind)),
        Shape::Named(kind) => format!("names, each with {}", link(kind)),
        Shape::WordOrMapping(words, kind) => format!("{}, or {}", listed(words), link(kind)),
        Shape::NamedTagged(tagged) => {
            let each: Vec<String> = tagged.iter().map(|(_, kind)| link(kind)).collect();
            format!("names, each with {}", each.join(" or "))
        }
        Shape::Expression => "[expression](#values), or one per dialect".to_owned(),
        Shape::Condition => "[condition](#values)".to_owned(),
        Shape::Duration(_) => "[duration](#values)".to_owned(),
        Shape::Offset => "[duration](#values), or a number of periods of a calendar".to_owned(),
        other => other.expects(),
    }
}

fn sentence(rule: &Rule) -> String {
    match rule {
        Rule::AtMostOne(keys, advice) => format!("At most one of {}. {advice}", listed(keys)),
        Rule::AtLeastOne(keys, advice) => format!("At least one of {}. {advice}", listed(keys)),
        Rule::Excludes(key, others, advice) => format!("`{key}` excludes {}. {advice}", listed(others)),
        Rule::Needs(key, others, advice) => format!("`{key}` needs {}. {advice}", listed(others)),
    }
}

fn values() -> String {
    format!(
        "## Values

- A *duration* is a number and one of {}, such as `28 days` or `1 month`.
- An *expression* or *condition* is scalar SQL, such as `price * quantity` or `service = 'express'`. In braces, and \
where it holds `: ` or ` #`, put it in quotes; `entente fmt` does so. Where there is no portable form, write one text \
per dialect: `expr: {{ bigquery: \"…\", duckdb: \"…\" }}` (dialects: {}).
- What a value means is decided by its key: `name: no` is the text `no`. Booleans are `true` and `false` only.
- Anchors, aliases, tags, merge keys and several documents in a file are not part of the language.
",
        listed(&UNITS),
        listed(&DIALECTS),
    )
}
