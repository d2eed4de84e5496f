//! Looks at the data whether declared keys are keys: no two rows share one, and no part of one is null.

use super::Outcome;
use crate::{
    cli::failure::Failure,
    ids::ModelId,
    project::{Project, Ref, Source},
    sql::{self, AggregateFunction, BinaryOp, Expr, From, Select, SqlExpr},
    warehouse::{Warehouse, duckdb::DuckDb},
};

/// A declared key of a model.
pub(super) struct Key {
    model: ModelId,
    columns: Vec<String>,
}

/// Returns the declared keys of all models, by model; those of a model whose permanent filter looks beyond its own
/// table are left out.
pub(super) fn keys(project: &Project) -> Vec<Key> {
    let of_model = |model: ModelId| {
        let declared = &project.models[model];
        let readable = permanent_filter(project, model).is_ok();
        let primary = (!declared.primary_key.is_empty()).then(|| declared.primary_key.clone());
        primary
            .into_iter()
            .chain(declared.unique.iter().cloned())
            .map(move |columns| Key { model, columns })
            .filter(move |_| readable)
    };
    project.models.ids().flat_map(of_model).collect()
}

impl Key {
    /// Returns the name of the test: ``key of `shipments`: shipment_id``.
    pub(super) fn name(&self, project: &Project) -> String {
        format!("key of `{}`: {}", project.models[self.model].name, self.columns.join(", "))
    }

    /// Counts the values of the key that occur more than once, and those with a null.
    pub(super) fn run(&self, project: &Project, warehouse: &DuckDb) -> Result<Outcome, Failure> {
        let count = |select: &Select| -> Result<String, Failure> {
            let rows = warehouse.query_blocking(&sql::print(select, warehouse.dialect()))?;
            Ok(rows.columns.first().and_then(|column| column.text(0)).unwrap_or_default())
        };
        let repeated = count(&self.repeated(project))?;
        let null = count(&self.null(project))?;
        let mut misses = Vec::new();
        if repeated != "0" {
            misses.push(format!("{repeated} values occur more than once"));
        }
        if null != "0" {
            misses.push(format!("{null} rows have no value"));
        }
        Ok(if misses.is_empty() { Outcome::Holds } else { Outcome::Fails(misses.join(", ")) })
    }

    fn from(&self, project: &Project) -> From {
        let alias = "rows_of_model".to_owned();
        match &project.models[self.model].source {
            Source::Table(table) => From::Table { name: project.tables[*table].name.clone(), alias },
            Source::Select(text) => From::Verbatim { text: text.clone(), alias },
        }
    }

    fn filter(&self, project: &Project, condition: Option<SqlExpr>) -> Option<SqlExpr> {
        Expr::all(permanent_filter(project, self.model).ok().flatten().into_iter().chain(condition))
    }

    /// `SELECT count(*) FROM (SELECT key, count(*) AS n FROM t WHERE key IS NOT NULL GROUP BY 1) WHERE n > 1`
    fn repeated(&self, project: &Project) -> Select {
        let columns = self.columns.iter().map(|name| SqlExpr::bare(name).named(name));
        let n = SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows");
        let grouped = Select {
            items: columns.chain([n]).collect(),
            from: Some(self.from(project)),
            filter: self.filter(project, Expr::all(self.columns.iter().map(|name| SqlExpr::bare(name).is_null(true)))),
            group_by: (0..self.columns.len()).collect(),
            ..Select::default()
        };
        Select {
            items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n_values")],
            from: Some(From::Select { select: Box::new(grouped), alias: "grouped".to_owned() }),
            filter: Some(SqlExpr::bare("n_rows").binary(BinaryOp::Gt, Expr::integer(1))),
            ..Select::default()
        }
    }

    /// `SELECT count(*) FROM t WHERE key IS NULL`
    fn null(&self, project: &Project) -> Select {
        Select {
            items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n_rows")],
            from: Some(self.from(project)),
            filter: self.filter(project, Expr::any(self.columns.iter().map(|name| SqlExpr::bare(name).is_null(false)))),
            ..Select::default()
        }
    }
}

/// A filter that looks beyond its model's own table.
struct LooksBeyond;

/// Returns a model's permanent filter over its own columns, if there is one.
fn permanent_filter(project: &Project, model: ModelId) -> Result<Option<SqlExpr>, LooksBeyond> {
    let Some(filter) = &project.models[model].filter else { return Ok(None) };
    own_columns(project, filter).map(|filter| Some(filter.is_true(false))).ok_or(LooksBeyond)
}

/// Returns an expression over the columns of its model's own table, with dimensions spelled out.
fn own_columns(project: &Project, expr: &Expr<Ref>) -> Option<SqlExpr> {
    let mut only_own = true;
    let lowered = expr.map(&mut |leaf| match leaf {
        Ref::Column { route, column, .. } if route.0.is_empty() => SqlExpr::bare(column),
        Ref::Dimension { route, dimension } if route.0.is_empty() => {
            own_columns(project, &project.dimensions[*dimension].expr).unwrap_or_else(|| {
                only_own = false;
                Expr::null()
            })
        }
        Ref::Column { .. } | Ref::Dimension { .. } | Ref::Exists { .. } | Ref::Verbatim(_) => {
            only_own = false;
            Expr::null()
        }
    });
    only_own.then_some(lowered)
}
