"""Public routes: calendar feeds, one date's .ics, and the subscribe page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as AnyResponse

from portal.core.access import open_to
from portal.core.cache import keep_until, last_modified, never_keep
from portal.core.clock import now
from portal.core.languages import language, languages
from portal.core.sealing import sign
from portal.events.queries import event_by_slug, kinds
from portal.events.showing import cards
from portal.feeds import finding, formats, ics, listing, queries, showing, subscribing
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
    at = subscribing.addresses(_base_url(), feed_path(scope, key))
    return render_template(
        "feeds/subscribe.html",
        scope=scope,
        name=feed_name(scope, units.municipality(), key),
        at=at,
        qr=drawing(_base_url() + subscribing.page_url(scope.key)),
        devices=subscribing.devices(at, key),
        dates=cards(finding.next_dates(scope, now(), today, 3), key),
        quiet=subscribing.addresses(_base_url(), quiet) if quiet else None,
        months=[today.replace(day=1), (today.replace(day=28) + timedelta(days=4)).replace(day=1)],
        list_url=subscribing.list_url(scope),
        **_other_calendars(today),
    )


def _other_calendars(today: date) -> dict[str, Any]:
    return {
        "kinds": [kind for kind in kinds() if kind.visibility in ("public", "without_place")],
        "areas": units.areas(today),
        "units": [unit for unit in units.open_units(today) if unit.kind != "association"],
    }


@blueprint.get("/robots.txt")
@open_to("public")
def robots() -> Response:
    """Everything public may be read; Google refuses feeds that robots.txt closes."""
    return Response(
        "User-agent: *\nDisallow: /staff\nDisallow: /admin\n", content_type="text/plain"
    )


def _base_url() -> str:
    return str(current_app.config["PORTAL_SETTINGS"].base_url)
