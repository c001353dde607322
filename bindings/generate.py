"""generate.py [--check]: writes what C++ and Python have from the C headers: enums and events.

With --check nothing is written: it fails, and names the files, if they are not what the headers say now.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import c_headers
from c_headers import INCLUDE, ROOT, Enum, Headers, Struct, camel

CPP = INCLUDE / "nertc_callkit" / "generated.hpp"
PYTHON = ROOT / "bindings" / "python" / "src" / "nertc_callkit"
#: Structs that the library fills and lends during a callback.
LENT = "_event"
#: Structs that the library fills and the app owns.
OWNED = ["call_info", "call_stats", "stream_stats"]
#: Number of elements of a field that is a list.
COUNTS = {"user_ids": "user_id_count", "accounts": "account_count", "durations_s": "account_count"}
NOTE = "Written by bindings/generate.py from the C headers. Do not edit."


def visible(struct: Struct) -> list[tuple[str, str]]:
    """Fields that an app reads: not the reserved ones."""
    hidden = {"struct_size", "reserved", "reserved[3]", *COUNTS.values()}
    return [
        (kind, name) for kind, name in struct.fields if name not in hidden and (kind, name) != ("uint32_t", "flags")
    ]


def seen_structs(headers: Headers) -> list[Struct]:
    names = [name for name in headers.structs if name.endswith(LENT) or name == "result"]
    return [headers.structs[name] for name in names + OWNED]


def wrap(text: str, before: str, width: int = 100) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=before, subsequent_indent=before, break_long_words=False, break_on_hyphens=False
    )


# ---- C++ -------------------------------------------------------------------------------------------


def cpp_enum(enum: Enum) -> list[str]:
    name = camel(enum.name)
    lines = [*wrap(enum.doc, "/// "), f"enum class {name} : {enum.integer} {{"]
    if enum.is_flags:
        lines += ["  /// No flag.", "  none = 0,"]
    for member, _, doc in enum.members:
        # Keywords.
        short = enum.short(member) + ("_" if enum.short(member) in ("default", "switch") else "")
        lines += [*wrap(doc, "  /// "), f"  {short} = {member},"]
    lines.append("};")
    if enum.is_flags:
        lines.append(f"CALLKIT_FLAGS({name})")
    return [*lines, ""]


def cpp_field(kind: str, name: str, enums: set[str]) -> str:
    bare = name.split("[")[0]
    has = f"detail::has(raw(), &C::{bare})"
    inner = kind.strip().removeprefix("nertc_callkit_")
    if bare in COUNTS:
        element = "std::uint32_t" if bare == "durations_s" else "std::string_view"
        return f"  std::vector<{element}> {bare}() const {{ return {{raw().{bare}, raw().{bare} + raw().{COUNTS[bare]}}}; }}"
    if inner in enums:
        return f"  {camel(inner)} {bare}() const {{ return {has} ? {camel(inner)}(raw().{bare}) : {camel(inner)}(); }}"
    if name.endswith("]"):
        return f"  std::string_view {bare}() const {{ return {has} ? raw().{bare} : std::string_view(); }}"
    if kind == "const char*":
        return (
            f"  std::string_view {bare}() const {{ return {has} ? detail::view(raw().{bare}) : std::string_view(); }}"
        )
    if bare == "call":
        return f"  CallRef {bare}() const {{ return CallRef(*raw().{bare}); }}"
    if kind.strip() == "int32_t" and bare in ("on", "is_from_group"):
        return f"  bool {bare}() const {{ return {has} && raw().{bare} != 0; }}"
    return f"  {kind.strip()} {bare}() const {{ return {has} ? raw().{bare} : 0; }}"


def cpp_struct(struct: Struct, enums: set[str]) -> list[str]:
    name, c_name = camel(struct.name), "nertc_callkit_" + struct.name
    owned = struct.name in OWNED
    lines = [*wrap(struct.doc, "/// "), f"class {name} {{", f"  using C = {c_name};", "", " public:"]
    if owned:
        lines += [
            f"  {name}() {{ raw_.struct_size = sizeof raw_; }}",
            f"  C &raw() {{ return raw_; }}",
            f"  const C &raw() const {{ return raw_; }}",
        ]
    else:
        lines += [f"  explicit {name}(const C &raw) : raw_(&raw) {{}}", f"  const C &raw() const {{ return *raw_; }}"]
    for kind, field in visible(struct):
        lines += break_cpp(cpp_field(kind, field, enums))
    lines += [" private:", "  C raw_{};" if owned else "  const C *raw_;", "};", ""]
    return lines


def break_cpp(line: str) -> list[str]:
    if len(line) <= 100:
        return [line]
    head, body = line.split(" { ", 1)
    return [head + " {", "    " + body.removesuffix(" }"), "  }"]


def cpp(headers: Headers) -> str:
    enums = {enum.name for enum in headers.enums}
    lines = [
        f"// {NOTE}",
        "// Part of nertc_callkit.hpp: include that.",
        "#ifndef NERTC_CALLKIT_GENERATED_HPP",
        "#define NERTC_CALLKIT_GENERATED_HPP",
        "",
        '#include "support.hpp"',
        '#include "loopback.h"',
        '#include "mqtt.h"',
        '#include "webrtc.h"',
        "",
        "namespace callkit {",
        "",
    ]
    for enum in headers.enums:
        lines += cpp_enum(enum)
    lines += ["CALLKIT_CALL_REF", ""]
    for struct in seen_structs(headers):
        lines += cpp_struct(struct, enums)
    # The events as a list, for the listener, the set of functions and the table of C functions.
    lines += ["/// Calls row(name, type) for every event.", "#define CALLKIT_EVENTS(row) \\"]
    lines += [f"  row({name}, {camel(struct)}) \\" for name, struct, _ in headers.events]
    lines[-1] = lines[-1].removesuffix(" \\")
    lines += [
        "",
        "class Handle;",
        "",
        "/// One virtual function per event; override those of interest.",
        "class Events {",
        " public:",
        "  virtual ~Events() = default;",
    ]
    for name, struct, doc in headers.events:
        lines += [
            *wrap(doc, "  /// "),
            f"  virtual void {name}(const Handle &kit, const {camel(struct)} &event) {{",
            "    (void)kit, (void)event;",
            "  }",
        ]
    lines += ["};", "", "}  // namespace callkit", "", "#endif", ""]
    text = "\n".join(lines).replace("CALLKIT_CALL_REF\n", CALL_REF)
    return text


CALL_REF = """/// Names a call; what is 0 or empty is not compared. A call_no is one, too.
struct CallRef {
  std::uint64_t call_no = 0;
  std::string channel_id{}, account{}, request_id{};
  /// accept, reject: if that call is not here yet, wait for it.
  CallRefFlag flags = CallRefFlag::none;

