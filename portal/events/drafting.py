"""From the event form to details, time and left-out dates, and back into the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _

from portal.core.languages import language, languages
from portal.core.problems import Problem
from portal.core.text import Localised
from portal.core.words import chosen, language_choice, weekday_words
from portal.events import observance_queries, queries
from portal.events.forms import USUAL, EventForm
from portal.events.models import Event
from portal.events.planning import leave_out
from portal.events.recurrence import Rule, Series, align
from portal.events.rhythms import RHYTHMS, rhythm_of, rule_of
from portal.events.rules import AUDIENCES, SIGN_UPS, VISIBILITIES, Details, LeftOut, times_on
from portal.events.words import AUDIENCE, REPEAT, SIGN_UP, VISIBILITY
from portal.places import queries as places
from portal.places.models import Place
from portal.places.words import place_name
from portal.units import queries as units
from portal.units.models import Unit

ELSEWHERE = 0


@dataclass(frozen=True)
class Draft:
    """What the form says. `series` is None as long as the times make no sense."""

    details: Details
    series: Series | None
    left_out: list[LeftOut]
    problems: list[Problem]
    skips: tuple[bool, bool] = (False, False)


def fill_choices(form: EventForm, editable: list[Unit], bookable: list[Place]) -> None:
    """The choices an editor has: own units as host, any public place as place."""
    today = units.today()
    form.kind.choices = sorted(
        ((kind.id, chosen(kind.names)) for kind in queries.kinds()), key=lambda pair: pair[1]
    )
    form.unit.choices = [(unit.id, unit.name) for unit in editable]
    form.place.choices = [(place.id, place_name(place)) for place in bookable]
    form.place.choices.append((ELSEWHERE, _("Another place")))
    form.co_hosts.choices = [(unit.id, unit.name) for unit in units.open_units(today)]
    form.weekdays.choices = [(day, weekday_words(day, language().key)) for day in range(7)]
    named = [(name, language_choice(name, language().key)) for name in languages()]
    form.languages.choices = named
    form.audiences.choices = [(code, AUDIENCE[code]) for code in AUDIENCES]
    form.repeat.choices = [(code, REPEAT[code]) for code in RHYTHMS]
    form.age_unit.choices = [("years", _("years")), ("months", _("months"))]
    form.sign_up.choices = [(code, SIGN_UP[code]) for code in SIGN_UPS]
    form.visibility.choices = [
        (USUAL, _("As is usual for the sort of meeting")),
        *((code, VISIBILITY[code]) for code in VISIBILITIES),
    ]
    others = [pair for pair in named if pair[0] not in ("sv", "en", "fi")]
    form.other_language.choices = [("", _("None")), *others]
    marked = observance_queries.told()
    form.observance.choices = [(0, _("None")), *((one.id, chosen(one.names)) for one in marked)]


def places_for(editable: list[Unit]) -> list[Place]:
    """Own places first, then every public place of others (they are asked first)."""
    own = [place for unit in editable for place in places.places_of(unit)]
    mine = {place.id for place in own}
    return own + [place for place in places.public_places() if place.id not in mine]


def read(form: EventForm, chosen_out: list[date]) -> Draft:
    """The draft that a valid form describes; what is wrong with its times is in `problems`."""
    details = read_details(form)
    series, out, problems = read_when(form, chosen_out)
    return Draft(details, series, out, problems, skips(form))


def read_when(
    form: EventForm, chosen_out: list[date]
) -> tuple[Series | None, list[LeftOut], list[Problem]]:
    """When a valid form says that an event is, and what it leaves out."""
    series, problems = _series(form)
    if series is None:
        return None, [], problems
    return series, leave_out(series, chosen_out, *skips(form)), problems


def skips(form: EventForm) -> tuple[bool, bool]:
    """Whether breaks, and whether public holidays, are left out: now and when it goes on."""
    return bool(form.skip_breaks.data), bool(form.skip_holidays.data)


def read_details(form: EventForm) -> Details:
    """What a valid form says of an event, except when it is."""
    other = form.other_language.data or ""
    return Details(
        titles=_texts(form, "title", other),
        texts=_texts(form, "text", other),
        kind_id=form.kind.data,
        unit_id=form.unit.data,
        place_id=form.place.data or None,
        elsewhere=(form.elsewhere.data or "") if not form.place.data else "",
        visibility=_visibility(form),
        languages=tuple(form.languages.data or ()),
        audiences=tuple(form.audiences.data or ()),
        directed_to={"sv": form.directed_to.data or ""},
        host_note={"sv": form.host_note.data or ""},
        cost={"sv": form.cost.data or ""},
        age_from=form.age_from.data,
        age_to=form.age_to.data,
        age_unit=form.age_unit.data,
        sign_up=form.sign_up.data,
        sign_up_link=form.sign_up_link.data or "",
        phone=form.phone.data or "",
        is_preliminary=bool(form.is_preliminary.data),
        co_host_ids=tuple(form.co_hosts.data or ()),
        observance_id=form.observance.data or None,
    )


def _visibility(form: EventForm) -> str:
    """Council meetings and the like start hidden, unless the editor says otherwise."""
    if form.visibility.data != USUAL:
        return str(form.visibility.data)
    return next((k.visibility for k in queries.kinds() if k.id == form.kind.data), "public")


def stale_languages(
    before: tuple[Localised, Localised], after: tuple[Localised, Localised]
) -> list[str]:
    """Languages whose texts stayed as they were while the Swedish changed."""
    if all(old.get("sv") == new.get("sv") for old, new in zip(before, after, strict=True)):
        return []
    return [
        key
        for key in {*after[0], *after[1]} - {"sv"}
        if all(old.get(key) == new.get(key) for old, new in zip(before, after, strict=True))
    ]


def _texts(form: EventForm, name: str, other: str) -> dict[str, str]:
    texts = {"sv": form[name].data, "en": form[f"{name}_en"].data, "fi": form[f"{name}_fi"].data}
    if other:
        texts[other] = form[f"{name}_other"].data
    return {key: text for key, text in texts.items() if text}


def _series(form: EventForm) -> tuple[Series | None, list[Problem]]:
    first, until = form.first_day.day, form.until.day
    repeats = form.repeat.data != "once"
    if first is None:
        return None, []
    if repeats and until is None:
        return None, [Problem("until_missing", "until")]
    if repeats and until is not None and until < first:
        return None, [Problem("until_before_start", "until")]
    last = first + timedelta(days=form.days.data - 1) if form.days.data else None
    times = _times(form, first, last if repeats else until or last)
    weekdays = tuple(form.weekdays.data or ())
    rule = rule_of(str(form.repeat.data), first, until or first, form.every.data, weekdays)
    wrong = [one for one in (times, rule) if isinstance(one, Problem)]
    if isinstance(times, Problem) or isinstance(rule, Problem):
        return None, wrong
    return align(Series(*times, units.municipality().zone, bool(form.is_all_day.data), rule)), []


def _times(form: EventForm, first: date, last: date | None) -> tuple[datetime, datetime] | Problem:
    """Wall times of the first date. An end before the start means after midnight only at night."""
    if form.is_all_day.data:
        end = (last or first) + timedelta(days=1)
        return datetime.combine(first, time()), datetime.combine(end, time())
    starts, ends = form.starts.time, form.ends.time
    if starts is None:
        return Problem("start_missing", "starts")
    if ends is None:
        return Problem("end_missing", "ends")
    return times_on(first, starts, ends, last)


def fill(form: EventForm, event: Event) -> None:
    """Puts an event into an unsubmitted form."""
    series = queries.series_of(event)
    rule, last = series.rule, series.ends - timedelta(days=1 if series.is_all_day else 0)
    rhythm, every = rhythm_of(rule)
    days = (last.date() - series.starts.date()).days + 1
    given: dict[str, Any] = {
        "kind": event.kind_id,
        "unit": event.unit_id,
        "place": event.place_id or ELSEWHERE,
        "elsewhere": event.elsewhere,
        "first_day": series.starts.date().isoformat(),
        "starts": "" if series.is_all_day else f"{series.starts:%H:%M}",
        "ends": "" if series.is_all_day else f"{series.ends:%H:%M}",
        "repeat": rhythm,
        "every": every,
        "days": days if rule is not None and days > 1 and last.hour > 6 else None,
        "until": _until(rule, series, last.date()),
        "weekdays": list(rule.weekdays) if rule else [],
        "co_hosts": [unit.id for unit in event.co_hosts],
        "observance": event.observance_id or 0,
        "languages": list(event.languages),
        "audiences": list(event.audiences),
        "directed_to": event.directed_to.get("sv", ""),
        "host_note": event.host_note.get("sv", ""),
        "cost": event.cost.get("sv", ""),
    }
    for name in ("skip_breaks", "skip_holidays", "is_all_day", "age_from", "age_to", "age_unit"):
        given[name] = getattr(event, name)
    for name in ("sign_up", "sign_up_link", "phone", "visibility", "is_preliminary"):
        given[name] = getattr(event, name)
    for field, texts in (("title", event.titles), ("text", event.texts)):
        given |= {
            field: texts.get("sv", ""),
            f"{field}_en": texts.get("en", ""),
            f"{field}_fi": texts.get("fi", ""),
        }
        for key, text in texts.items():
            if key not in ("sv", "en", "fi"):
                given |= {"other_language": key, f"{field}_other": text}
    for name, value in given.items():
        if name in form:
            form[name].data = value


def _until(rule: Rule | None, series: Series, last: date) -> str:
    if rule is not None:
        return rule.until.isoformat()
    return last.isoformat() if last != series.starts.date() else ""
