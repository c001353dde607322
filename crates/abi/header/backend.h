/**
 * @file nertc_callkit/backend.h
 * Vtables and sinks, for those who bring their own signaling or media.
 *
 * Life of a backend: nertc_callkit_create copies the vtable and takes {vtable, ctx} over if it
 * answers OK; then `open` at most once, operations, `close_backend` once if open succeeded, and
 * `release` exactly once and last. examples-c/own_backend.c is a whole pair.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#include "../nertc_callkit.h"
