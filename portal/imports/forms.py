"""The shape of what staff send to imports."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, TextAreaField

from portal.core.forms import ChoiceField, Form, LineField, needed, optional

MOST_PASTED = 1_000_000


class BringForm(Form):
    """A programme: a file, a pasted table, or both left empty when there is an address."""

    file = FileField(_l("File"))
    pasted = TextAreaField(_l("Or paste a table"))

    def raw(self) -> tuple[bytes, str]:
        """The bytes and the file's name; empty when neither was given."""
        file: Any = self.file.data
        if file and file.filename:
            return file.read(), file.filename
        return (self.pasted.data or "").encode(), ""


class SourceForm(BringForm):
    """A new source: whose it is, what it is called, where it comes from."""

    name = LineField(_l("What it is called"), [needed(_l("Write what it is called."))], size=120)
    unit = ChoiceField(_l("Unit"), coerce=int)
    address = LineField(_l("Or an address that we read every hour"), [optional()], size=500)


class SettingsForm(Form):
    """What an editor may change about a source."""

    name = LineField(_l("What it is called"), [needed(_l("Write what it is called."))], size=120)
    address = LineField(_l("Address that we read every hour"), [optional()], size=500)
    is_active = BooleanField(_l("Read it every hour"))
