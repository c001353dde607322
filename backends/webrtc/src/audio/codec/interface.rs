//! What the two implementations have in common.

/// More is spent on a frame than half a percent of a core for what a listener does not hear.
pub(super) const COMPLEXITY: u8 = 5;
/// Samples of the longest packet: 120 ms.
pub(crate) const LONGEST: usize = 5_760;

/// Opus could not be set up, or refused a frame or a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// Encodes frames of 20 ms.
pub(crate) trait Encode: Sized {
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
pub(crate) trait Decode: Sized {
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
