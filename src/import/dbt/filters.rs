//! Filters of dbt → conditions of this language.
//!
//! `{{ Dimension('listing__country') }} = 'us'` becomes `listings.country = 'us'`.
//!
//! **Invariant:** a filter is carried over as a whole or not at all.

use super::{
    dates::dated,
    jinja::{ITEM, Item, ItemKind, Templates},
    names::{Names, PARTS, Resolved, Target, has_part, split},
    sql::{column, portable},
    tree::{EntityKind, Filter},
    write::Types,
};
use crate::{
    catalog::ColumnType,
    sql::{BinaryOp, Expr, Portable},
    time::{Granularity, TimePart},
};

/// What filters are read with.
pub(super) struct Filters<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) templates: &'a Templates,
    pub(super) types: Types<'a>,
    /// The name of the warehouse's dialect.
    pub(super) dialect: Option<&'a str>,
}

/// From where names are looked at: the model of a metric, if it is one, and the granularity of the metric's time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Root {
    pub(super) model: Option<usize>,
    /// The coarsest of all models unless it is known.
    pub(super) axis: Option<Granularity>,
}

/// A metric that filters name as a dimension: the model, the metric, and the name of the dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MetricDimension {
    pub(super) model: usize,
    pub(super) metric: String,
    pub(super) name: String,
}

/// What an item names, with the granularity or the part that is asked of a time.
pub(super) struct Located {
    pub(super) resolved: Resolved,
    granularity: Option<String>,
    part: Option<String>,
}

/// A condition, and what it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    pub(super) text: String,
    pub(super) metrics: Vec<MetricDimension>,
}

