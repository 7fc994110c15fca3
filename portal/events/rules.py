"""What makes an event sound: ends after it starts, has words, says how to sign up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from portal.core.problems import Problem
from portal.core.text import Localised
from portal.events.recurrence import Series, check, clock_trouble, nearest_valid, starts_of
from portal.places.opening import DaySpan, break_on, holiday_name

VISIBILITIES = ("public", "without_place", "staff", "closed")
SIGN_UPS = ("none", "link", "phone")
AUDIENCES = ("children", "young", "adults", "families", "seniors")
AUDIENCE_AGES = {
    "children": (0, 12),
    "young": (13, 25),
    "adults": (18, 120),
    "families": (0, 12),
    "seniors": (65, 120),
}
"""Years of age; an event whose span lies outside is not for that audience."""
STATUSES = ("draft", "waiting", "published", "cancelled")
# An old programme may be published late, but a year typed wrong must be seen.
EARLIEST = timedelta(days=400)
LATEST = timedelta(days=800)


@dataclass(frozen=True)
class Details:
    """Everything an editor says of an event except when it is. Texts are by language key."""

    titles: Localised
    texts: Localised
    kind_id: int
    unit_id: int
    place_id: int | None
    elsewhere: str = ""
    visibility: str = "public"
    languages: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    directed_to: Localised = field(default_factory=dict)
    host_note: Localised = field(default_factory=dict)
    cost: Localised = field(default_factory=dict)
    age_from: int | None = None
    age_to: int | None = None
    age_unit: str = "years"
    sign_up: str = "none"
    sign_up_link: str = ""
    phone: str = ""
    is_preliminary: bool = False
    co_host_ids: tuple[int, ...] = ()
    observance_id: int | None = None


DETAIL_FIELDS = tuple(name for name in Details.__dataclass_fields__ if name != "co_host_ids")


@dataclass(frozen=True)
class LeftOut:
    """A date that the rule makes and the event leaves out, and why (by language)."""

    recurrence_id: datetime
    reason: tuple[tuple[str, str], ...] = ()


def check_details(details: Details) -> list[Problem]:
    """What is missing or contradicts itself in an event's details."""
    problems = []
    if not details.titles.get("sv"):
        problems.append(Problem("title_missing", "title"))
    if details.place_id is None and not details.elsewhere:
        problems.append(Problem("place_missing", "elsewhere"))
    if details.visibility not in VISIBILITIES:
        problems.append(Problem("visibility_unknown", "visibility"))
    if details.sign_up == "link" and not details.sign_up_link:
        problems.append(Problem("link_missing", "sign_up_link"))
    if details.sign_up == "phone" and not details.phone:
        problems.append(Problem("phone_missing", "phone"))
    if details.visibility == "without_place" and not details.phone:
        problems.append(Problem("phone_for_place", "phone"))
    if details.sign_up not in SIGN_UPS:
        problems.append(Problem("sign_up_unknown", "sign_up"))
    low, high = details.age_from, details.age_to
    if low is not None and high is not None and high < low:
        problems.append(Problem("ages_reversed", "age_to"))
    return problems


def check_series(series: Series, today: date) -> list[Problem]:
    """What is wrong with when an event is, seen from today."""
    if series.starts.date() < today - EARLIEST:
        return [Problem("far_past", "first_day")]
    if series.starts.date() > today + LATEST:
        return [Problem("far_away", "first_day")]
    if series.rule is not None and series.rule.until > today + LATEST:
        return [Problem("far_away", "until")]
    return check(series)


def check_longer(series: Series, today: date) -> list[Problem]:
    """What is wrong with a series that goes on, seen from today; its beginning may be long ago."""
    if series.rule is not None and series.rule.until > today + LATEST:
        return [Problem("far_away", "until")]
    return check(series)


