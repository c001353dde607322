//! Both sides of a code, and brokers in between.

use super::*;
use crate::crypto::Generator;
use nertc_callkit_ids::IdGenerator;

const SID: Sid = Sid([7; 16]);

fn context() -> Context {
    let party = |name: &str| Party { account: name.to_owned(), device: format!("{name}-phone") };
    let (inviter, callee) = (party("alice"), party("bob"));
    Context { inviter, callee, channel: "room".to_owned(), call_id: "call".to_owned() }
}

/// What a side knows before media starts: everything but the peer's device.
fn known(context: &Context, role: Role) -> Context {
    let mut known = context.clone();
    let peer = if role == Role::Inviter { &mut known.callee } else { &mut known.inviter };
    peer.device.clear();
    known
}

fn halves(context: &Context, sid: Sid, generator: &mut Generator) -> (SecurityCode, SecurityCode) {
    let mut side =
        |role| SecurityCode::new(role, &known(context, role), sid, generator.bytes(), generator.bytes());
    (side(Role::Inviter), side(Role::Callee))
}

/// Halves of an inviter and a callee.
fn pair(generator: &mut Generator) -> (SecurityCode, SecurityCode) {
    halves(&context(), SID, generator)
}

impl SecurityCode {
    /// What this side states.
    fn stated(&self) -> Stated<'_> {
        let (from, to) = (self.context.party(self.role), &self.context.party(self.role.other()).account);
        Stated { from, to, fingerprint: self.fingerprint }
    }

    /// Likewise, of another certificate.
    fn stated_with(&self, fingerprint: Fingerprint) -> Stated<'_> {
        Stated { fingerprint, ..self.stated() }
    }
}

fn generator(seed: u64) -> Generator {
    Generator::new(IdGenerator::test_seed(seed))
}

/// The whole exchange over an honest broker.
fn exchange(inviter: &mut SecurityCode, callee: &mut SecurityCode) -> Result<(), Mismatch> {
    callee.on_offer(&inviter.stated(), Some(inviter.commitment()))?;
    assert_eq!(inviter.reveal(), None, "nothing is revealed before the answer");
    inviter.on_answer(&callee.stated(), Some(callee.nonce()))?;
    assert!(callee.waits_for_reveal());
    callee.on_reveal(inviter.reveal().expect("revealed after the answer"))?;
    inviter.on_connected();
    callee.on_connected();
    Ok(())
}

#[test]
fn both_sides_show_one_code() {
    let (mut inviter, mut callee) = pair(&mut generator(1));
    assert_eq!((inviter.state(), inviter.code()), (Security::None, None));
    exchange(&mut inviter, &mut callee).expect("honest");
    let code = inviter.code().expect("a code").to_owned();
    assert_eq!(Some(&*code), callee.code());
    assert!(code.len() == 4 && code.bytes().all(|it| ALPHABET.contains(&it)), "{code}");
    assert_eq!((inviter.state(), callee.state()), (Security::Unverified, Security::Unverified));
    assert_eq!(inviter.transcript(Role::Callee), callee.transcript(Role::Callee));
    assert_ne!(inviter.transcript(Role::Callee), inviter.transcript(Role::Inviter));
    inviter.on_verdict(true);
    callee.on_verdict(false);
    assert_eq!((inviter.state(), callee.state()), (Security::Verified, Security::Mismatch));
    callee.on_verdict(true);
    assert_eq!(callee.state(), Security::Mismatch, "a mismatch is final");
}

/// A connection asks for it with every packet.
#[test]
fn a_code_is_made_once() {
    let (mut inviter, mut callee) = pair(&mut generator(1));
    exchange(&mut inviter, &mut callee).expect("honest");
    for side in [&inviter, &callee] {
        assert_eq!(side.code(), side.make_code().as_deref(), "as of both halves");
        assert_eq!(side.code().map(str::as_ptr), side.code().map(str::as_ptr));
    }
}

