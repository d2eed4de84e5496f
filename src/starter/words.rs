//! Names: from what tables and columns are called to what models, roles and metrics are called.
//!
//! `marts.fct_Shipments` → `shipments`; `origin_depot_id` of a key `depot_id` → role `origin`.

/// Makes an identifier in `snake_case`: `Order Lines 2024` → `order_lines_2024`, `Größe` → `groesse`; nothing of a name
/// without a letter or digit that has one in ASCII, such as `値`.
pub(super) fn identifier(name: &str) -> Option<String> {
    let mut text = String::new();
    for character in name.to_lowercase().chars() {
        let plain = if character.is_ascii_alphanumeric() { Some(character.to_string()) } else { in_ascii(character) };
        match plain {
            Some(plain) => text.push_str(&plain),
            None if !text.ends_with('_') && !text.is_empty() => text.push('_'),
            None => {}
        }
    }
    let text = text.trim_end_matches('_');
    let first = text.chars().next()?;
    Some(shortened(&if first.is_ascii_digit() { format!("n_{text}") } else { text.to_owned() }))
}

/// The longest name that is proposed: with `average_` and the name of a model in front it is within what a name may have.
const LONGEST: usize = 44;

/// Cuts an identifier that is too long.
pub(super) fn shortened(identifier: &str) -> String {
    identifier.get(..LONGEST).map_or(identifier, |begin| begin.trim_end_matches('_')).to_owned()
}

/// Writes a Latin letter with a mark as people do without it.
fn in_ascii(letter: char) -> Option<String> {
    const LETTERS: [(&str, &str); 23] = [
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("ß", "ss"),
        ("æ", "ae"),
        ("œ", "oe"),
        ("þ", "th"),
        ("àáâãåāăą", "a"),
        ("çćč", "c"),
        ("ðďđ", "d"),
        ("èéêëēėęě", "e"),
        ("ğģ", "g"),
        ("ìíîïīįı", "i"),
        ("ķ", "k"),
        ("łļľ", "l"),
        ("ñńňņ", "n"),
        ("òóôõøōő", "o"),
        ("ř", "r"),
        ("śšşș", "s"),
        ("ťţț", "t"),
        ("ùúûūůűų", "u"),
        ("ýÿ", "y"),
        ("źżž", "z"),
    ];
    LETTERS.iter().find(|(letters, _)| letters.contains(letter)).map(|(_, plain)| (*plain).to_owned())
}

/// Writes a column as an expression: `price` → `price`, `Order ID` → `"Order ID"`.
pub(super) fn expression(column: &str) -> String {
    if is_plain(column) { column.to_owned() } else { format!("\"{column}\"") }
}

/// Returns whether a column can be written in an expression without quotes.
pub(super) fn is_plain(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Words that SQL keeps for itself, so that they are no names without quotes.
const RESERVED: [&str; 43] = [
    "all", "and", "any", "as", "asc", "between", "by", "case", "cast", "cross", "current", "desc", "distinct", "else",
    "end", "exists", "false", "from", "full", "group", "having", "if", "in", "inner", "interval", "is", "join", "left",
    "like", "limit", "not", "null", "on", "or", "order", "right", "select", "then", "true", "union", "when", "where",
    "with",
];

/// Names that have a meaning of their own in the API.
const TAKEN: [&str; 7] = ["time", "hour", "time_part", "previous", "is_partial", "is_other", "is_total"];

/// Names a model after its table, without the prefixes of warehouses: `marts.fct_orders` → `orders`, `time` → `times`.
pub(super) fn model(table: &str) -> String {
    let bare = identifier(table.rsplit('.').next().unwrap_or(table)).unwrap_or_else(|| "table".to_owned());
    let prefixes = ["fct_", "fact_", "dim_", "stg_", "mart_", "tbl_"];
    let short = prefixes.iter().find_map(|prefix| bare.strip_prefix(prefix));
    let name = short.filter(|short| !short.is_empty()).unwrap_or(&bare);
    if TAKEN.contains(&name) || !is_plain(name) { format!("{name}s") } else { name.to_owned() }
}

/// Returns one of many: `categories` → `category`, `boxes` → `box`, `orders` → `order`.
pub(super) fn singular(plural: &str) -> String {
    if let Some(stem) = plural.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let stem = ["sses", "xes", "ches", "shes"].iter().find(|end| plural.ends_with(**end));
    if stem.is_some() {
        return plural[..plural.len() - 2].to_owned();
    }
    match plural.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') && !stem.is_empty() => stem.to_owned(),
        _ => plural.to_owned(),
    }
}

/// Returns a text for people: `lead_time_hours` → `Lead time hours`.
pub(super) fn spoken(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Returns whether a column looks like a number of something, which nobody adds up.
pub(super) fn is_key_like(column: &str) -> bool {
    let column = column.to_ascii_lowercase();
    ["id", "key", "code", "uuid", "number", "zip", "postcode", "iata"]
        .iter()
        .any(|end| column == *end || column.ends_with(&format!("_{end}")))
}

/// Returns the class of personal data that a column's name speaks of.
pub(super) fn personal(column: &str) -> Option<&'static str> {
    let column = column.to_ascii_lowercase();
    let classes =
        [("email", "email"), ("e_mail", "email"), ("phone", "phone"), ("first_name", "name"), ("last_name", "name")];
    classes.iter().find(|(word, _)| column.contains(word)).map(|(_, class)| *class)
}

/// Returns whether a numeric column says where something is; neither its sum nor its average is of use.
pub(super) fn is_place(column: &str) -> bool {
    has_word(column, &["latitude", "longitude", "lat", "lon", "lng"])
}

/// Returns whether a numeric column is a rate or a number of the calendar: its sum means nothing.
pub(super) fn is_intensive(column: &str) -> bool {
    let calendar = ["year", "month", "day", "hour", "age"];
    let rates = ["rate", "ratio", "percent", "pct", "share", "score", "rating", "rank", "temperature", "eur", "usd"];
    has_word(column, &calendar) || has_word(column, &rates)
}

fn has_word(column: &str, words: &[&str]) -> bool {
    let column = column.to_ascii_lowercase();
    column.split('_').any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_and_made_plain() {
        assert_eq!(identifier("Order Lines (2024)").as_deref(), Some("order_lines_2024"));
        assert_eq!(identifier("Größe é").as_deref(), Some("groesse_e"));
        assert_eq!(identifier("値"), None);
        assert_eq!(identifier("2024").as_deref(), Some("n_2024"));
        assert_eq!(identifier(&"long ".repeat(90)), Some("long_".repeat(9).trim_end_matches('_').to_owned()));
        assert_eq!(model("marts.fct_shipments"), "shipments");
        assert_eq!(
            ["orders", "categories", "boxes", "address", "news"].map(singular),
            ["order", "category", "box", "address", "new"]
        );
        assert!(is_plain("price_2") && !is_plain("order") && !is_plain("Größe") && !is_plain("a b"));
    }
}
