//! Filters of dbt → conditions of this language.
//!
//! `{{ Dimension('listing__country') }} = 'us'` becomes `listings.country = 'us'`.
//!
//! **Invariant:** a filter is carried over as a whole or not at all.

use std::collections::BTreeMap;

use super::{
    dates::dated,
    jinja::{ITEM, Item, ItemKind, Templates},
    names::{Names, PARTS, Target, split},
    tree::{EntityKind, Filter},
};
use crate::{
    catalog::ColumnType,
    sql::{BinaryOp, Expr, Literal, Name, Portable, UnaryOp, to_portable},
    time::Granularity,
};

/// What filters are read with.
pub(super) struct Filters<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) templates: &'a Templates,
    /// The name of the warehouse's dialect.
    pub(super) dialect: Option<&'a str>,
    /// Granularities of the company's own, by their name in dbt: the name here.
    pub(super) custom: BTreeMap<String, String>,
}

/// A metric that filters name as a dimension: the model, the metric, and the name of the dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MetricDimension {
    pub(super) model: usize,
    pub(super) metric: String,
    pub(super) name: String,
}

/// A condition, and what it needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    pub(super) text: String,
    pub(super) metrics: Vec<MetricDimension>,
}

impl Filters<'_> {
    /// Converts filters that all have to hold; nothing if there is none.
    pub(super) fn condition(&self, filters: &[Filter], root: Option<usize>) -> Result<Option<Condition>, String> {
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
                if let [word] = words.as_slice()
                    && !word.starts_with(ITEM)
                    && self.names.resolve(&[], word, root).is_err()
                {
                    return Err(format!("its filter names `{word}`, which is no dimension of the metric's own"));
                }
            }
            let text = portable.renamed(&|word| {
                let path = word.strip_prefix(ITEM).and_then(|number| paths.get(number.parse::<usize>().ok()?));
                path.cloned().or_else(|| Some(self.names.resolve(&[], word, root).ok()?.words.join(".")))
            });
            let loose = matches!(portable.expr, Expr::Binary { op: BinaryOp::Or, .. });
            texts.push(if loose && filters.len() > 1 { format!("({text})") } else { text });
        }
        texts.dedup();
        Ok((!texts.is_empty()).then(|| Condition { text: texts.join(" and "), metrics }))
    }

    fn read(&self, filter: &Filter, root: Option<usize>) -> Result<(Portable, Vec<Item>), String> {
        let (rendered, items) = self.templates.filter(&filter.text)?;
        let rendered = dated(&rendered, &|word| {
            let item = word.strip_prefix(ITEM).and_then(|number| items.get(number.parse::<usize>().ok()?));
            item.is_some_and(|item| self.is_date(item, root))
        });
        let portable = to_portable(&rendered, self.dialect).map_err(|why| {
            let mut why = why;
            for (at, item) in items.iter().enumerate() {
                why = why.replace(&format!("{ITEM}{at}"), &item.name);
            }
            format!("its filter cannot be said here: {why}")
        })?;
        Ok((portable, items))
    }

    /// Returns the path of an item, and the metric that has to become a dimension.
    pub(super) fn path(&self, item: &Item, root: Option<usize>) -> Result<(String, Option<MetricDimension>), String> {
        if let ItemKind::Metric(group_by) = &item.kind {
            return self.metric(item, group_by, root);
        }
        let (mut links, mut name) = split(&item.name);
        let mut granularity = item.granularity.clone();
        let mut part = item.part.clone();
        if self.names.resolve(&[item.entity_path.as_slice(), &links].concat(), &name, root).is_err()
            && let Some(last) = links.pop()
        {
            // `metric_time__month`: the last word is a granularity or a part.
            match name.strip_prefix("extract_") {
                Some(word) => part = Some(word.to_owned()),
                None if Granularity::from_name(&name).is_some() || self.custom.contains_key(&name) => {
                    granularity = Some(name);
                }
                None => {
                    links.push(last);
                    let whole = [item.entity_path.as_slice(), &links].concat();
                    return self.names.resolve(&whole, &name, root).map(|_| (String::new(), None));
                }
            }
            name = last;
        }
        let links = [item.entity_path.as_slice(), &links].concat();
        let resolved = self.names.resolve(&links, &name, root)?;
        let mut path = resolved.words.join(".");
        let finest = match &resolved.target {
            Target::MetricTime => Some(self.names.axis_granularity(root)),
            other => self.names.granularity_of(other),
        };
        if let Some(finest) = finest {
            path.push('.');
            path.push_str(&match part {
                Some(part) => PARTS
                    .iter()
                    .find(|(word, _)| *word == part)
                    .map(|(_, part)| part.name().to_owned())
                    .ok_or_else(|| format!("part `{part}` of a date has no form here"))?,
                None => {
                    let granularity = granularity.unwrap_or(finest);
                    self.custom.get(&granularity).cloned().unwrap_or(granularity)
                }
            });
        }
        Ok((path, None))
    }

    /// Returns whether an item is a day, or the first day of a longer period.
    fn is_date(&self, item: &Item, root: Option<usize>) -> bool {
        let is_part = item.part.is_some() || item.name.contains("__extract_");
        let path = if is_part { None } else { self.path(item, root).ok() };
        let last = path.as_ref().and_then(|(path, _)| path.rsplit('.').next());
        last.and_then(Granularity::from_name).is_some_and(|granularity| granularity >= Granularity::Day)
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

    /// Notes what filters tell about the types of dimensions: one that is a condition alone is a boolean.
    pub(super) fn hints(
        &self,
        filters: &[Filter],
        root: Option<usize>,
        hints: &mut BTreeMap<(usize, usize), ColumnType>,
    ) {
        for filter in filters {
            let Ok((portable, items)) = self.read(filter, root) else { continue };
            let mut found = Vec::new();
            kinds(&portable.expr, &mut found);
            if let Some(name) = leaf(&portable.expr) {
                found.push((name, ColumnType::Boolean));
            }
            for (name, kind) in found {
                let item = name.strip_prefix(ITEM).and_then(|number| items.get(number.parse::<usize>().ok()?));
                let Some(item) = item else { continue };
                let (links, name) = split(&item.name);
                let links = [item.entity_path.as_slice(), &links].concat();
                if let Ok(resolved) = self.names.resolve(&links, &name, root)
                    && let Target::Dimension(model, at) = resolved.target
                {
                    hints.entry((model, at)).or_insert(kind);
                }
            }
        }
    }
}

