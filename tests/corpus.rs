//! Replays the corpora of fuzz/ and some random inputs with any toolchain, without a fuzzer.

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, missing_docs, reason = "a crate of its own for the fuzzers")]
mod fuzz;

use std::path::Path;
use std::{env, fs};

use nertc_callkit_testkit::{Random, number};

/// A target.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    /// Random inputs of a test run; each of the C API's has threads and takes milliseconds.
    inputs: u64,
}

const TARGETS: [Target; 11] = [
    Target { name: "wire", run: fuzz::wire, inputs: 3_000 },
    Target { name: "engine", run: fuzz::engine, inputs: 1_500 },
    Target { name: "protocol", run: fuzz::protocol, inputs: 5_000 },
    Target { name: "broker", run: fuzz::broker, inputs: 2_000 },
    Target { name: "trace", run: fuzz::trace, inputs: 100 },
    Target { name: "c_api", run: fuzz::c_api, inputs: 100 },
    // Handshakes take long without optimisation.
    Target { name: "webrtc_texts", run: fuzz::webrtc_texts, inputs: 20 },
    Target { name: "webrtc_datagrams", run: fuzz::webrtc_datagrams, inputs: 5 },
    Target { name: "webrtc_sdp", run: fuzz::webrtc_sdp, inputs: 20 },
    Target { name: "webrtc_audio", run: fuzz::webrtc_audio, inputs: 50 },
    Target { name: "webrtc_servers", run: fuzz::webrtc_servers, inputs: 2_000 },
];

/// The targets, or the one that FUZZ_TARGET names.
fn targets() -> impl Iterator<Item = Target> {
    let only = env::var("FUZZ_TARGET").ok();
    TARGETS.into_iter().filter(move |target| only.as_ref().is_none_or(|only| only == target.name))
}

/// Prints which input it was if the target panics.
struct Named<'a>(&'a str, String, &'a [u8]);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let hex: String = self.2.iter().map(|byte| format!("{byte:02x}")).collect();
            eprintln!("target {}, input {}: {hex}", self.0, self.1);
        }
    }
}

#[test]
fn every_input_of_the_corpora_passes() {
    for target in targets() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target.name);
        let mut files: Vec<_> =
            fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        assert!(files.len() >= 20, "{} has {} files", folder.display(), files.len());
        for file in files {
            let bytes = fs::read(&file).expect("an input");
            let _named = Named(target.name, file.display().to_string(), &bytes);
            (target.run)(&bytes);
        }
    }
}

/// `FUZZ_INPUTS=100000 FUZZ_SEED0=1 FUZZ_TARGET=engine cargo test --test corpus` searches without a fuzzer.
#[test]
fn random_inputs_pass() {
    let first = number("FUZZ_SEED0", 1);
    for target in targets() {
        for seed in first..first + number("FUZZ_INPUTS", target.inputs) {
            let bytes = random(seed);
            let _named = Named(target.name, format!("of seed {seed}"), &bytes);
            (target.run)(&bytes);
        }
    }
}

/// A broker's packets matter most to a connected device.
#[test]
fn most_inputs_of_the_broker_meet_a_device_that_is_up() {
    let up = (1..=500).filter(|seed| fuzz::broker_reaches_up(&random(*seed))).count();
    println!("corpus: broker: {up} of 500 random inputs reach up");
    assert!(up >= 250, "{up} of 500");
}

/// What is said between peers matters most to those that are connected.
#[test]
fn many_texts_meet_peers_that_are_connected() {
    let connected = (1..=20).filter(|seed| fuzz::webrtc_texts_connect(&random(*seed))).count();
    println!("corpus: webrtc_texts: {connected} of 20 random inputs connect");
    assert!(connected >= 8, "{connected} of 20");
}

/// Some bytes of a seed.
fn random(seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let length = 16 + random.below(1_000);
    (0..length).map(|_| random.next_u64() as u8).collect()
}
