"""The rhythms that people plan by, and the rules that they are (RFC 5545 3.3.10). Pure."""

from __future__ import annotations

from datetime import date

from portal.core.problems import Problem
from portal.events.recurrence import Rule

# What the form offers, in the order in which people need it.
RHYTHMS = (
    "once",
    "weekly",
    "fortnightly",
    "daily",
    "month_date",
    "month_nth",
    "month_last",
)
MOST = 30
"""The longest step: every thirtieth day, week or month."""


def rule_of(
    rhythm: str, first: date, until: date, every: int | None = None, weekdays: tuple[int, ...] = ()
) -> Rule | Problem | None:
    """The rule of a rhythm that begins on `first`; None for what happens once.

    `every` stretches it: every third week. `weekdays` are for weeks; without any it is the
    weekday of the first day. The place in the month is the first day's own.
    """
    step = every or 1
    if rhythm == "once":
        return None
    if rhythm == "daily":
        return Rule("DAILY", until, step)
    if rhythm in ("weekly", "fortnightly"):
        if rhythm == "fortnightly":
            if every not in (None, 1, 2):
                return Problem("every_twice_said", "every", {"n": every})
            step = 2
        return Rule("WEEKLY", until, step, tuple(sorted(weekdays)) or (first.weekday(),))
    if rhythm == "month_date":
        return Rule("MONTHLY", until, step, month_day=first.day)
    if rhythm == "month_last":
        return Rule("MONTHLY", until, step, nth=(-1, first.weekday()))
    nth = (first.day - 1) // 7 + 1
    if nth > 4:
        return Problem("fifth_weekday", "first_day")
    return Rule("MONTHLY", until, step, nth=(nth, first.weekday()))


def rhythm_of(rule: Rule | None) -> tuple[str, int | None]:
    """The rhythm that a rule is, and its step where that is not in its name already."""
    if rule is None:
        return "once", None
    if rule.freq == "WEEKLY" and rule.interval == 2:
        return "fortnightly", None
    every = rule.interval if rule.interval > 1 else None
    if rule.freq != "MONTHLY":
        return {"DAILY": "daily", "WEEKLY": "weekly"}[rule.freq], every
    if rule.nth is None:
        return "month_date", every
    return ("month_last" if rule.nth[0] == -1 else "month_nth"), every
