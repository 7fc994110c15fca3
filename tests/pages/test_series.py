"""An editor and her series, pressed through as people press it: without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.words import day_words
from portal.events import queries
from portal.events.models import Event
from portal.events.recurrence import Rule, Series
from portal.places import actions as places
from tests.support.factories import NOW, ONCE, TODAY, WEEKLY, ZONE, Made, unit
from tests.support.portal_app import LIBRARY, Browser

Make = Callable[..., Made]


@pytest.fixture
def editor(
    city: Flask, freeze: Callable[[datetime], None], somebody: Callable[[str], Browser]
) -> Browser:
    freeze(NOW)
    return somebody("editor")


@pytest.fixture
def series(editor: Browser, make_event: Make) -> Made:
    """Nine Wednesdays at the library, 25 November to 27 January, Christmas included."""
    return make_event(WEEKLY)


def rows(city: Flask, event_id: int) -> dict[str, tuple[str, str]]:
    """Each date by address: its state, and where and when it is."""
    with city.app_context():
        event = queries.event_by_id(event_id)
        assert event is not None
        return {
            row.key: (row.status, f"{row.starts_at:%H%M} {row.where or ''}".strip())
            for row in sorted(event.occurrences, key=lambda row: row.recurrence_id)
        }


def a_series(**changes: object) -> dict[str, object]:
    """The event form, filled in for a series in the park; inside an app context."""
    kind = queries.kind_by_slug("language-cafe")
    return {
        "title": "Träff",
        "kind": kind.id if kind else 0,
        "place": "0",
        "elsewhere": "Parken",
        "unit": unit().id,
        "first_day": "2026-12-08",
        "until": "2026-12-31",
        "starts": "17:00",
        "ends": "18:00",
        "visibility": "usual",
        "sign_up": "none",
        "age_unit": "years",
        **changes,
    }


def post(browser: Browser, path: str, **data: object) -> tuple[int, str]:
    answer = browser.post(path, data={"csrf_token": browser.token(), **data})
    return answer.status_code, answer.location or answer.text


def test_some_dates_are_changed_together(city: Flask, editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/dates"
    keys = list(series.keys[1:3])
    page = editor.get(f"{at}/change?key={keys[0]}&key={keys[1]}").text
    assert "Ändra 2 tillfällen" in page, "how many it touches is said before it is done"
    status, where = post(
        editor,
        f"{at}/change",
        key=keys,
        starts="15:00",
        ends="16:00",
        place="0",
        elsewhere="Parken",
    )
    assert (status, where.split("?")[0]) == (303, at)
    found = rows(city, series.id)
    assert {found[key] for key in keys} == {("confirmed", "1400 Parken")}
    assert {found[key] for key in series.keys if key not in keys} == {("confirmed", "1600")}
    public = editor.get(f"/events/{series.slug}/{keys[0]}").text
    assert "Parken" in public
    assert "Ny tid" in public


def test_all_that_remain_are_cancelled_and_it_is_undone(
    city: Flask, editor: Browser, series: Made
) -> None:
    at = f"/staff/events/{series.id}/dates"
    assert "Ställ in 10 tillfällen" in editor.get(f"{at}/cancel?all=1").text
    before = rows(city, series.id)
    assert post(editor, f"{at}/cancel", all="1", reason="Vi flyttar.")[0] == 303
    assert {state for state, _ in rows(city, series.id).values()} == {"cancelled"}
    page = editor.get(at).text
    change = re.search(r'name="change" value="(\d+)"', page)
    assert change is not None
    assert post(editor, f"/staff/events/{series.id}/undo", change=change[1])[0] == 303
    assert rows(city, series.id) == before
    assert "Ångra det här" not in editor.get(at).text


def test_an_old_page_does_not_undo_something_newer(
    city: Flask, editor: Browser, series: Made
) -> None:
    at = f"/staff/events/{series.id}/dates"
    post(editor, f"{at}/{series.keys[0]}/cancel", reason="Sjuk")
    shown = re.search(r'name="change" value="(\d+)"', editor.get(at).text)
    assert shown is not None
    post(editor, f"{at}/{series.keys[1]}/cancel", reason="Sjuk")
    before = rows(city, series.id)
    status, where = post(editor, f"/staff/events/{series.id}/undo", change=shown[1])
    assert (status, where.endswith("done=newer")) == (303, True)
    assert rows(city, series.id) == before


def test_nothing_ticked_is_said(editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/dates"
    assert editor.get(f"{at}/change").location.endswith("done=none")
    assert editor.get(f"{at}/cancel?key=2031-01-01").location.endswith("done=none")


def test_a_refusal_keeps_what_was_written(editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/dates/change"
    status, page = post(
        editor, at, key=series.keys[1], starts="19:00", ends="18:00", place="-2", note="Vi är ute"
    )
    assert status == 422
    assert 'value="19:00"' in page
    assert "Vi är ute" in page
    assert f'value="{series.keys[1]}"' in page


def test_a_shorter_series_shows_what_goes_before_it_goes(
    city: Flask, editor: Browser, series: Made
) -> None:
    at = f"/staff/events/{series.id}/last-day"
    before = rows(city, series.id)
    status, page = post(editor, at, last_on="2026-12-20", do="dates")
    assert (status, "6 tillfällen ställs in" in page) == (200, True)
    assert rows(city, series.id) == before, "only shown"
    status, page = post(editor, at, last_on="2026-12-20", do="save")
    assert status == 422, "people will want to know why"
    status, where = post(editor, at, last_on="2026-12-20", reason="Slut", do="save")
    assert status == 303
    assert [state for state, _ in rows(city, series.id).values()].count("cancelled") == 6
    assert "Sista tillfället är onsdag 16 december 2026." in editor.get(where).text
    where = post(editor, at, last_on="2027-01-13", do="save")[1]
    assert "Sista tillfället är onsdag 13 januari 2027." in editor.get(where).text


def test_a_series_that_ends_before_it_begins_names_no_last_date(
    editor: Browser, series: Made
) -> None:
    at = f"/staff/events/{series.id}/last-day"
    where = post(editor, at, last_on="2026-11-24", reason="Slut", do="save")[1]
    page = editor.get(where).text
    assert "Alla dess tillfällen är inställda." in page
    assert "Sista tillfället" not in page


def test_the_last_date_is_said_where_it_was_moved_to(editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}"
    moved = {"day": "2026-12-22", "starts": "17:00", "ends": "18:00", "place": "-2"}
    assert post(editor, f"{at}/dates/{series.keys[1]}/move", **moved)[0] == 303
    where = post(editor, f"{at}/last-day", last_on="2026-12-10", reason="Slut", do="save")[1]
    assert "Sista tillfället är tisdag 22 december 2026." in editor.get(where).text


def test_the_year_is_said_where_it_is_another(
    editor: Browser,
    series: Made,
    freeze: Callable[[datetime], None],
    somebody: Callable[[str], Browser],
) -> None:
    at = f"/staff/events/{series.id}/dates"
    for path in (at, f"{at}/cancel?all=1"):
        found = re.findall(
            r"<time[^>]*>(\w+ \d+ (?:november|december|januari)[^k]*) kl", editor.get(path).text
        )
        assert found[4:7] == ["Onsdag 23 december", "Onsdag 30 december", "Onsdag 6 januari 2027"]
        assert found[-1] == "Onsdag 27 januari 2027"
    freeze(datetime(2027, 1, 2, 9, 0, tzinfo=UTC))
    page = somebody("editor").get(at).text
    assert "Onsdag 6 januari 2027 kl" in page, "another than the one before it"
    assert "Onsdag 13 januari kl" in page
    assert "Onsdag 30 december 2026 kl" in page


def test_a_longer_series_leaves_breaks_out(city: Flask, editor: Browser, make_event: Make) -> None:
    made = make_event(WEEKLY)
    with city.app_context():
        begin_write()
        event = db.session.get_one(Event, made.id)
        event.skip_breaks = True
        places.add_break({"sv": "Sportlov"}, date(2027, 2, 8), date(2027, 2, 12))
        db.session.commit()
    at = f"/staff/events/{made.id}/last-day"
    page = post(editor, at, last_on="2027-02-17", do="dates")[1]
    assert "Sportlov" in page
    assert "2 tillfällen" in page
    assert post(editor, at, last_on="2027-02-17", do="save")[0] == 303
    assert list(rows(city, made.id))[-2:] == ["2027-02-03", "2027-02-17"]


def test_other_days_from_now_on(city: Flask, editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/rhythm"
    form = {
        "first_day": "2026-12-08",
        "until": "2027-05-31",
        "starts": "10:00",
        "ends": "11:00",
        "repeat": "month_nth",
    }
    page = post(editor, at, **form, do="dates")[1]
    assert "8 tillfällen i den gamla serien ställs in" in page
    assert post(editor, at, **form, do="save")[0] == 303
    page = editor.get(f"/staff/events/{series.id}/dates").text
    assert "Fortsätter som" in page
    old = editor.get(f"/events/{series.slug}/{series.keys[-1]}").text
    assert "Dagarna har ändrats." in old
    page = editor.get(f"/events/{series.slug}").text
    assert "Det fortsätter här" not in page, "two dates of the old series are still to come"


def test_a_series_that_has_ended_leads_to_the_next(
    editor: Browser, series: Made, city: Flask
) -> None:
    at = f"/staff/events/{series.id}"
    form = {"first_day": "2026-11-21", "until": "2027-05-31", "starts": "10:00", "ends": "11:00"}
    post(editor, f"{at}/rhythm", **form, repeat="weekly", do="save")
    page = editor.get(f"/events/{series.slug}").text
    link = re.search(r'Det fortsätter här: <a href="(/events/[^"]+)"', page)
    assert link is not None
    assert editor.get(link[1]).status_code == 200


def test_copying_asks_for_two_fields(city: Flask, editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/copy"
    status, where = post(editor, at, first_day="2027-02-01", last_day="2027-05-31", do="publish")
    assert status == 303
    new = int(where.split("/")[3])
    days = [date.fromisoformat(key) for key in rows(city, new)]
    assert {day.weekday() for day in days} == {2}
    assert (days[0], days[-1]) == (date(2027, 2, 3), date(2027, 5, 26))


def test_a_term_without_dates_is_refused_with_words(editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/copy"
    status, page = post(editor, at, first_day="2027-05-31", last_day="2027-02-01", do="publish")
    assert status == 422
    assert "2027-05-31" in page


def test_a_new_host_and_the_old_address(city: Flask, editor: Browser, series: Made) -> None:
    with city.app_context():
        other = unit("ekorrens-oppna-forskola").id
    feed = editor.get(f"/feeds/event-{series.slug}.sv.ics")
    page = editor.get(f"/staff/events/{series.id}/hand-over").text
    assert "10 tillfällen är kvar" in page
    status, where = post(editor, f"/staff/events/{series.id}/hand-over", unit=other)
    assert (status, where.split("?")[0]) == (303, "/staff")
    after = editor.get(f"/feeds/event-{series.slug}.sv.ics")
    assert (feed.status_code, after.status_code) == (200, 200)
    uids = {re.search(r"UID:(\S+)\r\nDTSTAMP", text.text) is not None for text in (feed, after)}
    assert uids == {True}
    assert f"UID:{series.uid}" in after.text
    assert editor.get(f"/staff/events/{series.id}/dates").status_code == 403, "it is theirs now"


def test_the_house_is_closed_today(city: Flask, editor: Browser, make_event: Make) -> None:
    today = datetime.combine(TODAY, datetime.min.time().replace(hour=17))
    once = Series(today, today + timedelta(hours=1), ZONE)
    first, second = make_event(once), make_event(once, titles={"sv": "Läxhjälp"})
    at = f"/staff/units/{LIBRARY}/closed-today"
    page = editor.get(at).text
    assert "2 tillfällen ställs in" in page
    ids = re.findall(r'name="date" value="(\d+)" checked', page)
    assert len(ids) == 2
    form = {"first_on": TODAY.isoformat(), "reason": "Vattenläcka", "shown": ids}
    status, where = post(editor, at, **form, date=ids[:1])
    assert (status, where.split("?")[0]) == (303, "/staff")
    states = [next(iter(rows(city, made.id).values()))[0] for made in (first, second)]
    assert sorted(states) == ["cancelled", "confirmed"], "what is unticked happens"
    assert "Vattenläcka" in editor.get(f"/units/{LIBRARY}").text


def test_closed_twice_the_newest_reason_stands(
    city: Flask, editor: Browser, make_event: Make
) -> None:
    today = datetime.combine(TODAY, datetime.min.time().replace(hour=17))
    once = Series(today, today + timedelta(hours=1), ZONE)
    shut, ill = make_event(once), make_event(once, titles={"sv": "Läxhjälp"})
    post(editor, f"/staff/events/{ill.id}/dates/{ill.key}/cancel", reason="Sjuk")
    at, day = f"/staff/units/{LIBRARY}/closed-today", TODAY.isoformat()
    ids = re.findall(r'name="date" value="(\d+)" checked', editor.get(at).text)
    form = {"first_on": day, "shown": ids, "date": ids}
    assert post(editor, at, **form, reason="Vattenläcka")[0] == 303
    page = editor.get(at).text
    assert "1 tillfälle är redan inställt för att ni har stängt." in page
    assert "Vattenläcka" in page
    assert "Läxhjälp" not in page, "it is off for a reason of its own"
    status, where = post(editor, at, first_on=day, reason="Ingen ström")
    assert (status, where.endswith("done=closed&n=0&again=1")) == (303, True)
    told = editor.get(where).text
    assert "1 tillfälle som redan var inställt har fått den nya orsaken." in told
    assert "Inget var planerat" not in told
    assert "Ingen ström" in editor.get(f"/events/{shut.slug}/{shut.key}").text
    assert "Ingen ström" in editor.get(f"/units/{LIBRARY}").text
    assert "Ingen ström" in editor.get(f"/feeds/event-{shut.slug}.sv.ics").text
    other = editor.get(f"/events/{ill.slug}/{ill.key}").text
    assert ("Sjuk" in other, "Ingen ström" in other) == (True, False)


def test_what_has_been_today_is_left_as_it_was(
    city: Flask, editor: Browser, make_event: Make
) -> None:
    """It is ten in the morning: story time at nine has been, the café is to come."""
    day = datetime.combine(TODAY, datetime.min.time())
    early = make_event(Series(day.replace(hour=8), day.replace(hour=9), ZONE))
    late = make_event(Series(day.replace(hour=17), day.replace(hour=18), ZONE))
    at = f"/staff/units/{LIBRARY}/closed-today"
    ids = re.findall(r'name="date" value="(\d+)" checked', editor.get(at).text)
    assert len(ids) == 1
    form = {"first_on": TODAY.isoformat(), "reason": "Ström", "shown": ids, "date": ids}
    assert post(editor, at, **form)[0] == 303
    states = [next(iter(rows(city, made.id).values()))[0] for made in (early, late)]
    assert states == ["confirmed", "cancelled"]


def test_other_days_are_shown_before_anything_is_cancelled(
    city: Flask, editor: Browser, make_event: Make
) -> None:
    """Nothing today; tomorrow's is shown ticked first, however the form was sent."""
    made = make_event(ONCE)
    at = f"/staff/units/{LIBRARY}/closed-today"
    form = {"first_on": "2026-11-25", "reason": "Vattenläcka", "do": "close"}
    status, page = post(editor, at, **form)
    ids = re.findall(r'name="date" value="(\d+)" checked', page)
    assert (status, len(ids)) == (200, 1)
    assert rows(city, made.id) == {"2026-11-25": ("confirmed", "1600")}
    status, where = post(editor, at, **form, shown=ids, date=ids)
    assert (status, where.endswith("done=closed&n=1")) == (303, True)
    assert "1 tillfälle är inställt" in editor.get(where).text
    assert rows(city, made.id) == {"2026-11-25": ("cancelled", "1600")}


