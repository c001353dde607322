"""A client, for one asyncio loop."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import frames
from ._core import CALLBACKS, FRAME_CALLBACK, Core, EventStream
from ._library import NULL, Struct, encode, ffi, lib
from ._references import CallRef, as_c_text, check
from .backends import Backend, Device, IceServer, Loopback, ice_servers, list_devices
from .events import CallInfo, CallStats, Event, Result, StreamStats
from .frames import Frame
from .values import (
    CallFlag,
    CallType,
    CallTypeAction,
    Delivery,
    DeviceKind,
    EndReason,
    Media,
    PolicyAnswer,
    PolicyFlag,
    PolicyRule,
    State,
    TraceFlag,
    Worker,
)

Call = CallRef | int | None


def _ref(call: Call) -> Any:
    if call is None:
        return NULL, None
    kept = (CallRef(call) if isinstance(call, int) else call).to_c()
    return kept.raw, kept


class Client:
    """Calls of one account. Made where an asyncio loop runs; callbacks and events come on that loop.

    `data` and `tokens` ask for the events Data and TokenNeeded, which have an effect by being asked for.
    `on_frame(user_id, frame)` is called on a thread of the library. `timers` are the fields of
    nertc_callkit_timers, by name.
    """

    def __init__(
        self,
        *,
        signaling: Backend | None = None,
        media: Backend | None = None,
        on_frame: Callable[[str, Frame], object] | None = None,
        data: bool = False,
        tokens: bool = False,
        app_key: str | None = None,
        device_id: str | None = None,
        data_dir: str | None = None,
        timers: Mapping[str, int] | None = None,
        own_worker: bool = False,
        confirm_audio_to_video: bool = False,
        confirm_video_to_audio: bool = False,
    ) -> None:
        core = Core(asyncio.get_running_loop())
        config, listener, times = Struct("config"), Struct("listener"), Struct("timers")
        for name, callback in CALLBACKS.items():
            if (name, data) != ("on_data", False) and (name, tokens) != ("on_token_needed", False):
                setattr(listener.raw, name, callback)
        for name, value in (timers or {}).items():
            if not name.endswith("_ms"):
                raise ValueError(f"timers: no such timer: {name}")
            setattr(times.raw, name, value)
        config.raw.delivery = Delivery.APP
        config.raw.worker = Worker.OWN if own_worker else Worker.SHARED
        config.raw.listener = listener.raw
        config.raw.on_frame = FRAME_CALLBACK if on_frame else NULL
        config.raw.user_data = core.user_data()
        config.raw.timers = times.raw
        config.raw.app_key = config.optional(app_key, "app_key")
        config.raw.device_id = config.optional(device_id, "device_id")
        config.raw.data_dir = config.optional(data_dir, "data_dir")
        config.raw.confirm_audio_to_video = confirm_audio_to_video
        config.raw.confirm_video_to_audio = confirm_video_to_audio
        core.on_frame = on_frame
        backends = Struct("backends")
        config.raw.backends = backends.raw
        try:
            core.hooks.append((signaling or Loopback()).signaling(backends.raw))
            core.hooks.append((media or Loopback()).media(backends.raw))
            core.open(config.raw)
        except BaseException:
            if core.kit == NULL:
                _release_backends(backends.raw)
            raise
        self._core = core
        # A client that is forgotten ends without waiting, on whatever thread collects it.
        self._finalizer = weakref.finalize(self, _forgotten, core)
        self._finalizer.atexit = False

    # ---- events and end ----

    def events(self) -> EventStream:
        """The events from now on: `async for event in kit.events()`."""
        return EventStream(self, self._core)

    def subscribe(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Calls `callback` for every event, at once, on the loop; returns what ends that.

        What it raises goes to the loop's exception handler.
        """
        subscribers = self._core.subscribers
        subscribers.append(callback)
        return lambda: subscribers.remove(callback) if callback in subscribers else None

    def close(self) -> None:
        """Ends the client; again: nothing happens. Waits up to timers.destroy_wait_ms for a live call, but not
        in a callback."""
        self._core.close()

    async def aclose(self) -> None:
        """Ends the client, without blocking the loop, and waits for the end."""
        if not self._core.closed:
            self._core.release()
        await asyncio.shield(self._core.ended)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # ---- session ----

    def login(self, account: str, token: str | None = None) -> asyncio.Future[Result]:
        return self._request(lib.nertc_callkit_login, encode(account, "account"), as_c_text(token, "token"))

    def logout(self) -> asyncio.Future[Result]:
        return self._request(lib.nertc_callkit_logout)

    def set_token(self, token: str | None) -> None:
        check(lib.nertc_callkit_set_token(self._core.kit, as_c_text(token, "token")))

    def network_changed(self) -> None:
        check(lib.nertc_callkit_network_changed(self._core.kit))

    def set_call_timeout(self, timeout_ms: int) -> None:
        check(lib.nertc_callkit_set_call_timeout(self._core.kit, timeout_ms))

    def set_call_policy(
        self,
        rule: PolicyRule,
        accounts: Sequence[str] = (),
        *,
        answer: PolicyAnswer = PolicyAnswer.SILENT,
        flags: PolicyFlag = PolicyFlag(0),
    ) -> None:
        policy = Struct("call_policy")
        policy.raw.flags = flags
        policy.raw.rule = rule
        policy.raw.answer = answer
        policy.raw.accounts = policy.list(list(accounts), "accounts")
        policy.raw.account_count = len(accounts)
        check(lib.nertc_callkit_set_call_policy(self._core.kit, policy.raw))

    def get_state(self) -> State:
        return State(check(lib.nertc_callkit_get_state(self._core.kit)))

    def get_call_info(self) -> CallInfo:
        info = Struct("call_info")
        check(lib.nertc_callkit_get_call_info(self._core.kit, info.raw))
        return CallInfo.of(info.raw)

    # ---- calls ----

    def call(
        self,
        user_id: str,
        call_type: CallType = CallType.AUDIO,
        *,
        attachment: str | None = None,
        extra: str | None = None,
        push_title: str | None = None,
        push_content: str | None = None,
        push_payload: str | None = None,
        flags: CallFlag = CallFlag(0),
    ) -> asyncio.Future[Result]:
        options, push = Struct("call_options"), Struct("push")
        options.raw.user_id = options.mandatory(user_id, "user_id")
        options.raw.call_type = call_type
        options.raw.attachment = options.optional(attachment, "attachment")
        options.raw.extra = options.optional(extra, "extra")
        options.raw.flags = flags
        push.raw.title = push.optional(push_title, "push_title")
        push.raw.content = push.optional(push_content, "push_content")
        push.raw.payload = push.optional(push_payload, "push_payload")
        if push_title or push_content or push_payload:
            options.raw.push = push.raw
        return self._request(lib.nertc_callkit_call, options.raw)

    def accept(self, call: Call = None) -> asyncio.Future[Result]:
        raw, _kept = _ref(call)
        return self._request(lib.nertc_callkit_accept, raw)

    def cancel(self, call: Call = None, *, text: str = "", flags: CallFlag = CallFlag(0)) -> asyncio.Future[Result]:
        return self._end(lib.nertc_callkit_cancel, call, text, flags)

    def reject(
        self, call: Call = None, *, text: str = "", busy: bool = False, flags: CallFlag = CallFlag(0)
    ) -> asyncio.Future[Result]:
        return self._end(lib.nertc_callkit_reject, call, text, flags, EndReason.BUSY if busy else EndReason.NORMAL)

    def hangup(self, call: Call = None, *, text: str = "", flags: CallFlag = CallFlag(0)) -> asyncio.Future[Result]:
        return self._end(lib.nertc_callkit_hangup, call, text, flags)

    def leave(self, call: Call = None, *, text: str = "", flags: CallFlag = CallFlag(0)) -> asyncio.Future[Result]:
        return self._end(lib.nertc_callkit_leave, call, text, flags)

    def send_data(self, json: str, call: Call = None) -> asyncio.Future[Result]:
        raw, _kept = _ref(call)
        return self._request(lib.nertc_callkit_send_data, raw, encode(json, "json"))

    def switch_call_type(
        self, call_type: CallType, action: CallTypeAction = CallTypeAction.REQUEST
    ) -> asyncio.Future[Result]:
        return self._request(lib.nertc_callkit_switch_call_type, call_type, action)

    # ---- media ----

    def enable_local(self, media: Media, on: bool) -> asyncio.Future[Result]:
        return self._request(lib.nertc_callkit_enable_local, media, on)

    def mute_local(self, media: Media, muted: bool) -> asyncio.Future[Result]:
        return self._request(lib.nertc_callkit_mute_local, media, muted)

    def mute_remote(self, media: Media, muted: bool) -> asyncio.Future[Result]:
        return self._request(lib.nertc_callkit_mute_remote, media, muted)

    def set_local_view(self, window: int | None, *, scaling: int = 0, mirror: bool = False) -> asyncio.Future[Result]:
        return self._view(lib.nertc_callkit_set_local_view, window, scaling, mirror)

    def set_remote_view(self, window: int | None, *, scaling: int = 0, mirror: bool = False) -> asyncio.Future[Result]:
        return self._view(lib.nertc_callkit_set_remote_view, window, scaling, mirror)

    def push_audio(self, samples: Any, sample_rate: int, channels: int = 1, *, time_us: int = 0) -> None:
        """Sends sound: a buffer of 16-bit samples, not copied here. Any thread."""
        frame = frames.audio(samples, sample_rate, channels, time_us)
        check(lib.nertc_callkit_push_frame(self._core.kit, frame.raw))

    def push_picture(
        self,
        planes: Sequence[Any],
        strides: Sequence[int],
        width: int,
        height: int,
        *,
        rotation: int = 0,
        time_us: int = 0,
    ) -> None:
        """Sends an I420 picture: three buffers, not copied here. Any thread."""
        frame = frames.picture(planes, strides, width, height, rotation, time_us)
        check(lib.nertc_callkit_push_frame(self._core.kit, frame.raw))

    def pull_audio(self, out: Any, sample_rate: int, channels: int = 1) -> int:
        """Fills a writable buffer with the peer's sound (WebRTC); returns how many of its frames are sound."""
        raw = ffi.from_buffer("int16_t[]", out, require_writable=True)
        count = len(raw) // channels if channels in (1, 2) else 0
        return check(lib.nertc_callkit_webrtc_pull_audio(self._core.kit, raw, count, sample_rate, channels))

    # ---- WebRTC ----

    def set_ice_servers(self, servers: Sequence[IceServer]) -> None:
        kept = Struct("frame")  # keeps the texts
        check(lib.nertc_callkit_webrtc_set_ice_servers(self._core.kit, ice_servers(kept, servers), len(servers)))

    def list_devices(self, kind: DeviceKind) -> list[Device]:
        """The machine's devices; that of the running call is marked. Waits for the system."""
        return list_devices(kind, self._core.kit)

    def set_device(self, kind: DeviceKind, id: str | None) -> None:
        """From now on this device, there or not; None follows the system's default."""
        check(lib.nertc_callkit_webrtc_set_device(self._core.kit, kind, as_c_text(id, "id")))

    def set_audio_active(self, active: bool) -> None:
        check(lib.nertc_callkit_webrtc_set_audio_active(self._core.kit, active))

    def get_call_stats(self) -> CallStats:
        stats = Struct("call_stats")
        check(lib.nertc_callkit_get_call_stats(self._core.kit, stats.raw))
        return CallStats.of(stats.raw)

    def get_stream_stats(self, media: Media, *, sending: bool) -> StreamStats:
        stats = Struct("stream_stats")
        check(lib.nertc_callkit_get_stream_stats(self._core.kit, media, sending, stats.raw))
        return StreamStats.of(stats.raw)

    def confirm_security_code(self, code: str, agree: bool, call: Call = None) -> None:
        raw, _kept = _ref(call)
        check(lib.nertc_callkit_confirm_security_code(self._core.kit, raw, encode(code, "code"), agree))

    # ---- trace ----

    def trace_start(self, path: str, flags: TraceFlag = TraceFlag(0)) -> None:
        check(lib.nertc_callkit_trace_start(self._core.kit, encode(path, "path"), flags))

    def trace_stop(self) -> None:
        check(lib.nertc_callkit_trace_stop(self._core.kit))

    # ---- inside ----

    def _request(self, function: Any, *arguments: Any) -> asyncio.Future[Result]:
        return self._core.request(function, *arguments)

    def _end(
        self, function: Any, call: Call, text: str, flags: CallFlag, reason: EndReason = EndReason.NORMAL
    ) -> asyncio.Future[Result]:
        options = Struct("end_options")
        options.raw.flags = flags
        options.raw.reason = reason
        options.raw.text = options.optional(text, "text")
        raw, _kept = _ref(call)
        return self._request(function, raw, options.raw)

    def _view(self, function: Any, window: int | None, scaling: int, mirror: bool) -> asyncio.Future[Result]:
        if window is None:
            return self._request(function, NULL)
        view = Struct("view")
        view.raw.window = ffi.cast("void *", window)
        view.raw.scaling = scaling
        view.raw.mirror = mirror
        return self._request(function, view.raw)


def _release_backends(raw: Any) -> None:
    """No client took them."""
    if raw.signaling != NULL and raw.signaling.release != NULL:
        raw.signaling.release(raw.signaling_ctx)
    if raw.rtc != NULL and raw.rtc.release != NULL:
        raw.rtc.release(raw.rtc_ctx)


def _forgotten(core: Core) -> None:
    if core.closed:
        return
    if core.loop.is_closed():
        core.close()
    else:
        core.release()
