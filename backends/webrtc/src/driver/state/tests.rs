use nertc_callkit_reactor::Kind;

use super::*;
use crate::ice_server::IceServer;
use crate::interfaces::Wanted;
use crate::network::{Settings, Trust};
use crate::peer::DtlsVersions;

const NOW: u64 = 5_000_000;

/// A call that is being made ready.
fn prepared(servers: Vec<IceServer>) -> (State, Registration) {
    let registration = Registration::of(Kind::Media).expect("a thread");
    let mut state = State::new(Arc::default(), registration.clone());
    let settings = Settings {
        wanted: Wanted { loopback: true, ipv6: false },
        relay_only: false,
        ports: None,
        servers,
        trust: Trust::default(),
    };
    let preparing = Preparing { seed: [7; 32], dtls: DtlsVersions::Both, settings };
    state.command(NOW, Command::Prepare(Box::new(preparing)));
    (state, registration)
}

#[test]
fn a_preparation_without_a_join_expires() {
    let (mut state, registration) = prepared(Vec::new());
    assert!(state.sockets() > 0);
    assert_eq!(state.poll_timeout(), Some(NOW + PREPARED_US));
    state.on_time(NOW + PREPARED_US - 1);
    assert!(!state.is_over);
    let by = NOW + PREPARED_US;
    state.on_time(by);
    assert!(state.is_over && !state.claim(), "a join starts from nothing");
    state.finish(by);
    assert_eq!(state.sockets(), 0);
    registration.deregister();
}

/// Or its addresses would be found out after the accept.
#[test]
fn a_prepared_call_hears_its_servers() {
    use turn_client_proto::stun::types::attribute::XorMappedAddress;
    use turn_client_proto::stun::types::message::{Message, MessageWriteVec};
    use turn_client_proto::stun::types::prelude::{MessageWrite, MessageWriteExt};

    let server = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let url = format!("stun:{}", server.local_addr().expect("an address"));
    let stun = IceServer::parse(&url, "", "").expect("a server");
    let (mut state, registration) = prepared(vec![stun]);
    state.on_time(NOW);
    let mut request = [0; 100];
    let (length, from) = server.recv_from(&mut request).expect("a request");
    let request = Message::from_bytes(&request[..length]).expect("of STUN");
    let mut answer = Message::builder_success(&request, MessageWriteVec::new());
    let mapped = SocketAddr::from(([127, 0, 0, 9], 9));
    answer.add_attribute(&XorMappedAddress::new(mapped, request.transaction_id())).expect("room");
    server.send_to(&answer.finish(), from).expect("sent");
    state.read(NOW);
    let network = state.network.as_mut().expect("sockets");
    let mut changes = std::iter::from_fn(|| network.poll_change());
    assert!(changes.any(|it| matches!(it, Change::Added(found) if found.address == mapped)));
    state.finish(NOW);
    registration.deregister();
}
