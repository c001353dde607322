//! Two peers that talk, and somebody who sends them datagrams: replayed, damaged and invented, from any
//! address. Whatever it is, they go on talking.

use std::net::SocketAddr;

use nertc_callkit_webrtc::peer::Input;

use super::super::bytes::Bytes;
use super::pair::Pair;

/// More steps than this add nothing new and cost time.
const STEPS: usize = 200;
const MAGIC: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut pair = Pair::connected(u64::from(bytes.byte() & 3));
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        match bytes.below(16) {
            0 => pair.send_sound(1 + bytes.below(3) as u64),
            1 => pair.pass([1, 100, 1_100, 3_000][bytes.below(4)], true),
            2 => pair.input(bytes.below(2), Input::Restart),
            _ => inject(&mut pair, &mut bytes),
        }
    }
    // A connection that somebody got stuck restarts, and sound is back.
    let received = pair.sides.each_ref().map(|side| side.received);
    pair.send_sound(20);
    if pair.sides.iter().zip(received).any(|(side, received)| side.received - received < 10) {
        pair.pass(20_000, true);
        pair.send_sound(20);
    }
    for (side, received) in pair.sides.iter().zip(received) {
        assert!(side.received - received >= 10 && side.ended == 0, "sound is gone");
    }
    pair.close();
}

fn inject(pair: &mut Pair, bytes: &mut Bytes<'_>) {
    let to = bytes.below(2);
    let datagram = match bytes.below(6) {
        0 => bytes.take(120).to_vec(),
        1 => stun(bytes),
        2 => rtcp(bytes),
        // Of the peer, or of its own.
        mode => {
            let (of, kind) = (if bytes.chance(64) { to } else { 1 - to }, bytes.below(4) as u8);
            let Some(known) = pair.seen.get(&(of, kind)) else { return };
            let mut known = known.clone();
            if mode > 3 {
                damage(&mut known, bytes);
            }
            known
        }
    };
    let peer = pair.sides[1 - to].address;
    let from: SocketAddr = match bytes.below(8) {
        0 => SocketAddr::from(([10, 0, 0, 9], 5000)),
        1 => SocketAddr::from(([10, 0, 0, 2 - to as u8], 5001)),
        2 => pair.sides[to].address,
        _ => peer,
    };
    let local = if bytes.chance(16) { peer } else { pair.sides[to].address };
    pair.input(to, Input::Datagram { local, remote: from, bytes: &datagram });
}

fn damage(datagram: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
    for _ in 0..=bytes.below(3) {
        if datagram.is_empty() {
            return;
        }
        let at = bytes.below(datagram.len().min(256));
        match bytes.below(5) {
            0 => datagram.truncate(at),
            1 => datagram.extend_from_slice(bytes.take(64)),
            2 => _ = datagram.remove(at),
            3 => datagram[at] ^= 1 << bytes.below(8),
            _ => datagram[at] = bytes.byte(),
        }
    }
}

/// A message of STUN with any attributes.
fn stun(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let kinds = [[0, 1], [1, 1], [1, 0x11], [0, 0x11], [0, 3], [1, 0x13], [0x3f, 0xff]];
    let mut body = Vec::new();
    for _ in 0..bytes.below(6) {
        let types: [[u8; 2]; 14] = [
            [0, 6],
            [0, 8],
            [0x80, 0x28],
            [0, 0x20],
            [0, 0x24],
            [0, 0x25],
            [0x80, 0x29],
            [0x80, 0x2a],
            [0, 9],
            [0, 0x12],
            [0, 0x13],
            [0, 1],
            [0, 0x14],
            [0x7f, 0xff],
        ];
        let (attribute, value) = (*bytes.pick(&types), bytes.take(40));
        let length = if bytes.chance(32) { bytes.u32() as u16 } else { value.len() as u16 };
        body.extend(attribute);
        body.extend(length.to_be_bytes());
        body.extend(value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    let length = if bytes.chance(32) { bytes.u32() as u16 } else { body.len() as u16 };
    let mut message = bytes.pick(&kinds).to_vec();
    message.extend(length.to_be_bytes());
    message.extend(MAGIC);
    let id = [bytes.byte(); 12];
    message.extend(id);
    message.extend(body);
    message
}

/// Reports in RTCP without protection.
fn rtcp(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut all = Vec::new();
    for _ in 0..=bytes.below(3) {
        let body = bytes.take(64);
        let words = if bytes.chance(64) { bytes.byte() } else { (body.len() / 4) as u8 };
        all.extend([128 | (bytes.byte() & 63), 192 + bytes.below(32) as u8, 0, words]);
        all.extend(body);
    }
    all
}
