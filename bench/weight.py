"""Row 10: what a first visit to /events carries over the wire, compressed, with every file."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from bench import data
from bench.report import Figure
from bench.servers import Server, get, portal

GZIP = {"Accept-Encoding": "gzip"}
LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "manifest"}
CSS_ADDRESS = re.compile(r"""url\(\s*['"]?([^'")]+)['"]?\s*\)|@import\s+['"]([^'"]+)['"]""")


class _Resources(HTMLParser):
    """The addresses that a browser fetches for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and LOADED_LINKS & set((given.get("rel") or "").lower().split()):
            self.found.append(given.get("href") or "")
        elif tag in ("script", "img", "source", "video", "audio", "iframe", "use"):
            self.found.append(
                given.get("src") or given.get("href") or given.get("xlink:href") or ""
            )


def measure() -> tuple[list[Figure], list[str]]:
    with portal(data.instance_with(data.BASE)) as server:
        sizes = _fetch_all(server, "/events")
    total = sum(sizes.values()) / 1000
    notes = [f"{'first visit':<14} {size / 1000:6.1f} kB  {path}" for path, size in sizes.items()]
    return [
        Figure(10, "first visit to the list page, gzip, kB", total, 80, 65, "lower"),
        Figure(10, "first visit to the list page, requests", len(sizes), 10, 8, "lower"),
    ], notes


def _fetch_all(server: Server, page: str) -> dict[str, int]:
    """Bytes of each body by path, the page first; style sheets may name more."""
    sizes, waiting = {}, [page]
    while waiting:
        path = waiting.pop(0)
        if path in sizes:
            continue
        answer = get(server.port, path, GZIP)
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")
        sizes[path] = len(answer.body)
        waiting += _named_in(answer.body, answer.headers, path)
    return sizes


def _named_in(body: bytes, headers: dict[str, str], path: str) -> list[str]:
    import gzip

    text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
    kind = headers.get("content-type", "")
    found: list[str] = []
    if kind.startswith("text/html"):
        parser = _Resources()
        parser.feed(text.decode())
        found = parser.found
    elif kind.startswith("text/css"):
        found = [first or second for first, second in CSS_ADDRESS.findall(text.decode())]
    here = [urlsplit(urljoin(path, address)) for address in found if address]
    return [
        parts.path + (f"?{parts.query}" if parts.query else "")
        for parts in here
        if not parts.scheme and not parts.netloc
    ]
