//! Expressions of definitions as SQL with LookML references: `price * fx_rates.eur` → `${price} * ${fx_rates.eur}`.
//!
//! **Invariant:** nothing that Looker would interpret is in the text, save the references.

use std::collections::BTreeSet;

use super::{Emission, draft, policies, rows, splice::Splices};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, JoinId, ModelId},
    project::{Dimension, DimensionKind, Ref, Route},
    sql::{BinaryOp, Expr, From, Leaf, Literal, Select, SqlExpr},
};

/// Where a text stands, which decides how it names things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// In a dimension: columns are `${TABLE}.price`.
    Dimension,
    /// In a measure: columns have a dimension, `${price}`.
    Measure,
    /// In an explore or a join: everything is named with its view, `${shipments.price}`.
    Explore,
}

/// SQL inside LookML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sql {
    /// The text, without `;;`.
    pub text: String,
    /// Whether it names other views, so that it belongs into the explore's file.
    pub crosses: bool,
    /// The dimensions that it reads.
    pub reads: BTreeSet<DimensionId>,
}

/// Writes an expression seen from the model at the end of a route; `base` is the model of the explore or view.
pub(super) fn write(
    emission: &mut Emission<'_>,
    base: ModelId,
    at: &Route,
    expr: &Expr<Ref>,
    site: Site,
) -> Result<Sql, String> {
    let (splices, reads) = (Splices::default(), BTreeSet::new());
    let mut writing = Writing { emission, base, site, splices, crosses: false, reads, failed: None };
    let lowered = writing.lower(at, expr);
    let Writing { emission, splices, crosses, reads, failed, .. } = writing;
    if let Some(reason) = failed {
        return Err(reason);
    }
    let text = splices.expression(&lowered, emission.options.dialect)?;
    Ok(Sql { text, crosses, reads })
}

/// A reference to a field as it stands in SQL; in parentheses if the field's own SQL is more than a name or a call.
fn reference(view: Option<&str>, field: &str, compound: bool) -> String {
    let path = view.map_or_else(|| field.to_owned(), |view| format!("{view}.{field}"));
    if compound { format!("(${{{path}}})") } else { format!("${{{path}}}") }
}

struct Writing<'e, 'a> {
    emission: &'e mut Emission<'a>,
    base: ModelId,
    site: Site,
    splices: Splices,
    crosses: bool,
    reads: BTreeSet<DimensionId>,
    failed: Option<String>,
}

impl Writing<'_, '_> {
    fn lower(&mut self, at: &Route, expr: &Expr<Ref>) -> SqlExpr {
        expr.map(&mut |leaf| self.leaf(at, leaf))
    }

    fn fail(&mut self, reason: impl Into<String>) -> SqlExpr {
        let reason = reason.into();
        self.failed.get_or_insert(reason);
        Expr::null()
    }

    fn place(&mut self, text: String) -> SqlExpr {
        self.splices.place(text)
    }

    fn leaf(&mut self, at: &Route, leaf: &Ref) -> SqlExpr {
        match leaf {
            Ref::Column { route, column, column_type } => self.column(&at.then(route), column, *column_type),
            Ref::Dimension { route, dimension } => self.dimension(&at.then(route), *dimension),
            Ref::Exists { route, join, filter } => {
                if self.site == Site::Dimension && at.then(route).0.is_empty() {
                    self.exists(*join, filter.as_deref())
                } else {
                    self.fail("`exists` over a joined model cannot be said in LookML")
                }
            }
            Ref::Calendar { .. } => self.fail("a period of a calendar from a table cannot be said in LookML"),
            Ref::Claim { name, column_type } => self.claim(name, *column_type),
            Ref::Verbatim(texts) => {
                let dialect = self.emission.options.dialect;
                let Some(text) = texts.get(&dialect) else {
                    return self.fail(format!("its SQL is not written for {}", dialect.name()));
                };
                if self.site != Site::Dimension || !at.0.is_empty() {
                    return self.fail("its own SQL can only be said in its own view");
                }
                let table = self.splices.name("${TABLE}".to_owned());
                Expr::Leaf(Leaf::Verbatim(text.replace("${TABLE}", &table)))
            }
        }
    }

