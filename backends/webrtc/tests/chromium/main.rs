//! Calls with a browser: what another implementation of WebRTC makes of our texts, ICE, DTLS and sound.
//! The browser is started once, and each case has a page and a backend of its own.

mod browser;
mod call;

use nertc_callkit_media::Security;
use nertc_callkit_media::{Media, MediaEvent};
use nertc_callkit_signaling::Code;
use serde_json::{Value, json};

use browser::Browser;
use call::{Call, OUR_UID, PAGE_UID, report};

#[test]
#[ignore = "make test-all: scripts/setup chromium node npm; scripts/setup playwright-core"]
fn calls_with_chromium() {
    let mut browser = Browser::start();
    report(&browser.version);
    we_offer(&mut browser);
    the_page_offers(&mut browser);
    the_page_offers_everything_that_it_has(&mut browser);
    a_page_that_reveals_something_else_is_no_peer(&mut browser);
    browser.end();
}

fn we_offer(browser: &mut Browser) {
    let mut call = Call::start(browser, true, &json!({}));
    connected(&mut call, "we offer");
    same_code(&mut call);
    our_microphone_is_muted_and_closed(&mut call);
    its_microphone_is_muted_and_closed(&mut call);

    restarted(&mut call, |call| call.restart());
    call.wait_sound("after a restart of ours");
    restarted(&mut call, |call| call.page("restart", &Value::Null));
    assert!(texts(&call, "restart").next().is_some());
    call.wait_sound("after a restart that it asked for");
    same_code(&mut call);
    call.forget();
    call.leave();
    call.wait("close of DTLS", |call| (call.event("dtls")?["state"] == "closed").then_some(()));
}

/// The page tells names instead of addresses, which only its own network knows: it is found when it calls.
fn the_page_offers(browser: &mut Browser) {
    let mut call = Call::start(browser, false, &json!({"hides": true}));
    connected(&mut call, "the page offers");
    let is_named = |text: &Value| text["cand"].to_string().contains(".local ");
    assert!(texts(&call, "cand").any(is_named), "{:?}", call.texts);
    same_code(&mut call);
    our_microphone_is_muted_and_closed(&mut call);
    its_microphone_is_muted_and_closed(&mut call);
    restarted(&mut call, |call| call.restart());
    assert!(texts(&call, "restart").next().is_some());
    call.wait_sound("after a restart that we asked for");
    restarted(&mut call, |call| call.page("restart", &Value::Null));
    call.wait_sound("after a restart of its own");
    call.page("leave", &Value::Null);
    call.wait_event(&MediaEvent::PeerLeave { uid: PAGE_UID, code: Code::OK });
}

/// All of its codecs, pictures, and no security code: its description is deflated, the pictures are refused.
fn the_page_offers_everything_that_it_has(browser: &mut Browser) {
    let mut call = Call::start(browser, false, &json!({"plain": true, "gives_code": false}));
    connected(&mut call, "the page offers all codecs and pictures, and no code");
    let deflated = call.event("deflated").expect("a long description");
    assert!(deflated["to"].as_u64() < Some(4_000), "{deflated}");
    let answer = texts(&call, "answer").next().expect("an answer");
    let sdp = answer["sdp"].as_str().expect("not deflated");
    assert!(sdp.contains("m=video 0 ") && sdp.contains("m=audio 9 "), "{sdp}");
    assert_eq!(call.state().security, Some(Security::NoCode));
    assert!(texts(&call, "reveal").next().is_none() && call.state().code.is_none());
}

fn a_page_that_reveals_something_else_is_no_peer(browser: &mut Browser) {
    let mut call = Call::start(browser, false, &json!({"lies": true}));
    assert_eq!(call.wait_disconnected(), Code::MEDIA_NOT_SECURE);
    assert_eq!(call.state().security, Some(Security::Mismatch));
}

/// Texts of this kind, in either direction.
fn texts<'a>(call: &'a Call<'_>, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    call.texts.iter().filter(move |text| text["t"] == kind)
}

/// Both know of each other, and hear each other.
fn connected(call: &mut Call<'_>, what: &str) {
    call.wait_event(&MediaEvent::PeerJoin { uid: PAGE_UID });
    call.wait_event(&MediaEvent::PeerMedia { uid: PAGE_UID, media: Media::AUDIO, on: true });
    call.wait("an open microphone", |call| (call.event("media")?["on"] == 1).then_some(()));
    call.wait_sound(what);
    for (kind, uid) in [("offer", call.inviter_uid), ("answer", OUR_UID + PAGE_UID - call.inviter_uid)] {
        assert!(texts(call, kind).all(|text| text["uid"] == uid), "{:?}", call.texts);
    }
    let state = call.state();
    let ms = state.setup_us.unwrap_or_default() / 1000;
    report(&format!("{what}: join to connected {ms} ms, DTLS {}", state.dtls));
}

fn same_code(call: &mut Call<'_>) {
    let code = call.wait("a code", |call| Some(call.event("code")?["code"].as_str()?.to_owned()));
    call.wait("the same code here", |call| (call.state().code.as_ref() == Some(&code)).then_some(()));
    assert_eq!(call.state().security, Some(Security::Unverified));
    report(&format!("both have the code {code}"));
}

fn our_microphone_is_muted_and_closed(call: &mut Call<'_>) {
    for (on, muted) in [(true, true), (true, false), (false, false), (true, false)] {
        call.set_local(on, muted);
        let wanted = [u64::from(on), u64::from(muted)];
        call.wait("our microphone at the page", |call| {
            let media = call.event("media")?;
            (["on", "muted"].map(|key| media[key].as_u64().unwrap_or_default()) == wanted).then_some(())
        });
        if on && !muted {
            call.wait_sound("with our microphone open again");
        } else {
            call.wait_silence(false);
        }
    }
}

fn its_microphone_is_muted_and_closed(call: &mut Call<'_>) {
    let (uid, media) = (PAGE_UID, Media::AUDIO);
    let steps = [
        (json!({"on": 1, "muted": 1}), MediaEvent::PeerMute { uid, media, muted: true }),
        (json!({"on": 1, "muted": 0}), MediaEvent::PeerMute { uid, media, muted: false }),
        (json!({"on": 0, "muted": 0}), MediaEvent::PeerMedia { uid, media, on: false }),
        (json!({"on": 1, "muted": 0}), MediaEvent::PeerMedia { uid, media, on: true }),
    ];
    for (state, event) in steps {
        call.page("setMedia", &state);
        call.wait_event(&event);
        if state["on"] == 1 && state["muted"] == 0 {
            call.wait_sound("with its microphone open again");
        } else {
            call.wait_silence(true);
        }
    }
}

/// ICE begins anew because of `restart`: both sides describe themselves with other names.
fn restarted(call: &mut Call<'_>, restart: impl Fn(&mut Call<'_>)) {
    let names = |call: &Call<'_>| {
        let event = call.event("described")?;
        Some(["ufrag", "own"].map(|key| event[key].as_str().unwrap_or_default().to_owned()))
    };
    let before = names(call).expect("descriptions");
    call.forget();
    restart(call);
    let after = call.wait("new descriptions", names);
    assert!(before[0] != after[0] && before[1] != after[1], "{before:?}, {after:?}");
    call.wait_asking("showTransport", "the new credentials in use", |call| {
        let transport = call.event("transport")?;
        let is_up = transport["ice"] == "connected" || transport["ice"] == "completed";
        (is_up && transport["own"] == after[1]).then_some(())
    });
}
