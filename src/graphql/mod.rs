//! Project → GraphQL schema; selection → `plan::Request`; rows → response.
