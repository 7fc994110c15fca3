"""Words for the codes of events, in a given language or the page's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.languages import is_written, language, languages
from portal.core.problems import Problem
from portal.core.text import Localised
from portal.core.words import clock, day_words, translator
from portal.events.dropin import FULL, Said
from portal.events.recurrence import wall

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
    "proposed": _l("Waiting for approval"),
    "declined": _l("Not accepted"),
    "withdrawn": _l("Withdrawn"),
}
REPEAT = {
    "once": _l("Once"),
    "weekly": _l("Every week"),
    "fortnightly": _l("Every second week"),
    "daily": _l("Every day"),
    "month_date": _l("Every month, the same date"),
    "month_nth": _l("Every month, the same weekday, for example the second Tuesday"),
    "month_last": _l("Every month, the last such weekday, for example the last Tuesday"),
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


CHANGES = {
    "change": _l("What it says was changed"),
    "cancel": _l("The whole event was cancelled"),
    "cancel_dates": _l("Dates were cancelled"),
    "restore_dates": _l("Dates happen after all"),
    "reset_dates": _l("Dates are as planned again"),
    "alter_dates": _l("Dates were changed"),
    "move_date": _l("A date was moved"),
    "shorten": _l("The series ends earlier"),
    "lengthen": _l("The series goes on longer"),
    "hand_over": _l("It has another host"),
    "import": _l("The programme was read"),
    "rhythm": _l("It has other days from now on"),
    "closed": _l("Closed"),
    "say_why": _l("Cancelled dates have another reason"),
    "undo": _l("A change was undone"),
}


def said_words(said: Said, zone: str, key: str) -> tuple[str, str, str]:
    """What a host says of a date: its code, the words, and when it was said."""
    tr = translator(key)
    words = tr("Full just now") if said.state == FULL else tr("Places again")
    return said.state, words, tr("said at %(time)s") % {"time": clock(wall(said.at, zone), key)}


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
    "every_twice_said": _l(
        "Every second week and every %(n)s weeks do not go together. Choose one of them."
    ),
    "fifth_weekday": _l(
        "Not every month has a fifth such weekday. Choose the last weekday of the month, "
        "or an earlier first day."
    ),
    "nothing_to_change": _l("Nothing would change. Write what is to be different."),
    "nothing_to_undo": _l("There is nothing to undo."),
    "nothing_to_close": _l("Nothing is planned then, so there is nothing to cancel."),
    "no_series_chosen": _l("Tick at least one series."),
    "no_dates_chosen": _l("Tick at least one date."),
    "all_day_has_no_times": _l("It lasts all day, so it has no times. Change the day instead."),
    "place_not_public": _l(
        "That place is not shown to everybody. Choose another, or hide where the event is."
    ),
    "not_a_series": _l("It is not a series that goes on. Make a new event instead."),
    "same_host": _l("They are the host already. Choose another."),
    "date_off": _l("That date is cancelled, or it is not on the pages."),
    "date_over": _l("That date has ended. Nobody needs to know any more."),
    "date_later": _l("It is too early. You can say it from three hours before the start."),
    "not_full": _l("It is not marked as full."),
    "state_unknown": _l("Say that it is full, or that there are places again."),
    "not_begun": _l("It has not begun yet. Count when it has."),
    "count_closed": _l("It is more than %(days)s days ago. The numbers cannot be changed now."),
    "count_missing": _l("Write how many came. Nobody is 0."),
    "count_range": _l("Write a whole number from 0 to %(most)s."),
    "already_published": _l("It is published already."),
    "not_published": _l("It is not published."),
    "not_waiting": _l("It is not waiting for an answer any more."),
    "moved_to_past": _l("That time has passed already. Choose a later one."),
    "date_past": _l("That date has passed and cannot be changed."),
    "observance_unnamed": _l("Write a name."),
    "observance_withdrawn": _l("It is withdrawn. Take that back first, and then change it."),
    "not_withdrawn": _l("It is not withdrawn."),
    "period_too_long": _l("A period lasts a year at most. Choose an earlier last day."),
    "years_lost": _l(
        "Calendars have its day in %(year)s already, and that day would vanish without a word. "
        "Withdraw it instead, with the reason, and make a new one."
    ),
}


def everywhere(words: Callable[[Callable[[str], str]], str]) -> Localised:
    """A text of our own in every language that is written, for what is stored with an event:
    `everywhere(lambda tr: tr("…"))`."""
    return {key: words(translator(key)) for key in languages() if is_written(key)}


def struck() -> Localised:
    """Said where a date was published that should not have been."""
    return everywhere(lambda tr: tr("It will not happen after all."))


def replaced() -> Localised:
    """Said on the dates of a series that another rhythm took the place of."""
    return everywhere(lambda tr: tr("The days have changed. See the new dates."))


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
