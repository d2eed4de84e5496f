//! `type: period_over_period` → a metric and the same some time before.

use super::Measures;
use crate::{
    import::emit::{Entries, Out},
    lookml::check::{
        scan,
        view::{Field, View},
    },
};

impl<'a> Measures<'_, '_, 'a> {
    pub(super) fn comparison(&self, view: &View<'a>, field: &Field<'a>) -> Result<Entries, String> {
        if field.layers.says_yes("value_to_date") {
            return Err("it cuts every period at the time of asking".to_owned());
        }
        let base = field.layers.word("based_on").ok_or("it has no `based_on`")?;
        let (alias, base) = scan::parts(base.text());
        let metric =
            self.operand(view, field, alias, base).unwrap_or_else(|| Err(format!("there is no measure `{base}`")))?;
        let period = field.layers.word("period").ok_or("it has no `period`")?;
        let unit = match period.text() {
            "date" => "day",
            word @ ("week" | "month" | "quarter" | "year") => word,
            other => return Err(format!("its period is `{other}`")),
        };
        let time = field.layers.word("based_on_time").ok_or("it has no `based_on_time`")?;
        let (alias, time) = scan::parts(time.text());
        let (owner, path) = self.fields.way(view.name, alias.unwrap_or(view.name))?;
        let time = format!("{path}{}", self.fields.member(&owner, time)?.0.name);
        if self.fields.axis(view).as_ref() != Some(&time) {
            return Err(format!("it goes back by `{time}`, which is not the time of its model"));
        }
        let mut out = Entries::default();
        let before = Out::Map(vec![
            ("metric".to_owned(), Out::text(&metric)),
            ("offset".to_owned(), Out::Text(format!("1 {unit}"))),
        ]);
        match field.layers.word("kind").map_or("previous", |word| word.text()) {
            "previous" => {
                out.text("metric", metric);
                out.text("offset", format!("1 {unit}"));
            }
            "difference" => {
                out.text("expr", format!("{metric} - before"));
                out.put("inputs", Out::Map(vec![("before".to_owned(), before)]));
            }
            "relative_change" => {
                out.text("expr", format!("{metric} / before - 1"));
                out.put("inputs", Out::Map(vec![("before".to_owned(), before)]));
            }
            other => return Err(format!("its kind is `{other}`")),
        }
        Ok(out)
    }
}
