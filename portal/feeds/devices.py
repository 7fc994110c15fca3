"""How each device takes a calendar, truthfully: what to press, how soon a change shows, and what
becomes of a cancelled date.

All of it is known of real programs only from the reports of others; docs/feeds.md says where.
Look through it when a program changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from portal.core.words import translator

Say = Callable[[str], str]


@dataclass(frozen=True)
class Addresses:
    """One feed's addresses: to copy, for the Subscribe button, and for Google's own page."""

    https: str
    webcal: str
    google: str


@dataclass(frozen=True)
class Step:
    """One thing to do. `picture` names a drawing in templates/feeds/_pictures.html; `url` is
    what to press, with its words in `label`."""

    picture: str
    text: str
    url: str = ""
    label: str = ""


@dataclass(frozen=True)
class Way:
    """One way to do it, drawn `on` a phone or a computer if not on its device's own picture;
    `offers_dates` puts single dates to press after the steps."""

    steps: tuple[Step, ...]
    title: str = ""
    text: str = ""
    offers_dates: bool = False
    on: str = ""


@dataclass(frozen=True)
class Device:
    """A device or program: how to subscribe on it, and what it makes of changes."""

    key: str
    name: str
    picture: str
    ways: tuple[Way, ...]
    soon: str
    cancelled: str
    effort: str = ""
    text: str = ""


def addresses(base_url: str, path: str) -> Addresses:
    """`path` is the feed's, with its query; the scheme of `base_url` stays for copying."""
    webcal = f"webcal://{urlsplit(base_url).netloc}{path}"
    # Google takes webcal: where it refused https: (research: calagator#556).
    google = f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe=':/')}"
    return Addresses(https=base_url + path, webcal=webcal, google=google)


def devices(at: Addresses, key: str, offers_dates: bool = True) -> list[Device]:
    """Every device in the page's language, the commonest first: telephones, then the rest.
    Without `offers_dates` there are no single dates to take."""
    tr = translator(key)
    word = {"word": tr("CANCELLED")}
    marked = tr("The title begins with %(word)s.") % word
    return [
        _iphone(at, tr, word),
        _android(at, tr, word, offers_dates),
        _google(at, tr, word),
        _outlook(at, tr, marked),
        _thunderbird(tr, marked),
        _nextcloud(tr, marked),
        _others(tr, word),
    ]


def _press(at: Addresses, tr: Say) -> Step:
    return Step("press", tr("Press Subscribe."), at.webcal, tr("Subscribe"))


def _copy(tr: Say) -> Step:
    return Step("copy", tr("Copy the address above."))


def _iphone(at: Addresses, tr: Say, word: dict[str, str]) -> Device:
    again = Step("confirm", tr("A window comes up. Press Subscribe once more."))
    how_often = Step("choose", tr("A window comes up. Choose how often the Mac looks. Press OK."))
    return Device(
        key="iphone",
        name=tr("iPhone, iPad and Mac"),
        picture="phone",
        effort=tr("2 presses"),
        ways=(
            Way((_press(at, tr), again), tr("iPhone and iPad")),
            Way((_press(at, tr), how_often), tr("Mac"), on="computer"),
        ),
        soon=tr(
            "You decide how often it looks. On iPhone: Settings, Calendar, Fetch New Data. "
            "On a Mac: from every five minutes to once a week."
        ),
        cancelled=tr("It is crossed out, and the title begins with %(word)s.") % word,
    )