impl Filters<'_> {
    /// Converts filters that all have to hold; nothing if there is none.
    pub(super) fn condition(&self, filters: &[Filter], root: Root) -> Result<Option<Condition>, String> {
        let mut texts: Vec<String> = Vec::new();
        let mut metrics = Vec::new();
        for filter in filters {
            let (portable, items) = self.read(filter, root)?;
            let mut paths = Vec::new();
            for item in &items {
                let (path, metric) = self.path(item, root)?;
                paths.push(path);
                metrics.extend(metric);
            }
            for words in portable.names() {
                match words.as_slice() {
                    [word] if !word.starts_with(ITEM) && self.names.resolve(&[], word, root.model).is_err() => {
                        return Err(format!("its filter names `{word}`, which is no dimension of the metric's own"));
                    }
                    [word, part] if word.starts_with(ITEM) => _ = self.part(word, part, (&items, &paths), root)?,
                    _ => {}
                }
            }
            let text = portable.renamed(&|words| match words {
                [word] => {
                    let path = numbered(word, &paths).cloned();
                    path.or_else(|| Some(self.names.resolve(&[], word, root.model).ok()?.words.join(".")))
                }
                [word, part] => self.part(word, part, (&items, &paths), root).ok(),
                _ => None,
            });
            let loose = matches!(portable.expr, Expr::Binary { op: BinaryOp::Or, .. });
            texts.push(if loose && filters.len() > 1 { format!("({text})") } else { text });
        }
        texts.dedup();
        Ok((!texts.is_empty()).then(|| Condition { text: texts.join(" and "), metrics }))
    }

    /// Returns the path of a part of a time, such as `entente_item_0.month_of_year`.
    fn part(&self, word: &str, part: &str, (items, paths): (&[Item], &[String]), root: Root) -> Result<String, String> {
        let (item, path) = numbered(word, items).zip(numbered(word, paths)).ok_or("it names no item")?;
        let refused = || format!("its filter takes `{part}` of `{}`, which is not cut so finely", item.name);
        let granularity = self.granularity(item, root).ok_or_else(refused)?;
        let fits = has_part(granularity, TimePart::from_name(part).ok_or_else(refused)?);
        let (time, _) = path.rsplit_once('.').filter(|_| fits).ok_or_else(refused)?;
        Ok(format!("{time}.{part}"))
    }

    pub(super) fn read(&self, filter: &Filter, root: Root) -> Result<(Portable, Vec<Item>), String> {
        let (rendered, items) = self.templates.filter(&filter.text)?;
        let rendered = dated(&rendered, &|word| {
            let item = numbered(word, &items);
            self.granularity(item?, root)
        })
        .map_err(|why| format!("its filter cannot be said here: {why}"))?;
        let types = |word: &str| self.type_of(numbered(word, &items)?, root.model);
        let types = |word: &str| types(word).unwrap_or(ColumnType::Unknown);
        let portable = portable(&rendered, self.dialect, &types).map_err(|why| {
            let mut why = why;
            for (at, item) in items.iter().enumerate() {
                why = why.replace(&format!("{ITEM}{at}"), &item.name);
            }
            format!("its filter cannot be said here: {why}")
        })?;
        Ok((portable, items))
    }

    /// Returns the path of an item, and the metric that has to become a dimension.
    pub(super) fn path(&self, item: &Item, root: Root) -> Result<(String, Option<MetricDimension>), String> {
        if let ItemKind::Metric(group_by) = &item.kind {
            return self.metric(item, group_by, root.model);
        }
        let Located { resolved, granularity, part } = self.locate(item, root.model)?;
        let mut path = resolved.words.join(".");
        if let Some(finest) = self.finest(&resolved.target, root) {
            path.push('.');
            path.push_str(&match part {
                Some(part) => PARTS
                    .iter()
                    .find(|(word, _)| *word == part)
                    .map(|(_, part)| part.name().to_owned())
                    .ok_or_else(|| format!("part `{part}` of a date has no form here"))?,
                None => {
                    let granularity = granularity.unwrap_or(finest);
                    match self.names.period(&granularity) {
                        Some(period) => period.to_owned(),
                        None if Granularity::from_name(&granularity).is_some() => granularity,
                        None => return Err(format!("`{}` by `{granularity}` has no form here", item.name)),
                    }
                }
            });
        }
        Ok((path, None))
    }

    /// Finds what an item names; the last word of `metric_time__month` is a granularity or a part.
    pub(super) fn locate(&self, item: &Item, root: Option<usize>) -> Result<Located, String> {
        let (mut links, mut name) = split(&item.name);
        let (mut granularity, mut part) = (item.granularity.clone(), item.part.clone());
        let whole = |links: &[String]| [item.entity_path.as_slice(), links].concat();
        let found = self.names.resolve(&whole(&links), &name, root);
        let (Err(why), Some(last)) = (&found, links.pop()) else {
            return Ok(Located { resolved: found?, granularity, part });
        };
        match name.strip_prefix("extract_") {
            Some(word) => part = Some(word.to_owned()),
            None if Granularity::from_name(&name).is_some() || self.names.period(&name).is_some() => {
                granularity = Some(name);
            }
            None => return Err(why.clone()),
        }
        name = last;
        Ok(Located { resolved: self.names.resolve(&whole(&links), &name, root)?, granularity, part })
    }

    /// Returns the finest granularity of a time.
    fn finest(&self, target: &Target, root: Root) -> Option<String> {
        match target {
            Target::MetricTime => {
                Some(root.axis.map_or_else(|| self.names.axis_granularity(root.model), |axis| axis.name().to_owned()))
            }
            other => self.names.granularity_of(other),
        }
    }

    /// Returns whether filters name the time by which a metric is shown: dbt applies those to what a running total or an
    /// offset gives, and a condition here applies to its rows.
    pub(super) fn name_time(&self, filters: &[Filter], root: Root) -> bool {
        let is_time = |target: &Target| match target {
            Target::MetricTime => true,
            Target::Dimension(model, at) => {
                root.model.is_none_or(|root| root == *model) && self.names.is_axis(*model, *at)
            }
            Target::Entity(..) => false,
        };
        filters.iter().any(|filter| {
            let Ok((portable, items)) = self.read(filter, root) else { return false };
            let of_items = items.iter().filter_map(|item| Some(self.locate(item, root.model).ok()?.resolved.target));
            let words = portable.names().into_iter().filter_map(|words| words.first().copied());
            let of_words = words.filter_map(|word| Some(self.names.resolve(&[], word, root.model).ok()?.target));
            of_items.chain(of_words).any(|target| is_time(&target))
        })
    }

    /// Returns the granularity of an item that is a time.
    pub(super) fn granularity(&self, item: &Item, root: Root) -> Option<Granularity> {
        let located = self.locate(item, root.model).ok()?;
        if located.part.is_some() {
            return None;
        }
        let finest = self.finest(&located.resolved.target, root)?;
        let granularity = located.granularity.unwrap_or(finest);
        Granularity::from_name(&granularity).filter(|_| self.names.period(&granularity).is_none())
    }

    /// Returns the type of a dimension that is a column.
    fn type_of(&self, item: &Item, root: Option<usize>) -> Option<ColumnType> {
        let Target::Dimension(model, at) = self.locate(item, root).ok()?.resolved.target else { return None };
        let model = &self.names.layer.models[model];
        let dimension = &model.dimensions[at];
        Some(self.types.column(model, column(dimension.expr.as_deref().unwrap_or(&dimension.name))?))
    }

    fn metric(
        &self,
        item: &Item,
        group_by: &[String],
        root: Option<usize>,
    ) -> Result<(String, Option<MetricDimension>), String> {
        let [entity] = group_by else {
            return Err(format!("metric `{}` in a filter is grouped by more than one entity", item.name));
        };
        let (links, entity) = split(entity);
        let layer = self.names.layer;
        let is_primary = |at: usize| {
            layer.models[at].entities.iter().any(|own| own.name == entity && own.kind == EntityKind::Primary)
        };
        let mut holders: Vec<usize> = (0..layer.models.len())
            .filter(|at| {
                layer.models[*at]
                    .entities
                    .iter()
                    .any(|own| own.name == entity && matches!(own.kind, EntityKind::Primary | EntityKind::Unique))
            })
            .collect();
        holders.sort_by_key(|at| (Some(*at) != root, !is_primary(*at)));
        let Some(holder) = holders.first().copied().filter(|_| links.is_empty()) else {
            return Err(format!(
                "metric `{}` in a filter is grouped by `{entity}`, which is no key of a semantic model",
                item.name
            ));
        };
        let name = format!("{}_per_{}", super::names::snake_case(&item.name), super::names::snake_case(&entity));
        let mut words = Vec::new();
        if Some(holder) != root {
            let role = root.and_then(|root| self.names.role(root, &entity, holder));
            words.push(role.unwrap_or(self.names.model(holder)).to_owned());
        }
        words.push(name.clone());
        Ok((words.join("."), Some(MetricDimension { model: holder, metric: item.name.clone(), name })))
    }
}

/// Returns the thing for whose number a placeholder stands.
pub(super) fn numbered<'t, T>(word: &str, things: &'t [T]) -> Option<&'t T> {
    things.get(word.strip_prefix(ITEM)?.parse::<usize>().ok()?)
}
