//! One str0m connection: texts of SDP, datagrams and frames in, events out. Time is microseconds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::DtlsVersion;
use str0m::crypto::dtls::ProtocolVersion;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, ExtensionMap};
use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};
use str0m::{Candidate, Event, IceConnectionState, IceCreds, Input, Output, Rtc, RtcConfig, RtcError};

use super::candidates::{CandidateKind, LocalCandidate};
use super::counters::{Expected, Stats};
use super::datagram::{rtp_ssrc, without_open_alerts};
use super::sdp::{self, Remote};
use super::security_code::Fingerprint;
use super::stand_in;
use super::stun;
use crate::crypto::{Generator, generate_certificate, provider};

/// How often the state of the transport is looked at, and how often we report what arrives.
const REPORTS: Duration = Duration::from_secs(1);
/// Longest time between two Binding requests: a peer that says nothing else is heard this often.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Binding requests without an answer until a pair is given up: later than consent ends, so that a link that
/// comes back is found at once. Restarts come earlier.
const REQUESTS: usize = 40;
/// Outputs of str0m that are taken at once; what is more comes at the next call, which is due at once.
const OUTPUTS: usize = 1024;

/// While a way is looked for, a check goes out this often: RFC 8445 wants at least 5 ms. str0m itself takes
/// 50, which with two relays costs a tenth of a second before the right pair has its turn.
const PACE_US: u64 = 20_000;
/// How long a way is looked for at that pace.
const FAST_CHECKS_US: u64 = 5_000_000;

/// Addresses of the peer that are remembered as proven.
const PROVEN: usize = 8;
/// Candidates of the peer whose kind is remembered, and pairs whose mapped address is.
const KINDS: usize = 64;
/// Addresses that were never told us, from which checks are taken, for one description of the peer. A check
/// proves who made it, not where it comes from: whoever has seen one can send it again from anywhere, and
/// ICE remembers each such address and asks there again and again.
const STRANGERS: usize = 32;

/// Which versions of DTLS are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DtlsVersions {
    /// 1.3, and 1.2 with a peer that has no more.
    #[default]
    Both,
    /// 1.2.
    Only12,
    /// 1.3.
    Only13,
}

/// A packet of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioPacket {
    /// Number of the packet, which does not wrap around.
    pub seq: u64,
    /// Time of its first sample on the sender's clock, in samples of 48 kHz; does not wrap around.
    pub time: u64,
    /// When it arrived.
    pub received_us: u64,
    /// First packet after a pause.
    pub starts_talk: bool,
    /// An Opus frame.
    pub payload: Arc<[u8]>,
}

/// What a datagram was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// None of the peer's.
    Elsewhere,
    /// From its address, where anybody may have sent it from.
    Unproven,
    /// A check of the peer's: only the peer can make it, but others can send it again.
    Check,
    /// Sound, or an answer to a check of ours.
    Proven,
}

/// What has happened.
#[derive(Debug)]
pub(super) enum Happened {
    Transmit {
        local: SocketAddr,
        remote: SocketAddr,
        bytes: Vec<u8>,
    },
    Connected,
    Audio(AudioPacket),
    /// A Binding request was answered.
    Response,
    /// The peer reports more of our packets than before.
    Progress,
    IceLost,
    Stats(Stats),
    /// The peer has closed DTLS.
    Closed,
    /// The peer's certificate is not the described one.
    WrongCertificate,
    /// It cannot go on.
    Failed,
}

