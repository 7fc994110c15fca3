"""Reading a finished feed again: from bytes to components. Pure, and apart from ics.py, which
writes it, so that a fault there is not repeated here. What cannot be read becomes a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# name, then ;parameters with values that may be quoted, then the value (RFC 5545 3.1).
_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:[^";:]|"[^"]*")*)*):(.*)', re.DOTALL)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=((?:[^";:]|"[^"]*")*)')
# Line feeds without carriage returns, and the other way round.
_LOOSE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
# Controls but for the tab, and C1 controls and line separators as UTF-8 has them.
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
LONGEST = 75


@dataclass(frozen=True)
class Fault:
    """Something wrong with the bytes, and the line of the file where it is first."""

    code: str
    line: int
    text: str = ""


@dataclass(frozen=True)
class Property:
    """One unfolded line. `line` is where it begins in the file, counted from 1."""

    name: str
    parameters: dict[str, str]
    value: str
    line: int


@dataclass
class Component:
    """What stands between BEGIN and END, and the components within."""

    name: str
    line: int
    properties: list[Property] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    def find(self, name: str) -> Property | None:
        return next((one for one in self.properties if one.name == name), None)

    def value(self, name: str) -> str:
        found = self.find(name)
        return found.value if found else ""

    def walk(self) -> Iterator[Component]:
        yield self
        for part in self.parts:
            yield from part.walk()


def byte_faults(data: bytes) -> Iterator[Fault]:
    """Line ends, line lengths, control characters, and letters that are cut or no UTF-8."""
    if data.startswith(b"\xef\xbb\xbf"):
        yield Fault("mark", 1)
    for loose in _LOOSE.finditer(data):
        yield Fault("line_end", data.count(b"\n", 0, loose.start()) + 1)
    if not data.endswith(b"\r\n"):
        yield Fault("line_end", data.count(b"\n") + 1)
    for number, line in enumerate(data.replace(b"\r\n", b"\n").split(b"\n"), 1):
        if len(line) > LONGEST:
            yield Fault("long_line", number, line[:30].decode("utf-8", "replace"))
        if _CONTROL.search(line):
            yield Fault("control", number, line[:30].decode("utf-8", "replace"))
        if not line.isascii():
            try:
                line.decode()
            except UnicodeDecodeError:
                yield Fault("letters", number, line[:30].decode("utf-8", "replace"))


def content(data: bytes) -> Iterator[tuple[int, str]]:
    """The unfolded lines, each with the number of the line of the file where it begins."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    start, whole = 0, ""
    for number, line in enumerate(lines, 1):
        if line[:1] in (" ", "\t"):
            whole += line[1:]
            continue
        if whole:
            yield start, whole
        start, whole = number, line
    if whole:
        yield start, whole


def read(data: bytes) -> tuple[list[Component], list[Fault]]:
    """The outermost components, and what cannot be read."""
    top: list[Component] = []
    within: list[Component] = []
    faults: list[Fault] = []
    for number, line in content(data):
        matched = _LINE.fullmatch(line)
        if matched is None:
            faults.append(Fault("unreadable", number, line[:30]))
            continue
        name, parameters, value = matched[1].upper(), matched[2], matched[3]
        if name == "BEGIN":
            part = Component(value.upper(), number)
            (within[-1].parts if within else top).append(part)
            within.append(part)
        elif name == "END":
            if not within or within[-1].name != value.upper():
                faults.append(Fault("structure", number, line[:30]))
                continue
            within.pop()
        elif within:
            known = {one[1].upper(): one[2].strip('"') for one in _PARAMETER.finditer(parameters)}
            within[-1].properties.append(Property(name, known, value, number))
        else:
            faults.append(Fault("structure", number, line[:30]))
    faults += [Fault("structure", part.line, f"BEGIN:{part.name}") for part in within]
    return top, faults
