//! What a field says to people, and its format: labels, descriptions, groups, tags, drills, links.
//!
//! `value_format_name: usd` becomes `format: currency` and `unit: USD`; what has no word of its own passes under `lookml:`.
//!
//! **Invariant:** a parameter that is neither said here nor kept under `lookml:` is in [`rest`], for the file of
//! refinements.

use super::source::{Lookml, parameters, texts};
use crate::{
    import::emit::{Entries, Out},
    lookml::{
        check::{
            layers::{At, Layers},
            view::Field,
        },
        human, without_periods,
    },
    project::decimals_of,
};

/// Parameters of a field that a definition says, or that entente writes anew.
const NATIVE: [&str; 45] = [
    "action",
    "alias",
    "allow_approximate_optimization",
    "approximate",
    "based_on",
    "based_on_time",
    "bins",
    "case",
    "convert_tz",
    "datatype",
    "description",
    "drill_fields",
    "fanout_on",
    "filters",
    "group_label",
    "hidden",
    "html",
    "intervals",
    "kind",
    "label",
    "link",
    "list_field",
    "order_by_field",
    "percentile",
    "period",
    "primary_key",
    "required_access_grants",
    "sql",
    "sql_distinct_key",
    "sql_end",
    "sql_start",
    "suggest_dimension",
    "suggest_explore",
    "suggestable",
    "suggestions",
    "synonyms",
    "tags",
    "tiers",
    "timeframes",
    "type",
    "value_format",
    "value_format_name",
    "value_to_date",
    "view_label",
    "style",
];

/// Returns the parameters of a field that stay LookML.
pub(super) fn rest<'a>(lookml: &Lookml<'a>, field: &Field<'a>) -> Vec<At<'a>> {
    let mut rest = parameters(&field.layers);
    rest.retain(|at| {
        let key = at.node.key.text;
        if lookml.is_generated(at.file) {
            return false;
        }
        match key {
            "suggest_dimension" | "suggest_explore" => true,
            "type" => at.value().is_some_and(|word| word.text() == "zipcode"),
            "link" => at.child("icon_url").is_some() || link(lookml, *at).is_none(),
            "action" => action(lookml, *at).is_none(),
            _ => !NATIVE.contains(&key),
        }
    });
    rest
}

/// Puts what a field says to people; `name` is its name here, `made` what entente would say in its place.
pub(super) fn about(lookml: &Lookml<'_>, (view, field): (&str, &Field<'_>), name: &str, made: &str, out: &mut Entries) {
    let layers = &field.layers;
    let label = lookml.said(layers, "label").filter(|label| *label != human(name));
    out.maybe("label", label.map(|label| label.trim_start_matches("[deprecated] ").to_owned()));
    let mut description = lookml.said(layers, "description").map(|text| tidied(&text));
    if layers.word("type").is_some_and(|word| word.text() == "period_over_period") {
        description = description.map(|text| without_periods(&text).to_owned());
    }
    let life =
        description.as_deref().and_then(deprecated).filter(|_| texts(layers, "tags").contains(&DEPRECATED.to_owned()));
    if let Some((text, ..)) = &life {
        description = Some(text.clone());
    }
    out.maybe("description", description.filter(|text| text != made && !text.is_empty()));
    let tags = texts(layers, "tags");
    out.maybe("owner", tags.iter().find_map(|tag| tag.strip_prefix("owner:")));
    out.maybe("group", lookml.said(layers, "group_label"));
    if lookml.hides(view, field) && life.is_none() {
        out.put("hidden", Out::yes());
    }
    let synonyms = texts(layers, "synonyms");
    if !synonyms.is_empty() {
        out.put("synonyms", Out::texts(&synonyms));
    }
    let free: Vec<String> = tags.iter().filter(|tag| !is_known(tag)).cloned().collect();
    if !free.is_empty() {
        out.put("tags", Out::texts(&free));
    }
    if let Some(status) =
        tags.iter().find_map(|tag| tag.strip_prefix("status:")).filter(|status| *status != "deprecated")
    {
        out.text("status", status);
    }
    if let Some((_, successor, sunset)) = life {
        out.text("status", "deprecated");
        out.text("replaced_by", successor);
        out.maybe("sunset", sunset);
    }
}

/// The tag of what is deprecated.
const DEPRECATED: &str = "status:deprecated";

/// Reads what entente says of a deprecated metric: its own description, the successor, and until when it stays.
fn deprecated(description: &str) -> Option<(String, String, Option<String>)> {
    let (text, rest) = description.rsplit_once("Use ")?;
    let (successor, rest) = rest.split_once(" instead")?;
    let sunset = rest.strip_prefix("; this one stays until ").map(|day| day.trim_end_matches('.').to_owned());
    Some((text.trim().to_owned(), successor.to_owned(), sunset))
}

