//! Random names, and the client id, which identifies a device's session at the broker and is stored so
//! that the broker recognizes the device.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nertc_callkit_backend::{ProcessValue, random_bytes};
use nertc_callkit_ids::{IdGenerator, Seed};
use parking_lot::Mutex;

use crate::options::Hooks;
use crate::topics::encode;

/// Bytes of a client id that every broker takes.
const CLIENT_ID_BYTES: usize = 23;

/// Instances that are remembered of a device.
const INSTANCES: usize = 8;

/// By account and device.
type Instances = BTreeMap<(String, String), Vec<String>>;

/// Instances of this process's devices.
static INSTANCES_HERE: ProcessValue<Mutex<Instances>> = ProcessValue::new();

/// Client ids of this process, where they are not stored.
static OURS: ProcessValue<Mutex<BTreeMap<(String, String), String>>> = ProcessValue::new();

/// A device's name at the broker.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientId {
    /// The secret.
    pub(crate) text: String,
    /// The next process will have it, too.
    pub(crate) kept: bool,
}

/// The client id of a device: the one that was kept, or a new one. None: no random bytes.
pub(crate) fn load(hooks: &dyn Hooks, account: &str, device: &str, folder: &str) -> Option<ClientId> {
    if hooks.keeps_client_ids() {
        if let Some(text) = hooks.load_client_id(account, device).filter(|it| is_client_id(it)) {
            return Some(ClientId { text, kept: true });
        }
        let text = random_name()?;
        hooks.save_client_id(account, device, &text);
        return Some(ClientId { text, kept: true });
    }
    if let Some(path) = path("mqtt", account, device, folder) {
        match keep(&path) {
            Ok(text) => return Some(ClientId { text, kept: true }),
            Err(error) => log::warn!("mqtt: the client id in data_dir cannot be read or stored: {error}"),
        }
    }
    let mut ours = OURS.get().lock();
    let key = (account.to_owned(), device.to_owned());
    if let Some(known) = ours.get(&key) {
        return Some(ClientId { text: known.clone(), kept: false });
    }
    let text = random_name()?;
    ours.insert(key, text.clone());
    Some(ClientId { text, kept: false })
}

/// The last incarnations of a device, the oldest first, `instance` the last: a peer that asks one of them
/// about a call learns at once that it has ended. They are stored beside the client id.
pub(crate) fn instances(account: &str, device: &str, folder: &str, instance: &str) -> Vec<String> {
    let path = path("mqtt_lives", account, device, folder);
    let (text, path) = match path.as_deref().map(stored) {
        Some(Ok(text)) => (text, path),
        Some(Err(error)) => {
            log::warn!("mqtt: the device's instances in data_dir cannot be read, so they stay: {error}");
            (String::new(), None)
        }
        None => (String::new(), None),
    };
    let mut here = INSTANCES_HERE.get().lock();
    let list = here.entry((account.to_owned(), device.to_owned())).or_default();
    let mut all: Vec<String> = text.lines().filter(|it| is_client_id(it)).map(str::to_owned).collect();
    all.extend(list.iter().cloned());
    all.push(instance.to_owned());
    // Each at the place where it was named last.
    let mut last: Vec<String> = Vec::new();
    for it in all.into_iter().rev() {
        if last.len() < INSTANCES && !last.contains(&it) {
            last.push(it);
        }
    }
    last.reverse();
    list.clone_from(&last);
    drop(here);
    if let Some(path) = path
        && let Err(error) = replace(&path, &last.join("\n"))
    {
        log::warn!("mqtt: the device's instances cannot be stored in data_dir: {error}");
    }
    last
}

fn path(kind: &str, account: &str, device: &str, folder: &str) -> Option<PathBuf> {
    let file = format!("{kind}-{}-{}", encode(account)?, encode(device)?);
    (!folder.is_empty()).then(|| Path::new(folder).join(file))
}

/// The text of the file; empty if there is none. An error: it cannot be read now, and must not be replaced.
fn stored(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => {
            Ok(String::new())
        }
        text => text,
    }
}

/// The contents of the file; if there is none, or no id in it, a new id, which is stored. A file that cannot
/// be read now keeps its id: it is the key to the session at the broker.
fn keep(path: &Path) -> io::Result<String> {
    let text = stored(path)?;
    if is_client_id(text.trim_end()) {
        return Ok(text.trim_end().to_owned());
    }
    let text = random_name().ok_or_else(no_random_bytes)?;
    replace(path, &text).map(|()| text)
}

