"""What an app may do wrong: a clear error, no crash, nothing lost."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import nertc_callkit as nck
import pytest
from conftest import run, wait_for
from nertc_callkit import events


async def in_call(**options: Any) -> tuple[nck.Client, nck.Client]:
    hub = nck.Hub()
    alice, bob = (nck.Client(signaling=nck.Loopback(hub), media=nck.Loopback(hub), **options) for _ in range(2))
    await alice.login("alice")
    await bob.login("bob")
    of_bob = bob.events()
    await alice.call("bob")
    await bob.accept((await wait_for(of_bob, events.Invited)).call)
    await wait_for(of_bob, events.CallConnected)
    return alice, bob


def test_a_callback_that_raises_is_reported_and_nothing_is_lost() -> None:
    async def test() -> None:
        reports: list[str] = []
        reported = asyncio.Event()

        def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            reports.append(f"{context['message']}: {context['exception']}")
            reported.set()

        asyncio.get_running_loop().set_exception_handler(report)

        def on_frame(_user_id: str, _frame: nck.Frame) -> None:
            raise RuntimeError("in a frame")

        alice, bob = await in_call(on_frame=on_frame)
        of_bob = bob.events()

        def fail(event: nck.Event) -> None:
            raise RuntimeError("in an event")

        unsubscribe = bob.subscribe(fail)
        alice.push_audio(bytes(960), 48000)
        await reported.wait()
        await alice.hangup()
        await wait_for(of_bob, events.CallEnd)
        unsubscribe()
        await bob.logout()
        assert "nertc_callkit: the callback of on_frame raised: in a frame" in reports
        assert "nertc_callkit: the callback of CallEnd raised: in an event" in reports
        await alice.aclose()
        await bob.aclose()

    run(test())


def test_closed_twice_and_used_afterwards() -> None:
    async def test() -> None:
        kit = nck.Client()
        stream = kit.events()
        kit.close()
        kit.close()
        await kit.aclose()
        uses: list[Callable[[], object]] = [
            lambda: kit.login("a"),
            kit.get_state,
            lambda: kit.push_audio(bytes(960), 48000),
        ]
        for use in uses:
            with pytest.raises(nck.Refused, match="released") as refused:
                use()
            assert refused.value.status == nck.Status.CLOSED
        assert [event async for event in stream] == [] == [event async for event in kit.events()]

    run(test())


def test_closed_inside_a_callback_ends_pending_requests() -> None:
    async def test() -> None:
        alice, bob = await in_call()
        of_alice, of_bob = alice.events(), bob.events()
        pending: list[asyncio.Future[nck.Result]] = []

        def close(_event: nck.Event) -> None:
            if not pending:
                pending.append(bob.send_data("1"))
                bob.close()

        bob.subscribe(close)
        await alice.switch_call_type(nck.CallType.VIDEO)
        with pytest.raises(nck.Failed):
            await (await wait_until(pending))
        await wait_for(of_alice, events.CallEnd)
        await bob.aclose()
        kinds = [type(event) async for event in of_bob]
        assert kinds[-1] == events.CallEnd and kinds.count(events.CallEnd) == 1
        await alice.aclose()

    run(test())


async def wait_until(filled: list[asyncio.Future[nck.Result]]) -> asyncio.Future[nck.Result]:
    while not filled:
        await asyncio.sleep(0)
    return filled[0]


def test_a_forgotten_client_ends_by_its_finalizer() -> None:
    async def test() -> None:
        alice, bob = await in_call()
        of_alice = alice.events()
        gone = weakref.ref(bob)
        del bob
        for _ in range(3):
            gc.collect()
            await asyncio.sleep(0)
        assert gone() is None
        await wait_for(of_alice, events.CallEnd)
        # On another thread, the last reference included.
        holder = [nck.Client()]
        thread = threading.Thread(target=holder.clear)
        thread.start()
        thread.join()
        await alice.aclose()

    run(test())


def test_a_collected_listener_is_kept_by_the_client() -> None:
    async def test() -> None:
        alice, bob = await in_call()
        ended = asyncio.Event()

        class Listener:
            def __call__(self, event: nck.Event) -> None:
                if isinstance(event, events.CallEnd):
                    ended.set()

        bob.subscribe(Listener())
        gc.collect()
        await alice.hangup()
        await ended.wait()
        await alice.aclose()
        await bob.aclose()

    run(test())


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", "x" * 65, ""])
def test_bad_texts(bad: str) -> None:
    async def test() -> None:
        async with nck.Client() as kit:
            uses: list[Callable[[str], object]] = [kit.login, kit.call]
            for use in uses:
                with pytest.raises((ValueError, nck.Refused), match="NUL|surrogate|NULL|text|UTF-8"):
                    use(bad)
            with pytest.raises(TypeError, match="must be a str, not bytes"):
                kit.login(b"alice")  # type: ignore[arg-type]

    run(test())


def test_bad_frames_are_refused_before_they_are_read() -> None:
    async def test() -> None:
        async with nck.Client() as kit:
            for samples, channels in ((b"", 1), (b"123", 1), (b"12", 2), (b"12", 0)):
                with pytest.raises(ValueError, match="samples"):
                    kit.push_audio(samples, 48000, channels)
            with pytest.raises(ValueError, match="plane 2 is too small"):
                kit.push_picture([bytes(16), bytes(4), bytes(3)], [4, 2, 2], 4, 4)
            with pytest.raises((BufferError, ValueError, TypeError)):
                kit.pull_audio(bytes(960), 48000)

    run(test())


def test_another_thread_gets_a_clear_error_and_may_push_frames() -> None:
    async def test() -> None:
        alice, bob = await in_call()
        errors: list[Exception | None] = []

        def use() -> None:
            try:
                alice.push_audio(bytes(960), 48000)
                errors.append(None)
                alice.hangup()
            except RuntimeError as error:
                errors.append(error)

        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        assert errors[0] is None and "call_soon_threadsafe" in str(errors[1])
        await alice.aclose()
        await bob.aclose()

    run(test())


def test_a_slow_consumer_is_told_that_events_were_lost() -> None:
    async def test() -> None:
        async with nck.Client() as kit:
            stream = kit.events()
            for _ in range(1500):
                kit._core.deliver(nck.Event())
            taken = 0
            with pytest.raises(nck.EventsLost, match="1024"):
                async for _event in stream:
                    taken += 1
            assert taken == 1024

    run(test())


def child(kit: nck.Client, answers: Any) -> None:
    try:
        kit.login("a")
    except nck.Refused as refused:
        answers.put(int(refused.status))

    async def own_call() -> None:
        alice, bob = await in_call()
        await alice.aclose()
        await bob.aclose()
        answers.put("called")

    run(own_call())


def test_fork_by_multiprocessing() -> None:
    async def test() -> None:
        alice, bob = await in_call()
        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        process = context.Process(target=in_child, args=(alice, answers))
        process.start()
        got = [await asyncio.to_thread(answers.get, True, 50) for _ in range(2)]
        await asyncio.to_thread(process.join, 50)
        assert (got, process.exitcode) == ([int(nck.Status.CLOSED), "called"], 0)
        of_bob = bob.events()
        await alice.hangup()
        await wait_for(of_bob, events.CallEnd)
        await alice.aclose()
        await bob.aclose()

    run(test())


def in_child(kit: nck.Client, answers: Any) -> None:
    # The parent's loop is not ours to run: asyncio knows a running loop by its thread.
    asyncio.events._set_running_loop(None)
    child(kit, answers)


EXITS = {
    "exit": "import sys; sys.exit(7)",
    "raise": "raise SystemExit(7)",
}


@pytest.mark.parametrize("how", EXITS)
def test_exit_in_a_call(how: str) -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(__file__).rsplit("/", 1)[0]!r})
from test_bad_input import in_call
async def main():
    alice, bob = await in_call(on_frame=lambda user_id, frame: None)
    alice.push_audio(bytes(960), 48000)
    def leave(event):
        {EXITS[how]}
    bob.subscribe(leave)
    await alice.mute_local(1, True)
    await asyncio.sleep(50)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 7, done.stderr
    assert "Fatal" not in done.stderr and "SystemExit" not in done.stderr
