/**
 * @file nertc_callkit/webrtc.h
 * Sound between machines, over WebRTC.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#include "../nertc_callkit.h"
