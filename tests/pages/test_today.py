"""Full just now, places again, and how many came: what hosts press and what everybody sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.core import cache
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing, queries
from portal.events.said import counts_of
from tests.pages.conftest import ASSOCIATION
from tests.pages.test_journey import counting
from tests.support import factories
from tests.support.factories import NOW, Made, on_now
from tests.support.forms import Form, contents, error_at
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser
from tests.support.site import changed, find_all, read, read_answer, stored, words

FULL, AGAIN = "Fullt just nu", "Platser igen"
MINUTE = timedelta(minutes=1)
ENDS = NOW + 60 * MINUTE
Somebody = Callable[[str], Browser]
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(freeze: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the portal's clock and the shelf's, which is the machine's otherwise."""
    at = [NOW]
    monkeypatch.setattr(cache, "time", SimpleNamespace(time=lambda: at[0].timestamp()))

    def put(moment: datetime) -> None:
        at[0] = moment
        freeze(moment)

    put(NOW)
    return put


@dataclass(frozen=True)
class Cafe:
    """A café at the library that began half an hour ago and ends in an hour."""

    id: int
    row: int
    slug: str
    key: str

    @property
    def staff(self) -> str:
        return f"/staff/events/{self.id}/dates/{self.key}"

    @property
    def pages(self) -> tuple[str, ...]:
        """Where visitors meet it, the date's own page first."""
        own = f"/events/{self.slug}"
        start = ("/", "/events", "/calendar/2026-11", f"/units/{LIBRARY}", "/search?q=kafe")
        return (f"{own}/{self.key}", own, *start)


@pytest.fixture
def make(clock: Clock, city: Flask) -> Callable[..., Cafe]:
    def start(at: datetime = NOW, **changes: Any) -> Cafe:
        with city.app_context():
            begin_write()
            changes = {k: v() if callable(v) else v for k, v in changes.items()}
            event = factories.new_event(on_now(at), today=at.date(), **changes)
            made: Made = factories.made(event)
            row = event.occurrences[0].id
            db.session.commit()
            return Cafe(made.id, row, made.slug, made.key)

    return start


@pytest.fixture
def cafe(make: Callable[..., Cafe]) -> Cafe:
    return make(titles={"sv": "Onsdagskafé", "en": "Wednesday café"})


def staff_page(browser: Browser, path: str = "/staff") -> Element:
    return read(browser, path, is_public=False)


def entry(root: Element, name: str) -> Element:
    """One date in the lists of the staff start page."""
    return next(iter(find_all(root, "li", id=name)))


def button(root: Element, path: str = "/staff") -> Form:
    """The form around the only button of an entry."""
    element = next(root.iter("form"))
    return Form(element.get("action") or "", contents(element), element)


def press(browser: Browser, cafe: Cafe) -> TestResponse:
    """Opens the staff page and presses the large button of the date."""
    return button(entry(staff_page(browser), f"date-{cafe.row}")).send(browser)


def number(browser: Browser, root: Element, who: str, value: str) -> TestResponse:
    """Presses a number in one of the two rows."""
    for element in root.iter("form"):
        fields = contents(element)
        if fields.get("who") == who:
            values = {node.get("value") for node in element.iter("button")}
            assert value in values
            return Form(element.get("action") or "", fields, element).send(
                browser, ("number", value)
            )
    raise AssertionError(f"no numbers for {who}")


def seen(visitor: Browser, cafe: Cafe) -> dict[str, str]:
    """What each public page says of the date: "Fullt just nu", "Platser igen" or nothing."""
    found = {}
    for path in cafe.pages:
        text = words(next(read(visitor, path).iter("main")))
        found[path] = FULL if FULL in text else AGAIN if AGAIN in text else ""
        assert not (FULL in text and AGAIN in text), path
    return found


def everywhere(cafe: Cafe, what: str) -> dict[str, str]:
    return dict.fromkeys(cafe.pages, what)


