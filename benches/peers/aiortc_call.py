# aiortc_call.py SECONDS: a call with sound both ways between two peers of this process, and the CPU that both take
# together, in percent of a core. Prints `aiortc VERSION PERCENT`.
import array
import asyncio
import fractions
import math
import random
import sys
import time

import aiortc
from aiortc.mediastreams import MediaStreamTrack
from av import AudioFrame

RATE = 48000
SAMPLES = 960


def speech():
    """Two seconds of sound that no codec may leave anything out of: a voice, and noise."""
    noise, samples, phase = random.Random(1), array.array("h"), 0.0
    for at in range(2 * RATE):
        phase += 2 * math.pi * (120 + 30 * math.sin(at / RATE * 4.4)) / RATE
        voice = sum(math.sin(harmonic * phase) / harmonic for harmonic in range(1, 8))
        loud = 4000 * abs(math.sin(math.pi * at / RATE * 4))
        samples.append(int(voice * loud + noise.uniform(-60, 60)))
    return samples.tobytes()


class Speech(MediaStreamTrack):
    kind = "audio"
    sound = speech()

    def __init__(self):
        super().__init__()
        self.number = 0
        self.began = time.monotonic()

    async def recv(self):
        await asyncio.sleep(max(0, self.began + self.number * 0.02 - time.monotonic()))
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        at = self.number * SAMPLES * 2 % (len(self.sound) - 2 * SAMPLES)
        frame.planes[0].update(self.sound[at:at + 2 * SAMPLES])
        frame.pts = self.number * SAMPLES
        frame.sample_rate = RATE
        frame.time_base = fractions.Fraction(1, RATE)
        self.number += 1
        return frame


async def hear(track, counts, at):
    while True:
        frame = await track.recv()
        counts[at] += frame.samples


async def main(seconds):
    peers, counts, tasks = [aiortc.RTCPeerConnection() for _ in range(2)], [0, 0], []
    for at, peer in enumerate(peers):
        peer.addTrack(Speech())
        peer.on("track", lambda track, at=at: tasks.append(asyncio.ensure_future(hear(track, counts, at))))
    await peers[0].setLocalDescription(await peers[0].createOffer())
    await peers[1].setRemoteDescription(peers[0].localDescription)
    await peers[1].setLocalDescription(await peers[1].createAnswer())
    await peers[0].setRemoteDescription(peers[1].localDescription)
    await asyncio.sleep(4)
    before, start, heard = time.process_time(), time.monotonic(), list(counts)
    await asyncio.sleep(seconds)
    used, lasted = time.process_time() - before, time.monotonic() - start
    for before_count, count in zip(heard, counts):
        assert count - before_count > RATE * seconds / 2, f"no sound: {heard}, {counts}"
    print(f"aiortc {aiortc.__version__} {100 * used / lasted:.3f}", flush=True)
    for peer in peers:
        await peer.close()


asyncio.run(main(float(sys.argv[1])))
