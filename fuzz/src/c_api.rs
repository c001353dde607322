//! The C API as a sequence of valid and invalid calls, with a hostile backend on the other side. The app
//! dispatches, and after each step everything in flight has arrived, so a run can be repeated.

use std::ffi::{c_char, c_void};
use std::ptr::null;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

use nertc_callkit::ffi::api::{call::*, library::*, log::*, loopback::*, media::*, session::*};
use nertc_callkit_abi as abi;
use nertc_callkit_abi::nertc_callkit_status as Status;

use super::args::Report;
use super::backend::{
    Kind, Known, Lent, RTC, SIGNALING, Surroundings, complete, granted, known, size, zeroed,
};
use super::bytes::Bytes;

/// Longer runs add nothing new and cost time.
const STEPS: usize = 60;

/// One input.
pub fn run(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let plan = if bytes.flag() { bytes.take(12).to_vec() } else { Vec::new() };
    let around = Box::new(Surroundings::new(&plan));
    let Some(mut app) = App::new(&around, &mut bytes) else { return };
    if !bytes.chance(16) {
        app.submit(|kit, done, data| login(kit, c"alice".as_ptr(), done, data));
        app.settle();
        app.answer(&mut bytes, true);
    }
    for _ in 0..STEPS {
        if bytes.is_empty() {
            break;
        }
        app.step(&mut bytes);
        app.settle();
    }
    app.end(bytes.flag());
}

/// A request of the app and what became of it.
#[derive(Debug, Default)]
struct Request {
    is_accepted: bool,
    done: AtomicU32,
    code: AtomicU32,
    call_no: AtomicU64,
    around: usize,
}

struct App<'a> {
    around: &'a Surroundings,
    kit: *mut abi::nertc_callkit,
    #[expect(clippy::vec_box, reason = "the library has their addresses")]
    requests: Vec<Box<Request>>,
    released: Box<AtomicU32>,
    is_released: bool,
}

fn login(
    kit: *mut abi::nertc_callkit,
    account: *const c_char,
    done: abi::nertc_callkit_completion_cb,
    data: *mut c_void,
) -> Status {
    // SAFETY: a text, and a request that outlives the client.
    unsafe { nertc_callkit_login(kit, account, null(), done, data) }
}

/// Nothing is refused for a reason that the header does not name, and nothing breaks inside.
fn documented(status: Status) -> bool {
    match status {
        Status::NERTC_CALLKIT_STATUS_OK => true,
        Status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT
        | Status::NERTC_CALLKIT_STATUS_CLOSED
        | Status::NERTC_CALLKIT_STATUS_QUEUE_FULL
        | Status::NERTC_CALLKIT_STATUS_REENTRANT
        | Status::NERTC_CALLKIT_STATUS_UNSUPPORTED => false,
        Status::NERTC_CALLKIT_STATUS_INTERNAL => panic!("INTERNAL: a panic inside"),
    }
}

unsafe extern "C" fn on_done(
    kit: *mut abi::nertc_callkit,
    result: *const abi::nertc_callkit_result,
    data: *mut c_void,
) {
    // SAFETY: our own request; the result is lent.
    let (request, result) = unsafe { (&*data.cast::<Request>(), &*result) };
    request.done.fetch_add(1, SeqCst);
    request.code.store(result.code as u32, SeqCst);
    request.call_no.store(result.call_no, SeqCst);
    assert!(!result.message.is_null() && !result.channel_id.is_null(), "a NULL text in a result");
    if result.operation == abi::nertc_callkit_operation::NERTC_CALLKIT_OPERATION_CALL as u32
        && result.code == 0
    {
        // SAFETY: it outlives the client.
        unsafe { known(request.around as *mut c_void) }.calls.entry(result.call_no).or_default();
    }
    reenter(kit, request.around as *mut c_void);
}

unsafe extern "C" fn on_invited(
    kit: *mut abi::nertc_callkit,
    event: *const abi::nertc_callkit_invited_event,
    data: *mut c_void,
) {
    // SAFETY: the event is lent, and our surroundings outlive the client.
    let (event, mut known) = unsafe { (&*event, known(data)) };
    assert!(known.calls.insert(event.call_no, 0).is_none(), "invited twice to call {}", event.call_no);
    drop(known);
    reenter(kit, data);
}

unsafe extern "C" fn on_call_end(
    kit: *mut abi::nertc_callkit,
    event: *const abi::nertc_callkit_end_event,
    data: *mut c_void,
) {
    // SAFETY: the event is lent, and our surroundings outlive the client.
    let (event, mut known) = unsafe { (&*event, known(data)) };
    *known.calls.entry(event.call_no).or_default() += 1;
    drop(known);
    reenter(kit, data);
}