/// A connection to one peer under one certificate.
pub(super) struct Connection {
    rtc: Rtc,
    generator: Generator,
    /// str0m counts time from here.
    origin: (Instant, u64),
    fingerprint: Fingerprint,
    mid: Option<Mid>,
    pending: Option<SdpPendingOffer>,
    local: Vec<Candidate>,
    /// Kinds of the peer's candidates.
    remote: BTreeMap<SocketAddr, CandidateKind>,
    /// Under which address the peer sees our socket, by pair.
    mapped: BTreeMap<(SocketAddr, SocketAddr), SocketAddr>,
    /// Addresses that have sent checks with our password.
    proven: VecDeque<SocketAddr>,
    /// Those of them that are no candidates of the peer's.
    strangers: BTreeSet<SocketAddr>,
    /// SSRC of the peer's sound: as its description states it, else of the first packet that was authentic.
    /// str0m takes whatever SSRC it sees for a new one of the peer's before it checks the packet, so that
    /// one packet of anybody would silence the peer.
    peer_ssrc: Option<u32>,
    /// Packets of sound that were authentic.
    audio_packets: u64,
    next: u64,
    /// Until when checks go out at our own pace.
    fast_checks_until: u64,
    events: VecDeque<Happened>,
    stats: Stats,
    expected: Expected,
    responses: u64,
    reported: u64,
    /// The peer has described itself.
    is_described: bool,
    has_connected: bool,
    has_stats: bool,
    has_failed: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

/// Only what both sides use: each line more is a line that a peer could use against us.
fn config(generator: &mut Generator, versions: DtlsVersions) -> (RtcConfig, Fingerprint) {
    let certificate = generate_certificate(generator);
    let crypto = provider();
    let fingerprint = crypto.sha256_provider.sha256(&certificate.certificate);
    let mut extensions = ExtensionMap::empty();
    extensions.set(3, Extension::TransportSequenceNumber);
    extensions.set(4, Extension::RtpMid);
    let mut config = RtcConfig::new()
        .set_crypto_provider(crypto)
        .set_dtls_cert(certificate)
        .set_dtls_version(match versions {
            DtlsVersions::Both => DtlsVersion::Auto,
            DtlsVersions::Only12 => DtlsVersion::Dtls12,
            DtlsVersions::Only13 => DtlsVersion::Dtls13,
        })
        .set_local_ice_credentials(IceCreds { ufrag: generator.letters(8), pass: generator.letters(24) })
        .clear_codecs()
        .enable_opus(true, false)
        .set_extension_map(extensions)
        // The jitter buffer decides what is late; str0m would hold packets behind every loss.
        .set_reordering_size_audio(0)
        .set_reordering_timeout_audio(None)
        .set_rtcp_report_interval_audio(REPORTS)
        .set_stats_interval(Some(REPORTS));
    config.set_max_stun_rto(KEEP_ALIVE);
    config.set_max_stun_retransmits(REQUESTS);
    (config, fingerprint)
}

impl Connection {
    /// A connection that has said nothing yet.
    pub(super) fn new(now: u64, mut generator: Generator, versions: DtlsVersions) -> Connection {
        let origin = (Instant::now(), now);
        let (config, fingerprint) = config(&mut generator, versions);
        let rtc = generator.lend(|| config.build(origin.0));
        Connection {
            rtc,
            generator,
            origin,
            fingerprint,
            mid: None,
            pending: None,
            local: Vec::new(),
            remote: BTreeMap::new(),
            mapped: BTreeMap::new(),
            proven: VecDeque::new(),
            strangers: BTreeSet::new(),
            peer_ssrc: None,
            audio_packets: 0,
            next: now,
            fast_checks_until: 0,
            events: VecDeque::new(),
            stats: Stats::default(),
            expected: Expected::default(),
            responses: 0,
            reported: 0,
            is_described: false,
            has_connected: false,
            has_stats: false,
            has_failed: false,
        }
    }

    /// SHA-256 of its certificate.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn instant(&self, now: u64) -> Instant {
        self.origin.0 + Duration::from_micros(now.saturating_sub(self.origin.1))
    }

