"""From current to a table of events, one row each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.synaptic.candidates import METHODS, find_candidates
from mnephys.patch.synaptic.fitting import draw
from mnephys.patch.synaptic.refining import Events, further, joined, refined
from mnephys.patch.synaptic.templates import Template, half_times, time_to_peak
from mnephys.patch.synaptic.unclamped import too_large
from mnephys.recording import BoolArray, FloatArray
from mnephys.wording import nearest

__all__ = ["DECAY_MS", "POLARITIES", "RISE_MS", "THRESHOLD_SD", "Found", "events", "find_events"]

POLARITIES = ("inward", "outward")
RISE_MS = 1.0
DECAY_MS = 8.0
THRESHOLD_SD = 5.0
MOST_ROUNDS = 4
FAST_SHARE = 0.25
FAST_LEAST = 3.0


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave.

    Parameters
    ----------
    columns : dict of str to ndarray, shape (n_events,)
        Of both polarities; see `events`.
    left_out : dict of str to int
        For each polarity how many events were too large or too fast for a synaptic current.
    searched : float
        Time that was looked at, in s.
    smallest : float
        The smallest amplitude that reaches the threshold, in pA.
    """

    columns: dict[str, NDArray[Any]]
    left_out: dict[str, int]
    searched: float
    smallest: float

    def of(self, polarity: str) -> dict[str, NDArray[Any]]:
        """Return the events of one polarity, counted anew.

        Parameters
        ----------
        polarity : str
            ``inward`` or ``outward``.

        Returns
        -------
        dict of str to ndarray, shape (n_events,)
            The columns of `events`.
        """
        side = (self.columns["amplitude"] < 0) == (polarity == "inward")
        columns = {name: column[side] for name, column in self.columns.items()}
        return {**columns, "event": np.arange(columns["event"].size)}


