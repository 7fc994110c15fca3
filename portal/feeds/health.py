"""How a feed is doing, as staff are told: what was found in its bytes, its size, who fetches it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from portal.core.languages import languages
from portal.core.problems import Problem
from portal.feeds.checks import LIMIT, NEAR, Report, check
from portal.feeds.clients import KINDS, rounded

KEPT_REPORTS = 500


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and the languages whose feed has it."""

    problem: Problem
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Health:
    """A feed in all its languages. `kilobytes` is the largest; `size` is fine, near or over.
    `fetched` has a kind of program and a code for how often, never a number."""

    scope: str
    name: str
    findings: tuple[Finding, ...]
    kilobytes: int
    size: str
    events: int
    dates: int
    fetched: tuple[tuple[str, str], ...]

    @property
    def is_sound(self) -> bool:
        return all(one.problem.code == "size_near" for one in self.findings)


class Reports:
    """Checks done, by the bytes that were checked: a feed that stands still is read once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Report] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, body: bytes, now: datetime) -> Report:
        digest = hashlib.blake2b(body, digest_size=16).digest()
        report = self._kept.get(digest)
        if report is None:
            report = check(body, now)
            with self._lock:
                self._kept[digest] = report
                while len(self._kept) > KEPT_REPORTS:
                    self._kept.popitem(last=False)
        return report


reports = Reports()


def health(
    scope: str,
    name: str,
    bodies: dict[str, bytes],
    dates: int,
    fetched: dict[str, int],
    now: datetime,
) -> Health:
    """`bodies` are the finished feeds by language, `dates` how many are to come, `fetched` how
    often each kind of program came for it."""
    found = {key: reports.of(body, now) for key, body in bodies.items()}
    size = max(report.size for report in found.values())
    return Health(
        scope=scope,
        name=name,
        findings=tuple(_findings(found)),
        kilobytes=round(size / 1000),
        size="over" if size > LIMIT else "near" if size >= NEAR * LIMIT else "fine",
        events=max(report.events for report in found.values()),
        dates=dates,
        fetched=tuple(fetched_words(fetched)),
    )


def _findings(found: dict[str, Report]) -> list[Finding]:
    by_code: dict[str, tuple[Problem, list[str]]] = {}
    for key, report in found.items():
        for problem in report.problems:
            by_code.setdefault(problem.code, (problem, []))[1].append(languages()[key].name)
    return [Finding(problem, tuple(names)) for problem, names in by_code.values()]


def fetched_words(fetched: dict[str, int]) -> list[tuple[str, str]]:
    """Kinds of programs with a code for how often; those that came seldom are not told."""
    known = [(kind, rounded(fetched.get(kind, 0))) for kind in KINDS]
    return [(kind, code) for kind, code in known if code]
