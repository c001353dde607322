//! Brokers and networks that are not honest.

use std::cell::RefCell;
use std::rc::Rc;

use nertc_callkit_webrtc::peer::{
    Body, Description, End, Input, Message, Output, Reason, Role, Security, Sid, TEXT_LIMIT, read_message,
    write_message,
};

use crate::harness::{CALLEE, Conditions, INVITER, MS, SECOND, Side, World, address, config};

const GOOD: Conditions = Conditions::delay(50 * MS);

/// A broker that changes what a text says.
fn tampering(world: &mut World, mut tamper: impl FnMut(usize, &mut Message) + 'static) {
    world.broker = Box::new(move |from, text| {
        let mut message = read_message(&text).expect("one of ours");
        tamper(from, &mut message);
        vec![(1 - from, write_message(&message).expect("a text"))]
    });
}

/// Another fingerprint of the same length.
fn swap_fingerprint(sdp: &mut String) {
    let at = sdp.find("a=fingerprint:sha-256 ").expect("a fingerprint") + 22;
    let new = if sdp[at..].starts_with("00") { "11" } else { "00" };
    sdp.replace_range(at..at + 2, new);
}

fn is_insecure(side: &Side) -> bool {
    side.security().map(|it| it.0) == Some(Security::Mismatch)
        && side.when(|output| *output == Output::Disconnected(End::NotSecure)).is_some()
}

#[test]
fn a_replaced_fingerprint_of_the_inviter_is_a_mismatch() {
    let mut world = World::new(1, GOOD, GOOD);
    tampering(&mut world, |_, message| {
        if let Body::Offer { description, .. } = &mut message.body {
            swap_fingerprint(&mut description.sdp);
        }
    });
    world.accept();
    world.run(5 * SECOND);
    assert!(is_insecure(&world.sides[CALLEE]), "{:?}", world.sides[CALLEE].reports());
    assert!(world.sides.iter().all(|side| side.received.is_empty()), "not a packet of sound");
}

/// A broker that passes a call on in another's name.
#[test]
fn relabelled_accounts_and_devices_are_caught() {
    type Relabel = fn(&mut Body);
    fn offered(body: &mut Body, change: fn(&mut Description)) {
        if let Body::Offer { description, .. } = body {
            change(description);
        }
    }
    fn answered(body: &mut Body, change: fn(&mut Description)) {
        if let Body::Answer { description, .. } = body {
            change(description);
        }
    }
    let relabels: [(&str, Relabel, usize); 8] = [
        ("inviter", |it| offered(it, |it| it.from.account = "mallory".to_owned()), CALLEE),
        ("called account", |it| offered(it, |it| it.to = "carol".to_owned()), CALLEE),
        ("inviter's device", |it| offered(it, |it| it.from.device = "tablet".to_owned()), CALLEE),
        ("no inviter's device", |it| offered(it, |it| it.from.device.clear()), CALLEE),
        ("no inviter", |it| offered(it, |it| it.from.account.clear()), CALLEE),
        ("no called account", |it| offered(it, |it| it.to.clear()), CALLEE),
        ("callee", |it| answered(it, |it| it.from.account = "mallory".to_owned()), INVITER),
        ("calling account", |it| answered(it, |it| it.to = "carol".to_owned()), INVITER),
    ];
    for (name, relabel, victim) in relabels {
        let mut world = World::new(1, GOOD, GOOD);
        tampering(&mut world, move |_, message| relabel(&mut message.body));
        world.accept();
        world.run(5 * SECOND);
        assert!(is_insecure(&world.sides[victim]), "{name}: {:?}", world.sides[victim].reports());
    }
    // The callee's device is stated after the commitment: the codes differ, as with a replaced nonce.
    let mut world = World::new(1, GOOD, GOOD);
    tampering(&mut world, |_, message| {
        answered(&mut message.body, |it| it.from.device = "tablet".to_owned());
    });
    world.accept();
    world.run(5 * SECOND);
    let codes = [INVITER, CALLEE].map(|at| world.sides[at].security().and_then(|it| it.1));
    assert!(codes.iter().all(Option::is_some) && codes[0] != codes[1], "{codes:?}");
}

