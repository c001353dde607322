//! What every part of the facade uses: checked arguments, guarded calls, handles.

pub(crate) mod append_only_list;
pub(crate) mod convert;
pub(crate) mod error;
pub(crate) mod guard;
pub(crate) mod handle_table;
pub(crate) mod in_flight;
