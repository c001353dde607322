//! The two implementations of Opus behind one interface: 48 kHz, mono, 16 bit. A packet of two channels
//! decodes to their mean.

#[cfg(feature = "opus-c")]
mod c;
#[cfg(all(feature = "opus-pure", any(test, not(feature = "opus-c"))))]
mod pure;

#[cfg(feature = "opus-c")]
pub(super) use c::{Decoder as RawDecoder, Encoder as RawEncoder};
#[cfg(all(feature = "opus-pure", not(feature = "opus-c")))]
pub(super) use pure::{Decoder as RawDecoder, Encoder as RawEncoder};

#[cfg(not(any(feature = "opus-c", feature = "opus-pure")))]
compile_error!("Opus is needed: feature opus-c or opus-pure");

/// More is spent on a frame than half a percent of a core for what a listener does not hear.
const COMPLEXITY: u8 = 5;
/// Samples of the longest packet: 120 ms.
pub(super) const LONGEST: usize = 5_760;

/// Opus could not be set up, or refused a frame or a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// Encodes frames of 20 ms.
pub(super) trait Encode: Sized {
    /// With complexity 5 and in-band FEC.
    fn new(bits_per_second: u32) -> Result<Self, Refused>;
    /// The part of packets that is expected to be lost: what FEC is worth.
    fn set_loss(&mut self, percent: u8);
    /// Sound whose loudness does not change is no speech: FEC is off, and losses are concealed as in music.
    fn set_steady(&mut self, on: bool);
    /// Whether frames without activity may become packets of at most 2 bytes, which need not be sent.
    fn set_dtx(&mut self, on: bool);
    /// Bytes of the packet.
    fn encode(&mut self, frame: &[i16], packet: &mut [u8]) -> Result<usize, Refused>;
}

/// Decodes packets.
pub(super) trait Decode: Sized {
    fn new() -> Result<Self, Refused>;
    /// Samples of the packet.
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, Refused>;
    /// Fills `out` with what preceded `next`, from the copy in it.
    fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, Refused>;
    /// Fills `out` with what could have been.
    fn conceal(&mut self, out: &mut [i16]) -> Result<usize, Refused>;
}

/// Samples of a packet at 48 kHz, from its first bytes (RFC 6716, 3.1); `None`: no Opus packet.
pub fn duration(packet: &[u8]) -> Option<u32> {
    let toc = *packet.first()?;
    let frame: u32 = match toc >> 3 {
        config @ 0..=11 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..=15 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frame * frames;
    (1..=LONGEST as u32).contains(&samples).then_some(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tone::{Tone, snr_db};
    use crate::audio::{FRAME, RATE};

    /// Encodes a tone, loses each `lose`-th packet, and returns what is heard after the first 200 ms.
    fn heard<E: Encode, D: Decode>(lose: usize, recovers: bool) -> Vec<i16> {
        let mut encoder = E::new(32_000).expect("an encoder");
        encoder.set_loss(20);
        let mut tone = Tone::new(440.0, 10_000.0, RATE);
        let packets: Vec<Vec<u8>> = (0..100)
            .map(|_| {
                let (mut frame, mut packet) = ([0; FRAME], [0; 1_500]);
                tone.fill(&mut frame);
                let bytes = encoder.encode(&frame, &mut packet).expect("a packet");
                assert_eq!(duration(&packet[..bytes]), Some(FRAME as u32));
                packet[..bytes].to_vec()
            })
            .collect();
        let (mut decoder, mut heard) = (D::new().expect("a decoder"), Vec::new());
        for (n, packet) in packets.iter().enumerate() {
            let mut out = [0; FRAME];
            let samples = match packets.get(n + 1) {
                Some(next) if n % lose == 0 && recovers => decoder.recover(next, &mut out),
                _ if n % lose == 0 => decoder.conceal(&mut out),
                _ => decoder.decode(packet, &mut out),
            };
            assert_eq!(samples, Ok(FRAME));
            heard.extend(out);
        }
        heard.split_off(10 * FRAME)
    }

    fn carries_a_tone<E: Encode, D: Decode>() {
        let snr = |lose, recovers| snr_db(&heard::<E, D>(lose, recovers), 440.0, RATE);
        assert!(snr(1_000, false) >= 20.0, "{}", snr(1_000, false));
        assert!(snr(20, false) >= 12.0, "{}", snr(20, false));
        assert!(snr(20, true) >= 12.0, "{}", snr(20, true));
    }

    fn survives_garbage<D: Decode>() {
        let mut decoder = D::new().expect("a decoder");
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..5_000 {
            let bytes: Vec<u8> = (0..random.usize(..200)).map(|_| random.u8(..)).collect();
            let mut out = [0; LONGEST];
            if let (Ok(samples), Some(expected)) = (decoder.decode(&bytes, &mut out), duration(&bytes)) {
                assert_eq!(samples, expected as usize, "{bytes:?}");
            }
            let _ = decoder.recover(&bytes, &mut out[..FRAME]);
        }
        assert_eq!(decoder.conceal(&mut [0; FRAME]), Ok(FRAME));
    }

    fn pauses_in_silence<E: Encode>() {
        let mut encoder = E::new(32_000).expect("an encoder");
        encoder.set_dtx(true);
        let sizes: Vec<usize> =
            (0..100).map(|_| encoder.encode(&[0; FRAME], &mut [0; 1_500]).expect("a packet")).collect();
        assert!(sizes.iter().filter(|bytes| **bytes <= 2).count() >= 70, "{sizes:?}");
    }

    #[cfg(feature = "opus-c")]
    #[test]
    fn the_c_library_carries_a_tone_and_survives_garbage() {
        carries_a_tone::<c::Encoder, c::Decoder>();
        survives_garbage::<c::Decoder>();
        pauses_in_silence::<c::Encoder>();
    }

    #[cfg(feature = "opus-pure")]
    #[test]
    fn opus_in_rust_carries_a_tone_and_survives_garbage() {
        carries_a_tone::<pure::Encoder, pure::Decoder>();
        survives_garbage::<pure::Decoder>();
        pauses_in_silence::<pure::Encoder>();
    }

    #[cfg(all(feature = "opus-c", feature = "opus-pure"))]
    #[test]
    fn the_two_understand_each_other() {
        carries_a_tone::<c::Encoder, pure::Decoder>();
        carries_a_tone::<pure::Encoder, c::Decoder>();
    }

    #[test]
    fn durations_follow_from_the_first_bytes() {
        for (packet, samples) in [
            (&[][..], None),
            (&[0b0000_0000][..], Some(480)),
            (&[0b0001_1000][..], Some(2_880)),
            (&[0b0110_1000][..], Some(960)),
            (&[0b1000_0000][..], Some(120)),
            (&[0b1111_1001][..], Some(1_920)),
            (&[0b1111_1011][..], None),
            (&[0b1111_1011, 0][..], None),
            (&[0b1111_1011, 6][..], Some(5_760)),
            (&[0b1111_1011, 7][..], None),
        ] {
            assert_eq!(duration(packet), samples, "{packet:?}");
        }
    }
}