def test_breaks_are_left_out_again_when_a_new_series_goes_on(city: Flask, editor: Browser) -> None:
    """What the form said of breaks is kept with the event: for a longer series and a new term."""
    with city.app_context():
        begin_write()
        places.add_break({"sv": "Sportlov"}, date(2027, 2, 8), date(2027, 2, 12))
        form = a_series(
            first_day="2027-01-13", until="2027-02-03", repeat="weekly", skip_breaks="y"
        )
        db.session.commit()
    where = post(editor, "/staff/events/new", **form, do="publish")[1]
    event_id = int(where.split("/")[3])
    page = post(editor, f"/staff/events/{event_id}/last-day", last_on="2027-02-17", do="dates")[1]
    assert "Sportlov" in page
    page = editor.get(f"/staff/events/{event_id}/rhythm").text
    assert re.search(r'<input checked[^>]*name="skip_breaks"|name="skip_breaks"[^>]*checked', page)


@pytest.mark.parametrize(
    ("page", "form", "field"),
    [
        ("last-day", {"last_on": "2040-01-01"}, "last_on"),
        ("copy", {"first_day": "2027-02-01", "last_day": "2040-01-01"}, "last_day"),
        (
            "rhythm",
            {"first_day": "2027-02-01", "until": "2040-01-01", "starts": "9", "ends": "10"},
            "until",
        ),
    ],
)
def test_a_year_typed_wrong_is_said_when_the_dates_are_shown(
    editor: Browser, series: Made, page: str, form: dict[str, str], field: str
) -> None:
    at = f"/staff/events/{series.id}/{page}"
    status, text = post(editor, at, **form, repeat="weekly", do="dates")
    assert status == 422
    assert f'id="{field}-error"' in text
    assert "Är året rätt?" in text


