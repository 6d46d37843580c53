"""One voltage-clamp recording, cut into steps of the command potential."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.segments import stretch_mean
from mnephys.patch.steps import Steps, find_steps
from mnephys.recording import Clamp, FloatArray, IntArray, SweepRecording

__all__ = ["CurrentFamily", "find_currents"]

BASELINE_MS = 5.0
NOISE_MS = 20.0
MIN_NOISE = 8
BLOCK_SAMPLES = 1_000_000
SHORT_BASELINE_MS = 2.0
MIN_STEP_MS = 2.0
ACTIVE_MV = -40.0
LEVEL_GRAIN_MV = 0.5


@dataclass(frozen=True, slots=True)
class CurrentFamily:
    """A voltage-clamp recording with its steps.

    Parameters
    ----------
    current : ndarray, float32, shape (n_sweeps, n_samples)
        Membrane current in pA, as recorded.
    sampling_rate : float
        In Hz.
    steps : Steps
        Every stretch of constant command; its `current`, `before` and `holding` are potentials in mV here.
    accepted : ndarray, bool, shape (n_sweeps,)
        Sweeps that quality control let through.
    subtracted : bool
        Whether the recording program had subtracted a leak measured by P/N pulses.
    corner : float or None
        Corner frequency of the amplifier's low-pass in kHz, where the file states it.
    compensated : float or None
        Membrane capacitance that the amplifier compensated, in pF, where the file states it.
    """

    current: FloatArray
    sampling_rate: float
    steps: Steps
    accepted: NDArray[np.bool_]
    subtracted: bool = False
    corner: float | None = None
    compensated: float | None = None

    @property
    def per_ms(self) -> float:
        """Samples per ms."""
        return self.sampling_rate / 1000.0

    @property
    def size(self) -> FloatArray:
        """How far each row steps from the potential before it, in mV."""
        size: FloatArray = self.steps.current - self.steps.before
        return size

    @property
    def measured(self) -> NDArray[np.bool_]:
        """Rows that are steps of at least 2 ms with a baseline in their own sweep, recorded to their end."""
        steps = self.steps
        inside = steps.start % steps.n_samples != 0
        lasting = steps.duration >= 0.99 * MIN_STEP_MS / 1000.0
        return np.asarray(inside & ~steps.ramp & steps.complete & lasting & self.accepted[steps.sweep])

    @property
    def activation(self) -> NDArray[np.bool_]:
        """The rows of the current-voltage family: the column of steps with the most potentials from -40 mV up.

        Of rows that differ in their prepulse, those with the most negative one; where no step reaches -40 mV, none.
        """
        steps, level = self.steps, self.level
        rows = self.measured & steps.test
        strong = rows & (steps.current >= ACTIVE_MV - LEVEL_GRAIN_MV)
        if not strong.any():
            return strong
        kinds = np.unique(np.stack([steps.order[strong], level[strong]]), axis=1)
        columns, count = np.unique(kinds[0], return_counts=True)
        chosen = rows & (steps.order == columns[np.argmax(count)])
        prepulse = self.prepulse
        lowest = np.min(prepulse[chosen & strong])
        return np.asarray(chosen & (prepulse <= lowest + LEVEL_GRAIN_MV))

    @property
    def level(self) -> FloatArray:
        """The potential of each row, rounded to 0.5 mV: recorded commands repeat a level only almost."""
        level: FloatArray = np.round(self.steps.current / LEVEL_GRAIN_MV) * LEVEL_GRAIN_MV
        return level

    @property
    def prepulse(self) -> FloatArray:
        """The potential before each row, rounded to 0.5 mV."""
        before: FloatArray = np.round(self.steps.before / LEVEL_GRAIN_MV) * LEVEL_GRAIN_MV
        return before

    def baseline(self) -> FloatArray:
        """Return the current just before each row.

        Returns
        -------
        ndarray, float, shape (n_rows,)
            Mean over at most 5 ms in pA, and where there are less than 2 ms the median of such means over the
            rows; NaN for the first row of a sweep.
        """
        steps = self.steps
        reach = max(1, round(BASELINE_MS * self.per_ms))
        previous = np.maximum(np.arange(len(steps)) - 1, 0)
        begin = np.where(steps.start % steps.n_samples == 0, steps.start, steps.start[previous])
        begin = np.maximum(steps.start - reach, begin)
        mean = stretch_mean(self.current.ravel(), begin, steps.start)
        short = np.isfinite(mean) & (steps.start - begin < SHORT_BASELINE_MS * self.per_ms) & self.measured
        if short.any():
            mean[short] = np.median(mean[short])
        return mean

    def noise(self, rows: NDArray[np.bool_], smoothed: int = 1) -> float:
        """Return the noise before some rows.

        Parameters
        ----------
        rows : ndarray, bool, shape (n_rows,)
            Rows of `steps`.
        smoothed : int
            Samples of the running mean whose noise is asked for.

        Returns
        -------
        float
            Median over the rows of the standard deviation of up to 20 ms before each about their own line, in pA; NaN
            where there are fewer than 8 samples. A filter makes neighbouring samples alike, so that neither the change
            from one to the next nor the square root of `smoothed` tells it.
        """
        from scipy.ndimage import uniform_filter1d

        steps = self.steps
        previous = np.maximum(np.arange(len(steps)) - 1, 0)
        room = np.where(steps.start % steps.n_samples == 0, 0, steps.start - steps.start[previous])
        # A step before may still be charging in its first half.
        room = np.where(steps.start[previous] % steps.n_samples == 0, room, room // 2)
        reach = np.minimum(room, round(NOISE_MS * self.per_ms))[rows]
        shared = int(np.median(reach)) if reach.size else 0
        if shared < MIN_NOISE:
            return float("nan")
        # The last sample before an edge may already move.
        pieces = self.windows(steps.start[rows][reach >= shared] - 1, shared - 1, 0)
        pieces = pieces[np.isfinite(pieces).all(axis=1)]
        if not pieces.size:
            return float("nan")
        pieces -= pieces.mean(axis=1, keepdims=True)
        time = np.arange(shared - 1) - (shared - 2) / 2.0
        pieces -= np.outer(pieces @ time / (time @ time), time)
        if 1 < smoothed <= (shared - 1) // 2:
            # Where the running mean has all its samples.
            whole = slice(smoothed // 2, shared - 1 - smoothed // 2)
            pieces = uniform_filter1d(pieces, smoothed, axis=1)[:, whole]
        return float(np.median(pieces.std(axis=1)))

    def blocks(self, rows: IntArray) -> list[IntArray]:
        """Return some rows in blocks of about a million samples: what is computed in between stays small.

        Parameters
        ----------
        rows : ndarray, int, shape (n,)
            Rows of `steps`.

        Returns
        -------
        list of ndarray, int, shape (n_rows_of_block,)
            At least one, which may be empty.
        """
        length = (self.steps.stop - self.steps.start)[rows]
        block = (np.cumsum(length) - length) // BLOCK_SAMPLES
        return np.split(rows, np.flatnonzero(np.diff(block)) + 1)

    def windows(self, start: IntArray, before: int, after: int) -> FloatArray:
        """Return equally long pieces of the current.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat sample indices.
        before, after : int
            Samples to take before and from each.

        Returns
        -------
        ndarray, float64, shape (n, before + after)
            In pA.
        """
        index = np.asarray(start)[:, np.newaxis] + np.arange(-before, after)
        taken: FloatArray = self.current.ravel()[index].astype(np.float64)
        return taken

    def with_accepted(self, accepted: NDArray[np.bool_]) -> CurrentFamily:
        """Return the same family with the verdict of quality control.

        Parameters
        ----------
        accepted : ndarray, bool, shape (n_sweeps,)
            Sweeps that stay.

        Returns
        -------
        CurrentFamily
            Everything else unchanged.
        """
        return replace(self, accepted=accepted)


def find_currents(recording: SweepRecording) -> CurrentFamily | None:
    """Cut a voltage-clamp recording into steps.

    Parameters
    ----------
    recording : SweepRecording
        Under voltage clamp.

    Returns
    -------
    CurrentFamily or None
        All sweeps accepted; None where the recording holds no command.

    Raises
    ------
    UnitsError
        If the recording was made under current clamp.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import CommandSource
    >>> command = np.full((2, 400), -70.0); command[:, 100:300] = [[-80.0], [0.0]]
    >>> family = find_currents(
    ...     SweepRecording(np.zeros((2, 400)), 20000.0, Clamp.VOLTAGE, command, CommandSource.RECORDED))
    >>> family.steps.current[family.steps.test]
    array([-80.,   0.])
    """
    recording.require(Clamp.VOLTAGE)
    if recording.command is None:
        return None
    first = recording.command[:, 0]
    # Potentials have no zero of their own: what is a large step or a ramp is judged relative to holding.
    zero = float(np.median(first[np.isfinite(first)])) if np.isfinite(first).any() else 0.0
    relative = _finite_or_nan(recording.command) - np.float32(zero)
    steps = find_steps(relative, recording.sampling_rate, recording.n_valid)
    moved = {name: np.round(getattr(steps, name) + zero, 3) for name in ("current", "before", "holding")}
    current = _finite_or_nan(recording.response)
    corner, compensated = _telegraphed(recording)
    return CurrentFamily(
        current=current,
        sampling_rate=recording.sampling_rate,
        steps=replace(steps, **moved),
        accepted=np.ones(recording.n_sweeps, dtype=bool),
        subtracted=recording.metadata.get("leak_subtraction") is True,
        corner=corner,
        compensated=compensated,
    )


def _finite_or_nan(values: FloatArray) -> FloatArray:
    """Return the values with NaN for what is infinite, themselves where nothing is."""
    finite = np.isfinite(values)
    kept: FloatArray = values if finite.all() else np.where(finite, values, np.float32(np.nan))
    return kept


def _telegraphed(recording: SweepRecording) -> tuple[float | None, float | None]:
    """Return low-pass corner in kHz and compensated capacitance in pF that the amplifier told the program."""
    told = recording.metadata.get("telegraphs")
    first = told[0] if isinstance(told, list | tuple) and told and isinstance(told[0], dict) else {}
    corner, capacitance = first.get("lowpass_hz"), first.get("membrane_capacitance_pf")
    return _within(corner, 100.0, 1e5, 1e-3), _within(capacitance, 0.5, 2000.0, 1.0)


def _within(value: object, low: float, high: float, factor: float) -> float | None:
    number = float(value) if isinstance(value, int | float) else float("nan")
    return number * factor if low <= number <= high else None
