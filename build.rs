//! Names the shared library.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if target == "linux" || target == "android" {
        // Without a number: a program finds it by name in target/ as well as installed, and Android packages
        // no other name. Without any, a program that is linked by path keeps our absolute build path.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libnertc_callkit.so");
    }
}
