"""Shape of input: an observance, and why one is declined or withdrawn."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from portal.core.forms import (
    ChoiceField,
    DayField,
    Form,
    LineField,
    TextField,
    is_link,
    needed,
    optional,
)
from portal.core.languages import language, languages
from portal.core.text import Localised
from portal.core.words import language_choice
from portal.events.observing import Marked

NAME = 120
NOTE = 300
# The languages that the form always asks for, and how their fields end.
ASKED = {"sv": "", "en": "_en", "fi": "_fi"}


class ObservanceForm(Form):
    """A day or a period, its words in three languages and one more."""

    name = LineField(_l("Name"), [needed(_l("Write a name."))], size=NAME)
    first_on = DayField(_l("First day"), [needed(_l("Write the first day."))])
    last_on = DayField(_l("Last day"), [optional()])
    is_annual = BooleanField(_l("Every year"), default=True)
    is_flag_day = BooleanField(_l("Flag day"))
    text = TextField(_l("About the day"), [optional()])
    link = LineField(_l("Address where one can read more"), [optional(), is_link], size=300)
    name_en = LineField(_l("Name in English"), [optional()], size=NAME)
    text_en = TextField(_l("About the day, in English"), [optional()])
    name_fi = LineField(_l("Name in Finnish"), [optional()], size=NAME)
    text_fi = TextField(_l("About the day, in Finnish"), [optional()])
    other_language = ChoiceField(_l("One more language"), validators=[optional()])
    name_other = LineField(_l("Name in that language"), [optional()], size=NAME)
    text_other = TextField(_l("About the day, in that language"), [optional()])

    def marked(self, before: Marked | None = None) -> Marked | None:
        """What a valid form says; without a last day it is one day. `before` is what stood
        there: texts in languages that the form has no room for stay."""
        first = self.first_on.day
        if first is None:
            return None
        return Marked(
            names=self._texts("name", before.names if before else {}, _other(before)),
            texts=self._texts("text", before.texts if before else {}, _other(before)),
            first_on=first,
            last_on=self.last_on.day or first,
            link=self.link.data or "",
            is_annual=bool(self.is_annual.data),
            is_flag_day=bool(self.is_flag_day.data),
        )

    def show(self, marked: Marked) -> None:
        """Puts an observance into the form."""
        self.first_on.data = marked.first_on.isoformat()
        if marked.last_on != marked.first_on:
            self.last_on.data = marked.last_on.isoformat()
        self.link.data = marked.link
        self.is_annual.data, self.is_flag_day.data = marked.is_annual, marked.is_flag_day
        other = self.other_language.data = _other(marked)
        for stem, texts in (("name", marked.names), ("text", marked.texts)):
            for key, end in {**ASKED, other: "_other"}.items():
                self[stem + end].data = texts.get(key, "")

    def offer_languages(self, none: str) -> None:
        """The choices of the one more language; `none` says that there is none."""
        key = language().key
        others = [(one, language_choice(one, key)) for one in languages() if one not in ASKED]
        self.other_language.choices = [("", none), *others]

    def _texts(self, stem: str, before: Localised, shown: str) -> Localised:
        kept = {key: text for key, text in before.items() if key not in (*ASKED, shown)}
        ends = {**ASKED, self.other_language.data: "_other"}
        said = {key: self[stem + end].data for key, end in ends.items() if key}
        return kept | {key: text for key, text in said.items() if text}


def _other(marked: Marked | None) -> str:
    """The one language besides the three that the form shows."""
    known = {**marked.names, **marked.texts} if marked else {}
    return next((key for key in known if key not in ASKED), "")


class WithdrawForm(Form):
    """Why an observance is withdrawn."""

    reason = LineField(
        _l("Reason"), [needed(_l("Write the reason. People will see it."))], size=NOTE
    )
