"""Measured values beside the bars they are held to."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """One number; ``bar`` is what it must reach: at most, or with ``at_least`` at least."""

    what: str
    value: float
    unit: str = ""
    bar: float | None = None
    at_least: bool = False

    @property
    def passed(self) -> bool:
        """Whether the bar is reached; without a bar always."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def cells(self) -> tuple[str, str, str, str]:
        """What, value, bar and verdict as text."""
        bar = "" if self.bar is None else f"{'≥' if self.at_least else '≤'} {_number(self.bar)} {self.unit}".rstrip()
        verdict = "" if self.bar is None else "pass" if self.passed else "FAIL"
        return self.what, f"{_number(self.value)} {self.unit}".rstrip(), bar, verdict


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def print_table(title: str, measures: Iterable[Measure]) -> None:
    """A Markdown table, as the README has it."""
    rows = [("", "measured", "bar", ""), *(m.cells() for m in measures)]
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    lines = ["| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    print(f"\n### {title}\n\n" + "\n".join(lines), flush=True)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Median wall-clock time of ``work``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)
