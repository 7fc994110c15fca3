"""Numbered pages of a list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """Page `number` (from 1) of `total` rows, `size` to a page."""

    number: int
    size: int
    total: int

    @property
    def count(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.count else None


def page_number(text: str | None) -> int:
    """The page asked for; anything that is no sensible number is the first page."""
    return (
        min(int(text), 100_000) if text and text.isdecimal() and len(text) < 7 and int(text) else 1
    )
