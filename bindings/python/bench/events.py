"""events.py [CALLS]: whole calls over the loopback in one thread: events a second, and ns a callback."""

from __future__ import annotations

import asyncio
import sys
import time

import nertc_callkit as nck
from nertc_callkit import events


async def measure(calls: int) -> tuple[int, float]:
    """Callbacks, completions included, and seconds."""
    callbacks = 0
    hub = nck.Hub()
    async with nck.Client(signaling=nck.Loopback(hub)) as bob, nck.Client(signaling=nck.Loopback(hub)) as alice:
        await bob.login("bob")
        await alice.login("alice")
        ended = asyncio.Event()
        left = 2 * calls
        requests: set[asyncio.Future[nck.Result]] = set()

        def start(request: asyncio.Future[nck.Result]) -> None:
            requests.add(request)
            request.add_done_callback(requests.discard)

        def on_event(kit: nck.Client, event: nck.Event) -> None:
            nonlocal callbacks, left
            callbacks += 1
            if isinstance(event, events.Invited):
                callbacks += 1
                start(kit.accept(event.call_no))
            elif isinstance(event, events.CallConnected) and kit is alice:
                callbacks += 1
                start(kit.hangup(event.call_no))
            elif isinstance(event, events.CallEnd):
                left -= 1
                if left == 0:
                    ended.set()
                elif left % 2 == 0:
                    callbacks += 1
                    start(alice.call("bob"))

        bob.subscribe(lambda event: on_event(bob, event))
        alice.subscribe(lambda event: on_event(alice, event))
        began = time.perf_counter()
        start(alice.call("bob"))
        callbacks += 1
        await ended.wait()
        return callbacks, time.perf_counter() - began


async def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    callbacks, seconds = await measure(calls)
    print(
        f"Python: {calls} calls, {callbacks} callbacks: {callbacks / seconds:.0f} events a second, {seconds / callbacks * 1e9:.0f} ns a callback"
    )


asyncio.run(main())
