"""Words of the staff pages of imports: fields, columns, what became of a run."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

FIELD = {
    "ages": _l("Age"),
    "audiences": _l("For whom"),
    "is_cancelled": _l("Cancelled"),
    "is_preliminary": _l("Preliminary"),
    "kind": _l("Kind"),
    "languages": _l("Languages"),
    "link": _l("Address for sign-up"),
    "own_where": _l("Where"),
    "phone": _l("Telephone"),
    "sign_up": _l("Sign up"),
    "texts": _l("Text"),
    "times": _l("Time"),
    "title": _l("Title"),
    "titles": _l("Title"),
    "unit": _l("Host"),
    "where": _l("Where"),
}
YES, NO, NOTHING, EMPTY = _l("Yes"), _l("No"), _l("as the series"), _l("nothing")
# Fields of single dates: where they say nothing, the series says it.
OF_DATES = ("title", "own_where", "link")
CALLED_OFF = {True: _l("Is called off"), False: _l("Takes place after all")}
COLUMN = {
    "none": _l("Is left out"),
    "key": _l("Id of the date"),
    "title": _l("Title"),
    "title_en": _l("Title in English"),
    "title_fi": _l("Title in Finnish"),
    "text": _l("Text"),
    "text_en": _l("Text in English"),
    "text_fi": _l("Text in Finnish"),
    "unit": _l("Host"),
    "place": _l("Where"),
    "date": _l("Date"),
    "end_date": _l("Last day"),
    "start": _l("Starts"),
    "end": _l("Ends"),
    "start_at": _l("Starts, day and time"),
    "end_at": _l("Ends, day and time"),
    "category": _l("Kind"),
    "subcategory": _l("Second kind"),
    "age_from": _l("Lowest age"),
    "age_to": _l("Highest age"),
    "link": _l("Address on the web"),
    "phone": _l("Telephone"),
    "needs_sign_up": _l("Sign-up needed (yes or no)"),
    "language": _l("Languages"),
    "cancelled": _l("Cancelled (yes or no)"),
    "preliminary": _l("Preliminary (yes or no)"),
}
TABLES = {"csv": "CSV", "xlsx": "Excel", "ods": "ODS"}
# What our own rules call the columns, and the field that is meant.
RULED = {
    "organiser": "unit",
    "place": "place",
    "date": "date",
    "start": "start",
    "end": "end",
    "title": "title",
}
_MAIN = ["title", "date", "start", "end", "start_at", "end_at", "end_date", "place", "unit"]
_LANGUAGES = ["title_en", "title_fi", "text_en", "text_fi"]
COLUMN_GROUP = (
    (_l("Not needed"), ("none",)),
    (_l("What, when and where"), tuple(_MAIN)),
    (_l("More about it"), tuple(set(COLUMN) - {"none", *_MAIN, *_LANGUAGES})),
    (_l("In other languages"), tuple(_LANGUAGES)),
)
COLUMN_PROBLEM = {
    "title_unmapped": _l("Say which column is the title."),
    "date_unmapped": _l("Say which column is the date."),
    "field_twice": _l("Two columns mean the same. Leave one of them out."),
    "field_unknown": _l("Choose one in the list."),
}
RUN_TITLE = {
    "reading": _l("It is being read"),
    "applying": _l("It is being published"),
    "columns": _l("What the columns mean"),
    "planned": _l("What would happen"),
    "applied": _l("What happened"),
    "refused": _l("It could not be read"),
    "dropped": _l("Thrown away"),
}
RUN_STATE = {
    "reading": _l("Being read"),
    "applying": _l("Being published"),
    "columns": _l("Waits for you"),
    "planned": _l("Waits for you"),
    "applied": _l("Done"),
    "refused": _l("Could not be read"),
    "dropped": _l("Dropped"),
}
