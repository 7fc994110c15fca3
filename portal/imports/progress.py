"""How far long work has come, for whoever wants to hear. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


class Progress:
    """Hears of long work, step by step. This one keeps it to itself.

    The steps are reading (rows), comparing (events that are here), preparing and importing
    (dates). How many there will be is an estimate, and a plan that did not hold begins again.
    """

    def begin(self, step: str, total: int) -> None:
        """A step with so much to do begins."""

    def done(self, number: int = 1) -> None:
        """So much more of the step is done."""

    def through(self, things: Iterable[T]) -> Iterator[T]:
        """Each thing is done when the next one is asked for."""
        for thing in things:
            yield thing
            self.done()
