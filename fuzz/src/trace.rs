//! Trace files: what was recorded replays to the letter, whatever happened in it; what was damaged, edited or
//! made up is refused or differs, and never hurts.

use nertc_callkit::trace::{Reader, Redaction, replay};

use super::bytes::{Bytes, cut};
use super::engine;

/// Steps of a recorded run.
const STEPS: usize = 60;

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (kind, from) = (bytes.below(4), bytes.below(16));
    if kind == 0 {
        return look_at(bytes.rest());
    }
    let redaction = if kind == 1 { Redaction::Secrets } else { Redaction::Personal };
    let damage: Vec<u8> = bytes.take(40).to_vec();
    let trace = engine::record(&mut bytes, redaction, from, STEPS);
    let text = String::from_utf8_lossy(&trace);
    let report = replay(&*trace).unwrap_or_else(|why| panic!("refuses what was recorded: {why}\n{text}"));
    assert!(report.difference.is_none(), "{:?}\n{text}", report.difference);
    assert_eq!(report.steps as usize + report.kits, text.lines().count(), "skips lines");
    if redaction == Redaction::Personal {
        let is_named = |account: &&str| text.contains(&format!("\"{account}\""));
        let leaked = ["bob", "carol", "mallory"].into_iter().find(is_named);
        assert!(leaked.is_none(), "tells {leaked:?}\n{text}");
    }
    if !damage.is_empty() {
        look_at(&damaged(&mut Bytes::new(&damage), &trace));
    }
}

/// Reads and replays whatever it is; only a panic, endless time or memory is wrong.
fn look_at(trace: &[u8]) {
    let mut reader = Reader::new(trace);
    while let Ok(Some(_)) = reader.next() {}
    let _ = replay(trace);
}

/// Lines lost, doubled, swapped and truncated; numbers and words exchanged.
fn damaged(bytes: &mut Bytes<'_>, trace: &[u8]) -> Vec<u8> {
    let mut lines: Vec<String> = String::from_utf8_lossy(trace).lines().map(str::to_owned).collect();
    while !bytes.is_empty() && !lines.is_empty() {
        let (how, at) = (bytes.below(8), bytes.below(lines.len().min(256)));
        match how {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => lines.swap(0, at),
            3 => {
                let limit = lines[at].len() * bytes.below(256) / 256;
                cut(&mut lines[at], limit);
            }
            // The header is the longest and the most trusting.
            4 | 5 => exchange_number(bytes, &mut lines[0]),
            6 => exchange_number(bytes, &mut lines[at]),
            _ => exchange_word(bytes, &mut lines[at]),
        }
    }
    lines.join("\n").into_bytes()
}

/// Another number in the place of one of them.
fn exchange_number(bytes: &mut Bytes<'_>, line: &mut String) {
    let starts: Vec<usize> = line
        .match_indices([':', '[', ','])
        .filter(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
        .map(|(at, _)| at + 1)
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = starts[bytes.below(256) * starts.len() / 256];
    let length = line[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(line.len() - start);
    line.replace_range(start..start + length, &bytes.number().to_string());
}

/// A word of the trace replaced by another one of it.
fn exchange_word(bytes: &mut Bytes<'_>, line: &mut String) {
    let words: Vec<String> = line.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    if words.is_empty() {
        return;
    }
    let of = |byte: usize| &words[byte * words.len() / 256];
    let (old, new) = (of(bytes.below(256)), of(bytes.below(256)));
    *line = line.replacen(&format!("\"{old}\""), &format!("\"{new}\""), 1 + bytes.below(3));
}
