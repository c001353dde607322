//! Names the shared library and says how it is loaded.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name that programs need at run time.
const SONAME: &str = "libnertc_callkit.so.0";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    // target/debug of target/debug/build/nertc_callkit-0123/out; cargo names the profile nowhere else.
    let folder = Path::new(&out).ancestors().nth(3);
    let is_small = folder.is_some_and(|folder| folder.ends_with("small"));
    let lld = lld().filter(|_| env::var("OPT_LEVEL").is_ok_and(|level| level != "0"));
    for arg in link_args(&os, is_small, lld.as_deref()) {
        println!("cargo:rustc-cdylib-link-arg={arg}");
    }
    if let Some(folder) = folder.filter(|_| os == "linux") {
        link_in(folder);
    }
}

/// The folder of the lld that came with the compiler; only for the machine that builds.
fn lld() -> Option<PathBuf> {
    let [rustc, host, target] = ["RUSTC", "HOST", "TARGET"].map(|name| env::var(name).unwrap_or_default());
    let asked = Command::new(rustc).args(["--print", "sysroot"]).output().ok()?;
    let sysroot = String::from_utf8(asked.stdout).ok()?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib").join(&host).join("bin/gcc-ld");
    let is_native = host == target && host.ends_with("-linux-gnu") && env::var_os("RUSTC_LINKER").is_none();
    (is_native && folder.join("ld.lld").exists()).then_some(folder)
}

/// What the linker of this operating system is told; `is_small` for PROFILE=small, `lld` for an optimised
/// library.
pub(crate) fn link_args(os: &str, is_small: bool, lld: Option<&Path>) -> Vec<String> {
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
    let mut flags = vec!["nodelete", "relro", "now"];
    if is_small && os == "linux" {
        // 2 % smaller; needs glibc 2.36.
        flags.push("pack-relative-relocs");
    }
    let flags = flags.into_iter().map(|flag| format!("-Wl,-z,{flag}"));
    let mut args: Vec<String> = [format!("-Wl,-soname,{soname}")].into_iter().chain(flags).collect();
    if let Some(folder) = lld {
        // Equal functions become one; other linkers refuse the option. No address of a function is compared.
        args.extend([format!("-B{}", folder.display()), "-fuse-ld=lld".into(), "-Wl,--icf=all".into()]);
    }
    args
}

/// Programs run from the build folder, too: they find the library by the name that they need. `cargo test`
/// leaves the library in `deps` alone.
fn link_in(folder: &Path) {
    #[cfg(unix)]
    for link in [folder.join(SONAME), folder.join("deps").join(SONAME)] {
        if let Err(why) = std::os::unix::fs::symlink("libnertc_callkit.so", &link)
            && why.kind() != std::io::ErrorKind::AlreadyExists
        {
            println!("cargo:warning={}: {why}", link.display());
        }
    }
}
