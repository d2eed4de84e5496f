//! The page of the reference that lists what an expression may say.

use std::fmt::Write;

use super::functions::{FunctionDoc, Meaning, functions};
use crate::{
    sql::{Dialect, Expr, Function, Literal, Select, SqlExpr, print},
    time::{Granularity, Tz, Weekday},
};

const HEAD: &str = "\
# Expressions

`expr`, `where`, `having` and join keys are scalar SQL in one portable dialect. Every form below means the same in every
warehouse: the functions are run on each engine against values written by hand, and random expressions against one
another (`tests/it/sql/`). Names are columns, dimensions, or paths over joins such as `customers.country`; a time
dimension takes a granularity (`booked_at.month`) or a part (`booked_at.day_of_week`). Names with other signs stand in
double quotes.

## Constants
| write | type |
|---|---|
| `12` | integer |
| `12.50` | decimal, exact |
| `1e3` | float |
| `'it''s'` | string; a backslash is a backslash |
| `true`, `false`, `null` | boolean, and no value |
| `date '2024-02-29'` | date |
| `datetime '2024-02-29 12:00:00'` | wall clock |
| `timestamp '2024-02-29 12:00:00+01:00'` | instant, with its offset |

## Operators, loosest first
| write | meaning |
|---|---|
| `a or b`, `a and b`, `not a` | of three values, as in SQL |
| `=` `<>` `!=` `<` `<=` `>` `>=` | comparisons; null where either side is |
| `is null`, `is true`, `is false`, each with `not` | never null |
| `a in (1, 2)`, `a between 1 and 2`, each with `not` | both ends are inside |
| `a like 'x%'`, with `not` | `%` any text, `_` one character; no escape character |
| `a || b` | texts joined |
| `a + b`, `a - b`, `a * b` | exact for integers and decimals |
| `a / b` | in floating point; null where b is zero |
| `a % b` | the remainder of integers; null where b is zero |
| `case when a then b else c end`, `case a when 1 then b end` | null without `else` |
| `cast(a as integer)` | `string integer decimal float boolean date datetime timestamp` |

## Casts
| write | gives |
|---|---|
| `cast(float or decimal as integer)` | the nearest whole number; halves go away from zero |
| `cast(text as integer)` | what is written as a decimal with at most 9 digits behind the point, rounded like that; digits of base 16 are refused |
| `cast(x as decimal)` | 9 digits behind the point; of a float the digits that it is written with, so that 0.1 is 0.1 and a whole number is itself |
| `cast(boolean as integer)`, and as another number | 1 and 0 |
| `cast(number as boolean)` | whether it is not 0 |
| `cast(decimal as string)` | no zeros at the end: `12.5` of `12.50`, `100` of `100.00`; at most 9 digits behind the point |
| `cast(datetime as string)` | `2024-02-29 12:00:00`, with a fraction of a second only if there is one and without zeros at its end |
| `cast(float as string)` | refused, as each warehouse writes a float in its own way: cast it to a decimal or an integer first |
| `cast(json as string)` | the text of the document, with the blanks and the order of its keys that the warehouse gives it |
| `cast(timestamp as string)` | refused, as it depends on a zone: cast it to a datetime first |
| `cast(text as date)` | the day of `2024-02-29` or `2024-02-29 12:00:00` |
| `cast(text as boolean)` | true of `true`, `t`, `yes`, `y`, `1`, false of `false`, `f`, `no`, `n`, `0`, in letters of any size |

A number is no time, and a time no number or truth: such casts are refused, and so is a document that is cast to anything but a text.
The others hold where the type of what is cast is known: from the catalog, a constant or another cast. A column without a catalog, or
of a model's own `sql`, is cast as the warehouse does it; write `cast(cast(x as float) as integer)` to say what it is.

## Functions
Forms of times are those of an instant in a project of `Europe/Berlin` whose weeks begin on Monday.

| write | gives | DuckDB | BigQuery | Snowflake | Postgres |
|---|---|---|---|---|---|
";

const FOOT: &str = "
Of a JSON document `json_text` gives a text and a truth as they are, and null for an object, a list and what is not there. A number it
gives as the warehouse writes it, 1.50 as `1.5` or `1.50`, so cast it: `cast(json_text(document, 'price') as decimal)`. Where a key
stands twice, warehouses take the first or the last one. A text that is no document has no values; Postgres refuses the query.

Aggregates (`sum(x)`), windows, subqueries, parameters and comments are not part of an expression; the message says what
to write instead. Texts end at 64 KiB, 1,000 names, constants and operators, 50 nested parentheses, and a depth of 100: so many
operators such as `+` stand in a row, but more in `(a + b + …) + (c + d + …)`; `and` and `or` do not count.
";

/// Returns the text of `docs/reference/expressions.md`.
pub fn expression_reference() -> String {
    let mut page = HEAD.replace("`a || b`", "`a \\|\\| b`");
    for function in functions() {
        let forms = Dialect::ALL.map(|dialect| form(function, dialect)).join(" | ");
        let FunctionDoc { name, arguments, doc, .. } = function;
        writeln!(page, "| `{name}({arguments})` | {doc} | {forms} |").expect("a String takes all text");
    }
    page.push_str(FOOT);
    page
}

/// Prints a call with its documented arguments, instants in a project of Berlin; `exists` needs a join to have a form.
fn form(function: &FunctionDoc, dialect: Dialect) -> String {
    let args: Vec<SqlExpr> = function.arguments.split(", ").filter(|argument| *argument != "…").map(argument).collect();
    let day = |time: &SqlExpr| {
        Expr::call(Function::DateOf, vec![Expr::call(Function::LocalTime(Tz::Europe__Berlin), vec![time.clone()])])
    };
    let (week_start, fiscal_start_month) = (Weekday::Mon, 1);
    let expr = match (function.meaning, args.as_slice()) {
        (Meaning::Call(Function::WrittenDate), [time]) => day(time),
        (Meaning::Call(called), _) => Expr::call(called, args),
        (Meaning::Operator(op), [left, right]) => left.clone().binary(op, right.clone()),
        (Meaning::Truncate, [time, _]) => {
            let granularity = Granularity::Month;
            Expr::call(Function::Truncate { granularity, week_start, fiscal_start_month }, vec![day(time)])
        }
        (Meaning::PeriodsBetween, [_, from, to]) => {
            let granularity = Granularity::Week;
            let function = Function::PeriodsBetween { granularity, week_start, fiscal_start_month };
            Expr::call(function, vec![day(from), day(to)])
        }
        (Meaning::Operator(_) | Meaning::Truncate | Meaning::PeriodsBetween | Meaning::Exists, _) => {
            return String::new();
        }
    };
    let sql = print(&Select { items: vec![expr.named("x")], ..Select::default() }, dialect).sql;
    let text = sql.strip_prefix("SELECT ").and_then(|text| text.strip_suffix(" AS x")).unwrap_or(&sql);
    format!("`{}`", text.replace('|', "\\|"))
}

fn argument(name: &str) -> SqlExpr {
    match (name, name.strip_prefix('\'')) {
        ("digits", _) => SqlExpr::integer(2),
        ("start", _) => SqlExpr::integer(1),
        ("length", _) => SqlExpr::integer(3),
        (_, Some(key)) => Expr::Literal(Literal::String(key.trim_end_matches('\'').to_owned())),
        (name, None) => SqlExpr::bare(name),
    }
}
