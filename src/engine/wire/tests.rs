//! Reading and writing of attachments.

use super::*;

#[test]
fn an_invite_is_read_back_as_it_was_written() {
    let text = outgoing(&Outgoing {
        channel_name: "7|0|3",
        call_id: "c1",
        attachment: Some("hi \"there\""),
        extra: Some("biz"),
        ..Outgoing::default()
    });
    let read = read(&text);
    assert_eq!(&*read.channel_name, "7|0|3");
    assert_eq!(&*read.call_id, "c1");
    assert_eq!(&*read.attachment, "hi \"there\"");
    assert!(!read.is_old_invite() && !read.group && !read.glare);
}

#[test]
fn json_attachments_travel_as_json_and_arrive_as_their_text() {
    let text = outgoing(&Outgoing { attachment: Some(" {\"order\":7} "), ..Outgoing::default() });
    assert!(text.contains("\"_attachment\":{\"order\":7}"), "{text}");
    assert_eq!(&*read(&text).attachment, "{\"order\":7}");
    let broken = outgoing(&Outgoing { attachment: Some("{not json"), ..Outgoing::default() });
    assert_eq!(&*read(&broken).attachment, "{not json");
}

#[test]
fn what_newer_clients_read_as_text_is_text() {
    let json = "{\"order\":7}";
    let texts = Outgoing { attachment: Some(json), extra: Some("[1]"), ..Outgoing::default() };
    let text = outgoing(&texts);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&value["extraInfo"], &value["global_extra"]), (&json.into(), &"[1]".into()), "{text}");
    assert_eq!(value["_attachment"]["order"], 7);
    assert_eq!(&*read(&text).attachment, json);
}

#[test]
fn an_ending_is_json_with_what_fits() {
    assert_eq!(&*ending(None, None), "{\"version\":\"1.8.1\",\"reason\":0}");
    let measured = |text: &str| {
        let measured = ending(Some(text), None);
        (measured.len(), read(&measured).attachment.into_owned())
    };
    assert_eq!(&*measured("bye").1, "bye");
    assert_eq!(&*measured("{\"a\":1}").1, "{\"a\":1}");
    for length in [2_000, 3_000, 4_200] {
        let (all, read) = measured(&"x".repeat(length));
        assert!(all <= limits::CUSTOM);
        assert_eq!(read.len(), if length > limits::CUSTOM { 0 } else { length });
    }
}

#[test]
fn an_invite_stays_readable_however_deep_the_apps_json_is() {
    for deep in 1..=limits::JSON_DEPTH + 1 {
        let json = format!("{}{}", "[".repeat(deep), "]".repeat(deep));
        let text = outgoing(&Outgoing { call_id: "c1", attachment: Some(&json), ..Outgoing::default() });
        let read = read(&text);
        assert_eq!((&*read.call_id, &*read.attachment), ("c1", &*json), "{deep}: {text}");
    }
}

#[test]
fn whatever_is_no_object_counts_as_empty() {
    let deep = format!("{{\"version\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    for text in ["", "601", "i_am_busy", "[1]", "null", "{", "{\"version\":}", &deep, "\u{0}"] {
        assert_eq!(read(text), Attachment::default(), "{text}");
    }
}

#[test]
fn json_may_be_written_in_any_way() {
    let text = r#" { "callId" : "x" , "\u0063allId":"a\"}\u00e9," ,"_attachment": [ "]" , {"callId":0} ] } "#;
    let attachment = read(text);
    assert_eq!(&*attachment.call_id, "a\"}\u{e9},", "the last one counts");
    let list = r#"[ "]" , {"callId":0} ]"#;
    assert_eq!(&*attachment.attachment, list);
    let known = format!(r#""_attachment":{list},"callId":"a\"}}\u00e9,""#);
    assert_eq!(&*reply(text, 0), format!(r#"{{"version":"{VERSION}","reason":0,{known}}}"#));
    assert_eq!(read("{}"), Attachment::default());
}

#[test]
fn a_wrong_type_is_that_keys_default_and_spares_the_others() {
    let read =
        read("{\"version\":7,\"channelName\":[],\"callId\":\"x\",\"reason\":\"3\",\"callType\":\"1\"}");
    assert_eq!(read.version, None);
    assert_eq!(&*read.channel_name, "");
    assert_eq!(&*read.call_id, "x");
    assert_eq!((read.reason, read.group), (0, false));
}

#[test]
fn legacy_is_below_1_1_0_or_without_a_channel_name() {
    let is_old =
        |version: &str| read(&format!("{{\"version\":\"{version}\",\"channelName\":\"r\"}}")).is_old_invite();
    for old in ["1.0.9", "0.9.0"] {
        assert!(is_old(old), "{old}");
    }
    for new in ["1.1.0", "1.4.0", "2.0.0", "4.5.0+2", "1.8", "next"] {
        assert!(!is_old(new), "{new}");
    }
    assert!(read("{\"version\":\"1.4.0\"}").is_old_invite());
    assert!(!read("{\"version\":\"1.4.0\"}").is_old_version());
    assert!(read("{}").is_old_version());
}

#[test]
fn busy_and_timeout_are_read_in_every_spelling() {
    let of = |text: &str| reason(text, &read(text));
    assert_eq!(of("601"), Reason::Busy);
    assert_eq!(of("i_am_busy"), Reason::Busy);
    assert_eq!(of("{\"reason\":3}"), Reason::Busy);
    assert_eq!(of("{\"reason\":2}"), Reason::Timeout);
    assert_eq!(of("{\"reason\":9}"), Reason::Plain);
    assert_eq!(of(""), Reason::Plain);
}

#[test]
fn a_reply_echoes_known_keys_and_our_version() {
    let text = reply("{\"version\":\"4.2.0\",\"callId\":\"c\",\"x\":1,\"channelName\":\"r\"}", 3);
    assert!(text.contains("\"callId\":\"c\"") && text.contains("\"reason\":3"), "{text}");
    assert!(text.contains(VERSION) && !text.contains("4.2.0") && !text.contains("\"x\""), "{text}");
    let long = format!("{{\"_attachment\":\"{}\"}}", "y".repeat(limits::CUSTOM - 20));
    assert_eq!(&*reply(&long, 0), "{\"version\":\"1.8.1\"}");
}

#[test]
fn what_does_not_fit_twice_is_sent_once() {
    let long = "z".repeat(3000);
    let text = outgoing(&Outgoing { attachment: Some(&long), ..Outgoing::default() });
    assert!(text.len() <= limits::CUSTOM && text.contains("_attachment") && !text.contains("extraInfo"));
    assert!(invite_fits(Some(&long), None) && !invite_fits(Some(&long), Some(&long)));
}

#[test]
fn a_record_has_the_vendors_shape() {
    let text = record(CallType::Video, "9", 4, &[("a".into(), 12), ("b".into(), 11)]);
    let expected = "{\"type\":2,\"channelId\":\"9\",\"status\":4,\"durations\":[\
                    {\"accid\":\"a\",\"duration\":12},{\"accid\":\"b\",\"duration\":11}]}";
    assert_eq!(&*text, expected);
}
