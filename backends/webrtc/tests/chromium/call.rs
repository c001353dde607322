//! A call between our backend and a page. Texts go from one to the other as signaling carries them, and both
//! play a tone of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nertc_callkit_backend::{Frame, MediaBackend, MediaMessage, MediaSink};
use nertc_callkit_media::{Join, Media, MediaEvent, MediaOperation, MediaReport};
use nertc_callkit_signaling::{CallType, Code, Req, Text};
use nertc_callkit_webrtc::audio::{RATE, tone};
use nertc_callkit_webrtc::options::{APP_AUDIO, Given, LOOPBACK};
use nertc_callkit_webrtc::{CallState, Options, WebRtcMedia, with_opus};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::browser::{Browser, PATIENCE, Page};

pub(crate) const OUR_UID: u64 = 11;
pub(crate) const PAGE_UID: u64 = 22;
/// What we play, and what the page plays.
pub(crate) const OURS: f64 = 440.0;
pub(crate) const PAGES: f64 = 1_175.0;
/// The numbers of texts between media backends.
const ENVELOPE: u64 = 1000;
/// Accounts.
const WE: &str = "we";
const PAGE: &str = "page";
/// Codes that are known, which a page must compute, too.
const VECTORS: &str = include_str!("../vectors/security_code.json");
const JOIN: Req = Req(7);
/// Sound of this length is looked at.
const WINDOW: usize = RATE as usize / 5;
/// Of 32767. Both tones have half of it; a codec changes that by little.
const LOUD: f64 = 8_000.0;
const QUIET: f64 = 300.0;
/// Samples of one push.
const PUSH: usize = RATE as usize / 100;

#[derive(Default)]
struct Received {
    texts: Vec<Text>,
    messages: Vec<MediaMessage>,
    sound: Vec<i16>,
}

/// The call.
pub(crate) struct Call<'a> {
    browser: &'a mut Browser,
    page: Page,
    backend: WebRtcMedia,
    sink: Arc<MediaSink>,
    received: Arc<Mutex<Received>>,
    /// What our backend said and the test has not looked for.
    messages: Vec<MediaMessage>,
    /// The last event of each kind of the page.
    events: BTreeMap<String, Value>,
    /// Texts in both directions, for a test that looks into them.
    pub(crate) texts: Vec<Value>,
    pub(crate) inviter_uid: u64,
    tone: tone::Tone,
    began: Instant,
    pushed: u64,
}

