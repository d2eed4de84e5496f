//! Granularities of the company's own → names that the language leaves free.
//!
//! `fiscal_year` is a period of the language, so a column of that name is `own_fiscal_year`.

use std::collections::BTreeSet;

use super::{Names, snake_case};
use crate::{
    import::dbt::report::Report,
    time::{Granularity, TimePart},
};

impl Names<'_> {
    /// Names time spines with granularities of the company's own, and these.
    pub(super) fn name_periods(&mut self, report: &mut Report) {
        let mut calendars: Vec<String> = Vec::new();
        let mut taken = BTreeSet::new();
        for spine in &self.layer.spines {
            let mut calendar = snake_case(&spine.name);
            while calendars.contains(&calendar) {
                calendar.push_str("_2");
            }
            calendars.push(calendar.clone());
            if spine.custom.is_empty() || self.is_refused("calendars", &calendar) {
                self.calendars.push(None);
                continue;
            }
            self.calendars.push(Some(calendar));
            for (period, _) in &spine.custom {
                let mut name = snake_case(period);
                while Granularity::from_name(&name).is_some()
                    || TimePart::from_name(&name).is_some()
                    || !taken.insert(name.clone())
                {
                    name = format!("own_{name}");
                }
                if name != *period {
                    let why = format!("it is called `{name}` here");
                    report.changed("granularity", period, &spine.place, why);
                }
                self.periods.insert(period, name);
            }
        }
    }

    /// Returns the name of the calendar of a time spine, by its place among them, if it is one.
    pub(in crate::import::dbt) fn calendar(&self, spine: usize) -> Option<&str> {
        self.calendars.get(spine)?.as_deref()
    }

    /// Returns the name here of a granularity of the company's own.
    pub(in crate::import::dbt) fn period(&self, name: &str) -> Option<&str> {
        self.periods.get(name).map(String::as_str)
    }
}
