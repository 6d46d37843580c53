"""Where the injected current ramps: straight slopes of the command, and triangles made of two of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.edges import carried_on
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["Ramps", "find_ramps"]

BIN_MS = 50.0
MIN_CHANGES = 6
EDGE_BINS = 2
NOISE_MULTIPLE = 4.0
BEND_SHARE = 0.01
LEAVE_MULTIPLE = 6.0
LEAVE_SHARE = 0.002
REST_MS = 100.0
REST_SHARE = 0.02
MAD_OF_UNIT_NORMAL = 0.6745


@dataclass(frozen=True, slots=True)
class Ramps:
    """The straight slopes of a command, one row each, ordered by sweep and time.

    Parameters
    ----------
    sweep : ndarray, int, shape (n,)
        0-based.
    start, stop : ndarray, float, shape (n,)
        Flat sample indices; where a slope turns into the next one, both end where their lines meet.
    slope : ndarray, float, shape (n,)
        In pA/s.
    level : ndarray, float, shape (n,)
        Current at `start` in pA.
    complete : ndarray, bool, shape (n,)
        False where the sweep was aborted before the ramp ended.
    rested : ndarray, bool, shape (n,)
        True where the current stood at `level` for at least 100 ms before.
    sampling_rate : float
        In Hz.
    """

    sweep: IntArray
    start: FloatArray
    stop: FloatArray
    slope: FloatArray
    level: FloatArray
    complete: NDArray[np.bool_]
    rested: NDArray[np.bool_]
    sampling_rate: float

    def __len__(self) -> int:
        return int(self.sweep.size)

    def current(self, ramp: IntArray, position: FloatArray) -> FloatArray:
        """Return the current at samples of ramps.

        Parameters
        ----------
        ramp : ndarray, int, shape (m,)
            Rows.
        position : ndarray, float, shape (m,)
            Flat sample indices.

        Returns
        -------
        ndarray, float, shape (m,)
            In pA, on the fitted lines.
        """
        return self.level[ramp] + self.slope[ramp] * (position - self.start[ramp]) / self.sampling_rate

    @property
    def turning(self) -> IntArray:
        """Rows that rise and turn at once into the next row, which falls: the first halves of triangles."""
        if len(self) < 2:
            return np.zeros(0, dtype=np.int64)
        meets = (self.sweep[1:] == self.sweep[:-1]) & (self.start[1:] - self.stop[:-1] < 1.0)
        # Slopes in one direction that meet would be one slope.
        return np.flatnonzero(meets & (self.slope[:-1] > 0))


def find_ramps(command: FloatArray, sampling_rate: float, n_valid: IntArray) -> Ramps:
    """Find the ramps of a command, drawn or recorded.

    Parameters
    ----------
    command : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    sampling_rate : float
        In Hz.
    n_valid : ndarray, int, shape (n_sweeps,)
        Samples of each sweep that were recorded.

    Returns
    -------
    Ramps
        Those of at least 0.35 s.

    Notes
    -----
    The means of bins of 50 ms that change in one direction, by more than their noise, make a slope. A line
    is fitted within; a slope that bends by more than 1 % of its range is no ramp (a sine, a charging
    curve, two slopes with a kink). It reaches as far as the samples stay on the line.

    Examples
    --------
    >>> import numpy as np
    >>> triangle = np.interp(np.arange(5000) / 1000, [0.5, 2.5, 4.5], [0.0, 200.0, 0.0])[np.newaxis]
    >>> ramps = find_ramps(triangle, 1000.0, np.array([5000]))
    >>> ramps.slope.round(3), ramps.stop[0].round(), ramps.turning
    (array([ 100., -100.]), np.float64(2500.0), array([0]))
    """
    command = carried_on(np.asarray(command, dtype=np.float32))
    n_sweeps, n_samples = command.shape
    width = max(1, round(BIN_MS / 1000.0 * sampling_rate))
    n_bins = n_samples // width
    if n_bins <= MIN_CHANGES:
        return _none(sampling_rate)
    mean = command[:, : n_bins * width].reshape(n_sweeps, n_bins, width).mean(axis=2, dtype=np.float64)
    change = np.diff(mean, axis=1)
    noise = float(np.median(np.abs(np.diff(change, axis=1)))) / MAD_OF_UNIT_NORMAL / np.sqrt(6.0)
    least = max(NOISE_MULTIPLE * np.sqrt(2.0) * noise, 1e-5 * float(np.ptp(command)), 1e-6)
    sweep, first, last = _runs(np.sign(change) * (np.abs(change) > least))
    if not sweep.size:
        return _none(sampling_rate)
    slope, centre, middle, bend = _lines(mean, sweep, first + EDGE_BINS, last + 2 - EDGE_BINS)
    extent = np.abs(slope) * (last - first)
    # Sample noise, which unlike that of the bins knows nothing of slow bends.
    scatter = float(np.median(np.abs(np.diff(command, 2, axis=1)))) / MAD_OF_UNIT_NORMAL / np.sqrt(6.0)
    straight = bend <= np.maximum(LEAVE_MULTIPLE * scatter / np.sqrt(width), BEND_SHARE * extent)
    sweep, first, last, slope, centre, middle, extent = (
        column[straight] for column in (sweep, first, last, slope, centre, middle, extent)
    )
    if not sweep.size:
        return _none(sampling_rate)
    per_sample = slope / width
    # The mean of a bin is the current at its middle.
    anchor = sweep * n_samples + centre * width + 0.5 * (width - 1)
    tolerance = np.maximum(LEAVE_MULTIPLE * scatter, LEAVE_SHARE * extent)
    line = _Lines(sweep, anchor, middle, per_sample, tolerance)
    low = np.maximum(sweep * n_samples, sweep * n_samples + (first - 1) * width)
    high = np.minimum((sweep + 1) * n_samples, sweep * n_samples + (last + 3) * width)
    inner = sweep * n_samples + np.stack([first + EDGE_BINS, last + 2 - EDGE_BINS]) * width
    start, stop = line.reach(command.ravel(), low, inner[0], inner[1], high)
    start, stop, joined = line.joined(start, stop)
    rest = round(REST_MS / 1000.0 * sampling_rate)
    start = np.where(joined[:-1], start, line.from_plateau(command, start, rest))
    end = sweep * n_samples + np.asarray(n_valid)[sweep]
    complete = stop <= end
    stop = np.minimum(stop, end)
    kept = stop > start
    level = middle + per_sample * (start - anchor)
    rested = _rested(command, sweep, start, level, REST_SHARE * extent + 3.0 * noise, sampling_rate)
    columns = (sweep, start, stop, per_sample * sampling_rate, level)
    sweep, start, stop, rate, level = (column[kept] for column in columns)
    return Ramps(sweep, start, stop, rate, level, complete[kept], rested[kept], float(sampling_rate))


def _rested(
    command: FloatArray,
    sweep: IntArray,
    start: FloatArray,
    level: FloatArray,
    tolerance: FloatArray,
    sampling_rate: float,
) -> NDArray[np.bool_]:
    """Return whether the current stood still at the level at which each ramp begins."""
    at = np.floor(start).astype(np.int64)
    half = max(1, round(REST_MS / 2000.0 * sampling_rate))
    early, late = (stretch_mean(command.ravel(), at - k * half, at - (k - 1) * half) for k in (2, 1))
    still = np.maximum(np.abs(early - level), np.abs(late - level)) <= tolerance
    return np.asarray((at - 2 * half >= sweep * command.shape[1]) & still)


def _runs(direction: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return sweep, first and last column of every run of changes in one direction that is long enough."""
    n_columns = direction.shape[1]
    flat = direction.ravel()
    new = np.ones(flat.size, dtype=bool)
    new[1:] = flat[1:] != flat[:-1]
    new[::n_columns] = True
    begin = np.flatnonzero(new)
    end = np.append(begin[1:], flat.size) - 1
    kept = (flat[begin] != 0) & (end - begin + 1 >= MIN_CHANGES)
    begin, end = begin[kept], end[kept]
    return begin // n_columns, begin % n_columns, end % n_columns


