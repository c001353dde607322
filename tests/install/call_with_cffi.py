#!/usr/bin/env python3
"""call_with_cffi.py HEADER LIBRARY: reads the preprocessed header with cffi and makes a call over the loopback."""
import sys
import threading

import cffi

ffi = cffi.FFI()
with open(sys.argv[1], encoding="utf-8") as header:
    ffi.cdef(header.read())
lib = ffi.dlopen(sys.argv[2])
assert lib.nertc_callkit_version() == lib.NERTC_CALLKIT_VERSION_NUMBER

connected, ended = threading.Event(), threading.Event()
kept = []


def init(kind):
    it = ffi.new(kind + " *")
    lib.nertc_callkit_struct_init(it, ffi.sizeof(kind))
    kept.append(it)
    return it


def callback(kind, function):
    made = ffi.callback(kind, function)
    kept.append(made)
    return made


def client(account, on_invited):
    listener = init("nertc_callkit_listener")
    listener.on_invited = on_invited
    listener.on_call_connected = callback("nertc_callkit_call_cb", lambda kit, event, data: connected.set())
    listener.on_call_end = callback(
        "void (*)(nertc_callkit *, const nertc_callkit_end_event *, void *)", lambda kit, event, data: ended.set())
    config = init("nertc_callkit_config")
    config.listener = listener
    out = ffi.new("nertc_callkit **")
    assert lib.nertc_callkit_create(config, out) == lib.NERTC_CALLKIT_STATUS_OK
    logged_in = threading.Event()
    done = callback("nertc_callkit_completion_cb", lambda kit, result, data: logged_in.set())
    assert lib.nertc_callkit_login(out[0], account, ffi.NULL, done, ffi.NULL) == lib.NERTC_CALLKIT_STATUS_OK
    assert logged_in.wait(10)
    return out[0]


def accept(kit, event, data):
    lib.nertc_callkit_accept(kit, event.call, ffi.NULL, ffi.NULL)


answer = callback("void (*)(nertc_callkit *, const nertc_callkit_invited_event *, void *)", accept)
alice, bob = client(b"alice", ffi.NULL), client(b"bob", answer)
options = init("nertc_callkit_call_options")
options.user_id = name = ffi.new("char[]", b"bob")
assert lib.nertc_callkit_call(alice, options, ffi.NULL, ffi.NULL) == lib.NERTC_CALLKIT_STATUS_OK
assert connected.wait(10), "no call"
assert lib.nertc_callkit_hangup(alice, ffi.NULL, ffi.NULL, ffi.NULL, ffi.NULL) == lib.NERTC_CALLKIT_STATUS_OK
assert ended.wait(10), "no end"
for kit in (alice, bob):
    assert lib.nertc_callkit_destroy(kit) == lib.NERTC_CALLKIT_STATUS_OK
print("cffi", cffi.__version__, "called over the loopback")