impl<'a> Call<'a> {
    /// Both join. `page` is what its peer has beside the usual.
    pub(crate) fn start(browser: &'a mut Browser, we_invite: bool, page: &Value) -> Call<'a> {
        let vectors: Value = serde_json::from_str(VECTORS).expect("JSON");
        let mut peer = json!({
            "role": if we_invite { "callee" } else { "inviter" },
            "account": PAGE, "device": "tab", "other": WE, "channel": "room", "call_id": "call",
            "uid": PAGE_UID, "hertz": PAGES, "gives_code": true, "vectors": vectors,
        });
        for (key, value) in page.as_object().expect("an object") {
            peer[key] = value.clone();
        }
        let received = Arc::<Mutex<Received>>::default();
        let (sink, backend) = backend(&received);
        let page = browser.open(&peer);
        let call = Call {
            browser,
            page,
            backend,
            sink,
            received,
            messages: Vec::new(),
            events: BTreeMap::new(),
            texts: Vec::new(),
            inviter_uid: if we_invite { OUR_UID } else { PAGE_UID },
            tone: tone::Tone::new(OURS, 16_000.0, RATE),
            began: Instant::now(),
            pushed: 0,
        };
        // Before texts of the page can come: the core keeps those until then.
        call.join(we_invite);
        call
    }

    fn join(&self, is_inviter: bool) {
        let join = Join {
            channel_name: "room".into(),
            uid: OUR_UID,
            token: Text::EMPTY,
            call_type: CallType::Audio,
            is_inviter,
            peer: PAGE.into(),
            call_id: "call".into(),
            call_no: 1,
            account: WE.into(),
            device: "device".into(),
        };
        self.backend.run(JOIN, MediaOperation::Join(join.into())).expect("taken");
        self.set_local(true, false);
    }

    /// Our app opens or closes, mutes or unmutes its microphone.
    pub(crate) fn set_local(&self, on: bool, muted: bool) {
        let media = Media::AUDIO;
        self.backend.run(Req(8), MediaOperation::EnableLocal { media, on }).expect("taken");
        self.backend.run(Req(9), MediaOperation::MuteLocal { media, muted }).expect("taken");
    }

    /// Has the page's peer do something.
    pub(crate) fn page(&mut self, method: &str, with: &Value) {
        self.browser.call(&self.page, method, with);
    }

    /// Our network changes, so ICE restarts.
    pub(crate) fn restart(&self) {
        self.backend.network_changed();
    }

    pub(crate) fn leave(&self) {
        self.backend.run(Req(10), MediaOperation::Leave).expect("taken");
    }

    pub(crate) fn state(&self) -> CallState {
        self.backend.call_state().unwrap_or_default()
    }

    /// The page's last event of this kind.
    pub(crate) fn event(&self, kind: &str) -> Option<&Value> {
        self.events.get(kind)
    }

    /// From now on, only new events and new sound count.
    pub(crate) fn forget(&mut self) {
        self.carry();
        self.events.clear();
        self.texts.clear();
        self.received.lock().sound.clear();
    }

    /// Carries texts and plays our tone until there is an answer.
    #[track_caller]
    pub(crate) fn wait<T>(&mut self, what: &str, find: impl Fn(&Call<'_>) -> Option<T>) -> T {
        let limit = Instant::now() + PATIENCE;
        loop {
            self.carry();
            if let Some(found) = find(self) {
                return found;
            }
            assert!(
                Instant::now() < limit,
                "no {what}: the page said last {:?}, our backend {:?}",
                self.events,
                self.messages
            );
        }
    }

    /// Likewise, having the page's peer do something again and again.
    #[track_caller]
    pub(crate) fn wait_asking<T>(
        &mut self,
        method: &str,
        what: &str,
        find: impl Fn(&Call<'_>) -> Option<T>,
    ) -> T {
        let limit = Instant::now() + PATIENCE;
        let mut asked = None;
        loop {
            if asked.is_none_or(|at: Instant| at.elapsed() > Duration::from_millis(200)) {
                self.page(method, &Value::Null);
                asked = Some(Instant::now());
            }
            self.carry();
            if let Some(found) = find(self) {
                return found;
            }
            assert!(Instant::now() < limit, "no {what}: the page said last {:?}", self.events);
        }
    }

    /// Waits for an event of our backend.
    #[track_caller]
    pub(crate) fn wait_event(&mut self, event: &MediaEvent) {
        let wanted = MediaMessage::Event(MediaReport { join: Some(JOIN), event: event.clone() });
        self.wait(&format!("{event:?}"), |call| call.messages.contains(&wanted).then_some(()));
        self.messages.retain(|message| *message != wanted);
    }

    /// Our media connection ends: with which code.
    #[track_caller]
    pub(crate) fn wait_disconnected(&mut self) -> Code {
        self.wait("end", |call| {
            call.messages.iter().find_map(|message| match message {
                MediaMessage::Event(MediaReport { event: MediaEvent::Disconnected(outcome), .. }) => {
                    Some(outcome.code)
                }
                MediaMessage::Event(_) | MediaMessage::Completed(..) | MediaMessage::Log(..) => None,
            })
        })
    }

    /// Each side hears the other's tone, and no other.
    #[track_caller]
    pub(crate) fn wait_sound(&mut self, what: &str) {
        let (here, there) = self.wait(&format!("sound: {what}"), |call| {
            let heard = call.heard().filter(|(hertz, level)| is_near(*hertz, PAGES) && *level > LOUD)?;
            let (hertz, level) = call.heard_by_page()?;
            (is_near(hertz, OURS) && level > LOUD / 2.0).then_some((heard.0, hertz))
        });
        report(&format!("{what}: we hear {here:.0} Hz, the page {there:.1} Hz"));
    }

    /// Nothing is heard of the page any more, or by it.
    #[track_caller]
    pub(crate) fn wait_silence(&mut self, of_page: bool) {
        self.wait("silence", |call| {
            let heard = if of_page { call.heard() } else { call.heard_by_page() };
            heard.filter(|(_, level)| *level < QUIET).map(|_| ())
        });
    }

    /// Pitch and amplitude of the last fifth of a second that our app got.
    fn heard(&self) -> Option<(f64, f64)> {
        let received = self.received.lock();
        let window = received.sound.len().checked_sub(WINDOW).map(|from| &received.sound[from..])?;
        // From 200 to 2,000 Hz, a little closer than the window tells apart.
        let pitches = (40..=400).map(|step| f64::from(step) * 5.0);
        let amplitudes = pitches.map(|hertz| (hertz, tone::amplitude(window, hertz, RATE)));
        amplitudes.max_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// Pitch and level as the page measures them; a level of the whole, which counts as a tone's amplitude.
    fn heard_by_page(&self) -> Option<(f64, f64)> {
        let sound = self.event("sound")?;
        let level = sound["level"].as_f64()? * 32_768.0 * std::f64::consts::SQRT_2;
        Some((sound["hertz"].as_f64().unwrap_or_default(), level))
    }

    /// A moment: texts go over, our tone goes on, and what was said is noted.
    fn carry(&mut self) {
        self.push();
        let (texts, messages) = {
            let mut received = self.received.lock();
            let surplus = received.sound.len().saturating_sub(RATE as usize);
            received.sound.drain(..surplus);
            (std::mem::take(&mut received.texts), std::mem::take(&mut received.messages))
        };
        self.messages.extend(messages);
        for text in texts {
            let text: Value = serde_json::from_str(&text).expect("JSON");
            self.browser.call(&self.page, "receive", &json!({"cid": ENVELOPE, "d": text.clone()}));
            self.texts.push(text);
        }
        for message in self.browser.said(&self.page) {
            if let Some(kind) = message["event"].as_str() {
                self.events.insert(kind.to_owned(), message);
            } else {
                assert_eq!(message["text"]["cid"], ENVELOPE);
                let text = &message["text"]["d"];
                self.backend.receive(JOIN, &text.to_string().into());
                self.texts.push(text.clone());
            }
        }
    }

    /// Frames of the microphone that are due. After a long pause, what was missed is not made up for.
    fn push(&mut self) {
        let due = self.began.elapsed().as_millis() as u64 / 10;
        self.pushed = self.pushed.max(due.saturating_sub(20));
        while self.pushed < due {
            let mut samples = [0; PUSH];
            self.tone.fill(&mut samples);
            // A busy machine is behind, and then ahead of time: what is too much is lost.
            let _ = self.backend.push_frame(Frame::of_sound(&samples, RATE, 1, 0));
            self.pushed += 1;
        }
    }
}

/// A failed case must not leave its call to the next one.
impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.backend.close();
        self.sink.close();
        self.browser.close(&self.page);
    }
}

/// What a reader of the run wants to know.
#[expect(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn report(text: &str) {
    println!("chromium: {text}");
}

fn is_near(hertz: f64, wanted: f64) -> bool {
    (hertz - wanted).abs() < 10.0
}

fn backend(received: &Arc<Mutex<Received>>) -> (Arc<MediaSink>, WebRtcMedia) {
    let sink = Arc::<MediaSink>::default();
    let [messages, sound, texts] = [received.clone(), received.clone(), received.clone()];
    sink.open(
        move |message| {
            messages.lock().messages.push(message);
            Ok(())
        },
        move |frame| {
            let (samples, rate, channels) = frame.sound().expect("sound");
            assert_eq!((rate, channels), (RATE, 1));
            sound.lock().sound.extend_from_slice(samples);
        },
        move |join, text| {
            assert_eq!(join, JOIN);
            texts.lock().texts.push(text.clone());
            Ok(())
        },
    );
    let options =
        Options::read(&Given { flags: LOOPBACK | APP_AUDIO, ..Given::default() }).expect("good options");
    let backend = WebRtcMedia::new(options, sink.clone(), with_opus());
    backend.open().expect("it works");
    (sink, backend)
}