  CallRef() = default;
  CallRef(std::uint64_t number) : call_no(number) {}
  explicit CallRef(const nertc_callkit_call_ref &raw)
      : call_no(raw.call_no), channel_id(detail::view(raw.channel_id)), account(detail::view(raw.account)),
        request_id(detail::view(raw.request_id)), flags(CallRefFlag(raw.flags)) {}
};
"""

# ---- Python ----------------------------------------------------------------------------------------


def docstring(text: str, indent: str) -> list[str]:
    lines = wrap(text.replace("\\", "\\\\"), indent, 100)
    lines[0] = indent + '"""' + lines[0].removeprefix(indent)
    lines[-1] += '"""'
    return lines


#: What an answer or an end is, in a file of its own.
CODES = ("status", "code", "end_reason", "state", "operation")


def python_codes(headers: Headers) -> str:
    enums = [enum for enum in headers.enums if enum.name in CODES]
    text = "\n".join([f"# {NOTE}", "from enum import IntEnum", "", *python_enums(enums)])
    return text.replace("from enum import IntEnum\n", PYTHON_UNKNOWN)


def python_values(headers: Headers) -> str:
    enums = [enum for enum in headers.enums if enum.name not in CODES]
    lines = [f"# {NOTE}", "from enum import IntEnum, IntFlag", ""]
    codes = sorted(camel(name) for name in CODES)
    lines += [f"from .codes import {', '.join(codes)}, unknown", ""]
    lines += python_enums(enums)
    names = [f'    "{name}",' for name in [*codes, *(camel(enum.name) for enum in enums)]]
    return "\n".join([*lines, "", "__all__ = [", *names, "]", ""])


def python_enums(enums: list[Enum]) -> list[str]:
    lines: list[str] = []
    for enum in enums:
        lines += [
            "",
            f"class {camel(enum.name)}({'IntFlag' if enum.is_flags else 'IntEnum'}):",
            *docstring(enum.doc, "    "),
            "",
        ]
        for member, value, doc in enum.members:
            lines += [*wrap(doc, "    #: "), f"    {enum.short(member).upper()} = {value}"]
        if not enum.is_flags:
            lines += [
                "",
                "    @classmethod",
                f'    def _missing_(cls, value: object) -> "{camel(enum.name)}":',
                "        return unknown(cls, value)",
            ]
        lines.append("")
    return lines


