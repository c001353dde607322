# Written by bindings/generate.py from the C headers. Do not edit.
from enum import IntEnum, IntFlag

from .codes import Code, EndReason, Operation, State, Status, unknown


class Delivery(IntEnum):
    """Who runs the callbacks."""

    #: The library's worker thread.
    WORKER = 0
    #: The app, inside nertc_callkit_dispatch.
    APP = 1

    @classmethod
    def _missing_(cls, value: object) -> "Delivery":
        return unknown(cls, value)


class Worker(IntEnum):
    """Which worker thread serves the client."""

    #: The one that all clients of the process share.
    SHARED = 0
    #: One of its own: a callback that blocks delays no other client.
    OWN = 1

    @classmethod
    def _missing_(cls, value: object) -> "Worker":
        return unknown(cls, value)


class CallType(IntEnum):
    """Audio or video."""

    #: Audio only.
    AUDIO = 1
    #: Audio and video.
    VIDEO = 2
    #: Something else; only reported, never requested.
    OTHER = 3

    @classmethod
    def _missing_(cls, value: object) -> "CallType":
        return unknown(cls, value)


class InvitedFlag(IntFlag):
    """Flags of nertc_callkit_invited_event."""

    #: The invite waited while this device was offline.
    OFFLINE = 1
    #: The app has answered already (NERTC_CALLKIT_CALL_REF_WAIT): do not ring.
    ANSWERED = 2


class CallRefFlag(IntFlag):
    """Flags of nertc_callkit_call_ref."""

    #: accept, reject: if that call is not here yet, wait for it, also before login. account,
    #: channel_id and request_id are mandatory, call_no is 0; else INVALID_ARGUMENT.
    WAIT = 1


class Transport(IntEnum):
    """Which connection an event is about."""

    #: Signaling.
    SIGNALING = 1
    #: Media.
    MEDIA = 2

    @classmethod
    def _missing_(cls, value: object) -> "Transport":
        return unknown(cls, value)


class Quality(IntEnum):
    """Media quality."""

    #: Unknown.
    UNKNOWN = 0
    #: Good.
    GOOD = 1
    #: Usable.
    POOR = 2
    #: Hardly usable.
    BAD = 3
    #: Nothing arrives.
    DOWN = 4

    @classmethod
    def _missing_(cls, value: object) -> "Quality":
        return unknown(cls, value)


class CallTypeAction(IntEnum):
    """Steps of a call-type switch."""

    #: Request the other type.
    REQUEST = 1
    #: Accept the peer's request.
    ACCEPT = 2
    #: Reject the peer's request.
    REJECT = 3

    @classmethod
    def _missing_(cls, value: object) -> "CallTypeAction":
        return unknown(cls, value)


class RecordStatus(IntEnum):
    """Outcome written into a call record."""

    #: The call took place.
    COMPLETE = 1
    #: The caller cancelled.
    CANCELLED = 2
    #: The called side rejected.
    REJECTED = 3
    #: No answer.
    TIMEOUT = 4
    #: The called side was busy.
    BUSY = 5

    @classmethod
    def _missing_(cls, value: object) -> "RecordStatus":
        return unknown(cls, value)


class MissedReason(IntEnum):
    """Why an invite never rang."""

    #: The caller cancelled first.
    CANCELLED = 1
    #: It was too old.
    EXPIRED = 2
    #: We were busy when we came back online.
    BUSY = 3
    #: Another device answered it.
    ANSWERED_ELSEWHERE = 4
    #: A newer invite of the same account replaced it.
    REPLACED = 5
    #: A group call, which this library does not support.
    GROUP = 6
    #: The call policy refused it.
    BLOCKED = 7
    #: The caller called too often.
    RATE_LIMITED = 8
    #: The caller's media backend is incompatible with ours; other devices of the account may ring.
    MEDIA_MISMATCH = 9

    @classmethod
    def _missing_(cls, value: object) -> "MissedReason":
        return unknown(cls, value)


class Security(IntEnum):
    """How far media provably reaches the right peer."""

    #: No media yet.
    NONE = 0
    #: Encrypted, but the peer gives no code: whoever runs the signaling service could listen.
    NO_CODE = 1
    #: Encrypted; the code waits to be compared by the two users.
    UNVERIFIED = 2
    #: The users compared the code, or the app's keys signed both fingerprints.
    VERIFIED = 3
    #: Commitment, fingerprint or signature is wrong, or the users' codes differ: media is stopped
    #: and the call ends.
    MISMATCH = 4

    @classmethod
    def _missing_(cls, value: object) -> "Security":
        return unknown(cls, value)


