/**
 * @file nertc_callkit/loopback.h
 * The loopback backends: a service in this process, with a fault script. For first steps, and to
 * exercise an app's error paths with loss, delay and refusals.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#include "../nertc_callkit.h"
