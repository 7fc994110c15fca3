"""Measures everything, prints the table, writes bench/results.json.

Usage: python -m bench [--million] [--only 1,4] (rows, comma separated)
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from bench import data, feed_cost, footprint, growth, http_rows, weight
from bench.load import client_name
from bench.report import Figure, table, write

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="row 6 also with 1,000,000 events")
    parser.add_argument("--only", default="", help="rows to measure, for example 1,4")
    given = parser.parse_args()
    only = {int(row) for row in given.only.split(",") if row}
    parts: list[tuple[set[int], str, Callable[[], tuple[list[Figure], list[str]]]]] = [
        ({1, 2, 4, 5}, "feeds and pages under load", http_rows.measure),
        ({3}, "a feed after one edit, and cold", feed_cost.measure),
        ({6}, "growth", lambda: growth.measure(given.million)),
        ({8, 9}, "start and memory", footprint.measure),
        ({10}, "the first visit", weight.measure),
    ]
    print(f"Client: {client_name()}, 8 connections. Servers: waitress, one process, 8 threads.")
    data.forget_old()
    started, figures, notes = time.monotonic(), [], []
    for rows, name, measure in parts:
        if only and not rows & only:
            continue
        print(f"{time.monotonic() - started:5.0f} s  {name} …", flush=True)
        found, said = measure()
        figures += [figure for figure in found if not only or figure.row in only]
        notes += said
    print("\n" + "\n".join(notes))
    print("\n" + table(figures))
    if not only:
        write(figures, RESULTS)
        print(f"\nWritten to bench/{RESULTS.name}.")
    print(f"Row 7 (bookings) is measured by make storm. Took {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
