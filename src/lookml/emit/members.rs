//! Metrics as dimensions → a view with one row for each row of the model, joined one to one.
//!
//! `lifetime_parcels` of a customer is a count over all time, blind to the filters of a query. The view `customers_facts`
//! holds it for each customer, and the dimension names it: `${customers_facts.lifetime_parcels}`. Looker joins the view
//! only where a query needs it.
//!
//! **Invariant:** the value of a row is the planner's own, empty value included.

use super::{
    super::{
        lexical::{identifier, inert},
        tree::{self, DimensionType, JoinType, View, When},
    },
    Emission, dimension, draft, label,
    splice::Splices,
};
use crate::{
    ids::{DimensionId, ModelId},
    plan::{Context, ModelRows, WholeData},
    project::Bucket,
    sql::{BinaryOp, Expr, Literal, SelectItem},
    time::DateTime,
};

/// The view of the metrics of a model's rows, and its join.
#[derive(Clone, Debug)]
pub(super) struct Members {
    pub(super) view: View,
    pub(super) join: tree::Join,
}

/// Returns what stands for the metric of a row in its dimension.
pub(super) fn value(emission: &mut Emission<'_>, id: DimensionId) -> Result<String, String> {
    let model = emission.project.dimensions[id].model;
    let all: Vec<DimensionId> = emission.project.models[model]
        .dimensions
        .iter()
        .copied()
        .filter(|id| emission.project.dimensions[*id].metric.is_some())
        .collect();
    select(emission, model, &[id])?;
    if !emission.members.contains_key(&model) {
        let sayable: Vec<DimensionId> = all.into_iter().filter(|id| select(emission, model, &[*id]).is_ok()).collect();
        let derived_table = select(emission, model, &sayable)?;
        let members = make(emission, model, &sayable, derived_table);
        emission.members.insert(model, members);
    }
    let members = &emission.members[&model];
    Ok(format!("${{{}.{}}}", members.view.name, identifier(&emission.project.dimensions[id].name)))
}

/// Selects the metrics of each row, with the key.
fn select(emission: &Emission<'_>, model: ModelId, dimensions: &[DimensionId]) -> Result<String, String> {
    let project = emission.project;
    let metrics = dimensions.iter().filter_map(|id| project.dimensions[*id].metric);
    let leaves = metrics.clone().flat_map(|metric| project.leaves(metric));
    let mut models = leaves.filter_map(|metric| Some(project.simple(metric)?.model)).chain([model]);
    if models.any(|model| !project.policies.of_rows(model).is_empty()) {
        return Err("it counts rows that not everyone may see".to_owned());
    }
    let named = emission.named_tables();
    let splices = named.1.clone();
    let data = WholeData::of(&named.0);
    let context = Context { now: DateTime::UNIX_EPOCH, dialect: emission.options.dialect };
    let mut rows = ModelRows::open_unbounded(&data, context, model);
    let mut items: Vec<SelectItem> =
        project.models[model].primary_key.iter().map(|key| rows.column(key).named(key)).collect();
    for (id, metric) in dimensions.iter().zip(metrics) {
        items.push(rows.metric(metric).named(identifier(&project.dimensions[*id].name)));
    }
    emission.reads_no_bounded(&rows)?;
    let select = rows.select(items, None, 0).map_err(|error| error.message)?;
    splices.select(&select, emission.options.dialect)
}

fn make(emission: &mut Emission<'_>, model: ModelId, shown: &[DimensionId], derived_table: String) -> Members {
    let project = emission.project;
    let base = emission.draft(model).view.clone();
    let name = draft::unique(&format!("{base}_facts"), |name| !emission.has_view(name));
    let keys = &project.models[model].primary_key;
    let mut dimensions = Vec::new();
    let mut on = Vec::new();
    for key in keys {
        let column_type = emission.column_type(model, key);
        let field = identifier(key);
        let ours = emission.column_field(model, key, column_type);
        on.push(format!("${{{base}.{ours}}} = ${{{name}.{field}}}"));
        dimensions.push(emission.copied_column(model, key, label::hidden_type(column_type)));
    }
    if let [only] = dimensions.as_mut_slice() {
        only.primary_key = true;
    }
    dimensions.splice(0..0, dimension::copied_key(emission, model));
    for id in shown {
        let dimension = &project.dimensions[*id];
        let field = identifier(&dimension.name);
        let value_type = dimension.metric.map(|metric| project.metrics[metric].value_type);
        let kind = value_type.map_or(DimensionType::Number, label::hidden_type);
        dimensions.push(draft::hidden(&field, kind, &emission.own_column(&field)));
    }
    let view = View { name: name.clone(), derived_table: Some(derived_table), dimensions, ..View::default() };
    let join = tree::Join {
        name,
        from: None,
        view_label: None,
        kind: JoinType::LeftOuter,
        relationship: tree::Relationship::OneToOne,
        sql_on: on.join("\nAND "),
    };
    Members { view, join }
}

/// `case` over the metric of a row; null is in no bucket.
pub(super) fn buckets(emission: &Emission<'_>, value: &str, buckets: &[Bucket]) -> Result<Vec<When>, String> {
    let bound = |digits: &String| {
        let number = digits.parse().map(Literal::Integer);
        Expr::Literal(number.unwrap_or_else(|_| Literal::Decimal(digits.clone())))
    };
    let mut branches = Vec::new();
    for bucket in buckets {
        let mut splices = Splices::default();
        let value = splices.place(value);
        let condition = match (&bucket.low, &bucket.high) {
            (_, Some(high)) => value.binary(BinaryOp::Lt, bound(high)),
            (Some(low), None) => value.binary(BinaryOp::GtEq, bound(low)),
            (None, None) => value.is_null(true),
        };
        let sql = splices.expression(&condition, emission.options.dialect)?;
        branches.push(When { sql, label: inert(&bucket.label) });
    }
    Ok(branches)
}
