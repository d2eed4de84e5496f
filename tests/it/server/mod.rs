//! The server over a real socket, with a warehouse that the test holds the strings of.

mod answers;
mod audit;
mod client;
mod connections;
mod fixture;
mod operations;
mod pages;
mod protocol;
mod reload;
