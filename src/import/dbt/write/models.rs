//! Semantic models → models: keys, joins, versions and dimensions.
//!
//! An entity that is a key of another semantic model is a join to it; its own values are a dimension of the entity's
//! name, so that `group_by: [listing]` has a path.
//!
//! **Invariant:** a join is written only where the other side's entity is declared or tested to be a key.

use std::collections::BTreeMap;

use super::{
    Entries,
    expression::{RowExpression, Types, column, row_expression, type_of},
};
use crate::{
    catalog::ColumnType,
    import::dbt::{
        filters::MetricDimension,
        jinja::Relation,
        names::{Names, versions_of},
        nodes::TableNode,
        report::Report,
        tree::{Dimension, Entity, EntityKind, Layer, SemanticModel},
        write::Out,
    },
    time::Granularity,
};

/// Writes models.
pub(in crate::import::dbt) struct Models<'a> {
    pub(in crate::import::dbt) names: &'a Names<'a>,
    pub(in crate::import::dbt) types: Types<'a>,
    pub(in crate::import::dbt) dialect: Option<&'a str>,
    /// What filters tell about the types of dimensions.
    pub(in crate::import::dbt) hints: &'a BTreeMap<(usize, usize), ColumnType>,
    /// Metrics that are dimensions.
    pub(in crate::import::dbt) metrics: &'a [(MetricDimension, String)],
    pub(in crate::import::dbt) report: &'a mut Report,
}

/// Returns the names of columns that expressions of a model use, other than as a dimension's own.
pub(in crate::import::dbt) fn used_columns(layer: &Layer, dialect: Option<&str>) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for model in &layer.models {
        let mut texts: Vec<String> = Vec::new();
        texts.extend(model.measures.iter().filter_map(|measure| measure.aggregation.expr.clone()));
        texts.extend(model.entities.iter().map(|entity| entity.expr.clone().unwrap_or_else(|| entity.name.clone())));
        texts.extend(model.dimensions.iter().filter_map(|dimension| {
            // Its own column is meant within its own expression.
            dimension.expr.clone().filter(|expr| *expr != dimension.name)
        }));
        for metric in &layer.metrics {
            if let crate::import::dbt::tree::MetricKind::Simple { model: of, aggregation, .. } = &metric.kind
                && *of == model.name
            {
                texts.extend(aggregation.expr.clone());
            }
        }
        let mut columns: Vec<String> = Vec::new();
        for text in &texts {
            if let Ok(RowExpression { portable: Some(portable), .. }) = row_expression(text, dialect, &[]) {
                columns
                    .extend(portable.names().iter().filter_map(|words| words.first().map(|word| (*word).to_owned())));
            }
        }
        all.push(columns);
    }
    all
}

