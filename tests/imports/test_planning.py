"""What a later file does to what earlier ones made, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.core.extensions import db
from portal.events import actions, changing
from portal.events.models import Event
from portal.events.queries import details_of, kinds, series_of
from portal.events.recurrence import Rule, expand
from portal.events.rules import Alteration
from portal.imports import planning
from portal.imports.applying import forget
from portal.imports.known import fingerprint
from portal.imports.models import ImportedDate, ImportedEvent
from portal.imports.setting_up import add_alias
from tests.imports.bringing import (
    at,
    bring,
    bring_file,
    counts,
    dates,
    events,
    means,
    off,
    plan,
    source,
    week,
)
from tests.imports.programmes import file
from tests.support.factories import place, unit

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
PRESCHOOL = "Ekorrens öppna förskola"


def rule(event: Event) -> tuple[int, set[int]]:
    """Every how many weeks, and which weeks are left out."""
    series = series_of(event)
    assert series.rule is not None
    return series.rule.interval, {(out - at(0)).days // 7 for out in series.exdates}


def rows_are_the_rule() -> None:
    for event in events():
        db.session.refresh(event, ["occurrences", "exdates"])
        expanded = [dated.recurrence_id for dated in expand(series_of(event))]
        assert sorted(row.recurrence_id for row in event.occurrences) == expanded


def revisions() -> dict[str, int]:
    return {event.uid: event.sequence for event in events()}


def notes(made: planning.Plan) -> list[tuple[int, str]]:
    return [(note.row, note.code) for note in made.notes]


# --- the same again, and other ids ------------------------------------------------------------


def test_the_same_file_again_changes_nothing() -> None:
    rows = [week(n) for n in range(4)] + [{"source_id": "x", "start": "08:00", "end": "09:00"}]
    assert counts(bring(*rows)) == (5, 0, 0, 0, 0)
    before = revisions()
    again = bring(*reversed(rows))
    assert (again.is_empty, counts(again)) == (True, (0, 0, 0, 5, 0))
    assert (again.retold, again.gone, again.notes) == ([], [], [])
    assert revisions() == before


def test_a_source_that_gives_new_ids_is_understood() -> None:
    """The same dates under other ids are the same dates: nothing doubles, nothing is cancelled."""
    bring(*[week(n) for n in range(4)])
    before = revisions()
    again = bring(*[week(n, f"new{n}") for n in range(4)])
    assert again.is_empty
    assert (len(events()), off(), revisions()) == (1, set(), before)
    # And from then on it is the new ids that speak.
    third = bring(*[week(n, f"new{n}") for n in range(3)])
    assert third.cancelled_dates == 0, "the file ends before the fourth"
    fourth = bring(*[week(n, f"new{n}") for n in (0, 2, 3)])
    assert counts(fourth) == (0, 0, 1, 3, 0)
    assert "new1" in off()
    assert bring(*[week(n, f"new{n}") for n in (0, 2, 3)]).is_empty


def test_dates_that_were_gone_come_back() -> None:
    bring(*[week(n) for n in range(4)])
    assert counts(bring(*[week(n) for n in (0, 1, 3)])) == (0, 0, 1, 3, 0)
    assert off() == {"w2"}
    assert bring(*[week(n) for n in (0, 1, 3)]).is_empty, "gone once is gone"
    back = bring(*[week(n) for n in range(4)])
    assert (back.changed_dates, off()) == (1, set())
    assert dates()["w2"].is_override, "calendars that stored the cancellation are told otherwise"
    assert bring(*[week(n) for n in range(4)]).is_empty


def test_a_date_that_comes_back_under_another_id_is_the_same_date() -> None:
    bring(*[week(n) for n in range(4)])
    bring(*[week(n) for n in (0, 1, 3)])
    bring(*[week(n) for n in (0, 1, 3)], week(2, "other"))
    assert len(events()) == 1
    assert dates()["other"].status == "confirmed"
    assert dates()["w2"].id == dates()["other"].id
    bring(*[week(n) for n in (0, 1, 3)])
    assert dates()["other"].status == "cancelled"


def test_without_the_memory_of_what_was_gone_a_date_would_stay_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: whoever forgets is_gone takes the cancellation for an editor's."""
    real = planning.KnownDate
    bring(*[week(n) for n in range(4)])
    bring(*[week(n) for n in (0, 1, 3)])
    monkeypatch.setattr(planning, "KnownDate", lambda *a, **k: real(*a, **{**k, "was_gone": False}))
    bring(*[week(n) for n in range(4)])
    assert off() == {"w2"}


