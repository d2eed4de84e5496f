//! SQL of a warehouse → the portable language, where it has a form that means the same.
//!
//! `iff(amount::int > 10, 'big', 'small')` becomes `case when cast(amount as integer) > 10 then 'big' else 'small' end`.
//! A text that is portable already stays as it was written, in one line.
//!
//! **Invariant:** what is not known to mean the same is an error that names it; nothing is passed through unread.

mod write;

use sqlparser::{
    ast,
    dialect::{BigQueryDialect, Dialect, DuckDbDialect, GenericDialect, SnowflakeDialect},
    parser::Parser,
};

pub(super) use write::{Within, write};

use super::{MAX_BYTES, MAX_DEPTH, parse_expression};
use crate::{
    files::{SourceMap, Span},
    sql::{Expr, Name},
};

/// An expression of the portable language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portable {
    /// Its text, in one line.
    pub text: String,
    /// Its tree; the spans of names are places in the text.
    pub expr: Expr<Name>,
}

impl Portable {
    /// Returns the names of columns and paths, in order.
    pub fn names(&self) -> Vec<Vec<&str>> {
        let mut names = Vec::new();
        self.expr.for_each_leaf(&mut |leaf| {
            if let Name::Path(words) = leaf {
                names.push(words.iter().map(|word| word.value.as_str()).collect());
            }
        });
        names
    }

    /// Returns the text with other names, where `rename` gives one for the words of a name.
    pub fn renamed(&self, rename: &dyn Fn(&[&str]) -> Option<String>) -> String {
        let mut places: Vec<(Span, String)> = Vec::new();
        self.expr.for_each_leaf(&mut |leaf| {
            if let Name::Path(path) = leaf
                && let (Some(first), Some(last)) = (path.first(), path.last())
                && let words = path.iter().map(|word| word.value.as_str()).collect::<Vec<_>>()
                && let Some(name) = rename(&words)
            {
                places.push((Span::new(first.span.file, first.span.start as usize, last.span.end as usize), name));
            }
        });
        places.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        places.dedup();
        let mut text = self.text.clone();
        for (span, name) in places {
            text.replace_range(span.start as usize..span.end as usize, &name);
        }
        text
    }
}

/// Translates an expression of a warehouse; `dialect` is the warehouse's name where it is known.
///
/// # Errors
/// What has no portable form, in words that follow "because": "it calls `regexp_like`".
pub fn to_portable(text: &str, dialect: Option<&str>) -> Result<Portable, String> {
    to_portable_in(text, dialect, None)
}

/// Translates an expression of a warehouse that may convert times to the project's zone, where its name is known.
///
/// # Errors
/// As [`to_portable`].
pub fn to_portable_in(text: &str, dialect: Option<&str>, zone: Option<&str>) -> Result<Portable, String> {
    if text.len() > MAX_BYTES {
        return Err("it has more than 64 KiB".to_owned());
    }
    // A text in double quotes is a name in the portable language and a constant in BigQuery.
    let ambiguous = dialect == Some("bigquery") && text.contains('"');
    let lower = text.to_lowercase();
    // Functions of both languages by the same name, which cut in different zones.
    let is_cut = zone.is_some_and(|zone| zone != "UTC") && (lower.contains("date(") || lower.contains("trunc("));
    let as_written = if ambiguous || is_cut { None } else { portable(&one_line(text)) };
    let found = match as_written {
        Some(found) => found,
        None => portable(&translate(text, dialect, zone)?)
            .ok_or_else(|| format!("`{}` has no portable form", one_line(text)))?,
    };
    match found.names().iter().find(|words| words.len() == 1 && MOMENTS.contains(&&*words[0].to_lowercase())) {
        Some(moment) => Err(format!("`{}` depends on the moment of asking", moment[0])),
        None => Ok(found),
    }
}

/// Words of SQL that look like columns and stand for the moment of asking.
const MOMENTS: [&str; 5] = ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"];

