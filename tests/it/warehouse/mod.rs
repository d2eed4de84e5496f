//! Drivers against servers that speak their protocol.

mod postgres;
