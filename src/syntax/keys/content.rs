//! The value of one key, by its shape.

use crate::{
    diagnostics::Code,
    files::Spanned,
    syntax::{
        ExpressionDef, JoinKeyDef, OffsetDef, Text,
        yaml::{Mapping, Node, Scalar, Style, Value},
    },
    time::{Duration, Granularity, Unit},
};

use super::{
    Checker, Key, Kind, Shape,
    check::{Owner, shortened},
    fields::Content,
    json, near_word,
    shape::{DIALECTS, UNITS},
    words::listed,
};

const MAXIMUM_COUNT: i64 = Duration::MAXIMUM_COUNT;

/// Checks a value. A wrong one is reported; where a stand-in of the right form exists it goes on in its place, so that
/// nothing else is reported for the same mistake.
pub(super) fn content(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Content> {
    let span = node.span;
    Some(match key.shape {
        Shape::Text | Shape::Name | Shape::Reference | Shape::Literal | Shape::Word(..) => {
            Content::Text(checker.plain_text(node, key, owner)?)
        }
        Shape::Condition => Content::Text(expression_text(checker, node, key, owner)?),
        Shape::Expression => Content::Expression(expression(checker, node, key, owner)?),
        Shape::OneOf(words) => Content::Text(one_of(checker, node, key, owner, words)?),
        Shape::Boolean => Content::Boolean(boolean(checker, node, key, owner)?),
        Shape::Integer(least, greatest) => Content::Integer(integer(checker, node, key, owner, least, greatest)?),
        Shape::Duration(least) => Content::Duration(duration(checker, node, key, owner, least)?),
        Shape::Offset => Content::Offset(offset(checker, node, key, owner)?),
        Shape::Granularity(names) => {
            let name = one_of(checker, node, key, owner, names)?;
            Content::Granularity(name.map(|name| Granularity::from_name(&name).unwrap_or(Granularity::Day)))
        }
        Shape::Texts => Content::Texts(items(checker, node, key, owner, plain_text)?),
        Shape::OneOrMore => Content::Texts(match node.value {
            Value::Scalar(_) => vec![checker.plain_text(node, key, owner)?],
            _ => items(checker, node, key, owner, plain_text)?,
        }),
        Shape::Lists => Content::Lists(items(checker, node, key, owner, |checker, item, key, owner| {
            items(checker, item, key, owner, plain_text)
        })?),
        Shape::Numbers => Content::Texts(items(checker, node, key, owner, number)?),
        Shape::Pair => {
            let pair = items(checker, node, key, owner, number)?;
            if pair.len() != 2 {
                let found = format!("a list of {}", pair.len());
                checker.mismatch(span, key, owner, &found);
                return None;
            }
            Content::Texts(pair)
        }
        Shape::Anything => Content::Json(Spanned::new(json::to_json(checker, node)?, span)),
        Shape::Mapping(kind) => Content::Mapping(checker.fields(node, kind)?),
        // A list whose entries are all comments is an empty one.
        Shape::List(_) if matches!(node.value, Value::Absent) => Content::List(Vec::new(), span),
        Shape::List(kind) => Content::List(
            items(checker, node, key, owner, |checker, item, _, _| Some(checker.fields(item, kind)))?
                .into_iter()
                .flatten()
                .collect(),
            span,
        ),
        Shape::Named(kind) => Content::Named(named(checker, node, key, owner, |_, _, _| Some(kind))?),
        Shape::Names => Content::Names(
            mapping(checker, node, key, owner)?
                .entries
                .into_iter()
                .filter_map(|entry| Some((entry.key, checker.plain_text(entry.value, key, owner)?)))
                .collect(),
        ),
        Shape::WordOrMapping(words, kind) => match node.value {
            Value::Mapping(_) => Content::Mapping(checker.fields(node, kind)?),
            _ => Content::Text(one_of(checker, node, key, owner, words)?),
        },
        Shape::JoinKey => Content::JoinKey(join_key(checker, node, key, owner)?),
        Shape::NamedTagged(kinds) => {
            Content::Named(named(checker, node, key, owner, |checker, node, _| tagged(checker, node, kinds))?)
        }
    })
}

/// Takes a list and each of its entries. An entry that is wrong is left out.
fn items<T>(
    checker: &mut Checker<'_>,
    node: Node,
    key: &'static Key,
    owner: &Owner,
    mut take: impl FnMut(&mut Checker<'_>, Node, &'static Key, &Owner) -> Option<T>,
) -> Option<Vec<T>> {
    let span = node.span;
    match node.value {
        Value::Sequence(nodes) => Some(nodes.into_iter().filter_map(|item| take(checker, item, key, owner)).collect()),
        Value::Scalar(scalar) => {
            let found = format!("`{}`", shortened(&scalar.text));
            checker.mismatch(span, key, owner, &found);
            None
        }
        Value::Mapping(_) => {
            checker.mismatch(span, key, owner, "keys");
            None
        }
        Value::Absent | Value::Refused => {
            checker.scalar(node, key, owner);
            None
        }
    }
}

fn plain_text(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Text> {
    checker.plain_text(node, key, owner)
}

fn mapping(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Mapping> {
    let (span, found) = (node.span, node.kind());
    match node.value {
        Value::Mapping(mapping) => Some(mapping),
        Value::Scalar(_) | Value::Sequence(_) => {
            checker.mismatch(span, key, owner, found);
            None
        }
        Value::Absent | Value::Refused => {
            checker.scalar(node, key, owner);
            None
        }
    }
}

fn named(
    checker: &mut Checker<'_>,
    node: Node,
    key: &'static Key,
    owner: &Owner,
    kind: impl Fn(&mut Checker<'_>, &Node, &Text) -> Option<&'static Kind>,
) -> Option<Vec<(Text, super::Fields)>> {
    let entries = mapping(checker, node, key, owner)?.entries;
    let mut named = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(kind) = kind(checker, &entry.value, &entry.key)
            && let Some(fields) = checker.fields(entry.value, kind)
        {
            named.push((entry.key, fields));
        }
    }
    Some(named)
}

/// Finds the kind of a mapping by the word under its `type`.
fn tagged(
    checker: &mut Checker<'_>,
    node: &Node,
    kinds: &'static [(&'static str, &'static Kind)],
) -> Option<&'static Kind> {
    let Value::Mapping(mapping) = &node.value else { return Some(kinds[0].1) };
    let Some(entry) = mapping.entries.iter().find(|entry| entry.key.value == "type") else { return Some(kinds[0].1) };
    let Value::Scalar(scalar) = &entry.value.value else { return Some(kinds[0].1) };
    let kind = kinds.iter().find(|(name, _)| *name == scalar.text);
    if kind.is_none() {
        let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
        let message = format!("no `type` is called `{}`", shortened(&scalar.text));
        checker.report(Code::WrongValue, entry.value.span, message, one_of_help(&scalar.text, &names));
    }
    kind.map(|(_, kind)| *kind)
}

fn one_of(
    checker: &mut Checker<'_>,
    node: Node,
    key: &'static Key,
    owner: &Owner,
    words: &'static [&'static str],
) -> Option<Text> {
    let text = checker.plain_text(node, key, owner)?;
    if words.contains(&text.value.as_str()) {
        return Some(text);
    }
    let message = format!("`{}` of {} cannot be `{}`", key.name, owner.describe(), shortened(&text.value));
    checker.report(Code::WrongValue, text.span, message, one_of_help(&text.value, words));
    // Of what is not known nothing follows, unless something has to be there.
    let usual = usual(&text.value.to_lowercase(), words);
    let stand_in = usual.or_else(|| words.first().copied().filter(|_| key.required))?;
    Some(Spanned::new(stand_in.to_owned(), text.span))
}

fn one_of_help(found: &str, words: &[&str]) -> String {
    meant(found, words).map_or_else(|| format!("Write {}.", listed(words)), |meant| format!("Write `{meant}`."))
}

/// Returns the word that was meant, if it is told by its letters, or is what other tools call a type.
fn meant<'w>(found: &str, words: &[&'w str]) -> Option<&'w str> {
    let lower = found.to_lowercase();
    usual(&lower, words).or_else(|| near_word(&lower, words.iter().copied()))
}