def test_dates_that_come_back_are_shown_before(city: Flask, editor: Browser, series: Made) -> None:
    at = f"/staff/events/{series.id}/last-day"
    post(editor, at, last_on="2026-12-20", reason="Slut", do="save")
    assert 'value="2026-12-16"' in editor.get(at).text, "the last day as it is now"
    page = post(editor, at, last_on="2027-02-03", do="dates")[1]
    assert "6 inställda tillfällen blir av ändå" in page
    assert "Lägg till 7 tillfällen" in page


def test_a_series_all_cancelled_does_not_look_as_if_it_was_on(
    editor: Browser, series: Made
) -> None:
    post(editor, f"/staff/events/{series.id}/dates/cancel", all="1", reason="Sjuk")
    page = editor.get(f"/events/{series.slug}").text
    assert "Tillfällena som är kvar är inställda." in page
    assert "Det är bara att komma" not in page


def test_closing_wants_a_reason_and_keeps_the_ticks(editor: Browser, make_event: Make) -> None:
    today = datetime.combine(TODAY, datetime.min.time().replace(hour=17))
    make_event(Series(today, today + timedelta(hours=1), ZONE))
    status, page = post(editor, f"/staff/units/{LIBRARY}/closed-today", first_on="2026-11-20")
    assert status == 422
    assert "Skriv varför" in page
    assert re.findall(r'name="date" value="(\d+)" checked', page)


