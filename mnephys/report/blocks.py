"""Names of wells in few words: blocks of the plate in place of single names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mnephys.plot import labels, wells
from mnephys.wording import joined

__all__ = ["blocks"]

_DASH = "\N{EN DASH}"

Runs = tuple[tuple[int, int], ...]


def blocks(names: Iterable[str]) -> str:
    r"""Return the names of wells, neighbours joined.

    Parameters
    ----------
    names : iterable of str
        In any order; what is no name of a well stands at the end as it is.

    Returns
    -------
    str
        Wells of one row as ``A9`` to ``A12`` with a dash, the same columns of several rows together.

    Examples
    --------
    >>> blocks(["A9", "A10", "A11", "C3"]).replace("\N{EN DASH}", "-")
    'A9-A11, C3'
    >>> blocks([f"{row}{column}" for row in "ABC" for column in (1, 2, 5)]).replace("\N{EN DASH}", "-")
    'rows A-C, columns 1-2 and 5'
    """
    rows: dict[int, list[int]] = {}
    others = []
    for name in dict.fromkeys(names):
        if (place := wells.place(name)) is None:
            others.append(labels.plain(name))
        else:
            rows.setdefault(place[0], []).append(place[1])
    bands: list[tuple[int, int, Runs]] = []
    for row in sorted(rows):
        runs = _runs(rows[row])
        if bands and bands[-1][1] == row - 1 and bands[-1][2] == runs:
            bands[-1] = (bands[-1][0], row, runs)
        else:
            bands.append((row, row, runs))
    words = [_band(*band) for band in bands]
    joint = "; " if any(first != last for first, last, _ in bands) else ", "
    return joint.join([*words, *([", ".join(others)] if others else [])])


def _runs(columns: Sequence[int]) -> Runs:
    """Return the first and the last of each series of neighbours."""
    runs: list[tuple[int, int]] = []
    for column in sorted(columns):
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return tuple(runs)


def _band(first: int, last: int, runs: Runs) -> str:
    letter = chr(ord("A") + first)
    if first == last:
        return ", ".join(_span(f"{letter}{left + 1}", f"{letter}{right + 1}") for left, right in runs)
    columns = [_span(str(left + 1), str(right + 1)) for left, right in runs]
    several = len(columns) > 1 or runs[0][0] != runs[0][1]
    return f"rows {_span(letter, chr(ord('A') + last))}, column{'s' * several} {joined(columns)}"


def _span(first: str, last: str) -> str:
    return first if first == last else f"{first}{_DASH}{last}"
