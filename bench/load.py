"""The client: wrk when it is installed, else bench/client.py. Always 1 thread, 8 connections."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

HERE = Path(__file__).parent
CONNECTIONS = 8
WRK = shutil.which("wrk")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_seeds = count(1)


@dataclass(frozen=True)
class Target:
    """What is asked for. With `fresh` every request has another query: no cache can help."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    fresh: bool = False


@dataclass(frozen=True)
class Slice:
    """What a few seconds of load gave: answers a second, and milliseconds of waiting.

    `share` is the rate beside that of the unit, loaded just before and just after.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    share: float = 0.0


def client_name() -> str:
    return "wrk, 1 thread" if WRK else "bench/client.py (wrk is not installed)"


def load(target: Target, seconds: int) -> Slice:
    """Loads one target for whole seconds."""
    headers = [
        word for name, value in target.headers.items() for word in ("-H", f"{name}: {value}")
    ]
    seed = next(_seeds)
    if WRK:
        command = [WRK, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
        command += [
            *headers,
            *(["-s", str(HERE / "fresh.lua")] if target.fresh else []),
            target.url,
        ]
        command += ["--", str(seed)] if target.fresh else []
    else:
        command = [sys.executable, "-m", "bench.client", target.url, str(seconds), str(CONNECTIONS)]
        command += [str(seed) if target.fresh else "0", *headers]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return _read(said)


def _read(said: str) -> Slice:
    """Both clients write wrk's report."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None:
        raise RuntimeError(f"The client said:\n{said}")
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    errors = int(wrong[1]) if wrong else 0
    if lost:
        # Reads that end are counted by wrk when a server closes after an answer, as it may.
        errors += int(lost[1]) + int(lost[3]) + int(lost[4])
    return Slice(float(rate[1]), _wait(said, "50"), _wait(said, "99"), errors)


def _wait(said: str, percent: str) -> float:
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * UNITS[found[2]] if found else 0.0


def rounds(
    targets: Mapping[str, Target], number: int, seconds: int = 1, unit: Target | None = None
) -> dict[str, list[Slice]]:
    """Slices of every target in turn, so that what disturbs the machine disturbs all alike."""
    found: dict[str, list[Slice]] = {name: [] for name in targets}
    for _ in range(number):
        before = _sound("unit", unit, seconds).rate if unit else 0.0
        for name, target in targets.items():
            slice_ = _sound(name, target, seconds)
            if unit:
                after = _sound("unit", unit, seconds).rate
                slice_ = replace(slice_, share=2 * slice_.rate / (before + after))
                before = after
            found[name].append(slice_)
    return found


def _sound(name: str, target: Target, seconds: int) -> Slice:
    slice_ = load(target, seconds)
    if slice_.errors:
        raise RuntimeError(f"{name}: {slice_.errors} answers were errors ({target.url})")
    return slice_


def ratio(some: list[float], others: list[float]) -> float:
    """The median of the ratios of each round."""
    return statistics.median(a / b for a, b in zip(some, others, strict=True))
