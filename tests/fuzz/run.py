"""Damages the seeds of a reader, many times, and counts what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from fuzz.isolation import Outcome, run
from fuzz.looks import Look, looks_at
from fuzz.mutations import cases_of, equal_parts
from fuzz.seed import Seed
from fuzz.verdict import FAILURES, GOOD, SeedTrial

__all__ = ["Failure", "Read", "Tally", "fuzz", "table"]

Read = Callable[..., list[Look]]


@dataclass(frozen=True, slots=True)
class Failure:
    """One bad outcome, with the file that was damaged."""

    seed: Seed
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.outcome.kind}: {self.seed.name}, {self.outcome.case.name}: {self.outcome.detail}"


@dataclass(slots=True)
class Tally:
    """What became of all cases of a reader."""

    reader: str
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    slowest: float = 0.0
    most_memory: int = 0

    def add(self, seed: Seed, outcome: Outcome) -> None:
        self.kinds[outcome.kind] += 1
        self.slowest = max(self.slowest, outcome.seconds)
        self.most_memory = max(self.most_memory, outcome.memory)
        if outcome.kind not in GOOD:
            self.failures.append(Failure(seed, outcome))

    @property
    def cases(self) -> int:
        return self.kinds.total()

    def row(self) -> list[str]:
        """Return the cells of this reader in `table`."""
        numbers = [self.cases, *(self.kinds[kind] for kind in GOOD), *(self.kinds[kind] for kind in FAILURES)]
        return [self.reader, *map(str, numbers), f"{self.slowest:.2f}", f"{self.most_memory / (1 << 20):.0f}"]


_TITLES = ["reader", "cases", *GOOD, *FAILURES, "slowest s", "most MB"]


def fuzz(reader: str, seeds: Sequence[Seed], count: int, read: Read = looks_at) -> Tally:
    """Return what became of so many damaged copies of some files, evenly of each."""
    tally = Tally(reader)
    for seed, part in zip(seeds, equal_parts(count, len(seeds)), strict=True):
        for outcome in run(SeedTrial(seed, read), cases_of(seed, part)):
            tally.add(seed, outcome)
    return tally


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return lines with a title and one row per reader."""
    cells = [_TITLES, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_TITLES))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
