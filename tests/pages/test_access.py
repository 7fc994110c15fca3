"""Every route, method, role, and own or foreign object: what each gets, in one table.

A route without a row fails. So does a form that is taken without its token or from another
origin, and a GET that changes anything.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.core.sealing import sign
from portal.events.queries import kind_by_slug
from tests.pages.conftest import ASSOCIATION, MEANT, World, picture
from tests.pages.conftest import TABLE as PASTED
from tests.support.portal_app import LIBRARY, PASSWORD, PRESCHOOL, Browser
from tests.support.site import changed, crawl, stored

# Who asks, and whose thing it is. The library's editor has what is the library's; what waits
# for an answer belongs to the unit whose place is asked for, not to the one who asks.
CASES: dict[str, tuple[str | None, str]] = {
    "visitor": (None, LIBRARY),
    "editor, own": ("editor", LIBRARY),
    "editor, foreign": ("editor", PRESCHOOL),
    "association, own": ("association", ASSOCIATION),
    "association, foreign": ("association", LIBRARY),
    "admin, library's": ("admin", LIBRARY),
    "admin, association's": ("admin", ASSOCIATION),
}
ANYBODY = (200,) * 7
EVENT = {
    "title": "Språkcafé",
    "kind": "{kind}",
    "place": "0",
    "elsewhere": "Torget",
    "unit": "{unit_id}",
    "first_day": "2026-12-02",
    "starts": "17:00",
    "ends": "18:30",
    "repeat": "once",
    "age_unit": "years",
    "sign_up": "none",
    "visibility": "public",
    "do": "draft",
}
UNIT = {
    "name": "Nytt namn",
    **dict.fromkeys(
        ("step_free", "lift", "hearing_loop", "toilet", "quiet_room", "changing_table"), "yes"
    ),
}
ROOM = {"name": "Lilla rummet", "visibility": "public"}
CLOSED = {"first_on": "2026-12-10", "last_on": "2026-12-11", "reason": "Inventering"}
PHOTO = {"photo": "{jpeg}", "alt": "En dörr", "credit": "Biblioteket"}
OBSERVANCE = {"name": "Bokens dag", "first_on": "2027-04-08", "is_annual": "y"}
BREAK = {"name": "Sportlov", "first_on": "2027-02-22", "last_on": "2027-02-26"}
ACCEPT = {"email": "styrelsen@forening.example", "name": "Styrelsen", "password": PASSWORD}
SIGN_IN = {"email": "editor@small.example", "password": PASSWORD}


TERM = {"first_day": "2027-02-01", "last_day": "2027-05-31", "do": "publish"}
RHYTHM = {
    "first_day": "2026-12-01",
    "until": "2027-05-31",
    "starts": "17:00",
    "ends": "18:00",
    "repeat": "weekly",
    "do": "save",
}
# A page or a form about something that belongs to a unit.
OWN_PAGE = (303, 200, 403, 200, 403, 200, 200)
OWN_FORM = (401, 303, 403, 303, 403, 303, 303)


class Row(NamedTuple):
    """A route: its address, what its form sends, and the code for each case in order."""

    path: str
    codes: tuple[int, ...]
    data: dict[str, Any] | None = None


# Seven codes: the cases above, in their order.
TABLE: dict[tuple[str, str], Row] = {
    # Everybody reads the same.
    ("home.start", "GET"): Row("/", ANYBODY),
    ("home.search", "GET"): Row("/search?q=cafe", ANYBODY),
    ("home.help", "GET"): Row("/help", ANYBODY),
    ("home.language_list", "GET"): Row("/help/languages", ANYBODY),
    ("home.about_data", "GET"): Row("/about/data", ANYBODY),
    ("home.accessibility", "GET"): Row("/accessibility", ANYBODY),
    ("home.health", "GET"): Row("/healthz", ANYBODY),
    ("events.index", "GET"): Row("/events", ANYBODY),
    ("events.event", "GET"): Row("/events/{slug}", ANYBODY),
    ("events.one_date", "GET"): Row("/events/{slug}/{key}", ANYBODY),
    ("events.this_month", "GET"): Row("/calendar", (303,) * 7),
    ("events.calendar", "GET"): Row("/calendar/2026-12", ANYBODY),
    ("events.observances", "GET"): Row("/observances", ANYBODY),
    ("units.unit", "GET"): Row("/units/{unit}", ANYBODY),
    ("units.contacts", "GET"): Row("/help/contacts", ANYBODY),
    ("units.contact", "GET"): Row("/help/contacts/kommunstyrelsen", ANYBODY),
    ("places.index", "GET"): Row("/places", ANYBODY),
    # An association has no premises of its own, so neither page nor photograph of them.
    ("places.place", "GET"): Row("/places/{unit}", (200, 200, 200, 404, 200, 200, 404)),
    ("places.photo", "GET"): Row(
        "/places/{unit}/photo-{photo}.jpg", (200, 200, 200, 404, 200, 200, 404)
    ),
    ("feeds.calendar", "GET"): Row("/feeds/unit-{unit}.sv.ics", ANYBODY),
    # Secret addresses: who does not know them gets nothing, whoever asks.
    ("feeds.quiet", "GET"): Row("/feeds/quiet/nothing.ics", (404,) * 7),
    ("feeds.mine", "GET"): Row("/feeds/my/nothing.ics", (404,) * 7),
    ("feeds.one_date", "GET"): Row("/events/{slug}/{key}.ics", ANYBODY),
    ("feeds.subscribe", "GET"): Row("/subscribe", ANYBODY),
    ("feeds.robots", "GET"): Row("/robots.txt", ANYBODY),
    ("static", "GET"): Row("/static/core/portal.css", ANYBODY),
    # Signing in and out.
    ("accounts.sign_in", "GET"): Row("/sign-in", ANYBODY),
    ("accounts.invitation", "GET"): Row("/sign-in/invitation/{token}", ANYBODY),
    # A public form takes the public token, whoever sends it.
    ("accounts.do_sign_in", "POST"): Row("/sign-in", (303,) * 7, SIGN_IN),
    ("accounts.accept", "POST"): Row("/sign-in/invitation/{token}", (303,) * 7, ACCEPT),
    ("accounts.sign_out", "POST"): Row("/sign-out", (401, *(303,) * 6), {}),
    # Staff. A visitor who asks for a page is sent to sign in; a form says so.
    ("staff.start", "GET"): Row("/staff", (303, *(200,) * 6)),
    ("staff_events.index", "GET"): Row("/staff/events", (303, *(200,) * 6)),
    ("staff_events.new", "GET"): Row("/staff/events/new", (303, *(200,) * 6)),
    # A unit that is not one's own is no choice in the form, so that is refused by the form.
    ("staff_events.create", "POST"): Row(
        "/staff/events/new", (401, 303, 422, 303, 422, 303, 303), EVENT
    ),
    ("staff_events.edit", "GET"): Row("/staff/events/{draft}", (303, 200, 403, 200, 403, 200, 200)),
    ("staff_events.update", "POST"): Row(
        "/staff/events/{draft}", (401, 303, 403, 303, 403, 303, 303), EVENT
    ),
    ("staff_events.dates", "GET"): Row(
        "/staff/events/{published}/dates", (303, 200, 403, 200, 403, 200, 200)
    ),
    ("staff_events.cancel", "GET"): Row(
        "/staff/events/{published}/cancel", (303, 200, 403, 200, 403, 200, 200)
    ),
    ("staff_events.cancel", "POST"): Row(
        "/staff/events/{published}/cancel",
        (401, 303, 403, 303, 403, 303, 303),
        {"reason": "Värden är sjuk"},
    ),
    ("staff_events.cancel_date", "GET"): Row(
        "/staff/events/{published}/dates/{key}/cancel", (303, 200, 403, 200, 403, 200, 200)
    ),
    ("staff_events.cancel_date", "POST"): Row(
        "/staff/events/{published}/dates/{key}/cancel",
        (401, 303, 403, 303, 403, 303, 303),
        {"reason": "Sjuk"},
    ),
    ("staff_events.move", "GET"): Row(
        "/staff/events/{published}/dates/{key}/move", (303, 200, 403, 200, 403, 200, 200)
    ),
    ("staff_events.move", "POST"): Row(
        "/staff/events/{published}/dates/{key}/move",
        (401, 303, 403, 303, 403, 303, 303),
        {"day": "2099-01-05", "starts": "17:00", "ends": "18:00"},
    ),
    ("staff_events.change_dates", "GET"): Row(
        "/staff/events/{published}/dates/change?all=1", OWN_PAGE
    ),
    ("staff_events.change_dates", "POST"): Row(
        "/staff/events/{published}/dates/change",
        OWN_FORM,
        {"all": "1", "place": "-2", "starts": "16:00"},
    ),
    ("staff_events.cancel_dates", "GET"): Row(
        "/staff/events/{published}/dates/cancel?all=1", OWN_PAGE
    ),
    ("staff_events.cancel_dates", "POST"): Row(
        "/staff/events/{published}/dates/cancel", OWN_FORM, {"key": "{key}", "reason": "Sjuk"}
    ),
    ("staff_events.reset_date", "POST"): Row(
        "/staff/events/{published}/dates/{key}/reset", OWN_FORM, {}
    ),
    ("staff_events.undo", "POST"): Row(
        "/staff/events/{published}/undo", OWN_FORM, {"change": "{change}"}
    ),
    ("staff_events.last_day", "GET"): Row("/staff/events/{published}/last-day", OWN_PAGE),
    ("staff_events.last_day", "POST"): Row(
        "/staff/events/{published}/last-day",
        OWN_FORM,
        {"last_on": "2026-12-20", "reason": "Slut", "do": "save"},
    ),
    ("staff_events.rhythm", "GET"): Row("/staff/events/{published}/rhythm", OWN_PAGE),
    ("staff_events.rhythm", "POST"): Row("/staff/events/{published}/rhythm", OWN_FORM, RHYTHM),
    ("staff_events.copy", "GET"): Row("/staff/events/{published}/copy", OWN_PAGE),
    ("staff_events.copy", "POST"): Row("/staff/events/{published}/copy", OWN_FORM, TERM),
    ("staff_events.hand_over", "GET"): Row("/staff/events/{published}/hand-over", OWN_PAGE),
    # No such unit: whoever may ask hears it from the form.
    ("staff_events.hand_over", "POST"): Row(
        "/staff/events/{published}/hand-over", (401, 422, 403, 422, 403, 422, 422), {"unit": "999"}
    ),
    ("staff_events.copy_term", "GET"): Row("/staff/events/copy-term?unit={unit}", OWN_PAGE),
    # Nothing is ticked.
    ("staff_events.do_copy_term", "POST"): Row(
        "/staff/events/copy-term?unit={unit}", (401, 422, 403, 422, 403, 422, 422), TERM
    ),
    ("staff_closed.closed_today", "GET"): Row("/staff/units/{unit}/closed-today", OWN_PAGE),
    ("staff_closed.do_closed_today", "POST"): Row(
        "/staff/units/{unit}/closed-today",
        (401, 303, 403, 422, 403, 303, 422),
        {"reason": "Ström", "first_on": "2026-11-21"},
    ),
    ("staff_events.restore_date", "POST"): Row(
        "/staff/events/{published}/dates/{cancelled_key}/restore",
        (401, 303, 403, 303, 403, 303, 303),
        {},
    ),
    # What is said of a date, and how many came: the library and the preschool have theirs in
    # their own house, the association elsewhere. Who else may: see test_today.py.
    ("staff_events.say", "POST"): Row(
        "/staff/events/{today}/dates/{today_key}/drop-in",
        (401, 303, 403, 303, 403, 303, 303),
        {"state": "full"},
    ),
    ("staff_events.came", "GET"): Row(
        "/staff/events/{today}/dates/{today_key}/came", (303, 200, 403, 200, 403, 200, 200)
    ),
    ("staff_events.save_came", "POST"): Row(
        "/staff/events/{today}/dates/{today_key}/came",
        (401, 303, 403, 303, 403, 303, 303),
        {"who": "adults", "number": "7"},
    ),
    ("staff_events.delete", "POST"): Row(
        "/staff/events/{draft}/delete", (401, 303, 403, 303, 403, 303, 303), {}
    ),
    # Yes is said by the unit whose place it is, never by the association that asks; what it
    # asks for itself (the last case) is the library's place.
    ("staff_events.answer", "POST"): Row(
        "/staff/events/{waiting}/answer", (401, 303, 403, 403, 403, 303, 303), {"answer": "yes"}
    ),
    # Observances: associations propose and change what is still their own proposal; whoever
    # works for the municipality changes and answers everybody's.
    ("staff_observances.index", "GET"): Row("/staff/observances", (303, *(200,) * 6)),
    ("staff_observances.new", "GET"): Row("/staff/observances/new", (303, *(200,) * 6)),
    ("staff_observances.create", "POST"): Row(
        "/staff/observances/new", (401, *(303,) * 6), OBSERVANCE
    ),
    ("staff_observances.edit", "GET"): Row(
        "/staff/observances/{proposal}", (303, 200, 200, 200, 403, 200, 200)
    ),
    ("staff_observances.update", "POST"): Row(
        "/staff/observances/{proposal}", (401, 303, 303, 303, 403, 303, 303), OBSERVANCE
    ),
    ("staff_observances.answer", "POST"): Row(
        "/staff/observances/{proposal}/answer",
        (401, 303, 303, 403, 403, 303, 303),
        {"answer": "yes"},
    ),
    ("staff_observances.ask_withdraw", "GET"): Row(
        "/staff/observances/{observance}/withdraw", (303, 200, 200, 403, 403, 200, 200)
    ),
    ("staff_observances.withdraw", "POST"): Row(
        "/staff/observances/{observance}/withdraw",
        (401, 303, 303, 403, 403, 303, 303),
        {"reason": "Det blir inte av"},
    ),
    ("staff_observances.restore", "POST"): Row(
        "/staff/observances/{withdrawn}/restore", (401, 303, 303, 403, 403, 303, 303), {}
    ),
    ("staff_feeds.index", "GET"): Row("/staff/feeds", (303, *(200,) * 6)),
    ("staff_places.unit", "GET"): Row("/staff/units/{unit}", (303, 200, 403, 200, 403, 200, 200)),
    ("staff_places.save_unit", "POST"): Row(
        "/staff/units/{unit}", (401, 303, 403, 303, 403, 303, 303), UNIT
    ),
    ("staff_places.add_room", "POST"): Row(
        "/staff/units/{unit}/rooms", (401, 303, 403, 303, 403, 303, 303), ROOM
    ),
    # What needs premises: an association has none.
    ("staff_places.close", "POST"): Row(
        "/staff/units/{unit}/closed", (401, 303, 403, 404, 403, 303, 404), CLOSED
    ),
    ("staff_places.reopen", "POST"): Row(
        "/staff/units/{unit}/closed/{closed}", (401, 303, 403, 404, 403, 303, 404), {}
    ),
    ("staff_places.set_photo", "POST"): Row(
        "/staff/units/{unit}/photo", (401, 303, 403, 404, 403, 303, 404), PHOTO
    ),
    # Programmes: a source is its unit's; a run is its source's.
    ("staff_imports.index", "GET"): Row("/staff/imports", (303, *(200,) * 6)),
    ("staff_imports.new", "GET"): Row("/staff/imports/new", (303, *(200,) * 6)),
    ("staff_imports.create", "POST"): Row(
        "/staff/imports/new",
        (401, 303, 422, 303, 422, 303, 303),
        {"name": "Vårens program", "unit": "{unit_id}", "pasted": PASTED},
    ),
    ("staff_imports.export", "GET"): Row("/staff/imports/export.csv?unit={unit}", OWN_PAGE),
    ("staff_imports.source", "GET"): Row("/staff/imports/{source}", OWN_PAGE),
    ("staff_imports.bring", "POST"): Row("/staff/imports/{source}", OWN_FORM, {"pasted": PASTED}),
    ("staff_imports.settings", "POST"): Row(
        "/staff/imports/{source}/settings", OWN_FORM, {"name": "Nytt namn"}
    ),
    ("staff_imports.follow_source", "POST"): Row("/staff/imports/{source}/follow", OWN_FORM, {}),
    ("staff_imports.forget_name", "POST"): Row(
        "/staff/imports/{source}/names", OWN_FORM, {"what": "kind", "name": "sticka"}
    ),
    ("staff_imports.end", "POST"): Row("/staff/imports/{source}/end", OWN_FORM, {}),
    ("staff_imports.run", "GET"): Row("/staff/imports/runs/{run}", OWN_PAGE),
    ("staff_imports.columns", "GET"): Row("/staff/imports/runs/{run}/columns", OWN_PAGE),
    ("staff_imports.save_columns", "POST"): Row(
        "/staff/imports/runs/{run}/columns",
        OWN_FORM,
        {f"column-{at}": field for at, field in enumerate([*MEANT[:4], "none"])},
    ),
    ("staff_imports.names", "POST"): Row(
        "/staff/imports/runs/{run}/names",
        OWN_FORM,
        {"kind-name": "Sticka", "kind-ref": "language-cafe"},
    ),
    ("staff_imports.carry_out", "POST"): Row("/staff/imports/runs/{run}/apply", OWN_FORM, {}),
    ("staff_imports.drop", "POST"): Row("/staff/imports/runs/{run}/drop", OWN_FORM, {}),
    ("staff_imports.again", "POST"): Row("/staff/imports/runs/{stuck}/again", OWN_FORM, {}),
    # Everybody's own calendar, whosever unit it is.
    ("my_feed.page", "GET"): Row("/staff/feeds/my", (303, *(200,) * 6)),
    ("my_feed.make", "POST"): Row("/staff/feeds/my", (401, *(200,) * 6), {}),
    ("my_feed.remove", "POST"): Row("/staff/feeds/my/remove", (401, *(303,) * 6), {}),
    # The administration's own.
    ("staff.invitations", "GET"): Row("/admin/invitations", (303, 403, 403, 403, 403, 200, 200)),
    ("staff.invite", "POST"): Row(
        "/admin/invitations", (401, 403, 403, 403, 403, 200, 200), {"unit": "0", "new_name": "Ny"}
    ),
    ("staff.people", "GET"): Row("/admin/people", (303, 403, 403, 403, 403, 200, 200)),
    ("staff.change_person", "POST"): Row(
        "/admin/people/{account_id}", (401, 403, 403, 403, 403, 303, 303), {"do": "close"}
    ),
    ("staff_places.index", "GET"): Row("/admin/units", (303, 403, 403, 403, 403, 200, 200)),
    ("staff_places.breaks", "GET"): Row("/admin/breaks", (303, 403, 403, 403, 403, 200, 200)),
    ("staff_places.add_break", "POST"): Row(
        "/admin/breaks", (401, 403, 403, 403, 403, 303, 303), BREAK
    ),
    ("staff_places.remove_break", "POST"): Row(
        "/admin/breaks/{break_id}/remove", (401, 403, 403, 403, 403, 303, 303), {}
    ),
}
# Public forms carry the public token even when somebody is signed in.
PUBLIC_FORMS = {"accounts.do_sign_in", "accounts.accept"}
POSTS = [key for key in TABLE if key[1] == "POST"]


def fill(app: Flask, world: World, owner: str, row: Row) -> tuple[str, dict[str, Any]]:
    """The row's address and form with the owner's things in them."""
    with app.app_context():
        from tests.support.factories import unit

        kind = kind_by_slug("language-cafe")
        facts = asdict(world.of[owner]) | {
            "unit_id": unit(owner).id,
            "kind": kind.id if kind else 0,
        }
    facts |= {"break_id": world.break_id, "token": world.token, "account_id": world.account_id}
    data: dict[str, Any] = {
        name: value.format(jpeg="{jpeg}", **facts) for name, value in (row.data or {}).items()
    }
    if "photo" in data:
        data["photo"] = (io.BytesIO(picture()), "door.jpg")
    return row.path.format(**facts), data


def token_for(browser: Browser, endpoint: str) -> str:
    if endpoint in PUBLIC_FORMS:
        with browser.application.app_context():
            return bytes(32).hex() + sign("form", "public")
    return browser.token()


def ask(
    browser: Browser, key: tuple[str, str], path: str, data: dict[str, Any], **kwargs: Any
) -> TestResponse:
    if key[1] == "GET":
        return browser.get(path, **kwargs)
    return browser.post(path, data={"csrf_token": token_for(browser, key[0]), **data}, **kwargs)


@pytest.fixture
def browser_of(
    city: Flask, visitor: Browser, somebody: Callable[[str], Browser]
) -> Callable[[str | None], Browser]:
    return lambda name: somebody(name) if name else visitor


def test_every_route_has_a_row(city: Flask) -> None:
    there = {
        (rule.endpoint, method)
        for rule in city.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert there - set(TABLE) == set(), "write a row for each of these"
    assert set(TABLE) - there == set(), "these routes are gone"


def test_every_view_says_who_may_open_it(city: Flask) -> None:
    open_ones = {
        name for name, view in city.view_functions.items() if not getattr(view, "open_to", None)
    }
    assert open_ones == {"static"}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("key", TABLE, ids=lambda key: f"{key[0]}-{key[1]}")
def test_who_gets_what(
    city: Flask,
    world: World,
    browser_of: Callable[[str | None], Browser],
    unqueued: list[str],
    key: tuple[str, str],
    case: str,
) -> None:
    row, (name, owner) = TABLE[key], CASES[case]
    path, data = fill(city, world, owner, row)
    browser = browser_of(name)
    before = stored(city)
    response = ask(browser, key, path, data)
    assert response.status_code == row.codes[list(CASES).index(case)], response.text[-900:]
    moved = changed(before, stored(city))
    if response.status_code >= 400 or key[1] == "GET":
        assert moved == [], "refused, and yet something was written"
    elif key[0] != "staff.change_person" or case.startswith("admin"):
        assert moved, "the form was taken, and nothing happened"
    assert unqueued == [], "a write must begin as a writer: begin_write()"
    if response.status_code == 303 and key[1] == "GET" and path.startswith(("/staff", "/admin")):
        assert response.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize(
    "fault",
    [
        "no token",
        "another's token",
        "letters for a token",
        "null origin",
        "foreign origin",
        "foreign referrer",
    ],
)
@pytest.mark.parametrize("key", POSTS, ids=lambda key: key[0])
def test_a_form_from_elsewhere_is_refused(
    city: Flask,
    world: World,
    browser_of: Callable[[str | None], Browser],
    key: tuple[str, str],
    fault: str,
) -> None:
    path, data = fill(city, world, LIBRARY, TABLE[key])
    browser = browser_of(None if key[0] in PUBLIC_FORMS else "admin")
    token, headers = token_for(browser, key[0]), {}
    if fault == "no token":
        token = ""
    elif fault == "another's token":
        with city.app_context():
            token = bytes(32).hex() + sign(
                "form", "somebody else" if key[0] in PUBLIC_FORMS else "public"
            )
    elif fault == "letters for a token":
        token = "åäö"
    elif fault == "foreign referrer":
        headers = {"Origin": None, "Referer": "https://elsewhere.example/page"}
    else:
        headers = {"Origin": "null" if fault == "null origin" else "https://elsewhere.example"}
    before = stored(city)
    response = browser.post(path, data={"csrf_token": token, **data}, headers=headers)
    assert response.status_code == 403
    assert changed(before, stored(city)) == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_do_nothing(
    city: Flask, world: World, somebody: Callable[[str], Browser], method: str
) -> None:
    browser, before = somebody("admin"), None
    before = stored(city)
    for key, row in TABLE.items():
        path, _ = fill(city, world, LIBRARY, row)
        assert browser.open(path, method=method).status_code in (403, 405), key
    assert changed(before, stored(city)) == []


def test_reading_everything_changes_nothing(
    city: Flask, world: World, somebody: Callable[[str], Browser]
) -> None:
    """A link that a mail program or a search engine follows must not cancel anything."""
    admin = somebody("admin")
    before = stored(city, leave_out=frozenset())
    for (_endpoint, method), row in TABLE.items():
        if method == "GET":
            path, _ = fill(city, world, LIBRARY, row)
            admin.get(path)
            admin.head(path)
    found = crawl(
        admin,
        ["/", "/staff"],
        each_kind=6,
        follow=lambda path: "sign-in" not in path,
        is_public=True,
    )
    assert any("/cancel" in path for path in found.answers), (
        "the walk goes through the staff's pages"
    )
    assert changed(before, stored(city, leave_out=frozenset())) == []


def test_an_editor_of_nothing_gets_no_further(city: Flask, world: World, visitor: Browser) -> None:
    """A role that was taken away holds from the next request on."""
    from portal.accounts.actions import revoke
    from portal.accounts.queries import account_by_email
    from portal.core.database import begin_write
    from portal.core.extensions import db

    visitor.sign_in("editor@small.example")
    assert visitor.get(f"/staff/units/{LIBRARY}").status_code == 200
    with city.app_context():
        begin_write()
        account = account_by_email("editor@small.example")
        assert account is not None
        revoke(account, account.grants[0])
        db.session.commit()
    assert visitor.get(f"/staff/units/{LIBRARY}").status_code == 403