impl Models<'_> {
    /// Writes a model.
    pub(in crate::import::dbt) fn write(&mut self, at: usize) -> Out {
        let model = &self.names.layer.models[at];
        let node = self.types.node(model).cloned().unwrap_or_default();
        let mut out = Entries::default();
        out.text("name", self.names.model(at));
        let mut about = model.about.clone();
        about.description = about.description.or_else(|| node.about.description.clone());
        about.group = about.group.or_else(|| node.about.group.clone());
        if about.tags.is_empty() {
            about.tags.clone_from(&node.about.tags);
        }
        out.about(&about, self.names.layer);
        self.source(model, &mut out);
        self.keys(model, &node, &mut out);
        if let Some(time) = &model.time {
            if model.dimensions.iter().any(|dimension| dimension.name == *time && dimension.time.is_some()) {
                out.text("time", self.names.dimension(at, time));
            } else {
                let why = format!("its time dimension `{time}` is not among its dimensions");
                self.report.left_out("time axis", &model.name, &model.place, why);
            }
        }
        self.versions(model, &mut out);
        let joins = self.joins(at, &node);
        if !joins.is_empty() {
            out.put("joins", Out::List(joins));
        }
        let dimensions = self.dimensions(at, &node);
        if !dimensions.is_empty() {
            out.put("dimensions", Out::List(dimensions));
        }
        out.meta(&about);
        self.report.carried("semantic model", &model.name, &model.place);
        Out::Map(out.0)
    }

    /// Puts the table, or a SELECT where a key that others join by is an expression.
    fn source(&mut self, model: &SemanticModel, out: &mut Entries) {
        let computed: Vec<(&Entity, &str)> = model
            .entities
            .iter()
            .filter(|entity| entity.kind != EntityKind::Foreign)
            .filter_map(|entity| Some((entity, entity.expr.as_deref().filter(|expr| column(expr).is_none())?)))
            .collect();
        if computed.is_empty() {
            out.text("table", &model.table);
            return;
        }
        let columns: Vec<String> =
            computed.iter().map(|(entity, expr)| format!("{expr} as {}", self.key_column(entity))).collect();
        out.text("sql", format!("select *, {} from {}", columns.join(", "), model.table));
        for (entity, _) in computed {
            let why = "its key is an expression, so the model is a SELECT with it as a column";
            self.report.changed("entity", &format!("{}.{}", model.name, entity.name), &entity.place, why);
        }
    }

    /// Returns the column of a key.
    fn key_column(&self, entity: &Entity) -> String {
        match &entity.expr {
            None => entity.name.clone(),
            Some(expr) => match column(expr) {
                Some(column) => column.to_owned(),
                None => self.names.entity(&entity.name),
            },
        }
    }

    fn keys(&mut self, model: &SemanticModel, node: &TableNode, out: &mut Entries) {
        let of = |kind: EntityKind| model.entities.iter().filter(move |entity| entity.kind == kind);
        let primary = of(EntityKind::Primary).next().map(|entity| vec![self.key_column(entity)]);
        let versioned = versions_of(model).and_then(|(start, _)| {
            let natural = of(EntityKind::Natural).next()?;
            Some(vec![self.key_column(natural), start.expr.clone().unwrap_or_else(|| start.name.clone())])
        });
        let tested = node.unique.iter().find(|key| key.iter().all(|column| node.not_null.contains(column)));
        let key = primary.or(versioned).or_else(|| tested.cloned());
        let mut unique: Vec<Vec<String>> = of(EntityKind::Unique).map(|entity| vec![self.key_column(entity)]).collect();
        for columns in &node.unique {
            if !unique.contains(columns) {
                unique.push(columns.clone());
            }
        }
        unique.retain(|columns| key.as_ref() != Some(columns));
        match &key {
            Some(key) => match key.as_slice() {
                [column] => out.text("primary_key", column),
                columns => out.put("primary_key", Out::texts(columns)),
            },
            None => {
                let why = "it has no primary entity and no column that is tested to be unique and not null, so its grain \
                           is not known";
                self.report.changed("semantic model", &model.name, &model.place, why);
            }
        }
        if !unique.is_empty() {
            out.put("unique", Out::List(unique.iter().map(|columns| Out::texts(columns)).collect()));
        }
    }

    fn versions(&mut self, model: &SemanticModel, out: &mut Entries) {
        let Some((start, end)) = versions_of(model) else { return };
        let Some(natural) = model.entities.iter().find(|entity| entity.kind == EntityKind::Natural) else {
            let why = "its rows are versions, but it has no natural entity that names the thing";
            self.report.left_out("versions", &model.name, &model.place, why);
            return;
        };
        let column_of = |dimension: &Dimension| {
            let expr = dimension.expr.as_deref().unwrap_or(&dimension.name);
            column(expr).map(str::to_owned)
        };
        let (Some(from), Some(to)) = (column_of(start), column_of(end)) else {
            let why = "the bounds of its versions are expressions, not columns";
            self.report.left_out("versions", &model.name, &model.place, why);
            return;
        };
        let mut versions = Entries::default();
        versions.put("of", Out::texts(&[self.key_column(natural)]));
        versions.text("from", from);
        versions.text("to", to);
        out.put("versions", Out::Map(versions.0));
    }

    fn joins(&mut self, at: usize, node: &TableNode) -> Vec<Out> {
        let model = &self.names.layer.models[at];
        let mut joins = Vec::new();
        let mut met = Vec::new();
        for entity in &model.entities {
            for to in self.names.joins(at, &entity.name) {
                joins.extend(self.join(at, entity, to));
                met.push(to);
            }
        }
        for (ours, relation, theirs, place) in &node.relationships {
            let Relation::Ref { name, .. } = relation else { continue };
            let other = self.names.layer.models.iter().position(|model| model.node.as_ref() == Some(name));
            let Some(to) = other.filter(|to| *to != at && !met.contains(to)) else { continue };
            let is_key = self.names.layer.models[to].entities.iter().any(|entity| {
                matches!(entity.kind, EntityKind::Primary | EntityKind::Unique) && self.key_column(entity) == *theirs
            });
            if is_key {
                met.push(to);
                let mut join = Entries::default();
                join.text("to", self.names.model(to));
                join.put("key", self.key(to, vec![(theirs.clone(), Out::text(ours))]));
                joins.push(Out::Map(join.0));
                let why = format!("a test of relationships gives a join to `{name}`, which dbt does not follow");
                self.report.changed("semantic model", &model.name, place, why);
            }
        }
        joins
    }

    fn join(&mut self, at: usize, entity: &Entity, to: usize) -> Option<Out> {
        let model = &self.names.layer.models[at];
        let other = &self.names.layer.models[to];
        let theirs = other.entities.iter().find(|theirs| theirs.name == entity.name)?;
        let whole = format!("{}.{}", model.name, entity.name);
        let ours = if entity.kind == EntityKind::Foreign {
            match self.expression(entity.expr.as_deref().unwrap_or(&entity.name), model) {
                Ok(found) => found.out,
                Err(why) => {
                    self.report.left_out("join", &whole, &entity.place, why);
                    return None;
                }
            }
        } else {
            Out::Text(self.key_column(entity))
        };
        let mut pairs = vec![(self.key_column(theirs), ours)];
        for partition in model.dimensions.iter().filter(|dimension| dimension.is_partition) {
            let of_other =
                other.dimensions.iter().find(|dimension| dimension.is_partition && dimension.name == partition.name);
            let columns = of_other.and_then(|theirs| {
                Some((
                    column(theirs.expr.as_deref().unwrap_or(&theirs.name))?,
                    column(partition.expr.as_deref().unwrap_or(&partition.name))?,
                ))
            });
            if let Some((theirs, ours)) = columns {
                // Our dimension of that name is cut to days, and a day is compared with the midnight that begins it.
                let ours = match self.types.listed(other, theirs) {
                    Some(ColumnType::DateTime) => Out::text(format!("cast({ours} as datetime)")),
                    _ => Out::text(ours),
                };
                pairs.push((theirs.to_owned(), ours));
            }
        }
        let mut join = Entries::default();
        join.text("to", self.names.model(to));
        join.put("key", self.key(to, pairs));
        join.maybe("as", self.names.role(at, &entity.name, to));
        if theirs.kind == EntityKind::Natural {
            let Some(time) = &model.time else {
                let why =
                    format!("`{}` has versions, but `{}` has no time at which to take them", other.name, model.name);
                self.report.left_out("join", &whole, &entity.place, why);
                return None;
            };
            let time = self.names.dimension(at, time);
            join.text("as_of", if self.needs_midnight(model, other) { midnight(&time) } else { time });
        }
        Some(Out::Map(join.0))
    }

    /// Returns whether versions of `other` begin at a time of day while the time of `model` is cut to days: dbt compares
    /// the midnight that begins the day.
    fn needs_midnight(&self, model: &SemanticModel, other: &SemanticModel) -> bool {
        let axis =
            model.time.as_ref().and_then(|time| model.dimensions.iter().find(|dimension| dimension.name == *time));
        let granularity = axis.and_then(|axis| Granularity::from_name(axis.time.as_deref()?));
        let from = versions_of(other).and_then(|(start, _)| column(start.expr.as_deref().unwrap_or(&start.name)));
        granularity.is_some_and(|granularity| granularity >= Granularity::Day)
            && from.and_then(|from| self.types.listed(other, from)) == Some(ColumnType::DateTime)
    }

    /// Writes the hidden dimension with the midnight of a model's time, if a join takes versions at it.
    fn midnight_dimension(&self, at: usize) -> Option<Out> {
        let model = &self.names.layer.models[at];
        let mut others = model.entities.iter().flat_map(|entity| self.names.joins(at, &entity.name));
        others.find(|to| self.needs_midnight(model, &self.names.layer.models[*to]))?;
        let time = self.names.dimension(at, model.time.as_ref()?);
        let mut out = Entries::default();
        out.text("name", midnight(&time));
        out.text("type", "time");
        out.text("expr", format!("cast({time} as datetime)"));
        out.put("hidden", Out::yes());
        Some(Out::Map(out.0))
    }

    /// Returns a key: our column alone where theirs is the primary key, else pairs of theirs and ours.
    fn key(&self, to: usize, pairs: Vec<(String, Out)>) -> Out {
        let other = &self.names.layer.models[to];
        let primary = other.entities.iter().find(|entity| entity.kind == EntityKind::Primary);
        match (pairs.as_slice(), primary) {
            ([(theirs, ours @ Out::Text(_))], Some(primary)) if self.key_column(primary) == *theirs => ours.clone(),
            _ => Out::Map(pairs),
        }
    }

    fn expression(&self, text: &str, model: &SemanticModel) -> Result<RowExpression, String> {
        let table = model.table.rsplit('.').next().unwrap_or_default();
        let names = [model.table.as_str(), table, model.node.as_deref().unwrap_or_default(), model.name.as_str()];
        row_expression(text, self.dialect, &names)
    }

    fn dimensions(&mut self, at: usize, node: &TableNode) -> Vec<Out> {
        let model = &self.names.layer.models[at];
        let mut dimensions = Vec::new();
        for entity in &model.entities {
            dimensions.extend(self.entity(at, entity));
        }
        for (index, dimension) in model.dimensions.iter().enumerate() {
            let name = self.names.dimension(at, &dimension.name);
            let hint = self.hints.get(&(at, index)).copied();
            match self.dimension(model, dimension, &name, node, hint) {
                Ok(out) => dimensions.push(out),
                Err(why) => {
                    let whole = format!("{}.{}", model.name, dimension.name);
                    self.report.left_out("dimension", &whole, &dimension.place, why);
                }
            }
        }
        dimensions.extend(self.midnight_dimension(at));
        for (metric, name) in self.metrics.iter().filter(|(metric, _)| metric.model == at) {
            let mut out = Entries::default();
            out.text("name", &metric.name);
            out.text("type", "number");
            out.text("metric", name);
            out.put("hidden", Out::yes());
            dimensions.push(Out::Map(out.0));
        }
        dimensions
    }

    fn entity(&mut self, at: usize, entity: &Entity) -> Option<Out> {
        let model = &self.names.layer.models[at];
        let name = self.names.entity(&entity.name);
        let whole = format!("{}.{}", model.name, entity.name);
        let written = entity.expr.as_deref().unwrap_or(&entity.name);
        let column_name = if entity.kind == EntityKind::Foreign { written.to_owned() } else { self.key_column(entity) };
        let found = match self.expression(&column_name, model) {
            Ok(found) => found,
            Err(why) => {
                self.report.left_out("entity", &whole, &entity.place, why);
                return None;
            }
        };
        if let Some(why) = &found.why {
            let why = format!("it is SQL of one dialect only: {why}");
            self.report.changed("entity", &whole, &entity.place, why);
        }
        let kind = self.type_of(&found, model);
        let mut out = Entries::default();
        out.text("name", &name);
        if kind.is_time() {
            let cast = Out::Text(format!("cast({column_name} as string)"));
            out.text("type", "string");
            out.put("expr", cast);
        } else {
            out.maybe("type", type_word(kind));
            if column_name != name {
                out.put("expr", found.out);
            }
            if kind == ColumnType::Boolean {
                out.put("nullable", Out::yes());
            }
        }
        out.about(&entity.about, self.names.layer);
        out.meta(&entity.about);
        self.report.carried("entity", &whole, &entity.place);
        Some(Out::Map(out.0))
    }

    fn dimension(
        &mut self,
        model: &SemanticModel,
        dimension: &Dimension,
        name: &str,
        node: &TableNode,
        hint: Option<ColumnType>,
    ) -> Result<Out, String> {
        let whole = format!("{}.{}", model.name, dimension.name);
        let written = dimension.expr.as_deref().unwrap_or(&dimension.name);
        let found = self.expression(written, model)?;
        if let Some(why) = &found.why {
            let why = format!("it is SQL of one dialect only: {why}");
            self.report.changed("dimension", &whole, &dimension.place, why);
        }
        let mut about = dimension.about.clone();
        about.description =
            about.description.or_else(|| node.columns.get(written).filter(|text| !text.is_empty()).cloned());
        let mut out = Entries::default();
        out.text("name", name);
        let expr = if written == name { None } else { Some(found.out.clone()) };
        match &dimension.time {
            Some(granularity) => self.time(&found, (model, dimension), granularity, expr, &mut out),
            None => self.categorical(&found, (model, dimension), hint, expr, &mut out),
        }
        out.about(&about, self.names.layer);
        out.meta(&about);
        self.report.carried("dimension", &whole, &dimension.place);
        Ok(Out::Map(out.0))
    }

    /// Puts the keys of a time dimension: its values are cut to its granularity, as dbt cuts them.
    fn time(
        &mut self,
        found: &RowExpression,
        of: (&SemanticModel, &Dimension),
        written: &str,
        expr: Option<Out>,
        out: &mut Entries,
    ) {
        let (model, dimension) = of;
        out.text("type", "time");
        let Some(granularity) = Granularity::from_name(written) else {
            if let Some(expr) = expr {
                out.put("expr", expr);
            }
            let whole = format!("{}.{}", model.name, dimension.name);
            let why = format!("it is as fine as an hour here, not a {written}");
            self.report.changed("dimension", &whole, &dimension.place, why);
            return;
        };
        let kind = found.portable.as_ref().map_or(ColumnType::Unknown, |portable| {
            type_of(&portable.expr, &|name| self.types.listed(model, name).unwrap_or(ColumnType::Unknown))
        });
        let coarse = granularity > Granularity::Day;
        match &found.portable {
            Some(portable) if coarse || kind != ColumnType::Date && granularity == Granularity::Day => {
                let text = &portable.text;
                // Of a column of unknown type nobody knows whether it has hours.
                let day = match (kind.is_time(), coarse) {
                    (false, _) => format!("cast({text} as date)"),
                    (true, true) => text.clone(),
                    (true, false) => format!("date({text})"),
                };
                out.text("expr", if coarse { format!("trunc({day}, {granularity})") } else { day });
            }
            _ => {
                if let Some(expr) = expr {
                    out.put("expr", expr);
                }
            }
        }
        out.text("granularity", granularity.name());
    }

    fn categorical(
        &mut self,
        found: &RowExpression,
        of: (&SemanticModel, &Dimension),
        hint: Option<ColumnType>,
        expr: Option<Out>,
        out: &mut Entries,
    ) {
        let (model, dimension) = of;
        let whole = format!("{}.{}", model.name, dimension.name);
        let mut kind = self.type_of(found, model);
        if kind == ColumnType::Unknown {
            kind = hint.unwrap_or(kind);
        }
        if kind == ColumnType::Unknown && ["is_", "has_", "was_"].iter().any(|start| dimension.name.starts_with(start))
        {
            kind = ColumnType::Boolean;
            let why = "it is taken as a boolean by its name; `type:` says otherwise";
            self.report.changed("dimension", &whole, &dimension.place, why);
        }
        if kind.is_time()
            && let Some(portable) = &found.portable
        {
            out.text("type", "string");
            out.text("expr", format!("cast({} as string)", portable.text));
            let why = "it is a time without a granularity, so its values are texts here";
            self.report.changed("dimension", &whole, &dimension.place, why);
            return;
        }
        out.maybe("type", type_word(kind));
        if let Some(expr) = expr {
            out.put("expr", expr);
        }
        if kind == ColumnType::Boolean {
            // dbt groups null apart from false.
            out.put("nullable", Out::yes());
        }
    }

    /// Returns the type of an expression over the columns of a model, as far as it is known.
    fn type_of(&self, found: &RowExpression, model: &SemanticModel) -> ColumnType {
        let Some(portable) = &found.portable else { return ColumnType::Unknown };
        type_of(&portable.expr, &|name| self.types.column(model, name))
    }
}

/// Returns the name of the dimension with the midnight of a time that is cut to days.
fn midnight(time: &str) -> String {
    format!("{time}_midnight")
}

fn type_word(kind: ColumnType) -> Option<&'static str> {
    match kind {
        ColumnType::String => Some("string"),
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float => Some("number"),
        ColumnType::Boolean => Some("boolean"),
        ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => Some("time"),
        ColumnType::Json | ColumnType::Unknown => None,
    }
}
