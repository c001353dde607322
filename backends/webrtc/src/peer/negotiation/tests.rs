use super::*;

const SID: Sid = Sid([1; 16]);

fn description(sdp: &str) -> Description {
    Description { sdp: sdp.to_owned(), uid: 1, ..Description::default() }
}

fn offer_of(sid: Sid, seq: u32, sdp: &str) -> Message {
    Message { sid, seq, body: Body::Offer { description: description(sdp), commitment: None } }
}

fn answer_of(seq: u32, to: u32, sdp: &str) -> Message {
    Message { sid: SID, seq, body: Body::Answer { to, description: description(sdp), nonce: None } }
}

fn text(seq: u32, body: Body) -> Message {
    Message { sid: SID, seq, body }
}

fn candidates(seq: u32) -> Message {
    text(seq, Body::Candidates { ufrag: String::new(), candidates: vec![] })
}

fn media(seq: u32, on: u32) -> Message {
    let on = nertc_callkit_media::Media::of(on);
    text(seq, Body::Media(MediaState { on, ..MediaState::default() }))
}

/// An inviter whose offer number 1 is out.
fn inviter() -> Negotiation {
    let mut it = Negotiation::new(Role::Inviter, SID);
    it.offer(0, description("offer"), None);
    assert_eq!(it.poll_message(), Some(offer_of(SID, 1, "offer")));
    it
}

/// A callee that has answered offer number 1.
fn callee() -> Negotiation {
    let mut it = Negotiation::new(Role::Callee, Sid([0; 16]));
    assert!(it.receive(0, offer_of(SID, 1, "offer")).is_ok());
    it.answer(0, description("answer"), None, false);
    assert_eq!(it.poll_message(), Some(answer_of(1, 1, "answer")));
    it
}

#[test]
fn an_offer_is_answered_once() {
    let (mut inviter, mut callee) = (inviter(), callee());
    assert!(!inviter.is_described() && callee.is_described());
    let step = inviter.receive(0, answer_of(1, 1, "answer"));
    assert_eq!(step, Ok(Step::Answer { description: description("answer"), nonce: None }));
    assert!(inviter.is_described());
    assert_eq!(inviter.receive(0, answer_of(1, 1, "answer")), Ok(Step::AnswerAgain));
    assert!(matches!(inviter.receive(0, answer_of(2, 1, "other")), Ok(Step::SecondAnswer { .. })));
    assert_eq!(inviter.receive(0, answer_of(1, 1, "answer")), Ok(Step::AnswerAgain), "the first one stands");
    // The same number is answered identically; another text with it changes nothing.
    assert_eq!(callee.receive(0, offer_of(SID, 1, "offer")), Err(Ignored::Repeated));
    assert_eq!(callee.poll_message(), Some(answer_of(1, 1, "answer")));
    assert_eq!(callee.receive(0, offer_of(SID, 1, "other")), Err(Ignored::Altered));
    assert_eq!(callee.poll_message(), None);
}

#[test]
fn an_unanswered_offer_is_repeated_with_its_number() {
    let mut it = inviter();
    for repeat in 1..=u64::from(OFFER_REPEATS) {
        let at = it.poll_timeout().expect("a repetition");
        assert_eq!(at, repeat * REPEAT_US);
        it.handle_timeout(at - 1);
        assert_eq!(it.poll_message(), None);
        it.handle_timeout(at);
        assert_eq!(it.poll_message(), Some(offer_of(SID, 1, "offer")));
    }
    assert_eq!(it.poll_timeout(), None, "not for ever");
    let mut it = inviter();
    it.receive(1, answer_of(1, 1, "answer")).expect("answered");
    assert_eq!(it.poll_timeout(), None);
}

#[test]
fn an_answer_is_repeated_until_the_reveal() {
    let answered = || {
        let mut it = Negotiation::new(Role::Callee, SID);
        it.receive(0, offer_of(SID, 1, "offer")).expect("an offer");
        it.answer(0, description("answer"), Some([1; 16]), true);
        it.poll_message().expect("an answer");
        it
    };
    let mut it = answered();
    let mut sent = 0;
    while let Some(at) = it.poll_timeout() {
        it.handle_timeout(at);
        sent += u32::from(it.poll_message().is_some());
    }
    assert_eq!(sent, ANSWER_REPEATS);
    let mut it = answered();
    it.on_revealed();
    assert_eq!(it.poll_timeout(), None);
}