def test_a_whole_term_is_published_together(city: Flask, editor: Browser, make_event: Make) -> None:
    made = [make_event(WEEKLY, titles={"sv": f"Serie {n}"}) for n in range(3)]
    at = f"/staff/events/copy-term?unit={LIBRARY}"
    page = editor.get(at).text
    assert re.findall(r'name="event" value="(\d+)" checked', page) == [str(one.id) for one in made]
    term = {"first_day": "2027-02-01", "last_day": "2027-05-31"}
    ticked = [str(made[0].id), str(made[2].id)]
    page = post(editor, at, **term, event=ticked, do="dates")[1]
    assert "34 tillfällen" in page
    status, where = post(editor, at, **term, event=ticked, do="publish")
    assert (status, where.endswith("done=term&n=2&dates=34")) == (303, True)
    told = editor.get(where).text
    assert "2 serier är publicerade. Det är 34 tillfällen sammanlagt." in told
    with city.app_context():
        new = db.session.query(Event).filter(Event.continues_id.in_(ticked))
        assert sum(len(event.occurrences) for event in new) == 34
    again = editor.get(at).text
    assert str(made[1].id) in re.findall(r'name="event" value="(\d+)" checked', again)
    assert str(made[0].id) not in re.findall(r'name="event" value="(\d+)" checked', again)


