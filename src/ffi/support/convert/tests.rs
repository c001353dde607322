//! Arguments from C and their conversion.

use super::*;

/// As a struct looks after it grew by `b`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grown {
    struct_size: u32,
    a: u32,
    b: u64,
}
// SAFETY: numbers behind a u32 struct_size.
unsafe impl VersionedStruct for Grown {
    const FIRST: usize = 8;
}

/// A struct of the app, with room after it; `size` is the claimed size.
#[repr(C)]
#[derive(Clone, Copy)]
struct Longer {
    known: Grown,
    tail: [u8; LARGEST],
}

fn longer(size: usize, tail: u8) -> Longer {
    Longer { known: Grown { struct_size: size as u32, a: 1, b: 2 }, tail: [tail; LARGEST] }
}

fn read_options(app: &Longer) -> Result<Grown, Error> {
    // SAFETY: as long as it may claim to be.
    unsafe { read_strict("it", std::ptr::from_ref(app).cast()) }
}

#[test]
fn an_impossible_struct_size_is_refused() {
    for size in [0, 4, 7, LARGEST + 1, u32::MAX as usize] {
        let wrong = Problem::StructSize { given: size, least: 8, most: LARGEST };
        assert_eq!(read_options(&longer(size, 0)), Err(Error::invalid("it", wrong.clone())));
        // SAFETY: as above.
        let read = unsafe { read_prefix::<Grown>("it", std::ptr::from_ref(&longer(size, 0)).cast()) };
        assert_eq!(read, Err(Error::invalid("it", wrong)));
    }
    // SAFETY: NULL is allowed.
    let read = unsafe { read_strict::<Grown>("it", std::ptr::null()) };
    assert_eq!(read, Err(Error::invalid("it", Problem::Missing)));
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { read_strict_opt::<Grown>("it", std::ptr::null()) }, Ok(None));
}

#[test]
fn a_shorter_struct_is_zero_filled() {
    assert_eq!(read_options(&longer(8, 0xff)), Ok(Grown { struct_size: 8, a: 1, b: 0 }));
}

#[test]
fn an_unknown_tail_must_be_zero_in_strict_reads_only() {
    assert_eq!(read_options(&longer(16, 0xff)), Ok(Grown { struct_size: 16, a: 1, b: 2 }));
    assert_eq!(read_options(&longer(LARGEST, 0)), Ok(Grown { struct_size: 4096, a: 1, b: 2 }));
    assert_eq!(read_options(&longer(17, 1)), Err(Error::unknown_field("it")));
    // SAFETY: as long as it claims to be.
    let read = unsafe { read_prefix::<Grown>("it", std::ptr::from_ref(&longer(17, 1)).cast()) };
    assert_eq!(read, Ok(Grown { struct_size: 17, a: 1, b: 2 }));
}

#[test]
fn only_the_common_prefix_is_written() {
    let ours = Grown { struct_size: 16, a: 7, b: 8 };
    for (size, expected) in [
        (8, Grown { struct_size: 8, a: 7, b: 2 }),
        (16, Grown { struct_size: 16, a: 7, b: 8 }),
        (40, Grown { struct_size: 16, a: 7, b: 8 }),
    ] {
        let mut app = longer(size, 0xee);
        // SAFETY: as long as it claims to be.
        assert_eq!(unsafe { write_prefix("it", std::ptr::from_mut(&mut app).cast(), &ours) }, Ok(()));
        assert_eq!(app.known, expected);
        assert!(app.tail.iter().all(|byte| *byte == 0xee));
    }
}

#[test]
fn init_writes_struct_size_bytes() {
    let mut app = longer(0, 0xee);
    // SAFETY: longer than that.
    unsafe { init(std::ptr::from_mut(&mut app).cast(), 24) };
    assert_eq!(app.known, Grown { struct_size: 24, a: 0, b: 0 });
    assert_eq!(app.tail[..9], [0, 0, 0, 0, 0, 0, 0, 0, 0xee]);
    let mut app = longer(5, 0xee);
    // SAFETY: nothing is written.
    unsafe { init(std::ptr::from_mut(&mut app).cast(), 4) };
    assert_eq!(app.known, longer(5, 0xee).known);
    // SAFETY: nothing is written.
    unsafe { init(std::ptr::null_mut(), 16) };
}

fn read_text(given: &[u8], limit: usize) -> Result<Text, Error> {
    let given = CString::new(given).unwrap();
    // SAFETY: ends with NUL.
    unsafe { text("it", given.as_ptr(), limit) }
}

