"""Whole calls."""

from __future__ import annotations

import array
import asyncio
import re
import subprocess
import sys
from pathlib import Path

import nertc_callkit as nck
from conftest import broker, run, wait_for
from nertc_callkit import events


async def whole_call(alice: nck.Client, bob: nck.Client, received: asyncio.Event | None) -> None:
    async with alice, bob:
        await alice.login("check-a", "secret")
        await bob.login("check-b", "secret")
        of_alice, of_bob = alice.events(), bob.events()
        called = await alice.call("check-b", attachment="smile 😀")
        invited = await wait_for(of_bob, events.Invited)
        assert (invited.invitor, invited.attachment) == ("check-a", "smile 😀")
        assert (await bob.accept(invited.call)).call_no == invited.call_no
        await wait_for(of_alice, events.CallConnected)
        await wait_for(of_bob, events.CallConnected)
        info = alice.get_call_info()
        assert info.peer == "check-b" and info.call_no == called.call_no and alice.get_state() == nck.State.IN_CALL
        await alice.send_data('{"x": 1}')
        assert (await wait_for(of_bob, events.Data)).json == '{"x": 1}'
        while received and not received.is_set():
            try:
                alice.push_audio(array.array("h", [8000, -8000] * 240), 48000)
            except nck.Refused as refused:
                assert refused.status == nck.Status.QUEUE_FULL
            await asyncio.sleep(0.01)
        await bob.hangup(text="bye 👋")
        ended = await wait_for(of_alice, events.CallEnd)
        assert (ended.reason, ended.extra, ended.user_id) == (nck.EndReason.PEER_HUNG_UP, "bye 👋", "check-b")
        assert (await wait_for(of_bob, events.CallEnd)).reason == nck.EndReason.HUNG_UP
        assert alice.get_state() == nck.State.IDLE


def test_loopback_call_with_sound() -> None:
    async def test() -> None:
        hub, received, loop = nck.Hub(), asyncio.Event(), asyncio.get_running_loop()
        lent: list[memoryview] = []

        def on_frame(user_id: str, frame: nck.Frame) -> None:
            samples = frame.planes[0]
            assert user_id == "check-a" and frame.samples == 480 and samples.readonly and samples[0] == 8000
            lent.append(samples)
            loop.call_soon_threadsafe(received.set)

        await whole_call(
            nck.Client(signaling=nck.Loopback(hub), media=nck.Loopback(hub)),
            nck.Client(signaling=nck.Loopback(hub), media=nck.Loopback(hub), on_frame=on_frame, data=True),
            received,
        )
        # Lent for the callback only.
        for view in lent:
            try:
                view[0]
            except ValueError:
                continue
            raise AssertionError("a frame can be read after its callback")

    run(test())


def test_mqtt_call() -> None:
    async def test() -> None:
        def signaling() -> nck.Mqtt:
            return nck.Mqtt([broker()])

        bob = nck.Client(signaling=signaling(), media=nck.NoMedia(), data=True)
        await whole_call(nck.Client(signaling=signaling(), media=nck.NoMedia()), bob, None)

    run(test())


def test_mqtt_keeps_the_client_id_where_the_app_wants() -> None:
    async def test() -> None:
        kept: dict[tuple[str, str], str] = {}
        for _ in range(2):
            signaling = nck.Mqtt(
                [broker()],
                load_client_id=lambda account, device: kept.get((account, device)),
                save_client_id=lambda account, device, client_id: kept.update({(account, device): client_id}),
            )
            async with nck.Client(signaling=signaling, media=nck.NoMedia(), device_id="phone") as kit:
                await kit.login("check-a", "secret")
            assert list(kept) == [("check-a", "phone")]

    run(test())


def test_webrtc_call_with_sound_signed() -> None:
    async def test() -> None:
        hub, received, loop = nck.Hub(), asyncio.Event(), asyncio.get_running_loop()
        verified: list[str] = []

        def on_frame(_user_id: str, frame: nck.Frame) -> None:
            if any(frame.planes[0]):
                loop.call_soon_threadsafe(received.set)

        def verify(account: str, transcript: bytes, signature: bytes) -> bool:
            verified.append(account)
            return signature == transcript[:32]

        def media() -> nck.Webrtc:
            flags = nck.WebrtcFlag.APP_AUDIO | nck.WebrtcFlag.LOOPBACK
            return nck.Webrtc(flags, sign=lambda transcript: transcript[:32], verify=verify)

        alice = nck.Client(signaling=nck.Loopback(hub), media=media())
        bob = nck.Client(signaling=nck.Loopback(hub), media=media(), on_frame=on_frame, data=True)
        await whole_call(alice, bob, received)
        assert set(verified) == {"check-a", "check-b"}

    run(test())


def test_the_readme_call_runs_as_shown(tmp_path: Path) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    shown = re.search(r"```python\n(.*?)```", readme, re.S)
    assert shown
    program = tmp_path / "call.py"
    program.write_text(shown[1])
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    printed = done.stdout.split()
    assert printed[0] == "Invited" and printed[-1] == "CallEnd" and "CallConnected" in printed
    # Blank lines do not count.
    assert len([line for line in shown[1].splitlines() if line]) <= 20


def test_faults_policy_and_log() -> None:
    async def test() -> None:
        hub = nck.Hub()
        hub.add_fault(nck.FaultAction.REFUSE, nck.FaultOn.LOGIN, account="a", code=nck.Code.BAD_TOKEN)
        async with nck.Client(signaling=nck.Loopback(hub)) as kit:
            try:
                await kit.login("a", "x")
            except nck.Failed as failed:
                assert failed.code == nck.Code.BAD_TOKEN and str(failed).startswith("login: ")
            else:
                raise AssertionError("the fault was not injected")
            kit.set_call_policy(nck.PolicyRule.ONLY_LISTED, ["😀"])

    run(test())


def test_push_payload() -> None:
    call = nck.CallRef(0, "channel", "alice", "request")
    payload = nck.push_encode(call, to_account="bob", ring_left_ms=30000)
    assert nck.push_decode(payload) == call