#[test]
fn every_part_of_the_context_changes_the_code() {
    let code = |context: &Context, sid| {
        let (mut inviter, mut callee) = halves(context, sid, &mut generator(1));
        exchange(&mut inviter, &mut callee).expect("honest");
        inviter.transcript(Role::Inviter).expect("both halves")
    };
    let mut changed = vec![context(); 7];
    changed[1].inviter.account = "alic".to_owned();
    changed[2].callee.account = "bobb".to_owned();
    changed[3].inviter.device = "tablet".to_owned();
    changed[4].callee.device = "tablet".to_owned();
    changed[5].channel = "roo".to_owned();
    changed[6].call_id = "mcall".to_owned();
    // Fields are framed: letters that move from one to the next change it.
    let mut moved = context();
    (moved.channel, moved.call_id) = ("roomc".to_owned(), "all".to_owned());
    changed.push(moved);
    let mut codes: Vec<_> = changed.iter().map(|context| code(context, SID)).collect();
    codes.push(code(&context(), Sid([8; 16])));
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 9);
}

#[test]
fn a_second_answer_is_a_mismatch() {
    for (fingerprint, nonce) in [([9; 32], None), ([9; 32], Some([9; 16])), ([0; 32], Some([9; 16]))] {
        let (mut inviter, mut callee) = pair(&mut generator(1));
        exchange(&mut inviter, &mut callee).expect("honest");
        let fingerprint = if fingerprint == [0; 32] { callee.fingerprint() } else { fingerprint };
        assert_eq!(inviter.on_answer(&callee.stated(), Some(callee.nonce())), Ok(()), "a repetition");
        assert_eq!(inviter.on_answer(&callee.stated_with(fingerprint), nonce), Err(Mismatch));
        assert_eq!(inviter.state(), Security::Mismatch);
    }
}

#[test]
fn a_second_offer_is_a_mismatch() {
    let (inviter, mut callee) = pair(&mut generator(1));
    let commitment = Some(inviter.commitment());
    callee.on_offer(&inviter.stated(), commitment).expect("the first");
    callee.on_offer(&inviter.stated(), commitment).expect("a restart");
    assert_eq!(callee.clone().on_offer(&inviter.stated_with([9; 32]), commitment), Err(Mismatch));
    assert_eq!(callee.clone().on_offer(&inviter.stated(), Some([9; 32])), Err(Mismatch));
    assert_eq!(callee.on_offer(&inviter.stated(), None), Err(Mismatch), "stripped");
}

#[test]
fn another_reveal_is_a_mismatch() {
    let (inviter, mut callee) = pair(&mut generator(1));
    callee.on_offer(&inviter.stated(), Some(inviter.commitment())).expect("the first");
    assert_eq!(callee.clone().on_reveal([9; 16]), Err(Mismatch));
    callee.on_reveal(inviter.nonce()).expect("the right one");
    callee.on_reveal(inviter.nonce()).expect("again");
    assert_eq!(callee.on_reveal([9; 16]), Err(Mismatch));
}

#[test]
fn a_mirror_is_a_mismatch() {
    let (mut inviter, mut callee) = pair(&mut generator(1));
    let mirrored = callee.stated_with(inviter.fingerprint());
    assert_eq!(inviter.on_answer(&mirrored, Some([1; 16])), Err(Mismatch));
    let (own, inviter) = (callee.fingerprint(), pair(&mut generator(1)).0);
    assert_eq!(callee.on_offer(&inviter.stated_with(own), Some([1; 32])), Err(Mismatch));
}

#[test]
fn a_peer_without_code_gives_none() {
    let (mut inviter, mut callee) = pair(&mut generator(1));
    callee.on_offer(&inviter.stated(), None).expect("an offer");
    inviter.on_answer(&callee.stated(), None).expect("an answer");
    assert_eq!(inviter.reveal(), None);
    assert!(!callee.waits_for_reveal());
    callee.on_reveal([1; 16]).expect("ignored");
    for side in [&mut inviter, &mut callee] {
        assert_eq!(side.state(), Security::None);
        side.on_connected();
        assert_eq!((side.state(), side.code()), (Security::NoCode, None));
        side.on_verdict(true);
        assert_eq!(side.state(), Security::NoCode, "there was nothing to compare");
    }
}

