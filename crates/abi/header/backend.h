/**
 * @file nertc_callkit/backend.h
 * Vtables and sinks, for authors of signaling and media backends.
 *
 * Lifecycle of a backend: nertc_callkit_create copies the vtable and takes ownership of {vtable,
 * ctx} if it returns OK; then `open` at most once, operations, `close_backend` once if open
 * succeeded, and `release` exactly once and last. examples-c/own_backend.c is a complete pair.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#include "../nertc_callkit.h"