def test_days_that_do_not_fit_are_marked_and_left_out(
    city: Flask, editor: Browser, make_event: Make
) -> None:
    with city.app_context():
        begin_write()
        room = places.add_room(unit(), {"names": {"sv": "Salen"}}).id
        db.session.commit()
    term = Series(
        datetime(2027, 2, 3, 17),
        datetime(2027, 2, 3, 18),
        ZONE,
        rule=Rule("WEEKLY", date(2027, 2, 17)),
    )
    series = make_event(WEEKLY, place_id=room)
    make_event(term, place_id=room, titles={"sv": "Upptaget"})
    at = f"/staff/events/copy-term?unit={LIBRARY}"
    form = {"first_day": "2027-02-01", "last_day": "2027-05-31", "event": str(series.id)}
    page = post(editor, at, **form, do="dates")[1]
    assert "3 tillfällen krockar" in page
    assert "Upptaget" in page
    page = post(editor, at, **form, do="clashes")[1]
    ticked = re.findall(rf'name="skip-{series.id}" value="([\d-]+)" checked', page)
    assert ticked == ["2027-02-03", "2027-02-10", "2027-02-17"]
    data = {**form, f"skip-{series.id}": ticked, "do": "publish"}
    assert post(editor, at, **data)[0] == 303
    with city.app_context():
        new = db.session.query(Event).filter(Event.continues_id == series.id).one()
        assert min(row.on for row in new.occurrences) == date(2027, 2, 24)


