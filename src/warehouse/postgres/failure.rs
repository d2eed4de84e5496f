//! What Postgres's errors mean, by their codes.
//!
//! `42P01` → *it names a table that is not there*. See
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
//!
//! **Invariant:** the server's message is kept apart as detail; the meaning is in our own words.

use crate::warehouse::{Error, Refusal, causes::with_causes};

/// Says why there is no connection to a server.
pub(super) fn of_connecting(error: &tokio_postgres::Error, server: &str) -> Error {
    let why = match error.code().map(|code| code.code()) {
        Some("28P01") => "the password is wrong".to_owned(),
        Some("28000") => "the user may not log in".to_owned(),
        Some("3D000") => "there is no such database".to_owned(),
        Some("53300") => "the server takes no more connections".to_owned(),
        Some("57P03") => "the server is starting up".to_owned(),
        _ => with_causes(error),
    };
    Error::Unavailable(format!("Postgres at `{server}`: {why}"))
}

/// Says why a statement failed.
pub(super) fn of_query(error: &tokio_postgres::Error) -> Error {
    let Some(code) = error.code() else {
        return if error.is_closed() {
            Error::Unavailable("the server closed the connection".to_owned())
        } else {
            Error::Unavailable(with_causes(error))
        };
    };
    let meaning = match code.code() {
        // Cancelled by us or by `statement_timeout`.
        "57014" => return Error::Cancelled,
        // Transactions that cannot be put in an order, and things that are made twice at once.
        "40001" | "40P01" | "23505" | "42P06" | "42P07" => return Error::Contended,
        "57P01" | "57P02" | "57P03" => return Error::Unavailable("the server is shutting down".to_owned()),
        "53300" => return Error::Unavailable("the server takes no more connections".to_owned()),
        "42P01" | "42883" | "3F000" => "it names a table or function that is not there",
        "42703" | "42804" | "42846" => "it names a column that is not there, or mixes types that do not fit",
        "42601" => "it is not valid SQL",
        "42501" => "the user may not read that table",
        "25006" => "it would write",
        "22003" => "a number is out of range",
        "22P02" | "22007" | "22008" => "a value cannot be converted to the type it is compared with",
        "53100" | "53200" => "it needs more memory or disk than there is",
        _ => "it failed while running",
    };
    let detail = error.as_db_error().map_or_else(|| error.to_string(), |inner| inner.message().to_owned());
    Error::Refused(Refusal { meaning: meaning.to_owned(), detail: Some(detail) })
}

/// Says that a value of a column cannot be carried.
pub(super) fn of_value(column: &str, error: &tokio_postgres::Error) -> Error {
    Error::Refused(Refusal {
        meaning: format!("a value of column `{column}` cannot be carried exactly"),
        detail: Some(with_causes(error)),
    })
}
