"""Observances in the database, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import current_app
from sqlalchemy import func, select

from portal.core.extensions import db
from portal.core.models import AuditEntry, ChangeCounter
from portal.core.problems import Refused
from portal.events import actions as event_actions
from portal.events import observance_actions as actions
from portal.events import observance_queries as queries
from portal.events import observance_showing as showing
from portal.events.models import Observance
from portal.units import queries as units
from tests.support.factories import (
    NOW,
    ONCE,
    TODAY,
    details,
    marked,
    new_event,
    new_observance,
    unit,
)

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
Act = Callable[[Observance], None]


def audit() -> list[str]:
    rows = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [row.action for row in rows if row.subject_kind == "observance"]


def test_an_observance_is_kept_as_it_was_said() -> None:
    said = marked(
        last_on=date(2026, 4, 10), link="https://example.org", is_flag_day=True, is_annual=False
    )
    with pytest.raises(Refused, match="all_past"):
        actions.add(said, TODAY)
    said = replace(said, is_annual=True)
    row = actions.add(said, TODAY)
    db.session.expire_all()
    assert queries.marked(row) == said
    assert (row.slug, row.status, row.sequence, row.unit_id) == ("bokens-dag", "published", 0, None)
    assert row.created_at == row.revised_at == NOW
    assert audit() == ["observance.add"]


def test_addresses_are_free_and_calendars_tell_them_apart() -> None:
    rows = [new_observance() for _ in range(3)]
    assert [row.slug for row in rows] == ["bokens-dag", "bokens-dag-2", "bokens-dag-3"]
    assert len({row.uid for row in rows}) == 3
    nameless = actions.add(marked(names={"sv": "日"}), TODAY)
    assert nameless.slug == "observance"


@pytest.mark.parametrize(
    ("status", "act", "what"),
    [
        ("published", lambda row: actions.change(row, marked(link="https://a.example"), TODAY), ""),
        ("proposed", lambda row: actions.change(row, marked(), TODAY), "observance.change"),
        ("proposed", actions.approve, "observance.approve"),
        ("proposed", lambda row: actions.decline(row, "Nej."), "observance.decline"),
        ("published", lambda row: actions.withdraw(row, "Nej."), "observance.withdraw"),
        ("withdrawn", actions.restore, "observance.restore"),
    ],
)
def test_every_change_is_told(status: str, act: Act, what: str) -> None:
    """SEQUENCE by one, the revision by a second or more, the audit, and the change counter."""
    row = new_observance(status)
    db.session.commit()
    sequence, revised = row.sequence, row.revised_at
    counter = db.session.scalar(select(ChangeCounter.number)) or 0
    act(row)
    db.session.commit()
    assert row.sequence == sequence + 1
    assert row.revised_at >= revised + timedelta(seconds=1)
    assert audit()[-1] == (what or "observance.change")
    assert (db.session.scalar(select(ChangeCounter.number)) or 0) > counter


def test_a_proposal_waits_unseen_and_is_published_by_a_yes() -> None:
    row = actions.propose(marked(), unit("ekorrens-oppna-forskola"), TODAY)
    assert queries.told() == []
    assert queries.with_status("proposed") == [row]
    assert queries.proposed_by([unit("ekorrens-oppna-forskola").id]) == [row]
    assert queries.proposed_by([unit().id]) == []
    actions.approve(row)
    assert queries.told() == [row]
    assert row.unit_id == unit("ekorrens-oppna-forskola").id


def test_what_was_declined_may_be_changed_and_asked_again() -> None:
    row = new_observance("declined")
    assert (row.status, row.answer_note) == ("declined", "Vi har den redan.")
    assert queries.told() == []
    actions.change(row, marked(names={"sv": "En annan dag"}), TODAY)
    assert (row.status, row.answer_note) == ("proposed", "")


def test_withdrawing_says_why_and_can_be_taken_back() -> None:
    row = new_observance("withdrawn")
    assert (row.status, row.answer_note) == ("withdrawn", "Det blir inte av.")
    assert queries.told() == [row]
    with pytest.raises(Refused, match="observance_withdrawn"):
        actions.change(row, marked(), TODAY)
    actions.restore(row)
    assert (row.status, row.answer_note) == ("published", "")


@pytest.mark.parametrize(
    ("status", "act"),
    [
        ("published", actions.approve),
        ("published", lambda row: actions.decline(row, "")),
        ("published", actions.restore),
        ("proposed", lambda row: actions.withdraw(row, "x")),
        ("declined", actions.approve),
        ("declined", actions.restore),
        ("withdrawn", lambda row: actions.withdraw(row, "x")),
        ("withdrawn", actions.approve),
    ],
)
def test_what_does_not_fit_the_state_is_refused(status: str, act: Act) -> None:
    row = new_observance(status)
    before = (row.status, row.sequence, row.answer_note, len(audit()))
    with pytest.raises(Refused):
        act(row)
    assert (row.status, row.sequence, row.answer_note, len(audit())) == before


def test_a_refused_change_changes_nothing() -> None:
    row = new_observance()
    with pytest.raises(Refused, match="years_lost"):
        actions.change(row, marked(first_on=date(2028, 4, 8)), TODAY)
    assert row.first_on == date(2026, 4, 8)
    assert db.session.scalar(select(func.count()).select_from(Observance)) == 1


# --- what pages show ----------------------------------------------------------------------

EVENING = (datetime(2026, 11, 25, 17), datetime(2027, 4, 8, 17))


def overview(key: str = "sv") -> showing.Year:
    with current_app.test_request_context():
        return showing.overview(TODAY, units.zone(), key)


def test_the_page_shows_what_comes_by_month_and_what_has_been_apart() -> None:
    new_observance()
    new_observance(
        names={"sv": "Vinterveckor"}, first_on=date(2026, 11, 9), last_on=date(2027, 1, 8)
    )
    found = overview()
    assert [(one.name, [entry.anchor for entry in one.entries]) for one in found.months] == [
        ("November 2026", ["vinterveckor-2026"]),
        ("April 2027", ["bokens-dag-2027"]),
        ("November 2027", ["vinterveckor-2027"]),
    ]
    assert [entry.anchor for entry in found.past] == ["bokens-dag-2026"]
    entry = found.months[0].entries[0]
    assert entry.when == "Måndag 9 november 2026 – fredag 8 januari 2027"
    day = found.months[1].entries[0]
    assert (day.when, day.lang, day.texts) == ("Torsdag 8 april", None, {"sv": "Vi läser."})


def test_a_name_that_is_missing_in_a_language_is_marked_as_swedish() -> None:
    new_observance()
    new_observance(names={"sv": "Bara svenska"})
    found = overview("en").months[0].entries
    assert [(entry.name, entry.lang) for entry in found] == [
        ("Day of the book", None),
        ("Bara svenska", "sv"),
    ]


def test_events_stand_at_the_year_that_is_nearest() -> None:
    row = new_observance()
    for title, day in (("Förra", date(2026, 4, 10)), ("Nästa", date(2027, 4, 7))):
        starts = datetime(day.year, day.month, day.day, 17)
        series = replace(ONCE, starts=starts, ends=starts + timedelta(hours=1))
        new_event(series, titles={"sv": title}, observance_id=row.id, today=date(2026, 4, 1))
    new_event(titles={"sv": "Utkast"}, observance_id=row.id, status="draft")
    new_event(titles={"sv": "Dold"}, observance_id=row.id, visibility="staff")
    new_event(titles={"sv": "Annat"})
    found = overview()
    assert [part.title for part in found.months[0].entries[0].parts] == ["Nästa"]
    assert [part.title for part in found.past[0].parts] == ["Förra"]


def test_an_event_says_what_it_is_part_of_while_that_is_published() -> None:
    row = new_observance()
    event = new_event(observance_id=row.id)
    with current_app.test_request_context():
        found = showing.part_of(event, "en")
        assert found == {
            "name": "Day of the book",
            "lang": None,
            "url": "/observances#bokens-dag-2027",
        }
        actions.withdraw(row, "Nej.")
        assert showing.part_of(event, "en") is None
        assert showing.part_of(new_event(), "en") is None


def test_the_month_names_days_and_periods_and_nothing_that_is_called_off() -> None:
    new_observance()
    new_observance(names={"sv": "Kulturmånad"}, first_on=date(2026, 3, 8), last_on=date(2026, 4, 8))
    new_observance("withdrawn", names={"sv": "Inget"})
    new_observance("proposed", names={"sv": "Kanske"})
    days, periods = showing.of_month(date(2027, 4, 1), units.zone(), "sv")
    assert {day: [entry.name for entry in found] for day, found in days.items()} == {
        "2027-04-08": ["Bokens dag"]
    }
    assert [entry.name for entry in periods] == ["Kulturmånad"]
    assert showing.of_month(date(2025, 4, 1), units.zone(), "sv") == ({}, []), (
        "not before the first"
    )
    march = showing.of_month(date(2027, 3, 1), units.zone(), "sv")
    assert march[0] == {}
    assert [entry.name for entry in march[1]] == ["Kulturmånad"]


def test_what_is_withdrawn_is_called_off_from_that_day_on(
    freeze: Callable[[datetime], None],
) -> None:
    row = new_observance(first_on=date(2025, 11, 20))
    freeze(datetime(2026, 11, 20, 22, 59, tzinfo=UTC))  # 23.59 here
    actions.withdraw(row, "Det blir inte av.")
    freeze(datetime(2027, 3, 1, tzinfo=UTC))
    found = showing.standing(row, date(2025, 1, 1), date(2030, 1, 1), units.zone())
    assert [(span.year, off) for span, off in found] == [
        (2025, False),
        (2026, True),
        (2027, True),
    ]


def test_the_next_day_is_told_to_staff_with_its_year() -> None:
    row = new_observance()
    assert showing.next_words(row, TODAY, "sv") == "torsdag 8 april 2027"
    past = new_observance(is_annual=False, first_on=TODAY)
    assert showing.next_words(past, date(2027, 5, 1), "sv") == "fredag 20 november 2026"
    leap = new_observance(first_on=date(2024, 2, 29))
    assert showing.next_words(leap, date(2025, 3, 1), "sv") == "tisdag 29 februari 2028"


def test_an_event_is_part_of_what_its_details_say() -> None:
    row = new_observance()
    event = new_event(observance_id=row.id)
    assert event.observance_id == row.id
    event_actions.change(event, details())
    assert event.observance_id is None
