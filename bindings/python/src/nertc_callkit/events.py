# Written by bindings/generate.py from the C headers. Do not edit.
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._library import text
from ._references import CallRef
from .values import (
    CallInfoFlag,
    CallType,
    CallTypeAction,
    Candidate,
    Code,
    EndReason,
    InvitedFlag,
    MissedReason,
    Operation,
    Quality,
    RecordStatus,
    RelayTransport,
    Security,
    State,
    Transport,
)

if TYPE_CHECKING:
    from typing_extensions import Self


class Event:
    """Base of all events."""

    __slots__ = ()


@dataclass(slots=True)
class InvitedEvent(Event):
    """An incoming call."""

    call_type: CallType
    call_no: int
    call: CallRef
    invitor: str
    user_ids: list[str]
    is_from_group: bool
    group_id: str
    attachment: str
    channel_id: str
    request_id: str
    call_id: str
    invited_at_ms: int
    ring_left_ms: int
    flags: InvitedFlag

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            CallType(raw.call_type),
            raw.call_no,
            CallRef.of(raw.call),
            text(raw.invitor),
            [text(raw.user_ids[i]) for i in range(raw.user_id_count)],
            raw.is_from_group != 0,
            text(raw.group_id),
            text(raw.attachment),
            text(raw.channel_id),
            text(raw.request_id),
            text(raw.call_id),
            raw.invited_at_ms,
            raw.ring_left_ms,
            InvitedFlag(raw.flags),
        )


@dataclass(slots=True)
class UserEvent(Event):
    """An action of the peer."""

    call_no: int
    user_id: str
    uid: int
    code: Code
    raw_code: int
    message: str

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            raw.call_no,
            text(raw.user_id),
            raw.uid,
            Code(raw.code),
            raw.raw_code,
            text(raw.message),
        )


@dataclass(slots=True)
class ConnectionEvent(Event):
    """A connection changed, or its quality."""

    code: Code
    raw_code: int
    transport: Transport
    call_no: int
    user_id: str
    message: str
    quality: Quality

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            Code(raw.code),
            raw.raw_code,
            Transport(raw.transport),
            raw.call_no,
            text(raw.user_id),
            text(raw.message),
            Quality(raw.quality),
        )


@dataclass(slots=True)
class MediaEvent(Event):
    """The peer's microphone or camera changed."""

    on: bool
    call_no: int
    user_id: str
    uid: int

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            raw.on != 0,
            raw.call_no,
            text(raw.user_id),
            raw.uid,
        )


@dataclass(slots=True)
class EndEvent(Event):
    """The call has ended: its last event."""

    reason: EndReason
    call_no: int
    user_id: str
    extra: str
    ring_ms: int
    talk_ms: int
    accounts: list[str]
    durations_s: list[int]

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            EndReason(raw.reason),
            raw.call_no,
            text(raw.user_id),
            text(raw.extra),
            raw.ring_ms,
            raw.talk_ms,
            [text(raw.accounts[i]) for i in range(raw.account_count)],
            [raw.durations_s[i] for i in range(raw.account_count)],
        )


@dataclass(slots=True)
class CallEvent(Event):
    """Something about the call itself."""

    call_type: CallType
    call_no: int
    user_id: str
    device_id: str
    state: CallTypeAction

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            CallType(raw.call_type),
            raw.call_no,
            text(raw.user_id),
            text(raw.device_id),
            CallTypeAction(raw.state),
        )


@dataclass(slots=True)
class RecordEvent(Event):
    """A call record was passed to the signaling backend."""

    record_status: RecordStatus
    call_no: int
    user_id: str
    peer: str
    msg_id: str
    call_type: CallType

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            RecordStatus(raw.record_status),
            raw.call_no,
            text(raw.user_id),
            text(raw.peer),
            text(raw.msg_id),
            CallType(raw.call_type),
        )


@dataclass(slots=True)
class ErrorEvent(Event):
    """Something failed that no completion reports."""

    code: Code
    raw_code: int
    operation: Operation
    call_no: int
    message: str

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            Code(raw.code),
            raw.raw_code,
            Operation(raw.operation),
            raw.call_no,
            text(raw.message),
        )


@dataclass(slots=True)
class MissedEvent(Event):
    """An invite that ended before it could ring."""

    reason: MissedReason
    call_type: CallType
    user_id: str
    attachment: str
    invited_at_ms: int
    channel_id: str
    request_id: str
    count: int

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            MissedReason(raw.reason),
            CallType(raw.call_type),
            text(raw.user_id),
            text(raw.attachment),
            raw.invited_at_ms,
            text(raw.channel_id),
            text(raw.request_id),
            raw.count,
        )


@dataclass(slots=True)
class DataEvent(Event):
    """The peer's app sent data."""

    call_no: int
    user_id: str
    json: str

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            raw.call_no,
            text(raw.user_id),
            text(raw.json),
        )