#[test]
fn a_replaced_fingerprint_of_the_callee_connects_nobody() {
    let mut world = World::new(1, GOOD, GOOD);
    tampering(&mut world, |_, message| {
        if let Body::Answer { description, .. } = &mut message.body {
            swap_fingerprint(&mut description.sdp);
        }
    });
    world.accept();
    world.run(5 * SECOND);
    assert_eq!(world.sides[INVITER].connected_at(), None);
    assert!(is_insecure(&world.sides[INVITER]), "{:?}", world.sides[INVITER].reports());
    assert!(world.sides.iter().all(|side| side.received.is_empty()), "not a packet of sound");
}

#[test]
fn replaced_commitments_nonces_and_reveals_are_caught() {
    type Tamper = fn(&mut Body);
    let tampers: [(&str, Tamper, usize); 3] = [
        (
            "commitment",
            |body| {
                if let Body::Offer { commitment: Some(it), .. } = body {
                    it[0] ^= 1
                }
            },
            CALLEE,
        ),
        (
            "reveal",
            |body| {
                if let Body::Reveal { nonce: Some(it), .. } = body {
                    it[0] ^= 1
                }
            },
            CALLEE,
        ),
        (
            "nonce",
            |body| {
                if let Body::Answer { nonce: Some(it), .. } = body {
                    it[0] ^= 1
                }
            },
            INVITER,
        ),
    ];
    for (name, tamper, victim) in tampers {
        let mut world = World::new(1, GOOD, GOOD);
        tampering(&mut world, move |_, message| tamper(&mut message.body));
        world.accept();
        world.run(5 * SECOND);
        // A replaced nonce leads to different codes, which the users see.
        let codes = [INVITER, CALLEE].map(|at| world.sides[at].security().and_then(|it| it.1));
        assert!(is_insecure(&world.sides[victim]) || codes[0] != codes[1], "{name}: {codes:?}");
        assert_eq!(is_insecure(&world.sides[victim]), victim == CALLEE, "{name}");
    }
}

#[test]
fn a_second_answer_is_a_mismatch() {
    let mut world = World::connected(1, GOOD);
    let answer = answer_of(&mut world);
    for change in 0..2 {
        let mut world = World::connected(1, GOOD);
        let mut second = answer.clone();
        if let Body::Answer { description, nonce, .. } = &mut second.body {
            match change {
                0 => swap_fingerprint(&mut description.sdp),
                _ => *nonce = Some([7; 16]),
            }
        }
        world.deliver(INVITER, &write_message(&second).expect("a text"));
        assert!(is_insecure(&world.sides[INVITER]), "{:?}", world.sides[INVITER].reports());
    }
    // The same one again is none.
    world.deliver(INVITER, &write_message(&answer).expect("a text"));
    assert_eq!(world.sides[INVITER].security().map(|it| it.0), Some(Security::Unverified));
}

/// Another device of the callee's account has the offer, too. The engine hands over the texts of the device
/// that has accepted alone; if it did not, the first answer would still be final.
#[test]
fn an_answer_of_another_device_is_a_mismatch() {
    let mut world = World::new(1, GOOD, GOOD);
    let (texts, taken) = std::sync::mpsc::channel();
    world.broker = Box::new(move |from, text| {
        let _ = texts.send(text.clone());
        vec![(1 - from, text)]
    });
    world.accept();
    world.run(2 * SECOND);
    let is_offer = |text: &String| matches!(read_message(text).map(|it| it.body), Ok(Body::Offer { .. }));
    let offer = taken.try_iter().find(is_offer).expect("an offer");
    let mut other = config(Role::Callee, 99);
    other.context.callee.device = "tablet".to_owned();
    let mut other = Side::new(CALLEE, other);
    other.peer.handle(world.now, Input::Join);
    other.peer.handle(world.now, Input::Text(&offer));
    let texts = std::iter::from_fn(|| other.peer.poll_output());
    let texts = texts.filter_map(|output| if let Output::Text(text) = output { Some(text) } else { None });
    let answers: Vec<String> = texts.collect();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(world.sides[INVITER].security().map(|it| it.0), Some(Security::Unverified));
    world.deliver(INVITER, &answers[0]);
    assert!(is_insecure(&world.sides[INVITER]), "{:?}", world.sides[INVITER].reports());
}

