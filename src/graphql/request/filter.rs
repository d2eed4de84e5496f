//! Typed filters → conditions of the expression language.
//!
//! `{ customers: { country: { in: ["DE"] } } }` → `customers.country IN (parameter)`. `ne`, `notIn` and `not` keep
//! nulls, so they are written `(…) IS NOT TRUE`; `{}` holds always.
//!
//! **Invariant:** every value of a request becomes an [`Expr::Parameter`]; none becomes text.

use async_graphql::Name as Word;
use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{Context, path};
use crate::{
    catalog::ColumnType,
    graphql::{GraphqlError, scalars, types::Member},
    ids::ModelId,
    plan::PlanErrorCode,
    sql::{BinaryOp, Expr, Function, Literal, Name},
};

type Fields = IndexMap<Word, ConstValue>;
type Condition = Option<Expr<Name>>;
/// Finds a field by its name: the words of its path, and its type.
pub(super) type Finding<'a> = dyn Fn(&str) -> Result<(Vec<String>, ColumnType), GraphqlError> + 'a;

/// The greatest number of conditions in a filter. A list of values counts as one, and so does a `not`, and a branch without
/// a condition.
const MAX_CONDITIONS: usize = 500;

/// Where the names of an input stand: in `Filter`, below a model, or in `MetricFilter`.
#[derive(Clone)]
enum Scope {
    Root,
    Model(ModelId, Vec<String>),
    Metrics,
}

/// Returns the condition of a `Filter`.
pub(super) fn filter(ctx: &Context<'_>, value: &ConstValue) -> Result<Condition, GraphqlError> {
    Reading { ctx, conditions: 0 }.scope(&Scope::Root, fields(value, "where")?)
}

/// Returns the condition of a `MetricFilter`.
pub(super) fn having(ctx: &Context<'_>, value: &ConstValue) -> Result<Condition, GraphqlError> {
    Reading { ctx, conditions: 0 }.scope(&Scope::Metrics, fields(value, "having")?)
}

/// Returns the condition of a `FieldFilter`; `find` gives the type of a field.
pub(super) fn field_filter(
    ctx: &Context<'_>,
    value: &ConstValue,
    find: &Finding<'_>,
) -> Result<Condition, GraphqlError> {
    Reading { ctx, conditions: 0 }.fields_by_name(fields(value, "where")?, find)
}