def _lines(
    mean: FloatArray, sweep: IntArray, first: IntArray, stop: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return slope per bin, mean bin, mean current and residual of the line through bins ``[first, stop)``."""
    n_bins = mean.shape[1]
    bins = Stretches.between(sweep * n_bins + first, sweep * n_bins + stop)
    owner = np.repeat(np.arange(sweep.size), bins.length)
    x, y = (bins.index % n_bins).astype(np.float64), mean.ravel()[bins.index]

    def total(values: FloatArray) -> FloatArray:
        return np.bincount(owner, values, sweep.size).astype(np.float64)

    number = np.maximum(bins.length, 1)
    centre, middle = total(x) / number, total(y) / number
    away = x - centre[owner]
    slope = total(away * y) / np.maximum(total(away**2), 1e-12)
    bend = np.sqrt(total((y - middle[owner] - slope[owner] * away) ** 2) / number)
    return slope, centre, middle, bend


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines through ramps: current at a sample `anchor` in pA, change per sample, and how far samples scatter."""

    sweep: IntArray
    anchor: FloatArray
    middle: FloatArray
    per_sample: FloatArray
    tolerance: FloatArray

    def reach(
        self, flat: FloatArray, low: IntArray, inner: IntArray, outer: IntArray, high: IntArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the first sample on each line, at least `low`, and the one after its last, at most `high`."""
        before, after = Stretches.between(low, inner), Stretches.between(outer, high)
        left, right = before.last(self._off(flat, before)), after.first(self._off(flat, after))
        start, stop = np.where(left >= 0, left + 1, low), np.where(right >= 0, right, high)
        return start.astype(np.float64), stop.astype(np.float64)

    def _off(self, flat: FloatArray, part: Stretches) -> NDArray[np.bool_]:
        line = part.spread(self.middle) + part.spread(self.per_sample) * (part.index - part.spread(self.anchor))
        return np.asarray(np.abs(flat[part.index] - line) > part.spread(self.tolerance))

    def joined(self, start: FloatArray, stop: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Let lines that overlap end where they meet; say of the gaps before, between and after which are closed."""
        turn = self.per_sample[:-1] - self.per_sample[1:]
        zero = self.middle - self.per_sample * self.anchor
        meet = np.divide(np.diff(zero), turn, out=np.full(turn.size, np.nan), where=turn != 0)
        same = self.sweep[1:] == self.sweep[:-1]
        closed = same & (start[1:] <= stop[:-1]) & (meet > start[:-1]) & (meet < stop[1:])
        start, stop = start.copy(), stop.copy()
        start[1:][closed] = meet[closed]
        stop[:-1][closed] = meet[closed]
        return start, stop, np.concatenate([[False], closed, [False]])

    def from_plateau(self, command: FloatArray, start: FloatArray, rest: int) -> FloatArray:
        """Let lines begin where they leave the level before them: noise hides the corner, the level tells it."""
        base = self.sweep * command.shape[1]
        at = start.astype(np.int64)
        plateau = stretch_mean(command.ravel(), np.maximum(at - rest, base), at)
        meet = self.anchor + (plateau - self.middle) / self.per_sample
        near = np.abs(meet - start) <= 2.0 * self.tolerance / np.abs(self.per_sample) + 1.0
        corner: FloatArray = np.where(near & (meet >= base), meet, start)
        return corner


def _none(sampling_rate: float) -> Ramps:
    nothing, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
    no = np.zeros(0, dtype=bool)
    return Ramps(nothing, empty, empty, empty, empty, no, no, float(sampling_rate))
