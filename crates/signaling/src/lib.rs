//! The signaling vocabulary: plain values that the engine, the backends and the tests exchange.
//!
//! The engine issues an [`Operation`], which ends with an [`OperationResult`]; a backend reports
//! [`Event`]s, [`ChannelState`]s, [`Connection`] changes and [`Record`]s. Numbers are those of the C header.
//! Nothing here has threads, clocks or I/O. [`json`] reads attachments of peers.
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
