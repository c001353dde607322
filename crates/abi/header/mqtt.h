/**
 * @file nertc_callkit/mqtt.h
 * Signaling over any MQTT broker.
 */

/* Written by `make header` from crates/abi and src/ffi. Do not edit. */

#include "../nertc_callkit.h"
