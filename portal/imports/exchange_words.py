"""Words for what the exchange format says: on the command line only, in English."""

from __future__ import annotations

from portal.core.text import counted
from portal.imports.items import RowProblem, Unreadable

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
    "bad_overrides": "is no list of dates as docs/imports.md describes it",
    "bad_reasons": "is no list of reasons as docs/imports.md describes it",
    "date_past": "changes a date that has passed",
    "date_twice": "names a date twice",
    "exdates_stay": "leaves out other dates than before; cancel them instead",
    "far_past": "is too long ago; is the year right?",
    "id_taken": "is the id of another event here",
    "in_the_future": "lies in the future",
    "is_draft": "is a draft here",
    "link_missing": "is missing: registration says that there is a link",
    "moved_to_past": "moves a date into the past",
    "no_dates": "leaves no date",
    "not_a_key": "has other characters than a–z, 0–9 and hyphens",
    "not_a_moment": "is not a local time such as 2027-01-31T17:30",
    "not_a_number": "is not a whole number",
    "not_a_uid": "is not a UID of the portal",
    "not_an_instant": "is not an instant such as 2027-01-31T16:30:00Z",
    "not_known": "is none of the words that docs/imports.md lists",
    "not_published": "is about an event that is not published",
    "nothing_to_change": "changes nothing that the portal could change",
    "other_count": "is not how many dates the rule makes",
    "other_unit": "is another unit than yours",
    "overlaps_itself": "makes dates that overlap each other",
    "passed_over": "is passed over: the portal has no such field",
    "phone_for_place": "is missing: without a place, people must be able to call",
    "phone_missing": "is missing: registration is by telephone",
    "place_missing": "is missing, and so is elsewhere",
    "place_not_public": "is a hidden place, and the event is not",
    "place_of_others": "belongs to another unit, which has to agree first",
    "rdates_with_uid": "cannot stand with a UID: an extra date is an event of its own",
    "rule_stays": "is another rhythm; a published series can only go on longer",
    "same_host": "is the host already",
    "scopes_left_out": "is left out: only an administrator may say which calendars it stays in",
    "slug_taken": "is taken, so the event gets another address",
    "start_not_in_rule": "is not the first date that the rule makes",
    "stays": "cannot be changed by an import once it is published",
    "stays_cancelled": "cannot be changed or taken back by an import: it is cancelled",
    "title_missing": "is missing",
    "too_many_cells": "has more cells than the header",
    "too_many_dates": "makes too many dates",
    "too_many_reasons": "has more reasons than there are left-out dates",
    "uid_taken": "is an event of another unit",
    "unknown_column": "is a column that nobody knows; it is passed over",
    "unknown_continues": "is no event here or in the file; the link is left out",
    "unknown_date": "is no date of the series",
    "unknown_kind": "is no kind of event here",
    "unknown_language": "is no language here",
    "unknown_observance": "is no observance here",
    "unknown_partner": "is no unit here",
    "unknown_place": "is no place here",
    "unknown_rule": "is a rule that the portal cannot show",
    "unknown_status": "is none of CONFIRMED, TENTATIVE and CANCELLED",
    "unknown_zone": "is no time zone that calendars can be written in",
    "until_before_start": "ends before it begins",
    "visibility_published": "cannot be hidden like this once it is published",
}


def say_problem(problem: RowProblem) -> str:
    """One line: row, column, value and what is wrong with it."""
    words = PROBLEMS.get(problem.code, problem.code)
    return f"row {problem.row}, {problem.column}: “{problem.value}” {words}"


UNREADABLE = {
    "too_large": "It is larger than %(megabytes)s MB.",
    "not_utf8": "It is not UTF-8. Save it as CSV UTF-8.",
    "not_csv": "Row %(row)s cannot be read as CSV.",
    "columns_missing": "These columns are missing: %(columns)s",
    "column_twice": "The column %(column)s is there twice.",
    "too_many_rows": "It has more than %(rows)s rows.",
}


def say_unreadable(unreadable: Unreadable) -> str:
    """Why a file as a whole cannot be used."""
    return UNREADABLE.get(unreadable.code, unreadable.code) % unreadable.facts


def say_category(category: str, rows: int) -> str:
    """A note, not an error: what a category that is not in the table becomes."""
    return f"category “{category}” is not known; it becomes Other ({counted(rows, 'row')})"