@dataclass(slots=True)
class SecurityEvent(Event):
    """How far media provably reaches the peer."""

    security: Security
    call_no: int
    user_id: str
    code: str
    local_fingerprint: str
    remote_fingerprint: str

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            Security(raw.security),
            raw.call_no,
            text(raw.user_id),
            text(raw.code),
            text(raw.local_fingerprint),
            text(raw.remote_fingerprint),
        )


@dataclass(slots=True)
class Result:
    """How a request ended."""

    code: Code
    raw_code: int
    operation: Operation
    call_no: int
    uid: int
    message: str
    channel_id: str
    request_id: str
    call_id: str

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            Code(raw.code),
            raw.raw_code,
            Operation(raw.operation),
            raw.call_no,
            raw.uid,
            text(raw.message),
            text(raw.channel_id),
            text(raw.request_id),
            text(raw.call_id),
        )


@dataclass(slots=True)
class CallInfo:
    """The current call, returned by nertc_callkit_get_call_info. Any thread."""

    state: State
    call_type: CallType
    flags: CallInfoFlag
    call_no: int
    own_uid: int
    peer_uid: int
    account: str
    peer: str
    channel_id: str
    request_id: str
    call_id: str
    rtc_channel: str

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            State(raw.state),
            CallType(raw.call_type),
            CallInfoFlag(raw.flags),
            raw.call_no,
            raw.own_uid,
            raw.peer_uid,
            text(raw.account),
            text(raw.peer),
            text(raw.channel_id),
            text(raw.request_id),
            text(raw.call_id),
            text(raw.rtc_channel),
        )


@dataclass(slots=True)
class CallStats:
    """The transport of a call, as nertc_callkit_get_call_stats returns it; counters since the media
    room was joined, at most a second old. Any thread."""

    call_no: int
    time_us: int
    bytes_sent: int
    bytes_received: int
    rtt_us: int
    available_send_bps: int
    local_candidate: Candidate
    remote_candidate: Candidate
    relay_transport: RelayTransport
    setup_ms: int
    restarts: int
    security: Security
    dtls_version: int

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            raw.call_no,
            raw.time_us,
            raw.bytes_sent,
            raw.bytes_received,
            raw.rtt_us,
            raw.available_send_bps,
            Candidate(raw.local_candidate),
            Candidate(raw.remote_candidate),
            RelayTransport(raw.relay_transport),
            raw.setup_ms,
            raw.restarts,
            Security(raw.security),
            raw.dtls_version,
        )


@dataclass(slots=True)
class StreamStats:
    """One medium in one direction, as nertc_callkit_get_stream_stats returns it; counters since the
    media room was joined, at most a second old. Any thread."""

    packets: int
    bytes: int
    packets_lost: int
    loss_permille: int
    jitter_us: int
    bitrate_bps: int
    jitter_buffer_ms: int
    samples: int
    concealed_samples: int
    level: int

    @classmethod
    def of(cls, raw: Any) -> Self:
        return cls(
            raw.packets,
            raw.bytes,
            raw.packets_lost,
            raw.loss_permille,
            raw.jitter_us,
            raw.bitrate_bps,
            raw.jitter_buffer_ms,
            raw.samples,
            raw.concealed_samples,
            raw.level,
        )


class Invited(InvitedEvent):
    """An incoming call."""

    __slots__ = ()


class UserBusy(UserEvent):
    """Caller: the called side is busy. Callee: no answer (user_id = own account)."""

    __slots__ = ()


class UserCancel(UserEvent):
    """Callee: the caller cancelled."""

    __slots__ = ()


class UserAccept(UserEvent):
    """Caller: the called side accepted."""

    __slots__ = ()


class UserEnter(UserEvent):
    """The peer is in the media room."""

    __slots__ = ()


class UserReject(UserEvent):
    """Caller: the called side rejected."""

    __slots__ = ()


class UserLeave(UserEvent):
    """The peer left without closing the call."""

    __slots__ = ()


class UserDisconnect(UserEvent):
    """The peer's connection was lost permanently."""

    __slots__ = ()


class Disconnect(ConnectionEvent):
    """The own media connection was lost permanently."""

    __slots__ = ()


class AudioAvailable(MediaEvent):
    """The peer's microphone started or stopped."""

    __slots__ = ()


class CameraAvailable(MediaEvent):
    """The peer's camera started or stopped."""

    __slots__ = ()


class CallEnd(EndEvent):
    """The call has ended: last event of each call, exactly once."""

    __slots__ = ()


class CallingTimeout(CallEvent):
    """Caller: no answer in time."""

    __slots__ = ()


class CallTypeChange(CallEvent):
    """The call changed to audio or video."""

    __slots__ = ()


class OtherClientAccept(CallEvent):
    """Callee: another device of this account accepted."""

    __slots__ = ()


class OtherClientReject(CallEvent):
    """Callee: another device of this account rejected."""

    __slots__ = ()


class VideoMuted(MediaEvent):
    """The peer muted or unmuted its camera."""

    __slots__ = ()


