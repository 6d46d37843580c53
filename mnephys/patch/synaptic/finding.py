"""From current to a table of events, one row each: the template follows what is found with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.synaptic.candidates import METHODS
from mnephys.patch.synaptic.following import POLARITIES, dominant, first_search, of_side, wanted
from mnephys.patch.synaptic.leftout import LeftOut
from mnephys.patch.synaptic.refining import Events
from mnephys.patch.synaptic.searching import search, settled
from mnephys.patch.synaptic.templates import Template, half_times, time_to_peak
from mnephys.recording import BoolArray, FloatArray
from mnephys.wording import nearest

__all__ = ["DECAY_MS", "POLARITIES", "RISE_MS", "THRESHOLD_SD", "Found", "Side", "events", "find_events"]

RISE_MS = 1.0
DECAY_MS = 8.0
THRESHOLD_SD = 5.0
MOST_SEARCHES = 4


@dataclass(frozen=True, slots=True)
class Side:
    """What is to be known of the search for one polarity.

    Parameters
    ----------
    left_out : LeftOut
        What was found and is no synaptic current.
    template : Template
        The template of the last search.
    searched : float
        Time that was looked at, in s.
    smallest : float
        The smallest amplitude that reaches the threshold, in pA.
    """

    left_out: LeftOut
    template: Template
    searched: float
    smallest: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave.

    Parameters
    ----------
    columns : dict of str to ndarray, shape (n_events,)
        Of both polarities; see `events`.
    sides : dict of str to Side
        For each polarity.
    """

    columns: dict[str, NDArray[Any]]
    sides: dict[str, Side]

    @property
    def left_out(self) -> dict[str, int]:
        """For each polarity how many events are no synaptic currents."""
        return {polarity: side.left_out.kind.size for polarity, side in self.sides.items()}

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
        What an event looks like to begin with.
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
    >>> found.columns["sweep"].size, round(found.sides["inward"].searched, 2)
    (0, 4.97)
    """
    if method not in METHODS:
        raise ValueError(f"method is {method!r}, {nearest(str(method), METHODS)}")
    if not (np.isfinite(threshold) and threshold > 0):
        raise ValueError(f"threshold is {threshold}, needs a positive number of SD")
    current = np.asarray(current, dtype=np.float32)
    done = first_search(current, searched, template, method, threshold)
    for _ in range(MOST_SEARCHES - 1):
        better = wanted(done, dominant(done.kept))
        if better is None:
            break
        done = search(current, searched, *better, method, threshold)
    each = {}
    for polarity in POLARITIES:
        better = wanted(done, polarity)
        last = done if better is None else search(current, searched, *better, method, threshold)
        each[polarity] = settled(last, current)
    columns = [_columns(of_side(each[polarity].kept, polarity), template.sampling_rate) for polarity in POLARITIES]
    both = {name: np.concatenate([column[name] for column in columns]) for name in columns[0]}
    order = np.lexsort((both["onset_time"], both["sweep"]))
    both = {name: column[order] for name, column in both.items()}
    both["event"] = np.arange(order.size)
    sides = {p: Side(s.left_out.of(p), s.template, s.searched, s.smallest) for p, s in each.items()}
    return Found(both, sides)


def _columns(found: Events, sampling_rate: float) -> dict[str, NDArray[Any]]:
    sweep, fits = found.sweep, found.fits
    start = found.onset / sampling_rate + fits.onset / 1000.0
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
    trace, which is then searched again: so large events hide no small ones. Where the events turn out to be 1.5 times
    as slow or as fast as the template, or the slowest tenth of their current three times as slow as what the fits see
    the end of, all is done again with a template like them, four times at most. Where fewer than eight
    are found, or more is left out, a template that rises with 4 and decays with 60 ms is tried; it counts if it finds
    more, and eight at least, so fewer slow ones than that may be missed. On simulated currents of five times the
    noise, decays of 40 to 150 ms were found with recalls of 0.94 and more, of rises of 2 or of 8 ms.

    Events closer than about 4 ms are found as one and parted where two fit better than one: see
    `mnephys.patch.synaptic.splitting.split`. An event has one decay time constant: the tail of one that decays with
    two may be found as a second event. Of 197 simulated ones in noise of 2 pA SD whose current decayed with
    3 ms and a fifth of it with 60 ms, none was counted twice at 30 pA, 19 were at 100 pA and 48 at 300 pA; with 4 ms
    and three tenths with 30 ms, none, 10 and one.

    An event beside larger ones counts if it has a quarter of their current there, or all of it if that goes the other
    way; and within some 50 ms of larger ones if it has a twentieth of their amplitude, or a tenth; or a fifth, within
    five of their decay time constants, if it goes the other way. Amplitude, rise and decay are those of the fit: the
    highest sample would be too high by noise.

    Left out are events of more than 1 nA, with what is around them; those with a half-width of less than 1 ms that
    reach three times the smallest amplitude that is found, see `mnephys.patch.synaptic.searching.search`; and steps,
    see `mnephys.patch.synaptic.squares.squares`. Half a decay time constant before an onset and three after it have to
    be searched too, so events at the very ends are not seen.

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
