"""SPIKE-contrast: one number for the synchrony of a whole well, on the time scale at which it is greatest."""

from __future__ import annotations

import math

import numpy as np

from mnephys.mea.clock import covered_time
from mnephys.mea.segments import intervals
from mnephys.mea.tiles import spikes_of
from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import FloatArray, IntArray, SpikeTrains

__all__ = ["SPIKE_CONTRAST", "spike_contrast"]

SPIKE_CONTRAST = Feature(
    "spike_contrast",
    "1",
    ("well",),
    "SPIKE-contrast of the electrodes with a spike: synchrony on the time scale at which it is greatest",
    "10.1016/j.jneumeth.2017.09.008",
    (0, 1),
    {"min_bin_s": 0.01, "shrink": 0.9},
)
"""What `spike_contrast` measures."""


_INTERRUPTED = "the recording was interrupted, and its bins would span that"


def spike_contrast(
    trains: SpikeTrains, min_bin: float = 0.01, shrink: float = 0.9
) -> dict[str, Measurement] | Measurement:
    """Return the SPIKE-contrast of the trains of each group.

    The recording is cut into bins that overlap by half. Spikes that come together make the number of spikes rise and
    fall from bin to bin (contrast), and bring many trains into one bin (active trains). The product of both is taken
    over bins from half of the recording down to `min_bin`, and the largest counts.

    Parameters
    ----------
    trains : SpikeTrains
        Where `stop` is None, the last spike of all ends the recording. Trains without a spike are left out.
    min_bin : float
        Smallest bin in s; no bin is shorter than half of the shortest interval of all trains.
    shrink : float
        Each bin, of the one before it; between 0 and 1.

    Returns
    -------
    dict of str to Measurement, or Measurement
        One per group, or one of all trains where there are no groups. The value is from 0 to 1, and beside it stands
        how many trains are silent: two that fire together are as synchronous as a whole well. There is no value, but a
        reason, where fewer than two trains have a spike, none has two, the recording is too short for one bin, or was
        interrupted: bins from half of the recording down would span its gaps.

    Raises
    ------
    ValueError
        If a parameter cannot be.

    Notes
    -----
    Ciba et al. 2018, 10.1016/j.jneumeth.2017.09.008.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 5.0], [1.0, 5.0], [3.0, 8.0]], ["A1", "A1", "A1"], stop=10.0)
    >>> {label: round(row.value, 3) for label, row in spike_contrast(trains).items()}
    {'A1': 0.764}
    """
    if not (math.isfinite(min_bin) and min_bin > 0):
        raise ValueError(f"a smallest bin of {min_bin} s cannot be; give it in s")
    if not 0 < shrink < 1:
        raise ValueError(f"shrink is {shrink}, needs a number between 0 and 1")
    labels, group = trains.grouped()
    covered = covered_time(trains)
    begin, length = trains.start + float(covered[0, 0]), float(covered[0, 1] - covered[0, 0])
    found = {}
    for at, label in enumerate(labels):
        if len(covered) > 1:
            found[label] = SPIKE_CONTRAST.missing(Status.NOT_APPLICABLE, _INTERRUPTED, id=label)
            continue
        members = np.flatnonzero((group == at) & (trains.counts > 0))
        index, row = spikes_of(trains, members)
        between, _ = intervals(trains.times[index], np.searchsorted(row, np.arange(members.size + 1)))
        if why_not := _why_not(between, members.size, length, min_bin):
            found[label] = SPIKE_CONTRAST.missing(Status.TOO_FEW_EVENTS, why_not, id=label)
            continue
        shortest = float(between.min())
        bins = (shortest, max(shortest / 2.0, min_bin), shrink)
        value = _greatest(trains.times[index] - begin, row, members.size, length, bins)
        silent = int((group == at).sum()) - members.size
        found[label] = SPIKE_CONTRAST.measured(
            value, id=label, remark=f"{silent} silent trains left out" * (silent > 0)
        )
    return found[""] if trains.groups is None else found


def _why_not(between: FloatArray, n: int, length: float, min_bin: float) -> str:
    """Return why there is no contrast, given all intervals and the number of trains with a spike; empty if there is."""
    if n < 2:
        return "fewer than 2 trains have a spike"
    if between.size == 0:
        return "no train has 2 spikes"
    return "the recording is too short for one bin" * (length / 2.0 < max(float(between.min()) / 2.0, min_bin))


def _greatest(times: FloatArray, row: IntArray, n: int, length: float, bins: tuple[float, float, float]) -> float:
    """Return the contrast of the trains of one group, given shortest interval, smallest bin and shrinkage."""
    shortest, smallest, shrink = bins
    sizes = length / 2.0 * shrink ** np.arange(math.floor(math.log(length / 2.0 / smallest) / -math.log(shrink)) + 1)
    by_time = np.argsort(times, kind="stable")
    # Bins begin and end one shortest interval outside of the recording.
    ascending = times[by_time] + shortest
    return max(_synchrony(ascending, by_time, row, n, length + 2.0 * shortest, size) for size in sizes.tolist())


def _synchrony(times: FloatArray, by_time: IntArray, row: IntArray, n: int, length: float, size: float) -> float:
    """Return contrast times active trains for bins of one size."""
    half = size / 2.0
    n_halves = math.ceil(length / half)
    at = np.minimum(np.floor(times / half), n_halves - 1)
    # Of more than two empty halves in a row, two are as good as all: so there is no table of a long, silent recording.
    steps = np.diff(at, prepend=0.0)
    steps[0] = min(at[0], 2.0)
    near = np.cumsum(np.minimum(steps, 3.0)).astype(np.int64)
    n_near = int(near[-1] + min(n_halves - 1 - at[-1], 2.0)) + 1
    where = np.empty_like(near)
    where[by_time] = near
    spikes = np.bincount(where, minlength=n_near)
    first = np.ones(where.size, dtype=bool)
    first[1:] = (where[1:] != where[:-1]) | (row[1:] != row[:-1])
    half_of, train = where[first], row[first]
    goes_on = (half_of[1:] == half_of[:-1] + 1) & (train[1:] == train[:-1])
    active = np.bincount(half_of, minlength=n_near)
    twice = np.bincount(half_of[:-1][goes_on], minlength=n_near)
    # A bin is two halves; a train that is in both is one.
    in_bin = spikes[:-1] + spikes[1:]
    trains_in_bin = active[:-1] + active[1:] - twice[:-1]
    share = (float(trains_in_bin @ in_bin) / float(in_bin.sum()) - 1.0) / (n - 1)
    contrast = float(np.abs(np.diff(in_bin)).sum()) / (2.0 * times.size)
    return share * contrast