unsafe extern "C" fn on_released(data: *mut c_void) {
    // SAFETY: our own counter.
    unsafe { &*data.cast::<AtomicU32>() }.fetch_add(1, SeqCst);
}

/// Calls back into the library from inside a callback, according to the plan.
fn reenter(kit: *mut abi::nertc_callkit, data: *mut c_void) {
    // SAFETY: our surroundings outlive the client.
    let next = unsafe { known(data) }.next();
    let nobody = std::ptr::null_mut();
    // SAFETY: every function may be called here, destroy and dispatch to be refused.
    let status = unsafe {
        match next / 16 {
            1 => nertc_callkit_accept(kit, null(), None, nobody),
            2 => nertc_callkit_hangup(kit, null(), null(), None, nobody),
            3 => nertc_callkit_reject(kit, null(), null(), None, nobody),
            4 => nertc_callkit_logout(kit, None, nobody),
            5 => login(kit, c"alice".as_ptr(), None, nobody),
            6 => {
                assert_eq!(nertc_callkit_destroy(kit), refused_inside(kit));
                return;
            }
            7 => {
                let ran = nertc_callkit_dispatch(kit, 0);
                return assert!(ran < 0, "dispatch ran inside of a callback");
            }
            _ => return,
        }
    };
    documented(status);
}

/// What destroy answers inside of a callback: it looks at the handle first.
fn refused_inside(kit: *mut abi::nertc_callkit) -> Status {
    // SAFETY: any handle is allowed.
    let is_closed = unsafe { nertc_callkit_get_state(kit) } < 0;
    if is_closed { Status::NERTC_CALLKIT_STATUS_CLOSED } else { Status::NERTC_CALLKIT_STATUS_REENTRANT }
}

