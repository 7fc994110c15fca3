"""Bad input in every form: words that help at the field, what was typed kept, nothing written.

Every form is taken from its page and filled in as a browser would; a form that a page shows and
that no row here knows makes a test fail.
"""

from __future__ import annotations

import gc
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.core.forms import tidy_line, tidy_text
from portal.core.words import translator
from portal.events import queries as events
from tests.pages.conftest import World, picture
from tests.support import factories
from tests.support.forms import NOT_KEPT, Form, contents, error_at, faults, form_with
from tests.support.portal_app import BASE_URL, LIBRARY, PASSWORD, PRESCHOOL, Browser
from tests.support.site import changed, crawl, read, read_answer, stored

MARKUP = "<script>alert('\"1\"')</script> & <b>fet</b>"
CONTROLS = "a\x00b\x07c\x1bd\u2028e\u202ef"
LONG = "x" * 10_000
MORE_THAN_EVER = "9" * 400


@dataclass(frozen=True)
class Page:
    """A form: where it is, who fills it in, and what to write so that it would be taken.

    `needed`: fields that must not be empty. `wrong`: what a field does not take.
    `free`: fields that take any words; each has an end.
    """

    path: str
    who: str | None
    good: dict[str, Any]
    needed: tuple[str, ...]
    wrong: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    action: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    button: tuple[str, str] | None = None
    never_kept: tuple[str, ...] = ()


DAYS = (
    "yesterday",
    "2027-02-30",
    "31/13 2027",
    "2027-1-1-1",
    "0001-01-01",
    "9999-12-31",
    MARKUP,
    CONTROLS,
)
TIMES = ("25:00", "17:60", "five", "-1", "17:00:00:00", MARKUP)
UNKNOWN = ("999999", "-1", "x", "", MORE_THAN_EVER, "1.5", MARKUP)
NUMBERS = ("abc", "-1", "121", "1.5", "1e3", MORE_THAN_EVER, "\u0661\u0662x", MARKUP)
COUNTS = ("seven", "-1", "2001", "1.5", "1e3", MORE_THAN_EVER, "\u0667x", MARKUP, CONTROLS)
PHONES = ("no", "<script>", "0" * 60, "08-1;ext=2")
LINKS = (
    "javascript:alert(1)",
    "data:text/html,x",
    "example.org",
    "https://",
    'https://a.b/"onclick',
    "ftp://a.b/c",
)
WHAT = {
    "title": "Språkcafé",
    "text": "Kom och öva svenska.",
    "unit": "{library}",
    "kind": "{kind}",
    "place": "{premises}",
}
WHEN = {"first_day": "2026-12-02", "starts": "17:00", "ends": "18:30", "repeat": "once"}
WORDS = (
    "title",
    "text",
    "elsewhere",
    "directed_to",
    "host_note",
    "cost",
    "title_en",
    "text_en",
    "title_fi",
    "text_fi",
    "title_other",
    "text_other",
)
WHAT_WRONG: dict[str, tuple[Any, ...]] = {
    "kind": UNKNOWN,
    "place": tuple(value for value in UNKNOWN if value),
    "unit": (*UNKNOWN, "{preschool}"),
    "languages": (["sv", "xx"],),
    "audiences": (["all"],),
    "co_hosts": (["999999"], ["x"]),
    "age_from": NUMBERS,
    "age_to": NUMBERS,
    "age_unit": ("weeks",),
    "sign_up": ("here", "fax"),
    "sign_up_link": LINKS,
    "phone": PHONES,
    "visibility": ("secret", "draft"),
    "other_language": ("xx",),
}
OBSERVANCE_WORDS = (
    "name",
    "text",
    "name_en",
    "text_en",
    "name_fi",
    "text_fi",
    "name_other",
    "text_other",
)
FACILITIES = ("step_free", "lift", "hearing_loop", "toilet", "quiet_room", "changing_table")
HOURS = ("10", "25-26", "19-10", "10-10", "ten to five", "10-19, x", MARKUP)