# --- series that grow -------------------------------------------------------------------------


def test_a_single_date_grows_into_a_series() -> None:
    bring(week(0))
    (event,) = events()
    assert event.rrule == ""
    assert counts(bring(week(0), week(1), week(2))) == (2, 0, 0, 1, 0)
    assert [one.id for one in events()] == [event.id]
    assert (rule(event), len(event.occurrences)) == ((1, set()), 3)
    assert set(dates()) == {"w0", "w1", "w2"}
    rows_are_the_rule()


def test_fortnightly_becomes_weekly() -> None:
    bring(*[week(n) for n in (0, 2, 4)])
    (event,) = events()
    uid = event.uid
    assert rule(event) == (2, set())
    bring(*[week(n) for n in (0, 1, 2, 4)])
    assert (rule(event), event.uid) == ((1, {3}), uid)
    rows_are_the_rule()


def test_a_date_that_was_left_out_is_taken_in() -> None:
    bring(*[week(n) for n in (0, 1, 3)])
    (event,) = events()
    assert rule(event) == (1, {2})
    assert counts(bring(*[week(n) for n in range(4)])) == (1, 0, 0, 3, 0)
    assert (rule(event), len(events())) == ((1, set()), 1)
    rows_are_the_rule()


def test_a_date_before_the_first_is_another_event() -> None:
    """DTSTART stands: calendars know the series by it."""
    bring(week(2), week(3))
    bring(week(1), week(2), week(3))
    assert len(events()) == 2
    rows_are_the_rule()


def test_a_sliding_window_is_one_series(freeze: Callable[[datetime], None]) -> None:
    """Each week a file of the next four: what falls out in front is not taken for gone, and what
    comes at the end is the same event."""
    for number in range(8):
        freeze(datetime(2026, 11, 30, 8, tzinfo=UTC) + timedelta(weeks=number))
        made = bring(*[week(number + ahead) for ahead in range(4)])
        assert made.cancelled_dates == 0
        assert made.new_dates == (4 if number == 0 else 1)
    (event,) = events()
    assert (rule(event), len(event.occurrences), off()) == ((1, set()), 11, set())
    rows_are_the_rule()


def test_what_is_past_does_not_go(freeze: Callable[[datetime], None]) -> None:
    bring(*[week(n) for n in range(4)])
    freeze(datetime(2026, 12, 9, 8, tzinfo=UTC))
    bring(week(1, "other", start="08:00", end="09:00"), week(3))
    assert off() == {"w2"}, "the first two have been, and are what they were"


def test_a_source_s_own_series_grows() -> None:
    def calendar(until: str, *more: str) -> bytes:
        lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:a",
            "DTSTAMP:20261101T000000Z", "SUMMARY:Sagostund", "LOCATION:Exempelbiblioteket",
            "DTSTART;TZID=Europe/Stockholm:20261201T100000", "DURATION:PT30M",
            f"RRULE:FREQ=WEEKLY;UNTIL={until}T235959Z", *more, "END:VEVENT", "END:VCALENDAR", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode()

    of = source("calendar", unit().id)
    assert counts(bring_file(calendar("20261222"), of)) == (4, 0, 0, 0, 0)
    (event,) = events()
    assert counts(bring_file(calendar("20270105"), of)) == (2, 0, 0, 4, 0)
    assert (len(events()), len(event.occurrences)) == (1, 6)
    hole = "EXDATE;TZID=Europe/Stockholm:20261215T100000"
    assert counts(bring_file(calendar("20270105", hole), of)) == (0, 0, 1, 5, 0)
    assert dates(of)["a/2026-12-15"].status == "cancelled"
    assert bring_file(calendar("20270105", hole), of).is_empty
    rows_are_the_rule()


