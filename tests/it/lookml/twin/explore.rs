//! An explore: its views under their aliases, its joins, and which of its fields somebody has.

use std::collections::BTreeSet;

use super::{
    Looker,
    field::{self, Field},
    project::Model,
    query::User,
    refuse,
    text::Block,
};

/// An explore as somebody sees it.
pub(super) struct Explore<'m> {
    pub(super) model: &'m Model,
    pub(super) block: &'m Block,
    /// The alias of the base.
    pub(super) base: String,
    /// The joins in their order.
    pub(super) joins: Vec<&'m Block>,
    fields: BTreeSet<String>,
}

impl<'m> Explore<'m> {
    pub(super) fn find(model: &'m Model, name: &str, user: &User) -> Looker<Self> {
        let block = model.explore(name)?;
        allow(model, block, user)?;
        if block.word("extension") == Some("required") {
            return refuse(format!("explore `{name}` is there to be extended"));
        }
        let base = if block.word("from").is_some() { name } else { block.word("view_name").unwrap_or(name) };
        let joins = block.blocks("join").filter(|join| allow(model, join, user).is_ok()).collect();
        let mut explore = Self { model, block, base: base.to_owned(), joins, fields: BTreeSet::new() };
        explore.fields = explore.visible(user)?;
        Ok(explore)
    }

    /// A view alone, as if it were an explore.
    pub(super) fn of_view(model: &'m Model, view: &'m Block, user: &User) -> Looker<Self> {
        let mut alone =
            Self { model, block: view, base: view.name.clone(), joins: Vec::new(), fields: BTreeSet::new() };
        alone.fields = alone.visible(user)?;
        Ok(alone)
    }

    /// The base and the joined views.
    pub(super) fn aliases(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.base.as_str()).chain(self.joins.iter().map(|join| join.name.as_str()))
    }

    pub(super) fn join(&self, alias: &str) -> Option<&'m Block> {
        self.joins.iter().copied().find(|join| join.name == alias)
    }

    /// The view that an alias stands for.
    pub(super) fn view(&self, alias: &str) -> Looker<&'m Block> {
        if alias == self.base {
            let from = self.block.word("from").or_else(|| self.block.word("view_name"));
            return self.model.view(from.unwrap_or(alias));
        }
        match self.join(alias) {
            Some(join) => self.model.view(join.word("from").or_else(|| join.word("view_name")).unwrap_or(alias)),
            None => refuse(format!("explore `{}` has no view `{alias}`", self.block.name)),
        }
    }

    /// A field by alias and name, whether or not people see it.
    pub(super) fn field(&self, alias: &str, name: &str) -> Looker<Field<'m>> {
        Field::find(self.view(alias)?, name)
    }

    /// Refuses a field that a query cannot ask for.
    pub(super) fn must_show(&self, field: &str) -> Looker<()> {
        if self.fields.contains(field) {
            Ok(())
        } else {
            refuse(format!("explore `{}` has no field `{field}`", self.block.name))
        }
    }

    pub(super) fn shows(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    /// All fields that a query can ask for, as `view.field`.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    fn visible(&self, user: &User) -> Looker<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        for alias in self.aliases() {
            let view = self.view(alias)?;
            if allow(self.model, view, user).is_err() {
                continue;
            }
            let mut names: BTreeSet<String> = BTreeSet::new();
            for name in field::names(view) {
                if allow(self.model, Field::find(view, &name)?.block(), user).is_ok() {
                    names.insert(name);
                }
            }
            if let Some(join) = self.join(alias)
                && join.items.iter().any(|(key, _)| key == "fields")
            {
                names = chosen(&names, &join.list("fields"), alias, view, &mut Vec::new())?;
            }
            all.extend(names.into_iter().map(|name| format!("{alias}.{name}")));
        }
        let listed = self.block.list("fields");
        if listed.is_empty() { Ok(all) } else { self.listed(&all, &listed) }
    }

    fn listed(&self, all: &BTreeSet<String>, listed: &[String]) -> Looker<BTreeSet<String>> {
        let mut kept = BTreeSet::new();
        if listed.iter().all(|entry| entry.starts_with('-')) {
            kept.clone_from(all);
        }
        for entry in listed {
            if entry == "ALL_FIELDS*" {
                kept.extend(all.iter().cloned());
                continue;
            }
            let (is_less, entry) = entry.strip_prefix('-').map_or((false, entry.as_str()), |entry| (true, entry));
            let (alias, name) = entry.split_once('.').unwrap_or((self.base.as_str(), entry));
            let view = self.view(alias)?;
            let names: BTreeSet<String> = field::names(view).into_iter().collect();
            for name in chosen(&names, &[name.to_owned()], alias, view, &mut Vec::new())? {
                let field = format!("{alias}.{name}");
                if is_less {
                    kept.remove(&field);
                } else if all.contains(&field) {
                    kept.insert(field);
                }
            }
        }
        Ok(kept)
    }
}

/// The names that a list of fields and sets of a view stands for.
fn chosen(
    names: &BTreeSet<String>,
    listed: &[String],
    alias: &str,
    view: &Block,
    within: &mut Vec<String>,
) -> Looker<BTreeSet<String>> {
    let mut kept = BTreeSet::new();
    if listed.iter().all(|entry| entry.starts_with('-')) && !listed.is_empty() {
        kept.clone_from(names);
    }
    for entry in listed {
        let (is_less, entry) = entry.strip_prefix('-').map_or((false, entry.as_str()), |entry| (true, entry));
        let entry = entry.strip_prefix(alias).and_then(|rest| rest.strip_prefix('.')).unwrap_or(entry);
        let meant: BTreeSet<String> = match entry.strip_suffix('*') {
            Some("ALL_FIELDS") => names.clone(),
            Some(set) => {
                let Some(block) = view.named("set", set) else {
                    return refuse(format!("view `{}` has no set `{set}`", view.name));
                };
                if within.iter().any(|outer| outer == set) {
                    return refuse(format!("set `{set}` holds itself"));
                }
                within.push(set.to_owned());
                let meant = chosen(names, &block.list("fields"), alias, view, within)?;
                within.pop();
                meant
            }
            None if names.contains(entry) => BTreeSet::from([entry.to_owned()]),
            None => {
                Field::find(view, entry)?;
                BTreeSet::new()
            }
        };
        if is_less { kept.retain(|name| !meant.contains(name)) } else { kept.extend(meant) }
    }
    Ok(kept)
}

/// Refuses what somebody has no grant for.
fn allow(model: &Model, block: &Block, user: &User) -> Looker<()> {
    for name in block.list("required_access_grants") {
        let grant = model.grant(&name)?;
        let attribute = grant.word("user_attribute").unwrap_or_default();
        let allowed = grant.list("allowed_values");
        let has = user.values(attribute).iter().any(|value| allowed.contains(value));
        if !has {
            return refuse(format!("`{}` needs the grant `{name}`", block.name));
        }
    }
    Ok(())
}
