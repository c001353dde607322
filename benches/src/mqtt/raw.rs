//! The floor of everything over a broker: one connection, blocking, that publishes to itself with QoS 1.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::system::{PATIENCE, now};

/// As long as an invite is.
const PAYLOAD: [u8; 400] = [b'x'; 400];
const TOPIC: &str = "nck1/u/raw/in/raw/raw";

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const SUBACK: u8 = 9;

/// A connection with MQTT 5.
pub(crate) struct Raw {
    socket: TcpStream,
    /// What was read and not looked at yet.
    read: Vec<u8>,
    publish: Vec<u8>,
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// A packet; the length fits into two bytes.
fn packet(first: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let length = [(body.len() % 128) as u8 | 0x80, (body.len() / 128) as u8];
    [&[first], &length[..], &body[..]].concat()
}

impl Raw {
    /// Connects and subscribes.
    pub(crate) fn connect(port: u16) -> Raw {
        let socket = TcpStream::connect(("127.0.0.1", port)).expect("the broker is there");
        socket.set_nodelay(true).expect("a TCP socket");
        // Reading fails then, and writing.
        socket.set_read_timeout(Some(PATIENCE)).expect("a TCP socket");
        socket.set_write_timeout(Some(PATIENCE)).expect("a TCP socket");
        let publish = packet(0x32, &[&text(TOPIC), &[0, 2, 0], &PAYLOAD]);
        let mut raw = Raw { socket, read: Vec::new(), publish };
        // User name and clean start; no keep-alive; no properties.
        let head = [&text("MQTT")[..], &[5, 0x82, 0, 0, 0]].concat();
        raw.write(&packet(0x10, &[&head, &text("raw"), &text("raw")]));
        raw.wait(CONNACK);
        raw.write(&packet(0x82, &[&[0, 1, 0], &text(TOPIC), &[1]]));
        raw.wait(SUBACK);
        raw
    }

    /// Nanoseconds from publish to deliver.
    pub(crate) fn round_trip(&mut self) -> f64 {
        let publish = std::mem::take(&mut self.publish);
        let start = now();
        self.write(&publish);
        let (id, acknowledged) = self.delivered();
        let end = now();
        self.publish = publish;
        self.write(&[0x40, 2, id[0], id[1]]);
        if !acknowledged {
            self.wait(PUBACK);
        }
        (end - start) as f64
    }

    fn write(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).expect("the broker reads, within the limit");
    }

    /// The packet id of the next message, and whether ours was acknowledged before it came.
    fn delivered(&mut self) -> ([u8; 2], bool) {
        let mut acknowledged = false;
        loop {
            let (kind, body) = self.next();
            match kind {
                PUBLISH => return ([body[2 + TOPIC.len()], body[3 + TOPIC.len()]], acknowledged),
                PUBACK => acknowledged = true,
                other => panic!("packet {other}"),
            }
        }
    }

    fn wait(&mut self, kind: u8) {
        let (seen, body) = self.next();
        assert_eq!(seen, kind, "{body:?}");
    }

    fn next(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some((length, head)) = self.length()
                && self.read.len() >= head + length
            {
                let kind = self.read[0] >> 4;
                let body = self.read[head..head + length].to_vec();
                self.read.drain(..head + length);
                return (kind, body);
            }
            let mut buffer = [0; 4096];
            let count = self.socket.read(&mut buffer).expect("the broker writes, within the limit");
            assert!(count > 0, "the broker ended the connection");
            self.read.extend(&buffer[..count]);
        }
    }

    /// Length of the next packet, and of its fixed header.
    fn length(&self) -> Option<(usize, usize)> {
        let low = usize::from(*self.read.get(1)?);
        if low < 0x80 {
            return Some((low, 2));
        }
        Some((low - 0x80 + 128 * usize::from(*self.read.get(2)?), 3))
    }
}