class AudioMuted(MediaEvent):
    """The peer muted or unmuted its microphone."""

    __slots__ = ()


class MessageSent(RecordEvent):
    """A call record was passed to the signaling backend."""

    __slots__ = ()


class Error(ErrorEvent):
    """Something failed that no completion reports."""

    __slots__ = ()


class CallConnected(CallEvent):
    """Both sides are in the media room."""

    __slots__ = ()


class Kicked(ConnectionEvent):
    """This device was logged out by the service."""

    __slots__ = ()


class Reconnecting(ConnectionEvent):
    """A connection was interrupted and is being restored."""

    __slots__ = ()


class Reconnected(ConnectionEvent):
    """The connection is back."""

    __slots__ = ()


class NetworkQuality(ConnectionEvent):
    """Media quality changed."""

    __slots__ = ()


class CallTypeRequest(CallEvent):
    """The peer asks to change the call type, or refused our request (state 3)."""

    __slots__ = ()


class MissedCall(MissedEvent):
    """An invite ended before it could ring."""

    __slots__ = ()


class UserRinging(UserEvent):
    """Caller: a device of the called account rings. At most once a call, after the completion of call,
    never after on_user_accept."""

    __slots__ = ()


class TokenNeeded(ConnectionEvent):
    """A token is needed: `code` 0 = login gave none, NERTC_CALLKIT_CODE_BAD_TOKEN = the one given was
    refused or has expired. Answer with nertc_callkit_set_token within timers.token_ms, here or
    later; otherwise the login or the session ends with NERTC_CALLKIT_CODE_BAD_TOKEN. NULL: at once."""

    __slots__ = ()


class RecordReceived(RecordEvent):
    """A call record of the peer or of another own device arrived: its claims, once for each sender and
    msg_id. call_no is 0."""

    __slots__ = ()


class Data(DataEvent):
    """The peer's app sent a JSON value (nertc_callkit_send_data): in order, each once, from the
    completion of accept or on_user_accept on, never after on_call_end. NULL: our invites and
    accepts do not offer it, and the peer's send_data completes with UNSUPPORTED."""

    __slots__ = ()


class MediaSecured(SecurityEvent):
    """How far media provably reaches the peer: at each change. After MISMATCH the call ends with
    NERTC_CALLKIT_END_MEDIA_NOT_SECURE."""

    __slots__ = ()


#: Function of the C listener, name of its struct there, class here.
EVENTS: list[tuple[str, str, Any]] = [
    ("on_invited", "nertc_callkit_invited_event", Invited),
    ("on_user_busy", "nertc_callkit_user_event", UserBusy),
    ("on_user_cancel", "nertc_callkit_user_event", UserCancel),
    ("on_user_accept", "nertc_callkit_user_event", UserAccept),
    ("on_user_enter", "nertc_callkit_user_event", UserEnter),
    ("on_user_reject", "nertc_callkit_user_event", UserReject),
    ("on_user_leave", "nertc_callkit_user_event", UserLeave),
    ("on_user_disconnect", "nertc_callkit_user_event", UserDisconnect),
    ("on_disconnect", "nertc_callkit_connection_event", Disconnect),
    ("on_audio_available", "nertc_callkit_media_event", AudioAvailable),
    ("on_camera_available", "nertc_callkit_media_event", CameraAvailable),
    ("on_call_end", "nertc_callkit_end_event", CallEnd),
    ("on_calling_timeout", "nertc_callkit_call_event", CallingTimeout),
    ("on_call_type_change", "nertc_callkit_call_event", CallTypeChange),
    ("on_other_client_accept", "nertc_callkit_call_event", OtherClientAccept),
    ("on_other_client_reject", "nertc_callkit_call_event", OtherClientReject),
    ("on_video_muted", "nertc_callkit_media_event", VideoMuted),
    ("on_audio_muted", "nertc_callkit_media_event", AudioMuted),
    ("on_message_sent", "nertc_callkit_record_event", MessageSent),
    ("on_error", "nertc_callkit_error_event", Error),
    ("on_call_connected", "nertc_callkit_call_event", CallConnected),
    ("on_kicked", "nertc_callkit_connection_event", Kicked),
    ("on_reconnecting", "nertc_callkit_connection_event", Reconnecting),
    ("on_reconnected", "nertc_callkit_connection_event", Reconnected),
    ("on_network_quality", "nertc_callkit_connection_event", NetworkQuality),
    ("on_call_type_request", "nertc_callkit_call_event", CallTypeRequest),
    ("on_missed_call", "nertc_callkit_missed_event", MissedCall),
    ("on_user_ringing", "nertc_callkit_user_event", UserRinging),
    ("on_token_needed", "nertc_callkit_connection_event", TokenNeeded),
    ("on_record_received", "nertc_callkit_record_event", RecordReceived),
    ("on_data", "nertc_callkit_data_event", Data),
    ("on_media_secured", "nertc_callkit_security_event", MediaSecured),
]
