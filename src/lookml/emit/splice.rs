//! Texts of Looker's own inside SQL that our printer writes: `${shipments.price}`, `{% date_start … %}`.
//!
//! Each travels through the printer as a name that no definition uses, and is put in place afterwards.
//!
//! **Invariant:** nothing that Looker would interpret is in the finished text, save what was placed here.

use super::super::lexical::forbidden_in_sql;
use crate::sql::{Dialect, Select, SqlExpr, print_expression, print_pretty};

/// The beginning of the names that stand for Looker's texts while SQL is printed.
pub(super) const TOKEN: &str = "lookml_reference_";

/// The texts that are put in place of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Splices {
    texts: Vec<String>,
}

impl Splices {
    /// Returns the name that stands for a text.
    pub(super) fn name(&mut self, text: String) -> String {
        let at = self.texts.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        });
        token(at)
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
        self.finish(&print_pretty(select, dialect).sql)
    }

    fn finish(&self, printed: &str) -> Result<String, String> {
        if let Some(sequence) = forbidden_in_sql(printed).or_else(|| printed.contains("${").then_some("${")) {
            return Err(format!("`{sequence}` in its SQL has a meaning of its own in LookML"));
        }
        let mut text = printed.to_owned();
        for (number, placed) in self.texts.iter().enumerate() {
            let token = token(number);
            // A name of a table may stand in the dialect's quotes; the text brings its own.
            for quote in ["`", "\""] {
                text = text.replace(&format!("{quote}{token}{quote}"), placed);
            }
            text = put(&text, &token, placed);
        }
        Ok(text)
    }
}

/// Puts a text in place of a name; further lines of it are indented as the line is in which the name stands.
fn put(text: &str, token: &str, placed: &str) -> String {
    if !placed.contains('\n') {
        return text.replace(token, placed);
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        lines.push(line.replace(token, &placed.replace('\n', &format!("\n{indent}"))));
    }
    lines.join("\n")
}

fn token(number: usize) -> String {
    format!("{TOKEN}{number}_")
}
