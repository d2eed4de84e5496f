//! Ratios, formulas and running totals.
//!
//! An offset of days shifts rows: `offset_window: 7 days` is `offset: 7 days, shift: rows`. One of months shifts periods:
//! where a query's granularity is no coarser than the offset's unit, `MetricFlow` aggregates first and joins then.
//!
//! **Invariant:** a filter on the time is never written for rows where dbt applies it to what is shifted or accumulated.

use super::{
    Entries,
    metrics::{Known, Metrics, Nature},
};
use crate::{
    catalog::ColumnType,
    import::dbt::{
        filters::Root,
        names::snake_case,
        sql::portable,
        tree::{Filter, Input, Metric},
        write::Out,
    },
    sql::Portable,
    time::Granularity,
};

impl Metrics<'_> {
    /// Puts the keys of a quotient.
    pub(super) fn ratio(
        &mut self,
        metric: &Metric,
        numerator: &Input,
        denominator: &Input,
        out: &mut Entries,
    ) -> Result<Nature, String> {
        let (top, bottom) = (self.input(numerator)?, self.input(denominator)?);
        let mut inputs: Vec<(String, Out)> = Vec::new();
        let plain = metric.filters.is_empty();
        let mut names = Vec::new();
        for (input, known, part) in [(numerator, &top, "numerator"), (denominator, &bottom, "denominator")] {
            if plain && is_plain(input) {
                names.push(known.name.clone());
                continue;
            }
            let name = input.alias.as_deref().map_or_else(|| part.to_owned(), snake_case);
            let filters = [metric.filters.as_slice(), &input.filters].concat();
            inputs.push((name.clone(), self.input_entry(metric, input, known, &filters)?));
            names.push(name);
        }
        // A metric of the name of an input would be meant by it.
        if names[0] == names[1] && !inputs.is_empty() {
            return Err(format!("both its inputs are called `{}`", names[0]));
        }
        out.text("expr", format!("{} / {}", names[0], names[1]));
        if !inputs.is_empty() {
            out.put("inputs", Out::Map(inputs));
        }
        Ok(self.made_of(&[(numerator, top), (denominator, bottom)], &metric.filters))
    }

    /// Puts the keys of a formula over metrics.
    pub(super) fn derived(
        &mut self,
        metric: &Metric,
        expr: &str,
        written: &[Input],
        out: &mut Entries,
    ) -> Result<Nature, String> {
        let formula = portable(expr, self.dialect, &|_| ColumnType::Unknown)
            .map_err(|why| format!("its formula cannot be said here: {why}"))?;
        let mut used: Vec<(&str, &Input, Known)> = Vec::new();
        for input in written {
            let word = input.alias.as_deref().unwrap_or(&input.name);
            let is_used =
                formula.names().iter().any(|words| matches!(words.as_slice(), [one] if one.eq_ignore_ascii_case(word)));
            if !is_used {
                let why = format!("its input `{word}` is not in its formula");
                self.report.changed("metric", &metric.name, &metric.place, why);
                continue;
            }
            used.push((word, input, self.input(input)?));
        }
        let is_bare = |input: &Input| metric.filters.is_empty() && is_plain(input);
        let named: Vec<String> =
            used.iter().filter(|(_, input, _)| !is_bare(input)).map(|(word, ..)| snake_case(word)).collect();
        let mut entries: Vec<(String, Out)> = Vec::new();
        let mut renamed: Vec<(String, String)> = Vec::new();
        for (word, input, known) in &used {
            // Where an input has the name of a metric, that name means the input.
            if is_bare(input) && !named.contains(&known.name) {
                renamed.push(((*word).to_owned(), known.name.clone()));
                continue;
            }
            let name = snake_case(word);
            if entries.iter().any(|(other, _)| *other == name) {
                return Err(format!("two of its inputs are called `{name}`"));
            }
            let filters = [metric.filters.as_slice(), &input.filters].concat();
            entries.push((name.clone(), self.input_entry(metric, input, known, &filters)?));
            renamed.push(((*word).to_owned(), name));
        }
        let known_inputs: Vec<(&Input, Known)> = used.into_iter().map(|(_, input, known)| (input, known)).collect();
        out.text("expr", renamed_formula(&formula, &renamed)?);
        if !entries.is_empty() {
            out.put("inputs", Out::Map(entries));
        }
        Ok(self.made_of(&known_inputs, &metric.filters))
    }

    /// Returns the entry of an input: its metric, filter and offset.
    fn input_entry(
        &mut self,
        metric: &Metric,
        input: &Input,
        known: &Known,
        filters: &[Filter],
    ) -> Result<Out, String> {
        self.check_time(is_moved(input), known, filters)?;
        let mut entry = Entries::default();
        entry.text("metric", &known.name);
        entry.maybe("where", self.condition((&metric.name, &metric.place), filters, known.nature.root)?);
        if let Some(offset) = &input.offset {
            if let Some(periods) = self.periods(offset) {
                // Periods of a calendar are shifted as wholes, in dbt as well.
                entry.text("offset", periods);
            } else {
                let (count, unit) = duration(offset)?;
                entry.text("offset", format!("{count} {unit}"));
                if ["month", "quarter", "year"].contains(&unit.trim_end_matches('s')) {
                    self.report.changed("metric", &metric.name, &metric.place, OFFSET_OF_MONTHS);
                } else {
                    entry.text("shift", "rows");
                }
            }
        }
        if let Some(granularity) = &input.offset_to {
            entry.text("offset_to", start_of(granularity)?);
            self.report.changed("metric", &metric.name, &metric.place, OFFSET_TO_BY_WEEK);
        }
        if known.fills && (input.offset.is_some() || input.offset_to.is_some()) {
            // dbt fills after it has shifted.
            entry.put("when_empty", Out::Word("0".to_owned()));
        }
        Ok(Out::Map(entry.0))
    }

    /// Reads `2 retail_weeks`: a number of periods of the company's own.
    fn periods(&self, written: &str) -> Option<String> {
        let (count, unit) = written.trim().split_once(char::is_whitespace)?;
        let unit = unit.trim();
        let name = self.names.period(unit).or_else(|| self.names.period(unit.strip_suffix('s')?))?;
        let count = count.parse::<u32>().ok().filter(|count| *count > 0)?;
        Some(format!("{count} {name}"))
    }

    /// Puts the keys of a running total.
    pub(super) fn cumulative(
        &mut self,
        metric: &Metric,
        input: &Input,
        how: (Option<&str>, Option<&str>, &str),
        out: &mut Entries,
    ) -> Result<Nature, String> {
        let known = self.input(input)?;
        let filters = [metric.filters.as_slice(), &input.filters].concat();
        self.check_time(true, &known, &filters)?;
        let (window, to_date, take) = how;
        out.text("metric", &known.name);
        match (window, to_date) {
            (Some(_), Some(_)) => return Err("it has a window and a `grain_to_date`".to_owned()),
            (Some(window), None) => {
                let (count, unit) = duration(window)?;
                out.text("window", format!("{count} {unit}"));
                if ["month", "quarter", "year"].contains(&unit.trim_end_matches('s')) {
                    self.report.changed("metric", &metric.name, &metric.place, WINDOW_OF_MONTHS);
                }
            }
            (None, Some(granularity)) => out.text("to_date", granularity),
            (None, None) => out.put("all_time", Out::yes()),
        }
        match take {
            "first" => {
                out.text("take", "first");
                self.report.changed("metric", &metric.name, &metric.place, FIRST_OF_PERIOD);
            }
            "last" if window.is_some() => {
                self.report.changed("metric", &metric.name, &metric.place, LAST_OF_PERIOD);
            }
            "last" => {}
            "average" | "avg" => out.text("take", "avg"),
            other => return Err(format!("its `period_agg: {other}` is not known")),
        }
        out.maybe("where", self.condition((&metric.name, &metric.place), &filters, known.nature.root)?);
        if known.nature.root.axis.is_some_and(Granularity::is_within_a_day) {
            self.report.changed("metric", &metric.name, &metric.place, TOTAL_WITHIN_A_DAY);
        }
        Ok(Nature { moves: true, ..known.nature })
    }

    /// Refuses a filter on the time of what is shifted or accumulated.
    fn check_time(&self, moves: bool, known: &Known, filters: &[Filter]) -> Result<(), String> {
        let is_limited = self.filters.name_time(filters, known.nature.root);
        if is_limited && (moves || known.nature.moves) || known.nature.limits_time && moves {
            return Err(
                "a filter names its time: dbt applies it to what was shifted or accumulated, and it would cut \
                        the rows here; filter by time in the query"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Returns what is known of a metric that is made of others.
    fn made_of(&self, inputs: &[(&Input, Known)], filters: &[Filter]) -> Nature {
        let natures = || inputs.iter().map(|(_, known)| known.nature);
        let first = inputs.first().and_then(|(_, known)| known.nature.root.model);
        let root = Root {
            model: first.filter(|first| natures().all(|nature| nature.root.model == Some(*first))),
            axis: natures().filter_map(|nature| nature.root.axis).max(),
        };
        let limits = |(input, known): &(&Input, Known)| {
            known.nature.limits_time || self.filters.name_time(&input.filters, known.nature.root)
        };
        Nature {
            root,
            limits_time: self.filters.name_time(filters, root) || inputs.iter().any(limits),
            moves: inputs.iter().any(|(input, known)| is_moved(input) || known.nature.moves),
        }
    }
}

/// What differs in an offset of months.
const OFFSET_OF_MONTHS: &str = "periods are shifted: by day, the last days of a month that is longer than the one \
                                before have no number here, and that month's last day in dbt; a granularity that is \
                                coarser than the offset, or of weeks, is refused";
/// What differs in a running total over a time that is finer than a day.
const TOTAL_WITHIN_A_DAY: &str = "by what is shorter than a day it is asked for with a range of time; dbt takes all of its \
                                  time spine";
/// What differs in an offset to the start of a period.
const OFFSET_TO_BY_WEEK: &str =
    "by week it is the week in which the period starts here, and the number of the period's first day in dbt";
/// What differs in a window of months.
const WINDOW_OF_MONTHS: &str = "the window of a day begins the day after it a month before, which at the end of a longer \
                                month is up to three days from where dbt begins";
/// What differs in the first day of a period.
const FIRST_OF_PERIOD: &str = "a longer period shows its own first day here; where that has nothing, dbt shows the first \
                               day that has something";
/// What differs in the last day of a period.
const LAST_OF_PERIOD: &str = "a longer period shows its own last day here; where that has nothing, dbt shows the last \
                              day that has something";

fn is_moved(input: &Input) -> bool {
    input.offset.is_some() || input.offset_to.is_some()
}

fn is_plain(input: &Input) -> bool {
    input.filters.is_empty() && input.offset.is_none() && input.offset_to.is_none()
}

/// Puts the names of this language into a formula.
fn renamed_formula(formula: &Portable, renamed: &[(String, String)]) -> Result<String, String> {
    let find = |word: &str| renamed.iter().find(|(from, _)| from.eq_ignore_ascii_case(word)).map(|(_, to)| to.clone());
    for words in formula.names() {
        if words.len() != 1 || find(words[0]).is_none() {
            return Err(format!("its formula names `{}`, which is none of its inputs", words.join(".")));
        }
    }
    Ok(formula.renamed(&|words| find(words.first()?)))
}

/// Reads `7 days` and `1 Month`: a number and a unit, in the singular for one.
pub(super) fn duration(written: &str) -> Result<(u32, String), String> {
    let lower = written.trim().to_lowercase();
    let mut words = lower.split_whitespace();
    let (count, unit) = (words.next().and_then(|count| count.parse::<u32>().ok()), words.next());
    let (Some(count), Some(unit), None) = (count, unit, words.next()) else {
        return Err(format!("`{written}` is no number and unit of time"));
    };
    let unit = unit.trim_end_matches('s');
    if !["minute", "hour", "day", "week", "month", "quarter", "year"].contains(&unit) {
        return Err(format!("`{written}` is in a unit that durations do not have"));
    }
    if count == 0 {
        return Err(format!("`{written}` is no time at all"));
    }
    Ok((count, if count == 1 { unit.to_owned() } else { format!("{unit}s") }))
}

/// Returns the start of a period to whose first day something is taken back.
fn start_of(granularity: &str) -> Result<String, String> {
    let is_longer = Granularity::from_name(granularity).is_some_and(|size| size > Granularity::Day);
    if is_longer {
        return Ok(format!("start of {granularity}"));
    }
    Err(format!("it is taken back to the start of `{granularity}`, which is no week, month, quarter or year"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_any_spelling() {
        assert_eq!(duration("7 DAYS"), Ok((7, "days".into())));
        assert_eq!(duration("1 months"), Ok((1, "month".into())));
        assert!(duration("2 martian_days").is_err() && duration("week").is_err() && duration("0 days").is_err());
    }
}
