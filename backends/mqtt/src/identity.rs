//! What makes a device's session at the broker its own: random names, and the client id, which is kept so
//! that the broker knows the device again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use crate::global::Global;
use crate::names::encode;
use crate::options::Hooks;

/// Bytes of a client id that every broker takes.
const CLIENT_ID_BYTES: usize = 23;

/// Client ids of this process, where nobody keeps them.
static OURS: Global<Mutex<BTreeMap<(String, String), String>>> = Global::new();

/// Client ids that components of this process use.
static USED: Global<Mutex<BTreeSet<String>>> = Global::new();

/// A device's name at the broker. Nobody else uses it while the value lives: two of one name would take the
/// session from each other for ever, and neither would hear that the other has logged in.
#[derive(Debug)]
pub(crate) struct ClientId {
    /// The secret.
    pub(crate) text: String,
    /// The next process will have it, too.
    pub(crate) kept: bool,
    /// Keeps other processes from using it.
    _lock: Option<File>,
}

impl ClientId {
    /// This one, or one of its own for a component whose client id another one is using.
    fn new(text: String, kept: bool, lock: io::Result<Option<File>>) -> Option<ClientId> {
        let mut used = USED.get().lock();
        if let Ok(lock) = lock
            && used.insert(text.clone())
        {
            return Some(ClientId { text, kept, _lock: lock });
        }
        log::warn!("mqtt: this device's client id is in use: what comes while this one is away is not kept");
        let text = name()?;
        used.insert(text.clone());
        Some(ClientId { text, kept: false, _lock: None })
    }
}

impl Drop for ClientId {
    fn drop(&mut self) {
        USED.get().lock().remove(&self.text);
    }
}

/// The client id of a device: the one that was kept, or a new one. None: no random bytes.
pub(crate) fn client_id(hooks: &dyn Hooks, account: &str, device: &str, folder: &str) -> Option<ClientId> {
    if hooks.keeps_client_ids() {
        if let Some(text) = hooks.load_client_id(account, device).filter(|it| is_client_id(it)) {
            return ClientId::new(text, true, Ok(None));
        }
        let text = name()?;
        hooks.save_client_id(account, device, &text);
        return ClientId::new(text, true, Ok(None));
    }
    if let Some(path) = path(account, device, folder) {
        match keep(&path) {
            Ok(text) => return ClientId::new(text, true, lock(&path)),
            Err(error) => log::warn!("mqtt: no client id can be kept in data_dir: {error}"),
        }
    }
    let key = (account.to_owned(), device.to_owned());
    let known = OURS.get().lock().get(&key).cloned();
    let text = match known {
        Some(text) => text,
        None => name()?,
    };
    OURS.get().lock().insert(key, text.clone());
    ClientId::new(text, false, Ok(None))
}

/// Keeps others from using what the file says. Err: another one does. None: files cannot be locked here.
fn lock(path: &Path) -> io::Result<Option<File>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsRawFd;
        let Ok(file) = File::open(path) else { return Ok(None) };
        // SAFETY: an open descriptor.
        if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
            return Ok(Some(file));
        }
        let error = io::Error::last_os_error();
        if error.kind() == io::ErrorKind::WouldBlock {
            return Err(error);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(None)
}

fn path(account: &str, device: &str, folder: &str) -> Option<PathBuf> {
    let file = format!("mqtt-{}-{}", encode(account)?, encode(device)?);
    (!folder.is_empty()).then(|| Path::new(folder).join(file))
}

/// What the file says; a new id, written into it, if it says nothing.
fn keep(path: &Path) -> io::Result<String> {
    let known = fs::read_to_string(path).map(|text| text.trim_end().to_owned());
    if let Some(text) = known.ok().filter(|it| is_client_id(it)) {
        return Ok(text);
    }
    let text = name().ok_or(io::ErrorKind::Other)?;
    // Beside it and then in its place: whoever reads sees all or nothing.
    let fresh = path.with_extension(name().ok_or(io::ErrorKind::Other)?);
    let written = write(&fresh, &text).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written.map(|()| text)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{text}")
}

fn is_client_id(text: &str) -> bool {
    let plain = text.bytes().all(|it| it.is_ascii_alphanumeric());
    plain && (16..=CLIENT_ID_BYTES).contains(&text.len())
}

/// 22 random letters and digits: 128 bits.
pub(crate) fn name() -> Option<String> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut left = u128::from_ne_bytes(random()?);
    let digits = (0..22).map(|_| {
        let digit = DIGITS[(left % 62) as usize];
        left /= 62;
        char::from(digit)
    });
    Some(digits.collect())
}

/// A random number.
pub(crate) fn seed() -> Option<u64> {
    random().map(u64::from_ne_bytes)
}

/// Random bytes of the system; 256 at most, so that they come at once or not at all.
fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    // SAFETY: `N` bytes are there.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), N, 0) } == N as isize;
    // SAFETY: `N` bytes are there.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let filled = unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), N) } == 0;
    filled.then_some(bytes)
}

/// For the child after a fork: the parent's sessions are not its own. Safe in a fork handler.
pub(crate) fn after_fork_in_child() {
    OURS.start_afresh();
    USED.start_afresh();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::NoHooks;

    /// A folder of its own, gone with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            let path = std::env::temp_dir().join(format!("nertc-mqtt-{}", name().expect("random bytes")));
            fs::create_dir(&path).expect("a folder");
            Folder(path)
        }

        fn text(&self) -> &str {
            self.0.to_str().expect("UTF-8")
        }

        fn only_file(&self) -> PathBuf {
            let mut files = fs::read_dir(&self.0).expect("a folder").map(|it| it.expect("a file").path());
            let file = files.next().expect("a file");
            assert!(files.next().is_none());
            file
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_client_id_stays_in_a_file_that_only_its_owner_reads() {
        let folder = Folder::new();
        let id = |account, device| client_id(&NoHooks, account, device, folder.text()).expect("an id");
        let first = id("a/b", "phone");
        assert!(first.kept && is_client_id(&first.text));
        let twin = id("a/b", "phone");
        assert!(!twin.kept && twin.text != first.text, "in use");
        let text = first.text.clone();
        drop(first);
        let first = text;
        assert_eq!(id("a/b", "phone").text, first);
        let file = folder.only_file();
        assert_eq!(file.file_name().and_then(|it| it.to_str()), Some("mqtt-a=2Fb-phone"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        // What is no id of ours is replaced.
        fs::write(&file, "nonsense!").expect("a file");
        let second = id("a/b", "phone");
        assert!(second.kept && second.text != first);
        assert_ne!(id("a/b", "pad").text, second.text);
    }

    #[test]
    fn without_a_place_the_id_is_this_processs() {
        let id = |folder| client_id(&NoHooks, "kept nowhere", "phone", folder).expect("an id");
        let first = id("");
        assert!(!first.kept);
        assert_ne!(id("").text, first.text, "in use");
        let text = first.text.clone();
        drop(first);
        assert_eq!(id("").text, text);
        assert_eq!(id("/nonexistent/folder").text, text);
    }

    #[test]
    fn names_differ() {
        assert_ne!(name(), name());
        assert_ne!(seed(), seed());
    }
}
