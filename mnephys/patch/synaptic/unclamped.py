"""Action currents of an unclamped axon, artefacts, and what follows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.synaptic.pieces import row_blocks
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Unclamped", "too_large"]

LARGEST_PA = 1000.0


@dataclass(frozen=True, slots=True)
class Unclamped:
    """Where the current is too large for a synaptic current.

    Parameters
    ----------
    mask : ndarray, bool, shape (n_sweeps, n_samples)
        What is left out.
    sweep, first : ndarray, int, shape (n,)
        Sweep and first sample of each excursion.
    sign : ndarray, float, shape (n,)
        -1 for inward ones, 1 for outward ones.
    """

    mask: BoolArray
    sweep: IntArray
    first: IntArray
    sign: FloatArray


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
    >>> found.first, found.sign, int(found.mask.sum())
    (array([5000]), array([-1.]), 539)
    """
    mask = np.zeros_like(searched)
    parts = [
        _of_some(current[rows], searched[rows], template, mask[rows], rows.start) for rows in row_blocks(mask.shape)
    ]
    none = np.zeros(0, dtype=np.int64)
    sweep, first, sign = (np.concatenate(column) for column in zip((none, none, np.zeros(0)), *parts, strict=True))
    return Unclamped(mask, sweep, first, sign)


def _of_some(
    current: FloatArray, searched: BoolArray, template: Template, mask: BoolArray, first_row: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Mark the surroundings in the mask; return sweep, first sample and sign of each excursion."""
    held = np.where(searched, current, np.float32(np.nan))
    known = searched.any(axis=1)
    level = np.zeros(current.shape[0], dtype=np.float32)
    level[known] = np.nanmedian(held[known], axis=1)
    before = template.lead
    after = 2 * template.tail
    sweeps, firsts, signs = [], [], []
    for sign in (-1.0, 1.0):
        hits = np.flatnonzero(searched & (sign * (current - level[:, None]) > LARGEST_PA))
        fresh = np.diff(hits, prepend=-2 * after) > before
        row = hits // current.shape[1]
        change = np.zeros((current.shape[0], current.shape[1] + 1), dtype=np.int32)
        column = hits - row * current.shape[1]
        sweeps.append(row[fresh] + first_row)
        firsts.append(column[fresh])
        signs.append(np.full(int(fresh.sum()), sign))
        np.add.at(change, (row, np.maximum(column - before, 0)), 1)
        np.add.at(change, (row, np.minimum(column + after, current.shape[1])), -1)
        if hits.size:
            mask |= np.cumsum(change, axis=1)[:, :-1] > 0
    return np.concatenate(sweeps), np.concatenate(firsts), np.concatenate(signs)
