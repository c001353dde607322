//! A stand-in for the peer, which describes it to str0m.
//!
//! str0m takes descriptions from its reader of texts alone, which is 0.4 MB of code. What we have read of a
//! peer's text is therefore said by a connection of str0m's that is set up as the peer is: it writes a
//! description as a value, and has no use after that.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use str0m::RtcConfig;
use str0m::change::SdpOffer;
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::rtp::ExtensionMap;
use str0m::{IceCreds, Rtc};
use str0m_proto::crypto::dtls::{DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion};
use str0m_proto::crypto::{CryptoError, DtlsVersion};

use super::sdp::Remote;
use crate::crypto::provider;

/// Attributes that belong to the codec.
const OF_CODEC: [&str; 3] = ["a=rtpmap:", "a=rtcp-fb:", "a=fmtp:"];

/// What `remote` says, without certificate, SSRC and candidates. An answer has the same form.
///
/// A medium that is *declared* has the name that we want, but no codec, by which it counts as rejected; one
/// that is *added* has the codec, but a name that str0m draws. So the line is put together of both.
pub(super) fn describe(remote: &Remote, now: Instant) -> Option<<SdpOffer as Deref>::Target> {
    let mid = Mid::from(&*remote.audio.mid);
    let mut rtc = stand_in(remote, now);
    rtc.direct_api().declare_media(mid, MediaKind::Audio);
    // The group of this one has no name in it. str0m looks for wrong names, not for missing ones.
    let mut api = rtc.sdp_api();
    api.ice_restart(true);
    let session = api.apply()?.0.session.clone();

    let mut api = rtc.sdp_api();
    api.set_direction(mid, remote.audio.direction);
    api.add_media(MediaKind::Audio, Direction::Inactive, None, None, None);
    let mut description = (*api.apply()?.0).clone();
    description.session = session;
    let added = description.media_lines.pop()?;
    let audio = description.media_lines.last_mut()?;
    audio.disabled = false;
    audio.pts = added.pts;
    audio.attrs.extend(added.attrs.into_iter().filter(|it| {
        let text = it.to_string();
        OF_CODEC.iter().any(|name| text.starts_with(name))
    }));
    Some(description)
}

/// A connection with what the peer has.
fn stand_in(remote: &Remote, now: Instant) -> Rtc {
    let mut extensions = ExtensionMap::empty();
    for (id, extension) in &remote.audio.extensions {
        extensions.set(*id, extension.clone());
    }
    let mut config = RtcConfig::new()
        .set_crypto_provider(Arc::new(CryptoProvider { dtls_provider: &NoDtls, ..(*provider()).clone() }))
        .set_dtls_cert(DtlsCert { certificate: Vec::new(), private_key: Vec::new() })
        .set_local_ice_credentials(IceCreds { ufrag: remote.ufrag.clone(), pass: remote.password.clone() })
        .clear_codecs()
        .set_extension_map(extensions);
    let codecs = config.codec_config();
    let format = FormatParams { min_p_time: Some(10), use_inband_fec: Some(true), ..FormatParams::default() };
    let (payload_type, rate) = (remote.audio.payload_type.into(), Frequency::FORTY_EIGHT_KHZ);
    codecs.add_config(payload_type, None, Codec::Opus, rate, Some(2), format);
    codecs.iter_mut().for_each(|codec| codec.set_fb_transport_cc(remote.audio.reports_transport));
    config.build(now)
}

/// DTLS of a connection that never begins.
#[derive(Debug)]
struct NoDtls;

impl DtlsProvider for NoDtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        None
    }

    fn new_dtls(
        &self,
        _: &DtlsCert,
        now: Instant,
        _: DtlsVersion,
        _: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        Ok(Box::new(Silent(now)))
    }
}

/// Has nothing to say, and calls that nothing due.
#[derive(Debug)]
struct Silent(Instant);

impl DtlsInstance for Silent {
    fn set_active(&mut self, _: bool) {}

    fn handle_packet(&mut self, _: &[u8]) -> Result<(), DtlsImplError> {
        Ok(())
    }

    fn poll_output<'a>(&mut self, _: &'a mut [u8]) -> DtlsOutput<'a> {
        DtlsOutput::Timeout(self.0)
    }

    fn handle_timeout(&mut self, _: Instant) -> Result<(), DtlsImplError> {
        Ok(())
    }

    fn send_application_data(&mut self, _: &[u8]) -> Result<(), DtlsImplError> {
        Ok(())
    }

    fn is_active(&self) -> bool {
        false
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        None
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sdp;
    use super::*;

    const TEXT: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE sound\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:sound\r\na=sendonly\r\na=rtcp-mux\r\n\
        a=rtpmap:96 opus/48000/2\r\na=rtcp-fb:96 transport-cc\r\na=ssrc:77 cname:peer\r\n\
        a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=ice-ufrag:EEtu\r\n\
        a=ice-pwd:4d64pT3T1xfwbZvi9fQKjoPb\r\na=setup:active\r\na=fingerprint:sha-256 \
        45:AD:5C:82:F8:BE:B5:2A:D1:74:A6:16:D0:50:CD:86:9C:97:9D:BD:06:8C:C9:85:C9:CD:AB:2B:A8:56:03:CD\r\n";

    /// What the stand-in says of `text`.
    fn said(text: &str) -> String {
        let remote = sdp::read(text, false).expect("usable");
        SdpOffer::from(describe(&remote, Instant::now()).expect("a description")).to_sdp_string()
    }

    #[test]
    fn it_says_what_the_peer_said() {
        let said = said(TEXT);
        let known = |line: &str| {
            ["m=", "a=mid", "a=rtpmap", "a=rtcp-fb", "a=extmap:5", "a=ice"]
                .iter()
                .any(|it| line.starts_with(it))
        };
        for line in TEXT.lines().filter(|line| known(line)) {
            assert!(said.lines().any(|it| it.starts_with(line)), "{line} is not in\n{said}");
        }
        for line in ["a=sendonly", "a=rtcp-mux", "a=fmtp:96 minptime=10;useinbandfec=1"] {
            assert_eq!(said.lines().filter(|it| *it == line).count(), 1, "{line}: {said}");
        }
    }

    #[test]
    fn it_says_no_more() {
        let fewer = TEXT.replace("a=rtcp-fb:96 transport-cc\r\n", "").replace("a=extmap:5", "a=x");
        let said = said(&fewer.replace("sendonly", "inactive"));
        for word in ["a=ssrc", "transport-cc", "sendonly", "sendrecv", "extmap:"] {
            assert!(!said.contains(word), "{word}: {said}");
        }
        assert_eq!(said.matches("a=inactive").count(), 1, "{said}");
        assert_eq!(said.matches("m=").count(), 1, "{said}");
    }

    /// As str0m reads it from a text.
    #[test]
    fn it_is_what_str0m_would_read() {
        let remote = sdp::read(TEXT, false).expect("usable");
        let offer = SdpOffer::from(describe(&remote, Instant::now()).expect("a description"));
        let text = offer.to_sdp_string();
        assert_eq!(SdpOffer::from_sdp_string(&text).expect("SDP").to_sdp_string(), text);
    }
}