#[test]
fn a_text_is_utf8_of_one_byte_to_its_limit() {
    assert_eq!(read_text(b"bob", 3).as_deref(), Ok("bob"));
    assert_eq!(read_text("\u{4f60}".as_bytes(), 3).as_deref(), Ok("\u{4f60}"));
    let too_long = |limit| Problem::TooLong { limit };
    for (given, limit, problem) in [
        (&b"bobo"[..], 3, too_long(3)),
        (b"", 3, Problem::Missing),
        (b"\xff", 3, Problem::NotUtf8),
        (b"\xe4\xbd", 3, Problem::NotUtf8),
        (&[b'a'; 1 << 20], 64, too_long(64)),
    ] {
        assert_eq!(read_text(given, limit), Err(Error::invalid("it", problem)));
    }
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { text("it", std::ptr::null(), 3) }, Err(Error::invalid("it", Problem::Missing)));
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { opt_text("it", std::ptr::null(), 3) }, Ok(None));
    // SAFETY: ends with NUL.
    assert_eq!(unsafe { opt_text("it", c"".as_ptr(), 3) }, Ok(None));
}

#[test]
fn text_for_c_ends_at_an_embedded_nul() {
    for (text, seen) in [("a\0b", 1), (&"x".repeat(71), 71), (&"x".repeat(72), 72), ("", 0)] {
        assert_eq!(c_text(text).to_bytes(), &text.as_bytes()[..seen]);
    }
    let long = format!("{}\0b", "x".repeat(80));
    assert_eq!(c_text(&long).to_bytes().len(), 80);
    let mut array = [9; 4];
    fill(&mut array[..3], "xyz");
    assert_eq!(array, [b'x' as c_char, b'y' as c_char, 9, 9]);
}

#[test]
fn numbers_outside_their_range_are_refused() {
    assert_eq!(call_type("it", 2), Ok(CallType::Video));
    assert_eq!(step("it", 3), Ok(SwitchStep::Reject));
    assert_eq!(
        (media("it", 3), parse_bool("it", 1), ring_ms("it", 120_000)),
        (Ok(Media::AUDIO | Media::VIDEO), Ok(true), Ok(120_000))
    );
    assert!(call_type("it", 0).is_err() && call_type("it", 3).is_err() && call_type("it", -1).is_err());
    assert!(
        step("it", 0).is_err()
            && step("it", 4).is_err()
            && parse_bool("it", 2).is_err()
            && parse_bool("it", -1).is_err()
    );
    assert!(media("it", 0).is_err() && media("it", 4).is_err() && flags("it", 4, 3).is_err());
    assert!(ring_ms("it", 0).is_err() && ring_ms("it", 120_001).is_err());
}

#[test]
fn a_frames_buffers_must_match_its_size() {
    let data = [0_u8; 64];
    // SAFETY: all-zero is a value of it.
    let mut sound: abi::nertc_callkit_frame = unsafe { std::mem::zeroed() };
    (sound.media, sound.sample_rate, sound.channels, sound.samples) = (1, 48_000, 2, 16);
    (sound.planes[0], sound.strides[0]) = (data.as_ptr().cast(), 64);
    assert!(is_whole(&sound));
    assert!(!is_whole(&abi::nertc_callkit_frame { samples: 17, ..sound }));
    assert!(!is_whole(&abi::nertc_callkit_frame { samples: u32::MAX, channels: u32::MAX, ..sound }));
    assert!(!is_whole(&abi::nertc_callkit_frame { sample_rate: 0, ..sound }));
    assert!(!is_whole(&abi::nertc_callkit_frame { channels: 0, ..sound }));
    assert!(!is_whole(&abi::nertc_callkit_frame { planes: [std::ptr::null(); 4], ..sound }));
    assert!(!is_whole(&abi::nertc_callkit_frame { media: 3, ..sound }));
    let mut picture =
        abi::nertc_callkit_frame { media: 2, width: 5, height: 2, strides: [5, 3, 3, 0], ..sound };
    picture.planes = [data.as_ptr().cast(); 4];
    assert!(is_whole(&picture));
    assert!(!is_whole(&abi::nertc_callkit_frame { strides: [5, 2, 3, 0], ..picture }));
    assert!(!is_whole(&abi::nertc_callkit_frame { rotation: 45, ..picture }));
    assert!(!is_whole(&abi::nertc_callkit_frame { height: 0, ..picture }));
}

/// A table of functions, of which a shorter one has fewer.
#[repr(C)]
#[derive(Clone, Copy)]
struct Functions {
    struct_size: u32,
    flags: u32,
    first: Option<extern "C" fn()>,
    second: Option<extern "C" fn()>,
}
// SAFETY: numbers and functions behind a u32 struct_size.
unsafe impl VersionedStruct for Functions {
    const FIRST: usize = 8;
}

#[test]
fn a_shorter_vtable_has_no_partial_functions() {
    extern "C" fn nothing() {}
    let word = size_of::<usize>() as u32;
    let sizes = [(8, (false, false)), (7 + word, (false, false)), (8 + word, (true, false))];
    for (size, has) in sizes.into_iter().chain([(7 + 2 * word, (true, false)), (8 + 2 * word, (true, true))])
    {
        let given = Functions { struct_size: size, flags: 0, first: Some(nothing), second: Some(nothing) };
        // SAFETY: longer than it claims to be.
        let read = unsafe { read_prefix("it", &given) }.unwrap_or_else(|error| panic!("{size}: {error:?}"));
        assert_eq!((read.first.is_some(), read.second.is_some()), has, "{size}");
    }
}
