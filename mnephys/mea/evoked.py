"""What stimuli evoke: peri-stimulus time histograms, response probability and latency of every electrode."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mnephys.mea.clock import covered_time
from mnephys.mea.definitions import TIE
from mnephys.mea.segments import group_medians
from mnephys.mea.stimuli import checked_times, first_pulses
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["ALPHA", "EvokedResponses", "evoked_responses"]

ALPHA = 0.05
"""Probability that a group without a response is said to have one, at most."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class EvokedResponses:
    """What every electrode does around stimuli.

    Parameters
    ----------
    stimuli : ndarray, float, shape (n_stimuli,)
        The stimuli that count, in s: the first pulses of trains, with the whole time around them recorded.
    n_left_out : int
        Pulses that do not: later ones of a train, and those near the ends of the recording or a gap of it.
    train_gap : float
        Pulses nearer than this were one stimulus, in s.
    window : tuple of float
        Where a response is looked for, in s after the stimulus.
    edges : ndarray, float, shape (n_bins + 1,)
        Borders of the bins of the histograms, in s after the stimulus.
    counts : ndarray, int, shape (n_trains, n_bins)
        Spikes of each electrode in each bin, of all stimuli together.
    responses, before : ndarray, int, shape (n_trains,)
        Stimuli with a spike in the window, and those with one in as much time just before the stimulus.
    latency : ndarray, float, shape (n_trains,)
        Median over the stimuli that are responded to of the first spike in the window, in ms after the stimulus; NaN
        where there is none.
    p : ndarray, float, shape (n_trains,)
        Probability of so many more responses than before stimuli by chance: exact one-sided test of McNemar.
    responds : ndarray, bool, shape (n_trains,)
        Where `p` times the electrodes of the group with a spike around a stimulus is at most `ALPHA`.
    """

    stimuli: FloatArray
    n_left_out: int
    train_gap: float
    window: tuple[float, float]
    edges: FloatArray
    counts: IntArray
    responses: IntArray
    before: IntArray
    latency: FloatArray
    p: FloatArray
    responds: BoolArray

    def __repr__(self) -> str:
        n = int(self.responds.sum())
        return f"EvokedResponses: {n} of {self.p.size} electrodes respond to {self.stimuli.size} stimuli"

    @property
    def rate(self) -> FloatArray:
        """The histograms in Hz, shape (n_trains, n_bins); NaN without a stimulus."""
        over = np.diff(self.edges) * self.stimuli.size
        return self.counts / over if self.stimuli.size else np.full(self.counts.shape, np.nan)

    @property
    def probability(self) -> FloatArray:
        """Stimuli that are responded to, of all, shape (n_trains,); NaN without a stimulus."""
        n = self.stimuli.size
        return self.responses / n if n else np.full(self.responses.size, np.nan)

    def well_rate(self, trains: SpikeTrains) -> FloatArray:
        """Return the histogram of each group: the rate of all its electrodes together.

        Parameters
        ----------
        trains : SpikeTrains
            Those that were measured.

        Returns
        -------
        ndarray, float, shape (n_groups, n_bins)
            In Hz; NaN without a stimulus.
        """
        labels, group = trains.grouped()
        total = np.zeros((len(labels), self.counts.shape[1]))
        np.add.at(total, group, self.rate)
        return total


