//! Texts from app to app, through a broker: both ways, in order, each once, up to their limit.

use crate::pair::Pair;
use crate::phone::Phone;

/// How many are sent at once: fewer than may wait.
const COUNT: usize = 12;

/// The bytes that a text may have.
const LIMIT: usize = 3_800;

/// A JSON string of so many bytes.
fn text_of(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

/// Sends texts both ways at once, in a call; one is as long as it may be, and one is too long.
#[track_caller]
pub(crate) fn exchange_data(alice: &mut Phone, bob: &mut Phone) {
    let mut expected = vec![r#"on_data({"sdp":"v=0"})"#.to_owned()];
    expected.extend((1..COUNT - 1).map(|number| format!("on_data({number})")));
    expected.push(format!("on_data({LIMIT} bytes)"));
    for phone in [&mut *alice, &mut *bob] {
        phone.send_line(&format!("send {}", text_of(LIMIT + 1)));
        phone.send_line(r#"send {"sdp":"v=0"}"#);
        (1..COUNT - 1).for_each(|number| phone.send_line(&format!("send {number}")));
        phone.send_line(&format!("send {}", text_of(LIMIT)));
    }
    for phone in [alice, bob] {
        phone.prints("phone: send: ");
        let all = phone.next(2 * COUNT);
        let (received, done): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.starts_with("on_data("));
        assert_eq!(received, expected);
        assert_eq!(done, vec!["done(send_data,0)"; COUNT]);
    }
}

#[test]
fn data_goes_both_ways_in_order() {
    let mut pair = Pair::new("data", &[]);
    pair.connect();
    exchange_data(&mut pair.alice, &mut pair.bob);
    // Data queued while the broker is frozen arrives in order, too.
    pair.broker.freeze();
    (1..=COUNT).for_each(|number| pair.alice.send_line(&format!("send {number}")));
    pair.alice.sync();
    pair.broker.thaw();
    (1..=COUNT).for_each(|number| pair.bob.expect(&format!("on_data({number})")));
    pair.alice.expect(&["done(send_data,0)"; COUNT].join(" "));
    pair.hang_up();
    pair.alice.send_line("send 1");
    pair.alice.expect("done(send_data,90010)");
    pair.end();
}
