"""Form building blocks: shape only. Rules are the rooms' own; the token is checked by the guard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, time
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length, NumberRange, Optional
from wtforms.widgets import ListWidget, RadioInput

from portal.core import text
from portal.core.problems import Problem
from portal.core.text import clean

MAX_LINE = 200
MAX_TEXT = 4000


def tidy_line(value: str | None) -> str:
    """One line: control characters gone, white space folded."""
    return re.sub(r"\s+", " ", clean(value or "")).strip()


def tidy_text(value: str | None) -> str:
    """Several lines: at most one empty line in a row."""
    lines = [line.rstrip() for line in clean(value or "").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class Form(FlaskForm):
    """The base of every form. CSRF is checked for all of them at once, in core.security."""

    class Meta(FlaskForm.Meta):
        csrf = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Checks every field; errors are plain words, which is all that templates show."""
        is_sound = bool(super().validate(extra_validators))
        for field in self:
            field.errors = [str(error) for error in field.errors]
        return is_sound

    def add(self, problems: Iterable[Problem], say: Callable[[Problem], str]) -> None:
        """Puts the words for rule problems at their fields, or over the whole form."""
        for problem in problems:
            field = self._fields.get(problem.field)
            if field is None:
                self.form_errors.append(say(problem))
            else:
                field.errors = [*field.errors, say(problem)]


class LineField(StringField):
    """A line of text, tidied; `size` is the most it may hold."""

    def __init__(
        self, label: Any, validators: Iterable[Any] = (), size: int = MAX_LINE, **kw: Any
    ) -> None:
        too_long = _l("Write at most %(n)s characters.", n=size)
        super().__init__(
            label, [*validators, Length(max=size, message=too_long)], filters=[tidy_line], **kw
        )


class TextField(TextAreaField):
    """Text in several lines, tidied."""

    def __init__(
        self, label: Any, validators: Iterable[Any] = (), size: int = MAX_TEXT, **kw: Any
    ) -> None:
        too_long = _l("Write at most %(n)s characters.", n=size)
        super().__init__(
            label, [*validators, Length(max=size, message=too_long)], filters=[tidy_text], **kw
        )


class DayField(StringField):
    """A date, typed or picked: 2026-11-20, also 20.11.2026 or 20/11 2026. `day` is the date."""

    day: date | None = None

    def __init__(self, label: Any, validators: Iterable[Any] = (), **kw: Any) -> None:
        super().__init__(label, [*validators, _is_day], filters=[tidy_line], **kw)


class TimeOfDayField(StringField):
    """A time of day, typed or picked: 17:00, also 17.00, 1700 or 17. `time` is the time."""

    time: time | None = None

    def __init__(self, label: Any, validators: Iterable[Any] = (), **kw: Any) -> None:
        super().__init__(label, [*validators, _is_time], filters=[tidy_line], **kw)


class ChoiceField(SelectField):
    """One of a list; says so when nothing or something else was sent."""

    data: Any

    def pre_validate(self, form: Any) -> None:
        try:
            super().pre_validate(form)
        except ValidationError as error:
            raise ValidationError(str(_l("Choose one in the list."))) from error

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None


class OneOfField(ChoiceField):
    """One of a few, as radio buttons."""

    widget = ListWidget(prefix_label=False)
    option_widget = RadioInput()


class NumberField(IntegerField):
    """A whole number from `low` to `high`."""

    def __init__(self, label: Any, low: int, high: int, **kw: Any) -> None:
        wrong = _l("Write a whole number from %(low)s to %(high)s.", low=low, high=high)
        super().__init__(label, [optional(), NumberRange(low, high, wrong)], **kw)
        self._wrong = wrong

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value.strip()[:12] for value in valuelist])
        except ValueError as error:
            raise ValueError(str(self._wrong)) from error


def parse_day(text: str) -> date | None:
    """A date in the ways people write it; None when it is not one."""
    found = re.fullmatch(r"(\d{4})-?(\d\d)-?(\d\d)", text)
    if found:
        year, month, day = found.groups()
    else:
        found = re.fullmatch(r"(\d{1,2})[./ ] ?(\d{1,2})[./ ] ?(\d{4})", text)
        if not found:
            return None
        day, month, year = found.groups()
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """A time of day in the ways people write it; None when it is not one."""
    found = re.fullmatch(r"(?:kl\.? ?)?(\d{1,2})(?:[:.]?(\d\d))?", text.lower())
    if not found:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _is_day(_form: Any, field: DayField) -> None:
    field.day = parse_day(field.data or "")
    if field.data and (field.day is None or not 2000 <= field.day.year <= 2100):
        field.day = None
        raise ValidationError(str(_l("Write a date, for example 2027-01-31.")))


def _is_time(_form: Any, field: TimeOfDayField) -> None:
    field.time = parse_time(field.data or "")
    if field.data and field.time is None:
        raise ValidationError(str(_l("Write a time, for example 17:30.")))


def optional() -> Optional:
    """An empty field is fine, and stops the checks that follow."""
    return Optional(strip_whitespace=True)


def needed(words: Any) -> DataRequired:
    """A field that must hold something; `words` say what."""
    return DataRequired(words)


def is_link(_form: Any, field: Field) -> None:
    """Only http and https: anything else in a link could run in somebody's browser."""
    if field.data and not re.fullmatch(r"https?://[^\s<>\"'\\]+\.[^\s<>\"'\\]+", field.data):
        raise ValidationError(
            str(_l("Write the whole address, for example https://example.org/sign-up."))
        )


def is_email(_form: Any, field: Field) -> None:
    """One address; whether it exists only a mail can tell."""
    if field.data and not text.is_email(field.data):
        raise ValidationError(str(_l("Write an e-mail address, for example name@example.org.")))


def is_phone(_form: Any, field: Field) -> None:
    """Any way of writing a number; it is kept as it was written."""
    if field.data and not re.fullmatch(r"[+()\d][\d ()./+-]{3,29}", field.data):
        raise ValidationError(str(_l("Write a telephone number, for example 08-465 004 00.")))
