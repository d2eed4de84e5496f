//! Errors as callers see them.
//!
//! **Invariant:** nothing of a driver's message is here, and every code is one of [`Code::ALL`].

use async_graphql::Pos;

use crate::{
    engine::Failure,
    plan::{PlanError, PlanErrorCode},
};

/// What went wrong, as it stands in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The document is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// An argument or a variable has no sensible value.
    BadUserInput,
    /// The request is refused by the planner, or before it with one of its codes.
    Plan(PlanErrorCode),
    /// The time allowed is over.
    Timeout,
    /// Nobody waits any more.
    Cancelled,
    /// The principal may not ask this.
    Forbidden,
    /// The warehouse cannot be reached.
    WarehouseUnavailable,
    /// The warehouse refused the query.
    WarehouseRefused,
    /// A value that JSON cannot say: no number, an infinite one, an infinite day.
    NotFinite,
    /// A mistake of ours.
    Internal,
}

impl Code {
    /// Returns the stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Plan(code) => code.name(),
            Self::Timeout => "TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::Forbidden => "FORBIDDEN",
            Self::WarehouseUnavailable => "WAREHOUSE_UNAVAILABLE",
            Self::WarehouseRefused => "WAREHOUSE_REFUSED",
            Self::NotFinite => "NOT_FINITE",
            Self::Internal => "INTERNAL",
        }
    }
}

/// A step of the path to a field of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A response key.
    Key(String),
    /// A position in a list.
    Index(usize),
}

/// An error of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphqlError {
    /// The code.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// A full sentence that says what to do.
    pub help: Option<String>,
    /// Where it stands in the document.
    pub locations: Vec<Pos>,
    /// Which field of the response it is about.
    pub path: Vec<Step>,
}

impl GraphqlError {
    /// Makes an error without help and place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, locations: Vec::new(), path: Vec::new() }
    }

    /// Makes an error with one of the planner's codes.
    pub fn plan(code: PlanErrorCode, message: impl Into<String>) -> Self {
        Self::new(Code::Plan(code), message)
    }

    /// Makes an error about a value of the caller's.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says where it stands in the document, unless that is known already.
    #[must_use]
    pub fn at(mut self, position: Pos) -> Self {
        if self.locations.is_empty() {
            self.locations.push(position);
        }
        self
    }

    /// Says which field of the response it is about.
    #[must_use]
    pub fn path(mut self, path: impl IntoIterator<Item = Step>) -> Self {
        self.path = path.into_iter().collect();
        self
    }
}

impl From<PlanError> for GraphqlError {
    fn from(error: PlanError) -> Self {
        Self { help: error.help, ..Self::new(Code::Plan(error.code), error.message) }
    }
}

impl From<Failure> for GraphqlError {
    fn from(failure: Failure) -> Self {
        let message = failure.to_string();
        match failure {
            Failure::Refused(error) => error.into(),
            Failure::Forbidden => Self::new(Code::Forbidden, message),
            Failure::Unavailable => {
                Self::new(Code::WarehouseUnavailable, message).help("Ask again in a moment.".to_owned())
            }
            Failure::Timeout => Self::new(Code::Timeout, message).help("Ask for a shorter time range or fewer keys."),
            Failure::Cancelled => Self::new(Code::Cancelled, message),
            Failure::WarehouseRefused(_) => Self::new(Code::WarehouseRefused, message)
                .help("Ask with other values or for fewer rows; whoever runs the server finds the rest in its log."),
            Failure::Internal => Self::new(Code::Internal, message).help("The server's log has the rest."),
        }
    }
}
