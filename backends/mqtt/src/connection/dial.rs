//! The way to one endpoint: its addresses are tried one after the other, a quarter of a second apart, until
//! the first connection is complete, TLS included (RFC 8305). None that is under way is cut for a later one.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::cause::Cause;
use super::port::Port;
use super::settings::Timers;
use super::stage::Stage;
use super::stream::Stream;
use super::tls::Tls;

/// What dialing needs.
pub(super) struct DialContext<'a> {
    pub(super) port: &'a dyn Port,
    pub(super) host: &'a str,
    pub(super) tls: Option<&'a Tls>,
    pub(super) timers: &'a Timers,
}

/// A connection that is being made.
struct Attempt {
    stream: Stream,
    address: SocketAddr,
    stage: Stage,
}

/// All that are being made to an endpoint.
pub(super) struct Dial {
    /// Addresses that were not tried yet.
    left: VecDeque<SocketAddr>,
    attempts: Vec<Attempt>,
    /// When the next address is tried.
    next_at: u64,
    /// The deadline of the whole attempt.
    until: u64,
    /// Why an attempt failed; one that explains more replaces one that explains less.
    cause: Option<Cause>,
}

/// How far it is.
pub(super) enum Dialed {
    Pending,
    /// A connection to this address, and the addresses that need not be tried any more.
    Done {
        stream: Stream,
        others: VecDeque<SocketAddr>,
    },
    Failed(Cause),
}

/// Addresses of both families in turn, the family of the first one first.
fn interleave(addresses: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (VecDeque<_>, VecDeque<_>) =
        addresses.iter().copied().partition(|it| it.is_ipv6() == first_is_v6);
    let mut all = VecDeque::new();
    while !first.is_empty() || !second.is_empty() {
        all.extend(first.pop_front());
        all.extend(second.pop_front());
    }
    all
}

impl Dial {
    pub(super) fn new(now: u64, addresses: &[SocketAddr], timers: &Timers) -> Dial {
        Dial {
            left: interleave(addresses),
            attempts: Vec::new(),
            next_at: now,
            until: now + timers.connect,
            cause: None,
        }
    }

    pub(super) fn deadline(&self) -> u64 {
        if self.left.is_empty() { self.until } else { self.until.min(self.next_at) }
    }

    /// What is the matter with it as it is now.
    pub(super) fn why(&self) -> Cause {
        self.cause.clone().unwrap_or_else(|| self.late(None))
    }

    fn late(&self, ms: Option<u64>) -> Cause {
        let stage = self.attempts.iter().map(|it| it.stage).max().unwrap_or(Stage::Connecting);
        Cause::late(stage, ms)
    }

    /// Continues: a socket is ready, or a deadline has passed.
    pub(super) fn advance(&mut self, now: u64, context: &DialContext<'_>) -> Dialed {
        loop {
            let mut at = 0;
            while at < self.attempts.len() {
                match self.attempts[at].advance() {
                    Ok(false) => at += 1,
                    Ok(true) => return self.done(at),
                    Err(cause) => {
                        log::debug!("{}: {cause}", self.attempts[at].address);
                        self.attempts.remove(at);
                        self.note(cause);
                        self.next_at = now;
                    }
                }
            }
            if self.next_at > now && !self.attempts.is_empty() {
                break;
            }
            let Some(address) = self.left.pop_front() else { break };
            self.next_at = now + context.timers.stagger;
            match Stream::connect(context.port, address, context.host, context.tls) {
                Ok(stream) => self.attempts.push(Attempt { stream, address, stage: Stage::Connecting }),
                Err(error) => {
                    self.note(Cause::failure(Stage::Connecting, &error));
                    self.next_at = now;
                }
            }
        }
        if self.until <= now {
            let late = self.late(Some(context.timers.connect));
            self.note(late);
            self.attempts.clear();
        }
        match self.attempts.is_empty() {
            true => Dialed::Failed(self.why()),
            false => Dialed::Pending,
        }
    }

    fn note(&mut self, cause: Cause) {
        if cause.is_final || self.cause.as_ref().is_none_or(|it| !it.is_final) {
            self.cause = Some(cause);
        }
    }

    fn done(&mut self, at: usize) -> Dialed {
        let Attempt { stream, .. } = self.attempts.remove(at);
        let mut others: VecDeque<_> = self.attempts.drain(..).map(|it| it.address).collect();
        others.append(&mut self.left);
        Dialed::Done { stream, others }
    }
}

impl Attempt {
    /// True: complete, TLS included.
    fn advance(&mut self) -> Result<bool, Cause> {
        let stage = self.stage;
        let failed = |error: &std::io::Error| Cause::failure(stage, error);
        if self.stage == Stage::Connecting {
            if !self.stream.is_connected().map_err(|error| failed(&error))? {
                return Ok(false);
            }
            self.stage = Stage::Securing;
        }
        self.stream.handshake().map_err(|error| Cause::failure(Stage::Securing, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_take_turns() {
        let at = |text: &str| -> SocketAddr { text.parse().expect("an address") };
        let (a, b, c) = (at("[::1]:1"), at("[::2]:1"), at("[::3]:1"));
        let (x, y) = (at("10.0.0.1:1"), at("10.0.0.2:1"));
        assert_eq!(interleave(&[a, b, c, x, y]), [a, x, b, y, c]);
        assert_eq!(interleave(&[x, a, y]), [x, a, y]);
        assert_eq!(interleave(&[]), []);
    }
}
