"""Shape of input: the filters of /events, and the one page that makes an event."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget, Select

from portal.core.forms import (
    ChoiceField,
    DayField,
    Form,
    LineField,
    NumberField,
    OneOfField,
    TextField,
    TimeOfDayField,
    is_link,
    is_phone,
    needed,
    optional,
)
from portal.core.kept import while_unchanged
from portal.core.text import Localised
from portal.events.dropin import MOST_CAME, WHO
from portal.events.recurrence import MAX_LENGTH
from portal.events.rhythms import MOST

TITLE = 120
USUAL = "usual"
"""The visibility that a kind of event starts with, unless the editor chooses."""


class CheckboxesField(SelectMultipleField):
    """Several choices as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class KeptSelect(Select):
    """A list of choices, written once: nearly every visitor gets the same hundreds of lines."""

    def __call__(self, field: SelectField, **kwargs: Any) -> Markup:
        pairs = tuple(field.choices)
        if not any(value == field.data for value, _ in pairs):
            # Whatever a visitor makes up is not kept.
            return Markup(super().__call__(field, **kwargs))  # noqa: S704 (the widget escapes)
        key = ("select", field.id, field.data, pairs, *kwargs.items())
        return while_unchanged(key, lambda: Markup(Select.__call__(self, field, **kwargs)))  # noqa: S704


class FilterField(SelectField):
    """One of the filters of /events; a value that is not in the list is the view's to tell."""

    widget = KeptSelect()

    def __init__(self, label: Any, **kw: Any) -> None:
        super().__init__(label, validate_choice=False, **kw)


class EventFilterForm(Form):
    """The filters of /events; every one may be left out. Choices come from the view."""

    kind = FilterField(_l("What"))
    area = FilterField(_l("Area"))
    unit = FilterField(_l("Host"))
    language = FilterField(_l("Language"))
    audience = FilterField(_l("For whom"))
    date_from = DayField(_l("From"), [optional()], name="from")
    date_to = DayField(_l("To"), [optional()], name="to")
    q = LineField(_l("Search for words"), [optional()], size=80)

    def validate(self, extra_validators: Any = None) -> bool:
        """A last day before the first finds nothing, and says why."""
        is_valid = super().validate(extra_validators)
        first, last = self.date_from.day, self.date_to.day
        if first is not None and last is not None and last < first:
            self.date_to.errors = [
                str(_l("The last day is before the first day. Change one of them."))
            ]
            return False
        return is_valid


class EventForm(Form):
    """One page: nine fields asked, the rest under "More" with good defaults."""

    title = LineField(_l("Title"), [needed(_l("Write a title."))], size=TITLE)
    text = TextField(_l("What happens"), [optional()])
    kind = ChoiceField(_l("What sort of meeting"), coerce=int)
    place = ChoiceField(_l("Where"), coerce=int)
    first_day = DayField(_l("First day"), [needed(_l("Write the first day."))])
    starts = TimeOfDayField(_l("Starts at"), [optional()])
    ends = TimeOfDayField(_l("Ends at"), [optional()])
    repeat = OneOfField(_l("How often"), default="once")
    until = DayField(_l("Last day"), [optional()])

    every = NumberField(_l("Days, weeks or months from one time to the next"), 1, MOST)
    days = NumberField(_l("How many days each time lasts"), 1, MAX_LENGTH.days)
    elsewhere = LineField(_l("If it is at another place: where"), [optional()], size=200)
    weekdays = CheckboxesField(_l("Weekdays"), coerce=int, validators=[optional()])
    skip_breaks = BooleanField(_l("Leave out school breaks"), default=True)
    skip_holidays = BooleanField(_l("Leave out public holidays"), default=True)
    is_all_day = BooleanField(_l("All day"))
    unit = ChoiceField(_l("Host"), coerce=int)
    co_hosts = CheckboxesField(_l("Hosts together with"), coerce=int, validators=[optional()])
    languages = CheckboxesField(_l("Languages spoken"), validators=[optional()])
    audiences = CheckboxesField(_l("For whom"), validators=[optional()])
    age_from = NumberField(_l("Lowest age"), 0, 120)
    age_to = NumberField(_l("Highest age"), 0, 120)
    age_unit = OneOfField(_l("Ages are in"), default="years")
    sign_up = OneOfField(_l("How people sign up"), default="none")
    sign_up_link = LineField(_l("Address for sign-up"), [optional(), is_link], size=300)
    phone = LineField(_l("Telephone for questions"), [optional(), is_phone], size=30)
    visibility = OneOfField(_l("Who may see it"), default=USUAL)
    directed_to = LineField(_l("Who it is directed to"), [optional()], size=200)
    host_note = LineField(_l("About the hosts"), [optional()], size=200)
    cost = LineField(_l("What it costs"), [optional()], size=120)
    is_preliminary = BooleanField(_l("It is preliminary"))
    title_en = LineField(_l("Title in English"), [optional()], size=TITLE)
    text_en = TextField(_l("What happens, in English"), [optional()])
    title_fi = LineField(_l("Title in Finnish"), [optional()], size=TITLE)
    text_fi = TextField(_l("What happens, in Finnish"), [optional()])
    other_language = ChoiceField(_l("One more language"), validators=[optional()])
    title_other = LineField(_l("Title in that language"), [optional()], size=TITLE)
    text_other = TextField(_l("What happens, in that language"), [optional()])
    observance = ChoiceField(_l("Part of an observance"), coerce=int, default=0)


