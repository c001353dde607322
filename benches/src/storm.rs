//! A media backend that floods its client with mute events.

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::Relaxed};
use std::thread;

use nertc_callkit_abi as abi;

use crate::api::{self, Handle};
use crate::calls::{self, Pair};
use crate::system::{Limit, own_cpu};

type Sink = abi::nertc_callkit_rtc_sink;

/// One side of the call. The backend's ctx is 0 for the caller and 1 for the callee.
struct Side {
    sink: AtomicPtr<Sink>,
    /// 0 = not in the room.
    uid: AtomicU64,
}

impl Side {
    const fn new() -> Side {
        Side { sink: AtomicPtr::new(std::ptr::null_mut()), uid: AtomicU64::new(0) }
    }

    fn sink(&self) -> Sink {
        // SAFETY: lent by the client from open to close, and only used in between.
        unsafe { *self.sink.load(Relaxed) }
    }

    /// False: there is no room, retry.
    fn emit(&self, what: abi::nertc_callkit_rtc_event_type, uid: u64, flags: u32) -> bool {
        let mut event: abi::nertc_callkit_rtc_event = api::init();
        event.r#type = what as i32;
        event.uid = uid;
        event.media = abi::nertc_callkit_media::NERTC_CALLKIT_MEDIA_AUDIO as u32;
        event.flags = flags;
        let sink = self.sink();
        // SAFETY: the sink's own function; the event is ours.
        unsafe { sink.event.expect("filled by the library")(sink.ctx, &event) == 0 }
    }
}

static SIDES: [Side; 2] = [const { Side::new() }; 2];

extern "C" fn open(ctx: *mut c_void, sink: *const Sink) -> i32 {
    SIDES[ctx.addr()].sink.store(sink.cast_mut(), Relaxed);
    0
}

extern "C" fn join(ctx: *mut c_void, req: usize, args: *const abi::nertc_callkit_rtc_join) -> i32 {
    // SAFETY: lent for the call.
    SIDES[ctx.addr()].uid.store(unsafe { (*args).uid }, Relaxed);
    complete(ctx, req);
    let uids = SIDES.each_ref().map(|side| side.uid.load(Relaxed));
    if !uids.contains(&0) {
        for (side, peer) in SIDES.iter().zip([uids[1], uids[0]]) {
            side.emit(abi::nertc_callkit_rtc_event_type::NERTC_CALLKIT_RTC_PEER_JOIN, peer, 0);
        }
    }
    0
}

extern "C" fn leave(ctx: *mut c_void, req: usize) -> i32 {
    SIDES[ctx.addr()].uid.store(0, Relaxed);
    complete(ctx, req);
    0
}

fn complete(ctx: *mut c_void, req: usize) {
    let sink = SIDES[ctx.addr()].sink();
    // SAFETY: the sink's own function.
    unsafe { sink.complete.expect("filled by the library")(sink.ctx, req, 0, 0, std::ptr::null()) }
}

static RECEIVED: AtomicU64 = AtomicU64::new(0);
static OUT_OF_ORDER: AtomicU64 = AtomicU64::new(0);

/// Muted first, then unmuted and muted by turns: the engine emits changes only.
extern "C" fn on_audio_muted(_: Handle, event: *const abi::nertc_callkit_media_event, _: *mut c_void) {
    // SAFETY: lent for the call.
    let on = unsafe { (*event).on } as u64;
    let before = RECEIVED.fetch_add(1, Relaxed);
    OUT_OF_ORDER.fetch_add(u64::from(on == before % 2), Relaxed);
}

/// A call whose media backend can produce a storm.
pub(crate) struct Storm(#[expect(dead_code, reason = "kept connected")] Pair);

impl Storm {
    pub(crate) fn new() -> Storm {
        let mut backend: abi::nertc_callkit_rtc = api::init();
        backend.abi = abi::NERTC_CALLKIT_ABI;
        backend.open = Some(open);
        backend.join = Some(join);
        backend.leave = Some(leave);
        let mut listener = calls::listener();
        listener.on_audio_muted = Some(on_audio_muted);
        let pair = Pair::new(&listener, Some(Box::leak(Box::new(backend))));
        pair.connect();
        Storm(pair)
    }

    /// Nanoseconds of CPU per event of a storm of `count`, from the backend's first report to the last
    /// callback. The count is even, so that a storm ends as it began: not muted.
    pub(crate) fn run(&self, count: u64) -> f64 {
        assert!(count.is_multiple_of(2), "a storm of {count}");
        let (caller, peer) = (&SIDES[0], SIDES[1].uid.load(Relaxed));
        RECEIVED.store(0, Relaxed);
        let start = own_cpu();
        let limit = Limit::new();
        for number in 0..count {
            let muted = 1 - (number % 2) as u32;
            while !caller.emit(abi::nertc_callkit_rtc_event_type::NERTC_CALLKIT_RTC_PEER_MUTE, peer, muted) {
                limit.check(|| format!("storm: the inbox took {number} of {count} events"));
                thread::yield_now();
            }
        }
        while RECEIVED.load(Relaxed) < count {
            limit.check(|| format!("storm: {} of {count} events became callbacks", RECEIVED.load(Relaxed)));
            thread::yield_now();
        }
        let time = (own_cpu() - start) / count as f64;
        assert_eq!(OUT_OF_ORDER.load(Relaxed), 0, "events out of order");
        time
    }
}
