//! Random calls through the C functions: real clients with their worker, APP and WORKER delivery, on one
//! loopback hub that loses, delays, duplicates, reorders, refuses and kicks. The app's events must fulfil the
//! header's guarantees, whatever the threads do.
//!
//! Time is real here and limits are short: a seed repeats what users and the hub do, not every interleaving.
//! A failure names its seed and prints every client's events: `FACADE_SEED0=n FACADE_SEEDS=1`.

mod client;

use std::ffi::CString;
use std::ptr;
use std::time::{Duration, Instant};

use nertc_callkit::ffi::api::loopback::{
    nertc_callkit_hub_add_fault, nertc_callkit_hub_create, nertc_callkit_hub_release,
};
use nertc_callkit_abi::{nertc_callkit_fault, nertc_callkit_hub, nertc_callkit_status as status};
use nertc_callkit_testkit::{Random, number};

use client::{Ask, Client};

/// Longer than any wait can be, also on a busy machine: a longer wait is a hang.
const HANGS: Duration = Duration::from_secs(60);

/// A hub, the clients on it, and what users do.
struct Fleet {
    hub: *mut nertc_callkit_hub,
    #[expect(clippy::vec_box, reason = "a client's callbacks hold its address")]
    clients: Vec<Box<Client>>,
    random: Random,
}

impl Fleet {
    fn new(seed: u64) -> Fleet {
        let mut random = Random::new(seed);
        let mut hub = ptr::null_mut();
        // SAFETY: `hub` has room for one.
        let created = unsafe { nertc_callkit_hub_create(0, &mut hub) };
        assert_eq!(created, status::NERTC_CALLKIT_STATUS_OK);
        let shapes: [&[&str]; 4] =
            [&["al", "bo"], &["al", "bo", "bo"], &["al", "al", "bo", "bo"], &["al", "bo", "cy", "bo"]];
        let accounts = *random.pick(&shapes);
        let clients = accounts.iter().enumerate();
        let clients = clients
            .map(|(at, account)| Client::new(hub, account, at, random.chance(500), random.chance(300)));
        Fleet { hub, clients: clients.collect(), random }
    }

    /// Lets callbacks run for a while: APP clients run theirs here.
    fn pass(&self, ms: u64) {
        let end = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < end {
            self.clients.iter().for_each(|client| client.take_some());
        }
    }

    /// Waits for what must happen.
    fn until(&self, what: &str, is_so: impl Fn(&Fleet) -> bool) -> Result<(), String> {
        let end = Instant::now() + HANGS;
        while !is_so(self) {
            if Instant::now() > end {
                return Err(format!("never: {what}"));
            }
            self.clients.iter().for_each(|client| client.take_some());
        }
        Ok(())
    }

    fn act(&mut self) {
        let at = self.random.below(self.clients.len() as u64) as usize;
        let others: Vec<&str> = self.clients.iter().map(|other| other.account()).collect();
        let user = (*self.random.pick(&others)).to_owned();
        let client = &self.clients[at];
        let ask = match (client.state(), self.random.below(100)) {
            (0, 0..60) => Ask::Call(&user),
            (1, 0..25) => Ask::Cancel,
            (2, 0..50) => Ask::Accept,
            (2, 50..65) => Ask::Reject,
            (3, 0..25) => Ask::Hangup,
            (3, 25..35) => Ask::Leave,
            (3, 35..55) => Ask::Switch,
            (3, 55..65) => Ask::Mute,
            (_, 65..70) => Ask::Accept,
            (_, 70..73) => Ask::Cancel,
            (_, 73..76) => Ask::Hangup,
            (_, 76..79) => Ask::Leave,
            (_, 79..82) => Ask::Switch,
            (_, 82..84) => Ask::Logout,
            (_, 84..89) => Ask::Login,
            (_, 89..92) => Ask::Mute,
            (_, 92..93) => Ask::Call(&user),
            (_, 93..96) => {
                let account = self.random.chance(700).then_some(&*user);
                return client.refuse(account, self.random.chance(500));
            }
            (_, 96) => return client.give_token(),
            _ => return self.go_wrong(),
        };
        client.ask(ask);
        if self.random.chance(60) {
            client.ask(ask);
        }
    }