/// The answer that the callee of this world gave, as it repeats it.
fn answer_of(world: &mut World) -> Message {
    let mut recorded = World::new(world.seed, GOOD, GOOD);
    let (texts, taken) = std::sync::mpsc::channel();
    recorded.broker = Box::new(move |from, text| {
        let _ = texts.send((from, text.clone()));
        vec![(1 - from, text)]
    });
    recorded.accept();
    recorded.run(SECOND);
    let messages = taken.try_iter().filter_map(|(_, text)| read_message(&text).ok());
    messages.into_iter().find(|it| matches!(it.body, Body::Answer { .. })).expect("an answer")
}

#[test]
fn stripped_keys_give_no_code() {
    for requires_code in [false, true] {
        let configs = [(Role::Inviter, 1), (Role::Callee, 2)].map(|(role, seed)| {
            let mut config = config(role, seed);
            config.requires_code = requires_code;
            config
        });
        let mut world = World::of(1, configs, GOOD, GOOD);
        tampering(&mut world, |_, message| {
            if let Body::Offer { commitment, .. } = &mut message.body {
                *commitment = None;
            }
            if let Body::Answer { nonce, .. } = &mut message.body {
                *nonce = None;
            }
        });
        world.accept();
        world.run(3 * SECOND);
        for side in &world.sides {
            assert_eq!(side.security(), Some((Security::NoCode, None)), "{:?}", side.reports());
        }
        let ended = world
            .sides
            .iter()
            .any(|side| side.when(|output| *output == Output::Disconnected(End::NotSecure)).is_some());
        assert_eq!(ended, requires_code);
    }
}

#[test]
fn a_withheld_reveal_gives_no_code_after_5_s() {
    let mut world = World::new(1, GOOD, GOOD);
    let withheld = std::rc::Rc::new(std::cell::RefCell::new(None));
    let kept = withheld.clone();
    world.broker = Box::new(move |from, text| {
        let is_reveal = matches!(read_message(&text).map(|it| it.body), Ok(Body::Reveal { .. }));
        if is_reveal {
            *kept.borrow_mut() = Some(text);
            return Vec::new();
        }
        vec![(1 - from, text)]
    });
    world.accept();
    world.run(4 * SECOND);
    assert_eq!(world.sides[CALLEE].security(), None);
    world.run(3 * SECOND);
    assert_eq!(world.sides[CALLEE].security(), Some((Security::NoCode, None)));
    let late = withheld.take().expect("a reveal");
    world.deliver(CALLEE, &late);
    assert_eq!(world.sides[CALLEE].security(), world.sides[INVITER].security(), "late is better than never");
}

