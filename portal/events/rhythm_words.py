"""How a series repeats, in words."""

from __future__ import annotations

from portal.core.words import translator, weekday_words
from portal.events.recurrence import Rule


def rhythm_words(rule: Rule | None, key: str) -> str:
    """How a series repeats: "Every week: Monday, Wednesday"; nothing for what happens once."""
    if rule is None:
        return ""
    tr, n = translator(key), rule.interval
    if rule.freq == "DAILY":
        daily = {1: tr("Every day"), 2: tr("Every second day")}
        return daily.get(n, tr("Every %(n)s days")) % {"n": n}
    if rule.freq == "WEEKLY":
        days = ", ".join(weekday_words(day, key) for day in rule.weekdays)
        weekly = {1: tr("Every week: %(days)s"), 2: tr("Every second week: %(days)s")}
        return weekly.get(n, tr("Every %(n)s weeks: %(days)s")) % {"n": n, "days": days}
    if rule.nth is None:
        what = tr("on day %(day)s") % {"day": rule.month_day}
    else:
        patterns = (
            tr("the last %(weekday)s"),
            tr("the first %(weekday)s"),
            tr("the second %(weekday)s"),
            tr("the third %(weekday)s"),
            tr("the fourth %(weekday)s"),
        )
        what = patterns[max(rule.nth[0], 0)] % {"weekday": weekday_words(rule.nth[1], key)}
    monthly = {1: tr("Every month: %(what)s"), 2: tr("Every second month: %(what)s")}
    return monthly.get(n, tr("Every %(n)s months: %(what)s")) % {"n": n, "what": what}
