"""What a later file changes, and what an editor's hand keeps. Pure.

Three sides, field by field: what the source said last, what it says now, and what is here. Where
here is still what the source said, the source is followed; where somebody has changed it here, it
stays, and the difference is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from portal.events.rules import DateState, Details, check_details
from portal.imports.told import Common, Kinds, Told, common

UNKNOWN: Any = object()
"""Nobody remembers what a source said: what is here counts as said."""
# A source that never said anything of these does not contradict an editor who did.
QUIET = ("languages", "audiences", "ages", "phone", "sign_up", "link", "texts")


@dataclass(frozen=True)
class Difference:
    """One field: how it is here, and how the source has it. `mark` names it in a form."""

    mark: str
    field: str
    here: Any
    there: Any


@dataclass(frozen=True)
class KnownDate:
    """A date that the source has told before: `base` is what it said, `told` what it says now.
    `is_missing`: it should be in the file and is not; without `told` and that, the file is about
    other days."""

    key: str
    recurrence_id: datetime
    here: DateState
    base: Told | None
    told: Told | None
    is_missing: bool = False
    was_gone: bool = False
    is_past: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the source has left it out, now or earlier, and not taken it back."""
        return self.told is None and (self.is_missing or self.was_gone)

    @property
    def last(self) -> Told | None:
        """What the source says, or said when it last spoke of it."""
        return self.told or self.base


@dataclass(frozen=True)
class DateChange:
    """A date that changes: how it is to be, and what is different."""

    key: str
    recurrence_id: datetime
    to: DateState
    changes: tuple[Difference, ...]


@dataclass
class Merged:
    """What becomes of an event. `whole` is what the source says of all of it, None when nobody
    knows; `details` is None when nothing of that changes here."""

    whole: Common | None
    details: Details | None = None
    changes: list[Difference] = field(default_factory=list)
    kept: list[Difference] = field(default_factory=list)
    dates: list[DateChange] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return self.details is None and not self.dates


@dataclass
class Settler:
    """Decides between the three sides; `taken` are the marks where the source is to win, `held`
    the fields that stay as they are here in any case."""

    mark: str
    taken: Collection[str]
    held: Collection[str] = ()
    changes: list[Difference] = field(default_factory=list)
    kept: list[Difference] = field(default_factory=list)

    def settle(self, name: str, base: Any, here: Any, there: Any) -> Any:
        """The value that holds from now on."""
        if here == there:
            return here
        difference = Difference(f"{self.mark}:{name}", name, here, there)
        is_followed = difference.mark in self.taken or base is UNKNOWN or here == base
        if is_followed and name not in self.held:
            self.changes.append(difference)
            return there
        if _says(there) or _says(base) or name.split(".")[0] not in QUIET:
            self.kept.append(difference)
        return here


def _says(value: Any) -> bool:
    """Whether a side says anything: an empty field is a silence, and so is no sign-up; an age of
    nought is none."""
    parts = value if isinstance(value, tuple) else (value,)
    return any(part not in (None, "", (), "none") for part in parts)


def merge(
    event_id: int,
    here: Details,
    before: Common | None,
    dates: Sequence[KnownDate],
    fresh: Sequence[Told],
    kinds: Kinds,
    taken: Collection[str] = (),
) -> Merged:
    """What the source's word of now makes of an event and its known dates.

    `before` is what it said of the whole when that was last followed. `fresh` are new dates of
    the event: they take part in what it says now.
    """
    whole = _whole(dates, fresh)
    base = before.details(kinds) if before is not None else None
    there = whole.details(kinds) if whole is not None else here
    settler = Settler(str(event_id), taken)
    details = _details(base, here, there, settler)
    if check_details(details):
        # Each by itself is sound, and together they are not: sign-up by telephone, and an editor
        # has taken the number away.
        settler = Settler(str(event_id), taken, held=("sign_up", "phone"))
        details = _details(base, here, there, settler)
    merged = Merged(whole, changes=settler.changes, kept=settler.kept)
    merged.details = details if settler.changes else None
    for one in dates:
        _date(merged, one, before, taken)
    return merged