#[test]
fn nonsense_over_signaling_changes_nothing() {
    let mut world = World::connected(1, GOOD);
    let sid = "ab".repeat(16);
    let sdp = "v=0\\r\\nm=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\n";
    let texts = [
        String::new(),
        "null".to_owned(),
        "x".repeat(100_000),
        " ".repeat(TEXT_LIMIT),
        format!(r#"{{"v":1,"t":"bye","sid":"{sid}","seq":1}}"#),
        format!(r#"{{"v":1,"t":"restart","sid":"{sid}","seq":1}}"#),
        format!(r#"{{"v":1,"t":"answer","re":1,"sid":"{sid}","seq":1,"sdp":"{sdp}"}}"#),
        format!(r#"{{"v":2,"t":"offer","sid":"{sid}","seq":1,"sdp":"{sdp}"}}"#),
    ];
    let before = world.sides.each_ref().map(|side| side.reports().len());
    for text in &texts {
        (0..2).for_each(|side| world.deliver(side, text));
    }
    let from = world.now;
    world.run(3 * SECOND);
    for (at, side) in world.sides.iter().enumerate() {
        assert_eq!(side.reports().len(), before[at], "{:?}", side.reports());
        assert!(side.received_between(from, world.now) >= 145);
        let ignored = side.seen.iter().filter(|(_, it)| matches!(it, Output::Ignored(_))).count();
        assert!(ignored >= texts.len());
    }
}

#[test]
fn descriptions_that_cannot_be_used_are_not_answered() {
    let sdps: [fn(&str) -> String; 5] = [
        |sdp| sdp[..sdp.len() / 2].to_owned(),
        |sdp| sdp.replace("a=ice-pwd", "a=ice-pwt"),
        |sdp| sdp.replace("opus/48000/2", "PCMU/8000"),
        |sdp| sdp.replace("a=rtcp-mux\r\n", ""),
        |sdp| sdp.replace("m=audio 9", "m=audio 0"),
    ];
    for (number, change) in sdps.into_iter().enumerate() {
        let mut world = World::new(1, GOOD, GOOD);
        tampering(&mut world, move |_, message| {
            if let Body::Offer { description, .. } = &mut message.body {
                description.sdp = change(&description.sdp);
            }
        });
        world.accept();
        world.run(3 * SECOND);
        let refused = |it: &Output| matches!(it, Output::Ignored(Reason::Description(_)));
        assert!(world.sides[CALLEE].when(refused).is_some(), "{number}: {:?}", world.sides[CALLEE].seen);
        assert!(world.sides.iter().all(|side| side.connected_at().is_none()), "{number}");
    }
}

#[test]
fn a_thousand_candidates_cost_little() {
    let mut world = World::connected(1, GOOD);
    let offered = answer_of(&mut world);
    let from = world.now;
    for batch in 0..50 {
        let candidate = |at: u32| format!("candidate:{at} 1 udp 1 192.0.{batch}.{} 5000 typ host", at + 1);
        let body = Body::Candidates { ufrag: String::new(), candidates: (0..20).map(candidate).collect() };
        let message = Message { sid: offered.sid, seq: 1000 + batch, body };
        (0..2).for_each(|side| world.deliver(side, &write_message(&message).expect("a text")));
    }
    let before = world.count_sent();
    world.run(5 * SECOND);
    let sent = world.count_sent() - before;
    assert!(sent < 2 * 5 * (50 + 200), "{sent} datagrams in 5 s");
    for side in &world.sides {
        assert!(side.received_between(from, world.now) >= 240);
        let over = side.seen.iter().filter(|(_, it)| *it == Output::Ignored(Reason::Candidates)).count();
        assert!(over >= 48, "{over} batches above the limit");
    }
}

/// A packet of another stream for the same m-line, from the peer's address, which no key has protected.
#[test]
fn a_forged_stream_does_not_silence_the_peer() {
    let mut world = World::new(1, GOOD, GOOD);
    let offer = Rc::<RefCell<String>>::default();
    let noted = offer.clone();
    world.broker = Box::new(move |from, text| {
        if let Ok(Message { body: Body::Offer { description, .. }, .. }) = read_message(&text) {
            noted.replace(description.sdp);
        }
        vec![(1 - from, text)]
    });
    world.accept();
    world.run(5 * SECOND);
    let mid = offer.borrow().lines().find_map(|line| Some(line.strip_prefix("a=mid:")?.to_owned()));
    let mid = mid.expect("a name").into_bytes();
    let mut bytes = vec![0x90, 111, 0x12, 0x34, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef, 0xbe, 0xde, 0, 1];
    // Its name in the one word of header extensions.
    bytes.push(4 << 4 | (mid.len() as u8 - 1));
    bytes.extend(&mid);
    bytes.resize(80, 7);
    let from = world.now;
    (0..2).for_each(|to| world.inject(to, address(1 - to, 1), &bytes));
    world.run(SECOND);
    for side in &world.sides {
        assert!(side.received_between(from, world.now) >= 49, "{:?}", side.reports());
    }
}

/// Garbage of every kind from the peer's address and from others.
#[test]
fn garbage_datagrams_change_nothing() {
    let mut world = World::connected(1, GOOD);
    let from = world.now;
    let before = world.sides.each_ref().map(|side| side.reports().len());
    for round in 0..300_u32 {
        world.run(10 * MS);
        for to in 0..2 {
            for first in [0_u8, 1, 20, 22, 23, 63, 128, 144, 200, 255] {
                let mut bytes = vec![first; 12 + round as usize % 200];
                let noise = round.wrapping_mul(2_654_435_761).to_le_bytes();
                bytes[1..5].copy_from_slice(&noise);
                world.inject(to, address(1 - to, 1), &bytes);
                world.inject(to, address(7, 7), &bytes);
            }
            world.inject(to, address(1 - to, 1), &[]);
        }
    }
    for (at, side) in world.sides.iter().enumerate() {
        assert_eq!(side.reports().len(), before[at], "{:?}", side.reports());
        let count = side.received_between(from, world.now);
        assert!((145..=151).contains(&count), "{count} packets in 3 s");
    }
}

/// Each datagram of a call is followed by a copy with a changed bit, or cut, or longer.
#[test]
fn damaged_datagrams_change_nothing() {
    let mut world = World::connected(1, GOOD);
    let reports = world.sides.each_ref().map(|side| side.reports().len());
    world.damage = |number, bytes| {
        let mut damaged = bytes.to_vec();
        match number % 4 {
            0 => damaged.truncate(number as usize % bytes.len()),
            1 => damaged.extend([0; 40]),
            _ => damaged[number as usize * 7 % bytes.len()] ^= 1 << (number % 8),
        }
        Some(damaged)
    };
    let from = world.now;
    world.run(20 * SECOND);
    for (at, side) in world.sides.iter().enumerate() {
        assert_eq!(side.reports().len(), reports[at], "{:?}", side.reports());
        let count = side.received_between(from, world.now);
        assert!((995..=1001).contains(&count), "{count} packets in 20 s");
        assert!(side.received.iter().all(|(_, packet)| packet.payload.len() == 80));
    }
}

/// Texts with a changed byte: none of them ends a call, and each is answered with a reason or not at all.
#[test]
fn damaged_texts_change_nothing() {
    let mut world = World::connected(1, GOOD);
    let answer = write_message(&answer_of(&mut world)).expect("a text");
    let reports = world.sides.each_ref().map(|side| side.reports().len());
    for at in 0..answer.len() {
        let mut damaged = answer.clone().into_bytes();
        damaged[at] ^= 1;
        let Ok(damaged) = String::from_utf8(damaged) else { continue };
        // Another name, nonce or fingerprint is an attack, which ends the call.
        let Ok(message) = read_message(&damaged) else { continue };
        if let (Body::Answer { description, nonce, .. }, Ok(original)) =
            (&message.body, read_message(&answer))
        {
            let Body::Answer { description: known, nonce: known_nonce, .. } = original.body else { continue };
            let line = |sdp: &str| sdp.lines().find(|it| it.contains("fingerprint")).map(str::to_owned);
            let is_named = (&description.from, &description.to) == (&known.from, &known.to);
            if *nonce != known_nonce || line(&description.sdp) != line(&known.sdp) || !is_named {
                continue;
            }
        }
        world.deliver(INVITER, &damaged);
        world.deliver(CALLEE, &damaged);
    }
    world.run(SECOND);
    for (at, side) in world.sides.iter().enumerate() {
        assert_eq!(side.reports().len(), reports[at], "{:?}", side.reports());
    }
}

/// A page that offers pictures and data, too: they are refused, sound is not.
#[test]
fn other_media_of_an_offer_are_refused() {
    let mut world = World::new(1, GOOD, GOOD);
    let (texts, taken) = std::sync::mpsc::channel();
    world.broker = Box::new(move |from, text| {
        let mut message = read_message(&text).expect("one of ours");
        if let Body::Offer { description, .. } = &mut message.body {
            description.sdp += "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=sendrecv\r\n\
                                a=rtpmap:96 VP8/90000\r\n";
        }
        let _ = texts.send(message.clone());
        vec![(1 - from, write_message(&message).expect("a text"))]
    });
    world.accept();
    world.run(SECOND);
    let described = taken.try_iter().filter_map(|message| match message.body {
        Body::Offer { description, .. } | Body::Answer { description, .. } => Some(description.sdp),
        Body::Candidates { .. } | Body::Restart | Body::Media(_) | Body::Reveal { .. } | Body::Bye => None,
    });
    let sdps: Vec<String> = described.collect();
    let [offer, answer] = &sdps[..] else { panic!("{sdps:?}") };
    println!("offer {} bytes, answer {} bytes", offer.len(), answer.len());
    let heads: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert!(
        matches!(heads[..], [audio, "m=video 0 UDP/TLS/RTP/SAVPF 0"] if audio.starts_with("m=audio 9")),
        "{answer}"
    );
    assert!(offer.len() < 1500 && answer.len() < 1500, "{sdps:?}");
}

/// Who is not the peer cannot begin the handshake, though DTLS itself would let anybody.
#[test]
fn a_strangers_handshake_is_not_answered() {
    let stranger = World::connected(7, GOOD);
    let hellos: Vec<Vec<u8>> = stranger.dtls_sent[INVITER].clone();
    let mut world = World::new(1, GOOD, GOOD);
    world.accept();
    for step in 0..20 {
        world.run(20 * MS);
        let hello = &hellos[step % hellos.len()];
        world.inject(CALLEE, address(7, 7), &hellos[0]);
        world.inject(CALLEE, address(7, 7), hello);
        world.inject(INVITER, address(7, 7), hello);
    }
    world.run(SECOND);
    for side in &world.sides {
        assert_eq!(side.security().map(|it| it.0), Some(Security::Unverified), "{:?}", side.reports());
        assert!(side.received.len() > 40);
    }
}

#[test]
fn repeated_datagrams_count_once() {
    let mut world = World::new(1, Conditions { delay: 50 * MS, jitter: 20 * MS, loss_percent: 0 }, GOOD);
    world.copies = 3;
    world.accept();
    world.run(5 * SECOND);
    for side in &world.sides {
        let mut numbers: Vec<u64> = side.received.iter().map(|(_, packet)| packet.seq).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
        assert!(all >= 200, "{all}");
    }
}

#[test]
fn a_burst_of_offers_has_eight_answers() {
    let mut world = World::new(1, GOOD, GOOD);
    world.input(CALLEE, Input::Join);
    let inviters = (0..200_u64).map(|seed| {
        let mut other = Side::new(INVITER, config(Role::Inviter, 1000 + seed));
        other.peer.handle(world.now, Input::Join);
        let texts = std::iter::from_fn(|| other.peer.poll_output());
        texts.filter_map(|output| if let Output::Text(text) = output { Some(text) } else { None }).next()
    });
    let offers: Vec<String> = inviters.flatten().collect();
    let (count, answers) = (offers.len(), std::rc::Rc::new(std::cell::Cell::new(0)));
    let counted = answers.clone();
    world.broker = Box::new(move |_, _| {
        counted.set(counted.get() + 1);
        Vec::new()
    });
    offers.iter().for_each(|offer| world.deliver(CALLEE, offer));
    assert_eq!((count, answers.get()), (200, 8));
}

#[test]
fn texts_of_another_negotiation_do_not_end_it() {
    let mut world = World::connected(1, GOOD);
    for body in [Body::Bye, Body::Restart, Body::Media(Default::default())] {
        let message = Message { sid: Sid([9; 16]), seq: 9, body };
        (0..2).for_each(|side| world.deliver(side, &write_message(&message).expect("a text")));
    }
    world.run(SECOND);
    for side in &world.sides {
        assert!(side.when(|output| matches!(output, Output::Disconnected(_))).is_none());
    }
}
