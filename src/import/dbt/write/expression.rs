//! Expressions of dbt over the columns of one table → expressions of this language.
//!
//! `amount::numeric / 100` becomes `cast(amount as decimal) / 100`; what has no portable form is kept as SQL of the
//! project's own dialect.
//!
//! **Invariant:** a text is portable or marked with its dialect.

use crate::{
    catalog::ColumnType,
    files::Spanned,
    import::dbt::{
        Options,
        nodes::{Nodes, TableNode},
        tree::{Dimension, SemanticModel},
        write::Out,
    },
    sql::{BinaryOp, Dialect, Expr, Function, Literal, Name, Portable, UnaryOp, to_portable},
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

/// Reads an expression; `table` is how SQL may name the table itself.
pub(super) fn row_expression(text: &str, dialect: Option<&str>, tables: &[&str]) -> Result<RowExpression, String> {
    let text = without_table(text, tables);
    let why = match to_portable(&text, dialect) {
        Ok(portable) => match portable.names().iter().find(|words| !is_known(words)) {
            None => {
                let out = Out::Text(portable.text.clone());
                return Ok(RowExpression { out, portable: Some(portable), why: None });
            }
            Some(words) => format!("`{}` is not a column of its own table", words.join(".")),
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

impl RowExpression {
    /// Makes texts of columns that are joined to texts and are known to be something else, as a warehouse does by itself.
    pub(super) fn with_texts(self, columns: &dyn Fn(&str) -> ColumnType) -> Self {
        let Some(portable) = &self.portable else { return self };
        let mut joined = Vec::new();
        joined_columns(&portable.expr, &mut joined);
        joined.retain(|word| {
            let known = columns(&word.value);
            matches!(known, ColumnType::Integer | ColumnType::Decimal | ColumnType::Boolean | ColumnType::Date)
        });
        if joined.is_empty() {
            return self;
        }
        let mut text = portable.text.clone();
        joined.sort_by_key(|word| std::cmp::Reverse(word.span.start));
        for word in joined {
            let place = word.span.start as usize..word.span.end as usize;
            text.replace_range(place, &format!("cast({} as string)", word.value));
        }
        match to_portable(&text, None) {
            Ok(portable) => Self { out: Out::Text(portable.text.clone()), portable: Some(portable), why: self.why },
            Err(_) => self,
        }
    }
}

/// Gathers the columns that stand directly beside `||`, or within `concat(…)`.
fn joined_columns<'e>(expr: &'e Expr<Name>, found: &mut Vec<&'e Spanned<String>>) {
    let parts: Vec<&Expr<Name>> = match expr {
        Expr::Binary { op: BinaryOp::Concat, left, right } => vec![left, right],
        Expr::Call { function: Function::Concat, args } => args.iter().collect(),
        _ => Vec::new(),
    };
    found.extend(parts.into_iter().filter_map(|part| match part {
        Expr::Leaf(Name::Path(words)) if words.len() == 1 => words.first(),
        _ => None,
    }));
    expr.for_each_child(&mut |child| joined_columns(child, found));
}

/// A column, or a part of the time in a column.
fn is_known(words: &[&str]) -> bool {
    match words {
        [_] => true,
        [_, part] => TimePart::from_name(part).is_some(),
        _ => false,
    }
}

/// Takes the table's name off its columns: `orders.amount` → `amount`.
fn without_table(text: &str, tables: &[&str]) -> String {
    let mut text = text.to_owned();
    for table in tables.iter().filter(|table| !table.is_empty()) {
        let mut result = String::new();
        let mut rest = text.as_str();
        let prefix = format!("{table}.");
        while let Some(at) = rest.find(&prefix) {
            let before = rest[..at].chars().next_back();
            let joined = before.is_some_and(|letter| letter.is_alphanumeric() || "_.'\"`".contains(letter));
            result.push_str(&rest[..at]);
            if joined {
                result.push_str(&prefix);
            }
            rest = &rest[at + prefix.len()..];
        }
        result.push_str(rest);
        text = result;
    }
    text
}

/// Returns the column that a text is, if it is one.
pub(super) fn column(text: &str) -> Option<&str> {
    let text = text.trim();
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_word =
        text.chars().all(letter) && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let reserved = ["true", "false", "null"].contains(&text.to_ascii_lowercase().as_str());
    (is_word && !reserved).then_some(text)
}

/// Returns the type of an expression as far as its form tells; `columns` knows the types of columns.
pub(super) fn type_of(expr: &Expr<Name>, columns: &dyn Fn(&str) -> ColumnType) -> ColumnType {
    match expr {
        Expr::Leaf(Name::Path(words)) => match words.as_slice() {
            [word] => columns(&word.value),
            [_, _] => ColumnType::Integer,
            _ => ColumnType::Unknown,
        },
        Expr::Literal(literal) => match literal {
            Literal::Null => ColumnType::Unknown,
            Literal::Boolean(_) => ColumnType::Boolean,
            Literal::Integer(_) => ColumnType::Integer,
            Literal::Decimal(_) => ColumnType::Decimal,
            Literal::Float(_) => ColumnType::Float,
            Literal::String(_) => ColumnType::String,
            Literal::Date(_) => ColumnType::Date,
            Literal::DateTime(_) => ColumnType::DateTime,
            Literal::Timestamp(_) => ColumnType::Timestamp,
        },
        Expr::Unary { op: UnaryOp::Not, .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. } => ColumnType::Boolean,
        Expr::Binary { op, left, right } => match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                match (type_of(left, columns), type_of(right, columns)) {
                    (left, right) if left.is_time() || right.is_time() => ColumnType::Unknown,
                    _ => ColumnType::Decimal,
                }
            }
            BinaryOp::Concat => ColumnType::String,
            _ => ColumnType::Boolean,
        },
        Expr::Case { branches, otherwise } => {
            let results = branches.iter().map(|(_, result)| result).chain(otherwise.as_deref());
            let mut types = results.map(|result| type_of(result, columns));
            types.find(|found| *found != ColumnType::Unknown).unwrap_or(ColumnType::Unknown)
        }
        Expr::Cast { to, .. } => *to,
        Expr::Call { function: Function::WrittenTruncate(_) | Function::WrittenDate, .. } => ColumnType::Date,
        _ => ColumnType::Unknown,
    }
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
    pub(super) fn column(self, model: &SemanticModel, name: &str) -> ColumnType {
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

    #[test]
    fn the_name_of_the_table_is_taken_off() {
        assert_eq!(without_table("orders.a + big_orders.a", &["orders"]), "a + big_orders.a");
    }

    #[test]
    fn what_is_not_portable_is_marked_with_its_dialect() {
        let found = row_expression("regexp_matches(a, 'x')", Some("duckdb"), &[]).expect("the dialect is known");
        assert!(matches!(&found.out, Out::Map(entries) if entries[0].0 == "duckdb"));
        assert!(row_expression("regexp_matches(a, 'x')", None, &[]).is_err());
    }

    #[test]
    fn what_is_joined_to_a_text_is_a_text() {
        let columns = |name: &str| if name == "kind" { ColumnType::String } else { ColumnType::Integer };
        let text = |written: &str| {
            let found = row_expression(written, None, &[]).expect("it is portable").with_texts(&columns);
            found.portable.expect("it is portable").text
        };
        assert_eq!(text("id || '-' || kind"), "cast(id as string) || '-' || kind");
        assert_eq!(text("concat(kind, id)"), "concat(kind, cast(id as string))");
        assert_eq!(
            text("case when id > 1 then kind || id end"),
            "case when id > 1 then kind || cast(id as string) end"
        );
    }

    #[test]
    fn conditions_are_booleans() {
        let found = row_expression("amount > 20 and not cancelled", None, &[]).expect("it is portable");
        let expr = found.portable.expect("it is portable").expr;
        assert_eq!(type_of(&expr, &|_| ColumnType::Unknown), ColumnType::Boolean);
    }
}
