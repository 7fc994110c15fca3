"""Reading an iCalendar file (RFC 5545) of anybody's: events become items, or problems. Pure.

What is taken from where, and what is not, is in docs/imports.md. The steps: `ics_lines` finds
the components, `ics_events` reads each alone, here they are put together by UID, and
`ics_series` decides what becomes of those that repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from portal.imports.ics_events import Entry, read_event, uid_of
from portal.imports.ics_lines import Component, File, components
from portal.imports.ics_series import Mark, Repeating, Work, repeats
from portal.imports.ics_times import Moment, Refused, Times
from portal.imports.items import MOST, Item, Reading, RowProblem
from portal.imports.plain import plain, without_emails

MOST_VALUE = 80
WHOLE_FILE = 0
"""The row of a note that is about no event in particular."""


def read(raw: bytes, zone: str, today: date) -> Reading:
    """What a calendar holds, in wall times of `zone`; rows count its events from 1.

    Times without a zone are `zone`'s. One event that cannot be used is a problem and takes the
    other dates of its series with it, as half a series would be wrong; the rest of the file is
    read. Raises Unreadable: `too_big`, `too_many_lines`, `too_many_components`, `too_deep`,
    `not_a_calendar`.
    """
    reader = _Reader(zone, today)
    reader.read(components(raw))
    return reader.reading


class _Reader:
    """One file being read."""

    def __init__(self, zone: str, today: date) -> None:
        self.reading, self.today = Reading(), today
        self.times, self.work = Times(zone), Work()
        self.keys: set[str] = set()

    def read(self, file: File) -> None:
        self.reading.name = _name(file)
        self.reading.is_cut = not all(calendar.is_whole for calendar in file.calendars)
        entries = [entry for component in file.events if (entry := self._entry(component))]
        for family in self._families(entries):
            self._add(family)
        self.reading.items.sort(key=lambda item: item.row)
        for name in ("VTODO", "VJOURNAL", "VFREEBUSY", "VALARM"):
            if file.others[name]:
                self._note(WHOLE_FILE, name, "passed_over", str(file.others[name]))
        if not file.events:
            self._note(WHOLE_FILE, "VEVENT", "no_events", "")

    def _note(self, row: int, column: str, code: str, value: str) -> None:
        self.reading.notes.append(RowProblem(row, column, code, _shown(value)))

    def _refuse(self, component: Component, refused: Refused) -> None:
        value = _shown(refused.value)
        self.reading.problems.append(RowProblem(component.row, refused.column, refused.code, value))
        place = _shown(component.value("LOCATION"))
        self.reading.unread[component.row] = ("", place)
        uid = uid_of(component)
        self.reading.refused_keys |= {uid} if uid else set()
        self.reading.has_nameless |= not uid

    def _entry(self, component: Component) -> Entry | None:
        if component.value("CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"):
            # What its owner does not show to everybody is not published here.
            self._note(component.row, "CLASS", "private", component.value("CLASS"))
            return None
        try:
            return read_event(
                component,
                self.times,
                lambda column, code, value: self._note(component.row, column, code, value),
            )
        except Refused as refused:
            self._refuse(component, refused)
            return None

    def _families(self, entries: list[Entry]) -> Iterator[list[Entry]]:
        """Entries by UID, of each date only the newest; none where one was refused."""
        families: dict[str, dict[datetime | None, Entry]] = {}
        for entry in entries:
            known = families.setdefault(entry.uid, {})
            mark = self._mark(entry.recurrence) if entry.recurrence else None
            older = known.get(mark)
            if older is not None and older.revision > entry.revision:
                older, entry = entry, older
            if older is not None:
                self._note(older.row, "UID", "older_version", older.uid)
            known[mark] = entry
        for uid, known in families.items():
            if uid not in self.reading.refused_keys:
                yield list(known.values())

    def _mark(self, moment: Moment) -> Mark:
        return moment.wall.replace(tzinfo=UTC) if moment.is_day else moment.at

    def _add(self, family: list[Entry]) -> None:
        """An event with its overrides; overrides whose series is elsewhere stand alone."""
        master = next((entry for entry in family if entry.recurrence is None), None)
        overrides = [entry for entry in family if entry.recurrence is not None]
        try:
            if master is None or not (overrides or repeats(master)):
                items = [self._alone(entry) for entry in family]
            else:
                items = self._repeating(master, overrides)
        except Refused as refused:
            self._refuse((master or family[0]).component, refused)
            return
        for item in items:
            if item.key in self.keys:
                self.reading.problems.append(RowProblem(item.row, "UID", "id_twice", item.key[:80]))
                continue
            self.keys.add(item.key)
            self.reading.items.append(item)

    def _alone(self, entry: Entry) -> Item:
        if entry.recurrence is None:
            return self._item(entry, entry.uid, entry.start)
        planned = entry.recurrence
        return self._dated(entry, self._mark(planned), planned.is_day, entry.start)

    def _repeating(self, master: Entry, overrides: list[Entry]) -> list[Item]:
        repeating = Repeating(master, overrides, self.times, self.work)
        if built := repeating.series():
            series, dates = built
            item = self._item(master, master.uid, master.start)
            return [
                replace(
                    item,
                    starts=series.starts,
                    ends=series.ends,
                    rule=series.rule,
                    exdates=series.exdates,
                    dates=dates,
                )
            ]
        dated, is_cut = repeating.dates(self.today)
        rules = master.component.value("RRULE") or master.component.value("RDATE")
        self._note(master.row, "RRULE", "rule_as_dates" if dated else "no_dates_now", rules)
        if is_cut:
            self._note(master.row, "RRULE", "dates_cut", str(len(dated)))
        is_day = master.start.is_day
        items = [self._dated(entry, mark, is_day, start) for mark, entry, start in dated]
        if master.is_cancelled:
            items = [replace(item, is_cancelled=True) for item in items]
        return items

    def _dated(self, entry: Entry, mark: Mark, is_day: bool, start: Moment) -> Item:
        """One date of what repeats. Its key is what it was first planned for, as an instant,
        so that it stays when it is moved."""
        said = f"{mark:%Y%m%d}" if is_day else f"{mark:%Y%m%dT%H%M%SZ}"
        return self._item(entry, f"{entry.uid}/{said}", start, entry.uid)

    def _item(self, entry: Entry, key: str, start: Moment, group: str = "") -> Item:
        starts, ends = self.times.span(start, entry.length)
        return Item(
            row=entry.row,
            key=key,
            titles=entry.titles,
            starts=starts,
            ends=ends,
            zone=self.times.zone,
            is_all_day=start.is_day,
            group=group,
            texts=entry.texts,
            unit=entry.unit,
            names_unit=False,
            place=entry.place,
            categories=entry.categories,
            link=entry.link,
            phone=entry.phone,
            is_cancelled=entry.is_cancelled,
            is_preliminary=entry.is_preliminary,
        )


def _name(file: File) -> str:
    """What the calendar calls itself; Google's calls itself by a person's address."""
    for calendar in file.calendars:
        for name in ("X-WR-CALNAME", "NAME"):
            value = calendar.value(name).replace("\\,", ",").replace("\\;", ";")
            if found := without_emails(plain(value)).strip():
                return found[: MOST["title"]]
    return ""


def _shown(value: str) -> str:
    return without_emails(plain(value[: 4 * MOST_VALUE]))[:MOST_VALUE]