def _android(at: Addresses, tr: Say, word: dict[str, str], offers_dates: bool) -> Device:
    one = (
        Step("date", tr("Press a date below. If a file comes, open it.")),
        Step("confirm", tr("Press Save.")),
    )
    look = tr("If we change the date later, your calendar does not know. Look here first.")
    app = (
        Step("app", tr("Get the app ICSx5 from Google Play or F-Droid.")),
        _press(at, tr),
        Step("confirm", tr("ICSx5 opens with the address. Confirm it there.")),
    )
    once = tr("Do it once on a computer. After that the dates come to the telephone as well.")
    computer = Step("computer", once, "#google", tr("Google Calendar on a computer"))
    ways = (
        Way(one, tr("One date at a time"), look, offers_dates=True),
        Way(app, tr("All dates, with an app")),
        Way((computer,), tr("All dates, through a computer")),
    )
    soon = tr("A single date: never. ICSx5: as often as you set in the app. Google: up to a day.")
    gone = tr(
        "In ICSx5 the title begins with %(word)s. A single date that you saved stays as it was."
    )
    return Device(
        key="android",
        name=tr("Android"),
        picture="phone",
        effort=tr("2 presses for each date") if offers_dates else "",
        text=tr(
            "Google’s calendar app on the telephone cannot subscribe to an address. "
            "You are doing nothing wrong. There are other ways."
        ),
        ways=ways if offers_dates else ways[1:],
        soon=soon,
        cancelled=gone % word,
    )


def _google(at: Addresses, tr: Say, word: dict[str, str]) -> Device:
    opens = tr("Press the button. Google Calendar opens and asks you.")
    button = (
        Step("press", opens, at.google, tr("Open in Google Calendar")),
        Step("confirm", tr("Press Add.")),
    )
    by_hand = (
        _copy(tr),
        Step("menu", tr("In Google Calendar: press + at Other calendars. Choose From URL.")),
        Step("paste", tr("Paste the address. Press Add calendar.")),
    )
    ways = (
        Way(button, tr("With the button")),
        Way(by_hand, tr("With the address"), tr("Sometimes the button fails. Then do this.")),
    )
    soon = tr("Up to 24 hours. Google has no button that makes it look sooner.")
    gone = tr("It usually goes away. Sometimes it stays, and the title begins with %(word)s.")
    name = tr("Google Calendar on a computer")
    return Device("google", name, "computer", ways, soon, gone % word)


def _outlook(at: Addresses, tr: Say, marked: str) -> Device:
    new = (
        _copy(tr),
        Step("menu", tr("In the calendar: choose Add calendar, then Subscribe from web.")),
        Step("paste", tr("Paste the address. Press Import.")),
    )
    classic = (
        _press(at, tr),
        Step("confirm", tr("Outlook asks if you want the calendar. Press Yes.")),
    )
    only = tr("The button does not work there. The address does.")
    ways = (
        Way(new, tr("New Outlook, and Outlook on the web"), only),
        Way(classic, tr("Classic Outlook on Windows")),
    )
    soon = tr(
        "New Outlook and on the web: about 3 hours, sometimes 24. "
        "Classic Outlook: some hours, sometimes up to a week."
    )
    return Device("outlook", "Outlook", "computer", ways, soon, marked)


def _thunderbird(tr: Say, marked: str) -> Device:
    steps = (
        _copy(tr),
        Step("menu", tr("In the calendar: choose New calendar, then On the network.")),
        Step("paste", tr("Paste the address. Press Find calendars, then Subscribe.")),
    )
    soon = tr("30 minutes, while Thunderbird is open.")
    return Device("thunderbird", "Thunderbird", "computer", (Way(steps),), soon, marked)


def _nextcloud(tr: Say, marked: str) -> Device:
    steps = (
        _copy(tr),
        Step("menu", tr("In Calendar: press New calendar, then New subscription from link.")),
        Step("paste", tr("Paste the address and save.")),
    )
    soon = tr("Once a day, or as your Nextcloud is set.")
    return Device("nextcloud", "Nextcloud", "computer", (Way(steps),), soon, marked)


def _others(tr: Say, word: dict[str, str]) -> Device:
    add = tr("Add it as a remote calendar (iCalendar, also called ICS).")
    steps = (_copy(tr), Step("paste", add))
    name, ways = tr("khal and other programs"), (Way(steps),)
    text = tr("Every program that reads iCalendar can fetch the address.")
    soon = tr("As often as you let it look. We suggest every four hours.")
    gone = tr("Its status is CANCELLED, and the title begins with %(word)s.")
    return Device("other", name, "computer", ways, soon, gone % word, text=text)
