"""Rows 8 and 9: how long the portal takes to start, and how much memory it holds."""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median

from bench import data
from bench.http_rows import FEED
from bench.load import Target, load
from bench.report import Figure
from bench.servers import Server, bare, portal, pss_kb

STARTS = 7
WORKERS = 2


def measure() -> tuple[list[Figure], list[str]]:
    instance = data.instance_with(data.BASE)
    cold, cold_bare = [], []
    for _ in range(STARTS):
        with bare("cold") as server:
            cold_bare.append(server.cold_ms)
        with portal(instance) as server:
            cold.append(server.cold_ms)
    start = median(a / b for a, b in zip(cold, cold_bare, strict=True))
    with ExitStack() as stack:
        bares = [stack.enter_context(bare("cold")) for _ in range(WORKERS)]
        portals = [stack.enter_context(portal(instance)) for _ in range(WORKERS)]
        held_bare, held = _loaded(bares, ["/"]), _loaded(portals, ["/events", FEED, "/"])
    notes = [
        f"{'cold start':<14} portal {median(cold):.0f} ms, bare {median(cold_bare):.0f} ms",
        f"{'memory':<14} portal {held / 1024:.0f} MiB, bare {held_bare / 1024:.0f} MiB"
        f" ({WORKERS} processes each, after load)",
    ]
    return [
        Figure(8, "start to the first 200 / bare", start, 2.5, 1.5, "lower"),
        Figure(
            9, "memory (PSS, 2 processes, after load) / bare", held / held_bare, 2.0, 1.5, "lower"
        ),
    ], notes


def _loaded(servers: list[Server], paths: list[str]) -> int:
    """The memory of all of them in kB after a second of load on every path, fresh and not."""
    for server in servers:
        for path in paths:
            load(Target(server.url(path)), 1)
        load(Target(server.url(paths[0]), fresh=True), 1)
    return sum(pss_kb(server.process) for server in servers)
