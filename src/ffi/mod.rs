//! The C surface: convert, delegate, done. Panics stop here.
//!
//! `api` has the exported functions and `backend` the vtables below; `create`, `client` and
//! `callbacks` are a client's way through life, and `support` serves all of them.
#![allow(clippy::missing_safety_doc, reason = "each function's comment is its C contract")]

pub mod api;
mod backend;
mod callbacks;
mod client;
mod create;
mod logger;
mod support;
mod texts;
