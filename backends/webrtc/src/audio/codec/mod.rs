//! The two implementations of Opus behind one interface: 48 kHz, mono, 16 bit. A packet of two channels
//! decodes to their mean.

#[cfg(feature = "opus-c")]
mod c;
mod interface;
#[cfg(all(feature = "opus-pure", any(test, not(feature = "opus-c"))))]
mod pure;

pub use interface::duration;
pub(super) use interface::{Decode, Encode, LONGEST, Refused};

#[cfg(feature = "opus-c")]
pub(super) use c::{Decoder as RawDecoder, Encoder as RawEncoder};
#[cfg(all(feature = "opus-pure", not(feature = "opus-c")))]
pub(super) use pure::{Decoder as RawDecoder, Encoder as RawEncoder};

#[cfg(not(any(feature = "opus-c", feature = "opus-pure")))]
compile_error!("Opus is needed: feature opus-c or opus-pure");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::format::{FRAME, RATE};
    use crate::audio::tone::{Tone, snr_db};

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

    /// Two seconds of what sounds like vowels: pulses at a pitch that moves, louder and softer.
    fn speech() -> Vec<[i16; FRAME]> {
        let (mut random, mut phase, mut filter) = (fastrand::Rng::with_seed(4), 0.0, [0.0; 2]);
        let mut sample = |n: f64| {
            phase += (130.0 + 30.0 * (n / 9_000.0).sin()) / f64::from(RATE);
            let pulse = if phase >= 1.0 { 4_000.0 } else { random.f64() * 60.0 - 30.0 };
            phase = f64::fract(phase);
            // A formant at 600 Hz.
            let next = pulse + 1.9 * filter[0] - 0.909 * filter[1];
            filter = [next, filter[0]];
            (next * (0.6 + 0.4 * (n / 4_000.0).sin())) as i16
        };
        (0..100).map(|frame| std::array::from_fn(|n| sample((frame * FRAME + n) as f64))).collect()
    }

    /// Energy of the difference that a lost frame makes, where it was.
    fn damage<E: Encode, D: Decode>(recovers: bool) -> f64 {
        let mut encoder = E::new(32_000).expect("an encoder");
        encoder.set_loss(10);
        let packets: Vec<Vec<u8>> = speech()
            .iter()
            .map(|frame| {
                let mut packet = [0; 1_500];
                let bytes = encoder.encode(frame, &mut packet).expect("a packet");
                packet[..bytes].to_vec()
            })
            .collect();
        let (mut whole, mut damaged) = (D::new().expect("a decoder"), D::new().expect("a decoder"));
        let mut energy = 0.0;
        for (n, pair) in packets.windows(2).enumerate() {
            let (mut expected, mut out) = ([0; FRAME], [0; FRAME]);
            whole.decode(&pair[0], &mut expected).expect("a frame");
            let is_lost = n % 10 == 9;
            let made = match (is_lost, recovers) {
                (true, true) => damaged.recover(&pair[1], &mut out),
                (true, false) => damaged.conceal(&mut out),
                (false, _) => damaged.decode(&pair[0], &mut out),
            };
            assert_eq!(made, Ok(FRAME));
            if is_lost {
                energy += expected
                    .iter()
                    .zip(out)
                    .map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2))
                    .sum::<f64>();
            }
        }
        energy
    }

    fn recovers_speech<E: Encode, D: Decode>() {
        let (recovered, concealed) = (damage::<E, D>(true), damage::<E, D>(false));
        assert!(recovered < concealed / 2.0, "{recovered} {concealed}");
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
    fn the_c_library_does_what_is_needed() {
        carries_a_tone::<c::Encoder, c::Decoder>();
        survives_garbage::<c::Decoder>();
        pauses_in_silence::<c::Encoder>();
        recovers_speech::<c::Encoder, c::Decoder>();
    }

    #[cfg(feature = "opus-pure")]
    #[test]
    fn opus_in_rust_does_what_is_needed() {
        carries_a_tone::<pure::Encoder, pure::Decoder>();
        survives_garbage::<pure::Decoder>();
        pauses_in_silence::<pure::Encoder>();
        recovers_speech::<pure::Encoder, pure::Decoder>();
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
