//! SQL of LookML → SQL: Liquid is filled in, then `${…}` replaced.

use super::Writer;
use crate::lookml::twin::{
    Looker,
    field::Field,
    filter::{quote, text},
    liquid::{Asked, Value, render},
    refuse,
};

/// A place in a view, where fields need no view before their name.
struct Place<'w, 'a> {
    writer: &'w Writer<'a>,
    alias: &'w str,
}

impl Writer<'_> {
    /// The SQL of a text that stands in a view.
    pub(super) fn code(&self, alias: &str, code: &str) -> Looker<String> {
        let rendered = render(code, &Place { writer: self, alias })?;
        let mut parts = rendered.split("${");
        let mut sql = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let Some((path, rest)) = part.split_once('}') else { return refuse("`${` is not closed") };
            sql.push_str(&self.named(alias, path.trim())?);
            sql.push_str(rest);
        }
        Ok(sql)
    }

    fn named(&self, alias: &str, path: &str) -> Looker<String> {
        if path == "TABLE" {
            self.used.borrow_mut().insert(alias.to_owned());
            return Ok(alias.to_owned());
        }
        if let Some(view) = path.strip_suffix(".SQL_TABLE_NAME") {
            return self.table_of(self.explore.model.view(view)?, view);
        }
        let (alias, name) = path.split_once('.').unwrap_or((alias, path));
        let sql = self.reference(alias, name)?;
        Ok(if self.session.has_parentheses { format!("({sql})") } else { sql })
    }

    /// The SQL of a field where other SQL names it.
    pub(super) fn reference(&self, alias: &str, name: &str) -> Looker<String> {
        let path = format!("{alias}.{name}");
        if let Some(column) = self.stored.get(&path) {
            return Ok(column.clone());
        }
        if self.open.borrow().contains(&path) {
            return refuse(format!("`{path}` refers to itself"));
        }
        self.used.borrow_mut().insert(alias.to_owned());
        self.open.borrow_mut().push(path);
        let sql = match self.explore.field(alias, name)? {
            Field::Measure(block) => self.measure(alias, block),
            Field::Asked(block) => match block.code("sql") {
                Some(sql) => self.code(alias, sql),
                None => refuse(format!("`{alias}.{name}` has no SQL")),
            },
            field => self.dimension(alias, field),
        };
        self.open.borrow_mut().pop();
        sql
    }

    /// The expression of the filter on a field, if there is one.
    fn expression(&self, path: &str) -> Option<&str> {
        self.filters.iter().find(|(field, _)| field == path).map(|(_, expression)| expression.as_str())
    }
}

impl Place<'_, '_> {
    fn full(&self, path: &str) -> String {
        if path.contains('.') { path.to_owned() } else { format!("{}.{path}", self.alias) }
    }
}

impl Asked for Place<'_, '_> {
    fn variable(&self, path: &str) -> Looker<Value> {
        let inner = |before: &str| {
            path.strip_prefix(before)?.strip_suffix(']').map(|name| name.trim_matches(['\'', '"']).to_owned())
        };
        if let Some(attribute) = inner("_user_attributes[") {
            let values = self.writer.session.user.values(&attribute);
            return Ok(if values.is_empty() { Value::Nil } else { Value::Text(values.join(",")) });
        }
        if let Some(field) = inner("_filters[") {
            return Ok(self.writer.expression(&field).map_or(Value::Nil, |text| Value::Text(text.to_owned())));
        }
        let Some((field, variable)) = path.rsplit_once('.') else {
            return refuse(format!("unknown variable `{path}` in Liquid"));
        };
        let field = self.full(field);
        let is_selected = self.writer.asked.fields.contains(&field);
        let is_filtered = self.writer.expression(&field).is_some();
        match variable {
            "_in_query" => {
                self.writer.field(&field)?;
                Ok(Value::Bool(is_selected || is_filtered))
            }
            "_is_selected" => Ok(Value::Bool(is_selected)),
            "_is_filtered" => Ok(Value::Bool(is_filtered)),
            "_parameter_value" => self.parameter(&field).map(Value::Text),
            _ => refuse(format!("unknown variable `{path}` in Liquid")),
        }
    }

    fn condition(&self, field: &str, sql: &str) -> Looker<String> {
        let path = self.full(field);
        let (alias, name, _) = self.writer.field(&path)?;
        let sql = self.writer.code(self.alias, sql)?;
        match self.writer.expression(&path) {
            Some(expression) => self.writer.filter_on(alias, name, expression, &sql),
            None => Ok("1=1".to_owned()),
        }
    }

    fn edge(&self, field: &str, is_end: bool) -> Looker<String> {
        let path = self.full(field);
        let (_, _, found) = self.writer.field(&path)?;
        let Some(expression) = self.writer.expression(&path) else { return Ok("NULL".to_owned()) };
        let kept = self.writer.calendar().kept(expression)?;
        let edge = kept.spans.first().and_then(|span| if is_end { span.to } else { span.from });
        Ok(edge.map_or_else(|| "NULL".to_owned(), |at| self.writer.bound(found.block(), at)))
    }

    fn parameter(&self, field: &str) -> Looker<String> {
        let path = self.full(field);
        let (_, _, found) = self.writer.field(&path)?;
        let Field::Asked(block) = found else { return refuse(format!("`{path}` is no parameter")) };
        let value = self.writer.expression(&path).or_else(|| block.word("default_value")).unwrap_or_default();
        let allowed: Vec<&str> = block.blocks("allowed_value").filter_map(|one| one.word("value")).collect();
        if !allowed.is_empty() && !allowed.contains(&value) {
            return refuse(format!("`{path}` may not be `{value}`"));
        }
        Ok(match block.word("type").unwrap_or("string") {
            "number" | "unquoted" => value.to_owned(),
            _ => quote(value),
        })
    }
}

/// The value of a user attribute as the expression of an access filter.
pub(super) fn as_expression(values: &[String], is_filter: bool) -> String {
    let one = |value: &String| if is_filter { value.clone() } else { text::exactly(value) };
    values.iter().map(one).collect::<Vec<_>>().join(",")
}
