//! What a program with it links.

use std::collections::BTreeSet;
use std::process::Command;

use nertc_callkit_audio_devices::{Kind, Machine, System as _};

/// miniaudio opens the audio libraries at run time: this program has all of it, and needs those of C alone.
#[cfg(target_os = "linux")]
#[test]
fn no_audio_library_is_linked() {
    // So that it is linked.
    drop(Machine.list(Kind::Speaker));
    let program = std::env::current_exe().expect("a path");
    let output = Command::new("readelf").arg("-d").arg(&program).output().expect("readelf");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let needed = output.lines().filter(|line| line.contains("(NEEDED)"));
    let needed: BTreeSet<&str> =
        needed.filter_map(|line| line.split_once('[')?.1.split('.').next()).collect();
    let known = ["ld-linux-aarch64", "ld-linux-x86-64", "libc", "libgcc_s", "libm"];
    assert!(needed.contains("libc"), "{output}");
    assert!(needed.iter().all(|it| known.contains(it)), "{needed:?}");
}
