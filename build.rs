//! Names the shared library and says how it is loaded.

use std::env;
use std::path::Path;

/// The name that programs need at run time.
const SONAME: &str = "libnertc_callkit.so.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "macos" || target == "ios" {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libnertc_callkit.dylib");
    }
    if target == "linux" || target == "android" {
        // Without any, a program that is linked by path keeps our absolute build path. Android packages no
        // other name than this one; elsewhere the number changes when programs built before would break.
        let soname = if target == "linux" { SONAME } else { "libnertc_callkit.so" };
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{soname}");
        // nodelete: the worker and the fork handler run code of ours after a dlclose. relro and now: what the
        // loader fills in is read-only afterwards.
        for flag in ["nodelete", "relro", "now"] {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,{flag}");
        }
    }
    if target == "linux" {
        link_in_build_folder();
    }
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
