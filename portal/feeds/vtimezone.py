"""VTIMEZONE (RFC 5545 3.6.5): yearly rules without an end, found from the zone itself. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

CRLF = "\r\n"


@lru_cache(maxsize=32)
def vtimezone(name: str) -> bytes:
    """A VTIMEZONE of yearly rules, good from 1996 on and without an end.

    Zones of the European rule are written with two rules (Outlook wants FREQ=YEARLY with
    one BYDAY). For a zone without clock changes there is one STANDARD part. Others get the
    rules that hold this century, found from the zone's own changes.
    """
    return _vtimezone_lines(name).encode()


def _vtimezone_lines(name: str) -> str:
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    changes = _changes(ZoneInfo(name))
    if not changes:
        offset = datetime(2020, 1, 1, tzinfo=ZoneInfo(name)).utcoffset() or timedelta()
        lines += _part("STANDARD", datetime(1970, 1, 1), offset, offset, name="")
    for kind, local, before, after, abbreviation, week in changes:
        rule = f"FREQ=YEARLY;BYMONTH={local.month};BYDAY={week}SU"
        lines += _part(kind, local, before, after, abbreviation, rule)
    lines.append("END:VTIMEZONE")
    return CRLF.join(lines) + CRLF


def has_yearly_rule(name: str) -> bool:
    """Whether the zone's clocks change on the same Sundays every year, or never.

    Only such a zone can be written so that every client reads it.
    """
    zone = ZoneInfo(name)
    rules = [
        [
            (local.month, local.weekday(), _week(local), local.hour, local.minute)
            for onset, before, *_ in _year(zone, year)
            for local in [onset + before]
        ]
        for year in (2026, 2027, 2030)
    ]
    same = all(rule == rules[0] for rule in rules)
    return same and len(rules[0]) in (0, 2) and all(day == 6 for _, day, *_ in rules[0])


def _week(local: datetime) -> int:
    """Which Sunday of the month: 1 to 4, or -1 for the last."""
    if (local + timedelta(days=7)).month != local.month:
        return -1
    return (local.day - 1) // 7 + 1


def _part(
    kind: str, local: datetime, before: timedelta, after: timedelta, name: str, rule: str = ""
) -> list[str]:
    lines = [f"BEGIN:{kind}", f"DTSTART:{local:%Y%m%dT%H%M%S}"]
    if rule:
        lines.append(f"RRULE:{rule}")
    lines += [f"TZOFFSETFROM:{_offset(before)}", f"TZOFFSETTO:{_offset(after)}"]
    if name:
        lines.append(f"TZNAME:{name}")
    return [*lines, f"END:{kind}"]


def _offset(delta: timedelta) -> str:
    minutes = int(delta.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


_Change = tuple[str, datetime, timedelta, timedelta, str, int]


def _changes(zone: ZoneInfo) -> list[_Change]:
    """The zone's two yearly Sunday changes as (kind, first onset in wall time before the
    change, offsets, name, nth Sunday), read from 2026 and dated back to the first year
    in which the rule already held."""
    found: list[_Change] = []
    for onset, before, after, abbreviation, is_dst in _year(zone, 2026):
        local = onset + before
        week = _week(local)
        first = _first_year(zone, local, before, after, week)
        found.append(
            ("DAYLIGHT" if is_dst else "STANDARD", first, before, after, abbreviation, week)
        )
    return sorted(found, key=lambda change: change[0])


def _year(zone: ZoneInfo, year: int) -> list[tuple[datetime, timedelta, timedelta, str, bool]]:
    """Every clock change of a year: (UTC instant, offset before, after, name, is summer)."""
    changes = []
    moment = datetime(year, 1, 1, tzinfo=UTC)
    before = moment.astimezone(zone).utcoffset() or timedelta()
    while moment.year == year:
        local = moment.astimezone(zone)
        after = local.utcoffset() or timedelta()
        if after != before:
            naive = moment.replace(tzinfo=None)
            changes.append((naive, before, after, local.tzname() or "", bool(local.dst())))
        before = after
        moment += timedelta(minutes=30)
    return changes


def _first_year(
    zone: ZoneInfo, local: datetime, before: timedelta, after: timedelta, week: int
) -> datetime:
    """The first onset of a yearly change, going back while the same rule held."""
    first = local
    for year in range(local.year - 1, 1979, -1):
        onset = _nth_sunday(year, local.month, week, local)
        instant = (onset - before).replace(tzinfo=UTC)
        just_before = (instant - timedelta(minutes=1)).astimezone(zone).utcoffset()
        if just_before != before or instant.astimezone(zone).utcoffset() != after:
            break
        first = onset
    return first


def _nth_sunday(year: int, month: int, week: int, like: datetime) -> datetime:
    if week > 0:
        day = datetime(year, month, 1, like.hour, like.minute)
        return day + timedelta(days=(6 - day.weekday()) % 7 + 7 * (week - 1))
    following = datetime(year + month // 12, month % 12 + 1, 1, like.hour, like.minute)
    last = following - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - 6) % 7)