PYTHON_UNKNOWN = '''from enum import IntEnum
from typing import TypeVar

Enum = TypeVar("Enum", bound=IntEnum)


def unknown(cls: type[Enum], value: object) -> Enum:
    """A number that a newer library has: a member without a name of its own."""
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no {cls.__name__}")
    member = int.__new__(cls, value)
    member._name_ = f"UNKNOWN_{value}"
    member._value_ = value
    return member
'''


def python_field(kind: str, name: str, enums: set[str]) -> tuple[str, str]:
    """Type and expression for a field of `raw`."""
    bare = name.split("[")[0]
    inner = kind.strip().removeprefix("nertc_callkit_")
    if bare == "durations_s":
        return "list[int]", f"[raw.{bare}[i] for i in range(raw.{COUNTS[bare]})]"
    if bare in COUNTS:
        return "list[str]", f"[text(raw.{bare}[i]) for i in range(raw.{COUNTS[bare]})]"
    if inner in enums:
        return camel(inner), f"{camel(inner)}(raw.{bare})"
    if kind == "const char*" or name.endswith("]"):
        return "str", f"text(raw.{bare})"
    if bare == "call":
        return "CallRef", f"CallRef.of(raw.{bare})"
    if bare in ("on", "is_from_group"):
        return "bool", f"raw.{bare} != 0"
    return "int", f"raw.{bare}"


def python_struct(struct: Struct, enums: set[str]) -> list[str]:
    name = camel(struct.name)
    fields = [(bare.split("[")[0], *python_field(kind, bare, enums)) for kind, bare in visible(struct)]
    is_event = struct.name.endswith(LENT)
    lines = ["", "@dataclass(slots=True)", f"class {name}{'(Event)' if is_event else ''}:"]
    lines += [*docstring(struct.doc.replace(" Lent until the callback returns.", ""), "    "), ""]
    lines += [f"    {field}: {kind}" for field, kind, _ in fields]
    lines += ["", "    @classmethod", f"    def of(cls, raw: Any) -> Self:", "        return cls("]
    lines += [f"            {value}," for _, _, value in fields]
    return [*lines, "        )", ""]


def python_events(headers: Headers) -> str:
    enums = {enum.name for enum in headers.enums}
    structs = seen_structs(headers)
    used = sorted(
        {
            camel(kind.strip().removeprefix("nertc_callkit_"))
            for struct in structs
            for kind, _ in visible(struct)
            if kind.strip().removeprefix("nertc_callkit_") in enums
        }
    )
    lines = [
        f"# {NOTE}",
        "from __future__ import annotations",
        "",
        "from dataclasses import dataclass",
        "from typing import TYPE_CHECKING, Any",
        "",
        "from ._library import text",
        "from ._references import CallRef",
        "from .values import (",
        *[f"    {name}," for name in used],
        ")",
        "",
        "if TYPE_CHECKING:",
        "    from typing_extensions import Self",
        "",
        "",
        "class Event:",
        '    """Base of all events."""',
        "",
        "    __slots__ = ()",
        "",
    ]
    for struct in structs:
        lines += python_struct(struct, enums)
    for name, struct, doc in headers.events:
        lines += [
            "",
            f"class {camel(name.removeprefix('on_'))}({camel(struct)}):",
            *docstring(doc, "    "),
            "",
            "    __slots__ = ()",
            "",
        ]
    lines += [
        "",
        "#: Function of the C listener, name of its struct there, class here.",
        "EVENTS: list[tuple[str, str, Any]] = [",
    ]
    lines += [
        f'    ("{name}", "nertc_callkit_{struct}", {camel(name.removeprefix("on_"))}),'
        for name, struct, _ in headers.events
    ]
    return "\n".join([*lines, "]", ""])


def main() -> int:
    headers = c_headers.read()
    files: dict[Path, str] = {
        CPP: cpp(headers),
        PYTHON / "codes.py": python_codes(headers),
        PYTHON / "values.py": python_values(headers),
        PYTHON / "events.py": python_events(headers),
    }
    stale = [
        str(path.relative_to(ROOT)) for path, text in files.items() if not path.exists() or path.read_text() != text
    ]
    if "--check" in sys.argv and stale:
        print(f"{', '.join(stale)}: not what the C headers say: python3 bindings/generate.py", file=sys.stderr)
        return 1
    for path, text in files.items():
        if "--check" not in sys.argv:
            path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