FORMS: dict[str, Page] = {
    "new event": Page(
        "/staff/events/new",
        "editor",
        WHAT | WHEN,
        ("title", "first_day", "starts", "ends"),
        {
            **WHAT_WRONG,
            "first_day": DAYS,
            "starts": TIMES,
            "ends": TIMES,
            "until": DAYS,
            "repeat": ("yearly", ""),
            "weekdays": (["7"], ["monday"]),
        },
        WORDS,
        button=("do", "publish"),
    ),
    "published event": Page(
        "/staff/events/{published}",
        "editor",
        WHAT,
        ("title",),
        {
            "unit": (*UNKNOWN[:3], "{preschool}"),
            "place": ("999999", "x"),
            "age_from": NUMBERS[:3],
            "sign_up_link": LINKS[:3],
            # Published stays findable: only where it is may be hidden.
            "visibility": ("secret", "staff", "closed"),
        },
        WORDS,
    ),
    "cancel an event": Page(
        "/staff/events/{published}/cancel",
        "editor",
        {"reason": "Sjuk"},
        ("reason",),
        {},
        ("reason",),
    ),
    "cancel a date": Page(
        "/staff/events/{published}/dates/{key}/cancel",
        "editor",
        {"reason": "Sjuk"},
        ("reason",),
        {},
        ("reason",),
    ),
    "move a date": Page(
        "/staff/events/{published}/dates/{key}/move",
        "editor",
        {"day": "2027-03-27", "starts": "17:00", "ends": "18:30"},
        ("day", "starts", "ends"),
        {"day": DAYS, "starts": TIMES, "ends": (*TIMES, "16:00", "17:00")},
        ("note",),
    ),
    "how many came": Page(
        "/staff/events/{today}/dates/{today_key}/came",
        "editor",
        {"adults": "7", "children": "30"},
        (),
        {"adults": COUNTS, "children": COUNTS},
    ),
    "new observance": Page(
        "/staff/observances/new",
        "editor",
        {"name": "Bokens dag", "first_on": "2027-04-08"},
        ("name", "first_on"),
        {
            "first_on": (*DAYS, "2062-04-08"),
            "last_on": (*DAYS, "2027-04-07", "2028-04-07"),
            "link": LINKS,
            "other_language": ("xx",),
        },
        OBSERVANCE_WORDS,
    ),
    "observance": Page(
        "/staff/observances/{observance}",
        "editor",
        {"name": "Bokens dag", "first_on": "2026-04-09", "is_annual": "y"},
        ("name", "first_on"),
        # A day that calendars have may move within its year, and not vanish.
        {"first_on": (*DAYS, "2028-04-08"), "is_annual": (None,)},
        OBSERVANCE_WORDS,
    ),
    "withdraw an observance": Page(
        "/staff/observances/{observance}/withdraw",
        "editor",
        {"reason": "Det blir inte av"},
        ("reason",),
        {},
        ("reason",),
    ),
    "sign in": Page(
        "/sign-in",
        None,
        {"email": "editor@small.example", "password": PASSWORD},
        ("email", "password"),
        {"password": (LONG,)},
        never_kept=("password",),
    ),
    "accept an invitation": Page(
        "/sign-in/invitation/{token}",
        None,
        {"email": "styrelsen@forening.example", "name": "Styrelsen", "password": PASSWORD},
        ("email", "name", "password"),
        {
            "email": ("nobody", "a@b", "a b@c.se", "editor@small.example", LONG + "@a.se"),
            "password": ("short", LONG, "styrelsen@forening.example"),
        },
        ("name",),
        never_kept=("password",),
    ),
    "invite": Page(
        "/admin/invitations",
        "admin",
        {"unit": "0", "new_name": "Ny förening"},
        ("new_name",),
        {"unit": UNKNOWN},
        ("new_name",),
    ),
    "unit": Page(
        "/staff/units/exempelbiblioteket",
        "editor",
        {"name": "Biblioteket", **dict.fromkeys(FACILITIES, "yes")},
        ("name",),
        {
            "phone": PHONES,
            "website": LINKS,
            **{f"hours_{day}": HOURS for day in (0, 6)},
            **dict.fromkeys(FACILITIES, ("perhaps", "")),
        },
        ("name", "email", "intro", "street", "postcode", "locality", "how_to_come", "rules"),
        action="/units/exempelbiblioteket",
    ),
    "room": Page(
        "/staff/units/exempelbiblioteket",
        "editor",
        {"name": "Lilla rummet", "visibility": "public"},
        ("name",),
        {
            "capacity": ("abc", "0", "5001", "1.5", MORE_THAN_EVER),
            "visibility": ("secret", "without_place", ""),
        },
        ("name", "floor"),
        action="/rooms",
        ids={"name": "room-name"},
    ),
    "closed days": Page(
        "/staff/units/exempelbiblioteket",
        "editor",
        {"first_on": "2026-12-10", "last_on": "2026-12-11", "reason": "Inventering"},
        ("first_on", "reason"),
        {"first_on": (*DAYS, "2026-12-24"), "last_on": (*DAYS, "2026-12-01")},
        ("reason",),
        action="/closed",
        ids={"first_on": "first_on", "last_on": "last_on"},
    ),
    "photograph": Page(
        "/staff/units/exempelbiblioteket",
        "editor",
        {"photo": "{jpeg}", "alt": "En dörr", "credit": "Biblioteket"},
        ("photo", "alt", "credit"),
        {
            "photo": (
                b"not a picture",
                b"",
                b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                b"GIF89a" + b"\0" * 40,
                b"\xff\xd8\xff\xe0" + b"\0" * 400,
                "text where a file is wanted",
            )
        },
        ("alt", "credit"),
        action="/photo",
    ),
    "break": Page(
        "/admin/breaks",
        "admin",
        {"name": "Sportlov", "first_on": "2027-02-22", "last_on": "2027-02-26"},
        ("name", "first_on", "last_on"),
        {"first_on": DAYS, "last_on": (*DAYS, "2027-02-01")},
        ("name",),
    ),
}
# An error of the first day that is told at the last one.
TOLD_AT = {
    ("closed days", "first_on", "2026-12-24"): "last_on",
    # Its next day is in calendars, and would vanish: the day is where it is told.
    ("observance", "is_annual", "None"): "first_on",
}


