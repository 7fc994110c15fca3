"""What an import would do, as plain values: shown before anything is written. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from portal.events.recurrence import Series
from portal.imports.folding import Fresh
from portal.imports.items import RowProblem
from portal.imports.merging import Difference, Merged
from portal.imports.told import Told


@dataclass
class Change:
    """A known event that changes: what becomes of it, and the dates that join it."""

    event_id: int
    title: str
    merged: Merged
    longer: Series | None = None
    fresh: dict[datetime, Told] = field(default_factory=dict)

    @property
    def cancelled(self) -> int:
        """How many dates are called off."""
        return sum(
            difference.field == "is_cancelled" and bool(difference.there)
            for one in self.merged.dates
            for difference in one.changes
        )


@dataclass
class Plan:
    """Counts are of dates, as people count a programme.

    `changed` are known events that change here; `retold_wholes` those where the source's word is
    noted and nothing moves. `retold` are known dates told in other words, `gone` the keys that
    left the file. `kept` is what stays as an editor made it. `offers` are near matches for names
    that nobody knows: (what, name) to ids.
    """

    new: list[Fresh] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    bad: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[int, Difference]] = field(default_factory=list)
    offers: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    retold: list[Told] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    retold_wholes: list[Change] = field(default_factory=list)

    @property
    def new_dates(self) -> int:
        joining = sum(len(change.fresh) for change in self.changed)
        return sum(len(fresh.dates) for fresh in self.new) + joining

    @property
    def changed_dates(self) -> int:
        """Known dates that are different afterwards."""
        return (
            sum(
                len(change.merged.dates) or (1 if change.merged.details else 0)
                for change in self.changed
            )
            - self.cancelled_dates
        )

    @property
    def cancelled_dates(self) -> int:
        return sum(change.cancelled for change in self.changed)

    @property
    def looked_at(self) -> list[int]:
        """The events that were compared with what the source says of them."""
        return sorted({change.event_id for change in (*self.changed, *self.retold_wholes)})

    @property
    def bad_rows(self) -> int:
        return len({problem.row for problem in self.bad})

    @property
    def series(self) -> int:
        """How many of the new events are series."""
        return sum(len(fresh.dates) > 1 for fresh in self.new)

    @property
    def is_empty(self) -> bool:
        """Whether applying it would change nothing that anybody sees."""
        return not (self.new or self.changed)

    @property
    def is_drastic(self) -> bool:
        """Whether it calls off so much that somebody should look first: a source that breaks
        looks like one that calls everything off."""
        still = self.unchanged + self.changed_dates + self.new_dates
        return self.cancelled_dates > 5 and self.cancelled_dates > still

    def summary(self) -> str:
        """The counts, in English, for the command line."""
        return (
            f"{self.new_dates} new, {self.changed_dates} changed, {self.cancelled_dates} cancelled,"
            f" {self.unchanged} already here, {self.bad_rows} not usable"
        )
