//! What the stages share: the definitions, the catalog, and the project as far as it is made.
//!
//! Ids are fixed before anything refers to them: [`super::names::index`] fills the arenas with items that carry only
//! names, and each stage completes them.
//!
//! **Invariant:** looking something up here costs no scan over the project.

use std::collections::HashMap;

use crate::{
    catalog::{Catalog, ColumnType},
    ids::{DimensionId, Id, JoinId, ModelId},
    project::{Project, Reach},
    sql::Dialect,
    syntax::{Definitions, DimensionDef, DocsDef, JoinDef, MetricDef, ModelDef},
};

/// What the stages share.
pub(super) struct Context<'a> {
    /// The definitions as written.
    pub(super) definitions: &'a Definitions,
    /// The tables of the warehouse, as far as they are known.
    pub(super) catalog: &'a Catalog,
    /// Whether they are known, so that a table that is not among them is not there.
    pub(super) has_catalog: bool,
    /// The dialect of the connection in use.
    pub(super) dialect: Option<Dialect>,
    /// The project as far as it is made.
    pub(super) project: Project,
    /// The definition behind each model.
    pub(super) models: Vec<&'a ModelDef>,
    /// The definition behind each dimension.
    pub(super) dimensions: Vec<&'a DimensionDef>,
    /// The definition behind each join, and whether its target is known.
    pub(super) joins: Vec<(&'a JoinDef, Target)>,
    /// The definition behind each metric.
    pub(super) metrics: Vec<&'a MetricDef>,
    /// The dimensions of each model by name.
    pub(super) dimension_ids: Vec<HashMap<&'a str, DimensionId>>,
    /// The joins of each model by role.
    pub(super) join_ids: Vec<HashMap<&'a str, JoinId>>,
    /// The one-to-one joins that lead to each model and may be walked from it, by the role they have there.
    pub(super) back_join_ids: Vec<HashMap<String, JoinId>>,
    /// The columns of each model.
    pub(super) columns: Vec<Columns>,
    /// The joins that lead to each model.
    pub(super) joins_to: Vec<Vec<JoinId>>,
    /// The models that joins of a role lead to.
    pub(super) models_by_role: HashMap<&'a str, Vec<ModelId>>,
}

/// Whether the model that a join names exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// It does.
    Known,
    /// It was reported; paths over the join say nothing more.
    Broken,
}

/// What is known of a model's columns.
#[derive(Clone, Debug)]
pub(super) enum Columns {
    /// Nothing: any name may be a column.
    Unknown,
    /// All of them, by name in lower case: the spelling of the warehouse, and the type.
    Known(HashMap<String, (String, ColumnType)>),
}

impl Columns {
    /// Finds a column; without knowledge every name is one, of unknown type.
    pub(super) fn find(&self, name: &str) -> Option<(String, ColumnType)> {
        match self {
            Self::Unknown => Some((name.to_owned(), ColumnType::Unknown)),
            Self::Known(columns) => columns.get(&name.to_ascii_lowercase()).cloned(),
        }
    }

    /// Returns the names in a stable order.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Unknown => Vec::new(),
            Self::Known(columns) => {
                let mut names: Vec<&str> = columns.values().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                names
            }
        }
    }
}

impl Context<'_> {
    /// Returns what is known of a model's columns.
    pub(super) fn columns(&self, model: ModelId) -> &Columns {
        &self.columns[model.index()]
    }

    /// Finds a dimension of a model.
    pub(super) fn dimension(&self, model: ModelId, name: &str) -> Option<DimensionId> {
        self.dimension_ids[model.index()].get(name).copied()
    }

    /// Finds a join of a model by its role.
    pub(super) fn join(&self, model: ModelId, role: &str) -> Option<JoinId> {
        self.join_ids[model.index()].get(role).copied()
    }

    /// Finds a join by its role at a model, one that is walked the other way included if it may be.
    pub(super) fn join_within(&self, model: ModelId, reach: Reach, role: &str) -> Option<JoinId> {
        let back = || self.back_join_ids[model.index()].get(role).copied().filter(|_| reach != Reach::Declared);
        self.join(model, role).or_else(back)
    }

    /// Returns whether the model that a join leads to is known.
    pub(super) fn target(&self, join: JoinId) -> Target {
        self.joins[join.index()].1
    }

    /// Returns whether following to-one joins from one model leads to another.
    pub(super) fn reaches(&self, from: ModelId, to: ModelId) -> bool {
        let mut seen = vec![false; self.project.models.len()];
        let mut open = vec![to];
        while let Some(model) = open.pop() {
            if std::mem::replace(&mut seen[model.index()], true) {
                continue;
            }
            open.extend(self.joins_to[model.index()].iter().map(|join| self.project.joins[*join].from));
        }
        from != to && seen[from.index()]
    }
}

/// Turns what a definition says about itself into the project's form.
pub(super) fn docs(written: &DocsDef) -> crate::project::Docs {
    let text = |value: &Option<crate::syntax::Text>| value.as_ref().map(|text| text.value.clone());
    let texts = |values: &[crate::syntax::Text]| values.iter().map(|text| text.value.clone()).collect();
    crate::project::Docs {
        label: text(&written.label),
        description: text(&written.description),
        owner: text(&written.owner),
        group: text(&written.group),
        hidden: written.hidden.as_ref().is_some_and(|hidden| hidden.value),
        synonyms: texts(&written.synonyms),
        tags: texts(&written.tags),
        meta: written.meta.as_ref().map(|meta| meta.value.clone()),
        lookml: written.lookml.as_ref().map(|lookml| lookml.value.clone()),
    }
}
