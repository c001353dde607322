//! The library as a C program sees it: loaded from a file, so that two builds can be compared and nothing
//! of it is in memory before.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::OnceLock;

use nertc_callkit_abi as abi;

/// A client: an id, not an address.
pub(crate) type Handle = *mut abi::nertc_callkit;
type Status = i32;

macro_rules! functions {
    ($($name:ident($($argument:ty),*);)*) => {
        /// The functions that are measured or needed for it.
        pub(crate) struct Functions {
            $($name: unsafe extern "C" fn($($argument),*) -> Status,)*
        }

        impl Functions {
            /// # Safety
            /// `library` is a loaded libnertc_callkit.
            unsafe fn find(library: *mut c_void) -> Functions {
                Functions {
                    // SAFETY: the types are those of the header.
                    $($name: unsafe { find(library, concat!("nertc_callkit_", stringify!($name), "\0")) },)*
                }
            }
        }
    };
}

functions! {
    create(*const abi::nertc_callkit_config, *mut Handle);
    destroy(Handle);
    login(Handle, *const c_char, *const c_char, abi::nertc_callkit_completion_cb, *mut c_void);
    call(Handle, *const abi::nertc_callkit_call_options, abi::nertc_callkit_completion_cb, *mut c_void);
    accept(Handle, *const abi::nertc_callkit_call_ref, abi::nertc_callkit_completion_cb, *mut c_void);
    hangup(Handle, *const abi::nertc_callkit_call_ref, u32, abi::nertc_callkit_completion_cb, *mut c_void);
    trace_start(Handle, *const c_char, u32);
    trace_stop(Handle);
    loopback_signaling(*mut abi::nertc_callkit_hub, *mut abi::nertc_callkit_backends);
    null_rtc(*mut abi::nertc_callkit_backends);
    mqtt_signaling(*const abi::nertc_callkit_mqtt_options, *mut abi::nertc_callkit_backends);
    webrtc_media(*const abi::nertc_callkit_webrtc_options, *mut abi::nertc_callkit_backends);
    push_frame(Handle, *const abi::nertc_callkit_frame);
}

/// # Safety
/// `library` is loaded and has a function `name` of the type `F`.
unsafe fn find<F: Copy>(library: *mut c_void, name: &str) -> F {
    // SAFETY: the name ends with NUL; a function pointer is as large as a pointer.
    unsafe {
        let place = libc::dlsym(library, name.as_ptr().cast());
        assert!(!place.is_null(), "no {name} in the library");
        std::mem::transmute_copy(&place)
    }
}

/// All zero, but for its size: what the header's INIT macros make.
pub(crate) fn init<T: Copy>() -> T {
    // SAFETY: used for structs of the header, of which all-zero with the size in front is a value.
    unsafe {
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        value.as_mut_ptr().cast::<u32>().write(size_of::<T>() as u32);
        value.assume_init()
    }
}

static LIBRARY: OnceLock<Functions> = OnceLock::new();

/// Loads the library.
pub(crate) fn load(path: &str) {
    let name = CString::new(path).expect("a path");
    // SAFETY: the name is ours; the library is the one that the Makefile built.
    let functions = unsafe {
        let library = libc::dlopen(name.as_ptr(), libc::RTLD_NOW);
        assert!(!library.is_null(), "cannot load {path}");
        Functions::find(library)
    };
    assert!(LIBRARY.set(functions).is_ok(), "loaded once");
}

fn library() -> &'static Functions {
    LIBRARY.get().expect("loaded")
}

