//! Connections without a network: bytes there, bytes back.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nertc_callkit_mqtt::connection::{Port, Settings, Socket, Tls};

/// Packets of a device.
pub(super) enum Packet {
    Connect,
    /// Packet id and how many filters.
    Subscribe(u16, usize),
    Unsubscribe(u16),
    Publish {
        id: u16,
        topic: String,
        payload: Vec<u8>,
    },
    Ping,
    Other,
}

/// The newest connection is the one that the broker sees.
#[derive(Default)]
pub(super) struct Net(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    pipe: Option<Arc<Mutex<Pipe>>>,
    refuses: bool,
    blocks: bool,
}

/// One connection.
#[derive(Default)]
struct Pipe {
    to_device: VecDeque<u8>,
    to_broker: Vec<u8>,
    is_over: bool,
    blocks: bool,
    five: bool,
    began: bool,
}

struct End(Arc<Mutex<Pipe>>);

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Socket for End {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = lock(&self.0);
        match pipe.to_device.read(buffer)? {
            0 if !pipe.is_over => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut pipe = lock(&self.0);
        if pipe.is_over {
            return Err(ErrorKind::BrokenPipe.into());
        }
        if pipe.blocks {
            return Err(ErrorKind::WouldBlock.into());
        }
        pipe.to_broker.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn is_connected(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn shut(&self) -> io::Result<()> {
        lock(&self.0).is_over = true;
        Ok(())
    }
}

impl Port for Net {
    fn connect(&self, _: SocketAddr) -> io::Result<Arc<dyn Socket>> {
        let mut inner = lock(&self.0);
        if inner.refuses {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        let pipe = Arc::new(Mutex::new(Pipe { blocks: inner.blocks, ..Pipe::default() }));
        inner.pipe = Some(pipe.clone());
        Ok(Arc::new(End(pipe)))
    }

    fn resolve(&self, _: u64, _: &str, _: u16) {}

    fn tls(&self, _: &Settings) -> Result<Tls, String> {
        Err("there is none".into())
    }
}

impl Net {
    fn with<R>(&self, body: impl FnOnce(&mut Pipe) -> R) -> Option<R> {
        let inner = lock(&self.0);
        inner.pipe.as_ref().map(|pipe| body(&mut lock(pipe)))
    }

    /// The broker sends this.
    pub(super) fn send(&self, bytes: &[u8]) {
        self.with(|pipe| pipe.to_device.extend(bytes));
    }

    /// The broker ends the connection.
    pub(super) fn end(&self) {
        self.with(|pipe| pipe.is_over = true);
    }

    /// New connections are refused, or no longer.
    pub(super) fn refuses(&self, refuses: bool) {
        lock(&self.0).refuses = refuses;
    }

    /// The broker takes nothing in, or does again.
    pub(super) fn blocks(&self, blocks: bool) {
        lock(&self.0).blocks = blocks;
        self.with(|pipe| pipe.blocks = blocks);
    }

    /// The device's packets since. They must be MQTT, whatever it received.
    pub(super) fn take_packets(&self) -> Vec<Packet> {
        let take = |pipe: &mut Pipe| {
            let mut packets = Vec::new();
            let bytes = std::mem::take(&mut pipe.to_broker);
            let mut rest = &bytes[..];
            while let Some((first, body, after)) = split(rest) {
                assert_eq!(first >> 4 == 1, !pipe.began, "CONNECT comes first, and once");
                if !pipe.began {
                    (pipe.began, pipe.five) = (true, body[6] == 5);
                }
                packets.push(read(first, body, pipe.five));
                rest = after;
            }
            pipe.to_broker = rest.to_vec();
            packets
        };
        self.with(take).unwrap_or_default()
    }
}

/// A packet and what follows.
fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (mut length, mut size) = (0, 1);
    loop {
        let byte = *bytes.get(size)?;
        length |= usize::from(byte & 0x7F) << (7 * (size - 1));
        size += 1;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let body = bytes.get(size..size + length)?;
    Some((bytes[0], body, &bytes[size + length..]))
}

fn u16_at(body: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([body[at], body[at + 1]])
}

fn read(first: u8, body: &[u8], five: bool) -> Packet {
    let skip = |at: usize| if five { at + 1 + usize::from(body[at]) } else { at };
    match first >> 4 {
        1 => Packet::Connect,
        3 => {
            let length = usize::from(u16_at(body, 0));
            let topic = std::str::from_utf8(&body[2..2 + length]).expect("a topic").to_owned();
            let id = u16_at(body, 2 + length);
            assert!(id > 0 && first & 6 == 2, "QoS 1");
            Packet::Publish { id, topic, payload: body[skip(4 + length)..].to_vec() }
        }
        8 => {
            let (mut at, mut count) = (skip(2), 0);
            while at < body.len() {
                at += 2 + usize::from(u16_at(body, at)) + 1;
                count += 1;
            }
            Packet::Subscribe(u16_at(body, 0), count)
        }
        10 => Packet::Unsubscribe(u16_at(body, 0)),
        12 => Packet::Ping,
        4..=7 | 14 => Packet::Other,
        other => panic!("packet type {other}"),
    }
}

/// A packet.
pub(super) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let more = if length > 0x7F { 0x80 } else { 0 };
        packet.push((length & 0x7F) as u8 | more);
        length >>= 7;
        if more == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}
