"""Words for what an import says."""

from __future__ import annotations

from portal.core.text import counted
from portal.imports.programme import RowProblem

PROBLEMS = {
    "empty": "is empty",
    "id_twice": "stands in an earlier row already",
    "end_before_start": "is not after the start",
    "too_long": "is too long",
    "not_a_date": "is not a date such as 2027-01-31",
    "not_a_time": "is not a time such as 17:30",
    "not_an_age": "is not an age in years",
    "ages_reversed": "is lower than age_from",
    "far_away": "is too far away; is the year right?",
    "clock_gap": "does not exist: the clocks go forward that night",
    "clock_fold": "happens twice: the clocks go back that night",
    "not_yes_or_no": "is neither true nor false",
    "not_a_link": "is not an http address",
    "unknown_unit": "is no unit here; give the unit that name as an alias",
}


def say_problem(problem: RowProblem) -> str:
    """One line: row, column, value and what is wrong with it."""
    words = PROBLEMS.get(problem.code, problem.code)
    return f"row {problem.row}, {problem.column}: “{problem.value}” {words}"


def say_category(category: str, rows: int) -> str:
    """A note, not an error: what a category that is not in the table becomes."""
    return f"category “{category}” is not known; it becomes Other ({counted(rows, 'row')})"
