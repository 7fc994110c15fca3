"""Public routes: calendar feeds, one date's .ics, and the subscribe page."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from portal.core.access import open_to
from portal.core.cache import keep_until, last_modified
from portal.core.languages import language, languages
from portal.events.queries import event_by_slug, kinds
from portal.feeds import ics, queries, showing, texts
from portal.feeds.queries import Scope
from portal.feeds.reading import events_told
from portal.feeds.words import feed_description, feed_name
from portal.units import queries as units

blueprint = Blueprint("feeds", __name__)
CALENDAR = "text/calendar; charset=utf-8"


@blueprint.get("/feeds/<scope_name>.<language_key>.ics")
@open_to("public")
def calendar(scope_name: str, language_key: str) -> AnyResponse:
    if language_key not in languages():
        abort(404)
    scope = queries.scope(scope_name, units.today())
    if scope is None:
        abort(404)
    if scope.moved_to is not None:
        return redirect(feed_path(scope.moved_to, language_key), 301)
    return _answer(scope, language_key)


def _answer(scope: Scope, key: str) -> Response:
    """The feed's body, and how long it holds."""
    today, zone = units.today(), units.zone()
    base_url = _base_url()
    bodies, zones = texts.bodies(queries.selection(scope, today, zone), key, base_url)
    site = units.municipality()
    header = ics.Header(
        name=feed_name(scope, site, key),
        description=feed_description(site, key),
        language=languages()[key].tag,
        url=f"{base_url}/subscribe",
        source=base_url + feed_path(scope.name, key),
        uid=showing.calendar_uid(scope.name, key),
        zones=tuple(zones),
    )
    response = Response(ics.calendar(header, bodies), content_type=CALENDAR)
    response.headers["Cache-Control"] = "public, max-age=900, stale-if-error=86400"
    response.headers["Content-Language"] = languages()[key].tag
    last_modified(response, queries.last_modified(today, zone))
    keep_until(queries.next_midnight(today, zone))
    return response


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
def subscribe() -> str:
    name = request.args.get("scope", "all")
    scope = queries.scope(name, units.today())
    if scope is None or scope.moved_to is not None:
        abort(404)
    key = language().key
    path = feed_path(scope.name, key)
    base = urlsplit(_base_url())
    return render_template(
        "feeds/subscribe.html",
        scope=scope,
        name=feed_name(scope, units.municipality(), key),
        address=_base_url() + path,
        webcal=f"webcal://{base.netloc}{path}",
        kinds=[kind for kind in kinds() if kind.visibility in ("public", "without_place")],
        areas=units.areas(units.today()),
        units=[unit for unit in units.open_units(units.today()) if unit.kind != "association"],
    )


@blueprint.get("/robots.txt")
@open_to("public")
def robots() -> Response:
    """Everything public may be read; Google refuses feeds that robots.txt closes."""
    return Response(
        "User-agent: *\nDisallow: /staff\nDisallow: /admin\n", content_type="text/plain"
    )


def feed_path(scope_name: str, key: str) -> str:
    """A feed's path; languages are in the file's name, so there is no prefix."""
    return f"/feeds/{scope_name}.{key}.ics"


def _base_url() -> str:
    return str(current_app.config["PORTAL_SETTINGS"].base_url)
