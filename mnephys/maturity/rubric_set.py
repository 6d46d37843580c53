"""The rubrics of a run: one for cells, one for wells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mnephys.errors import RubricError
from mnephys.maturity.model import Rubric
from mnephys.maturity.network_rubric import NetworkRubric, load_network_rubric
from mnephys.maturity.parse_scale import parse_toml, rubric_bytes
from mnephys.maturity.rubric import BUILT_IN, load_rubric

__all__ = ["RubricSet", "load_any", "load_rubrics"]


@dataclass(frozen=True, slots=True)
class RubricSet:
    """What counts as mature at each level.

    Parameters
    ----------
    cell : Rubric
        For cells.
    well : NetworkRubric
        For wells.
    """

    cell: Rubric
    well: NetworkRubric


def load_rubrics(paths: Sequence[Path | str] = ()) -> RubricSet:
    """Read the rubrics of a user; the built-in one of every level for which there is none.

    Parameters
    ----------
    paths : sequence of Path or str
        TOML files, or names of built-in rubrics; each says by its `level` what it is for.

    Returns
    -------
    RubricSet
        Valid.

    Raises
    ------
    RubricError
        If one cannot be read or is not valid, or two are for the same level.

    Examples
    --------
    >>> rubrics = load_rubrics()
    >>> rubrics.cell.name, rubrics.well.name
    ('spinal_motor_neuron', 'network')
    """
    given: dict[str, Path | str] = {}
    for path in paths:
        level = _level(path)
        if level in given:
            raise RubricError(f"{path}: is for level {level!r} too, as {given[level]} is; give one of them")
        given[level] = path
    return RubricSet(load_rubric(given.get("cell")), load_network_rubric(given.get("well")))


def load_any(path: Path | str) -> Rubric | NetworkRubric:
    """Read a rubric of whichever level.

    Parameters
    ----------
    path : Path or str
        A TOML file, or the name of a built-in rubric.

    Returns
    -------
    Rubric or NetworkRubric
        Valid.

    Raises
    ------
    RubricError
        If it cannot be read or is not valid.

    Examples
    --------
    >>> load_any("network").level
    'well'
    """
    return load_rubric(path) if _level(path) == "cell" else load_network_rubric(path)


def _level(path: Path | str) -> str:
    top, _ = parse_toml(*rubric_bytes(path, BUILT_IN))
    level = top.text("level")
    if level not in {"cell", "well"}:
        raise top.error(f"level is {level!r}", "write 'cell' or 'well'")
    return level
