//! The jitter buffer and the receiver: packets of any number, time, content and arrival, taken in any pieces.

use std::sync::Arc;

use nertc_callkit_webrtc::audio::{JitterBuffer, Limits, Next, RATE, Receiver, duration};
use nertc_callkit_webrtc::peer::AudioPacket;

use super::super::bytes::Bytes;

const STEPS: usize = 400;
const MS: u64 = 1_000;
/// A millisecond too much is no harm, a second would be: what waits is limited.
const WAITING: usize = 128;
/// Frames of all modes and lengths, by their first byte.
const FRAMES: [&[u8]; 6] = [
    &[0x78, 1, 2, 3],
    &[0xf8, 0xff, 0xfe],
    &[0x00, 9, 9],
    &[0xf8, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0],
    &[0x79, 1, 2, 3, 4],
    &[0xe3, 0x82, 1, 2, 3, 4],
];

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let limits = Limits { min_ms: bytes.number() as u32, max_ms: bytes.number() as u32 };
    let mut buffer = JitterBuffer::new(limits);
    let mut receiver = Receiver::new(limits).expect("memory");
    let mut stream = Stream { now: 1_000_000, seq: bytes.number() >> 1, time: bytes.number() >> 1 };
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        match bytes.below(8) {
            0..=3 => {
                let packet = stream.packet(&mut bytes);
                buffer.insert(packet.clone());
                receiver.insert(packet);
            }
            4..=5 => {
                take(&mut buffer, stream.now);
                let mut out = vec![1; [1, 160, 441, 480, 960, 1_920][bytes.below(6)]];
                receiver.fill(stream.now, &mut out);
            }
            6 => stream.now += [MS, 10 * MS, 20 * MS, 200 * MS, 5_000 * MS, 100_000 * MS][bytes.below(6)],
            _ => match bytes.below(4) {
                0 => {
                    buffer.restart();
                    receiver.restart();
                }
                1 => receiver.set_rate([8_000, 44_100, 48_000, 192_000, 0, bytes.u32()][bytes.below(6)]),
                _ => {}
            },
        }
        check(&buffer, &receiver);
    }
}

struct Stream {
    now: u64,
    seq: u64,
    time: u64,
}

impl Stream {
    /// Mostly the next one.
    fn packet(&mut self, bytes: &mut Bytes<'_>) -> AudioPacket {
        let payload: Arc<[u8]> = match bytes.seldom(3) {
            0 => (*bytes.pick(&FRAMES)).into(),
            1 => bytes.take(80).into(),
            _ => vec![0x78; [0, 1, 1_275, 1_500, 9_000][bytes.below(5)]].into(),
        };
        let jumps = [1, 0, 2, 5, u64::MAX, 200, 40_000, bytes.number()];
        let jump = jumps[bytes.seldom(8)];
        self.seq = self.seq.wrapping_add(jump);
        let other = bytes.number();
        let times = [
            960 * jump.min(1_000),
            0,
            480,
            48_000,
            other,
            0_u64.wrapping_sub(960),
            0_u64.wrapping_sub(other),
            1 << 62,
        ];
        self.time = self.time.wrapping_add(times[bytes.seldom(8)]);
        let late = [0, 30 * MS, 500 * MS][bytes.seldom(3)];
        AudioPacket {
            seq: self.seq,
            time: self.time,
            received_us: self.now.saturating_sub(late),
            starts_talk: bytes.chance(16),
            payload,
        }
    }
}

fn take(buffer: &mut JitterBuffer, now: u64) {
    match buffer.next(now) {
        Next::Packet(packet) => assert!(duration(&packet).is_some(), "no Opus packet"),
        Next::Recover { samples, packet } => {
            assert!((1..=5_760).contains(&samples) && duration(&packet).is_some(), "{samples} samples");
        }
        Next::Conceal { samples } | Next::Comfort { samples } | Next::Silence { samples } => {
            assert!((1..=5_760).contains(&samples), "{samples} samples");
        }
    }
}

fn check(buffer: &JitterBuffer, receiver: &Receiver) {
    assert!((0.995..=1.005).contains(&buffer.speed()), "speed {}", buffer.speed());
    assert!((20 * MS..=200 * MS).contains(&buffer.target_us()), "target {}", buffer.target_us());
    assert!(buffer.waiting() <= WAITING, "{} packets wait", buffer.waiting());
    assert!(buffer.delay_us().is_none_or(f64::is_finite), "{:?}", buffer.delay_us());
    assert!(receiver.level() <= 32_768 && receiver.rate() >= 8_000 && receiver.rate() <= 192_000);
    assert!(receiver.delay_us().is_none_or(f64::is_finite), "{:?}", RATE);
}
