//! Two devices of the called account accept at the same moment, again and again: one has the call.

use nertc_callkit_testkit::mosquitto::Mosquitto;

use crate::pair::{hang_up, ring};
use crate::phone::Phone;

/// An account that calls more often than this in a short time is rate-limited.
const CALLS_AT_ONCE: u32 = 5;

fn race(name: &str, times: u32) {
    let callers: Vec<String> = (0..times / CALLS_AT_ONCE).map(|n| format!("caller{n}")).collect();
    let mut accounts: Vec<&str> = callers.iter().map(String::as_str).collect();
    accounts.push("bob");
    let broker = Mosquitto::start(name, &accounts);
    let exchange = broker.exchange();
    let mut phone = Phone::ready(&exchange, "bob/phone", &[]);
    let mut tablet = Phone::ready(&exchange, "bob/tablet", &[]);
    let mut won = [0; 2];
    for account in &callers {
        let mut caller = Phone::ready(&exchange, &format!("{account}/phone"), &[]);
        for _ in 0..CALLS_AT_ONCE {
            ring(&mut caller, &mut [&mut phone, &mut tablet]);
            phone.send_line("accept");
            tablet.send_line("accept");
            caller.expect("on_user_accept on_user_enter on_call_connected");
            let (first, second) = (has_it(&mut phone), has_it(&mut tablet));
            assert!(first != second, "one of both has the call: {first} {second}");
            won[usize::from(second)] += 1;
            hang_up(&mut caller, if first { &mut phone } else { &mut tablet });
        }
        caller.quit();
    }
    eprintln!("{times} races: the phone won {}, the tablet {}", won[0], won[1]);
    tablet.quit();
    phone.quit();
}

/// Connected, or answered on the other device: then the accept was too late, or the other's was known before.
#[track_caller]
fn has_it(device: &mut Phone) -> bool {
    let answer = device.until("done(accept,0) done(accept,10410) on_call_end(18)");
    if answer == "done(accept,0)" {
        device.expect("on_user_enter on_call_connected");
    } else if answer == "on_call_end(18)" {
        device.expect("done(accept,20017)");
    } else {
        device.expect("on_other_client_accept on_call_end(18)");
    }
    answer == "done(accept,0)"
}

#[test]
fn fifty_times() {
    race("race_50", 50);
}

#[test]
#[ignore = "make test-brokers"]
fn five_hundred_times() {
    race("race_500", 500);
}
