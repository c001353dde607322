//! The fuzz targets: one function each, which decodes bytes into structured values and panics when
//! an invariant is violated. Raw bytes rarely form a relevant message.

mod app;
mod args;
mod backend;
mod broker;
mod bytes;
mod c_api;
mod engine;
#[path = "../../tests/sim/feedback.rs"]
mod feedback;
mod peer;
#[path = "../../tests/sim/preparations.rs"]
mod preparations;
mod protocol;
mod stateless_functions;
mod trace;
mod values;
mod webrtc;
mod wire;

pub use broker::{reaches_up as broker_reaches_up, run as broker};
pub use c_api::run as c_api;
pub use engine::run as engine;
pub use protocol::run as protocol;
pub use trace::run as trace;
pub use webrtc::{
    audio as webrtc_audio, datagrams as webrtc_datagrams, sdp as webrtc_sdp, servers as webrtc_servers,
    texts as webrtc_texts, texts_connect as webrtc_texts_connect,
};
pub use wire::run as wire;