class Media(IntFlag):
    """Media bits."""

    #: Microphone, audio.
    AUDIO = 1
    #: Camera, video.
    VIDEO = 2


class CallInfoFlag(IntFlag):
    """Flags of nertc_callkit_call_info."""

    #: Both sides are in the media room.
    CONNECTED = 1
    #: Our invite is the one that counts: this side offers. Never set on both sides. Final once in
    #: the call.
    INVITER = 2


class PolicyRule(IntEnum):
    """Whose invites ring."""

    #: Everybody's.
    EVERYBODY = 0
    #: Those of `accounts`.
    ONLY_LISTED = 1
    #: All but those of `accounts`.
    ALL_BUT_LISTED = 2
    #: Nobody's: do not disturb.
    NOBODY = 3

    @classmethod
    def _missing_(cls, value: object) -> "PolicyRule":
        return unknown(cls, value)


class PolicyAnswer(IntEnum):
    """How a caller who may not ring is answered."""

    #: Nothing, as if this device were off: other devices of the account ring on.
    SILENT = 0
    #: Busy from this device: counts when no other device of the account rings within 2 s.
    BUSY = 1

    @classmethod
    def _missing_(cls, value: object) -> "PolicyAnswer":
        return unknown(cls, value)


class PolicyFlag(IntFlag):
    """Flags of nertc_callkit_call_policy."""

    #: Refused invites are not reported as on_missed_call.
    NO_MISSED = 1


class CallFlag(IntFlag):
    """Flags of nertc_callkit_call, nertc_callkit_cancel, nertc_callkit_hangup and nertc_callkit_leave."""

    #: Do not keep the message for devices that are offline (offlineEnabled = false).
    OFFLINE = 1
    #: Send no call record (sendMsg = false). cancel and hangup while calling.
    RECORD = 2


class LogLevel(IntEnum):
    """How important a log line is. A callback gets its level and everything more important."""

    #: Nothing.
    OFF = 0
    #: A bug in this library.
    ERROR = 1
    #: Unusual but handled.
    WARN = 2
    #: State changes.
    INFO = 3
    #: What was ignored or retried, and why.
    DEBUG = 4

    @classmethod
    def _missing_(cls, value: object) -> "LogLevel":
        return unknown(cls, value)


class LogFlag(IntFlag):
    """Flags of nertc_callkit_set_log_callback."""

    #: Write accounts, ids and attachments as they are instead of redacted. Tokens stay redacted.
    PERSONAL = 1


class TraceFlag(IntFlag):
    """Flags of nertc_callkit_trace_start."""

    #: Write accounts, texts and attachments as they are. Tokens stay hidden.
    PERSONAL = 1


class HubFlag(IntFlag):
    """Flags of nertc_callkit_hub_create."""

    #: One device an account: a second login kicks the first.
    SINGLE_DEVICE = 1
    #: The hub writes the record of a completed call, as NetEase's server does.
    SERVER_RECORD = 2


class FaultAction(IntEnum):
    """What a loopback fault does."""

    #: The message is lost.
    DROP = 1
    #: The message arrives twice.
    DUPLICATE = 2
    #: The message or the completion comes `delay_ms` later; ON_LOGIN: until then the device is not
    #: logged in.
    DELAY = 3
    #: The message arrives after the next one to the same device.
    REORDER = 4
    #: The operation completes with `code` and has no effect.
    REFUSE = 5
    #: The operation takes effect and never completes.
    NO_ANSWER = 6
    #: The device disconnects: it neither sends nor receives until it logs in again.
    CRASH = 7
    #: The device is kicked.
    KICK = 8
    #: The device's token has expired (ON_NOW, ON_LOGIN): on_token_needed, and there is no
    #: connection until nertc_callkit_set_token.
    EXPIRE_TOKEN = 9

    @classmethod
    def _missing_(cls, value: object) -> "FaultAction":
        return unknown(cls, value)


class FaultOn(IntEnum):
    """What a loopback fault applies to: an operation of the device, or a message on its way to the
    device."""

    #: At once, when the fault is added (CRASH, KICK, EXPIRE_TOKEN).
    NOW = 0
    #: Operation login.
    LOGIN = 1
    #: Operation logout.
    LOGOUT = 2
    #: Operation create.
    CREATE = 3
    #: Operation join.
    JOIN = 4
    #: Operation invite.
    INVITE = 5
    #: Operation cancel_invite.
    CANCEL = 6
    #: Operation accept.
    ACCEPT = 7
    #: Operation reject.
    REJECT = 8
    #: Operation leave.
    LEAVE = 9
    #: Operation close.
    CLOSE = 10
    #: Operation control.
    CONTROL = 11
    #: Operation send_record.
    RECORD = 12
    #: Media operation join.
    RTC_JOIN = 13
    #: Media operation leave.
    RTC_LEAVE = 14
    #: Message CLOSE.
    EVENT_CLOSE = 101
    #: Message JOIN.
    EVENT_JOIN = 102
    #: Message INVITE.
    EVENT_INVITE = 103
    #: Message CANCEL.
    EVENT_CANCEL = 104
    #: Message REJECT.
    EVENT_REJECT = 105
    #: Message ACCEPT.
    EVENT_ACCEPT = 106
    #: Message LEAVE.
    EVENT_LEAVE = 107
    #: Message CONTROL.
    EVENT_CONTROL = 108
    #: Every media event.
    EVENT_RTC = 109
    #: Message RINGING.
    EVENT_RINGING = 110

    @classmethod
    def _missing_(cls, value: object) -> "FaultOn":
        return unknown(cls, value)


