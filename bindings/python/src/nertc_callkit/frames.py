"""Sound and pictures as memoryviews."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ._library import NULL, Struct, ffi
from .values import Media


@dataclass(slots=True)
class Frame:
    """Lent until on_frame returns: then its memoryviews are released, and reading them is a ValueError."""

    media: Media
    uid: int
    time_us: int
    #: Sound: one of 16-bit samples, the channels by turns. Picture: Y, U, V as bytes.
    planes: list[memoryview]
    strides: list[int]
    width: int
    height: int
    rotation: int
    sample_rate: int
    channels: int
    samples: int


def _planes(raw: Any) -> list[memoryview]:
    if raw.media == Media.AUDIO:
        size = raw.samples * raw.channels * 2
        return [memoryview(ffi.buffer(raw.planes[0], size)).cast("h").toreadonly()]
    found = []
    for index in range(3):
        rows = raw.height if index == 0 else (raw.height + 1) // 2
        if raw.planes[index] != NULL:
            found.append(memoryview(ffi.buffer(raw.planes[index], raw.strides[index] * rows)).toreadonly())
    return found


@contextmanager
def lend(raw: Any) -> Iterator[Frame]:
    planes = _planes(raw)
    strides = [raw.strides[index] for index in range(len(planes))]
    frame = Frame(
        Media(raw.media),
        raw.uid,
        raw.time_us,
        planes,
        strides,
        raw.width,
        raw.height,
        raw.rotation,
        raw.sample_rate,
        raw.channels,
        raw.samples,
    )
    try:
        yield frame
    finally:
        for plane in planes:
            plane.release()


def audio(samples: Any, sample_rate: int, channels: int, time_us: int) -> Struct:
    """A frame of sound over `samples`, without a copy."""
    data = ffi.from_buffer(samples)
    if channels not in (1, 2) or len(data) == 0 or len(data) % (2 * channels):
        raise ValueError("samples: 16 bits each, all of one moment for 1 or 2 channels, and not empty")
    it = Struct("frame")
    it.keep(data)
    it.raw.media = Media.AUDIO
    it.raw.time_us = time_us
    it.raw.planes[0] = data
    it.raw.strides[0] = len(data)
    it.raw.sample_rate = sample_rate
    it.raw.channels = channels
    it.raw.samples = len(data) // (2 * channels)
    return it


def picture(
    planes: Sequence[Any], strides: Sequence[int], width: int, height: int, rotation: int, time_us: int
) -> Struct:
    """An I420 picture over `planes`, without a copy."""
    if len(planes) != 3 or len(strides) != 3 or width <= 0 or height <= 0:
        raise ValueError("a picture has three planes and strides, Y, U and V, and a size")
    it = Struct("frame")
    for index, plane in enumerate(planes):
        data = it.keep(ffi.from_buffer(plane))
        columns, rows = (width, height) if index == 0 else ((width + 1) // 2, (height + 1) // 2)
        if strides[index] < columns or len(data) < strides[index] * rows:
            raise ValueError(f"plane {index} is too small for {width} x {height}: {rows} rows of {columns} bytes")
        it.raw.planes[index] = data
        it.raw.strides[index] = strides[index]
    it.raw.media = Media.VIDEO
    it.raw.time_us = time_us
    it.raw.width = width
    it.raw.height = height
    it.raw.rotation = rotation
    return it
