//! What brokers refuse, and messages of third parties.

use std::fmt::Write;
use std::fs;

use nertc_callkit_testkit::mosquitto::{Mosquitto, publish};
use nertc_callkit_testkit::patience;
use nertc_callkit_testkit::process::Process;

use crate::pair::{PEOPLE, Pair, accept};
use crate::phone::Phone;

#[test]
fn a_wrong_token() {
    let broker = Mosquitto::start("wrong_token", &PEOPLE);
    let exchange = broker.exchange();
    let mut alice = Phone::with_token(&exchange, "alice/phone", "wrong", &[]);
    alice.expect("on_token_needed");
    alice.send_line("token wrong-again");
    alice.expect("done(login,302)");
    assert!(alice.line("done(login)").contains("message=\""), "it says what to do");
    alice.send_line("call bob");
    alice.expect("done(call,20001)");
    alice.quit();
    let mut nobody = Phone::new(&exchange, "nobody/phone", &[]);
    nobody.expect("on_token_needed");
    nobody.send_line("token");
    nobody.expect("done(login,302)");
    nobody.quit();
}

#[test]
#[ignore = "make test-brokers: the app has a minute to give another token"]
fn a_token_that_expires_while_logged_in() {
    let mut pair = Pair::new("expired", &[]);
    pair.broker.stop();
    pair.alice.expect("on_reconnecting");
    pair.bob.expect("on_reconnecting");
    pair.broker.add("alice", "another");
    pair.broker.up();
    pair.bob.expect("on_reconnected");
    pair.alice.until_for(patience() * 6, "on_kicked");
    assert!(pair.alice.line("on_kicked").contains("code=302"), "{}", pair.alice.line("on_kicked"));
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,20001)");
    let mut alice = Phone::with_token(&pair.exchange, "alice/phone", "another", &[]);
    alice.expect("done(login,0)");
    crate::pair::connect(&mut alice, &mut pair.bob);
    crate::pair::hang_up(&mut alice, &mut pair.bob);
    alice.quit();
    pair.end();
}

/// A broker whose rules lack `line`.
fn without(name: &str, line: &str) -> Mosquitto {
    let mut broker = Mosquitto::start(name, &PEOPLE);
    let file = broker.folder().join("callkit.acl");
    let rules = fs::read_to_string(&file).expect("rules");
    assert!(rules.contains(line));
    fs::write(&file, rules.replace(line, "")).expect("written");
    broker.stop();
    broker.up();
    broker
}

#[test]
fn a_denied_invite_fails_the_call() {
    let broker = without("denied_invite", "pattern write nck1/u/+/in/%u/+\n");
    let exchange = broker.exchange();
    let mut pair = Pair::at(broker, exchange, &[]);
    pair.alice.send_line("call bob");
    let code = pair.alice.until_start("done(call,");
    assert!(code != "done(call,0)", "{code}");
    pair.alice.expect("on_call_end(7)");
    pair.end();
}

#[test]
fn a_login_that_cannot_subscribe_reports_it() {
    let broker = without("denied_echo", "pattern read nck1/u/%u/d/+/+/+\n");
    let mut alice = Phone::new(&broker.exchange(), "alice/phone", &[]);
    let code = alice.until_start("done(login,");
    assert!(code != "done(login,0)", "{code}");
    alice.quit();
}

#[test]
fn a_full_queue_delays_an_invite_and_does_not_lose_it() {
    let mut pair = Pair::new("full_queue", &[]);
    pair.bob.kill();
    let mut flood = pair.broker.client("mosquitto_pub", "eve");
    flood.args(["-t", "nck1/u/bob/in/eve/x", "-m", "junk", "--repeat", "400"]);
    Process::start("eve", flood).end();
    pair.alice.send_line("call bob");
    pair.alice.expect("done(call,0)");
    pair.bob = Phone::new(&pair.exchange, "bob/phone", &[]);
    pair.bob.expect("done(login,0) on_invited");
    accept(&mut pair.alice, &mut pair.bob);
    pair.hang_up();
    pair.end();
}

#[test]
fn what_makes_no_sense_is_passed_over() {
    let mut pair = Pair::new("nonsense", &[]);
    let deep = "[".repeat(5_000);
    let long = format!("{{\"v\":1,\"k\":\"invite\",\"id\":\"{}\"}}", "x".repeat(20_000));
    let huge = format!("{{\"v\":1,\"k\":\"invite\",\"b\":{}1{}}}", "[".repeat(9), "]".repeat(9));
    let nonsense = ["", "x", "{}", "[]", "{\"v\":1}", "{\"v\":2,\"k\":\"invite\"}", &deep, &long, &huge];
    for payload in nonsense {
        for lane in ["in", "d/phone"] {
            publish(&pair.broker, "eve", &format!("nck1/u/bob/{lane}/eve/x"), payload);
        }
    }
    let file = pair.broker.folder().join("binary");
    fs::write(&file, [0xff, 0xfe, 0, 0x80]).expect("written");
    let mut command = pair.broker.client("mosquitto_pub", "eve");
    command.args(["-t", "nck1/u/bob/in/eve/x", "-f"]).arg(&file);
    Process::start("eve", command).end();
    pair.connect();
    pair.hang_up();
    pair.end();
}

