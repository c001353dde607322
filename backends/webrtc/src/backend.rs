//! The media backend of one client.

use std::sync::{Arc, Weak};

use nertc_callkit_backend::adapter::MediaVtable;
use nertc_callkit_backend::{Frame, MediaBackend, MediaMessage, MediaSink, PushError, random_bytes};
use nertc_callkit_media::{Join, Media, MediaOperation, Preparation};
use nertc_callkit_signaling::{Code, Outcome, Req, Text};
use parking_lot::{Mutex, RwLock};

use crate::audio::{CaptureError, PullError};
use crate::audio_port::{DeviceKind, DeviceWish, Encoded, MakeAudio};
use crate::command::{CallState, Command, Joining, Preparing};
use crate::driver::{Call, Joined, unjoined};
use crate::ice_server::{self, IceServer, ServerKind};
use crate::interfaces::Wanted;
use crate::network::{Settings, Trust};
use crate::options::{
    APP_AUDIO, ChosenDevices, LOOPBACK, MANUAL_AUDIO, NO_IPV6, Options, RELAY_ONLY, REQUIRE_CODE,
};
use crate::peer::{Config, Context, DtlsVersions, Party, Role};
use crate::stats::{CallStats, StreamStats};

/// Its vtable.
pub static VTABLE: MediaVtable = MediaVtable::new(c"webrtc", 0).with_protocol(c"webrtc/1").with_preparation();

/// The media backend of one client. Outside of a call it has no thread, socket or timer.
pub struct WebRtcMedia {
    sink: Arc<MediaSink>,
    options: Arc<Options>,
    make_audio: MakeAudio,
    /// Written at the beginning and end of a call alone: what the app reads meanwhile, on other threads,
    /// must not silence its playout, which waits for nobody.
    current: RwLock<Current>,
    /// Made for the first server over TLS, which takes time.
    trust: Mutex<Option<Trust>>,
}

#[derive(Default)]
struct Current {
    call: Option<Arc<Call>>,
    /// A call that may be joined: its number, and what is ready for it.
    prepared: Option<(u64, Arc<Call>)>,
    /// Calls that say good-bye.
    leaving: Vec<Weak<Call>>,
    /// In place of the options'.
    servers: Option<Vec<IceServer>>,
    devices: ChosenDevices,
    /// Devices may be open.
    is_audio_active: bool,
}

impl Current {
    /// A call that is prepared was told the wishes before this one when it was made.
    fn wish(&self, wish: &DeviceWish) {
        let prepared = self.prepared.iter().map(|(_, call)| call);
        for call in self.call.iter().chain(prepared) {
            call.post(Command::Wish(wish.clone()));
        }
    }
}

impl WebRtcMedia {
    /// A backend that reports to `sink`.
    pub fn new(options: Options, sink: Arc<MediaSink>, make_audio: MakeAudio) -> WebRtcMedia {
        let current = Current {
            devices: options.devices.clone(),
            is_audio_active: !options.has(MANUAL_AUDIO),
            ..Current::default()
        };
        let (current, trust) = (RwLock::new(current), Mutex::default());
        WebRtcMedia { sink, options: Arc::new(options), make_audio, current, trust }
    }

    /// Other ICE servers, for the next join and the next restart of ICE.
    pub fn set_ice_servers(&self, servers: Vec<IceServer>) {
        let trust = self.trust(&servers);
        let mut current = self.current.write();
        // A prepared call asks them when it is joined.
        if let Some(call) = &current.call {
            call.post(Command::SetServers(servers.clone(), trust));
        }
        current.servers = Some(servers);
    }

    /// Whether the app brings and takes the sound, and no device is opened.
    pub fn has_app_audio(&self) -> bool {
        self.options.has(APP_AUDIO)
    }

    /// Whether devices are open only while the app allows it.
    pub fn has_manual_audio(&self) -> bool {
        self.options.has(MANUAL_AUDIO)
    }

    /// From now on this device, there or not; `None` = the system's default.
    pub fn set_device(&self, kind: DeviceKind, id: Option<String>) {
        let mut current = self.current.write();
        let place = match kind {
            DeviceKind::Microphone => &mut current.devices.microphone,
            DeviceKind::Speaker => &mut current.devices.speaker,
        };
        place.clone_from(&id);
        current.wish(&DeviceWish::Use(kind, id));
    }