def evoked_responses(
    trains: SpikeTrains,
    stimuli: ArrayLike,
    window: tuple[float, float] = (0.003, 0.1),
    around: tuple[float, float] = (-0.2, 0.5),
    bin: float = 0.01,  # noqa: A002 -- the field's word for it
    train_gap: float | None = None,
) -> EvokedResponses:
    """Measure what every electrode does around stimuli.

    Parameters
    ----------
    trains : SpikeTrains
        Any. Where `stop` is None, the last spike of all ends the recording.
    stimuli : array_like, shape (n_pulses,)
        In s, in any order, for example of `mnephys.mea.stimulus_times`. Pulses that follow one another within less
        than `train_gap` are one stimulus, at the first of them.
    window : tuple of float
        Where a response is looked for, in s after the stimulus; it begins when the artefact is over.
    around : tuple of float
        What the histogram spans, in s after the stimulus: from below 0, as long before the stimulus as the window is
        at least, to the window's end at least. Where stimuli follow one another faster, it is cut to the shortest time
        between two of them, at its end first: no spike counts twice.
    bin : float
        Width of the histogram's bins in s; the last one may reach beyond its end.
    train_gap : float, optional
        In s; if omitted, the length of the bins that hold the window and as much time before the stimulus: 0.2 s,
        because what is nearer has the response to one pulse before the next.

    Returns
    -------
    EvokedResponses
        Of all trains. All borders belong to what begins there, with the tolerance `mnephys.mea.TIE`.

    Raises
    ------
    ValueError
        If the window, the bins or the gap cannot be.

    Notes
    -----
    The test is that of McNemar 1947, 10.1007/BF02295996, in its exact form: of the stimuli with a spike either in the
    window or before the stimulus, and not both, as many or more have it in the window by tossing a coin.

    Examples
    --------
    >>> stimuli = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    >>> trains = SpikeTrains.from_lists([[t + 0.0205 for t in stimuli], [0.9, 4.4]], stop=10.0)
    >>> found = evoked_responses(trains, stimuli)
    >>> found
    EvokedResponses: 1 of 2 electrodes respond to 8 stimuli
    >>> found.probability, found.latency.round(2), found.rate[0, 20:24].round(1)
    (array([1., 0.]), array([20.5,  nan]), array([  0.,   0., 100.,   0.]))
    """
    every = around[0] + bin * np.arange(_checked(window, around, bin) + 1)
    needed = _needed(every, window)
    stretches = trains.start + covered_time(trains)
    pulses = checked_times(stimuli)
    gap = _gap(train_gap, every, needed)
    first = first_pulses(pulses, gap)
    edges = _cut(every, needed, float(np.diff(first).min(initial=np.inf)))
    n_bins = edges.size - 1
    at = np.searchsorted(stretches[:, 0] - TIE, first + edges[0], side="right") - 1
    whole = (at >= 0) & (first + edges[-1] <= stretches[at, 1] + TIE)
    kept = first[whole]
    train, stimulus, since = _around(trains, kept, edges)
    n_trains, n = trains.n_trains, kept.size
    at = np.minimum(np.floor((since - edges[0] + TIE) / bin).astype(np.int64), n_bins - 1)
    counts = np.bincount(train * n_bins + at, minlength=n_trains * n_bins).reshape(n_trains, n_bins)
    answer = (since >= window[0] - TIE) & (since < window[1] - TIE)
    earlier = (since >= window[0] - window[1] - TIE) & (since < -TIE)
    # Spikes are in order, so that the first of each pair of train and stimulus is the first response.
    pair, firsts = np.unique((train * n + stimulus)[answer], return_index=True)
    pair_before = np.unique((train * n + stimulus)[earlier])
    of = pair // max(n, 1)
    responses = np.bincount(of, minlength=n_trains)
    before = np.bincount(pair_before // max(n, 1), minlength=n_trains)
    both = np.bincount(of[np.isin(pair, pair_before)], minlength=n_trains)
    p = _tossed(responses - both, before - both)
    _, group = trains.grouped()
    seen = np.bincount(train, minlength=n_trains) > 0
    present = np.bincount(group[seen], minlength=int(group.max(initial=-1)) + 1)
    return EvokedResponses(
        stimuli=kept,
        n_left_out=int(pulses.size - n),
        train_gap=gap,
        window=(float(window[0]), float(window[1])),
        edges=edges,
        counts=counts,
        responses=responses,
        before=before,
        latency=1000.0 * group_medians(since[answer][firsts], of, n_trains),
        p=p,
        responds=p * np.maximum(present, 1)[group] <= ALPHA,
    )


def _checked(window: tuple[float, float], around: tuple[float, float], bin_: float) -> int:
    """Return the number of bins."""
    if not all(math.isfinite(number) for number in (*window, *around, bin_)):
        raise ValueError("window, around and bin need finite times in s")
    if not 0 <= window[0] < window[1]:
        raise ValueError(f"the window {window} needs to begin at the stimulus or later, and to end later still")
    if not (around[0] <= window[0] - window[1] + TIE and around[1] >= window[1] - TIE):
        raise ValueError(f"around {around} needs to span the window {window}, and as much before the stimulus")
    if not bin_ > 0 or (around[1] - around[0]) / bin_ > 1e5:
        raise ValueError(f"bins of {bin_} s cannot be; give a width in s, no more than 100000 bins")
    return max(math.ceil((around[1] - around[0]) / bin_ - 1e-9), 1)


def _needed(edges: FloatArray, window: tuple[float, float]) -> tuple[int, int]:
    """Return the first and the last border of the bins that hold the window and as much time before the stimulus."""
    first = int(np.searchsorted(edges, window[0] - window[1] + TIE, side="right")) - 1
    return first, min(int(np.searchsorted(edges, window[1] - TIE)), edges.size - 1)


def _gap(train_gap: float | None, edges: FloatArray, needed: tuple[int, int]) -> float:
    """Return below which time from the one before a pulse belongs to the same train."""
    least = float(edges[needed[1]] - edges[needed[0]])
    if train_gap is None:
        return least
    if not (math.isfinite(train_gap) and train_gap >= least - TIE):
        raise ValueError(f"a train_gap of {train_gap} s cannot be; windows and bins need {least:g} s or more")
    return train_gap


def _cut(edges: FloatArray, needed: tuple[int, int], period: float) -> FloatArray:
    """Return the borders of as many bins as the period holds; later ones are cut off first, and no needed one."""
    end = edges.size - 1
    excess = int(np.count_nonzero(edges[-1] - edges > period + TIE))
    later = min(excess, end - needed[1])
    return edges[min(excess - later, needed[0]) : end - later + 1]


def _around(trains: SpikeTrains, stimuli: FloatArray, edges: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return train, stimulus and time after it of every spike around a stimulus."""
    at = np.searchsorted(stimuli + edges[0] - TIE, trains.times, side="right") - 1
    since = trains.times - np.append(stimuli, np.inf)[at]
    inside = (since >= edges[0] - TIE) & (since < edges[-1] - TIE)
    return trains.train_of_spike[inside], at[inside], since[inside]


def _tossed(more: IntArray, less: IntArray) -> FloatArray:
    """Return the probability of at least `more` heads in as many tosses as there are of both."""
    from scipy.special import bdtrc

    p = np.ones(more.size)
    some = more > 0
    p[some] = bdtrc(more[some] - 1.0, (more + less)[some], 0.5)
    return p
