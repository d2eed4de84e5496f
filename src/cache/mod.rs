//! Results by fingerprint, with single flight and a weight in bytes.