@pytest.fixture
def facts(city: Flask, world: World) -> dict[str, Any]:
    with city.app_context():
        kind = events.kind_by_slug("language-cafe")
        assert kind is not None
        own = world.of[LIBRARY]
        return {
            "library": factories.unit().id,
            "preschool": factories.unit(PRESCHOOL).id,
            "premises": factories.place().id,
            "kind": kind.id,
            "published": own.published,
            "observance": own.observance,
            "key": own.key,
            "today": own.today,
            "today_key": own.today_key,
            "token": world.token,
        }


@pytest.fixture
def opened(
    facts: dict[str, Any], visitor: Browser, somebody: Callable[[str], Browser]
) -> Callable[[str], tuple[Browser, Form, dict[str, Any]]]:
    """opened("room") answers a browser, the form as its page shows it, and what would be taken."""

    def start(name: str) -> tuple[Browser, Form, dict[str, Any]]:
        page = FORMS[name]
        browser = somebody(page.who) if page.who else visitor
        path = page.path.format(**facts)
        root = read(browser, path, is_public=page.who is None)
        some = next(iter(name for name in page.good if name != "photo"))
        form = form_with(root, path, some, page.action)
        good = {
            field: value.format(jpeg="{jpeg}", **facts) if isinstance(value, str) else value
            for field, value in page.good.items()
        }
        if "photo" in good:
            good["photo"] = picture()
        return browser, form, good

    return start


