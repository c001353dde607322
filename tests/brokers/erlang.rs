//! What brokers written in Erlang share: virtual machines without name resolution, which are removed
//! completely.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nertc_callkit_testkit::patience;

/// How long a broker may take to start.
pub(crate) fn boot() -> Duration {
    patience() * 12
}

/// A command of Erlang's that takes nothing from the caller's environment and writes below `home` alone.
pub(crate) fn command(program: &str, home: &Path) -> Command {
    let names = home.join("inetrc");
    fs::write(&names, "{lookup, [file]}.\n{host, {127,0,0,1}, [\"localhost\"]}.\n").expect("written");
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.current_dir(home).env_clear();
    command.env("PATH", format!("{path}:/usr/sbin:/usr/bin:/bin")).env("HOME", home);
    command.env("ERL_INETRC", names).env("ERL_CRASH_DUMP_BYTES", "0");
    command
}

/// Fails if the package that brings `file` is not installed.
#[track_caller]
pub(crate) fn need(file: &str, package: &str) {
    assert!(
        Path::new(file).exists(),
        "no {file}: `make setup` installs {package} or prints the line that does: \
         sudo apt-get install --yes --no-install-recommends {package}"
    );
}
