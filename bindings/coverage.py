"""coverage.py: every function, event and option of the C headers is used by the C++ headers and the Python package.

Exits with 1 and names what is missing. It first removes one of each kind from the texts and fails if it does
not miss that.
"""

from __future__ import annotations

import re
import sys

import c_headers
from c_headers import INCLUDE, ROOT, Headers

#: Structs that an app fills, whose fields a binding has to set.
FILLED = [
    "call_ref",
    "backends",
    "config",
    "call_policy",
    "push",
    "call_options",
    "end_options",
    "fault",
    "mqtt_options",
    "ice_server",
    "webrtc_options",
]
#: What a language has a way of its own for.
OWN_WAY = {
    # The struct itself is the app's (C++), or keyword arguments by name (Python).
    "C++": {"signaling", "signaling_ctx", "rtc", "rtc_ctx"},
    "Python": {
        "nertc_callkit_struct_init",
        "nertc_callkit_set_local_view",
        "nertc_callkit_set_remote_view",
        "signaling",
        "signaling_ctx",
        "rtc",
        "rtc_ctx",
        "on_wakeup",
        "worker",
    },
}


def bindings() -> dict[str, str]:
    cpp = "\n".join(path.read_text() for path in sorted((INCLUDE / "nertc_callkit").glob("*.hpp")))
    python = "\n".join(path.read_text() for path in sorted((ROOT / "bindings/python/src/nertc_callkit").glob("*.py")))
    return {"C++": re.sub(r"/\*.*?\*/|//[^\n]*", "", cpp, flags=re.S), "Python": re.sub(r"#[^\n]*", "", python)}


def missing(headers: Headers, language: str, text: str) -> list[str]:
    wanted = {f"function {name}": rf"\b{name}\b" for name in headers.functions}
    wanted |= {f"event {name}": rf"\b{name}\b" for name, _, _ in headers.events}
    for struct in FILLED:
        for kind, name in headers.structs[struct].fields:
            if name not in ("struct_size", "reserved") and (kind, name) != ("uint32_t", "flags"):
                wanted[f"field {struct}.{name}"] = rf"\.{name}\b"
    if language == "C++":
        wanted |= {f"constant {member}": rf"\b{member}\b" for enum in headers.enums for member, _, _ in enum.members}
    return [
        what
        for what, pattern in wanted.items()
        if not re.search(pattern, text) and re.split(r"[ .]", what)[-1] not in OWN_WAY[language]
    ]


def main() -> int:
    headers = c_headers.read()
    assert len(headers.functions) > 50 and len(headers.events) > 30 and len(headers.enums) > 25, "the headers are read"
    found = []
    for language, text in bindings().items():
        for planted in ["nertc_callkit_send_data", "on_missed_call", "credential"]:
            without = re.sub(rf"\b{planted}\b", "planted", text)
            if not any(planted in what for what in missing(headers, language, without)):
                found.append(f"{language}: a planted gap was not found: {planted}")
        found += [f"{language} lacks {what}" for what in missing(headers, language, text)]
    print("\n".join(found) or "coverage: nothing is missing", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
