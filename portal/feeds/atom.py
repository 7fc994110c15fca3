"""Writing Atom (RFC 4287), byte for byte the same for the same data. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from portal.core.text import clean

MIME = "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class AtomEntry:
    """One event. `uid` and instants are the event's; words are in `language` (BCP 47)."""

    uid: str
    title: str
    language: str
    page: str
    summary: str
    updated: datetime
    category: tuple[str, str]


@dataclass(frozen=True)
class AtomFeed:
    """The feed around the entries. `uid` is 32 hexadecimal digits and stays for ever."""

    uid: str
    title: str
    subtitle: str
    language: str
    author: str
    page: str
    address: str
    updated: datetime


def atom(feed: AtomFeed, entries: Iterable[AtomEntry]) -> bytes:
    """The whole document, with everything that RFC 4287 4.1.1 asks of a feed."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={_quoted(feed.language)}>',
        _element("id", UUID(feed.uid, version=5).urn),
        _element("title", feed.title),
        _element("subtitle", feed.subtitle),
        _element("updated", _instant(feed.updated)),
        f"<author>{_element('name', feed.author)}</author>",
        _link("self", "application/atom+xml", feed.address),
        _link("alternate", "text/html", feed.page),
    ]
    for entry in entries:
        lines += _entry(entry, feed.language)
    return "\n".join([*lines, "</feed>", ""]).encode()


def _entry(entry: AtomEntry, language: str) -> list[str]:
    key, label = entry.category
    said = f" xml:lang={_quoted(entry.language)}" if entry.language != language else ""
    return [
        f"<entry{said}>",
        _element("id", f"urn:uuid:{entry.uid}"),
        _element("title", entry.title),
        _element("updated", _instant(entry.updated)),
        _link("alternate", "text/html", entry.page),
        f"<category term={_quoted(key)} label={_quoted(label)}/>",
        _element("summary", entry.summary),
        "</entry>",
    ]


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(_plain(text))}</{name}>"


def _link(rel: str, mime: str, address: str) -> str:
    return f'<link rel="{rel}" type="{mime}" href={_quoted(address)}/>'


def _quoted(text: str) -> str:
    return quoteattr(_plain(text))


def _plain(text: str) -> str:
    """Without what XML cannot carry, and without the joiners and spaces that only pages need."""
    return clean(text.replace("\u2060", "").replace("\xa0", " "))


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
