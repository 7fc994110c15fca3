"""Shape of input: a unit's premises and rooms, closed days, photographs, breaks."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import ValidationError

from portal.core.forms import (
    ChoiceField,
    DayField,
    Form,
    LineField,
    NumberField,
    OneOfField,
    TextField,
    is_email,
    is_link,
    is_phone,
    needed,
    optional,
)
from portal.core.text import Localised
from portal.places.opening import Hours


class HoursField(LineField):
    """Opening hours of one weekday: "10-19", "10-12, 13-17", or empty for closed."""

    spans: list[tuple[time, time]]

    def __init__(self, label: Any, **kw: Any) -> None:
        super().__init__(label, [optional(), _is_hours], size=60, **kw)
        self.spans = []


def _is_hours(_form: Any, field: HoursField) -> None:
    field.spans = []
    for part in re.split(r"[,;]| och | and ", field.data or ""):
        found = re.fullmatch(
            r"\s*(\d{1,2})(?:[:.](\d\d))?\s*[-–]\s*(\d{1,2})(?:[:.](\d\d))?\s*", part
        )
        numbers = [int(n or 0) for n in found.groups()] if found else [99]
        if not found or max(numbers[0], numbers[2]) > 23 or max(numbers[1], numbers[3]) > 59:
            raise ValidationError(
                str(_l("Write hours like 10-19, or 10-12, 13-17. Leave empty for closed."))
            )
        opens, closes = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
        if closes <= opens:
            raise ValidationError(str(_l("It closes before it opens. Change one of the times.")))
        if any(opens < other[1] and other[0] < closes for other in field.spans):
            raise ValidationError(str(_l("Two of the times overlap. Change one of them.")))
        field.spans.append((opens, closes))


def _by_language(name: str) -> list[tuple[str, str]]:
    return [("sv", name), ("en", f"{name}_en"), ("fi", f"{name}_fi")]


class UnitForm(Form):
    """What a unit says of itself and its premises."""

    name = LineField(_l("Name"), [needed(_l("Write a name."))], size=120)
    phone = LineField(_l("Unit’s telephone"), [optional(), is_phone], size=30)
    email = LineField(_l("E-mail of the desk"), [optional(), is_email], size=120)
    website = LineField(_l("Own website"), [optional(), is_link], size=300)
    intro = TextField(_l("About us"), [optional()], size=600)
    intro_en = TextField(_l("About us, in English"), [optional()], size=600)
    intro_fi = TextField(_l("About us, in Finnish"), [optional()], size=600)
    street = LineField(_l("Street and number"), [optional()], size=120)
    postcode = LineField(_l("Postcode"), [optional()], size=10)
    locality = LineField(_l("Town"), [optional()], size=60)
    how_to_come = TextField(_l("How to come here"), [optional()], size=600)
    how_to_come_en = TextField(_l("How to come here, in English"), [optional()], size=600)
    how_to_come_fi = TextField(_l("How to come here, in Finnish"), [optional()], size=600)
    rules = TextField(_l("House rules, one a line"), [optional()], size=1000)
    hours_0 = HoursField(_l("Monday"))
    hours_1 = HoursField(_l("Tuesday"))
    hours_2 = HoursField(_l("Wednesday"))
    hours_3 = HoursField(_l("Thursday"))
    hours_4 = HoursField(_l("Friday"))
    hours_5 = HoursField(_l("Saturday"))
    hours_6 = HoursField(_l("Sunday"))
    step_free = OneOfField(_l("No steps at the entrance"))
    lift = OneOfField(_l("Lift"))
    hearing_loop = OneOfField(_l("Hearing loop"))
    toilet = OneOfField(_l("Accessible toilet"))
    quiet_room = OneOfField(_l("Quiet room"))
    changing_table = OneOfField(_l("Changing table"))

    def texts(self, name: str, before: Localised) -> Localised:
        """A text by language; languages that the form does not ask for stay as they were."""
        given = {key: self[field].data or "" for key, field in _by_language(name)}
        return {**before, **given}

    def fill_texts(self, name: str, texts: Localised) -> None:
        """Puts a text by language into its fields."""
        for key, field in _by_language(name):
            self[field].data = texts.get(key, "")

    def hours(self) -> list[Hours]:
        """The week as plain values; call after validate()."""
        return [
            Hours(day, opens, closes)
            for day in range(7)
            for opens, closes in self[f"hours_{day}"].spans
        ]


class RoomForm(Form):
    """A room of a unit."""

    # Beside the unit's own name on one page, so with an id of its own.
    name = LineField(
        _l("Name of the room"),
        [needed(_l("Write the name of the room."))],
        size=80,
        id="room-name",
    )
    floor = LineField(_l("Floor"), [optional()], size=20)
    capacity = NumberField(_l("How many people fit"), 1, 5000)
    visibility = ChoiceField(_l("Who may see it"))


class ClosedForm(Form):
    """Days on which the unit is closed."""

    first_on = DayField(_l("First day closed"), [needed(_l("Write the first day."))])
    last_on = DayField(_l("Last day closed"), [optional()])
    reason = LineField(
        _l("Reason"), [needed(_l("Write the reason. People will see it."))], size=120
    )


class BreakForm(Form):
    """A break of the municipality's schools."""

    name = LineField(_l("Name"), [needed(_l("Write a name."))], size=60)
    first_on = DayField(_l("First day"), [needed(_l("Write the first day."))])
    last_on = DayField(_l("Last day"), [needed(_l("Write the last day."))])


class PhotoForm(Form):
    """The one photograph."""

    photo = FileField(_l("Photograph"), [FileRequired(_l("Choose a picture."))])
    alt = LineField(
        _l("What the picture shows"), [needed(_l("Write what the picture shows."))], size=200
    )
    credit = LineField(_l("Who took it"), [needed(_l("Write who took it."))], size=100)
