"""A small city where everything has happened that can happen to events."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import (
    actions,
    changing,
    continuing,
    observance_actions,
    observance_queries,
    queries,
)
from portal.events.recurrence import Rule, Series
from portal.events.rules import Alteration, LeftOut
from portal.places.models import Place
from portal.places.queries import place_by_slug
from tests.support.factories import (
    ONCE,
    TODAY,
    WEEKLY,
    ZONE,
    marked,
    new_event,
    new_observance,
    place,
    unit,
)

PRESCHOOL = "ekorrens-oppna-forskola"
SICK = {"sv": "Värden är sjuk.", "en": "The host is ill."}


def room() -> Place:
    found = place_by_slug("exempelbiblioteket-horsalen")
    assert found is not None
    return found


def at(day: date, hour: int, hours: float = 1.5) -> Series:
    starts = datetime.combine(day, time(hour))
    return Series(starts, starts + timedelta(hours=hours), ZONE)


def live() -> None:
    """Makes the events; the test is inside an app context on factories.NOW."""
    begin_write()
    _observances()
    _words()
    _dates()
    _series()
    _hidden()
    db.session.commit()


def _observances() -> None:
    new_observance(names={"sv": "Bokens dag", "en": "Day of the book"})
    light = marked(names={"sv": "Ljusets dag"}, first_on=date(2026, 12, 13))
    changed = observance_actions.add(light, TODAY)
    observance_actions.change(changed, replace(light, is_flag_day=True), TODAY)
    new_observance("withdrawn", names={"sv": "Fel dag"}, first_on=date(2027, 1, 6))
    proposed = new_observance("proposed", names={"sv": "Kaffets dag"}, first_on=date(2027, 2, 2))
    observance_actions.approve(proposed)


def _words() -> None:
    """Every field that an editor can fill in, odd letters and formulas among them."""
    day = observance_queries.told()[0]
    full = new_event(
        titles={"sv": "=1+1", "en": '"Quoted", and; so on', "fi": "Äänekäs"},
        texts={"sv": "Rad ett\n\nRad tre, med 'tecken'", "en": "+46 8 | @x", "rmn-arli": "…"},
        directed_to={"sv": "Vuxna som läser"},
        host_note={"sv": "Två värdar", "en": "Two hosts"},
        cost={"sv": "20 kronor", "en": "20 kronor"},
        languages=("sv", "rmn-arli"),
        audiences=("children", "families"),
        age_from=6,
        age_to=18,
        age_unit="months",
        sign_up="link",
        sign_up_link="https://example.org/?a=1;2",
        phone="+46 555 10",
        co_host_ids=(unit(PRESCHOOL).id,),
        observance_id=day.id,
    )
    actions.change(full, replace(queries.details_of(full), is_preliminary=True))
    renamed = new_event(titles={"sv": "Ett gammalt namn"})
    actions.change(renamed, replace(queries.details_of(renamed), titles={"sv": "Ett nytt"}))
    new_event()
    new_event()  # the same title: another address
    new_event(titles={"sv": "Hos oss"}, place_id=None, elsewhere="Torget, vid fontänen")
    new_event(kind="workshop", sign_up="phone", phone="0555-10", place_id=room().id)
    draft = new_event(status="draft", titles={"sv": "Omskriven"})
    new_event(titles={"sv": "Samtidigt"})
    # Its dates are younger rows than those of the event before it, at the same moment.
    actions.rewrite(draft, queries.details_of(draft), ONCE, [], TODAY)
    actions.publish(draft, may_use_place=True)
    new_event(status="draft", titles={"sv": "Bara ett utkast"})
    days = Series(datetime(2026, 12, 5), datetime(2026, 12, 7), ZONE, is_all_day=True)
    new_event(days, titles={"sv": "Utställning"})
    rule = Rule("MONTHLY", date(2027, 6, 30), nth=(-1, 5))
    several = replace(days, starts=datetime(2026, 11, 28), ends=datetime(2026, 11, 30), rule=rule)
    out = LeftOut(datetime(2026, 12, 26), (("en", "Boxing Day"), ("sv", "Annandag; jul")))
    exhibition = new_event(several, (out,), titles={"sv": "Sista lördagen"})
    first = exhibition.occurrences[0]
    changing.move_date(first, datetime(2026, 11, 29), datetime(2026, 12, 1), {"sv": "En dag till"})


def _dates() -> None:
    """Moved, cancelled, taken back, elsewhere, renamed: and once as planned again."""
    event = new_event(WEEKLY, titles={"sv": "Mycket händer"})
    rows = sorted(event.occurrences, key=lambda row: row.recurrence_id)
    starts = rows[0].recurrence_id
    changing.move_date(rows[0], starts + timedelta(days=1), starts + timedelta(days=1, hours=3), {})
    changing.cancel_dates(event, rows[1:3], SICK)
    changing.restore_dates(event, rows[2:3])
    to = Alteration(is_place=True, elsewhere="Parken", titles={"sv": "Ute", "en": "Out"})
    changing.alter_dates(event, rows[3:4], to)
    inside = Alteration(ends=time(19), is_place=True, place_id=room().id, note={"sv": "Salen"})
    changing.alter_dates(event, rows[4:6], inside)
    changing.alter_dates(event, rows[6:7], Alteration(starts=time(16)))
    changing.reset_dates(event, rows[6:7])
    moved = new_event(titles={"sv": "En gång, senare"})
    changing.move_date(
        moved.occurrences[0], datetime(2026, 12, 2, 9), datetime(2026, 12, 2, 10), {}
    )
    off = new_event(WEEKLY, status="cancelled", titles={"sv": "Inställd serie"})
    actions.change(off, replace(queries.details_of(off), is_preliminary=True))


def _series() -> None:
    """Longer, shorter, in another rhythm, another term, and with another host."""
    out = LeftOut(datetime(2026, 12, 23, 17), (("sv", "Jullov"),))
    longer = new_event(WEEKLY, (out,), titles={"sv": "Längre"})
    new_event(titles={"sv": "Mellan"})
    late = LeftOut(datetime(2027, 2, 17, 17), (("sv", "Sportlov"),))
    changing.lengthen(longer, date(2027, 3, 31), [late], TODAY)
    longer.skip_breaks, longer.skip_holidays = True, True
    shorter = new_event(WEEKLY, titles={"sv": "Kortare"})
    changing.shorten(shorter, date(2026, 12, 20), SICK)
    old = new_event(WEEKLY, titles={"sv": "Ny rytm"})
    fortnights = replace(
        WEEKLY,
        starts=datetime(2026, 11, 24, 10),
        ends=datetime(2026, 11, 24, 11),
        rule=Rule("WEEKLY", date(2027, 5, 4), 2, (1,)),
    )
    continuing.change_rhythm(old, fortnights, [], TODAY, may_use_place=True)
    given = new_event(WEEKLY, titles={"sv": "Överlämnad"})
    changing.hand_over(given, unit(PRESCHOOL))
    away = queries.details_of(given)
    actions.change(given, replace(away, place_id=place(PRESCHOOL).id))


def _hidden() -> None:
    event = new_event(WEEKLY, titles={"sv": "Samtal"}, phone="0555-10")
    actions.change(event, replace(queries.details_of(event), visibility="without_place"))
    new_event(visibility="staff", titles={"sv": "Personalmöte"})
    new_event(visibility="closed", titles={"sv": "Råd"})
