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
    "too_big": "is too big",
    "too_many_components": "holds too many entries",
    "too_many_lines": "has too many lines",
    "too_deep": "has boxes in boxes in boxes",
    "not_a_calendar": "is no calendar",
    "broken": "has no beginning or no end",
    "unknown_zone": "is a time zone that nobody defines",
    "no_end": "does not say when it ends",
    "not_a_length": "is no length of time",
    "sub_daily": "repeats more often than every day",
    "unknown_rule": "is a rule that cannot be followed exactly",
    "this_and_future": "changes all dates that follow; change the series instead",
    "too_many_dates": "is left out: the file repeats too much",
    "rule_as_dates": "is no rhythm of ours; its dates for two years were taken one by one",
    "dates_cut": "dates were taken; there are more",
    "no_dates_now": "has no dates from 400 days ago to two years ahead",
    "older_version": "stands in the file in a newer version, which was taken",
    "link_dropped": "is no link that may be followed; it was left out",
    "email_dropped": "had an e-mail address, which was left out",
    "cut": "is too long; its end was cut off",
    "private": "is not for everybody; the event was left out",
    "passed_over": "of these were passed over",
    "no_events": "there are no events in the file",
    "unknown_unit": "is no unit here; give the unit that name as an alias",
}


def say_problem(problem: RowProblem) -> str:
    """One line: row, column, value and what is wrong with it."""
    words = PROBLEMS.get(problem.code, problem.code)
    return f"row {problem.row}, {problem.column}: “{problem.value}” {words}"


def say_category(category: str, rows: int) -> str:
    """A note, not an error: what a category that is not in the table becomes."""
    return f"category “{category}” is not known; it becomes Other ({counted(rows, 'row')})"
