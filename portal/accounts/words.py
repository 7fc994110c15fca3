"""Words for the codes of accounts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.problems import Problem

ROLE = {"editor": _l("Editor"), "admin": _l("Administrator")}

PROBLEMS = {
    "no_email": _l("Write an e-mail address, for example name@example.org."),
    "password_short": _l("Write a password of at least %(n)s characters. Several words are good."),
    "password_long": _l("Write a password of at most 200 characters."),
    "password_is_email": _l("The password must not contain the e-mail address."),
    "email_taken": _l("There is an account with that e-mail address already. Sign in instead."),
    "invitation_used": _l("The link has been used already. Ask for a new one."),
}


def say_problem(problem: Problem) -> str:
    return str(PROBLEMS.get(problem.code, problem.code)) % problem.facts
