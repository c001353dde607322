# Written by bindings/generate.py from the C headers. Do not edit.
from enum import IntEnum
from typing import TypeVar

Enum = TypeVar("Enum", bound=IntEnum)


def unknown(cls: type[Enum], value: object) -> Enum:
    """A number that a newer library has: a member without a name of its own."""
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no {cls.__name__}")
    member = int.__new__(cls, value)
    member._name_ = f"UNKNOWN_{value}"
    member._value_ = value
    return member


class Status(IntEnum):
    """What a function returns: 0 = accepted, negative = refused and nothing follows."""

    #: Accepted.
    OK = 0
    #: A NULL, invalid UTF-8, a text that is too long, an unknown value: fix the call.
    INVALID_ARGUMENT = -1
    #: The handle was released, destroyed, never existed, or belongs to the process before a fork.
    CLOSED = -2
    #: Too much is queued: dispatch, or try again later.
    QUEUE_FULL = -3
    #: Not from inside a callback: return first, or use release.
    REENTRANT = -4
    #: This library or backend cannot do it.
    UNSUPPORTED = -5
    #: A system resource is exhausted or an internal error occurred; see the log.
    INTERNAL = -6

    @classmethod
    def _missing_(cls, value: object) -> "Status":
        return unknown(cls, value)


class Code(IntEnum):
    """What a completion, an event or a backend reports: 0 = success. Signaling codes keep NIM's V1
    numbers."""

    #: Success.
    OK = 0
    #: Wrong token or password.
    BAD_TOKEN = 302
    #: No answer in time.
    TIMEOUT = 408
    #: The peer is offline, a push can reach it (counts as success).
    PEER_OFFLINE = 10201
    #: The peer is offline and no push reaches it (counts as success).
    PEER_PUSH_OFFLINE = 10202
    #: The channel does not exist any more.
    CHANNEL_NOT_EXISTS = 10404
    #: A channel of this name exists.
    CHANNEL_EXISTS = 10405
    #: Not a member of the channel.
    NOT_MEMBER = 10406
    #: Already a member of the channel.
    ALREADY_MEMBER = 10407
    #: The invite does not exist, was cancelled or has expired.
    INVITE_NOT_EXISTS = 10408
    #: The invite was rejected.
    INVITE_REJECTED = 10409
    #: The invite was accepted.
    INVITE_ACCEPTED = 10410
    #: The media uid is taken.
    UID_CONFLICT = 10417
    #: The channel is full.
    MEMBER_LIMIT = 10419
    #: This account is in the channel with another device.
    OTHER_DEVICE = 10420
    #: Log in first.
    NOT_LOGGED_IN = 20001
    #: call: already calling.
    CALL_IN_CALLING = 20002
    #: call: an incoming call is ringing.
    CALL_IN_CALLED = 20003
    #: call: already in a call.
    CALL_IN_CALL = 20004
    #: hangup: no call.
    HANGUP_IN_IDLE = 20005
    #: leave: no call.
    LEAVE_IN_IDLE = 20009
    #: leave: still calling; use cancel.
    LEAVE_IN_CALLING = 20010
    #: leave: still ringing; use reject.
    LEAVE_IN_CALLED = 20011
    #: cancel: no call.
    CANCEL_IN_IDLE = 20013
    #: cancel: we are the called side; use reject.
    CANCEL_IN_CALLED = 20015
    #: cancel: already in the call; use hangup.
    CANCEL_IN_CALL = 20016
    #: accept: no incoming call.
    ACCEPT_IN_IDLE = 20017
    #: accept: we are the calling side.
    ACCEPT_IN_CALLING = 20018
    #: accept: already in the call.
    ACCEPT_IN_CALL = 20020
    #: reject: no incoming call.
    REJECT_IN_IDLE = 20021
    #: reject: we are the calling side; use cancel.
    REJECT_IN_CALLING = 20022
    #: reject: already in the call; use hangup.
    REJECT_IN_CALL = 20024
    #: switch_call_type: no call.
    SWITCH_IN_IDLE = 20025
    #: switch_call_type: nobody has answered yet.
    SWITCH_IN_CALLING = 20026
    #: switch_call_type: not answered yet.
    SWITCH_IN_CALLED = 20027
    #: The reference names another call than the running one.
    CALL_MISMATCH = 90001
    #: Logged in with another account: log out first.
    ALREADY_LOGGED_IN = 90002
    #: The client was released or destroyed, or logged out, before this was done.
    SHUTTING_DOWN = 90003
    #: A later request of the app superseded this one.
    SUPERSEDED = 90004
    #: Something exceeds a documented limit.
    LIMIT = 90005
    #: Media did not connect in time after the call was accepted.
    RTC_TIMEOUT = 90006
    #: The backend does not offer this operation.
    UNSUPPORTED = 90007
    #: The backend could not be opened or violated its contract.
    BACKEND_FAILED = 90008
    #: The request is invalid, for example calling oneself.
    INVALID_ARGUMENT = 90009
    #: send_data: not in a call.
    NOT_IN_CALL = 90010
    #: The media backends of the two sides are incompatible.
    MEDIA_MISMATCH = 90011
    #: Media does not provably reach the right peer: somebody on the way may listen, or the security
    #: code that is required is missing.
    MEDIA_NOT_SECURE = 90012
    #: on_error: no such microphone or speaker, or none at all. The call goes on without; the
    #: system's default is used where there is one.
    DEVICE_NOT_FOUND = 90013
    #: on_error: the system does not let this program use the microphone or the speaker.
    DEVICE_DENIED = 90014
    #: on_error: another program has the microphone or the speaker, or it does not answer. It is
    #: tried again.
    DEVICE_BUSY = 90015

    @classmethod
    def _missing_(cls, value: object) -> "Code":
        return unknown(cls, value)


