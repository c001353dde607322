//! Which device of one kind is open: a value without clock, thread, lock or I/O.

use std::collections::VecDeque;

use crate::device::{Code, Device, DeviceId};
use crate::limits::{
    BACKOFF, CALLBACK_LIMIT, CLOSE_LIMIT, LIST_LIMIT, MAX_ABANDONED, MAX_BACKOFF, MAX_COMMANDS, MAX_POLL,
    OPEN_LIMIT, POLL, START_LIMIT, STEADY,
};

/// Numbers one attempt to open a device; never reused.
pub type StreamId = u32;

/// What a controller is told. Numbers of commands are the caller's.
#[derive(Clone, Debug)]
pub enum Input {
    /// Open the wanted device, and keep it open.
    Open {
        /// Completed with the first outcome; later ones are reports.
        command: u32,
    },
    /// Close it. Nothing opens until the next `Open`.
    Close {
        /// Completed when nothing is open any more, with `Busy` if the system takes too long.
        command: u32,
    },
    /// Want this device from now on; `None`: the system's default.
    Use {
        /// Completed with the outcome; while closed, once the device is known to exist. `NotFound`: not there
        /// yet.
        command: u32,
        /// One that is not there is used once it is.
        device: Option<DeviceId>,
    },
    /// The answer to [`Output::List`].
    Listed(Result<Vec<Device>, Code>),
    /// The answer to [`Output::Open`].
    Opened {
        /// Which.
        stream: StreamId,
        /// An error: nothing was opened.
        result: Result<(), Code>,
    },
    /// The answer to [`Output::Close`]: nothing of this stream is open, nor will be.
    Closed {
        /// Which.
        stream: StreamId,
    },
    /// How often the device has called so far.
    Called {
        /// Which.
        stream: StreamId,
        /// Any number that grows.
        callbacks: u64,
    },
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// List the devices. Not again before it is answered.
    List,
    /// Open a device.
    Open {
        /// Names it in answers.
        stream: StreamId,
        /// Which.
        device: DeviceId,
    },
    /// Close a stream, or give up opening it. From now on it delivers nothing.
    Close {
        /// Which.
        stream: StreamId,
    },
    /// A command is done.
    Complete {
        /// Which.
        command: u32,
        /// How it ended.
        result: Result<(), Code>,
    },
    /// The device in use, or why there is none; when it has changed.
    Report(Result<DeviceId, Code>),
}

#[derive(Debug)]
enum Slot {
    /// Nothing is open.
    Empty,
    /// The system has not answered yet.
    Opening { stream: StreamId, device: DeviceId, deadline: u64 },
    /// The device calls, or it is opened anew at `deadline`.
    Open { stream: StreamId, device: DeviceId, callbacks: u64, deadline: u64, since: u64 },
    /// The next device waits, so that never two are open.
    Closing { stream: StreamId, deadline: u64 },
}

/// Controls the devices of one kind. Time is in milliseconds since any moment.
#[derive(Debug)]
pub struct Controller {
    is_wanted: bool,
    wanted: Option<DeviceId>,
    /// A `Use` that waits for the list.
    proposed: Option<(u32, DeviceId)>,
    /// Commands that wait for an outcome: every `Open`, the last `Use`, every `Close`.
    opens: Vec<u32>,
    uses: Option<u32>,
    closes: Vec<u32>,
    /// `None`: not known since `Open`.
    devices: Option<Result<Vec<Device>, Code>>,
    is_listing: bool,
    /// When a list that is not answered counts as failed.
    list_deadline: Option<u64>,
    next_list: u64,
    /// Lists that failed in a row.
    failed_lists: u32,
    slot: Slot,
    /// What the system took too long to open or close.
    abandoned: Vec<StreamId>,
    last_stream: StreamId,
    failures: u32,
    retry_at: u64,
    reported: Option<Result<DeviceId, Code>>,
    outputs: VecDeque<Output>,
}

impl Default for Controller {
    fn default() -> Controller {
        Controller {
            is_wanted: false,
            wanted: None,
            proposed: None,
            opens: Vec::new(),
            uses: None,
            closes: Vec::new(),
            devices: None,
            is_listing: false,
            list_deadline: None,
            next_list: 0,
            failed_lists: 0,
            slot: Slot::Empty,
            abandoned: Vec::new(),
            last_stream: 0,
            failures: 0,
            retry_at: 0,
            reported: None,
            outputs: VecDeque::new(),
        }
    }
}

