//! Looks names up: the system's look-up blocks, so a helper thread does it. It exists only while something is
//! being looked up. One look-up answers all devices that ask for the same name at that time.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use mio::Waker;
use parking_lot::Mutex;

use super::run::spawn;

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
        if let Err(error) = spawn("nertc_mqtt_name", move || helper.run()) {
            log::error!("no thread to look a name up: {error}");
            let mut state = self.state.lock();
            state.running = false;
            let questions = mem::take(&mut state.questions);
            state
                .answers
                .extend(questions.into_iter().map(|question| answer(&question, &Err(error.to_string()))));
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
            let found =
                (&*host, port).to_socket_addrs().map(Vec::from_iter).map_err(|error| error.to_string());
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

fn answer(question: &Question, found: &Result<Vec<SocketAddr>, String>) -> Answer {
    let found = found.clone().map_err(io::Error::other);
    Answer { id: question.id, ticket: question.ticket, found }
}
