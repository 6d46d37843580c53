"""Families of current steps, defined the way a rig defines them: epochs of levels and increments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ProtocolError

__all__ = ["Epoch", "StepProtocol", "step_family"]

_HOLDING_FRACTION = 64
"""The first epoch of an ABF file starts this fraction of a sweep after its start."""
_LARGEST_LEVEL = 1e6
_MAX_EPOCHS = 10
"""Epochs A to J: an epoch table has no more."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A piece of a sweep at a constant level.

    Parameters
    ----------
    samples : int
        Its length.
    level : float
        Level in the first sweep, in pA.
    increment : float
        Added to the level from sweep to sweep, in pA.
    """

    samples: int
    level: float
    increment: float = 0.0


@dataclass(frozen=True, slots=True)
class StepProtocol:
    """A family of sweeps of current steps.

    Parameters
    ----------
    epochs : tuple of Epoch
        At most ten. The first starts 1/64 of a sweep after the sweep does, at the sample that an
        ABF file and its readers imply; before it and after the last the holding level is output.
    n_sweeps : int
        Number of sweeps.
    sweep_samples : int
        Samples per sweep.
    step : int
        Which epoch is the step under study, counted from 0.
    holding : float
        Holding level in pA.

    Raises
    ------
    ProtocolError
        If the epochs do not fit into a sweep, or a number is not finite or not positive where it must be.

    Examples
    --------
    >>> protocol = StepProtocol((Epoch(100, 0.0), Epoch(200, -20.0, 10.0)), 3, 640, step=1)
    >>> protocol.command().shape, protocol.step_samples
    ((3, 640), (110, 310))
    >>> protocol.levels
    array([-20., -10.,   0.])
    """

    epochs: tuple[Epoch, ...]
    n_sweeps: int
    sweep_samples: int
    step: int
    holding: float = 0.0

    def __post_init__(self) -> None:
        if self.n_sweeps < 1 or self.sweep_samples < _HOLDING_FRACTION:
            raise ProtocolError(
                f"{self.n_sweeps} sweeps of {self.sweep_samples} samples; needs 1 of {_HOLDING_FRACTION}"
            )
        if not 1 <= len(self.epochs) <= _MAX_EPOCHS or not 0 <= self.step < len(self.epochs):
            raise ProtocolError(f"step {self.step} of {len(self.epochs)} epochs; needs 1 to {_MAX_EPOCHS} epochs")
        levels = [x for epoch in self.epochs for x in (epoch.level, epoch.increment)]
        if not all(abs(x) <= _LARGEST_LEVEL for x in [*levels, self.holding]):
            raise ProtocolError(f"a level, an increment or the holding current is beyond {_LARGEST_LEVEL:g} pA")
        if min(epoch.samples for epoch in self.epochs) < 1 or self._edges()[-1] > self.sweep_samples:
            raise ProtocolError(f"epochs end at sample {self._edges()[-1]}, a sweep has {self.sweep_samples}")

    def _edges(self) -> list[int]:
        """Return the first sample of each epoch and the one after the last."""
        edges = [self.sweep_samples // _HOLDING_FRACTION]
        for epoch in self.epochs:
            edges.append(edges[-1] + epoch.samples)
        return edges

    @property
    def step_samples(self) -> tuple[int, int]:
        """First sample of the step and the first after it."""
        edges = self._edges()
        return edges[self.step], edges[self.step + 1]

    @property
    def levels(self) -> NDArray[np.float64]:
        """Level of the step in each sweep in pA, shape (n_sweeps,)."""
        return self._levels(self.epochs[self.step])

    def _levels(self, epoch: Epoch) -> NDArray[np.float64]:
        """Level of one epoch in every sweep, in the single precision that files keep."""
        level, increment = float(np.float32(epoch.level)), float(np.float32(epoch.increment))
        return level + increment * np.arange(self.n_sweeps, dtype=np.float64)

    def command(self) -> NDArray[np.float64]:
        """Return the current of every sample.

        Returns
        -------
        ndarray, float64, shape (n_sweeps, sweep_samples)
            In pA.
        """
        command = np.full((self.n_sweeps, self.sweep_samples), float(np.float32(self.holding)))
        edges = self._edges()
        for epoch, first, last in zip(self.epochs, edges[:-1], edges[1:], strict=True):
            command[:, first:last] = self._levels(epoch)[:, None]
        return command

    def changes(self) -> list[int]:
        """Return where the current may change: the edges of the epochs.

        Returns
        -------
        list of int
            Samples within a sweep.
        """
        return [edge for edge in self._edges() if edge < self.sweep_samples]


def step_family(
    first_level: float,
    increment: float,
    *,
    n_sweeps: int = 15,
    sampling_rate: float = 20000.0,
    before: float = 0.2,
    duration: float = 0.8,
    after: float = 0.2,
    test_pulse: float | None = None,
) -> StepProtocol:
    """Build the usual protocol: rest, one step, rest.

    Parameters
    ----------
    first_level, increment : float
        Of the step, in pA.
    n_sweeps : int
        Number of sweeps.
    sampling_rate : float
        In Hz.
    before, duration, after : float
        Time from the start of a sweep to the step, length of the step and rest after it, in s.
    test_pulse : float, optional
        Level in pA of a pulse of a quarter of `before`, the same in each sweep, in the middle of it.

    Returns
    -------
    StepProtocol
        In whole samples.

    Raises
    ------
    ProtocolError
        If the durations leave no sample for an epoch.

    Examples
    --------
    >>> protocol = step_family(-60.0, 30.0)
    >>> protocol.sweep_samples, protocol.step_samples
    (24000, (4000, 20000))
    """
    pre, step, post = (round(x * sampling_rate) for x in (before, duration, after))
    sweep = pre + step + post
    lead = pre - sweep // _HOLDING_FRACTION
    if test_pulse is None:
        epochs = [Epoch(lead, 0.0)]
    else:
        pulse = pre // 4
        epochs = [Epoch(lead - 2 * pulse, 0.0), Epoch(pulse, test_pulse), Epoch(pulse, 0.0)]
    epochs.append(Epoch(step, first_level, increment))
    return StepProtocol(tuple(epochs), n_sweeps, sweep, step=len(epochs) - 1)
