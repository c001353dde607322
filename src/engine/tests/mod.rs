//! The engine by behaviour, against the specification and not against the code.

mod format;
mod harness;

mod boundaries;
mod canonicalize;
mod early_answers;
mod end_to_end;
mod fair_share;
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
mod offline_backlog;
mod outgoing;
mod peer_lost;
mod policy;
mod preparation;
mod references;
mod reported_records;
mod ringing;
mod secured;
mod session;
mod snapshot;
mod switch;
mod tables;
mod teardown;
mod texts;
mod tokens;
mod unauthenticated;
mod wording;
