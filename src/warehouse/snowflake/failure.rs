//! What a fault means, in our own words, by Snowflake's codes.
//!
//! `002003` → *it names a table that is not there, or that the role may not read*.
//!
//! **Invariant:** what is said to callers never holds the server's own message.

use super::protocol::SqlApi;
use crate::warehouse::{
    Error, Refusal,
    rest::{Fault, Protocol, Refused},
};

/// Says why a call failed.
pub(super) fn of(fault: Fault) -> Error {
    match fault {
        Fault::NoToken(why) | Fault::Lost(why) => Error::Unavailable(why),
        Fault::Garbled(why) => {
            tracing::error!(why, "an answer of {} cannot be read", SqlApi::NAME);
            Error::Unavailable("its answer cannot be read".to_owned())
        }
        Fault::TooLarge => Error::refused("its answer is too large"),
        Fault::Answered(refused) => of_refused(&refused),
    }
}

/// Codes are numbers that may have zeros before them. See <https://docs.snowflake.com/en/developer-guide/sql-api/reference>.
fn of_refused(refused: &Refused) -> Error {
    let detail = (!refused.message.is_empty()).then(|| refused.message.clone());
    let meaning = match (refused.reason.parse::<u32>().unwrap_or(0), refused.status) {
        // Stopped by somebody, or by its time.
        (604 | 630, _) | (_, 408) => return Error::Cancelled,
        // Too many wait for a lock.
        (625, _) => return Error::Contended,
        (390_189, _) => return unavailable("the role is not there, or the user may not take it", &refused.message),
        (390_201..=390_209, _) => {
            let meaning = "the database, schema or virtual warehouse is not there, or the role may not use it";
            return unavailable(meaning, &refused.message);
        }
        (390_100..=390_199 | 390_300..=390_399 | 394_300..=394_399, _) | (_, 401) => {
            return unavailable("the credentials are not accepted", &refused.message);
        }
        (_, 403) => return unavailable("the account does not let us in", &refused.message),
        (606, _) => return unavailable("no virtual warehouse is named, or it is not there", &refused.message),
        (90_105 | 90_106, _) => "it names a table without its database or schema, and the connection names none",
        (90_073, _) => return unavailable("a limit of credits is used up", &refused.message),
        (_, 429) => return unavailable("the account asks too much at once", &refused.message),
        (_, 500..) => return unavailable("Snowflake is in trouble", &refused.message),
        (2003 | 2043, _) => "it names a table, schema or database that is not there, or that the role may not read",
        (3001, _) => "the role may not read a table, or use the virtual warehouse",
        (1003, _) => "it is not valid SQL",
        (904 | 2140 | 2141, _) => "it names a column or function that is not there",
        (1038 | 1044 | 1045 | 1065 | 2016, _) => "it mixes types that do not fit",
        (100_035 | 100_037 | 100_038 | 100_040 | 100_069 | 100_071 | 100_096, _) => {
            "a value cannot be converted to the type it is compared with"
        }
        (100_039 | 100_046, _) => "a number is out of range",
        (100_051, _) => "it divides by zero",
        (391_908, _) => "its answer is too large",
        (_, 404) => return unavailable("a query ended without an answer", &refused.message),
        (_, 400 | 405 | 415) => "it is not valid",
        _ => "it failed while running",
    };
    Error::Refused(Refusal { meaning: meaning.to_owned(), detail })
}

/// The server's message goes to the log only.
fn unavailable(meaning: &str, detail: &str) -> Error {
    tracing::error!(detail, "{}: {meaning}", SqlApi::NAME);
    Error::Unavailable(meaning.to_owned())
}
