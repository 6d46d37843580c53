"""Plain arrays out of an evidence record, which is JSON: lists with null where nothing was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["column", "excluded_sweeps", "family", "sweep_currents"]

Array = NDArray[np.float64]


def column(evidence: Mapping[str, Any], table: str, name: str) -> Array:
    """Return a numeric column of one of the record's tables, NaN for null.

    Parameters
    ----------
    evidence : mapping
        An evidence record.
    table, name : str
        For example ``"steps"`` and ``"current"``.

    Returns
    -------
    ndarray, shape (n_rows,)
        Empty where the record has no such table or column.

    Examples
    --------
    >>> column({"steps": {"current": [10, None]}}, "steps", "current")
    array([10., nan])
    """
    return np.array((evidence.get(table) or {}).get(name) or [], dtype=float)


def family(rows: Sequence[Sequence[float | None]] | None, length: int) -> Array:
    """Return sweeps as one array, NaN for null and behind short ones.

    Parameters
    ----------
    rows : sequence of sequences, or None
        One row per sweep.
    length : int
        Number of points of the time axis.

    Returns
    -------
    ndarray, shape (n_sweeps, length)
        Points beyond `length` are dropped.

    Examples
    --------
    >>> family([[1, None], [3]], 2)
    array([[ 1., nan],
           [ 3., nan]])
    """
    traces = np.full((len(rows or ()), length), np.nan)
    for trace, row in zip(traces, rows or (), strict=True):
        values = np.array(row[:length], dtype=float)
        trace[: values.size] = values
    return traces


def excluded_sweeps(evidence: Mapping[str, Any], n_sweeps: int) -> NDArray[np.bool_]:
    """Return which sweeps quality control left out.

    Parameters
    ----------
    evidence : mapping
        An evidence record.
    n_sweeps : int
        Number of sweeps of the record.

    Returns
    -------
    ndarray of bool, shape (n_sweeps,)
        True where excluded.

    Examples
    --------
    >>> excluded_sweeps({"excluded_sweeps": {"1": "seal lost"}}, 3)
    array([False,  True, False])
    """
    listed = np.array([int(sweep) for sweep in evidence.get("excluded_sweeps") or {}], dtype=int)
    return np.asarray(np.isin(np.arange(n_sweeps), listed))


def sweep_currents(evidence: Mapping[str, Any], n_sweeps: int) -> Array:
    """Return the largest step of each sweep.

    Parameters
    ----------
    evidence : mapping
        An evidence record.
    n_sweeps : int
        Number of sweeps of the record.

    Returns
    -------
    ndarray, shape (n_sweeps,)
        In the unit of the command, largest by size; NaN where no step is known.

    Examples
    --------
    >>> sweep_currents({"steps": {"sweep": [0, 0], "current": [10, -20]}}, 2)
    array([-20.,  nan])
    """
    sweep, current = column(evidence, "steps", "sweep"), column(evidence, "steps", "current")
    known = np.isfinite(current) & (sweep >= 0) & (sweep < n_sweeps)
    order = np.argsort(np.abs(current[known]), kind="stable")
    largest = np.full(n_sweeps, np.nan)
    largest[sweep[known][order].astype(int)] = current[known][order]
    return largest
