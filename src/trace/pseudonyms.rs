//! Pseudonyms in the order of the names: of two accounts the one that sorts first still does.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

/// Bytes of a pseudonym; the engine's own limit of an account.
const LIMIT: usize = nertc_callkit_engine::limits::ACCOUNT;

/// What all pseudonyms begin with.
const PREFIX: &str = "user-";

/// Pseudonyms and their names.
#[derive(Clone, Debug, Default)]
pub(super) struct Pseudonyms {
    /// Labels without the prefix: letters, never with an `a` at the end, so that each has room below it.
    labels: BTreeMap<Box<str>, String>,
    /// The last label became too long: no more fit between their neighbours.
    pub(super) is_full: bool,
}

impl Pseudonyms {
    /// The pseudonym of `name`, from its first appearance on.
    pub(super) fn of(&mut self, name: &str) -> String {
        let label = match self.labels.get(name) {
            Some(label) => label,
            None => {
                let below = self
                    .labels
                    .range::<str, _>((Unbounded, Excluded(name)))
                    .next_back()
                    .map(|(_, label)| &**label);
                let above = self
                    .labels
                    .range::<str, _>((Excluded(name), Unbounded))
                    .next()
                    .map(|(_, label)| &**label);
                let label = between(below, above);
                self.is_full |= PREFIX.len() + label.len() > LIMIT;
                self.labels.entry(name.into()).or_insert(label)
            }
        };
        [PREFIX, label].concat()
    }
}

/// A label between two others; the first one is `m`, and names that come in order count through the alphabet.
fn between(below: Option<&str>, above: Option<&str>) -> String {
    let last = |label: &str| label.bytes().next_back().unwrap_or(b'm');
    let step = |label: &str, to: u8| [&label[..label.len() - 1], &char::from(to).to_string()].concat();
    match (below, above) {
        (None, None) => "m".into(),
        (Some(below), None) if last(below) < b'z' => step(below, last(below) + 1),
        (Some(below), None) => [below, "b"].concat(),
        (None, Some(above)) if last(above) > b'b' => step(above, last(above) - 1),
        (None, Some(above)) => [&above[..above.len() - 1], "az"].concat(),
        (Some(below), Some(above)) => middle(below.as_bytes(), above.as_bytes()),
    }
}

/// Digit by digit: where there is room, its middle; else the lower one's digit, and then what follows it.
fn middle(below: &[u8], above: &[u8]) -> String {
    let mut label = String::new();
    let mut is_bounded = true;
    for at in 0.. {
        let low = below.get(at).copied().unwrap_or(b'a');
        let high = if is_bounded { above.get(at).copied().unwrap_or(b'a') } else { b'z' + 1 };
        let digit = low + high.saturating_sub(low) / 2;
        label.push(char::from(digit));
        if digit > low {
            break;
        }
        is_bounded &= low == high;
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_are_short_and_stable() {
        let mut names = Pseudonyms::default();
        let replaced = ["bob", "carol", "alice", "bob", "bobby"].map(|name| names.of(name));
        assert_eq!(replaced, ["user-m", "user-n", "user-l", "user-m", "user-mn"]);
    }

    #[test]
    fn the_order_stays_whatever_order_the_names_come_in() {
        let mut names = Pseudonyms::default();
        let mut seed = 1_u64;
        for n in 0..3_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // At random, upwards, downwards, and all into one gap.
            let name = match n % 4 {
                0 => format!("{:x}", seed >> 20),
                1 => format!("u{n:05}"),
                2 => format!("d{:05}", 99_999 - n),
                _ => format!("k{}", "9".repeat(n as usize % 40)),
            };
            names.of(&name);
        }
        let labels: Vec<&String> = names.labels.values().collect();
        assert!(labels.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(labels.iter().all(|label| !label.ends_with('a')));
    }

    #[test]
    fn a_name_that_no_longer_fits_is_reported() {
        let mut names = Pseudonyms::default();
        (0..5_000).for_each(|n| _ = names.of(&format!("{n:05}")));
        assert!(names.is_full);
        let mut names = Pseudonyms::default();
        (0..500).for_each(|n| _ = names.of(&format!("{n:05}")));
        assert!(!names.is_full, "a phone book fits");
    }
}
