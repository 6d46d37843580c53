"""What was injected when: the steps of a family, from its command or from the response alone.

The edges of all sweeps together cut the time axis into cells; a sweep's current in each cell is read
off its command. So a step of 0 pA has its window too, and a sweep may hold several steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["Steps", "find_steps", "infer_steps"]

PULSE_MS = 5.0
EDGE_MERGE_MS = 1.0
MIN_STEP_PA = 0.5
NOISE_MULTIPLE = 8.0
RAMP_SHARE = 0.05
MIN_SWEEPS_TO_INFER = 3


@dataclass(frozen=True, slots=True)
class Steps:
    """The constant stretches of the injected current, one row per sweep and stretch.

    Parameters
    ----------
    sweep, order : ndarray, int, shape (n,)
        0-based sweep, and 0-based position of the stretch within it.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices.
    current : ndarray, float, shape (n,)
        In pA, relative to nothing; NaN where the command is unknown.
    before : ndarray, float, shape (n,)
        Current of the stretch before in pA; equal to `current` in the first stretch of a sweep.
    holding : ndarray, float, shape (n,)
        Current at the start of the sweep in pA.
    test : ndarray, bool, shape (n,)
        True where the current differs between sweeps (or, in a single sweep or a series of repeats,
        from holding): these are the steps of the protocol. Prepulses that are the same in every sweep
        are not.
    ramp : ndarray, bool, shape (n,)
        True where the command changes throughout the stretch.
    n_samples : int
        Samples of a sweep.
    sampling_rate : float
        In Hz.
    """

    sweep: IntArray
    order: IntArray
    start: IntArray
    stop: IntArray
    current: FloatArray
    before: FloatArray
    holding: FloatArray
    test: NDArray[np.bool_]
    ramp: NDArray[np.bool_]
    n_samples: int
    sampling_rate: float

    def __len__(self) -> int:
        return int(self.sweep.size)

    @property
    def duration(self) -> FloatArray:
        """Length of each stretch in s."""
        return (self.stop - self.start) / self.sampling_rate

    @property
    def pulse(self) -> NDArray[np.bool_]:
        """True for test pulses of at most 5 ms: their action potential comes after them."""
        return self.test & (self.duration <= PULSE_MS / 1000.0 + 1e-9)

    @property
    def from_holding(self) -> NDArray[np.bool_]:
        """True where the stretch follows the holding current, not another step."""
        return np.isclose(self.before, self.holding, atol=MIN_STEP_PA) | np.isnan(self.current)

    @property
    def rising_edges(self) -> IntArray:
        """Flat index of each stretch at whose start the current rises, or may rise."""
        first = self.start % self.n_samples == 0
        return np.sort(self.start[~first & ~(self.current <= self.before) & ~self.ramp])

    @property
    def level(self) -> FloatArray:
        """The current rounded to 1 % of the largest: recorded commands repeat a level only almost."""
        largest = float(np.nanmax(np.abs(self.current), initial=0.0))
        grain = max(0.01 * largest, 1e-3)
        level: FloatArray = np.round(self.current / grain) * grain
        return level

    def start_time(self) -> FloatArray:
        """Return when each stretch starts.

        Returns
        -------
        ndarray, float, shape (n,)
            Time within its sweep in s.
        """
        return (self.start - self.sweep * self.n_samples) / self.sampling_rate

    def stop_time(self) -> FloatArray:
        """Return when each stretch ends.

        Returns
        -------
        ndarray, float, shape (n,)
            Time within its sweep in s.
        """
        return (self.stop - self.sweep * self.n_samples) / self.sampling_rate

    def of(self, flat: FloatArray) -> IntArray:
        """Return the rows that hold samples.

        Parameters
        ----------
        flat : ndarray, float, shape (n,)
            Flat sample indices.

        Returns
        -------
        ndarray, int, shape (n,)
            Row of each.
        """
        return np.searchsorted(self.start, flat, side="right") - 1


def find_steps(command: FloatArray, sampling_rate: float, n_valid: IntArray) -> Steps:
    """Cut a family into stretches of constant current.

    Parameters
    ----------
    command : ndarray, float, shape (n_sweeps, n_samples)
        Injected current in pA, drawn or recorded.
    sampling_rate : float
        In Hz.
    n_valid : ndarray, int, shape (n_sweeps,)
        Samples of each sweep that were recorded.

    Returns
    -------
    Steps
        Ordered by sweep and time; covers every recorded sample once.

    Examples
    --------
    >>> import numpy as np
    >>> command = np.zeros((2, 300)); command[1, 100:200] = 50.0
    >>> steps = find_steps(command, 1000.0, np.array([300, 300]))
    >>> steps.current[steps.test]
    array([ 0., 50.])
    """
    command = np.nan_to_num(np.asarray(command, dtype=np.float32))
    changed, limit = _changes(command, sampling_rate)
    sweep, start, stop, column = _stretches(_edges(changed, sampling_rate), changed, n_valid)
    level, ramp = _levels(command.ravel(), start, stop, limit, sampling_rate)
    first = np.concatenate([[True], sweep[1:] != sweep[:-1]])
    before = np.where(first, level, np.concatenate([level[:1], level[:-1]]))
    holding = level[first][np.searchsorted(sweep[first], sweep)]
    away = (np.abs(level - holding) > limit) & ~first
    varied = _varies(level, column, limit) & ~first
    test = (varied if (varied & ~ramp).any() else away) & ~ramp
    order = column if column.size and column.max() >= 0 else np.arange(sweep.size) - np.flatnonzero(first)[sweep]
    return Steps(sweep, order, start, stop, level, before, holding, test, ramp, command.shape[1], float(sampling_rate))


def infer_steps(voltage: FloatArray, sampling_rate: float, n_valid: IntArray) -> Steps:
    """Cut a family into stretches by the kinks of the response, where no command is known.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        In mV.
    sampling_rate : float
        In Hz.
    n_valid : ndarray, int, shape (n_sweeps,)
        Samples of each sweep that were recorded.

    Returns
    -------
    Steps
        With `current` NaN; a family without common kinks is one stretch per sweep.

    Notes
    -----
    An edge of the injected current bends the voltage of most sweeps at the same sample; action
    potentials do not. The median over sweeps of the bend, against its own noise, finds it. What
    differs most between sweeps at its end is taken for the step.

    Examples
    --------
    >>> import numpy as np
    >>> voltage = np.full((5, 3000), -70.0)
    >>> charging = 1 - np.exp(-np.arange(1000) / 100)
    >>> voltage[:, 1000:2000] += np.array([-20, -10, 10, 20, 30])[:, np.newaxis] * charging
    >>> steps = infer_steps(voltage, 10000.0, np.full(5, 3000))
    >>> steps.start_time()[steps.test]
    array([0.1, 0.1, 0.1, 0.1, 0.1])
    """
    voltage = np.asarray(voltage, dtype=np.float32)
    edges = _kinks(voltage, sampling_rate)
    sweep, start, stop, column = _product(edges, voltage.shape, n_valid)
    late = stretch_mean(voltage.ravel(), start + (stop - start) * 4 // 5, stop)
    spread = np.array([np.nanstd(late[column == c]) for c in range(edges.size + 1)])
    test = (column == int(np.argmax(spread))) & (edges.size > 0) & (column > 0)
    unknown = np.full(sweep.size, np.nan)
    ramp = np.zeros(sweep.size, dtype=bool)
    return Steps(
        sweep, column, start, stop, unknown, unknown, unknown, test, ramp, voltage.shape[1], float(sampling_rate)
    )


def _changes(command: FloatArray, sampling_rate: float) -> tuple[NDArray[np.bool_], float]:
    """Return where each sweep's current changes, and the smallest change that counts, in pA."""
    difference = np.abs(np.diff(command, axis=1, prepend=command[:, :1]))
    span = float(command.max() - command.min())
    if _is_drawn(command):
        return difference > 1e-5 * span, max(1e-4 * span, 1e-3)
    width = max(1, round(EDGE_MERGE_MS / 2000.0 * sampling_rate))
    total = np.cumsum(command, axis=1, dtype=np.float64)
    jump = np.zeros(command.shape)
    middle = slice(width, command.shape[1] - width)
    ahead = total[:, 2 * width :] - total[:, width:-width]
    behind = total[:, width:-width] - total[:, : -2 * width]
    jump[:, middle] = np.abs(ahead - behind) / width
    limit = max(NOISE_MULTIPLE * float(np.median(jump)), 0.02 * span, MIN_STEP_PA)
    from scipy.ndimage import maximum_filter1d

    crest = maximum_filter1d(jump, 2 * width + 1, axis=1)
    found = np.zeros(command.shape, dtype=bool)
    found[:, 1:] = ((jump >= limit) & (jump == crest))[:, :-1]
    return found, limit