def send(browser: Browser, form: Form, page: Page, typed: dict[str, Any]) -> TestResponse:
    """Sends what was typed; bytes are a file."""
    sent = {
        name: (io.BytesIO(value), "door.jpg") if isinstance(value, bytes) else value
        for name, value in typed.items()
    }
    return form.send(browser, page.button, **sent)


def refused(
    response: TestResponse, page: Page, path: str, typed: dict[str, Any], wrong: set[str]
) -> Element:
    """The page of a refused form: 422, said in its title, and all that was typed is there."""
    assert response.status_code == 422, f"{typed} was answered with {response.status_code}"
    root = read_answer(response, path, is_public=page.who is None)
    title = "".join(next(root.iter("title")).itertext())
    assert title.startswith(translator("sv")("Error:")), title
    some = next(iter(name for name in page.good if name != "photo"))
    kept = contents(form_with(root, path, some, page.action).element)
    for name, value in typed.items():
        if name in NOT_KEPT or isinstance(value, bytes) or name == "photo":
            continue
        if name in page.never_kept:
            assert kept.get(name, "") == "", f"{name} is sent back"
        elif isinstance(value, list):
            assert [one for one in value if one in kept.getlist(name)] == kept.getlist(name)
        elif name not in wrong or name not in CHOICES:
            given = str(kept.get(name)).replace("\r\n", "\n")
            assert given in (str(value), tidy_line(str(value)), tidy_text(str(value))), (
                f"{name} is lost"
            )
    return root


# A list cannot show as chosen what it does not offer.
CHOICES = {
    "kind",
    "place",
    "unit",
    "repeat",
    "age_unit",
    "sign_up",
    "visibility",
    "other_language",
    *FACILITIES,
}


def at(page: Page, name: str) -> str:
    return page.ids.get(name, name)


def test_no_form_is_forgotten(world: World, somebody: Callable[[str], Browser]) -> None:
    """Every form that staff or visitors meet is in the table, or is only a button."""
    known = {
        (page.path.format_map(defaultdict(lambda: "*")) + page.action).rsplit("/", 1)[-1]
        for page in FORMS.values()
    }
    admin = somebody("admin")
    found = crawl(
        admin,
        ["/staff"],
        each_kind=2,
        follow=lambda path: path.startswith(("/staff", "/admin")),
        is_public=False,
    )
    for path in ("/sign-in", f"/sign-in/invitation/{world.token}"):
        found.roots[path] = read(admin, path)
    assert len(found.roots) > 10
    for path, root in found.roots.items():
        for element in root.iter("form"):
            names = {
                node.get("name") for node in element.iter() if node.get("type") != "hidden"
            } - {None}
            if element.get("method") == "post" and names - NOT_KEPT:
                form = form_with(root, path, sorted(names - NOT_KEPT, key=str)[0] or "")
                last = form.action.rsplit("/", 1)[-1]
                # Of imports, tests/pages/test_imports.py has the bad input.
                is_known = (
                    last in known
                    or last.isdigit()
                    or "note" in names
                    or "invitation" in path
                    or form.action.startswith("/staff/imports")
                )
                assert is_known, f"{path}: write a row for the form to {form.action}"


@pytest.mark.parametrize("name", FORMS)
def test_what_is_good_is_taken(city: Flask, opened: Any, name: str) -> None:
    """Otherwise the refusals below would prove nothing."""
    browser, form, good = opened(name)
    before = stored(city)
    response = send(browser, form, FORMS[name], good)
    assert response.status_code in (200, 303), response.text[-900:]
    assert changed(before, stored(city))


@pytest.mark.parametrize("name", FORMS)
def test_nothing_at_all(city: Flask, opened: Any, name: str) -> None:
    browser, form, _ = opened(name)
    before, page = stored(city), FORMS[name]
    for data in ({}, {"csrf_token": browser.token() if page.who else form.fields["csrf_token"]}):
        response = browser.post(form.action, data=data)
        assert response.status_code == (422 if data else 403)
    assert response.text.count("-error") >= 1
    emptied = dict.fromkeys(page.needed, "")
    response = send(browser, form, page, emptied)
    root = refused(response, page, form.action, {}, set())
    for field_name in page.needed:
        if field_name in ("starts", "ends"):
            continue  # asked for once the day is known: see the next test
        error_at(root, at(page, field_name))
    assert changed(before, stored(city)) == []


