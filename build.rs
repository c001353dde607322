//! Names the shared library and says how it is loaded.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" || target == "android" {
        // Without a number: a program finds it by name in target/ as well as installed, and Android packages
        // no other name. Without any, a program that is linked by path keeps our absolute build path.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libnertc_callkit.so");
        // nodelete: the worker and the fork handler run code of ours after a dlclose. relro and now: what the
        // loader fills in is read-only afterwards.
        for flag in ["nodelete", "relro", "now"] {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,{flag}");
        }
    }
}