/// Returns the word for what other tools call a type.
fn usual<'w>(lower: &str, words: &[&'w str]) -> Option<&'w str> {
    let usual = match lower {
        "date" | "datetime" | "timestamp" | "timestamptz" | "date_time" => "time",
        "int" | "integer" | "bigint" | "float" | "double" | "decimal" | "numeric" => "number",
        "text" | "varchar" | "char" | "str" => "string",
        "bool" | "yesno" => "boolean",
        other => other,
    };
    words.iter().copied().find(|word| *word == usual)
}

fn boolean(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Spanned<bool>> {
    let (scalar, span) = checker.scalar(node, key, owner)?;
    match (scalar.text.as_str(), scalar.style) {
        ("true", Style::Plain) => return Some(Spanned::new(true, span)),
        ("false", Style::Plain) => return Some(Spanned::new(false, span)),
        _ => {}
    }
    let value = matches!(scalar.text.to_lowercase().as_str(), "yes" | "y" | "on" | "true" | "1");
    let meant = value || matches!(scalar.text.to_lowercase().as_str(), "no" | "n" | "off" | "false" | "0");
    let found = format!("`{}`", shortened(&scalar.text));
    let message = format!("`{}` of {} takes `true` or `false`, found {found}", key.name, owner.describe());
    let help = match (meant, scalar.style) {
        (true, Style::Plain) => format!("Write `{}: {value}`.", key.name),
        (true, Style::Quoted | Style::Block) => format!("Write `{}: {value}`, without quotes.", key.name),
        (false, _) => format!("Write `{0}: true` or `{0}: false`.", key.name),
    };
    checker.report(Code::WrongValue, span, message, help);
    Some(Spanned::new(value, span))
}

fn integer(
    checker: &mut Checker<'_>,
    node: Node,
    key: &'static Key,
    owner: &Owner,
    least: u64,
    greatest: u64,
) -> Option<Spanned<u64>> {
    let (scalar, span) = checker.scalar(node, key, owner)?;
    let digits = !scalar.text.is_empty()
        && scalar.text.bytes().all(|byte| byte.is_ascii_digit())
        && !scalar.text.starts_with("00");
    let value = scalar.text.parse().ok().filter(|value| digits && (least..=greatest).contains(value));
    let found = format!("`{}`", shortened(&scalar.text));
    if value.is_none() && digits && scalar.text != "0" {
        let message = format!("`{}` of {} is too large: {found}", key.name, owner.describe());
        checker.report(Code::WrongValue, span, message, format!("Write at most {greatest}."));
    } else if value.is_none() {
        checker.mismatch(span, key, owner, &found);
    }
    Some(Spanned::new(value.unwrap_or(least), span))
}

fn number(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Text> {
    let text = checker.plain_text(node, key, owner)?;
    if !is_decimal(&text.value) {
        let found = format!("`{}`", shortened(&text.value));
        let message = format!("`{}` of {} takes numbers in decimal digits, found {found}", key.name, owner.describe());
        checker.report(Code::WrongValue, text.span, message, "Write a number such as `20` or `-1.5`.".to_owned());
    }
    Some(text)
}

/// Returns whether a text is a number such as `20` or `-1.5`.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

fn duration(
    checker: &mut Checker<'_>,
    node: Node,
    key: &'static Key,
    owner: &Owner,
    least: i64,
) -> Option<Spanned<Duration>> {
    let text = checker.plain_text(node, key, owner)?;
    let whose = format!("`{}` of {}", key.name, owner.describe());
    let found = shortened(&text.value);
    let is_long = text.value.bytes().take_while(u8::is_ascii_digit).count() > MAXIMUM_COUNT.ilog10() as usize + 1;
    let (message, help) = match text.value.parse::<Duration>() {
        Ok(duration) if (least..=MAXIMUM_COUNT).contains(&duration.count) => return Some(text.map(|_| duration)),
        Ok(duration) if duration.count < least && least > -MAXIMUM_COUNT => (
            format!("{whose} takes at least `{least} {}`, found `{found}`", duration.unit.name()),
            format!("Write a positive number of {}s.", duration.unit.name()),
        ),
        Ok(duration) => (
            format!("{whose} is too long: `{found}`"),
            format!("Write at most `{MAXIMUM_COUNT} {}s`.", duration.unit.name()),
        ),
        Err(()) if is_long => {
            (format!("{whose} is too long: `{found}`"), format!("Write at most `{MAXIMUM_COUNT}` of a unit of time."))
        }
        Err(()) => (format!("{whose} takes a number and a unit of time, found `{found}`"), duration_help(&text.value)),
    };
    checker.report(Code::WrongValue, text.span, message, help);
    Some(text.map(|_| Duration { count: 1, unit: Unit::Day }))
}

/// Reads a duration, or a number of periods of a calendar.
fn offset(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Spanned<OffsetDef>> {
    if let Value::Scalar(scalar) = &node.value
        && let Some((count, of)) = scalar.text.split_once(' ')
        && near_word(of.trim_end_matches('s'), UNITS).is_none()
        && of.starts_with(|first: char| first.is_ascii_lowercase())
        && of.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && let Some(count) = count.parse().ok().filter(|count| (1..=MAXIMUM_COUNT).contains(count))
    {
        return Some(Spanned::new(OffsetDef::Periods { count, of: of.to_owned() }, node.span));
    }
    duration(checker, node, key, owner, 1).map(|duration| duration.map(OffsetDef::Time))
}

fn duration_help(found: &str) -> String {
    let split = found.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(found.len());
    let (count, unit) = (&found[..split], found[split..].trim().to_lowercase());
    let near = near_word(unit.trim_end_matches('s'), UNITS).filter(|_| !unit.is_empty());
    match near {
        Some(unit) if !count.is_empty() => {
            let plural = if count == "1" { "" } else { "s" };
            format!("Write `{count} {unit}{plural}`.")
        }
        _ => format!("Write a number and one of {}, such as `28 days`.", UNITS.join(", ")),
    }
}

fn expression(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<ExpressionDef> {
    let span = node.span;
    let Value::Mapping(_) = node.value else {
        return Some(ExpressionDef::Portable(expression_text(checker, node, key, owner)?));
    };
    let mut dialects = mapping(checker, node, key, owner)?;
    checker.mend_cuts(&mut dialects, |_| true);
    let mut texts = Vec::new();
    for entry in dialects.entries {
        if matches!(entry.value.value, Value::Refused) {
            continue;
        }
        if !DIALECTS.contains(&entry.key.value.as_str()) {
            let message = format!("no dialect is called `{}`", shortened(&entry.key.value));
            checker.report(Code::UnknownKey, entry.key.span, message, one_of_help(&entry.key.value, &DIALECTS));
            continue;
        }
        if let Some(text) = expression_text(checker, entry.value, key, owner) {
            texts.push((entry.key, text));
        }
    }
    Some(ExpressionDef::PerDialect(texts, span))
}

/// Takes the text of an expression, where it may be with the line breaks and the indentation of the file: those mean
/// nothing to an expression, and with them a place in the text is a place in the file.
fn expression_text(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Text> {
    let (scalar, span) = checker.scalar(node, key, owner)?;
    if scalar.text.trim().is_empty() {
        let message = format!("`{}` of {} is empty", key.name, owner.describe());
        checker.report(Code::WrongValue, span, message, format!("Write an expression, or leave `{}` out.", key.name));
        return None;
    }
    let source = checker.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let text =
        if scalar.is_stand_in(source) || keeps_meaning(source, &scalar) { source.to_owned() } else { scalar.text };
    Some(Spanned::new(text, span))
}

fn keeps_meaning(source: &str, scalar: &Scalar) -> bool {
    let escapes = scalar.style == Style::Quoted && (source.contains('\\') || source.contains("''"));
    let comments = source.contains("--") || source.contains("/*");
    let text_over_lines = source.lines().any(|line| line.matches(['\'', '"', '`']).count() % 2 == 1);
    !escapes && !comments && !text_over_lines
}

fn join_key(checker: &mut Checker<'_>, node: Node, key: &'static Key, owner: &Owner) -> Option<Vec<JoinKeyDef>> {
    let ours = |text: Text| JoinKeyDef { theirs: None, ours: ExpressionDef::Portable(text) };
    match node.value {
        Value::Mapping(mut mapping) => {
            checker.mend_cuts(&mut mapping, |_| true);
            let mut pairs = Vec::with_capacity(mapping.entries.len());
            for entry in mapping.entries {
                if let Some(ours) = expression(checker, entry.value, key, owner) {
                    pairs.push(JoinKeyDef { theirs: Some(entry.key), ours });
                }
            }
            Some(pairs)
        }
        Value::Scalar(_) => Some(vec![ours(expression_text(checker, node, key, owner)?)]),
        _ => Some(items(checker, node, key, owner, expression_text)?.into_iter().map(ours).collect()),
    }
}
