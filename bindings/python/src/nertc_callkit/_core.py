"""The part of a client that callbacks need. It outlives the Client that the app holds until the last of them."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ._library import NULL, callback, ffi, lib, text
from ._references import EventsLost, Failed, check
from .events import EVENTS, Event, Result
from .frames import Frame, lend
from .values import Code, Status

#: Events that wait for one consumer of events().
MAX_EVENTS = 1024

_numbers = itertools.count(1)
#: By the number that C has as user_data, which is never used again.
_cores: dict[int, Core] = {}
_pending: dict[int, tuple[Core, asyncio.Future[Result]]] = {}


def _find(data: Any) -> Core | None:
    return _cores.get(int(ffi.cast("uintptr_t", data)))


class EventStream:
    """The events of a client since this was made: `async for`. Ends when the client has ended."""

    def __init__(self, owner: Any, core: Core) -> None:
        self._owner = owner  # a client that is listened to is not collected
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._lost = False
        if core.finished:
            self._queue.put_nowait(None)
        else:
            core.streams.append(weakref.ref(self, core.streams_remove))

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        if self._lost and self._queue.empty():
            raise EventsLost(f"more than {MAX_EVENTS} events waited; take them faster, in a task of their own")
        event = await self._queue.get()
        if event is None:
            self._queue.put_nowait(None)
            raise StopAsyncIteration
        return event

    def add(self, event: Event | None) -> None:
        if self._queue.qsize() >= MAX_EVENTS and event is not None:
            self._lost = True
        if not self._lost:
            self._queue.put_nowait(event)


class Core:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.thread = threading.get_ident()
        self.number = next(_numbers)
        self.kit: Any = NULL
        self.event_handle = -1
        self.streams: list[weakref.ref[EventStream]] = []
        self.subscribers: list[Callable[[Event], object]] = []
        self.on_frame: Callable[[str, Frame], object] | None = None
        #: What the library's hooks point to.
        self.hooks: list[Any] = []
        self.closed = self.finished = self.dispatching = False
        self.ended: asyncio.Future[None] = loop.create_future()
        #: SystemExit or KeyboardInterrupt of a callback: for the loop, once C has returned.
        self.thrown: BaseException | None = None

    def user_data(self) -> Any:
        return ffi.cast("void *", self.number)

    def open(self, config: Any) -> None:
        out = ffi.new("nertc_callkit **")
        _cores[self.number] = self
        try:
            check(lib.nertc_callkit_create(config, out))
        except BaseException:
            del _cores[self.number]
            raise
        self.kit = out[0]
        handle = ffi.new("intptr_t *")
        try:
            check(lib.nertc_callkit_get_event_handle(self.kit, handle))
            # A copy: the library closes its own before we take it out of the loop.
            self.event_handle = os.dup(handle[0])
            self.loop.add_reader(self.event_handle, self.dispatch)
        except BaseException:
            self.closed = True
            lib.nertc_callkit_destroy(self.kit)
            self.finish()
            raise

    def dispatch(self) -> None:
        self.dispatching = True
        try:
            ran = lib.nertc_callkit_dispatch(self.kit, 0)
        finally:
            self.dispatching = False
        if ran == Status.CLOSED:
            self.finish()
        self.throw()

    def throw(self) -> None:
        thrown, self.thrown = self.thrown, None
        if thrown is not None:
            raise thrown

    def close(self) -> None:
        """Waits, unless it is called in a callback or in another thread: then the loop ends the client."""
        if self.closed:
            return
        self.closed = True
        loop_runs_on = self.dispatching or threading.get_ident() != self.thread
        if loop_runs_on and not self.loop.is_closed():
            self.release()
        elif lib.nertc_callkit_destroy(self.kit) == Status.REENTRANT:
            self.release()
        else:
            self.finish()
            self.throw()

    def release(self) -> None:
        """Never waits. The last callback comes by the loop."""
        self.closed = True
        if lib.nertc_callkit_release(self.kit, _released, self.user_data()) == Status.CLOSED:
            self.finish()

    def finish(self) -> None:
        """The last callback has run."""
        if self.finished:
            return
        self.finished = True
        _cores.pop(self.number, None)
        if not self.loop.is_closed():
            if self.event_handle >= 0:
                self.loop.remove_reader(self.event_handle)
            if not self.ended.done():
                self.ended.set_result(None)
            for stream in [stream() for stream in self.streams]:
                if stream:
                    stream.add(None)
        if self.event_handle >= 0:
            os.close(self.event_handle)
        self.hooks.clear()

    def streams_remove(self, stream: weakref.ref[EventStream]) -> None:
        if stream in self.streams:
            self.streams.remove(stream)

    def request(self, function: Any, *arguments: Any) -> asyncio.Future[Result]:
        """Starts a request; its future is done when the library has answered."""
        if threading.get_ident() != self.thread:
            raise RuntimeError("a client belongs to its loop's thread: use loop.call_soon_threadsafe")
        future: asyncio.Future[Result] = self.loop.create_future()
        number = next(_numbers)
        _pending[number] = (self, future)
        try:
            check(function(self.kit, *arguments, _completed, ffi.cast("void *", number)))
        except BaseException:
            del _pending[number]
            future.cancel()
            raise
        return future

    def deliver(self, event: Event) -> None:
        for stream in [stream() for stream in self.streams]:
            if stream:
                stream.add(event)
        for subscriber in list(self.subscribers):
            # What a callback raises goes to the loop's exception handler, as asyncio's own does.
            try:
                subscriber(event)
            except Exception as error:
                self.report(error, type(event).__name__)
            except BaseException as error:
                self.thrown = error

    def report(self, error: Exception, where: str) -> None:
        context = {"message": f"nertc_callkit: the callback of {where} raised", "exception": error}
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.loop.call_exception_handler, context)


@callback("void(nertc_callkit *, const nertc_callkit_result *, void *)")
def _completed(kit: Any, raw: Any, data: Any) -> None:
    core, future = _pending.pop(int(ffi.cast("uintptr_t", data)))
    if future.done() or core.loop.is_closed():
        return
    result = Result.of(raw)
    # These two count as success: the invite waits for the peer.
    if result.code in (Code.OK, Code.PEER_OFFLINE, Code.PEER_PUSH_OFFLINE):
        future.set_result(result)
    else:
        future.set_exception(Failed(result.code, result.raw_code, result.operation, result.message))


@callback("void(void *)")
def _released(data: Any) -> None:
    core = _find(data)
    if core:
        core.finish()


@callback("void(nertc_callkit *, const char *, const nertc_callkit_frame *, void *)")
def _frame(kit: Any, user_id: Any, raw: Any, data: Any) -> None:
    core = _find(data)
    if core and core.on_frame:
        with lend(raw) as frame:
            try:
                core.on_frame(text(user_id), frame)
            except Exception as error:
                core.report(error, "on_frame")
            except BaseException as error:
                # This thread is the library's.
                name = type(error).__name__
                core.report(RuntimeError(f"{name} on a thread of the library: only the loop's can exit"), "on_frame")


def _event_callback(struct: str, of: Callable[[Any], Event]) -> Any:
    @callback(f"void(nertc_callkit *, const {struct} *, void *)")
    def run(kit: Any, raw: Any, data: Any) -> None:
        core = _find(data)
        if core:
            core.deliver(of(raw))

    return run


CALLBACKS: dict[str, Any] = {name: _event_callback(struct, cls.of) for name, struct, cls in EVENTS}
FRAME_CALLBACK: Any = _frame


@atexit.register
def _end_all() -> None:
    """The process exits, perhaps in a call: the peers are notified, and no callback comes into a dead interpreter."""
    for core in list(_cores.values()):
        if not core.finished:
            core.subscribers.clear()
            if lib.nertc_callkit_destroy(core.kit) == Status.CLOSED:
                # Released, and its loop runs no more: the rest of its callbacks.
                while lib.nertc_callkit_dispatch(core.kit, 1000) > 0:
                    pass
            core.finish()


def _forget() -> None:
    """In a forked child: all of it is the parent's. The handles are CLOSED here."""
    _cores.clear()
    _pending.clear()


os.register_at_fork(after_in_child=_forget)