    /// Adds a line to the hub's script; nonsense is refused, and that is fine.
    fn go_wrong(&mut self) {
        let on = match self.random.below(3) {
            0 => 0,
            1 => 1 + self.random.below(14),
            _ => 101 + self.random.below(9),
        };
        // Tokens expire often enough for a dozen seeds to see it.
        let (action, on) = if self.random.chance(150) { (9, 0) } else { (1 + self.random.below(9), on) };
        let account = CString::new(*self.random.pick(&["al", "bo"])).expect("no zero inside");
        let fault = nertc_callkit_fault {
            struct_size: size_of::<nertc_callkit_fault>() as u32,
            flags: 0,
            action: action as i32,
            on: on as i32,
            skip_count: self.random.below(2) as u32,
            hit_count: self.random.below(3) as u32,
            delay_ms: 1 + self.random.below(150) as u32,
            code: *self.random.pick(&[408, 10404, 10408, 10409, 90008]),
            account: account.as_ptr(),
            device_id: ptr::null(),
        };
        // SAFETY: the struct and its text outlive the call.
        unsafe { nertc_callkit_hub_add_fault(self.hub, &fault) };
    }

    fn run(&mut self) -> Result<(), String> {
        self.clients.iter().for_each(|client| client.ask(Ask::Login));
        self.pass(5);
        for _ in 0..120 {
            self.act();
            let pause = self.random.below(15);
            self.pass(pause);
        }
        self.calm_down()?;
        self.end()?;
        self.clients.iter().try_for_each(|client| client.result())
    }

    /// Everybody hangs up until nobody calls any more; then every request has completed.
    fn calm_down(&mut self) -> Result<(), String> {
        let end = Instant::now() + HANGS;
        while self.clients.iter().any(|client| client.state() > 0) {
            if Instant::now() > end {
                return Err("never idle after hanging up".into());
            }
            self.clients
                .iter()
                .filter(|client| client.state() > 0)
                .for_each(|client| client.ask(Ask::Hangup));
            self.pass(20);
        }
        self.until("all requests complete", |fleet| {
            fleet.clients.iter().all(|client| client.waits_for() == 0)
        })
    }

    /// Some are destroyed, some released, some with requests under way.
    fn end(&mut self) -> Result<(), String> {
        for client in &self.clients {
            if self.random.chance(500) {
                client.ask(Ask::Login);
                client.ask(Ask::Call("al"));
            }
            if self.random.chance(500) { client.destroy()? } else { client.release()? }
        }
        self.until("released", |fleet| fleet.clients.iter().all(|client| client.is_gone()))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        // SAFETY: a hub, or gone.
        unsafe { nertc_callkit_hub_release(self.hub) };
    }
}

#[test]
fn random_calls_through_the_c_functions_keep_every_promise() {
    let (first, count) = (number("FACADE_SEED0", 1), number("FACADE_SEEDS", 12));
    let (mut callbacks, mut connected, mut refusals, mut tokens) = (0, 0, 0, 0);
    for seed in first..first + count {
        let mut fleet = Fleet::new(seed);
        if let Err(why) = fleet.run() {
            let histories: Vec<String> = fleet.clients.iter().map(|client| client.history()).collect();
            // What still runs must not find its client gone.
            fleet.clients.drain(..).for_each(|client| {
                Box::leak(client);
            });
            panic!("seed {seed}: {why}\n{}", histories.join("\n\n"));
        }
        callbacks += fleet.clients.iter().map(|client| client.callbacks()).sum::<u64>();
        let [refused, asked] = fleet
            .clients
            .iter()
            .map(|client| client.refused_and_asked())
            .fold([0; 2], |all, one| [all[0] + one[0], all[1] + one[1]]);
        (refusals, tokens) = (refusals + refused, tokens + asked);
        connected += fleet.clients.iter().map(|client| client.connected()).sum::<usize>();
    }
    println!("facade: seeds {count}, callbacks {callbacks}, connected {connected}, violations 0");
    println!("facade: calls refused {refusals}, tokens asked for {tokens}");
    assert!(count < 12 || connected > 0, "nobody ever gets through: this tests nothing");
    assert!(count < 12 || refusals > 0 && tokens > 0, "no call was refused, or no token asked for");
}
