//! The apps' events in two worlds, compared. Ids and media uids come from streams that anything may advance:
//! they are named by the order in which a device reported them.

use std::collections::BTreeMap;

use super::world::World;

/// The first difference: when, and what.
pub(super) fn difference(hostile: &World, calm: &World) -> Option<(u64, String)> {
    let found = (0..hostile.devices.len()).filter_map(|device| {
        let (with, without) = (notifications(hostile, device), notifications(calm, device));
        let at = (0..with.len().max(without.len())).find(|at| with.get(*at) != without.get(*at))?;
        let time = with.get(at).into_iter().chain(without.get(at)).map(|it| it.0).min()?;
        let show =
            |it: Option<&(u64, String)>| it.map_or("nothing".into(), |it| format!("{} ms: {}", it.0, it.1));
        let name = &hostile.devices[device].name;
        let (with, without) = (show(with.get(at)), show(without.get(at)));
        Some((time, format!("invariant 13: event {at} of {name}\n  with     {with}\n  without  {without}")))
    });
    found.min_by_key(|it| it.0)
}

fn notifications(world: &World, device: usize) -> Vec<(u64, String)> {
    let mut names = BTreeMap::new();
    let own = world.notified.iter().filter(|it| it.1 == device);
    own.map(|(at, _, what)| (*at, renamed(what, &mut names))).collect()
}

/// With ids of MQTT peers (22 letters and digits) and uids in the order of their appearance.
fn renamed(text: &str, names: &mut BTreeMap<String, usize>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let end =
            rest[start..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(rest.len(), |it| start + it);
        let word = &rest[start..end];
        let before = &rest[..start];
        let is_uid = before.ends_with("uid: ") || out.ends_with("uid") && before == ": ";
        out.push_str(before);
        if word.len() == 22 || is_uid && word != "0" {
            let next = names.len();
            let name = names.entry(word.to_owned()).or_insert(next);
            out.push_str(&format!("#{name}"));
        } else {
            out.push_str(word);
        }
        rest = &rest[end..];
    }
    out + rest
}

#[test]
fn ids_are_compared_by_their_order() {
    let mut names = BTreeMap::new();
    let text = renamed("id: \"abcdefghijklmnopqrstuv\", uid: 77, other: 5, uid: 0", &mut names);
    assert_eq!(text, "id: \"#0\", uid: #1, other: 5, uid: 0");
    assert_eq!(renamed("uid: 77 abcdefghijklmnopqrstuv", &mut names), "uid: #1 #0");
}
