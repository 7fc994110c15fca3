"""What an event's Swedish pages say of its dates. Imports nothing from the portal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

MONTHS = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
]
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# A longer date is said with its first and last day, and without times.
LONG = timedelta(hours=16)


@dataclass(frozen=True)
class DateOnPage:
    """One date: its address, its days as (day, month), its times as (hour, minute)."""

    key: str
    days: tuple[tuple[int, int], ...]
    times: tuple[tuple[int, int], ...]
    is_off: bool


class _Tree(HTMLParser):
    """A page as elements; quick, and only for pages that others have found valid."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = TreeBuilder()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def tree(html: bytes) -> Element:
    """The elements of a page's main part."""
    text = html.decode()
    reader = _Tree()
    reader.feed(text[text.index("<main") : text.index("</main>") + len("</main>")])
    return reader.builder.close()


def words(node: Element | None) -> str:
    """What an element says, without the marks that only keep words together."""
    text = "" if node is None else "".join(node.itertext())
    return " ".join(text.replace("\u2060", "").split())


def when(text: str) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """The days and the times in a text such as "Onsdag 25 november kl. 17.00–18.30"."""
    days = re.findall(rf"(\d+) ({'|'.join(MONTHS)})", text)
    times = re.findall(r"(\d{1,2})[.:](\d\d)", text)
    return (
        tuple((int(day), MONTHS.index(month) + 1) for day, month in days),
        tuple((int(hour), int(minute)) for hour, minute in times),
    )


def expected(key: str, starts: datetime, ends: datetime, whole: bool, is_off: bool) -> DateOnPage:
    """A date of these wall times as a page should say it; `ends` of whole days as in DTEND."""
    last = ends - timedelta(days=1) if whole else ends
    days = [(starts.day, starts.month)]
    is_long = last.date() > starts.date() and (whole or ends - starts > LONG)
    if is_long:
        days.append((last.day, last.month))
    times = () if whole or is_long else ((starts.hour, starts.minute), (ends.hour, ends.minute))
    return DateOnPage(key, tuple(days), times, is_off)


def dates_of_event(html: bytes, slug: str) -> list[DateOnPage]:
    """Every date in the list of an event's page, in its order."""
    found = []
    for item in tree(html).iter("li"):
        link = next((a for a in item.iter("a") if f"/{slug}/" in a.get("href", "")), None)
        if link is None:
            continue
        time = next(item.iter("time"), None)
        days, times = when(words(link if time is None else time))
        is_off = "is-cancelled" in item.get("class", "").split() or "Inställ" in words(item)
        found.append(DateOnPage(link.get("href", "").rpartition("/")[2], days, times, is_off))
    return found


def date_page(html: bytes, key: str) -> tuple[DateOnPage, str, str, str]:
    """What a date's own page says: the date, its start as written for machines, its title, and
    where it is."""
    root = tree(html)
    time = next(root.iter("time"))
    notices = [node for node in root.iter("div") if "notice-danger" in node.get("class", "")]
    is_off = any("inställ" in words(node) for node in notices)
    where = next((words(dd) for dd in root.iter("dd")), "")
    date = DateOnPage(key, *when(words(time)), is_off)
    return date, time.get("datetime", ""), words(next(root.iter("h1"))), where
