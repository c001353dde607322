use super::*;

const MS: u64 = 1_000;
/// When the tests begin, on our clock; the sender's begins at 0.
const START: u64 = 1_000_000 * MS;
/// First byte of a packet of 20 ms.
const TOC: u8 = 0b0111_1000;

/// The `n`-th frame, as it arrives `delay` after the fastest.
fn packet(seq: u64, n: u64, delay: u64) -> AudioPacket {
    AudioPacket {
        seq,
        time: n * u64::from(FRAME),
        received_us: START + n * 20 * MS + delay,
        starts_talk: false,
        payload: Arc::new([TOC, seq as u8, (seq >> 8) as u8]),
    }
}

/// A buffer that plays: frames 0 to 49 went in and out, at a delay of 20 ms.
fn playing() -> JitterBuffer {
    let mut buffer = JitterBuffer::new(Limits { min_ms: 20, max_ms: 200 });
    buffer.delays = Delays::new(5 * MS);
    for n in 0..50 {
        assert_eq!(buffer.insert(packet(n, n, 0)), Inserted::Kept);
        if n > 0 {
            assert_eq!(heard(&buffer.next(now(n))), Some(n - 1));
        }
    }
    buffer
}

/// When frame n arrives, and frame n - 1 is due.
fn now(n: u64) -> u64 {
    START + n * 20 * MS
}

/// Number of the packet that is heard.
fn heard(next: &Next) -> Option<u64> {
    match next {
        Next::Packet(payload) => Some(u64::from(payload[1]) | u64::from(payload[2]) << 8),
        Next::Recover { .. } | Next::Conceal { .. } | Next::Comfort { .. } | Next::Silence { .. } => None,
    }
}

#[test]
fn nothing_is_heard_until_the_first_packet_is_due() {
    let mut buffer = JitterBuffer::new(Limits::default());
    assert_eq!(buffer.next(START), Next::Silence { samples: 960 });
    buffer.insert(packet(0, 0, 0));
    assert_eq!(buffer.next(START + 59 * MS), Next::Silence { samples: 960 });
    assert_eq!(heard(&buffer.next(START + 60 * MS)), Some(0));
    assert_eq!(buffer.delay_us(), Some(60_000.0));
}

#[test]
fn reordered_packets_are_heard_in_order() {
    let mut buffer = JitterBuffer::new(Limits::default());
    for n in [1, 0, 3, 2, 5, 4] {
        assert_eq!(buffer.insert(packet(n, n, 0)), Inserted::Kept);
    }
    let order: Vec<_> = (0..6).map(|n| heard(&buffer.next(now(n) + 60 * MS))).collect();
    assert_eq!(order, (0..6).map(Some).collect::<Vec<_>>());
}

#[test]
fn a_packet_that_comes_again_is_dropped() {
    let mut buffer = playing();
    assert_eq!(buffer.insert(packet(49, 49, 0)), Inserted::Duplicate);
    assert_eq!(heard(&buffer.next(now(50))), Some(49));
    assert_eq!(buffer.insert(packet(49, 49, 5 * MS)), Inserted::Duplicate);
    assert_eq!(buffer.insert(packet(48, 48, 25 * MS)), Inserted::Late);
    assert_eq!((buffer.counters().duplicates, buffer.counters().late), (2, 1));
}

#[test]
fn a_lost_frame_is_recovered_from_the_next_packet() {
    let mut buffer = playing();
    let next = packet(51, 51, 0);
    buffer.insert(next.clone());
    assert_eq!(heard(&buffer.next(now(50))), Some(49));
    let recovered = Next::Recover { packet: next.payload, samples: 960 };
    assert_eq!(buffer.next(now(51)), recovered);
    assert_eq!(heard(&buffer.next(now(52))), Some(51));
    let counters = buffer.counters();
    assert_eq!((counters.recovered_samples, counters.concealed_samples), (960, 0));
}