@pytest.mark.parametrize(
    ("repeat", "extra", "days"),
    [
        ("daily", {"every": "10"}, ["2026-12-08", "2026-12-18", "2026-12-28"]),
        ("weekly", {"every": "3"}, ["2026-12-08", "2026-12-29"]),
        ("weekly", {"weekdays": ["0", "3"]}, ["2026-12-10", "2026-12-14", "2026-12-17"]),
        ("month_last", {"until": "2027-02-28"}, ["2026-12-29", "2027-01-26", "2027-02-23"]),
        ("month_nth", {"until": "2027-02-28"}, ["2026-12-08", "2027-01-12", "2027-02-09"]),
        ("month_date", {"until": "2027-02-28"}, ["2026-12-08", "2027-01-08", "2027-02-08"]),
    ],
)
def test_every_rhythm_shows_its_dates_and_makes_them(
    city: Flask, editor: Browser, repeat: str, extra: dict[str, object], days: list[str]
) -> None:
    with city.app_context():
        form = a_series(repeat=repeat, **extra)
    page = post(editor, "/staff/events/new", **form, do="dates")[1]
    for day in days:
        assert day_words(date.fromisoformat(day), "sv", True) in page
    status, where = post(editor, "/staff/events/new", **form, do="publish")
    assert status == 303
    made = list(rows(city, int(where.split("/")[3])))
    assert made[: len(days)] == days