#[test]
fn a_late_reveal_still_counts() {
    let (inviter, mut callee) = pair(&mut generator(1));
    callee.on_offer(&inviter.stated(), Some(inviter.commitment())).expect("an offer");
    callee.on_connected();
    assert_eq!(callee.state(), Security::None);
    callee.on_late_reveal();
    assert_eq!(callee.state(), Security::NoCode);
    callee.on_reveal(inviter.nonce()).expect("the right one");
    assert_eq!(callee.state(), Security::Unverified);
}

/// A broker in the middle with halves of its own on both sides.
#[test]
fn a_broker_in_the_middle_has_one_try() {
    let mut generator = generator(1);
    let mut fooled = 0;
    for _ in 0..500 {
        let (mut inviter, mut callee) = pair(&mut generator);
        let (mut to_callee, mut to_inviter) = pair(&mut generator);
        exchange(&mut inviter, &mut to_inviter).expect("its own halves are consistent");
        exchange(&mut to_callee, &mut callee).expect("its own halves are consistent");
        fooled += usize::from(inviter.code() == callee.code());
    }
    assert_eq!(fooled, 0);
}

/// It waits for the reveal and then searches for a nonce with which the inviter shows the callee's code.
/// The search succeeds; the answer that it is good for comes too late.
#[test]
fn a_broker_that_grinds_is_caught() {
    let mut generator = generator(1);
    let (mut inviter, mut callee) = pair(&mut generator);
    let (mut to_callee, to_inviter) = pair(&mut generator);
    exchange(&mut to_callee, &mut callee).expect("its own halves are consistent");
    inviter.on_answer(&to_inviter.stated(), Some(to_inviter.nonce())).expect("the first answer");
    let revealed = inviter.reveal().expect("revealed");
    let wanted = callee.code().expect("a code");
    let shown = |nonce: Nonce| {
        let mut fresh = SecurityCode { peer: None, ..inviter.clone() };
        fresh.on_answer(&to_inviter.stated(), Some(nonce)).expect("not frozen");
        assert_eq!(fresh.reveal(), Some(revealed));
        fresh.code().expect("a code").to_owned()
    };
    // Two letters of four keep the test short; all four take a thousand times as long.
    let ground = (0..100_000_u128).map(u128::to_be_bytes).find(|nonce| shown(*nonce)[..2] == wanted[..2]);
    let ground = ground.expect("grinding is cheap");
    assert_eq!(inviter.on_answer(&to_inviter.stated(), Some(ground)), Err(Mismatch));
    assert_eq!(inviter.state(), Security::Mismatch);
}

#[test]
fn names_of_others_are_refused() {
    let (inviter, callee) = pair(&mut generator(1));
    let commitment = Some(inviter.commitment());
    let mallory = Party { account: "mallory".to_owned(), ..inviter.context.inviter.clone() };
    let offer = |from: &Party, to: &str| {
        callee.clone().on_offer(&Stated { from, to, fingerprint: inviter.fingerprint() }, commitment)
    };
    assert_eq!(offer(&mallory, "bob"), Err(Mismatch));
    assert_eq!(offer(&inviter.context.inviter, "carol"), Err(Mismatch));
    let answer = |from: &Party, to: &str| {
        let stated = Stated { from, to, fingerprint: callee.fingerprint() };
        inviter.clone().on_answer(&stated, Some(callee.nonce()))
    };
    assert_eq!(answer(&mallory, "alice"), Err(Mismatch));
    assert_eq!(answer(&callee.context.callee, "carol"), Err(Mismatch));
    assert_eq!(answer(&callee.context.callee, "alice"), Ok(()));
    // The commitment is about the inviter's device as well.
    for device in ["tablet", ""] {
        let from = Party { device: device.to_owned(), ..inviter.context.inviter.clone() };
        let mut callee = callee.clone();
        callee
            .on_offer(&Stated { from: &from, ..inviter.stated() }, commitment)
            .expect("nobody knows better yet");
        assert_eq!(callee.on_reveal(inviter.nonce()), Err(Mismatch));
    }
    // The callee's is in the code, and final.
    let from = Party { device: "tablet".to_owned(), ..callee.context.callee.clone() };
    let relabelled = Stated { from: &from, ..callee.stated() };
    let mut inviter = inviter;
    let mut other = inviter.clone();
    inviter.on_answer(&callee.stated(), Some(callee.nonce())).expect("an answer");
    other.on_answer(&relabelled, Some(callee.nonce())).expect("an answer");
    assert_ne!(inviter.code(), other.code());
    assert_eq!(inviter.on_answer(&relabelled, Some(callee.nonce())), Err(Mismatch));
}