# --- full, and places again ---------------------------------------------------------------


def test_one_press_and_everybody_sees_it(cafe: Cafe, visitor: Browser, somebody: Somebody) -> None:
    editor = somebody("editor")
    assert seen(visitor, cafe) == everywhere(cafe, "")
    done = press(editor, cafe)
    assert done.status_code == 303
    assert done.headers["Location"] == f"/staff?said={cafe.row}#date-{cafe.row}"
    assert seen(visitor, cafe) == everywhere(cafe, FULL)
    for path in cafe.pages:
        if "/calendar/" not in path:
            assert "sagt kl. 10.00" in words(read(visitor, path)).casefold(), path
    back = entry(staff_page(editor, done.headers["Location"]), f"date-{cafe.row}")
    assert FULL in words(back)
    assert [node.get("role") for node in back.iter("p") if node.get("role")] == ["status"]
    assert AGAIN in words(next(back.iter("button")))


def test_in_other_languages_too(cafe: Cafe, visitor: Browser, somebody: Somebody) -> None:
    press(somebody("editor"), cafe)
    for prefix, said in (("/en", "Full just now said at 10:00"), ("/fi", "Nyt täynnä")):
        for path in cafe.pages[2:4]:
            assert said in words(read(visitor, prefix + path)), path


def test_places_again_for_half_an_hour(
    cafe: Cafe, clock: Clock, visitor: Browser, somebody: Somebody
) -> None:
    editor = somebody("editor")
    press(editor, cafe)
    clock(NOW + 20 * MINUTE)
    assert FULL in words(read(visitor, cafe.pages[0]))
    press(editor, cafe)
    assert seen(visitor, cafe) == everywhere(cafe, AGAIN)
    clock(NOW + 49 * MINUTE)
    assert seen(visitor, cafe) == everywhere(cafe, AGAIN)
    clock(NOW + 51 * MINUTE)
    assert seen(visitor, cafe) == everywhere(cafe, "")
    press(somebody("editor"), cafe)
    assert seen(visitor, cafe) == everywhere(cafe, FULL), "and full once more"


def test_it_goes_away_at_the_end_and_the_shelf_keeps_it_a_minute_at_most(
    cafe: Cafe, clock: Clock, visitor: Browser, somebody: Somebody
) -> None:
    """Nothing is written at the end, so that only the time can take it off the shelf."""
    press(somebody("editor"), cafe)
    clock(ENDS - MINUTE / 2)
    last = {path: visitor.get(path).data for path in cafe.pages}
    assert seen(visitor, cafe) == everywhere(cafe, FULL)
    before = stored(visitor.application)
    clock(ENDS + MINUTE / 4)
    assert {path: visitor.get(path).data for path in cafe.pages} == last, "from the shelf"
    # Another address of the same page is put together anew, of the parts that are kept.
    for path in cafe.pages:
        fresh = visitor.get(path + ("&" if "?" in path else "?") + "x=1")
        assert FULL not in fresh.text, path
    clock(ENDS + MINUTE)
    assert seen(visitor, cafe) == everywhere(cafe, "")
    assert changed(before, stored(visitor.application)) == []


def test_a_cancelled_date_says_that_and_nothing_else(
    city: Flask, cafe: Cafe, visitor: Browser, somebody: Somebody
) -> None:
    editor = somebody("editor")
    press(editor, cafe)
    with city.app_context():
        begin_write()
        event = queries.event_by_id(cafe.id)
        assert event is not None
        changing.cancel_date(event.occurrences[0], {"sv": "Värden är sjuk."})
        db.session.commit()
    assert seen(visitor, cafe) == everywhere(cafe, "")
    assert "Inställt" in words(read(visitor, "/events"))
    assert not find_all(staff_page(editor), "li", id=f"date-{cafe.row}")
    refused = editor.submit(cafe.staff + "/drop-in", {"state": "full"})
    assert "inställt" in words(staff_page(editor, refused.headers["Location"]))


