//! Measures of type `number` that entente wrote itself → the metrics that it wrote them for.
//!
//! ```text
//! ${total} / ${members}          agg: avg, per: customers
//! ${n} / SUM(${n}) OVER ()       n / whole, whole: { metric: n, ignore: all }
//! quantile_cont(${x}, 0.9)       agg: p90
//! ```
//!
//! **Invariant:** only SQL that entente would write again, letter for letter, is read so.

use super::{Measures, is_helper};
use crate::{
    import::{
        emit::{Entries, Out},
        lookml::{
            say::{Piece, Value, pieces, when},
            source::place,
        },
    },
    lookml::{
        self,
        check::view::{Field, FieldKind, View},
    },
    project::Aggregation,
    sql::Dialect,
};

impl<'a> Measures<'_, '_, 'a> {
    /// Reads a measure as a percentile or a mean over members; nothing where it is neither.
    pub(super) fn own(&self, view: &View<'a>, field: &Field<'a>, name: &str) -> Result<Option<Entries>, String> {
        let lookml = self.fields.lookml;
        if field.type_name() != "number" || !lookml.is_generated(place(field).file) {
            return Ok(None);
        }
        let sql = lookml.sql(&field.layers, "sql").ok_or("it has no `sql`")??;
        let Some(dialect) = self.dialect() else { return Ok(None) };
        if let Some((aggregation, value)) = lookml::percentile(sql.trim(), dialect) {
            return self.exact_percentile(view, aggregation, value).map(Some);
        }
        self.per_member(view, name, sql.trim(), dialect)
    }

    /// Returns the dialect of the SQL, where it is one that entente writes.
    pub(super) fn dialect(&self) -> Option<Dialect> {
        Dialect::from_name(self.fields.lookml.dialect.as_deref()?)
    }

    fn exact_percentile(&self, view: &View<'a>, aggregation: Aggregation, value: &str) -> Result<Entries, String> {
        let (millionths, further) = match aggregation {
            Aggregation::DiscretePercentile(millionths) => (millionths, Some("discrete")),
            Aggregation::ApproxPercentile(millionths) => (millionths, Some("approximate")),
            Aggregation::Percentile(millionths) => (millionths, None),
            _ => return Err("it is no percentile".to_owned()),
        };
        let mut out = Entries::default();
        out.text("model", view.name);
        out.text("agg", percentile_word(millionths));
        let value = self.fields.say(view, None, value)?;
        // What a hidden dimension holds under a condition is a value, and a condition on the rows.
        let whole = match &value {
            Value::Portable(text) => Some(text.clone()),
            Value::Column(_) | Value::Raw(_) | Value::Metric(_) => None,
        };
        match whole.as_deref().and_then(when) {
            Some((condition, value)) => {
                out.text("expr", value);
                out.text("where", condition);
            }
            None => out.put("expr", value.out(self.fields.lookml.dialect.as_deref())),
        }
        if let Some(key) = further {
            out.put(key, Out::yes());
        }
        Ok(out)
    }

    /// Reads a mean over members: what is added up, by how many there are.
    fn per_member(&self, view: &View<'a>, name: &str, sql: &str, dialect: Dialect) -> Result<Option<Entries>, String> {
        let helper = |end: &str| {
            let found = view
                .fields
                .iter()
                .find(|field| field.kind == FieldKind::Measure && field.name.strip_prefix(name) == Some(end));
            found.filter(|field| is_helper(self.fields.lookml, field))
        };
        let (Some(total), Some(members)) = (helper("_total"), helper("_members")) else { return Ok(None) };
        let reference = |field: &Field<'_>| format!("${{{}}}", field.name);
        let written =
            |is_zero: bool| lookml::per_member(&reference(total), &reference(members), is_zero, dialect) == sql;
        let Some(is_zero) = [false, true].into_iter().find(|is_zero| written(*is_zero)) else { return Ok(None) };
        let (metric, _) = self.narrowed(view, total)?;
        let mut out = Entries::default();
        out.text("metric", metric);
        out.text("per", self.member(view, members)?);
        out.text("agg", "avg");
        if is_zero {
            out.put("when_empty", Out::Word("0".to_owned()));
        }
        Ok(Some(out))
    }

    /// Returns the members that a measure counts: a model by its key, or a period.
    fn member(&self, view: &View<'a>, members: &Field<'a>) -> Result<String, String> {
        let sql = self.fields.lookml.sql(&members.layers, "sql").ok_or("it has no `sql`")??;
        let found = pieces(&sql)?;
        let [_, Piece::Field(alias, name), _] = found.as_slice() else {
            return Err("it counts members of an unknown kind".to_owned());
        };
        let (owner, path) = match alias {
            Some(alias) => self.fields.way(view.name, alias)?,
            None => (view.name.to_owned(), String::new()),
        };
        let (_, frame) = self.fields.member(&owner, name)?;
        Ok(match frame.as_deref() {
            Some("date") => "day".to_owned(),
            Some(frame) => frame.to_owned(),
            None if path.is_empty() => owner,
            None => path.trim_end_matches('.').to_owned(),
        })
    }

    /// Finds the measures whose sum over all groups a formula holds, with the text that says so.
    pub(super) fn wholes(&self, view: &View<'a>, sql: &str) -> Vec<(&'a str, String)> {
        let Some(dialect) = self.dialect() else { return Vec::new() };
        let measures = view.fields.iter().filter(|field| field.kind == FieldKind::Measure);
        let whole = |field: &Field<'a>| (field.name, lookml::whole_of(&format!("${{{}}}", field.name), dialect));
        measures.map(whole).filter(|(_, text)| sql.contains(text.as_str())).collect()
    }
}

/// Returns the word of a percentile: `median`, `p90`, `p99_9`.
fn percentile_word(millionths: u32) -> String {
    if millionths == 500_000 {
        return "median".to_owned();
    }
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    let rest = format!("{rest:04}");
    match rest.trim_end_matches('0') {
        "" => format!("p{whole}"),
        digits => format!("p{whole}_{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::percentile_word;

    #[test]
    fn percentiles_have_words() {
        let words = [(500_000, "median"), (900_000, "p90"), (999_000, "p99_9"), (5_000, "p0_5")];
        for (millionths, word) in words {
            assert_eq!(percentile_word(millionths), word);
        }
    }
}