@pytest.mark.parametrize("name", FORMS)
def test_one_field_empty(city: Flask, opened: Any, name: str) -> None:
    browser, form, good = opened(name)
    before, page = stored(city), FORMS[name]
    for field_name in page.needed:
        for empty in ("", "   \t ", None):
            if field_name == "photo" and empty:
                continue
            typed = good | {field_name: empty}
            response = send(browser, form, page, typed)
            if field_name == "password" and empty and empty.strip() == "":
                assert response.status_code in (401, 422)  # blanks are a password, if a poor one
                continue
            root = refused(
                response,
                page,
                form.action,
                {k: v for k, v in typed.items() if v is not None},
                {field_name},
            )
            error_at(root, at(page, field_name))
    assert changed(before, stored(city)) == []


@pytest.mark.parametrize("name", [name for name in FORMS if FORMS[name].free])
def test_too_much(city: Flask, opened: Any, name: str) -> None:
    """Ten thousand characters in any field: said at that field, and all of them kept."""
    browser, form, good = opened(name)
    before, page = stored(city), FORMS[name]
    for field_name in page.free:
        typed = good | {field_name: LONG}
        root = refused(send(browser, form, page, typed), page, form.action, typed, {field_name})
        assert set(faults(root)) == {at(page, field_name)}
    assert changed(before, stored(city)) == []


def wrong_values() -> Iterator[Any]:
    for name, page in FORMS.items():
        for field_name in page.wrong:
            yield pytest.param(name, field_name, id=f"{name}-{field_name}")


@pytest.mark.parametrize(("name", "field_name"), list(wrong_values()))
def test_wrong_values(
    city: Flask, opened: Any, facts: dict[str, Any], name: str, field_name: str
) -> None:
    browser, form, good = opened(name)
    before, page = stored(city), FORMS[name]
    for value in page.wrong[field_name]:
        if isinstance(value, str) and value.startswith("{"):
            value = value.format(**facts)
        typed = good | {field_name: value}
        root = refused(send(browser, form, page, typed), page, form.action, typed, {field_name})
        error_at(root, at(page, TOLD_AT.get((name, field_name, str(value)), field_name)))
    assert changed(before, stored(city)) == []


@pytest.mark.parametrize("name", [name for name in FORMS if FORMS[name].free])
@pytest.mark.parametrize(
    "text", [MARKUP, CONTROLS, "\ud800".encode("utf-8", "surrogatepass"), "%s %(n)s {0} {{ 7*7 }}"]
)
def test_markup_and_control_characters_come_back_as_text(
    city: Flask, opened: Any, name: str, text: str | bytes
) -> None:
    """In all fields at once, with one that is empty, so that the form comes back."""
    browser, form, good = opened(name)
    before, page = stored(city), FORMS[name]
    missing = page.needed[0]
    written = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    typed = good | dict.fromkeys(page.free, written) | {missing: ""}
    root = refused(send(browser, form, page, typed), page, form.action, typed, {missing})
    assert not [node for node in root.iter("script") if node.text], "nothing typed becomes code"
    assert "49" not in str(
        contents(form_with(root, form.action, page.free[0], page.action).element).get(page.free[0])
    )
    assert changed(before, stored(city)) == []


