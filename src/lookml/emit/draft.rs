//! The views under construction, with the names that are taken in them.
//!
//! **Invariant:** within a view no two fields, counting every member of a dimension group, have one name; the names of
//! visible dimensions and of metrics are given first, so that a hidden helper never takes theirs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{lexical, tree},
    home::Home,
    label,
    scope::unquoted,
    time,
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, MetricId, ModelId},
    project::{DimensionKind, MetricKind, Project, Ref},
    sql::{Dialect, Expr},
};

/// A view under construction.
#[derive(Debug)]
pub(super) struct Draft {
    /// The view's name.
    pub view: String,
    /// The names of dimensions and dimension groups.
    pub dimensions: BTreeMap<DimensionId, String>,
    /// The names of metrics' measures.
    pub metrics: BTreeMap<MetricId, String>,
    /// What stands between `${` and `}` for a column.
    columns: BTreeMap<String, String>,
    /// Dimensions that are not in the LookML, with the reason.
    pub left_out: BTreeMap<DimensionId, String>,
    /// Dimensions over joined models.
    pub crossing: BTreeSet<DimensionId>,
    /// The measure that counts rows for the test of its key, which belongs to no time axis.
    pub row_count: Option<tree::Measure>,
    /// The permanent filter, for the explore of that test where there is no other.
    pub kept: Option<String>,
    /// The conditions that have a dimension, by their SQL.
    conditions: BTreeMap<String, String>,
    /// What goes into the view's own file.
    pub own: Part,
    /// What needs other views, and goes into a refinement of its own.
    pub joined: Part,
    taken: BTreeSet<String>,
    /// Columns that no field shows as they are.
    sealed: BTreeSet<String>,
    /// The grants of the metrics that read a hidden field; none where anything that everyone may see does.
    readers: BTreeMap<String, BTreeSet<String>>,
}

/// The fields of a view in one file.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The primary key, if it is a field of its own.
    pub key: Option<tree::Dimension>,
    /// Dimensions that people declared, in their order.
    pub dimensions: Vec<tree::Dimension>,
    /// Hidden helpers, by name.
    pub helpers: BTreeMap<String, tree::Dimension>,
    /// Time dimensions.
    pub groups: Vec<tree::DimensionGroup>,
    /// Measures, in the order of the metrics.
    pub measures: Vec<(Home, tree::Measure)>,
}

impl Draft {
    /// Starts a view and names what people declared.
    pub(super) fn new(project: &Project, model: ModelId, dialect: Dialect) -> Self {
        let definition = &project.models[model];
        let mut draft = Self {
            view: unquoted(&lexical::identifier(&definition.name), dialect),
            dimensions: BTreeMap::new(),
            metrics: BTreeMap::new(),
            columns: BTreeMap::new(),
            left_out: BTreeMap::new(),
            crossing: BTreeSet::new(),
            row_count: None,
            kept: None,
            conditions: BTreeMap::new(),
            own: Part::default(),
            joined: Part::default(),
            taken: BTreeSet::new(),
            sealed: BTreeSet::new(),
            readers: BTreeMap::new(),
        };
        // The model's own time is named first, so that no dimension which comes later takes its fields.
        let own = definition.time.map(|id| (id, draft.claim_group(project, id)));
        for id in &definition.dimensions {
            let dimension = &project.dimensions[*id];
            let (name, reference) = match dimension.kind {
                DimensionKind::Time { .. } => {
                    let known = own.as_ref().filter(|(own, _)| own == id).map(|(_, name)| name.clone());
                    let name = known.unwrap_or_else(|| draft.claim_group(project, *id));
                    (name.clone(), format!("{name}_raw"))
                }
                DimensionKind::String | DimensionKind::Number | DimensionKind::Boolean { .. } => {
                    let name = draft.claim(&lexical::identifier(&dimension.name));
                    (name.clone(), name)
                }
            };
            if let Expr::Leaf(Ref::Column { route, column, .. }) = &dimension.expr {
                let plain = dimension.buckets.is_empty()
                    && !matches!(dimension.kind, DimensionKind::Boolean { nullable: true })
                    && route.0.is_empty();
                if plain {
                    draft.columns.entry(column.clone()).or_insert(reference);
                }
            }
            draft.dimensions.insert(*id, name);
        }
        draft
    }

    /// Keeps the value of a dimension, and of the column that it shows, out of all fields.
    pub(super) fn seal(&mut self, id: DimensionId, column: Option<String>) {
        let name = &self.dimensions[&id];
        self.columns.retain(|_, field| field != name && *field != format!("{name}_raw"));
        self.sealed.extend(column);
    }

    /// Returns whether no field may show a column as it is.
    pub(super) fn is_sealed(&self, column: &str) -> bool {
        self.sealed.contains(column)
    }

    /// Notes that something reads a field which those with some grants see; with all, if it has none.
    pub(super) fn read_by(&mut self, field: &str, grants: Vec<String>) {
        let is_open = grants.is_empty() || self.readers.get(field).is_some_and(BTreeSet::is_empty);
        let readers = self.readers.entry(field.to_owned()).or_default();
        readers.extend(grants);
        if is_open {
            readers.clear();
        }
    }