# --- what an editor did -------------------------------------------------------------------------


def test_an_event_that_was_cancelled_here_gets_nothing_new() -> None:
    bring(week(0), week(1))
    (event,) = events()
    actions.cancel(event, {"sv": "Värden slutar."})
    db.session.commit()
    revision = event.sequence
    made = bring(week(0), week(1), week(2), week(3, title="Annat"))
    assert (4, "cancelled_here") in notes(made)
    assert [one.titles["sv"] for one in events()] == ["Sagostund", "Annat"]
    assert (event.status, event.sequence, len(event.occurrences)) == ("cancelled", revision, 2)
    again = bring(week(0, title="Ny titel"), week(1, title="Ny titel"))
    assert again.is_empty
    assert (event.titles, event.sequence) == ({"sv": "Sagostund"}, revision)


def test_an_editor_s_hand_stays_until_it_is_given_up() -> None:
    bring(*[week(n) for n in range(3)])
    row = dates()["w1"]
    changing.alter_dates(row.event, [row], Alteration(titles={"sv": "För hand"}))
    changing.cancel_date(dates()["w2"], {"sv": "Sjuk"})
    db.session.commit()
    later = [week(0), week(1, title="Från källan"), week(2, start="11:00", end="11:30")]
    made = bring(*later)
    assert {difference.mark for _, difference in made.kept} == {"dw1:title", "dw2:is_cancelled"}
    assert dates()["w1"].titles == {"sv": "För hand"}
    assert (dates()["w2"].status, dates()["w2"].starts_at.hour) == ("cancelled", 10)
    taken = bring(*later, taken=("dw1:title", "dw2:is_cancelled"))
    assert (taken.kept, off()) == ([], set())
    assert dates()["w1"].titles == {"sv": "Från källan"}
    assert bring(*later).is_empty


def test_a_date_that_an_editor_made_is_the_editor_s() -> None:
    """The editor has gone on with the series and cancelled its last date; the source comes to it
    only now, and does not call it on again."""
    bring(week(0), week(1))
    (event,) = events()
    changing.lengthen(event, at(3).date(), [], at(0).date())
    rows = {row.recurrence_id: row for row in event.occurrences}
    changing.cancel_date(rows[at(3)], {"sv": "Sjuk"})
    db.session.commit()
    made = bring(*[week(n) for n in range(4)])
    assert len(events()) == 1
    assert rows[at(3)].status == "cancelled"
    assert {difference.mark for _, difference in made.kept} == {"dw3:is_cancelled"}
    assert bring(*[week(n) for n in range(4)]).is_empty


def test_a_date_that_moves_keeps_its_identity() -> None:
    bring(*[week(n) for n in range(3)])
    made = bring(week(0), week(1, date="2026-12-09", start="14:00", end="15:00"), week(2))
    assert counts(made) == (0, 1, 0, 2, 0)
    row = dates()["w1"]
    assert (row.recurrence_id, row.starts_at.isoformat()) == (at(1), "2026-12-09T13:00:00+00:00")
    assert row.key == "2026-12-08"


def test_what_moves_into_the_past_is_not_believed(freeze: Callable[[datetime], None]) -> None:
    bring(week(0), week(1))
    freeze(datetime(2026, 12, 3, 8, tzinfo=UTC))
    made = bring(week(1, date="2026-12-02"))
    assert notes(made) == [(2, "moved_to_past")]
    assert dates()["w1"].starts_at == datetime(2026, 12, 8, 9, tzinfo=UTC)


# --- rows that cannot be used -------------------------------------------------------------------


def test_a_refused_row_is_not_gone() -> None:
    bring(*[week(n) for n in range(4)])
    for bad in (
        {"start": "25:00"},
        {"organiser": "Slottet", "place": "Slottet"},
        {"date": "2062-12-01"},
    ):
        made = bring(week(0), week(1, **bad), week(2), week(3))
        assert (made.bad_rows, made.gone, off()) == (1, [], set())


