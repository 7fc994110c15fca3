"""Rows 1, 2, 4 and 5: answers a second beside those of a bare hello."""

from __future__ import annotations

import gzip
import tempfile
from contextlib import ExitStack
from statistics import median

from bench import data
from bench.load import Slice, Target, rounds
from bench.report import Figure
from bench.servers import Server, bare, get, portal

FEED = "/feeds/all.sv.ics"
GZIP = {"Accept-Encoding": "gzip"}
ROUNDS = 5


def measure() -> tuple[list[Figure], list[str]]:
    """The figures, and lines of what the limits of this machine are."""
    instance = data.instance_with(data.BASE)
    once, weekly = data.slugs(instance)
    with ExitStack() as stack:
        hello = stack.enter_context(bare("hello"))
        server = stack.enter_context(portal(instance))
        etag = _check_feed(server)
        body = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".ics"))
        body.write(get(server.port, FEED).body)
        body.flush()
        fixed = stack.enter_context(bare("fixed", body.name))
        targets = {
            "feed": Target(server.url(FEED)),
            "feed gzip": Target(server.url(FEED), GZIP),
            "feed 304": Target(server.url(FEED), {"If-None-Match": etag}),
            "list": Target(server.url("/events")),
            "list, fresh": Target(server.url("/events"), fresh=True),
            "event, fresh": Target(server.url(f"/events/{once}"), fresh=True),
            "series, fresh": Target(server.url(f"/events/{weekly}"), fresh=True),
            "fixed": Target(fixed.url("/")),
            "fixed gzip": Target(fixed.url("/gzip"), GZIP),
        }
        found = rounds(targets, ROUNDS, unit=Target(hello.url("/")))
        if get(server.port, FEED).headers["etag"] != etag:
            raise RuntimeError("The ETag changed while nothing else did")
    return _figures(found), _limits(found)


def _figures(found: dict[str, list[Slice]]) -> list[Figure]:
    def of(name: str) -> float:
        return median(s.share for s in found[name])

    return [
        Figure(1, "warm feed of 1,000 events, plain / hello", of("feed"), 0.25, 0.37),
        Figure(1, "warm feed of 1,000 events, gzip / hello", of("feed gzip"), 0.45, 0.68),
        Figure(2, "the same, conditional (304) / hello", of("feed 304"), 0.30, 0.95),
        Figure(4, "page of 50 events, uncached / hello", of("list, fresh"), 0.06, 0.24),
        Figure(4, "page of 50 events, cached / hello", of("list"), 0.30, 0.85),
        Figure(5, "one event's page, uncached / hello", of("event, fresh"), 0.11, 0.35),
        Figure(5, "a series' page, 12 dates, uncached / hello", of("series, fresh"), 0.11, 0.35),
    ]


def _limits(found: dict[str, list[Slice]]) -> list[str]:
    """What the bare programs reach, and every target in answers a second."""
    lines = []
    for name, slices in found.items():
        rate, p50, p99 = (
            median(getattr(s, part) for s in slices) for part in ("rate", "p50", "p99")
        )
        share = median(s.share for s in slices)
        lines.append(
            f"{name:<14} {rate:>8.0f}/s  p50 {p50:>7.2f} ms  p99 {p99:>7.2f} ms"
            f"  {share:.3f} of hello"
        )
    return lines


def _check_feed(server: Server) -> str:
    """The feed is there, whole, the same twice, compressed alike, and 304 says so; its ETag."""
    first, second = get(server.port, FEED), get(server.port, FEED)
    squeezed = get(server.port, FEED, GZIP)
    etag = first.headers["etag"]
    known = get(server.port, FEED, {"If-None-Match": etag})
    sound = {
        "1,000 events": first.body.count(b"BEGIN:VEVENT") >= data.BASE,
        "byte-equal": first.body == second.body and etag == second.headers["etag"],
        "gzip of the same": gzip.decompress(squeezed.body) == first.body,
        "304 without body": known.status == 304
        and not known.body
        and known.headers["etag"] == etag,
    }
    wrong = [name for name, is_so in sound.items() if not is_so]
    if wrong:
        raise RuntimeError(f"{FEED} is not as it must be: {', '.join(wrong)}")
    return etag