def check_times(starts: datetime, ends: datetime, zone: str) -> list[Problem]:
    """What is wrong with the wall times of one date."""
    if ends <= starts:
        return [Problem("end_before_start", "ends")]
    problems = []
    for name, moment in (("starts", starts), ("ends", ends)):
        trouble = clock_trouble(moment, zone)
        if trouble:
            before, after = nearest_valid(moment, zone)
            facts = {"at": moment, "before": before, "after": after}
            problems.append(Problem(f"clock_{trouble}", name, facts))
    return problems


@dataclass(frozen=True)
class Alteration:
    """What is to be different about some dates of a series; None means as it is.

    `starts` and `ends` are wall times of the same days (an end before the start is the next
    morning's). `place_id` and `elsewhere` count only with `is_place`; both empty then mean where
    the series is. Texts are by language; empty ones take a text of its own away.
    """

    starts: time | None = None
    ends: time | None = None
    is_place: bool = False
    place_id: int | None = None
    elsewhere: str = ""
    titles: Localised | None = None
    note: Localised | None = None
    sign_up_link: str | None = None

    @property
    def changes_times(self) -> bool:
        return self.starts is not None or self.ends is not None

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing that a visitor would see."""
        said = (self.titles, self.note, self.sign_up_link)
        return not (self.changes_times or self.is_place) and all(one is None for one in said)

    def times(self, starts: datetime, ends: datetime) -> tuple[datetime, datetime]:
        """The wall times of a date that was from `starts` to `ends`."""
        begin = datetime.combine(starts.date(), self.starts or starts.time())
        if self.ends is None:
            return begin, begin + (ends - starts)
        is_days_long = ends - starts >= timedelta(days=1)
        end = datetime.combine(ends.date() if is_days_long else begin.date(), self.ends)
        if end <= begin and begin.hour >= 16 and end.hour <= 6:
            end += timedelta(days=1)
        return begin, end


@dataclass(frozen=True)
class DateState:
    """A date as it is to be: wall times, and `title`, `where` (a place's id, or words) and `link`
    for sign-up only where it has its own."""

    starts: datetime
    ends: datetime
    title: str = ""
    where: tuple[int | None, str] | None = None
    link: str = ""
    is_cancelled: bool = False


def times_on(
    first: date, starts: time, ends: time, last: date | None = None
) -> tuple[datetime, datetime]:
    """Wall times of a date. An evening may end after midnight; any other end before the start
    is left for the rules to refuse."""
    begin, end_of = datetime.combine(first, starts), datetime.combine(last or first, ends)
    if last in (None, first) and ends < starts and starts.hour >= 16 and ends.hour <= 6:
        end_of += timedelta(days=1)
    return begin, end_of


def left_out(
    series: Series,
    chosen: Iterable[date],
    breaks: Iterable[DaySpan],
    country: str,
    *,
    skip_breaks: bool,
    skip_holidays: bool,
) -> list[LeftOut]:
    """The dates that breaks, holidays and the editor's own choice take out of a series.

    `chosen` are dates the editor pressed "not this day" on; dates the rule does not make
    are passed over.
    """
    spans, by_hand = list(breaks), set(chosen)
    out = []
    for start in starts_of(series):
        day = start.date()
        span = break_on(day, spans) if skip_breaks else None
        holiday = holiday_name(day, country) if skip_holidays else None
        if span is not None:
            out.append(LeftOut(start, span.names))
        elif holiday is not None:
            out.append(LeftOut(start, (("sv", holiday),)))
        elif day in by_hand:
            out.append(LeftOut(start))
    return out


def without(series: Series, left_out: Sequence[LeftOut]) -> Series:
    """The series with exactly these dates left out."""
    gone = frozenset(row.recurrence_id for row in left_out)
    return Series(series.starts, series.ends, series.zone, series.is_all_day, series.rule, gone)


def may_change_visibility(before: str, after: str, was_published: bool) -> bool:
    """A published event stays findable; only where it is may be hidden afterwards.

    What has been in a feed cannot be recalled, so hiding the event itself would only make it
    vanish from calendars without a word: it is cancelled instead, with the reason.
    """
    if not was_published or before == after:
        return True
    return {before, after} <= {"public", "without_place"}
