"""The one table: each row a ratio (or a number) of this run, its aim, and what it was made of."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table

Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Row:
    """One line. ``aim``: ``>= 8`` or ``<= 1.6``; empty: for information. ``parts``: what it was made of."""

    name: str
    value: float
    aim: str = ""
    note: str = ""
    unit: str = ""
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached; None without one."""
        if not self.aim:
            return None
        relation, _, number = self.aim.partition(" ")
        return self.value >= float(number) if relation == ">=" else self.value <= float(number)


def interleaved(rounds: int, ways: Mapping[str, Callable[[], Measured]]) -> dict[str, list[Measured]]:
    """Run every way once a round, one after the other; the first round warms up and is thrown away."""
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            measured = way()
            if number:
                found[name].append(measured)
    return found


def ratio_of(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of each round's own ratio: what disturbs a round disturbs both sides of it."""
    return median(a / b for a, b in zip(above, below, strict=True))


def show(rows: Sequence[Row], head: str) -> None:
    """Print it."""
    console = Console(width=max(Console().width, 150))
    table = Table(title=head, box=box.SIMPLE, title_justify="left")
    for column in ("measure", "value", "aim", "", "made of"):
        table.add_column(column, justify="right" if column in ("value", "aim") else "left")
    for row in rows:
        verdict = {True: "yes", False: "NO", None: ""}[row.reached]
        table.add_row(row.name, f"{row.value:.4g}{row.unit}", row.aim, verdict, row.note)
    console.print(table)


def write_json(rows: Sequence[Row], facts: dict[str, Any], file: Path) -> None:
    """Everything, for comparing runs."""
    listed = [asdict(row) | {"reached": row.reached} for row in rows]
    file.write_text(json.dumps({**facts, "rows": listed}, ensure_ascii=False, indent=1) + "\n")
