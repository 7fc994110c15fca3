"""A rule as text: RRULE (RFC 5545 3.3.10), written and read. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from portal.events.recurrence import DAYS, FREQUENCIES, Rule, Series, instant, starts_of, wall


def format_rrule(series: Series) -> str:
    """The rule as RFC 5545 writes it, UNTIL exactly on the last start it makes.

    UNTIL is in UTC for timed events and a date for all-day ones (3.3.10).
    """
    rule = series.rule
    if rule is None:
        return ""
    last = max(starts_of(series))
    parts = [f"FREQ={rule.freq}"]
    if rule.interval > 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.nth is not None:
        parts.append(f"BYDAY={rule.nth[0]}{DAYS[rule.nth[1]]}")
    elif rule.weekdays:
        parts.append("BYDAY=" + ",".join(DAYS[day] for day in sorted(rule.weekdays)))
    if rule.month_day is not None:
        parts.append(f"BYMONTHDAY={rule.month_day}")
    if series.is_all_day:
        parts.append(f"UNTIL={last:%Y%m%d}")
    else:
        parts.append(f"UNTIL={instant(last, series.zone):%Y%m%dT%H%M%SZ}")
    return ";".join(parts)


_DAY = f"({'|'.join(DAYS)})"
PARTS = {
    "FREQ": "|".join(FREQUENCIES),
    "INTERVAL": r"[1-9]\d{0,2}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "WKST": "MO",
}
# What each rhythm may say besides: chosen weekdays, or an nth weekday or a date of the month.
BY_PARTS = {
    "WEEKLY": {"BYDAY": f"{_DAY}(,{_DAY})*"},
    "MONTHLY": {"BYDAY": f"(-1|[1-4]){_DAY}", "BYMONTHDAY": r"[1-9]|[12]\d|3[01]"},
}


class UnknownRule(ValueError):
    """An RRULE that says more than the portal's rhythms can."""


def parse_rrule(text: str, zone: str) -> Rule:
    """Reads what format_rrule writes, and the same rhythms written by others.

    Raises UnknownRule for rules without end and for parts that no rhythm here has.
    """
    parts = dict(part.partition("=")[::2] for part in text.split(";"))
    freq = parts.get("FREQ", "")
    known = PARTS | BY_PARTS.get(freq, {})
    sound = all(re.fullmatch(known.get(name, "(?!)"), value) for name, value in parts.items())
    if not sound or "UNTIL" not in parts or {"BYDAY", "BYMONTHDAY"} <= set(parts):
        raise UnknownRule(text)
    until = parts["UNTIL"]
    try:
        moment = datetime.strptime(until.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in until else "%Y%m%d")
    except ValueError as error:
        raise UnknownRule(text) from error
    if until.endswith("Z"):
        moment = wall(moment.replace(tzinfo=UTC), zone)
    days = [(day[:-2], DAYS.index(day[-2:])) for day in parts.get("BYDAY", "").split(",") if day]
    return Rule(
        freq=freq,
        until=moment.date(),
        interval=int(parts.get("INTERVAL", "1")),
        weekdays=tuple(weekday for ordinal, weekday in days if not ordinal),
        month_day=int(parts["BYMONTHDAY"]) if "BYMONTHDAY" in parts else None,
        nth=next(((int(ordinal), weekday) for ordinal, weekday in days if ordinal), None),
    )
