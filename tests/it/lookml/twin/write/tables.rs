//! Tables of views, and joins.

use super::{Writer, of_explore};
use crate::lookml::twin::{Looker, explore::Explore, query::Query, refuse, text::Block};

impl Writer<'_> {
    /// What stands behind `FROM` for an alias.
    pub(super) fn table(&self, alias: &str) -> Looker<String> {
        if *alias == self.explore.base
            && let Some(table) = self.explore.block.code("sql_table_name")
        {
            return self.code(alias, table);
        }
        self.table_of(self.explore.view(alias)?, alias)
    }

    /// The table of a view, or the subquery that it is.
    pub(super) fn table_of(&self, view: &Block, alias: &str) -> Looker<String> {
        if let Some(table) = view.code("sql_table_name") {
            return self.code(alias, table);
        }
        let Some(derived) = view.block("derived_table") else { return Ok(view.name.clone()) };
        if let Some(sql) = derived.code("sql") {
            return Ok(format!("({})", self.code(alias, sql)?));
        }
        let Some(source) = derived.block("explore_source") else {
            return refuse(format!("view `{}` has a derived table without rows", view.name));
        };
        self.native(source)
    }

    /// A derived table that is a query of an explore.
    fn native(&self, source: &Block) -> Looker<String> {
        let explore = Explore::find(self.explore.model, &source.name, &self.session.user)?;
        let full =
            |field: &str| if field.contains('.') { field.to_owned() } else { format!("{}.{field}", explore.base) };
        let columns: Vec<(&str, String)> = source
            .blocks("column")
            .map(|column| (column.name.as_str(), full(column.word("field").unwrap_or(&column.name))))
            .collect();
        let mut filters: Vec<(String, String)> =
            source.filters().into_iter().map(|(field, value)| (full(&field), value)).collect();
        for bind in source.blocks("bind_filters") {
            let from = bind.word("from_field").unwrap_or_default();
            let found = self.filters.iter().find(|(field, _)| field == from);
            filters.extend(found.map(|(_, value)| (full(bind.word("to_field").unwrap_or_default()), value.clone())));
        }
        if source.says("bind_all_filters", false) {
            let shown = self.filters.iter().filter(|(field, _)| explore.shows(field));
            filters.extend(shown.cloned());
        }
        let sorts = source.pairs("sorts").into_iter();
        let query = Query {
            explore: source.name.clone(),
            fields: columns.iter().map(|(_, field)| field.clone()).collect(),
            filters,
            sorts: sorts.map(|(field, way)| (full(&field), way.as_deref() == Some("desc"))).collect(),
            limit: source.word("limit").and_then(|limit| limit.parse().ok()),
        };
        let inner = of_explore(&explore, self.session, &query)?;
        let mut names: Vec<String> =
            columns.iter().enumerate().map(|(at, (name, _))| format!("c{at} AS {name}")).collect();
        for derived in source.blocks("derived_column") {
            let Some(sql) = derived.code("sql") else { return refuse("a derived column has no SQL") };
            names.push(format!("{sql} AS {}", derived.name));
        }
        if source.blocks("derived_column").next().is_none() {
            return Ok(format!("(SELECT {} FROM ({inner}) AS source)", names.join(", ")));
        }
        // A derived column names the columns as they are called, so they get their names first.
        let named: Vec<String> = names[..columns.len()].to_vec();
        let outer: Vec<String> =
            columns.iter().map(|(name, _)| (*name).to_owned()).chain(names[columns.len()..].iter().cloned()).collect();
        Ok(format!(
            "(SELECT {} FROM (SELECT {} FROM ({inner}) AS source) AS named)",
            outer.join(", "),
            named.join(", ")
        ))
    }

    /// ` LEFT JOIN … ON …`
    pub(super) fn join(&self, join: &Block) -> Looker<String> {
        let alias = &join.name;
        if let Some(sql) = join.code("sql") {
            return Ok(format!(" {}", self.code(alias, sql)?));
        }
        let kind = match join.word("type").unwrap_or("left_outer") {
            "left_outer" => "LEFT JOIN",
            "inner" => "INNER JOIN",
            "full_outer" => "FULL OUTER JOIN",
            "cross" => return Ok(format!(" CROSS JOIN {} AS {alias}", self.table(alias)?)),
            other => return refuse(format!("unknown type of join `{other}`")),
        };
        let on = match (join.code("sql_on"), join.word("foreign_key")) {
            (Some(sql), _) => self.code(alias, sql)?,
            (None, Some(field)) => {
                let (ours, name) = field.split_once('.').unwrap_or((self.explore.base.as_str(), field));
                let Some(key) = self.key(alias)? else { return refuse(format!("`{alias}` has no primary key")) };
                format!("{} = {key}", self.reference(ours, name)?)
            }
            (None, None) => return refuse(format!("join `{alias}` has no condition")),
        };
        Ok(format!(" {kind} {} AS {alias} ON {on}", self.table(alias)?))
    }
}
