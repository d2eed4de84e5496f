//! Dimensions and the values of entities → dimensions.
//!
//! **Invariant:** a time is cut to its granularity, as dbt cuts it.

use super::{Entries, Models, expression::RowExpression};
use crate::{
    catalog::ColumnType,
    import::dbt::{
        filters::MetricDimension,
        nodes::TableNode,
        sql::type_of,
        tree::{Dimension, Entity, EntityKind, SemanticModel},
        write::Out,
    },
    time::Granularity,
};

impl Models<'_> {
    pub(super) fn dimensions(&mut self, at: usize, node: &TableNode) -> Vec<Out> {
        let model = &self.names.layer.models[at];
        let mut dimensions = Vec::new();
        for entity in &model.entities {
            dimensions.extend(self.entity(at, entity));
        }
        for (index, dimension) in model.dimensions.iter().enumerate() {
            let name = self.names.dimension(at, &dimension.name);
            let hint = self.hints.get(&(at, index)).copied();
            let written = match self.names.why_refused(self.names.model(at), &name) {
                Some(why) => Err(why),
                None => self.dimension(model, dimension, &name, node, hint),
            };
            match written {
                Ok(out) => dimensions.push(out),
                Err(why) => {
                    let whole = format!("{}.{}", model.name, dimension.name);
                    self.report.left_out("dimension", &whole, &dimension.place, why);
                }
            }
        }
        dimensions.extend(self.midnight_dimension(at));
        let holds = |metric: &MetricDimension| self.names.why_refused(self.names.model(at), &metric.name).is_none();
        for (metric, name) in self.metrics.iter().filter(|(metric, _)| metric.model == at && holds(metric)) {
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
        if let Some(why) = self.names.why_refused(self.names.model(at), &name) {
            self.report.left_out("entity", &whole, &entity.place, why);
            return None;
        }
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
            None => {
                self.categorical(&found, (model, dimension), hint, expr, &mut out);
                let is_other = |(key, value): &(String, Out)| key == "type" && *value != Out::text("string");
                if let Some(values) = node.accepted.get(written).filter(|_| !out.0.iter().any(is_other)) {
                    out.put("values", Out::texts(values));
                }
            }
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
            out.text("granularity", Granularity::Second.name());
            let whole = format!("{}.{}", model.name, dimension.name);
            let why = format!("it is as fine as a second here, not a {written}");
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

fn type_word(kind: ColumnType) -> Option<&'static str> {
    match kind {
        ColumnType::String => Some("string"),
        ColumnType::Integer | ColumnType::Decimal | ColumnType::Float => Some("number"),
        ColumnType::Boolean => Some("boolean"),
        ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => Some("time"),
        ColumnType::Json | ColumnType::Unknown => None,
    }
}