fn no_random_bytes() -> io::Error {
    io::Error::other("the system has no random bytes")
}

/// Written beside it and renamed: a reader sees all or nothing.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension(random_name().ok_or_else(no_random_bytes)?);
    let written = write(&fresh, text).and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
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

/// 22 random letters and digits: 131 bits.
pub(crate) fn random_name() -> Option<String> {
    Some(IdGenerator::new(seed()?).id())
}

/// What a generator of ids starts from.
pub(crate) fn seed() -> Option<Seed> {
    random_bytes()
}

/// A random number.
pub(crate) fn number() -> Option<u64> {
    random_bytes().map(u64::from_ne_bytes)
}

/// For the child after a fork: the parent's sessions are not its own. Safe in a fork handler.
pub(crate) fn after_fork_in_child() {
    OURS.reset_in_child();
    INSTANCES_HERE.reset_in_child();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::NoHooks;

    /// A folder of its own, gone with the value.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            let path =
                std::env::temp_dir().join(format!("nertc-mqtt-{}", random_name().expect("random bytes")));
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

    /// As after a restart: only files remember.
    fn forget(account: &str) {
        INSTANCES_HERE.get().lock().retain(|(it, _), _| it != account);
    }

    #[test]
    fn a_client_id_stays_in_a_file_that_only_its_owner_reads() {
        let folder = Folder::new();
        let id = |account, device| load(&NoHooks, account, device, folder.text()).expect("an id");
        let first = id("a/b", "phone");
        assert!(first.kept && is_client_id(&first.text));
        assert_eq!(id("a/b", "phone"), first);
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
        assert!(second.kept && second != first);
        assert_ne!(id("a/b", "pad").text, second.text);
    }

    /// A link to itself: it is there, and nobody can read it.
    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_read_is_not_replaced() {
        let folder = Folder::new();
        let file = folder.0.join("mqtt-unread-phone");
        std::os::unix::fs::symlink("mqtt-unread-phone", &file).expect("a link");
        let first = load(&NoHooks, "unread", "phone", folder.text()).expect("an id");
        assert!(!first.kept);
        assert!(fs::symlink_metadata(folder.only_file()).expect("a link").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn instances_that_cannot_be_read_are_not_replaced() {
        let folder = Folder::new();
        let lives = |instance: &str| instances("unread lives", "phone", folder.text(), instance);
        let names: Vec<String> = (0..3).map(|_| random_name().expect("random bytes")).collect();
        lives(&names[0]);
        let (file, moved) = (folder.only_file(), folder.0.join("moved"));
        fs::rename(&file, &moved).expect("a file");
        std::os::unix::fs::symlink(&file, &file).expect("a link");
        assert_eq!(lives(&names[1]), names[..2], "this process remembers");
        assert!(fs::symlink_metadata(&file).expect("a link").is_symlink());
        // Readable again, after a restart.
        fs::rename(&moved, &file).expect("a file");
        forget("unread lives");
        assert_eq!(lives(&names[2]), [names[0].clone(), names[2].clone()]);
    }

    #[test]
    fn without_a_place_the_id_is_this_processs() {
        let id = |folder| load(&NoHooks, "kept nowhere", "phone", folder).expect("an id");
        let first = id("");
        assert!(!first.kept);
        assert_eq!(id(""), first);
        assert_eq!(id("/nonexistent/folder"), first);
    }

    #[test]
    fn the_last_eight_incarnations_are_persisted() {
        let folder = Folder::new();
        let lives = |instance: &str| instances("lives", "phone", folder.text(), instance);
        let names: Vec<String> = (0..10).map(|_| random_name().expect("random bytes")).collect();
        assert_eq!(lives(&names[0]), names[..1]);
        for at in 1..10 {
            forget("lives");
            assert_eq!(lives(&names[at]), names[(at + 1).saturating_sub(8)..=at]);
        }
        assert_eq!(lives(&names[5]).last(), Some(&names[5]), "named again");
        fs::write(folder.only_file(), "nonsense!\n\n").expect("a file");
        forget("lives");
        assert_eq!(lives(&names[0]), names[..1]);
        assert_eq!(instances("lives", "pad", "", &names[1]), names[1..2]);
    }

    #[test]
    fn names_differ() {
        assert_ne!(random_name(), random_name());
        assert_ne!(seed(), seed());
    }
}