fn leaf(expr: &Expr<Name>) -> Option<&str> {
    match expr {
        Expr::Leaf(Name::Path(words)) if words.len() == 1 => Some(&words[0].value),
        _ => None,
    }
}

/// Gathers names that are used as conditions or compared with constants.
fn kinds<'e>(expr: &'e Expr<Name>, found: &mut Vec<(&'e str, ColumnType)>) {
    let constant = |expr: &Expr<Name>| match expr {
        Expr::Literal(Literal::String(_)) => Some(ColumnType::String),
        Expr::Literal(Literal::Boolean(_)) => Some(ColumnType::Boolean),
        Expr::Literal(Literal::Integer(_) | Literal::Decimal(_) | Literal::Float(_)) => Some(ColumnType::Decimal),
        _ => None,
    };
    let mut note = |name: &'e Expr<Name>, kind: Option<ColumnType>| {
        if let (Some(name), Some(kind)) = (leaf(name), kind) {
            found.push((name, kind));
        }
    };
    match expr {
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => {
            note(left, Some(ColumnType::Boolean));
            note(right, Some(ColumnType::Boolean));
        }
        Expr::Unary { op: UnaryOp::Not, arg } | Expr::IsTrue { arg, .. } => note(arg, Some(ColumnType::Boolean)),
        Expr::Binary {
            op: BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq,
            left,
            right,
        } => {
            note(left, constant(right));
            note(right, constant(left));
        }
        Expr::In { arg, list, .. } => note(arg, list.first().and_then(constant)),
        Expr::Like { arg, .. } => note(arg, Some(ColumnType::String)),
        _ => {}
    }
    expr.for_each_child(&mut |child| kinds(child, found));
}
