"""Public routes: calendar feeds, one date's .ics, and the subscribe page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
)
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from portal.core.access import open_to
from portal.core.cache import keep_until, last_modified, never_keep
from portal.core.clock import now
from portal.core.languages import language, languages
from portal.core.sealing import sign
from portal.events.filters import choices
from portal.events.queries import event_by_slug
from portal.events.showing import Card, cards
from portal.feeds import finding, formats, ics, listing, queries, showing, subscribing
from portal.feeds.devices import addresses, devices
from portal.feeds.forms import CalendarForm
from portal.feeds.qr import drawing
from portal.feeds.queries import Scope, feed_path
from portal.feeds.reading import events_told
from portal.feeds.words import feed_name
from portal.units import queries as units

blueprint = Blueprint("feeds", __name__)
CALENDAR = "text/calendar; charset=utf-8"
FORMATS: dict[str, tuple[Callable[[Scope, str, str], bytes], str]] = {
    "ics": (formats.calendar, CALENDAR),
    "atom": (listing.news, "application/atom+xml; charset=utf-8"),
    "json": (listing.dates, "application/json"),
}


@blueprint.get("/feeds/<scope_name>.<language_key>.<any(ics, atom, json):form>")
@open_to("public")
def calendar(scope_name: str, language_key: str, form: str) -> AnyResponse:
    if language_key not in languages():
        abort(404)
    if scope_name == "events":
        scope = queries.wanted_scope(request.args, units.today())
    else:
        scope = queries.scope(scope_name, units.today())
    if scope is None:
        abort(404)
    if scope.moved_to is not None:
        return redirect(feed_path(scope.moved_to, language_key, form), 301)
    make, mime = FORMATS[form]
    response = _public(make(scope, language_key, _base_url()), mime, language_key)
    # Anybody's page may read it: it is public, and the same with and without a cookie.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.get("/feeds/quiet/<token>.ics")
@open_to("public")
def quiet(token: str) -> Response:
    """The second address of a scope: a calendar that says only when."""
    scope, key = queries.quiet_scope(token, units.today()) or abort(404)
    body = formats.quiet_calendar(scope, key, token, _base_url())
    response = _public(body, CALENDAR, key)
    response.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _public(body: bytes, mime: str, key: str) -> Response:
    """A feed for everybody, and how long it holds."""
    today, zone = units.today(), units.zone()
    response = Response(body, content_type=mime)
    response.headers["Cache-Control"] = "public, max-age=900, stale-if-error=86400"
    response.headers["Content-Language"] = languages()[key].tag
    last_modified(response, queries.last_modified(today, zone))
    keep_until(queries.next_midnight(today, zone))
    return response


@blueprint.get("/feeds/my/<token>.ics")
@open_to("public")
def mine(token: str) -> AnyResponse:
    """An editor's own calendar. Its address is the key to it, so nothing of it is kept here."""
    never_keep()
    account = queries.editor_by_token(token) or abort(404)
    unit_ids = None if account.is_admin else sorted(account.unit_ids)
    uid = sign("editor's calendar", account.session_key)[:32]
    body = formats.hosts_calendar(unit_ids, language().key, uid, _base_url())
    response = Response(body, content_type=CALENDAR)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/events/<slug>/<key>.ics")
@open_to("public")
def one_date(slug: str, key: str) -> Response:
    found = event_by_slug(slug)
    if found is None or not found.is_public:
        abort(404)
    (event,) = events_told([found.id], every_date=True)
    row = next((row for row in event.dates if row.key == key), None)
    if row is None:
        abort(404)
    teller = showing.Teller(language().key, _base_url())
    body = ics.single(teller.entry(event), teller.override(event, row))
    header = ics.Header("", "", "", "", "", "", (event.zone,), is_subscription=False)
    response = Response(ics.calendar(header, [body]), content_type=CALENDAR)
    response.headers["Content-Disposition"] = f'attachment; filename="{key}.ics"'
    last_modified(response, event.revised_at)
    return response


@blueprint.get("/subscribe")
@open_to("public")
def subscribe() -> str | AnyResponse:
    args, today = request.args, units.today()
    named = args.get("scope")
    scope = queries.scope(named, today) if named else queries.wanted_scope(args, today)
    if scope is None:
        abort(404)
    if scope.moved_to is not None:
        return redirect(subscribing.page_url(scope.moved_to), 301)
    key, quiet = language().key, queries.quiet_path(scope.key, language().key)
    at, dates = addresses(_base_url(), feed_path(scope, key)), _next_dates(scope)
    return render_template(
        "feeds/subscribe.html",
        scope=scope,
        name=feed_name(scope, units.municipality(), key),
        at=at,
        qr=drawing(_base_url() + subscribing.page_url(scope.key)),
        devices=devices(at, key, offers_dates=bool(dates)),
        dates=dates,
        quiet=addresses(_base_url(), quiet) if quiet else None,
        months=[today.replace(day=1), (today.replace(day=28) + timedelta(days=4)).replace(day=1)],
        list_url=subscribing.list_url(scope),
        form=_choose(scope),
    )


def _next_dates(scope: Scope) -> list[Card]:
    """Three dates to take one by one; observances have no pages, so none to take."""
    if scope.name == queries.OBSERVANCES:
        return []
    today = units.today()
    since, until = queries.shown_window(scope.wanted, today, units.zone())
    return cards(finding.next_dates(scope, max(since, now()), until, today, 3), language().key)


def _choose(scope: Scope) -> CalendarForm:
    """The way to another calendar, with what is chosen now."""
    form = CalendarForm(MultiDict(subscribing.filters(scope)))
    choices(form)
    form.place.choices = subscribing.place_choices()
    return form


@blueprint.get("/robots.txt")
@open_to("public")
def robots() -> Response:
    """Everything public may be read; Google refuses feeds that robots.txt closes."""
    return Response(
        "User-agent: *\nDisallow: /staff\nDisallow: /admin\n", content_type="text/plain"
    )


def _base_url() -> str:
    return str(current_app.config["PORTAL_SETTINGS"].base_url)
