//! Shows diagnostics: in full for people, in one line each, as JSON, or as GitHub annotations.