/// Reads the fields of a branch.
trait Read: FnMut(&mut Reading<'_>, &Fields) -> Result<Condition, GraphqlError> {}
impl<F: FnMut(&mut Reading<'_>, &Fields) -> Result<Condition, GraphqlError>> Read for F {}

struct Reading<'a> {
    ctx: &'a Context<'a>,
    conditions: usize,
}

impl Reading<'_> {
    fn scope(&mut self, scope: &Scope, given: &Fields) -> Result<Condition, GraphqlError> {
        let mut conditions = Vec::new();
        for (name, value) in given {
            let condition = match name.as_str() {
                "and" => self.list_and(name, value, |reading, fields| reading.scope(scope, fields))?,
                "or" => self.list_or(name, value, |reading, fields| reading.scope(scope, fields))?,
                "not" => Some(self.not(name, value, |reading, fields| reading.scope(scope, fields))?),
                _ => self.member(scope, name, fields(value, name)?)?,
            };
            conditions.extend(condition);
        }
        Ok(Expr::all(conditions))
    }

    fn list_and(&mut self, name: &str, value: &ConstValue, mut read: impl Read) -> Result<Condition, GraphqlError> {
        let mut conditions = Vec::new();
        for item in list(value, name)? {
            conditions.extend(self.branch(name, item, &mut read)?);
        }
        Ok(Expr::all(conditions))
    }

    /// Reads the branches of an `or`, which holds always if one of them does.
    fn list_or(&mut self, name: &str, value: &ConstValue, mut read: impl Read) -> Result<Condition, GraphqlError> {
        let items = list(value, name)?;
        if items.is_empty() {
            return Err(invalid("`or` has no branch, so it could never hold")
                .help("Leave `or` out, or give it a branch; `in: []` is the way to ask for no rows."));
        }
        let mut branches = Some(Vec::new());
        for item in items {
            match (self.branch(name, item, &mut read)?, &mut branches) {
                (Some(branch), Some(branches)) => branches.push(branch),
                (None, _) => branches = None,
                (Some(_), None) => {}
            }
        }
        Ok(branches.and_then(Expr::any))
    }

    /// Reads a branch of `and` or `or`; one without a condition counts too, since a list may have many.
    fn branch(&mut self, name: &str, item: &ConstValue, read: &mut impl Read) -> Result<Condition, GraphqlError> {
        let before = self.conditions;
        let branch = read(self, fields(item, name)?)?;
        if self.conditions == before {
            self.count()?;
        }
        Ok(branch)
    }

    /// Reads a condition that holds where another does not, nulls included.
    fn not(&mut self, name: &str, value: &ConstValue, mut read: impl Read) -> Result<Expr<Name>, GraphqlError> {
        self.count()?;
        Ok(match read(self, fields(value, name)?)? {
            Some(condition) => condition.is_true(true),
            None => Expr::Literal(Literal::Boolean(false)),
        })
    }

    fn count(&mut self) -> Result<(), GraphqlError> {
        self.conditions += 1;
        if self.conditions <= MAX_CONDITIONS {
            return Ok(());
        }
        let message = format!("the filter has more than {MAX_CONDITIONS} conditions");
        Err(GraphqlError::plan(PlanErrorCode::LimitExceeded, message)
            .help("Write `in` with a list of up to 1,000 values."))
    }

    fn member(&mut self, scope: &Scope, name: &Word, given: &Fields) -> Result<Condition, GraphqlError> {
        let unknown = || GraphqlError::plan(PlanErrorCode::UnknownField, format!("there is no filter `{name}`"));
        match scope {
            Scope::Root => {
                let (word, model) = self.ctx.vocabulary.roots.get(name.as_str()).ok_or_else(unknown)?;
                self.scope(&Scope::Model(*model, vec![word.clone()]), given)
            }
            Scope::Metrics => {
                let id = *self.ctx.vocabulary.metrics.get(name.as_str()).ok_or_else(unknown)?;
                let metric = &self.ctx.project.metrics[id];
                self.operators(&path([metric.name.as_str()]), metric.value_type, name, given)
            }
            Scope::Model(model, words) => {
                let longer = |word: &str| words.iter().cloned().chain([word.to_owned()]).collect::<Vec<_>>();
                match self.ctx.vocabulary.members(*model).get(name.as_str()).ok_or_else(unknown)? {
                    Member::Role(role, to) => self.scope(&Scope::Model(*to, longer(role)), given),
                    Member::Dimension(id) => {
                        let dimension = &self.ctx.project.dimensions[*id];
                        let subject = path(longer(&dimension.name).iter().map(String::as_str));
                        self.operators(&subject, dimension.column_type, name, given)
                    }
                    Member::Within(..) | Member::Part(_) => Err(unknown()),
                }
            }
        }
    }

    fn fields_by_name(&mut self, given: &Fields, find: &Finding<'_>) -> Result<Condition, GraphqlError> {
        let mut conditions = Vec::new();
        let mut operators = Fields::new();
        let mut field = None;
        for (name, value) in given {
            match (name.as_str(), value) {
                ("and", value) => {
                    let all = self.list_and(name, value, |reading, fields| reading.fields_by_name(fields, find))?;
                    conditions.extend(all);
                }
                ("or", value) => {
                    let any = self.list_or(name, value, |reading, fields| reading.fields_by_name(fields, find))?;
                    conditions.extend(any);
                }
                ("not", value) => {
                    let not = self.not(name, value, |reading, fields| reading.fields_by_name(fields, find))?;
                    conditions.push(not);
                }
                ("field", ConstValue::String(text)) => field = Some(text.as_str()),
                (_, value) => _ = operators.insert(name.clone(), value.clone()),
            }
        }
        match field {
            Some(field) => {
                let (words, column_type) = find(field)?;
                let subject = path(words.iter().map(String::as_str));
                conditions.extend(self.operators(&subject, column_type, field, &operators)?);
            }
            None if operators.is_empty() => {}
            None => return Err(invalid("a condition does not say its `field`")),
        }
        Ok(Expr::all(conditions))
    }

    fn operators(
        &mut self,
        subject: &Expr<Name>,
        column_type: ColumnType,
        field: &str,
        given: &Fields,
    ) -> Result<Condition, GraphqlError> {
        let mut conditions = Vec::new();
        for (operator, value) in given {
            self.count()?;
            if matches!(value, ConstValue::Null) {
                return Err(invalid(format!("`{field}` is compared by `{operator}` with null"))
                    .help("Write `isNull: true` for rows without a value, or leave the operator out."));
            }
            let about = |error: GraphqlError| GraphqlError {
                message: format!("{field}: {operator}: {}", error.message),
                ..error
            };
            conditions.push(operation(subject, column_type, operator, value).map_err(about)?);
        }
        Ok(Expr::all(conditions))
    }
}

