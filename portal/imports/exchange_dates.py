"""The cells of the exchange format that hold JSON: dates that differ, reasons by language. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.core.text import Localised
from portal.imports.exchange_cells import LANGUAGE, Cell, Unusable, moment, moment_words


@dataclass(frozen=True)
class ExchangeDate:
    """One date that differs from its series, in wall times of the event's zone.

    `starts` and `ends` are None where they are as planned; a place is a place's address.
    `told_apart` says whether feeds write the date out for good; None leaves it to the portal.
    """

    recurrence_id: datetime
    starts: datetime | None = None
    ends: datetime | None = None
    is_cancelled: bool = False
    note: Localised = field(default_factory=dict)
    titles: Localised = field(default_factory=dict)
    place: str = ""
    elsewhere: str = ""
    sign_up_link: str = ""
    told_apart: bool | None = None

    @property
    def is_as_planned(self) -> bool:
        """Whether nothing about the date differs that a visitor would see."""
        own = (self.starts, self.ends, self.note, self.titles, self.place, self.elsewhere)
        return not (self.is_cancelled or self.sign_up_link or any(own))


def _json(cell: str, code: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise Unusable(code) from error


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def said(value: Any, code: str) -> Localised:
    """Text by language; a text alone is Swedish."""
    if isinstance(value, str):
        value = {"sv": value}
    if not isinstance(value, dict) or not all(
        LANGUAGE.fullmatch(key) and isinstance(one, str) for key, one in value.items()
    ):
        raise Unusable(code)
    if any(len(one) > 1000 for one in value.values()):
        raise Unusable("too_long")
    return {key: one for key, one in value.items() if one}


def _read_reasons(cell: str) -> tuple[Localised, ...]:
    if not cell:
        return ()
    if not cell.startswith("["):
        return tuple(said(part.strip(), "bad_reasons") for part in cell.split(";"))
    found = _json(cell, "bad_reasons")
    return tuple(said(one, "bad_reasons") for one in found)


def _write_reasons(reasons: Iterable[Localised]) -> str:
    """Swedish reasons as a plain list, as long as that says everything."""
    wanted = tuple(reasons)
    plain = ";".join(one.get("sv", "") for one in wanted)
    if not any(wanted):
        return ""
    try:
        is_whole = _read_reasons(plain) == wanted
    except Unusable:
        is_whole = False
    return plain if is_whole else _write(wanted)


REASONS = Cell(_write_reasons, _read_reasons)
_TEXTS = {"note": "note", "titles": "titles"}
_WORDS = {"place": 100, "elsewhere": 200, "sign_up_link": 300}
_FLAGS = {"cancelled": "is_cancelled", "told_apart": "told_apart"}


def read_dates(cell: str) -> tuple[ExchangeDate, ...]:
    """Reads the dates that differ; raises Unusable for what no date has."""
    found = _json(cell, "bad_overrides") if cell.strip() else []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Unusable("bad_overrides")
    dates = tuple(_date(one) for one in found)
    if len({one.recurrence_id for one in dates}) < len(dates):
        raise Unusable("date_twice")
    return dates


def _date(given: dict[str, Any]) -> ExchangeDate:
    known = {"recurrence_id", "start", "end", *_TEXTS, *_WORDS, *_FLAGS}
    times = {name: given.get(name) for name in ("recurrence_id", "start", "end")}
    flags = {own: given[name] for name, own in _FLAGS.items() if name in given}
    words = {name: given.get(name, "") for name in _WORDS}
    sound = (
        set(given) <= known
        and isinstance(times["recurrence_id"], str)
        and all(isinstance(one, str | None) for one in times.values())
        and all(isinstance(one, bool) for one in flags.values())
        and all(isinstance(one, str) for one in words.values())
    )
    if not sound:
        raise Unusable("bad_overrides")
    if any(len(words[name]) > most for name, most in _WORDS.items()):
        raise Unusable("too_long")
    at = {name: moment(one) if one else None for name, one in times.items()}
    texts = {own: said(given.get(name, {}), "bad_overrides") for name, own in _TEXTS.items()}
    recurrence_id = at["recurrence_id"]
    if recurrence_id is None:
        raise Unusable("bad_overrides")
    rest: dict[str, Any] = {**flags, **texts, **words}
    return ExchangeDate(recurrence_id, at["start"], at["end"], **rest)


def write_dates(dates: Iterable[ExchangeDate], is_all_day: bool) -> str:
    """The dates that differ as JSON, each with no more than what differs."""
    return _write([_as_json(one, is_all_day) for one in dates])


def _as_json(one: ExchangeDate, is_all_day: bool) -> dict[str, Any]:
    times = {"recurrence_id": one.recurrence_id, "start": one.starts, "end": one.ends}
    at = {name: moment_words(value, is_all_day) for name, value in times.items() if value}
    cancelled = {"cancelled": True} if one.is_cancelled else {}
    apart = {} if one.told_apart is None else {"told_apart": one.told_apart}
    words = {name: getattr(one, name) for name in (*_TEXTS, *_WORDS) if getattr(one, name)}
    return {**at, **cancelled, **words, **apart}