# The clocks: see recurrence. Now is 20 November 2026.
CLOCKS = {
    "a time that does not exist": {"first_day": "2027-03-28", "starts": "02:30", "ends": "04:00"},
    "an end that does not exist": {"first_day": "2027-03-28", "starts": "01:00", "ends": "02:30"},
    "a time that is there twice": {"first_day": "2027-10-31", "starts": "02:30", "ends": "04:00"},
    "one date of a series does not exist": {
        "first_day": "2027-03-21",
        "starts": "02:30",
        "ends": "04:00",
        "repeat": "weekly",
        "until": "2027-04-11",
    },
}
SERIES: dict[str, tuple[dict[str, Any], str]] = {
    **{name: (when, "ends" if "an end" in name else "starts") for name, when in CLOCKS.items()},
    "a day that has been": ({"first_day": "2026-10-25", "starts": "02:30"}, "first_day"),
    "an end before the start": ({"starts": "17:00", "ends": "16:00"}, "ends"),
    "an end at the start": ({"starts": "17:00", "ends": "17:00"}, "ends"),
    "a series without end": ({"repeat": "weekly", "until": ""}, "until"),
    "a series that ends before it starts": ({"repeat": "weekly", "until": "2026-12-01"}, "until"),
    "a day that ends before it starts": ({"until": "2026-12-01"}, "ends"),
    "a series of ten years": ({"repeat": "weekly", "until": "2036-12-01"}, "until"),
    "a series of nothing": (
        {"repeat": "weekly", "until": "2026-12-09", "skip": ["2026-12-02", "2026-12-09"]},
        "until",
    ),
    "the wrong century": ({"first_day": "2062-12-02"}, "first_day"),
    "long ago": ({"first_day": "2024-12-02"}, "first_day"),
    "too long": ({"is_all_day": "y", "until": "2028-01-20"}, "ends"),
    "ages the wrong way": ({"age_from": "9", "age_to": "3"}, "age_to"),
    "sign-up without a number": ({"sign_up": "phone", "phone": ""}, "phone"),
    "sign-up without an address": ({"sign_up": "link", "sign_up_link": ""}, "sign_up_link"),
    "a hidden place that nobody can ask for": (
        {"visibility": "without_place", "phone": ""},
        "phone",
    ),
    "another place that is not named": ({"place": "0", "elsewhere": ""}, "elsewhere"),
}


@pytest.mark.parametrize("button", ["publish", "draft"])
@pytest.mark.parametrize("case", SERIES)
def test_times_that_make_no_sense(city: Flask, opened: Any, case: str, button: str) -> None:
    browser, form, good = opened("new event")
    changes, field_name = SERIES[case]
    before, page = stored(city), FORMS["new event"]
    typed = good | {"skip_breaks": None, "skip_holidays": None} | changes
    response = form.send(browser, ("do", button), **typed)
    sent = {name: value for name, value in typed.items() if value is not None and name != "skip"}
    root = refused(response, page, form.action, sent, {field_name})
    text = error_at(root, field_name)
    if case in CLOCKS:
        assert "2.30" in text, "it says which time"
        assert "1.59" in text, "and the nearest"
        assert "3.00" in text
    assert changed(before, stored(city)) == []


def test_show_the_dates_says_what_is_wrong_and_writes_nothing(city: Flask, opened: Any) -> None:
    browser, form, good = opened("new event")
    before = stored(city)
    good |= {"repeat": "weekly", "until": "2026-12-30"}
    response = form.send(browser, ("do", "dates"), **good)
    assert response.status_code == 200
    # Easter Sunday, which would be left out as a holiday.
    good |= CLOCKS["one date of a series does not exist"]
    bad = form.send(browser, ("do", "dates"), skip_holidays=None, **good)
    root = refused(bad, FORMS["new event"], form.action, good, set())
    error_at(root, "starts")
    assert changed(before, stored(city)) == []


def test_a_unit_of_somebody_else_is_refused(
    city: Flask, opened: Any, facts: dict[str, Any]
) -> None:
    for name in ("new event", "published event"):
        browser, form, good = opened(name)
        before = stored(city)
        response = send(browser, form, FORMS[name], good | {"unit": str(facts["preschool"])})
        assert response.status_code in (403, 422)
        assert changed(before, stored(city)) == []


