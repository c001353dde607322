"""Loads the C library, by cffi without a compiler. NERTC_CALLKIT_LIBRARY names another one than the wheel's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cffi import FFI

_HERE = Path(__file__).parent

ffi: Any = FFI()
ffi.cdef((_HERE / "nertc_callkit.cffi.h").read_text(encoding="utf-8"))
lib: Any = ffi.dlopen(os.environ.get("NERTC_CALLKIT_LIBRARY") or str(_HERE / "libnertc_callkit.so.0"))

NULL: Any = ffi.NULL


def callback(signature: str, error: Any = None) -> Callable[[Callable[..., object]], Any]:
    """A C function from a Python one. What it raises is printed, and `error` returned."""
    made: Callable[[Callable[..., object]], Any] = ffi.callback(signature, error=error)
    return made


def text(raw: Any) -> str:
    """A C text that the library lends."""
    return ffi.string(raw).decode("utf-8", "replace") if raw != NULL else ""


def encode(value: str, name: str) -> bytes:
    """A text for the library: ValueError for what C cannot take."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{name} contains a NUL character: the library would end the text there; remove it")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} is no valid Unicode text (a lone surrogate at {error.start}): repair it") from error


class Struct:
    """A C struct with its defaults, and what its pointers refer to, for the time of one call."""

    def __init__(self, kind: str) -> None:
        self.raw = ffi.new(f"nertc_callkit_{kind} *")
        self.kept: list[Any] = []
        lib.nertc_callkit_struct_init(self.raw, ffi.sizeof(self.raw[0]))

    def optional(self, value: str | None, name: str) -> Any:
        """NULL for None and for an empty text, which every function takes for "none"."""
        return self.mandatory(value, name) if value else NULL

    def mandatory(self, value: str, name: str) -> Any:
        return self.keep(ffi.new("char[]", encode(value, name)))

    def list(self, values: list[str], name: str) -> Any:
        if not values:
            return NULL
        return self.keep(ffi.new("const char *[]", [self.mandatory(value, name) for value in values]))

    def keep(self, value: Any) -> Any:
        self.kept.append(value)
        return value
