"""Reading JSON with schema.org/Event, alone or in the scripts of an HTML page. Pure.

Finds the events wherever sites put them; what one event says is read by `schema_events.py`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from portal.imports.decoding import text_of
from portal.imports.formats import detect
from portal.imports.items import Item, Reading, RowProblem, Unreadable
from portal.imports.schema_events import GROUP, Refusal, items_of
from portal.imports.schema_values import Node, kinds_of, listed, text_in

MOST_BYTES = 2_000_000
MOST_EVENTS = 5000
MOST_SCHEDULES = 100
DEEPEST = 20
# Where sites keep lists of events, and the things that hold one.
HOLDERS = (
    *("@graph", "@list", "itemListElement", "item", "events", "event", "mainEntity"),
    *("dataFeedElement", "hasPart", "subEvent", "subEvents"),
)
# Events by name that do not end in "Event" (https://schema.org/Event).
EVENTS = {"Festival", "Hackathon", "CourseInstance", "EventSeries"}
_SCRIPT = re.compile(r"<script\b([^<>]{0,400})>", re.IGNORECASE)
_SCRIPT_END = re.compile("</script", re.IGNORECASE)


def read(raw: bytes, zone: str, today: date, language: str = "sv") -> Reading:
    """Every event of a JSON file or an HTML page, in `zone`; `row` counts them from 1.

    Texts that name no language are in `language`. Without an end a schedule is read for 24
    months from `today`. Raises Unreadable: too_big, not_json, too_deep, no_events, too_many,
    encoding_unknown.
    """
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_big", most=MOST_BYTES)
    reading, text = Reading(), text_of(raw).removeprefix("\ufeff")
    documents = _in_html(text, reading) if detect(raw) == "html" else [_parsed(text)]
    found: list[Node] = []
    known: dict[str, Node] = {}
    for document in documents:
        known |= {str(node["@id"]): node for node in _all(document) if _is_known(node)}
        found += _events(document, 0)
        if not reading.name and isinstance(document, dict) and not _is_event(document):
            reading.name = text_in(document.get("name"))
        if len(found) > MOST_EVENTS:
            raise Unreadable("too_many", most=MOST_EVENTS)
    if not found:
        raise Unreadable("no_events")
    if sum(len(listed(node.get("eventSchedule"))) for node in found) > MOST_SCHEDULES:
        raise Unreadable("too_many", most=MOST_SCHEDULES)
    for row, node in enumerate(found, 1):
        _add(reading, row, node, known, zone, today, language)
        if len(reading.items) > MOST_EVENTS:
            raise Unreadable("too_many", most=MOST_EVENTS)
    _told_apart(reading)
    return reading


def _parsed(text: str) -> Any:
    try:
        # Line breaks within texts are wrong, common, and harmless.
        return json.loads(text, strict=False)
    except RecursionError as error:
        raise Unreadable("too_deep") from error
    except ValueError as error:
        raise Unreadable("not_json") from error


def _in_html(text: str, reading: Reading) -> list[Any]:
    """The JSON-LD scripts of a page; one that cannot be read is a note."""
    found, end = [], 0
    for opening in _SCRIPT.finditer(text):
        if opening.start() < end or "application/ld+json" not in opening[1].lower():
            continue
        closing = _SCRIPT_END.search(text, opening.end())
        if closing is None:
            break
        end = closing.start()
        try:
            found.append(_parsed(text[opening.end() : end]))
        except Unreadable as error:
            line = text.count("\n", 0, opening.start()) + 1
            reading.notes.append(RowProblem(line, "script", error.code, ""))
    return found


def _all(node: object, depth: int = 0) -> Iterator[Node]:
    if depth > DEEPEST:
        raise Unreadable("too_deep")
    if isinstance(node, dict):
        yield node
    for below in node.values() if isinstance(node, dict) else listed(node):
        if isinstance(below, dict | list):
            yield from _all(below, depth + 1)


def _is_known(node: Node) -> bool:
    """Whether it is a thing that others may point at by its @id."""
    return isinstance(node.get("@id"), str) and len(node) > 1


def _is_event(node: Node) -> bool:
    kinds = kinds_of(node)
    if not kinds:  # a list of events that forgets to say so
        return "startDate" in node and "name" in node
    return any(kind.endswith("Event") or kind in EVENTS for kind in kinds)


def _events(node: object, depth: int) -> Iterator[Node]:
    """The events in a document. One with parts stands for its parts, which say the less."""
    if isinstance(node, list):
        for one in node:
            yield from _events(one, depth + 1)
    elif isinstance(node, dict):
        parts = [part for name in HOLDERS for part in _events(node.get(name), depth + 1)]
        if not _is_event(node):
            yield from parts
        elif parts:
            yield from ({**_for_parts(node), **part} for part in parts)
        else:
            yield node


def _for_parts(node: Node) -> Node:
    """What an event says of its parts: not when, and not by which id."""
    own = {"@id", "identifier", "url", "startDate", "endDate", "duration", "eventSchedule"}
    said = {name: value for name, value in node.items() if name not in own and name not in HOLDERS}
    if key := text_in(node.get("@id")) or text_in(node.get("identifier")):
        said.setdefault(GROUP, key)
    return said


def _add(
    reading: Reading,
    row: int,
    node: Node,
    known: dict[str, Node],
    zone: str,
    today: date,
    language: str,
) -> None:
    """One event's items, or the reason why there are none."""
    try:
        items, notes = items_of(row, node, known, zone, today, language)
    except Refusal as refused:
        reading.problems.append(RowProblem(row, refused.column, refused.code, refused.value[:80]))
        reading.unread[row] = refused.unit, refused.place
        if refused.key:
            reading.refused_keys.add(refused.key)
        else:
            reading.has_nameless = True
        return
    reading.items += items
    reading.notes += notes


def _told_apart(reading: Reading) -> None:
    """The dates of a page that gives all of them its own address are told apart by their start;
    what else has an id of another is refused."""
    times = Counter(item.key for item in reading.items)
    kept: list[Item] = []
    seen: set[str] = set()
    for item in reading.items:
        if times[item.key] > 1 and item.key.startswith(("http:", "https:")):
            again = f"{item.key[:180]}#{item.starts:%Y%m%dT%H%M}"
            item = replace(item, key=again)
        if item.key in seen:
            problem = RowProblem(item.row, "identifier", "id_twice", item.key[:80])
            reading.problems.append(problem)
            reading.refused_keys.add(item.key)
            reading.unread[item.row] = item.unit, item.place
            continue
        seen.add(item.key)
        kept.append(item)
    reading.items = kept
