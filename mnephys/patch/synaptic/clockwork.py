"""Events that come like clockwork: test pulses and stimuli whose command is not known, and no spontaneous currents."""

from __future__ import annotations

import numpy as np

from mnephys.recording import FloatArray, IntArray

__all__ = ["clock"]

JITTER = 0.01
LEAST_JITTER_S, MOST_JITTER_S = 0.0003, 0.0015
SHORTEST_S, LONGEST_S = 0.02, 15.0
MOST_EVENTS = 4000
MOST_PERIODS = 256
FEWEST = 4
LEAST_SHARE = 0.4
BY_CHANCE = 1e-6


def clock(sweep: IntArray, time: FloatArray, n_sweeps: int, seconds: float) -> str:
    """Say with what period some of the events come, if they do.

    Parameters
    ----------
    sweep : ndarray, int, shape (n,)
        Sweep of each event.
    time : ndarray, float, shape (n,)
        Onset within the sweep in s.
    n_sweeps : int
        Sweeps that there are.
    seconds : float
        Length of a sweep.

    Returns
    -------
    str
        Such as ``every 1 s``, ``at 0.16 s of every sweep``, or nothing.

    Notes
    -----
    A period counts where at least two fifths of the triples ``t, t + period, t + 2 period`` that fit into the sweeps
    are there, to 1 % of the period and 1.5 ms at most, and chance does not make as many. So does a time
    within the sweep at which two fifths of at least five sweeps have an event.

    Examples
    --------
    >>> import numpy as np
    >>> clock(np.zeros(30, dtype=int), 0.5 + np.arange(30.0), 1, 30.0)
    'every 1 s'
    >>> clock(np.zeros(30, dtype=int), np.sort(np.random.default_rng(0).uniform(0.0, 30.0, 30)), 1, 30.0)
    ''
    """
    order = np.lexsort((time, sweep))[:MOST_EVENTS]
    if order.size < FEWEST:
        return ""
    cut = order.size < time.size
    sweep, time = sweep[order], time[order]
    # Events that are not looked at leave no time without events.
    seconds = min(seconds, float(time.max())) if cut else seconds
    return _every_sweep(time, n_sweeps) or _every_period(sweep, time, seconds)


def _every_sweep(time: FloatArray, n_sweeps: int) -> str:
    from scipy.stats import binom

    if n_sweeps <= FEWEST:
        return ""
    sorted_time = np.sort(time)
    together = np.searchsorted(sorted_time, sorted_time + MOST_JITTER_S) - np.arange(time.size)
    best = int(together.argmax())
    number = int(together[best])
    span = max(float(np.ptp(time)), MOST_JITTER_S)
    chance = time.size * binom.sf(number - 2, time.size - 1, min(1.0, MOST_JITTER_S / span))
    if number < max(FEWEST + 1, LEAST_SHARE * n_sweeps) or chance > BY_CHANCE:
        return ""
    return f"at {sorted_time[best]:.3g} s of every sweep"


def _every_period(sweep: IntArray, time: FloatArray, seconds: float) -> str:
    from scipy.stats import poisson

    # Sweeps lie so far apart that no period leads from one to the next.
    at = time + sweep * (seconds + 3.0 * LONGEST_S)
    last = np.searchsorted(at, at + LONGEST_S)
    count = last - np.arange(at.size) - 1
    first = np.repeat(np.arange(at.size), count)
    second = first + 1 + np.arange(first.size) - np.repeat(np.cumsum(count) - count, count)
    gaps = at[second] - at[first]
    gaps = gaps[gaps >= SHORTEST_S]
    spans = np.array([np.ptp(part) for part in np.split(time, np.flatnonzero(np.diff(sweep)) + 1)])
    for period in _likely(gaps):
        jitter = float(np.clip(JITTER * period, LEAST_JITTER_S, MOST_JITTER_S))
        possible = float(np.maximum(np.round(spans / period) - 1.0, 0.0).sum())
        held = _has(at, at + period, jitter) & _has(at, at + 2.0 * period, 2.0 * jitter)
        number = int(held.sum())
        density = at.size / max(float(spans.sum()), seconds)
        expected = at.size * (1.0 - np.exp(-2.0 * density * jitter)) * (1.0 - np.exp(-4.0 * density * jitter))
        chance = gaps.size * poisson.sf(number - 2, expected)
        if number >= max(FEWEST, LEAST_SHARE * possible) and chance < BY_CHANCE:
            return f"every {period:.3g} s"
    return ""


def _likely(gaps: FloatArray) -> list[float]:
    """Return the most frequent gaps, the shortest first."""
    if gaps.size < FEWEST:
        return []
    edges = np.arange(SHORTEST_S, LONGEST_S + 2.0 * MOST_JITTER_S, MOST_JITTER_S)
    number, _ = np.histogram(gaps, edges)
    frequent = np.sort(np.argsort(number + np.append(number[1:], 0), kind="stable")[-MOST_PERIODS:])
    gaps = np.sort(gaps)
    bounds = np.searchsorted(gaps, np.stack([edges[frequent], edges[frequent] + 2.0 * MOST_JITTER_S]))
    return [float(np.median(gaps[begin:end])) for begin, end in bounds.T if end > begin]


def _has(at: FloatArray, wanted: FloatArray, within: float) -> np.ndarray:
    """Return for each wanted time whether there is an event near it."""
    return np.searchsorted(at, wanted - within) < np.searchsorted(at, wanted + within, side="right")
