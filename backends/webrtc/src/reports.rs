//! What is reported to the core about a peer: pure.

use nertc_callkit_media::{Media, MediaEvent};
use nertc_callkit_signaling::{Code, Outcome};

use crate::peer::{End, MediaState, Output};

/// Who has been reported, and with what.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    uid: Option<u64>,
    /// What the peer said first. Texts come from one device for the whole join, and the core would take
    /// nothing from another uid, not even that it is silent.
    bound: Option<u64>,
    is_reconnecting: bool,
    reported: MediaState,
}

impl Reports {
    /// The peer, from connected to gone.
    pub(crate) fn uid(&self) -> Option<u64> {
        self.uid
    }

    /// What follows from an output of the peer's connection.
    pub(crate) fn on_output(&mut self, output: &Output) -> Vec<MediaEvent> {
        match output {
            Output::Connected { uid, .. } => self.on_connected(*uid),
            Output::PeerMedia(state) => self.on_media(*state),
            Output::Silent => self.about(|uid| MediaEvent::PeerSilent { uid }),
            Output::Heard => self.about(|uid| MediaEvent::PeerActive { uid }),
            Output::Reconnecting => self.reconnect(true),
            Output::Reconnected => self.reconnect(false),
            Output::Secured { state, code, local_fingerprint, remote_fingerprint } => {
                vec![MediaEvent::Secured {
                    security: *state,
                    code: code.as_deref().unwrap_or_default().into(),
                    local_fingerprint: local_fingerprint.as_str().into(),
                    remote_fingerprint: remote_fingerprint.as_str().into(),
                }]
            }
            Output::Disconnected(end) => self.on_disconnected(*end),
            Output::Transmit { .. }
            | Output::Text(_)
            | Output::Audio(_)
            | Output::Stats(_)
            | Output::Sign { .. }
            | Output::Verify { .. }
            | Output::Finished
            | Output::Ignored(_) => Vec::new(),
        }
    }

    fn about(&self, event: impl Fn(u64) -> MediaEvent) -> Vec<MediaEvent> {
        self.uid.map(event).into_iter().collect()
    }

    /// Each restart tries again, but it is one interruption.
    fn reconnect(&mut self, on: bool) -> Vec<MediaEvent> {
        match (std::mem::replace(&mut self.is_reconnecting, on), on) {
            (false, true) => vec![MediaEvent::Reconnecting],
            (true, false) => vec![MediaEvent::Reconnected],
            (false, false) | (true, true) => Vec::new(),
        }
    }

    fn on_connected(&mut self, uid: u64) -> Vec<MediaEvent> {
        if self.uid.is_some() {
            // A peer that began anew: the connection before it will not come back.
            return self.reconnect(false);
        }
        let uid = *self.bound.get_or_insert(uid);
        self.uid = Some(uid);
        let mut events = self.reconnect(false);
        events.push(MediaEvent::PeerJoin { uid });
        events
    }

    fn leave(&mut self) -> Vec<MediaEvent> {
        self.reported = MediaState::default();
        let gone = self.uid.take();
        gone.map(|uid| MediaEvent::PeerLeave { uid, code: Code::OK }).into_iter().collect()
    }

    fn on_media(&mut self, state: MediaState) -> Vec<MediaEvent> {
        let Some(uid) = self.uid else { return Vec::new() };
        let before = std::mem::replace(&mut self.reported, state);
        let mut events = Vec::new();
        for media in [Media::AUDIO, Media::VIDEO] {
            let on = state.on.overlaps(media);
            if on != before.on.overlaps(media) {
                events.push(MediaEvent::PeerMedia { uid, media, on });
            }
            let muted = state.muted.overlaps(media);
            if muted != before.muted.overlaps(media) {
                events.push(MediaEvent::PeerMute { uid, media, muted });
            }
        }
        events
    }

