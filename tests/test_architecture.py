"""The map of the house, enforced: who may import whom, what is pure, what stays short.

Reads the source of portal/ without importing it. CONTRIBUTING.md says the rules in words;
the second half of this file plants a fault against each rule and sees it caught.
"""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The rooms in order: a room may use itself and the rooms before it.
ROOMS = [
    "core",
    "units",
    "accounts",
    "places",
    "bookings",
    "signups",
    "events",
    "training",
    "badges",
    "feeds",
    "imports",
    "home",
    "demo",
]
# The modules of core that pure modules may use. They are held to purity themselves.
PURE_CORE = {"problems", "text"}
# The files that every room may have; any other file in a room is pure.
LAYERS = {
    "__init__",
    "models",
    "queries",
    "forms",
    "actions",
    "views",
    "staff",
    "jobs",
    "words",
    "showing",
    "cli",
}
# Other names of the layer `showing`, between queries or forms and actions: what a page or a
# feed is given to show, and what a form means.
SHOWING = {"showing", "filters", "drafting", "clashing", "planning", "structured"}
# Files under names of their own that are not pure all the same, and the layer that each
# belongs to. Few: a rule that needs the database is a query or an action.
LAYER_OF = {
    "portal.events.finding": "queries",
    "portal.events.overview": "queries",
    "portal.events.said": "queries",
    "portal.events.hosting": "actions",
    "portal.demo.build": "jobs",
    "portal.events.writing": "actions",
    "portal.events.noting": "actions",
    "portal.events.changing": "actions",
    "portal.events.continuing": "actions",
    "portal.events.closing": "actions",
    "portal.events.revising": "actions",
    "portal.events.bulk": "actions",
    "portal.imports.naming": "queries",
    "portal.imports.known": "queries",
    "portal.imports.checking": "showing",
    "portal.imports.joining": "showing",
    "portal.imports.applying": "actions",
    "portal.imports.making": "actions",
    "portal.imports.beating": "jobs",
    "portal.imports.differing": "showing",
    "portal.imports.processing": "jobs",
    "portal.imports.work": "jobs",
    "portal.imports.setting_up": "actions",
    "portal.feeds.finding": "queries",
    "portal.feeds.devices": "words",
    "portal.feeds.subscribing": "showing",
    "portal.feeds.health": "showing",
    "portal.feeds.reading": "queries",
    "portal.feeds.window": "queries",
    "portal.feeds.texts": "showing",
    "portal.feeds.quiet": "showing",
    "portal.feeds.formats": "showing",
    "portal.feeds.listing": "showing",
    "portal.home.frame": "views",
    "portal.feeds.observances": "showing",
    "portal.imports.exchange_names": "showing",
    "portal.imports.exchange_settling": "showing",
    "portal.imports.exchange_changing": "actions",
    # Waits for others: an action, which is inside a transaction, may not use it.
    "portal.imports.fetching": "jobs",
}
# Imports against the rule, each with its reason.
EXCEPTED = {
    # One layer in two files, for length: the conditions and the queries that use them.
    ("portal.events.queries", "portal.events.finding"),
    ("portal.feeds.queries", "portal.feeds.window"),
}
# An act that moves several rooms is one action in the latest of them. Here stands which
# actions may be used by that one only: {"portal.places.actions.rename": "portal.events.actions"}.
WRAPPED: dict[str, str] = {
    "portal.places.actions.update_place": "portal.events.actions",
    "portal.units.actions.update_unit": "portal.events.actions",
}

# Libraries that compute and nothing else.
PURE_LIBRARIES = {"dateutil", "icalendar", "holidays", "argon2", "PIL", "segno", "python_calamine"}
CLOCK_CALLS = {"now", "utcnow", "today"}
EDGE = {"views", "staff", "jobs", "cli"}
# What each layer may import from its own room, and what from earlier rooms.
OWN = {
    "pure": {"pure"},
    "models": {"pure", "models"},
    "queries": {"pure", "models"},
    "words": {"pure", "models", "queries", "words"},
    "forms": {"pure", "words", "forms"},
    "showing": {"pure", "models", "queries", "words", "forms", "showing"},
    "actions": {"pure", "models", "queries", "words", "forms", "showing", "actions"},
}
EARLIER = {
    "pure": {"pure"},
    "models": set[str](),
    "queries": {"pure", "models", "queries"},
    "words": {"pure", "models", "words"},
    "forms": {"pure", "words", "forms"},
    "showing": {"pure", "models", "queries", "words", "showing"},
    "actions": {"pure", "models", "queries", "words", "actions"},
}
MOST_LINES = 250
MEDIAN_VIEW_LINES = 15