/// Puts a text into one line, unless a line break is within a constant or ends a comment.
fn one_line(text: &str) -> String {
    let text = text.trim();
    if text.contains('\'') && text.lines().any(|line| line.matches('\'').count() % 2 == 1) || text.contains("--") {
        return text.to_owned();
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

pub(super) fn portable(text: &str) -> Option<Portable> {
    let mut files = SourceMap::new();
    let file = files.add("expression", text);
    let expr = parse_expression(text, Span::new(file, 0, text.len())).ok()?;
    let mut known = true;
    expr.for_each_leaf(&mut |leaf| known &= matches!(leaf, Name::Path(_)));
    known.then(|| Portable { text: text.to_owned(), expr })
}

fn translate(text: &str, dialect: Option<&str>, zone: Option<&str>) -> Result<String, String> {
    let weeks_begin_on_sunday = dialect == Some("bigquery");
    write(&parse_foreign(text, dialect)?, Within { depth: 0, zone, weeks_begin_on_sunday })
}

/// Parses an expression as a warehouse writes it.
pub(super) fn parse_foreign(text: &str, dialect: Option<&str>) -> Result<ast::Expr, String> {
    let generic: &dyn Dialect = &GenericDialect {};
    let dialects: Vec<&dyn Dialect> = match dialect {
        Some("bigquery") => vec![&BigQueryDialect {}],
        Some("snowflake") => vec![&SnowflakeDialect {}, generic],
        Some("duckdb") => vec![&DuckDbDialect {}, generic],
        _ => vec![generic, &DuckDbDialect {}],
    };
    let mut error = String::new();
    for dialect in dialects {
        let parser = Parser::new(dialect).with_recursion_limit(4 * MAX_DEPTH).try_with_sql(text);
        let parsed = parser.and_then(|mut parser| {
            let expr = parser.parse_expr()?;
            parser.expect_token(&sqlparser::tokenizer::Token::EOF)?;
            Ok(expr)
        });
        match parsed {
            Ok(expr) => return Ok(expr),
            Err(found) => error = found.to_string(),
        }
    }
    Err(format!("`{}` cannot be read: {}", one_line(text), error.trim_start_matches("sql parser error: ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(sql: &str) -> String {
        to_portable(sql, None).expect("it has a portable form").text
    }

    #[test]
    fn portable_texts_stay_as_they_are() {
        assert_eq!(text("price * quantity"), "price * quantity");
        assert_eq!(text("case when a > 1\n  then 1\n  else 0 end"), "case when a > 1 then 1 else 0 end");
    }

    #[test]
    fn forms_of_warehouses_are_translated() {
        assert_eq!(
            text("iff(amount::int > 10, 'big', 'small')"),
            "case when cast(amount as integer) > 10 then 'big' else 'small' end"
        );
        assert_eq!(text("nvl(a, 0)"), "coalesce(a, 0)");
        assert_eq!(text("date_trunc('month', ordered_at)"), "trunc(ordered_at, month)");
        assert_eq!(text("JSON_VALUE(properties, '$.score')"), "json_text(properties, 'score')");
        assert_eq!(text("TRIM(name, ' ')"), "trim(name)");
        assert_eq!(text("name ilike 'A%'"), "lower(name) like lower('A%')");
        assert_eq!(text("ds >= '2024-01-01'::timestamp"), "ds >= date '2024-01-01'");
        assert_eq!(text("extract(month from ds) = 3"), "ds.month_of_year = 3");
        assert_eq!(
            to_portable("if(x, \"us\", `y z`)", Some("bigquery")).map(|p| p.text).as_deref(),
            Ok("case when x then 'us' else \"y z\" end")
        );
    }

    #[test]
    fn days_of_the_own_zone_are_days() {
        let text = |sql: &str, dialect| {
            to_portable_in(sql, Some(dialect), Some("Europe/Berlin")).map(|portable| portable.text)
        };
        assert_eq!(text("DATE(t, 'Europe/Berlin')", "bigquery").as_deref(), Ok("date(t)"));
        assert_eq!(text("DATE_TRUNC(DATE(t, 'Europe/Berlin'), MONTH)", "bigquery").as_deref(), Ok("trunc(t, month)"));
        assert_eq!(
            text("DATE_DIFF(DATE(b, 'Europe/Berlin'), DATE(a, 'Europe/Berlin'), WEEK(MONDAY))", "bigquery").as_deref(),
            Ok("periods_between('week', a, b)")
        );
        assert_eq!(text("CAST(timezone('Europe/Berlin', t) AS DATE)", "duckdb").as_deref(), Ok("date(t)"));
        assert_eq!(text("CAST(t AT TIME ZONE 'Europe/Berlin' AS DATE)", "postgres").as_deref(), Ok("date(t)"));
        assert!(text("CAST(timezone('Asia/Tokyo', t) AS DATE)", "duckdb").is_err());
        assert!(text("EXTRACT(month FROM t)", "bigquery").is_err_and(|why| why.contains("another zone")));
    }

    #[test]
    fn weeks_of_bigquery_begin_on_sunday_unless_it_says_monday() {
        let text = |sql: &str| to_portable(sql, Some("bigquery")).map(|portable| portable.text);
        assert_eq!(text("DATE_TRUNC(d, WEEK(MONDAY))").as_deref(), Ok("trunc(d, week)"));
        assert_eq!(text("DATE_TRUNC(d, ISOWEEK)").as_deref(), Ok("trunc(d, week)"));
        assert_eq!(text("DATE_TRUNC(d, MONTH)").as_deref(), Ok("trunc(d, month)"));
        for other in ["DATE_TRUNC(d, WEEK)", "DATE_TRUNC(d, WEEK(SUNDAY))", "DATE_DIFF(b, a, WEEK)"] {
            assert!(text(other).is_err(), "{other}");
        }
    }

    #[test]
    fn what_means_something_else_is_named() {
        for (sql, says) in [
            ("regexp_like(a, 'x')", "regexp_like"),
            ("sum(x) over ()", "window"),
            ("(select 1)", "no portable form"),
            ("a +", "cannot be read"),
            ("ds < current_date", "moment of asking"),
            ("try_cast(a as int)", "no portable form"),
        ] {
            let error = to_portable(sql, None).expect_err(sql);
            assert!(error.contains(says), "{sql}: {error}");
        }
    }

    #[test]
    fn names_are_replaced_at_their_places() {
        let portable = to_portable("a = 'a' and b > a", None).expect("it is portable");
        let renamed = portable.renamed(&|words| (words == ["a"]).then(|| "orders.country".to_owned()));
        assert_eq!(renamed, "orders.country = 'a' and b > orders.country");
        assert_eq!(portable.names(), [["a"], ["b"], ["a"]]);
    }
}