#[test]
fn of_two_lost_frames_the_first_is_made_up() {
    let mut buffer = playing();
    buffer.insert(packet(52, 52, 0));
    assert_eq!(heard(&buffer.next(now(50))), Some(49));
    assert_eq!(buffer.next(now(51)), Next::Conceal { samples: 960 });
    assert!(matches!(buffer.next(now(52)), Next::Recover { samples: 960, .. }));
    assert_eq!(heard(&buffer.next(now(53))), Some(52));
    let counters = buffer.counters();
    assert_eq!((counters.recovered_samples, counters.concealed_samples), (960, 960));
}

#[test]
fn a_pause_of_the_sender_is_no_loss() {
    let mut buffer = playing();
    // Number 50 comes 400 ms later than frame 50 would have.
    let mut seen = Vec::new();
    for n in 50..76 {
        if n == 70 {
            assert_eq!(buffer.insert(packet(50, 70, 0)), Inserted::Kept);
        } else if n > 70 {
            buffer.insert(packet(n - 20, n, 0));
        }
        seen.push(buffer.next(now(n)));
    }
    assert_eq!(heard(&seen[0]), Some(49));
    assert!(seen[1..20].iter().all(|next| *next == Next::Conceal { samples: 960 }), "{seen:?}");
    assert_eq!(seen[20], Next::Comfort { samples: 960 });
    assert_eq!(seen[21..].iter().map(heard).collect::<Vec<_>>(), (50..55).map(Some).collect::<Vec<_>>());
    assert_eq!(buffer.counters().concealed_samples, 0);
}

#[test]
fn after_a_second_of_nothing_there_is_silence() {
    let mut buffer = playing();
    let seen: Vec<_> = (50..110).map(|n| buffer.next(now(n))).collect();
    assert_eq!(seen[50], Next::Conceal { samples: 960 });
    assert!(seen[51..].iter().all(|next| *next == Next::Silence { samples: 960 }), "{seen:?}");
    // What comes then begins anew, on target.
    buffer.insert(packet(50, 110, 0));
    assert_eq!(buffer.next(now(110)), Next::Silence { samples: 960 });
    assert_eq!(heard(&buffer.next(now(111))), Some(50));
}

#[test]
fn a_late_packet_is_dropped_and_five_in_a_row_are_a_new_way() {
    let mut buffer = playing();
    for n in 50..53 {
        buffer.next(now(n));
    }
    let results: Vec<_> = (50..58)
        .map(|n| {
            buffer.next(now(n + 3));
            buffer.insert(packet(n, n, 61 * MS))
        })
        .collect();
    assert_eq!(results[..4], [Inserted::Late; 4]);
    assert_eq!(results[4..], [Inserted::Kept; 4]);
    // Each call of next in between heard one of them.
    assert_eq!(heard(&buffer.next(now(61))), Some(57));
}

#[test]
fn a_missing_packet_is_waited_for_below_the_target() {
    let mut buffer = playing();
    (0..400).for_each(|_| buffer.delays.observe(now(49) + 80 * MS, 49 * 960));
    assert_eq!(buffer.target_us(), 85 * MS);
    // From here on every packet is 60 ms later than before: two frames are made up, none is dropped.
    let seen: Vec<_> = (50..70)
        .map(|n| {
            if n >= 53 {
                assert_eq!(buffer.insert(packet(n - 3, n - 3, 60 * MS)), Inserted::Kept);
            }
            heard(&buffer.next(now(n)))
        })
        .collect();
    assert_eq!(seen[..3], [Some(49), None, None]);
    assert!(seen[3..].iter().flatten().copied().eq(50..67), "{seen:?}");
}

#[test]
fn a_sender_that_begins_anew_is_followed() {
    let mut buffer = playing();
    let anew = |seq: u64, received_us| AudioPacket {
        seq,
        time: 77_000_000 + seq * 960,
        received_us,
        starts_talk: true,
        payload: Arc::new([TOC, seq as u8, 0]),
    };
    assert_eq!(buffer.insert(anew(3, now(50))), Inserted::Restarted);
    assert_eq!(buffer.insert(anew(4, now(51))), Inserted::Kept);
    assert_eq!(buffer.counters().restarts, 1);
    assert_eq!(heard(&buffer.next(now(53))), Some(3));
    assert_eq!(heard(&buffer.next(now(54))), Some(4));
}

