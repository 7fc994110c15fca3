"""Reads: what a feed's address means, and which events belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from sqlalchemy import exists, literal, select

from portal.accounts import queries as accounts
from portal.accounts.queries import SignedIn
from portal.core.extensions import db
from portal.core.languages import languages
from portal.core.sealing import digest
from portal.events import queries as events
from portal.events.finding import Asked, asked
from portal.events.models import Event, EventKind
from portal.events.queries import Filter
from portal.feeds.models import EditorFeed, QuietFeed
from portal.feeds.window import changed_at as changed_at
from portal.feeds.window import dates_between as dates_between
from portal.feeds.window import dates_shown as dates_shown
from portal.feeds.window import last_modified as last_modified
from portal.feeds.window import midnight as midnight
from portal.feeds.window import next_dates as next_dates
from portal.feeds.window import next_midnight as next_midnight
from portal.feeds.window import public_events as public_events
from portal.feeds.window import selection as selection
from portal.feeds.window import shown_window as shown_window
from portal.feeds.window import window as window
from portal.places.models import Place
from portal.units import queries as units
from portal.units.models import Area, Unit

OBSERVANCES = "observances"
# So many new quiet addresses at once, so that no writer waits long.
MOST_QUIET = 5000
# The filters that are scopes of their own when nothing else is asked for.
SCOPES = ("kind", "area", "unit", "place", "language")


@dataclass(frozen=True)
class Scope:
    """What a feed is about: a name, or `events` with the `query` of a filter as it is written
    best. `moved_to` is the path's new name and query when something was renamed."""

    name: str
    wanted: Filter
    kind: EventKind | None = None
    area: Area | None = None
    unit: Unit | None = None
    place: Place | None = None
    event: Event | None = None
    query: str = ""
    moved_to: str | None = None

    @property
    def key(self) -> str:
        """What tells this feed from all others, for ever."""
        return f"{self.name}?{self.query}" if self.query else self.name


def scope(name: str, today: date) -> Scope | None:
    """The scope that a feed's name means: all, observances, unit-…, kind-…, area-…, event-…."""
    if name in ("all", OBSERVANCES):
        return Scope(name, Filter())
    what, _, slug = name.partition("-")
    if what == "event":
        return _event_scope(name, slug)
    if what not in SCOPES or not slug:
        return None
    found = asked({what: slug})
    successor = _successor(what, slug, found, today)
    if successor is not None:
        return Scope(name, Filter(), moved_to=f"{what}-{successor}")
    return None if found.unknown else _of(name, found)


def wanted_scope(args: Mapping[str, str], today: date) -> Scope | None:
    """What the filters of /events ask a calendar for; a single one that has a feed of its own
    is that feed.

    None when a value means nothing: a calendar without that filter would hold more than was
    asked for.
    """
    found = asked(args)
    given = [name for name in ("area", "unit", "place") if args.get(name)]
    after = {name: _successor(name, args[name], found, today) for name in given}
    if any(after.values()):
        moved = wanted_scope({**args, **{k: v for k, v in after.items() if v}}, today)
        return Scope("events", Filter(), moved_to=moved.key) if moved is not None else None
    first, last = found.wanted.from_on, found.wanted.to_on
    if found.unknown or (first is not None and last is not None and last < first):
        return None
    if not found.known:
        return Scope("all", Filter())
    if len(found.known) == 1 and (only := next(iter(found.known))) in SCOPES:
        return _of(f"{only}-{found.known[only]}", found)
    return _of("events", found, urlencode(found.known))


def _of(name: str, found: Asked, query: str = "") -> Scope:
    wanted = found.wanted
    return Scope(name, wanted, wanted.kind, wanted.area, found.unit, found.place, query=query)


def _successor(what: str, slug: str, found: Asked, today: date) -> str | None:
    """The address that a renamed unit or place, or an ended area, has now."""
    if what == "area" and found.wanted.area is not None:
        after = units.area_successor(found.wanted.area, today)
        return after.slug if after else None
    return units.former(what, slug) if what in found.unknown else None


def _event_scope(name: str, slug: str) -> Scope | None:
    event = events.event_by_slug(slug)
    if event is None or not event.is_public:
        return None
    return Scope(name, Filter(), event=event)


def feed_path(scope: Scope | str, key: str, form: str = "ics") -> str:
    """The path of a feed, by its scope or its name (`moved_to` as well); `form` is ics, atom or
    json. Languages are in the file's name, so there is no prefix."""
    name, _, query = (scope if isinstance(scope, str) else scope.key).partition("?")
    return f"/feeds/{name}.{key}.{form}" + (f"?{query}" if query else "")


def quiet_scope(token: str, today: date) -> tuple[Scope, str] | None:
    """What a quiet address is about now, and its language. It stays when a scope is renamed."""
    row = db.session.scalar(select(QuietFeed).where(QuietFeed.token == token))
    found = scope(row.scope, today) if row is not None else None
    while found is not None and found.moved_to is not None:
        found = scope(found.moved_to, today)
    return (found, row.language) if row is not None and found is not None else None


def quiet_path(name: str, key: str) -> str | None:
    """The quiet address of a scope's name in a language; none before the first `portal tick`."""
    query = select(QuietFeed.token).where(QuietFeed.scope == name, QuietFeed.language == key)
    token = db.session.scalar(query)
    return f"/feeds/quiet/{token}.ics" if token else None


def editor_feed(account_id: int) -> EditorFeed | None:
    return db.session.get(EditorFeed, account_id)


def editor_by_token(token: str) -> SignedIn | None:
    """Whose own feed it is, if the account is open."""
    row = db.session.scalar(select(EditorFeed).where(EditorFeed.digest == digest(token)))
    account = accounts.account_by_id(row.account_id) if row is not None else None
    if row is None or account is None or account.is_disabled:
        return None
    return accounts.known(account, row.digest)


def names_without_quiet(language: str, today: date) -> list[str]:
    """The scopes, single events included, that have no quiet address in a language yet."""
    theirs = literal("event-") + Event.slug
    known = exists().where(QuietFeed.scope == theirs, QuietFeed.language == language)
    single = public_events().where(~known).with_only_columns(theirs).order_by(Event.id)
    have = select(QuietFeed.scope).where(
        QuietFeed.language == language, QuietFeed.scope.not_like("event-%")
    )
    there = set(db.session.scalars(have))
    names = [name for name in every_scope(today) if name not in there]
    return names + list(db.session.scalars(single.limit(MOST_QUIET)))


def every_scope(today: date) -> list[str]:
    """The names of all feeds but those of single events."""
    kinds = [kind for kind in events.kinds() if kind.visibility in ("public", "without_place")]
    places = select(Place.slug).where(Place.visibility == "public").order_by(Place.slug)
    used = events.languages_in_use()
    # Not of observances: their days are known, so a calendar of them cannot be quiet.
    names = [
        "all",
        *(f"kind-{kind.slug}" for kind in kinds),
        *(f"area-{area.slug}" for area in units.areas(today)),
        *(f"unit-{unit.slug}" for unit in units.open_units(today)),
        *(f"place-{slug}" for slug in db.session.scalars(places)),
        *(f"language-{key}" for key in languages() if key in used),
    ]
    return names
