"""What a source says of one date, once its names mean something here. Pure.

Everything is told date by date, whatever a source repeats: a date is what people come to, and
(source, its id there) is what it is known by. Series are found again in `folding.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from portal.events.recurrence import Series, expand
from portal.events.rules import Details
from portal.imports.items import Item

Where = tuple[int | None, str]
"""A place that the portal knows, or where it is in words."""
Kinds = Mapping[str, tuple[int, str]]
"""Kinds of events by address: their ids, and who may see a new event of the kind."""


@dataclass(frozen=True, slots=True)
class About:
    """What is the same for all dates of a series; shared by the dates that agree."""

    unit_id: int
    kind: str
    zone: str
    is_all_day: bool
    titles: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    languages: tuple[str, ...] = ()
    age_from: int | None = None
    age_to: int | None = None
    phone: str = ""
    needs_sign_up: bool = False
    is_preliminary: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One date: `starts` and `ends` are wall times in the zone of `about`, `link` an address for
    sign-up, `titles` of `about` those in other languages. `group` is the source's own series
    and `planned` the date's original start in it."""

    row: int
    key: str
    title: str
    starts: datetime
    ends: datetime
    where: Where
    about: About
    group: str = ""
    planned: datetime | None = None
    link: str = ""
    is_cancelled: bool = False

    @property
    def fold(self) -> tuple[Any, ...]:
        """What dates of one series agree in: unit, title, place, weekday, time."""
        day, length = self.starts.weekday(), self.ends - self.starts
        return (self.about.unit_id, self.title, self.where, day, self.starts.time(), length)

    def as_json(self) -> dict[str, Any]:
        """To be kept until the next file is read."""
        said = _said(self.title, self.where, self.link, self.about)
        said |= {"starts": self.starts.isoformat(), "ends": self.ends.isoformat()}
        return said | ({"is_cancelled": True} if self.is_cancelled else {})


def _said(title: str, where: Where, link: str, about: About) -> dict[str, Any]:
    return {"title": title, "where": list(where), "link": link, "about": _kept(about)}


@lru_cache(maxsize=1000)
def _kept(about: About) -> dict[str, Any]:
    values = {field.name: getattr(about, field.name) for field in fields(about)}
    return {name: value for name, value in values.items() if value not in ("", (), None)}


class Memory:
    """Reads what was kept; equal parts are shared, for there may be very many."""

    def __init__(self) -> None:
        self._abouts: dict[str, About] = {}

    def told(self, key: str, group: str, said: dict[str, Any]) -> Told | None:
        """What was said of a date; None where nobody remembers."""
        if not said:
            return None
        return Told(
            row=0,
            key=key,
            title=said["title"],
            starts=datetime.fromisoformat(said["starts"]),
            ends=datetime.fromisoformat(said["ends"]),
            where=_where(said["where"]),
            about=self._about(said["about"]),
            group=group,
            link=said["link"],
            is_cancelled=said.get("is_cancelled", False),
        )

    def common(self, said: dict[str, Any]) -> Common | None:
        """What was said of a whole event; None where nobody remembers."""
        if not said:
            return None
        where, about = _where(said["where"]), self._about(said["about"])
        return Common(said["title"], where, said["link"], about)

    def _about(self, kept: dict[str, Any]) -> About:
        mark = repr(kept)
        if mark not in self._abouts:
            pairs = {
                name: tuple((key, text) for key, text in kept.get(name, ()))
                for name in ("titles", "texts")
            }
            languages = tuple(kept.get("languages", ()))
            self._abouts[mark] = About(**{**kept, **pairs, "languages": languages})
        return self._abouts[mark]


def _where(kept: list[Any]) -> Where:
    return kept[0], kept[1]


def tell(item: Item, about: About, where: Where, places: dict[str, Where]) -> Iterator[Told]:
    """The dates of an item. `places` knows where the places of single dates are."""
    # An event needs a Swedish title; one that has none is called what it is called.
    title = item.titles.get("sv") or next(iter(item.titles.values()))
    if item.rule is None and not item.dates:
        yield Told(
            item.row,
            item.key,
            title,
            item.starts,
            item.ends,
            where,
            about,
            item.group,
            item.starts if item.group else None,
            item.link,
            item.is_cancelled,
        )
        return
    series = Series(
        item.starts, item.ends, item.zone, item.is_all_day, item.rule, frozenset(item.exdates)
    )
    apart = {one.recurrence_id: one for one in item.dates}
    dates = expand(series)
    days = Counter(dated.recurrence_id.date() for dated in dates)
    for dated in dates:
        start = dated.recurrence_id
        own = apart.get(start)
        mark = f"{start:%Y-%m-%d}" if days[start.date()] == 1 else f"{start:%Y-%m-%dt%H%M}"
        yield Told(
            item.row,
            f"{item.key}/{mark}",
            (own.title if own else "") or title,
            own.starts if own else start,
            own.ends if own else start + series.length,
            places[own.place] if own and own.place else where,
            about,
            item.key,
            start,
            item.link,
            item.is_cancelled or (own is not None and own.is_cancelled),
        )


@dataclass(frozen=True, slots=True)
class Common:
    """What most dates of an event say, the earliest where none is most: the event itself."""

    title: str
    where: Where
    link: str
    about: About

    def as_json(self) -> dict[str, Any]:
        """To be kept until the next file is read."""
        return _said(self.title, self.where, self.link, self.about)

    def details(self, kinds: Kinds) -> Details:
        """As the event form would say it."""
        about, place_id = self.about, self.where[0]
        is_young = about.age_to is not None and about.age_to < 13
        signs_up = bool(about.needs_sign_up and self.link)
        by_phone = bool(about.needs_sign_up and not self.link and about.phone)
        return Details(
            titles={**dict(about.titles), "sv": self.title},
            texts=dict(about.texts),
            kind_id=kinds[about.kind][0],
            unit_id=about.unit_id,
            place_id=place_id,
            elsewhere="" if place_id else self.where[1],
            languages=about.languages,
            audiences=("children", "families") if is_young else (),
            age_from=about.age_from,
            age_to=about.age_to,
            sign_up="link" if signs_up else "phone" if by_phone else "none",
            sign_up_link=self.link if signs_up else "",
            phone=about.phone,
            is_preliminary=about.is_preliminary,
            visibility=kinds[about.kind][1],
        )

    def own_link(self, told: Told) -> str:
        """The address for sign-up of a date that has another than its series."""
        signs_up = self.about.needs_sign_up and told.link and told.link != self.link
        return told.link if signs_up else ""


def common(dates: Sequence[Told]) -> Common:
    """What an event of these dates says."""
    ordered = sorted(dates, key=lambda told: (told.starts, told.key))
    return Common(
        _most(told.title for told in ordered),
        _most(told.where for told in ordered),
        _most(told.link for told in ordered),
        _most(told.about for told in ordered),
    )


def _most(values: Iterable[Any]) -> Any:
    # Counter keeps the order of arrival, and most_common is stable: the earliest wins a tie.
    return Counter(values).most_common(1)[0][0]


def span_of(dates: Iterable[Told]) -> tuple[date, date] | None:
    """The first and last day that a file is about; None for an empty one."""
    days = [told.starts.date() for told in dates]
    return (min(days), max(days)) if days else None