WHEN = (
    "first_day",
    "starts",
    "ends",
    "repeat",
    "until",
    "every",
    "days",
    "weekdays",
    "skip_breaks",
    "skip_holidays",
    "is_all_day",
)
"""The fields of the event form that say when: all that a new rhythm asks for."""


class ReasonForm(Form):
    """Why something is cancelled, or not accepted."""

    MISSING = _l("Write the reason. People will see it.")
    reason = LineField(_l("Reason"), [needed(MISSING)])
    reason_en = LineField(_l("Reason in English"), [optional()])
    reason_fi = LineField(_l("Reason in Finnish"), [optional()])

    def texts(self) -> Localised:
        """The reason by language."""
        given = {"sv": self.reason.data, "en": self.reason_en.data, "fi": self.reason_fi.data}
        return {key: text for key, text in given.items() if text}


class AlterForm(Form):
    """What is to be different about some dates; empty fields leave it as it is. KEEP, PLANNED
    and ELSEWHERE are the choices that are no place of the portal's."""

    KEEP, PLANNED, ELSEWHERE = -2, -1, 0
    starts = TimeOfDayField(_l("Starts at"), [optional()])
    ends = TimeOfDayField(_l("Ends at"), [optional()])
    place = ChoiceField(_l("Where"), coerce=int, default=KEEP)
    elsewhere = LineField(_l("If it is at another place: where"), [optional()], size=200)
    title = LineField(_l("Title of these dates only"), [optional()], size=TITLE)
    note = LineField(_l("A line about the change"), [optional()])


class MoveForm(AlterForm):
    """One date, as it is to be: its day and times are asked for."""

    day = DayField(_l("Day"), [needed(_l("Write the new day."))])
    starts = TimeOfDayField(_l("Starts at"), [needed(_l("Write when it starts."))])
    ends = TimeOfDayField(_l("Ends at"), [needed(_l("Write when it ends."))])


class LastDayForm(Form):
    """A new last day of a series; the reason is for the dates that are cancelled by it."""

    last_on = DayField(_l("New last day"), [needed(_l("Write the new last day."))])
    reason = LineField(_l("Reason, if dates are cancelled"), [optional()])


class TermForm(Form):
    """The first and last day of a new term."""

    first_day = DayField(_l("First day"), [needed(_l("Write the first day."))])
    last_day = DayField(_l("Last day"), [needed(_l("Write the last day."))])


class HostForm(Form):
    """Another host for a series."""

    unit = ChoiceField(_l("New host"), coerce=int)


class ClosedForm(Form):
    """One reason for all the dates of a unit on some days, both included."""

    first_on = DayField(_l("First day"), [needed(_l("Write the first day."))])
    last_on = DayField(_l("Last day"), [optional()])
    reason = LineField(_l("Reason"), [needed(ReasonForm.MISSING)])


class CameForm(Form):
    """How many came to a date: numbers, and nothing else of anybody."""

    adults = NumberField(_l("Adults"), 0, MOST_CAME)
    children = NumberField(_l("Children"), 0, MOST_CAME)

    def numbers(self, sent: Container[str]) -> dict[str, int | None]:
        """The numbers of the fields that were sent; an empty one takes its number back."""
        return {who: self._fields[who].data for who in WHO if who in sent}
