//! Calls of functions.

use sqlparser::ast::{self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned as _};

use super::{
    ParseError,
    convert::Convert,
    functions::{AGGREGATES, FunctionDoc, Meaning, functions},
};
use crate::{
    diagnostics::nearest,
    files::Spanned,
    sql::{Expr, Function, Literal, Name},
    time::Granularity,
};

pub(super) fn function(convert: &Convert, call: &ast::Function, depth: usize) -> Result<Expr<Name>, ParseError> {
    let name_span = convert.source.span_of(call.name.span());
    let written = call.name.to_string();
    let name = written.to_lowercase();
    if call.over.is_some() || call.filter.is_some() || !call.within_group.is_empty() {
        return Err(convert
            .source
            .error_in("a window function is not part of the language", name_span)
            .help("A running total is a metric with `window:`, `to_date:` or `all_time:`."));
    }
    let Ok(at) = functions().binary_search_by_key(&name.as_str(), |function| function.name) else {
        return Ok(Expr::Leaf(match AGGREGATES.binary_search(&name.as_str()) {
            Ok(_) if is_distinct(call) => {
                Name::AggregateFunction { name: Spanned::new(format!("{written}(distinct …)"), name_span) }
            }
            Ok(_) => Name::AggregateFunction { name: Spanned::new(written, name_span) },
            Err(_) => Name::UnknownFunction { name: Spanned::new(written, name_span) },
        }));
    };
    let doc = &functions()[at];
    let args = arguments(convert, call, doc)?;
    if doc.meaning == Meaning::Exists {
        return exists(convert, call, &args, depth);
    }
    let args = args.into_iter().map(|arg| convert.expr(arg, depth)).collect::<Result<Vec<_>, _>>()?;
    let wrong = |message: &str, help: String| Err(convert.source.error_in(message, name_span).help(help));
    let granularity = |arg: &Expr<Name>| {
        let word = Convert::word_or_text(arg).unwrap_or_default();
        Granularity::from_name(&word.to_lowercase()).ok_or_else(|| {
            let names = Granularity::ALL.map(Granularity::name);
            let help = match nearest(word, names) {
                Some(near) => format!("Write `{near}`."),
                None => format!("The periods are {}.", names.map(|name| format!("`{name}`")).join(", ")),
            };
            convert.source.error_in(&format!("`{word}` is not a period of `{name}`"), name_span).help(help)
        })
    };
    match (doc.meaning, args.as_slice()) {
        (Meaning::Truncate, [time, period]) => {
            Ok(Expr::call(Function::WrittenTruncate(granularity(period)?), vec![time.clone()]))
        }
        (Meaning::PeriodsBetween, [period, from, to]) => {
            let period = granularity(period)?;
            if !Granularity::ALL.contains(&period) {
                let help = "Count minutes or hours, and divide what comes out.".to_owned();
                return wrong(&format!("`periods_between` counts no periods of `{period}`"), help);
            }
            Ok(Expr::call(Function::WrittenPeriodsBetween(period), vec![from.clone(), to.clone()]))
        }
        (Meaning::Operator(op), [left, right]) => Ok(left.clone().binary(op, right.clone())),
        (Meaning::Call(Function::JsonText), [_, key]) if !matches!(key, Expr::Literal(Literal::String(_))) => {
            wrong("the key of `json_text` is not a constant", "Write `json_text(document, 'key')`.".to_owned())
        }
        (Meaning::Call(Function::Round), [_, digits])
            if !matches!(digits, Expr::Literal(Literal::Integer(-30..=30))) =>
        {
            wrong("the digits of `round` are not a constant", "Write `round(x, 2)`.".to_owned())
        }
        (Meaning::Call(Function::Substring), [_, Expr::Literal(Literal::Integer(..1)), ..]) => wrong(
            "`substring` counts from 1",
            "Write `substring(text, 1, 3)` for the first three characters.".to_owned(),
        ),
        (Meaning::Call(Function::Substring), [_, _, Expr::Literal(Literal::Integer(..0))]) => {
            wrong("the length of `substring` is negative", "Write `substring(text, 1, 3)`.".to_owned())
        }
        (Meaning::Call(function), _) => Ok(Expr::Call { function, args }),
        (Meaning::Truncate | Meaning::PeriodsBetween | Meaning::Operator(_) | Meaning::Exists, _) => {
            unreachable!("the arguments were counted")
        }
    }
}

fn is_distinct(call: &ast::Function) -> bool {
    matches!(&call.args, FunctionArguments::List(list) if list.duplicate_treatment == Some(DuplicateTreatment::Distinct))
}

/// Returns the arguments, after counting them.
fn arguments<'a>(
    convert: &Convert,
    call: &'a ast::Function,
    doc: &FunctionDoc,
) -> Result<Vec<&'a ast::Expr>, ParseError> {
    let wrong = |message: String| {
        Err(convert
            .source
            .error_in(&message, convert.source.span_of(call.name.span()))
            .help(format!("Write `{}({})`.", doc.name, doc.arguments)))
    };
    let mut found = Vec::new();
    if let FunctionArguments::List(list) = &call.args {
        if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
            return wrong(format!("`{}` takes plain arguments", doc.name));
        }
        for arg in &list.args {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) => found.push(arg),
                _ => return wrong(format!("`{}` takes plain arguments", doc.name)),
            }
        }
    }
    let (least, most) = doc.count;
    if found.len() < least || found.len() > most {
        let wanted = match (least, most) {
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} or {most}"),
        };
        let plural = if wanted.ends_with(" 1") || wanted == "1" { "" } else { "s" };
        return wrong(format!("`{}` takes {wanted} argument{plural}, not {}", doc.name, found.len()));
    }
    Ok(found)
}

fn exists(
    convert: &Convert,
    call: &ast::Function,
    args: &[&ast::Expr],
    depth: usize,
) -> Result<Expr<Name>, ParseError> {
    let words = match args[0] {
        ast::Expr::Identifier(word) => std::slice::from_ref(word),
        ast::Expr::CompoundIdentifier(words) => words,
        other => {
            return Err(convert
                .error("`exists` looks into a model that is joined to many rows", other)
                .help("Write `exists(claims where kind = 'lost')`."));
        }
    };
    let start = convert.source.offset(call.name.span().start);
    let end = convert.calls.get(&start).copied().unwrap_or(start + "exists".len());
    Ok(Expr::Leaf(Name::Exists {
        path: convert.words(words),
        filter: args.get(1).map(|filter| convert.expr(filter, depth).map(Box::new)).transpose()?,
        span: convert.source.part(start, end),
    }))
}