fn operation(
    subject: &Expr<Name>,
    column_type: ColumnType,
    operator: &str,
    value: &ConstValue,
) -> Result<Expr<Name>, GraphqlError> {
    let parameter = |value: &ConstValue| scalars::literal(column_type, value.clone()).map(Expr::Parameter);
    let compare = |op: BinaryOp| Ok(subject.clone().binary(op, parameter(value)?));
    let among = || {
        let items = list(value, operator)?.iter().map(parameter).collect::<Result<_, _>>()?;
        Ok(Expr::In { arg: Box::new(subject.clone()), list: items, negated: false })
    };
    let text = |function: Function| {
        if column_type != ColumnType::String {
            return Err(invalid(format!("`{operator}` needs a text and this is a {column_type}")));
        }
        Ok(Expr::call(function, vec![subject.clone(), parameter(value)?]))
    };
    match operator {
        "eq" => compare(BinaryOp::Eq),
        "ne" => Ok(compare(BinaryOp::Eq)?.is_true(true)),
        "lt" => compare(BinaryOp::Lt),
        "lte" => compare(BinaryOp::LtEq),
        "gt" => compare(BinaryOp::Gt),
        "gte" => compare(BinaryOp::GtEq),
        "in" => among(),
        "notIn" => Ok(among()?.is_true(true)),
        "between" => between(subject, column_type, fields(value, operator)?),
        "contains" => text(Function::Contains),
        "startsWith" => text(Function::StartsWith),
        "endsWith" => text(Function::EndsWith),
        "isNull" => match value {
            ConstValue::Boolean(wanted) => Ok(subject.clone().is_null(!wanted)),
            _ => Err(scalars::wrong("Boolean", &scalars::show(value))),
        },
        _ => Err(invalid(format!("there is no operator `{operator}`"))),
    }
}

/// Dates and times are half-open, as time ranges are; both ends of numbers and texts are inside.
fn between(subject: &Expr<Name>, column_type: ColumnType, bounds: &Fields) -> Result<Expr<Name>, GraphqlError> {
    let bound = |names: [&str; 2]| {
        let value = names.iter().find_map(|name| bounds.get(*name));
        let value = value.ok_or_else(|| invalid(format!("`between` does not say `{}`", names[0])))?;
        scalars::literal(column_type, value.clone()).map(Expr::Parameter)
    };
    let (low, high) = (bound(["from", "min"])?, bound(["to", "max"])?);
    if column_type.is_time() {
        let from = subject.clone().binary(BinaryOp::GtEq, low);
        return Ok(from.and(subject.clone().binary(BinaryOp::Lt, high)));
    }
    let (low, high) = (Box::new(low), Box::new(high));
    Ok(Expr::Between { arg: Box::new(subject.clone()), low, high, negated: false })
}

fn fields<'a>(value: &'a ConstValue, name: &str) -> Result<&'a Fields, GraphqlError> {
    match value {
        ConstValue::Object(fields) => Ok(fields),
        _ => Err(null_condition(name)),
    }
}

fn list<'a>(value: &'a ConstValue, name: &str) -> Result<&'a [ConstValue], GraphqlError> {
    match value {
        ConstValue::List(items) => Ok(items),
        _ => Err(null_condition(name)),
    }
}

fn null_condition(name: &str) -> GraphqlError {
    invalid(format!("`{name}` is null")).help("Leave it out; `{}` is the condition that holds always.")
}

fn invalid(message: impl Into<String>) -> GraphqlError {
    GraphqlError::plan(PlanErrorCode::InvalidFilter, message)
}
