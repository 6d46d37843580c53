"""The trains of action potentials of sweeps, one row per sweep, in equal-length columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.patch.intervals import adaptation_index, coefficient_of_variation, local_variation, train_means
from mnephys.recording import FloatArray

__all__ = ["TRAIN_COLUMNS", "ap_trains"]

TRAIN_COLUMNS = {
    "spike_count": "1",
    "firing_rate": "Hz",
    "first_spike_latency": "s",
    "last_spike_latency": "s",
    "first_isi": "s",
    "last_isi": "s",
    "mean_isi": "s",
    "shortest_isi": "s",
    "isi_cv": "1",
    "isi_lv": "1",
    "adaptation_index_ipfx": "1",
    "amplitude_change": "mV",
}
"""The columns of `ap_trains` and their units."""


def ap_trains(
    aps: Mapping[str, NDArray[np.generic]], n_sweeps: int, start: ArrayLike, stop: ArrayLike
) -> dict[str, FloatArray]:
    """Measure the train of action potentials of each sweep.

    Parameters
    ----------
    aps : mapping of str to ndarray, shape (n_action_potentials,)
        As `mnephys.patch.action_potentials` returns it, for the same `start` and `stop`.
    n_sweeps : int
        Sweeps that were looked at.
    start, stop : float or array_like, shape (n_sweeps,)
        Start and end of the current step in s.

    Returns
    -------
    dict of str to ndarray, float64, shape (n_sweeps,)
        The columns of `TRAIN_COLUMNS` with the units named there. Intervals lie between peaks, unless it says
        otherwise:

        ``spike_count``, ``firing_rate``
            Action potentials, and over the length of the step.
        ``first_spike_latency``, ``last_spike_latency``
            From `start` to the first and the last threshold.
        ``first_isi``, ``last_isi``, ``mean_isi``, ``shortest_isi``
            Of the intervals.
        ``isi_cv``
            Their standard deviation (ddof 0) over their mean.
        ``isi_lv``
            Their local variation (doi:10.1162/089976603322518759).
        ``adaptation_index_ipfx``
            Mean of the change from an interval to the next over their sum, all intervals, between thresholds, as
            IPFX's ``adapt`` has it (doi:10.1038/s41593-019-0417-0); positive where firing slows down.
        ``amplitude_change``
            Amplitude of the last minus that of the first action potential.

        NaN where a sweep has too few action potentials.

    Raises
    ------
    ValueError
        If an action potential belongs to a sweep that is not there, if the action potentials are not ordered by
        sweep, or if a step does not end after it starts.

    Examples
    --------
    >>> names = ("peak_time", "threshold_time", "amplitude")
    >>> aps = dict.fromkeys(names, np.array([0.1, 0.2, 0.4])) | {"sweep": np.array([1, 1, 1])}
    >>> trains = ap_trains(aps, 2, 0.0, 0.5)
    >>> trains["spike_count"], trains["first_isi"].round(3), trains["adaptation_index_ipfx"].round(3)
    (array([0., 3.]), array([nan, 0.1]), array([  nan, 0.333]))
    """
    sweep = np.asarray(aps["sweep"], dtype=np.int64)
    if sweep.size and not (sweep.min() >= 0 and sweep.max() < n_sweeps):
        raise ValueError(f"action potentials are of sweeps {sweep.min()} to {sweep.max()}, there are {n_sweeps}")
    if (sweep[1:] < sweep[:-1]).any():
        raise ValueError("the action potentials are not ordered by sweep")
    start, stop = (np.broadcast_to(np.asarray(edge, dtype=np.float64), (n_sweeps,)) for edge in (start, stop))
    if not (stop > start).all():
        wrong = int(np.argmin(stop > start))
        raise ValueError(f"the step of sweep {wrong} starts at {start[wrong]:g} s and ends at {stop[wrong]:g} s")
    count = np.bincount(sweep, minlength=n_sweeps)
    peak, threshold, amplitude = (
        np.asarray(aps[name], dtype=np.float64) for name in ("peak_time", "threshold_time", "amplitude")
    )
    within = sweep[1:] == sweep[:-1]
    isi, owner = np.diff(peak)[within], sweep[1:][within]
    return {
        "spike_count": count.astype(np.float64),
        "firing_rate": count / (stop - start),
        "first_spike_latency": _first(threshold, sweep, n_sweeps) - start,
        "last_spike_latency": _last(threshold, sweep, n_sweeps) - start,
        "first_isi": _first(isi, owner, n_sweeps),
        "last_isi": _last(isi, owner, n_sweeps),
        "mean_isi": train_means(isi, owner, n_sweeps),
        "shortest_isi": _smallest(isi, owner, n_sweeps),
        "isi_cv": coefficient_of_variation(isi, owner, n_sweeps),
        "isi_lv": local_variation(isi, owner, n_sweeps),
        "adaptation_index_ipfx": adaptation_index(np.diff(threshold)[within], owner, n_sweeps),
        "amplitude_change": np.where(
            count > 1, _last(amplitude, sweep, n_sweeps) - _first(amplitude, sweep, n_sweeps), np.nan
        ),
    }


def _first(values: FloatArray, owner: NDArray[np.int64], n: int) -> FloatArray:
    first = np.full(n, np.nan)
    first[owner[::-1]] = values[::-1]
    return first


def _last(values: FloatArray, owner: NDArray[np.int64], n: int) -> FloatArray:
    last = np.full(n, np.nan)
    last[owner] = values
    return last


def _smallest(values: FloatArray, owner: NDArray[np.int64], n: int) -> FloatArray:
    smallest = np.full(n, np.nan)
    np.fmin.at(smallest, owner, values)
    return smallest
