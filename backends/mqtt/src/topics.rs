//! Topics. The levels that name sender and receiver are what the broker's access rules check; nothing else
//! identifies the sender of a message.

use crate::protocol::{Topic, TopicKind};
use nertc_callkit_signaling::Text;

/// Longest encoded account or device, in bytes.
pub const NAME_BYTES: usize = 64;

/// Longest prefix, in bytes: topics stay below 256 bytes, the least that a known broker allows.
pub const PREFIX_BYTES: usize = 32;

/// Bytes that stay as they are in a level.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Levels of a topic after the prefix, at most.
const LEVELS: usize = 6;

/// Encodes a name for topics and as user name: `A-Z a-z 0-9 _ -` stay, every other byte becomes `=HH`.
/// None: empty, or longer than 64 bytes when encoded.
pub fn encode(name: &str) -> Option<String> {
    let mut text = String::with_capacity(NAME_BYTES);
    write_level(&mut text, name)?;
    Some(text)
}

/// Adds an encoded name to a topic.
fn write_level(topic: &mut String, name: &str) -> Option<()> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let begin = topic.len();
    if name.bytes().all(is_plain) {
        topic.push_str(name);
    } else {
        for byte in name.bytes() {
            if is_plain(byte) {
                topic.push(char::from(byte));
            } else {
                topic.push('=');
                topic.push(char::from(DIGITS[usize::from(byte >> 4)]));
                topic.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
    }
    (1..=NAME_BYTES).contains(&(topic.len() - begin)).then_some(())
}

/// Undoes [`encode`]. None: nothing that it writes.
pub fn decode(level: &str) -> Option<Text> {
    if level.is_empty() || level.len() > NAME_BYTES {
        return None;
    }
    if level.bytes().all(is_plain) {
        return Some(level.into());
    }
    let mut bytes = Vec::with_capacity(level.len());
    let mut rest = level.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'=' => {
                let digit = |digit: u8| char::from(digit).to_digit(16);
                (digit(rest.next()?)? << 4 | digit(rest.next()?)?) as u8
            }
            byte => byte,
        });
    }
    let name = String::from_utf8(bytes).ok().filter(|name| !name.contains('\0'))?;
    (encode(&name)? == level).then(|| name.into())
}

/// Whether `prefix` can begin every topic: levels of `A-Z a-z 0-9 _ -`, at most 32 bytes.
pub fn is_prefix(prefix: &str) -> bool {
    let level = |level: &str| !level.is_empty() && level.bytes().all(is_plain);
    prefix.len() <= PREFIX_BYTES && prefix.split('/').all(level)
}

/// The topics of one device of one account.
#[derive(Clone, Debug)]
pub struct Topics {
    prefix: String,
    account: String,
    device: String,
}

/// The sender and kind of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message of a device.
    Message {
        /// Which of our topics it came to.
        kind: TopicKind,
        /// Account of the sender.
        from: Text,
        /// Its device.
        device: Text,
    },
    /// The will of a device.
    Presence {
        /// Its account.
        account: Text,
        /// The device.
        device: Text,
    },
}

impl Topics {
    /// None: a name that cannot be encoded, or a prefix that cannot be one.
    pub fn new(prefix: &str, account: &str, device: &str) -> Option<Topics> {
        let topics = Topics { prefix: prefix.into(), account: encode(account)?, device: encode(device)? };
        is_prefix(prefix).then_some(topics)
    }

    /// The account as the broker's user name.
    pub fn user(&self) -> &str {
        &self.account
    }

    /// What to subscribe to after every connect.
    pub fn filters(&self) -> [String; 3] {
        let Topics { prefix, account, device } = self;
        [
            format!("{prefix}/u/{account}/in/+/+"),
            format!("{prefix}/u/{account}/d/{device}/+/+"),
            format!("{prefix}/u/{account}/own/+"),
        ]
    }

    /// Where to publish. None: a receiver whose name cannot be encoded, so it does not exist.
    pub fn write(&self, topic: &Topic) -> Option<String> {
        let Topics { prefix, account, device } = self;
        let mut text = String::with_capacity(prefix.len() + 4 * NAME_BYTES + 16);
        text.push_str(prefix);
        text.push_str("/u/");
        match topic {
            Topic::Inbox(to) => {
                write_level(&mut text, to)?;
                text.push_str("/in/");
            }
            Topic::Direct(to, at) => {
                write_level(&mut text, to)?;
                text.push_str("/d/");
                write_level(&mut text, at)?;
                text.push('/');
            }
            Topic::Own => {
                text.push_str(account);
                text.push_str("/own/");
                text.push_str(device);
                return Some(text);
            }
        }
        text.push_str(account);
        text.push('/');
        text.push_str(device);
        Some(text)
    }

