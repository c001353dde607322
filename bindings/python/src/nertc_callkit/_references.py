"""What names a call, and the errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._library import NULL, Struct, encode, lib, text
from .values import CallRefFlag, Code, Operation, Status


class Refused(Exception):
    """A function refused, and nothing follows: fix the call, or `status` says what to wait for."""

    def __init__(self, status: int) -> None:
        super().__init__(text(lib.nertc_callkit_status_text(status)))
        self.status = Status(status)


class Failed(Exception):
    """An accepted request failed. The text says what to do about it."""

    def __init__(self, code: Code, raw_code: int, operation: Operation, message: str) -> None:
        name = text(lib.nertc_callkit_operation_text(operation))
        super().__init__(f"{name}: {message or text(lib.nertc_callkit_code_text(code))}")
        self.code = code
        self.raw_code = raw_code
        self.operation = operation


class EventsLost(Exception):
    """A consumer of events() was so slow that events of it were dropped; it has to start again."""


def check(status: int) -> int:
    if status < 0:
        raise Refused(status)
    return status


def as_c_text(value: str | None, name: str) -> Any:
    return encode(value, name) if value else NULL


@dataclass(slots=True)
class CallRef:
    """Names a call; what is 0 or empty is not compared. With WAIT accept and reject wait for it."""

    call_no: int = 0
    channel_id: str = ""
    account: str = ""
    request_id: str = ""
    flags: CallRefFlag = CallRefFlag(0)

    @classmethod
    def of(cls, raw: Any) -> CallRef:
        return cls(raw.call_no, text(raw.channel_id), text(raw.account), text(raw.request_id), CallRefFlag(raw.flags))

    def to_c(self) -> Struct:
        it = Struct("call_ref")
        it.raw.call_no = self.call_no
        it.raw.channel_id = it.optional(self.channel_id, "channel_id")
        it.raw.account = it.optional(self.account, "account")
        it.raw.request_id = it.optional(self.request_id, "request_id")
        it.raw.flags = self.flags
        return it
