//! The C surface: converts and delegates. Panics stop here.
//!
//! `api` has the exported functions and `backend` the vtables below; `create`, `client` and
//! `callbacks` are the lifecycle of a client, and `support` serves all of them.
#![allow(clippy::missing_safety_doc, reason = "each function's comment is its C contract")]

pub mod api;
mod backend;
mod callbacks;
mod client;
mod create;
mod logger;
mod support;
mod texts;