/// A service may fold the case of accounts: the code is that of the inviter's spelling.
#[test]
fn accounts_may_differ_in_case() {
    let (mut inviter, mut callee) = pair(&mut generator(1));
    inviter.context.callee.account = "BOB".to_owned();
    inviter.context.inviter.account = "Alice".to_owned();
    exchange(&mut inviter, &mut callee).expect("the same accounts");
    assert!(inviter.code().is_some() && inviter.code() == callee.code());
}

/// A core that is older than accounts in a join states and compares none.
#[test]
fn sides_without_names_have_a_code() {
    let mut context = context();
    (context.inviter, context.callee) = <(Party, Party)>::default();
    let (mut inviter, mut callee) = halves(&context, SID, &mut generator(1));
    callee.context.callee.account = "bob".to_owned();
    exchange(&mut inviter, &mut callee).expect("an older core");
    assert!(inviter.code().is_some() && inviter.code() == callee.code());
}

/// Made by another implementation: scripts that speak to this one are tested with the same file.
#[test]
fn the_vectors_are_met() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/security_code.json")).expect("JSON");
    let vectors = vectors.as_array().expect("an array");
    assert!(vectors.len() >= 4);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap_or_else(|| panic!("{key}")).to_owned();
        let bytes = |key: &str| {
            let digits = text(key).into_bytes();
            let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().map(|it| u8::from_str_radix(it, 16));
            digits.chunks(2).map(|it| byte(it).expect("ASCII").expect("a byte")).collect::<Vec<u8>>()
        };
        let party = |name: &str| Party {
            account: text(&format!("{name}_account")),
            device: text(&format!("{name}_device")),
        };
        let (inviter, callee) = (party("inviter"), party("callee"));
        let context = Context { inviter, callee, channel: text("channel"), call_id: text("call_id") };
        let sid = Sid(bytes("sid").try_into().expect("16 bytes"));
        let half = |role: Role, name: &str| {
            let fingerprint = bytes(&format!("{name}_fingerprint")).try_into().expect("32 bytes");
            let nonce = bytes(&format!("{name}_nonce")).try_into().expect("16 bytes");
            SecurityCode::new(role, &known(&context, role), sid, fingerprint, nonce)
        };
        let (mut inviter, mut callee) = (half(Role::Inviter, "inviter"), half(Role::Callee, "callee"));
        exchange(&mut inviter, &mut callee).expect("honest");
        assert_eq!(inviter.commitment().to_vec(), bytes("commitment"));
        for side in [&inviter, &callee] {
            assert_eq!(side.code(), Some(&*text("code")));
            assert_eq!(side.transcript(Role::Inviter), Some(bytes("inviter_transcript")));
            assert_eq!(side.transcript(Role::Callee), Some(bytes("callee_transcript")));
        }
    }
}

#[test]
fn debug_output_hides_nonces() {
    let (inviter, _) = pair(&mut generator(1));
    assert_eq!(format!("{inviter:?}"), "SecurityCode { role: Inviter, state: None }");
}
