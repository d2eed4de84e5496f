//! The `sql:` of a model: one SELECT of the warehouse's own dialect, which is checked and stays as it was written.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::{
    ast::{Expr, Ident, ObjectName, Query, SelectItem, SetExpr, Spanned as _, Statement, TableFactor, Visit, Visitor},
    dialect::{BigQueryDialect, Dialect, DuckDbDialect, GenericDialect},
    parser::Parser,
    tokenizer::{Span as TokenSpan, Token, TokenWithSpan, Tokenizer, Whitespace},
};

use super::{MAX_BYTES, MAX_DEPTH, ParseError, explain, source::Source};
use crate::files::{SourceMap, Span};

/// Table functions that read nothing but their arguments.
const TABLE_FUNCTIONS: &[&str] = &["flatten", "generate_series", "range", "unnest"];

/// Name spaces of functions that reach nothing outside of the query.
/// See <https://cloud.google.com/bigquery/docs/reference/standard-sql/functions-all>.
const NAMESPACES: &[&str] = &["hll_count", "kll_quantiles", "net", "safe"];

/// Functions that read files, settings or the environment, or run text as SQL.
const REFUSED_FUNCTIONS: &[&str] = &[
    "current_setting",
    "external_query",
    "getenv",
    "getvariable",
    "glob",
    "load_aws_credentials",
    "parquet_metadata",
    "parquet_scan",
    "query",
    "query_table",
    "read_blob",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_parquet",
    "read_text",
    "session_user",
    "sniff_csv",
];

/// Checks that the `sql:` of a model is one SELECT and returns the names of its columns.
///
/// The text may be of any dialect, so it is read in each; one has to accept it, and none may find in it more than a
/// SELECT that reads tables. The names are empty where they cannot be told, as in `SELECT *`.
pub fn parse_select(text: &str, span: Span) -> Result<Vec<String>, ParseError> {
    let source = Source::new(text, span);
    if text.len() > MAX_BYTES {
        return Err(source.whole_error("the select has more than 64 KiB").too_large());
    }
    let dialects: [&dyn Dialect; 3] = [&GenericDialect {}, &DuckDbDialect {}, &BigQueryDialect {}];
    let mut columns = None;
    let mut first_error = None;
    for dialect in dialects {
        match read(&source, dialect) {
            Ok(query) => {
                check(&source, &query)?;
                columns.get_or_insert_with(|| column_names(&query));
            }
            Err(Failed::Forbidden(error)) => return Err(error),
            Err(Failed::Unreadable(error)) => {
                first_error.get_or_insert(error);
            }
        }
    }
    columns.ok_or_else(|| first_error.expect("a text is read or not"))
}

/// Returns the tables that the `sql:` of a model names, without those that it makes itself by `WITH`.
pub fn tables_of_select(text: &str) -> BTreeSet<String> {
    let mut files = SourceMap::new();
    let file = files.add("select", text);
    let source = Source::new(text, Span::new(file, 0, text.len()));
    let dialects: [&dyn Dialect; 3] = [&GenericDialect {}, &DuckDbDialect {}, &BigQueryDialect {}];
    let mut named = Named::default();
    if let Some(query) = dialects.into_iter().find_map(|dialect| read(&source, dialect).ok()) {
        let _ = query.visit(&mut named);
    }
    named.tables.retain(|table| !named.made.contains(table));
    named.tables
}

/// Gathers tables, and names that `WITH` gives.
#[derive(Default)]
struct Named {
    tables: BTreeSet<String>,
    made: BTreeSet<String>,
}

impl Visitor for Named {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.made.extend(tables.map(|table| table.alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let words = relation.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.as_str());
        self.tables.insert(words.collect::<Vec<_>>().join("."));
        ControlFlow::Continue(())
    }
}

enum Failed {
    /// This dialect cannot read it; another may.
    Unreadable(ParseError),
    /// It is not one SELECT, in whatever dialect.
    Forbidden(ParseError),
}

fn read(source: &Source, dialect: &dyn Dialect) -> Result<Query, Failed> {
    let tokens = Tokenizer::new(dialect, source.text)
        .tokenize_with_location()
        .map_err(|error| Failed::Unreadable(source.error_at(&error.message.to_lowercase(), error.location)))?;
    check_tokens(source, &tokens)?;
    let mut parser = Parser::new(dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let statements = parser.parse_statements().map_err(|error| Failed::Unreadable(explain(source, error)))?;
    match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => Ok(*query),
        _ => Err(Failed::Forbidden(one_select(source.whole_error("this is not one SELECT")))),
    }
}

fn one_select(error: ParseError) -> ParseError {
    error.help("`sql:` holds one SELECT that reads tables; whatever else belongs into a view or a job.")
}

