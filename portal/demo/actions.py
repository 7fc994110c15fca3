"""The demonstration city, built through the rooms' own actions."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

from portal.accounts import actions as accounts
from portal.core.clock import now
from portal.core.extensions import db
from portal.demo.shift import Moved, Sample, move, move_to_day, weeks_to
from portal.events import actions as events
from portal.events import changing, observance_queries
from portal.events import queries as event_queries
from portal.events.models import Event, EventKind, Occurrence
from portal.events.recurrence import Series, wall
from portal.events.rules import Details, LeftOut, left_out
from portal.feeds import actions as feeds
from portal.imports.setting_up import set_up
from portal.places import actions as places
from portal.places.queries import break_spans, premises
from portal.units import queries as units
from portal.units.models import Municipality

DATA = Path(__file__).parent / "stockholm"
PASSWORD = "demo-demo-demo"  # noqa: S105 (everybody may know it; `portal serve` refuses it in production)
SHOWN_UNIT = "rinkeby-bibliotek"
ATTRIBUTION = "© OpenStreetMap contributors"
AUDIENCES = {
    "vuxna": "adults",
    "invånare": "adults",
    "kvinnor": "adults",
    "16-": "young",
    "13-": "young",
    "årskurs": "children",
    "60+": "seniors",
    "65+": "seniors",
    "familj": "families",
    "föräldrar": "families",
    "ung": "young",
    "barn": "children",
    "elev": "children",
    "senior": "seniors",
    "äldre": "seniors",
}
SIGN_UP = {"registration", "booking_by_phone", "ticket_free", "booking_class", "staff_registration"}
BY_POLICY = {"term": (True, True), "holidays": (False, True), "none": (False, False)}


class DemoRefused(Exception):
    """The demonstration is only for an empty database."""


def build_demo(say: Callable[[str], None]) -> str:
    """Fills the database; raises DemoRefused when it holds anything already."""
    if db.session.get(Municipality, 1) is not None:
        raise DemoRefused("This database is not empty. The demonstration needs a new one.")
    say("Units, places and bodies …")
    count = found()
    say("Events …")
    made = _add_events()
    feeds.make_quiet_feeds(units.municipality().languages, units.today())
    return f"{count} units, {made} events. Sign in as admin@demo.example with {PASSWORD}"


def found() -> int:
    """The city and its people before anything happens; answers how many units there are."""
    count = set_up(DATA / "municipality.toml", is_demo=True)
    units.municipality().attribution = ATTRIBUTION
    _add_accounts()
    _add_picture()
    return count


def _add_accounts() -> None:
    unit = units.unit_by_slug(SHOWN_UNIT)
    association = next((u for u in units.all_units() if u.kind == "association"), None)
    for address, name, role, where in (
        ("editor", "Redaktör (demo)", "editor", unit),
        ("association", "Förening (demo)", "editor", association),
        ("admin", "Administratör (demo)", "admin", None),
    ):
        account = accounts.create_account(f"{address}@demo.example", name, PASSWORD, check=False)
        accounts.grant(account, role, where)


def _add_picture() -> None:
    """A drawing where a real unit would have its photograph, and it says so."""
    unit = units.unit_by_slug(SHOWN_UNIT)
    place = premises(unit) if unit else None
    if place is not None:
        words = {
            "sv": "Teckning: ett rött bibliotek med blå dörr",
            "en": "Drawing: a red library with a blue door",
            "fi": "Piirros: punainen kirjasto, jossa on sininen ovi",
        }
        places.set_photo(place, (DATA / "library.jpg").read_bytes(), words, "Demo")


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sample(row: dict[str, str]) -> Sample:
    overrides = json.loads(row["overrides_json"] or "[]")
    return Sample(
        starts=_moment(row["dtstart_local"]),
        ends=_moment(row["dtend_local"]),
        zone=row["tzid"],
        rrule=row["rrule"],
        exdates=tuple(map(_moment, filter(None, row["exdates"].split(";")))),
        moved=tuple(
            (_moment(o["recurrence_id"]), _moment(o["start"])) for o in overrides if "start" in o
        ),
        cancelled=tuple(_moment(o["recurrence_id"]) for o in overrides if o.get("cancelled")),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _add_events() -> int:
    rows, kinds = _rows("programme.csv"), {kind.slug: kind for kind in event_queries.kinds()}
    texts: dict[str, list[dict[str, str]]] = {}
    for text in _rows("texts.csv"):
        texts.setdefault(text["event_id"], []).append(text)
    samples = {row["event_id"]: _sample(row) for row in rows}
    weeks = weeks_to(list(samples.values()), units.today())
    made = 0
    for row in rows:
        details = _details(row, kinds[row["activity_type"]], texts[row["event_id"]])
        mover = move_to_day if details.observance_id else move
        moved = mover(samples[row["event_id"]], weeks)
        _add(row, details, moved)
        for extra in filter(None, row["rdates"].split(";")):
            # An extra date is an event of its own: clients drop RDATE.
            start = _moment(extra) + timedelta(weeks=weeks)
            alone = Series(start, start + moved.series.length, moved.series.zone)
            _add(
                {**row, "event_id": f"{row['event_id']}-{extra}"}, details, Moved(alone, (), (), ())
            )
            made += 1
        made += 1
    return made


def _details(row: dict[str, str], kind: EventKind, texts: list[dict[str, str]]) -> Details:
    unit = units.unit_by_slug(row["unit_id"])
    if unit is None:
        raise LookupError(f"programme.csv names the unit {row['unit_id']!r}, which is not there")
    partner, place = units.unit_by_slug(row["partner"]), premises(unit)
    visibility = row["visibility"]
    by_phone = row["registration"] in SIGN_UP
    observance = observance_queries.observance_by_slug(row["observance_id"])
    asks = by_phone or visibility == "without_place"
    phone = (unit.phone if visibility == "public" else "") or units.municipality().phone
    return Details(
        titles={text["language"]: text["title"] for text in texts},
        texts={text["language"]: text["description"] for text in texts},
        directed_to={text["language"]: text["directed_to"] for text in texts},
        kind_id=kind.id,
        unit_id=unit.id,
        place_id=place.id if place else None,
        elsewhere="" if place else unit.name,
        visibility=visibility,
        languages=tuple(row["languages"].split(";")),
        audiences=_audiences(row["audience"]),
        age_from=int(row["age_from"]) if row["age_from"] else None,
        age_to=int(row["age_to"]) if row["age_to"] else None,
        sign_up="phone" if by_phone else "none",
        phone=phone if asks else "",
        is_preliminary=row["status"] == "TENTATIVE",
        co_host_ids=(partner.id,) if partner else (),
        observance_id=observance.id if observance else None,
    )


def _audiences(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for word, code in AUDIENCES.items() if word in words.lower()))


def _add(row: dict[str, str], details: Details, moved: Moved) -> Event:
    skip_breaks, skip_holidays = BY_POLICY[row["break_policy"]]
    out = _left_out(moved, skip_breaks, skip_holidays)
    event = events.create(
        details, moved.series, out, _long_ago(moved), source="demo", source_id=row["event_id"]
    )
    event.skip_breaks, event.skip_holidays = skip_breaks, skip_holidays
    events.publish(event, may_use_place=True)
    if row["status"] == "CANCELLED":
        events.cancel(event, {"sv": "Det blir ingen konsert den här gången."})
    for start, to in moved.moved:
        _move(event, start, to - start)
    for start in moved.cancelled:
        target = _future(event, start)
        if target is not None:
            changing.cancel_date(target, {"sv": "Vi kan inte hålla öppet den här dagen."})
    return event


def _left_out(moved: Moved, skip_breaks: bool, skip_holidays: bool) -> list[LeftOut]:
    """Left-out dates by position, and the real breaks and holidays on top of them."""
    found = left_out(
        moved.series,
        [],
        break_spans(),
        units.municipality().country,
        skip_breaks=skip_breaks and moved.series.rule is not None,
        skip_holidays=skip_holidays and moved.series.rule is not None,
    )
    known = {one.recurrence_id for one in found}
    return found + [LeftOut(start) for start in moved.exdates if start not in known]


def _long_ago(moved: Moved) -> date:
    """The programme reaches further back than an editor's may."""
    return max(moved.series.starts.date(), units.today() - timedelta(days=300))


def _move(event: Event, start: datetime, by: timedelta) -> None:
    target = _future(event, start)
    if target is None:
        return
    starts, ends = wall(target.starts_at, event.zone) + by, wall(target.ends_at, event.zone) + by
    changing.move_date(target, starts, ends, {"sv": "Vi börjar senare den här dagen."})


def _future(event: Event, start: datetime) -> Occurrence | None:
    """The date at its position, or the first one a week from now when that has passed."""
    soon = now() + timedelta(days=7)
    exact = [
        row for row in event.occurrences if row.recurrence_id == start and row.starts_at > soon
    ]
    return next(iter(exact or [row for row in event.occurrences if row.starts_at > soon]), None)