@pytest.mark.parametrize(
    ("at", "state", "said"),
    [
        (NOW - 30 * MINUTE - 181 * MINUTE, "full", "för tidigt"),
        (ENDS, "full", "Tillfället är slut"),
        (NOW, "open", "Det står inte att det är fullt"),
        (NOW, "crowded", "Säg att det är fullt"),
        (NOW, "", "Säg att det är fullt"),
    ],
)
def test_what_cannot_be_said_is_refused_with_words(
    cafe: Cafe, clock: Clock, somebody: Somebody, at: datetime, state: str, said: str
) -> None:
    clock(at)
    editor = somebody("editor")
    before = stored(editor.application)
    answer = editor.submit(cafe.staff + "/drop-in", {"state": state})
    assert answer.status_code == 303
    page = staff_page(editor, answer.headers["Location"])
    assert said in words(next(page.iter("main")))
    assert changed(before, stored(editor.application)) == []


def test_nobody_can_put_words_on_the_staff_page(cafe: Cafe, somebody: Somebody) -> None:
    editor = somebody("editor")
    plain = words(next(staff_page(editor).iter("main")))
    for query in ("refused=title_missing", "refused=%3Cb%3E", "said=x", "came=-1", "said=999"):
        assert words(next(staff_page(editor, f"/staff?{query}").iter("main"))) == plain, query


def test_dates_are_offered_from_three_hours_before_to_the_end(
    cafe: Cafe, clock: Clock, somebody: Somebody
) -> None:
    starts = NOW - 30 * MINUTE
    for at, is_there in (
        (starts - 181 * MINUTE, False),
        (starts - 180 * MINUTE, True),
        (ENDS - MINUTE, True),
        (ENDS, False),
    ):
        clock(at)
        found = find_all(staff_page(somebody("editor")), "li", id=f"date-{cafe.row}")
        assert bool(found) is is_there, at


def test_a_date_without_place_keeps_its_place_to_itself(
    make: Callable[..., Cafe], visitor: Browser, somebody: Somebody
) -> None:
    hidden = make(
        titles={"sv": "Dold kaféträff"}, visibility="without_place", phone="0555-10 00 01"
    )
    press(somebody("editor"), hidden)
    for path in (hidden.pages[0], hidden.pages[1]):
        text = words(next(read(visitor, path).iter("main")))
        assert FULL in text
        assert "Exempelbiblioteket" not in text
    assert FULL not in words(read(visitor, f"/units/{LIBRARY}"))


# --- who ----------------------------------------------------------------------------------


def test_hosts_say_and_count_and_the_house_says(
    make: Callable[..., Cafe], somebody: Somebody
) -> None:
    """An association's evening in the library, together with the open preschool."""
    cafe = make(
        unit_id=lambda: factories.unit(ASSOCIATION).id,
        co_host_ids=lambda: (factories.unit(PRESCHOOL).id,),
    )
    for who, counts in (("association", 303), ("preschool", 303), ("editor", 403), ("admin", 303)):
        browser = somebody(who)
        page = staff_page(browser)
        assert find_all(page, "li", id=f"date-{cafe.row}"), who
        assert bool(find_all(page, "li", id=f"came-{cafe.row}")) is (counts == 303), who
        assert browser.submit(cafe.staff + "/drop-in", {"state": "full"}).status_code == 303
        tapped = {"who": "adults", "number": "7"}
        assert browser.submit(cafe.staff + "/came", tapped).status_code == counts, who
        assert browser.get(cafe.staff + "/came").status_code == (200 if counts == 303 else 403)