impl<'a> App<'a> {
    /// A client with hostile backends; None if the arguments were invalid and rightly refused.
    fn new(around: &'a Surroundings, bytes: &mut Bytes<'_>) -> Option<App<'a>> {
        let mut lent = Lent::default();
        let (mut signaling, mut rtc) = (SIGNALING, RTC);
        let bits = bytes.byte();
        if bits & 1 != 0 {
            (signaling.control, signaling.send_record, rtc.subscribe) = (None, None, None);
            (rtc.enable_local, rtc.mute_local, rtc.set_view) = (None, None, None);
        }
        let backends = abi::nertc_callkit_backends {
            struct_size: size::<abi::nertc_callkit_backends>(),
            flags: 0,
            signaling: lent.keep(signaling),
            signaling_ctx: around.ctx(),
            rtc: lent.keep(rtc),
            rtc_ctx: around.ctx(),
        };
        let listener = abi::nertc_callkit_listener {
            struct_size: size::<abi::nertc_callkit_listener>(),
            on_invited: Some(on_invited),
            on_call_end: Some(on_call_end),
            ..zeroed()
        };
        let timers = abi::nertc_callkit_timers {
            struct_size: size::<abi::nertc_callkit_timers>(),
            destroy_wait_ms: 1,
            ..zeroed()
        };
        let mut config = abi::nertc_callkit_config {
            struct_size: size::<abi::nertc_callkit_config>(),
            delivery: 1,
            listener: lent.keep(listener),
            user_data: around.ctx(),
            backends: lent.keep(backends),
            timers: lent.keep(timers),
            confirm_audio_to_video: i32::from(bits & 2 != 0),
            ..zeroed()
        };
        let is_wrong = bytes.chance(8);
        if is_wrong {
            match bytes.below(6) {
                0 => config.struct_size = 7,
                1 => config.flags = 1,
                2 => config.delivery = 2,
                3 => config.worker = -1,
                4 => config.device_id = lent.text(vec![b'x'; 65]),
                _ => config.app_key = lent.text(b"\xff\xfe".to_vec()),
            }
        }
        let mut kit = std::ptr::null_mut();
        // SAFETY: a config, and all that it points to.
        let status = unsafe { nertc_callkit_create(&config, &mut kit) };
        assert_eq!(documented(status), !is_wrong, "create with a config that is wrong: {is_wrong}");
        if is_wrong {
            assert!(around.known().lives == [[0; 3]; 2], "a refused create touched the backends");
            return None;
        }
        let released = Box::new(AtomicU32::new(0));
        Some(App { around, kit, requests: Vec::new(), released, is_released: false })
    }

    /// A request, with a place for its completion.
    fn submit(
        &mut self,
        ask: impl FnOnce(*mut abi::nertc_callkit, abi::nertc_callkit_completion_cb, *mut c_void) -> Status,
    ) {
        let mut request = Box::new(Request { around: self.around.ctx() as usize, ..Request::default() });
        let place = std::ptr::from_mut(&mut *request);
        let status = ask(self.kit, Some(on_done), place.cast());
        assert!(
            !self.is_released
                || status == Status::NERTC_CALLKIT_STATUS_CLOSED
                || status == Status::NERTC_CALLKIT_STATUS_INVALID_ARGUMENT,
            "{status:?} after release"
        );
        request.is_accepted = documented(status);
        self.requests.push(request);
    }

    /// Everything that was requested and reported has been processed.
    fn settle(&mut self) {
        for _ in 0..2 {
            let nobody = abi::nertc_callkit_call_ref {
                struct_size: size::<abi::nertc_callkit_call_ref>(),
                call_no: u64::MAX,
                ..zeroed()
            };
            // SAFETY: a reference, and a request that outlives the client.
            self.submit(|kit, done, data| unsafe { nertc_callkit_leave(kit, &nobody, null(), done, data) });
            let sentinel = self.requests.len() - 1;
            for _ in 0..1_000 {
                let request = &self.requests[sentinel];
                if !request.is_accepted || request.done.load(SeqCst) > 0 {
                    break;
                }
                // SAFETY: on this thread alone.
                let ran = unsafe { nertc_callkit_dispatch(self.kit, 10) };
                if ran < 0 {
                    break;
                }
            }
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let mut lent = Lent::default();
        match bytes.below(16) {
            0..3 => self.act(bytes, &mut lent),
            3 => super::args::any_call(self.kit, bytes, &mut lent),
            4..8 => self.answer(bytes, true),
            8 | 9 => self.answer(bytes, false),
            10 | 11 => self.report(|known| {
                let source = if bytes.chance(32) { bytes.number() as i32 } else { bytes.below(3) as i32 };
                let events = super::args::events(known, bytes, &mut lent);
                let list = events.as_ptr();
                let count = events.len() as u32;
                lent.keep(events);
                Box::new(move |signaling, _| {
                    let Some(emit) = signaling.events else { return };
                    // SAFETY: a list that is lent.
                    unsafe { emit(signaling.ctx, source, list, count) };
                })
            }),
            12 => self.report(|known| super::args::states(known, bytes, &mut lent)),
            13 => self.report(|_| super::args::media(bytes, &mut lent)),
            14 => self.report(|_| super::args::line(bytes, &mut lent)),
            _ => self.look(bytes),
        }
    }

    /// The backends report something, as far as they were opened.
    fn report(&self, make: impl FnOnce(&mut Known) -> Report) {
        let mut known = self.around.known();
        let (Some(signaling), Some(rtc)) = (known.signaling, known.rtc) else { return };
        let report = make(&mut known);
        drop(known);
        report(&signaling, &rtc);
    }

    /// An operation ends: well, or in any way, also one that has ended or never began.
    fn answer(&mut self, bytes: &mut Bytes<'_>, is_good: bool) {
        let mut known = self.around.known();
        let (Some(signaling), Some(rtc)) = (known.signaling, known.rtc) else { return };
        let which = bytes.seldom(4);
        let running = (which < known.running.len()).then(|| known.running.remove(which));
        let mut lent = Lent::default();
        let (req, kind) = match running {
            Some(running) if is_good || bytes.chance(160) => running,
            _ if is_good => return,
            running => {
                running.into_iter().for_each(|running| known.running.push(running));
                let old =
                    if known.ended.is_empty() { bytes.number() as usize } else { *bytes.pick(&known.ended) };
                (old, if bytes.flag() { Kind::Media } else { Kind::Create })
            }
        };
        known.ended.push(req);
        let mut result = granted(&mut known, &mut lent, &kind);
        drop(known);
        if !is_good {
            super::args::spoil(&mut result, bytes, &mut lent);
        }
        let result = if !is_good && bytes.chance(24) { null() } else { std::ptr::from_ref(&result) };
        for _ in 0..=u8::from(!is_good && bytes.chance(64)) {
            complete((&signaling, &rtc), req, &kind, result);
        }
    }

    /// What apps do.
    fn act(&mut self, bytes: &mut Bytes<'_>, lent: &mut Lent) {
        let (kind, bits) = (bytes.below(13), bytes.byte());
        let call = super::args::call_ref(&self.around.known(), bytes, lent);
        let options = super::args::call_options(bytes, lent);
        let end = super::stateless_functions::end_options(bytes, lent);
        let (media, on) = (u32::from(bits >> 4), i32::from(bits & 3) - i32::from(bits & 1));
        // SAFETY: structs and texts that are lent, and a request that outlives the client.
        self.submit(|kit, done, data| unsafe {
            match kind {
                0 | 1 => nertc_callkit_call(kit, options, done, data),
                2 | 3 => nertc_callkit_accept(kit, call, done, data),
                4 => nertc_callkit_cancel(kit, call, end, done, data),
                5 | 12 => nertc_callkit_reject(kit, call, end, done, data),
                6 => nertc_callkit_hangup(kit, call, end, done, data),
                7 => nertc_callkit_leave(kit, call, end, done, data),
                8 => {
                    nertc_callkit_switch_call_type(kit, i32::from(bits & 3), i32::from(bits >> 5), done, data)
                }
                9 => nertc_callkit_enable_local(kit, media, on, done, data),
                10 => nertc_callkit_mute_remote(kit, media, on, done, data),
                _ if bits < 160 => {
                    login(kit, super::values::text(Some("alice"), 64, bytes, lent), done, data)
                }
                _ => nertc_callkit_logout(kit, done, data),
            }
        });
    }

    /// What only looks, and what ends.
    fn look(&mut self, bytes: &mut Bytes<'_>) {
        super::stateless_functions::push(bytes);
        let kit = self.kit;
        let mut info: [abi::nertc_callkit_call_info; 2] = zeroed();
        let sizes = [size::<abi::nertc_callkit_call_info>(), 0, 8, 12, 100, 4097, u32::MAX];
        info[0].struct_size = *bytes.pick(&sizes);
        // SAFETY: room for more than the struct; a text of the library is static.
        unsafe {
            documented(nertc_callkit_get_call_info(kit, &mut info[0]));
            let state = nertc_callkit_get_state(kit);
            assert!((-2..=3).contains(&state), "state {state}");
            assert!(!nertc_callkit_status_text(bytes.number() as i32).is_null());
            assert!(!nertc_callkit_code_text(bytes.number() as i32).is_null());
            assert!(nertc_callkit_dispatch(kit, -2) < 0);
            documented(nertc_callkit_network_changed(kit));
            nertc_callkit_struct_init(std::ptr::null_mut(), bytes.u32());
            documented(nertc_callkit_set_log_callback(
                6 + i32::from(bytes.byte()),
                0,
                None,
                std::ptr::null_mut(),
            ));
            documented(nertc_callkit_hub_release(std::ptr::without_provenance_mut(bytes.below(256))));
        }
        if bytes.chance(16) && !self.is_released {
            let data = std::ptr::from_ref(&*self.released).cast_mut().cast();
            // SAFETY: a counter that outlives the client.
            assert!(documented(unsafe { nertc_callkit_release(kit, Some(on_released), data) }));
            self.is_released = true;
        }
    }

    /// Destroys it, or waits for the end of a release; then everything completed once, and nothing follows.
    fn end(mut self, by_release: bool) {
        if by_release && !self.is_released {
            let data = std::ptr::from_ref(&*self.released).cast_mut().cast();
            // SAFETY: a counter that outlives the client.
            assert!(documented(unsafe { nertc_callkit_release(self.kit, Some(on_released), data) }));
            self.is_released = true;
        }
        if self.is_released {
            for _ in 0..1_000 {
                // SAFETY: on this thread alone.
                if self.released.load(SeqCst) > 0 || unsafe { nertc_callkit_dispatch(self.kit, 10) } < 0 {
                    break;
                }
            }
            assert_eq!(self.released.load(SeqCst), 1, "released");
        } else {
            // SAFETY: an existing client.
            assert!(documented(unsafe { nertc_callkit_destroy(self.kit) }));
        }
        let mut known = self.around.known();
        known.is_over = true;
        for (backend, [opened, closed, released]) in known.lives.into_iter().enumerate() {
            assert!(opened <= 1 && closed <= opened && released == 1, "backend {backend}: {:?}", known.lives);
        }
        for request in &self.requests {
            let done = request.done.load(SeqCst);
            assert_eq!(done, u32::from(request.is_accepted), "{request:?}");
        }
        let wrong = known.calls.iter().find(|(_, ends)| **ends != 1);
        assert!(wrong.is_none(), "a call and how often it ended: {wrong:?}");
        let (sinks, running) = ((known.signaling, known.rtc), std::mem::take(&mut known.running));
        drop(known);
        // A backend that does not know when to stop.
        if let (Some(signaling), Some(rtc)) = sinks {
            for (req, kind) in running {
                complete((&signaling, &rtc), req, &kind, null());
            }
        }
        // SAFETY: a closed handle is allowed everywhere.
        unsafe {
            assert_eq!(nertc_callkit_destroy(self.kit), Status::NERTC_CALLKIT_STATUS_CLOSED);
            assert_eq!(nertc_callkit_get_state(self.kit), Status::NERTC_CALLKIT_STATUS_CLOSED as i32);
        }
    }
}
