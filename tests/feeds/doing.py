"""What lives.py speaks of, done by the portal's own actions and said as calendars say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from portal.core.problems import Refused
from portal.core.words import translator
from portal.events import actions, changing
from portal.events.models import Event
from portal.events.queries import details_of
from portal.events.recurrence import Rule, Series
from portal.events.rules import Alteration, LeftOut
from tests.events.oracle import Rhythm
from tests.feeds.lives import HOME, HOSTS, OTHER_REASON, REASON, TITLES, Act, Foreseen
from tests.feeds.programme import say
from tests.support.factories import unit

Said = set[tuple[str | None, str, str, str, str, str]]


def series_of(rhythm: Rhythm) -> Series:
    rule = None
    if rhythm.freq != "ONCE":
        parts = (rhythm.interval, rhythm.weekdays, rhythm.month_day, rhythm.nth)
        rule = Rule(rhythm.freq, rhythm.until, *parts)
    ends = rhythm.starts + rhythm.length
    return Series(rhythm.starts, ends, rhythm.zone, rhythm.is_all_day, rule)


def say_in_swedish(text: str | None) -> dict[str, str] | None:
    return None if text is None else {"sv": text} if text else {}


def do(event: Event, act: Act, foreseen: Foreseen, today: date) -> None:
    """Carries an act out by the portal's own actions; `foreseen` is as it was before."""
    rows = {row.recurrence_id: row for row in event.occurrences}
    chosen = [rows[start] for start in foreseen.chosen(act)]
    reason = {"sv": REASON}
    match act.name:
        case "rename":
            titles = {"sv": TITLES[act.number % len(TITLES)]}
            kept = details_of(event)
            actions.change(event, replace(kept, titles=titles, is_preliminary=act.flag))
        case "cancel":
            changing.cancel_dates(event, chosen, reason)
        case "say_why":
            changing.say_why(event, chosen, {"sv": OTHER_REASON})
        case "restore":
            changing.restore_dates(event, chosen)
        case "reset":
            changing.reset_dates(event, chosen)
        case "move":
            changing.move_date(chosen[0], *foreseen.target(act), reason)
        case "alter":
            changing.alter_dates(event, chosen, alteration(act))
        case "shorten":
            changing.shorten(event, foreseen.last_on(act), reason)
        case "lengthen":
            out = [LeftOut(start) for start in foreseen.further(act)[: int(act.flag)]]
            changing.lengthen(event, foreseen.last_on(act), out, today)
        case "hand_over":
            changing.hand_over(event, unit(HOSTS[act.number % len(HOSTS)]))
        case "cancel_all":
            actions.cancel(event, reason)
        case "undo":
            changing.undo(event)
        case _:
            raise AssertionError(act.name)


def allowed(act: Callable[[], None]) -> Refused | None:
    """Does something; why it is refused, if it is."""
    try:
        act()
    except Refused as refused:
        return refused
    return None


def alteration(act: Act) -> Alteration:
    return Alteration(
        starts=act.starts,
        ends=act.ends,
        is_place=act.where is not None,
        elsewhere=act.where or "",
        titles=say_in_swedish(act.title),
        note=say_in_swedish(act.note),
    )


def foretold(foreseen: Foreseen) -> Said:
    """The dates as they were foreseen, said as a Swedish feed does: identity, start, end,
    status, title and where."""
    rhythm = foreseen.life.rhythm
    zone, whole, repeats = rhythm.zone, rhythm.is_all_day, rhythm.freq != "ONCE"
    words = {
        "CANCELLED": f"{translator('sv')('CANCELLED')}: ",
        "TENTATIVE": f"{translator('sv')('PRELIMINARY')}: ",
    }
    return {
        (
            say(start, zone, whole) if repeats else None,
            say(one.starts, zone, whole),
            say(one.ends, zone, whole),
            foreseen.status(one),
            words.get(foreseen.status(one), "") + foreseen.title(one),
            one.where or HOME,
        )
        for start, one in foreseen.dates.items()
    }