def test_whoever_has_nothing_to_do_with_it_gets_nothing(cafe: Cafe, somebody: Somebody) -> None:
    for who in ("preschool", "association"):
        browser = somebody(who)
        before = stored(browser.application)
        assert browser.submit(cafe.staff + "/drop-in", {"state": "full"}).status_code == 403
        assert browser.submit(cafe.staff + "/came", {"adults": "1"}).status_code == 403
        assert browser.get(cafe.staff + "/came").status_code == 403
        assert "Onsdagskafé" not in words(staff_page(browser)).partition("Kommande")[0]
        assert changed(before, stored(browser.application)) == []
    editor = somebody("editor")
    for path in (
        f"/staff/events/{cafe.id}/dates/2031-01-01",
        f"/staff/events/999/dates/{cafe.key}",
    ):
        assert editor.submit(path + "/drop-in", {"state": "full"}).status_code == 404
        assert editor.get(path + "/came").status_code == 404
        assert editor.submit(path + "/came", {"adults": "1"}).status_code == 404


# --- how many came ------------------------------------------------------------------------


def test_two_presses_on_the_staff_page_give_both_numbers(cafe: Cafe, somebody: Somebody) -> None:
    editor, name = somebody("editor"), f"came-{cafe.row}"
    done = number(editor, entry(staff_page(editor), name), "adults", "7")
    assert (done.status_code, done.headers["Location"]) == (303, f"/staff?came={cafe.row}#{name}")
    half = entry(staff_page(editor, done.headers["Location"]), name)
    assert [node.get("value") for node in find_all(half, "button", aria_pressed="true")] == ["7"]
    assert "Det är sparat" in words(half)
    done = number(editor, half, "children", "0")
    whole = entry(staff_page(editor, done.headers["Location"]), name)
    assert "Vuxna: 7, barn: 0" in words(whole)
    assert not list(whole.iter("button")), "and it is put away"


def test_the_page_of_a_date_takes_any_number_and_corrects(
    city: Flask, cafe: Cafe, somebody: Somebody
) -> None:
    editor, path = somebody("editor"), cafe.staff + "/came"
    number(editor, staff_page(editor, path), "adults", "12")
    root = staff_page(editor, path)
    form = next(f for f in root.iter("form") if find_all(f, "input", id="adults"))
    sent = Form(path, contents(form), form).send(editor, adults="31", children=" 180 ")
    assert sent.headers["Location"] == f"{path}?done=saved"
    assert "Vuxna: 31, barn: 180" in words(staff_page(editor, sent.headers["Location"]))
    pressed = find_all(staff_page(editor, path), "button", aria_pressed="true")
    assert [node.get("value") for node in pressed] == ["31", "180"]
    editor.submit(path, {"adults": "", "children": "180"})
    assert "Barn: 180" in words(staff_page(editor, path))
    assert "Vuxna:" not in words(staff_page(editor, path))
    editor.submit(path, {"adults": "", "children": ""})
    with city.app_context():
        assert counts_of([cafe.row]) == {}, "taken back"


@pytest.mark.parametrize(
    "sent",
    [
        {"who": "adults", "number": "seven"},
        {"who": "children", "number": "-1"},
        {"who": "adults", "number": "2001"},
        {"who": "adults", "number": "9" * 400},
        {"who": "adults", "number": "1.5"},
        {"who": "adults", "number": ""},
        {"who": "everybody", "number": "7"},
        {"number": "7"},
        {"adults": "", "children": " "},
        {"name": "x"},
        {},
    ],
)
def test_what_is_no_number_is_refused_at_its_field(
    cafe: Cafe, somebody: Somebody, sent: dict[str, str]
) -> None:
    editor = somebody("editor")
    before = stored(editor.application)
    answer = editor.submit(cafe.staff + "/came", sent)
    assert answer.status_code == 422
    root = read_answer(answer, cafe.staff + "/came", is_public=False)
    error_at(root, "children" if sent.get("who") == "children" else "adults")
    assert changed(before, stored(editor.application)) == []


