"""Reads the C headers of apps: enums, structs, events and functions. For generate.py and coverage.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include"
#: Not backend.h, which is for authors of backends.
HEADERS = ["nertc_callkit.h", "nertc_callkit/loopback.h", "nertc_callkit/mqtt.h", "nertc_callkit/webrtc.h"]


@dataclass
class Enum:
    name: str
    integer: str
    is_flags: bool
    doc: str
    #: Name as in C, value, comment.
    members: list[tuple[str, str, str]] = field(default_factory=list)

    def short(self, member: str) -> str:
        """The member's name without what all members of this enum begin with."""
        names = [name for name, _, _ in self.members]
        prefix = names[0].rsplit("_", 1)[0] + "_"
        if len(names) == 1:
            prefix = "NERTC_CALLKIT_" + self.name.removesuffix("_flag").upper() + "_"
            if not member.startswith(prefix):
                prefix = names[0].rsplit("_", 2)[0] + "_"
        while not all(name.startswith(prefix) for name in names):
            prefix = prefix[:-1].rsplit("_", 1)[0] + "_"
        return member.removeprefix(prefix).lower()


@dataclass
class Struct:
    name: str
    #: Type as in C, without the names of macros; name, with its array bounds.
    fields: list[tuple[str, str]]
    doc: str


@dataclass
class Headers:
    enums: list[Enum]
    structs: dict[str, Struct]
    #: Name of the function in the listener, name of its struct, comment.
    events: list[tuple[str, str, str]]
    functions: list[str]


def comment(text: str) -> str:
    """A C comment as one paragraph."""
    bare = (line.strip().removeprefix("/**").removesuffix("*/").strip() for line in text.splitlines())
    lines = (line.removeprefix("*").strip() for line in bare)
    return " ".join(line for line in lines if line)


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


COMMENT = r"/\*\*(?:[^*]|\*(?!/))*\*/"


def read_enums(text: str) -> list[Enum]:
    found = []
    pattern = rf"({COMMENT})\nNERTC_CALLKIT_(ENUM|FLAGS)\((\w+), nertc_callkit_(\w+)\) \{{(.*?)\n\}};"
    for doc, kind, integer, name, body in re.findall(pattern, text, re.S):
        enum = Enum(name, integer, kind == "FLAGS", comment(doc))
        for note, member, value in re.findall(rf"({COMMENT})\s*(\w+) = (-?\w+),", body, re.S):
            enum.members.append((member, value, comment(note)))
        found.append(enum)
    return found


def read_structs(text: str) -> dict[str, Struct]:
    found = {}
    pattern = rf"({COMMENT})\ntypedef struct nertc_callkit_(\w+) \{{(.*?)\n\}} \w+;"
    for doc, name, body in re.findall(pattern, text, re.S):
        body = re.sub(COMMENT, "", body, flags=re.S)
        body = re.sub(r"NERTC_CALLKIT_(NULLABLE|NONNULL)", "", body)
        fields = []
        for declaration in body.split(";"):
            words = " ".join(declaration.split())
            if pointer := re.search(r"\(\*\s*(\w+)\)", words):
                fields.append(("function", pointer[1]))
            elif words:
                kind, field_name = re.fullmatch(r"(.*?[ *])(\w+(?:\[\w+\])?)", words).groups()
                fields.append((kind.replace(" ", "").replace("const", "const "), field_name))
        found[name] = Struct(name, fields, comment(doc))
    return found


def read_events(text: str) -> list[tuple[str, str, str]]:
    kinds = dict(
        re.findall(r"typedef void \(\*nertc_callkit_(\w+_cb)\)\([^;]*?const nertc_callkit_(\w+) \*event", text)
    )
    body = re.search(r"typedef struct nertc_callkit_listener \{(.*?)\n\} ", text, re.S)[1]
    found = []
    for doc, declaration in re.findall(rf"({COMMENT})\s*([^;]*);", body, re.S):
        if pointer := re.search(r"\(\*[^)]*?(on_\w+)\).*const nertc_callkit_(\w+) \*event", declaration, re.S):
            found.append((pointer[1], pointer[2], comment(doc)))
        elif shared := re.search(r"nertc_callkit_(\w+_cb) \w+ (on_\w+)", declaration):
            found.append((shared[2], kinds[shared[1]], comment(doc)))
    return found


def read() -> Headers:
    text = "\n".join((INCLUDE / name).read_text() for name in HEADERS)
    table = (INCLUDE / "symbols.txt").read_text().splitlines()
    functions = [line.split()[0] for line in table if line.startswith("nertc_callkit_")]
    return Headers(read_enums(text), read_structs(text), read_events(text), functions)
