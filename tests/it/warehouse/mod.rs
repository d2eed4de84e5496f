//! Drivers against servers that speak their protocol.

mod beforehand;
mod bigquery;
mod encrypted;
mod faults;
mod postgres;
mod price;
mod scripted;
mod shop;
mod snowflake;
mod tokens;
mod visits;
