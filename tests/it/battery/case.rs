//! A failing case → a smaller one that fails alike, and a case file that shows it.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use super::{
    ask::{self, Failure, PREFIX, Warehouse, now},
    definitions::Metric,
    oracle::{self, Answer, KeyValue, Number},
    query::Query,
    shrink,
    world::{World, decimal},
};

/// A world, metrics and a query over them.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) world: World,
    pub(super) metrics: Vec<Metric>,
    pub(super) query: Query,
}

/// What is asked of a case.
pub(super) type Check<'c> = &'c dyn Fn(&Warehouse, &Case) -> Result<(), Failure>;

impl Case {
    /// Compares with the oracle.
    pub(super) fn check(warehouse: &Warehouse, case: &Self) -> Result<(), Failure> {
        // A smaller case has to be one that the oracle speaks of.
        if !case.query.is_answerable(&case.metrics) {
            return Ok(());
        }
        let held = warehouse.hold(&case.world);
        let yaml = ask::yaml(&case.world, &case.metrics);
        let project = held.load(&case.world.config(), &yaml)?;
        ask::check(held, &project, &case.world, &case.metrics, &case.query).map(drop)
    }

    /// Shrinks a failing case and writes its file.
    pub(super) fn report(&self, check: Check<'_>, failure: &Failure, name: &str) -> String {
        let warehouse = Warehouse::open();
        let (case, failure) = shrink::shrink(&warehouse, self, check, failure);
        let folder = PathBuf::from("target/battery");
        let path = folder.join(format!("{name}.md"));
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, case.file(name, &failure)));
        let place = match written {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("{}: {error}", path.display()),
        };
        format!("{name}: {place}\n{}", case.file(name, &failure))
    }

    /// The case as a file of `tests/cases`, with the oracle's answer.
    fn file(&self, name: &str, failure: &Failure) -> String {
        let answer = catch_unwind(AssertUnwindSafe(|| oracle::answer(&self.world, &self.metrics, &self.query, now())));
        let answer = match answer {
            Ok(Some(answer)) => self.csv(&answer),
            Ok(None) => "hangs on the rounding of a float\n".to_owned(),
            Err(_) => "the oracle fails\n".to_owned(),
        };
        let found = match failure {
            Failure::Definitions(text)
            | Failure::Refused(text)
            | Failure::Warehouse(text)
            | Failure::WarehouseBroken(text)
            | Failure::Differs(text) => text.as_str(),
            Failure::Panicked => "the planner panics",
        };
        format!(
            "# The battery's {name}\n\nFound by the battery, with the oracle's answer; it lacks a `sql check` by hand.\n\n\
             ```yaml entente.yml\n{}```\n\n```yaml metrics/world.yml\n{}```\n\n```sql seed\n{}```\n\n```yaml query\n{}```\n\n\
             ```text answer\n{answer}```\n\n```text found\n{found}\n```\n",
            self.world.config(),
            ask::yaml(&self.world, &self.metrics),
            self.world.seed(),
            self.yaml(),
        )
    }

    /// The query as the block of a case.
    fn yaml(&self) -> String {
        let text = self.query.text(PREFIX);
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut yaml = format!("metrics: [{}]\n", text.metrics.join(", "));
        if !text.by.is_empty() {
            yaml.push_str(&format!("by: [{}]\n", text.by.join(", ")));
        }
        for (key, value) in
            [("where", &text.filter), ("having", &text.having), ("time", &text.time), ("order", &text.order)]
        {
            if let Some(value) = value {
                yaml.push_str(&format!("{key}: {}\n", quoted(value)));
            }
        }
        if let Some(top) = &text.top {
            let (count, of, by, other) = (top.count, &top.of, &top.by, top.other);
            yaml.push_str(&format!("top: {{ count: {count}, of: {of}, by: {by}, other: {other} }}\n"));
        }
        if text.fill {
            yaml.push_str("fill: time\n");
        }
        if let Some(zone) = &text.time_zone {
            yaml.push_str(&format!("time_zone: {zone}\n"));
        }
        yaml.push_str(&format!("now: {}\n", now().format("%FT%TZ")));
        yaml
    }

    fn csv(&self, answer: &Answer) -> String {
        let mut headings: Vec<String> = self.query.keys.iter().map(|key| key.text()).collect();
        let has_others = self.query.top.is_some_and(|top| top.other);
        if has_others {
            headings.push("is_other".to_owned());
        }
        headings.extend(self.query.columns(PREFIX));
        let mut csv = format!("{}\n", headings.join(","));
        for (key, values) in answer {
            let mut fields: Vec<String> = key.iter().map(|value| self.show(value)).collect();
            if has_others {
                fields.push(key.contains(&KeyValue::Other).to_string());
            }
            fields.extend(values.iter().map(|value| match value {
                Number::Null => String::new(),
                Number::Exact(units) => decimal(Some(*units), 6),
                Number::Float(value, _) => format!("{value:?}"),
            }));
            csv.push_str(&fields.join(","));
            csv.push('\n');
        }
        csv
    }

    fn show(&self, value: &KeyValue) -> String {
        let zone = self.query.zone.unwrap_or(self.world.zone);
        match value {
            KeyValue::Null | KeyValue::Other => String::new(),
            KeyValue::Bool(value) => value.to_string(),
            KeyValue::Whole(value) => value.to_string(),
            KeyValue::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            KeyValue::Day(day) => day.to_string(),
            KeyValue::Instant(at) => at.with_timezone(&zone).format("%FT%T%:z").to_string(),
            KeyValue::Clock(at) => at.format("%FT%T").to_string(),
        }
    }
}
