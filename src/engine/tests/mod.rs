//! The engine by behaviour, against the specification and not against the code.

mod lines;
mod rig;

mod canonical;
mod claims;
mod closer;
mod edges;
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
mod strangers;
mod switch;
mod tables;
mod texts;
mod tokens;
mod waiting;
mod whole;
mod words;