    /// A user attribute as a quoted text: `'{{ _user_attributes['country'] }}'`.
    fn claim(&mut self, name: &str, column_type: ColumnType) -> SqlExpr {
        let value = self.place(rows::quoted(self.emission, name));
        match column_type {
            ColumnType::String | ColumnType::Json | ColumnType::Unknown => value,
            to @ (ColumnType::Boolean
            | ColumnType::Integer
            | ColumnType::Decimal
            | ColumnType::Float
            | ColumnType::Date
            | ColumnType::DateTime
            | ColumnType::Timestamp) => Expr::Cast { arg: Box::new(value), to },
        }
    }

    /// Returns the view under which the end of a route is known; none for the view's own fields.
    fn view(&mut self, route: &Route) -> Option<String> {
        if route.0.is_empty() {
            return (self.site == Site::Explore).then(|| self.emission.draft(self.base).view.clone());
        }
        self.crosses = true;
        match self.emission.alias(self.base, route) {
            Ok(alias) => Some(alias),
            Err(reason) => {
                self.failed.get_or_insert(reason);
                None
            }
        }
    }

    fn column(&mut self, route: &Route, column: &str, column_type: ColumnType) -> SqlExpr {
        if self.site == Site::Dimension && route.0.is_empty() {
            let table = self.splices.name("${TABLE}".to_owned());
            return self.emission.project.as_read(self.base, column, SqlExpr::column(table, column));
        }
        let model = self.emission.project.route_end(self.base, route);
        if self.emission.draft(model).is_sealed(column) {
            return self.fail(format!("column `{column}` would be a field, and nobody may see it"));
        }
        let field = self.emission.column_field(model, column, column_type);
        let view = self.view(route);
        self.place(reference(view.as_deref(), &field, false))
    }

    fn dimension(&mut self, route: &Route, id: DimensionId) -> SqlExpr {
        let project = self.emission.project;
        let dimension = &project.dimensions[id];
        self.reads.insert(id);
        let (field, crossing, left_out) = {
            let draft = self.emission.draft(dimension.model);
            (draft.dimensions[&id].clone(), draft.crossing.contains(&id), draft.left_out.get(&id).cloned())
        };
        if let Some(reason) = left_out {
            return self.fail(format!("it needs dimension `{}`, which is left out: {reason}", dimension.name));
        }
        if dimension.metric.is_some() && !route.0.is_empty() {
            let name = &dimension.name;
            return self.fail(format!("it needs `{name}`, a metric of each row, which is in its own explores only"));
        }
        let nullable = matches!(dimension.kind, DimensionKind::Boolean { nullable: true });
        // Conditions on rows read what is masked as it is, and its field is the mask.
        let is_mask = self.emission.grants.masks_for_all(id);
        // A field over joined models exists in its own explores only, and a nullable boolean is a text in Looker.
        if is_mask || nullable || (crossing && !route.0.is_empty()) {
            let value = self.lower(route, &dimension.expr);
            return value_of(value, dimension);
        }
        self.crosses |= crossing;
        let view = self.view(route);
        match dimension.kind {
            DimensionKind::Time { .. } => self.place(reference(view.as_deref(), &format!("{field}_raw"), false)),
            DimensionKind::Boolean { .. } => {
                let compound = is_compound(&dimension.expr);
                self.place(reference(view.as_deref(), &field, compound)).is_true(false)
            }
            DimensionKind::String | DimensionKind::Number => {
                let compound = is_compound(&dimension.expr) && dimension.buckets.is_empty();
                self.place(reference(view.as_deref(), &field, compound))
            }
        }
    }

    /// `EXISTS (SELECT 1 AS found FROM claims AS claims_met WHERE claims_met.shipment_id = ${TABLE}.id AND …)`
    fn exists(&mut self, join: JoinId, filter: Option<&Expr<Ref>>) -> SqlExpr {
        let project = self.emission.project;
        let definition = &project.joins[join];
        if definition.as_of.is_some() {
            return self.fail("`exists` over a join to versions is not said in LookML");
        }
        let many = &project.models[definition.from];
        // `${TABLE}` is the view of an explore, under any of its names there.
        let alias = draft::unique(&format!("{}_met", many.name), |name| !self.emission.names_view(name));
        let asked = self.emission.asked;
        let seen = policies::found_by_all(project, join, asked, asked.map(|_| join));
        let from = match seen.and_then(|()| self.emission.bounded_source(definition.from)) {
            Ok(table) => From::Table { name: self.splices.name(table), alias: alias.clone() },
            Err(reason) => return self.fail(reason),
        };
        let table = self.splices.name("${TABLE}".to_owned());
        let mut conditions: Vec<SqlExpr> = Vec::new();
        for key in &definition.keys {
            let ours = self.inner((definition.from, &alias), &key.ours);
            let theirs = SqlExpr::column(table.clone(), key.theirs.clone());
            let theirs = project.their_key(definition, key, theirs);
            conditions.push(project.our_key(definition, key, ours).binary(BinaryOp::Eq, theirs));
        }
        for condition in many.filter.iter().chain(filter) {
            conditions.push(self.inner((definition.from, &alias), condition));
        }
        Expr::Leaf(Leaf::Exists(Box::new(Select {
            items: vec![Expr::integer(1).named("found")],
            from: Some(from),
            filter: Expr::all(conditions),
            ..Select::default()
        })))
    }