def test_a_date_is_asked_for_until_the_end_of_the_next_day_and_corrected_for_sixty(
    cafe: Cafe, clock: Clock, somebody: Somebody
) -> None:
    """It ends on 20 November; in Sweden the day after ends at 23:00 UTC."""
    path, last = cafe.staff + "/came", NOW.replace(day=21, hour=22, minute=59)
    for at, is_asked in (
        (NOW - 31 * MINUTE, False),
        (NOW - 30 * MINUTE, True),
        (last, True),
        (last + MINUTE, False),
    ):
        clock(at)
        found = find_all(staff_page(somebody("editor")), "li", id=f"came-{cafe.row}")
        assert bool(found) is is_asked, at
    for at, code in (
        (NOW - 31 * MINUTE, 422),
        (ENDS + timedelta(days=60) - MINUTE, 303),
        (ENDS + timedelta(days=60), 422),
    ):
        clock(at)
        editor = somebody("editor")
        assert bool(find_all(staff_page(editor, path), "input", id="adults")) is (code == 303)
        answer = editor.submit(path, {"adults": "9", "children": "9"})
        assert answer.status_code == code, at
        if code == 422:
            read_answer(answer, path, is_public=False)
    assert "Vuxna: 9, barn: 9" in words(staff_page(somebody("editor"), path)), "to be read"


def test_numbers_are_on_no_public_page_and_in_no_feed(
    cafe: Cafe, visitor: Browser, somebody: Somebody
) -> None:
    paths = (*cafe.pages, "/feeds/all.sv.ics", f"/events/{cafe.slug}/{cafe.key}.ics")
    before = {path: visitor.get(path).data for path in paths}
    done = somebody("editor").submit(cafe.staff + "/came", {"adults": "1234", "children": "987"})
    assert done.status_code == 303
    assert {path: visitor.get(path + _other(path)).data for path in paths[-2:]} == {
        path: before[path] for path in paths[-2:]
    }
    for path in paths:
        text = visitor.get(path + _other(path)).text
        assert "1234" not in text, path
        assert "987" not in text.replace("5987", ""), path


def _other(path: str) -> str:
    """Another address of the same page: the shelf has not seen it."""
    return ("&" if "?" in path else "?") + "fresh=1"


# --- what it costs ------------------------------------------------------------------------


def asked(found: list[str]) -> int:
    return sum("drop_in_state" in statement for statement in found)


def test_a_page_asks_once_while_something_is_on_and_never_otherwise(
    city: Flask, cafe: Cafe, make: Callable[..., Cafe], clock: Clock, visitor: Browser
) -> None:
    other = make(titles={"sv": "Kafé till"})
    clock(NOW - 300 * MINUTE)
    with counting(city) as found:
        for path in cafe.pages:
            visitor.get(path + _other(path))
    assert asked(found) == 0, "nothing is on"
    clock(NOW)
    for path in (*cafe.pages, other.pages[1]):
        make(titles={"sv": "Kafé därtill"})  # the counter moves
        with counting(city) as found:
            visitor.get(path)
        assert asked(found) == 1, path
    with counting(city) as found:
        for path in cafe.pages:
            visitor.get(path + _other(path))
    assert asked(found) == 0, "kept until the counter moves"


@pytest.mark.parametrize("path", ["/", "/events", "/calendar/2026-11", "/staff", "came"])
def test_as_many_questions_for_three_dates_as_for_one(
    city: Flask, make: Callable[..., Cafe], visitor: Browser, somebody: Somebody, path: str
) -> None:
    editor = somebody("editor")
    browser = editor if path in ("/staff", "came") else visitor
    counts = []
    for more in (1, 2):
        for _turn in range(more):
            cafe = make(co_host_ids=lambda: (factories.unit(ASSOCIATION).id,))
            for yesterday in (NOW, NOW - timedelta(days=1)):
                make(yesterday)
            editor.submit(cafe.staff + "/drop-in", {"state": "full"})
            editor.submit(cafe.staff + "/came", {"adults": "3", "children": "3"})
        with counting(city) as found:
            assert browser.get(cafe.staff + "/came" if path == "came" else path).status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]