    /// Rounded up: at a microsecond before its time, str0m would do nothing.
    fn micros(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.origin.0).as_nanos().div_ceil(1000);
        self.origin.1.saturating_add(u64::try_from(since).unwrap_or(u64::MAX))
    }

    /// The next event; all are to be taken after each call.
    pub(super) fn poll(&mut self) -> Option<Happened> {
        self.events.pop_front()
    }

    /// When [`Connection::handle_timeout`] has something to do.
    pub(super) fn poll_timeout(&self) -> u64 {
        self.next
    }

    /// Version of DTLS that was agreed on.
    pub(super) fn dtls_version(&mut self) -> u32 {
        match self.rtc.direct_api().dtls_protocol_version() {
            Some(ProtocolVersion::DTLS1_3) => 13,
            _ => 12,
        }
    }

    /// Fingerprint of the certificate that the peer has shown.
    pub(super) fn shown_fingerprint(&mut self) -> Option<Fingerprint> {
        let api = self.rtc.direct_api();
        api.remote_dtls_fingerprint().and_then(|it| it.bytes.clone().try_into().ok())
    }

    /// Adds an address of ours, and returns the candidate for the peer; `None` = known, or not usable.
    pub(super) fn add_local(&mut self, now: u64, candidate: LocalCandidate) -> Option<String> {
        let candidate = candidate.to_str0m()?;
        let text = self.rtc.add_local_candidate(candidate.clone())?.to_sdp_string();
        self.local.push(candidate);
        self.drain(now);
        Some(without_ufrag(&text).to_owned())
    }

    /// An address of ours that is gone.
    pub(super) fn remove_local(&mut self, now: u64, address: SocketAddr) {
        let (gone, kept) = self.local.drain(..).partition(|it| it.addr() == address || it.local() == address);
        self.local = kept;
        let gone: Vec<Candidate> = gone;
        for candidate in gone {
            self.mapped.retain(|(local, _), _| *local != candidate.addr());
            self.rtc.direct_api().invalidate_candidate(&candidate);
        }
        self.drain(now);
    }

    /// An address of the peer's.
    pub(super) fn add_remote(&mut self, now: u64, candidate: Candidate) {
        if self.remote.len() < KINDS {
            self.remote.insert(candidate.addr(), CandidateKind::of(candidate.kind()));
        }
        self.rtc.add_remote_candidate(candidate);
        self.drain(now);
    }

    /// Our offer. The first one describes the audio, later ones restart ICE.
    pub(super) fn offer(&mut self, now: u64) -> Option<String> {
        let (rtc, has_media) = (&mut self.rtc, self.mid.is_some());
        let (mid, made) = self.generator.lend(|| {
            let mut api = rtc.sdp_api();
            let mut mid = None;
            if has_media {
                // Candidates stay: what is gone was taken out before.
                api.ice_restart(true);
            } else {
                let (stream, track) = (Some("call".to_owned()), Some("audio".to_owned()));
                mid = Some(api.add_media(MediaKind::Audio, Direction::SendRecv, stream, track, None));
            }
            (mid, api.apply())
        });
        self.mid = self.mid.or(mid);
        let (offer, pending) = made?;
        self.pending = Some(pending);
        self.drain(now);
        Some(own_text(&offer.to_sdp_string()))
    }

    /// The answer to our offer. `false` = it does not fit.
    pub(super) fn accept_answer(&mut self, now: u64, remote: &Remote) -> bool {
        let Some(pending) = self.pending.take() else { return false };
        let has_begun = self.begin(remote);
        let accepted = self.generator.lend(|| {
            let answer = SdpAnswer::from(stand_in::describe(remote, self.origin.0)?);
            self.rtc.sdp_api().accept_answer(pending, answer).ok()
        });
        self.on_described(now, remote);
        has_begun && accepted.is_some()
    }

    /// The peer's offer, with our answer; `None` = it does not fit.
    pub(super) fn accept_offer(&mut self, now: u64, remote: &Remote) -> Option<String> {
        if !self.is_described {
            self.rtc.direct_api().set_ice_controlling(false);
        }
        let has_begun = self.begin(remote);
        let answer = self.generator.lend(|| {
            let offer = SdpOffer::from(stand_in::describe(remote, self.origin.0)?);
            self.rtc.sdp_api().accept_offer(offer).ok()
        });
        self.on_described(now, remote);
        let answer = answer.filter(|_| has_begun)?;
        Some(sdp::complete_answer(&own_text(&answer.to_sdp_string()), remote))
    }

    /// Takes from the peer's first description what no later one can change: its certificate, and who begins.
    fn begin(&mut self, remote: &Remote) -> bool {
        if !self.is_described {
            let mut api = self.rtc.direct_api();
            api.set_remote_fingerprint(str0m::config::Fingerprint {
                hash_func: "sha-256".to_owned(),
                bytes: remote.fingerprint.to_vec(),
            });
            self.is_described = self.generator.lend(|| api.start_dtls(remote.is_dtls_server)).is_ok();
        }
        self.is_described
    }

    /// Which SSRC the peer's sound has.
    fn expect(&mut self, remote: &Remote) {
        self.peer_ssrc = remote.ssrc;
        let mid = Mid::from(&*remote.audio.mid);
        let is_known = self.rtc.media(mid).is_some() && remote.audio.direction.is_sending();
        if let Some(ssrc) = remote.ssrc.filter(|_| is_known) {
            let mut api = self.rtc.direct_api();
            // Without a second SSRC for repetitions, asking for them is in vain.
            api.expect_stream_rx(ssrc.into(), None, mid, None).suppress_nack(true);
        }
    }

    /// The peer has described itself anew: its candidates follow.
    fn on_described(&mut self, now: u64, remote: &Remote) {
        self.expect(remote);
        self.fast_checks_until = now + FAST_CHECKS_US;
        self.remote.clear();
        self.strangers.clear();
        self.drain(now);
    }

    /// Whether checks from there are taken.
    fn may_check(&mut self, remote: SocketAddr) -> bool {
        if self.remote.contains_key(&remote) {
            return true;
        }
        let has_room = self.strangers.len() < STRANGERS;
        self.strangers.contains(&remote) || (has_room && self.strangers.insert(remote))
    }

    /// A datagram.
    pub(super) fn receive(
        &mut self,
        now: u64,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: &[u8],
    ) -> Arrived {
        let at = self.instant(now);
        let bytes = &*without_open_alerts(bytes);
        let Ok(packet) = Receive::new(Protocol::Udp, remote, local, bytes) else { return Arrived::Elsewhere };
        let input = Input::Receive(at, packet);
        // str0m itself takes DTLS from anywhere, so that anybody could begin our handshake. The peer's may
        // come before our own check has succeeded: then a check of the peer's has proven its address.
        let is_stun = stun::is_stun(bytes);
        if !self.rtc.accepts(&input) && (is_stun || !self.proven.contains(&remote)) {
            return Arrived::Elsewhere;
        }
        if stun::is_request(bytes) && !self.may_check(remote) {
            return Arrived::Elsewhere;
        }
        if is_stun && !self.proven.contains(&remote) {
            self.proven.truncate(PROVEN - 1);
            self.proven.push_front(remote);
        }
        if let Some(mapped) = stun::mapped_address(bytes)
            && (self.mapped.len() < KINDS || self.mapped.contains_key(&(local, remote)))
        {
            self.mapped.insert((local, remote), mapped);
        }
        let ssrc = rtp_ssrc(bytes);
        if ssrc.is_some() && self.peer_ssrc.is_some() && ssrc != self.peer_ssrc {
            return Arrived::Elsewhere;
        }
        let audio = self.audio_packets;
        // What is no DTLS record or RTP packet is an error there, and no reason to end a call.
        let _ = self.generator.lend(|| self.rtc.handle_input(input));
        self.drain(now);
        let is_sound = self.audio_packets != audio;
        if is_sound {
            self.peer_ssrc = ssrc.or(self.peer_ssrc);
        }
        if stun::is_request(bytes) {
            Arrived::Check
        } else if is_stun || is_sound {
            Arrived::Proven
        } else {
            Arrived::Unproven
        }
    }

    /// Does what is due.
    pub(super) fn handle_timeout(&mut self, now: u64) {
        let at = self.instant(now);
        let handled = self.generator.lend(|| self.rtc.handle_input(Input::Timeout(at)));
        self.has_failed |= handled.is_err();
        self.drain(now);
    }

    /// Sends an Opus frame. `false` = there is no connection, or sound is not wanted.
    pub(super) fn send_audio(&mut self, now: u64, time: u64, starts_talk: bool, frame: &[u8]) -> bool {
        // While ICE restarts, the pair before it is used on.
        if !self.has_connected {
            return false;
        }
        let at = self.instant(now);
        let Some(writer) = self.mid.and_then(|mid| self.rtc.writer(mid)) else { return false };
        let opus = writer.payload_params().find(|it| it.spec().codec == Codec::Opus).map(|it| it.pt());
        let Some(pt) = opus else { return false };
        let time = MediaTime::new(time, Frequency::FORTY_EIGHT_KHZ);
        let written = writer.start_of_talkspurt(starts_talk).write(pt, at, time, frame).is_ok();
        // Frames are packed when time passes.
        self.handle_timeout(now);
        written
    }

    /// Says good-bye in RTCP and DTLS.
    pub(super) fn close(&mut self, now: u64) {
        let _ = self.generator.lend(|| self.rtc.close());
        self.drain(now);
        // RTCP is packed when time passes.
        self.handle_timeout(now);
    }

    /// Takes everything that str0m has to say, as it must be after each change.
    fn drain(&mut self, now: u64) {
        let rtc = &mut self.rtc;
        let mut outputs = Vec::new();
        let end = self.generator.lend(|| {
            while outputs.len() < OUTPUTS {
                match rtc.poll_output() {
                    Ok(Output::Timeout(at)) => return Ok(Some(at)),
                    Ok(output) => outputs.push(output),
                    Err(error) => return Err(error),
                }
            }
            Ok(None)
        });
        for output in outputs {
            match output {
                Output::Transmit(packet) => self.events.push_back(Happened::Transmit {
                    local: packet.source,
                    remote: packet.destination,
                    bytes: packet.contents.into(),
                }),
                Output::Event(event) => self.on_event(event),
                Output::Timeout(_) => {}
            }
        }
        match end {
            Ok(at) => {
                let check_at = if now < self.fast_checks_until { now + PACE_US } else { u64::MAX };
                self.next = at.map_or(now, |at| self.micros(at).max(now)).min(check_at);
            }
            // Of what it polls, this is all that str0m finds wrong with a description.
            Err(RtcError::RemoteSdp(_)) => self.events.push_back(Happened::WrongCertificate),
            Err(_) => self.has_failed = true,
        }
        if std::mem::take(&mut self.has_stats) {
            self.events.push_back(Happened::Stats(self.stats));
        }
        if std::mem::take(&mut self.has_failed) {
            self.rtc.disconnect();
            self.events.push_back(Happened::Failed);
        }
        if !self.rtc.is_alive() {
            self.next = u64::MAX;
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Connected => {
                (self.has_connected, self.fast_checks_until) = (true, 0);
                self.events.push_back(Happened::Connected);
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                self.events.push_back(Happened::IceLost);
            }
            Event::MediaAdded(added) => self.mid = self.mid.or(Some(added.mid)),
            Event::MediaData(data) => self.on_audio(&data),
            Event::PeerStats(stats) => self.on_peer_stats(&stats),
            Event::MediaIngressStats(stats) => self.on_ingress(&stats),
            Event::MediaEgressStats(stats) => self.on_egress(&stats),
            Event::Closed => self.events.push_back(Happened::Closed),
            // Data channels, pictures and simulcast are refused in SDP; the rest says nothing new.
            Event::IceConnectionStateChange(_)
            | Event::MediaChanged(_)
            | Event::ChannelOpen(..)
            | Event::ChannelData(_)
            | Event::ChannelClose(_)
            | Event::ChannelBufferedAmountLow(_)
            | Event::EgressBitrateEstimate(_)
            | Event::KeyframeRequest(_)
            | Event::StreamPaused(_)
            | Event::SenderFeedback(_)
            | Event::RtpPacket(_)
            | Event::AppSpecificFeedback(_)
            | Event::RawPacket(_) => {}
            _ => {}
        }
    }

    fn on_audio(&mut self, data: &MediaData) {
        if Some(data.mid) != self.mid || data.params.spec().codec != Codec::Opus {
            return;
        }
        self.expected.on_packet(**data.seq_range.start());
        self.audio_packets += 1;
        self.events.push_back(Happened::Audio(AudioPacket {
            seq: **data.seq_range.start(),
            time: data.time.rebase(Frequency::FORTY_EIGHT_KHZ).numer(),
            received_us: self.micros(data.network_time),
            starts_talk: data.audio_start_of_talk_spurt,
            payload: data.data.clone(),
        }));
    }

    fn on_peer_stats(&mut self, peer: &PeerStats) {
        // Feedback of the transport about the last second comes often; a receiver report may be lost.
        if peer.egress_loss_fraction.is_some_and(|lost| lost < 1.0) {
            self.events.push_back(Happened::Progress);
        }
        if let Some(pair) = &peer.selected_candidate_pair {
            let (local, remote) = (pair.local.addr, pair.remote.addr);
            self.stats.pair = Some((local, remote));
            self.stats.kinds = (self.local_kind(local, remote), self.remote_kind(remote));
            let rtt = pair.current_round_trip_time;
            self.stats.rtt_us = rtt.map(|rtt| u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX));
            if pair.responses_received != self.responses {
                self.responses = pair.responses_received;
                self.events.push_back(Happened::Response);
            }
        }
        self.has_stats = true;
    }

    /// Kind of our candidate in a pair: what stands between us and the peer shows in how the peer sees us.
    fn local_kind(&self, local: SocketAddr, remote: SocketAddr) -> CandidateKind {
        let known = |address: SocketAddr| self.local.iter().find(|it| it.addr() == address);
        match known(local).map(|own| CandidateKind::of(own.kind())) {
            None => CandidateKind::Unknown,
            Some(kind) if kind != CandidateKind::Host => kind,
            Some(_) => match self.mapped.get(&(local, remote)).filter(|mapped| **mapped != local) {
                None => CandidateKind::Host,
                Some(mapped) if known(*mapped).is_some() => CandidateKind::ServerReflexive,
                Some(_) => CandidateKind::PeerReflexive,
            },
        }
    }

    fn remote_kind(&self, remote: SocketAddr) -> CandidateKind {
        self.remote.get(&remote).copied().unwrap_or(CandidateKind::PeerReflexive)
    }

    fn on_ingress(&mut self, audio: &MediaIngressStats) {
        self.stats.audio_packets_received = audio.packets;
        self.stats.audio_lost = self.expected.lost();
        self.stats.audio_loss = audio.loss.unwrap_or_default();
        self.stats.audio_jitter_us = samples_to_us(audio.jitter);
    }

    fn on_egress(&mut self, audio: &MediaEgressStats) {
        self.stats.audio_packets_sent = audio.packets;
        let Some(remote) = &audio.remote else { return };
        self.stats.audio_lost_remote = remote.packets_lost;
        self.stats.audio_jitter_remote_us = samples_to_us(remote.jitter);
        if *remote.maximum_sequence_number > self.reported {
            self.reported = *remote.maximum_sequence_number;
            self.events.push_back(Happened::Progress);
        }
    }
}

/// RTP counts in samples of 48 kHz.
fn samples_to_us(samples: u32) -> u64 {
    u64::from(samples) * 1000 / 48
}

/// str0m writes the name fragment behind each candidate, in an offer with a restart the old one.
fn without_ufrag(candidate: &str) -> &str {
    candidate.split(" ufrag ").next().unwrap_or_default()
}

fn own_text(sdp: &str) -> String {
    let line = |line: &str| match line.starts_with("a=candidate:") {
        true => without_ufrag(line.trim_end()).to_owned() + "\r\n",
        false => line.to_owned(),
    };
    sdp.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests;
