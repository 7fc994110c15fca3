"""What one schema.org/Event says (https://schema.org/Event). Pure.

People are never read: an organiser counts only when it says that it is an organisation, and
performers, attendees and contacts are passed over.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from portal.core.text import clean
from portal.events.recurrence import MAX_DATES
from portal.imports.cells import read_ages, read_title
from portal.imports.days import read_duration, read_iso
from portal.imports.items import MOST, MOST_TEXT, Item, RowProblem
from portal.imports.keys import derived_key
from portal.imports.plain import safe_link
from portal.imports.schedules import Unbuildable, schedule_of
from portal.imports.schema_values import (
    Node,
    kinds_of,
    languages_in,
    listed,
    place_in,
    text_in,
    unit_in,
    words,
)

GROUP = "portal:group"


class Refusal(Exception):
    """Why an event cannot be used, and what can be said of it all the same."""

    def __init__(self, column: str, code: str, value: object = "") -> None:
        super().__init__(code)
        self.column, self.code, self.value = column, code, clean(str(value))
        self.key = self.unit = self.place = ""


def items_of(
    row: int, node: Node, known: dict[str, Node], zone: str, today: date, language: str
) -> tuple[list[Item], list[RowProblem]]:
    """An event as items, one for each of its schedules or dates, and notes. Raises Refusal."""
    event = _Event(row, node, known, zone, language)
    try:
        return event.items(today), event.notes
    except (Refusal, Unbuildable) as error:
        refused = error if isinstance(error, Refusal) else None
        if isinstance(error, Unbuildable):
            refused = Refusal(error.name, error.code, error.value)
        assert refused is not None  # noqa: S101
        refused.key, refused.unit, refused.place = event.key(), event.unit(), event.place()
        raise refused from error


class _Event:
    def __init__(
        self, row: int, node: Node, known: dict[str, Node], zone: str, language: str
    ) -> None:
        self.row, self.node, self.known = row, node, known
        self.zone, self.language = zone, language
        self.notes: list[RowProblem] = []

    def note(self, column: str, code: str, value: object = "") -> None:
        self.notes.append(RowProblem(self.row, column, code, clean(str(value))[:80]))

    def things(self, name: str) -> list[Any]:
        """A property's values, those elsewhere in the document fetched by their @id."""
        return [
            self.known.get(str(one["@id"]), one)
            if isinstance(one, dict) and set(one) == {"@id"}
            else one
            for one in listed(self.node.get(name))
        ]

    def items(self, today: date) -> list[Item]:
        said = self.titles()
        if not said:
            raise Refusal("name", "empty")
        titles = {key: title for key, (title, _, _) in said.items()}
        if any(len(title) > MOST["title"] for title in titles.values()):
            raise Refusal("name", "too_long", next(iter(titles.values())))
        status = text_in(self.node.get("eventStatus")).rpartition("/")[2]
        sign_up, link = self.links()
        low, high = self.ages()
        starts, ends, is_all_day = self.times()
        item = Item(
            row=self.row,
            key=self.key(),
            titles=titles,
            starts=starts or datetime.min,
            ends=ends or datetime.min,
            zone=self.zone,
            is_all_day=is_all_day,
            group=text_in(self.node.get(GROUP))[: MOST["key"]],
            texts=self.texts(),
            unit=self.unit(),
            place=self.place(),
            languages=languages_in(self.things("inLanguage")),
            age_from=low,
            age_to=high,
            link=link,
            needs_sign_up=sign_up,
            is_cancelled=status == "EventCancelled" or any(one[1] for one in said.values()),
            is_preliminary=status == "EventPostponed" or any(one[2] for one in said.values()),
        )
        for column, value in (("organizer", item.unit), ("location", item.place)):
            if len(value) > MOST["place"]:
                raise Refusal(column, "too_long", value)
        if self.node.get("isAccessibleForFree") is False:
            self.note("isAccessibleForFree", "not_free", "false")
        return [self.keyed(one) for one in self.planned(item, starts, ends, today)]

    def planned(
        self, item: Item, starts: datetime | None, ends: datetime | None, today: date
    ) -> list[Item]:
        """The item on its date, or by its schedules."""
        schedules = [one for one in self.things("eventSchedule") if isinstance(one, dict)]
        if not schedules:
            if starts is None:
                raise Refusal("startDate", "not_a_date")
            if ends is None:
                raise Refusal("endDate", "no_end")
            return [item]
        length = ends - starts if starts and ends else None
        found: list[Item] = []
        for number, schedule in enumerate(schedules, 1):
            plan = schedule_of(schedule, starts, length, self.zone, today)
            series = plan.series
            one = replace(
                item, starts=series.starts, ends=series.ends, is_all_day=series.is_all_day
            )
            one = replace(one, rule=series.rule, exdates=series.exdates)
            if len(schedules) > 1 and item.key:
                one = replace(one, key=f"{item.key}/{number}", group=item.key)
            if not plan.dates:
                found.append(one)
                continue
            self.note("eventSchedule", "dates_cut" if plan.is_cut else "rule_as_dates")
            title = next(iter(item.titles.values()))
            group = item.key or derived_key(title, item.unit, item.place, series.starts)
            one = replace(one, group=one.group or group)
            found += [
                replace(one, key=f"{one.key or group}/{day:%Y%m%dT%H%M}", starts=day, ends=end)
                for day, end in plan.dates
            ]
            if len(found) > MAX_DATES:
                raise Refusal("eventSchedule", "too_many_dates")
        return found

    def keyed(self, item: Item) -> Item:
        title = next(iter(item.titles.values()))
        key = item.key or derived_key(title, item.unit, item.place, item.starts)
        if len(key) > MOST["key"]:
            key = derived_key(key, "", "", datetime.min)
        return replace(item, key=key)

    def key(self) -> str:
        names = ("@id", "identifier", "url")
        return next((key for name in names if (key := text_in(self.node.get(name)))), "")

    def times(self) -> tuple[datetime | None, datetime | None, bool]:
        """Start and end, and whether they are days; the last day is in the event."""
        said = text_in(self.node.get("startDate")), text_in(self.node.get("endDate"))
        starts, ends = (read_iso(text, self.zone) for text in said)
        for name, text, read in zip(("startDate", "endDate"), said, (starts, ends), strict=True):
            if text and read is None:
                raise Refusal(name, "not_a_date", text)
        if starts is None:
            return None, None, False
        begin, is_day = starts
        length = read_duration(text_in(self.node.get("duration")))
        if is_day:
            last = ends[0].replace(hour=0, minute=0) if ends else begin
            finish: datetime | None = last + timedelta(days=1)
        elif ends is not None and ends[1]:
            finish = None  # a day does not say when
        else:
            finish = ends[0] if ends else begin + length if length else None
        if finish == begin and f"{begin:%H%M}" == "0000":
            is_day, finish = True, begin + timedelta(days=1)
        if finish is not None and finish <= begin:
            raise Refusal("endDate", "end_before_start", said[1])
        return begin, finish, is_day

    def titles(self) -> dict[str, tuple[str, bool, bool]]:
        told = self.told("name")
        return {key: read_title(text) for key, text in told.items()}

    def texts(self) -> dict[str, str]:
        texts = self.told("description")
        if any(len(text) > MOST_TEXT for text in texts.values()):
            self.note("description", "text_cut")
        return {key: text[:MOST_TEXT] for key, text in texts.items()}

    def told(self, name: str) -> dict[str, str]:
        """A text by language: plain, or as JSON-LD tags it with @language."""
        found: dict[str, str] = {}
        for one in self.things(name):
            tag = one.get("@language") if isinstance(one, dict) else None
            key = str(tag).partition("-")[0].lower() if tag else self.language
            if text := words(text_in(one)):
                found.setdefault(key, text)
        return found

    def unit(self) -> str:
        return unit_in(self.things("organizer"))

    def place(self) -> str:
        return place_in(self.things("location"))

    def ages(self) -> tuple[int | None, int | None]:
        said = text_in(self.node.get("typicalAgeRange"))
        ages = read_ages(said)
        if ages is None:
            self.note("typicalAgeRange", "not_an_age", said)
        return ages or (None, None)

    def links(self) -> tuple[bool, str]:
        """Whether an offer says where to sign up, and the link: there, or to the event."""
        offers = [one for one in self.things("offers") if isinstance(one, dict)]
        places = [one for one in self.things("location") if isinstance(one, dict)]
        for name, things in (("offers", offers), ("url", [self.node]), ("location", places)):
            for thing in things:
                given = text_in(thing.get("url"))
                link = safe_link(given)
                if given and (not link or len(link) > MOST["link"]):
                    self.note(name, "link_dropped", given)
                elif link and (name != "location" or "VirtualLocation" in kinds_of(thing)):
                    return name == "offers", link
        return False, ""
