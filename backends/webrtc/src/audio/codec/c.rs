//! The C library, built from source and linked statically.

use opus::{Application, Bitrate, Channels, Signal};

use super::super::format::RATE;
use super::interface::{COMPLEXITY, Decode, Encode, Refused};

impl From<opus::Error> for Refused {
    fn from(_: opus::Error) -> Refused {
        Refused
    }
}

pub(crate) struct Encoder(opus::Encoder);

impl Encode for Encoder {
    fn new(bits_per_second: u32) -> Result<Encoder, Refused> {
        let mut encoder = opus::Encoder::new(RATE, Channels::Mono, Application::Voip)?;
        encoder.set_bitrate(Bitrate::Bits(i32::try_from(bits_per_second).map_err(|_| Refused)?))?;
        encoder.set_complexity(i32::from(COMPLEXITY))?;
        encoder.set_inband_fec(true)?;
        Ok(Encoder(encoder))
    }

    fn set_loss(&mut self, percent: u8) {
        // Any percentage up to 100 is taken.
        let _ = self.0.set_packet_loss_perc(i32::from(percent.min(100)));
    }

    fn set_steady(&mut self, on: bool) {
        // Never refused.
        let _ = self.0.set_signal(if on { Signal::Music } else { Signal::Auto });
        let _ = self.0.set_inband_fec(!on);
    }

    fn set_dtx(&mut self, on: bool) {
        // Never refused.
        let _ = self.0.set_dtx(on);
    }

    fn encode(&mut self, frame: &[i16], packet: &mut [u8]) -> Result<usize, Refused> {
        Ok(self.0.encode(frame, packet)?)
    }
}

pub(crate) struct Decoder(opus::Decoder);

impl Decode for Decoder {
    fn new() -> Result<Decoder, Refused> {
        Ok(Decoder(opus::Decoder::new(RATE, Channels::Mono)?))
    }

    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, Refused> {
        Ok(self.0.decode(packet, out, false)?)
    }

    fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, Refused> {
        Ok(self.0.decode(next, out, true)?)
    }

    fn conceal(&mut self, out: &mut [i16]) -> Result<usize, Refused> {
        Ok(self.0.decode(&[], out, false)?)
    }
}