fn check_tokens(source: &Source, tokens: &[TokenWithSpan]) -> Result<(), Failed> {
    let forbidden = |error: ParseError| Err(Failed::Forbidden(error));
    let mut depth = 0_usize;
    for token in tokens {
        match &token.token {
            Token::SemiColon => {
                let error = source.error("a semicolon is not part of a SELECT", token);
                return forbidden(error.help("Leave it off; `sql:` holds one SELECT."));
            }
            Token::Placeholder(_) | Token::AtSign => {
                let error = source.error("a parameter is not part of a model's `sql:`", token);
                return forbidden(error.help("Write the constant itself, or filter by `where:`."));
            }
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return forbidden(source.error("parentheses are nested too deep", token).too_large());
        }
    }
    let last = tokens.iter().rfind(|token| {
        !matches!(
            token.token,
            Token::EOF | Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        )
    });
    match last {
        Some(token) if matches!(token.token, Token::Whitespace(Whitespace::SingleLineComment { .. })) => {
            let error = source.error("a comment at the end would hide what follows the SELECT", token);
            forbidden(error.help("Put the comment before the SELECT, or between `/*` and `*/`."))
        }
        Some(_) => Ok(()),
        None => forbidden(one_select(source.whole_error("there is no SELECT"))),
    }
}

fn check(source: &Source, query: &Query) -> Result<(), ParseError> {
    match query.visit(&mut Check { source }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

/// Looks at every query, table and call.
struct Check<'a> {
    source: &'a Source<'a>,
}

impl Check<'_> {
    fn refuse(&self, message: &str, span: TokenSpan, help: &str) -> ControlFlow<Box<ParseError>> {
        ControlFlow::Break(Box::new(self.source.error_in(message, self.source.span_of(span)).help(help)))
    }

    fn refuse_query(&self, query: &Query, what: &str) -> ControlFlow<Box<ParseError>> {
        let help = "`sql:` holds one SELECT that reads tables; whatever else belongs into a view or a job.";
        self.refuse(&format!("{what} is not part of a model's `sql:`"), query.span(), help)
    }

    fn table_function(&self, name: &ObjectName) -> ControlFlow<Box<ParseError>> {
        if TABLE_FUNCTIONS.contains(&name.to_string().to_lowercase().as_str()) {
            return ControlFlow::Continue(());
        }
        let message = format!("the table function `{name}` is not allowed");
        self.refuse(&message, name.span(), "Load the data into a table and read that.")
    }
}

impl Visitor for Check<'_> {
    type Break = Box<ParseError>;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        let mut parts = vec![&*query.body];
        while let Some(part) = parts.pop() {
            match part {
                SetExpr::Select(select) if select.into.is_some() => return self.refuse_query(query, "SELECT INTO"),
                SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => {}
                SetExpr::SetOperation { left, right, .. } => parts.extend([&**left, &**right]),
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                    return self.refuse_query(query, "a change of data");
                }
                SetExpr::Table(_) => return self.refuse_query(query, "TABLE"),
            }
        }
        if !query.locks.is_empty() {
            return self.refuse_query(query, "FOR UPDATE");
        }
        if query.settings.is_some() || query.format_clause.is_some() || query.for_clause.is_some() {
            return self.refuse_query(query, "this clause");
        }
        if !query.pipe_operators.is_empty() {
            return self.refuse_query(query, "pipe syntax");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Self::Break> {
        let parts: Vec<&Ident> = relation.0.iter().filter_map(|part| part.as_ident()).collect();
        if parts.iter().any(|part| part.quote_style == Some('\'')) || parts.iter().any(|part| is_file(&part.value)) {
            return self.refuse("a file is not a table", relation.span(), "Load the data into a table and read that.");
        }
        let system = ["information_schema", "pg_catalog"];
        if parts.iter().any(|part| system.iter().any(|name| part.value.to_lowercase().contains(name))) {
            let help = "`entente catalog pull` reads what is known of the tables.";
            return self.refuse("a system table is not data", relation.span(), help);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Self::Break> {
        match table {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                self.table_function(name)
            }
            TableFactor::TableFunction { expr: Expr::Function(call), .. } => self.table_function(&call.name),
            TableFactor::Table { .. }
            | TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. } => ControlFlow::Continue(()),
            _ => self.refuse(
                "this kind of table is not allowed",
                table.span(),
                "Put it into a view of the warehouse and name that in `table:`.",
            ),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        let Expr::Function(call) = expr else { return ControlFlow::Continue(()) };
        let name = call.name.to_string().to_lowercase();
        let allowed = match name.split_once('.') {
            Some((namespace, _)) => NAMESPACES.contains(&namespace),
            None => REFUSED_FUNCTIONS.binary_search(&name.as_str()).is_err(),
        };
        if allowed {
            return ControlFlow::Continue(());
        }
        let help = "Put it into a view of the warehouse and name that in `table:`.";
        self.refuse(&format!("the function `{}` is not allowed", call.name), call.name.span(), help)
    }
}

/// Returns whether DuckDB would read a file of this name, were there no such table.
fn is_file(name: &str) -> bool {
    let name = name.to_lowercase();
    let endings = [".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson", ".gz", ".zst", ".db", ".duckdb", ".xlsx"];
    name.contains(['/', '\\']) || endings.iter().any(|ending| name.ends_with(ending))
}

/// Returns the names of the columns; none if one of them has no plain name.
fn column_names(query: &Query) -> Vec<String> {
    let mut body = &*query.body;
    let items = loop {
        match body {
            SetExpr::Select(select) => break &select.projection,
            SetExpr::Query(inner) => body = &inner.body,
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return Vec::new(),
        }
    };
    let name = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(path)) => path.last().map(|name| name.value.clone()),
        _ => None,
    };
    items.iter().map(name).collect::<Option<Vec<_>>>().unwrap_or_default()
}
