"""A whole site read as visitors meet it: pages with their headers, links, and what is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.core.extensions import db
from tests.support.pages import check_page
from tests.support.portal_app import BASE_URL, Browser

# Every source that the policy may name; nothing else, and no address of anybody.
ALLOWED_SOURCES = {"'self'", "'none'"}
NEEDED_POLICY = {
    "default-src": "'none'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
NEEDED_HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PREFIXES = ("en", "fi")


def header_faults(response: TestResponse, *, is_public: bool) -> list[str]:
    """What is wrong with an answer's headers."""
    faults = [
        f"{name} is {response.headers.get(name)!r}"
        for name, wanted in NEEDED_HEADERS.items()
        if response.headers.get(name) != wanted
    ]
    policy = {
        name: sources
        for name, *sources in map(
            str.split, response.headers.get("Content-Security-Policy", "").split(";")
        )
    }
    for name, source in NEEDED_POLICY.items():
        if policy.get(name) != [source]:
            faults.append(f"the policy says {name} {policy.get(name)}")
    for name, sources in policy.items():
        faults += [
            f"the policy lets {name} {one} in" for one in sources if one not in ALLOWED_SOURCES
        ]
    if "geolocation=()" not in response.headers.get("Permissions-Policy", ""):
        faults.append("Permissions-Policy leaves geolocation open")
    if is_public and "Set-Cookie" in response.headers:
        faults.append("a public page sets a cookie")
    if not is_public and response.headers.get("Cache-Control") != "no-store":
        faults.append("a page behind sign-in may be kept by somebody's cache")
    return faults


def read(client: Browser, path: str, code: int = 200, *, is_public: bool = True) -> Element:
    """The page at an address, its headers and its HTML in order; `code` is what it answers."""
    response = client.get(path)
    assert response.status_code == code, f"{path} answers {response.status_code}, not {code}"
    return read_answer(response, path, is_public=is_public)


def read_answer(response: TestResponse, path: str, *, is_public: bool = True) -> Element:
    """The same for an answer that has come already."""
    assert response.mimetype == "text/html", f"{path} is {response.mimetype}"
    assert header_faults(response, is_public=is_public) == [], path
    return check_page(response.data, url=BASE_URL + path)


def words(node: Element) -> str:
    """Everything that an element says, white space folded."""
    return " ".join("".join(node.itertext()).split())


def find_all(root: Element, tag: str, **attributes: str) -> list[Element]:
    """Elements by tag and attributes; `class_` for class, which need only be among them."""
    wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}

    def fits(node: Element) -> bool:
        for name, value in wanted.items():
            own = node.get(name) or ""
            if value not in own.split() if name == "class" else own != value:
                return False
        return True

    return [node for node in root.iter(tag) if fits(node)]


def links(root: Element, path: str) -> Iterator[str]:
    """The addresses on this site that a page leads to, with their query and without fragment."""
    base = BASE_URL + path
    for tag in ("a", "link"):
        for node in root.iter(tag):
            parts = urlsplit(urljoin(base, node.get("href") or ""))
            if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" == BASE_URL:
                yield parts.path + (f"?{parts.query}" if parts.query else "")


def language_of(path: str) -> str:
    """The language that an address is in."""
    first = path[1:].partition("/")[0].partition("?")[0]
    return first if first in PREFIXES else "sv"


def has_language(path: str) -> bool:
    """Feeds name their language at their end, and files have none."""
    return not path.startswith(("/feeds/", "/static/"))


def stays(path: str, key: str) -> bool:
    """Whether an address is in a language, or in none."""
    return not has_language(path) or language_of(path) == key


def kind(path: str) -> str:
    """What sort of page an address is: pages that differ by a name or a date are of one kind."""
    parts = urlsplit(path)
    steps = [step for step in parts.path.split("/") if step]
    own = [steps.pop(0)] if steps and steps[0] in PREFIXES else []
    names = sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair)
    return "/".join([*own, *steps[:1], *("*" for _ in steps[1:])]) + "?" + "&".join(names)


@dataclass
class Crawl:
    """What a walk over the site found: answers by address, and the faults on the way."""

    answers: dict[str, TestResponse] = field(default_factory=dict)
    roots: dict[str, Element] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def crawl(
    client: Browser,
    starts: Iterable[str] = ("/",),
    *,
    each_kind: int = 4,
    follow: Callable[[str], bool] = lambda path: True,
    is_public: bool = True,
) -> Crawl:
    """Follows links from `starts`, at most `each_kind` pages of each sort; reads every page."""
    found, waiting, kinds = Crawl(), list(starts), dict[str, int]()
    seen = set(waiting)
    while waiting:
        path = waiting.pop(0)
        response = found.answers[path] = client.get(path)
        if response.status_code in (301, 302, 303):
            targets = [urlsplit(response.headers["Location"]).path]
        elif response.status_code != 200:
            found.faults.append(f"{path} answers {response.status_code}")
            continue
        elif response.mimetype != "text/html":
            continue
        else:
            faults = header_faults(response, is_public=is_public)
            found.faults += [f"{path}: {fault}" for fault in faults]
            root = found.roots[path] = check_page(response.data, url=BASE_URL + path)
            found.faults += leaving(root, path)
            targets = list(links(root, path))
        for target in targets:
            sort = kind(target)
            if target in seen or not follow(target) or kinds.get(sort, 0) >= each_kind:
                continue
            seen.add(target)
            kinds[sort] = kinds.get(sort, 0) + 1
            waiting.append(target)
    return found


def leaving(root: Element, path: str) -> list[str]:
    """Links that lead out of the page's language, those that choose a language left out."""
    chosen = {id(node) for node in root.iter() if node.get("hreflang")}
    return [
        f"{path} leads to {target} in another language"
        for tag in ("a", "form")
        for node in root.iter(tag)
        if id(node) not in chosen
        for target in [
            urlsplit(urljoin(BASE_URL + path, node.get("href") or node.get("action") or ""))
        ]
        if f"{target.scheme}://{target.netloc}" == BASE_URL
        and has_language(target.path)
        and language_of(target.path) != language_of(path)
    ]


# Sign-in tries are counted, and a session notes that it is used: neither is what a form writes.
BESIDE = frozenset({"rate_count", "day_key"})


def stored(app: Flask, leave_out: frozenset[str] = BESIDE) -> dict[str, tuple[int, str]]:
    """How many rows every table has and what is in them, so that any change shows."""
    with app.app_context(), db.engine.connect() as connection:
        found = {}
        for table in db.metadata.sorted_tables:
            if table.name in leave_out:
                continue
            rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            found[table.name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
        connection.rollback()
    return found


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    """The tables that differ."""
    return [
        f"{name}: {before[name][0]} rows, then {after[name][0]}"
        for name in before
        if before[name] != after[name]
    ]