def find_events(
    current: FloatArray,
    searched: BoolArray,
    template: Template,
    method: str = "deconvolution",
    threshold: float = THRESHOLD_SD,
) -> Found:
    """Find the events of both polarities.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where to look; the current is finite there.
    template : Template
        What an event looks like.
    method : str
        See `events`.
    threshold : float
        See `events`.

    Returns
    -------
    Found
        Events, and what is to be known of the search.

    Raises
    ------
    ValueError
        If the method is unknown or the threshold is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> quiet = np.random.default_rng(0).normal(0.0, 1.0, (1, 50000))
    >>> found = find_events(quiet, np.isfinite(quiet), Template(1.0, 8.0, 10000.0))
    >>> found.columns["sweep"].size, round(found.searched, 2)
    (0, 4.97)
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, {nearest(str(method), METHODS)}")
    if not (np.isfinite(threshold) and threshold > 0):
        raise ValueError(f"threshold is {threshold}, needs a positive number of SD")
    current = np.asarray(current, dtype=np.float32)
    spikes = too_large(current, searched, template)
    searched = searched & ~spikes.mask
    found = Events.none()
    residual, peaks = current, find_candidates(current, searched, template, method, threshold)
    for _ in range(MOST_ROUNDS):
        more = further(peaks, residual, searched, template)
        if not more.sweep.size:
            break
        before = found.sweep.size
        found = refined(joined(found, more), current, searched, template, peaks.smallest)
        residual = current - draw(found.fits, found.sweep, found.onset, current.shape, template.sampling_rate)
        peaks = find_candidates(residual, searched, template, method, threshold)
        if found.sweep.size <= before:
            break
    columns = _columns(found, template)
    _, _, width = half_times(np.array([template.rise]), np.array([template.decay]))
    fast = (columns["half_width"] < FAST_SHARE * width) & (np.abs(columns["amplitude"]) > FAST_LEAST * peaks.smallest)
    outward = columns["amplitude"] > 0
    left_out = {
        name: int((fast & side).sum()) + spikes.count[name]
        for name, side in (("inward", ~outward), ("outward", outward))
    }
    columns = {name: column[~fast] for name, column in columns.items()}
    columns["event"] = np.arange(columns["sweep"].size)
    return Found(columns, left_out, peaks.searched_samples / template.sampling_rate, peaks.smallest)


def _columns(found: Events, template: Template) -> dict[str, NDArray[Any]]:
    sweep, fits = found.sweep, found.fits
    start = found.onset / template.sampling_rate + fits.onset / 1000.0
    order = np.lexsort((start, sweep))
    rise_time, half_decay, half_width = half_times(fits.rise, fits.decay)
    peak = start + time_to_peak(fits.rise, fits.decay) / 1000.0
    columns: dict[str, NDArray[Any]] = {
        "sweep": sweep,
        "event": np.arange(sweep.size),
        "onset_time": start,
        "peak_time": peak,
        "amplitude": fits.amplitude,
        "baseline": fits.baseline,
        "rise_time": rise_time,
        "decay_time": fits.decay,
        "half_decay_time": half_decay,
        "half_width": half_width,
        "detection_score": np.abs(found.score),
    }
    return {name: column[order] for name, column in columns.items()}


def events(
    current: FloatArray,
    sampling_rate: float,
    *,
    polarity: str = "inward",
    method: str = "deconvolution",
    rise: float = RISE_MS,
    decay: float = DECAY_MS,
    threshold: float = THRESHOLD_SD,
) -> dict[str, NDArray[Any]]:
    """Find postsynaptic currents and measure each.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA, at a constant command; NaN where nothing is to be looked for.
    sampling_rate : float
        In Hz.
    polarity : str
        ``inward`` for currents that go down, ``outward`` for those that go up.
    method : str
        ``template``: the sliding template of Clements & Bekkers (1997), doi:10.1016/S0006-3495(97)78062-7.
        ``deconvolution``: that of Pernia-Andrade et al. (2012), doi:10.1016/j.bpj.2012.08.039; it finds more of what
        overlaps, and more of what is faster or slower than the template.
    rise, decay : float
        Time constants of the template in ms; see `mnephys.patch.synaptic.templates.shape`.
    threshold : float
        Height of the detection trace in SD of its noise. The fixed criterion of 4 of Clements & Bekkers means another
        amplitude at each sampling rate and filter; in SD the rate of false events stays the same.

    Returns
    -------
    dict of str to ndarray, shape (n_events,)
        ``sweep`` and ``event`` (0-based); ``onset_time``, ``peak_time`` (s within the sweep); ``amplitude`` (pA,
        negative for inward currents), ``baseline`` (pA, without the event and those around it); ``rise_time``
        (10-90 %), ``decay_time`` (time constant), ``half_decay_time``, ``half_width`` (ms); ``detection_score`` (SD).

    Raises
    ------
    ValueError
        If a word is unknown, a number is not positive, or the array has more than two dimensions.

    Notes
    -----
    What is found is fitted with a bi-exponential each, all at once and neighbours taken away, and taken from the
    trace, which is then searched again: so large events hide no small ones. An event beside larger ones counts if it
    has a quarter of their current there, or all of it if that goes the other way; and within some 50 ms of larger ones
    if it has a twentieth of their amplitude, or a tenth. Amplitude, rise and decay are those of the fit: the highest
    sample would be too high by noise. Left out are events of more than 1 nA, with what is
    around them, and those narrower than a quarter of the template, if they reach three times the smallest amplitude
    that is found: action currents of an unclamped axon. Half a decay time constant before an onset and three after it
    have to be searched too, so events at the very ends are not seen.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.patch.synaptic.templates import shape
    >>> t = np.arange(20000) / 10.0
    >>> current = np.random.default_rng(1).normal(-50.0, 1.0, t.size) - 20.0 * shape(t - 1000.0, 1.0, 8.0)
    >>> found = events(current[np.newaxis], 10000.0)
    >>> found["onset_time"].round(2), found["amplitude"].round(0)
    (array([1.]), array([-20.]))
    """
    if polarity not in POLARITIES:
        raise ValueError(f"polarity is {polarity!r}, {nearest(str(polarity), POLARITIES)}")
    current = np.atleast_2d(np.asarray(current, dtype=np.float32))
    if current.ndim != 2:
        raise ValueError(f"current has shape {current.shape}, needs (n_sweeps, n_samples)")
    template = Template(rise, decay, sampling_rate)
    return find_events(current, np.isfinite(current), template, method, threshold).of(polarity)