def _whole(dates: Sequence[KnownDate], fresh: Sequence[Told]) -> Common | None:
    """What counts is what is still to come: a title that changed in spring is the title."""
    coming = [one.last for one in dates if not (one.is_past or one.is_gone)]
    said = [told for told in coming if told is not None] + list(fresh)
    said = said or [one.last for one in dates if one.last is not None]
    return common(said) if said else None


def _details(base: Details | None, here: Details, there: Details, settler: Settler) -> Details:
    settled: dict[str, Any] = {}
    for name, columns in _FIELDS:
        base_value, *both = (_values(side, columns) for side in (base, here, there))
        settled |= zip(columns, settler.settle(name, base_value, *both), strict=True)
    for name in ("titles", "texts"):
        settled[name] = _texts(name, base, here, there, settler)
    return replace(here, **settled)


def _values(side: Details | None, columns: tuple[str, ...]) -> Any:
    return UNKNOWN if side is None else tuple(getattr(side, name) for name in columns)


# Columns that make sense only together are one field.
_FIELDS = (
    ("kind", ("kind_id",)),
    ("unit", ("unit_id",)),
    ("where", ("place_id", "elsewhere")),
    ("languages", ("languages",)),
    ("audiences", ("audiences",)),
    ("ages", ("age_from", "age_to")),
    ("sign_up", ("sign_up", "sign_up_link")),
    ("phone", ("phone",)),
    ("is_preliminary", ("is_preliminary",)),
)


def _texts(
    name: str, base: Details | None, here: Details, there: Details, settler: Settler
) -> dict[str, str]:
    """Language by language: what an editor has translated stays."""
    earlier = getattr(base, name) if base is not None else {}
    texts, given = dict(getattr(here, name)), getattr(there, name)
    for key in sorted({*given, *earlier}):
        was = UNKNOWN if base is None else earlier.get(key, "")
        field_name = f"{name}.{key}"
        texts[key] = settler.settle(field_name, was, texts.get(key, ""), given.get(key, ""))
    return {key: text for key, text in texts.items() if text}


def _date(merged: Merged, one: KnownDate, before: Common | None, taken: Collection[str]) -> None:
    if one.is_past or (one.last is None and not one.is_gone):
        return
    settler = Settler(f"d{one.key}", taken)
    to = _settled(one, before, merged.whole, settler)
    merged.kept += settler.kept
    if settler.changes:
        change = DateChange(one.key, one.recurrence_id, to, tuple(settler.changes))
        merged.dates.append(change)


def _settled(
    one: KnownDate, before: Common | None, whole: Common | None, settler: Settler
) -> DateState:
    here = one.here
    base = side(one.base, before) if one.base is not None and before is not None else None
    was_off = one.was_gone or (UNKNOWN if base is None else base.is_cancelled)
    # Of a date that is in no file any more the source still says what it said last.
    there = side(one.last, whole) if one.last is not None and whole is not None else here
    there = replace(there, is_cancelled=there.is_cancelled or one.is_gone)
    for name, columns in _DATE_FIELDS:
        was = UNKNOWN if base is None else _of(base, columns)
        value = settler.settle(name, was, _of(here, columns), _of(there, columns))
        values = value if len(columns) > 1 else (value,)
        here = replace(here, **dict(zip(columns, values, strict=True)))
    off = settler.settle("is_cancelled", was_off, here.is_cancelled, there.is_cancelled)
    return replace(here, is_cancelled=off)


_DATE_FIELDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("times", ("starts", "ends")),
    ("title", ("title",)),
    ("own_where", ("where",)),
    ("link", ("link",)),
)


def _of(side: DateState, columns: tuple[str, ...]) -> Any:
    values = tuple(getattr(side, name) for name in columns)
    return values if len(columns) > 1 else values[0]


def side(told: Told, whole: Common) -> DateState:
    """What a source says of a date, beside what it says of the whole."""
    return DateState(
        told.starts,
        told.ends,
        "" if told.title == whole.title else told.title,
        None if told.where == whole.where else told.where,
        whole.own_link(told),
        told.is_cancelled,
    )
