#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| nertc_callkit_fuzz::webrtc_audio(data));