@dataclass(frozen=True)
class Import:
    """`from module import name`, or `import module` with an empty name."""

    module: str
    name: str
    line: int
    at_top: bool


@dataclass
class Module:
    """One file of the package, read and not run."""

    name: str
    path: Path
    known: set[str] = field(repr=False)

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def room(self) -> str:
        """The room's name; empty for portal/config.py and its neighbours."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 and (len(parts) > 2 or self.is_package) else ""

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def layer(self) -> str:
        """`events/views.py` and everything in `events/views/` are views; `staff_dates.py`,
        like `staff.py`, holds staff pages."""
        if self.room == "core":
            return "pure" if self.name.split(".")[-1] in PURE_CORE else "core"
        parts = self.name.split(".")
        part = parts[2] if len(parts) > 2 else "__init__"
        if self.name in LAYER_OF:
            return LAYER_OF[self.name]
        if part in SHOWING:
            return "showing"
        if part.startswith("staff_"):
            return "staff"
        # The layers of one subject of a room: `observance_queries.py` holds queries.
        name = part if part in LAYERS else part.rpartition("_")[2]
        return name if name in LAYERS else "pure"

    @cached_property
    def imports(self) -> list[Import]:
        """Every import except those that only the type checker sees."""
        found: list[Import] = []
        self._walk(self.tree, True, found)
        return found

    def _walk(self, node: ast.AST, at_top: bool, found: list[Import]) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                for other in child.orelse:
                    self._walk(ast.Module([other], []), at_top, found)
            elif isinstance(child, ast.Import):
                found += [Import(n.name, "", child.lineno, at_top) for n in child.names]
            elif isinstance(child, ast.ImportFrom):
                found += self._from(child, at_top)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                self._walk(child, at_top and not inside, found)

    def _from(self, node: ast.ImportFrom, at_top: bool) -> Iterator[Import]:
        module = node.module or ""
        if node.level:
            parts = self.name.split(".")
            parts = parts[: len(parts) - node.level + self.is_package]
            module = ".".join([*parts, *([module] if module else [])])
        for name in node.names:
            whole = f"{module}.{name.name}"
            if whole in self.known:  # from portal.events import models
                yield Import(whole, "", node.lineno, at_top)
            else:
                yield Import(module, name.name, node.lineno, at_top)


class House:
    """All modules of the package under `root`, and what is wrong with them."""

    def __init__(self, root: Path) -> None:
        paths = sorted((root / "portal").rglob("*.py"))
        names = {self._name(root, path): path for path in paths}
        self.modules = {name: Module(name, path, set(names)) for name, path in names.items()}

    @staticmethod
    def _name(root: Path, path: Path) -> str:
        parts = path.relative_to(root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def faults(self) -> list[str]:
        found: list[str] = []
        for module in self.modules.values():
            found += self.imports(module)
            found += self.purity(module)
            found += self.commits(module)
            found += self.wrapped(module)
            lines = len(module.source.splitlines())
            if lines > MOST_LINES:
                found.append(f"{module.name}: {lines} lines, more than {MOST_LINES}")
        found += self.cycles()
        found += self.views()
        return list(dict.fromkeys(found))

    # --- imports ------------------------------------------------------------------------

    def imports(self, module: Module) -> Iterator[str]:
        if module.room and module.room not in ROOMS:
            yield f"{module.name}: {module.room} is not in the list of rooms"
            return
        for one in module.imports:
            target = self.modules.get(one.module)
            if target is None and one.module.split(".")[0] == "portal":
                yield f"{module.name}:{one.line}: there is no {one.module}"
            reason = self._refused(module, target, one) if target else ""
            if reason and target:
                yield f"{module.name}:{one.line}: imports {target.name}: {reason}"

    def _refused(self, module: Module, target: Module, one: Import) -> str:
        """Why this import is not allowed; empty when it is."""
        if target.name == "portal":
            return "" if module.layer in EDGE or module.name == "portal.cli" else "that is a cycle"
        if module.name in ("portal", "portal.cli"):
            return self._outside(module, target)
        if not module.room or module.room == "core":
            allowed = target.room == "core" or target.name == "portal.config"
            return "" if allowed else "core and config know no feature"
        if module.is_package and module.layer == "__init__":
            return "a room's __init__ imports nothing" if one.at_top else ""
        if (module.name, target.name) in EXCEPTED:
            return ""
        if module.layer in EDGE or not target.room:
            return "" if target.name != "portal.cli" else "the command line is outermost"
        if target.room == "core":
            outside = module.layer == "pure" and target.layer != "pure"
            return "it is not in PURE_CORE" if outside else ""
        if target.room == module.room:
            return "" if target.layer in OWN[module.layer] else self._words(module, target)
        if ROOMS.index(target.room) > ROOMS.index(module.room):
            return f"{target.room} comes after {module.room}"
        return "" if target.layer in EARLIER[module.layer] else self._words(module, target)

    @staticmethod
    def _outside(module: Module, target: Module) -> str:
        if module.name == "portal.cli" and target.layer in ("views", "staff"):
            return "only portal/__init__.py lists features"
        return ""

    @staticmethod
    def _words(module: Module, target: Module) -> str:
        where = "its own" if target.room == module.room else "another room's"
        return f"{module.layer} may not use {where} {target.layer}"

    def cycles(self) -> Iterator[str]:
        """Modules that import each other while they are being loaded."""
        edges = {
            name: {o.module for o in m.imports if o.at_top and o.module in self.modules} - {name}
            for name, m in self.modules.items()
        }
        done: set[str] = set()

        def visit(name: str, way: list[str]) -> Iterator[str]:
            if name in way:
                yield "a cycle: " + " -> ".join([*way[way.index(name) :], name])
            elif name not in done:
                for target in sorted(edges[name]):
                    yield from visit(target, [*way, name])
                done.add(name)

        for name in sorted(edges):
            yield from visit(name, [])

    def wrapped(self, module: Module) -> Iterator[str]:
        for action, wrapper in WRAPPED.items():
            home, _, name = action.rpartition(".")
            if module.name in (home, wrapper):
                continue
            aliases = {
                alias.asname or alias.name.split(".")[-1]
                for node in ast.walk(module.tree)
                if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names
                if home.endswith(alias.name)
            }
            used = any(o.module == home and o.name == name for o in module.imports) or (
                any(o.module == home and not o.name for o in module.imports)
                and any(
                    isinstance(node, ast.Attribute)
                    and node.attr == name
                    and ast.unparse(node.value).split(".")[-1] in aliases
                    for node in ast.walk(module.tree)
                )
            )
            if used:
                yield f"{module.name}: uses {action}, which {wrapper} wraps"

    # --- what stands in the files -------------------------------------------------------

    def purity(self, module: Module) -> Iterator[str]:
        if not module.room or module.layer != "pure":
            return
        for one in module.imports:
            library = one.module.split(".")[0]
            pure = library in sys.stdlib_module_names or library in PURE_LIBRARIES
            if library != "portal" and not pure:
                yield f"{module.name}:{one.line}: a pure module imports {library}"
            if library == "time":
                yield f"{module.name}:{one.line}: a pure module imports the clock"
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CLOCK_CALLS
            ):
                yield f"{module.name}:{node.lineno}: a pure module asks the clock"

    def commits(self, module: Module) -> Iterator[str]:
        if module.layer not in ("actions", "queries", "models"):
            return
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "commit"
            ):
                yield f"{module.name}:{node.lineno}: {module.layer} may not commit"

    def views(self) -> Iterator[str]:
        lengths = [
            (node.end_lineno or node.lineno) - node.lineno + 1
            for module in self.modules.values()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.FunctionDef) and any(map(_routes, node.decorator_list))
        ]
        if lengths and (median := statistics.median(lengths)) >= MEDIAN_VIEW_LINES:
            yield f"the median view has {median:g} lines, not under {MEDIAN_VIEW_LINES}"


def _routes(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in ("route", "get", "post")
    )


def test_the_house_stands() -> None:
    assert House(ROOT).faults() == []


# --- each rule catches its fault --------------------------------------------------------

SOUND = {
    "__init__": "def create_app():\n    from portal.events.views import blueprint",
    "config": "import os",
    "cli": "from portal import create_app\nfrom portal.demo.build import build",
    "core.__init__": "",
    "core.clock": "from flask import g\nfrom datetime import UTC, datetime\ndatetime.now(UTC)",
    "core.problems": "from dataclasses import dataclass",
    "core.text": "import re",
    "places.__init__": "",
    "places.opening": "from portal.core.problems import Problem\nfrom dateutil import rrule",
    "places.models": "from sqlalchemy import select\nfrom portal.core import clock",
    "places.queries": "from portal.places import models",
    "places.words": "from flask_babel import gettext",
    "places.actions": "from portal.places.queries import find\ndef rename(): pass",
    "events.__init__": "def register():\n    from portal.events import views",
    "events.recurrence": "from datetime import time\nfrom portal.places.opening import is_open",
    "events.models": (
        "from typing import TYPE_CHECKING\nfrom portal.events import recurrence\n"
        "if TYPE_CHECKING:\n    from portal.places.models import Place"
    ),
    "events.queries": "from portal.places import models, queries\nimport portal.events.models",
    "events.words": "from portal.places.words import say",
    "events.forms": "from wtforms import Form\nfrom portal.events.words import KINDS",
    "events.showing": (
        "from flask import request\nfrom portal.core.clock import now\n"
        "from portal.events import forms, models, queries, words\nfrom portal.places import queries"
    ),
    "events.drafting": "from portal.events import filters\nfrom portal.events.forms import Form",
    "events.filters": "import portal.events.showing",
    "events.writing": "from sqlalchemy import select\nfrom portal.events.models import Place",
    "events.staff_dates": "from portal.events import actions, forms, showing",
    "events.day_queries": "from sqlalchemy import select\nfrom portal.events.models import Place",
    "events.actions": (
        "from portal.events import forms, queries, showing, writing\n"
        "from portal.places import actions"
    ),
    "events.views": (
        "from portal.events import actions, forms, queries\nfrom portal.feeds import ics\n"
        "@blueprint.get('/events')\ndef show():\n    db.session.commit()"
    ),
    "feeds.__init__": "",
    "feeds.ics": "import icalendar\nfrom portal.events.recurrence import expand",
    "demo.__init__": "",
    "demo.build": "from portal.events import actions\nfrom portal.core.clock import now",
}
LONG_VIEW = "@blueprint.post('/x')\ndef x():\n" + "    pass\n" * 14

PLANTED = {
    "unknown room": ("cellar.models", "", "cellar is not in the list"),
    "no such module": ("events.views", "from portal.events.gone import x", "there is no portal"),
    "core knows a feature": ("core.clock", "import portal.events.models", "know no feature"),
    "config knows a feature": ("config", "import portal.core, portal.places.models", "no feature"),
    "command line lists views": ("cli", "import portal.events.views", "only portal/__init__.py"),
    "room imports create_app": ("events.queries", "from portal import create_app", "a cycle"),
    "room's __init__ loads": ("events.__init__", "from portal.events import views", "nothing"),
    "pure imports flask": ("events.recurrence", "import flask", "imports flask"),
    "pure imports sqlalchemy": ("feeds.ics", "from sqlalchemy import select", "imports sqlalchemy"),
    "pure imports it in a function": ("feeds.ics", "def f():\n    import flask", "imports flask"),
    "pure imports the core": ("feeds.ics", "from portal.core.clock import now", "PURE_CORE"),
    "pure imports models": ("feeds.ics", "from portal.feeds import models", "own models"),
    "pure imports a later room": ("places.opening", "import portal.feeds.ics", "comes after"),
    "pure core imports flask": ("core.text", "import flask", "imports flask"),
    "pure asks now": ("feeds.ics", "datetime.now(UTC)", "asks the clock"),
    "pure asks today": ("feeds.ics", "def f(day=date.today()): ...", "asks the clock"),
    "pure asks utcnow": ("feeds.ics", "datetime.datetime.utcnow()", "asks the clock"),
    "pure imports time": ("feeds.ics", "import time", "imports the clock"),
    "models import models": ("events.models", "import portal.places.models", "room's models"),
    "models import rules": ("events.models", "import portal.places.opening", "room's pure"),
    "models import own queries": ("events.models", "import portal.events.queries", "own queries"),
    "queries import queries": ("feeds.queries", "import portal.feeds.actions", "own actions"),
    "queries import actions": ("events.queries", "import portal.places.actions", "room's actions"),
    "queries use a later room": ("places.queries", "import portal.events.models", "comes after"),
    "queries use words": ("events.queries", "import portal.events.words", "own words"),
    "forms import queries": ("events.forms", "from . import queries", "own queries"),
    "forms import models": ("events.forms", "from .models import Event", "own models"),
    "forms import another's models": ("events.forms", "import portal.places.models", "models"),
    "actions use a later room": ("places.actions", "import portal.events.actions", "comes after"),
    "actions import views": ("events.actions", "from portal.events.views import x", "own views"),
    "showing imports actions": ("events.showing", "import portal.events.actions", "own actions"),
    "showing imports views": ("events.filters", "from portal.events import views", "own views"),
    "showing uses a later room": ("events.drafting", "import portal.feeds.ics", "comes after"),
    "queries use showing": ("events.queries", "import portal.events.showing", "own showing"),
    "queries use earlier showing": ("feeds.queries", "import portal.events.showing", "showing"),
    "forms use showing": ("events.forms", "import portal.events.filters", "own showing"),
    "writing imports views": ("events.writing", "import portal.events.views", "own views"),
    "relative import": ("events.actions", "from ..feeds.ics import x", "feeds comes after events"),
    "actions commit": ("events.actions", "db.session.commit()", "actions may not commit"),
    "queries commit": ("events.queries", "session.commit()", "queries may not commit"),
    "a subject's queries commit": ("events.day_queries", "session.commit()", "may not commit"),
    "a subject's forms import models": ("events.day_forms", "from .models import x", "own models"),
    "models commit": ("events.models", "def f(s): s.commit()", "models may not commit"),
    "cycle": (
        "places.opening",
        "from portal.places import closing",
        "a cycle: portal.places.opening",
    ),
    "long file": ("events.views", "\n" * 250, "251 lines, more than 250"),
    "long views": ("feeds.views", LONG_VIEW * 2, "the median view has 15 lines"),
    "wrapped, by name": ("feeds.views", "from portal.places.actions import rename", "wraps"),
    "wrapped, by module": (
        "feeds.jobs",
        "from portal.places import actions as places\nplaces.rename()",
        "which portal.events.actions wraps",
    ),
}


def build(root: Path, files: dict[str, str]) -> House:
    for name, source in files.items():
        path = (root / "portal" / name.replace(".", "/")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + "\n", encoding="utf-8")
    return House(root)


@pytest.fixture
def wrapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WRAPPED, "portal.places.actions.rename", "portal.events.actions")


@pytest.mark.usefixtures("wrapping")
def test_a_sound_house_has_no_faults(tmp_path: Path) -> None:
    wrapper = "from portal.places.actions import rename\ndef rename_place():\n    rename()"
    sound = SOUND | {"events.actions": wrapper}
    assert build(tmp_path, sound).faults() == []


@pytest.mark.usefixtures("wrapping")
@pytest.mark.parametrize(("name", "source", "words"), PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_fault_is_caught(tmp_path: Path, name: str, source: str, words: str) -> None:
    others = {
        "places.closing": "from portal.places.opening import x",
        "feeds.models": "",
        "feeds.actions": "",
    }
    house = build(tmp_path, SOUND | others | {name: source})
    found = house.faults()
    assert any(words in line for line in found), found
    # Nothing else is said, but that some of these faults also close a circle.
    assert [line for line in found if words not in line and "a cycle" not in line] == []


def test_type_checking_and_functions_make_no_cycle(tmp_path: Path) -> None:
    late = "def f():\n    from portal.places import opening"
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import portal.places.opening"
    for source in (late, typed):
        others = {"places.opening": "import portal.places.closing", "places.closing": source}
        assert build(tmp_path, SOUND | others).faults() == []


def test_the_median_not_the_longest_view_counts(tmp_path: Path) -> None:
    short = "@blueprint.get('/y')\ndef y():\n    pass\n"
    assert build(tmp_path, SOUND | {"feeds.views": LONG_VIEW + short * 2}).faults() == []