class MqttFlag(IntFlag):
    """Flags of nertc_callkit_mqtt_options."""

    #: Allows mqtt:// to other machines: anybody on the path can read tokens and calls.
    ALLOW_PLAINTEXT = 1
    #: One device an account: a second login kicks the first.
    SINGLE_DEVICE = 2
    #: A device that is busy does not end the ringing of the account's other devices.
    BUSY_IS_LOCAL = 4
    #: The broker reports who was lost, so that a call with a lost device ends sooner. Its access
    #: rules must allow it: docs/BACKENDS.md.
    PRESENCE = 8
    #: A call does not end because signaling receives nothing from the peer: media decides.
    MEDIA_DECIDES = 16


class WebrtcFlag(IntFlag):
    """Flags of nertc_callkit_webrtc_options."""

    #: Only addresses of TURN servers are used, and the peer learns no other. A join fails if there
    #: is none.
    RELAY_ONLY = 1
    #: Loopback addresses are used, too: for tests on one machine.
    LOOPBACK = 2
    #: IPv6 is not used.
    NO_IPV6 = 4
    #: No microphone and no speaker is opened: the app brings sound with nertc_callkit_push_frame
    #: and takes it with on_frame or nertc_callkit_webrtc_pull_audio.
    APP_AUDIO = 8
    #: Microphone and speaker are open only while the app allows it with
    #: nertc_callkit_webrtc_set_audio_active: CallKit's audio session, Android's audio focus.
    MANUAL_AUDIO = 16
    #: No echo cancellation, noise suppression and gain control, because the system has its own.
    NO_PROCESSING = 32
    #: A peer whose client has no security code ends the call.
    REQUIRE_CODE = 128


class Candidate(IntEnum):
    """What an address is that media goes through."""

    #: Not connected.
    UNKNOWN = 0
    #: Of an interface.
    HOST = 1
    #: What a STUN server saw: that of a NAT.
    SERVER_REFLEXIVE = 2
    #: What the other side saw, and no server before it.
    PEER_REFLEXIVE = 3
    #: Of a TURN server.
    RELAY = 4

    @classmethod
    def _missing_(cls, value: object) -> "Candidate":
        return unknown(cls, value)


class RelayTransport(IntEnum):
    """How an own TURN server is reached."""

    #: No own relay is in use.
    NONE = 0
    #: Over UDP.
    UDP = 1
    #: Over TCP.
    TCP = 2
    #: Over TLS.
    TLS = 3

    @classmethod
    def _missing_(cls, value: object) -> "RelayTransport":
        return unknown(cls, value)


class DeviceKind(IntEnum):
    """What a device is for."""

    #: From the user.
    MICROPHONE = 1
    #: To the user.
    SPEAKER = 2

    @classmethod
    def _missing_(cls, value: object) -> "DeviceKind":
        return unknown(cls, value)


class DeviceFlag(IntFlag):
    """Flags of nertc_callkit_device."""

    #: The system uses it for programs that choose none.
    DEFAULT = 1
    #: The client has it open.
    IN_USE = 2


__all__ = [
    "Code",
    "EndReason",
    "Operation",
    "State",
    "Status",
    "Delivery",
    "Worker",
    "CallType",
    "InvitedFlag",
    "CallRefFlag",
    "Transport",
    "Quality",
    "CallTypeAction",
    "RecordStatus",
    "MissedReason",
    "Security",
    "Media",
    "CallInfoFlag",
    "PolicyRule",
    "PolicyAnswer",
    "PolicyFlag",
    "CallFlag",
    "LogLevel",
    "LogFlag",
    "TraceFlag",
    "HubFlag",
    "FaultAction",
    "FaultOn",
    "MqttFlag",
    "WebrtcFlag",
    "Candidate",
    "RelayTransport",
    "DeviceKind",
    "DeviceFlag",
]
