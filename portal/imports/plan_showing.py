"""Showing: a plan as plain values that are kept with its run, and shown of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from portal.imports.folding import Fresh
from portal.imports.items import RowProblem
from portal.imports.merging import Difference
from portal.imports.plan import Change, Plan

MOST_SHOWN = 200


def kept_plan(plan: Plan) -> dict[str, Any]:
    """What is kept of a plan: counts of all, the first few of each kind, and a digest by which
    the same plan is known again."""
    shown = {
        "counts": {
            "new": plan.new_dates,
            "series": plan.series,
            "events": len(plan.new),
            "changed": plan.changed_dates,
            "cancelled": plan.cancelled_dates,
            "unchanged": plan.unchanged,
            "kept": len(plan.kept),
            "bad": plan.bad_rows,
            "notes": len(plan.notes),
        },
        "is_drastic": plan.is_drastic,
        "new": [_fresh(fresh) for fresh in plan.new[:MOST_SHOWN]],
        "changed": [_change(change) for change in plan.changed[:MOST_SHOWN]],
        "kept": [_kept(event_id, one) for event_id, one in plan.kept[:MOST_SHOWN]],
        "bad": _rows(plan.bad),
        "notes": _rows(plan.notes),
        "unknown": dict(plan.unknown.most_common(MOST_SHOWN)),
        "offers": [[what, name, ids] for (what, name), ids in plan.offers.items()][:MOST_SHOWN],
        "unknown_units": sorted({p.value for p in plan.bad if p.code == "unknown_unit"}),
    }
    shown["digest"] = digest(plan)
    return shown


def digest(plan: Plan) -> str:
    """The same for plans that do the same."""
    said = hashlib.sha256()
    for fresh in plan.new:
        said.update(repr((fresh.series, [told.key for _, told in fresh.dates])).encode())
    for change in plan.changed:
        dates = [(one.recurrence_id, one.to) for one in change.merged.dates]
        joining = sorted((start, told.key) for start, told in change.fresh.items())
        said.update(repr((change.event_id, change.merged.details, dates, joining)).encode())
    said.update(json.dumps([plan.gone, sorted(p.row for p in plan.bad)]).encode())
    return said.hexdigest()[:16]


def _fresh(fresh: Fresh) -> dict[str, Any]:
    start, told = fresh.dates[0]
    return {
        "title": told.title,
        "kind": told.about.kind,
        "ages": [told.about.age_from, told.about.age_to],
        "unit": told.about.unit_id,
        "where": list(told.where),
        "starts": start.isoformat(),
        "ends": told.ends.isoformat(),
        "is_off": all(one.is_cancelled for _, one in fresh.dates),
        "whole": told.about.is_all_day,
        "dates": len(fresh.dates),
        "last": fresh.dates[-1][0].date().isoformat(),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "event": change.event_id,
        "title": change.title,
        "fields": [_difference(one) for one in change.merged.changes],
        "dates": [
            {
                "starts": one.recurrence_id.isoformat(),
                "fields": [_difference(difference) for difference in one.changes],
            }
            for one in change.merged.dates
        ][:MOST_SHOWN],
        "joining": len(change.fresh),
    }


def _kept(event_id: int, one: Difference) -> dict[str, Any]:
    return {"event": event_id, "mark": one.mark, "field": _difference(one)}


def _difference(one: Difference) -> list[Any]:
    return [one.field, plain(one.here), plain(one.there)]


def plain(value: Any) -> Any:
    """A value of a field as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


def _rows(problems: Iterable[RowProblem]) -> list[list[Any]]:
    return [[one.row, one.column, one.code, one.value] for one in problems][:MOST_SHOWN]
