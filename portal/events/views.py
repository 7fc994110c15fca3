"""Public routes: the list, the month, an event and one of its dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.cache import never_keep
from portal.core.clock import now
from portal.core.htmx import render
from portal.core.languages import language
from portal.core.paging import Page, page_number
from portal.events import observance_showing, overview, queries, showing
from portal.events.filters import ReadFilter, chips, choices, quick_choices, read_filter
from portal.events.forms import EventFilterForm
from portal.events.models import Event, Occurrence
from portal.events.rhythm_words import rhythm_words
from portal.events.structured import structured
from portal.feeds.queries import wanted_scope
from portal.feeds.words import feed_name
from portal.places.queries import closed_on
from portal.units import queries as units

blueprint = Blueprint("events", __name__)
SIZE = 50


@blueprint.get("/events")
@open_to("public")
def index() -> str:
    form = EventFilterForm(request.args)
    choices(form)
    form.validate()
    found = read_filter(request.args)
    page, cards = _page(found, page_number(request.args.get("page")))
    return render(
        "events/index.html",
        "events/_results.html",
        form=form,
        found=found,
        page=page,
        cards=cards,
        chips=chips(found, request.args),
        quick=_pills(),
        following=None if cards else _next_date(found),
        with_page=_with_page,
        today=units.today(),
        **_feed(found),
    )


def _page(found: ReadFilter, number: int) -> tuple[Page, list[showing.Card]]:
    today, since, until = units.today(), *_instants(found)
    total = queries.count_listed(found.wanted, since, until, today)
    page = Page(min(number, Page(1, SIZE, total).count), SIZE, total)
    rows = queries.listed(found.wanted, since, until, today, limit=SIZE, offset=page.offset)
    return page, showing.cards(rows, language().key)


def _instants(found: ReadFilter) -> tuple[datetime, datetime | None]:
    """From when and until when: never before now, days in the municipality's zone."""
    zone, since = units.zone(), now().replace(second=0)
    first, last = found.wanted.from_on, found.wanted.to_on
    if first is not None:
        since = max(since, datetime.combine(first, time(), zone).astimezone(UTC))
    until = (
        datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC) if last else None
    )
    return since, until


def _next_date(found: ReadFilter) -> showing.Card | None:
    """Nothing found: the next date without the last day's limit, as a next step."""
    since, until = _instants(found)
    later = queries.listed(found.wanted, until or since, None, units.today(), limit=1)
    return next(iter(showing.cards(later, language().key)), None)


def _feed(found: ReadFilter) -> dict[str, Any]:
    """The feed of the filter in use, if it may have one, and what it is called."""
    scope = wanted_scope(found.args, units.today())
    if scope is None or scope.moved_to is not None:
        return {"feed": None}
    return {"feed": scope, "feed_title": feed_name(scope, units.municipality(), language().key)}


def _pills() -> list[dict[str, Any]]:
    given = (request.args.get("from", ""), request.args.get("to", ""))
    kept: dict[str, Any] = {
        k: v for k, v in request.args.items() if v and k not in ("from", "to", "page")
    }
    return [
        {
            "label": label,
            "url": url_for("events.index", **kept, **dates),
            "current": given == (dates.get("from", ""), dates.get("to", "")),
        }
        for label, dates in quick_choices(units.today())
    ]


def _with_page(number: int) -> str:
    args: dict[str, Any] = request.args.to_dict()
    args["page"] = str(number)
    return url_for("events.index", **{k: v for k, v in args.items() if v})


@blueprint.get("/events/<slug>")
@open_to("public")
def event(slug: str) -> str:
    found = _public_event(slug)
    dates = queries.upcoming_of(found, now())
    coming = next((row for row in dates if row.status == "confirmed"), None)
    return render_template(
        "events/event.html",
        event=found,
        cards=showing.cards(dates[:60], language().key),
        is_off=found.status == "cancelled" or bool(dates and coming is None),
        top=showing.card(coming, language().key) if coming else None,
        further=max(0, len(dates) - 60),
        later=None if coming else _later(found),
        machine_text=structured(dates, language().key),
        **_shown(found),
    )


def _later(found: Event) -> Event | None:
    """The series that goes on from this one, for those who followed it."""
    later = overview.continued_by(found)
    return later if later is not None and later.is_public else None


@blueprint.get("/events/<slug>/<key>")
@open_to("public")
def one_date(slug: str, key: str) -> str:
    found = _public_event(slug)
    row = queries.occurrence(found, key)
    if row is None:
        abort(404)
    others = [other for other in queries.upcoming_of(found, now(), 8) if other.id != row.id]
    card, *cards = showing.cards([row, *others[:6]], language().key)
    return render_template(
        "events/date.html",
        event=found,
        row=row,
        card=card,
        is_past=row.ends_at <= now(),
        is_off=row.status == "cancelled",
        machine_text=structured([row], language().key),
        closed=closed_on(row.place, row.on),
        others=cards,
        following=next(
            (showing.card(r, language().key) for r in others if _is_after(r, row)), None
        ),
        **_shown(found, row),
    )


@blueprint.get("/calendar")
@open_to("public")
def this_month() -> Response:
    never_keep()
    return redirect(url_for("events.calendar", month=f"{units.today():%Y-%m}"), 303)


@blueprint.get("/calendar/<month>")
@open_to("public")
def calendar(month: str) -> str:
    first = _month(month)
    zone, today = units.zone(), units.today()
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    until = datetime.combine(following, time(), zone).astimezone(UTC)
    rows = queries.listed(queries.Filter(), since, until, today, limit=queries.COUNT_LIMIT)
    rows = [row for row in rows if first <= row.on < following]
    return render(
        "events/calendar.html",
        "events/_month.html",
        month=showing.month(rows, first, today, language().key),
        first=first,
        previous=(first - timedelta(days=1)).replace(day=1),
        following=following,
        this_month=today.replace(day=1),
        observed=observance_showing.of_month(first, zone, language().key),
    )


def _month(text: str) -> date:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        abort(404)
    if len(text) != 7 or not 2000 <= first.year <= 2100:
        abort(404)
    return first


def _public_event(slug: str) -> Event:
    """The event, or the same 404 for one that is not public as for one that never was."""
    found = queries.event_by_slug(slug)
    if found is None or not found.is_public:
        abort(404)
    return found


def _is_after(other: Occurrence, row: Occurrence) -> bool:
    return other.status == "confirmed" and other.starts_at > row.starts_at


def _shown(found: Event, row: Occurrence | None = None) -> dict[str, Any]:
    """What both pages of an event say of it, or of one date that may differ."""
    key, one = language().key, row or found
    title, lang = showing.title_of(one, key)
    return {
        "title": title,
        "title_lang": lang,
        "hides_place": one.hides_place,
        "place": None if one.hides_place else one.place,
        "place_words": showing.place_words(one, key),
        "rhythm": "" if row else rhythm_words(queries.series_of(found).rule, key),
        "hosts": [] if one.hides_place else [found.unit, *found.co_hosts],
        "picture": showing.ICONS.get(found.kind.group, found.kind.group),
        "sign_up_link": row.sign_up_link if row else "",
        "signs_up_by_date": not row and any(one.sign_up_link for one in found.occurrences),
        "part_of": observance_showing.part_of(found, key),
    }
