//! Media over WebRTC: what a peer, a broker and a network can send.

mod audio;
mod datagrams;
mod pair;
mod sdp;
mod servers;
mod texts;

pub use audio::run as audio;
pub use datagrams::run as datagrams;
pub use sdp::run as sdp;
pub use servers::run as servers;
pub use texts::{has_connected as texts_connect, run as texts};