    /// Devices may be open from now on, or not.
    pub fn set_audio_active(&self, is_active: bool) {
        let mut current = self.current.write();
        current.is_audio_active = is_active;
        current.wish(&DeviceWish::Allow(is_active));
    }

    /// The device that the running call has open.
    pub fn device_in_use(&self, kind: DeviceKind) -> Option<String> {
        let call = self.current.read().call.clone();
        call.and_then(|call| call.device_in_use(kind))
    }

    /// What the two users found when they compared the code of this call. `false` = it is not the running
    /// call, or shows no code.
    pub fn confirm_security_code(&self, call_no: u64, code: &str, agree: bool) -> bool {
        let call = self.current.read().call.clone();
        // Another code may take its place at any time, here and until the verdict is read.
        let compared = call.and_then(|call| call.code_of(call_no).map(|current| (call, current)));
        let compared = compared.filter(|(_, current)| !agree || current == code);
        compared.is_some_and(|(call, code)| call.post(Command::Verdict { code, right: agree }))
    }

    /// The transport of the running call; all 0 outside of one.
    pub fn call_stats(&self) -> CallStats {
        let call = self.current.read().call.clone();
        call.map(|call| call.stats()).unwrap_or_default()
    }

    /// One medium of the running call in one direction; all 0 outside of one, and of what is not sent.
    pub fn stream_stats(&self, media: Media, is_sending: bool) -> StreamStats {
        let call = self.current.read().call.clone().filter(|_| media == Media::AUDIO);
        call.map(|call| call.stream(is_sending)).unwrap_or_default()
    }

    /// Sends a frame of Opus that the app has encoded. `false` = there is no call.
    pub fn send_encoded(&self, encoded: Encoded<'_>) -> bool {
        self.with_call(|call| call.send(encoded))
    }

    /// Fills `out` with the peer's sound, from the app's playout callback, and returns how many frames are
    /// sound; the rest is silence. Waits for nobody.
    ///
    /// # Errors
    /// It cannot be used so; `out` is silence.
    pub fn pull_audio(&self, out: &mut [i16], sample_rate: u32, channels: u32) -> Result<usize, PullError> {
        let call = self.current.try_read().and_then(|current| current.call.clone());
        match call {
            Some(call) => call.pull(out, sample_rate, channels),
            None => {
                out.fill(0);
                Ok(0)
            }
        }
    }

    /// The running call, for the app to see; `None` outside of one.
    pub fn call_state(&self) -> Option<CallState> {
        let call = self.current.read().call.clone();
        call.map(|call| call.shown())
    }

    fn with_call(&self, body: impl FnOnce(&Call)) -> bool {
        let call = self.current.read().call.clone();
        call.as_deref().map(body).is_some()
    }

    /// The call is not the running one any more.
    fn part(&self) -> Option<Arc<Call>> {
        let mut current = self.current.write();
        let call = current.call.take()?;
        current.leaving.retain(|call| call.strong_count() > 0);
        current.leaving.push(Arc::downgrade(&call));
        Some(call)
    }

    /// That call will not be joined: what is ready for it is given up.
    fn give_up(&self, call_no: u64) {
        let prepared = self.current.write().prepared.take_if(|(no, _)| *no == call_no);
        prepared.into_iter().for_each(|(_, call)| call.end());
    }

    fn new_call(&self, current: &Current) -> Result<Arc<Call>, Code> {
        let audio = (self.make_audio)(&self.options, &self.sink).ok_or(Code::BACKEND_FAILED)?;
        let ChosenDevices { microphone, speaker } = &current.devices;
        audio.wish(DeviceWish::Use(DeviceKind::Microphone, microphone.clone()));
        audio.wish(DeviceWish::Use(DeviceKind::Speaker, speaker.clone()));
        audio.wish(DeviceWish::Allow(current.is_audio_active));
        let call = Call::new(self.sink.clone(), self.options.clone(), audio);
        call.map_err(|error| {
            log::error!("webrtc: no media thread: {error}");
            Code::BACKEND_FAILED
        })
    }

