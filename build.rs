//! Names the shared library and says how it is loaded.

use std::env;
use std::path::Path;

/// The name that programs need at run time.
const SONAME: &str = "libnertc_callkit.so.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    for arg in link_args(&os) {
        println!("cargo:rustc-cdylib-link-arg={arg}");
    }
    if os == "linux" {
        link_in_build_folder();
    }
}

/// What the linker of this operating system is told.
pub(crate) fn link_args(os: &str) -> Vec<String> {
    let soname = match os {
        "macos" | "ios" | "tvos" | "watchos" | "visionos" => {
            // The app says where it looks; without this it would be our absolute build path.
            return vec!["-Wl,-install_name,@rpath/libnertc_callkit.dylib".to_owned()];
        }
        // The number changes when programs built before would break.
        "linux" => SONAME,
        // Packages have only unnumbered names.
        "android" => "libnertc_callkit.so",
        // A DLL is found by its file name.
        _ => return Vec::new(),
    };
    // nodelete: the worker and the fork handler run code of ours after a dlclose. relro and now: what the
    // loader fills in is read-only afterwards.
    let flags = ["nodelete", "relro", "now"].map(|flag| format!("-Wl,-z,{flag}"));
    [format!("-Wl,-soname,{soname}")].into_iter().chain(flags).collect()
}

/// Programs run from the build folder, too: they find the library by the name that they need. `cargo test`
/// leaves the library in `deps` alone.
fn link_in_build_folder() {
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    // target/debug of target/debug/build/nertc_callkit-0123/out.
    let Some(folder) = Path::new(&out).ancestors().nth(3) else { return };
    #[cfg(unix)]
    for link in [folder.join(SONAME), folder.join("deps").join(SONAME)] {
        if let Err(why) = std::os::unix::fs::symlink("libnertc_callkit.so", &link)
            && why.kind() != std::io::ErrorKind::AlreadyExists
        {
            println!("cargo:warning={}: {why}", link.display());
        }
    }
}
