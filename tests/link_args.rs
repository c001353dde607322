//! What build.rs tells the linkers of systems that this one is not.

#[path = "../build.rs"]
#[allow(dead_code, clippy::print_stdout, reason = "cargo runs the rest, and reads what it prints")]
mod build;

#[test]
fn each_system_finds_the_library_by_its_own_rules() {
    let hardened = ["-Wl,-z,nodelete", "-Wl,-z,relro", "-Wl,-z,now"];
    for (os, soname) in [("linux", "libnertc_callkit.so.0"), ("android", "libnertc_callkit.so")] {
        let args = build::link_args(os, false, None);
        assert_eq!(args[0], format!("-Wl,-soname,{soname}"), "{os}");
        assert_eq!(args[1..], hardened, "{os}");
    }
    for os in ["macos", "ios", "tvos", "watchos", "visionos"] {
        assert_eq!(
            build::link_args(os, true, None),
            ["-Wl,-install_name,@rpath/libnertc_callkit.dylib"],
            "{os}"
        );
    }
    // Packed relocations are for the small library of Linux, whose page of docs/ABI.md says what they need.
    let packed = |os| build::link_args(os, true, None).contains(&"-Wl,-z,pack-relative-relocs".to_owned());
    assert!(packed("linux") && !packed("android"));
    // Only lld folds equal functions: others would refuse the option.
    let folds = |lld| build::link_args("linux", false, lld).contains(&"-Wl,--icf=all".to_owned());
    assert!(folds(Some(std::path::Path::new("/lld"))) && !folds(None));
    assert!(build::link_args("windows", true, None).is_empty());
}
