"""Words for the codes of events, in a given language or the page's own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.languages import language
from portal.core.problems import Problem
from portal.core.words import clock, day_words, translator

VISIBILITY = {
    "public": _l("Everybody sees it"),
    "without_place": _l("Everybody sees it, but not where it is"),
    "staff": _l("Only staff see it"),
    "closed": _l("Only your unit sees it"),
}
SIGN_UP = {
    "none": _l("You can just come"),
    "link": _l("Sign up on another page"),
    "phone": _l("Sign up by telephone"),
}
AUDIENCE = {
    "children": _l("Children"),
    "young": _l("Young people"),
    "adults": _l("Adults"),
    "families": _l("Families"),
    "seniors": _l("Seniors"),
}
STATUS = {
    "draft": _l("Draft"),
    "waiting": _l("Waiting for approval"),
    "published": _l("Published"),
    "cancelled": _l("Cancelled"),
}
REPEAT = {
    "once": _l("Once"),
    "weekly": _l("Every week"),
    "fortnightly": _l("Every second week"),
}


def audience_name(code: str, key: str) -> str:
    """Whom an event is meant for, in a given language."""
    _ = translator(key)
    names = {
        "children": _("Children"),
        "young": _("Young people"),
        "adults": _("Adults"),
        "families": _("Families"),
        "seniors": _("Seniors"),
    }
    return names.get(code, code)


def ages(low: int | None, high: int | None, unit: str, key: str) -> str:
    """An age span: "0–18 months", "from 7 years", "up to 12 years"; nothing for all ages."""
    tr = translator(key)
    name = tr("months") if unit == "months" else tr("years")
    facts = {"low": low, "high": high, "unit": name}
    if low is not None and high is not None:
        return tr("Age: %(low)s–%(high)s %(unit)s") % facts
    if low is not None:
        return tr("Age: from %(low)s %(unit)s") % facts
    if high is not None:
        return tr("Age: up to %(high)s %(unit)s") % facts
    return ""


def sign_up_words(mode: str, link: str, phone: str, key: str) -> str:
    """How to sign up, as one line of text."""
    tr = translator(key)
    if mode == "link":
        return tr("Sign up here: %(link)s") % {"link": link}
    if mode == "phone":
        return tr("Sign up by telephone: %(phone)s") % {"phone": phone}
    return tr("You do not need to sign up. Just come.")


PROBLEMS = {
    "title_missing": _l("Write a title in Swedish. It is what people see first."),
    "place_missing": _l("Write where it is, or choose one of the places."),
    "place_asks_first": _l(
        "That place is somebody else's. Make a new event there, and they are asked first."
    ),
    "visibility_unknown": _l("Choose who may see it."),
    "visibility_published": _l(
        "It is published already, so people may have it in their calendars. "
        "Cancel it instead, with the reason."
    ),
    "link_missing": _l("Write the address where people sign up, or choose another way."),
    "phone_missing": _l("Write the telephone number where people sign up, or choose another way."),
    "phone_for_place": _l("Write the telephone number where people hear where it is."),
    "sign_up_unknown": _l("Choose how people sign up."),
    "ages_reversed": _l("The highest age is lower than the lowest. Change one of them."),
    "start_missing": _l("Write when it starts, for example 17:00, or choose all day."),
    "end_missing": _l("Write when it ends, for example 18:30."),
    "end_before_start": _l("It ends before it starts. Change the time it ends."),
    "too_long": _l("It may last at most %(days)s days. Make a series of days instead."),
    "until_before_start": _l("The last day is before the first day. Change one of them."),
    "until_missing": _l("Write the last day. A series must have an end."),
    "too_many_dates": _l("That makes more than %(n)s dates. Choose an earlier last day."),
    "no_dates": _l("No date is left. Put a date back, or choose a later last day."),
    "overlaps_itself": _l("It lasts longer than the time to the next date. End it earlier."),
    "far_away": _l("That is more than two years away. Is the year right?"),
    "far_past": _l("That is more than a year ago. Is the year right?"),
    "all_past": _l("That day has passed. Choose a later one."),
    "clock_gap": _l(
        "%(at)s does not exist: the clocks go forward that night. "
        "The nearest times are %(before)s and %(after)s. You can also leave that day out."
    ),
    "clock_fold": _l(
        "%(at)s happens twice: the clocks go back that night. "
        "The nearest times are %(before)s and %(after)s. You can also leave that day out."
    ),
    "already_published": _l("It is published already."),
    "not_published": _l("It is not published."),
    "not_waiting": _l("It is not waiting for an answer any more."),
    "moved_to_past": _l("That time has passed already. Choose a later one."),
    "date_past": _l("That date has passed and cannot be changed."),
}


def say_problem(problem: Problem) -> str:
    """A problem in the page's language, its dates and times in words."""
    text = str(PROBLEMS.get(problem.code, problem.code))
    return text % {name: _fact(value) for name, value in problem.facts.items()}


def _fact(value: Any) -> Any:
    key = language().key
    if isinstance(value, datetime):
        return f"{day_words(value.date(), key, True)} {clock(value, key)}"
    if isinstance(value, date):
        return day_words(value, key, True)
    return value
