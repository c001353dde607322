//! Folders, files and ports of one test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::{env, fs, process};

/// Where the running program may write: a folder of its own where cargo builds, or the system's.
fn root() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    // Cargo marks where it builds, and ends the name of a test program with a hash.
    let built = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let built = built.map_or_else(env::temp_dir, |folder| folder.join("tmp"));
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    built.join(name.rsplit_once('-').map_or(&*name, |(name, _)| name))
}

/// The path of a folder of this name.
pub fn path(name: &str) -> PathBuf {
    root().join(name)
}

/// A folder of this name, empty.
pub fn folder(name: &str) -> PathBuf {
    let path = path(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

/// Writes the evidence of a failure; returns its path, for the message.
pub fn keep(name: &str, ending: &str, bytes: &[u8]) -> String {
    let name: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let path = root().join(name + ending);
    match fs::create_dir_all(root()).and_then(|()| fs::write(&path, bytes)) {
        Ok(()) => path.display().to_string(),
        Err(error) => format!("{}: {error}", path.display()),
    }
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A free port of the loopback interface. Below those that the system assigns to clients, and every
/// process begins at another one, so that no other takes it before it is used.
pub fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (process::id() * 97 % 11_000) as u16;
    for _ in 0..12_000 {
        let port = 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port from 20,000 to 32,000 is free");
}