def test_a_refused_row_without_an_id_cancels_nothing() -> None:
    bring(*[week(n) for n in range(4)])
    nameless = {**week(1), "source_id": "", "title": ""}
    made = bring(week(0), nameless, week(3))
    assert (made.gone, off()) == ([], set()), "which of the missing it was nobody knows"
    made = bring(week(0), week(3))
    assert off() == {"w1", "w2"}


def test_a_calendar_that_ends_in_the_middle_cancels_nothing() -> None:
    parts = [
        f"BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Sagostund {uid}\r\nLOCATION:Exempelbiblioteket\r\n"
        f"DTSTART:202612{day:02}T100000\r\nDURATION:PT30M\r\nEND:VEVENT\r\n"
        for uid, day in (("a", 1), ("b", 3), ("c", 8))
    ]
    head, end = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", "END:VCALENDAR\r\n"
    of = source("calendar", unit().id)
    bring_file((head + "".join(parts) + end).encode(), of)
    made = bring_file((head + parts[0] + parts[2]).encode(), of)
    assert (made.gone, [code for _, code in notes(made)]) == ([], ["withheld_cut"])
    assert bring_file((head + parts[0] + parts[2] + end).encode(), of).gone == ["b"]


def test_a_refused_series_is_not_gone_date_by_date() -> None:
    """Its dates are known by its id and their days."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:a",
        "DTSTAMP:20261101T000000Z", "SUMMARY:Sagostund", "LOCATION:Exempelbiblioteket",
        "DTSTART;TZID=Europe/Stockholm:20261201T100000", "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY;COUNT=4", "END:VEVENT", "BEGIN:VEVENT", "UID:b",
        "DTSTAMP:20261101T000000Z", "SUMMARY:Annat", "LOCATION:Exempelbiblioteket",
        "DTSTART;TZID=Europe/Stockholm:20261201T150000", "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY;COUNT=9", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    good = "\r\n".join(lines).encode()
    of = source("calendar", unit().id)
    bring_file(good, of)
    made = bring_file(good.replace(b"SUMMARY:Sagostund\r\n", b""), of)
    assert (made.bad_rows, made.gone, made.cancelled_dates) == (1, [], 0)


def test_an_empty_file_cancels_nothing() -> None:
    bring(*[week(n) for n in range(4)])
    header = file().splitlines()[0] + b"\r\n"
    assert (bring_file(header).is_empty, off()) == (True, set())


def test_an_event_that_hides_its_place_needs_a_telephone() -> None:
    """People have to ask somebody where it is; a calendar cannot say it later."""
    (hidden, *_) = [kind.slug for kind in kinds() if kind.visibility == "without_place"]
    means(source(), "kind", "Samtal", hidden)
    made = bring(week(0, category="Samtal"), week(1))
    assert [(p.row, p.column, p.code) for p in made.bad] == [(2, "phone", "phone_for_place")]
    assert set(dates()) == {"w1"}


# --- whose it is --------------------------------------------------------------------------------


def test_another_unit_s_rows_are_refused_and_its_house_is_only_named() -> None:
    of = source("own", unit().id)
    made = bring(
        week(0, organiser=PRESCHOOL, place=PRESCHOOL),
        week(1, place=PRESCHOOL),
        week(2, organiser="", place=PRESCHOOL),
        week(3, organiser="", place="Parken"),
        of=of,
    )
    assert [(p.row, p.code) for p in made.bad] == [(2, "not_your_unit")]
    found = {key: row.event for key, row in dates(of).items()}
    assert set(found) == {"w1", "w2", "w3"}
    assert {event.unit_id for event in found.values()} == {unit().id}
    assert {(event.place_id, event.elsewhere) for event in found.values()} == {
        (None, PRESCHOOL),
        (None, "Parken"),
    }
    # Who speaks for the city books the house.
    bring(week(1, place=PRESCHOOL))
    assert dates()["w1"].event.place_id == place("ekorrens-oppna-forskola").id


def test_two_sources_with_the_same_ids_never_meet() -> None:
    one, two = source("one"), source("two")
    rows = [week(n) for n in range(3)]
    bring(*rows, of=one)
    made = bring(*rows, of=two)
    assert (made.new_dates, made.unchanged) == (3, 0)
    first, second = events()
    assert first.uid != second.uid
    revision = first.sequence
    bring(week(0, title="Annat"), week(2, title="Annat"), of=two)
    assert (first.titles, first.sequence) == ({"sv": "Sagostund"}, revision)
    assert {row.status for row in dates(one).values()} == {"confirmed"}
    assert dates(two)["w1"].status == "cancelled"
    assert bring(*rows, of=one).is_empty
    forget(two)
    db.session.commit()
    assert (len(events()), len(dates(one)), dates(two)) == (2, 3, {})


def test_the_source_s_own_names_come_before_the_municipality_s() -> None:
    add_alias("Huset", unit())
    db.session.commit()
    one, two = source("one"), source("two")
    means(one, "unit", "Huset", unit("ekorrens-oppna-forskola").id)
    means(one, "place", "Rummet", place().id)
    means(one, "kind", "sagostund", "language-cafe")
    rows = [week(0, organiser="Huset", place="Rummet")]
    bring(*rows, of=one)
    bring(*rows, of=two)
    (mine,), (theirs,) = dates(one).values(), dates(two).values()
    assert mine.event.unit.slug == "ekorrens-oppna-forskola"
    assert (mine.event.place_id, mine.event.kind.slug) == (place().id, "language-cafe")
    assert (theirs.event.unit_id, theirs.event.elsewhere) == (unit().id, "Rummet")
    assert theirs.event.kind.slug == "story-time"
    means(one, "unit", "Huset", "")
    bring(*rows, of=one)
    assert mine.event.unit_id == unit().id, "what is not chosen any more is the municipality's"


def test_near_names_are_offered() -> None:
    made = plan(file(week(0, organiser="Exempelbibliotek", place="Exempelbibliotek")))
    assert made.offers[("unit", "Exempelbibliotek")] == [unit().id]
    assert made.bad_rows == 1
    room = plan(file(week(0, place="Hörsal")))
    assert list(room.offers) == [("place", "Hörsal")]


def test_twins_are_two_events_and_told() -> None:
    made = bring(week(0), week(0, "twin"))
    assert (len(events()), notes(made)) == (2, [(3, "twin")])
    assert bring(week(0), week(0, "twin")).is_empty


# --- planning itself ----------------------------------------------------------------------------


def test_planning_writes_nothing() -> None:
    bring(*[week(n) for n in range(3)])
    of = source()
    made = plan(file(week(0, title="Annat"), week(2), week(5)), of)
    stamp = fingerprint(of, made)
    assert not made.is_empty
    assert not [*db.session.new, *db.session.dirty, *db.session.deleted]
    assert fingerprint(of, made) == stamp
    bring(week(0, title="Annat"), week(2), week(5))
    assert fingerprint(of, made) != stamp


def test_what_was_said_is_remembered_word_for_word() -> None:
    bring(week(0, title="Sagostund", age_from=""), week(1))
    row = db.session.get_one(ImportedDate, (source().id, "w0"))
    assert (row.recurrence_id, row.is_gone, row.group) == (at(0), False, "")
    assert row.said["title"] == "Sagostund"
    whole = db.session.scalars(select(ImportedEvent)).one()
    assert whole.said["about"]["kind"] == "story-time"
    (event,) = events()
    assert details_of(event).titles == {"sv": "Sagostund"}
    assert series_of(event) == replace(series_of(event), rule=Rule("WEEKLY", at(1).date(), 1, (1,)))


def test_a_source_that_breaks_is_drastic() -> None:
    bring(*[week(n) for n in range(20)])
    broken = plan(file(week(0), week(19)))
    assert (broken.cancelled_dates, broken.is_drastic) == (18, True)
    assert not plan(file(*[week(n) for n in range(20) if n % 5])).is_drastic
