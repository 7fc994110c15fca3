"""Words for what an import says: on pages in the reader's language, on the command line English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.imports.items import RowProblem, Unreadable
from portal.imports.networks import Unreachable
from portal.imports.plan import Plan

ROW = {
    "ages_reversed": _l("is lower than the lowest age"),
    "broken": _l("has no beginning or no end"),
    "cancelled_here": _l("belongs to an event that was cancelled here, and is not added"),
    "clock_fold": _l("happens twice: the clocks go back that night"),
    "clock_gap": _l("does not exist: the clocks go forward that night"),
    "cut": _l("is too long; its end is left out"),
    "dates_cut": _l("goes on too long; the first dates are taken"),
    "email_dropped": _l("holds an e-mail address, which is left out"),
    "empty": _l("is empty"),
    "end_before_start": _l("is not after the start"),
    "far_away": _l("is too far away; is the year right?"),
    "far_past": _l("is long past; is the year right?"),
    "here_already": _l("is here already at that time, from somewhere else"),
    "id_twice": _l("stands in an earlier row already"),
    "link_dropped": _l("is no link that may be taken over (http, https, tel, mailto)"),
    "moved_to_past": _l("has been moved to a time that is over, which is not followed"),
    "no_dates": _l("leaves no date"),
    "no_dates_now": _l("has no date from last year to two years ahead"),
    "no_end": _l("is missing: an end is needed"),
    "no_events": _l("holds no event"),
    "no_start": _l("is missing: an end alone says little"),
    "no_uid": _l("has no id; one is made of title, place and time"),
    "not_a_date": _l("is not a date such as 2027-01-31"),
    "not_a_length": _l("is no length of time that can be read"),
    "not_a_link": _l("is not an http address"),
    "not_a_time": _l("is not a time such as 17:30"),
    "not_an_age": _l("is not an age in years"),
    "not_free": _l("says that it costs something; write what"),
    "not_json": _l("is not JSON that can be read"),
    "not_swedish": _l("is in another language; a title in Swedish is needed"),
    "not_yes_or_no": _l("is neither true nor false"),
    "not_your_unit": _l("is not your unit"),
    "older_version": _l("is an older version of another entry, and is passed over"),
    "overlaps_itself": _l("begins again before it has ended"),
    "passed_over": _l("is no event, and is passed over"),
    "phone_for_place": _l("is missing: the place is not told, so people have to ask for it"),
    "private": _l("is not for everybody, and is left out"),
    "rule_as_dates": _l("is no rhythm that the form has; its dates stand alone"),
    "sub_daily": _l("repeats more than once a day, which is not followed"),
    "text_cut": _l("is too long; its end is left out"),
    "this_and_future": _l("changes a date and all that follow, which cannot be read"),
    "too_deep": _l("is nested too deeply"),
    "too_long": _l("is too long"),
    "too_many_cells": _l("has more cells than the header"),
    "too_many_dates": _l("has too many dates"),
    "twin": _l("looks like another row: same title, place and time"),
    "unknown_rule": _l("is no rhythm that the portal knows"),
    "unknown_unit": _l("is no unit here; say which unit is meant, or give that unit an alias"),
    "unknown_zone": _l("is no time zone that is known"),
    "withheld": _l("coming dates are missing; none is called off, for a row had no id"),
    "withheld_cut": _l("coming dates are missing; none is called off, for the file is not whole"),
    "until_before_start": _l("ends before it begins"),
}
UNREADABLE = {
    "bomb": _l("It unpacks to far more than a table needs, and is not opened."),
    "cell_too_big": _l("Row %(row)s has a cell of more than %(most)s characters."),
    "columns_missing": _l("These columns are missing: %(columns)s"),
    "exchange": _l("It was taken out of a portal, and is read by “portal import events” only."),
    "encoding_unknown": _l("Its letters cannot be read. If it is a table, save it as CSV UTF-8."),
    "encrypted": _l("It has a password. Save it without one."),
    "no_events": _l("It holds no events (schema.org/Event)."),
    "no_header": _l("Its first row is no header: the columns have no names."),
    "not_a_calendar": _l("It is no calendar that can be read."),
    "not_a_table": _l("It is no table that can be read: CSV, XLSX and ODS can."),
    "not_json": _l("It is not JSON."),
    "old_spreadsheet": _l("It is from an old Excel. Save it as XLSX."),
    "quote_open": _l("A quote is opened in row %(row)s and never closed."),
    "too_big": _l("It is larger than %(most)s bytes."),
    "too_deep": _l("It is nested too deeply."),
    "too_many": _l("It holds more than %(most)s events."),
    "too_many_columns": _l("It has more than %(most)s columns."),
    "too_many_components": _l("It holds more than %(most)s entries."),
    "too_many_lines": _l("It has more than %(most)s lines."),
    "too_many_rows": _l("It has more than %(most)s rows."),
}
BROKEN = {
    "broken": _l("Something went wrong with us, and nothing was changed. Try again."),
    "changed": _l("Something has changed meanwhile. This is what would happen now."),
    "not_accepted": _l("The rules for events here do not allow it, and nothing was changed."),
    "still_changing": _l("Others are changing the same events. Nothing was changed. Try again."),
}
UNREACHABLE = {
    "bad_port": _l("It names port %(port)s. Only https on port 443 is fetched."),
    "bad_status": _l("It answers with status %(status)s."),
    "broken_off": _l("The answer broke off before its end."),
    "compressed_bomb": _l("It unpacks to more than 2 MB."),
    "has_password": _l("The address holds a name or password before the @. Leave them out."),
    "inner_network": _l("It leads into an inner network (%(host)s), where the portal does not go."),
    "no_answer": _l("It gives no answer."),
    "not_an_address": _l("Write an address such as https://example.org/calendar.ics"),
    "not_http": _l("It does not answer as a web server does."),
    "not_https": _l("The address must begin with https://"),
    "odd_encoding": _l("It is packed in a way that cannot be read. Gzip and deflate can."),
    "redirected_to_inner": _l("It sends us on into an inner network (%(host)s)."),
    "timed_out": _l("It did not answer fully within %(seconds)s seconds."),
    "tls_failed": _l("It cannot be reached securely (%(said)s)."),
    "too_big": _l("It is larger than 2 MB."),
    "too_many_redirects": _l("It sends us on and on, more than %(most)s times."),
    "unknown_host": _l("There is no %(host)s."),
}


def say_problem(problem: RowProblem) -> str:
    """One line: row, column, value and what is wrong with it."""
    said: str = _(
        "Row %(row)s, %(column)s: “%(value)s” %(words)s",
        row=problem.row,
        column=problem.column,
        value=problem.value,
        words=ROW.get(problem.code, problem.code),
    )
    return said


def say_cell(problem: RowProblem) -> str:
    """The same without the row, where that is said already."""
    words = ROW.get(problem.code, problem.code)
    if not problem.value:
        return f"{problem.column}: {words}"
    said: str = _(
        "%(column)s: “%(value)s” %(words)s",
        column=problem.column,
        value=problem.value,
        words=words,
    )
    return said


def say_unreadable(error: Unreadable) -> str:
    """Why a file as a whole cannot be used."""
    facts = {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in error.facts.items()
    }
    return _filled(UNREADABLE, error.code, facts)


def say_unreachable(reason: Unreachable) -> str:
    """Why nothing was fetched from an address."""
    return _filled(UNREACHABLE, reason.code, reason.facts)


def say_failure(kept: Mapping[str, Any]) -> str:
    """The same, of a failure that a source remembers."""
    code, facts = kept.get("code", ""), kept.get("facts", {})
    return _filled({**BROKEN, **UNREADABLE, **UNREACHABLE}, code, facts)


def _filled(words: Mapping[str, Any], code: str, facts: Mapping[str, Any]) -> str:
    text = str(words.get(code, code))
    return text % facts if facts else text


def say_category(category: str, rows: int) -> str:
    """A note, not an error: what a category that is not in the table becomes."""
    said: str = ngettext(
        "Category “%(category)s” is not known; it becomes Other (%(num)s row).",
        "Category “%(category)s” is not known; it becomes Other (%(num)s rows).",
        rows,
        category=category,
    )
    return said


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan for the command line: what cannot be used, notes, then the counts."""
    yield from (say_problem(problem) for problem in plan.bad)
    yield from (say_problem(note) for note in plan.notes)
    yield from (say_category(category, rows) for category, rows in plan.unknown.items())
    if plan.kept:
        yield ngettext(
            "%(num)s field stays as it was changed here",
            "%(num)s fields stay as they were changed here",
            len(plan.kept),
        )
    yield plan.summary()


def say_missing() -> str:
    """What to do when nothing was brought."""
    said: str = _("Choose a file, paste a table, or write an address.")
    return said


def say_missing_file() -> str:
    """The same where there can be no address."""
    said: str = _("Choose a file, or paste a table.")
    return said


def say_city() -> str:
    """Whose a source is that belongs to no unit."""
    said: str = _("The whole city")
    return said