#[test]
fn each_role_ignores_what_is_not_for_it() {
    let mut inviter = inviter();
    assert_eq!(inviter.receive(0, offer_of(SID, 9, "offer")), Err(Ignored::WrongRole));
    assert_eq!(inviter.receive(0, offer_of(Sid([9; 16]), 9, "offer")), Err(Ignored::OtherSid));
    let mut callee = callee();
    assert_eq!(callee.receive(0, answer_of(9, 1, "answer")), Err(Ignored::WrongRole));
    assert_eq!(callee.receive(0, text(9, Body::Restart)), Err(Ignored::WrongRole));
}

#[test]
fn texts_of_another_negotiation_are_ignored() {
    for mut it in [inviter(), callee()] {
        for body in [Body::Bye, Body::Restart, Body::Media(MediaState::default())] {
            let message = Message { sid: Sid([9; 16]), seq: 9, body };
            assert_eq!(it.receive(0, message), Err(Ignored::OtherSid));
        }
    }
}

#[test]
fn an_answer_to_an_older_offer_is_stale() {
    let mut it = inviter();
    it.receive(0, answer_of(1, 1, "answer")).expect("answered");
    assert!(it.restart(0));
    it.offer(0, description("restart"), None);
    assert_eq!(it.receive(0, answer_of(1, 1, "answer")), Err(Ignored::Stale));
    assert_eq!(it.receive(0, answer_of(2, 3, "answer")), Err(Ignored::Stale));
    assert!(it.receive(0, answer_of(2, 2, "answer")).is_ok());
}

#[test]
fn an_older_offer_is_stale() {
    let mut it = callee();
    assert!(matches!(it.receive(0, offer_of(SID, 3, "restart")), Ok(Step::Offer { .. })));
    it.answer(0, description("answer"), None, false);
    assert_eq!(it.receive(0, offer_of(SID, 1, "offer")), Err(Ignored::Stale));
}

#[test]
fn a_new_sid_begins_anew_and_the_old_one_is_over() {
    let mut it = callee();
    it.send_media(MediaState::default());
    let second = Sid([2; 16]);
    assert!(matches!(it.receive(0, offer_of(second, 1, "again")), Ok(Step::Offer { .. })));
    assert_eq!(it.sid(), Some(second));
    assert_eq!(it.poll_message(), None, "nothing more for the old one");
    assert_eq!(it.receive(0, offer_of(SID, 9, "offer")), Err(Ignored::OtherSid));
    assert_eq!(it.receive(0, text(9, Body::Bye)), Err(Ignored::OtherSid));
    it.answer(0, description("answer"), None, false);
    assert_eq!(it.poll_message().map(|message| message.sid), Some(second));
}

#[test]
fn a_peer_that_negotiates_for_ever_is_slowed_down() {
    let mut it = callee();
    let mut taken = 0;
    for seq in 2..1000 {
        taken += u32::from(it.receive(u64::from(seq) * 1000, offer_of(SID, seq, "offer")).is_ok());
    }
    assert_eq!(taken, OFFERS - 1);
    assert!(it.receive(RESTART_US * 2, offer_of(SID, 1000, "offer")).is_ok(), "one more after a while");
    let mut it = callee();
    let now = |at: u32| u64::from(at) * 60_000_000;
    let sids = (2..100).filter(|at| it.receive(now(*at), offer_of(Sid([*at as u8; 16]), 1, "")).is_ok());
    assert_eq!(sids.count(), SIDS - 1, "however slowly");
}

#[test]
fn restarts_by_the_callee_are_slowed_down() {
    let mut it = inviter();
    it.receive(0, answer_of(1, 1, "answer")).expect("answered");
    let soon = it.receive(RESTART_US - 1, text(2, Body::Restart));
    assert_eq!(soon, Err(Ignored::Repeated), "what it asks for is on its way");
    assert_eq!(it.receive(RESTART_US, text(2, Body::Restart)), Ok(Step::Restart), "it is repeated");
    assert_eq!(it.receive(RESTART_US, text(2, Body::Restart)), Err(Ignored::Repeated));
    let count = (3..100).filter(|seq| it.receive(RESTART_US, text(*seq, Body::Restart)).is_ok()).count();
    assert_eq!(count, OFFERS as usize - 1);
}

