//! SQL as data: the portable expression language, selects, and their text in each dialect. Knows no metrics.
//!
//! `price * fx_rates.eur` is parsed to an [`Expr`] over names, which `resolve` turns into an [`Expr`] over what the
//! names mean; the planner substitutes those by columns and aggregates ([`Leaf`]) and builds a [`Select`], which
//! [`print()`] writes for one dialect.
//!
//! **Invariant:** `sqlparser` is named in this module only, and no SQL is made by pasting strings elsewhere. A value
//! that came with a request is an [`Expr::Parameter`], so it reaches the warehouse as a bound parameter.

mod cast;
mod clock;
mod dialect;
mod edges;
mod expr;
mod fits;
mod formula;
mod identifier;
mod look_up;
mod parse;
mod print;
mod prune;
mod reads;
mod select;
mod share;
mod signature;
mod simplify;
mod statement;
mod within;

pub use cast::{NoCast, TEXT_OF_FLOAT, call_of, cast_in, constant_beside};
pub use clock::{first_instant, period_end_of_instant, period_of_instant, steps};
pub use dialect::{Dialect, SameKeys};
pub use expr::{BinaryOp, Expr, Function, Literal, Name, UnaryOp};
pub use fits::{
    Common, Misfit, Part, Side, article, check_binary, check_call, check_compared, check_condition, check_operand,
    wider,
};
pub use formula::formula;
pub use identifier::free_identifier;
pub use look_up::look_up;
pub use parse::{
    FoundAggregate, FunctionDoc, ParseError, Portable, SplitFormula, expression_reference, functions, other_words,
    parse_expression, parse_order, parse_select, split_aggregates, tables_of_select, to_portable, to_portable_in,
};
pub use print::{Text, print, print_expression, print_pretty, print_statement};
pub use prune::{Bound, PartitionRule, Proof, bounds_of, narrower, prove_pruning};
pub use reads::{TableRead, table_reads};
pub use select::{
    Aggregate, AggregateFunction, Column, Cte, From, Join, JoinKind, Leaf, OrderTerm, Select, SelectItem, SqlExpr,
    Window, WindowFunction,
};
pub use share::share;
pub use signature::{Gives, Slot, signature};
pub use simplify::simplify;
pub use statement::{Statement, TableLayout};
pub use within::change_selects;
