//! Aggregates of rows.
//!
//! `agg: sum_boolean, expr: is_late` becomes `agg: sum, expr: case when is_late then 1 else 0 end, when_empty: null`:
//! where there are no rows dbt has null, and 0 only where `fill_nulls_with` says so.

use super::{
    Entries,
    expression::{Row, row_expression},
    metrics::{Made, Metrics, counts_rows},
};
use crate::{
    import::dbt::{
        names::{Resolved, Target, split},
        report::Place,
        tree::{Aggregation, Balance, Filter},
        write::Out,
    },
    time::TimePart,
};

impl Metrics<'_> {
    /// Puts the keys of a metric that aggregates rows.
    pub(super) fn aggregate(
        &mut self,
        of: (&str, &Place),
        at: usize,
        aggregation: &Aggregation,
        filters: &[Filter],
        fill: Option<&str>,
        out: &mut Entries,
    ) -> Result<(), String> {
        let fill = fill.map(|text| text.parse::<f64>().map(|number| (text.to_owned(), number)));
        match fill {
            Some(Ok((text, number))) if number != 0.0 => {
                // The language has null and 0 for nothing; any other number is a formula over a hidden metric.
                let base = self.free(&format!("{}_or_null", crate::import::dbt::names::snake_case(of.0)))?;
                let mut inner = Entries::default();
                inner.text("name", &base);
                inner.put("hidden", Out::yes());
                self.rows(of, at, aggregation, filters, false, &mut inner)?;
                self.made.push(Made { out: Out::Map(inner.0), model: Some(at) });
                out.text("expr", format!("coalesce({base}, {text})"));
                let why = format!("`fill_nulls_with: {text}` is a formula over the hidden metric `{base}`");
                self.report.changed("metric", of.0, of.1, why);
                Ok(())
            }
            Some(Err(_)) => Err("its `fill_nulls_with` is no number".to_owned()),
            fill => self.rows(of, at, aggregation, filters, fill.is_some(), out),
        }
    }

    fn rows(
        &mut self,
        of: (&str, &Place),
        at: usize,
        aggregation: &Aggregation,
        filters: &[Filter],
        fills: bool,
        out: &mut Entries,
    ) -> Result<(), String> {
        let model = &self.names.layer.models[at];
        if self.names.why_refused("models", self.names.model(at)).is_some() {
            return Err(format!("its semantic model `{}` was left out", model.name));
        }
        out.text("model", self.names.model(at));
        let (agg, expr) = self.words(of, at, aggregation)?;
        let may_be_zero = matches!(agg.as_str(), "count" | "sum" | "count_distinct" | "approx_count_distinct");
        out.text("agg", &agg);
        if let Some(expr) = expr {
            out.put("expr", expr);
        }
        if aggregation.agg == "percentile" || aggregation.agg == "median" {
            if aggregation.discrete {
                out.put("discrete", Out::yes());
            }
            match (aggregation.approximate, aggregation.discrete) {
                (true, false) => out.put("approximate", Out::yes()),
                (true, true) => {
                    let why = "a percentile that is one of the values is never approximate here: it is exact";
                    self.report.changed("metric", of.0, of.1, why);
                }
                (false, _) => {}
            }
        }
        let condition = self.condition(of, filters, self.of_rows(at, aggregation, &[]).root)?;
        out.maybe("where", self.of_known_groups(at, aggregation, condition)?);
        let time = aggregation.time.as_ref().filter(|time| Some(*time) != model.time.as_ref());
        if let Some(time) = time {
            if !model.dimensions.iter().any(|dimension| dimension.name == *time && dimension.time.is_some()) {
                return Err(format!("its time dimension `{time}` is not among the dimensions of `{}`", model.name));
            }
            out.text("time", self.names.dimension(at, time));
        }
        if let Some(balance) = &aggregation.balance {
            let balance = self.balance(at, aggregation, balance)?;
            out.put("balance", balance);
        }
        match (fills, may_be_zero) {
            (true, false) => out.put("when_empty", Out::Word("0".to_owned())),
            (false, true) => out.put("when_empty", Out::Word("null".to_owned())),
            (true, true) | (false, false) => {}
        }
        Ok(())
    }

    /// Returns the aggregate and its expression.
    fn words(
        &mut self,
        of: (&str, &Place),
        at: usize,
        aggregation: &Aggregation,
    ) -> Result<(String, Option<Out>), String> {
        if let Some(key) = &aggregation.unknown {
            return Err(format!(
                "its `agg_params` have `{key}`, which dbt does not know and which may choose among rows"
            ));
        }
        if counts_rows(aggregation) {
            return Ok(("count".to_owned(), None));
        }
        let model = &self.names.layer.models[at];
        let written = aggregation.expr.as_deref().ok_or("it has no `expr`")?;
        let part = |column: &str, part: TimePart| self.names.part_of(model, column, part);
        let row = Row { columns: &|name| self.types.column(model, name), part: &part };
        let found = row_expression(written, self.dialect, row)?;
        if let Some(why) = &found.why {
            self.report.changed("metric", of.0, of.1, format!("its `expr` is SQL of one dialect only: {why}"));
        }
        let agg = match aggregation.agg.as_str() {
            "sum" | "min" | "max" | "count" | "count_distinct" | "median" => aggregation.agg.clone(),
            "average" | "avg" => "avg".to_owned(),
            "approximate_count_distinct" | "approx_count_distinct" => "approx_count_distinct".to_owned(),
            "percentile" => percentile(aggregation.percentile.as_deref())?,
            "sum_boolean" => {
                let Out::Text(text) = &found.out else {
                    return Err("it sums a condition that has no portable form".to_owned());
                };
                return Ok(("sum".to_owned(), Some(Out::Text(format!("case when {text} then 1 else 0 end")))));
            }
            other => return Err(format!("its aggregate `{other}` is not known")),
        };
        Ok((agg, Some(found.out)))
    }

    /// Adds to a condition that the groups of a balance are known: dbt joins them by equality, which null never is.
    fn of_known_groups(
        &self,
        at: usize,
        aggregation: &Aggregation,
        condition: Option<String>,
    ) -> Result<Option<String>, String> {
        let groups = aggregation.balance.as_ref().map(|balance| balance.groupings.as_slice()).unwrap_or_default();
        let mut texts: Vec<String> = Vec::new();
        for name in groups {
            texts.push(format!("{} is not null", self.group(at, name)?));
        }
        if let Some(condition) = condition {
            texts.insert(0, if texts.is_empty() { condition } else { format!("({condition})") });
        }
        Ok((!texts.is_empty()).then(|| texts.join(" and ")))
    }

    /// Returns the path of a group of a balance.
    fn group(&self, at: usize, name: &str) -> Result<String, String> {
        let (links, last) = split(name);
        let Resolved { words, target } = self.names.resolve(&links, &last, Some(at))?;
        if target == Target::MetricTime {
            return Err("its balance is grouped by time".to_owned());
        }
        Ok(words.join("."))
    }

    fn balance(&mut self, at: usize, aggregation: &Aggregation, balance: &Balance) -> Result<Out, String> {
        let model = &self.names.layer.models[at];
        let axis = aggregation.time.as_ref().or(model.time.as_ref());
        if axis != Some(&balance.dimension) {
            return Err(format!(
                "it is not added up over `{}`, which is not its time dimension, so no balance says it",
                balance.dimension
            ));
        }
        let take = match balance.choice.as_str() {
            "max" => "last",
            "min" => "first",
            other => return Err(format!("the window choice `{other}` of its balance is not known")),
        };
        let mut out = Entries::default();
        out.text("take", take);
        let mut per = Vec::new();
        for name in &balance.groupings {
            per.push(self.group(at, name)?);
        }
        if !per.is_empty() {
            out.put("per", Out::texts(&per));
        }
        out.text("point", "filtered");
        Ok(Out::Map(out.0))
    }
}

/// Returns the aggregate of a percentile: 0.95 is `p95`, 0.999 is `p99_9`.
fn percentile(written: Option<&str>) -> Result<String, String> {
    let written = written.ok_or("its percentile is missing")?;
    let value: f64 = written.parse().map_err(|_| format!("its percentile `{written}` is no number"))?;
    // Newer projects also write 95.0 for 0.95.
    let percent = if value > 1.0 { value } else { value * 100.0 };
    if !(0.0..=100.0).contains(&percent) {
        return Err(format!("its percentile `{written}` is not between 0 and 1"));
    }
    let digits = format!("{percent:.4}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    Ok(match digits {
        "0" => "min".to_owned(),
        "100" => "max".to_owned(),
        "50" => "median".to_owned(),
        digits => format!("p{}", digits.replace('.', "_")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_written_by_their_digits() {
        for (written, word) in
            [("0.95", "p95"), ("0.999", "p99_9"), ("95.0", "p95"), ("0.5", "median"), ("1", "max"), ("0.05", "p5")]
        {
            assert_eq!(percentile(Some(written)).as_deref(), Ok(word));
        }
        assert!(percentile(Some("120")).is_err() && percentile(None).is_err());
    }
}
