"""Row 6: how much slower the portal is with 100,000 events than with 1,000.

What a page or feed shows stays the same: the further events lie before and after it.
Every request is fresh, so that no shelf helps.
"""

from __future__ import annotations

from contextlib import ExitStack

from bench import data
from bench.http_rows import FEED
from bench.load import Target, ratio, rounds
from bench.report import Figure
from bench.servers import get, portal

ROUNDS = 5
SECONDS = 2
LARGE, LARGEST = 100_000, 1_000_000


def measure(with_million: bool = False) -> tuple[list[Figure], list[str]]:
    figures, notes = _compare(LARGE, 1.10, 1.5)
    if with_million:
        more, said = _compare(LARGEST, 1.3, 1.5)
        figures, notes = figures + more, notes + said
    return figures, notes


def _compare(number: int, goal: float, goal_p99: float) -> tuple[list[Figure], list[str]]:
    small, large = data.instance_with(data.BASE), data.instance_with(number)
    once, _ = data.slugs(small)
    paths = {"list": "/events", "event": f"/events/{once}", "feed": FEED}
    with ExitStack() as stack:
        servers = {
            n: stack.enter_context(portal(f)) for n, f in ((data.BASE, small), (number, large))
        }
        feeds = {get(server.port, FEED).body for server in servers.values()}
        if len(feeds) != 1:
            raise RuntimeError("The feed is not the same with more events outside its window")
        targets = {
            f"{name} {n}": Target(server.url(path), fresh=True)
            for name, path in paths.items()
            for n, server in servers.items()
        }
        found = rounds(targets, ROUNDS, SECONDS)
    figures, notes = [], []
    for name in paths:
        few, many = found[f"{name} {data.BASE}"], found[f"{name} {number}"]
        p50 = ratio([s.p50 for s in many], [s.p50 for s in few])
        p99 = ratio([s.p99 for s in many], [s.p99 for s in few])
        what = f"{name}, {number:,} events / {data.BASE:,}"
        figures.append(Figure(6, f"{what}, p50", p50, 1.3, goal, "lower"))
        figures.append(Figure(6, f"{what}, p99", p99, goal_p99, goal_p99, "lower"))
        middle = ROUNDS // 2
        waits = [sorted(s.p50 for s in some)[middle] for some in (few, many)]
        notes.append(
            f"{name:<14} p50 {waits[0]:.2f} ms with {data.BASE:,},"
            f" {waits[1]:.2f} ms with {number:,}"
        )
    return figures, notes