    /// Where the will of a device is published.
    pub fn presence(&self, account: &str, device: &str) -> Option<String> {
        Some(format!("{}/p/{}/{}", self.prefix, encode(account)?, encode(device)?))
    }

    /// Where this device's own will is published.
    pub fn own_presence(&self) -> String {
        format!("{}/p/{}/{}", self.prefix, self.account, self.device)
    }

    /// Reads the topic of an incoming message. None: not one of ours.
    pub fn read(&self, topic: &str) -> Option<Incoming> {
        let rest = topic.strip_prefix(&self.prefix)?.strip_prefix('/')?;
        let (mut levels, mut count) = ([""; LEVELS], 0);
        for level in rest.split('/') {
            *levels.get_mut(count)? = level;
            count += 1;
        }
        let message = |kind, from: &str, device: &str| {
            Some(Incoming::Message { kind, from: decode(from)?, device: decode(device)? })
        };
        match levels[..count] {
            ["u", to, "in", from, device] if to == self.account => message(TopicKind::Inbox, from, device),
            ["u", to, "d", at, from, device] if to == self.account && at == self.device => {
                message(TopicKind::Direct, from, device)
            }
            ["u", to, "own", device] if to == self.account => message(TopicKind::Own, to, device),
            ["p", account, device] => {
                Some(Incoming::Presence { account: decode(account)?, device: decode(device)? })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> Topics {
        Topics::new("nck1", "bob", "pad").expect("valid names")
    }

    #[test]
    fn a_name_survives_its_encoding_and_nothing_else_decodes() {
        for name in ["alice", "a.b c/d+#=", "小明", "A_-9"] {
            let level = encode(name).expect("short enough");
            assert!(!level.contains(['/', '+', '#', '.', ' ', '$']));
            assert_eq!(decode(&level).as_deref(), Some(name));
        }
        assert_eq!(encode("a b"), Some("a=20b".into()));
        assert_eq!(encode(""), None);
        assert_eq!(encode(&"ä".repeat(11)), None);
        for level in ["", "a=2", "a=zz", "=41", "a=2e", "=FF", "=00", "a b"] {
            assert_eq!(decode(level), None, "{level}");
        }
    }

    #[test]
    fn what_is_written_for_a_device_is_read_there() {
        let alice = Topics::new("nck1", "alice", "phone").expect("valid names");
        let from = |kind| Incoming::Message { kind, from: "alice".into(), device: "phone".into() };
        let inbox = alice.write(&Topic::Inbox("bob".into())).expect("a topic");
        assert_eq!(inbox, "nck1/u/bob/in/alice/phone");
        assert_eq!(topics().read(&inbox), Some(from(TopicKind::Inbox)));
        let direct = alice.write(&Topic::Direct("bob".into(), "pad".into())).expect("a topic");
        assert_eq!(direct, "nck1/u/bob/d/pad/alice/phone");
        assert_eq!(topics().read(&direct), Some(from(TopicKind::Direct)));
        assert_eq!(alice.write(&Topic::Own).as_deref(), Some("nck1/u/alice/own/phone"));
        assert_eq!(alice.read("nck1/u/alice/own/pad"), {
            Some(Incoming::Message { kind: TopicKind::Own, from: "alice".into(), device: "pad".into() })
        });
        assert_eq!(topics().read("nck1/p/alice/phone"), {
            Some(Incoming::Presence { account: "alice".into(), device: "phone".into() })
        });
    }

    #[test]
    fn other_topics_are_nobodys() {
        for topic in [
            "nck1/u/bob/d/phone/alice/phone",
            "nck1/u/alice/in/bob/pad",
            "nck2/u/bob/in/alice/phone",
            "nck1/u/bob/in/alice/phone/x",
            "nck1/u/bob/in/=2/phone",
            "nck1u/bob/in/alice/phone",
            "",
        ] {
            assert_eq!(topics().read(topic), None, "{topic}");
        }
    }

    #[test]
    fn a_prefix_has_plain_levels() {
        assert!(is_prefix("nck1") && is_prefix("app/calls"));
        for prefix in ["", "/", "a/", "a//b", "a+", "#", "$SYS", "a b", &"a".repeat(33)] {
            assert!(!is_prefix(prefix), "{prefix}");
        }
        assert!(Topics::new("", "a", "b").is_none() && Topics::new("a", "", "b").is_none());
    }
}
