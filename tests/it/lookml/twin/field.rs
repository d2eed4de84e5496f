//! The fields of a view: dimensions, members of groups, measures, filters and parameters.

use super::{Looker, refuse, text::Block};

/// A field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'m> {
    Dimension(&'m Block),
    /// A timeframe of a dimension group, or of a dimension of type `date_…`.
    Frame(&'m Block, &'m str),
    /// An interval of a group of type duration, in the singular.
    Interval(&'m Block, &'m str),
    Measure(&'m Block),
    /// `filter` or `parameter`: a field that has a value only.
    Asked(&'m Block),
}

/// The intervals of durations, with the plural that is put before the name of the group.
const INTERVALS: [(&str, &str); 8] = [
    ("seconds", "second"),
    ("minutes", "minute"),
    ("hours", "hour"),
    ("days", "day"),
    ("weeks", "week"),
    ("months", "month"),
    ("quarters", "quarter"),
    ("years", "year"),
];

impl<'m> Field<'m> {
    /// Finds a field of a view by its name.
    pub(super) fn find(view: &'m Block, name: &str) -> Looker<Self> {
        if let Some(block) = view.named("dimension", name) {
            let kind = block.word("type").unwrap_or("string");
            return Ok(match kind {
                "date" | "time" => Self::Frame(block, kind),
                "yesno" | "string" | "number" | "tier" | "zipcode" | "bin" => Self::Dimension(block),
                other => match other.strip_prefix("date_") {
                    Some(frame) => Self::Frame(block, frame),
                    None => return refuse(format!("`{}.{name}` has the unknown type `{other}`", view.name)),
                },
            });
        }
        if let Some(block) = view.named("measure", name) {
            return Ok(Self::Measure(block));
        }
        if let Some(block) = view.named("filter", name).or_else(|| view.named("parameter", name)) {
            return Ok(Self::Asked(block));
        }
        let member = view.blocks("dimension_group").find_map(|group| Self::member(group, name));
        member.map_or_else(|| refuse(format!("unknown field `{}.{name}`", view.name)), Ok)
    }

    fn member(group: &'m Block, name: &str) -> Option<Self> {
        if group.word("type") == Some("duration") {
            let (before, interval) = INTERVALS.iter().find(|(plural, _)| {
                name.strip_prefix(plural).is_some_and(|rest| rest.strip_prefix('_') == Some(&group.name))
            })?;
            let listed = group.list("intervals");
            let is_there = listed.is_empty() || listed.iter().any(|listed| listed == interval || listed == before);
            return is_there.then_some(Self::Interval(group, interval));
        }
        let frame = name.strip_prefix(group.name.as_str())?.strip_prefix('_')?;
        let frames = group.pairs("timeframes");
        if !frames.is_empty() && !frames.iter().any(|(listed, _)| listed == frame) {
            return None;
        }
        let known = super::write::frames::ALL.iter().find(|known| **known == frame)?;
        Some(Self::Frame(group, known))
    }

    /// What it says.
    pub(super) fn block(self) -> &'m Block {
        match self {
            Self::Dimension(block)
            | Self::Frame(block, _)
            | Self::Interval(block, _)
            | Self::Measure(block)
            | Self::Asked(block) => block,
        }
    }

    pub(super) fn is_measure(self) -> bool {
        matches!(self, Self::Measure(_))
    }

    /// Whether its value is true or false.
    pub(super) fn is_yesno(self) -> bool {
        matches!(self, Self::Dimension(block) if block.word("type") == Some("yesno"))
    }
}

/// All names of fields of a view, members of groups included.
pub(super) fn names(view: &Block) -> Vec<String> {
    let mut names = Vec::new();
    for key in ["dimension", "measure", "filter", "parameter"] {
        names.extend(view.blocks(key).map(|block| block.name.clone()));
    }
    for group in view.blocks("dimension_group") {
        if group.word("type") == Some("duration") {
            let listed = group.list("intervals");
            let listed = INTERVALS.iter().filter(|(_, one)| listed.iter().any(|listed| listed == one));
            names.extend(listed.map(|(plural, _)| format!("{plural}_{}", group.name)));
        } else {
            names.extend(group.list("timeframes").iter().map(|frame| format!("{}_{frame}", group.name)));
        }
    }
    names
}