#[test]
fn what_is_no_opus_packet_is_refused() {
    let mut buffer = playing();
    for payload in [&[][..], &[0b1111_1011, 0], &[TOC; PACKET + 1]] {
        let packet = AudioPacket { payload: payload.into(), ..packet(50, 50, 0) };
        assert_eq!(buffer.insert(packet), Inserted::Invalid);
    }
}

#[test]
fn much_too_late_sound_is_left_out() {
    let mut buffer = playing();
    // Nobody pulls for a second.
    for n in 50..100 {
        buffer.insert(packet(n, n, 0));
    }
    assert_eq!(heard(&buffer.next(now(100))), Some(99));
    assert_eq!(buffer.counters().skipped, 50);
}

#[test]
fn more_packets_than_have_room_push_out_the_oldest() {
    let mut buffer = JitterBuffer::new(Limits::default());
    for n in 0..1_000 {
        buffer.insert(packet(n, n, 0));
        assert!(buffer.waiting() <= CAPACITY);
    }
    assert_eq!(buffer.counters().late, 1_000 - CAPACITY as u64);
}

#[test]
fn speed_leads_to_the_target_within_half_a_percent() {
    let mut buffer = playing();
    assert!((buffer.speed() - 1.0).abs() < 0.000_1, "{}", buffer.speed());
    let set = |delay_us: f64, buffer: &mut JitterBuffer| {
        buffer.playing = buffer.playing.map(|playing| Playing { delay_us, ..playing });
        buffer.speed()
    };
    assert_eq!(set(24_000.0, &mut buffer), 1.001);
    assert_eq!(set(16_000.0, &mut buffer), 0.999);
    assert_eq!(set(900_000.0, &mut buffer), 1.005);
    assert_eq!(set(-900_000.0, &mut buffer), 0.995);
}

#[test]
fn limits_out_of_range_are_the_nearest_within() {
    let limits = |min_ms, max_ms| JitterBuffer::new(Limits { min_ms, max_ms }).limits;
    assert_eq!(limits(0, u32::MAX), Limits { min_ms: 20, max_ms: 200 });
    assert_eq!(limits(500, 100), Limits { min_ms: 200, max_ms: 200 });
    assert_eq!(limits(60, 40), Limits { min_ms: 60, max_ms: 60 });
}

/// Any packets at any time: there is always an answer that lasts, and the buffer stays small.
#[test]
fn random_packets_have_an_answer() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut buffer = JitterBuffer::new(Limits { min_ms: random.u32(..300), max_ms: random.u32(..300) });
        let mut now = random.u64(..1 << 40);
        let (mut seq, mut time) = (random.u64(..), random.u64(..));
        for _ in 0..2_000 {
            match random.u32(..20) {
                0 => (seq, time) = (random.u64(..), random.u64(..)),
                1 => time = time.wrapping_add(random.u64(..1_000_000)),
                2 => time = time.wrapping_sub(random.u64(..100_000)),
                3 => now += random.u64(..10_000_000),
                _ => (seq, time) = (seq.wrapping_add(1), time.wrapping_add(random.u64(..3) * 480)),
            }
            now += random.u64(..40_000);
            let payload: Vec<u8> = (0..random.usize(..6)).map(|_| random.u8(..)).collect();
            let packet = AudioPacket {
                seq,
                time,
                received_us: now,
                starts_talk: random.bool(),
                payload: payload.into(),
            };
            buffer.insert(packet);
            for _ in 0..random.u32(..3) {
                match buffer.next(now) {
                    Next::Packet(packet) => assert!(duration(&packet).is_some()),
                    Next::Recover { samples, .. }
                    | Next::Conceal { samples }
                    | Next::Comfort { samples }
                    | Next::Silence { samples } => assert!((UNIT..=5_760).contains(&samples), "{samples}"),
                }
                assert!((0.995..=1.005).contains(&buffer.speed()));
                assert!((20_000..=200_000).contains(&buffer.target_us()));
                assert!(buffer.waiting() <= CAPACITY);
            }
        }
    }
}