/// Returns whether a tag is one that other keys say.
fn is_known(tag: &str) -> bool {
    ["owner:", "entente:", "meaning:", "status:", "pii:"].iter().any(|start| tag.starts_with(start))
        || ["pii", "masked"].contains(&tag)
}

/// Returns the class of personal data that tags name.
pub(super) fn personal(layers: &Layers<'_>) -> Option<String> {
    let tags = texts(layers, "tags");
    if let Some(class) = tags.iter().find_map(|tag| tag.strip_prefix("pii:")) {
        return Some(class.to_owned());
    }
    let is_personal = tags.iter().any(|tag| tag.eq_ignore_ascii_case("pii"));
    is_personal.then(|| {
        let class = tags.iter().find(|tag| ["email", "phone", "name", "address", "birthday"].contains(&tag.as_str()));
        class.map_or_else(|| "personal".to_owned(), Clone::clone)
    })
}

/// Puts the format of a number.
pub(super) fn format(lookml: &Lookml<'_>, layers: &Layers<'_>, out: &mut Entries) -> Option<Out> {
    let name = layers.word("value_format_name").map(|word| word.text().to_owned());
    let pattern = lookml.said(layers, "value_format");
    let pattern = pattern.or_else(|| name.as_deref().and_then(|name| lookml.named_format(name)));
    let known = name.as_deref().and_then(built_in).or_else(|| pattern.as_deref().and_then(written));
    match known {
        Some((format, unit)) => {
            out.maybe("unit", unit);
            out.text("format", format);
            None
        }
        None => match (name, lookml.said(layers, "value_format")) {
            (Some(name), _) => Some(Out::Map(vec![("value_format_name".to_owned(), Out::Text(name))])),
            (None, Some(pattern)) => Some(Out::Map(vec![("value_format".to_owned(), Out::Text(pattern))])),
            (None, None) => None,
        },
    }
}

/// Reads a format that Looker has a name for.
fn built_in(name: &str) -> Option<(String, Option<String>)> {
    let digits = |name: &str, kind: &str| {
        name.strip_prefix(kind)?.strip_prefix('_')?.parse::<u8>().ok().filter(|digits| *digits <= 9)
    };
    if name == "id" {
        return Some(("id".to_owned(), None));
    }
    if let Some(digits) = digits(name, "percent") {
        return Some((if digits == 0 { "percent".to_owned() } else { format!("percent_{digits}") }, None));
    }
    if let Some(digits) = digits(name, "decimal") {
        return Some((format!("decimal_{digits}"), None));
    }
    let (money, digits) = match name.split_once('_') {
        None => (name, ""),
        Some((money, "0")) => (money, "_0"),
        Some(_) => return None,
    };
    let is_money = ["usd", "eur", "gbp"].contains(&money);
    is_money.then(|| (format!("currency{digits}"), Some(money.to_ascii_uppercase())))
}

/// Reads a format as spreadsheets write it, where a word here says the same.
fn written(pattern: &str) -> Option<(String, Option<String>)> {
    let pattern = pattern.trim();
    let (number, unit) = match pattern.split_once(" \"") {
        Some((number, unit)) => (number, Some(unit.strip_suffix('"')?)),
        None => (pattern, None),
    };
    let (money, number) = match number.chars().next()? {
        '$' => (Some("USD"), &number[1..]),
        '€' => (Some("EUR"), &number["€".len()..]),
        '£' => (Some("GBP"), &number["£".len()..]),
        _ => (None, number),
    };
    let (number, is_percent) = match number.strip_suffix('%') {
        Some(number) => (number, true),
        None => (number, false),
    };
    let rest = number.strip_prefix("#,##0").or_else(|| number.strip_prefix('0').filter(|_| is_percent))?;
    let digits = match rest.strip_prefix('.') {
        Some(zeros) if zeros.bytes().all(|byte| byte == b'0') && zeros.len() <= 9 => zeros.len(),
        None if rest.is_empty() => 0,
        _ => return None,
    };
    let is_code = |unit: &str| unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase());
    match (is_percent, money, unit) {
        (true, None, None) => {
            Some((if digits == 0 { "percent".to_owned() } else { format!("percent_{digits}") }, None))
        }
        (false, Some(money), None) if digits == 0 || digits == 2 => {
            Some((if digits == 0 { "currency_0".to_owned() } else { "currency".to_owned() }, Some(money.to_owned())))
        }
        (false, None, Some(unit)) if is_code(unit) => {
            let is_usual = digits == usize::from(decimals_of(unit));
            let format = if is_usual { "currency".to_owned() } else { format!("currency_{digits}") };
            Some((format, Some(unit.to_owned())))
        }
        (false, None, unit) => Some((format!("decimal_{digits}"), unit.map(str::to_owned))),
        _ => None,
    }
}