def test_what_is_stored_is_clean(city: Flask, opened: Any, visitor: Browser) -> None:
    """Markup is text, control characters are gone, in the page and in the feed."""
    browser, form, good = opened("new event")
    typed = good | {"title": f"Kafé {MARKUP}", "text": f"Rad ett\r\n{CONTROLS}\r\n{MARKUP}"}
    response = form.send(browser, ("do", "publish"), **typed)
    assert response.status_code == 303
    with city.app_context():
        event = events.event_by_slug("kafe-script-alert-1-script-b-fet-b")
        assert event is not None
        assert event.titles["sv"] == f"Kafé {MARKUP}"
        assert event.texts["sv"] == f"Rad ett\nabcd\nef\n{MARKUP}"
        slug = event.slug
    root = read(visitor, f"/events/{slug}")
    assert MARKUP in "".join(next(root.iter("main")).itertext())
    feed = visitor.get(f"/feeds/event-{slug}.sv.ics").data
    assert not [byte for byte in feed if byte < 32 and byte not in (10, 13)]


def test_a_wrong_password_says_so_and_tells_nothing(city: Flask, opened: Any) -> None:
    browser, form, _ = opened("sign in")
    before = stored(city)
    texts = []
    for email in ("editor@small.example", "nobody@small.example"):
        response = form.send(browser, email=email, password="wrong wrong wrong")
        assert response.status_code == 401
        root = read_answer(response, "/sign-in")
        assert contents(form_with(root, "/sign-in", "email").element)["email"] == email
        assert [node for node in root.iter() if node.get("id") == "error-summary"]
        texts.append(response.text.replace(email, ""))
    assert texts[0] == texts[1], "nobody learns who has an account"
    assert changed(before, stored(city)) == []


def test_too_many_tries(city: Flask, opened: Any) -> None:
    browser, form, good = opened("sign in")
    codes = [
        form.send(browser, email="editor@small.example", password="wrong").status_code
        for _ in range(11)
    ]
    assert codes == [401] * 10 + [429]
    assert form.send(browser, **good).status_code == 429, "not even with the right one"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        "javascript:alert(1)",
    ],
)
def test_sign_in_leads_nowhere_else(
    visitor: Browser, city: Flask, world: World, target: str
) -> None:
    response = visitor.submit(
        "/sign-in", {"email": "editor@small.example", "password": PASSWORD, "next": target}
    )
    assert response.status_code == 303
    assert response.headers["Location"] in ("/staff", BASE_URL + "/staff")


# The server stops reading in the middle, and the test client's file is left to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_file_that_is_far_too_large(city: Flask, opened: Any) -> None:
    browser, form, good = opened("photograph")
    before, page = stored(city), FORMS["photograph"]
    large = b"\xff\xd8" + b"x" * (12 * 1024 * 1024 + 1)
    typed = good | {"photo": large}
    root = refused(send(browser, form, page, typed), page, form.action, typed, {"photo"})
    error_at(root, "photo")
    response = send(browser, form, page, good | {"photo": large + large[: 5 * 1024 * 1024]})
    assert response.status_code == 413
    read_answer(response, form.action, is_public=False)
    text = form.send(browser, alt="x" * (3 * 1024 * 1024))
    assert text.status_code in (413, 422)
    assert changed(before, stored(city)) == []
    del response, text
    gc.collect()


def test_a_picture_that_needs_too_much_memory(city: Flask, opened: Any) -> None:
    from PIL import Image

    browser, form, good = opened("photograph")
    out = io.BytesIO()
    Image.new("1", (12_000, 9_000)).save(out, "PNG")
    before, page = stored(city), FORMS["photograph"]
    root = refused(
        send(browser, form, page, good | {"photo": out.getvalue()}),
        page,
        form.action,
        good,
        {"photo"},
    )
    error_at(root, "photo")
    assert changed(before, stored(city)) == []