/// A client with these functions for its events, on the default hub; with `rtc`, with that media backend
/// and that number as its ctx.
pub(crate) fn create(
    listener: &abi::nertc_callkit_listener,
    rtc: Option<(&'static abi::nertc_callkit_rtc, usize)>,
) -> Handle {
    let backends = rtc.map(|(rtc, ctx)| {
        let mut backends: abi::nertc_callkit_backends = init();
        // SAFETY: lent until the function returns.
        assert_eq!(unsafe { (library().loopback_signaling)(ptr::null_mut(), &mut backends) }, 0);
        backends.rtc = rtc;
        backends.rtc_ctx = ptr::without_provenance_mut(ctx);
        backends
    });
    create_with(listener, backends.as_ref(), 0)
}

/// A client with these backends; its callbacks get `number` as user data.
pub(crate) fn create_with(
    listener: &abi::nertc_callkit_listener,
    backends: Option<&abi::nertc_callkit_backends>,
    number: usize,
) -> Handle {
    let mut config: abi::nertc_callkit_config = init();
    config.backends = backends.map_or(ptr::null(), ptr::from_ref);
    create_from(config, listener, number)
}

/// A client with this configuration.
pub(crate) fn create_from(
    mut config: abi::nertc_callkit_config,
    listener: &abi::nertc_callkit_listener,
    number: usize,
) -> Handle {
    config.listener = listener;
    config.user_data = ptr::without_provenance_mut(number);
    let mut kit = ptr::null_mut();
    // SAFETY: everything lent outlives the call.
    assert_eq!(unsafe { (library().create)(&config, &mut kit) }, 0, "create");
    kit
}

/// Signaling over the broker on this port of the loopback interface, and no media.
pub(crate) fn mqtt(port: u16) -> abi::nertc_callkit_backends {
    let mut backends = mqtt_signaling(port);
    // SAFETY: lent until the function returns.
    assert_eq!(unsafe { (library().null_rtc)(&mut backends) }, 0, "null_rtc");
    backends
}

fn mqtt_signaling(port: u16) -> abi::nertc_callkit_backends {
    let endpoint = CString::new(format!("mqtt://127.0.0.1:{port}")).expect("an address");
    let endpoints = [endpoint.as_ptr()];
    let mut options: abi::nertc_callkit_mqtt_options = init();
    options.endpoints = endpoints.as_ptr();
    options.endpoint_count = 1;
    let mut backends: abi::nertc_callkit_backends = init();
    // SAFETY: everything lent outlives the call.
    assert_eq!(unsafe { (library().mqtt_signaling)(&options, &mut backends) }, 0, "mqtt_signaling");
    backends
}

/// Signaling in this process, or over the broker on this port; media over WebRTC, on loopback addresses.
pub(crate) fn webrtc(port: Option<u16>, has_app_audio: bool) -> abi::nertc_callkit_backends {
    use abi::nertc_callkit_webrtc_flag as flag;
    let mut backends = port.map_or_else(init, mqtt_signaling);
    let mut options: abi::nertc_callkit_webrtc_options = init();
    options.flags = flag::NERTC_CALLKIT_WEBRTC_LOOPBACK as u32;
    if has_app_audio {
        options.flags |= flag::NERTC_CALLKIT_WEBRTC_APP_AUDIO as u32;
    }
    // SAFETY: everything lent outlives the calls.
    unsafe {
        if port.is_none() {
            assert_eq!(
                (library().loopback_signaling)(ptr::null_mut(), &mut backends),
                0,
                "loopback_signaling"
            );
        }
        assert_eq!((library().webrtc_media)(&options, &mut backends), 0, "webrtc_media");
    }
    backends
}

/// Sends sound: 48 kHz, one channel.
pub(crate) fn push(kit: Handle, samples: &[i16]) -> Status {
    let mut frame: abi::nertc_callkit_frame = init();
    frame.media = abi::nertc_callkit_media::NERTC_CALLKIT_MEDIA_AUDIO as u32;
    frame.planes[0] = samples.as_ptr().cast();
    frame.strides[0] = size_of_val(samples) as u32;
    (frame.sample_rate, frame.channels, frame.samples) = (48_000, 1, samples.len() as u32);
    // SAFETY: the frame and its samples outlive the call.
    unsafe { (library().push_frame)(kit, &frame) }
}

/// Logs in; `done` is called with `number`.
pub(crate) fn login(kit: Handle, account: &str, done: abi::nertc_callkit_completion_cb, number: usize) {
    let account = CString::new(account).expect("a name");
    let number = ptr::without_provenance_mut(number);
    // SAFETY: the texts outlive the call.
    let status = unsafe { (library().login)(kit, account.as_ptr(), c"token".as_ptr(), done, number) };
    assert_eq!(status, 0, "login");
}

/// Options of a plain audio call.
pub(crate) fn call_options(user: &'static std::ffi::CStr) -> abi::nertc_callkit_call_options {
    let mut options: abi::nertc_callkit_call_options = init();
    options.user_id = user.as_ptr();
    options
}

/// Calls.
pub(crate) fn call(kit: Handle, options: &abi::nertc_callkit_call_options) -> Status {
    // SAFETY: the options outlive the call.
    unsafe { (library().call)(kit, options, None, ptr::null_mut()) }
}

/// Accepts the call that was shown last.
pub(crate) fn accept(kit: Handle) -> Status {
    // SAFETY: nothing is lent.
    unsafe { (library().accept)(kit, ptr::null(), None, ptr::null_mut()) }
}

/// Ends the call that was shown last.
pub(crate) fn hangup(kit: Handle) -> Status {
    // SAFETY: nothing is lent.
    unsafe { (library().hangup)(kit, ptr::null(), 0, None, ptr::null_mut()) }
}

/// Records into a file, or no longer.
pub(crate) fn trace(kit: Handle, file: Option<&std::path::Path>) {
    let path = file.map(|file| CString::new(file.to_str().expect("UTF-8")).expect("a path"));
    // SAFETY: the text outlives the call.
    let status = unsafe {
        match &path {
            Some(path) => (library().trace_start)(kit, path.as_ptr(), 0),
            None => (library().trace_stop)(kit),
        }
    };
    assert_eq!(status, 0, "trace");
}

/// Ends a client.
pub(crate) fn destroy(kit: Handle) {
    // SAFETY: nothing is lent.
    assert_eq!(unsafe { (library().destroy)(kit) }, 0, "destroy");
}
