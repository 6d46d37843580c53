"""What was injected when: the steps of a family, from its command or from the response alone.

The edges of all sweeps together cut the time axis into cells; a sweep's current in each cell is read
off its command. So a step of 0 pA has its window too, and a sweep may hold several steps.

A family whose sweeps begin at different currents and end at the same one was cut at the onset: what
it begins with are the steps, and what follows them is the holding current.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.edges import MIN_STEP_PA, carried_on, changes, shared_edges
from mnephys.patch.infer import step_bounds
from mnephys.patch.levels import holding_after_step, stretch_levels, varies
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["Steps", "find_steps", "infer_steps"]

PULSE_MS = 5.0
COMPLETE_SHARE = 0.95
HOLDING_MS = 10.0


@dataclass(frozen=True, slots=True)
class Steps:
    """The constant stretches of the injected current, one row per sweep and stretch.

    Parameters
    ----------
    sweep, order : ndarray, int, shape (n,)
        0-based sweep, and 0-based position of the stretch within it.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices.
    planned_stop : ndarray, int, shape (n,)
        Flat sample index at which the stretch would have ended, had its sweep been recorded to the end.
    current : ndarray, float, shape (n,)
        In pA, relative to nothing; NaN where the command is unknown.
    before : ndarray, float, shape (n,)
        Current of the stretch before in pA; in the first stretch of a sweep its own, or `holding` where
        sweeps begin with their steps.
    holding : ndarray, float, shape (n,)
        Current at the start of the sweep in pA. Where sweeps begin with their steps, the current after them,
        or 0 where that differs between sweeps.
    test : ndarray, bool, shape (n,)
        True where the current above holding differs between sweeps (or, in a single sweep or a series of repeats,
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
    planned_stop: IntArray
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
    def complete(self) -> NDArray[np.bool_]:
        """True where at least 95 % of the planned samples were recorded: a sweep may have been aborted."""
        return self.stop - self.start >= COMPLETE_SHARE * (self.planned_stop - self.start)

    @property
    def pulse(self) -> NDArray[np.bool_]:
        """True for test pulses of at most 5 ms: their action potential comes after them."""
        return self.test & (self.duration <= PULSE_MS / 1000.0 + 1e-9)

    @property
    def before_steps(self) -> NDArray[np.bool_]:
        """True for the stretch at holding with which a sweep begins, where it begins with one."""
        return np.asarray((self.start % self.n_samples == 0) & ~self.test & ~self.ramp)

    @property
    def from_holding(self) -> NDArray[np.bool_]:
        """True where the stretch follows the holding current, not another step."""
        return np.isclose(self.before, self.holding, atol=MIN_STEP_PA) | np.isnan(self.current)

    @property
    def edges(self) -> IntArray:
        """Flat index of each stretch at whose start the current changes at once, up or down, or may."""
        first = self.start % self.n_samples == 0
        return np.sort(self.start[~first & ~self.ramp])

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
    command = carried_on(np.asarray(command, dtype=np.float32))
    changed, limit = changes(command, sampling_rate)
    stretches = _stretches(shared_edges(changed, sampling_rate), changed)
    sweep, start, stop, planned_stop, column = _recorded(*stretches, command.shape[1], n_valid)
    level, ramp = stretch_levels(command.ravel(), start, stop, limit, sampling_rate)
    first = np.diff(sweep, prepend=-1) > 0
    order = column if (column >= 0).all() else _positions(sweep, first)
    reach = max(1, round(HOLDING_MS / 1000.0 * sampling_rate))
    later = holding_after_step(level, ramp, sweep, column, limit)
    begin = np.where(ramp, stretch_mean(command.ravel(), start, np.minimum(start + reach, stop)), level)[first]
    holding = begin[np.searchsorted(sweep[first], sweep)] if later is None else np.full(level.size, later)
    before = np.where(first, holding, np.roll(level, 1))
    away = (np.abs(level - holding) > limit) & ~first
    varied = varies(level - holding, column, limit)
    # A ramp of 0 pA among ramps is no step either, nor is the level at which a ramp ends.
    ramping = ramp | (np.isin(column, column[ramp]) & (column >= 0))
    ramping[1:] |= ramping[:-1] & ~first[1:]
    test = (varied if (varied & ~ramping).any() else away) & ~ramping
    n_samples, rate = command.shape[1], float(sampling_rate)
    return Steps(sweep, order, start, stop, planned_stop, level, before, holding, test, ramp, n_samples, rate)


def infer_steps(voltage: FloatArray, sampling_rate: float, n_valid: IntArray) -> Steps:
    """Cut a family into stretches by the bends of the response, where no command is known.

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
        With `current` NaN; a family without common edges is one stretch per sweep.

    Notes
    -----
    `mnephys.patch.infer` says what counts as an edge.

    Examples
    --------
    >>> import numpy as np
    >>> voltage = np.full((5, 3000), -70.0)
    >>> charging = 1 - np.exp(-np.arange(2000) / 100)
    >>> voltage[:, 1000:] += np.outer([-20, -10, 10, 20, 30], charging)
    >>> voltage[:, 2000:] -= np.outer([-20, -10, 10, 20, 30], charging[:1000])
    >>> steps = infer_steps(voltage, 10000.0, np.full(5, 3000))
    >>> steps.start_time()[steps.test]
    array([0.1, 0.1, 0.1, 0.1, 0.1])
    """
    voltage = np.asarray(voltage, dtype=np.float32)
    stretches = _product(step_bounds(voltage, sampling_rate).ravel(), voltage.shape)
    sweep, start, stop, planned_stop, column = _recorded(*stretches, voltage.shape[1], n_valid)
    test = column % 2 == 1
    unknown, ramp = np.full(sweep.size, np.nan), np.zeros(sweep.size, dtype=bool)
    n_samples, rate = voltage.shape[1], float(sampling_rate)
    return Steps(sweep, column, start, stop, planned_stop, unknown, unknown, unknown, test, ramp, n_samples, rate)


def _stretches(edges: IntArray, changed: NDArray[np.bool_]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return sweep, start, stop and column of every stretch; column -1 where sweeps have edges of their own."""
    n_sweeps, n_samples = changed.shape
    busiest = int(changed.sum(axis=1).max())
    if edges.size <= busiest + 1:
        return _product(edges, changed.shape)
    own = np.union1d(np.flatnonzero(changed), np.arange(n_sweeps) * n_samples)
    stop = np.append(own[1:], n_sweeps * n_samples)
    return own // n_samples, own, stop, np.full(own.size, -1)


def _product(edges: IntArray, shape: tuple[int, ...]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    n_sweeps, n_samples = shape
    bounds = np.concatenate([[0], edges[edges > 0], [n_samples]])
    n_columns = bounds.size - 1
    sweep = np.repeat(np.arange(n_sweeps), n_columns)
    column = np.tile(np.arange(n_columns), n_sweeps)
    base = sweep * n_samples
    return sweep, base + bounds[column], base + bounds[column + 1], column


def _recorded(
    sweep: IntArray, start: IntArray, planned_stop: IntArray, column: IntArray, n_samples: int, n_valid: IntArray
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """Cut the stretches at the last recorded sample of each sweep and drop the empty ones."""
    stop = np.minimum(planned_stop, sweep * n_samples + np.asarray(n_valid)[sweep])
    kept = stop > start
    return sweep[kept], start[kept], stop[kept], planned_stop[kept], column[kept]


def _positions(sweep: IntArray, first: NDArray[np.bool_]) -> IntArray:
    """Return the position of each stretch within its sweep; sweeps may be missing."""
    return np.arange(sweep.size) - np.flatnonzero(first)[np.searchsorted(sweep[first], sweep)]
