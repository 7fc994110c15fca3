"""Staff routes: how the unit's feeds are doing."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, render_template, request

from portal.core.access import open_to
from portal.core.clock import now
from portal.core.languages import language
from portal.events import queries as events
from portal.events.queries import Filter
from portal.events.staff import own_unit_ids, own_units
from portal.feeds import finding, formats, queries
from portal.feeds.devices import addresses, devices
from portal.feeds.health import Health, fetched_words, health
from portal.feeds.health_words import CLIENT, FINDING, OFTEN, say_finding
from portal.feeds.words import feed_name
from portal.units import queries as units
from portal.units.models import Unit

blueprint = Blueprint("staff_feeds", __name__, url_prefix="/staff/feeds")
SHOWN_EVENTS = 20


@blueprint.get("")
@open_to("editor", "admin")
def index() -> str:
    mine, everybody = _shown_units(), own_unit_ids() is None
    scopes = ["all", *(f"unit-{unit.slug}" for unit in mine)]
    coming = finding.coming_events([unit.id for unit in mine], now(), SHOWN_EVENTS)
    names = [*scopes, *(f"event-{event.slug}" for event, _ in coming)]
    fetched = finding.fetches(names, units.today())
    feeds = [_health(name, fetched.get(name, {})) for name in scopes]
    uids = [f.problem.facts["uid"] for one in feeds for f in one.findings]
    base_url = current_app.config["PORTAL_SETTINGS"].base_url
    return render_template(
        "feeds/health.html",
        feeds=feeds,
        about=finding.events_by_uid([uid for uid in uids if uid]),
        events=[
            (event, dates, fetched_words(fetched.get(f"event-{event.slug}", {})))
            for event, dates in coming
        ],
        devices=devices(addresses(base_url, "/"), language().key),
        choices=units.open_units(units.today()) if everybody else [],
        chosen=request.args.get("unit", ""),
        client_words=CLIENT.__getitem__,
        often_words=OFTEN.__getitem__,
        say_finding=say_finding,
        finding_help=lambda code: FINDING[code][1],
    )


def _shown_units() -> list[Unit]:
    """The account's own units; who edits all of them chooses one."""
    if own_unit_ids() is not None:
        return own_units()
    slug = request.args.get("unit", "")
    if not slug:
        return []
    return [units.unit_by_slug(slug) or abort(404)]


def _health(name: str, fetched: dict[str, int]) -> Health:
    """A feed as it is answered at this moment, read in every language of the site."""
    today, site = units.today(), units.municipality()
    scope = queries.scope(name, today) or abort(404)
    base_url = current_app.config["PORTAL_SETTINGS"].base_url
    bodies = {key: formats.calendar(scope, key, base_url) for key in site.languages}
    wanted = scope.wanted if scope.unit else Filter()
    dates = events.count_listed(wanted, now(), None, today)
    return health(name, feed_name(scope, site, language().key), bodies, dates, fetched, now())
