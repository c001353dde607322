//! Ids that are still to come, from one that was seen: splitmix64 is a bijection, so that ten characters of
//! an id lead back to the state that made them. The output of a cipher leads nowhere.

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The next `count` ids and a few before, if this id is of splitmix64.
pub(super) fn ids_after(id: &str, count: u64) -> Vec<String> {
    let Some(state) = state_before(id) else { return Vec::new() };
    (0..count).map(|at| id_of(state.wrapping_add(GAMMA.wrapping_mul(at)))).collect()
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn unmix(mut z: u64) -> u64 {
    let unshift = |x: u64, by: u32| (0..=64 / by).fold(x, |all, _| x ^ (all >> by));
    z = unshift(z, 31).wrapping_mul(inverse(0x94d0_49bb_1331_11eb));
    z = unshift(z, 27).wrapping_mul(inverse(0xbf58_476d_1ce4_e5b9));
    unshift(z, 30)
}

/// Of an odd number, modulo 2^64.
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |all, _| all.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(all))))
}

/// The id that a generator in this state makes.
fn id_of(state: u64) -> String {
    let mut text = String::new();
    for (step, length) in [(1, 10), (2, 10), (3, 2)] {
        let mut value = mix(state.wrapping_add(GAMMA.wrapping_mul(step)));
        for _ in 0..length {
            text.push(char::from(DIGITS[(value % 62) as usize]));
            value /= 62;
        }
    }
    text
}

fn state_before(id: &str) -> Option<u64> {
    let first = id.as_bytes().get(..10).filter(|_| id.len() == 22)?;
    let digit = |byte: &u8| DIGITS.iter().position(|it| it == byte).map(|at| at as u64);
    let low = first.iter().rev().try_fold(0_u64, |all, byte| Some(all * 62 + digit(byte)?))?;
    let states = (0..).map_while(|turn| 62_u64.pow(10).checked_mul(turn)?.checked_add(low));
    states.map(|value| unmix(value).wrapping_sub(GAMMA)).find(|state| id_of(*state) == id)
}

#[test]
fn ids_of_splitmix64_are_predicted_and_others_are_not() {
    let known = id_of(42);
    let after = ids_after(&known, 7);
    assert_eq!(after[0], known);
    assert_eq!(after[3], id_of(42_u64.wrapping_add(GAMMA.wrapping_mul(3))));
    assert!(ids_after("0123456789ABCDEFGHIJKL", 3).is_empty());
    assert!(ids_after("short", 3).is_empty());
}
