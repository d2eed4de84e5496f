//! What a fault means, in our own words.
//!
//! **Invariant:** what is said to callers never holds the server's own message.

use super::protocol::Reason;
use crate::warehouse::{
    Error, Refusal,
    rest::{Fault, Refused},
};

/// Says why a call failed.
pub(super) fn of(fault: Fault) -> Error {
    match fault {
        Fault::NoToken(why) | Fault::Lost(why) => Error::Unavailable(why),
        Fault::Garbled(why) => {
            tracing::error!(why, "an answer of BigQuery cannot be read");
            Error::Unavailable("its answer cannot be read".to_owned())
        }
        Fault::TooLarge => Error::refused("its answer is too large"),
        Fault::Answered(refused) => of_refused(&refused),
    }
}

/// Says why a job failed that tells its reasons itself.
pub(super) fn of_job(reasons: Vec<Reason>) -> Error {
    let Some(Reason { reason, message }) = reasons.into_iter().next() else {
        return Error::Unavailable("a query ended without an answer".to_owned());
    };
    of_refused(&Refused { status: 400, reason, message, wait: None })
}

/// See <https://cloud.google.com/bigquery/docs/error-messages#errortable>.
fn of_refused(refused: &Refused) -> Error {
    let detail = (!refused.message.is_empty()).then(|| refused.message.clone());
    let meaning = match (refused.reason.as_str(), refused.status) {
        ("stopped" | "timeout", _) => return Error::Cancelled,
        // Of transactions that change one table the later ones are aborted, with a reason that says no more.
        _ if refused.message.contains("concurrent update") => return Error::Contended,
        ("quotaExceeded" | "dailyLimitExceeded", _) => {
            return unavailable("a quota of the project is used up", &refused.message);
        }
        ("rateLimitExceeded" | "userRateLimitExceeded", _) => {
            return unavailable("the project asks too much at once", &refused.message);
        }
        ("billingNotEnabled" | "accountDisabled" | "blocked", _) => {
            return unavailable("the project may not run queries", &refused.message);
        }
        ("authError" | "required" | "invalidCredentials", _) | (_, 401) => {
            return unavailable("the credentials are not accepted", &refused.message);
        }
        ("accessDenied" | "forbidden", _) => "the account may not read a table, or run queries in the project",
        ("notFound", _) => "it names a project, dataset or table that is not there, or not in this location",
        ("bytesBilledLimitExceeded", _) => {
            let meaning = "it would bill more than `maximum_bytes_billed` allows".to_owned();
            return Error::TooCostly(Refusal { meaning, detail });
        }
        ("invalidQuery", _) => "it is not valid SQL, or mixes types that do not fit",
        ("responseTooLarge", _) => "its answer is too large",
        ("resourcesExceeded" | "billingTierLimitExceeded", _) => "it needs more than BigQuery gives one query",
        ("resourceInUse" | "tableUnavailable", _) => "a table is being changed",
        ("invalid" | "invalidParameter" | "badRequest", _) => "it is not valid",
        (_, 429 | 500..) => return unavailable("BigQuery is in trouble", &refused.message),
        (_, 403) => "the account may not read a table, or run queries in the project",
        (_, 404) => "it names a project, dataset or table that is not there, or not in this location",
        _ => "it failed while running",
    };
    Error::Refused(Refusal { meaning: meaning.to_owned(), detail })
}

/// The server's message goes to the log only.
fn unavailable(meaning: &str, detail: &str) -> Error {
    tracing::error!(detail, "BigQuery: {meaning}");
    Error::Unavailable(meaning.to_owned())
}