class EndReason(IntEnum):
    """Why a call ended: NetEase's terminal codes."""

    #: Ended by leave, logout or release.
    NORMAL = 0
    #: No answer.
    TIMEOUT = 2
    #: The called side was busy.
    BUSY = 3
    #: Media did not connect in time, or joining the media room failed.
    RTC_JOIN_FAILED = 5
    #: The call could not be placed.
    CALL_FAILED = 7
    #: This device was kicked.
    KICKED = 8
    #: The own media connection was lost permanently.
    RTC_DISCONNECTED = 10
    #: We cancelled.
    CANCELLED = 11
    #: The caller cancelled.
    PEER_CANCELLED = 12
    #: We rejected.
    REJECTED = 13
    #: The called side rejected.
    PEER_REJECTED = 14
    #: We hung up.
    HUNG_UP = 15
    #: The peer hung up.
    PEER_HUNG_UP = 16
    #: Another device of this account rejected.
    OTHER_REJECTED = 17
    #: Another device of this account accepted.
    OTHER_ACCEPTED = 18
    #: The peer's connection was lost.
    PEER_DISCONNECTED = 19
    #: The peer left.
    PEER_LEFT = 20
    #: Our accept failed.
    ACCEPT_FAILED = 21
    #: The media backends of the two sides are incompatible.
    MEDIA_MISMATCH = 101
    #: Media does not provably reach the right peer (NERTC_CALLKIT_CODE_MEDIA_NOT_SECURE).
    MEDIA_NOT_SECURE = 102

    @classmethod
    def _missing_(cls, value: object) -> "EndReason":
        return unknown(cls, value)


class State(IntEnum):
    """State of a client."""

    #: Free to call or to be called.
    IDLE = 0
    #: We invited an account that has not answered.
    CALLING = 1
    #: We were invited and have not answered.
    CALLED = 2
    #: Both sides have accepted.
    IN_CALL = 3

    @classmethod
    def _missing_(cls, value: object) -> "State":
        return unknown(cls, value)


class Operation(IntEnum):
    """What a completion or an error belongs to."""

    #: Nothing in particular.
    NONE = 0
    #: nertc_callkit_login.
    LOGIN = 1
    #: nertc_callkit_logout.
    LOGOUT = 2
    #: nertc_callkit_call.
    CALL = 3
    #: nertc_callkit_cancel.
    CANCEL = 4
    #: nertc_callkit_accept.
    ACCEPT = 5
    #: nertc_callkit_reject.
    REJECT = 6
    #: nertc_callkit_hangup.
    HANGUP = 7
    #: nertc_callkit_leave.
    LEAVE = 8
    #: nertc_callkit_switch_call_type.
    SWITCH = 9
    #: nertc_callkit_enable_local.
    ENABLE_LOCAL = 10
    #: nertc_callkit_mute_local.
    MUTE_LOCAL = 11
    #: nertc_callkit_mute_remote.
    MUTE_REMOTE = 12
    #: nertc_callkit_set_local_view.
    LOCAL_VIEW = 13
    #: nertc_callkit_set_remote_view.
    REMOTE_VIEW = 14
    #: Joining the media room.
    RTC = 15
    #: Sending the call record.
    RECORD = 16
    #: Closing or leaving the channel of an ended call.
    CLOSE = 17
    #: Something that a backend reported unasked.
    BACKEND = 18
    #: nertc_callkit_send_data.
    SEND_DATA = 19
    #: A text of the media backend to its peer.
    NEGOTIATION = 20

    @classmethod
    def _missing_(cls, value: object) -> "Operation":
        return unknown(cls, value)
