//! The order of the answer: what was asked, then the default, then all keys, so that it is total.

use super::{BoundOrder, Formulas, OrderColumn, Output, find_metric, own_time};
use crate::{
    diagnostics::nearest,
    plan::{OrderBy, PlanError, PlanErrorCode, Request},
    project::Visible,
};

/// Binds the order; metrics that only order become further outputs.
pub(super) fn bind_order(
    project: &Visible<'_>,
    request: &Request,
    formulas: &mut Formulas<'_>,
    outputs: &mut Vec<Output>,
) -> Result<Vec<BoundOrder>, PlanError> {
    let mut order: Vec<BoundOrder> = Vec::new();
    for term in &request.order {
        let column = match &term.by {
            OrderBy::Column(name) => column(request, name)?,
            OrderBy::Metric(name) => {
                let selected = request.metrics.iter().position(|metric| metric.metric == *name && metric.is_plain());
                match selected {
                    Some(position) => OrderColumn::Output(position),
                    None => OrderColumn::Output(order_only(project, name, formulas, outputs)?),
                }
            }
        };
        order.push(BoundOrder { column, descending: term.descending, nulls_first: term.nulls_first });
    }
    let mut add = |column: OrderColumn, descending: bool| {
        if order.iter().all(|term| term.column != column) {
            order.push(BoundOrder { column, descending, nulls_first: false });
        }
    };
    if request.order.is_empty() {
        for (index, key) in request.keys.iter().enumerate() {
            if own_time::is_time_of_all(project, request, key) {
                add(OrderColumn::Key(index), false);
            }
        }
        if request.top.as_ref().is_some_and(|top| top.other) {
            add(OrderColumn::IsOther, false);
        }
        // Time keys alone leave nothing to rank.
        if !request.metrics.is_empty()
            && !request.keys.iter().all(|key| own_time::is_time_of_all(project, request, key))
        {
            add(OrderColumn::Output(0), true);
        }
    }
    for index in 0..request.keys.len() {
        add(OrderColumn::Key(index), false);
    }
    if request.top.as_ref().is_some_and(|top| top.other) {
        add(OrderColumn::IsOther, false);
    }
    if request.keys.is_empty() {
        order.clear();
    }
    Ok(order)
}

fn column(request: &Request, name: &str) -> Result<OrderColumn, PlanError> {
    if let Some(index) = request.keys.iter().position(|key| key.name == name) {
        return Ok(OrderColumn::Key(index));
    }
    if let Some(index) = request.metrics.iter().position(|metric| metric.name == name) {
        return Ok(OrderColumn::Output(index));
    }
    Err(unknown(request, name))
}

fn order_only(
    project: &Visible<'_>,
    name: &str,
    formulas: &mut Formulas<'_>,
    outputs: &mut Vec<Output>,
) -> Result<usize, PlanError> {
    let metric = find_metric(project, name).map_err(|error| PlanError {
        code: PlanErrorCode::UnknownOrderKey,
        message: format!("`{name}` is neither a key nor a metric of the request, nor another metric"),
        help: error.help,
    })?;
    let formula = formulas.of_hidden(metric)?;
    let value_type = project.metrics[metric].value_type;
    outputs.push(Output { name: name.to_owned(), formula, value_type, position: None, rank: None });
    Ok(outputs.len() - 1)
}

fn unknown(request: &Request, name: &str) -> PlanError {
    let names = request.keys.iter().map(|key| key.name.as_str());
    let names: Vec<&str> = names.chain(request.metrics.iter().map(|metric| metric.name.as_str())).collect();
    let error = PlanError::new(
        PlanErrorCode::UnknownOrderKey,
        format!("the order names `{name}`, which is no column of the answer"),
    );
    match nearest(name, names.iter().copied()) {
        Some(near) => error.help(format!("Did you mean `{near}`?")),
        None => error.help(format!("Write one of {}.", names.join(", "))),
    }
}
