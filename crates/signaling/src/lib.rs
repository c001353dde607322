//! The signaling vocabulary: what the engine, the backends and the tests exchange, as plain values.
//!
//! The engine asks for an [`Operation`], which ends with an [`OperationResult`]; a backend reports
//! [`Event`]s, [`ChannelState`]s, [`Connection`] changes and [`Record`]s. Numbers are those of the C header.
//! Nothing here acts: no threads, clocks or I/O. [`json`] is for the texts that peers attach.
#![deny(unsafe_code)]

mod channel;
mod code;
mod event;
pub mod json;
mod number;
mod operation;
mod policy;
mod text;

pub use channel::{CallType, Channel, ChannelState, DeviceAddr, Member};
pub use code::Code;
pub use event::{Connection, Event, EventKind, Origin};
pub use operation::{
    InviteState, Message, Notification, Operation, OperationResult, Outcome, PushText, Record, RecordStatus,
    Req,
};
pub use policy::{CallPolicy, PolicyRule};
pub use text::Text;
