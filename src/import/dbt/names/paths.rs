//! Every name by which dbt groups and filters, with its path.

use std::collections::{BTreeMap, BTreeSet};

use super::{Names, Target, prefixes};
use crate::{
    import::dbt::{
        sql::column,
        tree::{Dimension, Metric, MetricKind, SemanticModel},
    },
    time::{Granularity, TimePart},
};

impl Names<'_> {
    /// Lists every name by which dbt groups and filters, with its path.
    pub(in crate::import::dbt) fn paths(&self) -> BTreeMap<String, String> {
        let mut paths = BTreeMap::new();
        let mut add = |name: String, links: &[String], element: &str| {
            let Ok(found) = self.resolve(links, element, None) else { return };
            let path = found.words.join(".");
            match self.granularity_of(&found.target) {
                Some(finest) => self.times(&name, &path, &finest, &mut paths),
                None => _ = paths.insert(name, path),
            }
        };
        add("metric_time".to_owned(), &[], "metric_time");
        let counted: BTreeSet<&str> = self.layer.metrics.iter().filter_map(model_of_rows).collect();
        for model in &self.layer.models {
            // Without an entity before it, a name is one of the rows that are counted.
            let is_counted = !model.measures.is_empty() || counted.contains(model.name.as_str());
            for entity in model.entities.iter().filter(|_| is_counted) {
                add(entity.name.clone(), &[], &entity.name);
            }
            for link in prefixes(model) {
                members_of(model, &[link.to_owned()], &mut add);
            }
        }
        for (first, providers) in &self.providers {
            for middle in providers {
                let middle = &self.layer.models[*middle];
                for second in middle.entities.iter().filter(|entity| entity.name != **first) {
                    for last in self.providers.get(second.name.as_str()).into_iter().flatten() {
                        let links = [(*first).to_owned(), second.name.clone()];
                        members_of(&self.layer.models[*last], &links, &mut add);
                    }
                }
            }
        }
        paths
    }

    /// Returns the finest granularity of a time dimension; of the metrics' time, the finest of them.
    pub(in crate::import::dbt) fn granularity_of(&self, target: &Target) -> Option<String> {
        match target {
            Target::MetricTime => Some(self.axes().min().unwrap_or(Granularity::Day).name().to_owned()),
            Target::Dimension(..) => self.dimension_at(target)?.time.clone(),
            Target::Entity(..) => None,
        }
    }

    /// Returns the granularity of a model's time axis, or of another time by which its rows are dated.
    pub(in crate::import::dbt) fn axis_of(&self, model: usize, other: Option<&str>) -> Option<Granularity> {
        let model = &self.layer.models[model];
        let name = other.or(model.time.as_deref())?;
        let found = model.dimensions.iter().find(|dimension| dimension.name == name)?;
        Granularity::from_name(found.time.as_deref()?)
    }

    /// Returns the granularity of a model's time axis; of all models, the coarsest.
    pub(in crate::import::dbt) fn axis_granularity(&self, root: Option<usize>) -> String {
        let found = match root {
            Some(root) => self.axis_of(root, None),
            None => self.axes().max(),
        };
        found.unwrap_or(Granularity::Day).name().to_owned()
    }

    fn axes(&self) -> impl Iterator<Item = Granularity> {
        (0..self.layer.models.len()).filter_map(|at| self.axis_of(at, None))
    }

    /// Returns whether rows of a model are dated by a dimension.
    pub(in crate::import::dbt) fn is_axis(&self, model: usize, dimension: usize) -> bool {
        let of = &self.layer.models[model];
        let Some(dimension) = of.dimensions.get(dimension).filter(|dimension| dimension.time.is_some()) else {
            return false;
        };
        let own = of.measures.iter().filter_map(|measure| measure.aggregation.time.as_ref());
        let beside = self.layer.metrics.iter().filter_map(|metric| match &metric.kind {
            MetricKind::Simple { model, aggregation, .. } if *model == of.name => aggregation.time.as_ref(),
            _ => None,
        });
        of.time.iter().chain(own).chain(beside).any(|name| *name == dimension.name)
    }

    /// Returns the path of a part of the time in a column, where a time dimension has it.
    pub(in crate::import::dbt) fn part_of(&self, model: &SemanticModel, name: &str, part: TimePart) -> Option<String> {
        let of = |dimension: &&Dimension| {
            column(dimension.expr.as_deref().unwrap_or(&dimension.name)).is_some_and(|of| of.eq_ignore_ascii_case(name))
        };
        let found = model.dimensions.iter().filter(|dimension| dimension.time.is_some()).find(of)?;
        let granularity = Granularity::from_name(found.time.as_deref()?)?;
        let at = self.model_index(&model.name)?;
        has_part(granularity, part).then(|| format!("{}.{}", self.dimension(at, &found.name), part.name()))
    }

    fn times(&self, name: &str, path: &str, finest: &str, paths: &mut BTreeMap<String, String>) {
        let standard = ["second", "minute", "hour", "day", "week", "month", "quarter", "year"];
        // What is finer than a second is as fine as a second here.
        let from = standard.iter().position(|word| word == &finest).unwrap_or(0);
        paths.insert(name.to_owned(), format!("{path}.{}", standard[from]));
        for word in standard.iter().skip(from) {
            paths.insert(format!("{name}__{word}"), format!("{path}.{word}"));
        }
        for (custom, here) in &self.periods {
            paths.insert(format!("{name}__{custom}"), format!("{path}.{here}"));
        }
        let granularity = Granularity::from_name(standard[from]).unwrap_or(Granularity::Second);
        for (part, here) in PARTS.into_iter().filter(|(_, here)| has_part(granularity, *here)) {
            paths.insert(format!("{name}__extract_{part}"), format!("{path}.{}", here.name()));
        }
    }
}

/// Returns the model whose rows a metric counts without a measure.
fn model_of_rows(metric: &Metric) -> Option<&str> {
    match &metric.kind {
        MetricKind::Simple { model, .. } => Some(model),
        _ => None,
    }
}

/// Adds the names of a model's members behind those of entities.
fn members_of(model: &SemanticModel, links: &[String], add: &mut impl FnMut(String, &[String], &str)) {
    let names = model.dimensions.iter().map(|dimension| &dimension.name);
    for name in names.chain(model.entities.iter().map(|entity| &entity.name)) {
        if links.last() != Some(name) {
            add(format!("{}__{name}", links.join("__")), links, name);
        }
    }
}

/// The parts of dates, in the words of dbt.
pub(in crate::import::dbt) const PARTS: [(&str, TimePart); 5] = [
    ("quarter", TimePart::QuarterOfYear),
    ("month", TimePart::MonthOfYear),
    ("day", TimePart::DayOfMonth),
    ("dow", TimePart::DayOfWeek),
    ("doy", TimePart::DayOfYear),
];

/// Returns whether a time that is cut to a granularity still has a part; a week may lie in two months.
pub(in crate::import::dbt) fn has_part(granularity: Granularity, part: TimePart) -> bool {
    granularity <= part.finest() && granularity != Granularity::Week
}
