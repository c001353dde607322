//! The engine by behaviour, against the specification and not against the code.

mod format;
mod harness;

mod boundaries;
mod canonicalize;
mod claims;
mod end_to_end;
mod feedback;
mod glare;
mod ids;
mod in_call;
mod incoming;
mod interop;
mod limits;
mod login;
mod media;
mod missed;
mod offline;
mod outgoing;
mod peer_lost;
mod policy;
mod references;
mod ringing;
mod session;
mod shares;
mod snapshot;
mod switch;
mod tables;
mod teardown;
mod texts;
mod tokens;
mod unauthenticated;
mod waiting;
mod wording;
