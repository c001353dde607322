//! A system whose devices do what the test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use nertc_callkit_audio_devices::callback::Callback;
use nertc_callkit_audio_devices::{Code, Device, DeviceId, Kind, Stream, System};
use nertc_callkit_testkit::patience;

#[derive(Default)]
struct State {
    devices: Vec<Device>,
    /// Opening waits as long as it is set.
    holds: bool,
    refusal: Option<Code>,
    /// Does not ask whether the device is still wanted.
    is_careless: bool,
    waiting: usize,
    open: BTreeMap<u32, (DeviceId, Callback)>,
    opened: u32,
}

/// Both kinds have the same devices.
#[derive(Clone, Default)]
pub(crate) struct Simulated(Arc<(Mutex<State>, Condvar)>);

struct Open(Simulated, u32);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().open.remove(&self.1);
    }
}

impl Simulated {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().expect("a lock")
    }

    /// The first is the default.
    pub(crate) fn set_devices(&self, names: &[&str]) {
        let id = |name: &str| DeviceId(name.to_owned());
        let device =
            |(at, name): (usize, &&str)| Device { id: id(name), name: name.to_string(), is_default: at == 0 };
        self.state().devices = names.iter().enumerate().map(device).collect();
    }

    /// From now on opening waits, or does no longer.
    pub(crate) fn hold(&self, holds: bool) {
        self.state().holds = holds;
        self.0.1.notify_all();
    }

    /// Opening fails.
    pub(crate) fn refuse(&self, code: Option<Code>) {
        self.state().refusal = code;
    }

    /// Devices start although they are closed by then.
    pub(crate) fn be_careless(&self) {
        self.state().is_careless = true;
    }

    /// Those whose opening waits.
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Devices that are open.
    pub(crate) fn open(&self) -> Vec<String> {
        self.state().open.values().map(|(id, _)| id.0.clone()).collect()
    }

    /// 10 ms: each microphone delivers `sound`; what each speaker plays.
    pub(crate) fn call(&self, sound: &[i16]) -> Vec<Vec<i16>> {
        let mut state = self.state();
        let mut played = Vec::new();
        for (_, callback) in state.open.values_mut() {
            match callback {
                Callback::Capture(capture) => capture.deliver(sound),
                Callback::Playout(playout) => {
                    let mut frame = vec![1; sound.len()];
                    playout.fill(&mut frame);
                    played.push(frame);
                }
            }
        }
        played
    }
}

impl System for Simulated {
    fn list(&self, _: Kind) -> Result<Vec<Device>, Code> {
        Ok(self.state().devices.clone())
    }

    fn open(&self, device: &DeviceId, callback: Callback) -> Result<Stream, Code> {
        let mut state = self.state();
        state.waiting += 1;
        let waited = self.0.1.wait_timeout_while(state, 10 * patience(), |state| state.holds);
        state = waited.expect("a lock").0;
        state.waiting -= 1;
        let control = match &callback {
            Callback::Capture(capture) => capture.control(),
            Callback::Playout(playout) => playout.control(),
        };
        if let Some(code) = state.refusal {
            return Err(code);
        }
        if control.is_closed() && !state.is_careless {
            return Err(Code::Cancelled);
        }
        state.opened += 1;
        let number = state.opened;
        state.open.insert(number, (device.clone(), callback));
        Ok(Box::new(Open(self.clone(), number)))
    }
}
