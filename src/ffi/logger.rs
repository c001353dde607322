//! The process-wide logger behind the `log` crate.
//!
//! Peers and services control much of what is logged, so every line passes through here: characters that
//! could forge a line are escaped, long lines are truncated, and repeated ones are counted.

mod repeats;

use std::cell::Cell;
use std::ffi::{c_char, c_void};
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Instant;

use log::{Level, LevelFilter, Log, Metadata, Record};
use nertc_callkit_backend::escape;
use parking_lot::Mutex;

use super::support::append_only_list::AppendOnlyList;
use super::support::convert::{AppPtr, c_text, range};
use super::support::error::Error;
use crate::worker::CallbackGuard;
use repeats::Repeats;

/// The app's log function.
type LogFunction = unsafe extern "C" fn(level: i32, text: *const c_char, user_data: *mut c_void);

/// The arguments of set_log_callback.
#[derive(Clone, Copy)]
pub(crate) struct LogSink {
    pub(crate) log: Option<LogFunction>,
    pub(crate) user_data: AppPtr,
    pub(crate) personal: bool,
}

/// Every setting that there ever was: a line may still be on its way to one.
static SINKS: AppendOnlyList<LogSink> = AppendOnlyList::new();
static CURRENT: AtomicPtr<LogSink> = AtomicPtr::new(ptr::null_mut());
static LOGGER: Logger = Logger;
static IS_OURS: AtomicBool = AtomicBool::new(false);
/// Only ever tried: a line is shown rather than waited for, and a child of a fork finds it locked
/// for ever.
static REPEATS: Mutex<Repeats> = Mutex::new(Repeats::new());
/// Bytes of a line, without the ellipsis of a truncated one.
const LINE: usize = 1020;

thread_local! {
    /// This thread is inside the app's log function.
    static LOGGING: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn set(sink: LogSink, level: LevelFilter) -> Result<(), Error> {
    if log::set_logger(&LOGGER).is_ok() {
        IS_OURS.store(true, Ordering::Release);
    } else if !IS_OURS.load(Ordering::Acquire) {
        return Err(Error::Unsupported);
    }
    let is_same = |known: &LogSink| {
        known.log.map(|log| log as usize) == sink.log.map(|log| log as usize)
            && (known.user_data.0, known.personal) == (sink.user_data.0, sink.personal)
    };
    let sink = SINKS.find(is_same).unwrap_or_else(|| SINKS.add(sink));
    CURRENT.store(ptr::from_ref(sink).cast_mut(), Ordering::Release);
    if let Some(mut repeats) = REPEATS.try_lock() {
        repeats.reset();
    }
    log::set_max_level(if sink.log.is_some() { level } else { LevelFilter::Off });
    Ok(())
}

fn current() -> Option<&'static LogSink> {
    // SAFETY: points into SINKS, whose values live as long as the process.
    unsafe { CURRENT.load(Ordering::Acquire).as_ref() }
}

pub(crate) fn filter(level: i32) -> Result<LevelFilter, Error> {
    Ok(match level {
        0 => LevelFilter::Off,
        1 => LevelFilter::Error,
        2 => LevelFilter::Warn,
        3 => LevelFilter::Info,
        4 => LevelFilter::Debug,
        _ => return range("level", level, 0..=4).map(|_| LevelFilter::Off),
    })
}

struct Logger;

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let Some((log, user_data)) = current().and_then(|sink| Some((sink.log?, sink.user_data))) else {
            return;
        };
        if !self.enabled(record.metadata()) || LOGGING.replace(true) {
            return;
        }
        let _inside = CallbackGuard::enter();
        let show = |level: Level, text: &str| {
            let text = c_text(&escape(text, LINE));
            // SAFETY: the app's function; the text is valid until it returns.
            unsafe { log(number(level), text.as_ptr(), user_data.0) };
        };
        let text = record.args().to_string();
        let (before, is_shown) = admit(record, &text);
        before.iter().for_each(|summary| show(summary.level, &summary.text));
        if is_shown {
            show(record.level(), &text);
        }
        LOGGING.set(false);
    }

    fn flush(&self) {}
}

fn admit(record: &Record<'_>, text: &str) -> (Vec<repeats::Summary>, bool) {
    let place = (record.file().unwrap_or_default(), record.line().unwrap_or_default());
    let Some(mut repeats) = REPEATS.try_lock() else { return (Vec::new(), true) };
    repeats.admit(Instant::now(), place, record.level(), text)
}

fn number(level: Level) -> i32 {
    match level {
        Level::Error => 1,
        Level::Warn => 2,
        Level::Info => 3,
        Level::Debug | Level::Trace => 4,
    }
}

/// A line of a backend; a level that has no meaning counts as debug.
pub(crate) fn log_backend(level: i32, text: &str) {
    let level = match level {
        1 => Level::Error,
        2 => Level::Warn,
        3 => Level::Info,
        _ => Level::Debug,
    };
    log::log!(level, "backend: {text}");
}

/// A personal text in a log line: an account, an id, an attachment. Never wrap a token: leave it
/// out.
pub(crate) struct Pii<'a>(pub(crate) &'a str);

impl fmt::Display for Pii<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if current().is_some_and(|sink| sink.personal) { out.write_str(self.0) } else { out.write_str("***") }
    }
}
