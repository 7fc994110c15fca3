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
    "dates_cut": "goes on too long; the first dates are taken",
    "link_dropped": "is no link that may be taken over (http, https, tel, mailto)",
    "no_dates": "leaves no date",
    "no_end": "is missing: an end is needed",
    "no_start": "is missing: an end alone says little",
    "not_free": "says that it costs something; write what",
    "not_json": "is not JSON that can be read",
    "rule_as_dates": "is no rhythm that the form has; its dates stand alone",
    "text_cut": "is too long; its end is left out",
    "too_deep": "is nested too deeply",
    "too_many_cells": "has more cells than the header",
    "too_many_dates": "makes too many dates",
    "unknown_rule": "is no rhythm that the portal knows",
    "unknown_zone": "is no time zone that is known",
    "unknown_unit": "is no unit here; give the unit that name as an alias",
}
UNREADABLE = {
    "bomb": "It unpacks to far more than a table needs, and is not opened.",
    "cell_too_big": "Row %(row)s has a cell of more than %(most)s characters.",
    "columns_missing": "These columns are missing: %(columns)s",
    "encoding_unknown": "Its letters are in no known encoding. Save it as CSV UTF-8.",
    "encrypted": "It has a password. Save it without one.",
    "no_events": "It holds no events (schema.org/Event).",
    "no_header": "Its first row is no header: the columns have no names.",
    "not_a_table": "It is no table that can be read: CSV, XLSX and ODS can.",
    "not_json": "It is not JSON.",
    "old_spreadsheet": "It is from an old Excel. Save it as XLSX.",
    "quote_open": "A quote is opened in row %(row)s and never closed.",
    "too_big": "It is larger than %(most)s bytes.",
    "too_deep": "It is nested too deeply.",
    "too_many": "It holds more than %(most)s events.",
    "too_many_columns": "It has more than %(most)s columns.",
    "too_many_rows": "It has more than %(most)s rows.",
}


def say_problem(problem: RowProblem) -> str:
    """One line: row, column, value and what is wrong with it."""
    words = PROBLEMS.get(problem.code, problem.code)
    return f"row {problem.row}, {problem.column}: “{problem.value}” {words}"


def say_category(category: str, rows: int) -> str:
    """A note, not an error: what a category that is not in the table becomes."""
    return f"category “{category}” is not known; it becomes Other ({counted(rows, 'row')})"