    fn on_disconnected(&mut self, end: End) -> Vec<MediaEvent> {
        let gone = self.leave();
        let (code, why) = match end {
            End::PeerLeft => return gone,
            End::NotSecure => (Code::MEDIA_NOT_SECURE, "somebody on the way may listen, so the call ends"),
            End::Failed => (Code::BACKEND_FAILED, "the encrypted connection failed"),
        };
        vec![MediaEvent::Disconnected(Outcome::failed(code, why))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(on: Media, muted: Media) -> Output {
        Output::PeerMedia(MediaState { on, muted })
    }

    fn connected(uid: u64) -> Output {
        Output::Connected { uid, dtls: 13 }
    }

    #[test]
    fn a_peer_joins_once_and_leaves_once() {
        let mut reports = Reports::default();
        assert_eq!(reports.on_output(&Output::Disconnected(End::PeerLeft)), []);
        assert_eq!(reports.on_output(&Output::Silent), []);
        assert_eq!(reports.on_output(&connected(7)), [MediaEvent::PeerJoin { uid: 7 }]);
        assert_eq!(reports.on_output(&connected(7)), []);
        assert_eq!(reports.on_output(&Output::Silent), [MediaEvent::PeerSilent { uid: 7 }]);
        assert_eq!(reports.on_output(&Output::Heard), [MediaEvent::PeerActive { uid: 7 }]);
        let left = MediaEvent::PeerLeave { uid: 7, code: Code::OK };
        assert_eq!(reports.on_output(&Output::Disconnected(End::PeerLeft)), [left]);
        assert_eq!(reports.uid(), None);
    }

    #[test]
    fn a_peer_that_begins_anew_keeps_its_first_uid() {
        let mut reports = Reports::default();
        reports.on_output(&connected(7));
        assert_eq!(reports.on_output(&connected(8)), []);
        assert_eq!(reports.on_output(&Output::Silent), [MediaEvent::PeerSilent { uid: 7 }]);
        reports.on_output(&Output::Disconnected(End::PeerLeft));
        assert_eq!(reports.on_output(&connected(8)), [MediaEvent::PeerJoin { uid: 7 }]);
    }

    #[test]
    fn an_interruption_begins_once_and_ends_once() {
        let mut reports = Reports::default();
        reports.on_output(&connected(7));
        assert_eq!(reports.on_output(&Output::Reconnecting), [MediaEvent::Reconnecting]);
        assert_eq!(reports.on_output(&Output::Reconnecting), []);
        assert_eq!(reports.on_output(&Output::Reconnected), [MediaEvent::Reconnected]);
        assert_eq!(reports.on_output(&Output::Reconnected), []);
        // Or the peer begins anew, as a connection of its own, which knows nothing of it.
        for end in [None, Some(Output::Disconnected(End::PeerLeft))] {
            reports.on_output(&Output::Reconnecting);
            end.iter().for_each(|end| drop(reports.on_output(end)));
            assert_eq!(reports.on_output(&connected(7)).first(), Some(&MediaEvent::Reconnected));
        }
    }

    #[test]
    fn each_change_of_a_peers_media_is_reported() {
        let mut reports = Reports::default();
        let both = Media::AUDIO | Media::VIDEO;
        assert_eq!(reports.on_output(&state(both, Media::NONE)), []);
        reports.on_output(&connected(7));
        let on = |media, on| MediaEvent::PeerMedia { uid: 7, media, on };
        let muted = |media, muted| MediaEvent::PeerMute { uid: 7, media, muted };
        let first = reports.on_output(&state(both, Media::AUDIO));
        assert_eq!(first, [on(Media::AUDIO, true), muted(Media::AUDIO, true), on(Media::VIDEO, true)]);
        assert_eq!(reports.on_output(&state(both, Media::AUDIO)), []);
        let second = reports.on_output(&state(Media::AUDIO, Media::NONE));
        assert_eq!(second, [muted(Media::AUDIO, false), on(Media::VIDEO, false)]);
    }

    #[test]
    fn a_connection_that_ends_has_its_code() {
        for (end, code) in [(End::NotSecure, Code::MEDIA_NOT_SECURE), (End::Failed, Code::BACKEND_FAILED)] {
            let mut reports = Reports::default();
            reports.on_output(&connected(7));
            let events = reports.on_output(&Output::Disconnected(end));
            assert_eq!(reports.uid(), None);
            let [MediaEvent::Disconnected(outcome)] = &events[..] else { panic!("{events:?}") };
            assert_eq!(outcome.code, code);
        }
    }
}
