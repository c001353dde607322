"""Signaling and media, for Client(signaling=…, media=…): descriptions, from which each client makes its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._library import NULL, Struct, callback, ffi, lib, text
from ._references import check
from .values import Code, DeviceFlag, DeviceKind, FaultAction, FaultOn, HubFlag, MqttFlag, WebrtcFlag


class Hub:
    """An in-process exchange for Loopback. Released with its last user."""

    def __init__(self, flags: HubFlag = HubFlag(0)) -> None:
        out = ffi.new("nertc_callkit_hub **")
        check(lib.nertc_callkit_hub_create(flags, out))
        self.raw = ffi.gc(out[0], lib.nertc_callkit_hub_release)

    def add_fault(
        self,
        action: FaultAction,
        on: FaultOn,
        *,
        account: str | None = None,
        device_id: str | None = None,
        skip_count: int = 0,
        hit_count: int = 0,
        delay_ms: int = 0,
        code: Code = Code.OK,
    ) -> None:
        """Adds a line to the fault script."""
        fault = Struct("fault")
        fault.raw.action = action
        fault.raw.on = on
        fault.raw.skip_count = skip_count
        fault.raw.hit_count = hit_count
        fault.raw.delay_ms = delay_ms
        fault.raw.code = code
        fault.raw.account = fault.optional(account, "account")
        fault.raw.device_id = fault.optional(device_id, "device_id")
        check(lib.nertc_callkit_hub_add_fault(self.raw, fault.raw))


class Backend:
    """Fills its half of nertc_callkit_backends. What it returns must live as long as the client."""

    def signaling(self, out: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is no signaling")

    def media(self, out: Any) -> Any:
        raise TypeError(f"{type(self).__name__} is no media")


@dataclass
class Loopback(Backend):
    """Signaling, and PCM and I420, between clients of this process. None: the hub of the process."""

    hub: Hub | None = None

    def signaling(self, out: Any) -> Any:
        check(lib.nertc_callkit_loopback_signaling(self.hub.raw if self.hub else NULL, out))

    def media(self, out: Any) -> Any:
        check(lib.nertc_callkit_loopback_rtc(self.hub.raw if self.hub else NULL, out))


@dataclass
class NoMedia(Backend):
    """For apps that bring their own media."""

    def media(self, out: Any) -> Any:
        check(lib.nertc_callkit_null_rtc(out))


@dataclass
class Mqtt(Backend):
    """Signaling over an MQTT broker. 0 and None are the defaults of the C header."""

    endpoints: Sequence[str]
    flags: MqttFlag = MqttFlag(0)
    session_expiry_s: int = 0
    keep_alive_s: int = 0
    peer_lost_ms: int = 0
    ca_pem: str | None = None
    topic_prefix: str | None = None
    client_cert_pem: str | None = None
    client_key_pem: str | None = field(default=None, repr=False)
    #: Where a device's client id is kept, a secret: (account, device_id) -> id or None, and
    #: (account, device_id, id). On the library's thread, must not block; both or none.
    load_client_id: Callable[[str, str], str | None] | None = None
    save_client_id: Callable[[str, str, str], None] | None = None

    def signaling(self, out: Any) -> Any:
        it = Struct("mqtt_options")
        it.raw.flags = self.flags
        it.raw.endpoints = it.list(list(self.endpoints), "endpoints")
        it.raw.endpoint_count = len(self.endpoints)
        it.raw.session_expiry_s = self.session_expiry_s
        it.raw.keep_alive_s = self.keep_alive_s
        it.raw.peer_lost_ms = self.peer_lost_ms
        it.raw.ca_pem = it.optional(self.ca_pem, "ca_pem")
        it.raw.topic_prefix = it.optional(self.topic_prefix, "topic_prefix")
        it.raw.client_cert_pem = it.optional(self.client_cert_pem, "client_cert_pem")
        it.raw.client_key_pem = it.optional(self.client_key_pem, "client_key_pem")
        hooks = ffi.new_handle(self)
        it.raw.user_data = hooks
        it.raw.load_client_id = _load_client_id if self.load_client_id else NULL
        it.raw.save_client_id = _save_client_id if self.save_client_id else NULL
        check(lib.nertc_callkit_mqtt_signaling(it.raw, out))
        return hooks


# A hook that raises has answered "none": cffi prints the traceback.
@callback("int32_t(const char *, const char *, char *, uint32_t, void *)", error=1)
def _load_client_id(account: Any, device: Any, buffer: Any, size: int, data: Any) -> int:
    load = ffi.from_handle(data).load_client_id
    client_id = load(text(account), text(device))
    if client_id is None:
        return 1
    encoded = client_id.encode() + b"\0"
    if len(encoded) > size:
        return 1
    ffi.memmove(buffer, encoded, len(encoded))
    return 0


@callback("void(const char *, const char *, const char *, void *)")
def _save_client_id(account: Any, device: Any, client_id: Any, data: Any) -> None:
    ffi.from_handle(data).save_client_id(text(account), text(device), text(client_id))


@dataclass
class IceServer:
    """A STUN or TURN server."""

    url: str
    username: str | None = None
    credential: str | None = field(default=None, repr=False)


def ice_servers(it: Struct, servers: Sequence[IceServer]) -> Any:
    """The list as C takes it, kept by `it`; NULL if empty."""
    pointers = []
    for server in servers:
        one = it.keep(Struct("ice_server"))
        one.raw.url = one.mandatory(server.url, "url")
        one.raw.username = one.optional(server.username, "username")
        one.raw.credential = one.optional(server.credential, "credential")
        pointers.append(one.raw)
    return it.keep(ffi.new("const nertc_callkit_ice_server *[]", pointers)) if pointers else NULL


@dataclass
class Webrtc(Backend):
    """Sound between machines. 0 and None are the defaults of the C header."""

    flags: WebrtcFlag = WebrtcFlag.APP_AUDIO
    ice_servers: Sequence[IceServer] = ()
    audio_bitrate_bps: int = 0
    jitter_min_ms: int = 0
    jitter_max_ms: int = 0
    port_min: int = 0
    port_max: int = 0
    ca_pem: str | None = None
    #: transcript -> signature or None, and (account, transcript, signature) -> right. On the
    #: library's thread, 10 ms at most; both or none.
    sign: Callable[[bytes], bytes | None] | None = None
    verify: Callable[[str, bytes, bytes], bool] | None = None
    #: Ids of list_devices; None is the system's default. With flags that lack APP_AUDIO.
    microphone: str | None = None
    speaker: str | None = None

    def media(self, out: Any) -> Any:
        it = Struct("webrtc_options")
        it.raw.flags = self.flags
        it.raw.ice_servers = ice_servers(it, self.ice_servers)
        it.raw.ice_server_count = len(self.ice_servers)
        it.raw.audio_bitrate_bps = self.audio_bitrate_bps
        it.raw.jitter_min_ms = self.jitter_min_ms
        it.raw.jitter_max_ms = self.jitter_max_ms
        it.raw.port_min = self.port_min
        it.raw.port_max = self.port_max
        it.raw.ca_pem = it.optional(self.ca_pem, "ca_pem")
        it.raw.microphone = it.optional(self.microphone, "microphone")
        it.raw.speaker = it.optional(self.speaker, "speaker")
        hooks = ffi.new_handle(self)
        it.raw.user_data = hooks
        it.raw.sign = _sign if self.sign else NULL
        it.raw.verify = _verify if self.verify else NULL
        check(lib.nertc_callkit_webrtc_media(it.raw, out))
        return hooks


@dataclass(frozen=True)
class Device:
    """A microphone or a speaker."""

    kind: DeviceKind
    flags: DeviceFlag
    #: What it is chosen by; the system keeps it while the device is unplugged.
    id: str
    name: str


def list_devices(kind: DeviceKind, kit: Any = NULL) -> list[Device]:
    """The machine's devices; waits for the system. Those that a client has open: Client.list_devices."""
    found: list[Device] = []

    @callback("void(const nertc_callkit_device *, void *)")
    def each(device: Any, _data: Any) -> None:
        found.append(Device(DeviceKind(device.kind), DeviceFlag(device.flags), text(device.id), text(device.name)))

    check(lib.nertc_callkit_webrtc_list_devices(kit, kind, each, NULL))
    return found


# A hook that raises has not signed, and has not verified.
@callback("int32_t(const void *, uint32_t, void *, uint32_t *, void *)", error=1)
def _sign(transcript: Any, size: int, signature: Any, room: Any, data: Any) -> int:
    made = ffi.from_handle(data).sign(bytes(ffi.buffer(transcript, size)))
    if made is None or len(made) > room[0]:
        return 1
    ffi.memmove(signature, made, len(made))
    room[0] = len(made)
    return 0


@callback("int32_t(const char *, const void *, uint32_t, const void *, uint32_t, void *)", error=1)
def _verify(account: Any, transcript: Any, size: int, signature: Any, signature_size: int, data: Any) -> int:
    verify = ffi.from_handle(data).verify
    right = verify(text(account), bytes(ffi.buffer(transcript, size)), bytes(ffi.buffer(signature, signature_size)))
    return 0 if right is True else 1
