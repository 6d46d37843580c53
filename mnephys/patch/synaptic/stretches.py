"""Which samples may be searched: those at a constant command, long enough after it changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.edges import MIN_STEP_PA as SMALLEST_STEP
from mnephys.patch.steps import Steps, find_steps, infer_steps
from mnephys.recording import BoolArray, FloatArray, IntArray, SweepRecording

__all__ = ["CONSTANT_S", "Quiet", "find_quiet"]

CONSTANT_S = 0.3
AFTER_STEP_S = 0.1
BEFORE_STEP_S = 0.002


@dataclass(frozen=True, slots=True)
class Quiet:
    """Stretches at a constant command.

    Parameters
    ----------
    start, stop : ndarray, int, shape (n,)
        Flat sample indices.
    level : ndarray, float, shape (n,)
        Command in mV, to the nearest; NaN where it is not known.
    longest : float
        The longest stretch in s, also where it is too short.
    """

    start: IntArray
    stop: IntArray
    level: FloatArray
    longest: float

    def mask(self, response: FloatArray, rows: BoolArray) -> BoolArray:
        """Return the finite samples of some stretches.

        Parameters
        ----------
        response : ndarray, float, shape (n_sweeps, n_samples)
            In pA.
        rows : ndarray, bool, shape (n,)
            Which stretches.

        Returns
        -------
        ndarray, bool, shape (n_sweeps, n_samples)
            True where to search.
        """
        # A list of samples would take eight times the memory of this count of open stretches.
        open_now = np.zeros(response.size + 1, dtype=np.int8)
        np.add.at(open_now, self.start[rows], 1)
        np.add.at(open_now, self.stop[rows], -1)
        searched: BoolArray = np.cumsum(open_now[:-1], dtype=np.int8).view(np.bool_).reshape(response.shape)
        searched &= np.isfinite(response)
        return searched


def find_quiet(recording: SweepRecording) -> Quiet:
    """Find the stretches of at least 0.3 s in which the command is constant.

    Parameters
    ----------
    recording : SweepRecording
        Under voltage clamp.

    Returns
    -------
    Quiet
        Without ramps, the first 100 ms after each step and the last 2 ms before one; 0.3 s remain of each.

    Notes
    -----
    A command that the file does not hold is inferred from the response, if it is a family of steps; else it
    is taken to be constant.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import Clamp, CommandSource
    >>> command = np.full((1, 3000), -70.0)
    >>> command[:, 500:700] = -80.0
    >>> recording = SweepRecording(np.zeros((1, 3000)), 1000.0, Clamp.VOLTAGE, command, CommandSource.RECORDED)
    >>> quiet = find_quiet(recording)
    >>> quiet.start, quiet.stop, quiet.level
    (array([  0, 800]), array([ 498, 3000]), array([-70., -70.]))
    """
    rate = recording.sampling_rate
    if recording.command is None:
        steps = infer_steps(recording.response, rate, recording.n_valid)
    else:
        steps = find_steps(recording.command, rate, recording.n_valid)
    first = np.diff(steps.sweep, prepend=-1) > 0
    changed = ~first & ~(np.abs(steps.current - steps.before) <= SMALLEST_STEP)
    opens = first | changed | steps.ramp | np.append(False, steps.ramp[:-1])
    start = steps.start[opens]
    stop = np.append(steps.stop[:-1][opens[1:]], steps.stop[-1:])
    ramp, level = steps.ramp[opens], _levels(steps, opens)
    stepped = ~first[opens]
    ends = np.append(stepped[1:], False)
    start = np.where(stepped, start + round(AFTER_STEP_S * rate), start)
    stop = np.where(ends, stop - round(BEFORE_STEP_S * rate), stop)
    length = np.where(ramp, 0, np.maximum(stop - start, 0))
    kept = length >= CONSTANT_S * rate
    return Quiet(start[kept], stop[kept], level[kept], float(length.max(initial=0)) / rate)


def _levels(steps: Steps, opens: BoolArray) -> FloatArray:
    """Return the command of each group of stretches, that of its longest one."""
    group = np.cumsum(opens) - 1
    order = np.lexsort((steps.stop - steps.start, group))
    last = np.append(np.diff(group[order]) > 0, True)[: order.size]
    level: FloatArray = np.round(steps.current[order[last]])
    return level
