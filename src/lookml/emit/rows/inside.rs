//! Policies about rows inside of derived tables.
//!
//! ```sql
//! WHERE {% if _user_attributes['country'] == nil or … %}FALSE{% else %}TRUE{% endif %}
//!   AND customers.country = {% if … %}NULL{% else %}'{{ _user_attributes['country'] }}'{% endif %}
//! ```
//!
//! **Invariant:** a derived table has the conditions of every policy that its rows inherit, or there is none.

use super::{
    super::{Emission, policies, splice::Splices},
    claims::{SEVERAL, attribute, claim_text, has_no_safe_value, read, with_lists},
    unsafe_claims,
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    plan::ModelRows,
    project::{Ref, Route},
    sql::{Expr, SqlExpr},
};

/// Writes which rows of a model a derived table may show: the conditions of every policy that they inherit.
///
/// A user attribute stands there as in an explore, and a value that would end the text is not written at all.
pub(in crate::lookml::emit) fn inside(
    emission: &Emission<'_>,
    model: ModelId,
    rows: &mut ModelRows<'_>,
    splices: &mut Splices,
) -> Result<Vec<SqlExpr>, String> {
    let project = emission.project;
    let dialect = emission.options.dialect;
    let mut conditions = Vec::new();
    for (at, id) in project.policies.of_rows(model) {
        let policy = &project.policies.rows[*id];
        policies::finds_what_all_see(project, &policy.condition, Some(*id))
            .map_err(|reason| format!("policy `{}` cannot be said in it: {reason}", policy.name))?;
        let placed = with_lists(&policy.condition)?.rebuild_within(&mut |expr| match expr {
            Expr::Leaf(Ref::Claim { name, column_type }) => {
                let attribute = attribute(emission, &name);
                // Some warehouses read a constant where nobody asks for it: an empty text is no number.
                let value = claim_text(&attribute, name.ends_with(SEVERAL));
                let text = format!("{{% if {} %}}NULL{{% else %}}{value}{{% endif %}}", has_no_safe_value(&attribute));
                let value = Expr::Leaf(Ref::Verbatim([(dialect, splices.name(text))].into()));
                match column_type {
                    ColumnType::String | ColumnType::Json | ColumnType::Unknown => value,
                    to => Expr::Cast { arg: Box::new(value), to },
                }
            }
            other => other,
        });
        let mut condition = rows.value_at(at, &placed);
        if let Some(join) = at.0.last() {
            // A row that was not found passes no policy, even one that null fulfils.
            let key = project.joins[*join].keys.first().ok_or("its join has no key")?;
            let column = Ref::Column { route: Route::here(), column: key.theirs.clone(), column_type: key.theirs_type };
            condition = condition.and(rows.value_at(at, &Expr::Leaf(column)).is_null(true));
        }
        let switch = |splices: &mut Splices, test: &str, then: &str, otherwise: &str| {
            splices.place(format!("{{% if {test} %}}{then}{{% else %}}{otherwise}{{% endif %}}"))
        };
        for test in unsafe_claims(emission, policy) {
            condition = switch(splices, &test, "FALSE", "TRUE").and(condition);
        }
        if !policy.unless.is_empty() {
            let sees_all = format!("{} == 'yes'", read(&emission.names.everything[id]));
            condition = Expr::any([switch(splices, &sees_all, "TRUE", "FALSE"), condition]).ok_or("no condition")?;
        }
        conditions.push(condition);
    }
    Ok(conditions)
}