    /// Lowers an expression inside of `exists`, where columns are the other table's.
    fn inner(&mut self, (model, alias): (ModelId, &str), expr: &Expr<Ref>) -> SqlExpr {
        expr.map(&mut |leaf| match leaf {
            Ref::Column { route, column, .. } if route.0.is_empty() => {
                self.emission.project.as_read(model, column, SqlExpr::column(alias, column))
            }
            Ref::Dimension { route, dimension } if route.0.is_empty() => {
                let dimension = &self.emission.project.dimensions[*dimension];
                if dimension.metric.is_some() {
                    return self.fail("an `exists` whose condition names a metric cannot be said in LookML");
                }
                let value = self.inner((model, alias), &dimension.expr);
                value_of(value, dimension)
            }
            Ref::Claim { name, column_type } => self.claim(name, *column_type),
            Ref::Column { .. }
            | Ref::Dimension { .. }
            | Ref::Exists { .. }
            | Ref::Calendar { .. }
            | Ref::Verbatim(_) => {
                self.fail("an `exists` whose condition goes over further joins cannot be said in LookML")
            }
        })
    }
}

/// Returns what a dimension is in an expression: the label if it has buckets, two-valued if it is a plain boolean.
fn value_of(value: SqlExpr, dimension: &Dimension) -> SqlExpr {
    if !dimension.buckets.is_empty() {
        let text = |label: &str| Expr::Literal(Literal::String(label.to_owned()));
        let mut branches = vec![(value.clone().is_null(false), Expr::null())];
        for bucket in &dimension.buckets {
            let below = bucket
                .high
                .as_ref()
                .map(|high| value.clone().binary(BinaryOp::Lt, Expr::Literal(Literal::Decimal(high.clone()))));
            branches.push((below.unwrap_or(Expr::Literal(Literal::Boolean(true))), text(&bucket.label)));
        }
        return Expr::Case { branches, otherwise: None };
    }
    match dimension.kind {
        DimensionKind::Boolean { nullable: false } => value.is_true(false),
        DimensionKind::Boolean { nullable: true }
        | DimensionKind::String
        | DimensionKind::Number
        | DimensionKind::Time { .. } => value,
    }
}

/// Returns whether the SQL of an expression has to be set in parentheses where an operator is put beside it.
fn is_compound(expr: &Expr<Ref>) -> bool {
    match expr {
        Expr::Leaf(_) | Expr::Literal(_) | Expr::Parameter(_) | Expr::Cast { .. } | Expr::Case { .. } => false,
        // Some functions are operators in some dialects.
        Expr::Call { .. }
        | Expr::Unary { .. }
        | Expr::Binary { .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::Like { .. } => true,
    }
}

/// Returns whether an expression needs a joined view, directly or through a dimension of its own model.
pub(super) fn crosses(emission: &Emission<'_>, model: ModelId, expr: &Expr<Ref>) -> bool {
    let mut crosses = false;
    expr.for_each_leaf(&mut |leaf| {
        crosses |= match leaf {
            Ref::Column { route, .. } | Ref::Exists { route, .. } => !route.0.is_empty(),
            Ref::Dimension { route, dimension } => {
                !route.0.is_empty() || emission.draft(model).crossing.contains(dimension)
            }
            Ref::Calendar { day, .. } => self::crosses(emission, model, day),
            Ref::Claim { .. } | Ref::Verbatim(_) => false,
        };
    });
    crosses
}

/// Returns whether an expression can be said in a dimension only: it holds `exists` or SQL of its own.
pub(super) fn needs_dimension(expr: &Expr<Ref>) -> bool {
    let mut needs = false;
    expr.for_each_leaf(&mut |leaf| needs |= matches!(leaf, Ref::Exists { .. } | Ref::Verbatim(_)));
    needs
}
