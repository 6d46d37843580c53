"""The trace around each event, in bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.synaptic.templates import Template
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Windows", "cut_windows"]

BIN_DECAYS = 0.025
COARSEST_MS = 0.4
LEAD_DECAYS = 1.0
TAIL_DECAYS = 5.0
EVENTS_AT_ONCE = 512
PRECISION = 1e-4


@dataclass(frozen=True, slots=True)
class Windows:
    """The trace around each event, in bins of a fortieth of the template's decay and 0.4 ms at most.

    Parameters
    ----------
    current : ndarray, float, shape (n, n_bins)
        Mean of each bin in pA.
    known : ndarray, bool, shape (n, n_bins)
        Bins that were searched throughout.
    time : ndarray, float, shape (n_bins,)
        Middle of each bin in ms after the candidate's onset.
    at : ndarray, float, shape (n,)
        Onset of each candidate in ms on a common axis; sweeps are far apart on it.
    noise : float
        SD of the fast noise of a bin, in pA.
    """

    current: FloatArray
    known: BoolArray
    time: FloatArray
    at: FloatArray
    noise: float

    def take(self, kept: BoolArray) -> Windows:
        """Return those of some events.

        Parameters
        ----------
        kept : ndarray, bool, shape (n,)
            Which.

        Returns
        -------
        Windows
            On the same time axis.
        """
        return Windows(self.current[kept], self.known[kept], self.time, self.at[kept], self.noise)


def cut_windows(
    current: FloatArray,
    searched: BoolArray,
    template: Template,
    sweep: IntArray,
    onset: IntArray,
    reach: float | None = None,
) -> Windows:
    """Cut out the trace around each candidate.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Samples that may be used.
    template : Template
        Gives the length of the windows: a decay before the onset and five after it.
    sweep, onset : ndarray, int, shape (n,)
        Where the candidates are.
    reach : float, optional
        A decay in ms of which the windows are to hold five, if it is slower than the template's.

    Returns
    -------
    Windows
        Of all candidates.
    """
    step = 1000.0 / template.sampling_rate
    per_bin = max(1, round(min(BIN_DECAYS * template.decay, COARSEST_MS) / step))
    lead = max(1, round(LEAD_DECAYS * template.decay / (per_bin * step)))
    slowest = template.decay if reach is None else max(reach, template.decay)
    n_bins = lead + max(4, round(TAIL_DECAYS * slowest / (per_bin * step)))
    offsets = np.arange(-lead * per_bin, (n_bins - lead) * per_bin)
    n_samples = current.shape[1]
    means = np.zeros((sweep.size, n_bins))
    known = np.zeros((sweep.size, n_bins), dtype=bool)
    for start in range(0, sweep.size, EVENTS_AT_ONCE):
        part = slice(start, start + EVENTS_AT_ONCE)
        column = onset[part, None] + offsets
        inside = (column >= 0) & (column < n_samples)
        flat = sweep[part, None] * n_samples + np.clip(column, 0, n_samples - 1)
        usable = inside & searched.ravel()[flat]
        taken = np.where(usable, current.ravel()[flat], 0.0).reshape(-1, n_bins, per_bin)
        known[part] = usable.reshape(taken.shape).all(axis=2)
        means[part] = np.where(known[part], taken.mean(axis=2, dtype=np.float64), 0.0)
    time = ((np.arange(n_bins) - lead) * per_bin + 0.5 * (per_bin - 1)) * step
    at = onset * step + sweep * (n_samples * step + 100.0 * slowest)
    change = np.diff(means, axis=1)[known[:, 1:] & known[:, :-1]]
    noise = float(np.median(np.abs(change))) / 0.6745 / np.sqrt(2.0) if change.size else 0.0
    scale = float(np.abs(means).max(initial=0.0))
    return Windows(means, known, time, at, max(noise, PRECISION, 1e-6 * scale))
