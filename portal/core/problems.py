"""What a rule answers when something is wrong: a code and its facts, never words."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `field` names the form field it belongs to, if any.

    Words for a code are in the rooms' `words.py`; `facts` fill their blanks.
    """

    code: str
    field: str = ""
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """An action was not done, and nothing was written; `problems` say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = list(problems)
