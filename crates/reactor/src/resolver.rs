//! Resolves names: the system's look-up blocks, so a helper thread does it. It exists only while a name is
//! being resolved. One look-up serves all devices that resolve the same name at that time.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;

use mio::Waker;
use parking_lot::Mutex;

use super::spawn::spawn;

/// The system's resolver failed.
#[derive(Debug)]
pub struct NameError {
    /// getaddrinfo's number.
    pub code: i32,
    /// Its message.
    pub text: String,
}

impl fmt::Display for NameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl std::error::Error for NameError {}

/// Questions, answers and whether the helper is there.
pub(super) struct Resolver {
    waker: Arc<Waker>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    questions: VecDeque<Question>,
    answers: Vec<Answer>,
    running: bool,
}

struct Question {
    id: usize,
    ticket: u64,
    host: String,
    port: u16,
}

/// What was found for a device.
pub(super) struct Answer {
    pub(super) id: usize,
    pub(super) ticket: u64,
    pub(super) found: io::Result<Vec<SocketAddr>>,
}

impl Resolver {
    pub(super) fn new(waker: Arc<Waker>) -> Resolver {
        Resolver { waker, state: Mutex::default() }
    }

    pub(super) fn ask(self: &Arc<Resolver>, id: usize, ticket: u64, host: &str, port: u16) {
        let mut state = self.state.lock();
        state.questions.push_back(Question { id, ticket, host: host.into(), port });
        if mem::replace(&mut state.running, true) {
            return;
        }
        drop(state);
        let helper = self.clone();
        if let Err(error) = spawn("nertc_resolver", move || helper.run()) {
            log::error!("no thread to resolve a name: {error}");
            let mut state = self.state.lock();
            state.running = false;
            let questions = mem::take(&mut state.questions);
            let found = Err((ErrorKind::Other, 0, error.to_string()));
            state.answers.extend(questions.iter().map(|question| answer(question, &found)));
            drop(state);
            self.wake();
        }
    }

    pub(super) fn answers(&self) -> Vec<Answer> {
        mem::take(&mut self.state.lock().answers)
    }

    fn run(&self) {
        loop {
            let (host, port) = {
                let mut state = self.state.lock();
                let Some(first) = state.questions.front() else {
                    state.running = false;
                    return;
                };
                (first.host.clone(), first.port)
            };
            let found = lookup::look_up(&host, port);
            let mut state = self.state.lock();
            let (same, others) = mem::take(&mut state.questions)
                .into_iter()
                .partition::<VecDeque<_>, _>(|question| question.host == host && question.port == port);
            state.questions = others;
            state.answers.extend(same.iter().map(|question| answer(question, &found)));
            drop(state);
            self.wake();
        }
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            log::error!("the I/O thread cannot be woken: {error}");
        }
    }
}

fn answer(question: &Question, found: &Found) -> Answer {
    let failed =
        |(kind, code, text): (ErrorKind, i32, String)| io::Error::new(kind, NameError { code, text });
    Answer { id: question.id, ticket: question.ticket, found: found.clone().map_err(failed) }
}

/// Addresses, or the error: NotFound if there is no such name, getaddrinfo's number, its message.
type Found = Result<Vec<SocketAddr>, (ErrorKind, i32, String)>;

/// std reports that it failed, but not why.
#[cfg(unix)]
mod lookup {
    use std::ffi::{CStr, CString};
    use std::io::{Error, ErrorKind};
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
    use std::{mem, ptr};

    use super::Found;

    /// Names that do not exist. Elsewhere a device without network gets NODATA.
    #[cfg(target_os = "linux")]
    const MISSING: [i32; 2] = [libc::EAI_NONAME, libc::EAI_NODATA];
    #[cfg(not(target_os = "linux"))]
    const MISSING: [i32; 1] = [libc::EAI_NONAME];

    pub(super) fn look_up(host: &str, port: u16) -> Found {
        let no_name = |_| (ErrorKind::NotFound, libc::EAI_NONAME, "a NUL in the name".to_owned());
        let name = CString::new(host).map_err(no_name)?;
        // SAFETY: plain data, of which 0 and NULL are valid.
        let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
        hints.ai_socktype = libc::SOCK_STREAM;
        let mut list = ptr::null_mut();
        // SAFETY: a name that ends, hints of ours, and a place for the list.
        let code = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut list) };
        if code != 0 {
            return Err(failure(code));
        }
        let mut found = Vec::new();
        let mut at = list;
        // SAFETY: what getaddrinfo made: a list that ends with NULL, addresses of the family that they state.
        while let Some(entry) = unsafe { at.as_ref() } {
            // SAFETY: as above.
            found.extend(unsafe { address(entry.ai_addr, port) });
            at = entry.ai_next;
        }
        // SAFETY: the list that it made, once.
        unsafe { libc::freeaddrinfo(list) };
        Ok(found)
    }

    fn failure(code: i32) -> (ErrorKind, i32, String) {
        if code == libc::EAI_SYSTEM {
            let error = Error::last_os_error();
            return (ErrorKind::Other, error.raw_os_error().unwrap_or(0), error.to_string());
        }
        let kind = if MISSING.contains(&code) { ErrorKind::NotFound } else { ErrorKind::Other };
        // SAFETY: its static text for this number.
        let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) };
        (kind, code, text.to_string_lossy().into_owned())
    }

    /// # Safety
    /// `place` is NULL or points to an address of the family that it states.
    unsafe fn address(place: *const libc::sockaddr, port: u16) -> Option<SocketAddr> {
        if place.is_null() {
            return None;
        }
        // SAFETY: the caller's promise; nothing is read before the family is known.
        unsafe {
            match i32::from((*place).sa_family) {
                libc::AF_INET => {
                    let it = ptr::read_unaligned(place.cast::<libc::sockaddr_in>());
                    let ip = Ipv4Addr::from(u32::from_be(it.sin_addr.s_addr));
                    Some(SocketAddr::from((ip, port)))
                }
                libc::AF_INET6 => {
                    let it = ptr::read_unaligned(place.cast::<libc::sockaddr_in6>());
                    let ip = Ipv6Addr::from(it.sin6_addr.s6_addr);
                    Some(SocketAddrV6::new(ip, port, it.sin6_flowinfo, it.sin6_scope_id).into())
                }
                _ => None,
            }
        }
    }
}

#[cfg(not(unix))]
mod lookup {
    use std::io::ErrorKind;
    use std::net::ToSocketAddrs;

    use super::Found;

    pub(super) fn look_up(host: &str, port: u16) -> Found {
        // WSAHOST_NOT_FOUND.
        let missing = |error: &std::io::Error| error.raw_os_error() == Some(11_001);
        (host, port).to_socket_addrs().map(Vec::from_iter).map_err(|error| {
            let kind = if missing(&error) { ErrorKind::NotFound } else { ErrorKind::Other };
            (kind, error.raw_os_error().unwrap_or(0), error.to_string())
        })
    }
}
