"""What tests share: pairs of clients, waits with a limit, a broker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import nertc_callkit as nck

#: Seconds after which a wait fails: far above what anything takes on a busy machine.
LIMIT = 60

T = TypeVar("T")
E = TypeVar("E", bound=nck.Event)


def run(test: Coroutine[Any, Any, T]) -> T:
    async def limited() -> T:
        return await asyncio.wait_for(test, LIMIT)

    return asyncio.run(limited())


async def wait_for(stream: nck.EventStream, kind: type[E]) -> E:
    async for event in stream:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the client ended without {kind.__name__}")


def broker() -> str:
    address = os.environ.get("NERTC_CALLKIT_TEST_BROKER")
    assert address, "make test-python starts a broker and names it in NERTC_CALLKIT_TEST_BROKER"
    return address
