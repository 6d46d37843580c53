"""Action currents of an unclamped axon, artefacts, and what follows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, FloatArray

__all__ = ["Unclamped", "too_large"]

LARGEST_PA = 1000.0


@dataclass(frozen=True, slots=True)
class Unclamped:
    """Where the current is too large for a synaptic current.

    Parameters
    ----------
    mask : ndarray, bool, shape (n_sweeps, n_samples)
        What is left out.
    count : dict of str to int
        For each polarity how often.
    """

    mask: BoolArray
    count: dict[str, int]


def too_large(current: FloatArray, searched: BoolArray, template: Template) -> Unclamped:
    """Find where the current leaves the sweep's median by more than 1 nA.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where to look.
    template : Template
        Gives how much around it is left out too: half a decay time constant before, six after.

    Returns
    -------
    Unclamped
        Excursions less than half a decay time constant apart are one.

    Examples
    --------
    >>> import numpy as np
    >>> current = np.zeros((1, 10000))
    >>> current[0, 5000:5020] = -3000.0
    >>> found = too_large(current, current <= 0, Template(1.0, 8.0, 10000.0))
    >>> found.count, int(found.mask.sum())
    ({'inward': 1, 'outward': 0}, 539)
    """
    held = np.where(searched, current, np.float32(np.nan))
    known = searched.any(axis=1)
    level = np.zeros(current.shape[0], dtype=np.float32)
    level[known] = np.nanmedian(held[known], axis=1)
    before = template.lead
    after = 2 * template.tail
    mask = np.zeros_like(searched)
    count: dict[str, int] = {}
    for name, sign in (("inward", -1.0), ("outward", 1.0)):
        hits = np.flatnonzero(searched & (sign * (current - level[:, None]) > LARGEST_PA))
        fresh = np.diff(hits, prepend=-2 * after) > before
        count[name] = int(fresh.sum())
        row = hits // current.shape[1]
        change = np.zeros((current.shape[0], current.shape[1] + 1), dtype=np.int32)
        column = hits - row * current.shape[1]
        np.add.at(change, (row, np.maximum(column - before, 0)), 1)
        np.add.at(change, (row, np.minimum(column + after, current.shape[1])), -1)
        if hits.size:
            mask |= np.cumsum(change, axis=1)[:, :-1] > 0
    return Unclamped(mask, count)
