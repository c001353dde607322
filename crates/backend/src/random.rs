//! Random bytes of the system, from which every secret seed and id follows.

/// Random bytes. None: the system has none.
pub fn random_bytes<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::getrandom(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let draws: Vec<[u8; 32]> = (0..4).map(|_| random_bytes().expect("random bytes")).collect();
        assert!((1..4).all(|at| !draws[..at].contains(&draws[at])), "{draws:?}");
    }
}