def _is_drawn(command: FloatArray) -> bool:
    """Return whether a command is smooth but for its edges; a recorded one is noisy everywhere."""
    change = np.diff(command, axis=1)
    if change.shape[1] < 2:
        return True
    bend = np.median(np.abs(np.diff(change, axis=1)))
    return bool(bend <= 0.1 * np.median(np.abs(change)))


def _edges(changed: NDArray[np.bool_], sampling_rate: float) -> IntArray:
    """Return the samples at which any sweep begins or ends to change."""
    at = np.flatnonzero(changed.any(axis=0))
    if not at.size:
        return at
    merge = max(1, round(EDGE_MERGE_MS / 1000.0 * sampling_rate))
    breaks = np.flatnonzero(np.diff(at) > merge)
    first = at[np.concatenate([[0], breaks + 1])]
    last = at[np.concatenate([breaks, [at.size - 1]])]
    edges = np.unique(np.concatenate([first, last[last - first > merge]]))
    inside: IntArray = edges[edges < changed.shape[1]]
    return inside


def _stretches(
    edges: IntArray, changed: NDArray[np.bool_], n_valid: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return sweep, start, stop and column of every stretch; column -1 where sweeps have edges of their own."""
    n_sweeps, n_samples = changed.shape
    busiest = int(changed.sum(axis=1).max())
    if edges.size <= busiest + 1:
        return _product(edges, changed.shape, n_valid)
    sweep, at = np.nonzero(changed)
    own = np.unique(np.concatenate([sweep * n_samples + at, np.arange(n_sweeps) * n_samples]))
    stop = np.append(own[1:], n_sweeps * n_samples)
    return _recorded(own // n_samples, own, stop, np.full(own.size, -1), n_samples, n_valid)


def _product(
    edges: IntArray, shape: tuple[int, ...], n_valid: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    n_sweeps, n_samples = shape
    bounds = np.concatenate([[0], edges[edges > 0], [n_samples]])
    n_columns = bounds.size - 1
    sweep = np.repeat(np.arange(n_sweeps), n_columns)
    column = np.tile(np.arange(n_columns), n_sweeps)
    base = sweep * n_samples
    return _recorded(sweep, base + bounds[column], base + bounds[column + 1], column, n_samples, n_valid)


def _recorded(
    sweep: IntArray, start: IntArray, stop: IntArray, column: IntArray, n_samples: int, n_valid: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Cut the stretches at the last recorded sample of each sweep and drop the empty ones."""
    stop = np.minimum(stop, sweep * n_samples + np.asarray(n_valid)[sweep])
    kept = stop > start
    return sweep[kept], start[kept], stop[kept], column[kept]


def _levels(
    flat: FloatArray, start: IntArray, stop: IntArray, limit: float, sampling_rate: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the mean current of each stretch, its edges left out, and whether it ramps."""
    guard = np.minimum(round(EDGE_MERGE_MS / 1000.0 * sampling_rate), (stop - start) // 4)
    start, stop = start + guard, stop - guard
    part = np.maximum((stop - start) // 10, 1)
    level = stretch_mean(flat, start, stop)
    drift = stretch_mean(flat, stop - part, stop) - stretch_mean(flat, start, start + part)
    return np.round(level, 6), np.abs(drift) > np.maximum(limit, RAMP_SHARE * np.abs(level))


def _varies(level: FloatArray, column: IntArray, limit: float) -> NDArray[np.bool_]:
    """Return for each stretch whether the current of its column differs between sweeps."""
    if not column.size or column.max() < 0:
        return np.zeros(column.size, dtype=bool)
    highest = np.full(column.max() + 1, -np.inf)
    lowest = np.full(column.max() + 1, np.inf)
    np.maximum.at(highest, column, level)
    np.minimum.at(lowest, column, level)
    return np.asarray((highest - lowest)[column] > limit)


def _kinks(voltage: FloatArray, sampling_rate: float) -> IntArray:
    """Return the samples at which the voltage of most sweeps bends at once."""
    width = max(1, round(2.0 * EDGE_MERGE_MS / 1000.0 * sampling_rate))
    if voltage.shape[0] < MIN_SWEEPS_TO_INFER or voltage.shape[1] < 8 * width:
        return np.zeros(0, dtype=np.int64)
    filled = np.nan_to_num(voltage, nan=float(np.nanmedian(voltage)))
    bend = np.zeros(voltage.shape[1])
    middle = filled[:, width:-width]
    bend[width:-width] = np.median(np.abs(filled[:, 2 * width :] - 2.0 * middle + filled[:, : -2 * width]), axis=0)
    limit = max(NOISE_MULTIPLE * float(np.median(bend)), 0.5)
    from scipy.ndimage import maximum_filter1d

    at = np.flatnonzero((bend >= limit) & (bend == maximum_filter1d(bend, 10 * width + 1)))
    return at[np.concatenate([[True], np.diff(at) > width])] if at.size else at
