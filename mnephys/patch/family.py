"""One current-clamp recording, cut into steps, with its action potentials found once for all features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.detection import Detection
from mnephys.patch.spikes import find_spikes
from mnephys.patch.steps import Steps, find_steps, infer_steps
from mnephys.patch.waveform import Reach, shape
from mnephys.recording import Clamp, FloatArray, IntArray, SweepRecording

__all__ = ["Family", "find_family"]

PULSE_RESPONSE_MS = 50.0
LONG_STEP_MS = 100.0
FIRING_STEP_MS = 500.0


@dataclass(frozen=True, slots=True)
class Family:
    """A current-clamp recording with its steps and action potentials.

    Parameters
    ----------
    voltage : ndarray, float32, shape (n_sweeps, n_samples)
        In mV.
    sampling_rate : float
        In Hz.
    n_valid : ndarray, int, shape (n_sweeps,)
        Samples of each sweep that were recorded.
    steps : Steps
        Every stretch of constant current.
    aps : mapping of str to ndarray, shape (n_aps,)
        The columns of `mnephys.patch.action_potentials`.
    ap_step : ndarray, int, shape (n_aps,)
        The row of `steps` that evoked each action potential.
    spikelet_step : ndarray, int, shape (n_spikelets,)
        The row of `steps` of each abortive spikelet.
    accepted : ndarray, bool, shape (n_sweeps,)
        Sweeps that quality control let through.
    """

    voltage: FloatArray
    sampling_rate: float
    n_valid: IntArray
    steps: Steps
    aps: Mapping[str, NDArray[np.generic]]
    ap_step: IntArray
    spikelet_step: IntArray
    accepted: NDArray[np.bool_]

    @property
    def ap_count(self) -> IntArray:
        """Action potentials evoked by each row of `steps`."""
        return np.bincount(self.ap_step, minlength=len(self.steps))

    @property
    def spikelet_count(self) -> IntArray:
        """Abortive spikelets in each row of `steps`."""
        return np.bincount(self.spikelet_step, minlength=len(self.steps))

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Rows of `steps` in sweeps that quality control let through."""
        return self.accepted[self.steps.sweep]

    @property
    def long_test(self) -> NDArray[np.bool_]:
        """Usable rows that are test steps of at least 100 ms, recorded to their end."""
        return self.usable & self.steps.test & self.steps.complete & self._lasts(LONG_STEP_MS)

    @property
    def firing_test(self) -> NDArray[np.bool_]:
        """The rows of `long_test` of at least 500 ms: on shorter ones, firing cannot be called sustained."""
        return self.long_test & self._lasts(FIRING_STEP_MS)

    def _lasts(self, milliseconds: float) -> NDArray[np.bool_]:
        # A protocol of 500 ms may hold half a sample less.
        return np.asarray(self.steps.duration >= 0.99 * milliseconds / 1000.0)

    @property
    def primary(self) -> NDArray[np.bool_]:
        """The rows of `long_test` that belong to the first step which starts from the holding current."""
        rows = self.long_test
        first = rows & self.steps.from_holding if (rows & self.steps.from_holding).any() else rows
        return first & (self.steps.order == self.steps.order[first].min()) if first.any() else first

    def first_ap(self, rows: NDArray[np.bool_]) -> IntArray:
        """Return the first action potential of each row that evoked one.

        Parameters
        ----------
        rows : ndarray, bool, shape (n_rows,)
            Rows of `steps`.

        Returns
        -------
        ndarray, int, shape (n_rows_that_fired,)
            Indices into `aps`.
        """
        at = np.searchsorted(self.ap_step, np.flatnonzero(rows & (self.ap_count > 0)))
        return np.asarray(at)

    def with_accepted(self, accepted: NDArray[np.bool_]) -> Family:
        """Return the same family with the verdict of quality control.

        Parameters
        ----------
        accepted : ndarray, bool, shape (n_sweeps,)
            Sweeps that stay.

        Returns
        -------
        Family
            Everything else unchanged.
        """
        return replace(self, accepted=accepted)


def find_family(recording: SweepRecording, detection: Detection | None = None) -> Family:
    """Cut a recording into steps and find its action potentials.

    Parameters
    ----------
    recording : SweepRecording
        Under current clamp.
    detection : Detection, optional
        What counts as an action potential.

    Returns
    -------
    Family
        All sweeps accepted.

    Raises
    ------
    UnitsError
        If the recording was made under voltage clamp.

    Examples
    --------
    >>> import numpy as np
    >>> quiet = SweepRecording(np.full((1, 2000), -70.0), 20000.0, Clamp.CURRENT)
    >>> find_family(quiet).ap_count
    array([0])
    """
    recording.require(Clamp.CURRENT)
    voltage, rate = _finite_or_nan(recording.response), recording.sampling_rate
    if recording.command is None:
        steps = infer_steps(voltage, rate, recording.n_valid)
    else:
        steps = find_steps(recording.command, rate, recording.n_valid)
    edges = steps.start[(steps.start % voltage.shape[1] != 0) & ~steps.ramp]
    spikes = find_spikes(voltage, rate, edges=edges, rising_edges=steps.rising_edges, detection=detection)
    row = steps.of(spikes.threshold)
    evoking = _evoking_row(steps, row, spikes.threshold)
    full = spikes.take(spikes.full)
    own = row[spikes.full]
    following = np.minimum(own + 1, len(steps) - 1)
    stop = np.where(
        steps.pulse[own] & (steps.sweep[following] == steps.sweep[own]), steps.stop[following], steps.stop[own]
    )
    reach = Reach.until(stop, full.peak, voltage.shape[1], voltage.size, rate)
    return Family(
        voltage=voltage,
        sampling_rate=rate,
        n_valid=recording.n_valid,
        steps=steps,
        aps=shape(voltage, rate, full, reach),
        ap_step=evoking[spikes.full],
        spikelet_step=evoking[~spikes.full],
        accepted=np.ones(recording.n_sweeps, dtype=bool),
    )


def _finite_or_nan(voltage: FloatArray) -> FloatArray:
    """Return the voltage with NaN for what is infinite: both were not recorded, but only NaN can be reckoned with."""
    infinite = np.isinf(voltage)
    return np.where(infinite, np.float32(np.nan), voltage) if infinite.any() else voltage


def _evoking_row(steps: Steps, row: IntArray, threshold: FloatArray) -> IntArray:
    """Return the row that evoked each event: after a brief pulse, the pulse."""
    before = np.maximum(row - 1, 0)
    soon = threshold - steps.stop[before] <= PULSE_RESPONSE_MS / 1000.0 * steps.sampling_rate
    after_pulse = steps.pulse[before] & (steps.sweep[before] == steps.sweep[row]) & soon & (before != row)
    return np.where(after_pulse, before, row)
