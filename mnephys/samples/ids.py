"""Names for cells: as short as they can be while no two are the same."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from typing import NamedTuple

from mnephys.samples.sample import Sample
from mnephys.samples.text import natural_key
from mnephys.wording import one_line

__all__ = ["CellKey", "cell_ids", "cell_key"]


class CellKey(NamedTuple):
    """What makes two recordings those of one cell: all four are equal.

    Parameters
    ----------
    line, differentiation, plate, cell : str
        As in `Sample`.
    """

    line: str
    differentiation: str
    plate: str
    cell: str


def cell_key(sample: Sample) -> CellKey:
    """Return the key of the cell that was recorded.

    Parameters
    ----------
    sample : Sample
        Of one recording.

    Returns
    -------
    CellKey
        Its four fields.

    Examples
    --------
    >>> cell_key(Sample("a.abf", line="WT", cell="c1"))
    CellKey(line='WT', differentiation='', plate='', cell='c1')
    """
    return CellKey(sample.line, sample.differentiation, sample.plate, sample.cell)


def cell_ids(keys: Iterable[CellKey], taken: Collection[str] = ()) -> dict[CellKey, str]:
    """Return a name for each cell: its own, and in front of it what it takes to tell it from others.

    Parameters
    ----------
    keys : iterable of CellKey
        All cells, each once.
    taken : collection of str
        Names that are no longer free.

    Returns
    -------
    dict of CellKey to str
        On one line, no two the same.

    Examples
    --------
    >>> keys = [CellKey("WT", "d1", "", "c1"), CellKey("KO", "d1", "", "c1"), CellKey("KO", "d1", "", "c2")]
    >>> list(cell_ids(keys).values())
    ['KO c1', 'WT c1', 'c2']
    """
    used = set(taken)
    found: dict[CellKey, str] = {}
    ordered = sorted(keys, key=lambda key: (natural_key(key.cell), key))
    for _, group in itertools.groupby(ordered, key=lambda key: key.cell):
        named = _shortest(list(group), used)
        used.update(named.values())
        found |= named
    return found


def _shortest(keys: list[CellKey], used: set[str]) -> dict[CellKey, str]:
    """Return names for cells that are called the same, with the fewest parts that tell them apart."""
    for n_parts in range(4):
        for parts in itertools.combinations(range(3), n_parts):
            names = [_joined(key, parts) for key in keys]
            if len(set(names)) == len(names) and used.isdisjoint(names):
                return dict(zip(keys, names, strict=True))
    # Parts that hold spaces can be joined to the same text; then only a number tells them apart.
    numbered: dict[CellKey, str] = {}
    for key in keys:
        name = _joined(key, (0, 1, 2))
        free = (name if i == 1 else f"{name} ({i})" for i in itertools.count(1))
        numbered[key] = next(text for text in free if text not in used and text not in numbered.values())
    return numbered


def _joined(key: CellKey, parts: tuple[int, ...]) -> str:
    # A name of control characters alone would leave nothing to read.
    texts = [one_line(text) or repr(text) for text in (*(key[i] for i in parts), key.cell) if text]
    return " ".join(texts)
