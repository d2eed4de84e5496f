//! Expressions of dbt over the columns of one table → expressions of this language.
//!
//! `amount::numeric / 100` becomes `cast(amount as decimal) / 100`; what has no portable form is kept as SQL of the
//! project's own dialect.
//!
//! **Invariant:** a text is portable or marked with its dialect.

use crate::{
    catalog::ColumnType,
    import::dbt::{
        Options,
        nodes::{Nodes, TableNode},
        sql::{Columns, column, portable},
        tree::{Dimension, SemanticModel},
        write::Out,
    },
    sql::{Dialect, Portable, to_portable},
    time::TimePart,
};

/// An expression over one row.
#[derive(Clone, Debug)]
pub(super) struct RowExpression {
    /// What is written.
    pub(super) out: Out,
    /// Its tree, where it is portable.
    pub(super) portable: Option<Portable>,
    /// Why it is not portable.
    pub(super) why: Option<String>,
}

/// What an expression over one row may name.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    /// The types of columns.
    pub(super) columns: &'r Columns<'r>,
    /// The path of a part of the time in a column, which the language has of time dimensions only.
    pub(super) part: &'r dyn Fn(&str, TimePart) -> Option<String>,
}

/// Reads an expression.
pub(super) fn row_expression(text: &str, dialect: Option<&str>, row: Row<'_>) -> Result<RowExpression, String> {
    if is_open(text) {
        return Err(
            "its Jinja cannot be read here: run `dbt parse`, whose `target/semantic_manifest.json` says what it \
                    becomes"
                .to_owned(),
        );
    }
    let part = |words: &[&str]| match words {
        [column, part] => (row.part)(column, TimePart::from_name(part)?),
        _ => None,
    };
    let why = match portable(text, dialect, row.columns) {
        Ok(found) => match found.names().iter().find(|words| words.len() != 1 && part(words).is_none()) {
            None => {
                let text = found.renamed(&part);
                let found = if text == found.text { found } else { to_portable(&text, None)? };
                return Ok(RowExpression { out: Out::Text(text), portable: Some(found), why: None });
            }
            Some(words) => format!(
                "`{}` is neither a column of its own table nor a part of a time dimension that is cut so finely",
                words.join(".")
            ),
        },
        Err(why) => why,
    };
    match dialect.filter(|name| Dialect::from_name(name).is_some()) {
        Some(name) => {
            let out = Out::Map(vec![(name.to_owned(), Out::Text(text.trim().to_owned()))]);
            Ok(RowExpression { out, portable: None, why: Some(why) })
        }
        None => Err(why),
    }
}

/// Returns whether Jinja of an expression is not rendered.
pub(in crate::import::dbt) fn is_open(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// What is known of the types of columns.
#[derive(Clone, Copy)]
pub(in crate::import::dbt) struct Types<'a> {
    pub(in crate::import::dbt) nodes: &'a Nodes,
    pub(in crate::import::dbt) options: &'a Options,
}

impl<'a> Types<'a> {
    /// Returns what dbt knows of a model's table.
    pub(super) fn node(self, model: &SemanticModel) -> Option<&'a TableNode> {
        self.nodes.refs.get(model.node.as_ref()?)
    }

    /// Returns the type of a column, as far as it is known.
    pub(in crate::import::dbt) fn column(self, model: &SemanticModel, name: &str) -> ColumnType {
        let of_project = || self.node(model)?.types.get(&name.to_lowercase()).copied();
        self.listed(model, name).or_else(of_project).unwrap_or(ColumnType::Unknown)
    }

    /// Returns the type of a column of which the entente project will know, too.
    pub(super) fn listed(self, model: &SemanticModel, name: &str) -> Option<ColumnType> {
        if let Some(table) = self.options.catalog.tables.get(&model.table) {
            return Some(table.column(name)?.column_type);
        }
        let columns = &self.node(model)?.listed;
        Some(columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))?.column_type)
    }

    /// Returns whether a dimension is the column of its name, as it is.
    pub(in crate::import::dbt) fn is_bare(self, model: &SemanticModel, dimension: &Dimension) -> bool {
        let written = dimension.expr.as_deref().unwrap_or(&dimension.name);
        if column(written) != Some(&dimension.name) {
            return false;
        }
        match dimension.time.as_deref() {
            Some("day") => self.listed(model, written) == Some(ColumnType::Date),
            Some("week" | "month" | "quarter" | "year") => false,
            Some(_) => true,
            None => !self.column(model, written).is_time(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row<'static> {
        Row { columns: &|_| ColumnType::Unknown, part: &|column, part| Some(format!("{column}_day.{}", part.name())) }
    }

    #[test]
    fn a_part_is_one_of_a_time_dimension() {
        let text = |written: &str| row_expression(written, None, row()).map(|found| found.portable.map(|of| of.text));
        assert_eq!(text("extract(month from at) = 2"), Ok(Some("at_day.month_of_year = 2".to_owned())));
        assert!(text("orders.amount").is_err_and(|why| why.contains("nor a part of a time dimension")));
        assert!(text("{{ dollars('amount') }}").is_err_and(|why| why.contains("its Jinja cannot be read")));
    }

    #[test]
    fn what_is_not_portable_is_marked_with_its_dialect() {
        let found = row_expression("regexp_matches(a, 'x')", Some("duckdb"), row()).expect("the dialect is known");
        assert!(matches!(&found.out, Out::Map(entries) if entries[0].0 == "duckdb"));
        assert!(row_expression("regexp_matches(a, 'x')", None, row()).is_err());
    }
}