    /// Has hidden fields require the grants of the metrics that read them, if nothing else does: whoever may not see a sum
    /// may not see what is summed, row by row.
    pub(super) fn protect_what_is_read(&mut self) {
        for (name, helper) in self.own.helpers.iter_mut().chain(&mut self.joined.helpers) {
            let grants = &mut helper.docs.required_access_grants;
            grants.extend(self.readers.get(name).into_iter().flatten().cloned());
            grants.sort();
            grants.dedup();
        }
    }

    /// Has a helper require grants.
    pub(super) fn protect(&mut self, helper: &str, grants: Vec<String>) {
        for part in [&mut self.own, &mut self.joined] {
            if let Some(dimension) = part.helpers.get_mut(helper) {
                dimension.docs.required_access_grants = grants;
                return;
            }
        }
    }

    /// Leaves a dimension out; a column that it shows is no field of its own.
    pub(super) fn leave_out(&mut self, id: DimensionId, reason: String) {
        let name = &self.dimensions[&id];
        self.columns.retain(|_, field| field != name && *field != format!("{name}_raw"));
        self.left_out.entry(id).or_insert(reason);
    }

    /// Names the measure of a metric.
    pub(super) fn name_metric(&mut self, project: &Project, metric: MetricId) {
        let definition = &project.metrics[metric];
        let mut name = lexical::identifier(&definition.name);
        if self.taken.contains(&name) {
            let prefix = match &definition.kind {
                MetricKind::Simple(simple) => label::aggregation_prefix(simple.aggregation),
                MetricKind::Derived { .. }
                | MetricKind::Cumulative { .. }
                | MetricKind::Nested(_)
                | MetricKind::Funnel(_) => "metric",
            };
            name = format!("{prefix}_{name}");
        }
        let name = self.claim(&name);
        self.metrics.insert(metric, name);
    }

    /// Takes a name, or the next free one after it.
    pub(super) fn claim(&mut self, wanted: &str) -> String {
        let free = unique(wanted, |name| !self.taken.contains(name));
        self.taken.insert(free.clone());
        free
    }

    fn claim_group(&mut self, project: &Project, id: DimensionId) -> String {
        let frames = time::timeframes(project, &project.dimensions[id]);
        let members = |name: &str| frames.iter().map(|frame| format!("{name}_{}", frame.word())).collect::<Vec<_>>();
        let is_free = |name: &str| members(name).iter().all(|member| !self.taken.contains(member));
        let short = label::group_of(project, id);
        let whole = lexical::identifier(&project.dimensions[id].name);
        let free = if is_free(&short) { short } else { unique(&whole, is_free) };
        self.taken.extend(members(&free));
        free
    }

    /// Returns what stands between `${` and `}` for a column; makes a hidden dimension if there is none.
    pub(super) fn column(&mut self, column: &str, column_type: ColumnType, table_column: &str) -> String {
        if let Some(name) = self.columns.get(column) {
            return name.clone();
        }
        let mut name = lexical::identifier(column);
        if self.taken.contains(&name) {
            name.push_str("_column");
        }
        let name = self.claim(&name);
        let kind = label::hidden_type(column_type);
        self.own.helpers.insert(name.clone(), hidden(&name, kind, table_column));
        self.columns.insert(column.to_owned(), name.clone());
        name
    }

    /// Returns whether a column has a field already.
    pub(super) fn column_field(&self, column: &str) -> Option<&str> {
        self.columns.get(column).map(String::as_str)
    }

    /// Returns the hidden dimension of that SQL; makes it if there is none.
    pub(super) fn helper(&mut self, wanted: &str, kind: tree::DimensionType, sql: &str, crosses: bool) -> String {
        if let Some(name) = self.conditions.get(sql) {
            return name.clone();
        }
        let name = self.claim(&lexical::identifier(wanted));
        let part = if crosses { &mut self.joined } else { &mut self.own };
        part.helpers.insert(name.clone(), hidden(&name, kind, sql));
        self.conditions.insert(sql.to_owned(), name.clone());
        name
    }

    /// Returns the part for fields that do or do not need other views.
    pub(super) fn part(&mut self, crosses: bool) -> &mut Part {
        if crosses { &mut self.joined } else { &mut self.own }
    }
}

impl Part {
    /// Returns the names of all fields but measures, each member of a group by itself.
    pub(super) fn attribute_names(&self) -> Vec<String> {
        let groups = self
            .groups
            .iter()
            .flat_map(|group| group.timeframes.iter().map(|frame| format!("{}_{}", group.name, frame.word())));
        let dimensions = self.dimensions.iter().chain(self.helpers.values());
        dimensions.map(|dimension| dimension.name.clone()).chain(groups).collect()
    }

    /// Returns whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.dimensions.is_empty() && self.helpers.is_empty() && self.groups.is_empty() && self.measures.is_empty()
    }
}

/// A dimension that only other fields use.
pub(super) fn hidden(name: &str, kind: tree::DimensionType, sql: &str) -> tree::Dimension {
    tree::Dimension {
        name: name.to_owned(),
        docs: tree::FieldDocs { hidden: true, ..tree::FieldDocs::default() },
        primary_key: false,
        kind,
        datatype: None,
        convert_tz: None,
        sql: Some(sql.to_owned()),
        case: Vec::new(),
        suggestions: Vec::new(),
        not_suggestable: false,
        suggest: None,
        order_by_field: None,
    }
}

/// Returns `wanted`, or the first of `wanted_2`, `wanted_3`, … that is free.
pub(super) fn unique(wanted: &str, free: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|n| format!("{wanted}_{n}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| free(name)).expect("some number is free")
}
