//! How anything reaches a plug's sink, past the fault script.
//!
//! Under the hub's lock messages are only put into the outlets of their receivers; the outlets are emptied
//! when the lock is gone. So the order of the hub is the order of every sink, whichever threads did it.

use std::sync::Arc;
use std::time::Duration;

use nertc_callkit_plug::mail::Who;
use nertc_callkit_plug::outlet::{self, Mail, Outlet};

use crate::faults::{Hit, Script};
use crate::timer::Timer;

/// One instance of a plug.
pub(crate) trait Plug: Send + Sync + 'static {
    /// What its sink takes.
    type Mail: Mail;
    /// The line to its sink.
    fn outlet(&self) -> &Outlet<Self::Mail>;
    /// The hub's timer.
    fn timer(&self) -> &Timer;
}

/// A plug of either kind that has something in its outlet.
pub(crate) trait Flush: Send + Sync {
    /// Empties the outlet. No lock of the hub is held.
    fn flush(self: Arc<Self>);
}

impl<P: Plug> Flush for P {
    fn flush(self: Arc<P>) {
        if self.outlet().flush() {
            let plug = Arc::downgrade(&self);
            self.timer().after(Duration::from_millis(outlet::RETRY_MS), move || {
                if let Some(plug) = plug.upgrade() {
                    plug.outlet().retry();
                    plug.flush();
                }
            });
        }
    }
}

/// The way from the hub to the outlets: passes the fault script, remembers which outlets to empty.
#[derive(Default)]
pub(crate) struct Wire {
    /// What shall go wrong.
    pub(crate) script: Script,
    /// Outlets to be emptied once the hub's lock is gone, in this order.
    post: Post,
    /// Devices that a fault struck in the course of the operation that runs.
    strikes: Vec<(Arc<Who>, Hit)>,
    timer: Timer,
}

impl Wire {
    /// A wire that delays by `timer`.
    pub(crate) fn new(timer: Timer) -> Wire {
        Wire { timer, ..Wire::default() }
    }

    /// DIE, KICK or EXPIRE_TOKEN hits this device; it happens when the running operation is through.
    pub(crate) fn strike(&mut self, who: &Arc<Who>, hit: Hit) {
        self.strikes.push((who.clone(), hit));
    }

    /// Whom to strike next.
    pub(crate) fn next_strike(&mut self) -> Option<(Arc<Who>, Hit)> {
        self.strikes.pop()
    }

    /// Marks an outlet as one to be emptied.
    pub(crate) fn visit<P: Plug>(&mut self, plug: &Arc<P>) {
        self.post.add(plug.clone());
    }

    /// Puts `mail` into the outlet of `plug`, with what a fault makes of it.
    pub(crate) fn send<P: Plug>(&mut self, plug: &Arc<P>, mail: P::Mail, fault: Option<Hit>) {
        match fault {
            None | Some(Hit::Refuse(_)) => plug.outlet().push(mail),
            Some(Hit::Duplicate) => {
                plug.outlet().push(mail.clone());
                plug.outlet().push(mail);
            }
            Some(Hit::Reorder) => plug.outlet().hold(mail),
            Some(Hit::Drop | Hit::Die | Hit::Kick | Hit::Expire) => return,
            Some(Hit::Delay(delay)) => {
                let plug = Arc::downgrade(plug);
                self.timer.after(delay, move || {
                    if let Some(plug) = plug.upgrade() {
                        plug.outlet().push(mail);
                        plug.flush();
                    }
                });
                return;
            }
        }
        self.visit(plug);
    }

    /// Does something later, with no lock held.
    pub(crate) fn after(&self, delay: Duration, task: impl FnOnce() + Send + 'static) {
        self.timer.after(delay, task);
    }

    /// The outlets to empty after the lock.
    pub(crate) fn take_post(&mut self) -> Post {
        std::mem::take(&mut self.post)
    }
}

/// Outlets that have something to send, in order. Most operations concern two.
#[derive(Default)]
#[must_use = "what happened must be told once the lock is gone"]
pub(crate) struct Post {
    first: [Option<Arc<dyn Flush>>; 2],
    more: Vec<Arc<dyn Flush>>,
}

impl Post {
    fn add(&mut self, plug: Arc<dyn Flush>) {
        if self.first.iter().flatten().any(|it| Arc::ptr_eq(it, &plug)) {
            return;
        }
        match self.first.iter_mut().find(|it| it.is_none()) {
            Some(free) => *free = Some(plug),
            None => self.more.push(plug),
        }
    }

    /// Sends it all. Never under the hub's lock.
    pub(crate) fn send(self) {
        for plug in self.first.into_iter().flatten().chain(self.more) {
            plug.flush();
        }
    }
}
