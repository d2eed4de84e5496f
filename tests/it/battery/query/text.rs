//! A query → the words of the command line.

use entente::plan::{RequestText, Top as RequestTop};

use super::{Having, Key, Query, Range};

impl Range {
    pub(in crate::battery) fn text(self) -> String {
        match self {
            Self::Between(from, to) => format!("{from} to {to}"),
            Self::Since(from) => format!("since {from}"),
            Self::LastDays(days) => format!("last {days} days"),
            Self::LastHours(hours) => format!("last {hours} hours"),
            Self::LastMonths(months) => format!("last {months} months"),
            Self::LastRetailMonths(months) => format!("last {months} retail_months"),
            Self::LastMonthsAndThis(months) => format!("last {months} months including current"),
            Self::ThisMonth => "current month".to_owned(),
        }
    }
}

impl Key {
    pub(in crate::battery) fn text(self) -> String {
        match self {
            Self::Time(size) => format!("time.{}", size.name()),
            Self::Part(part) => format!("time.{}", part.name()),
            Self::Dimension(dimension) => dimension.path().to_owned(),
            Self::DimensionTime(time, size) => format!("{}.{}", time.path(), size.name()),
            Self::DimensionPart(time, part) => format!("{}.{}", time.path(), part.name()),
        }
    }
}

impl Having {
    fn text(&self, names: &[String]) -> String {
        match self {
            Self::Compare(position, comparison, value) => format!("{} {} {value}", names[*position], comparison.sign()),
            Self::IsNull(position) => format!("{} is null", names[*position]),
            Self::Not(inner) => format!("not ({})", inner.text(names)),
            Self::And(left, right) => format!("({}) and ({})", left.text(names), right.text(names)),
            Self::Or(left, right) => format!("({}) or ({})", left.text(names), right.text(names)),
        }
    }
}

impl Query {
    /// The names of the metrics' columns.
    pub(in crate::battery) fn columns(&self, prefix: &str) -> Vec<String> {
        self.asked(prefix).into_iter().map(|metric| metric.replace(' ', "_")).collect()
    }

    fn asked(&self, prefix: &str) -> Vec<String> {
        self.metrics.iter().map(|(metric, words)| words.text(&format!("{prefix}{metric}"))).collect()
    }

    /// The query, over metrics with this prefix.
    pub(in crate::battery) fn text(&self, prefix: &str) -> RequestText {
        let hidden = self.hidden.map(|hidden| format!("{prefix}{hidden}"));
        let names: Vec<String> = self.columns(prefix).into_iter().chain(hidden.clone()).collect();
        RequestText {
            by: self.keys.iter().map(|key| key.text()).collect(),
            filter: self.filter.as_ref().map(|filter| filter.text()),
            having: self.having.as_ref().map(|having| having.text(&names)),
            time: self.range.map(Range::text),
            order: hidden.map(|hidden| format!("{hidden} desc")),
            fill: self.fill,
            top: self.top.map(|top| RequestTop {
                count: top.count as u64,
                of: self.keys[top.of].text(),
                by: format!("{prefix}{}", top.by),
                other: top.other,
            }),
            time_zone: self.zone.map(|zone| zone.to_string()),
            metrics: self.asked(prefix),
            ..RequestText::default()
        }
    }
}
