//! Texts of Looker's own inside SQL that our printer writes: `${shipments.price}`, `{% date_start … %}`.
//!
//! Each travels through the printer as a name that no definition uses, and is put in place afterwards.
//!
//! **Invariant:** nothing that Looker would interpret is in the finished text, save what was placed here.

use std::rc::Rc;

use super::super::lexical::forbidden_in_sql;
use crate::sql::{Dialect, Select, SqlExpr, print_expression, print_pretty, simplify};

/// The beginning of the names that stand for Looker's texts while SQL is printed.
pub(super) const TOKEN: &str = "lookml_reference_";

/// The texts that are put in place of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Splices {
    /// Those that all derived tables share; there is one for each table of the project.
    shared: Rc<[String]>,
    texts: Vec<String>,
}

impl Splices {
    /// Returns the same texts, for many to go on from.
    pub(super) fn sharing(self) -> Self {
        Self { shared: self.shared.iter().cloned().chain(self.texts).collect(), texts: Vec::new() }
    }

    /// Returns the name that stands for a text.
    pub(super) fn name(&mut self, text: String) -> String {
        match self.texts.iter().position(|known| *known == text) {
            Some(at) => self.token(at),
            None => self.add(text),
        }
    }

    /// Returns the name that stands for a text which has none.
    pub(super) fn add(&mut self, text: String) -> String {
        self.texts.push(text);
        self.token(self.texts.len() - 1)
    }

    fn token(&self, at: usize) -> String {
        format!("{TOKEN}{}_", self.shared.len() + at)
    }

    /// Returns an expression that stands for a text.
    pub(super) fn place(&mut self, text: impl Into<String>) -> SqlExpr {
        SqlExpr::bare(self.name(text.into()))
    }

    /// Writes an expression with the texts in place.
    pub(super) fn expression(&self, expr: &SqlExpr, dialect: Dialect) -> Result<String, String> {
        self.finish(&print_expression(expr, dialect))
    }

    /// Writes a select over several lines with the texts in place.
    pub(super) fn select(&self, select: &Select, dialect: Dialect) -> Result<String, String> {
        self.finish(&print_pretty(&simplify(select.clone()), dialect).sql)
    }

    fn finish(&self, printed: &str) -> Result<String, String> {
        if let Some(sequence) = forbidden_in_sql(printed).or_else(|| printed.contains("${").then_some("${")) {
            return Err(format!("`{sequence}` in its SQL has a meaning of its own in LookML"));
        }
        let mut text = String::with_capacity(2 * printed.len());
        let mut rest = printed;
        while let Some(at) = rest.find(TOKEN) {
            let (before, name) = rest.split_at(at);
            text.push_str(before);
            rest = &name[TOKEN.len()..];
            let placed =
                rest.split_once('_').and_then(|(number, behind)| Some((self.get(number.parse().ok()?)?, behind)));
            match placed {
                Some((placed, behind)) => rest = put(&mut text, placed, behind),
                None => text.push_str(TOKEN),
            }
        }
        text.push_str(rest);
        Ok(text)
    }

    fn get(&self, number: usize) -> Option<&String> {
        self.shared.get(number).or_else(|| self.texts.get(number.checked_sub(self.shared.len())?))
    }
}

/// Puts a text at the end of another; further lines of it are indented as the line is in which it stands. Returns what
/// comes behind it: a name of a table may stand in the dialect's quotes, and the text brings its own.
fn put<'r>(text: &mut String, placed: &str, behind: &'r str) -> &'r str {
    let quote = ['`', '"'].into_iter().find(|quote| text.ends_with(*quote) && behind.starts_with(*quote));
    if quote.is_some() {
        text.pop();
    }
    let line = text.rsplit('\n').next().unwrap_or_default();
    let indent = " ".repeat(line.len() - line.trim_start_matches(' ').len());
    text.push_str(&placed.replace('\n', &format!("\n{indent}")));
    quote.map_or(behind, |quote| &behind[quote.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{BinaryOp, From};

    #[test]
    fn texts_stand_where_their_names_were() {
        let mut tables = Splices::default();
        let table = tables.add("`@{project}.marts.orders`".to_owned());
        let mut splices = tables.sharing();
        let (field, again) = (splices.place("${price}"), splices.place("${price}"));
        let switch = splices.place("{% if a %}\n  1\n{% else %}\n  2\n{% endif %}");
        assert_eq!(field, again);
        let select = Select {
            items: vec![field.binary(BinaryOp::Add, again).named("twice"), switch.named("switch")],
            from: Some(From::Table { name: table, alias: "orders".to_owned() }),
            ..Select::default()
        };
        assert_eq!(
            splices.select(&select, Dialect::BigQuery).expect("it can be said"),
            "SELECT\n  ${price} + ${price} AS twice,\n  {% if a %}\n    1\n  {% else %}\n    2\n  {% endif %} AS switch\n\
             FROM `@{project}.marts.orders` AS orders"
        );
        let other = SqlExpr::bare(format!("{TOKEN}99_"));
        assert_eq!(splices.expression(&other, Dialect::DuckDb), Ok(format!("{TOKEN}99_")), "nothing stands for it");
    }
}
