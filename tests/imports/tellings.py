"""Dates as programmes tell them, for tests of the rules: made by hand or by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from portal.events.recurrence import Rule, Series, align
from portal.imports.told import About, Common, Kinds, Told

ZONE = "Europe/Stockholm"
# A Monday.
FIRST = datetime(2026, 11, 2, 17)
WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)
HOUSE, PARK = (1, ""), (None, "Parken")
KINDS: Kinds = {"other": (1, "public"), "language-cafe": (2, "public"), "council": (3, "staff")}
ABOUT = About(unit_id=1, kind="other", zone=ZONE, is_all_day=False)


def told(at: datetime | int = 0, /, **changes: Any) -> Told:
    """A date: at a moment, or so many weeks after the first."""
    starts = FIRST + at * WEEK if isinstance(at, int) else at
    about = replace(ABOUT, **{k: changes.pop(k) for k in set(changes) & set(ABOUT.__slots__)})
    basic = Told(1, f"k{starts:%y%m%d%H}", "Café", starts, starts + HOUR, HOUSE, about)
    return replace(basic, **{"ends": changes.get("starts", starts) + HOUR, **changes})


def weekly(until: int, interval: int = 1, **changes: Any) -> Series:
    """A series on Mondays at five, to so many weeks after the first."""
    rule = Rule("WEEKLY", (FIRST + until * WEEK).date(), interval, (0,))
    return replace(Series(FIRST, FIRST + HOUR, ZONE, rule=rule), **changes)


# --- by chance ----------------------------------------------------------------------------

weeks = st.integers(0, 70)
titles = st.sampled_from(["Café", "café", "Lek"])
wheres = st.sampled_from([HOUSE, (2, ""), PARK])
links = st.sampled_from(["", "https://example.org/1", "https://example.org/2"])
few = st.sampled_from([None, 0, 3, 12, 13])


@st.composite
def abouts(draw: st.DrawFn) -> About:
    low, high = draw(few), draw(few)
    return About(
        unit_id=draw(st.integers(1, 2)),
        kind=draw(st.sampled_from(sorted(KINDS))),
        zone=ZONE,
        is_all_day=draw(st.booleans()),
        titles=draw(st.sampled_from([(), (("en", "Café"),), (("en", "Tea"), ("fi", "Tee"))])),
        texts=draw(st.sampled_from([(), (("sv", "Kom!"),), (("en", "Come"), ("sv", "Kom"))])),
        languages=draw(st.sampled_from([(), ("sv",), ("sv", "ar")])),
        age_from=low,
        age_to=high if low is None or high is None or high >= low else None,
        phone=draw(st.sampled_from(["", "08-1", "08-2"])),
        needs_sign_up=draw(st.booleans()),
        is_preliminary=draw(st.booleans()),
    )


@st.composite
def starts(draw: st.DrawFn) -> datetime:
    """Mostly Mondays at five, so that there are series; over both clock changes."""
    off = draw(st.sampled_from([timedelta()] * 6 + [timedelta(days=1), HOUR]))
    return FIRST + draw(weeks) * WEEK + off


@st.composite
def dates(draw: st.DrawFn, about: st.SearchStrategy[About] | None = None) -> list[Told]:
    """Dates without a rule of the source's own, twins among them; each id stands once."""
    count = draw(st.integers(1, 25))
    made = []
    for number in range(count):
        at = draw(starts())
        length = draw(st.sampled_from([HOUR] * 4 + [2 * HOUR, timedelta(days=8)]))
        made.append(
            Told(
                number + 2,
                f"k{number}",
                draw(titles),
                at,
                at + length,
                draw(wheres),
                ABOUT if about is None else draw(about),
                draw(st.sampled_from(["", "", "", "g"])),
                link=draw(links),
                is_cancelled=draw(st.booleans()),
            )
        )
    return made


@st.composite
def rules(draw: st.DrawFn) -> Series:
    """A series that the form can build, as a source would give it."""
    until = FIRST.date() + timedelta(days=draw(st.integers(0, 300)))
    rule = draw(
        st.one_of(
            st.builds(lambda n: Rule("DAILY", until, n), st.integers(1, 9)),
            st.builds(
                lambda n, days: Rule("WEEKLY", until, n, tuple(sorted(days))),
                st.integers(1, 3),
                st.sets(st.integers(0, 6), min_size=1, max_size=3),
            ),
            st.builds(lambda day: Rule("MONTHLY", until, month_day=day), st.integers(1, 31)),
            st.builds(
                lambda n, day: Rule("MONTHLY", until, nth=(n, day)),
                st.sampled_from([1, 2, 3, 4, -1]),
                st.integers(0, 6),
            ),
        )
    )
    return align(Series(FIRST, FIRST + HOUR, ZONE, rule=rule))


commons = st.builds(Common, titles, wheres, links, abouts())
