"""What a source says, whatever its format: the readers' common answer.

Pure. A reader (`tables.py` with `columns.py`, `ics.py`, `jsonld.py`) turns bytes into a Reading;
everything after it knows neither formats nor files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from portal.core.text import Localised
from portal.events.recurrence import Rule

# As much as the database holds.
MOST = {"key": 200, "title": 200, "unit": 200, "place": 200, "link": 300, "phone": 40}
MOST_TEXT = 8000


class Unreadable(Exception):
    """The file as a whole cannot be used; `code` says why, `facts` with what.

    The words are in imports/words.py.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True)
class RowProblem:
    """Something about one row (a line of a table, the header is 1; a component of a calendar, the
    first is 1). As a problem the row cannot be used; as a note it is used, but somebody should
    look. `column` is the source's own name of the column or property."""

    row: int
    column: str
    code: str
    value: str


@dataclass(frozen=True)
class ItemDate:
    """How one date of a series differs from it: moved, cancelled, or with a title or place of
    its own (empty: the series')."""

    recurrence_id: datetime
    starts: datetime
    ends: datetime
    is_cancelled: bool = False
    title: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a programme: a date, or a series with its exceptions.

    `key` is the source's own id, unique in the file. `starts` and `ends` are wall times in
    `zone`; all-day entries run from midnight to the midnight after their last day. `rule` and
    `exdates` are only what the event form can build; whatever else a source repeats arrives as
    one item a date, with the same `group`. Names of units, places, languages and categories are
    as the source writes them. `names_unit` is false where `unit` may as well be a person, who
    wrote the entry: then it is looked up, and never shown or kept.
    """

    row: int
    key: str
    titles: Localised
    starts: datetime
    ends: datetime
    zone: str
    is_all_day: bool = False
    rule: Rule | None = None
    exdates: frozenset[datetime] = frozenset()
    dates: tuple[ItemDate, ...] = ()
    group: str = ""
    texts: Localised = field(default_factory=dict)
    unit: str = ""
    names_unit: bool = True
    place: str = ""
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    age_from: int | None = None
    age_to: int | None = None
    link: str = ""
    phone: str = ""
    needs_sign_up: bool = False
    is_cancelled: bool = False
    is_preliminary: bool = False


@dataclass
class Reading:
    """What a file holds. `refused_keys` are the ids of rows with problems: they are in the file,
    so nobody may take them for gone; `has_nameless` says that a refused row had no id at all,
    and `is_cut` that the file ends in the middle, so that what is missing may stand in the rest.
    `unread` are unit and place of rows with problems, so that unknown names are told at once,
    too. `name` is what the source calls itself.

    `rest` are further items, of a file that is still being read: they come one by one, and what
    else there is to say is said by the time they end. Asking for them may raise Unreadable."""

    items: list[Item] = field(default_factory=list)
    rest: Iterable[Item] = ()
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    refused_keys: set[str] = field(default_factory=set)
    has_nameless: bool = False
    is_cut: bool = False
    unread: dict[int, tuple[str, str]] = field(default_factory=dict)
    name: str = ""
