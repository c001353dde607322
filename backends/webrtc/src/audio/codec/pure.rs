//! Opus in Rust.

use opus_pure::{Application, OpusDecoder, OpusEncoder, Signal};

use super::super::format::RATE;
use super::interface::{COMPLEXITY, Decode, Encode, Refused};

impl From<opus_pure::Error> for Refused {
    fn from(_: opus_pure::Error) -> Refused {
        Refused
    }
}

pub(crate) struct Encoder(OpusEncoder);

impl Encode for Encoder {
    fn new(bits_per_second: u32) -> Result<Encoder, Refused> {
        let mut encoder = OpusEncoder::new(RATE as i32, 1, Application::Voip)?;
        encoder.bitrate_bps = i32::try_from(bits_per_second).map_err(|_| Refused)?;
        encoder.complexity = i32::from(COMPLEXITY);
        encoder.use_inband_fec = true;
        Ok(Encoder(encoder))
    }

    fn set_loss(&mut self, percent: u8) {
        self.0.packet_loss_perc = i32::from(percent.min(100));
    }

    fn set_steady(&mut self, on: bool) {
        self.0.signal_type = on.then_some(Signal::Music);
        self.0.use_inband_fec = !on;
    }

    fn set_dtx(&mut self, on: bool) {
        self.0.use_dtx = on;
    }

    fn encode(&mut self, frame: &[i16], packet: &mut [u8]) -> Result<usize, Refused> {
        Ok(self.0.encode_s16(frame, frame.len(), packet)?)
    }
}

pub(crate) struct Decoder(OpusDecoder);

impl Decode for Decoder {
    fn new() -> Result<Decoder, Refused> {
        Ok(Decoder(OpusDecoder::new(RATE as i32, 1)?))
    }

    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, Refused> {
        Ok(self.0.decode_s16(packet, out.len(), out)?)
    }

    fn recover(&mut self, next: &[u8], out: &mut [i16]) -> Result<usize, Refused> {
        Ok(self.0.decode_fec_s16(next, out.len(), out)?)
    }

    fn conceal(&mut self, out: &mut [i16]) -> Result<usize, Refused> {
        Ok(self.0.decode_s16(&[], out.len(), out)?)
    }
}
