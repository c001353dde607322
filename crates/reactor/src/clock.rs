//! The time that devices and connections are handed.

/// Milliseconds on the same clock as [`now_us`].
pub fn now() -> u64 {
    now_us() / 1000
}

#[cfg(any(target_os = "linux", target_os = "android"))]
/// Microseconds since some moment before the process started. Time in which the machine slept counts.
pub fn now_us() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a timespec of ours. The clock exists on every kernel that the rest needs.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut now) };
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1000
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
/// Microseconds since the first call.
pub fn now_us() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}
