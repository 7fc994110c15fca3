"""The figures: one line each in the table, one entry each in results.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A measured value beside its floor (must hold) and its goal (aimed at)."""

    row: int
    name: str
    value: float
    floor: float
    goal: float
    better: str = "higher"

    def reaches(self, limit: float) -> bool:
        return self.value >= limit if self.better == "higher" else self.value <= limit

    @property
    def verdict(self) -> str:
        if self.reaches(self.goal):
            return "goal"
        return "floor" if self.reaches(self.floor) else "BELOW"


def table(figures: list[Figure]) -> str:
    width = max(len(figure.name) for figure in figures)
    lines = [f"{'row':>3}  {'what':<{width}}  {'value':>9}  {'floor':>7}  {'goal':>7}  verdict"]
    for f in figures:
        sign = "≥" if f.better == "higher" else "≤"
        lines.append(
            f"{f.row:>3}  {f.name:<{width}}  {f.value:>9.3f}  {sign}{f.floor:>6g}"
            f"  {sign}{f.goal:>6g}  {f.verdict}"
        )
    return "\n".join(lines)


def write(figures: list[Figure], path: Path) -> None:
    rows = [{**asdict(figure), "value": round(figure.value, 4)} for figure in figures]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
