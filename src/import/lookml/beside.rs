//! The views that entente makes beside a model: what marks the rows of a balance, and what holds metrics of each row.
//!
//! ```text
//! depot_inventory_last.counts        balance: last
//! customers_facts.lifetime_parcels   metric: parcels_booked
//! ```
//!
//! So does `EXISTS (SELECT 1 AS found FROM claims …)`, which is a look into another model: `exists(claims)`.
//!
//! **Invariant:** such a view is no model: it holds no measures and shows nothing.

use super::{
    dimension::Fields,
    models::Rows,
    say::{canonical, pieces},
    source::place,
};
use crate::{
    import::emit::Out,
    lookml::check::view::{Field, FieldKind, View},
};

/// The field that marks the rows of a moment.
const COUNTS: &str = "counts";

impl<'a> Fields<'_, 'a> {
    /// Returns whether entente made a view for others: a derived table of which nothing is shown.
    pub(super) fn is_beside(&self, view: &View<'a>) -> bool {
        self.lookml.is_own(&view.layers)
            && view.layers.has("derived_table")
            && !view.fields.is_empty()
            && view.fields.iter().all(|field| field.kind == FieldKind::Dimension && self.is_helper(field))
    }

    /// Returns the view whose mark a filter names.
    pub(super) fn moment(&self, filter: &str) -> Option<&View<'a>> {
        let (view, field) = filter.split_once('.')?;
        let view = self.lookml.view(view).filter(|_| field == COUNTS)?;
        self.is_beside(view).then_some(view)
    }

    /// Returns how a measure takes a balance: by the mark of a view that is called after the moment, and after what it is
    /// chosen for.
    pub(super) fn balance(&self, view: &View<'a>, measure: &Field<'a>) -> Result<Option<Out>, String> {
        let filters = measure.layers.all("filters").flat_map(|at| at.filters());
        let Some(mark) = filters.into_iter().find_map(|(name, _)| self.moment(name.text())) else { return Ok(None) };
        let (before, per) = match mark.name.split_once("_of_") {
            Some((before, per)) => (before, per.split("_of_").collect()),
            None => (mark.name, Vec::new()),
        };
        let take = ["last", "first"].into_iter().find(|take| before.ends_with(&format!("_{take}")));
        let take = take.ok_or_else(|| format!("the moment of `{}` is not known", mark.name))?;
        if per.is_empty() {
            return Ok(Some(Out::text(take)));
        }
        let per: Vec<String> = per.into_iter().map(|member| self.path_of(view, member)).collect();
        Ok(Some(Out::Map(vec![("take".to_owned(), Out::text(take)), ("per".to_owned(), Out::texts(&per))])))
    }

    /// Returns `customers.country` for `customers_country`, where a join leads there.
    fn path_of(&self, view: &View<'a>, name: &str) -> String {
        if view.field(name).is_some() {
            return name.to_owned();
        }
        let cuts = name.match_indices('_').filter_map(|(at, _)| {
            let (owner, path) = self.way(view.name, &name[..at]).ok()?;
            self.lookml.view(&owner)?.field(&name[at + 1..])?;
            Some(format!("{path}{}", &name[at + 1..]))
        });
        cuts.into_iter().next().unwrap_or_else(|| name.to_owned())
    }

    /// Returns the metric of each row that a field of such a view holds.
    pub(super) fn metric_of_a_row(&self, view: &str, field: &str) -> Option<String> {
        let view = self.lookml.view(view).filter(|view| self.is_beside(view))?;
        let sql = view.layers.child("derived_table")?.word("sql")?.piece.block();
        let end = format!(" AS {field}");
        let mut items = sql.lines().map(|line| line.trim().trim_end_matches(','));
        let item = items.find_map(|line| line.strip_suffix(end.as_str()))?;
        let column = item.trim_start_matches("COALESCE(").split(',').next()?.rsplit_once('.')?.1;
        let is_word = column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_word && !column.is_empty()).then(|| column.to_owned())
    }

    /// Reads whether another model has rows with our key: `claims where kind = 'lost'`.
    pub(super) fn exists(&self, view: &View<'a>, field: &Field<'_>, sql: &str) -> Option<String> {
        if !self.lookml.is_generated(place(field).file) {
            return None;
        }
        let inner = sql.trim().strip_prefix("EXISTS (SELECT 1 AS found FROM ")?.strip_suffix(')')?;
        let (table, rest) = inner.split_once(" AS ")?;
        let (alias, condition) = rest.split_once(" WHERE ")?;
        let table: String = table.chars().filter(|c| !"`\"".contains(*c)).collect();
        self.edges.borrow().0.iter().filter(|edge| edge.to == view.name).find_map(|edge| {
            let other = self.lookml.view(&edge.from)?;
            let Ok(Rows::Table(found)) = self.rows(other) else { return None };
            // Where the warehouse's project is the connection's, only LookML writes it.
            if table != found && !table.ends_with(&format!(".{found}")) {
                return None;
            }
            let key: Vec<String> =
                edge.keys.iter().map(|(theirs, ours)| format!("{alias}.{ours} = ${{TABLE}}.{theirs}")).collect();
            let further = match condition.strip_prefix(&key.join(" AND "))? {
                "" => return Some(format!("exists({})", edge.from)),
                further => further.strip_prefix(" AND ")?.replace(&format!("{alias}."), "${TABLE}."),
            };
            let further = canonical(&self.portable(other, None, &pieces(&further).ok()?).ok()?);
            Some(format!("exists({} where {further})", edge.from))
        })
    }
}
