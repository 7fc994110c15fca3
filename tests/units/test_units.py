"""What units belong to, and that mergers leave history alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.imports.setting_up import AlreadySetUp, set_up
from portal.units import actions, queries
from portal.units.models import Affiliation
from tests.support.factories import TODAY, unit
from tests.support.portal_app import SMALL

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
DAY = timedelta(days=1)


def areas() -> tuple[int, int]:
    merger = date(2027, 7, 1)
    made = actions.add_areas(
        [
            {"slug": "ost", "names": {"sv": "Öst"}, "ends_on": merger - DAY, "successor": "jarva"},
            {"slug": "jarva", "names": {"sv": "Järva"}, "starts_on": merger},
        ]
    )
    return made["ost"].id, made["jarva"].id


def test_a_merger_leaves_the_past_as_it_was() -> None:
    ost, jarva = areas()
    merger = date(2027, 7, 1)
    actions.move_unit(unit(), date(2020, 1, 1), area_id=ost)
    actions.move_unit(unit(), merger, area_id=jarva)
    db.session.expire_all()

    def area_on(day: date) -> int | None:
        tie = queries.affiliation(unit(), day)
        assert tie is not None
        return tie.area_id

    assert area_on(date(2019, 12, 31)) is None
    assert area_on(merger - DAY) == ost
    assert area_on(merger) == area_on(merger + 99 * DAY) == jarva
    history = queries.history(unit())
    assert [row.area_id for row in history] == [jarva, ost, None]
    assert [row.ends_on for row in history] == [None, merger - DAY, date(2019, 12, 31)]
    # What was not moved is kept.
    assert {row.body_id for row in history} == {history[0].body_id} != {None}
    old, new = queries.area_by_slug("ost"), queries.area_by_slug("jarva")
    assert old is not None
    assert new is not None
    assert queries.area_successor(old, merger - DAY) is None
    assert queries.area_successor(old, merger) is new
    assert queries.unit_ids_in_area(old, merger - DAY) == [unit().id]
    assert queries.unit_ids_in_area(old, merger) == []
    assert queries.unit_ids_in_area(new, merger) == [unit().id]


def test_each_day_belongs_to_one_row_only() -> None:
    ost, jarva = areas()
    for day, area in ((date(2024, 1, 1), ost), (date(2025, 1, 1), jarva), (TODAY, ost)):
        actions.move_unit(unit(), day, area_id=area)
    rows = db.session.query(Affiliation).filter_by(unit_id=unit().id).all()
    for offset in range(0, 3000, 17):
        day = date(2020, 1, 1) + offset * DAY
        holding = [
            r for r in rows if r.starts_on <= day and (r.ends_on is None or day <= r.ends_on)
        ]
        assert len(holding) == 1, day


def test_units_stand_under_their_areas_or_under_none() -> None:
    assert queries.areas(TODAY) == []
    (group,) = queries.by_area(queries.open_units(TODAY), TODAY)
    assert group.area is None
    assert len(group.units) == 3
    _, jarva = areas()
    actions.move_unit(unit(), date(2027, 7, 1), area_id=jarva)
    later = date(2027, 7, 2)
    groups = queries.by_area(queries.open_units(later), later)
    assert [(g.area.slug if g.area else "", [u.slug for u in g.units]) for g in groups] == [
        ("jarva", ["exempelbiblioteket"]),
        ("", ["ekorrens-oppna-forskola", "exempelforeningen"]),
    ]


def test_a_closed_unit_is_not_among_the_open_ones() -> None:
    unit().ends_on = TODAY
    assert unit() in queries.open_units(TODAY)
    assert unit() not in queries.open_units(TODAY + DAY)


def test_a_new_address_leads_on_and_is_not_given_away() -> None:
    actions.rename_slug(unit(), "laeshuset")
    assert queries.former("unit", "exempelbiblioteket") == "laeshuset"
    assert actions.add_association("Exempelbiblioteket").slug == "exempelbiblioteket-2"
    assert actions.add_association("Exempelföreningen").slug == "exempelforeningen-2"


def test_a_database_is_filled_once() -> None:
    begin_write()
    with pytest.raises(AlreadySetUp, match="holds a municipality already"):
        set_up(SMALL, is_demo=False)


def test_bodies_tell_whom_to_ask() -> None:
    (body,) = queries.bodies(TODAY)
    assert [contact.phone for contact in body.contacts] == ["0555-10 00 01"]
    assert [u.slug for u in queries.units_of(body, TODAY)] == [
        "ekorrens-oppna-forskola",
        "exempelbiblioteket",
    ]
    assert queries.municipality().names["sv"] == "Exempelköpings kommun"