/// An invite as docs/WIRE-MQTT.md has it, with another sender wherever a payload can state one.
fn forged(id: u32) -> String {
    let mut text = format!("{{\"v\":1,\"k\":\"invite\",\"id\":\"{id:022}\",\"cid\":\"{id:022}\",");
    let _ = write!(
        text,
        "\"inst\":\"{id:022}\",\"from\":\"alice\",\"fdev\":\"phone\",\"b\":{{\"rid\":\"{id:022}\",\"type\":1,\
         \"custom\":\"{{}}\",\"left\":30000,\"uid\":7,\"from\":\"alice\",\"keep\":true}}}}"
    );
    text
}

#[test]
fn the_topic_identifies_the_sender() {
    let mut pair = Pair::new("forged_sender", &["--ring", "1000"]);
    publish(&pair.broker, "eve", "nck1/u/bob/in/eve/x", &forged(1));
    pair.bob.expect("on_invited");
    assert!(pair.bob.line("on_invited").contains("invitor=eve"), "{}", pair.bob.line("on_invited"));
    pair.bob.until("on_call_end(2) on_call_end(12)");
    pair.end();
}

/// A third party that saw the ids of a call, which it cannot, still cannot end it.
#[test]
fn a_stranger_ends_no_call() {
    let mut pair = Pair::new("stranger", &[]);
    let ear = pair.broker.client("mosquitto_sub", "bob");
    let ear = nertc_callkit_testkit::mosquitto::listen(ear, &["nck1/u/bob/in/+/+"]);
    pair.connect();
    let invite = ear.wait_text("\"invite\"");
    let id = |key: &str| {
        let (_, after) = invite.split_once(&format!("\"{key}\":\"")).expect("an id");
        after.split('"').next().expect("its end").to_owned()
    };
    let (cid, rid) = (id("cid"), id("rid"));
    for (at, kind) in ["bye", "cancel", "settled", "gone", "reject"].iter().enumerate() {
        let text = format!(
            "{{\"v\":1,\"k\":\"{kind}\",\"id\":\"{at:022}\",\"cid\":\"{cid}\",\"inst\":\"{at:022}\",\"n\":1,\
             \"b\":{{\"rid\":\"{rid}\",\"how\":\"close\",\"by\":\"x\",\"custom\":\"\",\"type\":1}}}}"
        );
        publish(&pair.broker, "eve", "nck1/u/bob/in/eve/x", &text);
        publish(&pair.broker, "eve", "nck1/u/bob/d/phone/eve/x", &text);
        publish(&pair.broker, "eve", "nck1/u/alice/d/phone/eve/x", &text);
    }
    pair.alice.send_line("switch video");
    pair.alice.until("done(switch_call_type,0)");
    pair.bob.expect("on_call_type_change");
    pair.alice.send_line("hangup");
    pair.alice.until("on_call_end(15)");
    pair.bob.expect("on_call_end(16)");
    pair.end();
}

/// Messages without end from eve, as fast as they go.
fn flood(broker: &Mosquitto, name: &str, payload: &str, times: u32) -> Process {
    let mut command = broker.client("mosquitto_pub", "eve");
    command.args(["-t", &format!("nck1/u/{name}/in/eve/x"), "-m", payload, "--repeat", &times.to_string()]);
    Process::start("eve", command)
}

#[test]
fn a_flood_of_one_account_does_not_stop_the_calls_of_others() {
    let mut pair = Pair::new("flood", &[]);
    let mut junk = flood(&pair.broker, "bob", "junk", 20_000);
    let mut more = flood(&pair.broker, "alice", "{\"v\":1,\"k\":\"alert\",\"id\":\"1\"}", 20_000);
    junk.wait_text("PUBACK");
    more.wait_text("PUBACK");
    for _ in 0..5 {
        pair.connect();
        pair.hang_up();
    }
    junk.kill();
    more.kill();
    pair.end();
}

#[test]
fn a_flood_of_invites_rings_a_few_times_at_most() {
    // alice's calls end by bob's being busy; only bob's phone stops ringing early.
    let mut pair = Pair::new("flood_invites", &[]);
    pair.bob.quit_now();
    pair.bob = pair.third("bob/phone", &["--ring", "600"]);
    let lines: Vec<String> = (0..400).map(forged).collect();
    let mut command = pair.broker.client("mosquitto_pub", "eve");
    command.args(["-t", "nck1/u/bob/in/eve/x", "-l"]);
    let mut eve = Process::start("mosquitto_pub", command);
    eve.send_line(&lines.join("\n"));
    assert!(eve.end().success());
    pair.bob.expect("on_invited");
    pair.bob.until("on_call_end(2) on_call_end(12)");
    // alice gets through when what rings has ended.
    let mut tries = 0;
    loop {
        pair.alice.send_line("call bob");
        pair.alice.until("done(call,0)");
        let word = pair.bob.until("on_invited");
        if pair.bob.line(&word).contains("invitor=alice") {
            break;
        }
        pair.alice.until("on_call_end(2) on_call_end(3)");
        pair.bob.until("on_call_end(2) on_call_end(12)");
        tries += 1;
        assert!(tries < 20, "a stranger holds the line");
    }
    drop(pair);
}
