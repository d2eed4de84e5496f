//! Measures that a formula names → metrics.
//!
//! `${total} / ${users.count}` of orders: Looker counts the users that the rows of its explore reach, not all users. So a
//! count of joined rows is one of the model's own, `count_distinct` of `users.id`; other measures of joined views have no
//! metric here.
//!
//! **Invariant:** a metric of another model never stands where Looker aggregates the rows of an explore.

use super::Measures;
use crate::{
    import::lookml::{dimension::primary_key, source::place},
    lookml::check::view::{Field, FieldKind, View},
    sql::FoundAggregate,
};

impl<'a> Measures<'_, '_, 'a> {
    /// Returns the metric of a measure that the formula of another one names; nothing where the name is no measure.
    pub(super) fn operand(
        &self,
        view: &View<'a>,
        of: &Field<'a>,
        alias: Option<&str>,
        name: &str,
    ) -> Option<Result<String, String>> {
        let way = match alias {
            Some(alias) if alias != view.name => self.fields.way(view.name, alias),
            _ => Ok((view.name.to_owned(), String::new())),
        };
        let (owner, path) = match (way, alias) {
            (Ok(found), _) => found,
            // A measure may be of a view that is only joined to many.
            (Err(_), alias) => (alias.unwrap_or(view.name).to_owned(), String::new()),
        };
        let owner = self.fields.lookml.view(&owner)?;
        let field = owner.field(name).filter(|field| field.kind == FieldKind::Measure)?;
        // Where entente names a measure of another view, it means its metric.
        if owner.name == view.name && path.is_empty() || self.fields.lookml.is_generated(place(of).file) {
            let because = |why: String| format!("it needs `{name}`, which stays LookML: {why}");
            return Some(self.metric(owner.name, field).map_err(because));
        }
        let reached = format!("it needs `{}.{name}` of the rows that its explore reaches", owner.name);
        Some(self.reached(view, of, (owner, &path), field).map_err(|why| format!("{reached}: {why}")))
    }

    /// Returns the metric that counts the rows of a joined view which the own rows reach.
    fn reached(
        &self,
        view: &View<'a>,
        of: &Field<'a>,
        (owner, path): (&View<'a>, &str),
        field: &Field<'a>,
    ) -> Result<String, String> {
        if path.is_empty() {
            return Err(format!("no join from many to one leads from `{}` to `{}`", view.name, owner.name));
        }
        if field.type_name() != "count" || field.layers.has("filters") {
            return Err("only a count without filters is one of its own rows".to_owned());
        }
        if self.fields.lookml.drops_rows(path) {
            return Err("its join leaves rows out that have no match".to_owned());
        }
        let key = primary_key(owner).ok_or_else(|| format!("`{}` has no primary key", owner.name))?;
        let key = self.fields.dimension(owner.name, key)?;
        if key.is_helper || !key.buckets.is_empty() {
            return Err(format!("the primary key of `{}` is no dimension here", owner.name));
        }
        let argument = Some(format!("{path}{}", key.name));
        let found = FoundAggregate { name: String::new(), aggregate: "count_distinct", argument, filter: None };
        let name = self.name(view.name, of.name).unwrap_or(of.name);
        Ok(self.part(view, &found, name))
    }
}