FILTERS = {
    "from": ("first", "2027-02-30", LONG, "a\x07\x1b\u2028b", MARKUP, "9999-12-31"),
    "to": ("last", "0000-00-00", "2027-13-01"),
    "q": (LONG, "ord " * 30),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_that_cannot_be_read_is_told(
    city: Flask, visitor: Browser, world: World, name: str
) -> None:
    before = stored(city)
    for value in FILTERS[name]:
        response = visitor.get("/events", query_string={name: value, "kind": "language-cafe"})
        assert response.status_code in (200, 422)
        root = read_answer(response, "/events")
        error_at(root, name)
        kept = contents(_search(root))
        assert kept["kind"] == "language-cafe"
        assert kept[name] in (value, tidy_line(value))
        assert (
            next(node for node in root.iter("details") if node.get("open") is not None) is not None
        )
    assert changed(before, stored(city)) == []


def _search(root: Element) -> Element:
    return next(node for node in root.iter("form") if "filters" in (node.get("class") or ""))


JUNK = (
    MARKUP,
    CONTROLS,
    "%00",
    "%",
    "_",
    "'",
    '"; DROP TABLE event; --',
    "\\",
    "😀" * 50,
    LONG,
    "-1",
    MORE_THAN_EVER,
    "",
)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_no_address_makes_it_stumble(city: Flask) -> None:
    """Whatever stands in an address, the answer is a page or 404, on both databases."""
    visitor = city.test_client()
    assert isinstance(visitor, Browser)
    for value in JUNK:
        for path in ("/events", "/search", "/places", "/subscribe", "/sign-in"):
            names = (
                "kind",
                "area",
                "unit",
                "place",
                "language",
                "audience",
                "from",
                "to",
                "q",
                "page",
                "scope",
                "next",
            )
            response = visitor.get(path, query_string=dict.fromkeys(names, value))
            wanted = (404,) if "\0" in value else (200, 303, 404, 422)
            assert response.status_code in wanted, (path, value[:20])
            if response.status_code == 200 and path in ("/events", "/places"):
                read_answer(response, path)
    from urllib.parse import quote

    for value in (*JUNK[:-1], "\x00", "..", "2026-11", "9" * 30, "2026-13", "0000-01"):
        part = quote(value[:300], safe="")
        for pattern in (
            "/events/{}",
            "/events/x/{}",
            "/events/x/{}.ics",
            "/units/{}",
            "/places/{}",
            "/calendar/{}",
            "/help/contacts/{}",
            "/feeds/unit-{}.sv.ics",
            "/feeds/{}.sv.ics",
            "/feeds/all.{}.ics",
            "/feeds/event-{}.en.ics",
            "/feeds/place-{}.en.atom",
            "/feeds/language-{}.en.json",
            "/feeds/events.sv.ics?unit={}",
            "/feeds/events.sv.json?q={}",
            "/feeds/quiet/{}.ics",
            "/feeds/my/{}.ics",
            "/sign-in/invitation/{}",
            "/places/x/photo-{}.jpg",
            "/{}",
        ):
            response = visitor.get(pattern.format(part))
            assert response.status_code in (200, 303, 308, 404), (
                pattern,
                value[:20],
                response.status_code,
            )


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_numbers_without_end_are_no_number_of_anything(city: Flask) -> None:
    admin = city.test_client()
    assert isinstance(admin, Browser)
    admin.sign_in("admin@small.example")
    for number in (0, 2**31, 2**63, 10**30):
        for path in (
            "/staff/events/{}",
            "/staff/events/{}/dates",
            "/staff/events/{}/cancel",
            "/staff/events/{}/dates/2026-12-02/cancel",
        ):
            assert admin.get(path.format(number)).status_code == 404, (path, number)
        for path in (
            "/staff/events/{}/delete",
            "/staff/events/{}/answer",
            "/admin/people/{}",
            "/admin/breaks/{}/remove",
            f"/staff/units/{LIBRARY}/closed/{{}}",
        ):
            assert admin.submit(path.format(number)).status_code in (403, 404), (path, number)
    for key in ("x", "2026-12-02t1700", LONG[:500], "%00"):
        assert admin.get(f"/staff/events/1/dates/{key}/cancel").status_code == 404
