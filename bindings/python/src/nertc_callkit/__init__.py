"""1-to-1 audio and video calls, for asyncio. docs/BINDINGS.md of the project has the page to read first."""

from __future__ import annotations

import logging
from typing import Any

from . import events, values
from ._core import EventStream
from ._library import NULL, Struct, callback, encode, ffi, lib, text
from ._references import CallRef, EventsLost, Failed, Refused, check
from .backends import Backend, Device, Hub, IceServer, Loopback, Mqtt, NoMedia, Webrtc, list_devices
from .client import Client
from .events import Event, Result
from .frames import Frame
from .values import *  # noqa: F403
from .values import CallType, EndReason, LogFlag, LogLevel, State

__all__ = [
    "Backend",
    "CallRef",
    "Client",
    "Device",
    "Event",
    "EventStream",
    "EventsLost",
    "Failed",
    "Frame",
    "Hub",
    "IceServer",
    "Loopback",
    "Mqtt",
    "NoMedia",
    "Refused",
    "Result",
    "Webrtc",
    "end_reason_text",
    "events",
    "list_devices",
    "log_to",
    "push_decode",
    "push_encode",
    "state_text",
    "version_number",
]
__all__ += values.__all__

__version__ = text(lib.nertc_callkit_version_text())
#: 0xMMmmpp.
version_number: int = lib.nertc_callkit_version()

_LEVELS = {1: logging.ERROR, 2: logging.WARNING, 3: logging.INFO, 4: logging.DEBUG}
_log_callbacks: list[Any] = []


def log_to(logger: logging.Logger, level: LogLevel = LogLevel.INFO, flags: LogFlag = LogFlag(0)) -> None:
    """Sends the library's log to a logger; LogLevel.OFF ends that. For the whole process."""

    @callback("void(int32_t, const char *, void *)")
    def log(severity: int, line: Any, _data: Any) -> None:
        logger.log(_LEVELS.get(severity, logging.DEBUG), "%s", text(line))

    # Kept for good: the previous one may still be running on another thread.
    _log_callbacks.append(log)
    check(lib.nertc_callkit_set_log_callback(level, flags, NULL if level == LogLevel.OFF else log, NULL))


def end_reason_text(reason: EndReason) -> str:
    return text(lib.nertc_callkit_end_reason_text(reason))


def state_text(state: State) -> str:
    return text(lib.nertc_callkit_state_text(state))


def push_encode(
    call: CallRef,
    *,
    to_account: str,
    from_device: str = "",
    call_type: CallType = CallType.AUDIO,
    sent_ms: int = 0,
    ring_left_ms: int = 0,
) -> str:
    """The payload of a push notification about `call`, whose account is the caller."""
    it = Struct("push_call")
    it.raw.call_type = call_type
    it.raw.sent_ms = sent_ms
    it.raw.ring_left_ms = ring_left_ms
    texts = {
        "to_account": to_account,
        "from_account": call.account,
        "from_device": from_device,
        "channel_id": call.channel_id,
        "request_id": call.request_id,
    }
    for name, value in texts.items():
        encoded = encode(value, name)
        if len(encoded) > 64:
            raise ValueError(f"{name} has more than 64 bytes")
        setattr(it.raw, name, encoded)
    buffer, size = ffi.new("char[768]"), ffi.new("uint32_t *", 768)
    check(lib.nertc_callkit_push_encode(it.raw, buffer, size))
    return text(buffer)


def push_decode(payload: str) -> CallRef:
    """What accept and reject take, to answer before login: with CallRefFlag.WAIT. Refused: not a payload."""
    it = Struct("push_call")
    check(lib.nertc_callkit_push_decode(encode(payload, "payload"), it.raw))
    raw = it.raw
    return CallRef(0, text(raw.channel_id), text(raw.from_account), text(raw.request_id))
