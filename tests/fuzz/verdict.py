"""Whether the outcome of a damaged file is a good one."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.hdf5_values import TRAP
from fuzz.isolation import place_of
from fuzz.looks import Look, differences, looks_at
from fuzz.seed import Case, Seed, overlap

from mnephys.errors import ReadError
from mnephys.wording import one_line

__all__ = ["FAILURES", "GOOD", "SeedTrial"]

#: A typed error; the same data; a part of them, as it was; other data with a sentence about it; a forged value that
#: is as plausible as the true one, in a format without a checksum: its own bytes alone were changed, or others too.
GOOD = ("refused", "intact", "part", "told", "undetectable", "undetectable+")
#: Too long, the process ended, too much memory, an error of another type, a bad message, other data without a word.
FAILURES = ("hang", "died", "memory", "untyped", "message", "silent", "judge")

_LONGEST_MESSAGE = 500
_LOWEST_RATE, _HIGHEST_RATE = 100.0, 200_000.0
_MOST_SWEEPS, _MOST_CHANNELS = 50_000, 200_000


class SeedTrial:
    """Reads the damaged copies of a seed and judges what comes of them.

    `read` is the reader under test, by default `mnephys.readers.read_all` with `mnephys.pipeline.extract`.
    """

    def __init__(self, seed: Seed, read: Callable[..., list[Look]] = looks_at) -> None:
        self.seed, self.read = seed, read
        self.before: Sequence[Look] = ()

    def prepare(self, folder: Path) -> None:
        # Whoever follows a link of a hostile file waits here for ever.
        os.mkfifo(folder / TRAP)
        path = folder / self.seed.file_name
        path.write_bytes(self.seed.content)
        self.before = self.read(path, whole=True)
        self.read(path)
        path.unlink()

    def content(self, case: Case) -> bytes:
        return case.damaged(self.seed.content)

    def perform(self, path: Path) -> list[Look]:
        return self.read(path)

    def judge(self, case: Case, path: Path, found: Any, error: BaseException | None) -> tuple[str, str]:
        if error is not None:
            return _error(path, error)
        looks: list[Look] = found
        if bad := _bad_sentence(looks):
            return "message", bad
        allowed = self._allowed(case)
        differ = differences(self.before, looks, allowed)
        if not differ:
            return "intact", ""
        names = ", ".join(sorted(differ))
        known = frozenset().union(*(look.sentences for look in self.before))
        if new := [sentence for look in looks for sentence in look.sentences - known]:
            return "told", f"{names}: {new[0]}"
        kind = self._part(case, looks, allowed) or self._undetectable(case, differ, looks)
        return (
            (kind, names)
            if kind
            else ("silent", f"{names} changed without a word{_values(self.before, looks, differ)}")
        )

    def _part(self, case: Case, looks: Sequence[Look], allowed: int) -> str:
        """Return ``part`` where all that is there is as it was; an empty text otherwise."""
        less = differences(self.before, looks, allowed, part=True)
        if case.kind == "gone" and self._fewer(looks):
            # Who takes a whole entry away leaves nothing behind that could tell.
            less -= {"recordings", "channels", "electrodes"}
        return "" if less else "part"

    def _fewer(self, looks: Sequence[Look]) -> bool:
        """Return whether some recordings have no electrode that the undamaged ones had not."""
        had = {name for look in self.before for name in look.facts.get("electrodes", ())}
        return len(looks) <= len(self.before) and all(
            had.issuperset(look.facts.get("electrodes", ())) for look in looks
        )

    def _allowed(self, case: Case) -> int:
        """Return how many values the damage itself changes."""
        touched = case.touched(self.seed.content)
        if not self.seed.text:
            return overlap(touched, self.seed.payload)
        # A line that lost its end takes the next one with it.
        lines = sum(1 + self.seed.content.count(b"\n", begin, end) for begin, end in touched)
        return 2 * lines + sum(edit.new.count(b"\n") for edit in case.edits)

    def _undetectable(self, case: Case, differ: set[str], looks: Sequence[Look]) -> str:
        """Return how a change could not be noticed; an empty text where it could.

        ``undetectable``: exactly the bytes of one value were changed, to one that can be true, in a format without a
        checksum over it, and that value alone carries all that differs. ``undetectable+``: the same of several
        values whose bytes were changed, or with bytes beside them. Samples that nobody counted may become more.
        Nothing else is excused.
        """
        if not all(map(_credible, looks)):
            return ""
        if differ <= case.carries:
            return "undetectable"
        touched = case.touched(self.seed.content)
        hit = [field for field in self.seed.fields if field.carries and overlap(touched, [(field.at, field.end)])]
        among = overlap(touched, self.seed.payload) == sum(end - begin for begin, end in touched)
        if self.seed.endless and touched and among and differ <= {"length", "duration", "values"}:
            # Bytes were put in among samples that nobody counted.
            return "undetectable"
        for field in hit:
            if differ <= field.carries and all(field.at <= begin and end <= field.end for begin, end in touched):
                return "undetectable"
        return "undetectable+" if differ <= frozenset().union(*(field.carries for field in hit)) else ""


def _error(path: Path, error: BaseException) -> tuple[str, str]:
    text = str(error)
    if not isinstance(error, ReadError):
        return "untyped", place_of(error)
    if "\n" in text or "\r" in text or not text.isprintable():
        return "message", f"not one line: {text[:200]!r}"
    if len(text.replace(str(path), "")) >= _LONGEST_MESSAGE:
        return "message", f"{len(text)} signs long: {text[:200]}"
    if one_line(str(path)) not in text:
        return "message", f"does not name the file: {text[:200]}"
    return "refused", text


def _bad_sentence(looks: Sequence[Look]) -> str:
    """Return a sentence that a report could not show, or an empty text."""
    for sentence in (sentence for look in looks for sentence in look.sentences):
        if not sentence.isprintable() or len(sentence) >= _LONGEST_MESSAGE:
            return f"not one short line: {sentence[:200]!r}"
    return ""


def _credible(look: Look) -> bool:
    """Return whether a forged value is within the limits within which any value is believed."""
    rate = look.facts.get("rate")
    return (
        (rate is None or _LOWEST_RATE <= rate <= _HIGHEST_RATE)
        and 1 <= len(look.facts.get("sweeps", (1,))) <= _MOST_SWEEPS
        and len(look.facts.get("electrodes", ())) <= _MOST_CHANNELS
        and all(bool(np.isfinite(values).any()) for values in look.windows.values())
        and all(map(math.isfinite, look.amplitudes.values()))
    )


def _values(before: Sequence[Look], after: Sequence[Look], differ: set[str]) -> str:
    """Return what small facts were and are."""
    said = []
    for name in sorted(differ & {"rate", "unit", "channels", "sweeps", "length", "duration"}):
        old, new = (str([look.facts.get(name) for look in looks])[:80] for looks in (before, after))
        said.append(f"{name} {old} -> {new}")
    return f" ({'; '.join(said)})" if said else ""
