//! SQL of LookML → its references and the text between them.
//!
//! `${TABLE}.price * ${rate}` is the column `price`, ` * ` and the field `rate`.

use crate::import::lookml::source::has_liquid;

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import::lookml) enum Piece {
    /// SQL without references.
    Text(String),
    /// `${TABLE}.price`
    Column(String),
    /// `${TABLE}` alone.
    Table,
    /// `${orders.price}`: the view, if it is named, and the field.
    Field(Option<String>, String),
}

/// Cuts SQL at its references.
pub(in crate::import::lookml) fn pieces(sql: &str) -> Result<Vec<Piece>, String> {
    if has_liquid(sql) {
        return Err("it holds Liquid, which Looker runs".to_owned());
    }
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(at) = rest.find("${") {
        found.push(Piece::Text(rest[..at].to_owned()));
        let Some(end) = rest[at..].find('}').map(|length| at + length) else {
            return Err("it holds `${` without an end".to_owned());
        };
        let name = rest[at + 2..end].trim();
        rest = &rest[end + 1..];
        if name == "TABLE" {
            match column_after(rest) {
                Some((column, length)) => {
                    rest = &rest[length..];
                    found.push(Piece::Column(column));
                }
                None => found.push(Piece::Table),
            }
            continue;
        }
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match name.split_once('.') {
            _ if name.contains("EXTENDED") => return Err("it goes on from the SQL that it refines".to_owned()),
            Some((_, "SQL_TABLE_NAME" | "sql_table_name")) => {
                return Err(format!("it reads the table of `{name}`"));
            }
            Some((view, field)) if is_name(view) && is_name(field) => {
                found.push(Piece::Field(Some(view.to_owned()), field.to_owned()));
            }
            None if is_name(name) => found.push(Piece::Field(None, name.to_owned())),
            _ => return Err(format!("`${{{name}}}` has no form here")),
        }
    }
    found.push(Piece::Text(rest.to_owned()));
    Ok(found)
}

/// Reads `.price` or `."Net price"`: the column, and how long it is.
fn column_after(text: &str) -> Option<(String, usize)> {
    let inner = text.strip_prefix('.')?;
    for quote in ['"', '`'] {
        if let Some(rest) = inner.strip_prefix(quote) {
            let end = rest.find(quote)?;
            return Some((rest[..end].to_owned(), end + 3));
        }
    }
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    (end > 0).then(|| (inner[..end].to_owned(), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_cut_at_its_references() {
        let found = pieces("${TABLE}.price * ${ orders.rate } - ${TABLE}.\"Net Price\"").expect("it is whole");
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(
            found,
            [
                text(""),
                Piece::Column("price".to_owned()),
                text(" * "),
                Piece::Field(Some("orders".to_owned()), "rate".to_owned()),
                text(" - "),
                Piece::Column("Net Price".to_owned()),
                text("")
            ]
        );
        for sql in ["${a", "{% if x %}", "${EXTENDED}", "${x.SQL_TABLE_NAME}", "${größe}"] {
            assert!(pieces(sql).is_err(), "{sql}");
        }
    }
}