#[test]
fn a_request_for_a_restart_is_repeated_until_an_offer() {
    let mut it = callee();
    assert!(!it.restart(0));
    let request = text(2, Body::Restart);
    assert_eq!(it.poll_message(), Some(request.clone()));
    assert_eq!(it.poll_timeout(), Some(REPEAT_US));
    it.handle_timeout(REPEAT_US - 1);
    assert_eq!(it.poll_message(), None);
    it.handle_timeout(REPEAT_US);
    assert_eq!(it.poll_message(), Some(request.clone()), "with its number");
    it.receive(REPEAT_US, offer_of(SID, 1, "offer")).expect_err("that came before");
    assert_eq!(
        (it.poll_message(), it.poll_timeout()),
        (Some(answer_of(1, 1, "answer")), Some(2 * REPEAT_US))
    );
    it.receive(REPEAT_US, offer_of(SID, 2, "restart")).expect("what it has asked for");
    assert_eq!((it.poll_message(), it.poll_timeout()), (None, None));
    // Not for ever.
    let mut it = callee();
    it.restart(0);
    let mut sent = 0;
    while let Some(at) = it.poll_timeout() {
        it.handle_timeout(at);
        sent = std::iter::from_fn(|| it.poll_message()).fold(sent, |sent, _| sent + 1);
    }
    assert_eq!(sent, 1 + OFFER_REPEATS);
    // Nor after the end.
    for end in [Negotiation::leave, Negotiation::end] {
        let mut it = callee();
        it.restart(0);
        end(&mut it);
        assert_eq!(it.poll_timeout(), None);
    }
}

#[test]
fn early_texts_wait_and_are_counted() {
    let mut it = Negotiation::new(Role::Callee, SID);
    for seq in 1..=EARLY as u32 {
        assert_eq!(it.receive(0, candidates(seq)), Err(Ignored::Early));
    }
    assert_eq!(it.receive(0, candidates(99)), Err(Ignored::TooOften));
    it.receive(0, offer_of(SID, 50, "offer")).expect("an offer");
    it.answer(0, description("answer"), None, false);
    let early = it.take_early();
    assert_eq!(early.len(), EARLY);
    assert!(early.into_iter().all(|message| matches!(it.receive(0, message), Ok(Step::Candidates { .. }))));
    let mut it = inviter();
    assert_eq!(it.receive(0, candidates(1)), Err(Ignored::Early));
    assert_eq!(it.receive(0, text(2, Body::Restart)), Err(Ignored::Early));
    assert_eq!(it.receive(0, answer_of(3, 9, "")), Err(Ignored::Stale));
}

#[test]
fn the_newest_media_state_wins() {
    for mut it in [inviter(), callee()] {
        if !it.is_described() {
            it.receive(0, answer_of(1, 1, "answer")).expect("answered");
        }
        assert_eq!(it.receive(0, media(1, 3)), Err(Ignored::Stale), "older than the description");
        assert!(it.receive(0, media(5, 3)).is_ok());
        assert_eq!(it.receive(0, media(4, 1)), Err(Ignored::Stale));
        assert_eq!(it.receive(0, media(5, 1)), Err(Ignored::Stale));
    }
}

#[test]
fn bye_ends_a_negotiation_for_good() {
    let mut callee = callee();
    assert_eq!(callee.receive(0, text(9, Body::Bye)), Ok(Step::Bye));
    assert_eq!(callee.receive(0, offer_of(SID, 10, "offer")), Err(Ignored::OtherSid));
    assert!(callee.receive(0, offer_of(Sid([2; 16]), 1, "offer")).is_ok(), "a new app of the peer's");
    let mut inviter = inviter();
    assert_eq!(inviter.receive(0, text(1, Body::Bye)), Ok(Step::Bye));
    assert_eq!(inviter.receive(0, answer_of(2, 1, "answer")), Err(Ignored::NotStarted));
    assert_eq!(inviter.poll_timeout(), None);
}

#[test]
fn leaving_says_bye_once() {
    for mut it in [inviter(), callee()] {
        it.leave();
        assert!(matches!(it.poll_message(), Some(Message { body: Body::Bye, .. })));
        it.leave();
        it.send_media(MediaState::default());
        assert_eq!((it.poll_message(), it.poll_timeout()), (None, None));
        assert_eq!(it.receive(0, candidates(5)), Err(Ignored::NotStarted));
    }
    // Who has heard of no negotiation has nobody to say it to.
    let mut it = Negotiation::new(Role::Callee, SID);
    it.leave();
    assert_eq!(it.poll_message(), None);
}
