"""Words for what an import says."""

from __future__ import annotations

from portal.core.text import counted
from portal.imports.networks import Unreachable
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
    "not_an_address": "is not an address such as https://example.org/calendar.ics",
    "not_https": "is not an https address",
    "has_password": "holds a name or password before the @; such addresses are not fetched",
    "bad_port": "names port {port}; only https on port 443 is fetched",
    "unknown_host": "cannot be found: there is no {host}",
    "inner_network": "leads into an inner network ({host}), where the portal does not go",
    "redirected_to_inner": "sends us on into an inner network ({host})",
    "too_many_redirects": "sends us on and on, more than {most} times",
    "timed_out": "did not answer fully within {seconds} seconds",
    "no_answer": "gives no answer",
    "tls_failed": "cannot be reached securely ({said})",
    "not_http": "does not answer as a web server does",
    "bad_status": "answers with status {status}",
    "too_big": "is larger than 2 MB",
    "compressed_bomb": "unpacks to more than 2 MB",
    "odd_encoding": "is packed in a way that cannot be read; gzip and deflate can",
    "broken_off": "broke off before its end",
    "unknown_unit": "is no unit here; give the unit that name as an alias",
}


def say_problem(problem: RowProblem) -> str:
    """One line: row, column, value and what is wrong with it."""
    words = PROBLEMS.get(problem.code, problem.code)
    return f"row {problem.row}, {problem.column}: “{problem.value}” {words}"


def say_unreachable(address: str, reason: Unreachable) -> str:
    """One line: the address, and why nothing was fetched from it."""
    return f"“{address}” {PROBLEMS[reason.code].format(**reason.facts)}"


def say_category(category: str, rows: int) -> str:
    """A note, not an error: what a category that is not in the table becomes."""
    return f"category “{category}” is not known; it becomes Other ({counted(rows, 'row')})"