impl Controller {
    /// Tells it something.
    pub fn handle(&mut self, now: u64, input: Input) {
        match input {
            Input::Open { command } => self.on_open(now, command),
            Input::Close { command } => self.on_close(now, command),
            Input::Use { command, device } => self.on_use(now, command, device),
            Input::Listed(result) => self.on_listed(now, result),
            Input::Opened { stream, result } => self.on_opened(now, stream, result),
            Input::Closed { stream } => self.on_closed(stream),
            Input::Called { stream, callbacks } => self.on_called(now, stream, callbacks),
        }
        self.advance(now);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The device that is open.
    pub fn in_use(&self) -> Option<&DeviceId> {
        match &self.slot {
            Slot::Open { device, .. } => Some(device),
            Slot::Empty | Slot::Opening { .. } | Slot::Closing { .. } => None,
        }
    }

    /// When to call `handle_timeout`.
    pub fn poll_timeout(&self) -> Option<u64> {
        let slot = match self.slot {
            Slot::Empty => (self.is_wanted && self.devices.is_some()).then_some(self.retry_at),
            Slot::Opening { deadline, .. } | Slot::Open { deadline, .. } | Slot::Closing { deadline, .. } => {
                Some(deadline)
            }
        };
        let list = (self.is_wanted && !self.is_listing).then_some(self.next_list);
        [slot, list, self.list_deadline].into_iter().flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        if self.list_deadline.is_some_and(|deadline| deadline <= now) {
            self.list_deadline = None;
            self.use_list(now, Err(Code::Busy));
        }
        match self.slot {
            Slot::Opening { stream, deadline, .. } if deadline <= now => {
                self.outputs.push_back(Output::Close { stream });
                self.abandon(stream);
                self.fail(now, Code::Busy);
            }
            Slot::Open { stream, deadline, .. } if deadline <= now => {
                self.close(now, stream);
                self.fail(now, Code::Busy);
            }
            Slot::Closing { stream, deadline } if deadline <= now => {
                self.abandon(stream);
                self.complete_closes(Err(Code::Busy));
            }
            Slot::Empty | Slot::Opening { .. } | Slot::Open { .. } | Slot::Closing { .. } => {}
        }
        self.advance(now);
    }

    /// The system is not asked twice at once, so nobody waits for this one.
    fn is_list_overdue(&self) -> bool {
        self.is_listing && self.list_deadline.is_none()
    }

    fn on_open(&mut self, now: u64, command: u32) {
        if !self.is_wanted {
            self.is_wanted = true;
            self.devices = self.is_list_overdue().then_some(Err(Code::Busy));
            self.reported = None;
            (self.next_list, self.failed_lists) = (now, 0);
            self.retry_soon(now);
        }
        if matches!(self.slot, Slot::Open { .. }) {
            self.complete(command, Ok(()));
        } else if self.opens.len() < MAX_COMMANDS {
            self.opens.push(command);
        } else {
            self.complete(command, Err(Code::Busy));
        }
    }

    fn on_close(&mut self, now: u64, command: u32) {
        self.is_wanted = false;
        self.complete_opens(Err(Code::Cancelled));
        match self.slot {
            Slot::Empty => return self.complete(command, Ok(())),
            Slot::Opening { stream, .. } | Slot::Open { stream, .. } => self.close(now, stream),
            Slot::Closing { .. } => {}
        }
        if self.closes.len() < MAX_COMMANDS {
            self.closes.push(command);
        } else {
            self.complete(command, Err(Code::Busy));
        }
    }

    /// It is wanted from now on, there or not: a headset may be switched on later.
    fn on_use(&mut self, now: u64, command: u32, device: Option<DeviceId>) {
        let replaced = self.proposed.take().map(|(before, _)| before);
        for before in replaced.into_iter().chain(self.uses.take()) {
            self.complete(before, Err(Code::Cancelled));
        }
        self.wanted.clone_from(&device);
        if self.is_wanted {
            self.reported = None;
            self.retry_soon(now);
        }
        match device {
            Some(_) if self.is_list_overdue() => self.complete(command, Err(Code::Busy)),
            Some(id) => self.proposed = Some((command, id)),
            None => self.await_use(command),
        }
    }

    /// The device exists, as far as is known.
    fn await_use(&mut self, command: u32) {
        if self.is_wanted {
            self.uses = Some(command);
        } else {
            self.complete(command, Ok(()));
        }
    }

    fn on_listed(&mut self, now: u64, result: Result<Vec<Device>, Code>) {
        self.is_listing = false;
        self.list_deadline = None;
        self.failed_lists = if result.is_ok() { 0 } else { self.failed_lists + 1 };
        self.next_list = now + (POLL << self.failed_lists.min(16)).min(MAX_POLL);
        self.use_list(now, result);
    }

    fn use_list(&mut self, now: u64, result: Result<Vec<Device>, Code>) {
        if let Some((command, id)) = self.proposed.take() {
            match &result {
                Ok(devices) if devices.iter().any(|it| it.id == id) => self.await_use(command),
                Ok(_) => self.complete(command, Err(Code::NotFound)),
                Err(code) => self.complete(command, Err(*code)),
            }
        }
        let result = Some(result);
        if self.devices != result {
            self.devices = result;
            self.retry_soon(now);
        }
    }

    fn on_opened(&mut self, now: u64, stream: StreamId, result: Result<(), Code>) {
        let Slot::Opening { stream: expected, device, .. } = &self.slot else { return };
        if *expected != stream {
            return;
        }
        let device = device.clone();
        match result {
            Ok(()) => {
                self.report(Ok(device.clone()));
                let deadline = now + START_LIMIT;
                self.slot = Slot::Open { stream, device, callbacks: 0, deadline, since: now };
            }
            Err(code) => {
                self.slot = Slot::Empty;
                self.fail(now, code);
            }
        }
    }

    fn on_closed(&mut self, closed: StreamId) {
        self.abandoned.retain(|it| *it != closed);
        if matches!(self.slot, Slot::Closing { stream, .. } if stream == closed) {
            self.slot = Slot::Empty;
            self.complete_closes(Ok(()));
        }
    }

    fn on_called(&mut self, now: u64, called: StreamId, count: u64) {
        if let Slot::Open { stream, callbacks, deadline, since, .. } = &mut self.slot
            && *stream == called
            && *callbacks != count
        {
            (*callbacks, *deadline) = (count, (now + CALLBACK_LIMIT).max(*since + START_LIMIT));
            if *since + STEADY <= now {
                self.failures = 0;
            }
        }
    }

    /// Does what follows from the state, however it came to be.
    fn advance(&mut self, now: u64) {
        let is_due = self.proposed.is_some() || self.is_wanted && self.next_list <= now;
        if is_due && !self.is_listing {
            self.is_listing = true;
            self.list_deadline = Some(now + LIST_LIMIT);
            self.outputs.push_back(Output::List);
        }
        let target = self.target();
        match &self.slot {
            Slot::Empty => {
                if self.is_wanted && self.retry_at <= now && self.devices.is_some() {
                    self.open(now, target);
                }
            }
            Slot::Opening { stream, device, .. } | Slot::Open { stream, device, .. } => {
                // Without a list the device may still be there.
                if matches!(self.devices, Some(Ok(_))) && target.as_ref() != Some(device) {
                    self.close(now, *stream);
                } else if matches!(self.slot, Slot::Open { .. }) {
                    self.complete_opens(Ok(()));
                }
            }
            Slot::Closing { .. } => {}
        }
    }

    /// The wanted device; while it is gone, the system's default.
    fn target(&self) -> Option<DeviceId> {
        let Some(Ok(devices)) = &self.devices else { return None };
        let find = |id: &DeviceId| devices.iter().find(|it| it.id == *id);
        let wanted = self.wanted.as_ref().and_then(find);
        let default = || devices.iter().find(|it| it.is_default);
        // A system without a default: what is open stays.
        let current = || match &self.slot {
            Slot::Opening { device, .. } | Slot::Open { device, .. } => find(device),
            Slot::Empty | Slot::Closing { .. } => None,
        };
        wanted.or_else(default).or_else(current).or(devices.first()).map(|it| it.id.clone())
    }

    fn open(&mut self, now: u64, target: Option<DeviceId>) {
        let Some(device) = target else {
            let code = match self.devices {
                Some(Err(code)) => code,
                Some(Ok(_)) | None => Code::NotFound,
            };
            return self.fail(now, code);
        };
        if self.abandoned.len() >= MAX_ABANDONED {
            return self.fail(now, Code::Busy);
        }
        self.last_stream += 1;
        let stream = self.last_stream;
        self.slot = Slot::Opening { stream, device: device.clone(), deadline: now + OPEN_LIMIT };
        self.outputs.push_back(Output::Open { stream, device });
    }

    fn close(&mut self, now: u64, stream: StreamId) {
        self.slot = Slot::Closing { stream, deadline: now + CLOSE_LIMIT };
        self.outputs.push_back(Output::Close { stream });
    }

    fn abandon(&mut self, stream: StreamId) {
        self.abandoned.push(stream);
        self.slot = Slot::Empty;
    }

    /// The next attempt is later each time.
    fn fail(&mut self, now: u64, code: Code) {
        self.retry_at = now + (BACKOFF << self.failures.min(16)).min(MAX_BACKOFF);
        self.failures += 1;
        self.complete_opens(Err(code));
        self.report(Err(code));
    }

    fn retry_soon(&mut self, now: u64) {
        self.failures = 0;
        self.retry_at = now;
    }

    fn report(&mut self, what: Result<DeviceId, Code>) {
        if self.reported.as_ref() != Some(&what) {
            self.reported = Some(what.clone());
            self.outputs.push_back(Output::Report(what));
        }
    }

    fn complete(&mut self, command: u32, result: Result<(), Code>) {
        self.outputs.push_back(Output::Complete { command, result });
    }

    fn complete_opens(&mut self, result: Result<(), Code>) {
        for command in std::mem::take(&mut self.opens).into_iter().chain(self.uses.take()) {
            self.complete(command, result);
        }
    }

    fn complete_closes(&mut self, result: Result<(), Code>) {
        for command in std::mem::take(&mut self.closes) {
            self.complete(command, result);
        }
    }
}