/// Puts what only Looker knows and passes through; `more` are formats without a word here, and names that it had.
pub(super) fn passed(
    lookml: &Lookml<'_>,
    layers: &Layers<'_>,
    more: Vec<Out>,
    old_name: Option<&str>,
    out: &mut Entries,
) {
    let mut passed = Entries::default();
    passed.maybe("view_label", lookml.said(layers, "view_label"));
    for entries in more {
        if let Out::Map(entries) = entries {
            passed.0.extend(entries);
        }
    }
    let drills = texts(layers, "drill_fields");
    if !drills.is_empty() && drills != ["detail*"] {
        passed.put("drill_fields", Out::texts(&drills));
    }
    if let Some(word) = layers.word("html") {
        let html = word.piece.block();
        passed.text("html", lookml.expanded(&html).unwrap_or(html).trim());
    }
    let links: Vec<Out> =
        layers.all("link").filter(|at| at.child("icon_url").is_none()).filter_map(|at| link(lookml, at)).collect();
    if !links.is_empty() {
        passed.put("links", Out::List(links));
    }
    let actions: Vec<Out> = layers.all("action").filter_map(|at| action(lookml, at)).collect();
    if !actions.is_empty() {
        passed.put("actions", Out::List(actions));
    }
    let mut aliases = texts(layers, "alias");
    aliases.extend(old_name.map(str::to_owned));
    aliases.dedup();
    if !aliases.is_empty() {
        passed.put("alias", Out::texts(&aliases));
    }
    passed.maybe("order_by_field", layers.word("order_by_field").map(|word| word.text().to_owned()));
    if !passed.0.is_empty() {
        out.put("lookml", Out::Map(passed.0));
    }
}

/// Returns what a key of a block says, with the values of its constants.
fn part(lookml: &Lookml<'_>, at: At<'_>, key: &str) -> Option<Out> {
    let text = at.word(key)?.piece.value().into_owned();
    Some(Out::Text(lookml.expanded(&text).unwrap_or(text)))
}

fn link(lookml: &Lookml<'_>, at: At<'_>) -> Option<Out> {
    let part = |key: &str| Some((key.to_owned(), part(lookml, at, key)?));
    Some(Out::Map(vec![part("label")?, part("url")?]))
}

/// Reads an action without a form, whose parameters have plain values.
fn action(lookml: &Lookml<'_>, at: At<'_>) -> Option<Out> {
    if at.child("form_param").is_some() || at.child("form_url").is_some() || at.child("user_attribute_param").is_some()
    {
        return None;
    }
    let part = |key: &str| Some((key.to_owned(), part(lookml, at, key)?));
    let mut action = vec![part("label")?, part("url")?];
    action.extend(part("icon_url"));
    let params: Vec<(String, Out)> = at
        .children("param")
        .filter_map(|param| {
            Some((param.word("name")?.piece.value().into_owned(), Out::text(param.word("value")?.piece.value())))
        })
        .collect();
    if !params.is_empty() {
        action.push(("params".to_owned(), Out::Map(params)));
    }
    Some(Out::Map(action))
}

fn tidied(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deprecated_metric_says_its_successor() {
        let found = deprecated("Old. Use revenue instead; this one stays until 2026-12-31.").expect("it is deprecated");
        assert_eq!(found, ("Old.".to_owned(), "revenue".to_owned(), Some("2026-12-31".to_owned())));
        assert_eq!(deprecated("Use with care."), None);
    }

    #[test]
    fn formats_of_both_kinds_are_words() {
        let said = |format: &str, unit: Option<&str>| Some((format.to_owned(), unit.map(str::to_owned)));
        assert_eq!(built_in("usd"), said("currency", Some("USD")));
        assert_eq!(built_in("eur_0"), said("currency_0", Some("EUR")));
        assert_eq!(built_in("percent_1"), said("percent_1", None));
        assert_eq!(built_in("house_style"), None);
        assert_eq!(written("$#,##0.00"), said("currency", Some("USD")));
        assert_eq!(written("0.0%"), said("percent_1", None));
        assert_eq!(written("#,##0 \"JPY\""), said("currency", Some("JPY")));
        assert_eq!(written("#,##0.00 \"JPY\""), said("currency_2", Some("JPY")));
        assert_eq!(written("#,##0.0 \"hours\""), said("decimal_1", Some("hours")));
        assert_eq!(written("0.0,,\"M\""), None);
        // Escaped, the sign multiplies nothing.
        assert_eq!(written("0\\%"), None);
        assert_eq!(written("0.0\\%"), None);
    }
}
