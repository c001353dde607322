//! The ChaCha20 block function, with a counter of 64 bits and a nonce of zeros. Ours, because a draw takes
//! one block: `rand_chacha`, which a test compares it with, computes four at a time.

/// One row of the cipher's state.
type Row = [u32; 4];

/// "expand 32-byte k".
const CONSTANTS: Row = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// The block `counter` of the stream of `key`.
pub(crate) fn block(key: &[u8; 32], counter: u64) -> [u8; 64] {
    let word = |at: usize| u32::from_le_bytes([key[at], key[at + 1], key[at + 2], key[at + 3]]);
    let keys = [[0, 4, 8, 12].map(word), [16, 20, 24, 28].map(word)];
    let [c0, c1, c2, c3, c4, c5, c6, c7] = counter.to_le_bytes();
    let counter = [u32::from_le_bytes([c0, c1, c2, c3]), u32::from_le_bytes([c4, c5, c6, c7]), 0, 0];
    let start = [CONSTANTS, keys[0], keys[1], counter];
    let mut rows = start;
    for _ in 0..10 {
        rows = quarter_rounds(rows);
        let [a, b, c, d] = rows;
        let [a, b, c, d] = quarter_rounds([a, turned::<1>(b), turned::<2>(c), turned::<3>(d)]);
        rows = [a, turned::<3>(b), turned::<2>(c), turned::<1>(d)];
    }
    let mut bytes = [0; 64];
    let words = rows.iter().flatten().zip(start.iter().flatten());
    for ((end, start), place) in words.zip(bytes.as_chunks_mut::<4>().0) {
        *place = end.wrapping_add(*start).to_le_bytes();
    }
    bytes
}

/// Four quarter rounds side by side, one in each column.
fn quarter_rounds([mut a, mut b, mut c, mut d]: [Row; 4]) -> [Row; 4] {
    for column in 0..4 {
        let step = |sum: &mut Row, by: &Row, mixed: &mut Row, bits: u32| {
            sum[column] = sum[column].wrapping_add(by[column]);
            mixed[column] = (mixed[column] ^ sum[column]).rotate_left(bits);
        };
        step(&mut a, &b, &mut d, 16);
        step(&mut c, &d, &mut b, 12);
        step(&mut a, &b, &mut d, 8);
        step(&mut c, &d, &mut b, 7);
    }
    [a, b, c, d]
}

/// The row, turned left by `N` places.
fn turned<const N: usize>(row: Row) -> Row {
    [row[N % 4], row[(N + 1) % 4], row[(N + 2) % 4], row[(N + 3) % 4]]
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::{RngCore, SeedableRng};

    use super::block;

    #[test]
    fn blocks_are_those_of_rand_chacha() {
        let mut dice = ChaCha20Rng::from_seed([1; 32]);
        for round in 0..1_000 {
            let mut key = [0; 32];
            dice.fill_bytes(&mut key);
            let counter = if round % 2 == 0 { dice.next_u64() >> (round % 64) } else { round };
            let mut plain = ChaCha20Rng::from_seed(key);
            plain.set_word_pos(u128::from(counter) * 16);
            let mut expected = [0; 64];
            plain.fill_bytes(&mut expected);
            assert_eq!(block(&key, counter), expected, "{counter}");
        }
    }
}