    /// Makes a call ready for its join. What fails here fails in the join, with its reason.
    fn make_ready(&self, call_no: u64) {
        let mut current = self.current.write();
        // Nothing in it depends on the role, which a glare may change.
        if current.prepared.as_ref().is_some_and(|(no, call)| *no == call_no && !call.is_over()) {
            return;
        }
        let earlier = current.prepared.take();
        let settings = self.settings(&current, "");
        if let Some((seed, call)) = random_bytes().zip(self.new_call(&current).ok()) {
            let preparing = Preparing { seed, dtls: DtlsVersions::Both, settings };
            call.post(Command::Prepare(Box::new(preparing)));
            current.prepared = Some((call_no, call));
        }
        drop(current);
        earlier.into_iter().for_each(|(_, call)| call.end());
    }

    fn join(&self, req: Req, join: &Join) -> Result<(), Code> {
        let seed = random_bytes().ok_or(Code::BACKEND_FAILED)?;
        let mut current = self.current.write();
        // One whose join has failed is over without a leave.
        if current.call.as_ref().is_some_and(|call| !call.is_over()) {
            return Err(Code::BACKEND_FAILED);
        }
        let role = if join.is_inviter { Role::Inviter } else { Role::Callee };
        let (uid, context) = (join.uid, context(join));
        let settings = self.settings(&current, &join.token);
        let prepared = current.prepared.take();
        let joined = || Joined { join: req, call_no: join.call_no, peer_account: join.peer.to_string() };
        let call = match prepared {
            Some((no, call)) if no == join.call_no && call.claim(joined()) => call,
            other => {
                let call = self.new_call(&current);
                let _ = call.as_ref().is_ok_and(|call| call.claim(joined()));
                other.iter().for_each(|(_, call)| call.end());
                call?
            }
        };
        let config = Config {
            role,
            context,
            uid,
            seed,
            dtls: DtlsVersions::Both,
            allows_loopback: self.options.has(LOOPBACK),
            requires_code: self.options.has(REQUIRE_CODE),
            signs: self.options.hooks.signs(),
        };
        call.post(Command::Join(Box::new(Joining { join: req, config, settings })));
        current.call = Some(call);
        Ok(())
    }

    /// Roots for servers over TLS, if there are such servers.
    fn trust(&self, servers: &[IceServer]) -> Trust {
        if servers.iter().any(|server| server.kind == ServerKind::Turns) {
            self.trust.lock().get_or_insert_with(|| trust(&self.options)).clone()
        } else {
            Trust::default()
        }
    }

    fn settings(&self, current: &Current, token: &str) -> Settings {
        let servers = ice_server::of_token(token).or_else(|| current.servers.clone());
        let servers = servers.unwrap_or_else(|| self.options.ice_servers.clone());
        let trust = self.trust(&servers);
        let has = |flag| self.options.has(flag);
        Settings {
            wanted: Wanted { loopback: has(LOOPBACK), ipv6: !has(NO_IPV6) },
            relay_only: has(RELAY_ONLY),
            ports: self.options.ports.clone(),
            servers,
            trust,
        }
    }

    /// Completes an operation that no call is needed for.
    fn complete(&self, req: Req, outcome: Outcome) {
        self.sink.messages().push(MediaMessage::Completed(req, outcome));
        if self.sink.messages().flush() {
            // Completions are always taken; what else waits is a call's, which asks again.
            self.sink.messages().retry();
        }
    }

    fn end_calls(&self) {
        let (call, prepared, leaving) = {
            let mut current = self.current.write();
            (current.call.take(), current.prepared.take(), std::mem::take(&mut current.leaving))
        };
        let leaving = leaving.iter().filter_map(Weak::upgrade);
        let prepared = prepared.map(|(_, call)| call);
        call.into_iter().chain(prepared).chain(leaving).for_each(|call| call.end());
    }
}

/// What the security code is bound to, as far as this side knows it. Of the peer, that is its account.
fn context(join: &Join) -> Context {
    let own = Party { account: join.account.to_string(), device: join.device.to_string() };
    let peer = Party { account: join.peer.to_string(), device: String::new() };
    let (inviter, callee) = if join.is_inviter { (own, peer) } else { (peer, own) };
    Context { inviter, callee, channel: join.channel_name.to_string(), call_id: join.call_id.to_string() }
}

#[cfg(feature = "tls")]
fn trust(options: &Options) -> Trust {
    let config = crate::tls::config(options.ca_pem.as_deref());
    Trust { config: config.inspect_err(|why| log::warn!("webrtc: no TURN server over TLS: {why}")).ok() }
}

#[cfg(not(feature = "tls"))]
fn trust(_: &Options) -> Trust {
    Trust::default()
}

