//! The steps of a funnel → a select of the bases that a query leaves, with what was credited to each.
//!
//! A range of time cuts the bases only once events were credited, by the filter that Looker itself puts on their time.
//!
//! **Invariant:** only bases are filtered; a step holds whatever may follow one of them.

use super::super::{
    super::{
        Emission, dimension,
        partition::{self, Days},
        rows,
        splice::Splices,
    },
    bounds,
    fields::{Fields, KEY, PERIOD},
};
use crate::{
    catalog::ColumnType,
    plan::{Chain, Context, Event, ModelRows, WholeData},
    project::{Funnel, FunnelStep},
    sql::{Expr, Function, Literal, Select, SqlExpr},
    time::DateTime,
};

/// The key of an event of the last step.
const OF_LAST: &str = "last_key";

/// Selects the bases with what was credited to them.
pub(super) fn select(
    emission: &Emission<'_>,
    data: &WholeData<'_>,
    funnel: &Funnel,
    fields: &Fields,
    splices: &mut Splices,
) -> Result<Select, String> {
    let project = emission.project;
    let context = Context { now: DateTime::UNIX_EPOCH, dialect: emission.options.dialect };
    let mut chain: Option<(Chain<'_>, ColumnType)> = None;
    let key_of_last = super::has_key(emission, funnel) && super::is_one_by_one(funnel);
    let further = |days, step: &FunnelStep| step.within.map(|within| days + partition::days(within));
    let ahead = funnel.steps.iter().skip(1).try_fold(0, further);
    for (index, step) in funnel.steps.iter().enumerate() {
        let home = emission.homes[&step.metric].clone()?;
        let mut rows = ModelRows::open_unbounded(data, context, home.model);
        rows.dated_by(home.axis.as_ref());
        let (mut event, at) = rows.event(funnel, index)?;
        if index == 0 {
            choose(emission, fields, &mut rows, (&mut event, &at.expr), splices)?;
        }
        if key_of_last && index + 1 == funnel.steps.len() {
            event.items.push(rows.value(&dimension::key_text(emission, home.model)).named(OF_LAST));
            event.shown.push(OF_LAST.to_owned());
        }
        let mut conditions = event.conditions.clone();
        conditions.extend(rows::inside(emission, home.model, &mut rows, splices)?);
        conditions.extend(bounds(emission, fields, &home, &rows, ahead.map_or(Days::Ever, Days::By), splices)?);
        emission.reads_no_bounded(&rows)?;
        let events = rows.select(event.items.clone(), Expr::all(conditions), 0).map_err(|error| error.message)?;
        match &mut chain {
            None => {
                let first = Chain::new(funnel, project.time_zone, at.column_type, &event, events);
                chain = Some((first, at.column_type));
            }
            Some((_, column_type)) if *column_type != at.column_type => {
                return Err("the times of its steps are of different types".to_owned());
            }
            Some((chain, _)) => chain.credit(step, &event, events),
        }
    }
    let (chain, _) = chain.ok_or("it has no steps")?;
    let own = [KEY, PERIOD].into_iter().skip(usize::from(!super::has_key(emission, funnel))).map(str::to_owned);
    let mut select = chain.finish(own.chain(fields.columns().cloned()));
    select.items.retain(|item| item.alias != "based_at");
    if key_of_last {
        let last = select.items.pop_if(|item| item.alias == OF_LAST).ok_or("its last events have no key")?;
        let base = &mut select.items.first_mut().ok_or("its first events have no key")?.expr;
        *base = both_keys(base.clone(), last.expr);
    }
    Ok(select)
}

/// The key of a conversion, or of a base without one: the first has its length in front, so that no two pairs are alike.
fn both_keys(base: SqlExpr, last: SqlExpr) -> SqlExpr {
    let text = |text: &str| Expr::Literal(Literal::String(text.to_owned()));
    let length = Expr::call(Function::Length, vec![base.clone()]);
    let length = Expr::Cast { arg: Box::new(length), to: ColumnType::String };
    let last = Expr::call(Function::Coalesce, vec![last, text("")]);
    Expr::call(Function::Concat, vec![length, text(":"), base, text("|"), last])
}

/// Adds the columns of the bases, and what a query filters of them, save their time.
fn choose(
    emission: &Emission<'_>,
    fields: &Fields,
    rows: &mut ModelRows<'_>,
    (event, time): (&mut Event, &SqlExpr),
    splices: &mut Splices,
) -> Result<(), String> {
    let key = rows.value(&dimension::key_text(emission, fields.home.model));
    event.items.extend([key.named(KEY), time.clone().named(PERIOD)]);
    let (items, conditions) = fields.choose(emission, rows, None, splices)?;
    event.items.extend(items);
    event.conditions.extend(conditions);
    Ok(())
}