impl MediaBackend for WebRtcMedia {
    fn close(&self) {
        self.end_calls();
    }

    fn run(&self, req: Req, operation: MediaOperation) -> Result<(), Code> {
        if let MediaOperation::Join(join) = &operation {
            return self.join(req, join);
        }
        let is_leave = operation == MediaOperation::Leave;
        let call = if is_leave { self.part() } else { self.current.read().call.clone() };
        if is_leave {
            // Not only once the media thread has time for it.
            call.iter().for_each(|call| call.close_devices());
        }
        let unjoined = unjoined(&operation);
        if !call.is_some_and(|call| call.post(Command::Run(req, operation))) {
            self.complete(req, unjoined);
        }
        Ok(())
    }

    /// Without a call nobody receives it. That is no error of the app, whose microphone continues. Beside the
    /// machine's microphone there is no place for it.
    fn push_frame(&self, frame: Frame<'_>) -> Result<(), PushError> {
        if frame.media() != Media::AUDIO || !self.has_app_audio() {
            return Err(PushError::Unsupported);
        }
        let call = self.current.read().call.clone();
        call.map_or(Ok(()), |call| call.push(&frame)).map_err(push_error)
    }

    fn prepare(&self, preparation: &Preparation) {
        self.make_ready(preparation.call_no);
    }

    fn discard(&self, call_no: u64) {
        self.give_up(call_no);
    }

    fn network_changed(&self) {
        let current = self.current.read();
        let prepared = current.prepared.iter().map(|(_, call)| call);
        for call in current.call.iter().chain(prepared) {
            call.post(Command::NetworkChanged);
        }
    }

    fn receive(&self, join: Req, json: &Text) {
        let call = self.current.read().call.clone().filter(|call| call.is_of(join));
        call.into_iter().for_each(|call| call.receive(json.clone()));
    }
}

fn push_error(error: CaptureError) -> PushError {
    let why = match error {
        CaptureError::Rate => "sample_rate is 8000 to 192000",
        CaptureError::Channels => "channels is 1 or 2",
        CaptureError::Size => "samples is at most 200 ms, and not 0, in one aligned plane that has them all",
        CaptureError::Busy | CaptureError::TooFast => return PushError::Full,
    };
    log::warn!("push_frame: frame.{why}");
    PushError::Invalid
}

/// It may never have been opened, and so never closed.
impl Drop for WebRtcMedia {
    fn drop(&mut self) {
        self.end_calls();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio_port::{AudioPort, DeviceError};
    use crate::options::{APP_AUDIO, Given};
    use crate::peer::{AudioPacket, MediaState};

    /// Is always playing.
    struct Endless;

    impl AudioPort for Endless {
        fn push(&self, _: &Frame<'_>, _: &mut dyn FnMut(Encoded<'_>)) -> Result<(), CaptureError> {
            Ok(())
        }

        fn pull(&self, out: &mut [i16], _: u32, channels: u32) -> Result<usize, PullError> {
            Ok(out.len() / channels as usize)
        }

        fn set_loss(&self, _: u8) {}

        fn set_local(&self, _: MediaState) {}

        fn receive(&self, _: AudioPacket) {}

        fn reset(&self) {}

        fn poll_timeout(&self, _: bool) -> Option<u64> {
            None
        }

        fn handle_timeout(&self, _: u64, _: Option<u64>, _: &mut dyn FnMut(Encoded<'_>)) -> Vec<DeviceError> {
            Vec::new()
        }
    }

    #[test]
    fn playout_goes_on_while_the_app_asks_for_more() {
        let given = Given { flags: APP_AUDIO, ..Given::default() };
        let options = Options::read(&given).expect("good options");
        let media = WebRtcMedia::new(options, Arc::default(), Arc::new(|_, _| Some(Arc::new(Endless))));
        assert_eq!(media.pull_audio(&mut [0; 480], 48_000, 1), Ok(0), "no call");
        let call = media.new_call(&media.current.read()).ok();
        media.current.write().call = call;
        let asking = media.current.read();
        assert_eq!(media.pull_audio(&mut [0; 480], 48_000, 1), Ok(480));
        drop(asking);
        let _ending = media.current.write();
        assert_eq!(media.pull_audio(&mut [0; 480], 48_000, 1), Ok(0), "it does not wait");
    }
}
